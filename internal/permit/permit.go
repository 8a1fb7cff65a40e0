// Package permit says who may move and treat what: the scope of licences, vehicles'
// transport permits, the lines of management plans, approvals between provinces, and what
// dated rules make of an event against them and against what was moved before.
//
// It must not look anything up, keep a balance, change a state, or name a law in code:
// instrument and article are data of the rules. What a register holds counts as of the
// event's date.
package permit

import (
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// Kinds of licence.
const (
	Operating  = "operating"  // 综合经营许可证
	Collecting = "collecting" // 收集经营许可证
	Transport  = "transport"  // 道路危险货物运输许可证
	Discharge  = "discharge"  // 排污许可证
)

// Vehicle is a vehicle's transport permit (道路运输证) for one period.
type Vehicle struct {
	Party    id.Party // the carrier
	Plate    string
	Permit   string      // number of the permit
	Capacity waste.Grams // approved load; 0: not known
	Medical  bool        // a vehicle for medical waste alone (GB 19217)
	Valid    party.Period
}

// PlanLine is a line of a site's management plan for a year (HJ 1259-2022 section 5), as
// filed on a day. The line of the same code, method and consignee that was filed last
// replaces the ones before; with no grams it withdraws them.
type PlanLine struct {
	Party     id.Party
	Site      id.Site
	Year      int
	Filed     time.Time // first moment of the day from which it holds
	Number    string    // the filing's (备案编号); "": not known
	Code      waste.Code
	Method    waste.Method
	Consignee party.CreditCode // who is to take it; "": the plan names nobody
	Planned   waste.Grams
}

// Approval is the decision on a transfer to another province (跨省转移), for one code.
type Approval struct {
	Number    string
	Party     id.Party         // the consignor
	Consignee party.CreditCode // may be of no organisation in this register
	Code      waste.Code
	Method    waste.Method
	Approved  waste.Grams
	Valid     party.Period // as written; see Ends
}

// Holding is what the register knows of one organisation.
type Holding struct {
	Licences  []party.Licence
	Vehicles  []Vehicle
	Plans     []PlanLine
	Approvals []Approval
}

// Takes says whether one word of a licence (*, a category, a code) means the code.
func Takes(word string, c waste.Code) bool {
	return word == "*" || word == string(c) || (strings.HasPrefix(word, "HW") && !c.Foreign() && word == c.Category())
}

// Covers says whether a licence lets its holder deal with a code by a method. An empty
// method asks about the code alone; a licence that names no method allows every one.
func Covers(l party.Licence, c waste.Code, m waste.Method) bool {
	if !takesAny(l.Codes, c) || !namesMethod(l.Methods, m) {
		return false
	}
	if len(l.Scopes) == 0 {
		return true
	}
	for _, s := range l.Scopes {
		if inScope(s, c, m) {
			return true
		}
	}
	return false
}

func takesAny(words []string, c waste.Code) bool {
	for _, w := range words {
		if Takes(w, c) {
			return true
		}
	}
	return false
}

func namesMethod(methods []string, m waste.Method) bool {
	if m == "" || len(methods) == 0 {
		return true
	}
	for _, have := range methods {
		if have == string(m) {
			return true
		}
	}
	return false
}

func inScope(s party.Scope, c waste.Code, m waste.Method) bool {
	return Takes(s.Code, c) && (m == "" || s.Method == "" || s.Method == m)
}

// At says whether a licence is for a site: its own, or every site of its holder.
func At(l party.Licence, s id.Site) bool { return l.Site.IsZero() || l.Site == s }

// Limit is an amount a year that a licence allows.
type Limit struct {
	Licence party.Licence
	Scope   *party.Scope // nil: of the whole licence
	Yearly  waste.Grams
}

// Counts says whether a tally of the licence's holder counts towards the limit.
func (l Limit) Counts(t Tally) bool {
	if t.Kind != Taken || t.Party != l.Licence.Party || !At(l.Licence, t.Site) {
		return false
	}
	if l.Scope != nil {
		return inScope(*l.Scope, t.Code, t.Method)
	}
	return Covers(l.Licence, t.Code, t.Method)
}

// Limits lists the amounts a year that bind a code and method under a licence.
func Limits(l party.Licence, c waste.Code, m waste.Method) []Limit {
	var out []Limit
	if l.Yearly > 0 {
		out = append(out, Limit{l, nil, l.Yearly})
	}
	for i, s := range l.Scopes {
		if s.Yearly > 0 && inScope(s, c, m) {
			out = append(out, Limit{l, &l.Scopes[i], s.Yearly})
		}
	}
	return out
}

// Year is the calendar year of a moment in Asia/Shanghai.
func Year(t time.Time) int { return t.In(calendar.Zone()).Year() }

// YearOf is the first moment of a year and of the next.
func YearOf(year int) (from, to time.Time) {
	at := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, calendar.Zone()).UTC() }
	return at(year), at(year + 1)
}

// InForce gives the lines of a site's plan that hold at a time.
func InForce(lines []PlanLine, s id.Site, at time.Time) []PlanLine {
	type line struct {
		code waste.Code
		m    waste.Method
		to   party.CreditCode
	}
	last := map[line]int{}
	var out []PlanLine
	for _, p := range lines {
		if p.Site != s || p.Year != Year(at) || p.Filed.After(at) {
			continue
		}
		k := line{p.Code, p.Method, p.Consignee}
		i, there := last[k]
		switch {
		case !there:
			last[k] = len(out)
			out = append(out, p)
		case p.Filed.After(out[i].Filed):
			out[i] = p
		}
	}
	kept := out[:0]
	for _, p := range out {
		if p.Planned > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// Ends is when an approval ends: what is written, twelve months after it begins, or the
// end of the consignee's licence, whichever comes first. licence is zero where none is known.
func (a Approval) Ends(months int, licence time.Time) time.Time {
	end := a.Valid.To
	if months > 0 {
		if most := a.Valid.From.In(calendar.Zone()).AddDate(0, months, 0).UTC(); end.IsZero() || most.Before(end) {
			end = most
		}
	}
	if !licence.IsZero() && (end.IsZero() || licence.Before(end)) {
		end = licence
	}
	return end
}

// Province is the first two digits of a division; "" of none.
func Province(division string) string {
	if len(division) < 2 {
		return ""
	}
	return division[:2]
}

// PlateKey is a plate as plates are compared: the dot and blanks that people put between
// its parts mean nothing.
func PlateKey(plate string) string {
	return strings.ToUpper(strings.NewReplacer("·", "", "•", "", " ", "", "-", "").Replace(plate))
}
