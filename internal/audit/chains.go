package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/signature"
)

// Batch reads one batch. The fault is not-found.
func (s *Service) Batch(ctx context.Context, b id.Batch) (v BatchView, err error) {
	var c ChainView
	var more []rule.Finding
	var clocks []duty.Clock
	err = s.Store.Read(ctx, func(r Reader) error {
		found, err := r.Batches([]id.Batch{b})
		if err != nil {
			return err
		}
		st, ok := found[b]
		if !ok {
			return notFound("batch")
		}
		v.State = st
		if v.Label, err = r.LabelOf(b); err != nil {
			return err
		}
		c, err = s.chain(r, b)
		if err == nil {
			more, err = s.inHouse(r, st, c.findings())
		}
		if err == nil {
			clocks, err = clocksOf(r, st)
		}
		return err
	})
	if err == nil {
		v.Duties, err = s.bound(ctx)(clocks)
	}
	if err == nil {
		err = s.permits(ctx, &c)
	}
	v.Corrections, v.Findings = s.corrections(v.State, append(c.findings(), more...))
	v.Grade, v.Unsigned = c.graded(v.State)
	if err == nil {
		v.Entry, v.Verified = s.Catalog.Lookup(v.State.Code, time.UnixMilli(v.State.BornAt).UTC())
	}
	return v, err
}

// Chain reads a batch's entries in order, each with what the rules say of it.
func (s *Service) Chain(ctx context.Context, b id.Batch) (v ChainView, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		v, err = s.chain(r, b)
		if err == nil && len(v.Steps)+len(v.Broken) == 0 {
			return notFound("batch")
		}
		return err
	})
	if err == nil {
		err = s.permits(ctx, &v)
	}
	return v, err
}

func (v ChainView) findings() []rule.Finding {
	out := []rule.Finding{}
	for _, st := range v.Steps {
		out = append(out, st.Findings...)
	}
	return out
}

// chain reads and folds one batch's entries; what does not fit is said in Broken.
func (s *Service) chain(r Reader, b id.Batch) (ChainView, error) {
	lineage := newLineage(r)
	v := ChainView{Batch: b, Broken: []string{}}
	broken := func(format string, args ...any) { v.Broken = append(v.Broken, fmt.Sprintf(format, args...)) }
	kept, err := lineage.chain(b)
	if err != nil {
		return v, err
	}
	var entries []ledger.Entry
	var state batch.State
	var knowing rule.Knowing
	for _, k := range kept {
		e, err := ledger.ParseEntry(k.Entry)
		if err != nil {
			knowing.Next(event.Event{}, b, k.Seq, ledger.LeafOf(k.Entry))
			broken("entry %d: %s", k.Seq, fault.As(err).Sentence)
			continue
		}
		entries = append(entries, e)
		signed, ev, err := open(k.Body)
		unknown := knowing.Next(ev, b, k.Seq, ledger.LeafOf(k.Entry))
		if err != nil {
			broken("entry %d: %s", k.Seq, fault.As(err).Sentence)
			continue
		}
		if e.Seq != k.Seq || signed.Hash() != e.Hash {
			broken("entry %d: its bytes, or those of its event, are not those that were logged there", k.Seq)
		}
		v.Steps = append(v.Steps, Step{Seq: k.Seq, RecordedAt: e.RecordedAt, Event: ev, Kid: signed.Kid, Hash: signed.Hash(),
			Entry: k.Entry, JWS: k.Body, Findings: s.examine(e, ev, b, state, unknown)})
		st, ok, err := lineage.advance(state, ev, b, e, k.Entry)
		if err != nil {
			return v, err
		}
		if ok {
			state = st
		} else {
			broken("entry %d does not follow the batch's state", e.Seq)
		}
	}
	v.Broken = append(v.Broken, ledger.CheckChain(b, entries)...)
	v.code = state.Code
	if err := s.mend(&v, lineage, kept, state); err != nil {
		return v, err
	}
	if err := s.noScans(r, &v); err != nil {
		return v, err
	}
	if err := v.readSheets(r); err != nil {
		return v, err
	}
	return v, s.whole(r, b, state, len(kept) == 0, broken)
}

// whole compares the end of a chain with the stored state: a link that was taken from
// the end leaves no gap behind.
func (s *Service) whole(r Reader, b id.Batch, state batch.State, empty bool, broken func(string, ...any)) error {
	found, err := r.Batches([]id.Batch{b})
	if fault.Of(err) == fault.Damaged {
		broken("%s", fault.As(err).Sentence)
		return nil
	}
	st, ok := found[b]
	switch {
	case err != nil:
		return err
	case ok && (st.N != state.N || st.Head != state.Head):
		broken("the batch's stored state ends with its entry number %d, the chain found with number %d", st.N, state.N)
	case !ok && !empty:
		broken("the batch has entries, but no stored state; run `liandan rebuild`")
	}
	return nil
}

func (s *Service) examine(e ledger.Entry, ev event.Event, b id.Batch, before batch.State, unknown []int64) []rule.Finding {
	for _, eb := range ev.Batches {
		if eb.ID != b {
			continue
		}
		return s.Rules.Examine(chain.StepOf(ev, eb, before, e.Seq, e.RecordedAt).In(s.Catalog).Judged(unknown))
	}
	return nil
}

// open reads a kept event again. What was taken in once can always be read, so the fault
// is damaged.
func open(body []byte) (signature.Signed, event.Event, error) {
	signed, e, err := ledger.OpenEvent(body)
	if err != nil {
		return signature.Signed{}, event.Event{}, fault.Wrap(err, fault.Damaged, "The bytes kept of an event are damaged: %s", fault.As(err).Sentence)
	}
	return signed, e, nil
}

// Manifest reads one manifest with the findings of its batches.
func (s *Service) Manifest(ctx context.Context, m id.Manifest) (v ManifestView, err error) {
	var chains []ChainView
	var slip duty.Paper
	onPaper := false
	err = s.Store.Read(ctx, func(r Reader) error {
		found, err := r.Manifests([]id.Manifest{m})
		if err != nil {
			return err
		}
		st, ok := found[m]
		if !ok {
			return notFound("manifest")
		}
		v.State, v.Findings = st, []rule.Finding{}
		for _, l := range st.Lines {
			c, err := s.chain(r, l.Batch)
			if err != nil {
				return err
			}
			chains = append(chains, c)
		}
		v.sign(chains)
		claims, err := s.claims(ctx, r, st)
		v.Findings = append(v.Findings, claims...)
		if err != nil {
			return err
		}
		if slip, onPaper, err = entered(r, st); err != nil {
			return err
		}
		return s.sealed(r, &v)
	})
	v.Grade = v.State.Grade
	for i, l := range v.State.Lines {
		if v.State.Grade == batch.OnPaper && i < len(chains) {
			v.grade(chains[i], v.lines[l.Batch])
		}
	}
	for i := range chains {
		if err == nil {
			err = s.permits(ctx, &chains[i])
		}
		v.Findings = append(v.Findings, chains[i].findings()...)
	}
	v.Findings = onceEach(v.Findings)
	if err == nil {
		v.Duties, err = s.dutiesOf(ctx, v.State, slip, onPaper)
	}
	return v, err
}

// sign gathers the manifest's events from the chains of its batches.
func (v *ManifestView) sign(chains []ChainView) {
	met := map[id.Event]bool{}
	for _, c := range chains {
		for _, x := range c.Steps {
			if e := x.Event.ID; !met[e] && slices.Contains(v.State.Events, e) {
				met[e] = true
				x.Findings = nil
				v.Signed = append(v.Signed, x)
			}
		}
	}
	slices.SortFunc(v.Signed, func(a, b Step) int { return cmp.Compare(a.Seq, b.Seq) })
}

// Event reads one event with its proof in the newest tree.
func (s *Service) Event(ctx context.Context, e id.Event) (v EventView, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		k, err := r.EventEntry(e)
		if err != nil {
			return err
		}
		head, checkpoint, _, err := s.newest(r)
		if err != nil {
			return err
		}
		path, err := merkle.NewTree(head.Size, r.Tile, 0).Prove(head.Size, k.Seq)
		if err != nil {
			return err
		}
		entry, err := ledger.ParseEntry(k.Entry)
		if err != nil {
			return err
		}
		signed, ev, err := open(k.Body)
		if err != nil {
			return err
		}
		if entry.Hash != signed.Hash() || entry.Seq != k.Seq || ev.ID != e {
			return fault.New(fault.Damaged, "Entry %d is not the one of event %s; run `liandan check`.", k.Seq, e)
		}
		v = EventView{Event: ev, Hash: entry.Hash, Seq: k.Seq, RecordedAt: entry.RecordedAt, JWS: k.Body, Entry: k.Entry,
			Proof: merkle.Receipt(k.Seq, path, checkpoint)}
		return nil
	})
	return v, err
}

// Quarantine pages through what was signed but could not come next.
func (s *Service) Quarantine(ctx context.Context, cursor string, limit int) (items []Held, next string, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		items, next, err = r.Quarantine(cursor, limit)
		return err
	})
	return items, next, err
}
