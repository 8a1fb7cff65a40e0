package audit

import (
	"cmp"
	"fmt"
	"slices"

	"liandan/internal/id"
	"liandan/internal/indicator"
)

func (c *checker) moveRows() error {
	want := make(map[string]indicator.Move, len(c.moves))
	key := func(m indicator.Move) string { return fmt.Sprintf("%d/%d", m.Seq, m.Line) }
	for _, m := range c.moves {
		want[key(m)] = m
	}
	return differ(c, AreaPosting, "movement", want, func(met func(string, indicator.Move)) error {
		return c.in.MoveRows(func(m indicator.Move) error {
			met(key(m), m)
			return nil
		})
	})
}

// siteMonthRows holds what the log says first of each site and month against its movements.
func (c *checker) siteMonthRows() error {
	key := func(month int64, f indicator.First) string { // as the row's own key says it
		treated := map[indicator.MoveKind]string{indicator.Generated: "0", indicator.Treated: "1"}[f.What]
		return fmt.Sprintf("%d/%s/%s", month, f.Site, cmp.Or(treated, string(f.What)))
	}
	taken, firsts, want := map[id.Batch]indicator.Move{}, indicator.Firsts{}, map[string]indicator.First{}
	for _, m := range c.moves {
		if _, there := taken[m.Batch]; !there && m.Kind == indicator.Collected {
			taken[m.Batch] = m
		}
		firsts.Note(m, func(b id.Batch, before int64) (int64, bool) { t, ok := taken[b]; return t.At, ok && t.Seq < before })
	}
	for k, f := range firsts {
		want[key(k.Month, f)] = f
	}
	return differ(c, AreaPosting, "site month", want, func(met func(string, indicator.First)) error {
		return c.in.SiteMonthRows(func(month int64, f indicator.First) error {
			met(key(month, f), f)
			return nil
		})
	})
}

func (c *checker) inspectionRows() error {
	want := map[int64]bool{}
	for _, seq := range c.checks {
		want[seq] = true
	}
	return differ(c, AreaPosting, "inspection", want, func(met func(int64, bool)) error {
		return c.in.InspectionRows(func(seq int64) error {
			met(seq, true)
			return nil
		})
	})
}

// rollUpRows holds the roll-ups against the fold of the log, block by block.
func (c *checker) rollUpRows() error {
	mark, err := c.in.RollMark()
	if err != nil {
		return err
	}
	if mark < 0 || mark != c.s.Block.Floor(mark) || mark > c.r.Head.Size {
		c.r.say(AreaPosting, "roll_up", "汇总进度有误", "the roll-ups are said to go to %d, which no block ends with", mark)
		return nil
	}
	tallies, seen := c.rolledUp(mark)
	err = differ(c, AreaPosting, "roll-up", tallies, func(met func(string, int64)) error {
		return c.in.RollUpRows(func(level, block int64, k indicator.Key, grams int64) error {
			if grams != 0 || tallies[tallyKey(level, block, k)] != 0 { // what came to nothing may stand
				met(tallyKey(level, block, k), grams)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return differ(c, AreaPosting, "sighting", seen, func(met func(string, int64)) error {
		return c.in.SightingRows(func(s indicator.Seen, seq int64) error {
			met(seenKey(s), seq)
			return nil
		})
	})
}

// tallyKey and seenKey name a row by the columns of its key.
func tallyKey(level, block int64, k indicator.Key) string {
	return fmt.Sprintf("%d/%d/%s/%d/%t/%s/%s/%t/%s/%s/%s", level, block, k.Division, k.Day, k.BuiltUp, k.Sector, k.PlantAt, k.Licensed, k.Kind, k.Code, k.Method)
}

func seenKey(s indicator.Seen) string {
	return fmt.Sprintf("%s/%s/%d/%d/%s/%s/%s", s.Site, s.What, s.Day, s.CollectedAt, s.Plant, s.Code, s.Method)
}

// rolledUp is what the roll-ups up to a size must say.
func (c *checker) rolledUp(mark int64) (tallies, seen map[string]int64) {
	tallies, seen = map[string]int64{}, map[string]int64{}
	bySite := map[id.Site][]indicator.Move{}
	sightings := indicator.Sightings{}
	taken := map[id.Batch][]indicator.Move{}
	next := 0
	for from := int64(0); from < mark; from += int64(c.s.Block) {
		to, first := from+int64(c.s.Block), next
		for ; next < len(c.moves) && c.moves[next].Seq < to; next++ {
			if m := c.moves[next]; m.Kind == indicator.Collected {
				taken[m.Batch] = append(taken[m.Batch], m)
			}
		}
		moved := c.moves[first:next]
		for _, m := range moved {
			if !m.Mixed {
				continue // found by its movements
			}
			sightings.Note(m, c.parentage, func(b id.Batch, before int64) (int64, bool) {
				i := slices.IndexFunc(taken[b], func(t indicator.Move) bool { return t.Seq < before })
				if i < 0 {
					return 0, false
				}
				return taken[b][i].At, true
			})
		}
		for _, t := range c.s.Block.Tallies(from, c.facts.Delta(from, to, moved, earlier(bySite, c.facts.Changed(from, to)))) {
			for k, g := range t.Sums {
				key := tallyKey(t.Level, t.Block, k)
				if tallies[key] += g; tallies[key] == 0 {
					delete(tallies, key)
				}
			}
		}
		for _, m := range moved {
			for _, s := range slices.Compact([]id.Site{m.Origin, m.Site}) {
				bySite[s] = append(bySite[s], m)
			}
		}
	}
	for k, seq := range sightings {
		seen[seenKey(k)] = seq
	}
	return tallies, seen
}

// earlier are the movements that facts may have placed elsewhere, each once.
func earlier(bySite map[id.Site][]indicator.Move, changed []indicator.Touched) (out []indicator.Move) {
	type place struct {
		seq  int64
		line int
	}
	met := map[place]bool{}
	for _, t := range changed {
		for _, m := range bySite[t.Site] {
			if p := (place{m.Seq, m.Line}); m.At >= t.Since && !met[p] && (m.Origin == t.Site || m.Kind == indicator.Treated || m.Kind == indicator.Residue) {
				met[p] = true
				out = append(out, m)
			}
		}
	}
	return out
}

func (c *checker) parentage(b id.Batch) ([]id.Batch, id.Site, bool) {
	s, ok := c.world.Batches[b]
	return s.Parents, s.Origin, ok
}
