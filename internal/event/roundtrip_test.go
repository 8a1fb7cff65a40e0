package event_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// same compares events as facts: instants of time by value and offset, empty lists as none.
func same(a, b event.Event) error {
	_, oa := a.At.Zone()
	_, ob := b.At.Zone()
	if !a.At.Equal(b.At) || oa != ob {
		return fmt.Errorf("at %s and %s", a.At, b.At)
	}
	a.At, b.At = time.Time{}, time.Time{}
	if len(a.Refs) == 0 {
		a.Refs = nil
	}
	if len(b.Refs) == 0 {
		b.Refs = nil
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Errorf("\n%+v\n%+v", a, b)
	}
	return nil
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, typ := range event.Types() {
		t.Run(string(typ), rapid.MakeCheck(func(r *rapid.T) {
			e := drawEvent(r, typ)
			payload, err := e.Payload()
			if err != nil {
				r.Fatalf("%+v: %v", e, err)
			}
			read, err := event.Parse(payload)
			if err != nil {
				r.Fatalf("%s: %v", payload, err)
			}
			if err := same(e, read); err != nil {
				r.Fatalf("%s: %v", payload, err)
			}
			again, err := read.Payload()
			if err != nil || string(again) != string(payload) {
				r.Fatalf("written twice, two texts: %v\n%s\n%s", err, payload, again)
			}
		}))
	}
}

// Nobody can be made to sign what the intake refuses.
func TestPayloadRefusesWhatParseRefuses(t *testing.T) {
	e, err := event.Parse([]byte(sample(event.BatchTreated)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func(*event.Event)
		want  string
	}{
		{"data of another type", func(e *event.Event) { e.Data = event.Outcome{Result: "x"} }, "invalid-event"},
		{"no data", func(e *event.Event) { e.Data = nil }, "invalid-event"},
		{"type without data", func(e *event.Event) { e.Type = "batch.moved" }, "invalid-event"},
		{"no id", func(e *event.Event) { e.ID = id.Event{} }, "/id=format"},
		{"no party", func(e *event.Event) { e.Party = id.Party{} }, "/party=format"},
		{"time before 2000", func(e *event.Event) { e.At = time.Unix(0, 0) }, "/at=format"},
		{"no batches", func(e *event.Event) { e.Batches = nil }, "/batches=required"},
		{"no grams", func(e *event.Event) { e.Batches[0].Grams = 0 }, "/batches/0/grams=required"},
		{"negative grams", func(e *event.Event) { e.Batches[0].Grams = -1 }, "/batches/0/grams=out_of_range"},
		{"more residue than grams", func(e *event.Event) { e.Batches[0].ResidueGrams = 1 << 40 }, "/batches/0/residue_grams=out_of_range"},
		{"a verdict here", func(e *event.Event) { e.Batches[0].Verdict = event.Whole }, "/batches/0/verdict=unknown_member"},
		{"a manifest here", func(e *event.Event) { e.Manifest, _ = id.ParseManifest(manif) }, "/manifest=unknown_member"},
		{"the same batch twice", func(e *event.Event) { e.Batches = append(e.Batches, e.Batches[0]) }, "/batches/1/id=repeated"},
		{"text too long", func(e *event.Event) { e.Data = event.Treated{Method: "D10", Facility: strings.Repeat("x", 65)} }, "/data/facility=length"},
		{"no method", func(e *event.Event) { e.Data = event.Treated{} }, "/data/method=required"},
	} {
		spoilt := e
		spoilt.Batches = append([]event.Batch(nil), e.Batches...)
		c.spoil(&spoilt)
		payload, err := spoilt.Payload()
		f := fault.As(err)
		if payload != nil || f == nil || f.Kind != fault.InvalidEvent {
			t.Errorf("%s: %s, %v", c.name, payload, err)
			continue
		}
		said := string(f.Kind)
		for _, x := range f.Fields {
			said += " " + x.Pointer + "=" + x.Code
		}
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %s, want %s", c.name, said, c.want)
		}
	}
}

// FuzzParse: whatever arrives, Parse answers with an event or a fault; an event that
// it takes means the same when it is written again.
func FuzzParse(f *testing.F) {
	for _, typ := range event.Types() {
		f.Add([]byte(sample(typ)))
	}
	f.Add([]byte(`{"v":1,"v":1}`))
	f.Add([]byte("{\"v\":\"\xff\"}"))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := event.Parse(payload)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		again, err := e.Payload()
		if fault.Of(err) == fault.TooLarge {
			return // a writer's escapes can be longer than the characters that arrived
		}
		if err != nil {
			t.Fatalf("taken, but not written again: %v", err)
		}
		read, err := event.Parse(again)
		if err != nil {
			t.Fatal(err)
		}
		if err := same(e, read); err != nil {
			t.Fatal(err)
		}
	})
}
