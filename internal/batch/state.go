// Package batch folds the ordered events of one batch into its state: stage, custody,
// grams, and who may do what next (design section 2, idea 3).
//
// It must not store states, read a clock, or judge deadlines. The fold depends on the
// log's order alone; the same entries give the same state for ever.
package batch

import (
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// Stage is how far a batch has come.
type Stage string

// The stages.
const (
	None      Stage = ""          // no event yet
	Generated Stage = "generated" // closed and weighed where it arose
	Released  Stage = "released"  // given on inside the party, not yet taken over
	Received  Stage = "received"
	Stored    Stage = "stored"
	Issued    Stage = "issued" // on a manifest, waiting for the carrier
	InTransit Stage = "in_transit"
	Delivered Stage = "delivered" // at the consignee's gate, not yet accepted
	Accepted  Stage = "accepted"  // wholly or in part
	Treated   Stage = "treated"   // nothing left in custody
	Reported  Stage = "reported"  // the consignor knows the outcome
)

// State is a batch as its chain leaves it. The zero State is a batch without events.
// Its JSON is stored by projections and compared byte for byte.
type State struct {
	ID         id.Batch        `json:"id"`
	Stage      Stage           `json:"stage"`
	Code       waste.Code      `json:"code"`
	Form       waste.Form      `json:"form"`
	Packaging  waste.Packaging `json:"packaging"`
	Measured   event.Measured  `json:"measured"`
	Label      event.Label     `json:"label,omitempty"`
	Generator  id.Party        `json:"generator"`
	Origin     id.Site         `json:"origin"`
	BornAt     int64           `json:"born_at"` // signer's clock, Unix milliseconds UTC
	Custodian  id.Party        `json:"custodian"`
	Site       id.Site         `json:"site,omitzero"`
	Grams      waste.Grams     `json:"grams"`                   // in custody now
	Initial    waste.Grams     `json:"initial_grams"`           // at generation
	Refused    waste.Grams     `json:"refused_grams,omitempty"` // left with the carrier
	TreatedSum waste.Grams     `json:"treated_grams,omitempty"`
	Methods    []waste.Method  `json:"methods,omitempty"`

	Manifest      id.Manifest `json:"manifest,omitzero"`
	Consignor     id.Party    `json:"consignor,omitzero"`
	ConsignorSite id.Site     `json:"consignor_site,omitzero"`
	Carrier       id.Party    `json:"carrier,omitzero"`
	CarrierSite   id.Site     `json:"carrier_site,omitzero"`
	Consignee     id.Party    `json:"consignee,omitzero"`
	ConsigneeSite id.Site     `json:"consignee_site,omitzero"`
	Vehicle       string      `json:"vehicle,omitempty"`
	Trip          id.Trip     `json:"trip,omitzero"`

	// Answer is the event that the next hand-over event must name in refs.
	Answer id.Event `json:"answer,omitzero"`
	N      int64    `json:"n"`
	Head   id.Hash  `json:"head"`
	Seq    int64    `json:"seq"`
	LastAt int64    `json:"last_at"` // signer's clock of the last event, Unix milliseconds UTC
}

// Step is one thing that may come next.
type Step struct {
	Type  event.Type `json:"type"`
	Party id.Party   `json:"party,omitzero"` // who must sign; zero: any of the role
	Role  party.Role `json:"role,omitempty"`
	Refs  id.Event   `json:"refs,omitzero"` // the event it must answer
}

// Next lists what may come next and who may do it, the most expected first.
func (s State) Next() []Step {
	own := func(types ...event.Type) []Step {
		out := make([]Step, 0, len(types))
		for _, t := range types {
			out = append(out, Step{Type: t, Party: s.Custodian})
		}
		return out
	}
	switch s.Stage {
	case None:
		return []Step{{Type: event.BatchGenerated, Role: party.Generator}}
	case Generated, Received, Stored:
		if s.Stage == Received {
			return own(event.BatchStored, event.ManifestIssued, event.BatchReleased)
		}
		return own(event.ManifestIssued, event.BatchReleased, event.BatchStored)
	case Released:
		return []Step{{Type: event.BatchReceived, Party: s.Custodian, Refs: s.Answer}}
	case Issued:
		return []Step{{Type: event.TransportCollected, Party: s.Carrier, Role: party.Carrier, Refs: s.Answer}}
	case InTransit:
		return []Step{{Type: event.TransportDelivered, Party: s.Carrier, Role: party.Carrier, Refs: s.Answer}}
	case Delivered:
		return []Step{{Type: event.ManifestAccepted, Party: s.Consignee, Role: party.Operator, Refs: s.Answer}}
	case Accepted:
		return []Step{{Type: event.BatchTreated, Party: s.Consignee, Role: party.Operator},
			{Type: event.ManifestIssued, Party: s.Consignee, Role: party.Collector}}
	case Treated:
		if !s.Manifest.IsZero() {
			return []Step{{Type: event.OutcomeReported, Party: s.Consignee, Role: party.Operator, Refs: s.Answer}}
		}
	}
	return nil
}

// path is the whole chain of a batch that leaves its generator.
var path = []struct {
	typ   event.Type
	stage Stage
}{
	{event.BatchGenerated, Generated}, {event.ManifestIssued, Issued}, {event.TransportCollected, InTransit},
	{event.TransportDelivered, Delivered}, {event.ManifestAccepted, Accepted}, {event.BatchTreated, Treated},
	{event.OutcomeReported, Reported},
}

// Missing lists the events that the chain still lacks until it is closed, in order.
func (s State) Missing() []event.Type {
	rank := 0
	for i, p := range path {
		if s.Stage == p.stage {
			rank = i + 1
		}
	}
	switch s.Stage {
	case Received, Stored, Released:
		rank = 1
	}
	out := []event.Type{}
	if s.Stage == Released {
		out = append(out, event.BatchReceived)
	}
	for _, p := range path[rank:] {
		if p.typ == event.OutcomeReported && s.Manifest.IsZero() && rank >= len(path)-1 {
			continue // treated where it arose: nobody to report to
		}
		out = append(out, p.typ)
	}
	return out
}

// Closed reports that nothing is owed any more.
func (s State) Closed() bool { return len(s.Missing()) == 0 }
