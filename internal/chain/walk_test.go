package chain_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
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
	refused  map[id.Batch]waste.Grams                 // over all its manifests
	treated  map[id.Batch]map[id.Manifest]waste.Grams // since that manifest was issued
	atPoint  map[id.Batch]bool                        // a transfer point has it
	packed   map[id.Batch]waste.Grams                 // taken out into others
	ash      map[id.Batch]waste.Grams                 // what a batch of residue began with
	before   map[id.Batch]batch.Stage                 // where it stood when its manifest was issued
	owing    map[id.Batch][]debt                      // a report for each acceptance
	gone     map[id.Batch]id.Event                    // by which nothing of it was left
	latest   map[id.Batch]event.Event                 // treatment of it, by the signers' clocks
	told     map[id.Batch][]id.Event                  // reports about it
	n        int
}

// debt is the report that an acceptance calls for.
type debt struct {
	sheet id.Manifest
	by    id.Party
	told  bool
}

func newWalk(r *rapid.T) *walk {
	w := &walk{r: r, world: chain.NewMemory(), entries: map[id.Batch][]ledger.Entry{}, postings: map[id.Batch][]mass.Posting{}, refused: map[id.Batch]waste.Grams{},
		treated: map[id.Batch]map[id.Manifest]waste.Grams{}, atPoint: map[id.Batch]bool{}, packed: map[id.Batch]waste.Grams{}, ash: map[id.Batch]waste.Grams{}, before: map[id.Batch]batch.Stage{},
		owing: map[id.Batch][]debt{}, gone: map[id.Batch]id.Event{}, latest: map[id.Batch]event.Event{}, told: map[id.Batch][]id.Event{}}
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
	if e.Type == event.MeterRecorded {
		names = names[:1]
	}
	refs := map[id.Event]bool{}
	for _, b := range names {
		s := w.world.Batch(b)
		line := event.Batch{ID: b, Seen: s.Head}
		switch e.Type {
		case event.BatchReleased, event.BatchReceived, event.BatchStored, event.TransportDelivered, event.TransportHandedOver, event.TransportReturned:
			if w.coin("weighed") {
				line.Grams, line.Weighed = w.weigh(s.Grams), true
			}
		case event.BatchGenerated:
			line.Grams, line.Weighed, line.Seen = waste.Grams(rapid.IntRange(1, 30_000).Draw(w.r, "grams")), true, id.Hash{}
		case event.MeterRecorded:
			line.Grams, line.Weighed = w.weigh(s.Grams), true
		case event.PaperBackfilled:
			line.Grams, line.Weighed = w.weigh(s.Grams), true
		case event.IncidentReported:
			if s.Grams > 0 && w.coin("some is lost") {
				line.Grams, line.Weighed = 1+waste.Grams(w.pick(int(s.Grams), "lost")), true
			}
		case event.ManifestIssued, event.TransportCollected:
			line.Grams, line.Weighed, line.Packages = w.weigh(s.Grams), true, w.pick(9, "packages")
		case event.ManifestAccepted:
			line.Grams, line.Weighed, line.Verdict = w.weigh(s.Grams), true, event.Whole
			if w.coin("in part") {
				line.Verdict, line.Reason, line.RefusedGrams = event.Part, "破损", waste.Grams(1+w.pick(3000, "refused"))
				line.Grams = max(1, line.Grams-line.RefusedGrams)
				if w.coin("with a rest") {
					line.Rest = w.name("rest")
				}
			}
		case event.ManifestRefused:
			line.Grams, line.Weighed, line.Reason = w.weigh(s.Grams), true, "破损"
		case event.BatchRepacked:
			line.Grams, line.Weighed = max(1, s.Grams), true
			if s.Grams > 1 && w.coin("some of it") {
				line.Grams = 1 + waste.Grams(w.pick(int(s.Grams), "taken out"))
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

// name is the id of a batch that an event begins; now and then one that is there already.
func (w *walk) name(what string) id.Batch {
	if w.pick(8, what+" of before") == 0 {
		return w.batches[w.pick(len(w.batches), what)]
	}
	return id.BatchOf(w.fresh('b'))
}

// children shares out what is taken out of the parents.
func (w *walk) children(e *event.Event) event.Repacked {
	var left waste.Grams
	met := map[id.Batch]bool{}
	for _, b := range e.Batches {
		left += b.Grams
		met[b.ID] = true
	}
	code := w.world.Batch(e.Batches[0].ID).Code
	if code == "" || w.pick(10, "stray code") == 0 {
		code = "900-249-08"
	}
	var d event.Repacked
	for n := w.pick(3, "children") + 1; left > 0; n-- {
		g := left
		if n > 1 {
			g = 1 + waste.Grams(w.pick(int(left), "share"))
		}
		b := w.name("child")
		if met[b] {
			b = id.BatchOf(w.fresh('b'))
		}
		met[b] = true
		d.Children = append(d.Children, event.Child{ID: b, Grams: g, Code: code, Form: "S", Packaging: "box"})
		left -= g
	}
	return d
}

func (w *walk) data(e *event.Event) {
	switch e.Type {
	case event.BatchRepacked:
		e.Data = w.children(e)
	case event.ManifestCancelled:
		e.Data = event.Cancelled{Reason: "x"}
	case event.TransportHandedOver:
		d := event.HandedOver{To: []id.Party{carrierA, carrierB, collector}[w.pick(3, "to")]}
		if w.coin("to a site") {
			d.ToSite = sites[w.pick(len(sites), "to site")]
		}
		e.Data = d
	case event.ManifestRefused:
		e.Data = event.Refused{Measured: event.OnScale}
	case event.TransportReturned:
		e.Data = event.Returned{Vehicle: "冀F00001"}
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
		profile := "medical"
		if w.pick(4, "by pipe") == 0 {
			profile = batch.Pipeline
		}
		e.Data = event.Issued{Profile: profile, Carrier: []id.Party{carrierA, carrierB}[w.pick(2, "carrier")],
			Consignee: []id.Party{collector, plant}[w.pick(2, "consignee")], ConsigneeSite: sites[w.pick(len(sites), "consignee's site")]}
	case event.TransportCollected:
		e.Data = event.Collected{Vehicle: "冀F00001"}
	case event.TransportDelivered:
		e.Data = event.Delivered{Vehicle: "冀F00001"}
	case event.ManifestAccepted:
		e.Data = event.Accepted{Measured: event.OnScale}
	case event.BatchTreated:
		d := event.Treated{Method: rapid.SampledFrom([]waste.Method{"D10", "R1"}).Draw(w.r, "method")}
		left := waste.Grams(0)
		for _, b := range e.Batches {
			left += b.ResidueGrams
		}
		if left > 0 && w.coin("ash is a batch") {
			d.Residues = []event.Child{{ID: w.name("ash"), Grams: left, Code: "772-003-18", Form: "S", Packaging: "box"}}
			if slices.ContainsFunc(e.Batches, func(b event.Batch) bool { return b.ID == d.Residues[0].ID }) {
				d.Residues[0].ID = id.BatchOf(w.fresh('b'))
			}
		}
		e.Data = d
	case event.OutcomeReported:
		e.Data = event.Outcome{Result: "焚烧完成"}
	case event.ManifestNumbered:
		if e.Manifest.IsZero() {
			e.Manifest = w.sheets[w.pick(len(w.sheets), "manifest")]
		}
		e.Data = event.Numbered{Number: []string{"20261306000001", "20261306000002"}[w.pick(2, "number")]}
	case event.MeterRecorded:
		e.Data = event.Metered{Meter: "M-1", Day: time.Date(2026, 3, 1, 0, 0, 0, 0, calendar.Zone())}
	case event.IncidentReported:
		e.Data, e.Manifest = event.Incident{Kind: event.Spill, Place: "样例", Measures: "样例"}, id.Manifest{}
	case event.PaperBackfilled:
		e.Data = w.slip(e)
	}
	if e.Type == event.BatchRepacked || e.Type == event.BatchReleased || e.Type == event.BatchReceived || e.Type == event.BatchStored || e.Type == event.BatchGenerated || e.Type == event.BatchTreated {
		e.Manifest = id.Manifest{} // these types have no such member
	}
}

// slip is what a paper attests: as far as the carrier's signature, its arrival or the
// consignee's acceptance, filled in by its consignor.
func (w *walk) slip(e *event.Event) event.Backfilled {
	e.Manifest = id.ManifestOf(w.fresh('m'))
	if w.coin("a slip on a manifest of before") {
		e.Manifest = w.sheets[w.pick(len(w.sheets), "manifest")]
	}
	d := event.Backfilled{Scan: id.Hash{1}, Reason: "样例", Profile: "medical", Consignor: e.Party, ConsignorSite: e.Site, Carrier: carrierA, CarrierSite: sites[0],
		Consignee: plant, ConsigneeSite: sites[w.pick(len(sites), "consignee's site")], Vehicle: "冀F00001"}
	for i, by := range []event.PaperRole{event.ByConsignor, event.ByCarrier, event.AtGate, event.ByConsignee}[:2+w.pick(3, "signatures")] {
		d.Signed = append(d.Signed, event.Signature{Role: by, At: e.At.Add(time.Duration(i-4) * time.Minute)})
	}
	if len(d.Signed) == 4 {
		for i := range e.Batches {
			b := &e.Batches[i]
			if b.Verdict = event.Whole; b.Grams > 1 && w.coin("slip says in part") {
				b.RefusedGrams = 1 + waste.Grams(w.pick(int(b.Grams-1), "slip refused"))
				b.Verdict, b.Reason, b.Grams = event.Part, "破损", b.Grams-b.RefusedGrams
			}
		}
	}
	return d
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
	if !step.Manifest.IsZero() || s.Stage == batch.Repacked && step.Type == event.OutcomeReported {
		e = w.begin(step.Type, step.Party) // told one by one: together they may not be owed the same
		w.dress(&e, []id.Batch{s.ID})
		if !step.Manifest.IsZero() {
			e.Manifest = step.Manifest
		}
		return e, true
	}
	if step.Type == event.ManifestCancelled &&
		slices.ContainsFunc(w.world.Manifest(s.Manifest).Lines, func(l manifest.Line) bool { return l.Stage != batch.Issued }) {
		return w.any(), false // another line is on the road already, which this batch cannot know
	}
	var names []id.Batch
	for _, b := range w.batches {
		o := w.world.Batch(b)
		alike := o.Stage == s.Stage && o.Custodian == s.Custodian && o.Manifest == s.Manifest && o.To == s.To && o.ToSite == s.ToSite
		if step.Type == event.BatchRepacked {
			alike = alike && o.Site == s.Site && o.Code == s.Code
		}
		if alike && (b == s.ID || step.Type == event.ManifestCancelled || w.coin("together")) {
			names = append(names, b)
		}
	}
	e = w.begin(step.Type, step.Party)
	w.dress(&e, names)
	switch {
	case e.Type == event.ManifestAccepted, e.Type == event.ManifestRefused:
		e.Site = s.ConsigneeSite
		w.renew(&e)
	case e.Type == event.BatchRepacked:
		e.Site = s.Site
		w.renew(&e)
	case e.Type == event.BatchTreated:
		w.renew(&e)
	case e.Type == event.MeterRecorded && s.Stage == batch.Delivered:
		e.Site = s.ConsigneeSite
	case e.Type == event.BatchReceived && s.Stage == batch.HandedOver:
		e.Site = s.ToSite
	}
	if e.Type == event.ManifestIssued && !w.world.Manifest(e.Manifest).ID.IsZero() {
		e.Manifest = id.ManifestOf(w.fresh('m'))
	}
	return e, true
}

// renew gives new ids to what a promised event begins, and the code of the parents.
func (w *walk) renew(e *event.Event) {
	for i := range e.Batches {
		if !e.Batches[i].Rest.IsZero() {
			e.Batches[i].Rest = id.BatchOf(w.fresh('b'))
		}
	}
	if d, ok := e.Data.(event.Treated); ok {
		for i := range d.Residues {
			d.Residues[i].ID = id.BatchOf(w.fresh('b'))
		}
	}
	if d, ok := e.Data.(event.Repacked); ok {
		for i := range d.Children {
			d.Children[i].ID, d.Children[i].Code = id.BatchOf(w.fresh('b')), w.world.Batch(e.Batches[0].ID).Code
		}
	}
}

// any makes an event of any type by any party on any batches, now and then with wrong
// references; most of them may not come.
func (w *walk) any() event.Event {
	types := slices.DeleteFunc(event.Types(), func(t event.Type) bool { return !t.OfBatches() || t.Mends() }) // of no batch, or made by correct
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
		if e.Type != event.BatchRepacked && e.Type != event.OutcomeReported && e.Type != event.ManifestCancelled && e.Type != event.ManifestNumbered {
			e.Batches[0].Grams += 1_000_000
			e.Batches[0].Weighed = true
		}
	}
	return e
}
