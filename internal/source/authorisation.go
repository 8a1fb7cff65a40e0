package source

import (
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Authorisation is a source's standing leave for one collector, as its events leave it.
type Authorisation struct {
	ID          id.Event
	Party       id.Party // the source
	Site        id.Site
	To          id.Party
	From, Until time.Time
	Codes       []waste.Code
	WithdrawnAt time.Time // by the source's clock, the earliest; zero: it was not
}

// Standing folds the events of one authorisation; ok is false while authorisation.given is
// not among them. A withdrawal by anybody but the source counts for nothing.
func Standing(list []event.Event) (a Authorisation, ok bool) {
	for _, e := range list {
		if d, is := e.Data.(event.Authorisation); is {
			a = Authorisation{ID: e.ID, Party: e.Party, Site: e.Site, To: d.To, From: d.From, Until: d.Until, Codes: d.Codes}
			ok = true
		}
	}
	for _, e := range list {
		if d, is := e.Data.(event.Withdrawal); is && ok && d.Authorisation == a.ID && e.Party == a.Party {
			if a.WithdrawnAt.IsZero() || e.At.Before(a.WithdrawnAt) {
				a.WithdrawnAt = e.At.UTC()
			}
		}
	}
	return a, ok
}

// Holds says whether the authorisation is in force at a time.
func (a Authorisation) Holds(at time.Time) bool {
	return !at.Before(a.From) && at.Before(a.Until) && (a.WithdrawnAt.IsZero() || at.Before(a.WithdrawnAt))
}

// Covers says whether an event that names the authorisation may be signed under it; codes
// are those of its batches. The fault is not-custodian: without leave the source itself
// must sign.
func (a Authorisation) Covers(e event.Event, codes []waste.Code) error {
	no := func(format string, args ...any) error {
		return fault.New(fault.NotCustodian, format, args...).At("/data/behalf/authorisation", "not_covered", "does not cover this event")
	}
	switch {
	case a.Party != e.Behalf().Party || a.Site != e.Site:
		return no("The authorisation is of another party or site; the source itself must sign %s.", e.Type)
	case a.To != e.Party:
		return no("The authorisation is for another collector; the source itself must sign %s.", e.Type)
	case !a.Holds(e.At):
		return no("The authorisation is not in force at that time; the source itself must sign %s, or confirm by a one-time code.", e.Type)
	}
	for _, c := range codes {
		if !slices.Contains(a.Codes, c) {
			return no("The authorisation does not cover the waste code %s; the source itself must sign %s.", c, e.Type)
		}
	}
	return nil
}
