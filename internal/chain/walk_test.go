package chain_test

import (
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

// A small town for random walks: any of these parties may sign anything; the chain
// must let through what fits and nothing else.
var (
	hospital, carrierA, collector, carrierB, plant = id.PartyOf(uuid('p', 1)), id.PartyOf(uuid('p', 2)), id.PartyOf(uuid('p', 3)), id.PartyOf(uuid('p', 4)), id.PartyOf(uuid('p', 5))
	parties                                        = []id.Party{hospital, carrierA, collector, carrierB, plant}
	sites                                          = []id.Site{id.SiteOf(uuid('s', 1)), id.SiteOf(uuid('s', 2)), id.SiteOf(uuid('s', 3)), id.SiteOf(uuid('s', 4))}
)

func uuid(kind byte, n int) id.UUID {
	return id.V7(1_772_000_000_000, [10]byte{6: kind, 7: byte(n >> 16), 8: byte(n >> 8), 9: byte(n)})
}

// signed is an event that the log took.
type signed struct {
	event event.Event
	hash  id.Hash
	at    time.Time
}

// walk is a log in memory and what the test itself keeps count of.
type walk struct {
	r        *rapid.T
	world    *chain.Memory
	batches  []id.Batch
	sheets   []id.Manifest
	log      []signed
	entries  map[id.Batch][]ledger.Entry
	postings map[id.Batch][]mass.Posting
	refused  map[id.Batch]waste.Grams // over all its manifests
	treated  map[id.Batch]waste.Grams // since its present manifest was issued
	n        int
}

func newWalk(r *rapid.T) *walk {
	w := &walk{r: r, world: chain.NewMemory(), entries: map[id.Batch][]ledger.Entry{}, postings: map[id.Batch][]mass.Posting{}, refused: map[id.Batch]waste.Grams{},
		treated: map[id.Batch]waste.Grams{}}
	for i := range rapid.IntRange(1, 4).Draw(r, "batches") {
		w.batches = append(w.batches, id.BatchOf(uuid('b', i)))
	}
	for i := range 3 {
		w.sheets = append(w.sheets, id.ManifestOf(uuid('m', i)))
	}
	return w
}

func (w *walk) pick(n int, what string) int { return rapid.IntRange(0, n-1).Draw(w.r, what) }
func (w *walk) coin(what string) bool       { return rapid.Bool().Draw(w.r, what) }
func (w *walk) fresh(kind byte) id.UUID     { w.n++; return uuid(kind, 100+w.n) }

// begin makes an event of a party somewhere in town.
func (w *walk) begin(t event.Type, p id.Party) event.Event {
	return event.Event{ID: id.EventOf(w.fresh('e')), Type: t, At: time.UnixMilli(1_772_000_000_000 + int64(w.n)*60_000).UTC(), Party: p,
		Site: sites[w.pick(len(sites), "site")], Person: id.PersonOf(uuid('h', 1))}
}

// weigh gives a weight near what was there, never below one gram.
func (w *walk) weigh(g waste.Grams) waste.Grams {
	return max(1, g+waste.Grams(rapid.SampledFrom([]int{0, 0, 0, -1, 1, -250, 250}).Draw(w.r, "difference")))
}

// dress fills in what a type needs for the batches it names.
func (w *walk) dress(e *event.Event, names []id.Batch) {
	refs := map[id.Event]bool{}
	for _, b := range names {
		s := w.world.Batch(b)
		line := event.Batch{ID: b, Seen: s.Head}
		switch e.Type {
		case event.BatchReleased, event.BatchReceived, event.BatchStored, event.TransportDelivered:
			if w.coin("weighed") {
				line.Grams, line.Weighed = w.weigh(s.Grams), true
			}
		case event.BatchGenerated:
			line.Grams, line.Weighed, line.Seen = waste.Grams(rapid.IntRange(1, 30_000).Draw(w.r, "grams")), true, id.Hash{}
		case event.ManifestIssued, event.TransportCollected:
			line.Grams, line.Weighed, line.Packages = w.weigh(s.Grams), true, w.pick(9, "packages")
		case event.ManifestAccepted:
			line.Grams, line.Weighed, line.Verdict = w.weigh(s.Grams), true, event.Whole
			if w.coin("in part") {
				line.Verdict, line.Reason, line.RefusedGrams = event.Part, "破损", waste.Grams(1+w.pick(3000, "refused"))
				line.Grams = max(1, line.Grams-line.RefusedGrams)
			}
		case event.BatchTreated:
			line.Grams, line.Weighed = max(1, s.Grams), true
			if s.Grams > 1 && w.coin("partly") {
				line.Grams = 1 + waste.Grams(w.pick(int(s.Grams), "treated"))
			}
			line.ResidueGrams = waste.Grams(w.pick(int(line.Grams)+1, "residue"))
		}
		e.Batches = append(e.Batches, line)
		if !s.Answer.IsZero() && !refs[s.Answer] {
			refs[s.Answer] = true
			e.Refs = append(e.Refs, s.Answer)
		}
		e.Manifest = s.Manifest
	}
	w.data(e)
	if e.Refs == nil { // some types need one; which it is the chain judges
		e.Refs = []id.Event{id.EventOf(w.fresh('r'))}
	}
}

func (w *walk) data(e *event.Event) {
	switch e.Type {
	case event.BatchGenerated:
		e.Data = event.Generated{Code: rapid.SampledFrom([]waste.Code{"841-001-01", "900-249-08"}).Draw(w.r, "code"), Form: "S", Packaging: "bag", Measured: event.OnScale}
	case event.BatchReleased:
		e.Data = event.Released{}
	case event.BatchReceived:
		e.Data = event.Received{}
	case event.BatchStored:
		e.Data = event.Stored{Place: "暂存间"}
	case event.ManifestIssued:
		e.Manifest = id.ManifestOf(w.fresh('m'))
		if w.coin("a manifest of before") {
			e.Manifest = w.sheets[w.pick(len(w.sheets), "manifest")]
		}
		e.Data = event.Issued{Profile: "medical", Carrier: []id.Party{carrierA, carrierB}[w.pick(2, "carrier")],
			Consignee: []id.Party{collector, plant}[w.pick(2, "consignee")], ConsigneeSite: sites[w.pick(len(sites), "consignee's site")]}
	case event.TransportCollected:
		e.Data = event.Collected{Vehicle: "冀F00001"}
	case event.TransportDelivered:
		e.Data = event.Delivered{Vehicle: "冀F00001"}
	case event.ManifestAccepted:
		e.Data = event.Accepted{Measured: event.OnScale}
	case event.BatchTreated:
		e.Data = event.Treated{Method: rapid.SampledFrom([]waste.Method{"D10", "R1"}).Draw(w.r, "method")}
	case event.OutcomeReported:
		e.Data = event.Outcome{Result: "焚烧完成"}
	}
	if e.Type == event.BatchReleased || e.Type == event.BatchReceived || e.Type == event.BatchStored || e.Type == event.BatchGenerated || e.Type == event.BatchTreated {
		e.Manifest = id.Manifest{} // these types have no such member
	}
}

// next makes an event that the state itself says may come: one of Next, or the
// treatment in one's own house, for all batches that stand at the same point. When
// nothing may come any more it makes anything, and says so.
func (w *walk) next() (e event.Event, promised bool) {
	s := w.world.Batch(w.batches[w.pick(len(w.batches), "batch")])
	if s.Stage == batch.None {
		var missing []id.Batch
		for _, b := range w.batches {
			if w.world.Batch(b).Stage == batch.None {
				missing = append(missing, b)
			}
		}
		e = w.begin(event.BatchGenerated, hospital)
		w.dress(&e, missing[w.pick(len(missing), "which"):][:1])
		return e, true
	}
	steps := s.Next()
	if s.Stage == batch.Generated || s.Stage == batch.Received || s.Stage == batch.Stored {
		steps = append(steps, batch.Step{Type: event.BatchTreated, Party: s.Custodian})
	}
	if len(steps) == 0 {
		return w.any(), false
	}
	step := steps[w.pick(len(steps), "step")]
	var names []id.Batch
	for _, b := range w.batches {
		o := w.world.Batch(b)
		if o.Stage == s.Stage && o.Custodian == s.Custodian && o.Manifest == s.Manifest && (b == s.ID || w.coin("together")) {
			names = append(names, b)
		}
	}
	e = w.begin(step.Type, step.Party)
	w.dress(&e, names)
	if e.Type == event.ManifestAccepted {
		e.Site = s.ConsigneeSite
	}
	if e.Type == event.ManifestIssued && !w.world.Manifest(e.Manifest).ID.IsZero() {
		e.Manifest = id.ManifestOf(w.fresh('m'))
	}
	return e, true
}

// any makes an event of any type by any party on any batches, now and then with wrong
// references; most of them may not come.
func (w *walk) any() event.Event {
	types := event.Types()[1:] // use.recorded names no batch
	e := w.begin(types[w.pick(len(types), "type")], parties[w.pick(len(parties), "party")])
	var names []id.Batch
	for _, b := range w.batches {
		if len(names) == 0 || (w.coin("also") && e.Type != event.BatchGenerated) {
			names = append(names, b)
		}
	}
	w.dress(&e, names)
	if w.coin("stray reference") {
		e.Refs = []id.Event{id.EventOf(w.fresh('r'))}
	}
	if !e.Manifest.IsZero() && w.coin("stray manifest") {
		e.Manifest = w.sheets[w.pick(len(w.sheets), "manifest")]
	}
	if w.coin("too much") {
		e.Batches[0].Grams += 1_000_000
		e.Batches[0].Weighed = e.Batches[0].Grams > 0 && e.Type != event.OutcomeReported
	}
	return e
}
