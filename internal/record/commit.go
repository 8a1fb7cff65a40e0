package record

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
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
		// Whether a failed commit reached the disk is not always known.
		var f error = fault.Wrap(err, fault.Unavailable, "The store did not confirm that the event is durable. It may be recorded or not; send the same bytes again to learn.")
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

// at is the record of this group that has a number in the log.
func (g *group) at(seq int64) (Record, bool) {
	if len(g.Records) == 0 {
		return Record{}, false
	}
	i := seq - g.Records[0].Placed.Entry.Seq // they follow one another
	if i < 0 || i >= int64(len(g.Records)) {
		return Record{}, false
	}
	return g.Records[i], true
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
	a := &assembly{s: s, tx: tx, g: g, seq: head.Size, held: map[id.Hash][]*job{}, marked: map[id.Hash]bool{}}
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
	s      *Service
	tx     Reader
	g      *group
	seq    int64
	world  *loaded
	held   map[id.Hash][]*job // refused in this group; a later event of it may let them in
	marked map[id.Hash]bool   // in g.Admitted
}

// load reads everything that the group's events may touch.
func (a *assembly) load(jobs []*job) error {
	prepared := make([]Prepared, len(jobs))
	for i, j := range jobs {
		prepared[i] = j.prepared
	}
	a.world = newLoaded(a.tx)
	return a.world.fetch(prepared)
}

// decide settles one job: repeat, refuse, hold, or place.
func (a *assembly) decide(j *job) error {
	p := j.prepared
	hash := p.Signed.Hash()
	if k, ok := a.world.known[p.Event.ID]; ok {
		same, err := a.same(p, k)
		if err != nil {
			return err
		}
		if !same {
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
		a.held[hash] = append(a.held[hash], j)
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

// same says whether an event whose id the log has is the one that the log has: the same
// bytes, or the same header and payload under another sound signature. ES256 gives many
// signatures of one statement, and anybody can turn one into its twin (r, n-s).
func (a *assembly) same(p Prepared, k Known) (bool, error) {
	if p.Signed.Compact != nil && k.Hash == p.Signed.Hash() {
		return true, nil
	}
	var body []byte
	if r, ok := a.g.at(k.Seq); ok {
		body = r.Body
	} else {
		kept, err := a.tx.Entry(k.Seq)
		if err != nil {
			return false, err
		}
		body = kept.Body
	}
	if p.Signed.Compact == nil { // a dry run of a bare payload
		signed, _, err := ledger.OpenEvent(body)
		return err == nil && bytes.Equal(signed.Payload, p.Signed.Payload), err
	}
	return bytes.Equal(statement(body), statement(p.Signed.Compact)), nil
}

// statement is what a JWS signs: header and payload.
func statement(compact []byte) []byte { return compact[:bytes.LastIndexByte(compact, '.')] }

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
	a.world.known[p.Event.ID] = Known{Seq: a.seq, Hash: p.Signed.Hash()}
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
		a.world.stuck[s] = true
	}
	a.g.Held = append(a.g.Held, Held{Hash: h, Event: p.Event.ID, ReceivedAt: a.g.RecordedAt, Kind: string(f.Kind),
		Detail: f.Sentence, Body: p.Signed.Compact, Subjects: subjects(p.Event)})
}

// admit tries again what waits for the subjects that have just moved, until nothing
// more fits: the order of arrival does not matter where the facts allow it. Bytes from
// the quarantine are verified anew; nothing that lay in a table is believed.
func (a *assembly) admit(moved []Subject) error {
	for {
		moved = slices.DeleteFunc(moved, func(s Subject) bool { return !a.world.stuck[s] })
		if len(moved) == 0 {
			return nil
		}
		waiting, err := a.waiting(moved)
		if err != nil {
			return err
		}
		moved = nil
		for _, p := range waiting {
			if k, there := a.world.known[p.Event.ID]; there {
				a.mark(p, k)
				continue
			}
			err := a.place(p, func(i int) { a.release(p, i) })
			if err == nil {
				for _, s := range subjects(p.Event) {
					a.world.stuck[s] = true // it may name others than the group, of which nobody asked
					moved = append(moved, s)
				}
			} else if f := fault.As(err); f == nil || f.Kind == fault.Unavailable {
				return err
			}
		}
	}
}

// waiting gives what waits for any of the subjects and still verifies, with the world
// that it needs. An id that waits may be in the log already: other bytes took it, or the
// same bytes came again and were let in when the quarantine was not asked.
func (a *assembly) waiting(moved []Subject) ([]Prepared, error) {
	bodies, err := a.tx.Waiting(moved)
	if err != nil {
		return nil, err
	}
	for _, h := range a.g.Held {
		if meets(h.Subjects, moved) {
			bodies = append(bodies, h.Body)
		}
	}
	var out []Prepared
	for _, body := range bodies {
		p, err := a.s.Prepare(context.Background(), body)
		if fault.Of(err) == fault.Unavailable {
			return nil, err // skipped now, it might wait for ever
		}
		if err != nil {
			a.s.Log.Warn("quarantined event no longer verifies", "error", err)
			continue
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, nil
	}
	// By the signers' clocks: a manifest that came first must not shut out what happened
	// inside the house before it.
	slices.SortStableFunc(out, func(x, y Prepared) int { return x.Event.At.Compare(y.Event.At) })
	return out, a.world.fetch(out)
}

// release notes that a held event is in the log now. Callers who were refused in this very
// group get its receipt after all, and it leaves no new trace in the quarantine.
func (a *assembly) release(p Prepared, i int) {
	hash := p.Signed.Hash()
	a.mark(p, a.world.known[p.Event.ID])
	for n, j := range a.held[hash] {
		j.result = Result{}
		if n == 0 {
			a.g.placed[j] = i
		} else {
			a.g.repeats[j] = a.world.known[p.Event.ID]
		}
	}
	a.g.Held = slices.DeleteFunc(a.g.Held, func(h Held) bool { return h.Hash == hash })
}

// mark says of bytes in quarantine that they are in the log. Bytes that never got there
// are none the worse for it.
func (a *assembly) mark(p Prepared, k Known) {
	if p.Signed.Hash() == k.Hash && !a.marked[k.Hash] {
		a.marked[k.Hash] = true
		a.g.Admitted = append(a.g.Admitted, k)
	}
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
