package measure

import (
	"slices"

	"liandan/internal/id"
	"liandan/internal/indicator"
)

// dawn is a day before all events.
const dawn = -1 << 40

// gathering is the reading for one query.
type gathering struct {
	s      *Service
	r      Reader
	q      Query
	in     *indicator.Input
	size   int64
	rolled int64 // what roll-ups tell of the log
	tail   *tail // after that
}

func (g *gathering) begin() error {
	mark, err := g.r.RollMark()
	if err != nil {
		return err
	}
	g.rolled = min(mark, g.s.Block.Floor(g.size))
	g.tail, err = g.s.tailOf(g.r, g.rolled, g.size)
	return err
}

// divisions are those whose sums a query reads; nil for all. What is counted by the plant's
// place, or is left out of the city's row with a reason, needs all.
func (g *gathering) divisions() []string {
	if g.q.District == "" || g.in.Definition.Choice("scope") == "landfilled_in_city" {
		return nil
	}
	return []string{g.q.District}
}

// sums adds up days from one to before another.
func (g *gathering) sums(into indicator.Sums, first, after int64) error {
	for k, grams := range g.tail.delta {
		if k.Day >= first && k.Day < after {
			k.Day = 0
			add(into, k, grams)
		}
	}
	months := indicator.MonthOf(after) // whole months before it
	if first != dawn && indicator.MonthOf(first) != first {
		months = first // a week: no month is whole
	}
	if months > first {
		if err := g.months(into, first, months); err != nil {
			return err
		}
	}
	if days := max(first, months); days < after && g.rolled > 0 {
		return g.r.Days(into, days, after, g.rolled/int64(g.s.Block), g.divisions())
	}
	return nil
}

// months reads whole months: the largest blocks that fit, then smaller ones.
func (g *gathering) months(into indicator.Sums, first, after int64) error {
	at := int64(0)
	for level := int64(indicator.Top); level >= 0; level-- {
		size := g.s.Block.Span(level)
		to := g.rolled / size
		if from := at / size; to > from {
			if err := g.r.Months(into, level+1, from, to, first, after, g.divisions()); err != nil {
				return err
			}
			at = to * size
		}
	}
	return nil
}

func add(into indicator.Sums, k indicator.Key, grams int64) {
	if into[k] += grams; into[k] == 0 {
		delete(into, k)
	}
}

// sightings notes what movements of batches that were made of others show, with everything read that their batches were made of.
func sightings(r Reader, moves []indicator.Move) (indicator.Sightings, error) {
	out := indicator.Sightings{}
	want := map[id.Batch]bool{}
	var next []id.Batch
	for _, m := range moves {
		if (m.Kind == indicator.Treated || m.Kind == indicator.Residue) && !want[m.Batch] {
			want[m.Batch] = true
			if m.Mixed {
				next = append(next, m.Batch)
			}
		}
	}
	parents, origin := map[id.Batch][]id.Batch{}, map[id.Batch]id.Site{}
	for len(next) > 0 && len(want) < maxWalk {
		states, err := r.Batches(next)
		if err != nil {
			return nil, err
		}
		next = nil
		for b, st := range states {
			parents[b], origin[b] = st.Parents, st.Origin
			for _, p := range st.Parents {
				if _, there := origin[p]; !there {
					origin[p] = id.Site{}
					want[p] = true
					next = append(next, p)
				}
			}
		}
	}
	all := make([]id.Batch, 0, len(want))
	for b := range want {
		all = append(all, b)
	}
	taken, err := r.Taken(all)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		out.Note(m, func(b id.Batch) ([]id.Batch, id.Site, bool) { o, ok := origin[b]; return parents[b], o, ok },
			func(b id.Batch, before int64) (int64, bool) {
				i := slices.IndexFunc(taken[b], func(t Taking) bool { return t.Seq < before })
				if i < 0 {
					return 0, false
				}
				return taken[b][i].At, true
			})
	}
	return out, nil
}

// maxWalk bounds the batches whose making one reading follows.
const maxWalk = 400_000
