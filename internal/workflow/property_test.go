package workflow_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/id"
	"liandan/internal/workflow"
)

// Random workflows of the same steps, on both databases: whatever the order of arrival, the
// batches end alike; the books balance; and what was signed cannot be said anew.
func TestRandomWorkflows(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			waited := 0
			for seed := range uint64(4) {
				waited += wander(t, kind, seed)
			}
			if waited == 0 {
				t.Error("no event ever came too early: the orders prove nothing")
			}
		})
	}
}

func wander(t *testing.T, kind string, seed uint64) (waited int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	s := workflow.NewStage(t, open(t, kind))
	s.Wander(s.NewWanderers(), 60, r.IntN)
	steps := len(s.Queue())

	late := open(t, kind)
	intake := s.Intake(late)
	order := r.Perm(steps)
	waited = steps - s.DeliverTo(intake, order)
	for range 5 {
		s.Forge(intake, r.IntN(steps))
	}
	other := s.AuditOf(late)
	if rep, err := other.Check(context.Background(), audit.Options{}); err != nil || !rep.Sound() {
		t.Fatalf("seed %d, shuffled: %v %+v", seed, err, rep)
	}
	s.UploadQuickly()
	s.Close()
	if !s.Balanced() {
		t.Errorf("seed %d: the books do not balance", seed)
	}
	in, out := workflow.Ends(s.Things, s.State), workflow.Ends(s.Things, func(b id.Batch) batch.State {
		v, err := other.Batch(context.Background(), b)
		if err != nil {
			t.Fatal(err)
		}
		return v.State
	})
	if i := slices.IndexFunc(in, func(x string) bool { return !slices.Contains(out, x) }); i >= 0 {
		t.Errorf("seed %d: in order\n%s\nshuffled\n%s", seed, in[i], out[i])
	}
	return waited
}
