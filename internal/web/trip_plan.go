package web

import (
	"context"
	"net/http"
	"slices"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
)

// planPage asks for a trip.
type planPage struct {
	Do, Back  string
	Collector string
	Name      string
	Version   int64
	Day       string
	Vehicles  []option
	Other     string
	Limit     string // of the vehicle chosen; "": not known
	Permit    string
	Medical   bool
	LimitG    int64
	Unknown   bool // the register has no permit of the vehicle for the day
	Drivers   []option
	Note      string
	Stops     []planStop
	Sum       string
	SumG      int64
	Over      string // by how much the sum is over the limit
	Waits     *waits // nil: not the visitor's to see
	Query     string
	Found     []option
	FoundMore bool
	Asked     bool
	Licences  []licenceLeft
	Trouble   *note
	New       bool
}

// planStop is one stop as planned so far.
type planStop struct {
	Site, Name, Field string
	N                 int
	Lines             []string
	Grams             int64
	Until             string
	Note              string
	Faults            []line
}

// licenceLeft is what is left of a licence this year.
type licenceLeft struct {
	Number, Codes         string
	Allowed, Used, Left   string
	Ends                  string
	Kind                  line
	Scarce, Open, Expired bool
}

// newTrip is GET /trips/new?collector=&add.BOOKING=1…&like=: a trip with the bookings that
// are ticked, or with the stops of another one.
func (s *Site) newTrip(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	for name, values := range q {
		if len(values) > 1 {
			q[name] = values[:1]
		}
	}
	h, _, err := s.hauler(ctx, v, "createTrip", q.Get("collector"))
	if err != nil {
		return err
	}
	p := readPlan(q, h)
	if like := q.Get("like"); like != "" {
		t, err := s.knownTrip(r, v, "getTrip", like)
		if err != nil {
			return err
		}
		if t.Collector != h.Party {
			return fault.Missing("trip")
		}
		p.Vehicle, p.Driver, p.Note = t.Plan.Vehicle, t.Driver, t.Note
		for _, x := range t.Plan.Stops {
			p.Stops = append(p.Stops, collection.Stop{Site: x.Site})
		}
	}
	p.bad = invalid() // nothing is chosen yet
	if p.Day == "" {
		p.Day = dayOf(s.Now().AddDate(0, 0, 1))
	}
	if err := s.add(ctx, &p); err != nil {
		return err
	}
	return s.showPlan(w, r, v, http.StatusOK, p, nil)
}

// planTrip is POST /trips.
func (s *Site) planTrip(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, _, err := s.hauler(r.Context(), v, "createTrip", v.form.Get("collector"))
	if err != nil {
		return err
	}
	return s.planned(w, r, v, readPlan(v.form, h), func(ctx context.Context, p plan) (collection.TripView, error) {
		about, err := s.Desk.Collection.About(ctx, h.Party, p.Driver)
		if err == nil {
			err = s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "createTrip", Subject: about, Named: h.Party.String(), Missing: fault.Missing("organisation")})
		}
		if err != nil {
			return collection.TripView{}, err
		}
		return s.Desk.Collection.PlanTrip(ctx, p.Plan)
	})
}

// askChange is GET /trips/{trip}/change.
func (s *Site) askChange(w http.ResponseWriter, r *http.Request, v *visit) error {
	t, err := s.knownTrip(r, v, "changeTrip", r.PathValue("trip"))
	if err != nil {
		return err
	}
	h, err := s.haulerOf(r.Context(), v, t.Plan)
	if err != nil {
		return err
	}
	return s.showPlan(w, r, v, http.StatusOK, plan{of: h, Plan: t.Plan, bad: invalid()}, nil)
}

// changeTrip is POST /trips/{trip}.
func (s *Site) changeTrip(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	was, err := s.aboutTrip(ctx, v, r.PathValue("trip"), "changeTrip", v.form.Get("do") == "save")
	if err != nil {
		return err
	}
	h, err := s.haulerOf(ctx, v, was)
	if err != nil {
		return err
	}
	p := readPlan(v.form, h)
	p.ID = was.ID
	return s.planned(w, r, v, p, func(ctx context.Context, p plan) (collection.TripView, error) {
		return s.Desk.Collection.ChangeTrip(ctx, was.ID, p.Version, p.Plan)
	})
}

// planned does what a button of the form says: shows the plan as it would be, or saves it.
func (s *Site) planned(w http.ResponseWriter, r *http.Request, v *visit, p plan, save func(context.Context, plan) (collection.TripView, error)) error {
	ctx, do := r.Context(), v.form.Get("do")
	p.move(do)
	if do != "find" {
		if err := s.add(ctx, &p); err != nil {
			return err
		}
	}
	var t collection.TripView
	err := error(p.bad)
	switch {
	case len(p.bad.Fields) > 0:
	case do != "save":
		return s.showPlan(w, r, v, http.StatusOK, p, nil)
	default:
		t, err = save(ctx, p)
	}
	switch fault.Of(err) {
	case "":
		if err != nil {
			return err
		}
		return see(w, r, "/trips/"+t.ID.String()+"?done=saved")
	case fault.InvalidRequest, fault.Conflict:
		return s.showPlan(w, r, v, 0, p, err)
	}
	return err
}

// haulerOf is the organisation of a trip, for who may see the trip.
func (s *Site) haulerOf(ctx context.Context, v *visit, t collection.Plan) (hauler, error) {
	own, err := s.haulers(ctx, v, "listTrips")
	if err != nil {
		return hauler{}, err
	}
	for _, h := range own {
		if h.Party == t.Collector {
			return h, nil
		}
	}
	name, err := s.nameOf(ctx, t.Collector)
	return hauler{Party: t.Collector, Name: name}, err
}

// showPlan shows the form with what was typed. status 0: that of the error.
func (s *Site) showPlan(w http.ResponseWriter, r *http.Request, v *visit, status int, p plan, wrong error) (err error) {
	ctx := r.Context()
	o := planPage{Do: "/trips", Back: with("/trips", "collector", p.of.Party.String()), Collector: p.of.Party.String(), Name: p.of.Name, Version: p.Version, Day: p.Day,
		Other: p.Other, Note: p.Note, Query: p.Query, Asked: v.form.Get("do") == "find", New: p.ID.IsZero()}
	title := page{Title: "安排车次", TitleEN: "Plan a trip", Wide: true, Script: tripScript.path, Sheets: []string{deskStyle.path}}
	if !o.New {
		o.Do = "/trips/" + p.ID.String()
		o.Back = o.Do
		title.Title, title.TitleEN = "修改车次", "Change the trip"
	}
	rowFaults := map[int][]line{}
	if wrong != nil {
		rowFaults, wrong = s.planFault(ctx, &o, p, wrong)
		n := s.noteOf(w, r, wrong, planConflict(wrong))
		o.Trouble, status = &n, n.status
	}
	if o.Drivers, err = s.crew(ctx, p.of); err != nil {
		return err
	}
	for i := range o.Drivers {
		o.Drivers[i].Chosen = o.Drivers[i].ID == p.Driver.String() || len(o.Drivers) == 1
	}
	known := map[id.Booking]bool{}
	if err := s.fillStops(ctx, &o, p, rowFaults, known); err != nil {
		return err
	}
	if err := s.fillVehicle(ctx, &o, p); err != nil {
		return err
	}
	about, err := s.Desk.Collection.About(ctx, p.of.Party, p.of.Driver)
	if err != nil {
		return err
	}
	if sees, err := s.Gate.Sees(ctx, v.Caller, "listBookings", about); err != nil {
		return err
	} else if sees {
		if o.Waits, err = s.waiting(ctx, p.of.Party, "", "", p.Ticked); err != nil {
			return err
		}
		o.Waits.leaveOut(known)
	}
	if sees, err := s.Gate.Sees(ctx, v.Caller, "getPermits", about); err != nil {
		return err
	} else if sees {
		if o.Licences, err = s.licencesLeft(ctx, p.of.Party); err != nil {
			return err
		}
	}
	if o.Asked && p.Query != "" {
		found, more, err := s.sourcesOf(ctx, p.of.Party, p.Query)
		if err != nil {
			return err
		}
		o.FoundMore = more
		for _, m := range found {
			o.Found = append(o.Found, option{ID: m.Site.String(), Name: m.Name, Chosen: slices.Contains(p.Sites, m.Site)})
		}
	}
	title.Body = o
	s.show(w, r, v, status, "trip_plan.html", title)
	return nil
}

// leaveOut takes out what is a stop already.
func (w *waits) leaveOut(known map[id.Booking]bool) {
	for i := range w.Groups {
		w.Groups[i].Rows = slices.DeleteFunc(w.Groups[i].Rows, func(x wait) bool {
			b, err := id.ParseBooking(x.ID)
			return err == nil && known[b]
		})
	}
	w.Groups = slices.DeleteFunc(w.Groups, func(g waitGroup) bool { return len(g.Rows) == 0 })
}
