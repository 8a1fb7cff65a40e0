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

// siteTable is GET /v1/sites/{site}/tables/{table}.
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
	return f.sendTable(c, q.Format, strings.TrimSuffix(q.Name(), "."+string(q.Format)), func(m siteledger.Maker, w io.Writer) error {
		return m.Write(c.Request().Context(), w, q)
	})
}

// sendTable makes a file whole before the first byte of it goes out: what goes wrong is a
// problem, not half a file.
func (f *face) sendTable(c echo.Context, format sheet.Format, name string, write func(siteledger.Maker, io.Writer) error) error {
	file, err := os.CreateTemp(f.SpoolDir, "liandan-table-*")
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "There is no room to make the file; try again later.")
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}()
	if err := write(siteledger.Maker{Source: f.Reader, Register: f.Registry, Catalog: f.Catalog}, file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The file cannot be read back; try again later.")
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="`+name+"."+string(format)+`"`)
	h.Set("Cache-Control", "no-store")
	return c.Stream(http.StatusOK, format.MediaType(), file)
}

// fileFormat is the kind of file that the query asks for; "" for JSON.
func fileFormat(c echo.Context) (sheet.Format, error) {
	given := c.QueryParam("format")
	switch given {
	case "", "json":
		return "", nil
	case string(sheet.XLSX), string(sheet.CSV):
		return sheet.Format(given), nil
	}
	return "", invalid().At("/format", "value", "must be json, xlsx or csv")
}

// manifestForm is GET /v1/manifests/{manifest}/form.
func (f *face) manifestForm(c echo.Context, v visit) error {
	format := sheet.XLSX
	if given := c.QueryParam("format"); given != "" {
		var err error
		if format, err = sheet.ParseFormat(given); err != nil || string(format) != given {
			return invalid().At("/format", "value", "must be xlsx or csv")
		}
	}
	m, err := admit(f, c, v, f.manifests())
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	view, err := f.Reader.Manifest(ctx, m)
	if err != nil {
		return err
	}
	x := siteledger.Filled{Provisional: view.Provisional, Findings: view.Findings}
	if x.Paper, x.Batches, err = f.Reader.PaperOf(ctx, m); err != nil {
		return err
	}
	for _, k := range view.Corrections {
		x.Corrections = append(x.Corrections, k.Correction)
	}
	return f.sendTable(c, format, "manifest-"+m.String(), func(maker siteledger.Maker, w io.Writer) error { return maker.Form(ctx, w, format, x) })
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
