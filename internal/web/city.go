package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/report"
)

// experimental are the indicators that are computed beside the five of the plan.
var experimental = []int{2, 19, 32}

// cityForm is what was chosen, as typed.
type cityForm struct {
	Period   string
	District string
	AsOf     string
	Map      int // the indicator whose districts are drawn
	Before   string
	After    string // the periods beside it; "" for none
}

// cityPage is the figures of a period.
type cityPage struct {
	Form      cityForm
	Note      *note
	Places    []place
	Doc       *report.Document
	District  line
	Known     string // when the newest entry that the figures know was recorded
	Cards     []card
	Trials    []card
	Table     []districtRow
	Heads     []card   // of the table, by column
	Reasons   []string // why cells of the table are empty, by mark from 1
	Tiles     []tile
	Downloads []download
}

type place struct {
	Code string
	Name line
}

// card is one indicator.
type card struct {
	Number          int
	Name            line
	Unit, Target    string
	Version         string
	Experimental    bool
	Head            figure
	Figures         []figure
	Trend           string // JSON for the chart; "" without one
	Points          []point
	Spark           *spark
	Sites, Reported int
	Exclusions      []exclusion
	Flags           []line
	Evidence        string // address of what is behind it; "" for who may not see that
}

type point struct {
	Period, Value string
	Why           string
}

// figure is one variant's value in words.
type figure struct {
	Variant                line
	Value                  string
	Status                 string
	Words                  line
	Numerator, Denominator string
	Why                    string
	Mark                   int  // of the reason below the table of districts; 0 for none
	Part                   bool // of the units of one type alone
}

type exclusion struct{ Why, Amount string }

type districtRow struct {
	Code  string
	Name  line
	Href  string
	Cells []figure
}

// tile is a district on the sketch of the city.
type tile struct {
	Name          line
	Col, Row      int
	Value, Status string
	Why, Href     string
	Chosen        bool
}

type download struct {
	Words line
	Href  string
}

// sketch is where districts lie, roughly, west to east and north to south. Two zones lie
// beside their districts. It is a drawing, no register: what it lacks is in the last row.
var sketch = map[string][2]int{
	"130630": {2, 1}, "130633": {3, 1}, "130623": {4, 1}, "130681": {5, 1},
	"130624": {1, 2}, "130609": {3, 2}, "130626": {4, 2}, "130684": {5, 2}, "130672": {6, 2},
	"130627": {1, 3}, "130636": {2, 3}, "130607": {3, 3}, "130602": {4, 3}, "130671": {5, 3},
	"130634": {1, 4}, "130631": {2, 4}, "130608": {3, 4}, "130606": {4, 4}, "130628": {5, 4},
	"130683": {3, 5}, "130637": {4, 5}, "130635": {5, 5},
}

// city is GET /city?period=&district=&as_of=&map=.
func (s *Site) city(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: "getIndicator", Subject: access.Subject{}, Missing: fault.Missing("indicator")}); err != nil {
		return err
	}
	q := r.URL.Query()
	p := cityPage{Form: cityForm{Period: strings.TrimSpace(q.Get("period")), District: q.Get("district"), AsOf: strings.TrimSpace(q.Get("as_of"))}}
	p.Form.Map, _ = strconv.Atoi(q.Get("map"))
	if !slices.Contains(report.Indicators, p.Form.Map) {
		p.Form.Map = 37
	}
	if p.Form.Period == "" {
		p.Form.Period = s.Now().In(calendar.Zone()).Format("2006-01")
	}
	for _, code := range cityDivisions() {
		p.Places = append(p.Places, place{code, divisionName(code)})
	}
	p.District = divisionName(p.Form.District)
	status := http.StatusOK
	if err := s.fillCity(r, v, &p); err != nil {
		n := s.noteOf(w, r, err, nil)
		p.Note, p.Doc, status = &n, nil, n.status
	}
	s.show(w, r, v, status, "city.html", page{Title: "无废城市指标", TitleEN: "Figures of the city", Body: p, Wide: true, Allow: library,
		Sheets: []string{deskStyle.path}, Scripts: []string{htmxScript.path, chartScript.path, deskScript.path}})
	return nil
}

// fillCity computes what the page shows. Faults: invalid-request, unavailable.
func (s *Site) fillCity(r *http.Request, v *visit, p *cityPage) error {
	ctx := r.Context()
	period, err := indicator.ParsePeriod(p.Form.Period)
	if err != nil {
		return err
	}
	p.Form.Before, p.Form.After = beside(period, s.Now())
	size, err := s.asOf(r, p.Form.AsOf)
	if err != nil {
		return err
	}
	doc, err := report.Make(ctx, s.Desk.Figures, report.Order{Period: period, District: p.Form.District, Size: size})
	if err != nil {
		return err
	}
	p.Doc = &doc
	if t, err := time.Parse(time.RFC3339Nano, doc.RecordedAt); err == nil {
		p.Known = clock(t)
	}
	evidence := s.Gate.May(v.Caller, "getIndicatorEvidence") == nil
	at := strconv.FormatInt(doc.Size, 10)
	behind := func(n int) string {
		if !evidence {
			return ""
		}
		return with("/city/"+strconv.Itoa(n), "period", period.Name, "district", p.Form.District, "as_of", at)
	}
	for _, x := range doc.Sections {
		c := cardOf(x)
		c.Evidence = behind(x.Indicator)
		p.Cards = append(p.Cards, c)
	}
	for _, n := range experimental {
		res, err := s.Desk.Measures.Indicator(ctx, measure.Query{Indicator: n, Period: period, District: p.Form.District, Size: doc.Size})
		if err != nil {
			return err
		}
		c := trialOf(res)
		c.Evidence = behind(n)
		p.Trials = append(p.Trials, c)
	}
	p.drawDistricts(doc)
	if s.Gate.May(v.Caller, "getReport") == nil {
		for _, d := range []download{{line{"工作簿", "workbook"}, "xlsx"}, {line{"可打印页", "page to print"}, "html"}, {line{"数据", "JSON"}, "json"}} {
			d.Href = with("/v1/reports/"+period.Name, "format", d.Href, "district", p.Form.District, "as_of", at)
			p.Downloads = append(p.Downloads, d)
		}
	}
	return nil
}

// asOf reads how much of the log is to be known: nothing is all, a number is a log size,
// else a time. Faults: invalid-request.
func (s *Site) asOf(r *http.Request, given string) (int64, error) {
	if given == "" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(given, 10, 64); err == nil && n > 0 {
		return n, nil
	}
	at, err := event.ParseTime(given)
	for _, form := range []string{"2006-01-02 15:04", ownForm, time.DateOnly} {
		if err != nil {
			at, err = time.ParseInLocation(form, given, calendar.Zone())
		}
	}
	if err != nil {
		return 0, field(invalid(), "/as_of", "format", "must be a log size above zero, or a time such as 2026-03-01 08:30", "应为大于零的日志条数，或如 2026-03-01 08:30 的时间")
	}
	_, as, err := s.Desk.Measures.Definitions(r.Context(), measure.Query{At: at})
	return as.Size, err
}

// beside names the periods before and after one; that after it only when it has begun.
func beside(p indicator.Period, now time.Time) (before, after string) {
	if x, err := report.Before(p); err == nil && p.Grain != indicator.Daily {
		before = x.Name
	}
	if !p.To.Before(now) {
		return before, ""
	}
	d := p.To
	switch p.Grain {
	case indicator.Monthly:
		after = d.Format("2006-01")
	case indicator.Quarterly:
		after = d.Format("2006") + "-Q" + strconv.Itoa((int(d.Month())+2)/3)
	case indicator.HalfYear:
		after = d.Format("2006") + "-H" + strconv.Itoa((int(d.Month())+5)/6)
	case indicator.Yearly:
		after = d.Format("2006")
	case indicator.Weekly:
		y, w := d.ISOWeek()
		after = strconv.Itoa(y) + "-W" + strconv.Itoa(100 + w)[1:]
	}
	return before, after
}

// wholeCity is the prefecture's own code: waste of no district.
const wholeCity = "130600"

// mark numbers a reason.
func (p *cityPage) mark(why string) int {
	i := slices.Index(p.Reasons, why)
	if i < 0 {
		i = len(p.Reasons)
		p.Reasons = append(p.Reasons, why)
	}
	return i + 1
}

func cityDivisions() (out []string) {
	for _, code := range divisionCodes() {
		if code != wholeCity {
			out = append(out, code)
		}
	}
	return out
}

// drawDistricts puts the districts into the table and onto the sketch.
func (p *cityPage) drawDistricts(d report.Document) {
	rows := map[string]*districtRow{}
	for i, x := range d.Sections {
		p.Heads = append(p.Heads, p.Cards[i])
		for _, r := range x.League {
			if rows[r.District] == nil {
				rows[r.District] = &districtRow{Code: r.District, Name: divisionName(r.District), Cells: make([]figure, len(d.Sections)),
					Href: with("/city", "period", p.Form.Period, "district", r.District, "as_of", p.Form.AsOf)}
			}
			h := headOf(x, r)
			if h.Value == "" {
				h.Mark = p.mark(h.Why)
			}
			rows[r.District].Cells[i] = h
			if x.Indicator == p.Form.Map && r.District != wholeCity {
				at, ok := sketch[r.District]
				if !ok {
					at = [2]int{6, 5}
				}
				p.Tiles = append(p.Tiles, tile{Name: divisionName(r.District), Col: at[0], Row: at[1], Value: h.Value, Status: h.Status, Why: h.Why, Href: rows[r.District].Href})
			}
		}
	}
	for _, r := range rows {
		p.Table = append(p.Table, *r)
	}
	slices.SortFunc(p.Table, func(a, b districtRow) int { return cmp.Compare(a.Code, b.Code) })
	slices.SortFunc(p.Tiles, func(a, b tile) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col)) })
}

// trendJSON is what the chart is drawn from; "" when there is nothing to draw.
func trendJSON(c card, series map[string][]*string, periods []string) string {
	empty := true
	for _, values := range series {
		empty = empty && !slices.ContainsFunc(values, func(v *string) bool { return v != nil })
	}
	if empty {
		return ""
	}
	b, err := json.Marshal(map[string]any{"unit": c.Unit, "target": c.Target, "periods": periods, "series": series})
	if err != nil {
		return "" // text alone: cannot happen
	}
	return string(b)
}
