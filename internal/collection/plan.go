package collection

import (
	"context"
	"fmt"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/source"
)

// Limits of trips.
const (
	MaxStops  = 100
	MaxPlate  = 16
	MaxDays   = 92   // how far ahead a trip may lie
	MaxEvents = 2000 // events of one trip that are followed
)

// Plan is a trip as it is meant: an operational record, unsigned and no evidence. It may be
// changed until the first signed event of its collector names the trip.
type Plan struct {
	ID          id.Trip
	Collector   id.Party
	Vehicle     string
	Driver      id.Person
	Day         string // local day, 2006-01-02
	Stops       []Stop
	Note        string
	Made        time.Time
	Changed     time.Time
	Cancelled   time.Time // zero: it stands
	CancelledAs string    // the reason
	Version     int64     // from 1, by one with each change
}

// Stop is one place of a plan.
type Stop struct {
	Site    id.Site
	Booking id.Booking // zero: nobody asked
}

// begins is the first moment of the day.
func (p Plan) begins() time.Time {
	t, err := time.ParseInLocation(time.DateOnly, p.Day, calendar.Zone())
	if err != nil {
		return time.Time{}
	}
	return t
}

func (p Plan) bookings() (out []id.Booking) {
	for _, s := range p.Stops {
		if !s.Booking.IsZero() {
			out = append(out, s.Booking)
		}
	}
	return out
}

// PlanTrip takes a new plan. Whose it is is the edge's to check against who asks. Faults:
// invalid-request, conflict for a booking that is on another trip, done or withdrawn,
// unavailable.
func (s *Service) PlanTrip(ctx context.Context, p Plan) (TripView, error) {
	now := s.clock()
	p.Made, p.Changed, p.Version = now, now, 1
	if err := s.checkPlan(ctx, p); err != nil {
		return TripView{}, err
	}
	var err error
	if p.ID, err = newID(s, now, id.TripOf); err != nil {
		return TripView{}, err
	}
	free, err := s.free(ctx, p)
	if err != nil {
		return TripView{}, err
	}
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		if err := take(tx, p, free); err != nil {
			return err
		}
		return tx.AddPlan(p)
	})
	if err != nil {
		return TripView{}, unavailable(err)
	}
	return s.tripView(ctx, p)
}

// ChangeTrip replaces a plan's vehicle, driver, day, stops and note. Faults as PlanTrip,
// not-found, and conflict for a trip that has begun, was cancelled or was changed meanwhile.
func (s *Service) ChangeTrip(ctx context.Context, v id.Trip, version int64, to Plan) (TripView, error) {
	return s.amend(ctx, v, version, func(p *Plan) error {
		if !p.Cancelled.IsZero() {
			return fault.New(fault.Conflict, "The trip is cancelled; restore it first.").At("", "cancelled", "is cancelled")
		}
		p.Vehicle, p.Driver, p.Day, p.Stops, p.Note = to.Vehicle, to.Driver, to.Day, to.Stops, to.Note
		return s.checkPlan(ctx, *p)
	})
}

// SetTrip cancels a trip, for a reason, or restores it; its bookings wait again, or are taken
// up again. What is so already stays as it is. Faults as ChangeTrip.
func (s *Service) SetTrip(ctx context.Context, v id.Trip, version int64, cancel bool, reason string) (TripView, error) {
	bad := invalid()
	if checkText(bad, "/reason", reason, MaxNote, cancel); len(bad.Fields) > 0 {
		return TripView{}, bad
	}
	p, err := s.FindTrip(ctx, v)
	if err != nil {
		return TripView{}, err
	}
	if cancel == !p.Cancelled.IsZero() {
		return s.tripView(ctx, p)
	}
	return s.amend(ctx, v, version, func(p *Plan) error {
		p.Cancelled, p.CancelledAs = time.Time{}, ""
		if cancel {
			p.Cancelled, p.CancelledAs = s.clock(), reason
		} else if p.begins().Before(calendar.StartOfDay(s.clock())) {
			return fault.New(fault.Conflict, "The trip's day has passed; plan a new one.").At("/state", "past", "can no longer be restored")
		}
		return nil
	})
}

// amend changes a plan that has not begun. Whether it has begun and which bookings are free
// is read before the transaction: a signed event that comes in between is a fact, and the
// plan beside it only a plan.
func (s *Service) amend(ctx context.Context, v id.Trip, version int64, change func(*Plan) error) (TripView, error) {
	p, err := s.FindTrip(ctx, v)
	if err != nil {
		return TripView{}, err
	}
	if p.Version != version {
		return TripView{}, changed(p.Version)
	}
	work, err := s.Log.WorkedOn(ctx, []source.Run{{Trip: p.ID, By: p.Collector}}, 1)
	if err != nil {
		return TripView{}, unavailable(err)
	}
	if len(work[0].Events) > 0 {
		return TripView{}, fault.New(fault.Conflict, "The trip has begun: what happened is signed. A stop that is not made is skipped with a signed stop.skipped.").
			At("", "begun", "has begun")
	}
	before := p.bookings()
	if err := change(&p); err != nil {
		return TripView{}, err
	}
	p.Changed = s.clock()
	free, err := s.free(ctx, p)
	if err != nil {
		return TripView{}, err
	}
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		now, err := found("trip", tx.Plan, v)
		if err != nil {
			return err
		}
		if now.Version != version {
			return changed(now.Version)
		}
		if err := letGo(tx, p, before); err != nil {
			return err
		}
		if err := take(tx, p, free); err != nil {
			return err
		}
		p.Version = version + 1
		return tx.PutPlan(p)
	})
	if err != nil {
		return TripView{}, unavailable(err)
	}
	return s.tripView(ctx, p)
}

// free gives the bookings of a plan as they may be taken: waiting, or on this very trip.
func (s *Service) free(ctx context.Context, p Plan) (map[id.Booking]Booking, error) {
	out := map[id.Booking]Booking{}
	if !p.Cancelled.IsZero() {
		return out, nil
	}
	var kept []Booking
	err := s.Store.ReadCollection(ctx, func(r Reader) (err error) {
		kept, err = r.BookingsOf(p.bookings())
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	views, err := s.bookingViews(ctx, kept)
	if err != nil {
		return nil, err
	}
	bad, taken := invalid(), fault.New(fault.Conflict, "Some of the bookings cannot be planned; they are listed.")
	for i, stop := range p.Stops {
		if stop.Booking.IsZero() {
			continue
		}
		at := fmt.Sprintf("/stops/%d/booking", i)
		k := slices.IndexFunc(views, func(v BookingView) bool { return v.ID == stop.Booking })
		// What another collector was asked is answered like what is not there.
		if k < 0 || views[k].Collector != p.Collector || views[k].Site != stop.Site {
			bad.At(at, "unknown", "is no booking of this site with this collector")
			continue
		}
		switch v := views[k]; {
		case v.State == source.Booked && v.Trip != p.ID:
			taken.At(at, "taken", "is on another trip (%s)", v.Trip)
		case v.State == source.Done, v.State == source.Withdrawn:
			taken.At(at, string(v.State), "is %s", v.State)
		default:
			out[v.ID] = v.Booking
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	if len(taken.Fields) > 0 {
		return nil, taken
	}
	return out, nil
}

// take puts bookings on a plan, unless somebody was faster.
func take(tx Tx, p Plan, free map[id.Booking]Booking) error {
	for _, v := range p.bookings() {
		seen, ok := free[v]
		if !ok { // of a cancelled trip
			continue
		}
		b, err := found("booking", tx.Booking, v)
		if err != nil {
			return err
		}
		if b.Trip == p.ID {
			continue
		}
		if b.Version != seen.Version {
			return fault.New(fault.Conflict, "The booking %s was changed meanwhile; read it again.", v).At("/stops", "stale", "has a booking that was changed")
		}
		b.Trip = p.ID
		b.Version++
		if err := tx.PutBooking(b); err != nil {
			return err
		}
	}
	return nil
}

// letGo takes the bookings off a plan that it no longer has.
func letGo(tx Tx, p Plan, before []id.Booking) error {
	for _, v := range before {
		if p.Cancelled.IsZero() && slices.Contains(p.bookings(), v) {
			continue
		}
		b, err := found("booking", tx.Booking, v)
		if err != nil {
			return err
		}
		if b.Trip != p.ID { // another trip has it by now
			continue
		}
		b.Trip = id.Trip{}
		b.Version++
		if err := tx.PutBooking(b); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkPlan(ctx context.Context, p Plan) error {
	bad := invalid()
	if err := s.checkCollector(ctx, bad, p.Collector, id.Party{}); err != nil {
		return err
	}
	checkText(bad, "/vehicle", p.Vehicle, MaxPlate, true)
	checkText(bad, "/note", p.Note, MaxNote, false)
	of, ok, err := s.Registry.Person(ctx, p.Driver)
	if err != nil {
		return unavailable(err)
	}
	if !ok || of != p.Collector {
		bad.At("/driver", "unknown", "is no person of the collector")
	}
	today := calendar.StartOfDay(s.clock())
	switch day := p.begins(); {
	case day.IsZero():
		bad.At("/day", "format", "must be a day such as 2026-03-02")
	case day.Before(today):
		bad.At("/day", "past", "must not lie before today")
	case day.After(today.AddDate(0, 0, MaxDays)):
		bad.At("/day", "out_of_range", "must lie within %d days", MaxDays)
	}
	if err := s.checkStops(ctx, bad, p); err != nil {
		return err
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (s *Service) checkStops(ctx context.Context, bad *fault.Error, p Plan) error {
	if len(p.Stops) == 0 || len(p.Stops) > MaxStops {
		bad.At("/stops", "length", "must have 1 to %d stops", MaxStops)
		return nil
	}
	sites := map[id.Site]bool{}
	for i, stop := range p.Stops {
		at := fmt.Sprintf("/stops/%d/site", i)
		if sites[stop.Site] {
			bad.At(at, "repeated", "the site is named twice")
			continue
		}
		sites[stop.Site] = true
		site, ok, err := s.Registry.Site(ctx, stop.Site)
		switch {
		case err != nil:
			return unavailable(err)
		case !ok || !site.Valid.Holds(s.clock()):
			bad.At(at, "unknown", "is no site of the register")
		case site.Party == p.Collector:
			bad.At(at, "own", "is the collector's own site")
		}
	}
	return nil
}

// FindTrip reads a plan as it is kept. The fault is not-found.
func (s *Service) FindTrip(ctx context.Context, v id.Trip) (p Plan, err error) {
	err = s.Store.ReadCollection(ctx, func(r Reader) error {
		p, err = found("trip", r.Plan, v)
		return err
	})
	return p, unavailable(err)
}

// Trip reads a trip: the plan with what its signed events say. The fault is not-found.
func (s *Service) Trip(ctx context.Context, v id.Trip) (TripView, error) {
	p, err := s.FindTrip(ctx, v)
	if err != nil {
		return TripView{}, err
	}
	return s.tripView(ctx, p)
}
