package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// plan is what somebody typed of a trip.
type plan struct {
	collection.Plan // without an id: a new one
	of              hauler
	Other           string // the plate that was typed, of a vehicle that is not in the list
	Query           string
	Ticked          map[id.Booking]bool // to be added
	Sites           []id.Site           // likewise, of sources that booked nothing
	bad             *fault.Error        // what could not be read, and what could not be added
}

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

// readPlan reads the form. The order of the stops is that of the numbers; a stop whose
// number was changed goes before or after the one that has the number already.
func readPlan(form url.Values, h hauler) plan {
	p := plan{of: h, Other: strings.TrimSpace(form.Get("other")), Query: strings.TrimSpace(form.Get("q")), Ticked: map[id.Booking]bool{}, bad: invalid()}
	p.Collector, p.Day, p.Vehicle, p.Note = h.Party, form.Get("day"), form.Get("vehicle"), strings.TrimSpace(form.Get("note"))
	if p.Other != "" {
		p.Vehicle = p.Other
	}
	p.Version, _ = strconv.ParseInt(form.Get("version"), 10, 64)
	var err error
	if p.Driver, err = id.ParsePerson(form.Get("driver")); err != nil {
		p.Driver = id.Person{} // nobody is chosen, says the service
	}
	type placed struct {
		collection.Stop
		was, now int
	}
	var stops []placed
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	unreadable := false
	for _, name := range names {
		kind, rest, _ := strings.Cut(name, ".")
		switch kind {
		case "stop": // stop.N.SITE.BOOKING = the number
			part := strings.Split(rest, ".")
			if len(part) != 3 {
				unreadable = true
				continue
			}
			var x placed
			var err, berr error
			x.was, _ = strconv.Atoi(part[0])
			if x.now, err = strconv.Atoi(strings.TrimSpace(form.Get(name))); err != nil {
				x.now = x.was
			}
			x.Site, err = id.ParseSite(part[1])
			if part[2] != "" {
				x.Booking, berr = id.ParseBooking(part[2])
			}
			if unreadable = unreadable || err != nil || berr != nil; err == nil && berr == nil {
				stops = append(stops, x)
			}
		case "add":
			b, err := id.ParseBooking(rest)
			if unreadable = unreadable || err != nil; err == nil {
				p.Ticked[b] = true
			}
		case "site":
			x, err := id.ParseSite(rest)
			if unreadable = unreadable || err != nil; err == nil {
				p.Sites = append(p.Sites, x)
			}
		}
	}
	if unreadable {
		field(p.bad, "/stops", "format", "one of them cannot be read", "有一站无法识别")
	}
	slices.SortStableFunc(stops, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.now, b.now), cmp.Compare(cmp.Compare(a.now, a.was), cmp.Compare(b.now, b.was)), cmp.Compare(a.was, b.was))
	})
	for _, x := range stops {
		p.Stops = append(p.Stops, x.Stop)
	}
	return p
}

// move carries out what a button of a row says: up, down or drop, and the row's site.
func (p *plan) move(do string) {
	what, text, _ := strings.Cut(do, ".")
	site, err := id.ParseSite(text)
	if err != nil {
		return
	}
	i := slices.IndexFunc(p.Stops, func(x collection.Stop) bool { return x.Site == site })
	switch {
	case i < 0:
	case what == "up" && i > 0:
		p.Stops[i-1], p.Stops[i] = p.Stops[i], p.Stops[i-1]
	case what == "down" && i < len(p.Stops)-1:
		p.Stops[i+1], p.Stops[i] = p.Stops[i], p.Stops[i+1]
	case what == "drop":
		p.Stops = slices.Delete(p.Stops, i, i+1)
	}
}

// add puts what was ticked at the end. A site has one stop, and a stop one booking.
func (s *Site) add(ctx context.Context, p *plan) error {
	var ticked []collection.Booking
	for k := range p.Ticked {
		b, err := s.Desk.Collection.FindBooking(ctx, k)
		if fault.Of(err) == fault.NotFound || (err == nil && b.Collector != p.of.Party) {
			field(p.bad, "/stops", "unknown", "one of the bookings ticked is no longer there", "勾选的预约中有一个已不存在")
			continue
		}
		if err != nil {
			return err
		}
		ticked = append(ticked, b)
	}
	slices.SortFunc(ticked, func(a, b collection.Booking) int {
		return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.ID.String(), b.ID.String()))
	})
	for _, b := range ticked {
		i := slices.IndexFunc(p.Stops, func(x collection.Stop) bool { return x.Site == b.Site })
		switch {
		case i < 0:
			p.Stops = append(p.Stops, collection.Stop{Site: b.Site, Booking: b.ID})
		case p.Stops[i].Booking.IsZero() || p.Stops[i].Booking == b.ID:
			p.Stops[i].Booking = b.ID
		default:
			m, err := s.memberOf(ctx, b.Site)
			if err != nil {
				return err
			}
			field(p.bad, "/stops", "repeated", fmt.Sprintf("%s is a stop already, for another booking; what is fetched there counts for both", m.Name),
				m.Name+"已是一站（为另一个预约）；到站一并收走即可，收走后两个预约都算完成")
		}
	}
	p.Ticked = nil
	for _, x := range p.Sites {
		if !slices.ContainsFunc(p.Stops, func(o collection.Stop) bool { return o.Site == x }) {
			p.Stops = append(p.Stops, collection.Stop{Site: x})
		}
	}
	p.Sites = nil
	return nil
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

// fillStops shows the stops with their bookings and adds them up.
func (s *Site) fillStops(ctx context.Context, o *planPage, p plan, faults map[int][]line, known map[id.Booking]bool) error {
	kept := map[id.Site]bool{} // stops of the trip as it is kept
	if !p.ID.IsZero() {
		was, err := s.Desk.Collection.FindTrip(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, x := range was.Stops {
			kept[x.Site] = true
		}
	}
	var sum waste.Grams
	for i, x := range p.Stops {
		row := planStop{Site: x.Site.String(), Name: x.Site.String(), N: i + 1, Faults: faults[i]}
		row.Field = fmt.Sprintf("stop.%d.%s.", i+1, x.Site)
		tied := kept[x.Site]
		if !x.Booking.IsZero() {
			row.Field += x.Booking.String()
			known[x.Booking] = true
			b, err := s.Desk.Collection.FindBooking(ctx, x.Booking)
			if err != nil && fault.Of(err) != fault.NotFound {
				return err
			}
			if err == nil && b.Collector == p.of.Party && b.Site == x.Site {
				tied = true
				w := waitRow(collection.BookingView{Booking: b}, "", false)
				row.Lines, row.Grams, row.Until, row.Note = w.Lines, w.Grams, w.Until, w.Note
				if b.Withdrawn.IsZero() {
					sum += waste.Grams(w.Grams)
				}
			}
		}
		if !tied { // whose site somebody typed, they are not told
			var err error
			if _, tied, err = s.sourceOf(ctx, p.of.Party, x.Site); err != nil {
				return err
			}
		}
		if tied {
			m, err := s.memberOf(ctx, x.Site)
			if err != nil {
				return err
			}
			row.Name = m.Name
		}
		o.Stops = append(o.Stops, row)
	}
	o.Sum, o.SumG = kilograms(int64(sum)), int64(sum)
	return nil
}

// fillVehicle offers the vehicles of the day and holds the sum against the limit.
func (s *Site) fillVehicle(ctx context.Context, o *planPage, p plan) error {
	list, err := s.vehiclesOn(ctx, p.of.Party, p.Day)
	if err != nil {
		return err
	}
	at := -1
	for i, x := range list {
		chosen := permit.PlateKey(x.Plate) == permit.PlateKey(p.Vehicle)
		if chosen {
			at = i
		}
		name := x.Plate
		if x.Capacity > 0 {
			name += " · " + kilograms(int64(x.Capacity))
		}
		if x.Medical {
			name += " · 专运医疗废物 medical waste alone"
		}
		o.Vehicles = append(o.Vehicles, option{x.Plate, name, chosen})
	}
	if at < 0 {
		o.Other, o.Unknown = p.Vehicle, p.Vehicle != ""
		return nil
	}
	x := list[at]
	o.Other, o.Permit, o.Medical = "", x.Permit, x.Medical
	if x.Capacity > 0 {
		o.Limit, o.LimitG = kilograms(int64(x.Capacity)), int64(x.Capacity)
		if o.SumG > o.LimitG {
			o.Over = kilograms(o.SumG - o.LimitG)
		}
	}
	return nil
}

// licencesLeft is what the collector's licences leave of this year.
func (s *Site) licencesLeft(ctx context.Context, p id.Party) (out []licenceLeft, err error) {
	found, err := s.Desk.Reader.StatementOf(ctx, p, s.Now())
	if err != nil {
		return nil, err
	}
	for _, l := range found.Licences {
		row := licenceLeft{Number: l.Number, Kind: line(term.LicenceKind(l.Kind)), Codes: strings.Join(l.Codes, " "), Ends: validityEnd(l.Valid), Open: l.Total == nil, Expired: !l.Valid.Holds(s.Now())}
		if l.Total != nil {
			row.Allowed, row.Used, row.Left = kilograms(int64(l.Total.Allowed)), kilograms(int64(l.Total.Used)), kilograms(int64(l.Total.Left()))
			row.Scarce = l.Total.Left()*10 < l.Total.Allowed
		}
		out = append(out, row)
		for i, x := range l.Licence.Scopes {
			if b := l.Scopes[i]; b != nil {
				out = append(out, licenceLeft{Number: l.Number, Kind: row.Kind, Codes: x.Code, Ends: row.Ends, Expired: row.Expired, Allowed: kilograms(int64(b.Allowed)),
					Used: kilograms(int64(b.Used)), Left: kilograms(int64(b.Left())), Scarce: b.Left()*10 < b.Allowed})
			}
		}
	}
	return out, nil
}

// validityEnd is the last day of a period, "" for none.
func validityEnd(p party.Period) string {
	if p.To.IsZero() {
		return ""
	}
	return dayOf(p.To.Add(-1))
}
