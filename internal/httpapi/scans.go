package httpapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"liandan/internal/audit"
)

// putScan is PUT /v1/manifests/{manifest}/scan.
func (f *face) putScan(c echo.Context, v visit) error {
	as, err := mediaType(c.Request(), audit.ScanTypes()...)
	if err != nil {
		return err
	}
	m, err := admit(f, c, v, f.manifests())
	if err != nil {
		return err
	}
	file, err := body(c, audit.MaxScan)
	if err != nil {
		return err
	}
	known, err := f.Reader.AddScan(c.Request().Context(), m, as, file)
	if err != nil {
		return err
	}
	if known {
		return c.NoContent(http.StatusNoContent)
	}
	return c.NoContent(http.StatusCreated)
}

// scan is GET /v1/manifests/{manifest}/scan. A file that somebody brought is never shown in the
// page: it is saved, nothing in it runs, and no cache keeps it.
func (f *face) scan(c echo.Context, v visit) error {
	m, err := admit(f, c, v, f.manifests())
	if err != nil {
		return err
	}
	s, err := f.Reader.ScanOf(c.Request().Context(), m)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	_, ending, _ := strings.Cut(string(s.Type), "/")
	h.Set("Content-Disposition", `attachment; filename="`+s.Hash.String()+"."+ending+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, string(s.Type), s.Body)
}
