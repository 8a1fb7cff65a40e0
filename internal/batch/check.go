package batch

import (
	"slices"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Check says whether an event may come next for this batch. Faults: wrong-stage,
// not-custodian; both carry the chain's head and what would be allowed.
func (s State) Check(e event.Event, b event.Batch) error {
	if e.Type.Mends() {
		return s.checkCorrection(e, b)
	}
	if e.Type == event.ManifestNumbered { // the manifest knows who may say it and when
		if s.Stage == None {
			return s.refuse(fault.WrongStage, b.ID, "The batch has no events here yet; %s must wait for its batch.generated.", e.Type)
		}
		return nil
	}
	if err := s.checkStage(e); err != nil {
		return err
	}
	if err := s.checkParty(e, b); err != nil {
		return err
	}
	if err := s.checkRoom(e, b.ID); err != nil {
		return err
	}
	if mustAnswer[e.Type] && !s.answered(e) {
		return s.refuse(fault.WrongStage, b.ID, "The event must name event %s, which it answers, in refs.", s.Answer)
	}
	if event.TakesOut(e.Type) && b.Grams > s.Grams {
		return s.refuse(fault.WrongStage, b.ID, "%s kg are to be treated, packed over or lost, but only %s kg of the batch are there.", b.Grams.Kilograms(), s.Grams.Kilograms())
	}
	if d, ok := e.Data.(event.Repacked); ok && len(d.Children) > 0 && d.Children[0].Code != s.Code {
		return s.refuse(fault.WrongStage, b.ID, "The batch is %s; what is packed out of it cannot be %s.", s.Code, d.Children[0].Code)
	}
	return nil
}

// CheckBirth says whether an event may begin this batch, which must not be there yet. The
// fault is wrong-stage.
func (s State) CheckBirth(e event.Event, b event.Birth) error {
	if s.Stage == None {
		return nil
	}
	return s.refuse(fault.WrongStage, b.ID, "The batch is there already; %s must begin it under a new id.", e.Type)
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
	event.BatchGenerated:      {None},
	event.BatchRepacked:       {Generated, Received, Stored, Accepted},
	event.BatchReleased:       {Generated, Received, Stored, Accepted},
	event.BatchReceived:       {Released, HandedOver, Returned},
	event.BatchStored:         {Generated, Received, Stored, Accepted, AtPoint},
	event.ManifestIssued:      {Generated, Received, Stored, Accepted}, // accepted: a collector's onward manifest
	event.ManifestCancelled:   {Issued},
	event.TransportCollected:  {Issued, HandedOver},
	event.TransportHandedOver: {InTransit, AtPoint, HandedOver}, // handed over: to somebody else, as nobody came
	event.TransportDelivered:  {InTransit},
	event.ManifestAccepted:    {Delivered},
	event.ManifestRefused:     {Delivered},
	event.TransportReturned:   {Refused},
	event.BatchTreated:        {Accepted, Generated, Received, Stored},
	event.OutcomeReported:     {Treated, Repacked, Reported},
	event.MeterRecorded:       {Issued, Delivered},
	event.PaperBackfilled:     {Generated, Received, Stored, Accepted}, // as manifest.issued: the slip begins with it
	event.IncidentReported: {Generated, Released, Received, Stored, Issued, InTransit, HandedOver, AtPoint, Delivered, Accepted,
		Refused, Returned},
}

func (s State) checkStage(e event.Event) error {
	ok := slices.Contains(from[e.Type], s.Stage)
	switch {
	case s.Stage != HandedOver:
	case e.Type == event.TransportCollected:
		ok = s.ToSite.IsZero()
	case e.Type == event.BatchReceived:
		ok = !s.ToSite.IsZero()
	}
	switch e.Type {
	case event.OutcomeReported:
		ok = ok && s.awaits(e.Manifest)
	case event.MeterRecorded:
		ok = ok && s.Profile == Pipeline
	case event.TransportCollected, event.ManifestAccepted, event.ManifestRefused:
		ok = ok && s.Profile != Pipeline
	}
	if ok {
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

// awaits says whether the consignor of a manifest still waits for the outcome.
func (s State) awaits(m id.Manifest) bool {
	return !m.IsZero() && (m == s.Manifest && s.Stage != Reported || s.owed(m) >= 0)
}

// onManifest are the types that must name the batch's present manifest.
var onManifest = map[event.Type]bool{event.ManifestCancelled: true, event.TransportCollected: true, event.TransportHandedOver: true,
	event.TransportDelivered: true, event.ManifestAccepted: true, event.ManifestRefused: true, event.TransportReturned: true, event.MeterRecorded: true}

func (s State) checkParty(e event.Event, b event.Batch) error {
	if e.Type == event.BatchGenerated {
		return nil
	}
	if onManifest[e.Type] && e.Manifest != s.Manifest {
		return s.refuse(fault.WrongStage, b.ID, "The batch is not on this manifest.")
	}
	if e.Type == event.IncidentReported && !b.Weighed {
		return s.concerned(e, b)
	}
	if d, ok := e.Data.(event.Backfilled); ok { // its signer is one of the two by its shape
		if s.Custodian != d.Consignor || s.Site != d.ConsignorSite {
			return s.refuse(fault.NotCustodian, b.ID, "The batch is not in the hands of the slip's consignor, at its site.")
		}
		return nil
	}
	if e.For() != s.hand(e) {
		return s.refuse(fault.NotCustodian, b.ID, "The batch is not in this party's hands; another party must sign %s.", e.Type)
	}
	switch e.Type {
	case event.MeterRecorded:
		if s.Stage == Delivered && e.Site != s.ConsigneeSite {
			return s.refuse(fault.NotCustodian, b.ID, "The manifest names another site of the consignee.")
		}
	case event.ManifestAccepted, event.ManifestRefused:
		if e.Site != s.ConsigneeSite {
			return s.refuse(fault.NotCustodian, b.ID, "The manifest names another site of the consignee.")
		}
	case event.BatchReceived:
		if s.Stage == HandedOver && e.Site != s.ToSite {
			return s.refuse(fault.NotCustodian, b.ID, "The hand-over names another site.")
		}
	case event.BatchRepacked:
		if e.Site != s.Site {
			return s.refuse(fault.NotCustodian, b.ID, "The batch is at another site; batches are packed over where they all are.")
		}
	}
	return nil
}

// concerned lets every party of a batch report an incident that takes no grams away.
func (s State) concerned(e event.Event, b event.Batch) error {
	if slices.Contains([]id.Party{s.Custodian, s.Generator, s.Consignor, s.Carrier, s.Consignee, s.To}, e.Party) {
		return nil
	}
	return s.refuse(fault.NotCustodian, b.ID, "This party has no part in the batch; report the incident without naming it.")
}

// Pipeline is the profile of waste that moves by pipe: read at two meters, carried by nobody.
const Pipeline = "pipeline"

// hand is the party that must sign an event of that type.
func (s State) hand(e event.Event) id.Party {
	switch {
	case e.Type == event.TransportCollected && s.Stage == Issued:
		return s.Carrier
	case s.Stage == HandedOver && (e.Type == event.TransportCollected || e.Type == event.BatchReceived):
		return s.To
	case e.Type == event.BatchReceived && s.Stage == Returned:
		return s.Consignor
	case e.Type == event.MeterRecorded && s.Stage == Delivered:
		return s.Consignee
	case e.Type == event.ManifestAccepted, e.Type == event.ManifestRefused, e.Type == event.OutcomeReported && e.Manifest == s.Manifest:
		return s.Consignee
	case e.Type == event.OutcomeReported:
		return s.Owed[s.owed(e.Manifest)].Consignee
	}
	return s.Custodian
}

// mustAnswer are the types that take something over or answer another party.
var mustAnswer = map[event.Type]bool{event.BatchReceived: true, event.ManifestCancelled: true, event.TransportCollected: true,
	event.TransportHandedOver: true, event.TransportDelivered: true, event.ManifestAccepted: true, event.ManifestRefused: true,
	event.TransportReturned: true, event.OutcomeReported: true, event.MeterRecorded: true}

func (s State) answered(e event.Event) bool {
	if slices.Contains(e.Refs, s.Answer) {
		return true
	}
	return e.Type == event.OutcomeReported && e.Manifest != s.Manifest && slices.ContainsFunc(e.Refs, func(x id.Event) bool { return slices.Contains(s.Ends, x) })
}
