package record

import (
	"context"
	"errors"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/signature"
)

// answer gives every job its receipt; the group is durable now.
func (s *Service) answer(ctx context.Context, g *group) {
	s.read = func(t merkle.TileID, w int) (b []byte, err error) {
		err = s.store.View(ctx, func(r Reader) error { b, err = r.Tile(t, w); return err })
		return b, err
	}
	for j, i := range g.placed {
		r := g.Records[i]
		receipt, err := s.receipt(g.Head.Size, g.Checkpoint, r.Placed.Entry.Seq, r.Placed.Bytes, r.Event, r.Placed)
		j.result = Result{Receipt: receipt, Err: err}
	}
	for j, k := range g.repeats {
		receipt, err := s.firstReceipt(ctx, k, g)
		j.result = Result{Receipt: receipt, Repeat: true, Err: err}
	}
}

func (s *Service) receipt(size int64, checkpoint []byte, seq int64, entry []byte, e event.Event, p chain.Placed) (*Receipt, error) {
	path, err := s.tree.Prove(size, seq)
	if err != nil {
		return nil, noReceipt(err)
	}
	r := &Receipt{Event: e.ID, Hash: p.Entry.Hash, Seq: seq, RecordedAt: p.Entry.RecordedAt, Entry: entry,
		Proof: merkle.Receipt(seq, path, checkpoint), Findings: s.findings(p.Steps)}
	if len(p.Batches) > 0 {
		r.Next = p.Batches[0].Next()
	}
	return r, nil
}

// findings lets the rules look at an event's steps.
func (s *Service) findings(steps []rule.Step) []rule.Finding {
	var out []rule.Finding
	for _, st := range steps {
		if d, ok := st.Event.Data.(event.Generated); ok {
			_, st.Known = s.Catalog.Lookup(d.Code, st.Event.At)
		}
		out = append(out, s.Rules.Examine(st)...)
	}
	return out
}

// firstReceipt gives again what the first sender got: the same proof in the same tree.
func (s *Service) firstReceipt(ctx context.Context, k Known, g *group) (*Receipt, error) {
	for _, r := range g.Records { // placed moments ago in this very group
		if r.Placed.Entry.Seq == k.Seq {
			return s.receipt(g.Head.Size, g.Checkpoint, k.Seq, r.Placed.Bytes, r.Event, r.Placed)
		}
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
	signed, e, err := reopen(kept.Body)
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

// reopen reads an event again from the bytes that were kept.
func reopen(body []byte) (signature.Signed, event.Event, error) {
	signed, err := signature.Open(body, signature.TypEvent)
	if err != nil {
		return signature.Signed{}, event.Event{}, err
	}
	e, err := event.Parse(signed.Payload)
	return signed, e, err
}
