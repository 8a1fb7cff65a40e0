package audit

import (
	"context"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
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

// refold folds the log and hands over postings and links as it goes, states at the end.
func refold(ctx context.Context, in Reader, out Projection, o Options) error {
	head, _, err := in.Log()
	if err != nil {
		return err
	}
	w := chain.NewMemory()
	var placed []chain.Placed
	var events []event.Event
	var said []Said
	flush := func() error {
		err := out.Records(placed, events)
		if err == nil {
			err = out.Statements(said)
		}
		placed, events, said = placed[:0], events[:0], said[:0]
		return err
	}
	err = in.Entries(0, head.Size, func(k ledger.Kept) error {
		e, err := ledger.ParseEntry(k.Entry)
		if err != nil {
			return err
		}
		if e.Kind != ledger.KindEvent {
			st, err := saidOf(k, e)
			if err != nil {
				return err
			}
			said = append(said, st)
		} else {
			_, ev, err := open(k.Body)
			if err != nil {
				return err
			}
			p := chain.Place(w, ev, e.Hash, e.Seq, e.RecordedAt)
			w.Keep(p)
			placed, events = append(placed, p), append(events, ev)
		}
		if len(placed)+len(said) < block {
			return nil
		}
		if o.Progress != nil {
			o.Progress(k.Seq+1, head.Size)
		}
		if err := flush(); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	batches := make([]batch.State, 0, len(w.Batches))
	for _, b := range w.Batches {
		batches = append(batches, b)
	}
	manifests := make([]manifest.State, 0, len(w.Manifests))
	for _, m := range w.Manifests {
		manifests = append(manifests, m)
	}
	return out.States(batches, manifests)
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
