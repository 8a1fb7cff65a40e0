package record

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/statement"
)

// loaded is a World over a transaction: what was fetched, and what this group changed.
type loaded struct {
	*chain.Memory
	tx     Reader
	chains map[id.Batch][]chain.Said // as the log has them, of batches that a correction asked for
	failed error                     // of reading those
	met    map[any]bool
	labels map[event.Label]id.Batch
	known  map[id.Event]Known
	later  map[string][]statement.Key // of keys, after the first chapter: limits and revocations
	stuck  map[Subject]bool           // something waits for them, in quarantine or held in this group
	// what this group changed, in order of first change
	batches         []id.Batch
	manifests       []id.Manifest
	changedBatch    map[id.Batch]bool
	changedManifest map[id.Manifest]bool
}

func newLoaded(tx Reader) *loaded {
	l := &loaded{Memory: chain.NewMemory(), tx: tx, chains: map[id.Batch][]chain.Said{}, met: map[any]bool{}, labels: map[event.Label]id.Batch{}, known: map[id.Event]Known{}, stuck: map[Subject]bool{}, later: map[string][]statement.Key{},
		changedBatch: map[id.Batch]bool{}, changedManifest: map[id.Manifest]bool{}}
	l.Memory.Before(l.logged)
	return l
}

// logged reads a batch's chain as the log has it, once. Only corrections ask, of few batches.
func (l *loaded) logged(b id.Batch) []chain.Said {
	if said, ok := l.chains[b]; ok {
		return said
	}
	kept, err := l.tx.ChainOf(b)
	if err != nil {
		l.failed = err
		return nil
	}
	said, err := chain.Read(b, kept)
	if err != nil {
		l.failed = err
	}
	l.chains[b] = said
	return said
}

// fetch reads what the events may touch and is not here yet, in one statement.
func (l *loaded) fetch(ps []Prepared) error {
	w := l.wanted(ps)
	found, err := l.tx.Load(w)
	if err != nil {
		return err
	}
	for e, k := range found.Known {
		l.known[e] = k
	}
	for kid, chapters := range found.Later {
		l.later[kid] = append(chapters, l.later[kid]...) // those of this group come last
	}
	for s := range found.Stuck {
		l.stuck[s] = true
	}
	for t, b := range found.Labels {
		l.labels[t] = b
	}
	for b, s := range found.Batches {
		l.Batches[b] = s
	}
	l.take(found.Manifests)
	return l.fetchOwed(found.Batches)
}

func (l *loaded) take(found map[id.Manifest]manifest.State) {
	for m, s := range found {
		if _, here := l.Manifests[m]; !here { // one that this group has changed is not read again
			l.Manifests[m] = s
		}
	}
}

// fetchOwed reads the manifests before the present ones, which hear of a batch that was
// sent on. Few batches have any.
func (l *loaded) fetchOwed(found map[id.Batch]batch.State) error {
	var w Want
	for _, s := range found {
		for _, m := range s.Sheets() {
			if _, here := l.Manifests[m]; !here && !slices.Contains(w.Manifests, m) {
				w.Manifests = append(w.Manifests, m)
			}
		}
	}
	if len(w.Manifests) == 0 {
		return nil
	}
	more, err := l.tx.Load(w)
	l.take(more.Manifests)
	return err
}

func (l *loaded) wanted(ps []Prepared) (w Want) {
	fresh := func(v any) bool {
		if l.met[v] {
			return false
		}
		l.met[v] = true
		return true
	}
	for _, p := range ps {
		if fresh(p.Event.ID) {
			w.Events = append(w.Events, p.Event.ID)
		}
		if d, ok := p.Event.Data.(event.Ruling); ok && fresh(d.Event) {
			w.Events = append(w.Events, d.Event)
		}
		if a := authorityOf(p.Event); !a.IsZero() && fresh(a) {
			w.Events = append(w.Events, a)
		}
		if p.Kid != "" && fresh(p.Kid) {
			w.Keys = append(w.Keys, p.Kid)
		}
		if m := p.Event.Manifest; !m.IsZero() && fresh(m) {
			w.Manifests = append(w.Manifests, m)
		}
		for _, b := range p.Event.Touched() {
			if fresh(b) {
				w.Batches = append(w.Batches, b)
			}
		}
		for _, m := range p.Event.Marks() {
			if fresh(m.Label) {
				w.Labels = append(w.Labels, m.Label)
			}
		}
		for _, s := range subjects(p.Event) {
			if fresh(s) {
				w.Subjects = append(w.Subjects, s)
			}
		}
	}
	return w
}

// claim takes the tokens of an event's labels for its batches; a token marks one batch only.
func (l *loaded) claim(e event.Event) error {
	marks := e.Marks()
	bad := fault.New(fault.LabelTaken, "The label's code is on another batch already; print a new label.")
	for _, m := range marks {
		if b, taken := l.labels[m.Label]; taken && b != m.Batch {
			bad.At(m.Pointer, "taken", "must not have been used before")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	for _, m := range marks {
		l.labels[m.Label] = m.Batch
	}
	return nil
}

// Keep takes over the states that an event left and remembers which to write.
func (l *loaded) Keep(p chain.Placed) {
	l.Memory.Keep(p)
	for _, b := range p.Batches {
		if !l.changedBatch[b.ID] {
			l.changedBatch[b.ID] = true
			l.batches = append(l.batches, b.ID)
		}
	}
	for _, m := range p.Manifests {
		if !l.changedManifest[m.ID] {
			l.changedManifest[m.ID] = true
			l.manifests = append(l.manifests, m.ID)
		}
	}
}

// changed gives the states to write.
func (l *loaded) changed() ([]batch.State, []manifest.State) {
	bs := make([]batch.State, len(l.batches))
	for i, b := range l.batches {
		bs[i] = l.Batches[b]
	}
	ms := make([]manifest.State, len(l.manifests))
	for i, m := range l.manifests {
		ms[i] = l.Manifests[m]
	}
	return bs, ms
}
