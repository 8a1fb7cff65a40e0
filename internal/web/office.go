package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/calendar"
	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/permit"
	"liandan/internal/registry"
	"liandan/internal/source"
)

// The office of who collects: trips are planned here, and the drivers' phones show them. The
// pages do what the operations of bookings and trips do, by the same service, and ask the
// policy about the same subjects.

// Collection keeps bookings and trips; collection.Service is one, which says what the faults
// are.
type Collection interface {
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
	SetTrip(ctx context.Context, v id.Trip, version int64, cancel bool, reason string) (collection.TripView, error)
	About(ctx context.Context, collector id.Party, driver id.Person) (access.Subject, error)
	AboutBooking(ctx context.Context, b collection.Booking, change bool) (access.Subject, error)
	AboutTrip(ctx context.Context, p collection.Plan) (access.Subject, error)
}

// hauler is an organisation whose trips somebody works with.
type hauler struct {
	Party  id.Party
	Driver id.Person // a driver, who works with their own alone; zero: all of the organisation
	Name   string
	Own    bool // of one of the visitor's appointments
}

// haulers are the collecting organisations of the visitor's appointments for which they may
// do an operation.
func (s *Site) haulers(ctx context.Context, v *visit, operation string) (out []hauler, err error) {
	for _, g := range v.Appointments {
		if g.Party.IsZero() || !g.Valid.Holds(s.Now()) {
			continue
		}
		o, ok, err := s.Registry.Organisation(ctx, g.Party)
		if err != nil {
			return nil, err
		}
		if !ok || !o.Has(takers...) {
			continue
		}
		for _, driver := range []id.Person{{}, g.Person} {
			about, err := s.Desk.Collection.About(ctx, g.Party, driver)
			if err != nil {
				return nil, err
			}
			sees, err := s.Gate.Sees(ctx, v.Caller, operation, about)
			if err != nil {
				return nil, err
			}
			if sees {
				if !slices.ContainsFunc(out, func(h hauler) bool { return h.Party == g.Party }) {
					out = append(out, hauler{g.Party, driver, o.Name, true})
				}
				break
			}
		}
	}
	return out, nil
}

// watches says whether somebody is an authority's: they look at any organisation of theirs to
// oversee, by its name.
func (s *Site) watches(v *visit) bool {
	return slices.ContainsFunc(v.Appointments, func(g access.Appointment) bool {
		return g.Valid.Holds(s.Now()) && (g.Role == access.DistrictInspector || g.Role == access.CityInspector || g.Role == access.HealthCommission)
	})
}

// hauler is the organisation that a page of trips is about: the one that is named, else the
// first of the visitor's own; zero where an authority has yet to name one. The choices are
// for a page that asks. Faults: forbidden for whose organisations collect nothing, not-found.
func (s *Site) hauler(ctx context.Context, v *visit, operation, given string) (hauler, []option, error) {
	own, err := s.haulers(ctx, v, operation)
	if err != nil {
		return hauler{}, nil, err
	}
	var choices []option
	for _, h := range own {
		choices = append(choices, option{h.Party.String(), h.Name, h.Party.String() == given})
		if h.Party.String() == given {
			return h, nil, nil
		}
	}
	switch {
	case given == "" && len(own) > 0:
		return own[0], choices, nil
	case !s.watches(v) && len(own) == 0:
		return hauler{}, nil, fault.New(fault.Forbidden, "None of your organisations collects waste; trips are planned by those who do.")
	case given == "":
		return hauler{}, nil, nil
	}
	missing := fault.Missing("organisation")
	p, err := s.partyOf(ctx, given)
	if err != nil || p.IsZero() {
		return hauler{}, nil, errorOr(err, missing)
	}
	about, err := s.Desk.Collection.About(ctx, p, id.Person{})
	if err != nil {
		return hauler{}, nil, err
	}
	sees, err := s.Gate.Sees(ctx, v.Caller, operation, about)
	if err != nil || !sees {
		return hauler{}, nil, errorOr(err, missing)
	}
	name, err := s.nameOf(ctx, p)
	return hauler{Party: p, Name: name}, nil, err
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// askedState reads which of two states a button asks for, and of which version.
func askedState(form url.Values, one, other string) (state string, version int64, bad *fault.Error) {
	state, bad = form.Get("state"), invalid()
	if state != one && state != other {
		field(bad, "/state", "value", "must be "+one+" or "+other, "请用页面上的按钮")
	}
	version, ok := versionOf(form)
	if !ok {
		field(bad, "/version", "required", "must be the version that was read", "请重新打开页面再做")
	}
	return state, version, bad
}

// today is the local day.
func (s *Site) today() string { return dayOf(s.Now()) }

// crew are the people of an organisation by the names of their accounts, for who plans its
// trips: a driver cannot be chosen from opaque ids. Who drives comes first.
func (s *Site) crew(ctx context.Context, h hauler) ([]option, error) {
	people, err := s.Admin.Registers.PeopleOf(ctx, h.Party)
	if err != nil {
		return nil, err
	}
	names, err := s.crewNames(ctx, h)
	if err != nil {
		return nil, err
	}
	var drivers, others, nameless []option
	for _, x := range people {
		o := option{ID: x.ID.String(), Name: x.ID.String()}
		m, ok := names[x.ID]
		switch {
		case !x.Valid.Holds(s.Now()) || (!h.Driver.IsZero() && h.Driver != x.ID):
		case !ok:
			nameless = append(nameless, o)
		case m.drives:
			o.Name = m.name
			drivers = append(drivers, o)
		default:
			o.Name = m.name
			others = append(others, o)
		}
	}
	byName := func(a, b option) int { return strings.Compare(a.Name, b.Name) }
	slices.SortStableFunc(drivers, byName)
	slices.SortStableFunc(others, byName)
	return slices.Concat(drivers, others, nameless), nil
}

// crewMember is a person of the register with an account.
type crewMember struct {
	name   string
	drives bool
}

// crewNames are the names of those who have an account, for one's own organisation alone.
func (s *Site) crewNames(ctx context.Context, h hauler) (map[id.Person]crewMember, error) {
	out := map[id.Person]crewMember{}
	if !h.Own {
		return out, nil
	}
	for f := (account.Filter{Party: h.Party}); ; {
		page, err := s.Admin.Accounts.Accounts(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Accounts {
			for _, g := range a.Valid(s.Now()) {
				if g.Person.IsZero() || g.Party != h.Party {
					continue
				}
				m := out[g.Person]
				m.name, m.drives = a.Name, m.drives || g.Role == access.Driver
				out[g.Person] = m
			}
		}
		if page.Next.IsZero() {
			return out, nil
		}
		f.After = page.Next
	}
}

// driverName is a driver as a page shows them.
func driverName(names map[id.Person]crewMember, p id.Person) string {
	if m, ok := names[p]; ok {
		return m.name
	}
	return p.String()
}

// vehicleOn are the vehicles of an organisation whose permit holds on a day.
func (s *Site) vehiclesOn(ctx context.Context, p id.Party, day string) ([]permit.Vehicle, error) {
	h, err := s.Admin.Imports.Holding(ctx, p)
	if err != nil {
		return nil, err
	}
	at, ok := dayAt(day)
	if !ok {
		at = calendar.StartOfDay(s.Now())
	}
	var out []permit.Vehicle
	for _, x := range h.Vehicles {
		if x.Valid.Holds(at) {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b permit.Vehicle) int { return strings.Compare(a.Plate, b.Plate) })
	return out, nil
}

// member is a site whose organisation the register ties to a collector.
type member struct {
	Site     id.Site
	Name     string // organisation and site
	Division string
}

// sourcesOf finds sources of a collector by a part of their name: those whose site is a
// member of its system, or whose management plan names it. Nobody else's name is told.
func (s *Site) sourcesOf(ctx context.Context, collector id.Party, words string) (out []member, more bool, err error) {
	if !isText(words) {
		return nil, false, nil
	}
	looked := 0
	for f := (registry.Find{Words: words, Limit: atATime}); ; {
		found, err := s.Admin.Registers.FindOrganisations(ctx, f)
		if err != nil {
			return nil, false, err
		}
		for _, o := range found {
			if o.ID == collector {
				continue
			}
			for _, x := range o.Sites {
				m, ok, err := s.sourceOf(ctx, collector, x)
				if err != nil {
					return nil, false, err
				}
				if ok {
					out = append(out, m)
				}
			}
			if len(out) >= mostPartners {
				return out, true, nil
			}
		}
		if looked += len(found); len(found) < f.Limit || looked >= mostSearched {
			return out, looked >= mostSearched, nil
		}
		f.After = found[len(found)-1].ID
	}
}

// sourceOf is a site if the register ties it to a collector.
func (s *Site) sourceOf(ctx context.Context, collector id.Party, x id.Site) (m member, ok bool, err error) {
	site, ok, err := s.Registry.Site(ctx, x)
	if err != nil || !ok || !site.Valid.Holds(s.Now()) {
		return m, false, err
	}
	with, err := s.agreedWith(ctx, site)
	if err != nil || !slices.Contains(with, collector) {
		return m, false, err
	}
	m, err = s.memberOf(ctx, x)
	return m, true, err
}

// memberOf names a site with its organisation.
func (s *Site) memberOf(ctx context.Context, x id.Site) (member, error) {
	m := member{Site: x, Name: x.String()}
	site, ok, err := s.Registry.Site(ctx, x)
	if err != nil || !ok {
		return m, err
	}
	of, err := s.nameOf(ctx, site.Party)
	if m.Name = of; site.Name != "" && site.Name != of {
		m.Name += " · " + site.Name
	}
	m.Division = site.Division
	return m, err
}
