package record

import (
	"context"
	"errors"
	"slices"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/rule"
)

// answer gives every job its receipt; the group is durable now.
func (s *Service) answer(ctx context.Context, g *group) {
	s.read = func(t merkle.TileID, w int) (b []byte, err error) {
		err = s.store.View(ctx, func(r Reader) error { b, err = r.Tile(t, w); return err })
		return b, err
	}
	for _, j := range g.flushes {
		if g.left > 0 {
			j.result.Err = fault.New(fault.Damaged, "%d statements in the outbox cannot go into the log; run `liandan check`.", g.left)
		}
	}
	for j, i := range g.placed {
		receipt, err := s.receipt(ctx, g, g.Records[i])
		if err == nil {
			receipt.Findings = append(receipt.Findings, s.permits(ctx, g.Records[i])...)
		}
		j.result = Result{Receipt: receipt, Err: err}
	}
	for j, k := range g.repeats {
		receipt, err := s.firstReceipt(ctx, k, g)
		j.result = Result{Receipt: receipt, Repeat: true, Err: err}
	}
}

// receipt is that of an event of the group that has just become durable.
func (s *Service) receipt(ctx context.Context, g *group, rec Record) (*Receipt, error) {
	p := rec.Placed
	path, err := s.tree.Prove(g.Head.Size, p.Entry.Seq)
	if err != nil {
		return nil, noReceipt(err)
	}
	steps, err := s.follow(ctx, p)
	if err != nil {
		return nil, noReceipt(err)
	}
	r := &Receipt{Event: rec.Event.ID, Hash: p.Entry.Hash, Seq: p.Entry.Seq, RecordedAt: p.Entry.RecordedAt, Entry: p.Bytes,
		Proof: merkle.Receipt(p.Entry.Seq, path, g.Checkpoint), Findings: s.findings(steps)}
	if len(p.Batches) > 0 {
		r.Next = p.Batches[0].Next()
	}
	return r, nil
}

// follow reads the chains of the batches whose newest entry a signer had not seen, to say whether
// they knew of it otherwise. Most events need none.
func (s *Service) follow(ctx context.Context, p chain.Placed) ([]rule.Step, error) {
	if !slices.ContainsFunc(p.Steps, func(st rule.Step) bool { return st.Batch.Seen != st.Prev }) {
		return p.Steps, nil
	}
	steps := slices.Clone(p.Steps)
	return steps, s.store.View(ctx, func(r Reader) error {
		for i, st := range steps {
			if st.Batch.Seen == st.Prev {
				continue
			}
			kept, err := r.ChainOf(st.Batch.ID)
			if err != nil {
				return err
			}
			var k rule.Knowing
			for _, x := range kept {
				if x.Seq >= st.Seq {
					break
				}
				_, e, err := ledger.OpenEvent(x.Body)
				if err != nil {
					e = event.Event{} // the check names it
				}
				k.Next(e, st.Batch.ID, x.Seq, ledger.LeafOf(x.Entry))
			}
			steps[i] = st.Judged(k.Next(st.Event, st.Batch.ID, st.Seq, p.Leaf))
		}
		return nil
	})
}

// findings lets the rules look at an event's steps.
func (s *Service) findings(steps []rule.Step) []rule.Finding {
	var out []rule.Finding
	for _, st := range steps {
		out = append(out, s.Rules.Examine(st.In(s.Catalog))...)
	}
	return out
}

// firstReceipt gives again what the first sender got: the same proof in the same tree.
func (s *Service) firstReceipt(ctx context.Context, k Known, g *group) (*Receipt, error) {
	if r, ok := g.at(k.Seq); ok {
		return s.receipt(ctx, g, r)
	}
	var kept ledger.Kept
	var head merkle.Head
	var checkpoint []byte
	err := s.store.View(ctx, func(r Reader) (err error) {
		if kept, err = r.Entry(k.Seq); err != nil {
			return err
		}
		head, checkpoint, err = r.HeadCovering(k.Seq)
		return err
	})
	if err != nil {
		return nil, noReceipt(err)
	}
	if s.tree == nil {
		return nil, noReceipt(errors.New("the tree was dropped"))
	}
	path, err := s.tree.Prove(head.Size, k.Seq)
	if err != nil {
		return nil, noReceipt(err)
	}
	signed, e, err := ledger.OpenEvent(kept.Body)
	if err != nil {
		return nil, err
	}
	return &Receipt{Event: e.ID, Hash: signed.Hash(), Seq: k.Seq, RecordedAt: kept.RecordedAt, Entry: kept.Entry,
		Proof: merkle.Receipt(k.Seq, path, checkpoint)}, nil
}

// noReceipt says that a durable event's receipt cannot be read now.
func noReceipt(cause error) error {
	return fault.Wrap(cause, fault.Unavailable, "The event is recorded, but its receipt cannot be read now; send the same bytes again to get it.")
}
