package permit

import (
	"fmt"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/waste"
)

// TallyKind is a sort of running sum.
type TallyKind string

// The running sums.
const (
	// Sent is what a site put on manifests, by the day of issue: issued until it is
	// collected, collected until it is judged, then what was accepted.
	Sent TallyKind = "sent"
	// Taken is what a consignee accepted, by the year of acceptance.
	Taken TallyKind = "taken"
)

// Key names one running sum.
type Key struct {
	Kind   TallyKind
	Day    int      // yyyymmdd in Asia/Shanghai; of Taken the first of the year
	Party  id.Party // who sent or took
	Site   id.Site
	Other  id.Party // Sent: the consignee; zero of Taken
	Code   waste.Code
	Method waste.Method // as on the manifest
}

// String names a running sum for reports.
func (k Key) String() string {
	return fmt.Sprintf("%s/%s/%d/%s/%s/%s/%s", k.Party, k.Kind, k.Day, k.Site, k.Other, k.Code, k.Method)
}

// Tally is an amount added to (or taken back from) a running sum, or the sum itself.
type Tally struct {
	Key
	Grams waste.Grams
}

// Day is a moment's day as a number.
func Day(t time.Time) int {
	y, m, d := t.In(calendar.Zone()).Date()
	return y*10_000 + int(m)*100 + d
}

// Moved gives what an event changes in the running sums, from a manifest's states before
// and after it. It is a pure function of the log: registers have no part in it.
func Moved(before, after manifest.State) []Tally {
	return append(changes(sent(before), sent(after)), changes(taken(before), taken(after))...)
}

// sums keeps keys in the order in which they were met.
type sums struct {
	order []Key
	by    map[Key]waste.Grams
}

func (s *sums) add(k Key, g waste.Grams) {
	if s.by == nil {
		s.by = map[Key]waste.Grams{}
	}
	if _, met := s.by[k]; !met {
		s.order = append(s.order, k)
	}
	s.by[k] += g
}

func changes(before, after sums) []Tally {
	var diff sums
	for _, k := range after.order {
		diff.add(k, after.by[k])
	}
	for _, k := range before.order {
		diff.add(k, -before.by[k])
	}
	var out []Tally
	for _, k := range diff.order {
		if diff.by[k] != 0 {
			out = append(out, Tally{k, diff.by[k]})
		}
	}
	return out
}

func sent(s manifest.State) (out sums) {
	if s.ID.IsZero() || s.CancelledAt > 0 {
		return out
	}
	day := Day(time.UnixMilli(s.IssuedAt))
	for _, l := range s.Lines {
		if l.Of.IsZero() { // what was refused of a line stands in that line
			out.add(Key{Sent, day, s.Consignor, s.ConsignorSite, s.Consignee, l.Code, s.Method}, shipped(l))
		}
	}
	return out
}

// shipped is what of a line counts as sent.
func shipped(l manifest.Line) waste.Grams {
	switch {
	case l.Verdict != "":
		return l.Accepted
	case l.Collected > 0:
		return l.Collected
	}
	return l.Issued
}

func taken(s manifest.State) (out sums) {
	if s.AcceptedAt == 0 {
		return out
	}
	year := Year(time.UnixMilli(s.AcceptedAt))
	for _, l := range s.Lines {
		if l.Accepted > 0 {
			out.add(Key{Kind: Taken, Day: year*10_000 + 101, Party: s.Consignee, Site: s.ConsigneeSite, Code: l.Code, Method: s.Method}, l.Accepted)
		}
	}
	return out
}
