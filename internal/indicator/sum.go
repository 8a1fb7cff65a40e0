package indicator

import (
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Sector is what sort of source a site is.
type Sector string

// The sectors.
const (
	Unregistered Sector = ""         // no fact says that the site was there then
	Medical      Sector = "medical"  // a medical institution
	Social       Sector = "social"   // another source that is no industry
	Operator     Sector = "operator" // uses, disposes of or collects others' waste
	Industrial   Sector = "industrial"
)

// SectorOf reads a site's sector off its fact.
func SectorOf(s Site) Sector {
	switch s.Kind {
	case "hospital", "clinic":
		return Medical
	case "plant", "landfill", "depot":
		return Operator
	}
	if s.Social != "" {
		return Social
	}
	return Industrial
}

// Key is what mass is added up by. A place is that at the moment of the movement.
type Key struct {
	Day      int64  // of the movement; see DayOf
	Division string // of the origin; "" unregistered
	BuiltUp  bool   // of the origin
	Sector   Sector // of the origin
	PlantAt  string // division of the account's site, of treated and residue
	Licensed bool   // that site could lawfully treat it, of treated and residue
	Kind     MoveKind
	Code     waste.Code
	Method   waste.Method
}

// Sums are grams by key; empty ones are left out.
type Sums map[Key]int64

func (s Sums) add(k Key, grams int64) {
	if s[k] += grams; s[k] == 0 {
		delete(s, k)
	}
}

// Place says where a movement counts, as the book knew at that time.
func (v View) Place(m Move) Key {
	k := Key{Day: DayOf(m.At), Kind: m.Kind, Code: m.Code, Method: m.Method}
	if s, ok := v.Site(m.Origin, m.At); ok {
		k.Division, k.BuiltUp, k.Sector = s.Division, s.BuiltUp, SectorOf(s)
	}
	if m.Kind == Treated || m.Kind == Residue {
		if s, ok := v.Site(m.Site, m.At); ok {
			k.PlantAt = s.Division
		}
		k.Licensed = v.Licensed(m.Site, string(m.Code), string(m.Method), m.At)
	}
	return k
}

// Fold adds movements up as a view knows their places: the definition of every sum.
func Fold(v View, moves []Move) Sums {
	out := Sums{}
	for _, m := range moves {
		if m.Seq < v.size {
			out.add(v.Place(m), m.Grams)
		}
	}
	return out
}

// Delta is what the log between two sizes adds to the sums: its own movements, and those of
// before whose place it changed. moved are the movements between the sizes; earlier those
// before of the sites that Book.Changed names. Sums of deltas that meet are Fold's.
func (b *Book) Delta(from, to int64, moved, earlier []Move) Sums {
	then, now := b.At(from), b.At(to)
	out := Fold(now, moved)
	for _, m := range earlier {
		if was, is := then.Place(m), now.Place(m); was != is {
			out.add(was, -m.Grams)
			out.add(is, m.Grams)
		}
	}
	return out
}

// Ladder is how the log is cut for roll-ups: how many entries its smallest block spans.
// Each level above spans sixteen of the one below, so that any size is reached by a few
// blocks of each level and less than one block of movements.
type Ladder int64

// Block is the ladder of a store. Another belongs to tests, whose logs are short.
const Block Ladder = 8192

// Top is the highest level of months.
const Top = 3

const fan = 16

// Span is how many entries a block of a level of months has.
func (l Ladder) Span(level int64) int64 {
	n := int64(l)
	for range level {
		n *= fan
	}
	return n
}

// Floor is the end of the last whole block before a log size.
func (l Ladder) Floor(size int64) int64 { return size / int64(l) * int64(l) }

// Tally is what one block of a level gets. Level 0 keeps days in blocks of the smallest
// span; level n+1 keeps months in blocks of Span(n).
type Tally struct {
	Level, Block int64
	Sums         Sums
}

// Tallies says what the sums of the block that begins at an entry add to every level.
func (l Ladder) Tallies(from int64, sums Sums) []Tally {
	months := Sums{}
	for k, g := range sums {
		k.Day = MonthOf(k.Day)
		months.add(k, g)
	}
	out := []Tally{{0, from / int64(l), sums}}
	for level := int64(0); level <= Top; level++ {
		out = append(out, Tally{level + 1, from / l.Span(level), months})
	}
	return out
}

// Seen says that a site's waste was closed, or was collected and treated, on a day. The
// first entry of the log that says so is kept: at any log size it is there or not.
type Seen struct {
	Site        id.Site
	What        MoveKind // Generated or Treated
	Day         int64
	CollectedAt int64   // day of the collection, of Treated; 0 where there was none
	Plant       id.Site // of Treated
	Code        waste.Code
	Method      waste.Method
}

// Sightings is the first entry of each.
type Sightings map[Seen]int64

// Parentage gives what a batch was made of: its parents, and where it arose; false for a
// batch that the log does not have.
type Parentage func(id.Batch) (parents []id.Batch, origin id.Site, ok bool)

// FirstTaken gives when a batch was first taken over from its generator in entries before
// a size; false when it was not.
type FirstTaken func(b id.Batch, before int64) (at int64, ok bool)

// maxAncestors bounds the walk up from one batch.
const maxAncestors = 20_000

// Note adds what a movement shows about sites. Of a batch that was made of others, each
// of their generators is shown.
func (s Sightings) Note(m Move, parents Parentage, taken FirstTaken) {
	switch m.Kind {
	case Generated:
		s.first(Seen{Site: m.Origin, What: Generated, Day: DayOf(m.At)}, m.Seq)
	case Treated, Residue:
		n := 0
		s.treated(m, m.Batch, m.Origin, m.Mixed, 0, parents, taken, map[id.Batch]bool{}, &n)
	}
}

func (s Sightings) treated(m Move, b id.Batch, origin id.Site, mixed bool, later int64, parents Parentage, taken FirstTaken, met map[id.Batch]bool, n *int) {
	if *n++; met[b] || *n > maxAncestors {
		return
	}
	met[b] = true
	at, ok := taken(b, m.Seq)
	if !ok {
		at = later // collected in the packing that it was put into
	}
	if mixed {
		from, _, known := parents(b)
		for _, p := range from {
			if up, where, there := parents(p); known && there {
				s.treated(m, p, where, len(up) > 0, at, parents, taken, met, n)
			}
		}
		return
	}
	k := Seen{Site: origin, What: Treated, Day: DayOf(m.At), Plant: m.Site, Code: m.Code, Method: m.Method}
	if at > 0 {
		k.CollectedAt = DayOf(at)
	}
	s.first(k, m.Seq)
}

func (s Sightings) first(k Seen, seq int64) {
	if old, there := s[k]; !there || seq < old {
		s[k] = seq
	}
}
