// Package manifest folds the events of one manifest (联单) into its state: parties,
// lines with their grams at each hand-over, and who is next (Order 23 art. 14 to 18).
//
// It must not judge a single batch's stage (package batch does), store anything, or
// invent the national number: that arrives as an attribute, perhaps late.
package manifest

import (
	"slices"

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
	Lost      waste.Grams   `json:"lost_grams,omitzero"` // by incidents while it was on this manifest
	Verdict   event.Verdict `json:"verdict,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	Rest      id.Batch      `json:"rest,omitzero"`           // the batch of what was refused of this line; a line of its own
	Of        id.Batch      `json:"of,omitzero"`             // the line that this one is the rest of
	Returned  waste.Grams   `json:"returned_grams,omitzero"` // back in the consignor's hands: the line owes nothing more
	Onward    id.Manifest   `json:"onward,omitzero"`         // accepted here and sent on
}

// Leg is one hand-over between carriers, or to or from a transfer point (Order 23 art. 17).
type Leg struct {
	From     id.Party   `json:"from"`
	To       id.Party   `json:"to"`
	Site     id.Site    `json:"site,omitzero"` // of the transfer point
	Batches  []id.Batch `json:"batches"`
	Handed   id.Event   `json:"handed"`
	HandedAt int64      `json:"handed_at"` // signers' clocks, Unix milliseconds UTC
	Taken    id.Event   `json:"taken,omitzero"`
	TakenAt  int64      `json:"taken_at,omitzero"`
	Vehicle  string     `json:"vehicle,omitempty"`
	Trip     id.Trip    `json:"trip,omitzero"`
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
	RefusedAt     int64        `json:"refused_at,omitzero"` // of lines refused whole
	Legs          []Leg        `json:"legs,omitempty"`
	CancelledAt   int64        `json:"cancelled_at,omitzero"`
	Reason        string       `json:"reason,omitempty"` // of the cancellation
	Exempt        event.Exempt `json:"exempt,omitzero"`  // the stages that the consignor claims to be exempt
	Events        []id.Event   `json:"events"`
	Grade         batch.Grade  `json:"grade,omitempty"`
	Scan          id.Hash      `json:"scan,omitzero"` // SHA-256 of the slip's scan, where it was on paper
	Slip          string       `json:"slip,omitempty"`
	Seq           int64        `json:"seq"`
}

// Check says whether an event that names this manifest may come next. Faults:
// wrong-stage, not-custodian.
func (s State) Check(e event.Event) error {
	if e.Type == event.ManifestIssued || e.Type == event.PaperBackfilled {
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
	if e.Type == event.ManifestCancelled && len(e.Batches) < len(s.Lines) {
		return fault.New(fault.WrongStage, "A manifest is cancelled whole: name all its %d batches.", len(s.Lines)).
			With("manifest", s.ID.String()).With("stage", string(s.Stage))
	}
	if d, ok := e.Data.(event.Numbered); ok {
		if err := s.checkNumber(e, d); err != nil {
			return err
		}
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
	if told := e.Attests(); len(told) > 0 {
		for _, v := range told {
			s = s.Apply(v, after, seq)
		}
		d := e.Data.(event.Backfilled)
		s.Events, s.Grade, s.Scan, s.Slip = []id.Event{e.ID}, batch.OnPaper, d.Scan, d.Slip
		return s
	}
	s.Lines = append([]Line(nil), s.Lines...)
	s.Events = append(append([]id.Event(nil), s.Events...), e.ID)
	s.Seq = seq
	at := e.At.UnixMilli()
	// Lines may be collected, accepted or reported one by one. The latest time counts, not
	// the last to arrive: the order of arrival must not matter.
	switch d := e.Data.(type) {
	case event.Issued:
		s.ID, s.Profile, s.Number, s.Method = e.Manifest, d.Profile, d.Number, d.Method
		s.Consignor, s.ConsignorSite = e.For(), e.Site
		s.Carrier, s.Consignee, s.ConsigneeSite = d.Carrier, d.Consignee, d.ConsigneeSite
		s.IssuedAt, s.Exempt = at, d.Exempt
	case event.Cancelled:
		s.CancelledAt, s.Reason = at, d.Reason
	case event.Collected:
		if !s.taken(e, d.Vehicle) {
			s.Vehicle, s.Permit, s.Trip, s.CollectedAt = d.Vehicle, d.Permit, e.Trip, max(s.CollectedAt, at)
		}
	case event.HandedOver:
		s.handed(e, d)
	case event.Received:
		s.taken(e, "")
	case event.Delivered:
		s.DeliveredAt = max(s.DeliveredAt, at)
	case event.Metered: // by its batch: consignor and consignee may be one party
		if len(after) > 0 && after[0].Stage == batch.Delivered {
			s.CollectedAt = max(s.CollectedAt, at)
		} else {
			s.AcceptedAt = max(s.AcceptedAt, at)
		}
	case event.Accepted:
		s.AcceptedAt = max(s.AcceptedAt, at)
	case event.Refused:
		s.RefusedAt = max(s.RefusedAt, at)
	case event.Outcome:
		s.ReportedAt = max(s.ReportedAt, at)
	case event.Numbered:
		s.Number = d.Number
	}
	if e.Type.Mends() || e.Type == event.ManifestNumbered { // no line moves
		return s
	}
	for _, b := range after {
		s.applyLine(e, b)
	}
	s.Stage = s.least()
	return s
}

// Follow folds an event of a batch that was accepted here and sent on. The event is not
// this manifest's own: who handles the batch later is no party here.
func (s State) Follow(e event.Event, after []batch.State, seq int64) State {
	s.Lines = append([]Line(nil), s.Lines...)
	s.Seq = seq
	if e.Type.Mends() {
		return s
	}
	for _, b := range after {
		if i := s.line(b.ID); i >= 0 {
			s.Lines[i].Stage = s.stageOf(e, s.Lines[i], b)
			s.Lines[i].Onward = id.Manifest{}
			if b.Manifest != s.ID {
				s.Lines[i].Onward = b.Manifest
			}
			s.Lines[i].treat(e)
		}
	}
	s.Stage = s.least()
	return s
}

// handed begins a leg. Who is named in the place of somebody that did not come takes over
// the open one.
func (s *State) handed(e event.Event, d event.HandedOver) {
	leg := Leg{From: e.Party, To: d.To, Site: d.ToSite, Handed: e.ID, HandedAt: e.At.UnixMilli()}
	for _, b := range e.Batches {
		leg.Batches = append(leg.Batches, b.ID)
	}
	kept := make([]Leg, 0, len(s.Legs)+1)
	for _, l := range s.Legs {
		if l.Taken.IsZero() && slices.Contains(e.Refs, l.Handed) {
			l.Batches = slices.DeleteFunc(slices.Clone(l.Batches), func(b id.Batch) bool { return slices.Contains(leg.Batches, b) })
		}
		if len(l.Batches) > 0 {
			kept = append(kept, l)
		}
	}
	s.Legs = append(kept, leg)
}

// taken closes the legs that an event answers, and says whether there were any.
func (s *State) taken(e event.Event, vehicle string) (any bool) {
	s.Legs = slices.Clone(s.Legs)
	for i := range s.Legs {
		l := &s.Legs[i]
		if slices.Contains(e.Refs, l.Handed) {
			any = true
			l.Taken, l.TakenAt, l.Vehicle, l.Trip = e.ID, max(l.TakenAt, e.At.UnixMilli()), vehicle, e.Trip
		}
	}
	return any
}

func (s *State) applyLine(e event.Event, after batch.State) {
	i := s.line(after.ID)
	if i < 0 {
		switch {
		case e.Type == event.ManifestIssued:
			s.Lines = append(s.Lines, Line{Batch: after.ID, Code: after.Code})
		case e.Type == event.ManifestAccepted && len(after.Parents) == 1 && s.line(after.Parents[0]) >= 0:
			of := s.Lines[s.line(after.Parents[0])]
			s.Lines = append(s.Lines, Line{Batch: after.ID, Code: after.Code, Of: of.Batch, Reason: of.Reason})
		default:
			return
		}
		i = len(s.Lines) - 1
	}
	l := &s.Lines[i]
	l.Stage = s.stageOf(e, *l, after)
	for _, b := range e.Batches {
		if b.ID != after.ID {
			continue
		}
		switch e.Type {
		case event.ManifestIssued:
			l.Issued, l.Packages = b.Grams, b.Packages
		case event.TransportCollected:
			if l.Collected == 0 { // a later carrier's weight stands in its own event
				l.Collected = b.Grams
			}
		case event.ManifestAccepted:
			l.Accepted, l.Refused, l.Verdict, l.Reason, l.Rest = b.Grams, b.RefusedGrams, b.Verdict, b.Reason, b.Rest
		case event.MeterRecorded:
			if after.Stage == batch.Delivered {
				l.Collected = b.Grams
			} else {
				l.Accepted, l.Verdict = b.Grams, event.Whole
			}
		case event.IncidentReported:
			l.Lost += b.Grams
		case event.ManifestRefused:
			l.Refused, l.Verdict, l.Reason = b.Grams, event.None, b.Reason
		case event.BatchReceived:
			if l.Stage == batch.Returned {
				l.Returned = after.Grams
			}
		}
	}
	l.treat(e)
}

// treat counts what was treated under this manifest, or onward from it; a batch may have
// been treated in part before it.
func (l *Line) treat(e event.Event) {
	for _, b := range e.Batches {
		if e.Type == event.BatchTreated && b.ID == l.Batch {
			l.Treated += b.Grams
		}
	}
}

// stageOf is the stage of a line by the state of its batch, which may have gone on.
func (s State) stageOf(e event.Event, l Line, after batch.State) batch.Stage {
	switch {
	case e.Type == event.ManifestCancelled && e.Manifest == s.ID:
		return batch.Cancelled
	case e.Type == event.OutcomeReported && e.Manifest == s.ID:
		return batch.Reported
	case e.Type == event.BatchReceived && l.Stage == batch.Returned:
		return batch.Returned
	case after.Stage == batch.Treated, after.Stage == batch.Repacked, after.Stage == batch.Lost:
		return after.Stage
	case !after.Manifest.IsZero() && after.Manifest != s.ID: // sent on
		return l.Stage
	case after.Stage == batch.Released, after.Stage == batch.Received, after.Stage == batch.Stored:
		return batch.Accepted // moved inside the consignee's house
	}
	return after.Stage
}

// order ranks the stages of a line on a manifest.
var order = map[batch.Stage]int{batch.Issued: 10, batch.InTransit: 20, batch.HandedOver: 21, batch.AtPoint: 22, batch.Delivered: 30,
	batch.Refused: 31, batch.Returned: 32, batch.Accepted: 40, batch.Treated: 50, batch.Repacked: 51, batch.Reported: 60, batch.Cancelled: 62, batch.Lost: 63}

func (l Line) rank() int {
	if l.Stage == batch.Returned && l.Returned > 0 {
		return 61 // back home
	}
	return order[l.Stage]
}

func (s State) least() batch.Stage {
	low, rank := batch.Reported, 99
	for _, l := range s.Lines {
		if r := l.rank(); r < rank {
			low, rank = l.Stage, r
		}
	}
	return low
}
