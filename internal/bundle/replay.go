package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// replay is the world as the file's events make it, for the subject's batches only.
type replay struct {
	*chain.Memory
	leaves   map[id.Batch]map[id.Hash]bool // entries so far, for seen
	knowing  map[id.Batch]*rule.Knowing    // who knew of them
	postings []mass.Posting
	last     int64 // index of the last entry that was replayed
}

func newReplay() replay {
	return replay{Memory: chain.NewMemory(), leaves: map[id.Batch]map[id.Hash]bool{}, knowing: map[id.Batch]*rule.Knowing{}}
}

// follow is what was known of a batch's entries so far.
func (r replay) follow(b id.Batch) *rule.Knowing {
	if r.knowing[b] == nil {
		r.knowing[b] = &rule.Knowing{}
	}
	return r.knowing[b]
}

// findSubjects settles whose chains must be whole, and that every entry is of them.
func (c *checker) findSubjects() {
	c.subject = map[id.Batch]bool{}
	if c.b.Kind == OfBatch {
		c.subject[id.BatchOf(c.b.Subject)] = true
	}
	issued := 0
	for i := range c.opened {
		e := &c.opened[i].event
		if c.b.Kind != OfManifest || e.Type != event.ManifestIssued && e.Type != event.PaperBackfilled || e.Manifest != id.ManifestOf(c.b.Subject) {
			continue
		}
		issued++
		for _, b := range e.Batches {
			c.subject[b.ID] = true
		}
	}
	c.findKin()
	if c.b.Kind == OfManifest && issued != 1 {
		c.fail(CheckSubject, nil, "文件内应恰有一个签发本联单的事件", fmt.Sprintf("The file must hold the one event that issued this manifest; it holds %d.", issued))
	}
	for i := range c.opened {
		c.count[CheckSubject]++
		o := &c.opened[i]
		of := false
		for _, l := range o.entry.Links {
			of = of || c.subject[l.Batch]
		}
		if o.entryRead && !of {
			c.fail(CheckSubject, o.where(), "该条目与本批次或本联单无关", "The entry is of no batch of the subject.")
		}
	}
	for b := range c.subject {
		c.subjects = append(c.subjects, b)
	}
	slices.SortFunc(c.subjects, func(x, y id.Batch) int { return strings.Compare(x.String(), y.String()) })
}

// findKin adds to the subject what was refused of a manifest's lines and has become a
// batch, and every batch that one of the subject was made of: without them its beginning
// cannot be judged.
func (c *checker) findKin() {
	for i := range c.opened {
		e := &c.opened[i].event
		if c.b.Kind != OfManifest || e.Type != event.ManifestAccepted || e.Manifest != id.ManifestOf(c.b.Subject) {
			continue
		}
		for _, b := range e.Births() {
			c.subject[b.ID] = c.subject[b.Parents[0].ID]
		}
	}
	for i := len(c.opened) - 1; i >= 0; i-- { // parents are born before their children
		for _, b := range c.opened[i].event.Births() {
			for _, p := range b.Parents {
				c.subject[p.ID] = c.subject[p.ID] || c.subject[b.ID]
			}
		}
	}
	maps.DeleteFunc(c.subject, func(_ id.Batch, is bool) bool { return !is })
}

// checkLinks walks each batch's chain in the file, and the log's clock over all of them.
func (c *checker) checkLinks() {
	broken := make([][]string, len(c.subjects))
	chains := make(map[id.Batch][]ledger.Entry, len(c.subjects))
	var last time.Time
	for i := range c.opened {
		o := &c.opened[i]
		if !o.entryRead {
			c.fail(CheckLinks, o.where(), "条目无法读取，批次链在此中断", "The entry cannot be read; the chain breaks here.")
			continue
		}
		if o.entry.RecordedAt.Before(last) {
			c.fail(CheckLinks, o.where(), "日志时间倒退", "The log's clock goes back here.")
		}
		last = o.entry.RecordedAt
		for _, l := range o.entry.Links {
			if c.subject[l.Batch] {
				c.count[CheckLinks]++
				chains[l.Batch] = append(chains[l.Batch], o.entry)
			}
		}
	}
	c.o.Each(len(c.subjects), func(i int) { broken[i] = ledger.CheckChain(c.subjects[i], chains[c.subjects[i]]) })
	for i, lines := range broken {
		for _, en := range lines {
			c.fail(CheckLinks, nil, "批次链断裂：缺少条目、次序不对或前序散列不符（批次 "+c.subjects[i].String()+"）", "Batch "+c.subjects[i].String()+": "+en)
		}
		if len(chains[c.subjects[i]]) == 0 {
			c.fail(CheckLinks, nil, "文件内没有该批次的条目："+c.subjects[i].String(), "The file has no entry of batch "+c.subjects[i].String())
		}
	}
}

// replay folds the events in order. It stops at the first one that cannot follow: what
// comes after a break has no state to be judged against.
func (c *checker) replay() {
	for i := range c.opened {
		o := &c.opened[i]
		c.count[CheckStages]++
		switch {
		case !o.entryRead:
			c.fail(CheckStages, o.where(), "条目无法读取，环节次序查到此处为止", "The entry cannot be read; the order of stages is judged up to here.")
			return
		case o.entry.Kind != ledger.KindEvent:
			c.skip(o)
			continue
		case !o.eventRead:
			c.fail(CheckStages, o.where(), "事件无法读取，环节次序查到此处为止", "The event cannot be read; the order of stages is judged up to here.")
			return
		}
		e := c.restrict(o.event)
		if len(e.Batches) == 0 {
			continue // findSubjects has said so
		}
		c.checkSeen(o, e)
		if err := chain.Check(c.world, e); err != nil {
			c.fail(CheckStages, o.where(), inChinese(err)+"，环节次序查到此处为止", sentence(err))
			return
		}
		c.place(o, e)
	}
}

// restrict leaves in an event the batches whose chains are in the file: of the others
// no state is known.
func (c *checker) restrict(e event.Event) event.Event {
	own := make([]event.Batch, 0, len(e.Batches))
	for _, b := range e.Batches {
		if c.subject[b.ID] {
			own = append(own, b)
		}
	}
	e.Batches = own
	return e
}

// skip counts an entry of a kind that version 1 does not know into its chains.
func (c *checker) skip(o *opened) {
	for _, l := range o.entry.Links {
		if c.subject[l.Batch] {
			s := c.world.Batches[l.Batch]
			s.N, s.Head, s.Seq = l.N, o.leaf, o.entry.Seq
			c.world.Batches[l.Batch] = s
			c.remember(l.Batch, o.leaf)
			c.world.follow(l.Batch).Next(event.Event{}, l.Batch, o.entry.Seq, o.leaf)
		}
	}
	c.r.Skipped = append(c.r.Skipped, Note{"unknown-kind", fmt.Sprintf("第 %d 条属于本程序不认识的类别，未检查其内容", o.entry.Seq),
		fmt.Sprintf("Entry %d is of a kind that this program does not know; what it says was not checked.", o.entry.Seq)})
}

func (c *checker) remember(b id.Batch, leaf id.Hash) {
	if c.world.leaves[b] == nil {
		c.world.leaves[b] = map[id.Hash]bool{}
	}
	c.world.leaves[b][leaf] = true
}

// checkSeen refuses a seen that names no earlier entry of the batch: it would be the
// trace of a fork.
func (c *checker) checkSeen(o *opened, e event.Event) {
	for _, b := range e.Batches {
		c.count[CheckSeen]++
		if !b.Seen.IsZero() && !c.world.leaves[b.ID][b.Seen] {
			c.fail(CheckSeen, o.where(), "签名人所见的条目不在该批次链中", "The signer had seen an entry that is not in the batch's chain: "+b.Seen.String())
		}
	}
}

// place applies an event, with the leaf that the log really has: an entry of several
// batches may have links that the restricted event does not.
func (c *checker) place(o *opened, e event.Event) {
	c.checkGround(o, e)
	p := chain.Place(c.world, e, o.entry.Hash, o.entry.Seq, o.entry.RecordedAt)
	for i, b := range e.Batches {
		p.Steps[i] = p.Steps[i].Judged(c.world.follow(b.ID).Next(e, b.ID, o.entry.Seq, o.leaf))
	}
	for _, b := range e.Births() {
		c.world.follow(b.ID).Next(e, b.ID, o.entry.Seq, o.leaf)
	}
	for i, want := range p.Entry.Links {
		if got, ok := o.entry.LinkOf(want.Batch); c.bad[CheckLinks] == 0 && (!ok || got != want) {
			c.fail(CheckLinks, o.where(), "条目的链接与重放所得不同", fmt.Sprintf("The entry's link is not the one that the replay gives for batch %s.", want.Batch))
		}
		p.Batches[i].Head = o.leaf
		c.remember(want.Batch, o.leaf)
	}
	c.count[CheckGrams]++
	if sum := mass.Sum(p.Postings); sum != 0 {
		c.fail(CheckGrams, o.where(), "该事件的记账借贷不平", fmt.Sprintf("The postings of the event sum to %s kg, not zero.", sum.Kilograms()))
	}
	c.tell(o, e)
	for _, x := range p.Postings { // of children that are not in the file only the birth is known
		if c.subject[x.Batch] {
			c.world.postings = append(c.world.postings, x)
		}
	}
	p.Event = o.event // whole: a correction's pointers count all its lines
	c.world.Keep(p)
	c.world.last = o.entry.Seq
	c.examine(p.Steps)
}

// examine asks the rules. What somebody must explain is a finding; the rest are remarks,
// because an honest chain has late phones and estimates in it.
func (c *checker) examine(steps []rule.Step) {
	for _, s := range steps {
		c.count[CheckRules]++
		if len(c.o.Rules) == 0 {
			continue
		}
		s.Known = true // nothing to look a code up in
		if c.o.Catalog != nil {
			s = s.In(c.o.Catalog)
		}
		for _, f := range c.o.Rules.Examine(s) {
			if f.Severity != rule.Remark {
				c.r.Findings = append(c.r.Findings, f)
			} else {
				c.r.Remarks = append(c.r.Remarks, f)
			}
		}
	}
}

// tell adds an event to the story, with the states before it still in the world.
func (c *checker) tell(o *opened, e event.Event) {
	s := Step{Seq: o.entry.Seq, At: e.At, RecordedAt: o.entry.RecordedAt, Event: e.ID, Type: e.Type, Party: e.Party,
		Batches: len(e.Batches), Others: len(o.event.Batches) - len(e.Batches), Weighed: true, Proven: c.proven && len(o.broken) == 0}
	for _, b := range e.Batches {
		if b.Weighed {
			s.Grams += b.Grams
		} else {
			s.Grams += c.world.Batch(b.ID).Grams
			s.Weighed = false
		}
	}
	c.r.Story = append(c.r.Story, s)
}

// balance closes the books and says where the batches stand.
func (c *checker) balance() {
	custody := map[id.Batch]waste.Grams{}
	open := map[mass.Posting]waste.Grams{} // difference accounts by batch; Grams of the key is zero
	order := []mass.Posting{}
	for _, p := range c.world.postings {
		switch p.Kind {
		case mass.Held, mass.OnVehicle:
			custody[p.Batch] += p.Grams
		case mass.Difference:
			k := mass.Posting{Account: p.Account, Batch: p.Batch}
			if _, met := open[k]; !met {
				order = append(order, k)
			}
			open[k] += p.Grams
		}
	}
	for _, b := range c.subjects {
		s := c.world.Batch(b)
		if s.Stage == batch.None {
			continue
		}
		c.count[CheckGrams]++
		if want := s.Grams + s.Refused; custody[b] != want {
			c.fail(CheckGrams, nil, "结存与在手质量不符（批次 "+b.String()+"）",
				fmt.Sprintf("The accounts hold %s kg of batch %s, its chain says %s kg.", custody[b].Kilograms(), b, want.Kilograms()))
		}
		if s.Grade != "" {
			c.r.Grade = s.Grade
		}
		for _, x := range s.Corrections {
			if !slices.ContainsFunc(c.r.Corrections, func(y batch.Correction) bool { return y.ID == x.ID }) {
				c.r.Corrections = append(c.r.Corrections, x)
			}
		}
		c.r.Finals = append(c.r.Finals, Final{State: s, Missing: s.Missing(), Next: append([]batch.Step{}, s.Next()...)})
	}
	for _, k := range order {
		c.difference(k, open[k])
	}
	c.listBalances()
	if m := c.world.Manifest(id.ManifestOf(c.b.Subject)); c.b.Kind == OfManifest && !m.ID.IsZero() {
		c.r.Manifest = new(manifest.State)
		*c.r.Manifest = m
	}
}

// difference says what an account of differences still holds of a batch. Within what two
// scales may differ by that is a remark.
func (c *checker) difference(k mass.Posting, g waste.Grams) {
	if g == 0 {
		return
	}
	f := rule.Finding{Rule: Difference, Severity: rule.Open, Owner: rule.Owner{Party: k.Party, Part: rule.Custodian}, Seq: c.world.last, Batch: k.Batch, Grams: g,
		ZH: fmt.Sprintf("有 %s 千克重量差未说明（交出方 %s）", g.Kilograms(), k.Party),
		EN: fmt.Sprintf("%s kg are unexplained between two weighings (given by %s).", g.Kilograms(), k.Party), Version: "books"}
	if s := c.world.Batch(k.Batch); rule.Tolerated(s, g) {
		f.Severity = rule.Remark
		c.r.Remarks = append(c.r.Remarks, f)
		return
	}
	c.r.Findings = append(c.r.Findings, f)
}

// listBalances puts the accounts in order and asks that all of them sum to zero.
func (c *checker) listBalances() {
	var sum waste.Grams
	for a, g := range mass.Balances(c.world.postings) {
		sum += g
		c.r.Balances = append(c.r.Balances, Balance{a.Kind, a.Party, a.Site, a.Code, a.Method, g})
	}
	slices.SortFunc(c.r.Balances, func(x, y Balance) int { return strings.Compare(x.name(), y.name()) })
	if sum != 0 {
		c.fail(CheckGrams, nil, "全部账户合计不为零", fmt.Sprintf("All accounts together sum to %s kg, not zero.", sum.Kilograms()))
	}
}

func (b Balance) name() string {
	return mass.Account{Kind: b.Kind, Party: b.Party, Site: b.Site, Code: b.Code, Method: b.Method}.String()
}
