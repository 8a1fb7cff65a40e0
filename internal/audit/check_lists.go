package audit

import (
	"fmt"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/worklist"
)

// traces is whom the log's events name and by which words things can be found, as the fold
// gives them: the first row of a pair stands.
type traces struct {
	who   map[[2]id.UUID]worklist.Involved
	terms map[string]worklist.Term
}

func (t *traces) add(e event.Event, p chain.Placed) {
	if t.who == nil {
		t.who, t.terms = map[[2]id.UUID]worklist.Involved{}, map[string]worklist.Term{}
	}
	who, terms := worklist.Trace(e, p.Batches, p.Manifests)
	for _, v := range who {
		if k := [2]id.UUID{v.Subject, v.Who}; t.who[k] == (worklist.Involved{}) {
			t.who[k] = v
		}
	}
	for _, v := range terms {
		if k := termKey(v); t.terms[k] == (worklist.Term{}) {
			t.terms[k] = v
		}
	}
}

func termKey(v worklist.Term) string { return v.Term + "/" + v.Subject.String() }

// worklistRows compares the lists with those that the folded states stand in.
func (c *checker) worklistRows() error {
	want := map[string]worklist.Row{}
	key := func(r worklist.Row) string { return fmt.Sprintf("%s/%d", r.Subject, r.Slot) }
	for _, s := range c.world.Batches {
		for _, r := range worklist.OfBatch(s) {
			want[key(r)] = r
		}
	}
	for _, s := range c.world.Manifests {
		for _, r := range worklist.OfManifest(s) {
			want[key(r)] = r
		}
	}
	return differ(c, AreaWorklist, "worklist", want, func(met func(string, worklist.Row)) error {
		return c.in.WorklistRows(func(r worklist.Row) error { met(key(r), r); return nil })
	})
}

func (c *checker) involvedRows() error {
	want := make(map[string]worklist.Involved, len(c.traces.who))
	key := func(v worklist.Involved) string { return fmt.Sprintf("%s/%s", v.Subject, v.Who) }
	for _, v := range c.traces.who {
		want[key(v)] = v
	}
	return differ(c, AreaInvolved, "involved", want, func(met func(string, worklist.Involved)) error {
		return c.in.InvolvedRows(func(v worklist.Involved) error { met(key(v), v); return nil })
	})
}

func (c *checker) termRows() error {
	return differ(c, AreaTerm, "term", c.traces.terms, func(met func(string, worklist.Term)) error {
		return c.in.TermRows(func(v worklist.Term) error { met(termKey(v), v); return nil })
	})
}

func candidateKey(x chain.Candidate) string { return fmt.Sprintf("%d/%s", x.Seq, x.Subject) }

func (c *checker) candidateRows() error {
	return differ(c, AreaCandidate, "candidate", c.candidates, func(met func(string, chain.Candidate)) error {
		return c.in.CandidateRows(func(x chain.Candidate) error { met(candidateKey(x), x); return nil })
	})
}
