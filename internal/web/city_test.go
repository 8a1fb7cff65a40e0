package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/report"
)

// figures are made up: 37 grows with the log, 35 cannot be computed.
type figures struct {
	asked   []measure.Query
	checked map[id.Site][]measure.Checked
}

func (*figures) Figure(_ context.Context, q report.Question) (a report.Answer, err error) {
	d, _ := indicator.Shipped(q.Indicator)
	if q.Size == 0 {
		q.Size = 900
	}
	if q.Size > 900 {
		return a, fault.New(fault.InvalidRequest, "x").At("/as_of", "out_of_range", "the log has 900 entries")
	}
	a = report.Answer{Definition: d, Size: q.Size, RecordedAt: time.UnixMilli(1_767_225_600_000), CutOff: q.Period.To.UnixMilli() - 1}
	row := func(district string) indicator.Row {
		r := indicator.Row{District: district, Figures: []indicator.Figure{{Variant: "declared", Value: "99.50", Status: indicator.NotMet, Numerator: 199, Denominator: 200},
			{Variant: "proven", Value: "73.25", Status: indicator.NotMet, Numerator: 1465, Denominator: 2000}}, Flags: []string{"above_100"}}
		if q.Indicator == 35 {
			r.Figures = []indicator.Figure{{Status: indicator.NotComputable, Because: &indicator.Because{Code: "x", ZH: "没有基数<b>", EN: "no base"}}}
		}
		return r
	}
	a.Row = row(q.District)
	if q.Rows {
		a.Districts = []indicator.Row{row("130602"), row("130606")}
	}
	return a, nil
}

// InForce are the definitions as shipped.
func (*figures) InForce(context.Context) ([]indicator.Definition, error) {
	return indicator.Definitions(), nil
}

// Causes: nothing moves in this world.
func (*figures) Causes(context.Context, report.Question, int64) ([]report.Cause, error) {
	return nil, nil
}

// Names: nobody has one.
func (*figures) Names(context.Context, []id.Party, time.Time) (map[id.Party]string, map[id.Site]string, error) {
	return nil, nil, nil
}

func (f *figures) Indicator(_ context.Context, q measure.Query) (measure.Result, error) {
	f.asked = append(f.asked, q)
	d, _ := indicator.Shipped(q.Indicator)
	return measure.Result{Definition: d, Period: q.Period, Row: indicator.Row{Figures: []indicator.Figure{{Value: "5.00", Status: indicator.NotMet, Numerator: 1234567, Denominator: 2000000}}}}, nil
}

func (f *figures) InspectionsOf(_ context.Context, x id.Site) ([]measure.Checked, error) {
	return f.checked[x], nil
}

func (f *figures) SitesAt(_ context.Context, division string, _ time.Time) (out []indicator.Site, err error) {
	for x := range f.checked {
		if division == "" || division == "130602" {
			out = append(out, indicator.Site{Site: x, Kind: "hospital", Division: "130602"})
		}
	}
	return out, nil
}

func (*figures) Sheets(context.Context) ([]indicator.Sheet, error) { return indicator.Sheets(), nil }

func (f *figures) Definitions(context.Context, measure.Query) ([]indicator.Definition, measure.Sealed, error) {
	var as measure.Sealed
	as.Size = 440
	return nil, as, nil
}

func (f *figures) Evidence(_ context.Context, q measure.Query, cursor string, _ int) (p measure.Page, err error) {
	f.asked = append(f.asked, q)
	if cursor == "bad" {
		return p, fault.New(fault.InvalidRequest, "x").At("/cursor", "format", "must be next_cursor of the page before")
	}
	p.As.Size = 900
	p.Items = []measure.Item{{What: "movement", Seq: 17, Division: "130602", Move: indicator.Move{At: 1_767_225_600_000, Kind: indicator.Treated, Batch: id.BatchOf(id.UUID{15: 7, 6: 0x70, 8: 0x80}),
		Code: "841-001-01", Method: "D10", Grams: 12345}}, {What: "unit", Seq: -1, Unit: indicator.Work{Type: "<i>x</i>", Declared: true}},
		{What: "unit", Seq: -1, Unit: indicator.Work{Site: id.SiteOf(id.UUID{15: 9, 6: 0x70, 8: 0x80}), Declared: true, Proven: true}}}
	if cursor == "" {
		p.Next = "900.1.2.3"
	}
	return p, nil
}

func deskWorld(t *testing.T) (*world, *figures) {
	w := newWorld(t)
	return w, w.desk
}

func TestTheCitysFigures(t *testing.T) {
	w, f := deskWorld(t)
	city := w.signedIn("city.one", access.Appointment{Role: access.CityInspector})
	body := city.get("/city?period=2026-02", 200)
	contains(t, body, "73.25 %", "未达目标", "misses the target", "没有基数&lt;b&gt;", "竞秀区", "Jingxiu", "证实", "declared", `data-trend="`, "1,234.567 kg",
		"/city/37?as_of=900&amp;period=2026-02", "/v1/reports/2026-02?as_of=900&amp;format=xlsx", `href="/city?period=2026-01`, "超过 100%")
	lacks(t, body, "没有基数<b>")
	if strings.Count(body, `class="card indicator"`) != 8 {
		t.Error("not eight indicators")
	}
	csp := city.last.Get("Content-Security-Policy")
	if !strings.Contains(csp, "connect-src 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the policy is %s", csp)
	}
	// As of a time: at the log size that was published by then.
	contains(t, city.get("/city?period=2026-02&as_of=2026-02-20+08:30&district=130602&map=38", 200), "日志 440 条", "/city/36?as_of=440&amp;district=130602&amp;period=2026-02")
	if last := f.asked[len(f.asked)-1]; last.Size != 440 || last.District != "130602" {
		t.Errorf("asked %+v", last)
	}
	for query, want := range map[string]string{"period=2026-13": "期间", "period=%3Cb%3E": "&lt;b&gt;", "as_of=yesterday": "日志条数", "as_of=901": "900", "as_of=-3": "日志条数",
		"period=2026-03-02": "没有执行"} {
		body := city.get("/city?"+query, 422)
		contains(t, body, want, `id="figures"`, `role="alert"`)
		lacks(t, body, "73.25", "<b>")
	}
}

func TestWhatIsBehindAFigure(t *testing.T) {
	w, f := deskWorld(t)
	city := w.signedIn("city.one", access.Appointment{Role: access.CityInspector})
	body := city.get("/city/37?period=2026-02&as_of=900&district=130602", 200)
	contains(t, body, "12.345 kg", "/inspect/batch/00000000-0000-7000-8000-000000000007#e17", "利用处置", "&lt;i&gt;x&lt;/i&gt;", "cursor=900.1.2.3", "竞秀区",
		`href="/inspect?q=00000000-0000-7000-8000-000000000009"`)
	if n := strings.Count(body, `href="/inspect?q=`); n != 1 {
		t.Errorf("%d units lead to batches, of which one is proven", n)
	}
	if q := f.asked[len(f.asked)-1]; q.Size != 900 || q.District != "130602" || q.Indicator != 37 {
		t.Errorf("asked %+v", q)
	}
	lacks(t, city.get("/city/37?period=2026-02&cursor=900.1.2.3", 200), "下一页")
	city.get("/city/37?period=2026-02&cursor=bad", 422)
	city.get("/city/37", 422)
	city.get("/city/4?period=2026-02", 404)
	city.get("/city/x?period=2026-02", 404)
	if acts := strings.Join(w.recorded(), "\n"); !strings.Contains(acts, "getIndicatorEvidence 37") {
		t.Errorf("recorded %s", acts)
	}
}

// Each sees what the policy lets them: an analyst figures and nothing behind them, a
// hospital's administrator no figures.
func TestWhoSeesFigures(t *testing.T) {
	w, _ := deskWorld(t)
	analyst := w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst})
	body := analyst.get("/city?period=2026-02", 200)
	contains(t, body, "73.25 %", `href="/city"`)
	lacks(t, body, "/city/37?", "/v1/reports/")
	analyst.get("/city/37?period=2026-02", 403)
	hospital := w.signedIn("admin.one", administrator(1))
	hospital.get("/city", 403)
	lacks(t, hospital.get("/account", 200), `href="/city"`)
}

func TestPeriodsBeside(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string][2]string{"2026-03": {"2026-02", "2026-04"}, "2026-06": {"2026-05", ""}, "2025-12": {"2025-11", "2026-01"}, "2025-Q4": {"2025-Q3", "2026-Q1"},
		"2025-H2": {"2025-H1", "2026-H1"}, "2025": {"2024", "2026"}, "2025-W52": {"2025-W51", "2026-W01"}} {
		p, err := indicator.ParsePeriod(name)
		if err != nil {
			t.Fatal(err)
		}
		if b, a := beside(p, now); b != want[0] || a != want[1] {
			t.Errorf("%s: %q and %q", name, b, a)
		}
	}
}

func TestKilograms(t *testing.T) {
	for g, want := range map[int64]string{0: "0.000 kg", 5: "0.005 kg", -1234567: "−1,234.567 kg", 1e15: "1,000,000,000,000.000 kg", -1 << 63: "−9,223,372,036,854,775.808 kg"} {
		if got := kilograms(g); got != want {
			t.Errorf("%d: %s", g, got)
		}
	}
}
