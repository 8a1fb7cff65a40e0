package record

import (
	"context"
	"errors"
	"slices"
	"time"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/merkle"
)

// commitTimeout bounds one group; a store that hangs longer is unavailable.
const commitTimeout = 30 * time.Second

// commit writes one group. On any error of the store every caller gets the same
// unavailable fault and the tree in memory is dropped.
func (s *Service) commit(ctx context.Context, jobs []*job) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	var g *group
	err := s.store.Update(ctx, func(tx Tx) error {
		var err error
		g, err = s.assemble(tx, jobs)
		if err != nil || g.empty() {
			return err
		}
		return tx.Write(g.Group)
	})
	if err != nil {
		s.tree = nil
		s.Log.Error("commit group failed", "events", len(jobs), "error", err)
		f := unavailable(err)
		if fault.Of(err) == fault.Damaged {
			f = err
		}
		for _, j := range jobs {
			j.result = Result{Err: f}
		}
		return
	}
	if len(g.Records) > 0 && s.OnCommit != nil {
		s.OnCommit(g.Head, g.Checkpoint, len(g.Records))
	}
	s.answer(ctx, g)
}

// group is a Group with the jobs that wait for it.
type group struct {
	Group
	placed  map[*job]int   // index into Records
	repeats map[*job]Known // the same bytes are in the log already
}

func (g *group) empty() bool { return len(g.Records)+len(g.Held) == 0 }

// assemble decides every job in order against the world as the transaction sees it.
func (s *Service) assemble(tx Tx, jobs []*job) (*group, error) {
	head, last, err := tx.Log()
	if err != nil {
		return nil, err
	}
	s.read = tx.Tile
	if s.tree == nil || s.tree.Size() != head.Size {
		s.tree = merkle.NewTree(head.Size, func(t merkle.TileID, w int) ([]byte, error) { return s.read(t, w) }, 0)
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	if now.Before(last) {
		now = last // the log's clock never goes back
	}
	g := &group{placed: map[*job]int{}, repeats: map[*job]Known{}}
	g.RecordedAt = now
	a := &assembly{s: s, tx: tx, g: g, seq: head.Size, known: map[id.Event]Known{}, held: map[id.Event]*job{}}
	if err := a.load(jobs); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if err := a.decide(j); err != nil {
			return nil, err
		}
	}
	if len(g.Records) == 0 {
		return g, nil
	}
	g.Batches, g.Manifests = a.world.changed()
	return g, s.seal(g, head)
}

// seal grows the tree by the group's leaves and signs the new head.
func (s *Service) seal(g *group, head merkle.Head) error {
	root, err := s.tree.Head()
	if err != nil {
		return err
	}
	if root.Root != head.Root {
		return fault.New(fault.Damaged, "The log's tiles do not give its root at %d entries; run `liandan check`.", head.Size)
	}
	leaves := make([]id.Hash, len(g.Records))
	for i, r := range g.Records {
		leaves[i] = r.Placed.Leaf
	}
	if g.Tiles, err = s.tree.Append(leaves); err != nil {
		return err
	}
	if g.Head, err = s.tree.Head(); err != nil {
		return err
	}
	g.Checkpoint, err = g.Head.Sign(s.Origin(), s.Signer)
	return err
}

// assembly is the work on one group inside its transaction.
type assembly struct {
	s     *Service
	tx    Reader
	g     *group
	seq   int64
	known map[id.Event]Known
	world *loaded
	held  map[id.Event]*job // refused in this group; a later event of it may let them in
	stuck map[Subject]bool  // subjects that something waits for, in quarantine or held
}

// load reads everything that the group's events may touch, in a few statements.
func (a *assembly) load(jobs []*job) error {
	events := make([]id.Event, 0, len(jobs))
	prepared := make([]Prepared, 0, len(jobs))
	for _, j := range jobs {
		events = append(events, j.prepared.Event.ID)
		prepared = append(prepared, j.prepared)
	}
	var err error
	if a.known, err = a.tx.Known(events); err != nil {
		return err
	}
	a.world = newLoaded(a.tx)
	if err := a.world.fetch(prepared); err != nil {
		return err
	}
	return a.waited(prepared)
}

// waited asks once for the whole group which of its subjects something waits for: almost
// always none, and then no event costs a statement.
func (a *assembly) waited(ps []Prepared) error {
	met := map[Subject]bool{}
	var all []Subject
	for _, p := range ps {
		for _, s := range subjects(p.Event) {
			if !met[s] {
				met[s] = true
				all = append(all, s)
			}
		}
	}
	a.stuck = map[Subject]bool{}
	if len(all) == 0 {
		return nil
	}
	stuck, err := a.tx.Stuck(all)
	for _, s := range stuck {
		a.stuck[s] = true
	}
	return err
}

// decide settles one job: repeat, refuse, hold, or place.
func (a *assembly) decide(j *job) error {
	p := j.prepared
	hash := p.Signed.Hash()
	if k, ok := a.known[p.Event.ID]; ok {
		if k.Hash != hash {
			j.result = Result{Err: fault.New(fault.IDReused, "Another event with this id is in the log already; a new fact needs a new id.").With("event", p.Event.ID.String())}
			return nil
		}
		a.g.repeats[j] = k
		return nil
	}
	err := a.place(p, func(i int) { a.g.placed[j] = i })
	var f *fault.Error
	if errors.As(err, &f) && holdable(f.Kind) {
		a.hold(p, f)
		a.held[p.Event.ID] = j
		j.result = Result{Err: f, Held: true}
		return nil
	}
	if f != nil && f.Kind == fault.LabelTaken {
		j.result = Result{Err: f}
		return nil
	}
	if err != nil {
		return err
	}
	return a.admit(subjects(p.Event))
}

func holdable(k fault.Kind) bool {
	return k == fault.WrongStage || k == fault.NotCustodian || k == fault.SeenUnknown
}

// place puts an event into the group, or says why it may not come next.
func (a *assembly) place(p Prepared, placed func(int)) error {
	if err := chain.Check(a.world, p.Event); err != nil {
		return err
	}
	if err := a.seen(p.Event); err != nil {
		return err
	}
	if err := a.world.claim(p.Event); err != nil {
		return err
	}
	out := chain.Place(a.world, p.Event, p.Signed.Hash(), a.seq, a.g.RecordedAt)
	a.world.Keep(out)
	a.known[p.Event.ID] = Known{Seq: a.seq, Hash: p.Signed.Hash()}
	a.seq++
	placed(len(a.g.Records))
	a.g.Records = append(a.g.Records, Record{Event: p.Event, Body: p.Signed.Compact, Placed: out})
	return nil
}

// seen refuses an event whose signer saw an entry that this log does not have: that
// would be a fork. Having seen less than the newest is allowed.
func (a *assembly) seen(e event.Event) error {
	for _, b := range e.Batches {
		head := a.world.Batch(b.ID).Head
		if b.Seen.IsZero() || b.Seen == head || a.inGroup(b.ID, b.Seen) {
			continue
		}
		ok, err := a.tx.ChainHolds(b.ID, b.Seen)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.SeenUnknown, "The signer saw an entry of this batch that this log does not have; keep the signer's receipt and call the inspector.").
				With("batch", b.ID.String()).With("head", head.String())
		}
	}
	return nil
}

func (a *assembly) inGroup(b id.Batch, leaf id.Hash) bool {
	for _, r := range a.g.Records {
		if r.Placed.Leaf == leaf {
			_, ok := r.Placed.Entry.LinkOf(b)
			return ok
		}
	}
	return false
}

// hold keeps the bytes of a signed event that may not come next.
func (a *assembly) hold(p Prepared, f *fault.Error) {
	h := p.Signed.Hash()
	for _, there := range a.g.Held {
		if there.Hash == h {
			return
		}
	}
	for _, s := range subjects(p.Event) {
		a.stuck[s] = true
	}
	a.g.Held = append(a.g.Held, Held{Hash: h, Event: p.Event.ID, ReceivedAt: a.g.RecordedAt, Kind: string(f.Kind),
		Detail: f.Sentence, Body: p.Signed.Compact, Subjects: subjects(p.Event)})
}

// admit tries again what waits for the subjects that have just moved, until nothing
// more fits: the order of arrival does not matter where the facts allow it. Bytes from
// the quarantine are verified anew; nothing that lay in a table is believed.
func (a *assembly) admit(moved []Subject) error {
	for {
		moved = slices.DeleteFunc(moved, func(s Subject) bool { return !a.stuck[s] })
		if len(moved) == 0 {
			return nil
		}
		waiting, err := a.tx.Waiting(moved)
		if err != nil {
			return err
		}
		for _, h := range a.g.Held {
			if meets(h.Subjects, moved) {
				waiting = append(waiting, h.Body)
			}
		}
		moved = nil
		for _, body := range waiting {
			p, err := a.s.Prepare(context.Background(), body)
			if err != nil {
				a.s.Log.Warn("quarantined event no longer verifies", "error", err)
				continue
			}
			if _, there := a.known[p.Event.ID]; there {
				continue
			}
			if err := a.world.fetch([]Prepared{p}); err != nil {
				return err
			}
			if err := a.place(p, func(i int) { a.release(p, i) }); err == nil {
				moved = append(moved, subjects(p.Event)...)
			} else if f := fault.As(err); f == nil || f.Kind == fault.Unavailable {
				return err
			}
		}
	}
}

// release notes that a held event is in the log now. One that was refused in this very
// group gets its receipt after all and leaves no trace in the quarantine.
func (a *assembly) release(p Prepared, i int) {
	j, here := a.held[p.Event.ID]
	if !here || j.prepared.Signed.Hash() != p.Signed.Hash() {
		a.g.Admitted = append(a.g.Admitted, a.known[p.Event.ID])
		return
	}
	j.result = Result{}
	a.g.placed[j] = i
	a.g.Held = slices.DeleteFunc(a.g.Held, func(h Held) bool { return h.Hash == p.Signed.Hash() })
}

func meets(a, b []Subject) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
