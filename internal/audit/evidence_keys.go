package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"

	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/statement"
)

// prover makes the inclusion proofs of one file, all in one tree.
type prover struct {
	tree *merkle.Tree
	size int64
}

// events gives entries of events with their proofs. One that is not in the tree is damage:
// left out, it would leave a file that verifies and is not the truth.
func (p prover) events(kept []ledger.Kept) ([]bundle.Entry, error) {
	var out []bundle.Entry
	for _, k := range kept {
		path, err := p.tree.Prove(p.size, k.Seq)
		if err != nil {
			return nil, err
		}
		out = append(out, bundle.Entry{Index: k.Seq, Entry: k.Entry, Event: k.Body, Proof: path})
	}
	return out, nil
}

// addKeys adds the rulings on the events, and every key that signed them or their grounds, with its life. The
// keys are as the log tells of them and not as the register has them now: it may know of a
// revocation that the log has not taken in yet. Where the log has nothing of one of them,
// all are the register's word, as in a file from before.
func (s *Service) addKeys(ctx context.Context, r Reader, f *bundle.Bundle, kept, grounds []ledger.Kept, p prover) error {
	hashes := make([]id.Hash, len(kept))
	for i, k := range kept {
		hashes[i] = sha256.Sum256(k.Body)
	}
	rulings, err := r.RulingsOf(hashes)
	if err != nil {
		return err
	}
	lives, statements, err := livesOf(r, slices.Concat(kept, rulings, grounds), p)
	if err != nil {
		return err
	}
	if lives != nil {
		for _, life := range lives {
			f.Keys = append(f.Keys, life.Key())
		}
		f.Statements = statements
		f.Rulings, err = p.events(rulings)
		return err
	}
	f.Keys, err = s.registered(ctx, slices.Concat(kept, grounds))
	return err
}

// livesOf gives the lives of all keys that signed, and their chapters in the order of the
// log; none when the log has nothing of one of them.
func livesOf(r Reader, signed []ledger.Kept, p prover) (lives []bundle.Life, out []bundle.Statement, err error) {
	kids, err := signersOf(signed)
	if err != nil {
		return nil, nil, err
	}
	for _, kid := range kids {
		life, statements, err := lifeOf(r, kid, p)
		if err != nil || len(life) == 0 {
			return nil, nil, err
		}
		lives, out = append(lives, life), append(out, statements...)
	}
	slices.SortFunc(out, func(a, b bundle.Statement) int { return cmp.Compare(a.Index, b.Index) })
	return lives, out, nil
}

// lifeOf gives the chapters of a key's life; all of them must be in the tree.
func lifeOf(r Reader, kid string, p prover) (life bundle.Life, out []bundle.Statement, err error) {
	kept, err := r.StatementsOf(kid)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range kept {
		if _, err := unaltered(k, statement.KindKey); err != nil {
			return nil, nil, err
		}
		if life, err = life.Extend(k.Seq, k.Body); err != nil {
			return nil, nil, err
		}
		path, err := p.tree.Prove(p.size, k.Seq)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, bundle.Statement{Index: k.Seq, Entry: k.Entry, Body: k.Body, Proof: path})
	}
	if len(life) > 0 && life[0].Kid != kid {
		return nil, nil, fault.New(fault.Damaged, "The history of the key %s is another key's; run `liandan check`.", kid)
	}
	return life, out, nil
}

// signersOf gives the kids that signed, each once, in the order of the log.
func signersOf(kept []ledger.Kept) ([]string, error) {
	var out []string
	met := map[string]bool{}
	for _, k := range kept {
		signed, _, err := open(k.Body)
		if err != nil {
			return nil, err
		}
		if !met[signed.Kid] {
			met[signed.Kid] = true
			out = append(out, signed.Kid)
		}
	}
	return out, nil
}

// registered gives the keys that signed as the register has them.
func (s *Service) registered(ctx context.Context, kept []ledger.Kept) ([]bundle.Key, error) {
	kids, err := signersOf(kept)
	if err != nil {
		return nil, err
	}
	out := make([]bundle.Key, len(kids))
	for i, kid := range kids {
		key, ok, err := s.Keys.Key(ctx, kid)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fault.New(fault.Damaged, "The key %s that signed is not in the registry; run `liandan check`.", kid)
		}
		if out[i], err = bundle.NewKey(key); err != nil {
			return nil, err
		}
	}
	return out, nil
}
