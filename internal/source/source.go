// Package source knows what small sources of waste need beyond the chain of one batch: a
// standing authorisation and what it covers, a trip with many stops, what one source gives
// in a year, and batteries sold and taken back. All of it is folded from signed events.
//
// It must not store anything, refuse an event, or read a clock: the intake asks Covers, and
// everything else is an answer to a reader.
package source

import (
	"cmp"
	"fmt"
	"slices"

	"liandan/internal/batch"
	"liandan/internal/event"
)

// Kind is what a topic gathers.
type Kind string

// The kinds, with their subjects.
const (
	OfTrip          Kind = "trip"          // a trip: every event that names it
	OfAuthorisation Kind = "authorisation" // an authorisation.given: it and its withdrawal
	Authorised      Kind = "authorised"    // a site, and a collector: authorisations given
	OfBatteries     Kind = "batteries"     // a shop's site: sold and taken back
	OfSource        Kind = "source"        // the site that waste was collected from
	OfConfirmation  Kind = "confirmation"  // the hash of a confirmation by code, which is a statement
)

// Topic says that an entry of the log has to do with a subject. Topics are a projection:
// they follow from the log alone.
type Topic struct {
	Kind    Kind
	Subject string // an id or a hash in its one spelling
	Seq     int64
}

// String is kind/subject/seq.
func (t Topic) String() string { return fmt.Sprintf("%s/%s/%d", t.Kind, t.Subject, t.Seq) }

// Topics lists what an event has to do with, each once; after are the states that it left.
func Topics(e event.Event, after []batch.State, seq int64) []Topic {
	var out []Topic
	add := func(k Kind, subject string) {
		t := Topic{k, subject, seq}
		if subject != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	add(OfTrip, e.Trip.String())
	switch d := e.Data.(type) {
	case event.Authorisation:
		add(OfAuthorisation, e.ID.String())
		add(Authorised, e.Site.String())
		add(Authorised, d.To.String())
	case event.Withdrawal:
		add(OfAuthorisation, d.Authorisation.String())
	case event.Sold, event.TakenBack:
		add(OfBatteries, e.Site.String())
	case event.Collected:
		for _, b := range after {
			add(OfSource, b.ConsignorSite.String())
		}
	}
	return out
}

// inTime puts events in the order of their signers' clocks, so that no fold depends on the
// order of arrival.
func inTime(list []event.Event) []event.Event {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b event.Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out
}
