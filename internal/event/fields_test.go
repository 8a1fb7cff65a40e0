package event_test

import (
	"slices"
	"strings"
	"testing"

	"liandan/internal/event"
	"liandan/internal/profile"
)

// The table of profiles says of every field of every type what its signature seals and what
// may be corrected. Whoever adds a field decides that there: data/profiles.json.
func TestEveryFieldHasARule(t *testing.T) {
	for _, edition := range profile.Default() {
		for _, typ := range event.Types() {
			fields := event.Fields(typ)
			if !slices.Contains(fields, "/data") || !slices.Contains(fields, "/type") {
				t.Errorf("%s: the fields could not be found: %v", typ, fields)
			}
			for _, f := range fields {
				if edition.Class(profile.Profile{}, typ, f) == "" {
					t.Errorf("%s has the field %s, and internal/profile/data/profiles.json (%s) has no rule for it: say fixed, or correct when it may be corrected", typ, f, edition.Name)
				}
			}
			for f := range edition.Types[typ].Fields {
				if !slices.Contains(fields, f) {
					t.Errorf("the table has a rule for %s of %s, which has no such field", f, typ)
				}
			}
		}
	}
}

// Every member of a sample is a field that the readers were found to know.
func TestFieldsAreFound(t *testing.T) {
	for _, typ := range event.Types() {
		fields := event.Fields(typ)
		for _, part := range strings.Split(rests[typ], `"`) {
			if strings.Trim(part, "abcdefghijklmnopqrstuvwxyz_") == "" && strings.Contains(rests[typ], `"`+part+`":`) && part != "" &&
				!slices.ContainsFunc(fields, func(f string) bool { return strings.HasSuffix(f, "/"+part) }) {
				t.Errorf("%s: the member %q was not found among %v", typ, part, fields)
			}
		}
	}
}

// A corrected event reads as if it had been said so, and no value is taken that the type's
// own schema refuses.
func TestWith(t *testing.T) {
	e, err := event.Parse([]byte(sample(event.TransportCollected)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ pointer, now string }{{"/data/vehicle", `"冀F00001"`}, {"/batches/0/grams", "12345"}, {"/data/permit", `"P-1"`}, {"/data/nothing", "null"}} {
		if v, ok := e.Value(c.pointer); !ok || string(v) != c.now {
			t.Errorf("%s says %s (%v), want %s", c.pointer, v, ok, c.now)
		}
	}
	for _, p := range []string{"/batches/7/grams", "/batches/x/grams", "/batches", "/data", "/data/vehicle/deep"} {
		if v, ok := e.Value(p); ok {
			t.Errorf("%s is no single value, and says %s", p, v)
		}
	}
	is, err := e.With([]event.Change{{Pointer: "/data/vehicle", New: `"冀F00002"`}, {Pointer: "/batches/0/packages", New: event.NoValue}, {Pointer: "/batches/0/grams", New: "9"}})
	if err != nil || is.Data.(event.Collected).Vehicle != "冀F00002" || is.Batches[0].Packages != 0 || is.Batches[0].Grams != 9 || is.ID != e.ID || e.Batches[0].Grams != 12345 {
		t.Fatalf("%+v, %v", is, err)
	}
	for _, c := range []event.Change{{Pointer: "/data/vehicle", New: "7"}, {Pointer: "/data/vehicle", New: event.NoValue}, {Pointer: "/data/nothing", New: "1"}, {Pointer: "/batches/0/grams", New: "-5"}, {Pointer: "/batches/9/grams", New: "5"}} {
		if _, err := e.With([]event.Change{c}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
