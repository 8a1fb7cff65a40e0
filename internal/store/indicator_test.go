package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/measure"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

var townDivisions = []string{"130600", "130602", "130609", "130624", "130629", "110101"}

func inTown(d string) bool { return strings.HasPrefix(d, "1306") && d != "130629" }

// history is a random log, kept beside the store as the pure fold sees it. Numbers are
// skipped, so that a few events fill many blocks.
type history struct {
	t     *testing.T
	s     *Store
	rnd   *rand.Rand
	mem   *chain.Memory
	book  *indicator.Book
	moves []indicator.Move
	seq   int64
	now   time.Time
	alive []id.Batch
	sizes []int64
}

func (h *history) uuid(kind byte, n int) id.UUID {
	return id.V7(1_772_000_000_000, [10]byte{6: kind, 7: byte(n >> 16), 8: byte(n >> 8), 9: byte(n)})
}
func (h *history) site(n int) id.Site  { return id.SiteOf(h.uuid('s', n)) }
func (h *history) firm(n int) id.Party { return id.PartyOf(h.uuid('p', n)) }
func (h *history) fresh() id.UUID      { return h.uuid('x', int(h.seq)*8+h.rnd.IntN(8)) }

// at is any moment of three months: uploads come late, and back-fills later.
func (h *history) at() time.Time {
	return time.Date(2026, 1, 1, 8, 0, 0, 0, calendar.Zone()).Add(time.Duration(h.rnd.IntN(90*24*60)) * time.Minute)
}

func (h *history) write(g record.Group) {
	h.t.Helper()
	h.now = h.now.Add(time.Duration(1+h.rnd.IntN(5000)) * time.Second)
	h.seq++
	g.RecordedAt, g.Signer, g.Checkpoint = h.now, "x+1", fmt.Appendf(nil, "SAMPLE checkpoint %d", h.seq)
	g.Head = merkle.Head{Size: h.seq, Root: sha256.Sum256(g.Checkpoint)}
	if err := h.s.Update(h.t.Context(), func(tx record.Tx) error { return tx.Write(g) }); err != nil {
		h.t.Fatal(err)
	}
	h.sizes = append(h.sizes, h.seq)
	h.seq += int64(h.rnd.IntN(500))
}

func (h *history) say(e event.Event) {
	h.t.Helper()
	e.ID, e.Person = id.EventOf(h.fresh()), id.PersonOf(h.uuid('h', 1))
	body := fmt.Appendf(nil, "SAMPLE %d", h.seq)
	if _, ok := e.Data.(event.Inspection); ok {
		payload, err := e.Payload()
		if err != nil {
			h.t.Fatal(err)
		}
		b64 := base64.RawURLEncoding.EncodeToString
		head := fmt.Sprintf(`{"alg":"EdDSA","kid":"%s","typ":"liandan-event"}`, b64(make([]byte, 32)))
		body = []byte(b64([]byte(head)) + "." + b64(payload) + "." + b64(make([]byte, 64)))
	}
	p := chain.Place(h.mem, e, sha256.Sum256(body), h.seq, h.now)
	h.mem.Keep(p)
	h.moves = append(h.moves, indicator.MovesOf(h.seq, e, p.Batches, p.Postings)...)
	if d, ok := e.Data.(event.Inspection); ok {
		h.book.AddInspection(indicator.Inspection{Seq: h.seq, Event: e.ID, At: e.At.UnixMilli(), Inspection: d})
	}
	h.write(record.Group{Records: []record.Record{{Event: e, Body: body, Placed: p}}, Batches: p.Batches, Manifests: p.Manifests})
}

func (h *history) fact(kind indicator.FactKind, row any) {
	h.t.Helper()
	f := indicator.Fact{Kind: kind, At: 1, By: "command", Reason: "SAMPLE", Row: row}
	b, err := f.Bytes()
	if err != nil {
		h.t.Fatal(err)
	}
	h.book.Add(h.seq, f)
	e := ledger.Entry{Seq: h.seq, RecordedAt: h.now, Kind: statement.KindFact, Hash: sha256.Sum256(b)}
	h.write(record.Group{Statements: []record.Said{{Entry: e, Bytes: e.Bytes(), Leaf: ledger.LeafOf(e.Bytes()), Body: b}}})
}

// step does one random thing.
func (h *history) step() {
	r := h.rnd
	from := func() indicator.Span {
		day := []string{"2020-01-01", "2026-01-20", "2026-02-14"}[r.IntN(3)]
		t, _ := time.ParseInLocation(time.DateOnly, day, calendar.Zone())
		return indicator.Span{From: t.UnixMilli()}
	}
	switch what := r.IntN(20); {
	case what < 3:
		n := 1 + r.IntN(9)
		h.fact(indicator.KindSite, indicator.Site{Site: h.site(n), Party: h.firm(n), Kind: []string{"hospital", "clinic", "factory", "workshop", "plant"}[r.IntN(5)],
			Division: townDivisions[r.IntN(len(townDivisions))], BuiltUp: r.IntN(3) > 0, Beds: r.IntN(3), Social: []string{"", "repair"}[r.IntN(2)], Span: from()})
	case what == 3:
		h.fact(indicator.KindLicence, indicator.Licence{Party: h.firm(1 + r.IntN(9)), Number: "L", Kind: "operating", Codes: []string{[]string{"*", "HW01"}[r.IntN(2)]}, Span: from()})
	case what == 4:
		h.fact(indicator.KindMember, indicator.Member{Site: h.site(1 + r.IntN(9)), By: h.firm(9), Basis: "plan", Number: "N", Span: from()})
	case what == 5:
		h.fact(indicator.KindChoice, []indicator.ChoiceMade{{Indicator: 37, Key: "denominator", Value: "collected"}, {Indicator: 35, Key: "scope", Value: "landfilled_in_city"},
			{Indicator: 36, Key: "unit", Value: "site"}, {Indicator: 59, Key: "reinspection", Value: "first"}, {Indicator: 36, Key: "proof_from", Value: "any"}}[r.IntN(5)])
	case what == 6:
		h.fact(indicator.KindBase, indicator.Base{Figure: "landfilled", Division: townDivisions[r.IntN(4)], Year: 2020, Amount: int64(r.IntN(100_000)), Source: "SAMPLE"})
	case what == 7:
		d := event.Inspection{Inspected: h.site(1 + r.IntN(10)), Class: "generator", Sheet: "generator", Version: "2021"}
		for no := 1; no <= 30; no++ {
			d.Items = append(d.Items, event.Scored{No: no, Points: 2 - r.IntN(20)/19})
			d.Total += d.Items[no-1].Points
		}
		h.say(event.Event{Type: event.InspectionRecorded, At: h.at(), Party: h.firm(40), Site: h.site(40), Data: d})
	case what < 12 || len(h.alive) == 0:
		n, b := 1+r.IntN(10), id.BatchOf(h.fresh()) // the tenth is in no register
		h.alive = append(h.alive, b)
		h.say(event.Event{Type: event.BatchGenerated, At: h.at(), Party: h.firm(n), Site: h.site(n), Batches: []event.Batch{{ID: b, Grams: waste.Grams(1 + r.IntN(9000)), Weighed: true}},
			Data: event.Generated{Code: []waste.Code{"841-001-01", "900-041-49", "772-002-18"}[r.IntN(3)], Form: "S", Packaging: "bag", Measured: event.OnScale}})
	default:
		h.advance()
	}
}

// advance takes a batch one step on.
func (h *history) advance() {
	r := h.rnd
	i := r.IntN(len(h.alive))
	s := h.mem.Batch(h.alive[i])
	line := []event.Batch{{ID: s.ID, Seen: s.Head, Grams: s.Grams, Weighed: true}}
	at := time.UnixMilli(s.LastAt).In(calendar.Zone()).Add(time.Duration(r.IntN(20*24)) * time.Hour)
	e := event.Event{At: at, Batches: line, Manifest: s.Manifest, Refs: []id.Event{id.EventOf(h.fresh())}}
	plant := 1 + r.IntN(9)
	switch s.Stage {
	case batch.Generated, batch.Accepted:
		if r.IntN(4) == 0 {
			h.pack(s, at)
			return
		}
		if s.Stage == batch.Accepted && r.IntN(6) > 0 {
			take := max(1, s.Grams/waste.Grams(1+r.IntN(2)))
			line[0].Grams, line[0].ResidueGrams = take, take/5
			e.Type, e.Party, e.Site, e.Manifest, e.Data = event.BatchTreated, s.Custodian, s.Site, id.Manifest{}, event.Treated{Method: []waste.Method{"D1", "Y10", "D10", "R4"}[r.IntN(4)]}
			h.say(e)
			if h.mem.Batch(s.ID).Grams == 0 {
				h.alive = slices.Delete(h.alive, i, i+1)
			}
			return
		}
		e.Type, e.Party, e.Site, e.Manifest = event.ManifestIssued, s.Custodian, s.Site, id.ManifestOf(h.fresh())
		e.Data = event.Issued{Profile: "hazardous", Carrier: h.firm(30), Consignee: h.firm(plant), ConsigneeSite: h.site(plant)}
	case batch.Issued:
		e.Type, e.Party, e.Site, e.Data = event.TransportCollected, h.firm(30), h.site(30), event.Collected{Vehicle: "SAMPLE"}
		line[0].Grams = max(1, line[0].Grams-waste.Grams(r.IntN(3)))
	default:
		e.Type, e.Party, e.Site, e.Data = event.ManifestAccepted, s.Consignee, s.ConsigneeSite, event.Accepted{Measured: event.OnScale}
		line[0].Verdict = event.Whole
	}
	h.say(e)
}

// pack makes two batches, or one and a batch of another origin, into one.
func (h *history) pack(s batch.State, at time.Time) {
	lines, total := []event.Batch{{ID: s.ID, Seen: s.Head, Grams: s.Grams, Weighed: true}}, s.Grams
	for _, b := range h.alive {
		if o := h.mem.Batch(b); b != s.ID && o.Site == s.Site && o.Stage == s.Stage && o.Code == s.Code {
			lines, total = append(lines, event.Batch{ID: b, Seen: o.Head, Grams: o.Grams, Weighed: true}), total+o.Grams
			break
		}
	}
	child := id.BatchOf(h.fresh())
	h.alive = slices.DeleteFunc(h.alive, func(b id.Batch) bool {
		return slices.ContainsFunc(lines, func(l event.Batch) bool { return l.ID == b })
	})
	h.alive = append(h.alive, child)
	h.say(event.Event{Type: event.BatchRepacked, At: at, Party: s.Custodian, Site: s.Site, Batches: lines,
		Data: event.Repacked{Children: []event.Child{{ID: child, Grams: total, Code: s.Code, Form: "S", Packaging: "box"}}}})
}

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

// The store's roll-ups give what the pure fold gives: at any size of the log, for any
// period and district, whatever came late, whatever facts changed, and however far the
// roll-ups have come. What was answered at a size stays the answer.
func TestFiguresAreTheFoldOfTheLog(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		h := &history{t: t, s: s, rnd: rand.New(rand.NewPCG(20260301, 7)), mem: &chain.Memory{Batches: map[id.Batch]batch.State{}, Manifests: map[id.Manifest]manifest.State{}},
			book: indicator.NewBook(inTown), now: time.Date(2026, 1, 2, 8, 0, 0, 0, calendar.Zone())}
		svc := measure.New(measure.Config{Store: s, Divisions: townDivisions, City: inTown, Now: func() time.Time { return h.now.AddDate(1, 0, 0) }})
		ctx := context.Background()
		told := map[string]string{}
		periods := []string{"2026-01-15", "2026-W07", "2026-01", "2026-02", "2026-Q1", "2026-H1", "2026"}
		for range 12 {
			for range 25 {
				h.step()
			}
			if _, err := svc.Roll(ctx, h.rnd.IntN(6)); err != nil {
				t.Fatal(err)
			}
			for range 25 {
				n := []int{2, 19, 32, 35, 36, 37, 38, 59}[h.rnd.IntN(8)]
				name := periods[h.rnd.IntN(len(periods))]
				p, _ := indicator.ParsePeriod(name)
				q := measure.Query{Indicator: n, Period: p, District: append([]string{""}, townDivisions[:4]...)[h.rnd.IntN(5)], Rows: true, Size: h.sizes[h.rnd.IntN(len(h.sizes))]}
				got, err := svc.Indicator(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				where := fmt.Sprintf("%d %s %s at %d", n, name, q.District, q.Size)
				if want := sorted(h.want(n, p, q.District, got.As)); got.As.Size != q.Size || !reflect.DeepEqual(sorted(got.Row), want) {
					t.Fatalf("%s:\n the store gives %+v\n the fold gives  %+v", where, got.Row, want)
				}
				if q.District == "" && len(got.Districts) != 4 {
					t.Fatalf("%s: %d districts", where, len(got.Districts))
				}
				words, _ := json.Marshal([]any{sorted(got.Row), got.Definition})
				said := string(words)
				if before, there := told[where]; there && before != said {
					t.Fatalf("%s was\n %s, is\n %s", where, before, said)
				}
				told[where] = said
			}
		}
		rollUpsAreWhatRebuildGives(t, s, svc)
		refusals(t, svc, h)
	})
}

func rollUpsAreWhatRebuildGives(t *testing.T, s *Store, svc *measure.Service) {
	t.Helper()
	ctx := context.Background()
	take := func() (tallies map[string]int64, seen indicator.Sightings) {
		tallies, seen = map[string]int64{}, indicator.Sightings{}
		err := s.view(ctx, func(r *reader) error {
			err := r.RollUpRows(func(level, block int64, k indicator.Key, grams int64) error {
				tallies[fmt.Sprintf("%d %d %+v", level, block, k)] = grams
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
	if _, err := svc.Roll(ctx, 1000); err != nil {
		t.Fatal(err)
	}
	tallies, seen := take()
	if len(tallies) < 50 || len(seen) < 10 {
		t.Fatalf("%d tallies, %d sightings", len(tallies), len(seen))
	}
	if err := svc.Unroll(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := measure.New(svc.Config).Roll(ctx, 1000); err != nil || n < 5 {
		t.Fatalf("%d blocks, %v", n, err)
	}
	again, seenAgain := take()
	if !maps.Equal(tallies, again) || !maps.Equal(seen, seenAgain) {
		t.Error("rolled up anew, the roll-ups differ")
	}
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
