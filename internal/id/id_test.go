package id_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/id"
)

const sample = "019ca000-0000-7abc-8def-0000000000b1"

// RFC 9562 section 5.7: 48 bits of Unix milliseconds, version 7, variant 10, the rest random.
func TestV7Layout(t *testing.T) {
	if got := id.V7(0x017F22E279B0, [10]byte{0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F}).String(); got != "017f22e2-79b0-7cc3-98c4-dc0c0c07398f" {
		t.Errorf("the example of RFC 9562 appendix A.6: %s", got)
	}
	rapid.Check(t, func(r *rapid.T) {
		ms := rapid.Int64Range(0, 1<<48-1).Draw(r, "ms")
		var random [10]byte
		copy(random[:], rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(r, "random"))
		u := id.V7(ms, random)
		var got int64
		for _, b := range u[:6] {
			got = got<<8 | int64(b)
		}
		if got != ms || u.Version() != 7 || u[8]>>6 != 2 || !id.EventOf(u).IsV7() {
			r.Fatalf("%s of %d ms", u, ms)
		}
		for i, b := range random {
			mask := byte(0xff)
			switch i {
			case 0:
				mask = 0x0f
			case 2:
				mask = 0x3f
			}
			if u[6+i]&mask != b&mask {
				r.Fatalf("random byte %d is lost in %s", i, u)
			}
		}
		if later := id.V7(ms+1, [10]byte{}); ms < 1<<48-1 && later.String() <= u.String() {
			r.Fatalf("%s sorts before the earlier %s", later, u)
		}
	})
}

func TestOneSpelling(t *testing.T) {
	b, err := id.ParseBatch(sample)
	if err != nil || b.String() != sample || b.IsZero() {
		t.Fatalf("%s, %v", b, err)
	}
	for _, s := range []string{"", " ", strings.ToUpper(sample), "{" + sample + "}", "urn:uuid:" + sample, strings.ReplaceAll(sample, "-", ""), sample + " ", " " + sample,
		sample + "\n", sample[:35], sample + "0", "00000000-0000-0000-0000-000000000000", "019ca000-0000-7abc-8def-0000000000g1", "019ca0000-000-7abc-8def-0000000000b1",
		"019ca000_0000_7abc_8def_0000000000b1", "０19ca000-0000-7abc-8def-0000000000b1", sample[:18] + "\x00" + sample[19:], "019CA000-0000-7abc-8def-0000000000b1"} {
		got, err := id.ParseBatch(s)
		if err == nil || !got.IsZero() {
			t.Errorf("%q: %s", s, got)
		} else if !strings.Contains(err.Error(), "batch") {
			t.Errorf("%q: the answer does not say what is meant: %v", s, err)
		}
		var u id.Batch
		if s != "" && u.UnmarshalText([]byte(s)) == nil {
			t.Errorf("%q is unmarshalled as %s", s, u)
		}
	}
}

// Every kind has its own parser and its own word; one is never the other's type.
func TestKinds(t *testing.T) {
	parsers := map[string]func(string) (string, error){
		"batch":    func(s string) (string, error) { v, err := id.ParseBatch(s); return v.String(), err },
		"manifest": func(s string) (string, error) { v, err := id.ParseManifest(s); return v.String(), err },
		"party":    func(s string) (string, error) { v, err := id.ParseParty(s); return v.String(), err },
		"site":     func(s string) (string, error) { v, err := id.ParseSite(s); return v.String(), err },
		"person":   func(s string) (string, error) { v, err := id.ParsePerson(s); return v.String(), err },
		"trip":     func(s string) (string, error) { v, err := id.ParseTrip(s); return v.String(), err },
		"event":    func(s string) (string, error) { v, err := id.ParseEvent(s); return v.String(), err },
		"device":   func(s string) (string, error) { v, err := id.ParseDevice(s); return v.String(), err },
	}
	for noun, parse := range parsers {
		if got, err := parse(sample); err != nil || got != sample {
			t.Errorf("%s: %s, %v", noun, got, err)
		}
		if _, err := parse("x"); err == nil || !strings.HasSuffix(err.Error(), noun) {
			t.Errorf("%s: %v", noun, err)
		}
	}
	u := id.V7(1, [10]byte{1})
	types := map[reflect.Type]bool{}
	for _, v := range []interface {
		UUID() id.UUID
		String() string
	}{id.BatchOf(u), id.ManifestOf(u), id.PartyOf(u), id.SiteOf(u), id.PersonOf(u), id.TripOf(u), id.EventOf(u), id.DeviceOf(u)} {
		types[reflect.TypeOf(v)] = true
		if v.UUID() != u || v.String() != u.String() {
			t.Errorf("%T: %s", v, v)
		}
	}
	if len(types) != len(parsers) {
		t.Errorf("%d types for %d kinds", len(types), len(parsers))
	}
}

func TestIsV7(t *testing.T) {
	for s, want := range map[string]bool{
		sample: true, "019ca000-0000-7abc-bdef-0000000000b1": true, "6f9619ff-8b86-4011-b42d-00cf4fc964ff": false,
		"019ca000-0000-7abc-cdef-0000000000b1": false, "019ca000-0000-7abc-0def-0000000000b1": false, "ffffffff-ffff-ffff-ffff-ffffffffffff": false,
	} {
		e, err := id.ParseEvent(s)
		if err != nil || e.IsV7() != want {
			t.Errorf("%s: %v, %v", s, e.IsV7(), err)
		}
	}
	if (id.Event{}).IsV7() {
		t.Error("none is of version 7")
	}
}

func TestIDsInJSONAndDatabases(t *testing.T) {
	b, err := id.ParseBatch(sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []id.Batch{b, {}} {
		text, err := json.Marshal(v)
		if err != nil || string(text) != `"`+v.String()+`"` {
			t.Errorf("%s, %v", text, err)
		}
		read := b
		if err := json.Unmarshal(text, &read); err != nil || read != v {
			t.Errorf("%s reads as %s, %v", text, read, err)
		}
		stored, err := v.Value()
		if err != nil || stored != v.String() {
			t.Errorf("stored %v, %v", stored, err)
		}
		read = b
		if err := read.Scan(stored); err != nil || read != v {
			t.Errorf("%v scans as %s, %v", stored, read, err)
		}
		read = b
		if err := read.Scan([]byte(v.String())); err != nil || read != v {
			t.Errorf("bytes scan as %s, %v", read, err)
		}
	}
	read := b
	if err := read.Scan(nil); err != nil || !read.IsZero() {
		t.Errorf("NULL scans as %s, %v", read, err)
	}
	for _, src := range []any{7, 1.5, true, "x", []byte("x"), strings.ToUpper(sample), [16]byte{}} {
		read := b
		if err := read.Scan(src); err == nil || read != b {
			t.Errorf("%v scans as %s", src, read)
		}
	}
	m := map[id.Batch]int{b: 1}
	if text, err := json.Marshal(m); err != nil || string(text) != `{"`+sample+`":1}` {
		t.Errorf("as a key: %s, %v", text, err)
	}
}
