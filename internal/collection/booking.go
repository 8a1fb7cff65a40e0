package collection

import (
	"context"
	"fmt"
	"io"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// Limits of bookings.
const (
	MaxLines    = 20  // waste codes of one booking
	MaxNote     = 200 // characters
	MaxOpen     = 20  // bookings of one site with one collector that wait at one time
	MaxAhead    = 92 * 24 * time.Hour
	MaxEstimate = 100_000_000 // grams of one line: no vehicle carries more
)

// Side says who made a booking.
type Side string

// The sides.
const (
	BySource    Side = "source"    // the site asked
	ByCollector Side = "collector" // its collector noted it down: a call, a round
)

// Why says why something is to be fetched.
type Why string

// The reasons.
const (
	Regular  Why = "regular"
	DrumFull Why = "drum_full"
	Urgent   Why = "urgent"
)

// Line is what is to be fetched, as estimated.
type Line struct {
	Code  waste.Code  `json:"code"`
	Grams waste.Grams `json:"grams"`
}

// Booking is a wish for a pick-up: an operational record, unsigned and no evidence.
type Booking struct {
	ID          id.Booking
	Party       id.Party // the source
	Site        id.Site
	Collector   id.Party
	By          Side
	Why         Why
	From, Until time.Time // the window that is wished for; until is exclusive
	Lines       []Line
	Note        string
	Made        time.Time
	Withdrawn   time.Time // zero: it stands
	WithdrawnAs string    // the reason
	Trip        id.Trip   // on whose plan it is; zero: on none
	Version     int64     // from 1, by one with each change
}

// codes lists the booked waste codes.
func (b Booking) codes() (out []waste.Code) {
	for _, l := range b.Lines {
		out = append(out, l.Code)
	}
	return out
}

// grams is the estimate of all lines.
func (b Booking) grams() (sum waste.Grams) {
	for _, l := range b.Lines {
		sum += l.Grams
	}
	return sum
}

// BookingView is a booking with what signed events say of it.
type BookingView struct {
	Booking
	State   source.BookingState
	Overdue bool // its window has passed and nothing was fetched
	Pickup  source.Pickup
	Left    []waste.Code // booked and not collected by the pick-up
	Plan    Plan         // zero: on none
	Skipped source.Stop  // the stop that was passed by; zero: none was
}

// Ask makes a booking. The organisations are the edge's to check against who asks; the site
// must be one of the register. Faults: not-found for the site, invalid-request,
// conflict for one that was asked already, too-many-attempts, unavailable.
func (s *Service) Ask(ctx context.Context, b Booking) (BookingView, error) {
	now := s.clock()
	at, ok, err := s.Registry.Site(ctx, b.Site)
	if err != nil {
		return BookingView{}, unavailable(err)
	}
	if !ok || !at.Valid.Holds(now) {
		return BookingView{}, fault.Missing("site")
	}
	b.Party, b.Made, b.Version = at.Party, now, 1
	if err := s.checkBooking(ctx, b); err != nil {
		return BookingView{}, err
	}
	if b.ID, err = newID(s, now, id.BookingOf); err != nil {
		return BookingView{}, err
	}
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		if err := room(tx, b); err != nil {
			return err
		}
		return tx.AddBooking(b)
	})
	if err != nil {
		return BookingView{}, unavailable(err)
	}
	return s.bookingView(ctx, b)
}

// room says whether one more booking may wait: not the same twice, and not beyond the cap.
func room(tx Tx, b Booking) error {
	open, err := tx.Bookings(BookingFilter{Site: b.Site, Collector: b.Collector, Open: true}, MaxOpen+1)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.same(b) {
			return fault.New(fault.Conflict, "The same pick-up is booked already (%s) and waits.", o.ID).At("", "repeated", "is booked already")
		}
	}
	if len(open) >= MaxOpen {
		return fault.New(fault.TooManyAttempts, "%d bookings of this site wait for this collector; withdraw some first.", len(open)).With("retry_after_seconds", 3600)
	}
	return nil
}

// same says whether two bookings wish for the same.
func (b Booking) same(o Booking) bool {
	if len(b.Lines) != len(o.Lines) || !b.From.Equal(o.From) || !b.Until.Equal(o.Until) || b.Why != o.Why {
		return false
	}
	for i := range b.Lines {
		if b.Lines[i] != o.Lines[i] {
			return false
		}
	}
	return true
}

func (s *Service) checkBooking(ctx context.Context, b Booking) error {
	bad := invalid()
	if err := s.checkCollector(ctx, bad, b.Collector, b.Party); err != nil {
		return err
	}
	if b.Why != Regular && b.Why != DrumFull && b.Why != Urgent {
		bad.At("/reason", "value", "must be regular, drum_full or urgent")
	}
	if b.By != BySource && b.By != ByCollector {
		bad.At("/by", "value", "must be source or collector")
	}
	checkWindow(bad, b.From, b.Until, b.Made)
	checkText(bad, "/note", b.Note, MaxNote, false)
	if len(b.Lines) == 0 || len(b.Lines) > MaxLines {
		bad.At("/lines", "length", "must have 1 to %d waste codes", MaxLines)
	}
	met := map[waste.Code]bool{}
	for i, l := range b.Lines {
		if met[l.Code] {
			bad.At(fmt.Sprintf("/lines/%d/code", i), "repeated", "the waste code is named twice")
		}
		met[l.Code] = true
		if l.Grams < 1 || l.Grams > MaxEstimate {
			bad.At(fmt.Sprintf("/lines/%d/grams", i), "out_of_range", "must be from 1 to %d", MaxEstimate)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// checkCollector notes what keeps an organisation from collecting for another.
func (s *Service) checkCollector(ctx context.Context, bad *fault.Error, collector, from id.Party) error {
	o, ok, err := s.Registry.Organisation(ctx, collector)
	switch {
	case err != nil:
		return unavailable(err)
	case !ok || !o.Valid.Holds(s.clock()):
		bad.At("/collector", "unknown", "is no organisation of the register")
	case collector == from:
		bad.At("/collector", "own", "nobody books a pick-up with themselves")
	case !o.Has(party.Collector, party.Carrier, party.Operator):
		bad.At("/collector", "role", "is no collector, carrier or operator")
	}
	return nil
}

func checkWindow(bad *fault.Error, from, until, now time.Time) {
	switch {
	case from.Before(calendar.StartOfDay(now)):
		bad.At("/from", "past", "must not lie before today")
	case !from.Before(until):
		bad.At("/until", "out_of_range", "must be after from")
	case !until.After(now):
		bad.At("/until", "past", "must lie ahead")
	case until.Sub(now) > MaxAhead:
		bad.At("/until", "out_of_range", "must lie within 92 days")
	}
}

// FindBooking reads a booking as it is kept. The fault is not-found.
func (s *Service) FindBooking(ctx context.Context, v id.Booking) (b Booking, err error) {
	err = s.Store.ReadCollection(ctx, func(r Reader) error {
		b, err = found("booking", r.Booking, v)
		return err
	})
	return b, unavailable(err)
}

func found[K, V any](what string, read func(K) (V, bool, error), k K) (V, error) {
	v, ok, err := read(k)
	if err == nil && !ok {
		err = fault.Missing(what)
	}
	return v, err
}

// Booking reads a booking with what signed events say of it. The fault is not-found.
func (s *Service) Booking(ctx context.Context, v id.Booking) (BookingView, error) {
	b, err := s.FindBooking(ctx, v)
	if err != nil {
		return BookingView{}, err
	}
	return s.bookingView(ctx, b)
}

// SetBooking withdraws a booking, for a reason, or restores it. What is so already stays as
// it is. Faults: not-found, invalid-request, conflict for what was changed meanwhile or is
// done, unavailable.
func (s *Service) SetBooking(ctx context.Context, v id.Booking, version int64, withdraw bool, reason string) (BookingView, error) {
	bad := invalid()
	if checkText(bad, "/reason", reason, MaxNote, withdraw); len(bad.Fields) > 0 {
		return BookingView{}, bad
	}
	seen, err := s.Booking(ctx, v)
	if err != nil {
		return BookingView{}, err
	}
	if withdraw == !seen.Withdrawn.IsZero() {
		return seen, nil
	}
	now := s.clock()
	switch {
	case seen.State == source.Done:
		return seen, fault.New(fault.Conflict, "What was booked is collected already.").At("/state", "done", "is done")
	case !withdraw && !seen.Until.After(now):
		return seen, fault.New(fault.Conflict, "The time that was wished for has passed; make a new booking.").At("/state", "past", "can no longer be restored")
	}
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		b, err := found("booking", tx.Booking, v)
		if err != nil {
			return err
		}
		if b.Version != version {
			return changed(b.Version)
		}
		b.Withdrawn, b.WithdrawnAs = time.Time{}, ""
		if withdraw {
			b.Withdrawn, b.WithdrawnAs = now, reason
		} else if err := room(tx, b); err != nil { // it comes back as if it were asked anew
			return err
		}
		b.Version++
		return tx.PutBooking(b)
	})
	if err != nil {
		return BookingView{}, unavailable(err)
	}
	return s.Booking(ctx, v)
}

// changed tells who had an older version that somebody was faster.
func changed(version int64) error {
	return fault.New(fault.Conflict, "It was changed meanwhile and is at version %d; read it again.", version).At("/version", "stale", "must be the version that was read")
}

func invalid() *fault.Error {
	return fault.New(fault.InvalidRequest, "The request was not carried out; what is wrong is listed.")
}

// newID makes an id of version 7.
func newID[T any](s *Service, now time.Time, of func(id.UUID) T) (v T, err error) {
	var r [10]byte
	if _, err := io.ReadFull(s.Random, r[:]); err != nil {
		return v, fault.Wrap(err, fault.Internal, "The server has no randomness to make an id with.")
	}
	return of(id.V7(now.UnixMilli(), r)), nil
}
