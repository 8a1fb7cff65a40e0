package registry

import (
	"cmp"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/party"
)

// firstLines finds lines that speak of the same thing twice.
type firstLines[K comparable] map[K]int

// repeated notes a line whose key an earlier line has.
func (f firstLines[K]) repeated(n *notes, line int, column string, k K) bool {
	first, there := f[k]
	if !there {
		f[k] = line
		return false
	}
	c := cells{line: line, notes: n}
	c.refusef(column, "duplicate", "is the same as on line %d", "与第 %d 行相同", first)
	return true
}

// count counts a good line by what it does to the register and says whether it must be
// written.
func (r *Report) count(known, same bool) (write bool) {
	switch {
	case !known:
		r.Added++
	case same:
		r.Unchanged++
		return false
	default:
		r.Changed++
	}
	return true
}

// owners resolves credit codes against the register.
type owners map[party.CreditCode]party.Organisation

// readNames reads what a file's lines are resolved against: organisations by their codes and
// sites by their names.
func readNames(r Reader) (owners, map[siteName][]party.Site, error) {
	orgs, err := readOwners(r)
	if err != nil {
		return nil, nil, err
	}
	sites, err := sitesByName(r)
	return orgs, sites, err
}

func readOwners(r Reader) (owners, error) {
	list, err := r.Organisations()
	if err != nil {
		return nil, err
	}
	out := make(owners, len(list))
	for _, o := range list {
		out[o.CreditCode] = o
	}
	return out, nil
}

// owner notes a credit code that the register does not have. An empty code has been noted.
func (o owners) owner(n *notes, line int, code party.CreditCode) (party.Organisation, bool) {
	org, ok := o[code]
	if !ok && code != "" {
		c := cells{line: line, notes: n}
		c.refuse("credit_code", "unknown_organisation", "is not in the register; import organisations first", "登记中无此单位；请先导入单位")
	}
	return org, ok
}

// span is a period of validity of something that must not overlap others of its key.
type span struct {
	line   int // 0: of the register
	period party.Period
}

// spans is every validity of each key, as the register will be after the import.
type spans[K comparable] map[K][]span

// add files a validity that could be read.
func (s spans[K]) add(k K, line int, p party.Period) {
	if !p.From.IsZero() {
		s[k] = append(s[k], span{line, p})
	}
}

// overlap says whether two periods share a moment.
func overlap(a, b party.Period) bool {
	p := both(a, b)
	return p.To.IsZero() || p.From.Before(p.To)
}

// clashes notes lines whose validity overlaps another of its key, always on the later line
// of the two, and gives those lines. Without them no two validities overlap.
func (s spans[K]) clashes(n *notes) map[int]bool {
	out := map[int]bool{}
	for _, list := range s {
		slices.SortFunc(list, func(a, b span) int {
			return cmp.Or(a.period.From.Compare(b.period.From), cmp.Compare(a.line, b.line))
		})
		kept := list[0] // the last one that is not noted; those before it have ended
		for _, next := range list[1:] {
			switch {
			case !overlap(kept.period, next.period):
				kept = next
			case next.line > kept.line:
				out[next.line] = true
				clash(n, next.line, kept)
			case kept.line > 0:
				out[kept.line] = true
				clash(n, kept.line, next)
				kept = next
			}
		}
	}
	return out
}

func clash(n *notes, line int, other span) {
	c := cells{line: line, notes: n}
	if other.line > 0 {
		c.refusef("valid_from", "overlapping_validity", "overlaps the validity on line %d", "与第 %d 行的有效期重叠", other.line)
		return
	}
	from := other.period.From.In(calendar.Zone()).Format(time.DateOnly)
	c.refusef("valid_from", "overlapping_validity",
		"overlaps a validity in the register that begins on %s; give that one too, as a line with its valid_to",
		"与登记中自 %s 起的有效期重叠；请同时给出该行并填写 valid_to", from)
}

// samePeriod compares moments, not their zones.
func samePeriod(a, b party.Period) bool { return a.From.Equal(b.From) && a.To.Equal(b.To) }
