package web

import (
	"context"
	"net/http"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/term"
)

// tripPage is a trip: as it is planned, and as signed events leave it.
type tripPage struct {
	tripRow
	ID, Collector string
	Name          string
	Permit        string
	Medical       bool
	Remaining     string
	Peak          string
	Note          string
	Made, Changed string
	Cancelled     string
	Reason        string
	Stops         []stopRow
	Sheets        []hit
	Partial       bool
	Hidden        bool // manifests that are not the visitor's to see
	Version       int64
	MayChange     bool
	MayCancel     bool
	MayRestore    bool
	MayPlan       bool
	Done          line
	Trouble       *note
	Typed         string
}

// stopRow is a stop as it was planned and as it went.
type stopRow struct {
	N             int
	Name          string
	Division      line
	Status        line
	Tone          string
	At            string
	Grams         string
	Batches       int
	Reason        string
	Expected      []string
	Until         string
	Note          string
	Booking       string // address; "": nobody asked, or not the visitor's to see
	Withdrawn     bool
	Unplanned     bool
	Next          bool
	Went, Skipped bool
}

// aboutTrip finds a trip that a visitor may do an operation to; it is recorded where it is
// done. The fault for what is another's is that of what is not there.
func (s *Site) aboutTrip(ctx context.Context, v *visit, given, operation string, done bool) (collection.Plan, error) {
	missing := fault.Missing("trip")
	k, err := id.ParseTrip(given)
	if err != nil {
		return collection.Plan{}, missing
	}
	p, err := s.Desk.Collection.FindTrip(ctx, k)
	if err != nil {
		return p, err
	}
	about, err := s.Desk.Collection.AboutTrip(ctx, p)
	if err != nil {
		return p, err
	}
	if done {
		return p, s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: operation, Subject: about, Named: k.String(), Missing: missing})
	}
	sees, err := s.Gate.Sees(ctx, v.Caller, operation, about)
	if err == nil && !sees {
		err = missing
	}
	return p, err
}

// knownTrip reads a trip for a visitor who may do an operation to it.
func (s *Site) knownTrip(r *http.Request, v *visit, operation, given string) (t collection.TripView, err error) {
	ctx := r.Context()
	p, err := s.aboutTrip(ctx, v, given, operation, operation == "getTrip")
	if err != nil {
		return t, err
	}
	return s.Desk.Collection.Trip(ctx, p.ID)
}

// tripDone is what a trip's page says of what was done a moment ago.
var tripDone = map[string]line{
	"saved":     {"已保存。驾驶员的手机下次联网时会显示这个车次。", "Saved. The driver's phone shows the trip when it is next on the network."},
	"cancelled": {"已取消；车次上的预约重新等待安排。", "Cancelled; its bookings wait again."},
	"restored":  {"已恢复。", "Restored."},
}

// trip is GET /trips/{trip}.
func (s *Site) trip(w http.ResponseWriter, r *http.Request, v *visit) error {
	t, err := s.knownTrip(r, v, "getTrip", r.PathValue("trip"))
	if err != nil {
		return err
	}
	return s.showTrip(w, r, v, http.StatusOK, t, tripPage{Done: tripDone[r.URL.Query().Get("done")]})
}

func (s *Site) showTrip(w http.ResponseWriter, r *http.Request, v *visit, status int, t collection.TripView, p tripPage) error {
	ctx := r.Context()
	h, err := s.haulerOf(ctx, v, t.Plan)
	if err != nil {
		return err
	}
	names, err := s.crewNames(ctx, h)
	if err != nil {
		return err
	}
	if p.tripRow, err = s.tripRow(ctx, t, names); err != nil {
		return err
	}
	p.ID, p.Collector, p.Name, p.Permit, p.Medical, p.Note, p.Version = t.ID.String(), t.Collector.String(), h.Name, t.Vehicle.Permit, t.Vehicle.Medical, t.Note, t.Version
	p.Peak, p.Made, p.Changed, p.Cancelled, p.Reason, p.Partial = kilograms(int64(t.Trip.Peak)), clock(t.Made), clock(t.Changed), clock(t.Cancelled), t.CancelledAs, t.More
	if t.Vehicle.Capacity > 0 {
		p.Remaining = kilograms(int64(t.Trip.Remaining))
	}
	if err := s.mayTrip(ctx, v, t, &p); err != nil {
		return err
	}
	if err := s.stopRows(ctx, v, t, &p); err != nil {
		return err
	}
	if err := s.tripSheets(ctx, v, t, &p); err != nil {
		return err
	}
	s.show(w, r, v, status, "trip.html", page{Title: "车次 " + t.Day, TitleEN: "Trip", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// mayTrip says what the visitor may do to the trip as it is.
func (s *Site) mayTrip(ctx context.Context, v *visit, t collection.TripView, p *tripPage) error {
	about, err := s.Desk.Collection.AboutTrip(ctx, t.Plan)
	if err != nil {
		return err
	}
	standing := t.Cancelled.IsZero()
	for operation, may := range map[string]*bool{"changeTrip": &p.MayChange, "setTripState": &p.MayCancel, "createTrip": &p.MayPlan} {
		if *may, err = s.Gate.Sees(ctx, v.Caller, operation, about); err != nil {
			return err
		}
	}
	p.MayRestore = p.MayCancel && !standing && t.Day >= s.today()
	p.MayChange = p.MayChange && standing && !begun(t) && t.Day >= s.today()
	p.MayCancel = p.MayCancel && standing && !begun(t)
	return nil
}

func (s *Site) stopRows(ctx context.Context, v *visit, t collection.TripView, p *tripPage) error {
	next, going := t.Trip.Next()
	for i, x := range t.Stops {
		m, err := s.memberOf(ctx, x.Site)
		if err != nil {
			return err
		}
		row := stopRow{N: i + 1, Name: m.Name, Division: divisionName(m.Division), Status: line(term.StopStatus(string(x.Status))), At: clock(x.At), Batches: x.Batches,
			Reason: x.Reason, Unplanned: !x.Planned, Went: x.Status == source.Collected, Skipped: x.Status == source.Passed}
		row.Next = going && next.Site == x.Site && t.Cancelled.IsZero()
		row.Tone = map[source.StopStatus]string{source.Collected: "active", source.Passed: "revoked"}[x.Status]
		if row.Went {
			row.Grams = kilograms(int64(x.Grams))
		}
		if b := x.Booking; !b.ID.IsZero() {
			wish := waitRow(collection.BookingView{Booking: b}, m.Name, false)
			row.Expected, row.Until, row.Note, row.Withdrawn = wish.Lines, wish.Until, wish.Note, !b.Withdrawn.IsZero()
			about, err := s.Desk.Collection.AboutBooking(ctx, b, false)
			if err != nil {
				return err
			}
			sees, err := s.Gate.Sees(ctx, v.Caller, "getBooking", about)
			if err != nil {
				return err
			}
			if sees {
				row.Booking = wish.Href
			}
		}
		p.Stops = append(p.Stops, row)
	}
	return nil
}

// tripSheets lists the manifests that came of the trip, as far as the visitor may see them.
func (s *Site) tripSheets(ctx context.Context, v *visit, t collection.TripView, p *tripPage) error {
	for _, x := range t.Sheets {
		about, err := s.Desk.Reader.ManifestSubject(ctx, x.Manifest)
		if fault.Of(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		sees, err := s.Gate.Sees(ctx, v.Caller, "getManifest", about)
		if err != nil {
			return err
		}
		if !sees {
			p.Hidden = true
			continue
		}
		found, err := s.Desk.Reader.Manifest(ctx, x.Manifest)
		if err != nil {
			return err
		}
		st := found.State
		var grams int64
		for _, l := range st.Lines {
			grams += int64(l.Issued)
		}
		h := hit{Href: "/inspect/manifest/" + st.ID.String(), ID: uid(st.ID.String()), Number: numberOf(st), Stage: stageLine(st.Stage), Grams: kilograms(grams), At: millis(st.IssuedAt)}
		from, err := s.memberOf(ctx, x.From)
		if err != nil {
			return err
		}
		if h.From = from.Name; x.From.IsZero() {
			h.From = ""
		}
		if h.To, err = s.nameOf(ctx, st.Consignee); err != nil {
			return err
		}
		p.Sheets = append(p.Sheets, h)
	}
	return nil
}

// setTrip is POST /trips/{trip}/state: it cancels or restores.
func (s *Site) setTrip(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	p, err := s.aboutTrip(ctx, v, r.PathValue("trip"), "setTripState", true)
	if err != nil {
		return err
	}
	state, version, bad := askedState(v.form, "planned", "cancelled")
	err = error(bad)
	if len(bad.Fields) == 0 {
		_, err = s.Desk.Collection.SetTrip(ctx, p.ID, version, state == "cancelled", v.form.Get("reason"))
	}
	switch fault.Of(err) {
	case "":
		if err != nil {
			return err
		}
		return see(w, r, "/trips/"+p.ID.String()+"?done="+map[string]string{"cancelled": "cancelled", "planned": "restored"}[state])
	case fault.InvalidRequest, fault.Conflict:
		n := s.noteOf(w, r, inChinese(fault.As(err)), planConflict(err))
		t, lookup := s.Desk.Collection.Trip(ctx, p.ID)
		if lookup != nil {
			return lookup
		}
		return s.showTrip(w, r, v, n.status, t, tripPage{Trouble: &n, Typed: v.form.Get("reason")})
	}
	return err
}
