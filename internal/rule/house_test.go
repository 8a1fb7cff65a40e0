package rule

import (
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

func lain(stage batch.Stage, code waste.Code, d time.Duration) batch.State {
	return batch.State{ID: bag, Stage: stage, Code: code, BornAt: noon.Add(-d).UnixMilli(), StoredAt: noon.Add(-d + time.Hour).UnixMilli()}
}

func TestClock(t *testing.T) {
	b := defaultBook(t)
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		state batch.State
		band  string // "" : no clock
	}{
		{"just closed", lain(batch.Generated, "841-001-01", 0), "fresh"},
		{"a day and a bit left", lain(batch.Stored, "841-001-01", 24*time.Hour-ms), "fresh"},
		{"a day left", lain(batch.Stored, "841-001-01", 24*time.Hour), "soon"},
		{"six hours left, packed for the carrier", lain(batch.Received, "841-002-01", 42*time.Hour), "urgent"},
		{"at the limit, at a transfer point", lain(batch.AtPoint, "841-005-01", 48*time.Hour), "urgent"},
		{"on the road", lain(batch.InTransit, "841-001-01", 72*time.Hour), ""},
		{"at the plant's gate", lain(batch.Delivered, "841-001-01", 72*time.Hour), ""},
		{"a millisecond over", lain(batch.Stored, "841-001-01", 48*time.Hour+ms), "exceeded"},
		{"accepted", lain(batch.Accepted, "841-001-01", 72*time.Hour), ""},
		{"packed over: its children have the clock", lain(batch.Repacked, "841-001-01", 72*time.Hour), ""},
		{"waste oil has no such limit", lain(batch.Stored, "900-214-08", 72*time.Hour), ""},
		{"nothing there", batch.State{}, ""},
	} {
		got, ok := b.Clock(c.state, noon)
		if ok != (c.band != "") || got.Band.Band != c.band {
			t.Errorf("%s: %v, %q; want %q", c.name, ok, got.Band.Band, c.band)
		}
		if ok && (got.Age+got.Remaining != 48*time.Hour || got.Due.Sub(got.Started) != 48*time.Hour || got.Band.ZH == "" || got.Band.Colour == "") {
			t.Errorf("%s: %+v", c.name, got)
		}
		if n := len(b.Overdue(c.state, noon)); (n == 1) != (c.band == "exceeded") {
			t.Errorf("%s: %d findings", c.name, n)
		}
	}
	// The other reading of the law: from the first putting into a store.
	b[0].Dwell.Start = FromStorage
	if got, ok := b.Clock(lain(batch.Stored, "841-001-01", 48*time.Hour+ms), noon); !ok || got.Band.Band != "urgent" {
		t.Errorf("from storage: %+v", got)
	}
	if _, ok := b.Clock(batch.State{Stage: batch.Generated, Code: "841-001-01", BornAt: 1}, noon); ok {
		t.Error("a clock from storage runs before anything was stored")
	}
}

// TestExceededIsSaidOnce for each stay in store: at the event that is first dated after the
// limit, or at the one by which what is over its time comes in.
func TestExceededIsSaidOnce(t *testing.T) {
	b := defaultBook(t)
	for _, c := range []struct {
		what       string
		stage      batch.Stage
		typ        event.Type
		age, since time.Duration // of the bag, of the event before
		want       string
	}{
		{"in time", batch.Stored, event.BatchReleased, 47 * time.Hour, time.Hour, ""},
		{"over", batch.Stored, event.BatchReleased, 49 * time.Hour, 2 * time.Hour, "stored-too-long"},
		{"said before", batch.Stored, event.BatchReleased, 50 * time.Hour, time.Hour, ""},
		{"over on the road", batch.InTransit, event.TransportDelivered, 49 * time.Hour, 2 * time.Hour, ""},
		{"comes to the point over", batch.HandedOver, event.BatchReceived, 50 * time.Hour, time.Hour, "stored-too-long"},
		{"comes to the point in time", batch.HandedOver, event.BatchReceived, 30 * time.Hour, time.Hour, ""},
		{"over at the point", batch.AtPoint, event.TransportCollected, 49 * time.Hour, 2 * time.Hour, "stored-too-long"},
		{"came to the point over", batch.AtPoint, event.TransportCollected, 60 * time.Hour, time.Hour, ""},
		{"comes back over", batch.Returned, event.BatchReceived, 60 * time.Hour, time.Hour, "stored-too-long"},
	} {
		s := sound()
		s.Before, s.LastAt, s.Event.Type = lain(c.stage, "841-001-01", c.age), noon.Add(-c.since), c.typ
		got := b.Examine(s)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || string(got[0].Rule) != c.want || got[0].Batch != bag || got[0].Event != newID) {
			t.Errorf("%s: %+v, want %q", c.what, got, c.want)
		}
	}
}

func TestBags(t *testing.T) {
	b := defaultBook(t)
	for _, c := range []struct {
		name string
		data event.Generated
		want Code
	}{
		{"double bag of an isolated patient", event.Generated{Code: "841-001-01", Packaging: "bag", Isolation: true, Layers: 2}, ""},
		{"single bag of an isolated patient", event.Generated{Code: "841-001-01", Packaging: "bag", Isolation: true, Layers: 1}, SingleLayer},
		{"layers not said", event.Generated{Code: "841-001-01", Packaging: "bag", Isolation: true}, SingleLayer},
		{"double bag of anybody", event.Generated{Code: "841-001-01", Packaging: "bag", Layers: 2}, ""},
		{"sharps", event.Generated{Code: "841-002-01", Packaging: "sharps_box"}, ""},
		{"oil in a sharps box", event.Generated{Code: "900-214-08", Packaging: "sharps_box"}, NoMedicalClass},
		{"oil in a turnover box", event.Generated{Code: "900-214-08", Packaging: "turnover_box"}, NoMedicalClass},
		{"oil in a drum", event.Generated{Code: "900-214-08", Packaging: "drum_steel"}, ""},
	} {
		s := sound()
		born(event.OnScale, true)(&s)
		c.data.Measured = event.OnScale
		s.Event.Data = c.data
		got := b.Examine(s)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0].Rule != c.want) {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}

func TestClaims(t *testing.T) {
	b := defaultBook(t)
	clinic := Beds{Known: true, Kind: "clinic", Number: 19}
	codes := []waste.Code{"841-001-01", "841-002-01"}
	for _, c := range []struct {
		name  string
		claim event.Exempt
		codes []waste.Code
		beds  Beds
		want  int
	}{
		{"nothing claimed", event.Exempt{}, codes, Beds{}, 0},
		{"19 beds", event.Exempt{Collection: "2021-2.1", Transport: "2021-2.2"}, codes, clinic, 0},
		{"a clinic without beds", event.Exempt{Collection: "2021-2.1"}, codes, Beds{Known: true, Kind: "clinic"}, 0},
		{"20 beds", event.Exempt{Collection: "2021-2.1", Transport: "2021-2.2"}, codes, Beds{Known: true, Kind: "hospital", Number: 20}, 2},
		{"a hospital whose beds nobody entered", event.Exempt{Transport: "2021-2.2"}, codes, Beds{Known: true, Kind: "hospital"}, 1},
		{"not in the register on that day", event.Exempt{Transport: "2021-2.2"}, codes, Beds{}, 1},
		{"the line of another stage", event.Exempt{Collection: "2021-2.2"}, codes, clinic, 1},
		{"no such line", event.Exempt{Transport: "2021-99.9"}, codes, clinic, 1},
		{"not of this waste", event.Exempt{Transport: "2021-2.2"}, []waste.Code{"841-001-01", "900-047-49"}, clinic, 1},
		{"an epidemic's plan has no beds", event.Exempt{Transport: "2021-2.3"}, codes, Beds{}, 0},
	} {
		issue := event.Event{ID: newID, Type: event.ManifestIssued, At: noon, Data: event.Issued{Exempt: c.claim}}
		got := b.Claims(issue, c.codes, c.beds)
		if len(got) != c.want {
			t.Errorf("%s: %+v, want %d", c.name, got, c.want)
		}
		for _, f := range got {
			if f.Rule != NoRightExempt || f.Event != newID || f.ZH == "" || f.EN == "" {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
	}
}

func TestBoxes(t *testing.T) {
	b := defaultBook(t)
	packer, other := id.PartyOf(id.V7(1, [10]byte{3})), id.PartyOf(id.V7(1, [10]byte{4}))
	use := func(n byte, of id.Party, box string, from, to int64) batch.State {
		return batch.State{ID: id.BatchOf(id.V7(1, [10]byte{9, n})), Packaging: "turnover_box", Container: box, Generator: of, BegunAt: from, EmptiedAt: to}
	}
	for _, c := range []struct {
		name string
		uses []batch.State
		want int
	}{
		{"one", []batch.State{use(1, packer, "7", 10, 0)}, 0},
		{"one after the other", []batch.State{use(2, packer, "7", 20, 0), use(1, packer, "7", 10, 20)}, 0},
		{"full twice", []batch.State{use(1, packer, "7", 10, 0), use(2, packer, "7", 20, 0)}, 1},
		{"used before it was emptied, emptied since", []batch.State{use(1, packer, "7", 10, 25), use(2, packer, "7", 20, 30)}, 1},
		{"two boxes", []batch.State{use(1, packer, "7", 10, 0), use(2, packer, "8", 20, 0)}, 0},
		{"two hospitals number alike", []batch.State{use(1, packer, "7", 10, 0), use(2, other, "7", 20, 0)}, 0},
		{"bags have no box", []batch.State{{Packaging: "bag", Container: "7"}, {Packaging: "bag", Container: "7"}}, 0},
	} {
		got := b.Boxes(c.uses, noon)
		if len(got) != c.want || c.want == 1 && got[0].Batch != use(2, packer, "7", 0, 0).ID {
			t.Errorf("%s: %+v, want %d", c.name, got, c.want)
		}
	}
}
