package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
)

var update = flag.Bool("update", false, "write testdata anew")

type golden struct {
	Name  string `json:"name"`
	Entry string `json:"entry"`
	Leaf  string `json:"leaf"`
}

const goldenFile = "testdata/entries.json"

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// goldenEntries are spelt here by hand; the file holds their bytes and leaf hashes.
// A change of either would make every log written so far unreadable.
func goldenEntries() map[string]ledger.Entry {
	a := must(id.ParseBatch("019ca000-0000-7000-8000-0000000000b1"))
	b := must(id.ParseBatch("019ca000-0000-7000-8000-0000000000b2"))
	h := id.Hash(sha256.Sum256([]byte("event")))
	p := id.Hash(sha256.Sum256([]byte("before")))
	shanghai := time.FixedZone("", 8*3600)
	return map[string]ledger.Entry{
		"first of a batch":   {Seq: 0, RecordedAt: time.Date(2026, 3, 2, 8, 30, 0, 123_456_789, shanghai), Kind: "event", Hash: h, Links: []ledger.Link{{Batch: a, N: 1}}},
		"two batches":        {Seq: 9007199254740993, RecordedAt: time.Date(2026, 12, 31, 23, 59, 59, 999e6, time.UTC), Kind: "event", Hash: h, Links: []ledger.Link{{Batch: b, N: 2, Prev: p}, {Batch: a, N: 1}}},
		"no batch":           {Seq: 5, RecordedAt: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Kind: "event", Hash: p},
		"kind of later days": {Seq: 6, RecordedAt: time.Date(2026, 3, 2, 0, 0, 0, 1e6, time.UTC), Kind: "statement", Hash: h},
	}
}

func TestGoldenEntries(t *testing.T) {
	want := goldenEntries()
	if *update {
		var out []golden
		for _, name := range []string{"first of a batch", "two batches", "no batch", "kind of later days"} {
			out = append(out, golden{name, string(want[name].Bytes()), want[name].Leaf().String()})
		}
		b := append(must(json.MarshalIndent(out, "", "  ")), '\n')
		if err := os.WriteFile(goldenFile, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var have []golden
	if err := json.Unmarshal(must(os.ReadFile(goldenFile)), &have); err != nil || len(have) != len(want) {
		t.Fatalf("%s holds %d entries of %d: %v", goldenFile, len(have), len(want), err)
	}
	for _, g := range have {
		e := want[g.Name]
		if got := string(e.Bytes()); got != g.Entry {
			t.Errorf("%s:\n got %s\nwant %s", g.Name, got, g.Entry)
		}
		// RFC 6962 section 2.1: SHA-256 of a zero byte and the leaf's bytes.
		if sum := id.Hash(sha256.Sum256(append([]byte{0}, g.Entry...))); sum.String() != g.Leaf || e.Leaf() != sum {
			t.Errorf("%s: leaf %s, %s in the file, %s by RFC 6962", g.Name, e.Leaf(), g.Leaf, sum)
		}
		read, err := ledger.ParseEntry([]byte(g.Entry))
		if err != nil || !bytes.Equal(read.Bytes(), []byte(g.Entry)) {
			t.Errorf("%s is not read back: %v", g.Name, err)
		}
	}
}

func TestEntryReadsAsWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := drawEntry(r)
		read, err := ledger.ParseEntry(e.Bytes())
		if err != nil || !reflect.DeepEqual(read, e) {
			r.Fatalf("%s\n%+v\n%+v, %v", e.Bytes(), e, read, err)
		}
		if read.Leaf() != e.Leaf() || e.Leaf() != ledger.LeafOf(e.Bytes()) {
			r.Fatal("leaf hashes differ")
		}
		for _, l := range e.Links {
			if got, ok := e.LinkOf(l.Batch); !ok || got != l {
				r.Fatalf("link of %s: %+v", l.Batch, got)
			}
		}
		if _, ok := e.LinkOf(drawBatch(r)); ok && len(e.Links) == 0 {
			r.Fatal("a link that is not there")
		}
	})
}

// One entry, one spelling: each way to write the same facts otherwise is damage.
func TestOtherSpellingsAreDamage(t *testing.T) {
	sound := string(goldenEntries()["two batches"].Bytes())
	eventHash := goldenEntries()["two batches"].Hash.String()
	if _, err := ledger.ParseEntry([]byte(sound)); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`{"v":1`, `{ "v":1`}, {`}]}`, `}] }`}, {`}]}`, `}]}` + "\n"}, {`{"v":1`, ` {"v":1`}, {`{"v":1`, "\ufeff" + `{"v":1`}, {`}]}`, `}]}{}`}, {`}]}`, `}]`},
		{`"v":1,`, `"v":2,`}, {`"v":1,`, `"v":1.0,`}, {`"v":1,`, ``}, {`"v":1,`, `"v":1,"v":1,`}, {`"v":1,`, `"v":1,"x":1,`}, {`"v":1,"seq":9007199254740993`, `"seq":9007199254740993,"v":1`},
		{`"seq":9007199254740993`, `"seq":9007199254740993.0`}, {`"seq":9007199254740993`, `"seq":09007199254740993`}, {`"seq":9007199254740993`, `"seq":"9007199254740993"`},
		{`"seq":9007199254740993`, `"seq":9.007199254740993e15`}, {`"seq":9007199254740993`, `"seq":9223372036854775808`}, {`"seq":9007199254740993`, `"seq":null`},
		{`"seq"`, `"Seq"`}, {`"seq"`, `"\u0073eq"`}, {`"kind":"event"`, `"kind":"\u0065vent"`}, {`"kind":"event"`, `"kind":null`}, {`"kind":"event",`, ``},
		{`.999Z`, `.999+00:00`}, {`.999Z`, `Z`}, {`.999Z`, `.9990Z`}, {`.999Z`, `.999`}, {`.999Z`, `,999Z`}, {`T23`, ` 23`}, {`12-31`, `13-31`}, {`2026-12-31T23:59:59.999Z`, `2027-01-01T07:59:59.999+08:00`},
		{`"hash":"`, `"hash":"00`}, {`"hash":"` + eventHash, `"hash":"`}, {`"kind":"event"`, `"kind":""`}, {`"seq":9007199254740993`, `"seq":-1`}, {`"n":1,`, `"n":0,`}, {`"n":1,`, `"n":-1,`},
		{`"links":[{`, `"links":[null,{`}, {`"n":1,`, `"n":01,`}, {`"n":1,`, `"n":1e0,`}, {`"prev":null`, `"prev":""`},
		{`"prev":null`, `"prev":"` + strings.Repeat("0", 64) + `"`}, {`,"prev":null`, ``}, {`"prev":null`, `"prev": null`}, {`"n":1,"prev":null`, `"prev":null,"n":1`},
		{`0000000000b1"`, `0000000000B1"`}, {`"019ca000-0000-7000-8000-0000000000b1"`, `""`}, {`"019ca000-0000-7000-8000-0000000000b1"`, `null`}, {`"019ca000-0000-7000-8000-0000000000b1"`, `"00000000-0000-0000-0000-000000000000"`},
	} {
		if strings.Count(sound, c[0]) != 1 {
			t.Fatalf("%q stands %d times in %s", c[0], strings.Count(sound, c[0]), sound)
		}
		if e, err := ledger.ParseEntry([]byte(strings.Replace(sound, c[0], c[1], 1))); fault.Of(err) != fault.Damaged {
			t.Errorf("%q for %q: %+v, %v", c[1], c[0], e, err)
		}
	}
	for _, s := range []string{"", "null", "{}", "[]", "0", `"x"`, strings.ToUpper(sound), strings.Repeat("[", 100_000), sound[:len(sound)-1], "\xff"} {
		if _, err := ledger.ParseEntry([]byte(s)); fault.Of(err) != fault.Damaged {
			t.Errorf("%.30q: %v", s, err)
		}
	}
}

// Any changed byte makes the entry unreadable or gives another entry with another leaf.
func TestAnyChangedByteChangesTheLeaf(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := drawEntry(r).Bytes()
		leaf := ledger.LeafOf(b)
		spoilt := bytes.Clone(b)
		spoilt[rapid.IntRange(0, len(b)-1).Draw(r, "place")] ^= byte(rapid.IntRange(1, 255).Draw(r, "mask"))
		e, err := ledger.ParseEntry(spoilt)
		if err == nil && (!bytes.Equal(e.Bytes(), spoilt) || e.Leaf() == leaf) {
			r.Fatalf("%s is read as %+v", spoilt, e)
		}
		if err != nil && fault.Of(err) != fault.Damaged {
			r.Fatalf("not the fault damaged: %v", err)
		}
	})
}

// FuzzParseEntry: what is read is spelt exactly as it was.
func FuzzParseEntry(f *testing.F) {
	for _, e := range goldenEntries() {
		f.Add(e.Bytes())
	}
	f.Add([]byte(`{"v":1,"seq":0,"recorded_at":"0000-01-01T00:00:00.000Z","kind":"","hash":"","links":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ledger.ParseEntry(b)
		if err != nil {
			if fault.Of(err) != fault.Damaged {
				t.Fatalf("not the fault damaged: %v", err)
			}
			return
		}
		if !bytes.Equal(e.Bytes(), b) {
			t.Fatalf("%q is written as %q", b, e.Bytes())
		}
	})
}
