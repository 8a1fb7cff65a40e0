package batch

import (
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Step is one thing that may come next.
type Step struct {
	Type     event.Type  `json:"type"`
	Party    id.Party    `json:"party,omitzero"` // who must sign; zero: any of the role
	Role     party.Role  `json:"role,omitempty"`
	Refs     id.Event    `json:"refs,omitzero"`     // the event it must answer
	Manifest id.Manifest `json:"manifest,omitzero"` // where it is not the present one
}

// Next lists what may come next and who may do it, the most expected first.
func (s State) Next() []Step {
	switch s.Stage {
	case None:
		return []Step{{Type: event.BatchGenerated, Role: party.Generator}}
	case Generated, Received, Stored, Accepted:
		return s.nextInHouse()
	case Released:
		return []Step{{Type: event.BatchReceived, Party: s.Custodian, Refs: s.Answer}}
	case Lost:
		return nil
	case Issued:
		if s.Profile == Pipeline {
			return []Step{{Type: event.MeterRecorded, Party: s.Consignor, Refs: s.Answer}, {Type: event.ManifestCancelled, Party: s.Consignor, Refs: s.Answer}}
		}
		return []Step{{Type: event.TransportCollected, Party: s.Carrier, Role: party.Carrier, Refs: s.Answer},
			{Type: event.ManifestCancelled, Party: s.Consignor, Refs: s.Answer}}
	case InTransit:
		return []Step{{Type: event.TransportDelivered, Party: s.Custodian, Role: party.Carrier, Refs: s.Answer},
			{Type: event.TransportHandedOver, Party: s.Custodian, Refs: s.Answer}}
	case HandedOver:
		take := Step{Type: event.TransportCollected, Party: s.To, Role: party.Carrier, Refs: s.Answer}
		if !s.ToSite.IsZero() {
			take.Type, take.Role = event.BatchReceived, ""
		}
		return []Step{take, {Type: event.TransportHandedOver, Party: s.Custodian, Refs: s.Answer}}
	case AtPoint:
		return []Step{{Type: event.TransportHandedOver, Party: s.Custodian, Refs: s.Answer}, {Type: event.BatchStored, Party: s.Custodian}}
	case Delivered:
		if s.Profile == Pipeline {
			return []Step{{Type: event.MeterRecorded, Party: s.Consignee, Role: party.Operator, Refs: s.Answer}}
		}
		return []Step{{Type: event.ManifestAccepted, Party: s.Consignee, Role: party.Operator, Refs: s.Answer},
			{Type: event.ManifestRefused, Party: s.Consignee, Role: party.Operator, Refs: s.Answer}}
	case Refused:
		return []Step{{Type: event.TransportReturned, Party: s.Custodian, Role: party.Carrier, Refs: s.Answer}}
	case Returned:
		return []Step{{Type: event.BatchReceived, Party: s.Consignor, Refs: s.Answer}}
	}
	return s.nextReports()
}

// nextInHouse is for a batch that its custodian may keep, pack over, treat or send on.
func (s State) nextInHouse() []Step {
	own := func(types ...event.Type) (out []Step) {
		for _, t := range types {
			out = append(out, Step{Type: t, Party: s.Custodian})
		}
		return out
	}
	switch {
	case s.Stage == Accepted || !s.Manifest.IsZero():
		return append([]Step{{Type: event.BatchTreated, Party: s.Custodian, Role: party.Operator},
			{Type: event.ManifestIssued, Party: s.Custodian, Role: party.Collector}}, own(event.BatchStored, event.BatchReleased, event.BatchRepacked)...)
	case s.Stage == Received:
		return own(event.BatchStored, event.ManifestIssued, event.BatchReleased, event.BatchRepacked)
	}
	return own(event.ManifestIssued, event.BatchReleased, event.BatchStored, event.BatchRepacked)
}

// nextReports is for a batch that is gone: who waits for the outcome.
func (s State) nextReports() (out []Step) {
	if s.Stage != Reported && !s.Manifest.IsZero() {
		out = append(out, Step{Type: event.OutcomeReported, Party: s.Consignee, Role: party.Operator, Refs: s.Answer})
	}
	for _, x := range s.Owed {
		out = append(out, Step{Type: event.OutcomeReported, Party: x.Consignee, Role: party.Collector, Refs: s.Answer, Manifest: x.Manifest})
	}
	return out
}

// path is the whole chain of a batch that leaves its generator.
var path = []event.Type{event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered,
	event.ManifestAccepted, event.BatchTreated, event.OutcomeReported}

// Missing lists the events that the chain still lacks until it is closed, in order.
func (s State) Missing() []event.Type {
	add := func(from int, first ...event.Type) []event.Type {
		return append(append([]event.Type{}, first...), path[from:]...)
	}
	home := 1 // what a batch in its custodian's house still has before it
	if !s.Manifest.IsZero() || s.Stage == Accepted {
		home = 5
	}
	if s.Stage == Refused || s.Stage == Returned { // it comes off its manifest
		if home = 1; len(s.Owed) > 0 {
			home = 5
		}
	}
	var out []event.Type
	switch s.Stage {
	case None:
		out = add(0)
	case Generated, Received, Stored, Accepted:
		out = add(home)
	case Released:
		out = add(home, event.BatchReceived)
	case Lost:
		return []event.Type{}
	case Issued:
		out = add(2)
		if s.Profile == Pipeline {
			out = add(5, event.MeterRecorded, event.MeterRecorded)
		}
	case InTransit:
		out = add(3)
	case HandedOver:
		out = add(2)
		if !s.ToSite.IsZero() {
			out = add(2, event.BatchReceived, event.TransportHandedOver)
		}
	case AtPoint:
		out = add(2, event.TransportHandedOver)
	case Delivered:
		out = add(4)
		if s.Profile == Pipeline {
			out = add(5, event.MeterRecorded)
		}
	case Refused:
		out = add(home, event.TransportReturned, event.BatchReceived)
	case Returned:
		out = add(home, event.BatchReceived)
	default:
		return add(len(path) - min(1, len(s.nextReports())))
	}
	if home == 5 && s.Stage != Refused && s.Stage != Returned && s.Manifest.IsZero() {
		out = out[:len(out)-1] // made of accepted batches: those owe the report
	}
	return out
}

// Closed reports that nothing is owed any more.
func (s State) Closed() bool { return len(s.Missing()) == 0 }
