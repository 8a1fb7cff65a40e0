package permit

import (
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// generated asks whether a site that has a plan for the year has the waste in it. A site
// without any plan is not asked here: its manifests are.
func (j *judge) generated(d event.Generated) {
	e := j.c.Event
	lines := InForce(j.holding(e.For()).Plans, e.Site, j.at)
	if len(lines) > 0 && !slices.ContainsFunc(lines, func(p PlanLine) bool { return p.Code == d.Code }) {
		j.say(PlanGenerated, "/data/code", 0, string(d.Code), string(d.Code))
	}
}

// plan holds a manifest against the management plan that it is to be filled from.
func (j *judge) plan(d event.Issued, loads []load) {
	e := j.c.Event
	lines := InForce(j.holding(e.For()).Plans, e.Site, j.at)
	to := hear[party.Organisation](j)(j.w.Organisation(d.Consignee)).CreditCode
	var sums []Tally
	if len(lines) > 0 {
		sums = hear[[]Tally](j)(j.w.Sums(Query{Kind: Sent, Party: e.For(), From: Year(j.at)*10_000 + 101, To: Year(j.at)*10_000 + 1231}))
	}
	for _, l := range loads {
		of := only(lines, func(p PlanLine) bool { return p.Code == l.code })
		fit := only(of, func(p PlanLine) bool { return p.takes(to, d.Method) })
		switch {
		case len(of) == 0:
			j.say(PlanMissing, "/batches", 0, string(l.code), string(l.code))
			continue
		case len(fit) == 0:
			j.say(PlanTerms, "/data/consignee", 0, string(l.code), string(l.code))
			continue
		}
		// A plan with several lines for a code is one amount of that code: which line a
		// manifest is of is not on the manifest.
		var planned, sum waste.Grams
		for _, p := range of {
			planned += p.Planned
		}
		for _, t := range sums {
			if t.Site == e.Site && t.Code == l.code {
				sum += t.Grams
			}
		}
		if sum += l.grams; sum > planned {
			j.say(PlanQuantity, "/batches", sum-planned, string(l.code), string(l.code))
		}
	}
}

// takes says whether a line lets the waste go there by that method.
func (p PlanLine) takes(to party.CreditCode, m waste.Method) bool {
	return (p.Consignee == "" || p.Consignee == to) && (p.Method == "" || m == "" || p.Method == m)
}

// province asks for the approval of a transfer to another province; loads nil asks no
// more than whether there is one.
func (j *judge) province(d event.Issued, loads []load) {
	e := j.c.Event
	from := Province(hear[party.Site](j)(j.w.Site(e.Site)).Division)
	to := Province(hear[party.Site](j)(j.w.Site(d.ConsigneeSite)).Division)
	if from == "" || to == "" || from == to {
		return
	}
	r, ok := j.book.rule(ProvinceUnapproved, e, d.Profile)
	if !ok {
		return
	}
	code := hear[party.Organisation](j)(j.w.Organisation(d.Consignee)).CreditCode
	var have []Approval
	for _, a := range j.holding(e.For()).Approvals {
		end := a.Ends(r.Figures["months"], j.licensedUntil(d.Consignee, d.ConsigneeSite))
		if a.Consignee == code && (party.Period{From: a.Valid.From, To: end}).Holds(j.at) {
			have = append(have, a)
		}
	}
	if len(have) == 0 {
		j.say(ProvinceUnapproved, "/data/consignee", 0, "", "")
		return
	}
	for _, l := range loads {
		fit := only(have, func(a Approval) bool {
			return a.Code == l.code && (a.Method == "" || d.Method == "" || a.Method == d.Method)
		})
		if len(fit) == 0 {
			j.say(ProvinceScope, "/data/consignee", 0, words(l.code, d.Method), words(l.code, d.Method))
			continue
		}
		j.approved(fit, l, d.Consignee)
	}
}

// approved holds what went there since an approval began, and this load, against it. One
// approval with room is enough.
func (j *judge) approved(fit []Approval, l load, consignee id.Party) {
	var over waste.Grams
	for _, a := range fit {
		var sum waste.Grams
		for _, t := range hear[[]Tally](j)(j.w.Sums(Query{Kind: Sent, Party: a.Party, From: Day(a.Valid.From), To: Day(j.at)})) {
			if t.Other == consignee && t.Code == l.code {
				sum += t.Grams
			}
		}
		if sum += l.grams; sum <= a.Approved {
			return
		}
		over = max(over, sum-a.Approved)
	}
	j.say(ProvinceQuantity, "/batches", over, string(l.code), string(l.code))
}

// licensedUntil is when the last of the consignee's licences in force ends; zero: open, or
// none is known.
func (j *judge) licensedUntil(p id.Party, s id.Site) (end time.Time) {
	for _, l := range j.licences(p, s, Operating, Collecting) {
		if l.Valid.To.IsZero() {
			return time.Time{}
		}
		if l.Valid.To.After(end) {
			end = l.Valid.To
		}
	}
	return end
}

func only[V any](list []V, keep func(V) bool) (out []V) {
	for _, v := range list {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}
