package source

import (
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// BookingState is how far a wish for a pick-up is.
type BookingState string

// The states of a booking. Done is never typed in: it follows from the signed pick-up.
const (
	Asked     BookingState = "asked" // nobody has planned it, or its stop was skipped
	Booked    BookingState = "planned"
	Withdrawn BookingState = "withdrawn"
	Done      BookingState = "done"
)

// Wanted asks for the first pick-up of a collector at a site after a time.
type Wanted struct {
	Site  id.Site
	By    id.Party
	Since time.Time
}

// Pickup is a signed pick-up at a site.
type Pickup struct {
	Event id.Event // zero: there was none
	At    time.Time
	Grams waste.Grams
	Codes []waste.Code // of what was collected, each once
}

// Left gives the codes that were booked and are not among those collected.
func (p Pickup) Left(booked []waste.Code) (out []waste.Code) {
	for _, c := range booked {
		if !slices.Contains(p.Codes, c) {
			out = append(out, c)
		}
	}
	return out
}

// Run names a trip and whose signed events count for it: anybody may write any trip's name
// into their own.
type Run struct {
	Trip id.Trip
	By   id.Party
}

// Work is what one party signed for one trip.
type Work struct {
	Events []event.Event
	From   map[id.Manifest]id.Site // where a manifest's waste came from
	More   bool                    // there are more events than were read
}

// Wish is what a booking's state follows from.
type Wish struct {
	Withdrawn time.Time // zero: it was not
	Pickup    Pickup
	Planned   bool // a stop of a trip that was not cancelled
	Skipped   bool // that stop was passed by
}

// State gives how far a booking is. What was collected before it was withdrawn is done: a
// pick-up may reach the log late.
func (w Wish) State() BookingState {
	picked := !w.Pickup.Event.IsZero()
	switch {
	case picked && (w.Withdrawn.IsZero() || w.Pickup.At.Before(w.Withdrawn)):
		return Done
	case !w.Withdrawn.IsZero():
		return Withdrawn
	case w.Planned && !w.Skipped:
		return Booked
	}
	return Asked
}
