package measure

import (
	"maps"
	"slices"

	"liandan/internal/indicator"
)

// tail is what the log says after the roll-ups: less than a block of movements, unless the
// roll-ups lag. It is a function of the two sizes, so that the newest may be kept, and a
// longer one begun with what a shorter one has.
type tail struct {
	rolled, size int64
	moves        []indicator.Move
	delta        indicator.Sums      // by day
	seen         indicator.Sightings // of batches that were made of others
}

// tailOf gives the tail between two sizes. The book is held.
func (s *Service) tailOf(r Reader, rolled, size int64) (*tail, error) {
	s.tails.Lock()
	kept := s.tail
	s.tails.Unlock()
	if kept != nil && kept.rolled == rolled && kept.size == size {
		return kept, nil
	}
	t := &tail{rolled: rolled, size: size}
	known := rolled
	grown := kept != nil && kept.rolled == rolled && kept.size < size
	if grown {
		known, t.moves = kept.size, slices.Clip(kept.moves)
	}
	fresh, err := r.Moves(known, size)
	if err != nil {
		return nil, err
	}
	t.moves = append(t.moves, fresh...)
	if grown && s.book.Quiet(kept.size, size) { // what stood there stands where it stood
		t.delta = maps.Clone(kept.delta)
		for k, grams := range indicator.Fold(s.book.At(size), fresh) {
			add(t.delta, k, grams)
		}
	} else {
		earlier, err := s.earlier(r, rolled, size)
		if err != nil {
			return nil, err
		}
		t.delta = s.book.Delta(rolled, size, t.moves, earlier)
	}
	if t.seen, err = sightings(r, mixed(t.moves)); err != nil {
		return nil, err
	}
	s.tails.Lock()
	defer s.tails.Unlock()
	if s.tail == nil || s.tail.size < size || (s.tail.size == size && s.tail.rolled < rolled) {
		s.tail = t
	}
	return t, nil
}

// fewSinces is how many moments are asked for one by one.
const fewSinces = 8

// earlier are the movements before a size that facts between it and another may place
// elsewhere: what moved at their sites since they began to hold.
func (s *Service) earlier(r Reader, from, to int64) ([]indicator.Move, error) {
	since := map[int64][]indicator.Touched{}
	least := int64(0)
	changed := s.book.Changed(from, to)
	if len(changed) == 0 {
		return nil, nil
	}
	if first, err := r.FirstMove(); err != nil || from <= first {
		return nil, err // registers come before what happens
	}
	for i, t := range changed {
		since[t.Since] = append(since[t.Since], t)
		if i == 0 || t.Since < least {
			least = t.Since
		}
	}
	if len(since) > fewSinces {
		since = map[int64][]indicator.Touched{least: changed}
	}
	type place struct {
		seq  int64
		line int
	}
	met := map[place]bool{} // a movement from one site to another is of both
	var out []indicator.Move
	for at, list := range since {
		moves, err := r.MovesAt(sitesOf(list), at, from)
		if err != nil {
			return nil, err
		}
		for _, m := range moves {
			if p := (place{m.Seq, m.Line}); !met[p] {
				met[p] = true
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// rosterOf gives the register at a query's cut-off, kept while it holds.
func (s *Service) rosterOf(v indicator.View, ms int64) *indicator.Roster {
	s.tails.Lock()
	defer s.tails.Unlock()
	for i, r := range s.rosters {
		if r.Serves(v, ms) {
			s.rosters = append(slices.Delete(s.rosters, i, i+1), r) // newest use last
			return r
		}
	}
	r := v.Roster(ms)
	if s.rosters = append(s.rosters, r); len(s.rosters) > maxRosters {
		s.rosters = slices.Delete(s.rosters, 0, 1)
	}
	return r
}

// maxRosters is for the months of a year and some as-ofs; 20,000 sites are a third of a
// megabyte.
const maxRosters = 24
