// Package chain places one event in the log: it checks the event against the batches
// and manifests it touches, writes the entry with its links, and says what states and
// postings follow. Intake, rebuild, audit and the offline verifier all use it, so that
// they can never disagree.
//
// It must not store anything, verify signatures, or judge deadlines.
package chain

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/permit"
	"liandan/internal/rule"
)

// World gives the states before an event; unknown ids give zero states.
type World interface {
	Batch(id.Batch) batch.State
	Manifest(id.Manifest) manifest.State
	// Chain gives a batch's events so far, oldest first. Only corrections ask, for the
	// batches that they name and those that these were made of.
	Chain(id.Batch) []Said
}

// Placed is what an event does to the world.
type Placed struct {
	Event     event.Event
	Entry     ledger.Entry
	Bytes     []byte // of the entry
	Leaf      id.Hash
	Batches   []batch.State    // after the event
	Manifests []manifest.State // after the event
	Postings  []mass.Posting
	Tallies   []permit.Tally // what it changes in the running sums
	Steps     []rule.Step    // for the rules
	Mended    []id.Batch     // of which a correction counts from now on
}

// Check says whether an event may come next. Every batch at fault is named by a
// pointer; the facts and kind are those of the first.
func Check(w World, e event.Event) error {
	var first *fault.Error
	note := func(err error, pointer string) {
		f := fault.As(err)
		if f == nil {
			return
		}
		if first == nil {
			first = f
		}
		first.At(pointer, string(f.Kind), "%s", f.Sentence)
	}
	if !e.Manifest.IsZero() {
		note(w.Manifest(e.Manifest).Check(e), "/manifest")
	}
	for i, b := range e.Batches {
		err := w.Batch(b.ID).Check(e, b)
		if err == nil && e.Type.Mends() {
			err = checkCorrection(w, e, b)
		}
		note(err, fmt.Sprintf("/batches/%d", i))
	}
	for _, b := range e.Births() {
		note(w.Batch(b.ID).CheckBirth(e, b), b.Pointer)
	}
	if first == nil {
		return nil
	}
	return first
}

// Place makes the entry of an event that Check let through. hash is that of the exact
// bytes kept; recordedAt is the log's clock.
func Place(w World, e event.Event, hash id.Hash, seq int64, recordedAt time.Time) Placed {
	p := Placed{Event: e, Entry: ledger.Entry{Seq: seq, RecordedAt: recordedAt, Kind: ledger.KindEvent, Hash: hash}}
	for _, b := range e.Touched() {
		s := w.Batch(b)
		p.Entry.Links = append(p.Entry.Links, ledger.Link{Batch: b, N: s.N + 1, Prev: s.Head})
	}
	p.Bytes = p.Entry.Bytes()
	p.Leaf = ledger.LeafOf(p.Bytes)
	papers := papers{w: w, own: map[id.Manifest][]batch.State{}, others: map[id.Manifest][]batch.State{}}
	for i, b := range e.Batches {
		before := w.Batch(b.ID)
		at := batch.Place{Seq: seq, N: p.Entry.Links[i].N, Leaf: p.Leaf}
		after := before.Apply(e, b, at)
		if c, ok := Settled(e, before, after); ok {
			if out, err := settle(w, Said{e, at}, before, after, c); err == nil {
				after = out.state
				p.Mended = append(p.Mended, b.ID)
				p.Postings = append(p.Postings, out.books...)
				papers.mend(out, before)
			}
		}
		p.Batches = append(p.Batches, after)
		p.Postings = append(p.Postings, mass.Post(e, b, before)...)
		p.Steps = append(p.Steps, StepOf(e, b, before, seq, recordedAt))
		papers.touch(e, before, after)
	}
	for i, b := range e.Births() {
		parents := make([]batch.State, len(b.Parents))
		for k, x := range b.Parents {
			parents[k] = w.Batch(x.ID)
		}
		child := batch.Begin(e, b, parents, batch.Place{Seq: seq, N: p.Entry.Links[len(e.Batches)+i].N, Leaf: p.Leaf})
		p.Batches = append(p.Batches, child)
		p.Postings = append(p.Postings, mass.PostBirth(e, child)...)
		papers.touch(e, batch.State{}, child)
	}
	p.Manifests = papers.fold(e, seq)
	for _, after := range p.Manifests {
		p.Tallies = append(p.Tallies, permit.Moved(w.Manifest(after.ID), after)...)
	}
	return p
}

// papers gathers the manifests that an event has to do with, in the order in which its
// batches name them.
type papers struct {
	w       World
	order   []id.Manifest
	own     map[id.Manifest][]batch.State // the event is theirs
	others  map[id.Manifest][]batch.State // their batch went on without them
	was, is event.Event                   // what a correction changed that counts now
}

// mend tells every manifest that the batch is on, or still owes an outcome, of a correction.
func (p *papers) mend(x settled, before batch.State) {
	p.was, p.is = x.was, x.is
	for _, m := range before.Sheets() {
		if len(p.own[m])+len(p.others[m]) == 0 {
			p.order = append(p.order, m)
		}
		if !slices.ContainsFunc(p.others[m], func(s batch.State) bool { return s.ID == x.state.ID }) {
			p.others[m] = append(p.others[m], x.state)
		}
	}
}

func (p *papers) touch(e event.Event, before, after batch.State) {
	own := e.Manifest
	if own.IsZero() {
		own = before.Manifest
	}
	add := func(to map[id.Manifest][]batch.State, m id.Manifest) {
		if len(p.own[m])+len(p.others[m]) == 0 {
			p.order = append(p.order, m)
		}
		to[m] = append(to[m], after)
	}
	if !own.IsZero() {
		add(p.own, own)
	}
	met := map[id.Manifest]bool{own: true, {}: true}
	for _, m := range append(before.Sheets(), after.Sheets()...) {
		if !met[m] && moves(e.Type, before, after) {
			add(p.others, m)
		}
		met[m] = true
	}
}

// moves says whether an event tells the manifests before the present one anything: that
// the batch was sent on, came back, or is gone.
func moves(t event.Type, before, after batch.State) bool {
	switch t {
	case event.ManifestIssued, event.ManifestCancelled, event.BatchTreated, event.PaperBackfilled:
		return true
	case event.IncidentReported:
		return after.Stage == batch.Lost
	case event.BatchRepacked:
		return after.Stage == batch.Repacked
	case event.BatchReceived:
		return before.Stage == batch.Returned
	}
	return false
}

func (p *papers) fold(e event.Event, seq int64) []manifest.State {
	var out []manifest.State
	for _, m := range p.order {
		s := p.w.Manifest(m)
		if states := p.own[m]; len(states) > 0 {
			s = s.Apply(e, states, seq)
		}
		if states := p.others[m]; len(states) > 0 {
			s = s.Follow(e, states, seq)
		}
		if !p.is.ID.IsZero() {
			s = s.Mend(p.was, p.is, append(slices.Clone(p.own[m]), p.others[m]...))
		}
		out = append(out, s)
	}
	return out
}

// StepOf is one batch of an event as the rules see it; Known is left to the caller.
func StepOf(e event.Event, b event.Batch, before batch.State, seq int64, recordedAt time.Time) rule.Step {
	s := rule.Step{Seq: seq, RecordedAt: recordedAt, Event: e, Batch: b, Prev: before.Head, Before: before, Grams: before.Grams}
	if before.N > 0 {
		s.LastAt = time.UnixMilli(before.LastAt).UTC()
	}
	return s
}

// Memory is a World in maps, for folds over a whole log or a bundle.
type Memory struct {
	Batches   map[id.Batch]batch.State
	Manifests map[id.Manifest]manifest.State

	chains map[id.Batch][]Said
	past   func(id.Batch) []Said // what came before chains; nil: nothing
}

// NewMemory is an empty world.
func NewMemory() *Memory {
	return &Memory{Batches: map[id.Batch]batch.State{}, Manifests: map[id.Manifest]manifest.State{}, chains: map[id.Batch][]Said{}}
}

// Look makes the world ask elsewhere for chains and remember none: for a fold over a whole
// log, whose chains would fill the memory and are hardly ever asked for.
func (m *Memory) Look(chain func(id.Batch) []Said) { m.chains, m.past = nil, chain }

// Before makes the world ask elsewhere for what a chain held before it began to remember.
func (m *Memory) Before(chain func(id.Batch) []Said) { m.past = chain }

// Chain implements World.
func (m *Memory) Chain(b id.Batch) []Said {
	if m.past == nil {
		return m.chains[b]
	}
	return append(slices.Clip(m.past(b)), m.chains[b]...)
}

// Batch implements World.
func (m *Memory) Batch(b id.Batch) batch.State { return m.Batches[b] }

// Manifest implements World.
func (m *Memory) Manifest(x id.Manifest) manifest.State { return m.Manifests[x] }

// Keep takes over the states that an event left.
func (m *Memory) Keep(p Placed) {
	for _, s := range p.Batches {
		m.Batches[s.ID] = s
		if m.chains != nil {
			m.chains[s.ID] = append(m.chains[s.ID], Said{p.Event, batch.Place{Seq: s.Seq, N: s.N, Leaf: s.Head}})
		}
	}
	for _, s := range p.Manifests {
		m.Manifests[s.ID] = s
	}
}
