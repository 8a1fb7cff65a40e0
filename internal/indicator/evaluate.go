package indicator

import (
	"slices"

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
	// Registered is View.Sites(CutOff), where the caller has it at hand already.
	Registered []Site

	all bool // the work list has what is both declared and proven too
}

func (in Input) registered() []Site {
	if in.Registered != nil {
		return in.Registered
	}
	return in.View.Sites(in.CutOff)
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
	case 35:
		in.landfill(&r)
	case 36:
		in.institutions(&r)
	case 37:
		in.harmless(&r)
	case 38:
		in.social(&r)
	case 59:
		in.inspected(&r)
	default:
		r.Figures = []Figure{because(Figure{}, "not_in_log", "本系统的事件不含可回收物，无法计算", "the events of this log do not speak of recyclables")}
	}
	return r
}

// mine says whether a division belongs to a row.
func (in Input) mine(r *Row, division string) bool {
	if r.District != "" {
		return division == r.District
	}
	return in.View.b.City(division)
}

// reported counts the registered sites that should report, and those whose waste was seen
// in the period. A site stands for its organisation's places where only one reports.
func (in Input) reported(r *Row, of func(Site) bool) {
	met := map[id.Site]bool{}
	first, after := in.Period.Days()
	for k := range in.Seen {
		if k.What == Generated && k.Day >= first && k.Day < after {
			met[k.Site] = true
		}
	}
	for _, s := range in.registered() {
		if !in.mine(r, s.Division) || !of(s) {
			continue
		}
		r.Coverage.Sites++
		if met[s.Site] {
			r.Coverage.Reported++
		}
	}
}
