package record

import (
	"bytes"
	"cmp"
	"context"
	"errors"
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

// commit writes jobs as one group, after as many groups of statements as must come before.
func (s *Service) commit(ctx context.Context, jobs []*job) {
	for s.commitGroup(ctx, jobs) {
	}
}

// commitGroup writes one group. On any error of the store every caller gets the same
// unavailable fault and the tree in memory is dropped. When it says that there is more, it
// has written statements alone and the jobs are still to be decided.
func (s *Service) commitGroup(ctx context.Context, jobs []*job) (more bool) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	var g *group
	err := s.store.Update(ctx, func(tx Tx) error {
		var err error
		g, err = s.assemble(ctx, tx, jobs)
		if err != nil || g.empty() {
			return err
		}
		return tx.Write(g.Group)
	})
	if err != nil {
		s.tree = nil
		s.Log.Error("commit group failed", "jobs", len(jobs), "error", err)
		// Whether a failed commit reached the disk is not always known.
		var f error = fault.Wrap(err, fault.Unavailable, "The store did not confirm that the event is durable. It may be recorded or not; send the same bytes again to learn.")
		if fault.Of(err) == fault.Damaged || errors.Is(err, errSucceeded) {
			f = err
		}
		for _, j := range jobs {
			j.result = Result{Err: f}
		}
		return false
	}
	if g.Grew() && s.OnCommit != nil {
		s.OnCommit(g.Head, g.Checkpoint, len(g.Records))
	}
	if !g.more {
		s.answer(ctx, g)
	}
	return g.more
}

// group is a Group with the jobs that wait for it.
type group struct {
	Group
	placed  map[*job]int   // index into Records
	repeats map[*job]Known // the same bytes are in the log already
	flushes []*job         // wait for the outbox alone
	more    bool           // statements alone: the next group must take more of them
	left    int            // statements that cannot go into the log
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

func (g *group) empty() bool { return !g.Grew() && len(g.Held) == 0 }

// assemble decides every job in order against the world as the transaction sees it.
func (s *Service) assemble(ctx context.Context, tx Tx, jobs []*job) (*group, error) {
	head, last, err := tx.Log()
	if err != nil {
		return nil, err
	}
	if signer, err := tx.Signer(); err != nil {
		return nil, err
	} else if signer != "" && signer != s.self {
		return nil, errSucceeded
	}
	s.read = tx.Tile
	if s.tree == nil || s.tree.Size() != head.Size {
		s.tree = merkle.NewTree(head.Size, func(t merkle.TileID, w int) ([]byte, error) { return s.read(t, w) }, 0)
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	if now.Before(last) {
		now = last // the log's clock never goes back
	}
	a := newAssembly(ctx, s, tx, head.Size)
	g := a.g
	g.RecordedAt, g.Signer = now, s.self
	if g.more, err = a.drain(tx); err != nil {
		return nil, err
	}
	if !g.more {
		if err := a.decideAll(jobs); err != nil {
			return nil, err
		}
	}
	if !g.Grew() {
		return g, nil
	}
	g.Batches, g.Manifests = a.world.changed()
	return g, s.seal(g, head)
}

// decideAll settles the jobs in order, with everything read that their events may touch.
func (a *assembly) decideAll(jobs []*job) error {
	prepared := make([]Prepared, 0, len(jobs))
	for _, j := range jobs {
		if !j.flush {
			prepared = append(prepared, j.prepared)
		}
	}
	if len(prepared) > 0 {
		if err := a.world.fetch(prepared); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		if j.flush {
			a.g.flushes = append(a.g.flushes, j)
			continue
		}
		if err := a.decide(j); err != nil {
			return err
		}
	}
	return nil
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
	leaves := make([]id.Hash, 0, len(g.Statements)+len(g.Records))
	for _, st := range g.Statements {
		leaves = append(leaves, st.Leaf)
	}
	for i := range g.Records {
		leaves = append(leaves, g.Records[i].Placed.Leaf)
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

// assembly is the work on one group inside its transaction, or on a dry run.
type assembly struct {
	ctx       context.Context // of the transaction; the register is asked under it too
	s         *Service
	tx        Reader
	g         *group
	seq       int64
	world     *loaded
	held      map[id.Hash][]*job // refused in this group; a later event of it may let them in
	marked    map[id.Hash]bool   // in g.Admitted
	ruled     map[id.Hash]Ruling // rulings that were met, in the log or in this group
	contested map[id.Hash]bool   // in g.Contested
}

func newAssembly(ctx context.Context, s *Service, tx Reader, seq int64) *assembly {
	return &assembly{ctx: ctx, s: s, tx: tx, g: &group{placed: map[*job]int{}, repeats: map[*job]Known{}}, seq: seq, world: newLoaded(tx),
		held: map[id.Hash][]*job{}, marked: map[id.Hash]bool{}, ruled: map[id.Hash]Ruling{}, contested: map[id.Hash]bool{}}
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
	switch {
	case err == nil:
		return a.moved(p)
	case !errors.As(err, &f) || !refuses(f.Kind):
		return err
	case !a.holds(f, hash):
		j.result = Result{Err: f}
	default:
		a.hold(p, f)
		a.held[hash] = append(a.held[hash], j)
		j.result = Result{Err: f, Held: true}
		if f.Kind == fault.WrongStage || f.Kind == fault.NotCustodian {
			// The table of profiles may have refused what the chain would let through.
			j.result.Err = cmp.Or(told(a.world, p.Event, p.Event.Party), a.governedBy(eyes{a.world, p.Event.Party}, p.Event), err)
		}
	}
	return nil
}

// refuses says whether a fault is the event's own: others stop the whole group.
func refuses(k fault.Kind) bool {
	switch k {
	case fault.InvalidEvent, fault.LabelTaken, fault.KeyRevoked, fault.KeyExpired, fault.KeyNotYetValid, fault.Conflict, fault.NotFound:
		return true
	}
	return holdable(k)
}

// holds says whether bytes with that fault are to be kept and tried again. What a ruling
// has rejected is kept already and never tried again.
func (a *assembly) holds(f *fault.Error, hash id.Hash) bool {
	return holdable(f.Kind) && !(f.Kind == fault.KeyContested && a.ruled[hash].Verdict != "")
}

// moved carries on from an event that was placed: a ruling is carried out, and what waits
// for the same things is tried again.
func (a *assembly) moved(p Prepared) error {
	if d, ok := p.Event.Data.(event.Ruling); ok {
		if err := a.rule(d, a.world.known[p.Event.ID].Seq); err != nil {
			return err
		}
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
	return bytes.Equal(signedPart(body), signedPart(p.Signed.Compact)), nil
}

// signedPart is what a JWS signs: header and payload.
func signedPart(compact []byte) []byte { return compact[:bytes.LastIndexByte(compact, '.')] }

func holdable(k fault.Kind) bool {
	return k == fault.WrongStage || k == fault.NotCustodian || k == fault.SeenUnknown || k == fault.KeyContested
}

// place puts an event into the group, or says why it may not come next.
func (a *assembly) place(p Prepared, placed func(int)) error {
	if err := a.counts(p); err != nil {
		return err
	}
	if err := a.mayRule(p.Event); err != nil {
		return err
	}
	if err := a.governed(p.Event); err != nil {
		if (eyes{a.world, p.Event.Party}).Manifest(p.Event.Manifest).ID.IsZero() {
			// A stranger hears the chain's refusal, as of a manifest that is not there, and not
			// what the table says of the manifest's profile.
			err = cmp.Or(chain.Check(a.world, p.Event), err)
		}
		return err
	}
	if err := unforeseen(p.Event, a.seq); err != nil {
		return err
	}
	if err := chain.Check(a.world, p.Event); err != nil || a.world.failed != nil {
		return cmp.Or(a.world.failed, err)
	}
	if err := a.mayAct(p.Event); err != nil {
		return err
	}
	if err := a.seen(p.Event); err != nil {
		return err
	}
	if err := a.world.claim(p.Event); err != nil {
		return err
	}
	out := chain.Place(a.world, p.Event, p.Signed.Hash(), a.seq, a.g.RecordedAt)
	if a.world.failed != nil {
		return a.world.failed
	}
	a.world.Keep(out)
	a.world.known[p.Event.ID] = Known{Seq: a.seq, Hash: p.Signed.Hash()}
	a.seq++
	placed(len(a.g.Records))
	a.g.Records = append(a.g.Records, Record{Event: p.Event, Body: p.Signed.Compact, Placed: out})
	return nil
}

// seen refuses an event whose signer saw an entry that this log does not have: that
// would be a fork. Having seen less than the newest is allowed.
func (a *assembly) seen(e event.Event) error { return a.seenBy(e, e.Party) }

// seenBy answers to a party, for which other parties' batches have no entries.
func (a *assembly) seenBy(e event.Event, to id.Party) error {
	for _, b := range e.Batches {
		if b.Seen.IsZero() {
			continue
		}
		head, ok := id.Hash{}, false
		if st := (eyes{a.world, to}).Batch(b.ID); st.N > 0 {
			head = st.Head
			ok = b.Seen == head || a.inGroup(b.ID, b.Seen)
			if !ok {
				var err error
				if ok, err = a.tx.ChainHolds(b.ID, b.Seen); err != nil {
					return err
				}
			}
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
