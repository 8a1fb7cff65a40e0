// Package measure answers what an indicator was, for a period and a district, as the log
// knew it at a size: from roll-ups that it keeps in the store, and the movements since.
//
// It must not define a figure (package indicator does), and what it gives is what the pure
// fold over the whole log gives. A test holds the two together over random histories.
package measure

import (
	"context"
	"crypto/sha256"
	"math"
	"slices"
	"sync"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/statement"
)

// Reader is one consistent reading of the store.
type Reader interface {
	Log() (merkle.Head, time.Time, error)
	// Facts walks the entries of register facts, then those of inspections, each in order.
	Facts(from, to int64, each func(ledger.Kept) error) error
	// RollMark is the log size up to which there are roll-ups: a multiple of a block.
	RollMark() (int64, error)
	Moves(from, to int64) ([]indicator.Move, error)
	// MovesAt are the movements in entries before a size whose origin or plant is one of the
	// sites, from a moment on.
	MovesAt(sites []id.Site, since, before int64) ([]indicator.Move, error)
	// Days adds the tallies of level 0 of days, in blocks before one; Months those of months
	// in blocks of a level. nil divisions are all.
	Days(into indicator.Sums, first, after, blocks int64, divisions []string) error
	Months(into indicator.Sums, level, from, to, first, after int64, divisions []string) error
	// Reported are those of the sites whose waste was closed from one moment to before
	// another, in entries before a size.
	Reported(sites []id.Site, from, to, before int64) ([]id.Site, error)
	// Firsts says which of the sites reported in a month, and of proofs at most one treatment
	// each, of a batch that was not made of others and was collected in the month: the first
	// of the log, where it stands before a size.
	Firsts(sites []id.Site, month, before int64, proofs bool) (reported []id.Site, seen []indicator.Seen, err error)
	// ProofByBatch gives at most one treatment of each site, of a batch that was not made of
	// others; ProofRolledUp at most one rolled-up sighting, of days. Both are of waste that
	// was collected in time.
	ProofByBatch(sites []id.Site, w Window) ([]indicator.Seen, error)
	ProofRolledUp(sites []id.Site, first, after, collectedFirst, collectedAfter, before int64) ([]indicator.Seen, error)
	// Treatments are all of ProofByBatch's kind; Sightings all rolled-up ones of days, whenever
	// collected. Roll-ups keep those of batches that were made of others.
	Treatments(sites []id.Site, w Window) ([]indicator.Seen, error)
	Sightings(into indicator.Sightings, first, after, before int64, sites []id.Site) error
	Batches(ids []id.Batch) (map[id.Batch]batch.State, error)
	Taken(batches []id.Batch) (map[id.Batch][]Taking, error)
	// FirstMove is the first entry with a movement; the greatest number where there is none.
	FirstMove() (int64, error)
	// Evidence are movements of a period by their time, after a cursor.
	Evidence(p indicator.Period, cut int64, w Wanted, before int64, after Cursor, limit int) ([]indicator.Move, error)
	Entry(seq int64) (ledger.Kept, error)
	// Corrections says which entries between two sizes are agreed corrections.
	Corrections(from, to int64) (map[int64]bool, error)
	HeadUpTo(size int64) (Sealed, error)
	HeadBy(ms int64) (Sealed, error)
}

// Roller writes roll-ups, in a transaction that no other roller's can pass.
type Roller interface {
	RollMark() (int64, error)
	AddTallies([]indicator.Tally) error
	AddSightings(indicator.Sightings) error
	RollTo(upto int64) error
	// Unroll takes every roll-up away.
	Unroll() error
}

// Store is what measure needs of a database.
type Store interface {
	Measure(ctx context.Context, fn func(Reader) error) error
	RollUp(ctx context.Context, fn func(Roller) error) error
}

// Sealed is a published head: figures are given at the sizes of such.
type Sealed struct {
	merkle.Head
	RecordedAt time.Time
	Checkpoint []byte
}

// Taking is one taking-over of a batch from its generator.
type Taking struct {
	Seq int64
	At  int64
}

// Cursor is a place in a list of movements.
type Cursor struct {
	At, Seq, Line int64
}

// Wanted are the movements that a reader of evidence looks through.
type Wanted struct {
	Kinds   []string
	Methods []string  // of what was treated
	Origins []id.Site // nil: all
}

// Config is what a Service is made of.
type Config struct {
	Store Store
	// Divisions are all that the table has; City says which the city runs.
	Divisions []string
	City      func(division string) bool
	Now       func() time.Time
	Block     indicator.Ladder // 0: indicator.Block
}

// Service answers. It keeps the register facts of the log in memory: they only grow.
type Service struct {
	Config
	mu   sync.RWMutex
	book *indicator.Book
	size int64 // of the log that the book has read

	rolling sync.Mutex // one roller at a time in a process; taken before mu
	tails   sync.Mutex // guards what follows; taken after mu
	tail    *tail      // the newest that was read
	rosters []*indicator.Roster
}

// New makes a Service.
func New(c Config) *Service {
	if c.Block == 0 {
		c.Block = indicator.Block
	}
	return &Service{Config: c, book: indicator.NewBook(c.City)}
}

// learn reads the facts up to a size.
func (s *Service) learn(r Reader, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size <= s.size {
		return nil
	}
	var facts []learned
	err := r.Facts(s.size, size, func(k ledger.Kept) error {
		f, err := learnedOf(k)
		facts = append(facts, f)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range facts {
		f.into(s.book)
	}
	s.book.Settle()
	s.size = size
	return nil
}

// learned is a fact or an inspection, read.
type learned struct {
	seq   int64
	fact  indicator.Fact
	check *indicator.Inspection
}

func (f learned) into(b *indicator.Book) {
	if f.check != nil {
		b.AddInspection(*f.check)
		return
	}
	b.Add(f.seq, f.fact)
}

func learnedOf(k ledger.Kept) (f learned, err error) {
	f.seq = k.Seq
	if k.Kind == statement.KindFact {
		if id.Hash(sha256.Sum256(k.Body)) != k.Hash {
			return f, damaged(k.Seq)
		}
		f.fact, err = indicator.ParseFact(k.Body)
		return f, err
	}
	_, e, err := ledger.OpenEvent(k.Body)
	if err != nil {
		return f, err
	}
	d, ok := e.Data.(event.Inspection)
	if !ok {
		return f, damaged(k.Seq)
	}
	f.check = &indicator.Inspection{Seq: k.Seq, Event: e.ID, At: e.At.UnixMilli(), Again: e.Refs, Inspection: d}
	return f, nil
}

func damaged(seq int64) error {
	return fault.New(fault.Damaged, "Entry %d is not what its row says; run `liandan check`.", seq)
}

// Query asks for one indicator.
type Query struct {
	Indicator int
	Period    indicator.Period
	District  string // "" the whole city
	Rows      bool   // of the whole city: a row for each district too
	Size      int64  // as of that log size; 0 the newest
	At        time.Time
}

// Result is a figure with all that it rests on.
type Result struct {
	Definition indicator.Definition
	Period     indicator.Period
	CutOff     int64 // Unix milliseconds
	As         Sealed
	Row        indicator.Row
	Districts  []indicator.Row // where asked for: they add up to Row
}

// Indicator gives one indicator. Faults: invalid-request for an unknown indicator or
// district, a period that has not begun and a size that the log has not reached.
func (s *Service) Indicator(ctx context.Context, q Query) (res Result, err error) {
	err = s.compute(ctx, q, func(r Reader, in indicator.Input, as Sealed) error {
		res = Result{Definition: in.Definition, Period: q.Period, CutOff: in.CutOff, As: as, Row: indicator.Evaluate(in, q.District)}
		if q.District == "" && q.Rows {
			for _, d := range indicator.Districts(s.Divisions, s.City) {
				res.Districts = append(res.Districts, indicator.Evaluate(in, d))
			}
		}
		return nil
	})
	return res, err
}

// Carbon gives the carbon effect of the use routes of a period.
func (s *Service) Carbon(ctx context.Context, q Query) (routes []indicator.Route, as Sealed, err error) {
	q.Indicator = 19
	err = s.compute(ctx, q, func(_ Reader, in indicator.Input, sealed Sealed) error {
		routes, as = indicator.Carbon(in, q.District), sealed
		return nil
	})
	return routes, as, err
}

func (s *Service) check(q Query) error {
	bad := fault.New(fault.InvalidRequest, "The request was not carried out; what is wrong is listed.")
	if _, ok := indicator.Shipped(q.Indicator); !ok {
		bad.At("/indicator", "unknown_indicator", "must be one of 2, 19, 32, 35, 36, 37, 38, 59")
	}
	if q.District != "" && (!slices.Contains(s.Divisions, q.District) || !s.City(q.District)) {
		bad.At("/district", "unknown_district", "must be a division that the city runs, six digits, or be left out")
	}
	if !q.Period.From.Before(s.Now()) {
		bad.At("/period", "future", "has not begun")
	}
	if q.Size < 0 {
		bad.At("/as_of", "out_of_range", "must be a log size or a time")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// compute gathers an indicator's input and hands it over while the book is held.
func (s *Service) compute(ctx context.Context, q Query, fn func(Reader, indicator.Input, Sealed) error) error {
	return s.known(ctx, q, func(r Reader, v indicator.View, as Sealed) error {
		in, err := s.input(r, q, v, as)
		if err != nil {
			return err
		}
		return fn(r, in, as)
	})
}

// known hands over what the log's facts say as of a query's size, while the book is held.
func (s *Service) known(ctx context.Context, q Query, fn func(Reader, indicator.View, Sealed) error) error {
	if err := s.check(q); err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	return s.reading(ctx, q, fn)
}

// reading hands over the same of a query's size alone, whatever of roll-ups is there.
func (s *Service) reading(ctx context.Context, q Query, fn func(Reader, indicator.View, Sealed) error) error {
	return s.Store.Measure(ctx, func(r Reader) error {
		as, err := s.asOf(r, q)
		if err != nil {
			return err
		}
		if err := s.learn(r, as.Size); err != nil {
			return err
		}
		s.mu.RLock()
		defer s.mu.RUnlock()
		return fn(r, s.book.At(as.Size), as)
	})
}

// lag is how many blocks the roll-ups may be behind before a query waits for them, rather
// than read all those movements itself.
const lag = 4

func (s *Service) catchUp(ctx context.Context) error {
	behind := false
	err := s.Store.Measure(ctx, func(r Reader) error {
		head, _, err := r.Log()
		if err != nil {
			return err
		}
		mark, err := r.RollMark()
		behind = head.Size-mark >= lag*int64(s.Block)
		return err
	})
	if err == nil && behind {
		_, err = s.Roll(ctx, math.MaxInt)
	}
	return err
}

// asOf finds the newest published head that a query may know.
func (s *Service) asOf(r Reader, q Query) (Sealed, error) {
	head, _, err := r.Log()
	if err != nil {
		return Sealed{}, err
	}
	beyond := fault.New(fault.InvalidRequest, "The log has %d entries; nothing is known as of a later one.", head.Size).
		At("/as_of", "beyond_log", "must not be beyond the log")
	if q.Size > head.Size || q.At.After(s.Now()) {
		return Sealed{}, beyond
	}
	if q.At.IsZero() && q.Size == 0 {
		return r.HeadUpTo(head.Size)
	}
	var as Sealed
	if !q.At.IsZero() {
		as, err = r.HeadBy(q.At.UnixMilli())
	} else {
		as, err = r.HeadUpTo(q.Size)
	}
	if err == nil && as.Size == 0 { // a later question as of it would mean the newest
		err = fault.New(fault.InvalidRequest, "Nothing had been published then.").At("/as_of", "before_log", "must not be before the log's first published head")
	}
	return as, err
}

// bare is an input without anything that was added up.
func (s *Service) bare(q Query, v indicator.View, as Sealed) indicator.Input {
	d, _ := v.Definition(q.Indicator)
	in := indicator.Input{Definition: d, View: v, Period: q.Period, CutOff: indicator.CutOff(q.Period, as.RecordedAt.UnixMilli()), Sums: indicator.Sums{}, Before: indicator.Sums{}, Seen: indicator.Sightings{}}
	in.Registered = s.rosterOf(v, in.CutOff)
	return in
}

// input is everything that the indicator is computed from.
func (s *Service) input(r Reader, q Query, v indicator.View, as Sealed) (indicator.Input, error) {
	in := s.bare(q, v, as)
	sums, before, seen := indicator.Needs(q.Indicator)
	if !sums && !before && !seen {
		return in, nil
	}
	g := gathering{s: s, r: r, q: q, size: as.Size, in: &in}
	if err := g.begin(); err != nil {
		return in, err
	}
	first, after := q.Period.Days()
	last := indicator.DayOf(in.CutOff) + 1
	if sums {
		if err := g.sums(in.Sums, first, after); err != nil {
			return in, err
		}
	}
	if before {
		if err := g.sums(in.Before, dawn, last); err != nil {
			return in, err
		}
	}
	if seen {
		return in, g.seen()
	}
	return in, nil
}
