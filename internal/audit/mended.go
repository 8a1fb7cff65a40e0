package audit

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/ledger"
	"liandan/internal/rule"
)

// mend holds what the rules said of a chain as it was signed against what they say with the
// values that were agreed to since. Nothing said is taken back: what a correction leaves no
// ground for is marked as settled by it, and what only the new values show is added beside.
func (s *Service) mend(v *ChainView, l *lineage, kept []ledger.Kept, st batch.State) error {
	v.mended = -1
	said, err := chain.Read(v.Batch, kept)
	if err != nil {
		return nil // the chain is damaged, and says so itself
	}
	past := &past{l: l, until: 1 << 62}
	steps, by, ok := chain.Mended(past, st, said)
	if past.err != nil || !ok {
		return past.err
	}
	for _, x := range said {
		if x.At.N == by.ClosedN {
			v.mended = x.At.Seq
		}
	}
	now := map[int64][]rule.Finding{}
	recorded := map[int64]time.Time{}
	for _, x := range v.Steps {
		recorded[x.Seq] = x.RecordedAt
	}
	for _, x := range steps {
		x.RecordedAt = recorded[x.Seq]
		now[x.Seq] = s.Rules.Examine(x.In(s.Catalog))
	}
	for i := range v.Steps {
		v.Steps[i].Findings = rule.Reconcile(v.Steps[i].Findings, now[v.Steps[i].Seq], by.ID)
	}
	return nil
}
