package manifest

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Next lists what may come next, by the least advanced line.
func (s State) Next() []batch.Step {
	if s.Profile == batch.Pipeline {
		switch s.Stage {
		case batch.Issued:
			return []batch.Step{{Type: event.MeterRecorded, Party: s.Consignor}}
		case batch.Delivered:
			return []batch.Step{{Type: event.MeterRecorded, Party: s.Consignee, Role: party.Operator}}
		}
	}
	switch s.Stage {
	case batch.Issued:
		return []batch.Step{{Type: event.TransportCollected, Party: s.Carrier, Role: party.Carrier}}
	case batch.InTransit:
		return []batch.Step{{Type: event.TransportDelivered, Party: s.carrying(), Role: party.Carrier}}
	case batch.HandedOver:
		leg := s.Legs[len(s.Legs)-1]
		if leg.Site.IsZero() {
			return []batch.Step{{Type: event.TransportCollected, Party: leg.To, Role: party.Carrier, Refs: leg.Handed}}
		}
		return []batch.Step{{Type: event.BatchReceived, Party: leg.To, Refs: leg.Handed}}
	case batch.AtPoint:
		return []batch.Step{{Type: event.TransportHandedOver, Party: s.Legs[len(s.Legs)-1].To}}
	case batch.Delivered:
		return []batch.Step{{Type: event.ManifestAccepted, Party: s.Consignee, Role: party.Operator}}
	case batch.Refused:
		return []batch.Step{{Type: event.TransportReturned, Party: s.carrying(), Role: party.Carrier}}
	case batch.Returned:
		if !s.returned() {
			return []batch.Step{{Type: event.BatchReceived, Party: s.Consignor}}
		}
	case batch.Accepted:
		if !s.sentOn() {
			return []batch.Step{{Type: event.BatchTreated, Party: s.Consignee, Role: party.Operator}}
		}
	case batch.Treated, batch.Repacked:
		return []batch.Step{{Type: event.OutcomeReported, Party: s.Consignee, Role: party.Operator}}
	}
	return nil
}

// carrying is who took the load over last.
func (s State) carrying() (p id.Party) {
	p = s.Carrier
	for _, l := range s.Legs {
		if !l.Taken.IsZero() && l.Site.IsZero() {
			p = l.To
		}
	}
	return p
}

func (s State) returned() bool {
	return !slices.ContainsFunc(s.Lines, func(l Line) bool { return l.Stage == batch.Returned && l.Returned == 0 })
}

// sentOn says whether every accepted line waits for the parties of another manifest.
func (s State) sentOn() bool {
	on := false
	for _, l := range s.Lines {
		if l.Stage == batch.Accepted && l.Onward.IsZero() {
			return false
		}
		on = on || l.Stage == batch.Accepted
	}
	return on
}

// whole is every event of a manifest, in order.
var whole = []event.Type{event.ManifestIssued, event.TransportHandedOver, event.TransportCollected, event.TransportDelivered,
	event.TransportReturned, event.BatchReceived, event.ManifestAccepted, event.BatchTreated, event.OutcomeReported}

// owes lists what a line at that stage still needs, in the order of whole.
func owes(st batch.Stage, home bool) []event.Type {
	straight := []event.Type{event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestAccepted,
		event.BatchTreated, event.OutcomeReported}
	switch st {
	case batch.Issued, batch.HandedOver:
		return straight[1:]
	case batch.AtPoint:
		return append([]event.Type{event.TransportHandedOver}, straight[1:]...)
	case batch.InTransit:
		return straight[2:]
	case batch.Delivered:
		return straight[3:]
	case batch.Accepted:
		return straight[4:]
	case batch.Treated, batch.Repacked:
		return straight[5:]
	case batch.Refused:
		return []event.Type{event.TransportReturned, event.BatchReceived}
	case batch.Returned:
		if home {
			return nil
		}
		return []event.Type{event.BatchReceived}
	case batch.Reported, batch.Cancelled, batch.Lost:
		return nil
	}
	return straight
}

// Missing lists the events owed until the manifest is closed: those of its least advanced
// line, and what the lines before it owe beside.
func (s State) Missing() []event.Type {
	if s.Profile == batch.Pipeline && (s.Stage == batch.Issued || s.Stage == batch.Delivered) {
		return []event.Type{event.MeterRecorded, event.BatchTreated, event.OutcomeReported}
	}
	owed := owes(s.Stage, s.returned())
	for _, l := range s.Lines {
		if order[l.Stage] > order[s.Stage] {
			owed = append(slices.Clone(owed), owes(l.Stage, l.Returned > 0)...)
		}
	}
	out := []event.Type{}
	for _, t := range whole {
		if slices.Contains(owed, t) {
			out = append(out, t)
		}
	}
	return out
}
