package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/collection"
	"liandan/internal/duty"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/source"
	"liandan/internal/term"
	"liandan/internal/waste"
	"liandan/internal/worklist"
)

// The pages on which a source books a pick-up and sees what becomes of it.

// How much one page of bookings reads.
const (
	mostSites    = 12  // of one's own whose bookings are shown together
	mostHeld     = 100 // batches at a site whose deadlines are looked through
	bookingsEach = 30  // of a site, where several are shown together
)

// bookingsPage is what somebody's sites have booked.
type bookingsPage struct {
	Sites     []option
	Site      string
	Divisions []option // for an authority, who looks by district
	States    []option
	State     string
	Asked     bool // somebody's bookings are shown
	Rows      []bookingRow
	Clocks    []clockRow
	More      string
	MayBook   bool
	Done      line
}

// bookingRow is a booking in a list.
type bookingRow struct {
	wait
	Collector string
	Made      string
	State     line
	Tone      string
	Trip      string // its day and vehicle
	TripHref  string // "": not the visitor's to see
	Skipped   string // why its stop was passed by
	Fetched   string
	Left      []string
	Sooner    *clockRow // a deadline of what was booked, before the promised day
}

// clockRow is what of one waste must leave a site, and by when.
type clockRow struct {
	Site, Code string
	Words      line
	By         string
	Late       bool
	N          int
	Grams      string
	Source     string
	at         time.Time
	grams      int64
	code       waste.Code
	site       id.Site
}

func (s *Site) bookingRoutes() []route {
	return []route{
		{method: "GET", pattern: "/bookings", operation: "listBookings", run: s.bookings},
		{method: "GET", pattern: "/bookings/new", operation: "createBooking", run: s.newBooking},
		{method: "POST", pattern: "/bookings", operation: "createBooking", run: s.book},
		{method: "GET", pattern: "/bookings/{booking}", operation: "getBooking", run: s.booking},
		{method: "POST", pattern: "/bookings/{booking}/state", operation: "setBookingState", run: s.setBooking},
	}
}

// ofSite is about one site.
func ofSite(x party.Site) access.Subject {
	return access.Subject{Parties: []id.Party{x.Party}, Sites: []id.Site{x.ID}}
}

// bookings is GET /bookings?site=&division=&state=&cursor=.
func (s *Site) bookings(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	p := bookingsPage{Site: q.Get("site"), State: q.Get("state"), MayBook: s.Gate.May(v.Caller, "createBooking") == nil}
	for _, x := range []source.BookingState{source.Asked, source.Booked, source.Done, source.Withdrawn} {
		p.States = append(p.States, option{string(x), term.BookingState(string(x)).String(), string(x) == p.State})
	}
	if !slices.ContainsFunc(p.States, func(o option) bool { return o.Chosen }) {
		p.State = ""
	}
	own, err := s.sitesFor(ctx, v, "listBookings")
	if err != nil {
		return err
	}
	for _, x := range own {
		p.Sites = append(p.Sites, option{x.ID.String(), x.Name, x.ID.String() == p.Site})
	}
	division := q.Get("division")
	if s.watches(v) {
		for _, d := range registry.Divisions() {
			if registry.RunByCity(d.Code) {
				p.Divisions = append(p.Divisions, option{d.Code, d.Name + " " + d.NameEN, d.Code == division})
			}
		}
	}
	switch {
	case division != "":
		err = s.bookingsIn(ctx, v, division, q.Get("cursor"), &p)
	case p.Site != "":
		err = s.bookingsAt(ctx, v, p.Site, q.Get("cursor"), &p)
	case len(own) > 0:
		for _, x := range own[:min(mostSites, len(own))] {
			if err = s.listAt(ctx, v, x, "", bookingsEach, &p); err != nil {
				break
			}
		}
		p.More = ""
	}
	if err != nil {
		return err
	}
	slices.SortStableFunc(p.Rows, func(a, b bookingRow) int { return cmp.Compare(b.Made, a.Made) })
	s.show(w, r, v, http.StatusOK, "bookings.html", page{Title: "收运预约", TitleEN: "Bookings", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// bookingsIn lists a district's, for an authority.
func (s *Site) bookingsIn(ctx context.Context, v *visit, division, cursor string, p *bookingsPage) error {
	missing := fault.Missing("district")
	if _, ok := registry.LookupDivision(division); !ok {
		return missing
	}
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "listBookings", Subject: access.Subject{Divisions: []string{division}}, Named: division, Missing: missing}); err != nil {
		return err
	}
	return s.list(ctx, v, collection.BookingFilter{Division: division}, cursor, atATime, p, with("/bookings", "division", division, "state", p.State))
}

func (s *Site) bookingsAt(ctx context.Context, v *visit, given, cursor string, p *bookingsPage) error {
	missing := fault.Missing("site")
	x, err := id.ParseSite(given)
	if err != nil {
		return missing
	}
	site, ok, err := s.Registry.Site(ctx, x)
	if err != nil || !ok {
		return errorOr(err, missing)
	}
	return s.listAt(ctx, v, site, cursor, atATime, p)
}

func (s *Site) listAt(ctx context.Context, v *visit, x party.Site, cursor string, limit int, p *bookingsPage) error {
	if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "listBookings", Subject: ofSite(x), Named: x.ID.String(), Missing: fault.Missing("site")}); err != nil {
		return err
	}
	clocks, err := s.clocksAt(ctx, v, x)
	if err != nil {
		return err
	}
	p.Clocks = append(p.Clocks, clocks...)
	return s.list(ctx, v, collection.BookingFilter{Site: x.ID}, cursor, limit, p, with("/bookings", "site", x.ID.String(), "state", p.State))
}

func (s *Site) list(ctx context.Context, v *visit, f collection.BookingFilter, cursor string, limit int, p *bookingsPage, here string) error {
	found, next, err := s.Desk.Collection.Bookings(ctx, f, source.BookingState(p.State), false, cursor, limit)
	if err != nil {
		return err
	}
	p.Asked = true
	for _, b := range found {
		row, err := s.bookingRow(ctx, v, b)
		if err != nil {
			return err
		}
		row.Sooner = sooner(p.Clocks, b)
		p.Rows = append(p.Rows, row)
	}
	if next != "" {
		p.More = here + "&cursor=" + next
	}
	return nil
}

// sooner is the nearest deadline of what a booking that waits is for, if it comes before the
// promised day is over.
func sooner(clocks []clockRow, b collection.BookingView) *clockRow {
	if b.State != source.Asked && b.State != source.Booked {
		return nil
	}
	var out *clockRow
	for i, c := range clocks {
		asked := c.site == b.Site && slices.ContainsFunc(b.Lines, func(l collection.Line) bool { return l.Code == c.code })
		if asked && c.at.Before(b.Until) && (out == nil || c.at.Before(out.at)) {
			out = &clocks[i]
		}
	}
	return out
}

// bookingRow is a booking in a list.
func (s *Site) bookingRow(ctx context.Context, v *visit, b collection.BookingView) (row bookingRow, err error) {
	m, err := s.memberOf(ctx, b.Site)
	if err != nil {
		return row, err
	}
	row = bookingRow{wait: waitRow(b, m.Name, false), Made: clock(b.Made), State: line(term.BookingState(string(b.State)))}
	row.Tone = map[source.BookingState]string{source.Done: "active", source.Withdrawn: "expired", source.Booked: "good"}[b.State]
	if row.Collector, err = s.nameOf(ctx, b.Collector); err != nil {
		return row, err
	}
	if b.Pickup.Event.IsZero() {
		row.Skipped = b.Skipped.Reason
	} else {
		row.Fetched = clock(b.Pickup.At) + " · " + kilograms(int64(b.Pickup.Grams))
		for _, c := range b.Left {
			row.Left = append(row.Left, string(c))
		}
	}
	if b.Plan.ID.IsZero() {
		return row, nil
	}
	row.Trip = b.Plan.Day + " · " + b.Plan.Vehicle
	about, err := s.Desk.Collection.AboutTrip(ctx, b.Plan)
	if err != nil {
		return row, err
	}
	sees, err := s.Gate.Sees(ctx, v.Caller, "getTrip", about)
	if sees {
		row.TripHref = "/trips/" + b.Plan.ID.String()
	}
	return row, err
}

// clocksAt is what must leave a site and by when, waste by waste, the nearest first: what the
// work list has of it, for who may read that.
func (s *Site) clocksAt(ctx context.Context, v *visit, x party.Site) (out []clockRow, err error) {
	own := slices.ContainsFunc(v.Appointments, func(g access.Appointment) bool { return g.Party == x.Party })
	sees, err := s.Gate.Sees(ctx, v.Caller, "listWork", ofSite(x))
	if err != nil || !sees || !own { // an authority reads the work list on its own page, where that is recorded
		return nil, err
	}
	found, err := s.Desk.Reader.Work(ctx, audit.Waiting, audit.Filter{Kind: worklist.Batch, Party: x.Party, Site: x.ID}, s.Now(), "", mostHeld)
	if err != nil {
		return nil, err
	}
	for _, i := range found.Items {
		var first duty.Duty
		for _, d := range i.Duties {
			if d.Open() && (first.Due.At.IsZero() || d.Due.At.Before(first.Due.At)) {
				first = d
			}
		}
		if first.Due.At.IsZero() {
			continue
		}
		at := slices.IndexFunc(out, func(c clockRow) bool { return c.code == i.Batch.Code })
		if at < 0 {
			at = len(out)
			out = append(out, clockRow{Site: x.Name, Code: string(i.Batch.Code), code: i.Batch.Code, site: x.ID})
		}
		c := &out[at]
		if c.N == 0 || first.Due.At.Before(c.at) {
			c.at, c.Words, c.By, c.Source = first.Due.At, line{first.Rule.ZH, first.Rule.EN}, dueOf(first), first.Rule.Source()
			_, c.Late = first.Late(s.Now())
		}
		c.N++
		c.grams += int64(i.Batch.Grams)
		c.Grams = kilograms(c.grams)
	}
	slices.SortStableFunc(out, func(a, b clockRow) int { return a.at.Compare(b.at) })
	return out, nil
}
