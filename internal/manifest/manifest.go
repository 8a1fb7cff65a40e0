// Package manifest folds the events of one manifest (联单) into its state: parties,
// lines with their grams at each hand-over, and who is next (Order 23 art. 14 to 18).
//
// It must not judge a single batch's stage (package batch does), store anything, or
// invent the national number: that arrives as an attribute, perhaps late.
package manifest

import (
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// Line is one batch on the manifest.
type Line struct {
	Batch     id.Batch      `json:"batch"`
	Code      waste.Code    `json:"code"`
	Stage     batch.Stage   `json:"stage"`
	Packages  int           `json:"packages,omitempty"`
	Issued    waste.Grams   `json:"issued_grams"`
	Collected waste.Grams   `json:"collected_grams,omitempty"`
	Accepted  waste.Grams   `json:"accepted_grams,omitempty"`
	Refused   waste.Grams   `json:"refused_grams,omitempty"`
	Treated   waste.Grams   `json:"treated_grams,omitempty"`
	Verdict   event.Verdict `json:"verdict,omitempty"`
	Reason    string        `json:"reason,omitempty"`
}

// State is a manifest as its events leave it. Its JSON is stored by projections and
// compared byte for byte.
type State struct {
	ID            id.Manifest  `json:"id"`
	Stage         batch.Stage  `json:"stage"` // of the least advanced line
	Profile       string       `json:"profile"`
	Number        string       `json:"number,omitempty"`
	Consignor     id.Party     `json:"consignor"`
	ConsignorSite id.Site      `json:"consignor_site"`
	Carrier       id.Party     `json:"carrier"`
	Consignee     id.Party     `json:"consignee"`
	ConsigneeSite id.Site      `json:"consignee_site"`
	Method        waste.Method `json:"method,omitempty"`
	Vehicle       string       `json:"vehicle,omitempty"`
	Permit        string       `json:"permit,omitempty"`
	Trip          id.Trip      `json:"trip,omitzero"`
	Lines         []Line       `json:"lines"`
	IssuedAt      int64        `json:"issued_at"` // signers' clocks, Unix milliseconds UTC
	CollectedAt   int64        `json:"collected_at,omitempty"`
	DeliveredAt   int64        `json:"delivered_at,omitempty"`
	AcceptedAt    int64        `json:"accepted_at,omitempty"`
	ReportedAt    int64        `json:"reported_at,omitempty"`
	Events        []id.Event   `json:"events"`
	Seq           int64        `json:"seq"`
}

// Check says whether an event that names this manifest may come next. Faults:
// wrong-stage, not-custodian.
func (s State) Check(e event.Event) error {
	if e.Type == event.ManifestIssued {
		if !s.ID.IsZero() {
			return fault.New(fault.WrongStage, "The manifest has been issued already; issue a new one under a new id.").
				With("manifest", s.ID.String()).With("stage", string(s.Stage))
		}
		return nil
	}
	if s.ID.IsZero() {
		return fault.New(fault.WrongStage, "The manifest has not been issued here yet; %s must wait for its manifest.issued.", e.Type).
			With("manifest", e.Manifest.String()).With("stage", "unknown").
			With("allowed", []batch.Step{{Type: event.ManifestIssued, Role: party.Generator}})
	}
	for _, b := range e.Batches {
		if s.line(b.ID) < 0 {
			return fault.New(fault.WrongStage, "The batch is not on this manifest.").
				With("manifest", s.ID.String()).With("batch", b.ID.String()).With("stage", string(s.Stage))
		}
	}
	return nil
}

func (s State) line(b id.Batch) int {
	for i, l := range s.Lines {
		if l.Batch == b {
			return i
		}
	}
	return -1
}

// Apply folds an event; after holds the states, after the event, of the batches that
// the event names and that are on this manifest.
func (s State) Apply(e event.Event, after []batch.State, seq int64) State {
	s.Lines = append([]Line(nil), s.Lines...)
	s.Events = append(append([]id.Event(nil), s.Events...), e.ID)
	s.Seq = seq
	at := e.At.UnixMilli()
	// Lines may be collected, accepted or reported one by one. The latest time counts, not
	// the last to arrive: the order of arrival must not matter.
	switch d := e.Data.(type) {
	case event.Issued:
		s.ID, s.Profile, s.Number, s.Method = e.Manifest, d.Profile, d.Number, d.Method
		s.Consignor, s.ConsignorSite = e.Party, e.Site
		s.Carrier, s.Consignee, s.ConsigneeSite = d.Carrier, d.Consignee, d.ConsigneeSite
		s.IssuedAt = at
	case event.Collected:
		s.Vehicle, s.Permit, s.Trip, s.CollectedAt = d.Vehicle, d.Permit, e.Trip, max(s.CollectedAt, at)
	case event.Delivered:
		s.DeliveredAt = max(s.DeliveredAt, at)
	case event.Accepted:
		s.AcceptedAt = max(s.AcceptedAt, at)
	case event.Outcome:
		s.ReportedAt = max(s.ReportedAt, at)
	}
	for _, b := range after {
		s.applyLine(e, b)
	}
	s.Stage = s.least()
	return s
}

func (s *State) applyLine(e event.Event, after batch.State) {
	i := s.line(after.ID)
	if i < 0 {
		if e.Type != event.ManifestIssued {
			return
		}
		s.Lines = append(s.Lines, Line{Batch: after.ID, Code: after.Code})
		i = len(s.Lines) - 1
	}
	l := &s.Lines[i]
	l.Stage = after.Stage
	for _, b := range e.Batches {
		if b.ID != after.ID {
			continue
		}
		switch e.Type {
		case event.ManifestIssued:
			l.Issued, l.Packages = b.Grams, b.Packages
		case event.TransportCollected:
			l.Collected = b.Grams
		case event.ManifestAccepted:
			l.Accepted, l.Refused, l.Verdict, l.Reason = b.Grams, b.RefusedGrams, b.Verdict, b.Reason
		case event.BatchTreated:
			l.Treated += b.Grams // under this manifest; a batch may have been treated in part before it
		}
	}
}

// order ranks the stages of a line on a manifest.
var order = map[batch.Stage]int{batch.Issued: 1, batch.InTransit: 2, batch.Delivered: 3, batch.Accepted: 4, batch.Treated: 5, batch.Reported: 6}

func (s State) least() batch.Stage {
	low := batch.Reported
	for _, l := range s.Lines {
		if order[l.Stage] < order[low] {
			low = l.Stage
		}
	}
	return low
}

// Next lists what may come next, by the least advanced line.
func (s State) Next() []batch.Step {
	switch s.Stage {
	case batch.Issued:
		return []batch.Step{{Type: event.TransportCollected, Party: s.Carrier, Role: party.Carrier}}
	case batch.InTransit:
		return []batch.Step{{Type: event.TransportDelivered, Party: s.Carrier, Role: party.Carrier}}
	case batch.Delivered:
		return []batch.Step{{Type: event.ManifestAccepted, Party: s.Consignee, Role: party.Operator}}
	case batch.Accepted:
		return []batch.Step{{Type: event.BatchTreated, Party: s.Consignee, Role: party.Operator}}
	case batch.Treated:
		return []batch.Step{{Type: event.OutcomeReported, Party: s.Consignee, Role: party.Operator}}
	}
	return nil
}

// Missing lists the events owed until the manifest is closed.
func (s State) Missing() []event.Type {
	all := []event.Type{event.ManifestIssued, event.TransportCollected, event.TransportDelivered,
		event.ManifestAccepted, event.BatchTreated, event.OutcomeReported}
	return all[order[s.Stage]:]
}
