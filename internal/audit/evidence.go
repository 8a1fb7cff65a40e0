package audit

import (
	"cmp"
	"context"
	"slices"

	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
)

// BatchBundle is the evidence file of one batch.
func (s *Service) BatchBundle(ctx context.Context, b id.Batch) ([]byte, error) {
	return s.evidence(ctx, bundle.OfBatch, b.UUID(), func(Reader) ([]id.Batch, error) { return []id.Batch{b}, nil })
}

// ManifestBundle is the evidence file of one manifest: the chains of all its batches.
func (s *Service) ManifestBundle(ctx context.Context, m id.Manifest) ([]byte, error) {
	return s.evidence(ctx, bundle.OfManifest, m.UUID(), func(r Reader) ([]id.Batch, error) {
		found, err := r.Manifests([]id.Manifest{m})
		if err != nil {
			return nil, err
		}
		st, ok := found[m]
		if !ok {
			return nil, notFound("manifest")
		}
		out := make([]id.Batch, 0, len(st.Lines))
		for _, l := range st.Lines {
			out = append(out, l.Batch)
		}
		return out, nil
	})
}

// evidence gathers entries, proofs in the newest tree, and the keys that signed.
func (s *Service) evidence(ctx context.Context, kind bundle.Kind, subject id.UUID, of func(Reader) ([]id.Batch, error)) (file []byte, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		batches, err := of(r)
		if err != nil {
			return err
		}
		if batches, err = kin(r, batches); err != nil {
			return err
		}
		head, checkpoint, vkey, err := s.newest(r)
		if err != nil {
			return err
		}
		kept, err := chains(r, batches)
		if err != nil {
			return err
		}
		if err := s.unbroken(r, batches); err != nil {
			return err
		}
		if len(kept) == 0 {
			return notFound(string(kind))
		}
		f := bundle.Bundle{Kind: kind, Subject: subject, MadeAt: s.Now().UTC(), Origin: s.Verifier.Name(), VKey: vkey,
			Checkpoint: checkpoint, Size: head.Size}
		if f.Succession, err = carried(r, vkey); err != nil {
			return err
		}
		p := prover{merkle.NewTree(head.Size, r.Tile, 0), head.Size}
		if f.Entries, err = p.events(kept); err != nil {
			return err
		}
		given, err := addGrounds(r, &f, kept, p)
		if err != nil {
			return err
		}
		if err := s.addKeys(ctx, r, &f, kept, given, p); err != nil {
			return err
		}
		file, err = bundle.Encode(f)
		return err
	})
	return file, err
}

// newest is the newest head with its checkpoint, whose signature holds, and the verifier
// key that signed it. The fault is damaged: a proof that nobody can check is none.
func (s *Service) newest(r Reader) (merkle.Head, []byte, string, error) {
	head, checkpoint, err := r.Newest()
	if err != nil || head.Size == 0 {
		return head, checkpoint, s.VKey, err
	}
	signed, vkey, err := s.signed(r, checkpoint)
	if err != nil && fault.Of(err) != fault.Damaged {
		return head, nil, "", err
	}
	if err != nil || signed != head {
		return head, nil, "", fault.New(fault.Damaged, "The newest checkpoint is not signed by the log's key; run `liandan check`.")
	}
	return head, checkpoint, vkey, nil
}

// unbroken refuses to make evidence of a chain that is known to be damaged: a file that
// lacks the last entry would verify and yet not be the truth. The fault is damaged.
func (s *Service) unbroken(r Reader, batches []id.Batch) error {
	for _, b := range batches {
		v, err := s.chain(r, b)
		if err != nil {
			return err
		}
		if len(v.Broken) > 0 {
			return fault.New(fault.Damaged, "The chain of batch %s is damaged (%s); its chain lists what is broken. Run `liandan check`.", b, v.Broken[0])
		}
	}
	return nil
}

// chains gives the entries of several batches, each once, in the order of the log.
func chains(r Reader, batches []id.Batch) ([]ledger.Kept, error) {
	met := map[int64]bool{}
	var out []ledger.Kept
	for _, b := range batches {
		kept, err := r.ChainOf(b)
		if err != nil {
			return nil, err
		}
		for _, k := range kept {
			if !met[k.Seq] {
				met[k.Seq] = true
				out = append(out, k)
			}
		}
	}
	slices.SortFunc(out, func(a, b ledger.Kept) int { return cmp.Compare(a.Seq, b.Seq) })
	return out, nil
}
