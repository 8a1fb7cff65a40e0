package indicator

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"liandan/internal/id"
)

// Roster is what every site was at a moment: the register as of then, by district and by
// organisation. It holds for a stretch of time, so that a reader may keep it.
type Roster struct {
	facts       int   // how many facts of sites it knows
	from, until int64 // it is the same at all of these moments; until is exclusive
	sites       []*Site
	in          map[string][]int32 // by division
	of          []int32            // by organisation, then id
	first       []int32            // where in of the organisation of each site begins
}

// Roster gives the register at a moment.
func (v View) Roster(ms int64) *Roster {
	order := v.b.order
	if len(order) != len(v.b.sites) {
		order = v.b.sorted()
	}
	r := &Roster{facts: v.siteFacts(), from: math.MinInt64, until: math.MaxInt64, sites: make([]*Site, 0, len(order)), in: map[string][]int32{}}
	edge := func(t int64) {
		if t <= ms {
			r.from = max(r.from, t)
		} else {
			r.until = min(r.until, t)
		}
	}
	for _, id := range order {
		list := before(v.b.sites[id], v.size)
		for i := range list {
			if edge(list[i].row.From); list[i].row.To != 0 {
				edge(list[i].row.To)
			}
		}
		if i := held(list, ms, func(s *Site) Span { return s.Span }); i >= 0 {
			s := &list[i].row
			n := int32(len(r.sites))
			r.sites, r.in[s.Division], r.of = append(r.sites, s), append(r.in[s.Division], n), append(r.of, n)
		}
	}
	slices.SortStableFunc(r.of, func(a, b int32) int { return byParty(r.sites[a].Party, r.sites[b].Party) })
	r.first = make([]int32, len(r.of))
	for at, n := range r.of {
		r.first[n] = int32(at)
		if at > 0 && r.sites[r.of[at-1]].Party == r.sites[n].Party {
			r.first[n] = r.first[r.of[at-1]]
		}
	}
	return r
}

// Serves says whether a view's register at a moment is this one.
func (r *Roster) Serves(v View, ms int64) bool {
	return r.from <= ms && ms < r.until && r.facts == v.siteFacts()
}

// siteFacts is how many facts of sites the view knows.
func (v View) siteFacts() int {
	n, _ := slices.BinarySearch(v.b.siteSeqs, v.size)
	return n
}

func byParty(a, b id.Party) int {
	x, y := a.UUID(), b.UUID()
	return bytes.Compare(x[:], y[:])
}

// In lists the sites of a division, or all for "", in the order of their ids.
func (r *Roster) In(division string) []Site {
	list := r.within(division)
	out := make([]Site, len(list))
	for i, s := range list {
		out[i] = *s
	}
	return out
}

// within lists the sites of a row's district, or all for the whole city, in the order of their ids.
func (r *Roster) within(district string) []*Site {
	if district == "" {
		return r.sites
	}
	out := make([]*Site, 0, len(r.in[district]))
	for _, n := range r.in[district] {
		out = append(out, r.sites[n])
	}
	return out
}

// near lists the sites of everybody who has one in a district, wherever they lie, in the
// order of their ids; all for the whole city.
func (r *Roster) near(district string) []*Site {
	if district == "" {
		return r.sites
	}
	found := make([]int32, 0, len(r.in[district]))
	for _, n := range r.in[district] {
		p := r.sites[n].Party
		for at := int(r.first[n]); at < len(r.of) && r.sites[r.of[at]].Party == p; at++ {
			found = append(found, r.of[at])
		}
	}
	slices.SortFunc(found, func(a, b int32) int { return cmp.Compare(a, b) })
	found = slices.Compact(found)
	out := make([]*Site, 0, len(found))
	for _, n := range found {
		out = append(out, r.sites[n])
	}
	return out
}
