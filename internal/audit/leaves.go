package audit

import (
	"context"
	"time"

	"liandan/internal/id"
	"liandan/internal/source"
)

// Bounds of one answer about what a collector may sign in its sources' place.
const (
	mostLeaves  = 2_000 // authorisations looked at, the newest; a renewed one is another
	LeavesShown = 1_000 // and told
)

// Leaves is what sources let a collector sign.
type Leaves struct {
	List    []source.Authorisation // that are not over at that time, those to come included, in the log's order
	At      time.Time
	Partial bool // there are more than was read
}

// LeavesTo folds the authorisations that were given to a collector and are not over: neither
// run out nor withdrawn.
func (s *Service) LeavesTo(ctx context.Context, collector id.Party) (out Leaves, err error) {
	out.At = s.Now().UTC().Truncate(time.Millisecond)
	err = s.Store.Read(ctx, func(r Reader) error {
		kept, err := r.TopicLast(source.Authorised, collector.String(), mostLeaves+1)
		if err != nil {
			return err
		}
		if out.Partial = len(kept) > mostLeaves; out.Partial {
			kept = kept[len(kept)-mostLeaves:]
		}
		given, err := eventsIn(kept)
		if err != nil {
			return err
		}
		for _, e := range given {
			list, err := topicEvents(r, source.OfAuthorisation, e.ID.String())
			if err != nil {
				return err
			}
			a, ok := source.Standing(list)
			if !ok || a.To != collector || !a.Until.After(out.At) || !a.WithdrawnAt.IsZero() && !a.WithdrawnAt.After(out.At) {
				continue
			}
			if len(out.List) == LeavesShown {
				out.Partial = true
				return nil
			}
			out.List = append(out.List, a)
		}
		return nil
	})
	return out, err
}
