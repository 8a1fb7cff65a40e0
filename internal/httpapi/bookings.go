package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/collection"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// planMost bounds a page of bookings or trips: each item is held against the log.
const planMost = 100

func (f *face) planRoutes() []route {
	return []route{
		{"POST", "/v1/bookings", "createBooking", f.newBooking},
		{"GET", "/v1/bookings", "listBookings", f.bookings},
		{"GET", "/v1/bookings/:booking", "getBooking", f.booking},
		{"PUT", "/v1/bookings/:booking/state", "setBookingState", f.setBooking},
		{"POST", "/v1/trips", "createTrip", f.newTrip},
		{"GET", "/v1/trips", "listTrips", f.trips},
		{"GET", "/v1/trips/:trip", "getTrip", f.trip},
		{"PUT", "/v1/trips/:trip", "changeTrip", f.changeTrip},
		{"PUT", "/v1/trips/:trip/state", "setTripState", f.setTrip},
	}
}

// newBooking is POST /v1/bookings. Who may speak for the site asks in its name; else
// whoever may speak for the collector notes the wish down.
func (f *face) newBooking(c echo.Context, v visit) error {
	in := struct {
		Site      string `json:"site"`
		Collector string `json:"collector"`
		Reason    string `json:"reason"`
		From      string `json:"from"`
		Until     string `json:"until"`
		Lines     []struct {
			Code  string `json:"code"`
			Grams int64  `json:"grams"`
		} `json:"lines"`
		Note string `json:"note"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	b := collection.Booking{Site: member(bad, "/site", in.Site, id.ParseSite), Collector: member(bad, "/collector", in.Collector, id.ParseParty),
		Why: collection.Why(in.Reason), From: member(bad, "/from", in.From, event.ParseTime).UTC(), Until: member(bad, "/until", in.Until, event.ParseTime).UTC(), Note: in.Note}
	for i, l := range in.Lines {
		if i == collection.MaxLines { // told by the length
			break
		}
		b.Lines = append(b.Lines, collection.Line{Code: member(bad, fmt.Sprintf("/lines/%d/code", i), l.Code, waste.ParseCode), Grams: waste.Grams(l.Grams)})
	}
	if n := len(in.Lines); n == 0 || n > collection.MaxLines {
		bad.At("/lines", "length", "must have 1 to %d waste codes", collection.MaxLines)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	ctx := c.Request().Context()
	site, _, err := f.Gate.Registry.Site(ctx, b.Site)
	if err != nil {
		return err
	}
	subject := access.Subject{Parties: []id.Party{site.Party}, Sites: []id.Site{b.Site}}
	b.By = collection.BySource
	mine, err := f.Gate.Sees(ctx, v.Caller, v.operation, subject)
	if err != nil {
		return err
	}
	if !mine {
		b.By = collection.ByCollector
		if subject, err = f.Collection.About(ctx, b.Collector, id.Person{}); err != nil {
			return err
		}
	}
	if err := f.allow(c, v, subject, b.Site.String(), fault.Missing("site")); err != nil {
		return err
	}
	made, err := f.Collection.Ask(ctx, b)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, bookingView(made))
}

// bookings is GET /v1/bookings.
func (f *face) bookings(c echo.Context, v visit) error {
	cursor, limit, err := page(c, planMost)
	if err != nil {
		return err
	}
	bad, ctx := invalid(), c.Request().Context()
	want := collection.BookingFilter{Collector: optional(bad, c, "collector", id.ParseParty), Site: optional(bad, c, "site", id.ParseSite), Division: c.QueryParam("division")}
	if want.Division != "" && !divisionCode(want.Division) {
		bad.At("/division", "format", "must be a division's six digits")
	}
	given := 0
	for _, name := range []string{"collector", "site", "division"} {
		if c.QueryParam(name) != "" {
			given++
		}
	}
	if given != 1 {
		bad.At("/collector", "one_of", "give one of collector, site and division")
	}
	state := source.BookingState(c.QueryParam("state"))
	switch state {
	case "", source.Asked, source.Booked, source.Withdrawn, source.Done:
	default:
		bad.At("/state", "value", "must be asked, planned, withdrawn or done")
	}
	overdue := c.QueryParam("overdue")
	if overdue != "" && overdue != "true" && overdue != "false" {
		bad.At("/overdue", "format", "must be true or false")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	subject, named, missing := access.Subject{Divisions: []string{want.Division}}, want.Division, noParty()
	switch {
	case !want.Collector.IsZero():
		named = want.Collector.String()
		subject, err = f.Collection.About(ctx, want.Collector, id.Person{})
	case !want.Site.IsZero():
		named, missing = want.Site.String(), fault.Missing("site")
		site, _, lookup := f.Gate.Registry.Site(ctx, want.Site)
		subject, err = access.Subject{Parties: []id.Party{site.Party}, Sites: []id.Site{want.Site}}, lookup
	}
	if err != nil {
		return err
	}
	if err := f.allow(c, v, subject, named, missing); err != nil {
		return err
	}
	found, next, err := f.Collection.Bookings(ctx, want, state, overdue == "true", cursor, limit)
	if err != nil {
		return err
	}
	out := api.BookingPage{Items: make([]api.Booking, len(found)), NextCursor: next}
	for i, b := range found {
		out.Items[i] = bookingView(b)
	}
	return secret(c, http.StatusOK, out)
}

// admitBooking finds the booking that the path names and lets in who may see it.
func (f *face) admitBooking(c echo.Context, v visit, change bool) (id.Booking, error) {
	missing, ctx := fault.Missing("booking"), c.Request().Context()
	k, err := id.ParseBooking(c.Param("booking"))
	if err != nil {
		return k, missing
	}
	b, err := f.Collection.FindBooking(ctx, k)
	if err != nil {
		return k, err
	}
	subject, err := f.Collection.AboutBooking(ctx, b, change)
	if err != nil {
		return k, err
	}
	return k, f.allow(c, v, subject, k.String(), missing)
}

// booking is GET /v1/bookings/{booking}.
func (f *face) booking(c echo.Context, v visit) error {
	k, err := f.admitBooking(c, v, false)
	if err != nil {
		return err
	}
	b, err := f.Collection.Booking(c.Request().Context(), k)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, bookingView(b))
}

// stateChange is a body that asks for another state.
type stateChange struct {
	State   string `json:"state"`
	Version int64  `json:"version"`
	Reason  string `json:"reason"`
}

// readState reads one; off is the state that ends, on the one that restores.
func readState(c echo.Context, on, off string) (in stateChange, err error) {
	if err := decode(c, &in); err != nil {
		return in, err
	}
	bad := invalid()
	if in.State != on && in.State != off {
		bad.At("/state", "value", "must be %s or %s", on, off)
	}
	if in.Version < 1 {
		bad.At("/version", "required", "must be the version that was read")
	}
	if len(bad.Fields) > 0 {
		return in, bad
	}
	return in, nil
}

// setBooking is PUT /v1/bookings/{booking}/state. What the source asked, its collector
// cannot take back: it waits, and shows as overdue.
func (f *face) setBooking(c echo.Context, v visit) error {
	in, err := readState(c, string(source.Asked), string(source.Withdrawn))
	if err != nil {
		return err
	}
	k, err := f.admitBooking(c, v, true)
	if err != nil {
		return err
	}
	b, err := f.Collection.SetBooking(c.Request().Context(), k, in.Version, in.State == string(source.Withdrawn), in.Reason)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, bookingView(b))
}

func bookingView(b collection.BookingView) api.Booking {
	out := api.Booking{Booking: b.ID.String(), Party: b.Party.String(), Site: b.Site.String(), Collector: b.Collector.String(), By: api.BookingBy(b.By),
		Reason: api.BookingReason(b.Why), State: api.BookingState(b.State), Overdue: b.Overdue, From: at(b.From), Until: at(b.Until), Lines: bookingLines(b.Lines),
		Note: b.Note, MadeAt: at(b.Made), WithdrawnAt: at(b.Withdrawn), WithdrawnReason: b.WithdrawnAs, Version: b.Version}
	if !b.Plan.ID.IsZero() {
		out.Trip = api.BookingTrip{Trip: b.Plan.ID.String(), Day: b.Plan.Day, Vehicle: b.Plan.Vehicle, SkippedAt: at(b.Skipped.At), SkippedReason: b.Skipped.Reason}
	}
	if !b.Pickup.Event.IsZero() {
		out.Pickup = api.BookingPickup{Event: b.Pickup.Event.String(), At: at(b.Pickup.At), Grams: int64(b.Pickup.Grams), Codes: codeWords(b.Pickup.Codes), LeftCodes: codeWords(b.Left)}
	}
	return out
}

func codeWords(list []waste.Code) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = string(c)
	}
	return out
}

func bookingLines(list []collection.Line) []api.BookingLine {
	out := make([]api.BookingLine, len(list))
	for i, l := range list {
		out[i] = api.BookingLine{Code: string(l.Code), Grams: int64(l.Grams)}
	}
	return out
}

// dayParam reads a local day of the query.
func dayParam(bad *fault.Error, c echo.Context, name string) string {
	given := c.QueryParam(name)
	if given == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, given); err != nil {
		bad.At("/"+name, "format", "must be a day such as 2026-03-02")
	}
	return given
}
