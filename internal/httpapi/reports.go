package httpapi

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"liandan/internal/fault"
	"liandan/internal/indicator"
	"liandan/internal/report"
	"liandan/internal/sheet"
)

// report is GET /v1/reports/{period}.
func (f *face) report(c echo.Context, v visit) error {
	if err := f.figures(c, v, ""); err != nil {
		return err
	}
	bad := invalid()
	o := report.Order{District: c.QueryParam("district")}
	p, err := indicator.ParsePeriod(c.Param("period"))
	if err != nil {
		bad.Fields = append(bad.Fields, fault.As(err).Fields...)
	}
	o.Period = p
	for name, into := range map[string]*int64{"as_of": &o.Size, "since": &o.Since} {
		given := c.QueryParam(name)
		n, err := strconv.ParseInt(given, 10, 64)
		if given != "" && (err != nil || n < 1) {
			bad.At("/"+name, "format", "must be a log size above zero")
		}
		*into = n
	}
	format := c.QueryParam("format")
	if format != "" && format != "json" && format != "xlsx" && format != "html" {
		bad.At("/format", "value", "must be json, xlsx or html")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	d, err := report.Make(c.Request().Context(), f.Figures, o)
	if err != nil {
		return err
	}
	return sendReport(c, d, format)
}

func sendReport(c echo.Context, d report.Document, format string) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	var b bytes.Buffer
	switch format {
	case "xlsx":
		h.Set("Content-Disposition", `attachment; filename="liandan-`+d.Period+`.xlsx"`)
		if err := sheet.WriteBook(&b, sheet.XLSX, d.Book()...); err != nil {
			return err
		}
		return c.Blob(http.StatusOK, sheet.XLSX.MediaType(), b.Bytes())
	case "html":
		h.Set("Content-Disposition", `attachment; filename="liandan-`+d.Period+`.html"`)
		if err := d.Page(&b); err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
	}
	return c.Blob(http.StatusOK, typeJSON, d.JSON())
}
