package audit

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/ledger"
	"liandan/internal/statement"
)

// Rebuild checks the store, then recreates every projection from the log and reports
// what differed. Evidence (entries, tiles, heads) is never touched; when evidence is
// damaged nothing is rebuilt, for the fold of a damaged log is not to be believed.
func (s *Service) Rebuild(ctx context.Context, o Options) (*Report, error) {
	r, err := s.Check(ctx, o)
	if err != nil || r.evidence {
		return r, err
	}
	return r, s.Store.Rebuild(ctx, func(in Reader, out Projection) error { return refold(ctx, in, out, o) })
}

// refold folds the log and hands over postings, links and statements as it goes, states at
// the end.
func refold(ctx context.Context, in Reader, out Projection, o Options) error {
	head, _, err := in.Log()
	if err != nil {
		return err
	}
	f := folding{world: chain.NewMemory(), out: out}
	f.look = &past{l: newLineage(in)}
	f.world.Look(f.look.Chain)
	err = in.Entries(0, head.Size, func(k ledger.Kept) error {
		if err := cmp.Or(f.add(k), f.look.err); err != nil || len(f.placed)+len(f.said) < block {
			return err
		}
		if o.Progress != nil {
			o.Progress(k.Seq+1, head.Size)
		}
		if err := f.flush(); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	return out.States(slices.Collect(maps.Values(f.world.Batches)), slices.Collect(maps.Values(f.world.Manifests)))
}

// folding is a rebuild under way, with what it has not handed over yet.
type folding struct {
	world  *chain.Memory
	look   *past // chains ahead of the entry, for corrections
	out    Projection
	placed []chain.Placed
	events []event.Event
	said   []Said
}

func (f *folding) add(k ledger.Kept) error {
	e, err := ledger.ParseEntry(k.Entry)
	if err != nil {
		return err
	}
	if e.Kind != ledger.KindEvent {
		st, err := saidOf(k, e)
		f.said = append(f.said, st)
		return err
	}
	_, ev, err := open(k.Body)
	if err != nil {
		return err
	}
	if ev.Type.Mends() { // it asks for chains, whose links this rebuild has emptied and may still hold back
		if err := f.flush(); err != nil {
			return err
		}
		f.look.l, f.look.until = newLineage(f.look.l.r), e.Seq
	}
	p := chain.Place(f.world, ev, e.Hash, e.Seq, e.RecordedAt)
	f.world.Keep(p)
	f.placed, f.events = append(f.placed, p), append(f.events, ev)
	return nil
}

func (f *folding) flush() error {
	err := f.out.Records(f.placed, f.events)
	if err == nil {
		err = f.out.Statements(f.said)
	}
	f.placed, f.events, f.said = f.placed[:0], f.events[:0], f.said[:0]
	return err
}

func saidOf(k ledger.Kept, e ledger.Entry) (Said, error) {
	out := Said{Seq: e.Seq, Kind: e.Kind, Body: k.Body}
	if e.Kind != statement.KindKey {
		return out, nil
	}
	key, err := statement.ParseKey(k.Body)
	out.Subject, out.N = key.Kid, key.N
	return out, err
}
