package journal

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Comparison is what departments of a site used against the waste that they closed: a
// ratio that an inspector can question, with the events on either side.
type Comparison struct {
	Site    id.Site
	From    time.Time
	To      time.Time
	Version string // of the bands
	Source  string
	Rows    []Row // by department, then code
}

// Row is one department and waste code.
type Row struct {
	Department string     // "" : not said
	Code       waste.Code // "" : use from which no waste is expected
	Used       []Item
	Expected   waste.Grams
	Generated  waste.Grams
	Bags       int
	// Permille is generated for each thousand expected, rounded down; Computable says that
	// anything was expected.
	Permille   int64
	Computable bool
	Band       RatioBand
	Uses       []id.Event // use.recorded
	Closings   []id.Event // batch.generated
}

// Item is how much was used of one thing.
type Item struct {
	Item     string
	Unit     string
	Quantity int64
}

// Ratios is an edition of the bands of the ratio.
type Ratios struct {
	Version   string      `json:"version"`
	ValidFrom time.Time   `json:"valid_from"`
	ValidTo   time.Time   `json:"valid_to,omitzero"`
	Source    string      `json:"source"`
	Certainty string      `json:"certainty"`
	Bands     []RatioBand `json:"bands"` // the lowest first
}

// RatioBand holds ratios below a bound.
type RatioBand struct {
	Band          string `json:"band"`
	BelowPermille int64  `json:"below_permille"`
	ZH            string `json:"zh"`
	EN            string `json:"en"`
}

//go:embed ratios.json
var ratiosFile []byte

// RatioBook reads the editions in the program.
func RatioBook() ([]Ratios, error) {
	var out []Ratios
	if err := json.Unmarshal(ratiosFile, &out); err != nil {
		return nil, fmt.Errorf("journal ratios: %w", err)
	}
	return out, nil
}

func ratiosAt(book []Ratios, at time.Time) Ratios {
	for _, r := range book {
		if !at.Before(r.ValidFrom) && (r.ValidTo.IsZero() || at.Before(r.ValidTo)) {
			return r
		}
	}
	return Ratios{}
}

// Comparer adds up events one by one; it holds totals and ids, never the events.
type Comparer struct {
	site       id.Site
	from, to   time.Time
	department string
	rows       map[rowKey]*Row
}

type rowKey struct {
	department string
	code       waste.Code
}

// NewComparer begins a comparison of [from, to); department "" takes them all.
func NewComparer(site id.Site, from, to time.Time, department string) *Comparer {
	return &Comparer{site, from, to, department, map[rowKey]*Row{}}
}

// Add takes one event into account where it belongs to the site and the period.
func (c *Comparer) Add(e event.Event) {
	if e.Site != c.site || e.At.Before(c.from) || !e.At.Before(c.to) {
		return
	}
	switch d := e.Data.(type) {
	case event.Use:
		if r := c.row(d.Department, d.ExpectsCode); r != nil {
			r.use(e.ID, d)
		}
	case event.Generated:
		if r := c.row(d.Department, d.Code); r != nil {
			r.Closings = append(r.Closings, e.ID)
			for _, b := range e.Batches {
				r.Generated += b.Grams
				r.Bags += cmp.Or(b.Packages, 1)
			}
		}
	}
}

func (c *Comparer) row(department string, code waste.Code) *Row {
	if c.department != "" && department != c.department {
		return nil
	}
	k := rowKey{department, code}
	if c.rows[k] == nil {
		c.rows[k] = &Row{Department: department, Code: code, Used: []Item{}, Uses: []id.Event{}, Closings: []id.Event{}}
	}
	return c.rows[k]
}

func (r *Row) use(e id.Event, d event.Use) {
	r.Uses = append(r.Uses, e)
	r.Expected += d.ExpectsGrams
	for i := range r.Used {
		if r.Used[i].Item == d.Item && r.Used[i].Unit == d.Unit {
			r.Used[i].Quantity += d.Quantity
			return
		}
	}
	r.Used = append(r.Used, Item{d.Item, d.Unit, d.Quantity})
}

// Comparison gives the rows as they stand.
func (c *Comparer) Comparison(book []Ratios) Comparison {
	bands := ratiosAt(book, c.from)
	out := Comparison{Site: c.site, From: c.from, To: c.to, Version: bands.Version, Source: bands.Source, Rows: []Row{}}
	for _, r := range c.rows {
		row := *r
		row.Used = slices.SortedFunc(slices.Values(r.Used), func(x, y Item) int {
			return cmp.Or(strings.Compare(x.Item, y.Item), strings.Compare(x.Unit, y.Unit))
		})
		if row.Computable = row.Expected > 0; row.Computable {
			row.Permille = permille(row.Generated, row.Expected)
			i := slices.IndexFunc(bands.Bands, func(b RatioBand) bool { return row.Permille < b.BelowPermille })
			if i >= 0 {
				row.Band = bands.Bands[i]
			}
		}
		out.Rows = append(out.Rows, row)
	}
	slices.SortFunc(out.Rows, func(x, y Row) int {
		return cmp.Or(strings.Compare(x.Department, y.Department), strings.Compare(string(x.Code), string(y.Code)))
	})
	return out
}

// permille is part × 1000 / whole in whole numbers, without running over: sums of grams
// stay far below the bound, yet a hostile sum must not turn negative.
func permille(part, whole waste.Grams) int64 {
	const most = 1<<63 - 1
	if int64(part) > most/1000 {
		return int64(part) / max(int64(whole)/1000, 1)
	}
	return int64(part) * 1000 / int64(whole)
}
