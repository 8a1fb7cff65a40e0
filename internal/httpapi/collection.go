package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// Collection serves the pick-ups of small sources; collection.Service is one.
type Collection interface {
	NewCode(ctx context.Context, site id.Site) (digits string, expires time.Time, err error)
	Confirm(ctx context.Context, c statement.Confirmation, digits string) (statement.Statement, error)
	Ask(ctx context.Context, b collection.Booking) (collection.BookingView, error)
	FindBooking(ctx context.Context, v id.Booking) (collection.Booking, error)
	Booking(ctx context.Context, v id.Booking) (collection.BookingView, error)
	Bookings(ctx context.Context, f collection.BookingFilter, state source.BookingState, overdue bool, cursor string, limit int) ([]collection.BookingView, string, error)
	SetBooking(ctx context.Context, v id.Booking, version int64, withdraw bool, reason string) (collection.BookingView, error)
	PlanTrip(ctx context.Context, p collection.Plan) (collection.TripView, error)
	FindTrip(ctx context.Context, v id.Trip) (collection.Plan, error)
	Trip(ctx context.Context, v id.Trip) (collection.TripView, error)
	Trips(ctx context.Context, f collection.PlanFilter, cursor string, limit int) ([]collection.TripView, string, error)
	ChangeTrip(ctx context.Context, v id.Trip, version int64, to collection.Plan) (collection.TripView, error)
	About(ctx context.Context, collector id.Party, driver id.Person) (access.Subject, error)
	AboutBooking(ctx context.Context, b collection.Booking, change bool) (access.Subject, error)
	AboutTrip(ctx context.Context, p collection.Plan) (access.Subject, error)
	SetTrip(ctx context.Context, v id.Trip, version int64, cancel bool, reason string) (collection.TripView, error)
}

func (f *face) collectionRoutes() []route {
	return []route{
		{"POST", "/v1/sites/:site/stop-codes", "createStopCode", f.newStopCode},
		{"GET", "/v1/sites/:site/source", "getSourceStanding", f.sourceStanding},
		{"POST", "/v1/confirmations", "confirmStop", f.confirmStop},
	}
}

// newStopCode is POST /v1/sites/{site}/stop-codes.
func (f *face) newStopCode(c echo.Context, v visit) error {
	site, err := admit(f, c, v, f.sites())
	if err != nil {
		return err
	}
	code, expires, err := f.Collection.NewCode(c.Request().Context(), site)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, api.StopCode{Code: code, ExpiresAt: at(expires)})
}

type confirmedLine struct {
	Batch string `json:"batch"`
	Code  string `json:"code"`
	Grams int64  `json:"grams"`
}

// confirmStop is POST /v1/confirmations. Whose word it is to be, the register says of the
// person; the body cannot name another organisation's.
func (f *face) confirmStop(c echo.Context, v visit) error {
	in := struct {
		Site   string          `json:"site"`
		Person string          `json:"person"`
		Code   string          `json:"code"`
		Trip   string          `json:"trip"`
		Lines  []confirmedLine `json:"lines"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	out := statement.Confirmation{Site: member(bad, "/site", in.Site, id.ParseSite), Person: member(bad, "/person", in.Person, id.ParsePerson)}
	if in.Trip != "" {
		out.Trip = member(bad, "/trip", in.Trip, id.ParseTrip)
	}
	if !sixDigits(in.Code) {
		bad.At("/code", "format", "must be the six digits that the source shows")
	}
	out.Lines = confirmedLines(bad, in.Lines)
	if len(bad.Fields) > 0 {
		return bad
	}
	ctx := c.Request().Context()
	missing := fault.Missing("person")
	collector, ok, err := f.Registry.Person(ctx, out.Person)
	if err != nil {
		return err
	}
	if !ok {
		return missing
	}
	out.Collector = collector
	if err := f.allow(c, v, access.Subject{Parties: []id.Party{collector}, People: []id.Person{out.Person}}, out.Person.String(), missing); err != nil {
		return err
	}
	said, err := f.Collection.Confirm(ctx, out, in.Code)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, api.StopConfirmation{Confirmation: said.Hash().String(), Statement: string(said.Body)})
}

func sixDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(s) == 6
}

func confirmedLines(bad *fault.Error, in []confirmedLine) []statement.Confirmed {
	if len(in) == 0 || len(in) > statement.MaxConfirmed {
		bad.At("/lines", "length", "must have 1 to %d batches", statement.MaxConfirmed)
		return nil
	}
	out := make([]statement.Confirmed, len(in))
	for i, l := range in {
		at := fmt.Sprintf("/lines/%d", i)
		out[i] = statement.Confirmed{Batch: member(bad, at+"/batch", l.Batch, id.ParseBatch), Code: member(bad, at+"/code", l.Code, waste.ParseCode), Grams: waste.Grams(l.Grams)}
		if out[i].Grams < 1 || out[i].Grams > waste.MaxBatch {
			bad.At(at+"/grams", "out_of_range", "must be from 1 to %d", waste.MaxBatch)
		}
	}
	return out
}

// sourceStanding is GET /v1/sites/{site}/source.
func (f *face) sourceStanding(c echo.Context, v visit) error {
	year, err := strconv.Atoi(c.QueryParam("year"))
	if err != nil || year < 2000 || year > 2199 {
		return invalid().At("/year", "format", "must be a year from 2000 to 2199")
	}
	site, err := admit(f, c, v, f.sites())
	if err != nil {
		return err
	}
	found, err := f.Reader.SourceOf(c.Request().Context(), site, year)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, sourceView(site, found))
}

// mostListed is how many collections are named one by one: the newest.
const mostListed = 500

func sourceView(site id.Site, s audit.SourceStanding) api.SourceStanding {
	out := api.SourceStanding{Site: site.String(), Year: s.Year.Year, Grams: int64(s.Year.Grams), LimitGrams: int64(s.Year.Limit), Pickups: s.Year.Pickups,
		Version: s.Year.Rule.Version, Source: s.Year.Rule.Source, Partial: s.Partial, Events: ids(s.Year.Events[max(0, len(s.Year.Events)-mostListed):]), Codes: make([]api.SourceCode, 0, len(s.Year.ByCode)),
		Batteries: make([]api.SourcePairs, len(s.Batteries.Pairs)), Authorisations: make([]api.SourceAuthorisation, len(s.Authorisations)), Findings: []api.SourceFinding{}}
	for _, code := range slices.Sorted(maps.Keys(s.Year.ByCode)) {
		out.Codes = append(out.Codes, api.SourceCode{Code: string(code), Grams: int64(s.Year.ByCode[code])})
	}
	for i, p := range s.Batteries.Pairs {
		out.Batteries[i] = api.SourcePairs{Code: string(p.Code), Sold: p.Sold, TakenBack: p.TakenBack, Unmatched: p.Unmatched}
	}
	for i, a := range s.Authorisations {
		x := api.SourceAuthorisation{Event: a.ID.String(), To: a.To.String(), From: at(a.From), Until: at(a.Until), InForce: a.Holds(s.At), Codes: make([]string, len(a.Codes))}
		for k, code := range a.Codes {
			x.Codes[k] = string(code)
		}
		out.Authorisations[i] = x
	}
	for _, x := range slices.Concat(s.Year.Findings, s.Batteries.Findings) {
		out.Findings = append(out.Findings, api.SourceFinding{Rule: string(x.Rule), ZH: x.ZH, EN: x.EN, Owner: x.Owner.String(), RuleVersion: x.Version})
	}
	return out
}
