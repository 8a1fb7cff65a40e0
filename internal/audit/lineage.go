package audit

import (
	"slices"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
)

// lineage folds the chain of one batch. A batch that was made of others begins with what
// those were then, so their chains are read too.
type lineage struct {
	r    Reader
	kept map[id.Batch][]ledger.Kept
	born map[id.Batch]batch.State // as they began; each is worked out once, however many were made of it
}

func newLineage(r Reader) *lineage {
	return &lineage{r: r, kept: map[id.Batch][]ledger.Kept{}, born: map[id.Batch]batch.State{}}
}

func (l *lineage) chain(b id.Batch) ([]ledger.Kept, error) {
	if kept, ok := l.kept[b]; ok {
		return kept, nil
	}
	kept, err := l.r.ChainOf(b)
	if err == nil {
		l.kept[b] = kept
	}
	return kept, err
}

// advance folds one event of a batch; not ok: it may not come there.
func (l *lineage) advance(s batch.State, e event.Event, b id.Batch, entry ledger.Entry, bytes []byte) (batch.State, bool, error) {
	at := batch.Place{Seq: entry.Seq, N: s.N + 1, Leaf: ledger.LeafOf(bytes)}
	for _, eb := range e.Batches {
		if eb.ID == b && s.Check(e, eb) == nil {
			past := &past{l: l, until: entry.Seq}
			after, err := chain.Advance(past, e, eb, s, at)
			if past.err != nil {
				return s, false, past.err
			}
			return after, err == nil, nil
		}
	}
	for _, birth := range e.Births() {
		if birth.ID != b || s.CheckBirth(e, birth) != nil {
			continue
		}
		if begun, ok := l.born[b]; ok {
			return begun, true, nil
		}
		parents := make([]batch.State, len(birth.Parents))
		for i, p := range birth.Parents {
			var ok bool
			var err error
			if parents[i], ok, err = l.before(p.ID, entry.Seq); err != nil || !ok {
				return s, false, err
			}
			if parents[i].Check(e, p) != nil {
				return s, false, nil
			}
		}
		l.born[b] = batch.Begin(e, birth, parents, at)
		return l.born[b], true, nil
	}
	return s, false, nil
}

// past is the log ahead of an entry, as corrections ask for it.
type past struct {
	l     *lineage
	until int64
	err   error
}

// Batch and Manifest implement chain.World; corrections that are in the log ask neither.
func (p *past) Batch(id.Batch) batch.State          { return batch.State{} }
func (p *past) Manifest(id.Manifest) manifest.State { return manifest.State{} }

// Chain implements chain.World.
func (p *past) Chain(b id.Batch) []chain.Said {
	kept, err := p.l.chain(b)
	if err != nil {
		p.err = err
		return nil
	}
	n := slices.IndexFunc(kept, func(k ledger.Kept) bool { return k.Seq >= p.until })
	if n < 0 {
		n = len(kept)
	}
	said, err := chain.Read(b, kept[:n])
	if err != nil {
		return nil // the chain is damaged, and says so itself
	}
	return said
}

// before is a batch's state ahead of an entry; not ok: its chain cannot be folded so far.
func (l *lineage) before(b id.Batch, seq int64) (s batch.State, ok bool, err error) {
	kept, err := l.chain(b)
	if err != nil {
		return s, false, err
	}
	for _, k := range kept {
		if k.Seq >= seq {
			break
		}
		e, err := ledger.ParseEntry(k.Entry)
		if err != nil {
			return s, false, nil // its own chain says so
		}
		_, ev, err := open(k.Body)
		if err != nil {
			return s, false, nil
		}
		if s, ok, err = l.advance(s, ev, b, e, k.Entry); err != nil || !ok {
			return s, false, err
		}
	}
	return s, s.N > 0, nil
}

// kin adds every batch that these were made of, and in turn what those were made of.
func kin(r Reader, batches []id.Batch) ([]id.Batch, error) {
	out := slices.Clone(batches)
	for i := 0; i < len(out); i++ {
		found, err := r.Batches(out[i : i+1])
		if err != nil {
			return nil, err
		}
		for _, p := range found[out[i]].Parents {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}
