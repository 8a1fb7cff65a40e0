package indicator

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"liandan/internal/id"
)

// dated is a row with its place in the log.
type dated[T any] struct {
	seq int64
	row T
}

// Book is every register fact and inspection of a log, in order. It only grows: what it
// said at a log size stays what it said.
type Book struct {
	sites    map[id.Site][]dated[Site]
	members  map[id.Site][]dated[Member]
	licences map[id.Party][]dated[Licence]
	ofParty  map[id.Party][]id.Site // sites that were ever a party's
	touched  []dated[Touched]       // by facts that may place mass elsewhere
	siteSeqs []int64                // where the facts of sites stand
	placed   map[string][]id.Site   // sites that some fact puts into a division
	bases    []dated[Base]
	choices  []dated[ChoiceMade]
	sheets   []dated[Sheet]
	factors  []dated[Factor]
	checks   []Inspection
	order    []id.Site // of sites, sorted by Settle
	// City says whether a division is run by the city, by table and not by prefix.
	City func(division string) bool
}

// NewBook is an empty book.
func NewBook(city func(string) bool) *Book {
	return &Book{sites: map[id.Site][]dated[Site]{}, members: map[id.Site][]dated[Member]{}, licences: map[id.Party][]dated[Licence]{},
		ofParty: map[id.Party][]id.Site{}, placed: map[string][]id.Site{}, City: city}
}

// Add takes in a fact; facts come in the order of the log.
func (b *Book) Add(seq int64, f Fact) {
	switch r := f.Row.(type) {
	case Site:
		if !slices.ContainsFunc(b.sites[r.Site], func(d dated[Site]) bool { return d.row.Division == r.Division }) {
			b.placed[r.Division] = append(b.placed[r.Division], r.Site)
		}
		b.siteSeqs = append(b.siteSeqs, seq)
		b.sites[r.Site] = append(b.sites[r.Site], dated[Site]{seq, r})
		if !slices.Contains(b.ofParty[r.Party], r.Site) {
			b.ofParty[r.Party] = append(b.ofParty[r.Party], r.Site)
		}
		b.touched = append(b.touched, dated[Touched]{seq, Touched{r.Site, r.From}})
	case Member:
		b.members[r.Site] = append(b.members[r.Site], dated[Member]{seq, r})
	case Licence:
		b.licences[r.Party] = append(b.licences[r.Party], dated[Licence]{seq, r})
		for _, s := range b.ofParty[r.Party] {
			b.touched = append(b.touched, dated[Touched]{seq, Touched{s, r.From}})
		}
	case Base:
		b.bases = append(b.bases, dated[Base]{seq, r})
	case ChoiceMade:
		b.choices = append(b.choices, dated[ChoiceMade]{seq, r})
	case Sheet:
		b.sheets = append(b.sheets, dated[Sheet]{seq, r})
	case Factor:
		b.factors = append(b.factors, dated[Factor]{seq, r})
	}
}

// Settle sorts what was added, so that readers need not.
func (b *Book) Settle() {
	if len(b.order) == len(b.sites) {
		return
	}
	b.order = b.sorted()
}

func (b *Book) sorted() []id.Site {
	out := make([]id.Site, 0, len(b.sites))
	for s := range b.sites {
		out = append(out, s)
	}
	slices.SortFunc(out, bySite)
	return out
}

func bySite(a, b id.Site) int {
	x, y := a.UUID(), b.UUID()
	return bytes.Compare(x[:], y[:])
}

// AddInspection takes in an inspection; they come in the order of the log.
func (b *Book) AddInspection(i Inspection) { b.checks = append(b.checks, i) }

// View is the book as a log of that size knows it.
type View struct {
	b    *Book
	size int64
}

// At is the book as a log of that size knows it.
func (b *Book) At(size int64) View { return View{b, size} }

// before cuts a list at a log size.
func before[T any](list []dated[T], size int64) []dated[T] {
	n, _ := slices.BinarySearchFunc(list, size, func(d dated[T], size int64) int { return cmp.Compare(d.seq, size) })
	return list[:n]
}

// holding is the row that says what was so at a moment: of those that had begun, the one
// that began last, and of those the newest in the log.
func holding[T any](list []dated[T], ms int64, span func(*T) Span) (T, bool) {
	if i := held(list, ms, span); i >= 0 {
		return list[i].row, true
	}
	var none T
	return none, false
}

// held is where that row stands; -1 where there is none.
func held[T any](list []dated[T], ms int64, span func(*T) Span) int {
	best, begun := -1, int64(0)
	for i := range list {
		if from := span(&list[i].row).From; from <= ms && (best < 0 || from >= begun) {
			best, begun = i, from
		}
	}
	if best < 0 || !span(&list[best].row).Holds(ms) {
		return -1
	}
	return best
}

// Site is what a site was at a moment; false where no fact says that it was there.
func (v View) Site(s id.Site, ms int64) (Site, bool) {
	return holding(before(v.b.sites[s], v.size), ms, func(x *Site) Span { return x.Span })
}

// Member is the membership of a site at a moment. Of one that was stated again under its
// number and first day, the newest counts.
func (v View) Member(s id.Site, ms int64) (Member, bool) {
	var found Member
	ok := false
	newest(before(v.b.members[s], v.size), func(m Member) memberKey { return memberKey{m.By, m.Number, m.From} }, func(m Member) {
		if m.Holds(ms) && !ok {
			found, ok = m, true
		}
	})
	return found, ok
}

type memberKey struct {
	by     id.Party
	number string
	from   int64
}

// newest calls each with the newest row of every key.
func newest[T any, K comparable](list []dated[T], key func(T) K, each func(T)) {
	for i, d := range list {
		later := slices.ContainsFunc(list[i+1:], func(x dated[T]) bool { return key(x.row) == key(d.row) })
		if !later {
			each(d.row)
		}
	}
}

// Licensed says whether a registered site could lawfully treat a code by a method at a moment.
func (v View) Licensed(plant id.Site, code, method string, ms int64) bool {
	s, ok := v.Site(plant, ms)
	if !ok {
		return false
	}
	type key struct {
		number string
		from   int64
	}
	found := false
	newest(before(v.b.licences[s.Party], v.size), func(l Licence) key { return key{l.Number, l.From} }, func(l Licence) {
		found = found || (l.Kind == "operating" && l.Holds(ms) && (l.Site.IsZero() || l.Site == plant) && l.Covers(code, method))
	})
	return found
}

// Touched is a site whose mass a fact may place elsewhere: what moved at Since or later.
type Touched struct {
	Site  id.Site
	Since int64
}

// Changed lists the sites about which the log says something new between two sizes that
// may place their mass elsewhere, each once with the earliest moment.
func (b *Book) Changed(from, to int64) []Touched {
	list := before(b.touched, to)[len(before(b.touched, from)):]
	out := make([]Touched, 0, len(list))
	for _, d := range list {
		out = append(out, d.row)
	}
	slices.SortFunc(out, func(x, y Touched) int { return cmp.Or(bySite(x.Site, y.Site), cmp.Compare(x.Since, y.Since)) })
	return slices.CompactFunc(out, func(x, y Touched) bool { return x.Site == y.Site })
}

// Quiet says whether nothing was said between two sizes that places mass elsewhere.
func (b *Book) Quiet(from, to int64) bool {
	return len(before(b.touched, to)) == len(before(b.touched, from))
}

// Definition is an indicator's definition as the log knows it: as shipped, with every
// choice made since.
func (v View) Definition(indicator int) (Definition, bool) {
	d, ok := Shipped(indicator)
	for _, c := range before(v.b.choices, v.size) {
		if c.row.Indicator == indicator {
			d = d.With(c.row.Key, c.row.Value)
		}
	}
	return d, ok
}

// Bases gives the newest amount of a figure for each division that has one.
func (v View) Bases(figure string, year int) map[string]int64 {
	out := map[string]int64{}
	for _, d := range before(v.b.bases, v.size) {
		if d.row.Figure == figure && d.row.Year == year {
			out[d.row.Division] = d.row.Amount
		}
	}
	return out
}

// Sheet finds a version of an inspection sheet: shipped, or stated in the log.
func (v View) Sheet(name, version string) (Sheet, bool) {
	list := before(v.b.sheets, v.size)
	for i := len(list) - 1; i >= 0; i-- {
		if s := list[i].row; s.Name == name && s.Version == version {
			return s, true
		}
	}
	return ShippedSheet(name, version)
}

// SheetsInForce lists the sheets to inspect by: of each name the version that the log named
// last, or the one as shipped where it named none; ordered by class and name.
func (v View) SheetsInForce() []Sheet {
	newest := map[string]Sheet{}
	for _, s := range Sheets() {
		newest[s.Name] = s
	}
	for _, d := range before(v.b.sheets, v.size) {
		newest[d.row.Name] = d.row
	}
	return slices.SortedFunc(maps.Values(newest), func(a, b Sheet) int { return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Name, b.Name)) })
}

// InspectionsOf lists those of a site as the log knows them, the newest first.
func (v View) InspectionsOf(s id.Site) []Inspection {
	var out []Inspection
	for _, i := range v.b.checks {
		if i.Seq < v.size && i.Inspected == s {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b Inspection) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Seq, a.Seq)) })
	return out
}

// Inspections lists those of a period as the log knows them, in its order.
func (v View) Inspections(p Period) []Inspection {
	var out []Inspection
	for _, i := range v.b.checks {
		if i.Seq < v.size && p.Holds(i.At) {
			out = append(out, i)
		}
	}
	return out
}
