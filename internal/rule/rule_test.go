package rule

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

var (
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	bag   = id.BatchOf(id.V7(1, [10]byte{1}))
	newID = id.EventOf(id.V7(1, [10]byte{2}))
	head  = id.Hash{1}
)

func defaultBook(t *testing.T) Book {
	t.Helper()
	b, err := DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sound is a step on which no rule has anything to say.
func sound() Step {
	return Step{Seq: 9, RecordedAt: noon.Add(time.Minute), Prev: head, Grams: 5000, LastAt: noon.Add(-time.Hour), Known: true,
		Event: event.Event{ID: newID, Type: event.TransportCollected, At: noon, Data: event.Collected{Vehicle: "x"}},
		Batch: event.Batch{ID: bag, Seen: head, Grams: 5000, Weighed: true}}
}

func born(m event.Measured, known bool) func(*Step) {
	return func(s *Step) {
		s.Event.Type, s.Event.Data = event.BatchGenerated, event.Generated{Code: "841-001-01", Measured: m}
		s.Known, s.Grams, s.LastAt, s.Prev, s.Batch.Seen = known, 0, time.Time{}, id.Hash{}, id.Hash{}
	}
}

func TestExamine(t *testing.T) {
	const ms = time.Millisecond
	late := func(d time.Duration) func(*Step) { return func(s *Step) { s.RecordedAt = s.Event.At.Add(d) } }
	weigh := func(t event.Type, g, refused waste.Grams) func(*Step) {
		return func(s *Step) { s.Event.Type, s.Batch.Grams, s.Batch.RefusedGrams = t, g, refused }
	}
	for _, c := range []struct {
		name   string
		change func(*Step)
		want   string // rules in order
		grams  waste.Grams
	}{
		{"nothing", func(*Step) {}, "", 0},
		{"had seen nothing", func(s *Step) { s.Batch.Seen = id.Hash{} }, "unseen-entries", 0},
		{"had seen an older entry", func(s *Step) { s.Batch.Seen = id.Hash{2} }, "unseen-entries", 0},
		{"clock ahead by the skew", late(-5 * time.Minute), "", 0},
		{"clock ahead by more", late(-5*time.Minute - ms), "clock-ahead", 0},
		{"uploaded at the limit", late(72 * time.Hour), "", 0},
		{"uploaded later", late(72*time.Hour + ms), "late-upload", 0},
		{"dated like the event before", func(s *Step) { s.LastAt = s.Event.At }, "", 0},
		{"dated before it", func(s *Step) { s.LastAt = s.Event.At.Add(ms) }, "clock-back", 0},
		{"10 g lost", weigh(event.TransportCollected, 4990, 0), "grams-differ", 10},
		{"10 g gained", weigh(event.TransportCollected, 5010, 0), "grams-differ", -10},
		{"accepted in part, nothing lost", weigh(event.ManifestAccepted, 4000, 1000), "", 0},
		{"accepted in part, 100 g lost", weigh(event.ManifestAccepted, 4000, 900), "grams-differ", 100},
		{"treated in part", weigh(event.BatchTreated, 10, 0), "", 0},
		{"not weighed", func(s *Step) { s.Batch.Grams, s.Batch.Weighed = 0, false }, "", 0},
		{"generated", born(event.OnScale, true), "", 0},
		{"generated, code unknown", born(event.OnScale, false), "unverified-code", 0},
		{"generated, estimate", born(event.Estimated, true), "estimated-weight", 0},
		{"generated, both", born(event.Estimated, false), "unverified-code estimated-weight", 0},
		{"unknown code of a later event", func(s *Step) { s.Known = false }, "", 0},
		{"everything at once", func(s *Step) {
			s.Batch.Seen, s.Batch.Grams, s.LastAt = id.Hash{}, 1, s.Event.At.Add(time.Hour)
			s.RecordedAt = s.Event.At.Add(-time.Hour)
		}, "unseen-entries clock-ahead clock-back grams-differ", 4999},
	} {
		s := sound()
		c.change(&s)
		var got []string
		for _, f := range defaultBook(t).Examine(s) {
			got = append(got, string(f.Rule))
			if f.Seq != 9 || f.Event != newID || f.Batch != bag || f.ZH == "" || f.EN == "" || f.Version != "spine-1" {
				t.Errorf("%s: %+v", c.name, f)
			}
			if want := c.grams; f.Rule == GramsMoved && f.Grams != want || f.Rule != GramsMoved && f.Grams != 0 {
				t.Errorf("%s: %s of %d g, want %d", c.name, f.Rule, f.Grams, want)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
}

// Findings carry figures that a person can check, in both languages.
func TestSentencesCarryTheFigures(t *testing.T) {
	s := sound()
	s.Batch.Grams = 4990
	f := defaultBook(t).Examine(s)
	if len(f) != 1 || !strings.Contains(f[0].EN, "5.000 kg") || !strings.Contains(f[0].EN, "4.990 kg") || !strings.Contains(f[0].ZH, "5.000") || !strings.Contains(f[0].ZH, "4.990") {
		t.Errorf("%+v", f)
	}
	s = sound()
	s.RecordedAt = s.Event.At.Add(100 * time.Hour)
	f = defaultBook(t).Examine(s)
	if len(f) != 1 || !strings.Contains(f[0].EN, "100 h") || !strings.Contains(f[0].ZH, "100") {
		t.Errorf("%+v", f)
	}
}

// Two editions: each judges what happened in its own days, by the event's clock.
func TestLimitsAreDated(t *testing.T) {
	turn := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	b := Book{
		{Version: "old", ValidFrom: turn.AddDate(-1, 0, 0), ValidTo: turn, SkewMS: 1000, UploadMS: 3_600_000},
		{Version: "new", ValidFrom: turn, SkewMS: 60_000, UploadMS: 3_600_000},
	}
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{turn.AddDate(-2, 0, 0), "old"}, // before any edition the first one judges
		{turn.AddDate(-1, 0, 0), "old"}, {turn.Add(-time.Millisecond), "old"}, {turn, "new"}, {turn.AddDate(50, 0, 0), "new"},
	} {
		if got := b.At(c.at).Version; got != c.want {
			t.Errorf("at %s: %q, want %q", c.at, got, c.want)
		}
	}
	if got := (Book{}).At(turn); got != (Limits{}) {
		t.Errorf("an empty book: %+v", got)
	}
	for at, want := range map[time.Time]int{turn.Add(-time.Hour): 1, turn: 0} {
		s := sound()
		s.Event.At, s.RecordedAt, s.LastAt = at, at.Add(-30*time.Second), time.Time{}
		if got := b.Examine(s); len(got) != want || (want == 1 && got[0].Version != "old") {
			t.Errorf("30 s ahead at %s: %+v, want %d", at, got, want)
		}
	}
}

// The file in the program is strict JSON of this very shape, its editions follow one
// another without gap, and each says where its figures come from.
func TestLimitsInTheProgram(t *testing.T) {
	d := json.NewDecoder(bytes.NewReader(limitsFile))
	d.DisallowUnknownFields()
	var b Book
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("data after the editions: %v", err)
	}
	if !reflect.DeepEqual(b, defaultBook(t)) || len(b) == 0 {
		t.Errorf("DefaultBook reads otherwise: %+v", defaultBook(t))
	}
	for i, l := range b {
		if l.Version == "" || l.Source == "" || !slices.Contains([]string{"C", "C2", "L", "U", "own"}, l.Certainty) || l.ValidFrom.IsZero() {
			t.Errorf("edition %d: %+v", i, l)
		}
		if l.SkewMS <= 0 || l.UploadMS <= 0 || l.BackMS < 0 {
			t.Errorf("edition %s judges everything or nothing: %+v", l.Version, l)
		}
		if d := l.Dwell; d != nil && (d.Source == "" || d.Certainty == "" || d.LimitMS <= 0 || (d.Start != FromClosing && d.Start != FromStorage) ||
			len(d.Bands) == 0 || !slices.IsSortedFunc(d.Bands, func(x, y Band) int { return cmp.Compare(x.RemainingMS, y.RemainingMS) })) {
			t.Errorf("edition %s: the time of storage is %+v", l.Version, d)
		}
		if i > 0 && !b[i-1].ValidTo.Equal(l.ValidFrom) {
			t.Errorf("a gap between %s and %s", b[i-1].Version, l.Version)
		}
		if i == len(b)-1 && !l.ValidTo.IsZero() {
			t.Errorf("the last edition %s ends at %s and nothing follows", l.Version, l.ValidTo)
		}
	}
}
