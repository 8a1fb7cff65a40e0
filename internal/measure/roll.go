package measure

import (
	"context"
)

// Roll derives the roll-ups of blocks that the log has filled since, at most so many, and
// says how many it did.
func (s *Service) Roll(ctx context.Context, most int) (done int, err error) {
	for done < most {
		more := false
		err := s.Store.RollUp(ctx, func(r Roller) error {
			var err error
			more, err = s.rollOne(r)
			return err
		})
		if err != nil || !more {
			return done, err
		}
		done++
	}
	return done, nil
}

// Unroll takes every roll-up away; Roll derives them anew.
func (s *Service) Unroll(ctx context.Context) error {
	return s.Store.RollUp(ctx, func(r Roller) error { return r.Unroll() })
}

func (s *Service) rollOne(r Roller) (bool, error) {
	head, _, err := r.Log()
	if err != nil {
		return false, err
	}
	from, err := r.RollMark()
	to := from + int64(s.Block)
	if err != nil || to > head.Size {
		return false, err
	}
	if err := s.learn(r, to); err != nil {
		return false, err
	}
	moves, err := r.Moves(from, to)
	if err != nil {
		return false, err
	}
	s.mu.RLock()
	changed := s.book.Changed(from, to)
	s.mu.RUnlock()
	earlier, err := r.MovesAt(changed, from)
	if err != nil {
		return false, err
	}
	s.mu.RLock()
	sums := s.book.Delta(from, to, moves, earlier)
	s.mu.RUnlock()
	for _, t := range s.Block.Tallies(from, sums) {
		if err := r.AddTallies(t.Level, t.Block, t.Sums); err != nil {
			return false, err
		}
	}
	seen, err := sightings(r, moves)
	if err != nil {
		return false, err
	}
	if err := r.AddSightings(seen); err != nil {
		return false, err
	}
	return true, r.RollTo(to)
}
