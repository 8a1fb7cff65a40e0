package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/merkle"
	"liandan/internal/permit"
	"liandan/internal/source"
	"liandan/internal/statement"
)

// Options of a check.
type Options struct {
	// Remembered are signed checkpoints that were published before: the store must be
	// a continuation of each. This finds a restored older backup.
	Remembered [][]byte
	// Progress, when set, hears of entries done and entries in all.
	Progress func(done, all int64)
}

// Check verifies the whole store: entries, signatures, links, stages, tiles, heads and
// every projection. An error means that the store could not be read.
func (s *Service) Check(ctx context.Context, o Options) (*Report, error) {
	c := &checker{s: s, ctx: ctx, o: o, r: &Report{}, world: chain.NewMemory(), tiles: map[merkle.TileID][]byte{},
		roots: map[int64]rootAt{}, label: map[event.Label]labelRow{}, index: map[int64][7]string{}, tallies: map[string]permit.Tally{}, held: map[id.Hash]int64{}, keys: newLives(), rulings: map[id.Hash]rulingRow{}, reports: map[string]id.Hash{},
		facts: indicator.NewBook(nil), stated: map[string]factRow{}, chapters: map[string]int64{}, acts: map[int64]string{}, actParties: map[string]bool{}, imports: map[id.Hash]statement.Import{}, topics: map[string]bool{}, candidates: map[string]chain.Candidate{}}
	err := s.Store.Read(ctx, c.run)
	return c.r, err
}

// checker walks one consistent reading.
type checker struct {
	s      *Service
	ctx    context.Context
	o      Options
	r      *Report
	in     Reader
	world  *chain.Memory
	past   *past // chains ahead of the entry that is folded, for corrections
	tree   *merkle.Tree
	tiles  map[merkle.TileID][]byte
	line   *keyLine         // the log's keys; nil until asked for
	roots  map[int64]rootAt // at the sizes that heads name
	last   time.Time        // recorded_at of the entry before; zero when it cannot be read
	bound  []int64          // sizes at which a commit group must have ended
	newest int64            // size of the newest head
	links  []linkRow
	books  []bookRow
	traces traces
	label  map[event.Label]labelRow
	index  map[int64][7]string // rows of event_index by entry
	held   map[id.Hash]int64   // what is in quarantine; its entry, -1 while it is not in the log

	tallies    map[string]permit.Tally // rows of tally_steps, by entry and line
	keys       lives
	rulings    map[id.Hash]rulingRow
	facts      *indicator.Book
	stated     map[string]factRow // the newest of each register fact, in the log or on its way
	moves      []indicator.Move
	checks     []int64                      // entries of inspections
	chapters   map[string]int64             // rows of statements: "kid/n" and its entry
	acts       map[int64]string             // rows of acts: columns by entry
	actParties map[string]bool              // rows of act_parties: "party/entry"
	imports    map[id.Hash]statement.Import // by the hash of the statement
	topics     map[string]bool
	candidates map[string]chain.Candidate
	reports    map[string]id.Hash // kept ones that the log tells of, by id
}

// rootAt is the tree after an entry and the time of that entry.
type rootAt struct {
	root id.Hash
	at   time.Time
}

type linkRow struct {
	batch id.Batch
	n     int64
	seq   int64
	leaf  id.Hash
}

type bookRow struct {
	seq  int64
	line int
	p    mass.Posting
}

type labelRow struct {
	batch  id.Batch
	madeAt int64
}

func (c *checker) run(in Reader) error {
	c.in = in
	c.past = &past{l: newLineage(in)}
	c.world.Look(c.past.Chain)
	c.tree = merkle.NewTree(0, func(t merkle.TileID, w int) ([]byte, error) { return c.tiles[t], nil }, 0)
	head, at, err := in.Log()
	gone := fault.Of(err) == fault.Damaged
	if gone { // the rest can be judged all the same
		c.r.say(AreaHead, "log_state", "当前日志头无法读取", "%s", fault.As(err).Sentence)
		head, _, err = in.Newest()
	}
	if err != nil {
		return err
	}
	c.r.Head = head
	sizes, err := c.headSizes()
	if err != nil {
		return err
	}
	steps := []func() error{
		c.takeHeld,
		func() error { return c.entries(head.Size, sizes) }, c.settleKeys,
		func() error { return c.heads(head, at, gone) },
		c.checkTiles, c.projections, c.heldRows, c.heldSubjects, c.ruledRows, c.outbox, c.factRows, c.importRows, c.scanRows, c.reportRows, c.sampleRows, c.deviceKeys, c.integrity,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) headSizes() (map[int64]bool, error) {
	sizes := map[int64]bool{}
	err := c.in.Heads(func(h merkle.Head, _ time.Time, _ []byte) error {
		sizes[h.Size], c.newest = true, h.Size
		return nil
	})
	if err != nil {
		return nil, err
	}
	line, err := c.keyLine()
	if err != nil {
		return nil, err
	}
	for _, signed := range c.o.Remembered {
		if h, _, err := line.keys.OpenCheckpoint(signed); err == nil {
			sizes[h.Size] = true
		}
	}
	return sizes, nil
}

// block is how many entries are verified side by side.
const block = 1024

// entries walks the log: verify in parallel, fold in order.
func (c *checker) entries(size int64, sizes map[int64]bool) error {
	next := int64(0)
	var ahead *opening // verified in the background while the block before is folded and the next is read
	turn := func(kept []ledger.Kept) error {
		behind := ahead
		if ahead = nil; len(kept) > 0 {
			ahead = c.begin(kept)
		}
		if behind == nil {
			return c.ctx.Err()
		}
		opened := <-behind.done
		for i, k := range behind.kept {
			if opened[i].err != nil {
				return opened[i].err
			}
			c.number(k.Seq, next, size)
			next = k.Seq + 1
			if err := c.entry(k, opened[i]); err != nil {
				return err
			}
			if err := c.root(sizes); err != nil {
				return err
			}
		}
		if c.o.Progress != nil {
			c.o.Progress(c.r.Entries, size)
		}
		return c.ctx.Err()
	}
	var kept []ledger.Kept
	err := c.in.Entries(math.MinInt64, math.MaxInt64, func(k ledger.Kept) error {
		if kept = append(kept, k); len(kept) < block {
			return nil
		}
		full := kept
		kept = nil
		return turn(full)
	})
	for _, rest := range [][]ledger.Kept{kept, nil} {
		if err == nil {
			err = turn(rest)
		}
	}
	if err != nil {
		return err
	}
	if _, err := c.in.Entry(math.MaxInt64); err == nil { // the one number that a walk cannot reach
		c.r.say(AreaEntry, fmt.Sprintf("entry %d", int64(math.MaxInt64)), "日志序号不应存在", "no entry can have that number")
	} else if fault.Of(err) != fault.NotFound {
		return err
	}
	switch {
	case next < size && c.newest == size: // both heads say so
		c.missing(next, size-1)
	case next != size:
		c.r.say(AreaHead, "log_state", "日志头与记录数不符", "the head says %d entries, the log has %d", size, next)
	}
	return nil
}

// opening is a block of entries whose events are being read and verified.
type opening struct {
	kept []ledger.Kept
	done chan []opened // one answer; nobody need wait for it
}

func (c *checker) begin(kept []ledger.Kept) *opening {
	o := &opening{kept: kept, done: make(chan []opened, 1)}
	go func() { o.done <- c.open(kept) }()
	return o
}

// number says what is odd about an entry's place after the one before.
func (c *checker) number(seq, next, size int64) {
	switch {
	case seq < next || seq > next && seq >= size:
		c.r.say(AreaEntry, fmt.Sprintf("entry %d", seq), "日志序号不应存在", "no entry can have that number")
	case seq > next:
		c.missing(next, seq-1)
	}
}

// root remembers the tree where a head names its size.
func (c *checker) root(sizes map[int64]bool) error {
	if !sizes[c.tree.Size()] {
		return nil
	}
	h, err := c.tree.Head()
	c.roots[h.Size] = rootAt{h.Root, c.last}
	return err
}

func (c *checker) missing(from, to int64) {
	c.r.say(AreaEntry, fmt.Sprintf("entry %d", from), "日志记录缺失", "entries %d to %d are missing", from, to)
}

// open reads and verifies events in parallel.
func (c *checker) open(ks []ledger.Kept) []opened {
	out := make([]opened, len(ks))
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(ks); i += workers {
				out[i] = c.verify(ks[i])
			}
		})
	}
	wg.Wait()
	return out
}

// entry checks one entry against its bytes and the fold.
func (c *checker) entry(k ledger.Kept, o opened) error {
	c.r.Entries++
	place := fmt.Sprintf("entry %d", k.Seq)
	before := c.last
	c.last = time.Time{}
	if _, err := c.grow(ledger.LeafOf(k.Entry)); err != nil {
		return err
	}
	e, err := ledger.ParseEntry(k.Entry)
	if err != nil {
		c.r.say(AreaEntry, place, "日志记录的字节被改动", "%v", err)
		return nil
	}
	c.columns(place, k, e)
	c.clock(place, before, e.RecordedAt)
	if id.Hash(sha256.Sum256(k.Body)) != e.Hash {
		c.r.say(AreaEntry, place, "原文与日志中的哈希不符", "the bytes kept are not those that were logged")
	}
	if _, was := c.held[e.Hash]; was {
		c.held[e.Hash] = k.Seq
	}
	if e.Kind != ledger.KindEvent {
		c.statement(place, k, e)
		return nil
	}
	c.r.Events++
	if err := c.judge(e, o); err != nil {
		c.r.say(AreaSignature, place, "事件签名或密钥不成立", "%v", err)
		return nil
	}
	if o.event.ID != k.Event {
		c.r.say(AreaEntry, place, "事件编号列被改动", "the row's event id is not the event's")
	}
	c.fold(place, e, o.event)
	return nil
}

// columns compares an entry's row with the entry's bytes.
func (c *checker) columns(place string, k ledger.Kept, e ledger.Entry) {
	for _, col := range []struct {
		name string
		same bool
	}{
		{"seq", e.Seq == k.Seq}, {"recorded_at", e.RecordedAt.Equal(k.RecordedAt)}, {"hash", e.Hash == k.Hash},
		{"kind", e.Kind == k.Kind}, {"leaf_hash", k.Leaf == ledger.LeafOf(k.Entry)},
	} {
		if !col.same {
			c.r.say(AreaEntry, place, "日志记录与其列不符", "the column %s is not what the entry's bytes say", col.name)
		}
	}
}

// clock holds the log's clock against the entry before. All entries of a commit group
// have one time, so another time says that a group ended there and must have a head.
func (c *checker) clock(place string, before, at time.Time) {
	if at.Before(before) {
		c.r.say(AreaEntry, place, "日志时间倒退", "recorded before the entry ahead of it")
	}
	if !before.IsZero() && !at.Equal(before) {
		c.bound = append(c.bound, c.tree.Size()-1)
	}
	c.last = at
}

func (c *checker) grow(leaf id.Hash) ([]merkle.Tile, error) {
	changed, err := c.tree.Append([]id.Hash{leaf})
	for _, t := range changed {
		c.tiles[t.TileID] = t.Hashes
	}
	return changed, err
}

// fold replays the event and compares the links it would make.
func (c *checker) fold(place string, e ledger.Entry, ev event.Event) {
	if ev.Type.Mends() { // few are, and only they ask
		c.past.l, c.past.until = newLineage(c.in), e.Seq
	}
	if err := chain.Check(c.world, ev); err != nil {
		c.r.say(AreaChain, place, "该事件不应出现在此处", "the event may not come here: %v", err)
		return
	}
	c.ruling(place, e.Seq, ev)
	p := chain.Place(c.world, ev, e.Hash, e.Seq, e.RecordedAt)
	if !bytes.Equal(p.Bytes, e.Bytes()) {
		c.r.say(AreaChain, place, "批次链接与重算不符", "its links are not those of the batches' chains")
	}
	c.world.Keep(p)
	c.index[e.Seq] = IndexColumns(ev, p)
	for _, l := range p.Entry.Links {
		c.links = append(c.links, linkRow{l.Batch, l.N, e.Seq, p.Leaf})
	}
	for i, t := range p.Tallies {
		c.tallies[fmt.Sprintf("%d/%d", e.Seq, i)] = t
	}
	for i, q := range p.Postings {
		c.books = append(c.books, bookRow{e.Seq, i, q})
	}
	c.traces.add(ev, p)
	for _, x := range p.Candidates() {
		c.candidates[candidateKey(x)] = x
	}
	c.moves = append(c.moves, indicator.MovesOf(e.Seq, ev, p.Batches, p.Postings)...)
	if _, ok := ev.Data.(event.Inspection); ok {
		c.checks = append(c.checks, e.Seq)
	}
	for _, t := range source.Topics(ev, p.Batches, e.Seq) {
		c.topics[t.String()] = true
	}
	for _, m := range ev.Marks() {
		c.label[m.Label] = labelRow{m.Batch, e.RecordedAt.UnixMilli()}
	}
	if mass.Sum(p.Postings) != 0 {
		c.r.say(AreaPosting, place, "质量分录不平衡", "its postings do not sum to zero")
	}
}
