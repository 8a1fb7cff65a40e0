package record

import (
	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

// loaded is a World over a transaction: what was fetched, and what this group changed.
type loaded struct {
	*chain.Memory
	tx     Reader
	met    map[any]bool
	labels map[event.Label]id.Batch
	// what this group changed, in order of first change
	batches         []id.Batch
	manifests       []id.Manifest
	changedBatch    map[id.Batch]bool
	changedManifest map[id.Manifest]bool
}

func newLoaded(tx Reader) *loaded {
	return &loaded{Memory: chain.NewMemory(), tx: tx, met: map[any]bool{}, labels: map[event.Label]id.Batch{},
		changedBatch: map[id.Batch]bool{}, changedManifest: map[id.Manifest]bool{}}
}

// fetch reads the states that the events may touch and that are not here yet. A
// manifest is named by an event, or by the state of a batch that the event names.
func (l *loaded) fetch(ps []Prepared) error {
	var batches []id.Batch
	var manifests []id.Manifest
	var labels []event.Label
	need := func(m id.Manifest) {
		if !m.IsZero() && !l.met[m] {
			l.met[m] = true
			manifests = append(manifests, m)
		}
	}
	for _, p := range ps {
		need(p.Event.Manifest)
		for _, b := range p.Event.Batches {
			if !l.met[b.ID] {
				l.met[b.ID] = true
				batches = append(batches, b.ID)
			}
		}
		if d, ok := p.Event.Data.(event.Generated); ok && d.Label != "" && !l.met[d.Label] {
			l.met[d.Label] = true
			labels = append(labels, d.Label)
		}
	}
	found, err := l.tx.Batches(batches)
	if err != nil {
		return err
	}
	for b, s := range found {
		l.Batches[b] = s
		need(s.Manifest)
	}
	ms, err := l.tx.Manifests(manifests)
	if err != nil {
		return err
	}
	for m, s := range ms {
		l.Manifests[m] = s
	}
	taken, err := l.tx.Labels(labels)
	for t, b := range taken {
		l.labels[t] = b
	}
	return err
}

// claim takes a label's token for a batch; a token marks one batch only.
func (l *loaded) claim(e event.Event) error {
	d, ok := e.Data.(event.Generated)
	if !ok || d.Label == "" {
		return nil
	}
	if b, taken := l.labels[d.Label]; taken && b != e.Batches[0].ID {
		return fault.New(fault.LabelTaken, "The label's code is on another batch already; print a new label.").
			At("/data/label", "taken", "must not have been used before")
	}
	l.labels[d.Label] = e.Batches[0].ID
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
