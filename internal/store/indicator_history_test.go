package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/measure"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

var townDivisions = []string{"130600", "130602", "130609", "130624", "130629", "110101"}

func inTown(d string) bool { return strings.HasPrefix(d, "1306") && d != "130629" }

// rung is the smallest block of the tests' roll-ups: a few hundred entries fill several
// levels of them.
const rung indicator.Ladder = 8

// chance is where a history's turns come from.
type chance interface{ IntN(n int) int }

// drawn turns come from rapid, which finds the shortest history that fails.
type drawn struct{ r *rapid.T }

func (d drawn) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.r, "") }

// history is a random log, kept beside the store as the pure fold sees it. Numbers are
// skipped, so that a few events fill many blocks.
type history struct {
	t     rapid.TB
	s     *Store
	rnd   chance
	mem   *chain.Memory
	book  *indicator.Book
	moves []indicator.Move
	seq   int64
	now   time.Time
	alive []id.Batch
	all   []id.Batch // that ever were
	sizes []int64
	ids   int
}

func newHistory(t rapid.TB, s *Store, rnd chance) *history {
	return &history{t: t, s: s, rnd: rnd, mem: chain.NewMemory(), book: indicator.NewBook(inTown), now: time.Date(2026, 1, 2, 8, 0, 0, 0, calendar.Zone())}
}

func (h *history) service() *measure.Service {
	return measure.New(measure.Config{Store: h.s, Divisions: townDivisions, City: inTown, Now: func() time.Time { return h.now.AddDate(1, 0, 0) }, Block: rung})
}

func (h *history) uuid(kind byte, n int) id.UUID {
	return id.V7(1_772_000_000_000, [10]byte{6: kind, 7: byte(n >> 16), 8: byte(n >> 8), 9: byte(n)})
}

func (h *history) site(n int) id.Site { return id.SiteOf(h.uuid('s', n)) }

func (h *history) firm(n int) id.Party { return id.PartyOf(h.uuid('p', n)) }

func (h *history) fresh() id.UUID { h.ids++; return h.uuid('x', h.ids) }

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
	if err := h.s.Update(context.Background(), func(tx record.Tx) error { return tx.Write(g) }); err != nil {
		h.t.Fatal(err)
	}
	h.sizes = append(h.sizes, h.seq)
	h.seq += int64(h.rnd.IntN(4))
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
	for _, b := range e.Births() {
		h.all = append(h.all, b.ID)
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
	switch what := r.IntN(24); {
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
		of := []indicator.Base{{Figure: indicator.Landfilled, Year: 2020}, {Figure: indicator.RecyclablesGenerated, Year: 2026}, {Figure: indicator.RecyclablesRecycled, Year: 2026}}[r.IntN(3)]
		h.fact(indicator.KindBase, indicator.Base{Figure: of.Figure, Division: townDivisions[r.IntN(4)], Year: of.Year, Amount: int64(r.IntN(100_000)), Source: "SAMPLE"})
	case what == 7:
		d := event.Inspection{Inspected: h.site(1 + r.IntN(10)), Class: "generator", Sheet: "generator", Version: "2021"}
		for no := 1; no <= 30; no++ {
			d.Items = append(d.Items, event.Scored{No: no, Points: 2 - r.IntN(20)/19})
			d.Total += d.Items[no-1].Points
		}
		h.say(event.Event{Type: event.InspectionRecorded, At: h.at(), Party: h.firm(40), Site: h.site(40), Data: d})
	case what < 12 || len(h.alive) == 0:
		n, b := 1+r.IntN(10), id.BatchOf(h.fresh()) // the tenth is in no register
		h.alive, h.all = append(h.alive, b), append(h.all, b)
		h.say(event.Event{Type: event.BatchGenerated, At: h.at(), Party: h.firm(n), Site: h.site(n), Batches: []event.Batch{{ID: b, Grams: waste.Grams(1 + r.IntN(9000)), Weighed: true}},
			Data: event.Generated{Code: []waste.Code{"841-001-01", "900-041-49", "772-002-18"}[r.IntN(3)], Form: "S", Packaging: "bag", Measured: event.OnScale}})
	case what < 15:
		h.correct()
	default:
		h.advance()
	}
}

// correct proposes another weight, code or method of something that was said, and has
// everybody agree who is asked.
func (h *history) correct() {
	b := h.all[h.rnd.IntN(len(h.all))]
	said := h.mem.Chain(b)
	was := said[h.rnd.IntN(len(said))].Event
	at := []string{"/batches/0/grams", "/batches/0/residue_grams", "/data/code", "/data/method"}[h.rnd.IntN(4)]
	old, ok := was.Value(at)
	if !ok {
		return
	}
	next := map[bool]event.Value{true: event.Value(fmt.Sprint(1 + h.rnd.IntN(9000))), false: []event.Value{`"841-001-01"`, `"900-041-49"`, `"D1"`, `"D10"`}[h.rnd.IntN(4)]}[strings.HasSuffix(at, "grams")]
	d := event.Correction{Changes: []event.Change{{Pointer: at, Old: old, New: next}}, Reason: "SAMPLE"}
	when := time.UnixMilli(h.mem.Batch(b).LastAt).Add(time.Hour)
	d.Until = when.AddDate(0, 0, 9)
	e := event.Event{Type: event.CorrectionProposed, At: when, Party: was.Party, Site: was.Site, Manifest: was.Manifest, Refs: []id.Event{was.ID}}
	for _, o := range was.Owners(at) {
		e.Batches = append(e.Batches, event.Batch{ID: o, Seen: h.mem.Batch(o).Head})
		for _, p := range chain.Concerned(h.mem.Chain(o), was, &e) {
			if p != e.Party && !slices.Contains(d.Parties, p) {
				d.Parties = append(d.Parties, p)
			}
		}
	}
	e.Data = d
	if chain.Check(h.mem, e) != nil {
		return // of an older value, or what may not be
	}
	h.say(e)
	for range 9 {
		cs := h.mem.Batch(b).Corrections
		if len(cs) == 0 || len(cs[len(cs)-1].Waiting()) == 0 {
			return
		}
		c := cs[len(cs)-1]
		yes := event.Event{Type: event.CorrectionAgreed, At: when.Add(time.Duration(h.rnd.IntN(40*24)) * time.Hour), Party: c.Waiting()[0], Site: was.Site, Manifest: c.Manifest, Refs: []id.Event{c.ID}, Data: event.Consent{}}
		for _, l := range e.Batches {
			yes.Batches = append(yes.Batches, event.Batch{ID: l.ID, Seen: h.mem.Batch(l.ID).Head})
		}
		if chain.Check(h.mem, yes) != nil {
			return
		}
		h.say(yes)
	}
}

// advance takes a batch one step on.
func (h *history) advance() {
	r := h.rnd
	i := r.IntN(len(h.alive))
	s := h.mem.Batch(h.alive[i])
	line := []event.Batch{{ID: s.ID, Seen: s.Head, Grams: s.Grams, Weighed: true}}
	at := time.UnixMilli(s.LastAt).In(calendar.Zone()).Add(time.Duration(r.IntN(20*24)) * time.Hour)
	if r.IntN(5) == 0 {
		at = at.AddDate(0, 0, -r.IntN(40)) // signed before, sent late
	}
	e := event.Event{At: at, Batches: line, Manifest: s.Manifest, Refs: []id.Event{id.EventOf(h.fresh())}}
	plant := 1 + r.IntN(9)
	if s.Grams > 1 && r.IntN(15) == 0 {
		e.Type, e.Party, e.Site, e.Manifest, e.Data = event.IncidentReported, s.Custodian, h.site(30), id.Manifest{}, event.Incident{Kind: event.Spill, Place: "SAMPLE", Measures: "SAMPLE"}
		line[0].Grams = 1
		h.say(e)
		return
	}
	switch s.Stage {
	case batch.Generated, batch.Accepted:
		if r.IntN(4) == 0 {
			h.pack(s, at)
			return
		}
		if s.Stage == batch.Accepted && r.IntN(6) > 0 {
			take := max(1, s.Grams/waste.Grams(1+r.IntN(2)))
			line[0].Grams, line[0].ResidueGrams = take, take/5
			d := event.Treated{Method: []waste.Method{"D1", "Y10", "D10", "R4"}[r.IntN(4)]}
			if left := take / 5; left > 0 && r.IntN(3) == 0 {
				ash := event.Child{ID: id.BatchOf(h.fresh()), Grams: left, Code: []waste.Code{"772-003-18", "841-001-01"}[r.IntN(2)], Form: "S", Packaging: "box"}
				d.Residues, h.alive = []event.Child{ash}, append(h.alive, ash.ID)
			}
			e.Type, e.Party, e.Site, e.Manifest, e.Data = event.BatchTreated, s.Custodian, s.Site, id.Manifest{}, d
			h.say(e)
			if h.mem.Batch(s.ID).Grams == 0 {
				h.alive = slices.Delete(h.alive, i, i+1)
			}
			return
		}
		if r.IntN(4) == 0 {
			h.backfill(e, s, plant)
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

// backfill fills in a slip of some days ago: as far as the carrier's signature, its
// arrival or the acceptance.
func (h *history) backfill(e event.Event, s batch.State, plant int) {
	e.Type, e.Party, e.Site, e.Manifest = event.PaperBackfilled, s.Custodian, s.Site, id.ManifestOf(h.fresh())
	d := event.Backfilled{Scan: id.Hash{1}, Reason: "SAMPLE", Profile: "medical", Consignor: s.Custodian, ConsignorSite: s.Site, Carrier: h.firm(30), CarrierSite: h.site(30),
		Consignee: h.firm(plant), ConsigneeSite: h.site(plant), Vehicle: "SAMPLE"}
	first := e.At.AddDate(0, 0, -h.rnd.IntN(20))
	for i, by := range []event.PaperRole{event.ByConsignor, event.ByCarrier, event.AtGate, event.ByConsignee}[:2+h.rnd.IntN(3)] {
		d.Signed = append(d.Signed, event.Signature{Role: by, At: first.Add(time.Duration(i) * time.Hour)})
	}
	if len(d.Signed) == 4 {
		e.Batches[0].Verdict = event.Whole
	}
	e.Data = d
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
