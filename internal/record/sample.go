package record

import (
	"liandan/internal/event"
	"liandan/internal/fault"
)

// orderly checks what an announced draw says against itself. The fault is invalid-event.
func orderly(d event.Sample) error {
	bad := fault.New(fault.InvalidEvent, "The announced draw contradicts itself; what is wrong is listed.")
	if d.DrawSites > d.Sites {
		bad.At("/data/draw_sites", "more_than_listed", "must not be more than the %d sites on the list", d.Sites)
	}
	if d.DrawPeople > d.People {
		bad.At("/data/draw_people", "more_than_listed", "must not be more than the %d people on the list", d.People)
	}
	if d.Round > 1 && d.Reason == "" {
		bad.At("/data/reason", "required", "is required from the second round on: nobody draws again without saying why")
	}
	if d.Round == 1 && d.Reason != "" {
		bad.At("/data/reason", "not_allowed", "belongs to a round after the first")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// unforeseen refuses a draw whose seed could be known when it is announced: the log must
// take at least one more entry after the announcement before it has that size. The fault
// is invalid-event.
func unforeseen(e event.Event, seq int64) error {
	d, ok := e.Data.(event.Sample)
	if !ok || d.Size >= seq+2 {
		return nil
	}
	return fault.New(fault.InvalidEvent, "The seed of the draw is not in the future: the log has %d entries. Announce a size that it has yet to reach, %d at least, and better some hours of entries ahead.", seq, seq+2).
		At("/data/size", "past", "must be %d at least", seq+2)
}
