package indicator

import (
	"bytes"
	"cmp"
	"slices"

	"liandan/internal/id"
)

// SiteMonth is a question to the log about one month of one site: whether its waste was
// closed (Generated), or was treated after it was collected in the same month (Treated).
type SiteMonth struct {
	Month int64 // the number of its first day
	Site  id.Site
	What  MoveKind
}

// First is the first movement of the log that answers it.
type First struct {
	Seen
	Seq int64
}

// Firsts are the answers that there are. A movement never becomes another, so an answer
// stays; as of a size that is not beyond its entry there was none.
type Firsts map[SiteMonth]First

// Note takes in the next movement of the log. Of batches that were made of others it says
// nothing: whose waste was treated is found by walking, and stands in Sightings.
func (f Firsts) Note(m Move, taken FirstTaken) {
	k := Seen{Site: m.Origin, What: m.Kind, Day: DayOf(m.At)}
	month := MonthOf(k.Day)
	switch {
	case m.Kind == Generated:
	case (m.Kind == Treated || m.Kind == Residue) && !m.Mixed:
		at, ok := taken(m.Batch, m.Seq)
		if k.CollectedAt = DayOf(at); !ok || MonthOf(k.CollectedAt) != month {
			return
		}
		k.What, k.Plant, k.Code, k.Method = Treated, m.Site, m.Code, m.Method
	default:
		return
	}
	key := SiteMonth{month, m.Origin, k.What}
	if _, there := f[key]; !there {
		f[key] = First{k, m.Seq}
	}
}

// Sorted lists the answers by month, site and question.
func (f Firsts) Sorted() []First {
	out := make([]First, 0, len(f))
	for _, x := range f {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b First) int {
		x, y := a.Site.UUID(), b.Site.UUID()
		return cmp.Or(cmp.Compare(MonthOf(a.Day), MonthOf(b.Day)), bytes.Compare(x[:], y[:]), cmp.Compare(a.What, b.What))
	})
	return out
}
