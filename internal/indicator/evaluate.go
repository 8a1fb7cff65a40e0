package indicator

import (
	"slices"
	"strings"

	"liandan/internal/id"
)

// Input is all that an indicator is computed from, for one period at one log size. The
// fold makes it of movements; a store makes it of roll-ups.
type Input struct {
	Definition Definition
	View       View
	Period     Period
	// CutOff is the last moment that counts: the period's end, or the log's newest entry
	// where the period is still under way. Registers are read as of then.
	CutOff int64
	Sums   Sums      // of the period; the days in the keys mean nothing
	Before Sums      // of everything up to the cut-off, for the stock of 37
	Seen   Sightings // of the period's days
	// Registered is View.Roster(CutOff), where the caller has it at hand already.
	Registered *Roster

	all bool // the work list has what is both declared and proven too
}

func (in Input) registered() *Roster {
	if in.Registered != nil {
		return in.Registered
	}
	return in.View.Roster(in.CutOff)
}

// Needs says which parts of an input an indicator reads.
func Needs(indicator int) (sums, before, seen bool) {
	switch indicator {
	case 2, 19, 35:
		return true, false, true
	case 37:
		return true, true, true
	case 36, 38:
		return false, false, true
	}
	return false, false, false
}

// Asks lists the sites of a row whose sightings an indicator reads: whose waste is asked
// to have been closed, and whose to have been collected and treated.
func Asks(in Input, district string) (reporting, proving []id.Site) {
	r := &Row{District: district}
	if of := in.reporter(); of != nil {
		for _, s := range in.registered().within(district) {
			if in.mine(r, s.Division) && of(s) {
				reporting = append(reporting, s.Site)
			}
		}
	}
	if kind := in.kind(); kind != nil {
		for _, s := range in.registered().near(district) {
			if kind(s) != "" {
				proving = append(proving, s.Site)
			}
		}
	}
	return reporting, proving
}

// Districts lists the divisions that have a row: the city's, in the order of their codes,
// and its own code for what is registered at none of them.
func Districts(all []string, city func(string) bool) []string {
	var out []string
	for _, d := range all {
		if city(d) {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

// Evaluate gives the row of one district, or of the whole city for "". Whatever is added
// up over all districts is the city's.
func Evaluate(in Input, district string) Row {
	r := Row{District: district}
	switch in.Definition.Indicator {
	case 2:
		in.intensity(&r)
	case 19:
		in.used(&r)
	case 32:
		in.recyclables(&r)
	case 35:
		in.landfill(&r)
	case 36, 38:
		in.covered(&r)
	case 37:
		in.harmless(&r)
	case 59:
		in.inspected(&r)
	}
	r.Exclusions = slices.DeleteFunc(r.Exclusions, func(e Exclusion) bool { return e.Count == 0 && e.Grams == 0 }) // corrected away
	slices.SortFunc(r.Exclusions, func(a, b Exclusion) int { return strings.Compare(a.Code, b.Code) })             // sums come in no order
	slices.Sort(r.Flags)
	return r
}

// mine says whether a division belongs to a row.
func (in Input) mine(r *Row, division string) bool {
	if r.District != "" {
		return division == r.District
	}
	return in.View.b.City(division)
}

// reporter says of a site whether it should report to the indicator; nil where none is asked.
func (in Input) reporter() func(*Site) bool {
	switch in.Definition.Indicator {
	case 2, 19, 35:
		return func(s *Site) bool { return SectorOf(*s) == Industrial }
	case 32:
		return func(s *Site) bool { return SectorOf(*s) == Medical }
	case 37:
		return func(s *Site) bool { return s.BuiltUp && SectorOf(*s) == Medical }
	case 36, 38:
		kind := in.kind()
		return func(s *Site) bool { return kind(s) != "" }
	}
	return nil
}

// reported counts the registered sites that should report, and those whose waste was seen
// in the period. A site stands for its organisation's places where only one reports.
func (in Input) reported(r *Row) {
	met := map[id.Site]bool{}
	first, after := in.Period.Days()
	for k := range in.Seen {
		if k.What == Generated && k.Day >= first && k.Day < after {
			met[k.Site] = true
		}
	}
	of := in.reporter()
	for _, s := range in.registered().within(r.District) {
		if !in.mine(r, s.Division) || !of(s) {
			continue
		}
		r.Coverage.Sites++
		if met[s.Site] {
			r.Coverage.Reported++
		}
	}
}
