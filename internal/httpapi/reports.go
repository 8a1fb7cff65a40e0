package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/division"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/report"
	"liandan/internal/sheet"
)

// Reports makes reports and keeps them; report.Service is one.
type Reports interface {
	Create(ctx context.Context, o report.Order, by, role string) (report.Kept, error)
	Read(ctx context.Context, of id.Report) (report.Kept, report.Document, error)
	List(ctx context.Context, f report.Filter, before id.Report, limit int) ([]report.Kept, error)
}

func (f *face) reportRoutes() []route {
	return []route{
		{"POST", "/v1/reports", "createReport", f.createReport},
		{"GET", "/v1/reports", "listReports", f.reports},
		{"GET", "/v1/reports/:report", "getReport", f.report},
	}
}

// inDistrict lets in who may see a district's things, or the whole city's for "". Whoever
// has districts only must name one of them; another is answered like one that there is not.
// What is asked about must have been read before: its name goes into the access record.
func (f *face) inDistrict(c echo.Context, v visit, district, named string) error {
	missing, s := fault.Missing("district"), access.Subject{}
	if district != "" {
		s.Divisions = []string{district}
	}
	if division.RunByCity(district) {
		return f.allow(c, v, s, named, missing)
	}
	whole, err := f.Gate.Sees(c.Request().Context(), v.Caller, v.operation, s)
	if err != nil {
		return err
	}
	if district != "" { // there is none: not for whoever has districts, and not for the whole city's
		if !whole {
			return missing
		}
		return invalid().At("/district", "unknown_district", "must be a division that the city runs, six digits, or be left out")
	}
	if !whole {
		return invalid().At("/district", "required", "must be one of your districts, six digits")
	}
	return f.figures(c, v, named)
}

// report is GET /v1/reports/{report}: a kept one by its id, or that of a period, made now.
func (f *face) report(c echo.Context, v visit) error {
	name := c.Param("report")
	format := c.QueryParam("format")
	if len(name) == 36 {
		return f.keptReport(c, v, name, format)
	}
	bad := invalid()
	o := order(bad, name, c.QueryParam("district"), c.QueryParam("as_of"))
	if given := c.QueryParam("since"); given != "" {
		n, err := strconv.ParseInt(given, 10, 64)
		if err != nil || n < 1 {
			bad.At("/since", "format", "must be a log size above zero")
		}
		o.Since = n
	}
	if !formatKnown(format) {
		bad.At("/format", "value", "must be json, xlsx or html")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.inDistrict(c, v, o.District, o.Period.Name); err != nil {
		return err
	}
	d, err := report.Make(c.Request().Context(), f.Figures, o)
	if err != nil {
		return err
	}
	return sendReport(c, d, format)
}

func formatKnown(s string) bool { return s == "" || s == "json" || s == "xlsx" || s == "html" }

// order reads what a report is asked about.
func order(bad *fault.Error, period, district, asOf string) (o report.Order) {
	o.District = district
	p, err := indicator.ParsePeriod(period)
	if err != nil {
		bad.Fields = append(bad.Fields, fault.As(err).Fields...)
	}
	o.Period = p
	if asOf == "" {
		return o
	}
	if n, err := strconv.ParseInt(asOf, 10, 64); err == nil && n > 0 {
		o.Size = n
	} else if t, err := event.ParseTime(asOf); err == nil {
		o.At = t
	} else {
		bad.At("/as_of", "format", "must be a log size above zero, or a time such as 2026-03-01T08:30:00.000+08:00")
	}
	return o
}

// keptReport gives a kept report. One of another's district is answered like none.
func (f *face) keptReport(c echo.Context, v visit, name, format string) error {
	missing := fault.Missing("report")
	of, err := id.ParseReport(name)
	if err != nil {
		return missing
	}
	bad := invalid()
	for _, word := range []string{"district", "as_of", "since"} {
		if c.QueryParam(word) != "" {
			bad.At("/"+word, "not_allowed", "belongs to a report that is made now; a kept one is what it is")
		}
	}
	if !formatKnown(format) {
		bad.At("/format", "value", "must be json, xlsx or html")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	k, d, err := f.Reports.Read(c.Request().Context(), of)
	if err != nil {
		return err
	}
	s := access.Subject{}
	if k.District != "" {
		s.Divisions = []string{k.District}
	}
	if err := f.allow(c, v, s, name, missing); err != nil {
		return err
	}
	return sendReport(c, d, format)
}

// createReport is POST /v1/reports.
func (f *face) createReport(c echo.Context, v visit) error {
	in := struct {
		Period   string `json:"period"`
		District string `json:"district"`
		AsOf     string `json:"as_of"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	o := order(bad, in.Period, in.District, in.AsOf)
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.inDistrict(c, v, o.District, o.Period.Name); err != nil {
		return err
	}
	k, err := f.Reports.Create(c.Request().Context(), o, v.ID, "")
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/v1/reports/"+k.ID.String())
	return secret(c, http.StatusCreated, keptView(k))
}

// reports is GET /v1/reports.
func (f *face) reports(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	bad := invalid()
	want := report.Filter{Period: c.QueryParam("period"), Grain: indicator.Grain(c.QueryParam("grain"))}
	if _, err := indicator.ParsePeriod(want.Period); want.Period != "" && err != nil {
		bad.Fields = append(bad.Fields, fault.As(err).Fields...)
	}
	if want.Grain != "" && !slices.Contains(report.Grains, want.Grain) {
		bad.At("/grain", "value", "must be week, month, quarter, half_year or year")
	}
	var before id.Report
	if cursor != "" {
		if before, err = id.ParseReport(cursor); err != nil {
			bad.At("/cursor", "format", "must be next_cursor of the page before")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	district := c.QueryParam("district")
	if err := f.inDistrict(c, v, district, district); err != nil {
		return err
	}
	if c.QueryParams().Has("district") {
		want.District = &district
	}
	list, err := f.Reports.List(c.Request().Context(), want, before, limit+1)
	if err != nil {
		return err
	}
	out := api.ReportPage{Items: make([]api.KeptReport, min(len(list), limit))}
	for i := range out.Items {
		out.Items[i] = keptView(list[i])
	}
	if len(list) > limit {
		out.NextCursor = list[limit-1].ID.String()
	}
	return secret(c, http.StatusOK, out)
}

func keptView(k report.Kept) api.KeptReport {
	out := api.KeptReport{ID: k.ID.String(), Period: k.Period.Name, Grain: string(k.Period.Grain), District: k.District, Definitions: k.Definitions.String(),
		Size: k.Size, Root: k.Root.String(), Since: k.Since, MadeAt: at(k.MadeAt), MadeBy: k.By, Sha256: k.Hash.String(), Name: "全市 whole city"}
	if k.District != "" {
		out.Name = division.Name(k.District)
	}
	return out
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
