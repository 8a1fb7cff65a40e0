// Package batch folds the ordered events of one batch into its state: stage, custody,
// grams, and who may do what next (design section 2, idea 3).
//
// It must not store states, read a clock, or judge deadlines. The fold depends on the
// log's order alone; the same entries give the same state for ever.
package batch

import (
	"slices"

	"liandan/internal/event"
	"liandan/internal/id"
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

	HandedOver Stage = "handed_over" // offered to the next carrier or a transfer point, not yet taken over
	AtPoint    Stage = "at_point"    // in temporary storage at a transfer point
	Refused    Stage = "refused"     // whole, by the consignee; the carrier has it still
	Returned   Stage = "returned"    // the carrier is back at the consignor's with it
	Repacked   Stage = "repacked"    // all of it is in other batches now
	Cancelled  Stage = "cancelled"   // of a manifest and its lines only
	Lost       Stage = "lost"        // spilled, leaked, burned or stolen: none of it is in anybody's hands
)

// Grade is how good the evidence of a chain is; the weakest entry decides, for good.
type Grade string

// The grades. A chain of events that their own actors signed has none.
const OnPaper Grade = "paper" // a part of it was signed on paper and filled in later

// State is a batch as its chain leaves it. The zero State is a batch without events.
// Its JSON is stored by projections and compared byte for byte.
type State struct {
	ID          id.Batch        `json:"id"`
	Stage       Stage           `json:"stage"`
	Code        waste.Code      `json:"code"`
	Form        waste.Form      `json:"form"`
	Packaging   waste.Packaging `json:"packaging"`
	Measured    event.Measured  `json:"measured"`
	Label       event.Label     `json:"label,omitempty"`
	Generator   id.Party        `json:"generator"`
	Origin      id.Site         `json:"origin"`
	Agent       id.Party        `json:"agent,omitzero"` // who signed the generation in the generator's place
	BornAt      int64           `json:"born_at"`        // signer's clock, Unix milliseconds UTC
	Custodian   id.Party        `json:"custodian"`
	Site        id.Site         `json:"site,omitzero"`
	Grams       waste.Grams     `json:"grams"`                   // in custody now
	Initial     waste.Grams     `json:"initial_grams"`           // at generation
	Refused     waste.Grams     `json:"refused_grams,omitempty"` // left with carriers, without a batch of their own
	TreatedSum  waste.Grams     `json:"treated_grams,omitempty"`
	Estimated   waste.Grams     `json:"estimated_grams,omitzero"` // the estimate that a scale took the place of
	Scale       string          `json:"scale,omitempty"`          // number of the scale that weighed last
	Packages    int             `json:"packages,omitzero"`        // as counted last; 0: nobody did
	Residue     waste.Grams     `json:"residue_grams,omitzero"`   // left by treatments, of the treated grams
	Methods     []waste.Method  `json:"methods,omitempty"`        // sorted
	LastTreated id.Event        `json:"last_treated,omitzero"`    // the latest treatment by the signers' clocks
	TreatedAt   int64           `json:"treated_at,omitzero"`      // its time, Unix milliseconds UTC
	Lost        waste.Grams     `json:"lost_grams,omitzero"`      // by incidents
	Grade       Grade           `json:"grade,omitempty"`

	Manifest      id.Manifest `json:"manifest,omitzero"`
	Profile       string      `json:"profile,omitempty"` // of the manifest
	Consignor     id.Party    `json:"consignor,omitzero"`
	ConsignorSite id.Site     `json:"consignor_site,omitzero"`
	Carrier       id.Party    `json:"carrier,omitzero"`
	CarrierSite   id.Site     `json:"carrier_site,omitzero"`
	Consignee     id.Party    `json:"consignee,omitzero"`
	ConsigneeSite id.Site     `json:"consignee_site,omitzero"`
	Vehicle       string      `json:"vehicle,omitempty"`
	Trip          id.Trip     `json:"trip,omitzero"`

	Repacked waste.Grams `json:"repacked_grams,omitzero"` // taken out of it into other batches
	Parents  []id.Batch  `json:"parents,omitempty"`       // the batches that this one was made of
	Before   Stage       `json:"before,omitempty"`        // issued: where a cancellation leads back to
	To       id.Party    `json:"to,omitzero"`             // handed over: who is to take it
	ToSite   id.Site     `json:"to_site,omitzero"`        // handed over: the transfer point
	Owed     []Sheet     `json:"owed,omitempty"`          // accepted manifests before the present one, whose consignors still wait for the outcome
	Ends     []id.Event  `json:"ends,omitempty"`          // beside Answer, what a report under an owed manifest may name

	// Inside the house.
	Department string `json:"department,omitempty"` // where it arose; "" when its parents differ
	Room       string `json:"room,omitempty"`       // the department or store that it is in, where that was said
	StoredAt   int64  `json:"stored_at,omitzero"`   // first put into a store, Unix milliseconds UTC; of children, the earliest
	Isolation  bool   `json:"isolation,omitempty"`  // some of it is of patients in isolation
	Layers     int    `json:"layers,omitempty"`
	Container  string `json:"container,omitempty"` // number of the container, as printed on it
	BegunAt    int64  `json:"begun_at"`            // the container was filled, Unix milliseconds UTC
	EmptiedAt  int64  `json:"emptied_at,omitzero"` // it was emptied: accepted, packed over or treated

	Corrections []Correction `json:"corrections,omitempty"` // proposed in its chain, in order

	// Answer is the event that the next hand-over event must name in refs.
	Answer id.Event `json:"answer,omitzero"`
	N      int64    `json:"n"`
	Head   id.Hash  `json:"head"`
	Seq    int64    `json:"seq"`
	LastAt int64    `json:"last_at"` // signer's clock of the last event, Unix milliseconds UTC
}

// Sheet is a manifest that a batch was accepted on, with its parties.
type Sheet struct {
	Manifest      id.Manifest `json:"manifest"`
	Profile       string      `json:"profile,omitempty"`
	Consignor     id.Party    `json:"consignor"`
	ConsignorSite id.Site     `json:"consignor_site"`
	Carrier       id.Party    `json:"carrier"`
	CarrierSite   id.Site     `json:"carrier_site"`
	Consignee     id.Party    `json:"consignee"`
	ConsigneeSite id.Site     `json:"consignee_site"`
	Vehicle       string      `json:"vehicle,omitempty"`
	Trip          id.Trip     `json:"trip,omitzero"`
}

// sheet is the present manifest.
func (s State) sheet() Sheet {
	return Sheet{s.Manifest, s.Profile, s.Consignor, s.ConsignorSite, s.Carrier, s.CarrierSite, s.Consignee, s.ConsigneeSite, s.Vehicle, s.Trip}
}

// on puts the batch on a manifest; the zero Sheet takes it off.
func (s State) on(x Sheet) State {
	s.Manifest, s.Profile, s.Consignor, s.ConsignorSite, s.Carrier, s.CarrierSite = x.Manifest, x.Profile, x.Consignor, x.ConsignorSite, x.Carrier, x.CarrierSite
	s.Consignee, s.ConsigneeSite, s.Vehicle, s.Trip = x.Consignee, x.ConsigneeSite, x.Vehicle, x.Trip
	return s
}

// owed is the place of a manifest among those that still wait for the outcome, or -1.
func (s State) owed(m id.Manifest) int {
	return slices.IndexFunc(s.Owed, func(x Sheet) bool { return x.Manifest == m })
}

// Sheets lists the manifests that the batch is on or owes an outcome.
func (s State) Sheets() []id.Manifest {
	var out []id.Manifest
	if !s.Manifest.IsZero() {
		out = append(out, s.Manifest)
	}
	for _, x := range s.Owed {
		out = append(out, x.Manifest)
	}
	return out
}
