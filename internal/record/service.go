// Package record is the intake (design section 3 and 5): it verifies signed events,
// places them in the log in commit groups, and answers each with a receipt.
//
// It must not know HTTP or SQL, hold an actor's private key, or answer before the group
// is durable.
//
// Crash story. A group is one transaction: entries, links, postings, projections, tiles,
// head and its signed checkpoint. Before the commit nothing exists outside this process;
// after it everything does. The checkpoint is signed inside the transaction and leaves
// the process only after the commit, so no signed head can name entries that were lost.
// A caller whose connection dies learns nothing and sends the same bytes again: the id
// is known, the hash is the same, the first receipt is the answer.
//
// Statements (the life of keys, acts, the succession of the log's key) come through the
// outbox, a table that a service writes in the very transaction of the change that it
// tells of. A crash between that change and the group leaves the statement in the outbox;
// the next group, of this process or another, takes it over and deletes it in the one
// transaction of its own. So a statement is in the log exactly once or still to come, and
// never is an event in the log before the statements about its key that were durable when
// the event was handed over.
package record

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/batch"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/merkle"
	"liandan/internal/permit"
	"liandan/internal/profile"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// Config is what a Service is made of.
type Config struct {
	Store    Store
	Registry Registry
	Signer   note.Signer // the log's key; its name is the log's origin
	Rules    rule.Book
	Catalog  *waste.Catalog
	Permits  permit.Book  // empty: nothing is asked about permits
	Profiles profile.Book // nil: those that ship with Liandan
	Now      func() time.Time
	Log      *slog.Logger
	// MaxGroup bounds the events of one commit group; 0 means 512.
	MaxGroup int
	// Patience is how long a group waits for company that is on its way; 0 means 400 µs,
	// less than a commit takes.
	Patience time.Duration
	// OnCommit, when set, hears of each durable group: its head, checkpoint and events. A
	// group of statements alone has none.
	OnCommit func(head merkle.Head, checkpoint []byte, events int)
}

// Receipt answers an accepted event.
type Receipt struct {
	Event      id.Event
	Hash       id.Hash
	Seq        int64
	RecordedAt time.Time
	Entry      []byte // exact bytes of the log entry
	Proof      []byte // c2sp.org/tlog-proof@v1
	Findings   []rule.Finding
	Next       []batch.Step
}

// Result is the answer to one event: a receipt or a fault.
type Result struct {
	Receipt *Receipt
	Repeat  bool // the same bytes were there already
	Held    bool // refused, but the bytes are kept in quarantine
	Err     error
}

// Service is the intake of one process. Several processes may share one store.
type Service struct {
	Config
	store    Store
	registry Registry
	queue    chan *job
	done     chan struct{}
	stop     context.CancelFunc
	closing  sync.RWMutex // held for reading while a job is handed over
	closed   bool
	turns    chan struct{} // a place for each signature that is checked at a time
	poke     chan struct{} // somebody has left a statement in the outbox
	self     string        // the log's key as note's "name+hash"

	// These are owned by the committer goroutine.
	tree  *merkle.Tree
	read  merkle.TileSource
	unfit map[int64]bool // rows of the outbox that were logged as such
}

type job struct {
	prepared Prepared
	flush    bool // has no event: waits until the outbox is in the log
	result   Result
	ready    chan struct{}
}

// New starts the intake's committer; Close stops it.
func New(c Config) *Service {
	if c.MaxGroup == 0 {
		c.MaxGroup = 512
	}
	if c.Patience == 0 {
		c.Patience = 400 * time.Microsecond
	}
	if c.Profiles == nil {
		c.Profiles = profile.Default()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Service{Config: c, store: c.Store, registry: c.Registry, queue: make(chan *job, 4*c.MaxGroup), done: make(chan struct{}), stop: stop,
		turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), poke: make(chan struct{}, 1), unfit: map[int64]bool{},
		self: fmt.Sprintf("%s+%08x", c.Signer.Name(), c.Signer.KeyHash())}
	go s.run(ctx)
	return s
}

// Close lets the groups under way finish and stops the intake.
func (s *Service) Close() {
	s.closing.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.closing.Unlock()
	<-s.done
	s.stop()
}

// Origin is the log's name.
func (s *Service) Origin() string { return s.Signer.Name() }

// Accept takes one compact JWS in and waits until it is durable or refused.
func (s *Service) Accept(ctx context.Context, compact []byte) Result {
	p, err := s.prepareInTurn(ctx, compact)
	if err != nil {
		return Result{Err: err}
	}
	j := &job{prepared: p, ready: make(chan struct{})}
	if err := s.enqueue(ctx, j); err != nil {
		return Result{Err: err}
	}
	select {
	case <-j.ready:
		return j.result
	case <-ctx.Done():
		return Result{Err: fault.Wrap(ctx.Err(), fault.Unavailable, "The request ended before the event was durable. It may be recorded; send the same bytes again to learn.")}
	}
}

// Flush waits until every statement that is in the outbox now is in the log. Faults:
// unavailable, overloaded, and damaged when one of them cannot go into the log.
func (s *Service) Flush(ctx context.Context) error {
	j := &job{flush: true, ready: make(chan struct{})}
	if err := s.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.ready:
		return j.result.Err
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unavailable, "The request ended before the log had taken the statements over. They are kept and go into it with the next group.")
	}
}

// Poke says that there is something in the outbox. It does not wait.
func (s *Service) Poke() {
	select {
	case s.poke <- struct{}{}:
	default: // the committer has been told already
	}
}

// prepareInTurn leaves a processor to the committer: its group waits for many short
// answers of the database, and behind a crowd of runnable callers each would cost a
// millisecond.
func (s *Service) prepareInTurn(ctx context.Context, compact []byte) (Prepared, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
		return s.Prepare(ctx, compact)
	case <-ctx.Done():
		return Prepared{}, fault.Wrap(ctx.Err(), fault.Overloaded, "The intake is full. Nothing was recorded; send the same bytes again later.")
	}
}

func (s *Service) enqueue(ctx context.Context, j *job) error {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return fault.New(fault.Unavailable, "The server is stopping. Nothing was recorded; send the same bytes again.")
	}
	select {
	case s.queue <- j:
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Overloaded, "The intake is full. Nothing was recorded; send the same bytes again later.")
	}
}

// Block is a run of lines on their way in, in order.
type Block struct {
	jobs []*job
}

// Begin prepares lines in parallel and hands the sound ones over in their order. It
// returns before they are durable; Wait gives the results.
func (s *Service) Begin(ctx context.Context, lines [][]byte) *Block {
	b := &Block{jobs: make([]*job, len(lines))}
	workers := min(runtime.GOMAXPROCS(0), len(lines))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(lines); i += workers {
				j := &job{ready: make(chan struct{})}
				j.prepared, j.result.Err = s.Prepare(ctx, lines[i])
				b.jobs[i] = j
			}
		})
	}
	wg.Wait()
	for _, j := range b.jobs {
		err := j.result.Err
		if err == nil {
			err = s.enqueue(ctx, j) // from here the committer owns the job
		}
		if err != nil {
			j.result.Err = err
			close(j.ready)
		}
	}
	return b
}

// Wait gives the result of line i of the block.
func (b *Block) Wait(ctx context.Context, i int) Result {
	select {
	case <-b.jobs[i].ready:
		return b.jobs[i].result
	case <-ctx.Done():
		return Result{Err: fault.Wrap(ctx.Err(), fault.Unavailable, "The request ended before the event was durable; send the same bytes again to learn.")}
	}
}

// run is the committer: it takes whatever has gathered and commits it as one group.
func (s *Service) run(ctx context.Context) {
	defer close(s.done)
	company := false // the last group held more than one caller's event
	for {
		var group []*job
		select {
		case first, open := <-s.queue:
			if !open {
				return
			}
			group = s.gather(append(make([]*job, 0, s.MaxGroup), first))
		case <-s.poke:
			group = s.gather(nil) // company is welcome
		}
		if company && len(group) > 0 && len(group) < s.MaxGroup {
			// Others are on their way: their signatures are being checked right now. A moment's
			// patience puts them into this commit instead of the next; a lone caller never waits.
			time.Sleep(s.Patience)
			group = s.gather(group)
		}
		company = len(group) > 1
		s.commit(ctx, group)
		for _, j := range group {
			close(j.ready)
		}
	}
}

// gather takes what is in the queue, without waiting.
func (s *Service) gather(group []*job) []*job {
	for len(group) < s.MaxGroup {
		select {
		case j, ok := <-s.queue:
			if !ok {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}
