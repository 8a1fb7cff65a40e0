package report_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/report"
)

// town answers with figures that follow from the question alone.
type town struct{}

func (town) Figure(_ context.Context, q report.Question) (a report.Answer, err error) {
	if q.Size == 0 {
		q.Size = 900
	}
	a = report.Answer{Definition: defined(q.Indicator, "1"), Size: q.Size,
		Root: id.Hash{9}, RecordedAt: time.UnixMilli(1_767_225_600_000), CutOff: q.Period.To.UnixMilli() - 1}
	row := func(district string, n int64) indicator.Row {
		return indicator.Row{District: district, Figures: []indicator.Figure{{Variant: "declared", Value: "99.00"}, {Variant: "proven", Value: fmt.Sprintf("%d.00", n), Numerator: n, Denominator: 100, Status: indicator.Met}}}
	}
	a.Row = row(q.District, q.Size/100*10+int64(q.Period.From.Month()))
	if q.Indicator == 35 {
		a.Row = indicator.Row{Figures: []indicator.Figure{{Status: indicator.NotComputable, Because: &indicator.Because{Code: "no_base", ZH: "没有基数", EN: "no base"}}}}
	}
	if q.Rows {
		a.Districts = []indicator.Row{row("130602", 50), {District: "130606"}, row("130607", 70), row("130608", 50)}
	}
	return a, nil
}

func defined(n int, version string) indicator.Definition {
	return indicator.Definition{Indicator: n, NameZH: "指标<script>", Version: version, Target: "90", Better: "up"}
}

// InForce: no report tells of all of them.
func (town) InForce(context.Context) ([]indicator.Definition, error) { return inForce("1"), nil }

func inForce(version string) (out []indicator.Definition) {
	for _, d := range indicator.Definitions() {
		out = append(out, defined(d.Indicator, version))
	}
	return out
}

// Names: the hospital had another name before April.
func (town) Names(_ context.Context, parties []id.Party, at time.Time) (map[id.Party]string, map[id.Site]string, error) {
	name := "样例医院 <SAMPLE>"
	if at.Before(time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)) {
		name = "样例旧名"
	}
	if !slices.Equal(parties, []id.Party{numbered(1), numbered(2)}) {
		return nil, nil, fmt.Errorf("asked about %v", parties)
	}
	return map[id.Party]string{numbered(1): name}, map[id.Site]string{id.SiteOf(numbered(1).UUID()): "样例院区"}, nil
}

func numbered(n byte) id.Party { return id.PartyOf(id.UUID{6: 0x70, 8: 0x80, 15: n}) }

// listed is a town with a list behind indicator 36.
type listed struct{ town }

func (l listed) Figure(ctx context.Context, q report.Question) (report.Answer, error) {
	a, err := l.town.Figure(ctx, q)
	if q.Indicator == 36 {
		site := func(n byte) id.Site { return id.SiteOf(numbered(n).UUID()) }
		a.Row.Work = []indicator.Work{{Site: site(1), Party: numbered(1), Division: "130602", Type: "hospital", Declared: true}, {Site: site(2), Party: numbered(2), Division: "130607", Type: "x<y", Proven: true},
			{Site: site(3), Party: numbered(1), Division: "130602", Type: "clinic"}}
	}
	return a, err
}

// TestTheListNamesWhomToAsk: organisation and site by name as of the cut-off with their ids
// beside, district and reason, in the document, the workbook and the page.
func TestTheListNamesWhomToAsk(t *testing.T) {
	d, err := report.Make(t.Context(), listed{}, report.Order{Period: period(t, "2026-03")})
	if err != nil {
		t.Fatal(err)
	}
	w := d.Sections[1].Row.Work
	if len(w) != 3 || w[0].PartyName != "样例医院 <SAMPLE>" || w[0].SiteName != "样例院区" || w[1].PartyName != "" || w[2].SiteName != "" || len(d.Sections[0].Row.Work) != 0 {
		t.Errorf("the list is %+v", w)
	}
	for i, want := range []string{"no batch of the period", "no contract or plan in the register", "neither"} {
		if !strings.Contains(w[i].Why, want) {
			t.Errorf("line %d is there because %q", i, w[i].Why)
		}
	}
	early, err := report.Make(t.Context(), listed{}, report.Order{Period: period(t, "2026-02")})
	if err != nil || early.Sections[1].Row.Work[0].PartyName != "样例旧名" {
		t.Errorf("in February it was called %+v: %v", early.Sections[1].Row.Work, err)
	}
	var page bytes.Buffer
	if err := d.Page(&page); err != nil {
		t.Fatal(err)
	}
	book := d.Book()
	if len(book) != 7 || book[6].Name != "名单36" || len(book[6].Rows) != 3 || len(book[6].Rows[0]) != len(book[6].Header) {
		t.Fatalf("the workbook is %+v", book)
	}
	row := fmt.Sprint(book[6].Rows[0])
	for _, want := range []string{"样例院区", "竞秀区", "医院 hospital", "是 yes", "no batch of the period", numbered(1).String(), w[0].Site.String()} {
		if !strings.Contains(row, want) || !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in %s, or not on the page", want, row)
		}
	}
	if p := page.String(); strings.Contains(p, "<SAMPLE>") || strings.Contains(p, "x<y") || !strings.Contains(p, "no name in the register") {
		t.Error("a name is not written as text, or one that is missing is not said to be")
	}
}

func (town) Causes(_ context.Context, q report.Question, since int64) ([]report.Cause, error) {
	return []report.Cause{{Kind: "late_upload", Why: fmt.Sprintf("晚到 · late in %s since %d", q.Period.Name, since), Count: 2, Grams: 300, Entries: []int64{since, since + 1}}}, nil
}

func period(t *testing.T, s string) indicator.Period {
	t.Helper()
	p, err := indicator.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTheSameReportTwice: a report without a size, and the one of the size that it had, are
// the same to the byte; the sections, trend, league table and changes are as asked.
func TestTheSameReportTwice(t *testing.T) {
	newest, err := report.Make(t.Context(), town{}, report.Order{Period: period(t, "2026-03"), Since: 700})
	if err != nil {
		t.Fatal(err)
	}
	again, err := report.Make(t.Context(), town{}, report.Order{Period: period(t, "2026-03"), Since: 700, Size: newest.Size})
	if err != nil || !bytes.Equal(newest.JSON(), again.JSON()) {
		t.Fatalf("another report: %v\n%s\n%s", err, newest.JSON(), again.JSON())
	}
	if len(newest.Sections) != 5 || newest.Size != 900 {
		t.Fatalf("the report is %s", newest.JSON())
	}
	s := newest.Sections[1]
	var league []string
	for _, r := range s.League {
		league = append(league, r.District)
	}
	if got := strings.Join(league, " "); got != "130607 130602 130608 130606" {
		t.Errorf("the league table is %s", got)
	}
	if len(s.Trend) != 6 || s.Trend[0].Period != "2025-10" || s.Trend[5].Period != "2026-03" {
		t.Errorf("the trend is %+v", s.Trend)
	}
	if len(s.Changes) != 1 || s.Changes[0].Before != "73.00" || s.Changes[0].After != "93.00" || !strings.Contains(s.Changes[0].Why, "200 entries since") {
		t.Errorf("the changes are %+v", s.Changes)
	}
	if f := newest.Sections[0].Row.Figures[0]; f.Value != "" || f.Why != "没有基数 · no base" || len(newest.Sections[0].Changes) != 0 {
		t.Errorf("what cannot be computed is %+v", newest.Sections[0])
	}
	var page bytes.Buffer
	if err := newest.Page(&page); err != nil {
		t.Fatal(err)
	}
	if p := page.String(); strings.Contains(p, "<script") || !strings.Contains(p, "<svg") || !strings.Contains(p, "没有基数") || !strings.Contains(p, "130607") ||
		!strings.Contains(p, "证实 proven") || !strings.Contains(p, "达到目标") || strings.Contains(p, "not_computable") {
		t.Errorf("the page is %s", p)
	}
	if book := newest.Book(); len(book) != 6 || book[2].Name != "指标36" || len(book[2].Rows) < 20 {
		t.Errorf("the workbook is %+v", book)
	}
}

func TestThePeriodBefore(t *testing.T) {
	for now, want := range map[string]string{"2026-W01": "2025-W52", "2021-W01": "2020-W53", "2026-01": "2025-12", "2026-Q1": "2025-Q4", "2026-Q3": "2026-Q2",
		"2026-H1": "2025-H2", "2026-H2": "2026-H1", "2026": "2025"} {
		if p, err := report.Before(period(t, now)); err != nil || p.Name != want {
			t.Errorf("before %s is %s: %v, expected %s", now, p.Name, err, want)
		}
	}
	if _, err := report.Before(period(t, "2000")); err == nil {
		t.Error("there is a period before the first")
	}
}

func TestReportsThatAreNone(t *testing.T) {
	for name, o := range map[string]report.Order{"a day": {Period: period(t, "2026-03-01")}, "compared with a later log": {Period: period(t, "2026-03"), Size: 800, Since: 900}} {
		if d, err := report.Make(t.Context(), town{}, o); fault.Of(err) != fault.InvalidRequest || len(d.Sections) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
