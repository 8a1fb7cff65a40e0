package duty

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/party"
)

// Span is a range of starts, in Unix milliseconds UTC: From is in it, To is not.
type Span struct{ From, To int64 }

// Overdue gives, for each clock that states run, the starts from which some duty of an owner
// with those roles is overdue at a moment: the question to put to a table of running clocks,
// for which nothing need be stored that a new calendar changes. all asks for any roles: what
// is found is then to be judged one by one.
func (b Book) Overdue(w Word, roles []party.Role, all bool, cals Calendars, now time.Time) []Span {
	var out []Span
	for _, e := range b {
		if e.Start != w || len(cals) == 0 || (!all && !e.binds(roles)) {
			continue
		}
		to := min(e.cutoff(cals[len(cals)-1], now), e.to.UnixMilli())
		if from := e.from.UnixMilli(); from < to {
			out = append(out, Span{from, to})
		}
	}
	return joined(out)
}

// cutoff is the first start that is not overdue at now. A later start is never due earlier,
// so that it can be sought by halves, among local days where days count.
func (e Edition) cutoff(c *calendar.Calendar, now time.Time) int64 {
	if e.Unit == calendar.Hours {
		return now.Add(-time.Duration(e.Count) * time.Hour).UnixMilli()
	}
	days := e.Count*3 + 60 // no run of days off is longer
	if e.Unit == Years {
		days = e.Count*366 + 60
	}
	first := calendar.StartOfDay(now).AddDate(0, 0, -days)
	n := sort.Search(days+1, func(i int) bool { return e.count(c, first.AddDate(0, 0, i)).Met(now) })
	return first.AddDate(0, 0, n).UnixMilli()
}

// joined merges spans that touch or overlap.
func joined(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var out []Span
	for _, s := range spans {
		if n := len(out) - 1; n >= 0 && s.From <= out[n].To {
			out[n].To = max(out[n].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}
