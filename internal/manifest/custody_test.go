package manifest_test

import (
	"slices"
	"testing"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

var (
	other  = id.PartyOf(uuid('p', 4))
	depot  = id.SiteOf(uuid('s', 4))
	onward = id.ManifestOf(uuid('m', 2))
)

// then folds one event for some lines, each of which comes to that stage.
func then(s manifest.State, n int, t event.Type, d event.Data, stage batch.Stage, refs []id.Event, lines ...event.Batch) (manifest.State, event.Event) {
	e, after := on(n, t, carrier, d, stage, lines...)
	e.Refs = refs
	for i := range after {
		after[i].Manifest, after[i].Grams = sheet, lines[i].Grams
	}
	return s.Apply(e, after, int64(n)), e
}

func missing(s manifest.State) []string {
	out := []string{}
	for _, t := range s.Missing() {
		out = append(out, string(t))
	}
	return out
}

// Each hand-over is a leg with two signatures; who is named in the place of one that did
// not come takes over its leg.
func TestLegs(t *testing.T) {
	s, _ := issue()
	both := []event.Batch{{ID: bagA, Grams: 5000, Weighed: true}, {ID: bagB, Grams: 700, Weighed: true}}
	s, got := then(s, 2, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, batch.InTransit, nil, both...)
	s, no := then(s, 3, event.TransportHandedOver, event.HandedOver{To: consignee}, batch.HandedOver, []id.Event{got.ID}, both...)
	if s.Stage != batch.HandedOver || len(s.Legs) != 1 || s.Legs[0].From != carrier || s.Next()[0].Party != consignee || s.Next()[0].Type != event.TransportCollected {
		t.Fatalf("offered: %+v", s)
	}
	s, yes := then(s, 4, event.TransportHandedOver, event.HandedOver{To: other, ToSite: depot}, batch.HandedOver, []id.Event{no.ID}, both...)
	if len(s.Legs) != 1 || s.Legs[0].To != other || s.Next()[0].Type != event.BatchReceived || s.Next()[0].Refs != yes.ID {
		t.Fatalf("offered to another: %+v", s.Legs)
	}
	before := s.Legs[0]
	next, _ := then(s, 5, event.BatchReceived, event.Received{}, batch.AtPoint, []id.Event{yes.ID}, both...)
	if s.Legs[0].Taken != before.Taken {
		t.Error("a fold changed the state before it")
	}
	s = next
	l := s.Legs[0]
	if s.Stage != batch.AtPoint || l.Site != depot || l.Taken != id.EventOf(uuid('e', 5)) || l.TakenAt == 0 || l.HandedAt == 0 || !slices.Equal(l.Batches, []id.Batch{bagA, bagB}) {
		t.Errorf("at the point: %+v", s)
	}
	if s.Next()[0].Party != other || missing(s)[0] != "transport.handed_over" {
		t.Errorf("from the point: %v, %v", s.Next(), missing(s))
	}
	s, off := then(s, 6, event.TransportHandedOver, event.HandedOver{To: carrier}, batch.HandedOver, nil, both...)
	s, _ = then(s, 7, event.TransportCollected, event.Collected{Vehicle: "冀F00009"}, batch.InTransit, []id.Event{off.ID}, both...)
	if len(s.Legs) != 2 || s.Legs[1].Vehicle != "冀F00009" || s.Vehicle != "冀F00001" || s.Next()[0].Party != carrier || s.Carrier != carrier {
		t.Errorf("the last leg: %+v", s)
	}
	if s.CollectedAt != got.At.UnixMilli() || s.Lines[0].Collected != 5000 {
		t.Errorf("the first collection was written over: %+v", s)
	}
}

// A line that was refused owes its return; once home it owes nothing.
func TestRefusedAndReturned(t *testing.T) {
	s, _ := issue()
	a, b := event.Batch{ID: bagA, Grams: 5000, Weighed: true, Verdict: event.Whole}, event.Batch{ID: bagB, Grams: 690, Weighed: true, Reason: "破损"}
	s, _ = then(s, 2, event.TransportDelivered, event.Delivered{}, batch.Delivered, nil, a, b)
	s, _ = then(s, 3, event.ManifestAccepted, event.Accepted{}, batch.Accepted, nil, a)
	s, _ = then(s, 4, event.ManifestRefused, event.Refused{}, batch.Refused, nil, b)
	if l := s.Lines[1]; s.Stage != batch.Refused || l.Verdict != event.None || l.Refused != 690 || l.Reason != "破损" || l.Accepted != 0 {
		t.Errorf("refused: %+v", s)
	}
	if got := missing(s); !slices.Equal(got, []string{"transport.returned", "batch.received", "batch.treated", "outcome.reported"}) {
		t.Errorf("missing %v", got)
	}
	s, _ = then(s, 5, event.TransportReturned, event.Returned{}, batch.Returned, nil, event.Batch{ID: bagB})
	if s.Stage != batch.Returned || s.Next()[0].Party != consignor || s.Next()[0].Type != event.BatchReceived {
		t.Errorf("on the way back: %+v, %v", s.Stage, s.Next())
	}
	e, after := on(6, event.BatchReceived, consignor, event.Received{}, batch.Received, event.Batch{ID: bagB})
	after[0].Grams = 690 // and off the manifest
	s = s.Apply(e, after, 6)
	if l := s.Lines[1]; l.Stage != batch.Returned || l.Returned != 690 || s.Stage != batch.Accepted || !slices.Equal(missing(s), []string{"batch.treated", "outcome.reported"}) {
		t.Errorf("home: %+v, missing %v", s, missing(s))
	}
	all, _ := issue()
	for i := range all.Lines {
		all.Lines[i].Stage, all.Lines[i].Returned = batch.Returned, 1
	}
	if all.Stage = batch.Returned; len(all.Missing()) != 0 || len(all.Next()) != 0 {
		t.Errorf("all home: %v, %v", all.Missing(), all.Next())
	}
}

// A manifest is cancelled whole or not at all.
func TestCancelled(t *testing.T) {
	s, _ := issue()
	e, after := on(2, event.ManifestCancelled, consignor, event.Cancelled{Reason: "车辆故障"}, batch.Stored, event.Batch{ID: bagA}, event.Batch{ID: bagB})
	half := e
	half.Batches = e.Batches[:1]
	if k := fault.Of(s.Check(half)); k != fault.WrongStage {
		t.Errorf("one line of two: %q", k)
	}
	if err := s.Check(e); err != nil {
		t.Fatal(err)
	}
	s = s.Apply(e, after, 2)
	if s.Stage != batch.Cancelled || s.Reason != "车辆故障" || s.CancelledAt != e.At.UnixMilli() || len(s.Missing()) != 0 || len(s.Next()) != 0 || s.Lines[0].Stage != batch.Cancelled {
		t.Errorf("%+v", s)
	}
}

// A line that was sent on waits for the parties of the onward manifest, and then owes the
// outcome; they do not become parties of this one.
func TestSentOn(t *testing.T) {
	s, _ := issue()
	a, b := event.Batch{ID: bagA, Grams: 5000, Weighed: true, Verdict: event.Whole}, event.Batch{ID: bagB, Grams: 700, Weighed: true, Verdict: event.Whole}
	s, _ = then(s, 3, event.ManifestAccepted, event.Accepted{}, batch.Accepted, nil, a, b)
	events := len(s.Events)
	follow := func(n int, typ event.Type, stage batch.Stage, on id.Manifest) {
		e := event.Event{ID: id.EventOf(uuid('e', n)), Type: typ, At: day, Party: other, Batches: []event.Batch{a, b}}
		if typ != event.BatchTreated {
			e.Manifest = onward
		}
		s = s.Follow(e, []batch.State{{ID: bagA, Stage: stage, Manifest: on}, {ID: bagB, Stage: stage, Manifest: on}}, int64(n))
	}
	follow(4, event.ManifestIssued, batch.Issued, onward)
	if s.Stage != batch.Accepted || s.Lines[0].Onward != onward || len(s.Next()) != 0 {
		t.Errorf("sent on: %+v, next %v", s, s.Next())
	}
	follow(5, event.ManifestCancelled, batch.Stored, sheet)
	if s.Stage != batch.Accepted || !s.Lines[0].Onward.IsZero() || len(s.Next()) != 1 {
		t.Errorf("kept after all: %+v", s)
	}
	follow(6, event.ManifestIssued, batch.Issued, onward)
	follow(7, event.BatchTreated, batch.Treated, onward)
	if s.Stage != batch.Treated || s.Lines[0].Treated != 5000 || s.Next()[0].Type != event.OutcomeReported || s.Next()[0].Party != consignee || s.Seq != 7 {
		t.Errorf("treated there: %+v", s)
	}
	if len(s.Events) != events {
		t.Errorf("events of another manifest became its own: %v", s.Events)
	}
}

// What was refused of a line becomes a line of its own.
func TestRest(t *testing.T) {
	s, _ := issue()
	part := event.Batch{ID: bagA, Grams: 4000, Weighed: true, Verdict: event.Part, RefusedGrams: 1000, Reason: "破损", Rest: bagC}
	e, _ := on(3, event.ManifestAccepted, consignee, event.Accepted{}, batch.Accepted, part)
	s = s.Apply(e, []batch.State{{ID: bagA, Stage: batch.Accepted, Manifest: sheet}, {ID: bagC, Code: "841-001-01", Stage: batch.Refused, Manifest: sheet, Parents: []id.Batch{bagA}}}, 3)
	if len(s.Lines) != 3 || s.Lines[0].Rest != bagC || s.Lines[0].Refused != 1000 || s.Lines[2].Of != bagA || s.Lines[2].Stage != batch.Refused || s.Lines[2].Reason != "破损" || s.Lines[2].Issued != 0 {
		t.Errorf("%+v", s.Lines)
	}
}
