package measure

import (
	"context"

	"liandan/internal/id"
	"liandan/internal/indicator"
)

// together is how many blocks are derived in one reading and written in one transaction:
// what they add to larger blocks is written once.
const together = 8

// Roll derives the roll-ups of blocks that the log has filled since, at most so many, and
// says how many it did. The log goes on meanwhile: deriving only reads what stands. While
// some blocks are written the next are derived.
func (s *Service) Roll(ctx context.Context, most int) (done int, err error) {
	s.rolling.Lock()
	defer s.rolling.Unlock()
	next := s.deriveSoon(ctx, -1, min(most, together))
	for {
		d := <-next
		if d.err != nil || d.to == d.from {
			return done, d.err
		}
		n := int((d.to - d.from) / int64(s.Block))
		next = s.deriveSoon(ctx, d.to, min(most-done-n, together))
		moved, err := s.write(ctx, d)
		if err != nil || moved {
			<-next // it reads the store, which its caller may close
			return done, err
		}
		done += n
	}
}

// Unroll takes every roll-up away; Roll derives them anew.
func (s *Service) Unroll(ctx context.Context) error {
	s.rolling.Lock()
	defer s.rolling.Unlock()
	return s.Store.RollUp(ctx, func(r Roller) error { return r.Unroll() })
}

// derived is what some blocks after a mark add.
type derived struct {
	from, to int64
	tallies  map[tallied]indicator.Sums
	seen     indicator.Sightings
	err      error
}

type tallied struct{ level, block int64 }

// deriveSoon derives the next blocks after a mark, or after the store's own for -1, beside
// the caller. What it sends comes to nothing where no block is whole.
func (s *Service) deriveSoon(ctx context.Context, from int64, most int) <-chan derived {
	out := make(chan derived, 1)
	go func() {
		var d derived
		err := s.Store.Measure(ctx, func(r Reader) (err error) {
			d, err = s.derive(r, from, most)
			return err
		})
		d.err = err
		out <- d
	}()
	return out
}

// write adds what was derived; moved says that the mark had moved meanwhile: another process
// was faster, or took all away.
func (s *Service) write(ctx context.Context, d derived) (moved bool, err error) {
	err = s.Store.RollUp(ctx, func(r Roller) error {
		mark, err := r.RollMark()
		if moved = mark != d.from; moved || err != nil {
			return err
		}
		var all []indicator.Tally
		for k, sums := range d.tallies {
			all = append(all, indicator.Tally{Level: k.level, Block: k.block, Sums: sums})
		}
		if err := r.AddTallies(all); err != nil {
			return err
		}
		if err := r.AddSightings(d.seen); err != nil {
			return err
		}
		return r.RollTo(d.to)
	})
	return moved, err
}

// derive folds the next whole blocks.
func (s *Service) derive(r Reader, from int64, most int) (d derived, err error) {
	head, _, err := r.Log()
	if err == nil && from < 0 {
		from, err = r.RollMark()
	}
	to := min(s.Block.Floor(head.Size), from+int64(most)*int64(s.Block))
	if err != nil || from >= to {
		return derived{}, err
	}
	if err := s.learn(r, to); err != nil {
		return d, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	d = derived{from: from, to: to, tallies: map[tallied]indicator.Sums{}}
	all, err := r.Moves(from, to)
	if err != nil {
		return d, err
	}
	rest := all
	for at := from; at < to; at += int64(s.Block) {
		end := at + int64(s.Block)
		n := 0
		for n < len(rest) && rest[n].Seq < end {
			n++
		}
		earlier, err := s.earlier(r, at, end)
		if err != nil {
			return d, err
		}
		for _, t := range s.Block.Tallies(at, s.book.Delta(at, end, rest[:n], earlier)) {
			k := tallied{t.Level, t.Block}
			if d.tallies[k] == nil {
				d.tallies[k] = indicator.Sums{}
			}
			for key, grams := range t.Sums {
				add(d.tallies[k], key, grams)
			}
		}
		rest = rest[n:]
	}
	d.seen, err = sightings(r, mixed(all))
	return d, err
}

func sitesOf(list []indicator.Touched) []id.Site {
	out := make([]id.Site, len(list))
	for i, t := range list {
		out[i] = t.Site
	}
	return out
}
