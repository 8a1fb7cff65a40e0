package collection

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/permit"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// Log is what the service needs of the log; audit.Service is one.
type Log interface {
	// WorkedOn gives, for each trip, what its collector signed, at most so many events.
	WorkedOn(ctx context.Context, trips []source.Run, most int) ([]source.Work, error)
	// Pickups gives, for each wish, the first pick-up; the zero one where there is none.
	Pickups(ctx context.Context, wanted []source.Wanted) ([]source.Pickup, error)
}

// BookingFilter chooses bookings; members that are zero choose nothing.
type BookingFilter struct {
	Party     id.Party // the source
	Site      id.Site
	Collector id.Party
	Division  string    // of the site
	Open      bool      // not withdrawn, and nothing was collected since
	Until     time.Time // the window ended before
	After     id.Booking
}

// PlanFilter chooses plans.
type PlanFilter struct {
	Collector id.Party
	Driver    id.Person
	From, To  string // local days, both included; "": open
	AfterDay  string
	After     id.Trip
}

// TripView is a trip: the plan, and what the signed events make of it.
type TripView struct {
	Plan
	Trip     source.Trip
	Vehicle  permit.Vehicle // as registered for the day; zero: it is not
	Expected waste.Grams
	Stops    []StopView // in the order of Trip.Stops
	Sheets   []Sheet    // that its signed events name, in the order in which they first do
	More     bool       // the trip has more events than were read
}

// Sheet is a manifest that came of a trip.
type Sheet struct {
	Manifest id.Manifest
	From     id.Site // where its waste came from; zero: not known
}

// StopView is a stop with the booking that it is for.
type StopView struct {
	source.Stop
	Booking Booking // zero: nobody asked
}

func (s *Service) bookingView(ctx context.Context, b Booking) (BookingView, error) {
	list, err := s.bookingViews(ctx, []Booking{b})
	if err != nil {
		return BookingView{}, err
	}
	return list[0], nil
}

// bookingViews adds to bookings what signed events say of them.
func (s *Service) bookingViews(ctx context.Context, list []Booking) ([]BookingView, error) {
	out, wanted := make([]BookingView, len(list)), make([]source.Wanted, len(list))
	var trips []id.Trip
	for i, b := range list {
		wanted[i] = source.Wanted{Site: b.Site, By: b.Collector, Since: b.Made}
		if !b.Trip.IsZero() && !slices.Contains(trips, b.Trip) {
			trips = append(trips, b.Trip)
		}
	}
	picked, err := s.Log.Pickups(ctx, wanted)
	if err != nil {
		return nil, unavailable(err)
	}
	plans, err := s.followed(ctx, trips)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	for i, b := range list {
		v := BookingView{Booking: b, Pickup: picked[i]}
		w := source.Wish{Withdrawn: b.Withdrawn, Pickup: picked[i]}
		if t, ok := plans[b.Trip]; ok && t.Cancelled.IsZero() {
			v.Plan, w.Planned = t.Plan, true
			for _, stop := range t.Trip.Stops {
				if stop.Site == b.Site && stop.Status == source.Passed {
					w.Skipped, v.Skipped = true, stop
				}
			}
		}
		v.State = w.State()
		v.Overdue = (v.State == source.Asked || v.State == source.Booked) && !b.Until.After(now)
		if v.State == source.Done {
			v.Left = picked[i].Left(b.codes())
		} else {
			v.Pickup = source.Pickup{}
		}
		out[i] = v
	}
	return out, nil
}

// followed reads trips by their ids.
func (s *Service) followed(ctx context.Context, ids []id.Trip) (map[id.Trip]TripView, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var plans []Plan
	err := s.Store.ReadCollection(ctx, func(r Reader) (err error) {
		plans, err = r.PlansOf(ids)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := s.tripViews(ctx, plans)
	out := map[id.Trip]TripView{}
	for _, t := range list {
		out[t.ID] = t
	}
	return out, err
}

func (s *Service) tripView(ctx context.Context, p Plan) (TripView, error) {
	list, err := s.tripViews(ctx, []Plan{p})
	if err != nil {
		return TripView{}, err
	}
	return list[0], nil
}

func (s *Service) tripViews(ctx context.Context, plans []Plan) ([]TripView, error) {
	trips := make([]source.Run, len(plans))
	var ids []id.Booking
	for i, p := range plans {
		trips[i] = source.Run{Trip: p.ID, By: p.Collector}
		ids = append(ids, p.bookings()...)
	}
	work, err := s.Log.WorkedOn(ctx, trips, MaxEvents)
	if err != nil {
		return nil, unavailable(err)
	}
	var asked []Booking
	err = s.Store.ReadCollection(ctx, func(r Reader) (err error) {
		asked, err = r.BookingsOf(ids)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	of := map[id.Booking]Booking{}
	for _, b := range asked {
		of[b.ID] = b
	}
	out := make([]TripView, len(plans))
	for i, p := range plans {
		h, err := s.Registry.Holding(ctx, p.Collector)
		if err != nil {
			return nil, unavailable(err)
		}
		out[i] = follow(p, work[i], of, registered(h, p))
	}
	return out, nil
}

// registered finds the vehicle of a plan among those of its collector, for the plan's day.
func registered(h permit.Holding, p Plan) permit.Vehicle {
	for _, v := range h.Vehicles {
		if permit.PlateKey(v.Plate) == permit.PlateKey(p.Vehicle) && v.Valid.Holds(p.begins()) {
			return v
		}
	}
	return permit.Vehicle{}
}

func follow(p Plan, w source.Work, of map[id.Booking]Booking, vehicle permit.Vehicle) TripView {
	v := TripView{Plan: p, Vehicle: vehicle, More: w.More}
	plan := source.Plan{Vehicle: p.Vehicle, Driver: p.Driver, Capacity: vehicle.Capacity, Unpermitted: vehicle.Plate == ""}
	at := map[id.Site]Booking{}
	for _, stop := range p.Stops {
		plan.Stops = append(plan.Stops, stop.Site)
		b, ok := of[stop.Booking]
		if !ok {
			continue
		}
		at[stop.Site] = b
		if b.Withdrawn.IsZero() {
			plan.Expected += b.grams()
		} else {
			plan.Withdrawn = append(plan.Withdrawn, stop.Site)
		}
	}
	for _, e := range w.Events {
		if !e.Manifest.IsZero() && !slices.ContainsFunc(v.Sheets, func(s Sheet) bool { return s.Manifest == e.Manifest }) {
			v.Sheets = append(v.Sheets, Sheet{e.Manifest, w.From[e.Manifest]})
		}
	}
	v.Expected = plan.Expected
	v.Trip = source.Follow(plan, w.Events, func(m id.Manifest) id.Site { return w.From[m] })
	for _, stop := range v.Trip.Stops {
		v.Stops = append(v.Stops, StopView{stop, at[stop.Site]})
	}
	return v
}

// looked bounds how many kept bookings are looked through for one page: a page may be short
// and have a cursor.
const looked = 500

// Bookings pages through bookings, oldest first. state "" is every one; overdue asks for
// those alone whose window has passed. Faults: invalid-request for a cursor that this list
// did not give, unavailable.
func (s *Service) Bookings(ctx context.Context, f BookingFilter, state source.BookingState, overdue bool, cursor string, limit int) (out []BookingView, next string, err error) {
	if cursor != "" {
		if f.After, err = id.ParseBooking(cursor); err != nil {
			return nil, "", notOurs()
		}
	}
	f.Open = state == source.Asked || state == source.Booked || overdue
	if overdue {
		f.Until = s.clock()
	}
	var kept []Booking
	err = s.Store.ReadCollection(ctx, func(r Reader) (err error) {
		kept, err = r.Bookings(f, min(looked, 4*limit)+1)
		return err
	})
	if err != nil {
		return nil, "", unavailable(err)
	}
	full := len(kept) > min(looked, 4*limit)
	if full {
		kept = kept[:len(kept)-1]
	}
	views, err := s.bookingViews(ctx, kept)
	if err != nil {
		return nil, "", err
	}
	for i, v := range views {
		if (state == "" || v.State == state) && (!overdue || v.Overdue) {
			out = append(out, v)
		}
		if len(out) == limit && (full || i < len(views)-1) {
			return out, v.ID.String(), nil
		}
	}
	if full {
		next = kept[len(kept)-1].ID.String()
	}
	return out, next, nil
}

// Trips pages through plans by day. Faults as Bookings.
func (s *Service) Trips(ctx context.Context, f PlanFilter, cursor string, limit int) (out []TripView, next string, err error) {
	if cursor != "" {
		day, last, _ := strings.Cut(cursor, ".")
		f.AfterDay = day
		if f.After, err = id.ParseTrip(last); err != nil || (Plan{Day: day}).begins().IsZero() {
			return nil, "", notOurs()
		}
	}
	var plans []Plan
	err = s.Store.ReadCollection(ctx, func(r Reader) (err error) {
		plans, err = r.Plans(f, limit+1)
		return err
	})
	if err != nil {
		return nil, "", unavailable(err)
	}
	if len(plans) > limit {
		plans = plans[:limit]
		next = plans[limit-1].Day + "." + plans[limit-1].ID.String()
	}
	out, err = s.tripViews(ctx, plans)
	slices.SortStableFunc(out, func(a, b TripView) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return out, next, err
}

func notOurs() error {
	return fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
}
