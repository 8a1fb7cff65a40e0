package web

import (
	"net/http"
	"slices"

	"liandan/internal/access"
	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/term"
)

// bookingPage is a booking and what became of it.
type bookingPage struct {
	bookingRow
	By          line
	From        string
	Withdrawn   string
	Reason      string
	Version     int64
	MayWithdraw bool
	MayRestore  bool
	Clocks      []clockRow
	Done        line
	Trouble     *note
	Typed       string
}

var bookingDone = map[string]line{
	"booked":    {"已预约。收运单位安排车次后，这里会显示日期和车辆。", "Booked. Day and vehicle show here once the collector has planned a trip."},
	"withdrawn": {"已撤回。", "Withdrawn."},
	"restored":  {"已恢复。", "Restored."},
}

// aboutBooking finds a booking that a visitor may do an operation to, and records it.
func (s *Site) aboutBooking(r *http.Request, v *visit, operation string, change bool) (collection.Booking, error) {
	ctx, missing := r.Context(), fault.Missing("booking")
	k, err := id.ParseBooking(r.PathValue("booking"))
	if err != nil {
		return collection.Booking{}, missing
	}
	b, err := s.Desk.Collection.FindBooking(ctx, k)
	if err != nil {
		return b, err
	}
	about, err := s.Desk.Collection.AboutBooking(ctx, b, change)
	if err != nil {
		return b, err
	}
	return b, s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: operation, Subject: about, Named: k.String(), Missing: missing})
}

// booking is GET /bookings/{booking}.
func (s *Site) booking(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.aboutBooking(r, v, "getBooking", false)
	if err != nil {
		return err
	}
	return s.showBooking(w, r, v, http.StatusOK, b.ID, bookingPage{Done: bookingDone[r.URL.Query().Get("done")]})
}

func (s *Site) showBooking(w http.ResponseWriter, r *http.Request, v *visit, status int, k id.Booking, p bookingPage) error {
	ctx := r.Context()
	b, err := s.Desk.Collection.Booking(ctx, k)
	if err != nil {
		return err
	}
	if p.bookingRow, err = s.bookingRow(ctx, v, b); err != nil {
		return err
	}
	p.By, p.From, p.Withdrawn, p.Reason, p.Version = line(term.BookingSide(string(b.By))), clock(b.From), clock(b.Withdrawn), b.WithdrawnAs, b.Version
	x, ok, err := s.Registry.Site(ctx, b.Site)
	if err != nil {
		return err
	}
	if ok {
		if p.Clocks, err = s.clocksAt(ctx, v, x); err != nil {
			return err
		}
		p.Clocks = slices.DeleteFunc(p.Clocks, func(c clockRow) bool {
			return !slices.ContainsFunc(b.Lines, func(l collection.Line) bool { return l.Code == c.code })
		})
		p.Sooner = sooner(p.Clocks, b)
	}
	var about access.Subject
	if about, err = s.Desk.Collection.AboutBooking(ctx, b.Booking, true); err != nil {
		return err
	}
	sees, err := s.Gate.Sees(ctx, v.Caller, "setBookingState", about)
	if err != nil {
		return err
	}
	p.MayWithdraw = sees && (b.State == source.Asked || b.State == source.Booked)
	p.MayRestore = sees && b.State == source.Withdrawn && b.Until.After(s.Now())
	s.show(w, r, v, status, "booking.html", page{Title: "收运预约", TitleEN: "Booking", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// setBooking is POST /bookings/{booking}/state. What the source asked, its collector cannot
// take back.
func (s *Site) setBooking(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.aboutBooking(r, v, "setBookingState", true)
	if err != nil {
		return err
	}
	state, version, bad := askedState(v.form, "asked", "withdrawn")
	err = error(bad)
	if len(bad.Fields) == 0 {
		_, err = s.Desk.Collection.SetBooking(r.Context(), b.ID, version, state == "withdrawn", v.form.Get("reason"))
		if err == nil {
			return see(w, r, "/bookings/"+b.ID.String()+"?done="+map[string]string{"asked": "restored", "withdrawn": "withdrawn"}[state])
		}
	}
	switch fault.Of(err) {
	case fault.InvalidRequest, fault.Conflict:
		n := s.noteOf(w, r, inChinese(fault.As(err)), map[fault.Kind]line{fault.Conflict: {ZH: "没有执行；下面列出原因。请核对这一页后再做。"}})
		return s.showBooking(w, r, v, n.status, b.ID, bookingPage{Trouble: &n, Typed: v.form.Get("reason")})
	}
	return err
}
