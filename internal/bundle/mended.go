package bundle

import (
	"slices"
	"time"

	"liandan/internal/chain"
	"liandan/internal/id"
	"liandan/internal/rule"
)

// mend holds what the rules said of the chains as they were signed against what they say with
// the values that were agreed to since. A finding that an agreed correction leaves no ground
// for is kept, marked, among the remarks: it does not change the verdict any more.
func (c *checker) mend() {
	if len(c.o.Rules) == 0 {
		return
	}
	recorded := map[int64]time.Time{}
	for i := range c.opened {
		recorded[c.opened[i].entry.Seq] = c.opened[i].entry.RecordedAt
	}
	for _, b := range c.subjects {
		steps, by, ok := chain.Mended(c.world, c.world.Batch(b), c.world.Chain(b))
		if !ok {
			continue
		}
		now := []rule.Finding{}
		for _, s := range steps {
			s.RecordedAt, s.Known = recorded[s.Seq], true
			if c.o.Catalog != nil {
				s = s.In(c.o.Catalog)
			}
			now = append(now, c.o.Rules.Examine(s)...)
		}
		c.reconcile(b, now, by.ID)
	}
}

func (c *checker) reconcile(b id.Batch, now []rule.Finding, by id.Event) {
	var was []rule.Finding
	ofStep := func(f rule.Finding) bool { return f.Batch == b && !f.Event.IsZero() && f.Rule != Difference }
	for _, list := range []*[]rule.Finding{&c.r.Findings, &c.r.Remarks} {
		for _, f := range *list {
			if ofStep(f) {
				was = append(was, f)
			}
		}
		*list = slices.DeleteFunc(*list, ofStep)
	}
	bySeq := map[int64][2][]rule.Finding{}
	var order []int64
	add := func(f rule.Finding, which int) {
		x, met := bySeq[f.Seq]
		if !met {
			order = append(order, f.Seq)
		}
		x[which] = append(x[which], f)
		bySeq[f.Seq] = x
	}
	for _, f := range was {
		add(f, 0)
	}
	for _, f := range now {
		add(f, 1)
	}
	slices.Sort(order)
	for _, seq := range order {
		for _, f := range rule.Reconcile(bySeq[seq][0], bySeq[seq][1], by) {
			if f.Severity == rule.Remark || !f.Settled.IsZero() {
				c.r.Remarks = append(c.r.Remarks, f)
			} else {
				c.r.Findings = append(c.r.Findings, f)
			}
		}
	}
}
