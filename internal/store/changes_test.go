package store

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/report"
	"liandan/internal/waste"
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
		for i := range 300 {
			h.step()
			if i%4 == 3 && len(h.all) > 0 {
				h.correct()
			}
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
		for _, kind := range []measure.CauseKind{measure.LateUpload, measure.NewlyKnown, measure.Corrected, measure.Registered, measure.ChoiceMade, measure.BaseEntered} {
			if met[kind] == 0 {
				t.Errorf("no cause is %s; met %v", kind, met)
			}
		}
		if changed < 20 {
			t.Errorf("only %d figures changed", changed)
		}
	})
}

// figures gives a report the measures of a history.
type figures struct {
	svc *measure.Service
	s   *Store
}

func (f figures) Figure(ctx context.Context, q report.Question) (report.Answer, error) {
	r, err := f.svc.Indicator(ctx, measure.Query{Indicator: q.Indicator, Period: q.Period, District: q.District, Rows: q.Rows, Size: q.Size})
	return report.Answer{Definition: r.Definition, CutOff: r.CutOff, Size: r.As.Size, Root: r.As.Root, Checkpoint: r.As.Checkpoint, RecordedAt: r.As.RecordedAt, Row: r.Row, Districts: r.Districts}, err
}

func (f figures) InForce(ctx context.Context) ([]indicator.Definition, error) {
	list, _, err := f.svc.Definitions(ctx, measure.Query{})
	return list, err
}

func (f figures) Causes(ctx context.Context, q report.Question, since int64) (out []report.Cause, err error) {
	list, err := f.svc.Changes(ctx, measure.Query{Indicator: q.Indicator, Period: q.Period, District: q.District, Size: q.Size}, since)
	for _, c := range list {
		out = append(out, report.Cause{Kind: string(c.Kind), Why: c.EN, Count: c.Count, Grams: c.Grams, Entries: c.Entries})
	}
	return out, err
}

func (f figures) Names(ctx context.Context, parties []id.Party, at time.Time) (map[id.Party]string, map[id.Site]string, error) {
	return f.s.RegisterNames(ctx, parties, at)
}

// amend proposes another weight of what was said of a batch, has everybody agree who is
// asked, and gives the entry by which it counts.
func (h *history) amend(was event.Event, b id.Batch, grams string) (counts int64) {
	h.t.Helper()
	old, _ := was.Value("/batches/0/grams")
	when := time.UnixMilli(h.mem.Batch(b).LastAt).Add(time.Hour)
	e := event.Event{Type: event.CorrectionProposed, At: when, Party: was.Party, Site: was.Site, Manifest: was.Manifest, Refs: []id.Event{was.ID},
		Batches: []event.Batch{{ID: b, Seen: h.mem.Batch(b).Head}}}
	d := event.Correction{Changes: []event.Change{{Pointer: "/batches/0/grams", Old: old, New: event.Value(grams)}}, Reason: "SAMPLE", Until: when.AddDate(0, 0, 9)}
	for _, p := range chain.Concerned(h.mem.Chain(b), was, &e) {
		if p != e.Party {
			d.Parties = append(d.Parties, p)
		}
	}
	if e.Data = d; chain.Check(h.mem, e) != nil {
		h.t.Fatal(chain.Check(h.mem, e))
	}
	counts = h.seq
	h.say(e)
	for len(h.mem.Batch(b).Corrections[0].Waiting()) > 0 {
		c := h.mem.Batch(b).Corrections[0]
		counts = h.seq
		h.say(event.Event{Type: event.CorrectionAgreed, At: when.Add(time.Hour), Party: c.Waiting()[0], Site: was.Site, Manifest: c.Manifest, Refs: []id.Event{c.ID}, Data: event.Consent{},
			Batches: []event.Batch{{ID: b, Seen: h.mem.Batch(b).Head}}})
	}
	return counts
}

// born closes a batch of a site, and gives it with the entry.
func (h *history) born(site int, day string, grams waste.Grams) (id.Batch, int64) {
	h.t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, day, calendar.Zone())
	if err != nil {
		h.t.Fatal(err)
	}
	b, seq := id.BatchOf(h.fresh()), h.seq
	h.say(event.Event{Type: event.BatchGenerated, At: at.Add(9 * time.Hour), Party: h.firm(site), Site: h.site(site), Batches: []event.Batch{{ID: b, Grams: grams, Weighed: true}},
		Data: event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale}})
	return b, seq
}

// last is the newest event of a batch.
func (h *history) last(b id.Batch) id.Event {
	said := h.mem.Chain(b)
	return said[len(said)-1].Event.ID
}

// sent takes a batch to the plant and burns it.
func (h *history) sent(b id.Batch) {
	h.t.Helper()
	m := id.ManifestOf(h.fresh())
	step := func(t event.Type, party id.Party, site id.Site, d event.Data, change func(*event.Event)) {
		s := h.mem.Batch(b)
		e := event.Event{Type: t, At: time.UnixMilli(s.LastAt).In(calendar.Zone()).Add(time.Hour), Party: party, Site: site, Manifest: m, Data: d, Refs: []id.Event{h.last(b)},
			Batches: []event.Batch{{ID: b, Seen: s.Head, Grams: s.Grams, Weighed: true}}}
		if change != nil {
			change(&e)
		}
		h.say(e)
	}
	step(event.ManifestIssued, h.firm(1), h.site(1), event.Issued{Profile: "medical", Carrier: h.firm(30), Consignee: h.firm(9), ConsigneeSite: h.site(9)}, nil)
	step(event.TransportCollected, h.firm(30), h.site(30), event.Collected{Vehicle: "SAMPLE"}, nil)
	step(event.TransportDelivered, h.firm(30), h.site(30), event.Delivered{}, nil)
	step(event.ManifestAccepted, h.firm(9), h.site(9), event.Accepted{Measured: event.OnScale}, func(e *event.Event) { e.Batches[0].Verdict = event.Whole })
	step(event.BatchTreated, h.firm(9), h.site(9), event.Treated{Method: "D10"}, func(e *event.Event) { e.Manifest = id.Manifest{} })
}

// TestTheNextReportNamesWhatChangedAFigure: a weight corrected (alone, and with everybody
// asked), an event uploaded late, a row of the register revised, another answer to an open
// question, a base figure entered: each is named by the next report, with its entry.
func TestTheNextReportNamesWhatChangedAFigure(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		h := newHistory(t, s, rand.New(rand.NewPCG(4, 4)))
		svc := report.New(report.Config{Figures: figures{h.service(), s}, Shelf: s, Now: func() time.Time { return h.now }, Random: crand.Reader})
		february, _ := indicator.ParsePeriod("2026-02")
		year, _ := indicator.ParsePeriod("2026")
		since := indicator.Span{From: time.Date(2020, 1, 1, 0, 0, 0, 0, calendar.Zone()).UnixMilli()}
		hospital := indicator.Site{Site: h.site(1), Party: h.firm(1), Kind: "hospital", Division: "130602", BuiltUp: true, Beds: 90, Span: since}
		h.fact(indicator.KindSite, hospital)
		h.fact(indicator.KindSite, indicator.Site{Site: h.site(9), Party: h.firm(9), Kind: "plant", Division: "130609", Span: since})
		h.fact(indicator.KindLicence, indicator.Licence{Party: h.firm(9), Number: "L", Kind: "operating", Codes: []string{"*"}, Span: since})
		kept, _ := h.born(1, "2026-02-05", 10_000)
		gone, _ := h.born(1, "2026-02-06", 5_000)
		h.sent(gone)
		h.now = time.Date(2026, 4, 2, 8, 0, 0, 0, calendar.Zone())
		h.born(1, "2026-03-30", 1) // the period has ended for the log

		next := func(p indicator.Period) report.Document {
			t.Helper()
			h.now = h.now.Add(time.Hour)
			k, err := svc.Create(t.Context(), report.Order{Period: p, District: "130602"}, "account:SAMPLE", "")
			if err != nil {
				t.Fatal(err)
			}
			_, d, err := svc.Read(t.Context(), k.ID)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		section := func(d report.Document, n int) report.Section {
			return d.Sections[slices.IndexFunc(d.Sections, func(s report.Section) bool { return s.Indicator == n })]
		}
		// wants a report whose section of an indicator has changed because of one entry.
		wants := func(p indicator.Period, n int, kind measure.CauseKind, seq int64, before, after string) report.Section {
			t.Helper()
			sec := section(next(p), n)
			if len(sec.Changes) == 0 || sec.Changes[0].Before != before || sec.Changes[0].After != after {
				t.Errorf("%s: the changes are %+v, want %s to %s", kind, sec.Changes, before, after)
			}
			if len(sec.Causes) != 1 || sec.Causes[0].Kind != string(kind) || !slices.Equal(sec.Causes[0].Entries, []int64{seq}) {
				t.Errorf("%s of entry %d: the causes are %+v", kind, seq, sec.Causes)
			}
			return sec
		}
		if sec := section(next(february), 37); sec.Row.Figures[0].Value != "33.33" || len(sec.Changes)+len(sec.Causes) != 0 {
			t.Fatalf("the first report: %+v", sec)
		}
		next(year)

		alone := h.amend(h.mem.Chain(kept)[0].Event, kept, "20000")
		sec := wants(february, 37, measure.Corrected, alone, "33.33", "20.00")
		if sec.Causes[0].Grams == 0 {
			t.Error("the corrected grams are not told")
		}
		wants(february, 37, measure.Corrected, h.amend(h.mem.Chain(gone)[0].Event, gone, "4000"), "20.00", "20.83")
		_, late := h.born(1, "2026-02-20", 6_000)
		wants(february, 37, measure.LateUpload, late, "20.83", "16.67")

		revised := h.seq
		hospital.Division = "130624"
		hospital.From = time.Date(2026, 2, 10, 0, 0, 0, 0, calendar.Zone()).UnixMilli()
		h.fact(indicator.KindSite, hospital)
		wants(february, 37, measure.Registered, revised, "16.67", "20.83")
		hospital.Division = "130602" // and back, which the next report names as well
		revised = h.seq
		h.fact(indicator.KindSite, hospital)
		wants(february, 37, measure.Registered, revised, "20.83", "16.67")

		answered := h.seq
		h.fact(indicator.KindChoice, indicator.ChoiceMade{Indicator: 37, Key: "denominator", Value: "collected"})
		sec = wants(february, 37, measure.ChoiceMade, answered, "16.67", "100.00")
		if !strings.Contains(sec.Changes[0].Why, "the definition went from version") {
			t.Errorf("the new version is not named: %s", sec.Changes[0].Why)
		}
		next(year)
		entered := h.seq
		h.fact(indicator.KindBase, indicator.Base{Figure: indicator.Landfilled, Division: "130602", Year: 2020, Amount: 50_000, Source: "SAMPLE"})
		sec = section(next(year), 35)
		if len(sec.Changes) != 1 || sec.Changes[0].Before != "" || sec.Changes[0].After != "100.00" {
			t.Errorf("a base figure: %+v", sec.Changes)
		}
		if i := slices.IndexFunc(sec.Causes, func(c report.Cause) bool { return c.Kind == string(measure.BaseEntered) }); i < 0 || !slices.Equal(sec.Causes[i].Entries, []int64{entered}) {
			t.Errorf("the base figure's entry %d is not named: %+v", entered, sec.Causes)
		}
		if d := next(february); len(section(d, 37).Changes)+len(section(d, 37).Causes) != 0 {
			t.Errorf("nothing was taken in of February since, and yet %+v", section(d, 37).Changes)
		}
	})
}
