package batch

import (
	"slices"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Place is where an event stands in the log, for one batch.
type Place struct {
	Seq  int64
	N    int64
	Leaf id.Hash
}

// Check says whether an event may come next for this batch. Faults: wrong-stage,
// not-custodian; both carry the chain's head and what would be allowed.
func (s State) Check(e event.Event, b event.Batch) error {
	if err := s.checkStage(e); err != nil {
		return err
	}
	if err := s.checkParty(e, b); err != nil {
		return err
	}
	if need := s.mustAnswer(e.Type); need && !slices.Contains(e.Refs, s.Answer) {
		return s.refuse(fault.WrongStage, b.ID, "The event must name event %s, which it answers, in refs.", s.Answer)
	}
	if e.Type == event.BatchTreated && b.Grams > s.Grams {
		return s.refuse(fault.WrongStage, b.ID, "%s kg are to be treated, but only %s kg of the batch are there.", b.Grams.Kilograms(), s.Grams.Kilograms())
	}
	return nil
}

func (s State) refuse(k fault.Kind, b id.Batch, format string, args ...any) error {
	f := fault.New(k, format, args...).With("batch", b.String()).With("stage", s.stageName()).With("allowed", s.Next())
	if !s.Head.IsZero() {
		f.With("head", s.Head.String()).With("entries", s.N)
	}
	return f
}

func (s State) stageName() string {
	if s.Stage == None {
		return "unknown"
	}
	return string(s.Stage)
}

// from lists the stages that a type may follow.
var from = map[event.Type][]Stage{
	event.BatchGenerated:     {None},
	event.BatchReleased:      {Generated, Received, Stored},
	event.BatchReceived:      {Released},
	event.BatchStored:        {Generated, Received, Stored},
	event.ManifestIssued:     {Generated, Received, Stored, Accepted}, // accepted: a collector's onward manifest
	event.TransportCollected: {Issued},
	event.TransportDelivered: {InTransit},
	event.ManifestAccepted:   {Delivered},
	event.BatchTreated:       {Accepted, Generated, Received, Stored},
	event.OutcomeReported:    {Treated},
}

func (s State) checkStage(e event.Event) error {
	if slices.Contains(from[e.Type], s.Stage) {
		return nil
	}
	var b id.Batch
	if len(e.Batches) > 0 {
		b = e.Batches[0].ID
	}
	if !s.ID.IsZero() {
		b = s.ID
	}
	if s.Stage == None {
		return s.refuse(fault.WrongStage, b, "The batch has no events here yet; %s must wait for its batch.generated.", e.Type)
	}
	return s.refuse(fault.WrongStage, b, "The batch is %s; %s may not come next.", s.Stage, e.Type)
}

func (s State) checkParty(e event.Event, b event.Batch) error {
	switch e.Type {
	case event.BatchGenerated:
		return nil
	case event.TransportCollected, event.TransportDelivered, event.ManifestAccepted, event.OutcomeReported:
		if e.Manifest != s.Manifest {
			return s.refuse(fault.WrongStage, b.ID, "The batch is not on this manifest.")
		}
	}
	want := s.Custodian
	switch e.Type {
	case event.TransportCollected, event.TransportDelivered:
		want = s.Carrier
	case event.ManifestAccepted, event.OutcomeReported:
		want = s.Consignee
	}
	if e.Party != want {
		return s.refuse(fault.NotCustodian, b.ID, "The batch is not in this party's hands; another party must sign %s.", e.Type)
	}
	if e.Type == event.ManifestAccepted && e.Site != s.ConsigneeSite {
		return s.refuse(fault.NotCustodian, b.ID, "The manifest names another site of the consignee.")
	}
	return nil
}

func (s State) mustAnswer(t event.Type) bool {
	switch t {
	case event.BatchReceived, event.TransportCollected, event.TransportDelivered, event.ManifestAccepted, event.OutcomeReported:
		return true
	}
	return false
}

// Apply folds an event that Check let through.
func (s State) Apply(e event.Event, b event.Batch, at Place) State {
	s.N, s.Head, s.Seq, s.LastAt = at.N, at.Leaf, at.Seq, e.At.UnixMilli()
	if b.Weighed && e.Type != event.BatchTreated {
		s.Grams = b.Grams
	}
	switch d := e.Data.(type) {
	case event.Generated:
		s.ID, s.Stage = b.ID, Generated
		s.Code, s.Form, s.Packaging, s.Measured, s.Label = d.Code, d.Form, d.Packaging, d.Measured, d.Label
		s.Generator, s.Origin, s.Custodian, s.Site = e.Party, e.Site, e.Party, e.Site
		s.Initial, s.BornAt = b.Grams, e.At.UnixMilli()
	case event.Released:
		s.Stage, s.Answer = Released, e.ID
	case event.Received:
		s.Stage, s.Site, s.Answer = Received, e.Site, id.Event{}
	case event.Stored:
		s.Stage, s.Site = Stored, e.Site
	case event.Issued:
		s = s.applyIssued(e, d)
	case event.Collected:
		s.Stage, s.Custodian, s.CarrierSite, s.Site = InTransit, e.Party, e.Site, id.Site{}
		s.Vehicle, s.Trip, s.Answer = d.Vehicle, e.Trip, e.ID
	case event.Delivered:
		s.Stage, s.Vehicle, s.Answer = Delivered, d.Vehicle, e.ID
	case event.Accepted:
		s.Stage, s.Custodian, s.Site, s.Answer = Accepted, e.Party, e.Site, id.Event{}
		s.Refused = b.RefusedGrams
	case event.Treated:
		s = s.applyTreated(e, b, d)
	case event.Outcome:
		s.Stage, s.Answer = Reported, id.Event{}
	}
	return s
}

func (s State) applyIssued(e event.Event, d event.Issued) State {
	s.Stage, s.Answer = Issued, e.ID
	s.Manifest, s.Consignor, s.ConsignorSite = e.Manifest, e.Party, s.Site
	s.Carrier, s.Consignee, s.ConsigneeSite = d.Carrier, d.Consignee, d.ConsigneeSite
	return s
}

// applyTreated takes grams away; the batch is treated when nothing is left.
func (s State) applyTreated(e event.Event, b event.Batch, d event.Treated) State {
	s.Grams -= b.Grams
	s.TreatedSum += b.Grams
	if !slices.Contains(s.Methods, d.Method) {
		s.Methods = append(slices.Clone(s.Methods), d.Method)
	}
	s.Answer = e.ID
	if s.Grams == 0 {
		s.Stage = Treated
	}
	return s
}
