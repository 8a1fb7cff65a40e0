package waste

import (
	_ "embed"
	"slices"
	"sync"
	"time"
)

// zone is Asia/Shanghai without a time-zone database: the law's days are local
// days, and China has had no summer time since 1991.
var zone = time.FixedZone("Asia/Shanghai", 8*60*60)

// Entry is one code of one edition of 国家危险废物名录, as facts. Name is a short name of
// our own, or the category's. The official description does not ship with Liandan; an
// edition that was imported has it.
type Entry struct {
	Code         Code
	Category     string // HW08
	Industry     string // the three digits of GB/T 4754, "900" = not of one industry
	Name, NameEN string
	// Description and IndustryName are the official words of an imported edition, "" else.
	Description, IndustryName string
	// Hazards in the catalogue's order. See Certain and Possible.
	Hazards []Hazard
	// HazardsOr: "one or several of these" (printed with "/"), none of them certain.
	// Otherwise the first is certain and the others are possible (printed with "，").
	HazardsOr bool
	// Edition is the edition that the facts are from.
	Edition string
	// Carried: the edition had ended on the day asked for and no later one is
	// loaded; the facts are the last known ones and may have changed since.
	Carried bool
}

// Certain is the hazard that the catalogue states without condition; none when the
// entry is "one or several of".
func (e Entry) Certain() []Hazard {
	if e.HazardsOr && len(e.Hazards) > 1 {
		return nil
	}
	return slices.Clone(e.Hazards[:min(1, len(e.Hazards))])
}

// Possible is every hazard of the entry that is not certain.
func (e Entry) Possible() []Hazard { return slices.Clone(e.Hazards[len(e.Certain()):]) }

// Category is one of the HW categories of an edition.
type Category struct {
	Code         string // HW08
	Name, NameEN string // short names of our own
	Title        string // the official name, of an imported edition that gave one
}

// Edition is one dated edition of the catalogue.
type Edition struct {
	ID        string    // "2021"
	ValidFrom time.Time // first local day in force, at its start
	ValidTo   time.Time // first local day no longer in force; zero = open
	Source    string
	Certainty string
	Imported  bool // from an official text, with descriptions; otherwise it ships with Liandan

	categories []Category
	entries    map[Code]Entry
	order      []Code
}

// Categories in the edition's order. The slice is the caller's.
func (e *Edition) Categories() []Category { return slices.Clone(e.categories) }

// Entries in the edition's order. The slice is the caller's.
func (e *Edition) Entries() []Entry {
	out := make([]Entry, len(e.order))
	for i, c := range e.order {
		out[i] = e.entry(c)
	}
	return out
}

// entry copies, so that no caller can change the edition through a slice.
func (e *Edition) entry(c Code) Entry {
	x := e.entries[c]
	x.Hazards = slices.Clone(x.Hazards)
	return x
}

// Catalog is the editions in the order of their first days. It does not change
// after it is made and may be shared.
type Catalog struct{ editions []*Edition }

// NewCatalog puts editions in the order of their first days. A later edition's first
// day ends an earlier one that is open or longer. Of several with one id the last given
// holds: so an imported text takes the place of the facts that ship.
func NewCatalog(editions ...*Edition) *Catalog {
	var s []*Edition
	for i, e := range editions {
		if !slices.ContainsFunc(editions[i+1:], func(later *Edition) bool { return later.ID == e.ID }) {
			s = append(s, e)
		}
	}
	slices.SortStableFunc(s, func(a, b *Edition) int { return a.ValidFrom.Compare(b.ValidFrom) })
	return &Catalog{editions: s}
}

// Editions in the order of their first days.
func (c *Catalog) Editions() []*Edition { return slices.Clone(c.editions) }

// EditionOn is the edition in force on the local day of t, or the last one before
// it when that one has ended and no later one is loaded (carried). nil before the first.
func (c *Catalog) EditionOn(t time.Time) (e *Edition, carried bool) {
	for _, x := range slices.Backward(c.editions) {
		if !t.Before(x.ValidFrom) {
			return x, !x.ValidTo.IsZero() && !t.Before(x.ValidTo)
		}
	}
	return nil, false
}

// Lookup resolves a code at the moment of an event. false means "unverified": the
// code is not in the edition of that day. It is no reason to refuse the event.
func (c *Catalog) Lookup(code Code, on time.Time) (Entry, bool) {
	e, carried := c.EditionOn(on)
	if e == nil {
		return Entry{}, false
	}
	if _, ok := e.entries[code]; !ok {
		return Entry{}, false
	}
	x := e.entry(code)
	x.Carried = carried
	return x, true
}

//go:embed data/catalog_2021.tsv
var catalog2021TSV string

//go:embed data/categories_2021.tsv
var categories2021TSV string

//go:embed data/names.tsv
var namesTSV string

var defaultCatalog = sync.OnceValue(func() *Catalog {
	e, err := ParseEdition(catalog2021TSV, categories2021TSV, namesTSV)
	if err != nil {
		panic("waste: embedded catalogue: " + err.Error())
	}
	return NewCatalog(e)
})

// DefaultCatalog is the catalogue that ships with Liandan: the 2021 edition. The
// 2025 edition was not to be had as a whole; an operator imports it from the official
// text (ReadEditionFile) and the store adds it.
func DefaultCatalog() *Catalog { return defaultCatalog() }
