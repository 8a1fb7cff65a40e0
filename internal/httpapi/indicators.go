package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/indicator"
	"liandan/internal/measure"
)

// question reads what an indicator is asked about. Everything wrong is said at once.
func (f *face) question(c echo.Context, numbered, dated bool) (q measure.Query, err error) {
	bad := invalid()
	if numbered {
		n, err := strconv.Atoi(c.Param("indicator"))
		if err != nil || n < 1 {
			bad.At("/indicator", "unknown_indicator", "must be the number of an indicator")
		}
		q.Indicator = n
	}
	if dated {
		p, err := indicator.ParsePeriod(c.QueryParam("period"))
		if err != nil {
			bad.Fields = append(bad.Fields, fault.As(err).Fields...)
		}
		q.Period = p
		q.District = c.QueryParam("district")
	}
	if given := c.QueryParam("as_of"); given != "" {
		if n, err := strconv.ParseInt(given, 10, 64); err == nil && n > 0 {
			q.Size = n
		} else if t, err := event.ParseTime(given); err == nil {
			q.At = t
		} else {
			bad.At("/as_of", "format", "must be a log size above zero, or a time such as 2026-03-01T08:30:00.000+08:00")
		}
	}
	if given := c.QueryParam("rows"); given != "" && given != "true" && given != "false" {
		bad.At("/rows", "format", "must be true or false")
	}
	q.Rows = c.QueryParam("rows") == "true"
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

// figures lets in who may see figures; they are of no organisation.
func (f *face) figures(c echo.Context, v visit, named string) error {
	return f.allow(c, v, access.Subject{}, named, fault.Missing("indicator"))
}

// indicators is GET /v1/indicators.
func (f *face) indicators(c echo.Context, v visit) error {
	q, err := f.question(c, false, false)
	if err != nil {
		return err
	}
	if err := f.figures(c, v, ""); err != nil {
		return err
	}
	list, as, err := f.Measures.Definitions(c.Request().Context(), q)
	if err != nil {
		return err
	}
	out := api.IndicatorList{Log: logPlace(as), Items: make([]api.IndicatorDefinition, len(list))}
	for i, d := range list {
		out.Items[i] = definitionView(d)
	}
	return secret(c, http.StatusOK, out)
}

// indicator is GET /v1/indicators/{indicator}.
func (f *face) indicator(c echo.Context, v visit) error {
	q, err := f.question(c, true, true)
	if err != nil {
		return err
	}
	if err := f.figures(c, v, strconv.Itoa(q.Indicator)); err != nil {
		return err
	}
	r, err := f.Measures.Indicator(c.Request().Context(), q)
	if err != nil {
		return err
	}
	out := api.IndicatorResult{Definition: definitionView(r.Definition), Period: r.Period.Name, Grain: api.IndicatorResultGrain(r.Period.Grain),
		From: r.Period.From.Format(time.DateOnly), To: r.Period.To.AddDate(0, 0, -1).Format(time.DateOnly),
		CutOff: atMillis(r.CutOff), Log: logPlace(r.As), Row: rowView(r.Row)}
	for _, d := range r.Districts {
		out.Districts = append(out.Districts, rowView(d))
	}
	return secret(c, http.StatusOK, out)
}

// indicatorEvidence is GET /v1/indicators/{indicator}/evidence.
func (f *face) indicatorEvidence(c echo.Context, v visit) error {
	cursor, limit, err := page(c, pageMost)
	if err != nil {
		return err
	}
	q, err := f.question(c, true, true)
	if err != nil {
		return err
	}
	if err := f.inDistrict(c, v, q.District, strconv.Itoa(q.Indicator)); err != nil {
		return err
	}
	p, err := f.Measures.Evidence(c.Request().Context(), q, cursor, limit)
	if err != nil {
		return err
	}
	out := api.IndicatorEvidence{Log: logPlace(p.As), NextCursor: p.Next, Items: make([]api.EvidenceItem, len(p.Items))}
	for i, it := range p.Items {
		if out.Items[i], err = f.evidenceItem(c, it); err != nil {
			return err
		}
	}
	return secret(c, http.StatusOK, out)
}

func (f *face) evidenceItem(c echo.Context, it measure.Item) (api.EvidenceItem, error) {
	out := api.EvidenceItem{What: api.EvidenceItemWhat(it.What), Division: it.Division}
	if it.Seq >= 0 {
		out.Seq = &it.Seq
	}
	site := it.Move.Origin
	switch it.What {
	case "movement":
		m := it.Move
		out.At, out.Kind, out.Batch, out.Code, out.Method, out.Grams = atMillis(m.At), string(m.Kind), m.Batch.String(), string(m.Code), string(m.Method), m.Grams
	case "base":
		out.Figure, out.Year, out.Amount, out.Source = it.Base.Figure, it.Base.Year, it.Base.Amount, it.Base.Source
		return out, nil
	case "unit":
		site = it.Unit.Site
		out.Party, out.Type, out.Declared, out.Proven = it.Unit.Party.String(), it.Unit.Type, &it.Unit.Declared, &it.Unit.Proven
		out.WhyZH, out.Why = it.Unit.Why()
		owner, ok, err := f.Gate.Registry.Organisation(c.Request().Context(), it.Unit.Party)
		if err != nil {
			return out, err
		}
		if ok {
			out.PartyName = owner.Name
		}
	case "inspection":
		site = it.Check.Inspected
		out.At, out.Event, out.Type, out.Verdict = atMillis(it.Check.At), it.Check.Event.String(), it.Check.Class, it.Verdict
	}
	out.Site = site.String()
	known, ok, err := f.Gate.Registry.Site(c.Request().Context(), site)
	if ok {
		out.Name = known.Name
	}
	return out, err
}

// carbon is GET /v1/carbon.
func (f *face) carbon(c echo.Context, v visit) error {
	q, err := f.question(c, false, true)
	if err != nil {
		return err
	}
	if err := f.figures(c, v, ""); err != nil {
		return err
	}
	list, as, err := f.Measures.Carbon(c.Request().Context(), q)
	if err != nil {
		return err
	}
	out := api.CarbonEffect{Log: logPlace(as), Items: make([]api.CarbonRoute, len(list))}
	for i, r := range list {
		out.Items[i] = api.CarbonRoute{Method: r.Method, Code: r.Code, Grams: r.Grams, Computed: r.Kg != "", KgCo2E: r.Kg, FactorKgPerT: r.Factor, FactorSet: r.Set, Source: r.Source}
	}
	return secret(c, http.StatusOK, out)
}

func logPlace(s measure.Sealed) api.LogPlace {
	sum := sha256.Sum256(s.Checkpoint)
	return api.LogPlace{Size: s.Size, Root: s.Root.String(), RecordedAt: at(s.RecordedAt), CheckpointSha256: hex.EncodeToString(sum[:])}
}

func definitionView(d indicator.Definition) api.IndicatorDefinition {
	out := api.IndicatorDefinition{Indicator: d.Indicator, Version: d.Version, NameZH: d.NameZH, NameEN: d.NameEN, FormulaZH: d.FormulaZH, FormulaEN: d.FormulaEN,
		Source: d.Source, Certainty: d.Certainty, Unit: d.Unit, AmountUnit: d.AmountUnit, PlanBase: d.PlanBase, Target: d.Target, Experimental: d.Experimental,
		Choices: make([]api.IndicatorChoice, len(d.Choices))}
	for i, c := range d.Choices {
		out.Choices[i] = api.IndicatorChoice{Key: c.Key, Value: c.Value, Certainty: c.Certainty, ZH: c.ZH, EN: c.EN}
	}
	return out
}

func rowView(r indicator.Row) api.IndicatorRow {
	out := api.IndicatorRow{District: r.District, Figures: make([]api.IndicatorFigure, len(r.Figures)), Exclusions: make([]api.IndicatorExclusion, len(r.Exclusions)),
		Sites: r.Coverage.Sites, SitesReported: r.Coverage.Reported, StockGrams: r.Stock, Flags: append([]string{}, r.Flags...)}
	for i, g := range r.Figures {
		v := api.IndicatorFigure{Variant: g.Variant, Value: g.Value, Status: api.IndicatorFigureStatus(g.Status), Numerator: g.Numerator, Denominator: g.Denominator,
			Parts: make([]api.IndicatorPart, len(g.Parts))}
		for k, p := range g.Parts {
			v.Parts[k] = api.IndicatorPart{Name: p.Name, Amount: p.Amount}
		}
		if b := g.Because; b != nil {
			v.Because = &api.IndicatorReason{Code: b.Code, ZH: b.ZH, EN: b.EN}
		}
		out.Figures[i] = v
	}
	for i, x := range r.Exclusions {
		out.Exclusions[i] = api.IndicatorExclusion{Code: x.Code, ZH: x.ZH, EN: x.EN, Count: x.Count, Grams: x.Grams}
	}
	return out
}
