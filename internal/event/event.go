// Package event holds the signed facts of design section 3 and 4: their types,
// the strict reading of their payload, and the writing of a payload to sign.
//
// It must not judge a chain (packages batch and manifest do), look anything up,
// or check a signature. The bytes that were signed are never re-encoded: Payload
// is for signers only.
package event

import (
	"fmt"
	"regexp"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Limits of an event.
const (
	MaxPayload = 16 << 10 // bytes of the payload
	MaxBatches = 100
	MaxRefs    = 100
)

// Type names a sort of event.
type Type string

// The types that version 1 of the intake takes.
const (
	UseRecorded         Type = "use.recorded"
	BatchGenerated      Type = "batch.generated"
	BatchRepacked       Type = "batch.repacked"
	BatchReleased       Type = "batch.released"
	BatchReceived       Type = "batch.received"
	BatchStored         Type = "batch.stored"
	ManifestIssued      Type = "manifest.issued"
	ManifestCancelled   Type = "manifest.cancelled"
	TransportCollected  Type = "transport.collected"
	TransportHandedOver Type = "transport.handed_over"
	TransportDelivered  Type = "transport.delivered"
	ManifestAccepted    Type = "manifest.accepted"
	ManifestRefused     Type = "manifest.refused"
	TransportReturned   Type = "transport.returned"
	BatchTreated        Type = "batch.treated"
	OutcomeReported     Type = "outcome.reported"
	MeterRecorded       Type = "meter.recorded"
	PaperBackfilled     Type = "paper.backfilled"
	IncidentReported    Type = "incident.reported"
	RulingRecorded      Type = "ruling.recorded"
	InspectionRecorded  Type = "inspection.recorded"
	ManifestNumbered    Type = "manifest.numbered"
	CorrectionProposed  Type = "correction.proposed"
	CorrectionAgreed    Type = "correction.agreed"
	CorrectionDeclined  Type = "correction.declined"

	AuthorisationGiven     Type = "authorisation.given"
	AuthorisationWithdrawn Type = "authorisation.withdrawn"
	StopSkipped            Type = "stop.skipped"
	BatterySold            Type = "battery.sold"
	BatteryTakenBack       Type = "battery.taken_back"

	SampleDrawn Type = "sample.drawn"
)

// Types lists them in the order of the chain.
func Types() []Type {
	return []Type{UseRecorded, BatchGenerated, BatchRepacked, BatchReleased, BatchReceived, BatchStored, ManifestIssued,
		ManifestCancelled, TransportCollected, TransportHandedOver, TransportDelivered, ManifestAccepted, ManifestRefused,
		TransportReturned, BatchTreated, OutcomeReported, MeterRecorded, PaperBackfilled, IncidentReported,
		RulingRecorded, InspectionRecorded,
		ManifestNumbered, CorrectionProposed, CorrectionAgreed, CorrectionDeclined,
		AuthorisationGiven, AuthorisationWithdrawn, StopSkipped, BatterySold, BatteryTakenBack, SampleDrawn}
}

// OfBatches says whether events of the type name batches, and so belong to their chains.
func (t Type) OfBatches() bool { return shapes[t].maxBatches > 0 }

// Event is one signed fact, read.
type Event struct {
	ID       id.Event
	Type     Type
	At       time.Time // the signer's clock, with its offset, to the millisecond
	Party    id.Party
	Site     id.Site
	Person   id.Person
	Manifest id.Manifest // zero where the type has none
	Trip     id.Trip     // zero when not given
	Batches  []Batch
	Refs     []id.Event
	Data     Data
}

// Batch is one batch as an event speaks of it.
type Batch struct {
	ID           id.Batch
	Seen         id.Hash     // leaf hash of the last entry the signer knew; zero: knew none
	Grams        waste.Grams // what the signer weighed or states; see Weighed
	Weighed      bool        // grams were given
	Packages     int         // 0: not given
	RefusedGrams waste.Grams // manifest.accepted
	Verdict      Verdict     // manifest.accepted
	Reason       string      // manifest.accepted when part, manifest.refused
	Rest         id.Batch    // manifest.accepted: the new batch of what was refused; zero: it has no id of its own
	ResidueGrams waste.Grams // batch.treated
}

// Verdict is the consignee's word on one line (Order 23 art. 12).
type Verdict string

// The verdicts: of manifest.accepted, and None of a line that manifest.refused names.
const (
	Whole Verdict = "whole"
	Part  Verdict = "part"
	None  Verdict = "none"
)

// Measured tells a scale's weight from an estimate.
type Measured string

// The two ways a weight is known.
const (
	OnScale   Measured = "weighed"
	Estimated Measured = "estimated"
)

// Data is what a type says beyond the common members.
type Data interface {
	of() Type
	write(members)
}

// Parse reads a payload strictly and reports everything that is wrong with it.
// Errors are faults: too-large, malformed-event, unknown-type, invalid-event.
func Parse(payload []byte) (Event, error) {
	e, wrong, err := Read(payload)
	if err == nil {
		err = wrongMembers(wrong)
	}
	if err != nil {
		return Event{}, err
	}
	return e, nil
}

// Read reads what can be read of a payload that may still be in the writing, and lists what
// is missing or wrong; a member that is neither given nor well-formed is zero. Faults:
// too-large, malformed-event, unknown-type.
func Read(payload []byte) (e Event, wrong []fault.Field, err error) {
	if len(payload) > MaxPayload {
		return Event{}, nil, fault.New(fault.TooLarge, "The payload has %d bytes; an event may have %d.", len(payload), MaxPayload)
	}
	doc, err := readDocument(payload)
	if err != nil {
		return Event{}, nil, err
	}
	if doc.kind != '{' {
		return Event{}, nil, fault.New(fault.MalformedEvent, "The payload must be one JSON object.").At("", "type", "must be an object")
	}
	r := newReader(doc, "", &wrong)
	e = Event{Type: parsed(r, "type", true, func(s string) (Type, error) { return Type(s), nil })}
	shape, known := shapes[e.Type]
	if !known && len(wrong) == 0 {
		return Event{}, nil, fault.New(fault.UnknownType, "There is no event type %q.", clip(string(e.Type))).
			At("/type", "unknown_type", "must be one of %v", Types())
	}
	readCommon(r, &e)
	if known {
		readShaped(r, &e, shape)
		r.close()
	}
	inOrder(doc, wrong)
	return e, wrong, nil
}

// wrongMembers is the fault of what Read lists; nil for nothing.
func wrongMembers(wrong []fault.Field) error {
	if len(wrong) == 0 {
		return nil
	}
	f := fault.New(fault.InvalidEvent, "%d member(s) of the event are wrong; each is listed.", len(wrong))
	f.Fields = wrong
	return f
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func readCommon(r *reader, e *Event) {
	if v, ok := r.integer("v", true, 0, 1<<31); ok && v != 1 {
		r.note("v", "version", "must be 1")
	}
	e.ID = parsed(r, "id", true, func(s string) (id.Event, error) {
		v, err := id.ParseEvent(s)
		if err == nil && !v.IsV7() {
			err = fmt.Errorf("must be a UUID of version 7")
		}
		return v, err
	})
	e.At = parsed(r, "at", true, ParseTime)
	e.Party = parsed(r, "party", true, id.ParseParty)
	e.Site = parsed(r, "site", true, id.ParseSite)
	e.Person = parsed(r, "person", true, id.ParsePerson)
}

func readShaped(r *reader, e *Event, s shape) {
	if s.manifest != absent {
		e.Manifest = parsed(r, "manifest", s.manifest == needed, id.ParseManifest)
	}
	if s.trip != absent {
		e.Trip = parsed(r, "trip", s.trip == needed, id.ParseTrip)
	}
	if s.maxBatches > 0 {
		e.Batches = readBatches(r, s)
	}
	e.Refs = readRefs(r, s.refs)
	e.Data = s.data(r.object("data"))
	if s.whole != nil {
		s.whole(r, e)
	}
}

func readBatches(r *reader, s shape) []Batch {
	n, ok := r.take("batches", !s.unbatched)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note("batches", "type", "must be an array")
		return nil
	}
	if len(n.items) == 0 || len(n.items) > s.maxBatches {
		r.note("batches", "length", "must have 1 to %d batches", s.maxBatches)
	}
	out := make([]Batch, 0, len(n.items))
	met := make(map[id.Batch]bool, len(n.items))
	for i, item := range n.items {
		at := fmt.Sprintf("%s/batches/%d", r.at, i)
		if item.kind != '{' {
			*r.notes = append(*r.notes, fault.Field{Pointer: at, Code: "type", Detail: "must be an object"})
			continue
		}
		br := newReader(item, at, r.notes)
		b := readBatch(br, s)
		br.close()
		if met[b.ID] && !b.ID.IsZero() {
			br.note("id", "repeated", "the batch is named twice in this event")
		}
		met[b.ID] = true
		out = append(out, b)
	}
	return out
}

func readBatch(r *reader, s shape) Batch {
	b := Batch{ID: parsed(r, "id", true, id.ParseBatch)}
	if n, ok := r.take("seen", true); ok && n.kind != 'n' {
		r.taken["seen"] = true
		b.Seen = parsed(r, "seen", true, id.ParseHash)
		if s.first {
			r.note("seen", "not_null", "must be null: the batch begins here")
		}
	}
	if s.grams != absent {
		g, ok := r.integer("grams", s.grams == needed, 1, int64(waste.MaxBatch))
		b.Grams, b.Weighed = waste.Grams(g), ok
		if p, ok := r.integer("packages", false, 1, 100_000); ok {
			b.Packages = int(p)
		}
	}
	if s.batch != nil {
		s.batch(r, &b)
	}
	return b
}

func readRefs(r *reader, required bool) []id.Event {
	n, ok := r.take("refs", required)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note("refs", "type", "must be an array of event ids")
		return nil
	}
	if len(n.items) > MaxRefs || (required && len(n.items) == 0) {
		r.note("refs", "length", "must have %d to %d ids", map[bool]int{true: 1}[required], MaxRefs)
	}
	out := make([]id.Event, 0, len(n.items))
	met := map[id.Event]bool{}
	for i, item := range n.items {
		v, err := id.ParseEvent(item.text)
		name := fmt.Sprintf("refs/%d", i)
		switch {
		case item.kind != '"' || err != nil:
			*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/" + name, Code: "format", Detail: "must be a lower-case hyphenated UUID"})
		case met[v]:
			*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/" + name, Code: "repeated", Detail: "the id is named twice"})
		}
		met[v] = true
		out = append(out, v)
	}
	return out
}

var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:[0-5]\d)$`)

// TimeForm is the one spelling of a time in events: RFC 3339, milliseconds, offset.
const TimeForm = "2006-01-02T15:04:05.000Z07:00"

// ParseTime reads a time in TimeForm, from the years 2000 to 2199.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(TimeForm, s)
	if err != nil || !timeForm.MatchString(s) {
		return time.Time{}, fmt.Errorf("must be a time such as 2026-03-01T08:30:00.000+08:00, with milliseconds and offset")
	}
	if y := t.Year(); y < 2000 || y > 2199 {
		return time.Time{}, fmt.Errorf("the year must be from 2000 to 2199")
	}
	if _, off := t.Zone(); off < -18*3600 || off > 18*3600 {
		return time.Time{}, fmt.Errorf("the offset must be within 18 hours")
	}
	return t, nil
}
