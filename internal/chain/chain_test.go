package chain_test

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// dump is the world as projections store it.
func dump(r *rapid.T, m *chain.Memory) string {
	b, err := json.Marshal(m)
	if err != nil {
		r.Fatal(err)
	}
	return string(b)
}

func book(r *rapid.T) rule.Book {
	b, err := rule.DefaultBook()
	if err != nil {
		r.Fatal(err)
	}
	return b
}

// offer hands an event to the chain and holds the answer against the law.
func (w *walk) offer(e event.Event) {
	before := dump(w.r, w.world)
	err := chain.Check(w.world, e)
	if dump(w.r, w.world) != before {
		w.r.Fatalf("Check of %s changed the world", e.Type)
	}
	if legal := w.legal(e); (err == nil) != legal {
		w.r.Fatalf("%s: %v, but by the law it is legal: %v\n%+v", e.Type, err, legal, e)
	}
	if err != nil {
		if k := fault.Of(err); k != fault.WrongStage && k != fault.NotCustodian {
			w.r.Fatalf("%s: %v", e.Type, err)
		}
		return
	}
	w.take(e)
}

func (w *walk) take(e event.Event) {
	payload, err := e.Payload()
	if err != nil {
		w.r.Fatalf("the walk signs what no device would: %v", err)
	}
	x := signed{e, sha256.Sum256(payload), e.At.Add(time.Second)}
	p := chain.Place(w.world, e, x.hash, int64(len(w.log)), x.at)
	if total := mass.Sum(p.Postings); total != 0 {
		w.r.Fatalf("the postings of %s sum to %d g", e.Type, total)
	}
	births := e.Births()
	if len(p.Batches) != len(e.Batches)+len(births) || len(p.Entry.Links) != len(p.Batches) || len(p.Steps) != len(e.Batches) {
		w.r.Fatalf("%s names %d batches and moved %d", e.Type, len(e.Batches), len(p.Batches))
	}
	for i, b := range e.Batches {
		was, is := w.world.Batch(b.ID), p.Batches[i]
		want := reached(e, was, b)
		if e.Type == event.ManifestCancelled {
			want = w.before[b.ID]
		}
		if is.Stage != want || is.N != was.N+1 || is.Head != p.Leaf || is.Seq != int64(len(w.log)) {
			w.r.Fatalf("%s of %q: %+v, want stage %q", e.Type, was.Stage, is, want)
		}
		found := book(w.r).Examine(p.Steps[i])
		if moved := hasFinding(found, rule.GramsMoved) || hasFinding(found, rule.EstimateOff) || hasFinding(found, rule.MetersDiffer); moved != changed(e, was, b) {
			w.r.Fatalf("%s weighs %d (+%d) after %d: finding %v", e.Type, b.Grams, b.RefusedGrams, was.Grams, moved)
		}
		if b.Rest.IsZero() {
			w.refused[b.ID] += b.RefusedGrams
		} else {
			w.packed[b.ID] += b.RefusedGrams
		}
		w.remember(e, b, was, is)
		w.entries[b.ID] = append(w.entries[b.ID], p.Entry)
	}
	for i, b := range births {
		is := p.Batches[len(e.Batches)+i]
		if is.ID != b.ID || is.N != 1 || is.Head != p.Leaf || is.Grams != is.Initial || is.Grams <= 0 {
			w.r.Fatalf("%s begins %+v", e.Type, is)
		}
		if !slices.Contains(w.batches, b.ID) {
			w.batches = append(w.batches, b.ID)
		}
		w.entries[b.ID] = append(w.entries[b.ID], p.Entry)
	}
	if read, err := ledger.ParseEntry(p.Bytes); err != nil || read.Leaf() != p.Leaf || read.Hash != x.hash {
		w.r.Fatalf("the entry cannot be read: %v", err)
	}
	for _, m := range p.Manifests {
		for _, b := range e.Batches {
			if l, _ := lineOf(m, b.ID); e.Type == event.ManifestAccepted && (l.Accepted != b.Grams || l.Refused != b.RefusedGrams || l.Rest != b.Rest) {
				w.r.Fatalf("accepted line %+v by %+v", l, b)
			}
		}
	}
	for _, posting := range p.Postings {
		w.postings[posting.Batch] = append(w.postings[posting.Batch], posting)
	}
	w.world.Keep(p)
	w.log = append(w.log, x)
	w.audit()
}

// remember keeps the test's own count of debts and of what was packed over.
func (w *walk) remember(e event.Event, b event.Batch, was, is batch.State) {
	switch e.Type {
	case event.ManifestIssued:
		w.before[b.ID] = was.Stage
	case event.PaperBackfilled, event.MeterRecorded:
		if is.Stage == batch.Accepted {
			w.owing[b.ID] = append(w.owing[b.ID], debt{sheet: e.Manifest, by: is.Consignee})
		}
	case event.ManifestAccepted:
		w.owing[b.ID] = append(w.owing[b.ID], debt{sheet: e.Manifest, by: e.Party})
	case event.BatchRepacked:
		w.packed[b.ID] += b.Grams
	case event.BatchReceived:
		w.atPoint[b.ID] = was.Stage == batch.HandedOver
	case event.TransportCollected:
		w.atPoint[b.ID] = false
	case event.BatchTreated: // under its manifest and those that wait for the outcome
		for _, c := range e.Data.(event.Treated).Residues {
			w.ash[c.ID] = c.Grams
		}
		if w.treated[b.ID] == nil {
			w.treated[b.ID] = map[id.Manifest]waste.Grams{}
		}
		w.treated[b.ID][was.Manifest] += b.Grams
		for _, x := range was.Owed {
			w.treated[b.ID][x.Manifest] += b.Grams
		}
	case event.OutcomeReported:
		w.told[b.ID] = append(w.told[b.ID], e.ID)
		for i := range w.owing[b.ID] {
			w.owing[b.ID][i].told = w.owing[b.ID][i].told || w.owing[b.ID][i].sheet == e.Manifest
		}
	}
	if was := w.latest[b.ID]; e.Type == event.BatchTreated && (e.At.After(was.At) || e.At.Equal(was.At) && e.ID.String() > was.ID.String()) {
		w.latest[b.ID] = e // a report names the latest treatment by the signers' clocks
	}
	if (e.Type == event.BatchTreated || e.Type == event.BatchRepacked) && is.Grams == 0 {
		if w.gone[b.ID] = e.ID; e.Type == event.BatchTreated {
			w.gone[b.ID] = w.latest[b.ID].ID
		}
	}
}

// audit holds books, states, manifests and links of the whole world against each other.
func (w *walk) audit() {
	for _, b := range w.batches {
		s := w.world.Batch(b)
		if broken := ledger.CheckChain(b, w.entries[b]); len(broken) > 0 || int64(len(w.entries[b])) != s.N {
			w.r.Fatalf("chain of %s: %v, %d entries, n %d", b, broken, len(w.entries[b]), s.N)
		}
		w.auditBooks(s, w.postings[b])
		if s.Manifest.IsZero() {
			continue
		}
		m := w.world.Manifest(s.Manifest)
		l, ok := lineOf(m, b)
		stage := s.Stage
		if stage == batch.Released || stage == batch.Received || stage == batch.Stored {
			stage = batch.Accepted // moved about in the consignee's house
		}
		if !ok || l.Stage != stage || l.Code != s.Code || l.Treated != w.treated[b][m.ID] {
			w.r.Fatalf("line %+v (%v) of a batch %+v", l, ok, s)
		}
		carriers := []id.Party{m.Carrier}
		for _, leg := range m.Legs {
			if slices.Contains(leg.Batches, b) && !leg.Taken.IsZero() || !l.Of.IsZero() && slices.Contains(leg.Batches, l.Of) {
				carriers = append(carriers, leg.To)
			}
		}
		if m.Consignee != s.Consignee || !slices.Contains(carriers, s.Carrier) || m.Consignor != s.Consignor || m.ConsigneeSite != s.ConsigneeSite {
			w.r.Fatalf("parties of manifest and batch differ: %+v, %+v", m, s)
		}
	}
	for _, m := range w.world.Manifests {
		w.auditManifest(m)
	}
	w.auditWorld()
}

// way is the order of a manifest's stages; a line that is back home comes last.
var way = []batch.Stage{batch.Issued, batch.InTransit, batch.HandedOver, batch.AtPoint, batch.Delivered, batch.Refused, batch.Returned, batch.Accepted,
	batch.Treated, batch.Repacked, batch.Reported, batch.Cancelled, batch.Lost}

func (w *walk) auditManifest(m manifest.State) {
	least, open := len(way), len(way)
	for _, l := range m.Lines {
		at := slices.Index(way, l.Stage)
		if l.Stage == batch.Returned && l.Returned > 0 {
			continue
		}
		if least = min(least, at); l.Stage != batch.Reported && l.Stage != batch.Cancelled && l.Stage != batch.Lost { // of what is lost nobody owes anything
			open = min(open, at)
		}
	}
	want := batch.Returned
	if least >= 0 && least < len(way) {
		want = way[least]
	}
	if m.Stage != want || least < 0 {
		w.r.Fatalf("manifest at %q, want %q, with lines %+v", m.Stage, want, m.Lines)
	}
	if closed := len(m.Missing()) == 0; closed != (open == len(way)) {
		w.r.Fatalf("manifest at %q misses %v with lines %+v", m.Stage, m.Missing(), m.Lines)
	}
}

// auditWorld holds all accounts together: what was generated is held, on the road, treated
// or a difference, and packing over has neither made nor lost a gram.
func (w *walk) auditWorld() {
	byKind := map[mass.AccountKind]waste.Grams{}
	var held, made waste.Grams
	for _, b := range w.batches {
		s := w.world.Batch(b)
		held += s.Grams + w.refused[b] + s.TreatedSum + s.Lost - w.ash[b]
		if len(s.Parents) == 0 {
			made += s.Initial
		}
		for a, g := range mass.Balances(w.postings[b]) {
			byKind[a.Kind] += g
		}
	}
	if byKind[mass.Repacked] != 0 || byKind[mass.Converted] != 0 || made != held+byKind[mass.Difference] || byKind[mass.Generated] != -made {
		w.r.Fatalf("%d g were generated, %d g are there: %v", made, held, byKind)
	}
}

func (w *walk) auditBooks(s batch.State, ps []mass.Posting) {
	if s.Grams < 0 || s.TreatedSum < 0 || mass.Sum(ps) != 0 {
		w.r.Fatalf("%+v, postings sum to %d", s, mass.Sum(ps))
	}
	byKind := map[mass.AccountKind]waste.Grams{}
	for a, g := range mass.Balances(ps) {
		byKind[a.Kind] += g
		if want := s.Code; a.Code != want && a.Kind != mass.Converted {
			w.r.Fatalf("grams of %s in an account of %s", s.Code, a.Code)
		}
		if (a.Kind == mass.Held || a.Kind == mass.OnVehicle) && g < 0 {
			w.r.Fatalf("%d g in %s", g, a)
		}
		if a.Kind == mass.Held && (a.Party != s.Custodian || a.Site != s.Site) {
			w.r.Fatalf("%d g in %s, the batch is with %s at %s", g, a, s.Custodian, s.Site)
		}
	}
	onRoad := slices.Contains([]batch.Stage{batch.InTransit, batch.Delivered, batch.Refused, batch.Returned}, s.Stage) || s.Stage == batch.HandedOver && !w.atPoint[s.ID]
	onRoad = onRoad && (s.Stage != batch.Delivered || s.Profile != batch.Pipeline) // read at one end, the pipe is the consignor's
	held, road := s.Grams, w.refused[s.ID]
	if onRoad {
		held, road = 0, s.Grams+road
	}
	if byKind[mass.Held] != held || byKind[mass.OnVehicle] != road {
		w.r.Fatalf("%q holds %d g, refused %d: accounts say held %d, on vehicles %d", s.Stage, s.Grams, w.refused[s.ID], byKind[mass.Held], byKind[mass.OnVehicle])
	}
	ash := w.ash[s.ID] // what this batch began with, where it is the residue of others
	if byKind[mass.Treated]+byKind[mass.Residue]+byKind[mass.Converted]+ash != s.TreatedSum || byKind[mass.Generated]+byKind[mass.Repacked]-ash != w.packed[s.ID]-s.Initial {
		w.r.Fatalf("treated %d g of %d: accounts %v", s.TreatedSum, s.Initial, byKind)
	}
	if want := s.Initial - s.Grams - s.TreatedSum - w.refused[s.ID] - w.packed[s.ID] - s.Lost; byKind[mass.Difference] != want {
		w.r.Fatalf("difference %d g, want %d", byKind[mass.Difference], want)
	}
}

// TestRandomWalks is the promise of design section 7: what may come is taken, what may
// not changes nothing, and the grams balance after every event.
func TestRandomWalks(t *testing.T) {
	seen := map[batch.Stage]int{}
	walks := func(r *rapid.T) {
		w := newWalk(r)
		for range rapid.IntRange(1, 45).Draw(r, "steps") {
			if rapid.IntRange(0, 4).Draw(r, "kind") == 0 {
				w.offer(w.any())
			} else {
				e, _ := w.next()
				w.offer(e)
			}
			for _, s := range w.world.Batches {
				seen[s.Stage]++
			}
		}
		again := chain.NewMemory()
		for i, x := range w.log {
			again.Keep(chain.Place(again, x.event, x.hash, int64(i), x.at))
		}
		if a, b := dump(r, w.world), dump(r, again); a != b {
			r.Fatalf("folded twice, two worlds:\n%s\n%s", a, b)
		}
	}
	stages := []batch.Stage{batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit, batch.Delivered, batch.Accepted, batch.Treated, batch.Reported,
		batch.HandedOver, batch.AtPoint, batch.Refused, batch.Returned, batch.Repacked}
	missing := stages
	for range 5 { // a rare stage may be missed by a hundred walks
		rapid.Check(t, walks)
		missing = slices.DeleteFunc(slices.Clone(stages), func(s batch.Stage) bool { return seen[s] > 0 })
		if len(missing) == 0 {
			return
		}
	}
	t.Errorf("no walk came to %q: the walks are too short to prove anything", missing)
}

// What Next promises is legal for every batch at every point of a walk.
func TestNextIsAlwaysTaken(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWalk(r)
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			e, promised := w.next()
			if !promised {
				continue
			}
			w.offer(e)
			if n := len(w.log); n == 0 || w.log[n-1].event.ID != e.ID {
				r.Fatalf("%s was promised and refused", e.Type)
			}
		}
	})
}

// Of several batches, every one at fault is named, and the manifest too.
func TestEveryFaultIsNamed(t *testing.T) {
	m := chain.NewMemory()
	a, b, c := id.BatchOf(uuid('b', 1)), id.BatchOf(uuid('b', 2)), id.BatchOf(uuid('b', 3))
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	born := event.Event{ID: id.EventOf(uuid('e', 1)), Type: event.BatchGenerated, At: at, Party: hospital, Site: sites[0],
		Batches: []event.Batch{{ID: b, Grams: 10, Weighed: true}}, Data: event.Generated{Code: "841-001-01"}}
	if err := chain.Check(m, born); err != nil {
		t.Fatal(err)
	}
	m.Keep(chain.Place(m, born, id.Hash{1}, 0, at))
	e := event.Event{ID: id.EventOf(uuid('e', 2)), Type: event.TransportCollected, At: at, Party: carrierA, Manifest: id.ManifestOf(uuid('m', 1)),
		Batches: []event.Batch{{ID: a}, {ID: b}, {ID: c}}, Data: event.Collected{Vehicle: "x"}}
	f := fault.As(chain.Check(m, e))
	if f == nil || f.Kind != fault.WrongStage {
		t.Fatalf("%v", f)
	}
	var got []string
	for _, x := range f.Fields {
		got = append(got, x.Pointer+"="+x.Code)
	}
	want := []string{"/manifest=wrong-stage", "/batches/0=wrong-stage", "/batches/1=wrong-stage", "/batches/2=wrong-stage"}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
