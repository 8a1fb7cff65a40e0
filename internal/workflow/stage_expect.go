package workflow

import (
	"context"
	"slices"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/bundle"
	"liandan/internal/chain"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

func (s *Stage) state(b id.Batch) batch.State {
	v, err := s.audit.Batch(context.Background(), b)
	if err != nil && fault.Of(err) != fault.NotFound {
		s.t.Fatal(err)
	}
	return v.State
}

func (s *Stage) states() []batch.State {
	var out []batch.State
	for _, x := range s.Things {
		out = append(out, s.state(x.ID))
	}
	return out
}

// CheckLedger verifies everything there is and adds the books up.
func (s *Stage) CheckLedger(when string) {
	s.t.Helper()
	r, err := s.audit.Check(context.Background(), audit.Options{})
	if err != nil {
		s.t.Fatalf("%s: %v", when, err)
	}
	if !r.Sound() {
		s.t.Fatalf("%s: %d damages, the first %+v", when, r.Damages, r.Named[:min(2, len(r.Named))])
	}
}

// Is holds a thing against where it must be.
func (s *Stage) Is(x *Thing, stage batch.Stage, holder *Actor, g waste.Grams) {
	s.t.Helper()
	v := s.state(x.ID)
	if v.Stage != stage || v.Custodian != holder.Party || v.Grams != g {
		s.t.Errorf("%s is %q, with %s, %d g; want %q, with %s, %d g", x.EN, v.Stage, s.who(v.Custodian), v.Grams, stage, holder.EN, g)
	}
}

// Finds says that a step must have these findings, and perhaps others.
func (s *Stage) Finds(st *Step, want ...rule.Code) {
	s.t.Helper()
	for _, c := range want {
		if !slices.Contains(st.Findings, c) {
			s.t.Errorf("step %d has the findings %v, not %s", st.N, st.Findings, c)
		}
	}
}

func (s *Stage) who(p id.Party) string {
	for _, a := range s.Cast {
		if a.Party == p {
			return a.ZH + " · " + a.EN
		}
	}
	return "nobody of the cast"
}

// Close checks, at the end of a workflow, that every chain is whole, that every evidence
// file verifies without a server, and that the grams add up; it keeps the books for the page.
func (s *Stage) Close() {
	s.t.Helper()
	if len(s.queue) > 0 {
		s.t.Fatal("something was signed and never sent")
	}
	ctx := context.Background()
	world := chain.NewMemory()
	var placed []audit.Step
	met := map[int64]bool{}
	for _, x := range s.Things {
		c, err := s.audit.Chain(ctx, x.ID)
		if fault.Of(err) == fault.NotFound {
			continue // a denied workflow may leave a thing unborn
		}
		if err != nil || len(c.Broken) > 0 {
			s.t.Fatalf("chain of %s: %v %v", x.EN, err, c.Broken)
		}
		for _, p := range c.Steps {
			if !met[p.Seq] {
				placed = append(placed, p)
			}
			met[p.Seq] = true
		}
		file, err := s.audit.BatchBundle(ctx, x.ID)
		if err != nil {
			s.t.Fatalf("evidence of %s: %v", x.EN, err)
		}
		b, err := bundle.Decode(file)
		if err != nil {
			s.t.Fatal(err)
		}
		if r := bundle.Check(b, bundle.Options{Trusted: s.VKey, Rules: s.rules, Catalog: waste.DefaultCatalog()}); len(r.Broken) > 0 {
			s.t.Errorf("evidence of %s: %+v", x.EN, r.Broken)
		}
	}
	slices.SortFunc(placed, func(a, b audit.Step) int { return int(a.Seq - b.Seq) })
	for _, p := range placed {
		e, err := ledger.ParseEntry(p.Entry)
		if err != nil {
			s.t.Fatal(err)
		}
		out := chain.Place(world, p.Event, e.Hash, e.Seq, e.RecordedAt)
		world.Keep(out)
		if s.books = append(s.books, out.Postings...); mass.Sum(s.books) != 0 {
			s.t.Fatalf("the books do not balance after entry %d", p.Seq)
		}
	}
}
