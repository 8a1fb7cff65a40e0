package permit

import (
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// Balance is an amount with what of it is used up. Left may be below nothing.
type Balance struct {
	Allowed, Used waste.Grams
}

// Left is what remains.
func (b Balance) Left() waste.Grams { return b.Allowed - b.Used }

// LicenceBalance is a licence with what was taken under it in a year.
type LicenceBalance struct {
	party.Licence
	Year   int
	Total  *Balance   // nil: the licence names no amount
	Scopes []*Balance // beside Licence.Scopes
}

// PlanBalance is a plan line; what was sent is of its site, year and code, whatever line of
// the plan a manifest belonged to.
type PlanBalance struct {
	PlanLine
	InForce bool        // of the lines for the same thing, this one holds at the end of its year or now
	Sent    waste.Grams // by the site, of the code, in the year
}

// ApprovalBalance is an approval with what went there since it began.
type ApprovalBalance struct {
	Approval
	Ends time.Time // zero: open
	Balance
}

// Statement is everything an organisation may do, with what is left of it.
type Statement struct {
	Licences  []LicenceBalance
	Vehicles  []Vehicle
	Plans     []PlanBalance
	Approvals []ApprovalBalance
}

// Range is the days that a statement's running sums must cover; from is after to when it
// needs none.
func (h Holding) Range(at time.Time) (from, to int) {
	from, to = 99991231, Day(at)
	for _, p := range h.Plans {
		from, to = min(from, p.Year*10_000+101), max(to, p.Year*10_000+1231)
	}
	for _, a := range h.Approvals {
		from = min(from, Day(a.Valid.From))
	}
	return from, to
}

// StatementOf adds the sums up. taken is of the year of at, sent of Range's days; codeOf
// gives the credit code of a consignee. That an approval ends with the consignee's licence
// too is judged when a manifest is issued: here it stands as the paper has it.
func (b Book) StatementOf(h Holding, taken, sent []Tally, at time.Time, codeOf map[id.Party]party.CreditCode) Statement {
	out := Statement{Vehicles: h.Vehicles}
	for _, l := range h.Licences {
		out.Licences = append(out.Licences, licenceBalance(l, taken, Year(at)))
	}
	for _, p := range h.Plans {
		out.Plans = append(out.Plans, planBalance(p, h.Plans, sent, at))
	}
	months := 0
	for _, r := range b {
		if r.Code == ProvinceUnapproved && !at.Before(r.from) && (r.to.IsZero() || at.Before(r.to)) {
			months = r.Figures["months"]
		}
	}
	for _, a := range h.Approvals {
		x := ApprovalBalance{Approval: a, Ends: a.Ends(months, time.Time{}), Balance: Balance{Allowed: a.Approved}}
		for _, t := range sent {
			inside := t.Day >= Day(a.Valid.From) && (x.Ends.IsZero() || t.Day < Day(x.Ends.Add(24*time.Hour-1)))
			if inside && t.Code == a.Code && codeOf[t.Other] == a.Consignee {
				x.Used += t.Grams
			}
		}
		out.Approvals = append(out.Approvals, x)
	}
	return out
}

func licenceBalance(l party.Licence, taken []Tally, year int) LicenceBalance {
	out := LicenceBalance{Licence: l, Year: year, Scopes: make([]*Balance, len(l.Scopes))}
	used := func(limit Limit) *Balance {
		b := &Balance{Allowed: limit.Yearly}
		for _, t := range taken {
			if limit.Counts(t) {
				b.Used += t.Grams
			}
		}
		return b
	}
	if l.Yearly > 0 {
		out.Total = used(Limit{l, nil, l.Yearly})
	}
	for i := range l.Scopes {
		if s := &l.Scopes[i]; s.Yearly > 0 {
			out.Scopes[i] = used(Limit{l, s, s.Yearly})
		}
	}
	return out
}

func planBalance(p PlanLine, all []PlanLine, sent []Tally, at time.Time) PlanBalance {
	out := PlanBalance{PlanLine: p}
	if from, to := YearOf(p.Year); !at.Before(to) {
		at = to.Add(-1)
	} else if at.Before(from) {
		at = from
	}
	for _, x := range InForce(all, p.Site, at) {
		out.InForce = out.InForce || (x.Code == p.Code && x.Method == p.Method && x.Consignee == p.Consignee && x.Filed.Equal(p.Filed))
	}
	for _, t := range sent {
		if t.Site == p.Site && t.Code == p.Code && t.Day/10_000 == p.Year {
			out.Sent += t.Grams
		}
	}
	return out
}
