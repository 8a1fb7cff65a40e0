package batch_test

import (
	"reflect"
	"slices"
	"testing"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

func place(n int) batch.Place { return batch.Place{Seq: int64(100 + n), N: int64(n), Leaf: leaf(n)} }

// on begins an event for the bag and gives its line.
func on(n int, typ event.Type, s batch.State, change func(*event.Event)) event.Event {
	e := build(n, typ, s)
	if change != nil {
		change(&e)
	}
	return e
}

// A batch goes through four hands on one manifest: each hand-over has two signatures, and
// nobody but the one named takes it.
func TestLegs(t *testing.T) {
	s := walk(t, paths[batch.AtPoint]...)
	if s.Custodian != point || s.Site != yard || s.Carrier != carrier || !s.To.IsZero() || !s.ToSite.IsZero() || s.Grams != 5000 {
		t.Fatalf("at the transfer point: %+v", s)
	}
	got := s.Answer
	stored := on(8, event.BatchStored, s, nil)
	if s = step(t, s, 8, stored); s.Stage != batch.AtPoint || s.Answer != got {
		t.Errorf("stored at the point: %s, answers %s", describe(s), s.Answer)
	}
	s = step(t, s, 9, build(9, event.TransportHandedOver, s))
	if s.Stage != batch.HandedOver || s.Custodian != point || s.To != second {
		t.Fatalf("offered: %+v", s)
	}
	for _, p := range []id.Party{carrier, point, plant, stranger} {
		e := on(10, event.TransportCollected, s, func(e *event.Event) { e.Party = p })
		if k := fault.Of(check(t, s, e)); k != fault.NotCustodian {
			t.Errorf("%s takes what is not offered to it: %q", p, k)
		}
	}
	late := on(10, event.TransportCollected, s, nil)
	s = step(t, s, 10, on(10, event.TransportHandedOver, s, func(e *event.Event) { e.Data = event.HandedOver{To: carrier} }))
	if k := fault.Of(check(t, s, late)); k != fault.NotCustodian {
		t.Errorf("the carrier that did not come takes it after all: %q", k)
	}
	s = step(t, s, 11, build(11, event.TransportCollected, s))
	s = step(t, s, 12, build(12, event.TransportDelivered, s))
	if s = step(t, s, 13, build(13, event.ManifestAccepted, s)); s.Custodian != plant || s.Carrier != carrier {
		t.Errorf("accepted: %+v", s)
	}
}

// At another site than the hand-over names nobody takes over.
func TestThePointIsTheOneNamed(t *testing.T) {
	s := walk(t, paths[batch.AtPoint][:6]...)
	if k := fault.Of(check(t, s, on(7, event.BatchReceived, s, func(e *event.Event) { e.Site = elsewhere }))); k != fault.NotCustodian {
		t.Errorf("at another site: %q", k)
	}
	if k := fault.Of(check(t, s, build(7, event.TransportCollected, s))); k != fault.WrongStage {
		t.Errorf("a vehicle takes what a transfer point was offered: %q", k)
	}
}

// A cancelled manifest leaves no trace but the entries: the batch stands where it stood.
func TestCancelled(t *testing.T) {
	for _, stage := range []batch.Stage{batch.Generated, batch.Received, batch.Stored} {
		before := walk(t, paths[stage]...)
		n := int(before.N)
		s := step(t, before, n+1, build(n+1, event.ManifestIssued, before))
		s = step(t, s, n+2, build(n+2, event.ManifestCancelled, s))
		s.N, s.Head, s.Seq, s.LastAt = before.N, before.Head, before.Seq, before.LastAt
		if !same(s, before) {
			t.Errorf("cancelled after %q:\n%+v\nwas\n%+v", stage, s, before)
		}
	}
	s := walk(t, paths[batch.InTransit]...)
	if k := fault.Of(check(t, s, build(9, event.ManifestCancelled, s))); k != fault.WrongStage {
		t.Errorf("cancelled on the road: %q", k)
	}
}

// What was refused goes back to the consignor and may go on a new manifest.
func TestReturned(t *testing.T) {
	s := walk(t, paths[batch.Returned]...)
	if s.Custodian != carrier || s.Grams != 5000 || s.Refused != 0 {
		t.Fatalf("on the way back: %+v", s)
	}
	n := int(s.N) + 1
	s = step(t, s, n, build(n, event.BatchReceived, s))
	if s.Stage != batch.Received || s.Custodian != generator || s.Site != ward || !s.Manifest.IsZero() || !s.Answer.IsZero() || len(s.Owed) > 0 {
		t.Fatalf("back home: %+v", s)
	}
	e := on(n+1, event.ManifestIssued, s, func(e *event.Event) { e.Manifest = otherSheet })
	if s = step(t, s, n+1, e); s.Manifest != otherSheet || len(s.Owed) > 0 {
		t.Errorf("on a new manifest: %+v", s)
	}
}

// The refused part of several acceptances adds up; with a batch of its own it is not
// counted here but there.
func TestRefusedParts(t *testing.T) {
	s := walk(t, paths[batch.Delivered]...)
	part := func(n int, s batch.State, rest id.Batch) (batch.State, event.Event) {
		e := on(n, event.ManifestAccepted, s, func(e *event.Event) {
			b := &e.Batches[0]
			b.Grams, b.RefusedGrams, b.Verdict, b.Reason, b.Rest = s.Grams-300, 300, event.Part, "x", rest
		})
		return step(t, s, n, e), e
	}
	s, _ = part(5, s, id.Batch{})
	s = step(t, s, 6, on(6, event.ManifestIssued, s, func(e *event.Event) {
		e.Manifest, e.Data = otherSheet, event.Issued{Profile: "medical", Carrier: carrier, Consignee: plant, ConsigneeSite: gate}
	}))
	for n, typ := range []event.Type{event.TransportCollected, event.TransportDelivered} {
		s = step(t, s, 7+n, on(7+n, typ, s, func(e *event.Event) { e.Manifest = otherSheet }))
	}
	before := s
	e := on(9, event.ManifestAccepted, s, func(e *event.Event) {
		b := &e.Batches[0]
		e.Manifest, b.Grams, b.RefusedGrams, b.Verdict, b.Reason, b.Rest = otherSheet, 4000, 700, event.Part, "x", id.Batch{}
	})
	if s = step(t, s, 9, e); s.Refused != 1000 {
		t.Errorf("300 g and 700 g were refused: %d", s.Refused)
	}
	e.Batches[0].Rest = box
	s = step(t, before, 9, e)
	birth := e.Births()[0]
	rest := batch.Begin(e, birth, []batch.State{before}, place(1))
	if s.Refused != 300 || rest.Grams != 700 || rest.Initial != 700 || rest.Stage != batch.Refused || rest.Custodian != carrier || rest.Manifest != otherSheet ||
		rest.BornAt != before.BornAt || rest.Generator != generator || !slices.Equal(rest.Parents, []id.Batch{bag}) || rest.Answer != e.ID || len(rest.Owed) > 0 {
		t.Errorf("line %+v\nrest %+v", s, rest)
	}
	if k := fault.Of(s.CheckBirth(e, birth)); k != fault.WrongStage {
		t.Errorf("a rest under an id that is there: %q", k)
	}
	if err := (batch.State{}).CheckBirth(e, birth); err != nil {
		t.Errorf("a rest under a new id: %v", err)
	}
}

// A child takes over the earliest birth, the least advanced stage and the generator that
// its parents agree on; the parents keep what was not taken.
func TestRepacked(t *testing.T) {
	a := walk(t, paths[batch.Stored]...)
	b := walk(t, paths[batch.Generated]...)
	b.ID, b.BornAt, b.Measured = tray, a.BornAt-60_000, event.Estimated
	e := build(7, event.BatchRepacked, a)
	e.Batches = []event.Batch{{ID: bag, Grams: 5000, Weighed: true}, {ID: tray, Grams: 1000, Weighed: true}}
	e.Data = event.Repacked{Children: []event.Child{{ID: box, Grams: 6000, Code: "841-001-01", Form: "S", Packaging: "box"}}}
	birth := e.Births()[0]
	child := batch.Begin(e, birth, []batch.State{a, b}, place(1))
	if child.Grams != 6000 || child.Initial != 6000 || child.BornAt != b.BornAt || child.Stage != batch.Generated || child.Measured != event.Estimated ||
		child.Generator != generator || child.Origin != ward || child.Custodian != generator || child.N != 1 || !slices.Equal(child.Parents, []id.Batch{bag, tray}) {
		t.Errorf("child %+v", child)
	}
	gone, left := a.Apply(e, e.Batches[0], place(3)), b.Apply(e, e.Batches[1], place(2))
	if gone.Stage != batch.Repacked || gone.Grams != 0 || gone.Repacked != 5000 || left.Stage != batch.Generated || left.Grams != 4000 || left.Repacked != 1000 {
		t.Errorf("gone %+v\nleft %+v", gone, left)
	}
	b.Generator = stranger
	if child = batch.Begin(e, birth, []batch.State{a, b}, place(1)); child.Generator != generator || child.Origin != ward {
		t.Errorf("of two generators: %+v", child)
	}
	for name, spoil := range map[string]func(*event.Event){
		"more than there is": func(e *event.Event) { e.Batches[0].Grams = 5001 },
		"another code":       func(e *event.Event) { e.Data = event.Repacked{Children: []event.Child{{ID: box, Code: "900-249-08"}}} },
	} {
		bad := build(7, event.BatchRepacked, a)
		spoil(&bad)
		if k := fault.Of(check(t, a, bad)); k != fault.WrongStage {
			t.Errorf("%s: %q", name, k)
		}
	}
}

// A collector that sends a batch on reports to its own consignor when the plant is done:
// by the plant's treatment or by the plant's report, before it or after.
func TestOutcomeBackThroughOnwardManifests(t *testing.T) {
	collector, other := plant, stranger
	s := walk(t, paths[batch.Accepted]...)
	s = step(t, s, 6, on(6, event.ManifestIssued, s, func(e *event.Event) {
		e.Manifest, e.Data = otherSheet, event.Issued{Profile: "medical", Carrier: carrier, Consignee: other, ConsigneeSite: elsewhere}
	}))
	if len(s.Owed) != 1 || s.Owed[0].Manifest != sheet || s.Owed[0].Consignor != generator || s.Owed[0].Consignee != collector {
		t.Fatalf("owed: %+v", s.Owed)
	}
	moved := func(e *event.Event) { e.Manifest = otherSheet }
	cancelled := step(t, s, 7, on(7, event.ManifestCancelled, s, func(e *event.Event) { e.Manifest, e.Party = otherSheet, collector }))
	if accepted := walk(t, paths[batch.Accepted]...); cancelled.Manifest != sheet || cancelled.Stage != batch.Accepted || len(cancelled.Owed) != 0 ||
		cancelled.Consignor != accepted.Consignor || cancelled.Carrier != accepted.Carrier || cancelled.Vehicle != accepted.Vehicle {
		t.Errorf("the onward manifest cancelled: %+v", cancelled)
	}
	for n, typ := range []event.Type{event.TransportCollected, event.TransportDelivered} {
		s = step(t, s, 7+n, on(7+n, typ, s, moved))
	}
	s = step(t, s, 9, on(9, event.ManifestAccepted, s, func(e *event.Event) { e.Manifest, e.Party, e.Site = otherSheet, other, elsewhere }))
	early := on(10, event.OutcomeReported, s, nil)
	if k := fault.Of(check(t, s, early)); k != fault.WrongStage {
		t.Errorf("an outcome before there is one: %q", k)
	}
	treated := build(10, event.BatchTreated, s)
	s = step(t, s, 10, treated)
	own := func(n int, s batch.State, ref id.Event) event.Event {
		return on(n, event.OutcomeReported, s, func(e *event.Event) { e.Party, e.Refs = collector, []id.Event{ref} })
	}
	theirs := on(11, event.OutcomeReported, s, func(e *event.Event) { e.Manifest, e.Party, e.Refs = otherSheet, other, []id.Event{treated.ID} })
	if len(s.Next()) != 2 || s.Next()[1].Manifest != sheet || s.Closed() {
		t.Errorf("two reports are owed: %+v", s.Next())
	}
	late := step(t, s, 11, theirs)
	if late.Stage != batch.Reported || late.Closed() || len(late.Next()) != 1 || late.Next()[0].Party != collector {
		t.Errorf("the first consignor does not know yet: %+v", late)
	}
	for _, ref := range []id.Event{treated.ID, theirs.ID} {
		if done := step(t, late, 12, own(12, late, ref)); !done.Closed() || len(done.Owed) > 0 || len(done.Ends) > 0 || !done.Answer.IsZero() {
			t.Errorf("all told, by %s: %+v", ref, done)
		}
	}
	if k := fault.Of(check(t, late, own(12, late, id.EventOf(uuid('e', 240))))); k != fault.WrongStage {
		t.Errorf("by another event: %q", k)
	}
	stray := own(12, late, treated.ID)
	stray.Party = other
	if k := fault.Of(check(t, late, stray)); k != fault.NotCustodian {
		t.Errorf("by another party: %q", k)
	}
	first := step(t, s, 11, own(11, s, treated.ID))
	if first.Stage != batch.Treated || first.Closed() {
		t.Errorf("the collector was first: %+v", first)
	}
	theirs = on(12, event.OutcomeReported, first, func(e *event.Event) { e.Manifest, e.Party, e.Refs = otherSheet, other, []id.Event{treated.ID} })
	if done := step(t, first, 12, theirs); !done.Closed() || done.Stage != batch.Reported {
		t.Errorf("all told: %+v", done)
	}
}

// After acceptance the load may be moved about in the consignee's house, and is treated
// and reported from there.
func TestInTheConsigneesHouse(t *testing.T) {
	s := walk(t, paths[batch.Accepted]...)
	for i, typ := range []event.Type{event.BatchReleased, event.BatchReceived, event.BatchStored} {
		s = step(t, s, 6+i, build(6+i, typ, s))
		if s.Custodian != plant || s.Manifest != sheet {
			t.Errorf("%s: %+v", typ, s)
		}
	}
	for i, typ := range []event.Type{event.BatchTreated, event.OutcomeReported} {
		s = step(t, s, 9+i, build(9+i, typ, s))
	}
	if s.Stage != batch.Reported || !s.Closed() || s.TreatedSum != waste.Grams(5000) {
		t.Errorf("%+v", s)
	}
}

func same(a, b batch.State) bool { return reflect.DeepEqual(a, b) }
