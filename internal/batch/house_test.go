package batch_test

import (
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

func released(from string) func(*event.Event) {
	return func(e *event.Event) { e.Data = event.Released{From: from} }
}

func issued(from string) func(*event.Event) {
	return func(e *event.Event) {
		d := e.Data.(event.Issued)
		d.From = from
		e.Data = d
	}
}

// TestAStoreHandsOutWhatItReceived walks a bag ward → porter → store → dock, and at each
// point tries to hand it out of a room that has not got it.
func TestAStoreHandsOutWhatItReceived(t *testing.T) {
	var s batch.State
	s = step(t, s, 1, on(1, event.BatchGenerated, s, func(e *event.Event) {
		d := e.Data.(event.Generated)
		d.Department, d.Isolation, d.Layers, d.Container = "ICU", true, 2, "箱 7"
		e.Data = d
	}))
	if s.Room != "ICU" || s.Department != "ICU" || !s.Isolation || s.Layers != 2 || s.Container != "箱 7" || s.BegunAt != s.BornAt {
		t.Fatalf("closed: %+v", s)
	}
	wrong := func(what string, e event.Event) {
		t.Helper()
		if k := fault.Of(check(t, s, e)); k != fault.WrongStage {
			t.Errorf("%s: %q", what, k)
		}
	}
	wrong("the store hands out what is in the ward", on(2, event.ManifestIssued, s, issued("store")))
	wrong("the store gives on what is in the ward", on(2, event.BatchReleased, s, released("store")))
	wrong("another site's ward", on(2, event.BatchReleased, s, func(e *event.Event) { e.Site = elsewhere; released("ICU")(e) }))
	s = step(t, s, 2, on(2, event.BatchReleased, s, released("ICU")))
	s = step(t, s, 3, on(3, event.BatchReceived, s, nil)) // the porter's hands are no room
	wrong("the store hands out what the porter has", on(4, event.ManifestIssued, s, issued("store")))
	wrong("the ward hands it out again", on(4, event.BatchReleased, s, released("ICU")))
	s = step(t, s, 4, on(4, event.BatchStored, s, nil))
	at := s.StoredAt
	if s.Room != "store" || at == 0 {
		t.Fatalf("stored: %+v", s)
	}
	s = step(t, s, 5, on(5, event.BatchStored, s, func(e *event.Event) { e.Data = event.Stored{Place: "cold room"} }))
	if s.Room != "cold room" || s.StoredAt != at {
		t.Errorf("moved to another room: %q, first stored %d, was %d", s.Room, s.StoredAt, at)
	}
	wrong("the room that it left", on(6, event.ManifestIssued, s, issued("store")))
	s = step(t, s, 6, on(6, event.ManifestIssued, s, issued("cold room")))
	if s.Room != "cold room" {
		t.Errorf("issued, and waiting for the carrier in %q", s.Room)
	}
	if s = step(t, s, 7, build(7, event.TransportCollected, s)); s.Room != "" || s.EmptiedAt != 0 {
		t.Errorf("on the road in %q, emptied %d", s.Room, s.EmptiedAt)
	}
	s = step(t, s, 8, build(8, event.TransportDelivered, s))
	if s = step(t, s, 9, build(9, event.ManifestAccepted, s)); s.EmptiedAt != s.LastAt {
		t.Errorf("accepted, the box emptied at %d", s.EmptiedAt)
	}
}

// TestAClinicWithoutAStore names no room and is not held up.
func TestAClinicWithoutAStore(t *testing.T) {
	s := walk(t, event.BatchGenerated)
	if s = step(t, s, 2, build(2, event.ManifestIssued, s)); s.StoredAt != 0 {
		t.Errorf("%+v", s)
	}
}

// TestTheClockOfABoxIsThatOfItsOldestBag for any parents in any order.
func TestTheClockOfABoxIsThatOfItsOldestBag(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		parents := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) batch.State {
			return batch.State{ID: id.BatchOf(uuid('b', rapid.IntRange(10, 200).Draw(r, "id"))), Stage: batch.Stored, Code: "841-001-01", Grams: 100, Generator: generator,
				Origin: ward, Site: ward, Custodian: generator, N: 1, BornAt: rapid.Int64Range(1, 1000).Draw(r, "born"), StoredAt: rapid.Int64Range(0, 1000).Draw(r, "stored"),
				Department: rapid.SampledFrom([]string{"", "ICU", "OR"}).Draw(r, "department"), Isolation: rapid.Bool().Draw(r, "isolation")}
		}), 1, 5).Draw(r, "parents")
		e := build(200, event.BatchRepacked, parents[0])
		e.Data = event.Repacked{Children: []event.Child{{ID: box, Grams: waste.Grams(100 * len(parents)), Code: "841-001-01", Form: "S", Packaging: "turnover_box", Container: "箱 7"}}}
		c := batch.Begin(e, event.Birth{ID: box}, parents, place(1))
		born, stored, isolated, department := parents[0].BornAt, int64(0), false, parents[0].Department
		for _, p := range parents {
			born, isolated = min(born, p.BornAt), isolated || p.Isolation
			if p.StoredAt > 0 && (stored == 0 || p.StoredAt < stored) {
				stored = p.StoredAt
			}
			if p.Department != department {
				department = ""
			}
		}
		if c.BornAt != born || c.StoredAt != stored || c.Isolation != isolated || c.Department != department || c.Container != "箱 7" || c.BegunAt != e.At.UnixMilli() {
			r.Fatalf("the box of %+v is %+v", parents, c)
		}
	})
}
