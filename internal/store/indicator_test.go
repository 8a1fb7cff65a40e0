package store

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
)

// want is the pure fold's answer over the whole log.
func (h *history) want(n int, p indicator.Period, district string, as measure.Sealed) indicator.Row {
	v := h.book.At(as.Size)
	d, _ := v.Definition(n)
	in := indicator.Input{Definition: d, View: v, Period: p, CutOff: min(p.To.UnixMilli()-1, max(as.RecordedAt.UnixMilli(), p.From.UnixMilli())), Seen: indicator.Sightings{}}
	var now, before []indicator.Move
	for _, m := range h.moves {
		if m.Seq >= as.Size {
			continue
		}
		if p.Holds(m.At) {
			now = append(now, m)
		}
		if indicator.DayOf(m.At) <= indicator.DayOf(in.CutOff) {
			before = append(before, m)
		}
		in.Seen.Note(m, func(b id.Batch) ([]id.Batch, id.Site, bool) {
			s, ok := h.mem.Batches[b]
			return s.Parents, s.Origin, ok
		},
			func(b id.Batch, size int64) (int64, bool) {
				for _, x := range h.moves {
					if x.Kind == indicator.Collected && x.Batch == b && x.Seq < size {
						return x.At, true
					}
				}
				return 0, false
			})
	}
	in.Sums, in.Before = indicator.Fold(v, now), indicator.Fold(v, before)
	return indicator.Evaluate(in, district)
}

func sorted(r indicator.Row) indicator.Row {
	slices.SortFunc(r.Exclusions, func(a, b indicator.Exclusion) int { return strings.Compare(a.Code, b.Code) })
	slices.Sort(r.Flags)
	return r
}

// few makes rapid's checks few where nobody asked for a number: each of these is a
// history of a database of its own.
func few(n int) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set(fmt.Sprint(n))
	}
}

// The store's roll-ups give what the pure fold gives: at any size of the log, for any
// period and district, whatever came late, was corrected or filled in from paper, whatever
// facts changed, and however far the roll-ups have come. What was answered at a size stays
// the answer, and districts add up to the city.
func TestFiguresAreTheFoldOfTheLog(t *testing.T) {
	few(5)
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				s := opened(t, kind)
				defer s.Close()
				h := newHistory(r, s, drawn{r})
				h.compare(rapid.IntRange(2, 10).Draw(r, "rounds"))
				h.firsts("the intake")
			})
		})
	}
}

// A long history of one seed: what rebuild gives, and what is refused.
func TestFiguresOfALongHistory(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		h := newHistory(t, s, rand.New(rand.NewPCG(20260301, 7)))
		svc := h.compare(14)
		h.rich()
		rollUpsAreWhatRebuildGives(t, s, svc)
		h.migrateAnew()
		refusals(t, svc, h)
	})
}

// rich fails a history that lacks what the comparison is about.
func (h *history) rich() {
	h.t.Helper()
	kinds := map[indicator.MoveKind]int{}
	back, late := 0, 0
	for i, m := range h.moves {
		if kinds[m.Kind]++; m.Kind == indicator.Generated && m.Grams != 0 && i > 0 && h.mem.Batch(m.Batch).Head != (id.Hash{}) && len(h.mem.Batch(m.Batch).Corrections) > 0 {
			back++
		}
		if i > 0 && m.At < h.moves[i-1].At {
			late++
		}
	}
	for _, k := range []indicator.MoveKind{indicator.Generated, indicator.Treated, indicator.Residue, indicator.Difference, indicator.Repacked, indicator.Collected, indicator.Lost, indicator.Converted} {
		if kinds[k] == 0 {
			h.t.Errorf("nothing is %s", k)
		}
	}
	if back < 3 || late < 20 || h.seq < 20*int64(rung) {
		h.t.Errorf("%d of corrected batches, %d late, %d entries", back, late, h.seq)
	}
	h.t.Logf("%d entries; %v; %d of corrected batches, %d late", h.seq, kinds, back, late)
}

// compare lets the history go on, rolls some of it up, and holds figures against the fold.
func (h *history) compare(rounds int) *measure.Service {
	h.t.Helper()
	t, svc, ctx, told := h.t, h.service(), context.Background(), map[string]string{}
	periods := []string{"2026-01-15", "2026-W07", "2026-01", "2026-02", "2026-Q1", "2026-H1", "2026"}
	for range rounds {
		for range 25 {
			h.step()
		}
		if _, err := svc.Roll(ctx, h.rnd.IntN(12)); err != nil {
			t.Fatal(err)
		}
		asked := svc
		if h.rnd.IntN(3) == 0 {
			asked = h.service() // another process, which remembers nothing
		}
		for range 25 {
			n := []int{2, 19, 32, 35, 36, 37, 38, 59}[h.rnd.IntN(8)]
			name := periods[h.rnd.IntN(len(periods))]
			p, _ := indicator.ParsePeriod(name)
			q := measure.Query{Indicator: n, Period: p, District: append([]string{"", ""}, townDivisions[:4]...)[h.rnd.IntN(6)], Rows: true, Size: h.sizes[h.rnd.IntN(len(h.sizes))]}
			got, err := asked.Indicator(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			where := fmt.Sprintf("%d %s %s at %d", n, name, q.District, q.Size)
			if want := sorted(h.want(n, p, q.District, got.As)); got.As.Size != q.Size || !reflect.DeepEqual(sorted(got.Row), want) {
				t.Fatalf("%s:\n the store gives %+v\n the fold gives  %+v", where, got.Row, want)
			}
			if q.District == "" {
				addsUp(t, where, got)
			}
			all, _, err := asked.Definitions(ctx, measure.Query{Size: q.Size}) // what reports ask for instead
			if err != nil || !slices.ContainsFunc(all, func(d indicator.Definition) bool { return reflect.DeepEqual(d, got.Definition) }) {
				t.Fatalf("%s is by %+v, which is not among those in force then: %v", where, got.Definition, err)
			}
			words, _ := json.Marshal([]any{sorted(got.Row), got.Definition})
			said := string(words)
			if before, there := told[where]; there && before != said {
				t.Fatalf("%s was\n %s, is\n %s", where, before, said)
			}
			told[where] = said
		}
	}
	return svc
}

// addsUp says that what the districts' rows count, the city's counts: numerators,
// denominators and parts of every variant, stock, coverage, work lists, and exclusions but
// for what is in no district.
func addsUp(t rapid.TB, where string, res measure.Result) {
	t.Helper()
	if len(res.Districts) != 4 {
		t.Fatalf("%s: %d districts", where, len(res.Districts))
	}
	count := func(rows ...indicator.Row) map[string]int64 {
		out := map[string]int64{}
		for _, r := range rows {
			for _, f := range r.Figures {
				for _, p := range f.Parts {
					out[f.Variant+" "+p.Name] += p.Amount
				}
				if len(f.Parts) == 0 {
					out[f.Variant+" numerator"] += f.Numerator
				}
				if res.Definition.Indicator != 35 { // its own are made of the parts, where there is a base
					out[f.Variant+" denominator"] += f.Denominator
				}
			}
			for _, e := range r.Exclusions {
				if e.Code != "outside_city" && e.Code != "unregistered_site" {
					out["excluded "+e.Code] += int64(e.Count)<<40 + e.Grams
				}
			}
			out["stock"] += r.Stock
			out["sites"] += int64(r.Coverage.Sites)
			out["reported"] += int64(r.Coverage.Reported)
			out["work"] += int64(len(r.Work))
		}
		maps.DeleteFunc(out, func(_ string, n int64) bool { return n == 0 })
		return out
	}
	city, districts := count(res.Row), count(res.Districts...)
	if slices.Contains(res.Row.Flags, "base_incomplete") { // it then has no base to add up to
		for _, name := range []string{" base_grams", " denominator", " generated_grams", " recycled_grams"} {
			if res.Definition.Indicator == 32 || name == " base_grams" || name == " denominator" {
				delete(city, name)
				delete(districts, name)
			}
		}
	}
	if !maps.Equal(city, districts) {
		t.Fatalf("%s: the city counts %v, its districts %v", where, city, districts)
	}
}

func rollUpsAreWhatRebuildGives(t *testing.T, s *Store, svc *measure.Service) {
	t.Helper()
	ctx := context.Background()
	take := func() (tallies map[string]int64, seen indicator.Sightings) {
		tallies, seen = map[string]int64{}, indicator.Sightings{}
		err := s.view(ctx, func(r *reader) error {
			err := r.RollUpRows(func(level, block int64, k indicator.Key, grams int64) error {
				if grams != 0 { // what came to nothing may stand
					tallies[fmt.Sprintf("%d %d %+v", level, block, k)] = grams
				}
				return nil
			})
			if err != nil {
				return err
			}
			return r.SightingRows(func(k indicator.Seen, seq int64) error { seen[k] = seq; return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
		return tallies, seen
	}
	if _, err := svc.Roll(ctx, 10_000); err != nil {
		t.Fatal(err)
	}
	tallies, seen := take()
	if len(tallies) < 50 || len(seen) < 3 {
		t.Fatalf("%d tallies, %d sightings", len(tallies), len(seen))
	}
	if err := svc.Unroll(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := measure.New(svc.Config).Roll(ctx, 10_000); err != nil || n < 5 {
		t.Fatalf("%d blocks, %v", n, err)
	}
	again, seenAgain := take()
	if !maps.Equal(tallies, again) || !maps.Equal(seen, seenAgain) {
		t.Error("rolled up anew, the roll-ups differ")
	}
}

// firsts holds what is noted of each site and month against all movements in their order.
func (h *history) firsts(by string) (kinds map[indicator.MoveKind]int) {
	h.t.Helper()
	taken, want := map[id.Batch]indicator.Move{}, indicator.Firsts{}
	for _, m := range h.moves {
		if _, there := taken[m.Batch]; !there && m.Kind == indicator.Collected {
			taken[m.Batch] = m
		}
		want.Note(m, func(b id.Batch, before int64) (int64, bool) { t, ok := taken[b]; return t.At, ok && t.Seq < before })
	}
	got, kinds := indicator.Firsts{}, map[indicator.MoveKind]int{}
	err := h.s.view(context.Background(), func(r *reader) error {
		return r.SiteMonthRows(func(month int64, f indicator.First) error {
			got[indicator.SiteMonth{Month: month, Site: f.Site, What: f.What}] = f
			kinds[f.What]++
			return nil
		})
	})
	if err != nil || !maps.Equal(got, want) {
		h.t.Fatalf("%s: %d rows, want %d; %v", by, len(got), len(want), err)
	}
	return kinds
}

// migrateAnew holds what the migration fills in of a store from before likewise.
func (h *history) migrateAnew() {
	h.t.Helper()
	if kinds := h.firsts("the intake"); kinds[indicator.Generated] < 20 || kinds[indicator.Treated] < 3 {
		h.t.Fatalf("a poor history: %v", kinds)
	}
	p, err := h.s.provider()
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := p.DownTo(context.Background(), 53); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.s.Migrate(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	h.firsts("the migration")
}

func refusals(t *testing.T, svc *measure.Service, h *history) {
	t.Helper()
	march, _ := indicator.ParsePeriod("2026-03")
	later, _ := indicator.ParsePeriod("2031")
	for name, c := range map[string]struct {
		q    measure.Query
		want string
	}{
		"unknown indicator":      {measure.Query{Indicator: 99, Period: march}, "/indicator unknown_indicator"},
		"unknown district":       {measure.Query{Indicator: 35, Period: march, District: "139999"}, "/district unknown_district"},
		"a district not our own": {measure.Query{Indicator: 35, Period: march, District: "130629"}, "/district unknown_district"},
		"a period to come":       {measure.Query{Indicator: 35, Period: later}, "/period future"},
		"beyond the log":         {measure.Query{Indicator: 35, Period: march, Size: h.seq + 10_000}, "/as_of beyond_log"},
		"a time to come":         {measure.Query{Indicator: 35, Period: march, At: h.now.AddDate(3, 0, 0)}, "/as_of beyond_log"},
		"before the log":         {measure.Query{Indicator: 35, Period: march, At: h.now.AddDate(-9, 0, 0)}, "/as_of before_log"},
		"no size":                {measure.Query{Indicator: 35, Period: march, Size: -1}, "/as_of out_of_range"},
	} {
		_, err := svc.Indicator(context.Background(), c.q)
		f := fault.As(err)
		if f == nil || f.Kind != fault.InvalidRequest || len(f.Fields) != 1 || f.Fields[0].Pointer+" "+f.Fields[0].Code != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	old, err := svc.Indicator(context.Background(), measure.Query{Indicator: 37, Period: march, At: h.now.AddDate(0, 0, -1)})
	if err != nil || old.As.Size >= h.sizes[len(h.sizes)-1] {
		t.Errorf("as of a time: %d, %v", old.As.Size, err)
	}
}
