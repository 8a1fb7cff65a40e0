package httpapi

import (
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v4"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/sheet"
	"liandan/internal/siteledger"
	"liandan/internal/standbook"
)

// ownSite finds the site that the path names and lets in who may see it.
func (f *face) ownSite(c echo.Context, v visit) (site party.Site, err error) {
	missing := fault.Missing("site")
	s, err := id.ParseSite(c.Param("site"))
	if err != nil {
		return site, missing
	}
	site, ok, err := f.Registry.Site(c.Request().Context(), s)
	if err != nil {
		return site, err
	}
	if !ok {
		return site, missing
	}
	return site, f.allow(c, v, access.Subject{Parties: []id.Party{site.Party}, Sites: []id.Site{s}}, s.String(), missing)
}

// siteTable is GET /v1/sites/{site}/tables/{table}. The file is made whole before the first
// byte of it goes out: what goes wrong is a problem, not half a file.
func (f *face) siteTable(c echo.Context, v visit) error {
	q, err := tableQuery(c)
	if err != nil {
		return err
	}
	site, err := f.ownSite(c, v)
	if err != nil {
		return err
	}
	q.Scope.Party, q.Scope.Site = site.Party, site.ID
	file, err := os.CreateTemp(f.SpoolDir, "liandan-table-*")
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "There is no room to make the file; try again later.")
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	m := siteledger.Maker{Source: f.Reader, Register: f.Registry, Catalog: f.Catalog}
	if err := m.Write(c.Request().Context(), file, q); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The file cannot be read back; try again later.")
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="`+q.Name()+`"`)
	h.Set("Cache-Control", "no-store")
	return c.Stream(http.StatusOK, q.Format.MediaType(), file)
}

// tableQuery reads what is asked for. The format is that of the query, or else the first
// that the header Accept names of the two, or else a workbook.
func tableQuery(c echo.Context) (q siteledger.Query, err error) {
	q = siteledger.Query{Table: c.Param("table"), Format: sheet.XLSX}
	if given := c.QueryParam("format"); given != "" {
		if q.Format, err = sheet.ParseFormat(given); err != nil || string(q.Format) != given {
			return q, invalid().At("/format", "value", "must be xlsx or csv")
		}
	} else if strings.HasPrefix(c.Request().Header.Get("Accept"), "text/csv") {
		q.Format = sheet.CSV
	}
	first, end, err := siteledger.Period(c.QueryParam("from"), c.QueryParam("to"))
	if err != nil {
		return q, err
	}
	q.Scope = standbook.Scope{From: first, To: end}
	return q, q.Check()
}
