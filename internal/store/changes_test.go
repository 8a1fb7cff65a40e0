package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"liandan/internal/indicator"
	"liandan/internal/measure"
)

// told spells what a figure says.
func told(r indicator.Row) (out string) {
	for _, f := range r.Figures {
		out += fmt.Sprintf("%s=%s %d/%d;", f.Variant, f.Value, f.Numerator, f.Denominator)
	}
	return out
}

// Where a figure of a period is another than it was at an earlier size, what the log took
// in between is listed: every movement that counts, no other, and corrections apart.
func TestCausesAreWhatTheLogTookIn(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		h := newHistory(t, s, rand.New(rand.NewPCG(20260301, 7)))
		svc := h.service()
		for range 300 {
			h.step()
			h.now = h.now.Add(4 * time.Hour)
		}
		ctx := context.Background()
		met := map[measure.CauseKind]int{}
		changed := 0
		for i := range 250 {
			n := []int{2, 19, 35, 36, 37, 38}[h.rnd.IntN(6)]
			p, _ := indicator.ParsePeriod([]string{"2026-01", "2026-02", "2026-Q1", "2026"}[h.rnd.IntN(4)])
			district := append([]string{""}, townDivisions[:3]...)[h.rnd.IntN(4)]
			from := h.rnd.IntN(len(h.sizes) - 1)
			since, size := h.sizes[from], h.sizes[from+1+h.rnd.IntN(len(h.sizes)-from-1)]
			q := measure.Query{Indicator: n, Period: p, District: district, Size: size}
			causes, err := svc.Changes(ctx, q, since)
			if err != nil {
				t.Fatal(err)
			}
			now, err := svc.Indicator(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			q.Size = since
			then, err := svc.Indicator(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			where := fmt.Sprintf("%d: %d %s %s from %d to %d", i, n, p.Name, district, since, size)
			if told(now.Row) != told(then.Row) {
				if changed++; len(causes) == 0 {
					t.Fatalf("%s: no cause that\n%+v became\n%+v", where, then.Row.Figures, now.Row.Figures)
				}
			}
			listed := map[measure.CauseKind]int{}
			for _, c := range causes {
				met[c.Kind]++
				if c.ZH == "" || c.EN == "" || c.Count == 0 {
					t.Fatalf("%s: %+v", where, c)
				}
				for _, seq := range c.Entries {
					if seq < since || seq >= size {
						t.Fatalf("%s: entry %d", where, seq)
					}
				}
				listed[c.Kind] += c.Count
			}
			if n == 36 || n == 38 {
				continue
			}
			want := map[int64]bool{}
			in := indicator.Input{Definition: now.Definition, View: h.book.At(size), Period: p, CutOff: now.CutOff}
			for _, m := range h.moves {
				if m.Seq >= since && m.Seq < size && p.Holds(m.At) && indicator.Counts(in, in.View.Place(m), district) {
					want[m.Seq] = true
				}
			}
			if got := listed[measure.LateUpload] + listed[measure.NewlyKnown] + listed[measure.Corrected]; got != len(want) {
				t.Fatalf("%s: %d entries are listed, %d bear on it", where, got, len(want))
			}
			if listed[measure.LateUpload] > 0 && listed[measure.NewlyKnown] > 0 {
				t.Fatalf("%s: the period had ended and had not", where)
			}
		}
		for _, kind := range []measure.CauseKind{measure.LateUpload, measure.NewlyKnown, measure.Registered, measure.ChoiceMade, measure.BaseEntered} {
			if met[kind] == 0 {
				t.Errorf("no cause is %s; met %v", kind, met)
			}
		}
		if changed < 20 {
			t.Errorf("only %d figures changed", changed)
		}
	})
}
