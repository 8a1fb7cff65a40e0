package audit

import (
	"cmp"
	"slices"

	"liandan/internal/bundle"
	"liandan/internal/ledger"
	"liandan/internal/source"
	"liandan/internal/statement"
)

// addGrounds adds what the events rest on that were signed in a source's place: authorisations
// with their withdrawals, and confirmations by code. It gives the entries of the former.
func addGrounds(r Reader, f *bundle.Bundle, kept []ledger.Kept, p prover) (given []ledger.Kept, err error) {
	met := map[string]bool{}
	for _, k := range kept {
		_, e, err := open(k.Body)
		if err != nil {
			return nil, err
		}
		of := e.Behalf()
		kind, name := source.OfAuthorisation, of.Authorisation.String()
		if of.Authorisation.IsZero() {
			kind, name = source.OfConfirmation, of.Confirmation.String()
		}
		if of.IsZero() || met[name] {
			continue
		}
		met[name] = true
		list, err := r.TopicOf(kind, name)
		if err != nil {
			return nil, err
		}
		if kind == source.OfAuthorisation {
			given = append(given, list...)
			continue
		}
		for _, x := range list {
			if _, err := unaltered(x, statement.KindConfirmation); err != nil {
				return nil, err
			}
			path, err := p.tree.Prove(p.size, x.Seq)
			if err != nil {
				return nil, err
			}
			f.Confirmations = append(f.Confirmations, bundle.Statement{Index: x.Seq, Entry: x.Entry, Body: x.Body, Proof: path})
		}
	}
	slices.SortFunc(given, func(a, b ledger.Kept) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.SortFunc(f.Confirmations, func(a, b bundle.Statement) int { return cmp.Compare(a.Index, b.Index) })
	f.Grounds, err = p.events(given)
	return given, err
}
