package rule

import (
	"slices"

	"liandan/internal/id"
	"liandan/internal/waste"
)

// Severity says how much a finding weighs.
type Severity string

// The severities, the lightest first.
const (
	Remark  Severity = "remark"  // to be known; nobody owes anything, and a chain stays sound
	Open    Severity = "finding" // its owner must explain it
	Serious Severity = "serious" // its owner must act, and the authority looks at once
)

// Part is the part that an owner has in the chain.
type Part string

// The parts.
const (
	Signer    Part = "signer" // of the event, whatever else it is
	Consignor Part = "consignor"
	Carrier   Part = "carrier"
	Consignee Part = "consignee"
	Custodian Part = "custodian" // in whose hands the batch was, on no manifest
	Treater   Part = "treater"
)

// Owner is who must explain a finding. That is no verdict: the giver of a load that
// weighs less at the taker's gate is asked first, because it signed the weight before.
type Owner struct {
	Party id.Party `json:"party"`
	Part  Part     `json:"part"`
}

// Finding is what a rule has to say of an entry.
type Finding struct {
	Rule     Code        `json:"rule"`
	Severity Severity    `json:"severity"`
	Owner    Owner       `json:"owner,omitzero"`
	Seq      int64       `json:"seq"`
	Event    id.Event    `json:"event,omitzero"`
	Batch    id.Batch    `json:"batch,omitzero"`
	Grams    waste.Grams `json:"grams,omitempty"` // lost (plus) or gained (minus)
	ZH       string      `json:"zh"`
	EN       string      `json:"en"`
	Version  string      `json:"rule_version"`
	// Settled is the agreed correction by whose values nothing of the finding is left, and Arose
	// the one by whose values there is a finding where none was. What was signed stays in the
	// chain, and so does what was to be said of it then.
	Settled id.Event `json:"settled,omitzero"`
	Arose   id.Event `json:"arose,omitzero"`
	// Pointer, Source and Certainty are of rules whose law is data: where in the payload, which
	// instrument and article, how sure.
	Pointer   string `json:"pointer,omitempty"`
	Source    string `json:"source,omitempty"`
	Certainty string `json:"certainty,omitempty"`
}

// Reconcile holds what was found of an entry as it was signed against what is found with the
// values of an agreed correction. Nothing is taken away: what is found no more is marked as
// settled, and what only the new values show is added.
func Reconcile(was, now []Finding, by id.Event) []Finding {
	out := slices.Clone(was)
	for i := range out {
		if !slices.ContainsFunc(now, out[i].alike) {
			out[i].Settled = by
		}
	}
	for _, f := range now {
		if !slices.ContainsFunc(was, f.alike) {
			f.Arose = by
			out = append(out, f)
		}
	}
	return out
}

// alike says whether two findings on one entry say the same.
func (f Finding) alike(o Finding) bool {
	return f.Rule == o.Rule && f.Batch == o.Batch && f.Severity == o.Severity && f.Grams == o.Grams && f.EN == o.EN
}
