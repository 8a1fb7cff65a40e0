package standbook_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/standbook"
	"liandan/internal/waste"
)

func uuid(kind byte, n int) id.UUID {
	return id.V7(1_772_000_000_000, [10]byte{5: 7, 6: kind, 7: byte(n >> 16), 8: byte(n >> 8), 9: byte(n)})
}

// town is a log in memory.
type town struct {
	world *chain.Memory
	steps []standbook.Step
	n     int
	last  map[id.Batch]id.Event

	refs   []id.Event // of the next event, instead of what it answers
	mended int        // corrections that count
}

func newTown() *town { return &town{world: chain.NewMemory(), last: map[id.Batch]id.Event{}} }

// sign appends an event if the chain takes it.
func (w *town) sign(at time.Time, p id.Party, s id.Site, m id.Manifest, data event.Data, typ event.Type, lines ...event.Batch) error {
	w.n++
	e := event.Event{ID: id.EventOf(uuid('e', w.n)), Type: typ, At: at, Party: p, Site: s, Person: id.PersonOf(uuid('h', 1)), Manifest: m, Batches: lines, Data: data}
	e.Refs = append(e.Refs, w.refs...)
	for _, l := range lines {
		if typ.Mends() {
			continue
		}
		if answer := w.world.Batch(l.ID).Answer; !answer.IsZero() {
			e.Refs = append(e.Refs, answer)
		}
	}
	if err := chain.Check(w.world, e); err != nil {
		return err
	}
	placed := chain.Place(w.world, e, id.Hash{byte(w.n)}, int64(w.n), at)
	w.world.Keep(placed)
	w.steps = append(w.steps, standbook.Step{Seq: int64(w.n), Event: e, Postings: placed.Postings})
	return nil
}

func (w *town) must(t *testing.T, at time.Time, p id.Party, s id.Site, m id.Manifest, data event.Data, typ event.Type, lines ...event.Batch) {
	t.Helper()
	if err := w.sign(at, p, s, m, data, typ, lines...); err != nil {
		t.Fatalf("%s: %v", typ, err)
	}
}

func (w *town) book(t interface{ Fatal(...any) }, p id.Party, s id.Site, from, to time.Time) ([]standbook.Line, []standbook.Account) {
	var lines []standbook.Line
	b := standbook.New(standbook.Scope{Party: p, Site: s, From: from, To: to}, func(l standbook.Line) error {
		lines = append(lines, l)
		return nil
	})
	for _, step := range w.steps {
		if err := b.Add(step); err != nil {
			t.Fatal(err)
		}
	}
	return lines, b.Accounts()
}

func line(b id.Batch, g waste.Grams) event.Batch { return event.Batch{ID: b, Grams: g, Weighed: g > 0} }

// held is what package mass says is at a site by events before a time.
func (w *town) held(p id.Party, s id.Site, before time.Time) map[waste.Code]waste.Grams {
	out := map[waste.Code]waste.Grams{}
	for _, step := range w.steps {
		if !step.Event.At.Before(before) {
			continue
		}
		for _, q := range step.Postings {
			if q.Kind == mass.Held && q.Party == p && q.Site == s {
				out[q.Code] += q.Grams
			}
		}
	}
	return out
}

// wander signs whatever the chain takes of random proposals.
func (w *town) wander(r *rapid.T) {
	var batches []id.Batch
	for n := range rapid.IntRange(5, 60).Draw(r, "steps") {
		at := start.Add(time.Duration(n) * 2 * time.Hour)
		if len(batches) == 0 || rapid.IntRange(0, 5).Draw(r, "new") == 0 {
			b := id.BatchOf(uuid('b', 100+n))
			code := rapid.SampledFrom([]waste.Code{"900-214-08", "900-041-49"}).Draw(r, "code")
			site := rapid.SampledFrom([]id.Site{works, office}).Draw(r, "site")
			if w.sign(at, shop, site, id.Manifest{}, event.Generated{Code: code, Form: waste.Liquid, Packaging: "drum_steel", Measured: event.OnScale}, event.BatchGenerated,
				line(b, waste.Grams(rapid.IntRange(1, 5000).Draw(r, "grams")))) == nil {
				batches = append(batches, b)
			}
			continue
		}
		b := rapid.SampledFrom(batches).Draw(r, "batch")
		s := w.world.Batch(b)
		g := max(1, s.Grams+waste.Grams(rapid.IntRange(-20, 20).Draw(r, "difference")))
		if rest := w.propose(r, at, b, s, g, n); !rest.IsZero() {
			batches = append(batches, rest)
		}
	}
}

// mend proposes another weight or code of what was said of a batch, and has everybody agree.
func (w *town) mend(r *rapid.T, at time.Time, b id.Batch) {
	said := w.world.Chain(b)
	was := rapid.SampledFrom(said).Draw(r, "said").Event
	pointer, fresh := "/batches/0/grams", event.Value(fmt.Sprint(rapid.IntRange(1, 5000).Draw(r, "fresh")))
	if _, ok := was.Data.(event.Generated); ok && rapid.Bool().Draw(r, "code") {
		pointer, fresh = "/data/code", event.Value(`"`+rapid.SampledFrom([]string{"900-214-08", "900-041-49"}).Draw(r, "other")+`"`)
	}
	if was.Type.Mends() {
		return
	}
	if w.agree(at, b, was, event.Change{Pointer: pointer, Old: w.now(b, was, pointer), New: fresh}) == nil {
		w.mended++
	}
}

// now is what a field says, corrections included.
func (w *town) now(b id.Batch, was event.Event, pointer string) event.Value {
	v, _ := was.Value(pointer)
	for _, c := range w.world.Batch(b).Corrections {
		for _, x := range c.Changes {
			if c.Event == was.ID && c.Status == batch.CorrectionAgreed && x.Pointer == pointer {
				v = x.New
			}
		}
	}
	return v
}

// agree has a correction proposed by who signed the field and agreed to by everybody whom it
// touches; it says whether the chain took it.
func (w *town) agree(at time.Time, b id.Batch, was event.Event, changes ...event.Change) error {
	said := w.world.Chain(b)
	proposal := event.Event{ID: id.EventOf(uuid('e', w.n+1)), At: at}
	d := event.Correction{Reason: "样例", Until: at.Add(time.Hour), Changes: changes}
	for _, p := range chain.Concerned(said, was, &proposal) {
		if p != was.Party {
			d.Parties = append(d.Parties, p)
		}
	}
	l := line(b, 0)
	w.refs = []id.Event{was.ID}
	defer func() { w.refs = nil }()
	if err := w.sign(at, was.Party, was.Site, was.Manifest, d, event.CorrectionProposed, l); err != nil {
		return err
	}
	w.refs = []id.Event{id.EventOf(uuid('e', w.n))}
	for i, p := range d.Parties {
		if err := w.sign(at.Add(time.Duration(i+1)*time.Minute), p, map[id.Party]id.Site{shop: works, carrier: yard, plant: kiln}[p], was.Manifest, event.Consent{}, event.CorrectionAgreed, l); err != nil {
			return err
		}
	}
	return nil
}

// propose tries one thing that might come next; it gives the batch that was born.
func (w *town) propose(r *rapid.T, at time.Time, b id.Batch, s batch.State, g waste.Grams, n int) id.Batch {
	m := s.Manifest
	switch rapid.IntRange(0, 13).Draw(r, "what") {
	case 10, 11, 12, 13:
		w.mend(r, at, b)
	case 0:
		w.sign(at, s.Custodian, rapid.SampledFrom([]id.Site{works, office, kiln}).Draw(r, "site"), id.Manifest{}, event.Stored{Place: "库"}, event.BatchStored, line(b, g))
	case 1, 2:
		w.sign(at, s.Custodian, s.Site, id.ManifestOf(uuid('m', n)), event.Issued{Profile: "hazardous", Carrier: carrier, Consignee: plant, ConsigneeSite: kiln, Method: "D10"}, event.ManifestIssued, line(b, g))
	case 3, 4:
		w.sign(at, carrier, yard, m, event.Collected{Vehicle: "样A1"}, event.TransportCollected, line(b, g))
	case 5:
		w.sign(at, carrier, yard, m, event.Delivered{Vehicle: "样A1"}, event.TransportDelivered, line(b, 0))
	case 6:
		l := line(b, g)
		l.Verdict = event.Whole
		if rapid.Bool().Draw(r, "part") {
			l.Verdict, l.Reason, l.RefusedGrams, l.Rest = event.Part, "破损", max(1, g/3), id.BatchOf(uuid('r', n))
			l.Grams = max(1, g-l.RefusedGrams)
		}
		if w.sign(at, plant, kiln, m, event.Accepted{Measured: event.OnScale}, event.ManifestAccepted, l) == nil {
			return l.Rest
		}
	case 7:
		l := line(b, max(1, s.Grams/rapid.SampledFrom([]waste.Grams{1, 2}).Draw(r, "share")))
		l.ResidueGrams = l.Grams / 10
		if ash := id.BatchOf(uuid('a', n)); l.ResidueGrams > 0 && rapid.Bool().Draw(r, "ash") {
			d := event.Treated{Method: "D10", Residues: []event.Child{{ID: ash, Grams: l.ResidueGrams, Code: "772-003-18", Form: waste.Solid, Packaging: "bag"}}}
			if w.sign(at, s.Custodian, s.Site, id.Manifest{}, d, event.BatchTreated, l) == nil {
				return ash
			}
			return id.Batch{}
		}
		w.sign(at, s.Custodian, s.Site, id.Manifest{}, event.Treated{Method: rapid.SampledFrom([]waste.Method{"D10", "R9"}).Draw(r, "method")}, event.BatchTreated, l)
	case 8:
		w.sign(at, carrier, yard, m, event.Returned{Vehicle: "样A1"}, event.TransportReturned, line(b, 0))
		w.sign(at.Add(time.Minute), shop, works, m, event.Received{}, event.BatchReceived, line(b, g))
	case 9:
		kid := id.BatchOf(uuid('k', n))
		if s.Grams > 0 && w.sign(at, s.Custodian, s.Site, id.Manifest{}, event.Repacked{Children: []event.Child{{ID: kid, Grams: s.Grams, Code: s.Code, Form: s.Form, Packaging: "drum_steel"}}}, event.BatchRepacked, line(b, s.Grams)) == nil {
			return kid
		}
	}
	return id.Batch{}
}
