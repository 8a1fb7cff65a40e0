// Package report makes the city's periodic reports: the five indicators of a period with
// their trend, the league table of districts, the lists behind, and what has changed since
// an earlier report and why. A report is a document of plain data; the same period,
// district and log size give the same document to the byte.
//
// It must not define or compute a figure (packages indicator and measure do) and not know
// files: how a document is written as a workbook is its caller's.
package report

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
)

// Indicators are those that a report tells of, in the plan's order.
var Indicators = []int{35, 36, 37, 38, 59}

// trendLength is how many periods a trend has, the report's own included.
const trendLength = 6

// Question asks for one indicator.
type Question struct {
	Indicator int
	Period    indicator.Period
	District  string    // "" the whole city
	Rows      bool      // of the whole city: a row for each district too
	Size      int64     // of the log as of which it is known; 0 the newest
	At        time.Time // as of that time, where no size is given
}

// Answer is an indicator with what it rests on.
type Answer struct {
	Definition indicator.Definition
	CutOff     int64 // Unix milliseconds
	Size       int64
	Root       id.Hash
	Checkpoint []byte
	RecordedAt time.Time
	Row        indicator.Row
	Districts  []indicator.Row
}

// Figures gives indicators; the server adapts measure.Service.
type Figures interface {
	Figure(ctx context.Context, q Question) (Answer, error)
	// InForce lists the definitions of all indicators as the log says them now.
	InForce(ctx context.Context) ([]indicator.Definition, error)
	// Causes lists what the log took in since an earlier size that may have made the figure
	// of the question another.
	Causes(ctx context.Context, q Question, since int64) ([]Cause, error)
	// Names gives the names that organisations and their sites had in the register then; one
	// that is not there is left out.
	Names(ctx context.Context, parties []id.Party, at time.Time) (map[id.Party]string, map[id.Site]string, error)
}

// Document is one report. Its JSON is what is reproducible.
type Document struct {
	Period      string    `json:"period"`
	Grain       string    `json:"grain"`
	From        string    `json:"from"`
	To          string    `json:"to"` // the last day
	District    string    `json:"district,omitempty"`
	Size        int64     `json:"size"`
	Definitions id.Hash   `json:"definitions"` // digest of the definitions of all sections
	Root        id.Hash   `json:"root"`
	Checkpoint  string    `json:"checkpoint"`
	RecordedAt  string    `json:"recorded_at"`     // of the log's newest entry that it knows
	Since       int64     `json:"since,omitempty"` // the log size of the last report
	Last        string    `json:"last,omitempty"`  // the period of it
	Sections    []Section `json:"sections"`
}

// Section is one indicator.
type Section struct {
	Indicator  int      `json:"indicator"`
	NameZH     string   `json:"name_zh"`
	NameEN     string   `json:"name_en"`
	Version    string   `json:"version"` // of the definition
	Unit       string   `json:"unit"`
	AmountUnit string   `json:"amount_unit"`
	Target     string   `json:"target"`
	CutOff     string   `json:"cut_off"`
	Row        Row      `json:"row"`
	Trend      []Point  `json:"trend"`
	League     []Row    `json:"league,omitempty"` // of the districts, the best first
	Changes    []Change `json:"changes,omitempty"`
	Causes     []Cause  `json:"causes,omitempty"` // of those changes
}

// Row is a district's figures, or the city's.
type Row struct {
	District   string      `json:"district,omitempty"`
	Figures    []Figure    `json:"figures"`
	Exclusions []Exclusion `json:"exclusions,omitempty"`
	Flags      []string    `json:"flags,omitempty"`
	Sites      int         `json:"sites"`    // that should report
	Reported   int         `json:"reported"` // that did
	Work       []Work      `json:"work,omitempty"`
}

// Figure is one value; Value is "" where there is none, and Why says why.
type Figure struct {
	Variant     string `json:"variant,omitempty"`
	Value       string `json:"value"`
	Status      string `json:"status"`
	Numerator   int64  `json:"numerator"`
	Denominator int64  `json:"denominator"`
	Why         string `json:"why,omitempty"`
}

// Exclusion is what was left out, and why.
type Exclusion struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
	Grams int64  `json:"grams"`
}

// Work is a line of the list behind. The names are those at the report's cut-off, empty
// where the register has none.
type Work struct {
	Site      id.Site  `json:"site"`
	SiteName  string   `json:"site_name"`
	Party     id.Party `json:"party"`
	PartyName string   `json:"party_name"`
	District  string   `json:"district"`
	Type      string   `json:"type"`
	Declared  bool     `json:"declared"`
	Proven    bool     `json:"proven"`
	Why       string   `json:"why"`
}

// Point is a figure of an earlier period, as known now.
type Point struct {
	Period  string   `json:"period"`
	Figures []Figure `json:"figures"`
}

// Change is a figure of a period that was another one as of an earlier log size: the period
// of the last report, and no other.
type Change struct {
	Period  string `json:"period"`
	Variant string `json:"variant,omitempty"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Why     string `json:"why"`
}

// Cause is one reason for the changes, with entries of the log.
type Cause struct {
	Kind    string  `json:"kind"` // late_upload, correction, register, choice …
	Why     string  `json:"why"`
	Count   int     `json:"count"`
	Grams   int64   `json:"grams,omitempty"`
	Entries []int64 `json:"entries,omitempty"` // the first of them
}

// Order asks for a report.
type Order struct {
	Period   indicator.Period
	District string
	Size     int64     // of the log; 0 the newest
	At       time.Time // the log as it was then, where no size is given
	Since    int64     // the log size of the last report, with which this one is compared; 0: none
	// Last is the period of the last report; a zero one means the same period.
	Last indicator.Period
}

// Make makes a report. Faults: those of Figures, and invalid-request for a period by the
// day or a comparison with a later log.
func Make(ctx context.Context, f Figures, o Order) (d Document, err error) {
	if o.Period.Grain == indicator.Daily {
		return d, fault.New(fault.InvalidRequest, "Reports are of weeks, months, quarters, half-years and years.").At("/period", "format", "must not be a day")
	}
	if o.Last.Name == "" {
		o.Last = o.Period
	}
	d = Document{Period: o.Period.Name, Grain: string(o.Period.Grain), From: o.Period.From.Format(time.DateOnly), To: o.Period.To.AddDate(0, 0, -1).Format(time.DateOnly),
		District: o.District, Since: o.Since}
	if o.Since > 0 {
		d.Last = o.Last.Name
	}
	definitions := sha256.New()
	for _, n := range Indicators {
		a, err := f.Figure(ctx, Question{Indicator: n, Period: o.Period, District: o.District, Rows: o.District == "", Size: o.Size, At: o.At})
		if err != nil {
			return Document{}, err
		}
		if d.Size == 0 { // all sections stand on one head
			o.At, o.Size, d.Size, d.Root, d.Checkpoint, d.RecordedAt = time.Time{}, a.Size, a.Size, a.Root, string(a.Checkpoint), a.RecordedAt.UTC().Format(time.RFC3339Nano)
		}
		if o.Since > d.Size {
			return Document{}, fault.New(fault.InvalidRequest, "The report knows %d entries of the log; it cannot be compared with one that knew %d.", d.Size, o.Since).
				At("/since", "out_of_range", "must be before the report's own log size")
		}
		s, err := section(ctx, f, o, a)
		if err != nil {
			return Document{}, err
		}
		d.Sections = append(d.Sections, s)
		definitions.Write(a.Definition.Bytes())
	}
	definitions.Sum(d.Definitions[:0])
	return d, nil
}

func section(ctx context.Context, f Figures, o Order, a Answer) (Section, error) {
	def := a.Definition
	s := Section{Indicator: def.Indicator, NameZH: def.NameZH, NameEN: def.NameEN, Version: def.Version, Unit: def.Unit, AmountUnit: def.AmountUnit,
		Target: def.Target, CutOff: time.UnixMilli(a.CutOff).UTC().Format(time.RFC3339Nano), Row: rowOf(a.Row)}
	for _, r := range a.Districts {
		s.League = append(s.League, rowOf(r))
	}
	if err := s.name(ctx, f, time.UnixMilli(a.CutOff)); err != nil {
		return s, err
	}
	slices.SortStableFunc(s.League, func(x, y Row) int { return rank(x, y, def.Better) })
	for p, n := o.Period, 0; n < trendLength; n++ {
		figures := s.Row.Figures
		if n > 0 {
			past, err := f.Figure(ctx, Question{Indicator: def.Indicator, Period: p, District: o.District, Size: o.Size})
			if err != nil {
				return s, err
			}
			figures = figuresOf(past.Row.Figures)
		}
		s.Trend = append(s.Trend, Point{p.Name, figures})
		var err error
		if p, err = Before(p); err != nil {
			break // the calendar of reports begins in 2000
		}
	}
	slices.Reverse(s.Trend)
	if o.Since <= 0 {
		return s, nil
	}
	return s, s.since(ctx, f, o, a)
}

// since says how the figures of the last report's period have changed since that report.
func (s *Section) since(ctx context.Context, f Figures, o Order, now Answer) error {
	q := Question{Indicator: s.Indicator, Period: o.Last, District: o.District, Size: o.Since}
	then, err := f.Figure(ctx, q)
	if err != nil {
		return err
	}
	q.Size = o.Size
	if o.Last.Name != o.Period.Name {
		if now, err = f.Figure(ctx, q); err != nil {
			return err
		}
	}
	if s.Changes = changes(o.Last.Name, then, now); len(s.Changes) > 0 {
		s.Causes, err = f.Causes(ctx, q, o.Since)
	}
	return err
}

// changes says which figures of the same period are others now.
func changes(period string, then, now Answer) (out []Change) {
	before := map[string]Figure{}
	for _, x := range figuresOf(then.Row.Figures) {
		before[x.Variant] = x
	}
	for _, x := range figuresOf(now.Row.Figures) {
		old := before[x.Variant]
		if old.Value == x.Value && old.Numerator == x.Numerator && old.Denominator == x.Denominator {
			continue
		}
		why := fmt.Sprintf("其后入日志 %d 条：分子 %d→%d，分母 %d→%d · %d entries since: numerator %d to %d, denominator %d to %d", now.Size-then.Size,
			old.Numerator, x.Numerator, old.Denominator, x.Denominator, now.Size-then.Size, old.Numerator, x.Numerator, old.Denominator, x.Denominator)
		if then.Definition.Version != now.Definition.Version {
			why = fmt.Sprintf("口径由 %s 版改为 %s 版 · the definition went from version %s to %s; ", then.Definition.Version, now.Definition.Version,
				then.Definition.Version, now.Definition.Version) + why
		}
		out = append(out, Change{period, x.Variant, old.Value, x.Value, why})
	}
	return out
}

func rowOf(r indicator.Row) Row {
	out := Row{District: r.District, Figures: figuresOf(r.Figures), Flags: slices.Sorted(slices.Values(r.Flags)), Sites: r.Coverage.Sites, Reported: r.Coverage.Reported}
	for _, e := range r.Exclusions {
		out.Exclusions = append(out.Exclusions, Exclusion{e.ZH + " · " + e.EN, e.Count, e.Grams})
	}
	// What was left out is met in the order of a map; the same report is the same bytes.
	slices.SortFunc(out.Exclusions, func(a, b Exclusion) int { return strings.Compare(a.Why, b.Why) })
	for _, w := range r.Work {
		zh, en := w.Why()
		out.Work = append(out.Work, Work{Site: w.Site, Party: w.Party, District: w.Division, Type: w.Type, Declared: w.Declared, Proven: w.Proven, Why: zh + " · " + en})
	}
	return out
}

// name fills in the names of who is on the lists, as they were then.
func (s *Section) name(ctx context.Context, f Figures, at time.Time) error {
	lists := [][]Work{s.Row.Work}
	for _, r := range s.League {
		lists = append(lists, r.Work)
	}
	met := map[id.Party]bool{}
	var parties []id.Party
	for _, list := range lists {
		for _, w := range list {
			if !met[w.Party] {
				met[w.Party] = true
				parties = append(parties, w.Party)
			}
		}
	}
	if len(parties) == 0 {
		return nil
	}
	ofParty, ofSite, err := f.Names(ctx, parties, at)
	for _, list := range lists {
		for i := range list {
			list[i].PartyName, list[i].SiteName = ofParty[list[i].Party], ofSite[list[i].Site]
		}
	}
	return err
}

func figuresOf(list []indicator.Figure) []Figure {
	out := make([]Figure, len(list))
	for i, f := range list {
		out[i] = Figure{Variant: f.Variant, Value: f.Value, Status: string(f.Status), Numerator: f.Numerator, Denominator: f.Denominator}
		if f.Because != nil {
			out[i].Why = f.Because.ZH + " · " + f.Because.EN
		}
	}
	return out
}

// JSON is the document's one spelling.
func (d Document) JSON() []byte {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		panic(err) // plain data can always be written
	}
	return append(b, '\n')
}

// Parse reads a document's JSON. The fault is damaged.
func Parse(b []byte) (d Document, err error) {
	if err := json.Unmarshal(b, &d); err != nil {
		return d, fault.Wrap(err, fault.Damaged, "The report cannot be read; run `liandan check`.")
	}
	return d, nil
}
