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
// says how many it did. The log goes on meanwhile: deriving only reads what stands.
func (s *Service) Roll(ctx context.Context, most int) (done int, err error) {
	s.rolling.Lock()
	defer s.rolling.Unlock()
	for done < most {
		n, again, err := s.rollSome(ctx, min(most-done, together))
		if done += n; err != nil || (n == 0 && !again) {
			return done, err
		}
	}
	return done, nil
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
}

type tallied struct{ level, block int64 }

func (s *Service) rollSome(ctx context.Context, most int) (done int, again bool, err error) {
	var d *derived
	err = s.Store.Measure(ctx, func(r Reader) error {
		d, err = s.derive(r, most)
		return err
	})
	if err != nil || d == nil {
		return 0, false, err
	}
	err = s.Store.RollUp(ctx, func(r Roller) error {
		mark, err := r.RollMark()
		if again = mark != d.from; again || err != nil {
			return err // another process was faster, or took all away
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
	if err != nil || again {
		return 0, again, err
	}
	return int((d.to - d.from) / int64(s.Block)), false, nil
}

// derive folds the next whole blocks; nil where none is whole.
func (s *Service) derive(r Reader, most int) (*derived, error) {
	head, _, err := r.Log()
	if err != nil {
		return nil, err
	}
	from, err := r.RollMark()
	if err != nil {
		return nil, err
	}
	to := min(s.Block.Floor(head.Size), from+int64(most)*int64(s.Block))
	if from >= to {
		return nil, nil
	}
	if err := s.learn(r, to); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	d := &derived{from: from, to: to, tallies: map[tallied]indicator.Sums{}}
	all, err := r.Moves(from, to)
	if err != nil {
		return nil, err
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
			return nil, err
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
