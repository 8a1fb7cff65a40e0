package indicator

import (
	"fmt"
	"slices"

	"liandan/internal/id"
)

// CutOff is the last moment that counts for a period, in Unix milliseconds: its end, or the
// log's newest entry where the period is still under way.
func CutOff(p Period, newest int64) int64 {
	return min(p.To.UnixMilli()-1, max(newest, p.From.UnixMilli()))
}

// Recount folds a log's movements into what all indicators of one period are computed from.
// It is what a store's roll-ups must give, in one walk and without them: whoever has the log
// recomputes figures with it. Movements come in the order of the log; the view's book must
// know the log's facts before, for a late fact moves early mass.
type Recount struct {
	view   View
	period Period
	cut    int64
	sums   Sums
	before Sums
	seen   Sightings
	taken  map[id.Batch]taking
	roster *Roster
}

type taking struct{ seq, at int64 }

// NewRecount begins a recount as of the view's log size; newest is when the newest entry of
// it was recorded, in Unix milliseconds.
func NewRecount(v View, p Period, newest int64) *Recount {
	return &Recount{view: v, period: p, cut: CutOff(p, newest), sums: Sums{}, before: Sums{}, seen: Sightings{}, taken: map[id.Batch]taking{}}
}

// Add takes in the next movement. parents need know no more than what stands before it.
func (r *Recount) Add(m Move, parents Parentage) {
	if m.Seq >= r.view.size {
		return
	}
	if m.Kind == Collected {
		if _, there := r.taken[m.Batch]; !there {
			r.taken[m.Batch] = taking{m.Seq, m.At}
		}
	}
	k := r.view.Place(m)
	k.Day = 0
	if DayOf(m.At) <= DayOf(r.cut) {
		r.before.add(k, m.Grams)
	}
	if first, after := r.period.Days(); DayOf(m.At) < first || DayOf(m.At) >= after {
		return
	}
	r.sums.add(k, m.Grams)
	r.seen.Note(m, parents, func(b id.Batch, before int64) (int64, bool) {
		t, ok := r.taken[b]
		return t.at, ok && t.seq < before
	})
}

// Input is what an indicator is computed from; false for one that nobody defines.
func (r *Recount) Input(indicator int) (Input, bool) {
	if r.roster == nil {
		r.roster = r.view.Roster(r.cut)
	}
	d, ok := r.view.Definition(indicator)
	return Input{Definition: d, View: r.view, Period: r.period, CutOff: r.cut, Sums: r.sums, Before: r.before, Seen: r.seen, Registered: r.roster}, ok
}

// Near says whether a site is of somebody who has one in a district.
func (r *Roster) Near(district string, s id.Site) bool {
	return slices.ContainsFunc(r.near(district), func(x *Site) bool { return x.Site == s })
}

// Bytes is what a definition's figures rest on, in one spelling: two that agree in it define
// the same figure, whatever they are called.
func (d Definition) Bytes() []byte {
	out := fmt.Appendf(nil, "%d\n%s\n%s\n%s\n%d\n%s\n%s\n", d.Indicator, d.Version, d.Unit, d.AmountUnit, d.Decimals, d.Better, d.Target)
	for _, c := range d.Choices {
		out = fmt.Appendf(out, "%s=%s\n", c.Key, c.Value)
	}
	return out
}
