package source

import (
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// Confirms says whether a confirmation by one-time code covers an event that rests on it; codes
// are those of its batches, in order. The fault is not-found: the source confirmed no such thing.
func Confirms(c statement.Confirmation, e event.Event, codes []waste.Code) error {
	no := func(sentence string) error {
		return fault.New(fault.NotFound, "%s", sentence).At("/data/behalf/confirmation", "not_covered", "does not cover this event")
	}
	if c.Collector != e.Party || c.Person != e.Person || c.Party != e.Behalf().Party || c.Site != e.Site {
		return no("The log has no such confirmation by code for this party; ask the source for a code.")
	}
	for i, x := range e.Batches {
		ok := false
		for _, l := range c.Lines {
			ok = ok || l.Batch == x.ID && i < len(codes) && l.Code == codes[i] && (!x.Weighed || l.Grams == x.Grams)
		}
		if !ok {
			return no("The source confirmed other batches, codes or weights; weigh again and ask for a new code.")
		}
	}
	return nil
}
