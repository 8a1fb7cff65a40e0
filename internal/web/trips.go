package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// How much of a collector's work one page shows.
const (
	mostTrips   = 60
	mostWaiting = 200 // bookings that wait: each is held against the log
)

// tripsPage is a collector's day: who waits, what is planned, how far the vehicles are.
type tripsPage struct {
	Ask       bool     // an authority has yet to name the collector
	Choices   []option // of one's own collectors, where there are several
	Collector string
	Name      string
	Day       string
	Before    string // addresses of the days beside it
	After     string
	Today     []tripRow
	Later     []tripRow
	More      bool
	Waits     *waits // nil: not the visitor's to see
	MayPlan   bool
}

// tripRow is a trip in a list.
type tripRow struct {
	Href, Day, Vehicle, Driver      string
	Status                          line
	Tone                            string
	Collections, Skipped, Left, All int
	Next                            string
	Expected, Aboard                string
	Collected                       string
	Limit                           string
	Findings                        []line
}

// waits is the bookings that nobody has planned yet.
type waits struct {
	Division, Code string
	Divisions      []option
	Groups         []waitGroup
	N              int
	Late           int
	Sum            string
	More           bool
}

// waitGroup is a district's.
type waitGroup struct {
	Division line
	Rows     []wait
}

// wait is a booking in a list.
type wait struct {
	ID, Href, Name string
	Lines          []string
	Grams          int64
	Until          string
	Late           bool
	Why            line
	Urgent         bool
	Note           string
	Ticked         bool
}

func (s *Site) tripRoutes() []route {
	return []route{
		{method: "GET", pattern: "/trips", operation: "listTrips", run: s.trips},
		{method: "GET", pattern: "/trips/new", operation: "createTrip", run: s.newTrip},
		{method: "POST", pattern: "/trips", operation: "createTrip", run: s.planTrip},
		{method: "GET", pattern: "/trips/{trip}", operation: "getTrip", run: s.trip},
		{method: "GET", pattern: "/trips/{trip}/change", operation: "changeTrip", run: s.askChange},
		{method: "POST", pattern: "/trips/{trip}", operation: "changeTrip", run: s.changeTrip},
		{method: "POST", pattern: "/trips/{trip}/state", operation: "setTripState", run: s.setTrip},
	}
}

// dayAt is the first moment of a local day.
func dayAt(day string) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, day, calendar.Zone())
	return t, err == nil
}

// trips is GET /trips?collector=&day=&division=&code=.
func (s *Site) trips(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	h, choices, err := s.hauler(ctx, v, "listTrips", q.Get("collector"))
	if err != nil {
		return err
	}
	p := tripsPage{Ask: h.Party.IsZero(), Choices: choices, Collector: h.Party.String(), Name: h.Name, Day: q.Get("day")}
	if len(p.Choices) < 2 {
		p.Choices = nil
	}
	at, ok := dayAt(p.Day)
	if !ok {
		p.Day = s.today()
		at, _ = dayAt(p.Day)
	}
	if !p.Ask {
		p.Before = with("/trips", "collector", p.Collector, "day", dayOf(at.AddDate(0, 0, -1)))
		p.After = with("/trips", "collector", p.Collector, "day", dayOf(at.AddDate(0, 0, 1)))
		if err := s.fillTrips(ctx, v, h, &p, q.Get("division"), q.Get("code")); err != nil {
			return err
		}
	}
	s.show(w, r, v, http.StatusOK, "trips.html", page{Title: "收运车次", TitleEN: "Trips", Body: p, Wide: true, Script: tripScript.path, Sheets: []string{deskStyle.path}})
	return nil
}

func (s *Site) fillTrips(ctx context.Context, v *visit, h hauler, p *tripsPage, division, code string) error {
	about, err := s.Desk.Collection.About(ctx, h.Party, h.Driver)
	if err != nil {
		return err
	}
	missing := fault.Missing("organisation")
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "listTrips", Subject: about, Named: h.Party.String(), Missing: missing}); err != nil {
		return err
	}
	if p.MayPlan, err = s.Gate.Sees(ctx, v.Caller, "createTrip", about); err != nil {
		return err
	}
	names, err := s.crewNames(ctx, h)
	if err != nil {
		return err
	}
	rows := func(f collection.PlanFilter) ([]tripRow, error) {
		f.Collector, f.Driver = h.Party, h.Driver
		found, next, err := s.Desk.Collection.Trips(ctx, f, "", mostTrips)
		if err != nil {
			return nil, err
		}
		p.More = p.More || next != ""
		out := make([]tripRow, len(found))
		for i, t := range found {
			if out[i], err = s.tripRow(ctx, t, names); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	if p.Today, err = rows(collection.PlanFilter{From: p.Day, To: p.Day}); err != nil {
		return err
	}
	at, _ := dayAt(p.Day)
	if p.Later, err = rows(collection.PlanFilter{From: dayOf(at.AddDate(0, 0, 1))}); err != nil {
		return err
	}
	sees, err := s.Gate.Sees(ctx, v.Caller, "listBookings", about)
	if err != nil || !sees {
		return err
	}
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "listBookings", Subject: about, Named: h.Party.String(), Missing: missing}); err != nil {
		return err
	}
	p.Waits, err = s.waiting(ctx, h.Party, division, code, nil)
	return err
}

// tripRow is a trip in a list.
func (s *Site) tripRow(ctx context.Context, t collection.TripView, names map[id.Person]crewMember) (row tripRow, err error) {
	row = tripRow{Href: "/trips/" + t.ID.String(), Day: t.Day, Vehicle: t.Plan.Vehicle, Driver: driverName(names, t.Driver), All: len(t.Stops),
		Expected: kilograms(int64(t.Expected)), Aboard: kilograms(int64(t.Trip.Aboard)), Collected: kilograms(int64(t.Trip.Collected))}
	row.Status, row.Tone = tripState(t)
	if t.Vehicle.Capacity > 0 {
		row.Limit = kilograms(int64(t.Vehicle.Capacity))
	}
	for _, x := range t.Stops {
		switch x.Status {
		case source.Collected:
			row.Collections++
		case source.Passed:
			row.Skipped++
		default:
			row.Left++
		}
	}
	for _, x := range t.Trip.Findings {
		row.Findings = append(row.Findings, line{x.ZH, x.EN})
	}
	if next, ok := t.Trip.Next(); ok && t.Cancelled.IsZero() {
		var m member
		m, err = s.memberOf(ctx, next.Site)
		row.Next = m.Name
	}
	return row, err
}

// tripState is how far a trip is, with the class of the word.
func tripState(t collection.TripView) (line, string) {
	if !t.Cancelled.IsZero() {
		return line(term.TripStatus("cancelled")), "expired"
	}
	tone := map[source.TripStatus]string{source.TripUnderway: "warn", source.TripFinished: "active"}[t.Trip.Status]
	return line(term.TripStatus(string(t.Trip.Status))), tone
}

// waiting lists the bookings that wait for a collector, district by district, overdue ones
// first; ticked are those that somebody chose already.
func (s *Site) waiting(ctx context.Context, p id.Party, division, code string, ticked map[id.Booking]bool) (*waits, error) {
	found, next, err := s.Desk.Collection.Bookings(ctx, collection.BookingFilter{Collector: p}, source.Asked, false, "", mostWaiting)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b collection.BookingView) int {
		return cmp.Or(late(b)-late(a), a.Until.Compare(b.Until))
	})
	out := &waits{Division: division, Code: strings.TrimSpace(code), More: next != ""}
	var sum waste.Grams
	seen := map[string]bool{}
	for _, b := range found {
		m, err := s.memberOf(ctx, b.Site)
		if err != nil {
			return nil, err
		}
		if !seen[m.Division] {
			seen[m.Division] = true
			name := divisionName(m.Division)
			out.Divisions = append(out.Divisions, option{m.Division, name.ZH + " " + name.EN, m.Division == division})
		}
		if (division != "" && m.Division != division) || !booked(b, out.Code) {
			continue
		}
		row := waitRow(b, m.Name, ticked[b.ID])
		out.N++
		out.Late += late(b)
		sum += waste.Grams(row.Grams)
		name := divisionName(m.Division)
		g := slices.IndexFunc(out.Groups, func(g waitGroup) bool { return g.Division == name })
		if g < 0 {
			g = len(out.Groups)
			out.Groups = append(out.Groups, waitGroup{Division: name})
		}
		out.Groups[g].Rows = append(out.Groups[g].Rows, row)
	}
	slices.SortFunc(out.Divisions, func(a, b option) int { return strings.Compare(a.ID, b.ID) })
	out.Sum = kilograms(int64(sum))
	return out, nil
}

func late(b collection.BookingView) int {
	if b.Overdue {
		return 1
	}
	return 0
}

// booked says whether a booking has a waste whose code begins so, HW08 or 900-214-08 alike.
func booked(b collection.BookingView, code string) bool {
	code = strings.ToUpper(code)
	return code == "" || slices.ContainsFunc(b.Lines, func(l collection.Line) bool {
		c := string(l.Code)
		return strings.HasPrefix(c, code) || (len(c) >= 2 && "HW"+c[len(c)-2:] == code)
	})
}

func waitRow(b collection.BookingView, name string, ticked bool) wait {
	row := wait{ID: b.ID.String(), Href: "/bookings/" + b.ID.String(), Name: name, Until: promised(b.Until), Late: b.Overdue, Why: line(term.BookingReason(string(b.Why))),
		Urgent: b.Why == collection.Urgent, Note: b.Note, Ticked: ticked}
	for _, l := range b.Lines {
		row.Grams += int64(l.Grams)
		row.Lines = append(row.Lines, string(l.Code)+" "+kilograms(int64(l.Grams)))
	}
	return row
}

// promised is the end of a window for a person: the last day, where it ends with one.
func promised(until time.Time) string {
	local := until.In(calendar.Zone())
	if local.Equal(calendar.StartOfDay(until)) {
		return dayOf(until.Add(-time.Millisecond))
	}
	return clock(until)
}

// Settled is how many stops are done or passed by.
func (t tripRow) Settled() int { return t.Collections + t.Skipped }
