package replay

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/party"
	"liandan/internal/waste"
)

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// TestChainHolds: whatever lines a manifest has, its events may come one after another,
// end where its lines say, balance to the gram, lie within the span, and are the same
// bytes when they are made again.
func TestChainHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		m, mass, treated := drawManifest(t)
		out := events(t, seed, m)
		if mass == 0 {
			if len(out) != 0 {
				t.Fatalf("%d events of a manifest without mass", len(out))
			}
			return
		}
		accepted, got := walk(t, out)
		if accepted != mass || got != treated {
			t.Fatalf("accepted %d g, treated %d g; want %d and %d", accepted, got, mass, treated)
		}
		again := events(t, seed, m)
		for i := range out {
			if !bytes.Equal(out[i].jws, again[i].jws) {
				t.Fatalf("event %d is made otherwise the second time", i)
			}
		}
		if other := events(t, seed+1, m); bytes.Equal(other[0].jws, out[0].jws) || other[0].event.ID == out[0].event.ID {
			t.Fatal("another seed gives the same events")
		}
	})
}

// TestReadCanBePlayed: whatever the reader lets through makes events that the intake would
// take.
func TestReadCanBePlayed(t *testing.T) {
	c, err := newCast(3)
	if err != nil {
		t.Fatal(err)
	}
	good := [][]string{{"000000001AAA", "Nr 7/é"}, {"1", "2", "3"}, {"", "UN1993"}, {"1", "100000"}, {"DM", "TT"}, {"1", "0.5"},
		{"P", "M", "G"}, {"D009", "F003 F005"}, {"", "H141"}}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		w := csv.NewWriter(&b)
		for range rapid.IntRange(1, 4).Draw(t, "rows") {
			row := make([]string, len(good))
			for i, words := range good {
				row[i] = rapid.SampledFrom(words).Draw(t, "cell")
			}
			// one cell may hold anything
			if odd := rapid.IntRange(0, len(row)).Draw(t, "odd"); odd < len(row) {
				row[odd] = rapid.OneOf(rapid.StringMatching(`[0-9A-Za-z./ -]{0,70}`), rapid.String()).Draw(t, "anything")
			}
			w.Write(row)
		}
		w.Flush()
		f, err := Read(strings.NewReader(header + b.String()))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range f.Manifests {
			out, err := (&play{cast: c, seed: 3, base: epoch}).chain(m)
			if err != nil {
				t.Fatalf("manifest %q cannot be played: %v", m.Number, err)
			}
			walk(t, out)
		}
	})
}

func drawManifest(t *rapid.T) (m Manifest, mass, treated waste.Grams) {
	m.Number = rapid.StringMatching(`[0-9]{9}[A-Z]{3}`).Draw(t, "manifest")
	for i := range rapid.IntRange(1, event.MaxBatches).Draw(t, "lines") {
		l := Line{At: i + 2, Manifest: m.Number, Item: fmt.Sprint(i + 1), Code: "us:D009", Name: "UN1993 D009",
			Packaging: "drum_steel", Form: waste.Solid, Packages: rapid.IntRange(1, maxPackages).Draw(t, "packages"),
			Method: waste.Method(rapid.SampledFrom([]string{"", "us:H141", "us:H061"}).Draw(t, "method"))}
		if l.Grams = waste.Grams(rapid.Int64Range(0, int64(waste.MaxBatch)).Draw(t, "grams")); l.Grams == 0 {
			l.Volume = true
		}
		mass += l.Grams
		if l.Method != "" {
			treated += l.Grams
		}
		m.Lines = append(m.Lines, l)
	}
	return m, mass, treated
}

func events(t *rapid.T, seed uint64, m Manifest) []signed {
	c, err := newCast(seed)
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&play{cast: c, seed: seed, base: epoch}).chain(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// walk lets the intake's own checks look at events in their order.
func walk(t *rapid.T, out []signed) (accepted, treated waste.Grams) {
	w := chain.NewMemory()
	var books []mass.Posting
	met := map[id.Event]bool{}
	var sum Summary
	last := epoch
	for i, s := range out {
		e := s.event
		if err := chain.Check(w, e); err != nil {
			t.Fatalf("%s: %v", e.Type, err)
		}
		if met[e.ID] || !e.ID.IsV7() || e.At.Before(last) || e.At.After(epoch.Add(span)) {
			t.Fatalf("%s has id %s and time %s after %s", e.Type, e.ID, e.At, last)
		}
		met[e.ID], last = true, e.At
		p := chain.Place(w, e, s.hash(), int64(i), e.At)
		w.Keep(p)
		books = append(books, p.Postings...)
		sum.count(e)
	}
	for _, b := range w.Batches {
		if want := b.Methods == nil; want == (b.TreatedSum == b.Initial) {
			t.Fatalf("a batch of %d g with methods %v has %d g treated", b.Initial, b.Methods, b.TreatedSum)
		}
	}
	if total := mass.Sum(books); total != 0 {
		t.Fatalf("the books sum to %d g", total)
	}
	return sum.AcceptedGrams, sum.TreatedGrams
}

// TestCast: the sample parties say that they are samples, have sound credit codes and keys
// of their own.
func TestCast(t *testing.T) {
	c, err := newCast(1)
	if err != nil {
		t.Fatal(err)
	}
	d, err := newCast(2)
	if err != nil {
		t.Fatal(err)
	}
	kids, codes := map[string]bool{}, map[party.CreditCode]bool{}
	for i, p := range c.all() {
		if _, err := party.ParseCreditCode(string(p.code)); err != nil {
			t.Errorf("%s: %v", p.code, err)
		}
		if !strings.Contains(p.name, "样例") || !strings.Contains(p.name, "SAMPLE") {
			t.Errorf("%s does not say that it is a sample", p.name)
		}
		other := d.all()[i]
		if other.Party != p.Party || other.Site != p.Site || other.Kid() == p.Kid() {
			t.Errorf("%s is another party, or has the same key, with another seed", p.name)
		}
		kids[p.Kid()], codes[p.code] = true, true
	}
	if len(kids) != 12 || len(codes) != 12 {
		t.Errorf("%d keys and %d codes, want 12", len(kids), len(codes))
	}
}
