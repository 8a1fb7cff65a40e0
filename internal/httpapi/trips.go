package httpapi

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// plannedBody is what a plan and its change have in common.
type plannedBody struct {
	Vehicle string `json:"vehicle"`
	Driver  string `json:"driver"`
	Day     string `json:"day"`
	Stops   []struct {
		Site    string `json:"site"`
		Booking string `json:"booking"`
	} `json:"stops"`
	Note string `json:"note"`
}

// plan reads the members and notes what is wrong with their form.
func (in plannedBody) plan(bad *fault.Error) collection.Plan {
	p := collection.Plan{Vehicle: in.Vehicle, Driver: member(bad, "/driver", in.Driver, id.ParsePerson), Day: in.Day, Note: in.Note}
	if n := len(in.Stops); n == 0 || n > collection.MaxStops {
		bad.At("/stops", "length", "must have 1 to %d stops", collection.MaxStops)
		return p
	}
	for i, s := range in.Stops {
		at := fmt.Sprintf("/stops/%d", i)
		stop := collection.Stop{Site: member(bad, at+"/site", s.Site, id.ParseSite)}
		if s.Booking != "" {
			stop.Booking = member(bad, at+"/booking", s.Booking, id.ParseBooking)
		}
		p.Stops = append(p.Stops, stop)
	}
	return p
}

// newTrip is POST /v1/trips.
func (f *face) newTrip(c echo.Context, v visit) error {
	in := struct {
		Collector string `json:"collector"`
		plannedBody
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad, ctx := invalid(), c.Request().Context()
	p := in.plan(bad)
	p.Collector = member(bad, "/collector", in.Collector, id.ParseParty)
	if len(bad.Fields) > 0 {
		return bad
	}
	subject, err := f.Collection.About(ctx, p.Collector, p.Driver)
	if err != nil {
		return err
	}
	if err := f.allow(c, v, subject, p.Collector.String(), noParty()); err != nil {
		return err
	}
	t, err := f.Collection.PlanTrip(ctx, p)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, tripView(t))
}

// trips is GET /v1/trips.
func (f *face) trips(c echo.Context, v visit) error {
	cursor, limit, err := page(c, planMost)
	if err != nil {
		return err
	}
	bad, ctx := invalid(), c.Request().Context()
	want := collection.PlanFilter{Collector: optional(bad, c, "collector", id.ParseParty), Driver: optional(bad, c, "person", id.ParsePerson),
		From: dayParam(bad, c, "from"), To: dayParam(bad, c, "to")}
	if c.QueryParam("collector") == "" {
		bad.At("/collector", "required", "is required: whose trips they are")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	subject, err := f.Collection.About(ctx, want.Collector, want.Driver)
	if err != nil {
		return err
	}
	if err := f.allow(c, v, subject, want.Collector.String(), noParty()); err != nil {
		return err
	}
	found, next, err := f.Collection.Trips(ctx, want, cursor, limit)
	if err != nil {
		return err
	}
	out := api.TripPage{Items: make([]api.Trip, len(found)), NextCursor: next}
	for i, t := range found {
		out.Items[i] = tripView(t)
	}
	return secret(c, http.StatusOK, out)
}

// admitTrip finds the trip that the path names and lets in who may see it.
func (f *face) admitTrip(c echo.Context, v visit) (id.Trip, error) {
	missing, ctx := fault.Missing("trip"), c.Request().Context()
	k, err := id.ParseTrip(c.Param("trip"))
	if err != nil {
		return k, missing
	}
	p, err := f.Collection.FindTrip(ctx, k)
	if err != nil {
		return k, err
	}
	s, err := f.Collection.AboutTrip(ctx, p)
	if err != nil {
		return k, err
	}
	return k, f.allow(c, v, s, k.String(), missing)
}

// trip is GET /v1/trips/{trip}.
func (f *face) trip(c echo.Context, v visit) error {
	k, err := f.admitTrip(c, v)
	if err != nil {
		return err
	}
	t, err := f.Collection.Trip(c.Request().Context(), k)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, tripView(t))
}

// changeTrip is PUT /v1/trips/{trip}.
func (f *face) changeTrip(c echo.Context, v visit) error {
	in := struct {
		Version int64 `json:"version"`
		plannedBody
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	p := in.plan(bad)
	if in.Version < 1 {
		bad.At("/version", "required", "must be the version that was read")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	k, err := f.admitTrip(c, v)
	if err != nil {
		return err
	}
	t, err := f.Collection.ChangeTrip(c.Request().Context(), k, in.Version, p)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, tripView(t))
}

// setTrip is PUT /v1/trips/{trip}/state.
func (f *face) setTrip(c echo.Context, v visit) error {
	in, err := readState(c, "planned", "cancelled")
	if err != nil {
		return err
	}
	k, err := f.admitTrip(c, v)
	if err != nil {
		return err
	}
	t, err := f.Collection.SetTrip(c.Request().Context(), k, in.Version, in.State == "cancelled", in.Reason)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, tripView(t))
}

func tripView(t collection.TripView) api.Trip {
	out := api.Trip{Trip: t.ID.String(), Collector: t.Collector.String(), Vehicle: t.Plan.Vehicle, VehiclePermit: t.Vehicle.Permit, Driver: t.Driver.String(), Day: t.Day,
		Note: t.Note, Status: api.TripStatus(t.Trip.Status), Stops: make([]api.TripStop, len(t.Stops)), ExpectedGrams: int64(t.Expected), CollectedGrams: int64(t.Trip.Collected),
		AboardGrams: int64(t.Trip.Aboard), PeakGrams: int64(t.Trip.Peak), Findings: []api.SourceFinding{}, Partial: t.More, MadeAt: at(t.Made), ChangedAt: at(t.Changed),
		CancelledAt: at(t.Cancelled), CancelledReason: t.CancelledAs, Version: t.Version}
	if t.Vehicle.Capacity > 0 {
		capacity, remaining := int64(t.Vehicle.Capacity), int64(t.Trip.Remaining)
		out.CapacityGrams, out.RemainingGrams = &capacity, &remaining
	}
	if !t.Cancelled.IsZero() {
		out.Status = "cancelled"
	} else if next, ok := t.Trip.Next(); ok {
		out.NextSite = next.Site.String()
	}
	for i, s := range t.Stops {
		out.Stops[i] = api.TripStop{Site: s.Site.String(), Planned: s.Planned, Status: api.TripStopStatus(s.Status), Grams: int64(s.Grams), Batches: s.Batches, At: at(s.At),
			SkippedReason: s.Reason, Booking: s.Booking.ID.String(), BookingWithdrawn: !s.Booking.Withdrawn.IsZero(), Expected: bookingLines(s.Booking.Lines)}
	}
	for _, x := range t.Trip.Findings {
		out.Findings = append(out.Findings, api.SourceFinding{Rule: string(x.Rule), ZH: x.ZH, EN: x.EN, Owner: x.Owner.String(), RuleVersion: x.Version})
	}
	return out
}
