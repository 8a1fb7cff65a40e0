package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"liandan/internal/collection"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// bookPage asks for a pick-up.
type bookPage struct {
	Sites      []option // to choose from; none: one is chosen
	Query      string   // a collector looks a source up by its name
	MayFind    bool
	Looked     bool
	FoundMore  bool
	Site       string
	Name       string
	For        bool // a collector notes down what somebody else wished
	Collectors []option
	Other      string
	Reasons    []option
	From       string
	Until      string
	Lines      []lineRow
	Note       string
	Clocks     []clockRow
	Trouble    *note
}

// lineRow is one waste of the form.
type lineRow struct {
	N        int
	Code, KG string
}

const emptyLines = 2 // below those that are filled

// bookable is a site for which the visitor may book: one of their own, or a source of their
// own collecting organisation, whose wish they note down. The fault is not-found.
func (s *Site) bookable(ctx context.Context, v *visit, given string) (x party.Site, by []hauler, err error) {
	missing := fault.Missing("site")
	k, err := id.ParseSite(given)
	if err != nil {
		return x, nil, missing
	}
	x, ok, err := s.Registry.Site(ctx, k)
	if err != nil || !ok {
		return x, nil, errorOr(err, missing)
	}
	mine, err := s.Gate.Sees(ctx, v.Caller, "createBooking", ofSite(x))
	if err != nil || mine {
		return x, nil, err
	}
	own, err := s.haulers(ctx, v, "createBooking")
	if err != nil {
		return x, nil, err
	}
	for _, h := range own {
		if _, ok, err := s.sourceOf(ctx, h.Party, k); err != nil {
			return x, nil, err
		} else if ok {
			by = append(by, h)
		}
	}
	if len(by) == 0 {
		err = missing
	}
	return x, by, err
}

// newBooking is GET /bookings/new?site=&q=.
func (s *Site) newBooking(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	own, err := s.sitesFor(ctx, v, "createBooking")
	if err != nil {
		return err
	}
	haulers, err := s.haulers(ctx, v, "createBooking")
	if err != nil {
		return err
	}
	given := q.Get("site")
	if given == "" && len(own) == 1 && len(haulers) == 0 {
		given = own[0].ID.String()
	}
	if given != "" {
		x, by, err := s.bookable(ctx, v, given)
		if err != nil {
			return err
		}
		form, err := s.suggested(ctx, v, x)
		if err != nil {
			return err
		}
		return s.showBook(w, r, v, http.StatusOK, x, by, form, nil)
	}
	p := bookPage{Query: strings.TrimSpace(q.Get("q")), MayFind: len(haulers) > 0}
	for _, x := range own {
		p.Sites = append(p.Sites, option{ID: x.ID.String(), Name: x.Name})
	}
	if p.Looked = p.Query != ""; p.Looked {
		p.Sites = nil
		for _, h := range haulers {
			found, more, err := s.sourcesOf(ctx, h.Party, p.Query)
			if err != nil {
				return err
			}
			p.FoundMore = p.FoundMore || more
			for _, m := range found {
				p.Sites = append(p.Sites, option{ID: m.Site.String(), Name: m.Name})
			}
		}
	}
	s.show(w, r, v, http.StatusOK, "booking_new.html", page{Title: "预约收运", TitleEN: "Book a pick-up", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// suggested fills a form with what the site holds now.
func (s *Site) suggested(ctx context.Context, v *visit, x party.Site) (url.Values, error) {
	form := url.Values{"reason": {string(collection.Regular)}, "from": {s.today()}, "until": {dayOf(s.Now().AddDate(0, 0, 2))}}
	clocks, err := s.clocksAt(ctx, v, x)
	if err != nil {
		return nil, err
	}
	for i, c := range clocks {
		if i == collection.MaxLines {
			break
		}
		n := strconv.Itoa(i + 1)
		form.Set("code."+n, c.Code)
		form.Set("kg."+n, waste.Grams(c.grams).Kilograms())
	}
	return form, nil
}

// showBook shows the form with what was typed.
func (s *Site) showBook(w http.ResponseWriter, r *http.Request, v *visit, status int, x party.Site, by []hauler, form url.Values, n *note) error {
	ctx := r.Context()
	m, err := s.memberOf(ctx, x.ID)
	if err != nil {
		return err
	}
	p := bookPage{Site: x.ID.String(), Name: m.Name, For: by != nil, Other: form.Get("other"), From: form.Get("from"), Until: form.Get("until"), Note: form.Get("note"), Trouble: n}
	for _, why := range []collection.Why{collection.Regular, collection.DrumFull, collection.Urgent} {
		p.Reasons = append(p.Reasons, option{string(why), term.BookingReason(string(why)).String(), string(why) == form.Get("reason")})
	}
	for _, h := range by {
		p.Collectors = append(p.Collectors, option{h.Party.String(), h.Name, true})
	}
	if by == nil {
		agreed, err := s.agreedWith(ctx, x)
		if err != nil {
			return err
		}
		for _, k := range agreed {
			o, ok, err := s.Registry.Organisation(ctx, k)
			if err != nil {
				return err
			}
			if ok && o.Has(takers...) && k != x.Party {
				p.Collectors = append(p.Collectors, option{k.String(), o.Name, k.String() == form.Get("collector")})
			}
		}
		if p.Clocks, err = s.clocksAt(ctx, v, x); err != nil {
			return err
		}
	}
	filled := 0
	for i := 1; i <= collection.MaxLines; i++ {
		if form.Get("code."+strconv.Itoa(i))+form.Get("kg."+strconv.Itoa(i)) != "" {
			filled = i
		}
	}
	for i := 1; i <= min(collection.MaxLines, filled+emptyLines); i++ {
		p.Lines = append(p.Lines, lineRow{i, form.Get("code." + strconv.Itoa(i)), form.Get("kg." + strconv.Itoa(i))})
	}
	s.show(w, r, v, status, "booking_new.html", page{Title: "预约收运", TitleEN: "Book a pick-up", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// readBooking reads the form; what is wrong is said of the line that it stands in.
func (s *Site) readBooking(ctx context.Context, form url.Values, x party.Site) (collection.Booking, *fault.Error, error) {
	bad := invalid()
	b := collection.Booking{Site: x.ID, Why: collection.Why(form.Get("reason")), Note: strings.TrimSpace(form.Get("note"))}
	given := form.Get("collector")
	if other := strings.TrimSpace(form.Get("other")); other != "" {
		given = other
	}
	var err error
	if b.Collector, err = s.partyOf(ctx, given); err != nil {
		return b, bad, err
	}
	if b.Collector.IsZero() {
		field(bad, "/collector", "unknown", "must be chosen, or be the credit code of an organisation of the register", "请选择收运单位，或填登记册中单位的统一社会信用代码")
	}
	from, ok := dayAt(form.Get("from"))
	if b.From = from.UTC(); !ok {
		field(bad, "/from", "format", "must be a day", "应为日期")
	}
	until, ok := dayAt(form.Get("until"))
	if b.Until = until.AddDate(0, 0, 1).UTC(); !ok { // that day included
		field(bad, "/until", "format", "must be a day", "应为日期")
	}
	for i := 1; i <= collection.MaxLines; i++ {
		n := strconv.Itoa(i)
		code, kg := strings.TrimSpace(form.Get("code."+n)), strings.TrimSpace(form.Get("kg."+n))
		if code == "" && kg == "" {
			continue
		}
		var l collection.Line
		if l.Code, err = waste.ParseCode(code); err != nil {
			field(bad, "/lines", "format", "line "+n+" needs a waste code such as 900-214-08", "第 "+n+" 行：代码写法不对，应如 900-214-08")
		}
		if l.Grams, ok = gramsOf(kg); !ok {
			field(bad, "/lines", "format", "line "+n+" needs a mass in kilograms such as 12.5, to the gram", "第 "+n+" 行：重量应为千克数，如 12.5，最多三位小数")
		}
		b.Lines = append(b.Lines, l)
	}
	return b, bad, nil
}

// kilogramsForm is how a person writes kilograms, to the gram.
var kilogramsForm = regexp.MustCompile(`^(\d{1,9})(?:\.(\d{1,3}))?$`)

// gramsOf reads kilograms, exactly: 12.5 is 12,500 grams.
func gramsOf(kg string) (waste.Grams, bool) {
	m := kilogramsForm.FindStringSubmatch(kg)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1]+(m[2] + "000")[:3], 10, 64)
	return waste.Grams(n), err == nil
}

// book is POST /bookings. Who may speak for the site asks in its name; else whoever may speak
// for the collector notes the wish down.
func (s *Site) book(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	x, by, err := s.bookable(ctx, v, v.form.Get("site"))
	if err != nil {
		return err
	}
	b, bad, err := s.readBooking(ctx, v.form, x)
	if err != nil {
		return err
	}
	about := ofSite(x)
	b.By = collection.BySource
	if by != nil {
		b.By = collection.ByCollector
		if !slices.ContainsFunc(by, func(h hauler) bool { return h.Party == b.Collector }) {
			field(bad, "/collector", "value", "must be your own organisation", "只能记给本单位")
		}
		if about, err = s.Desk.Collection.About(ctx, b.Collector, id.Person{}); err != nil {
			return err
		}
	}
	err = error(bad)
	if len(bad.Fields) == 0 {
		err = s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: "createBooking", Subject: about, Named: x.ID.String(), Missing: fault.Missing("site")})
		var made collection.BookingView
		if err == nil {
			made, err = s.Desk.Collection.Ask(ctx, b)
		}
		if err == nil {
			return see(w, r, "/bookings/"+made.ID.String()+"?done=booked")
		}
	}
	switch fault.Of(err) {
	case fault.InvalidRequest, fault.Conflict, fault.TooManyAttempts:
		n := s.noteOf(w, r, inChinese(fault.As(err)), map[fault.Kind]line{fault.Conflict: {ZH: "没有预约：同样的预约已有一个在等。"}})
		return s.showBook(w, r, v, n.status, x, by, v.form, &n)
	}
	return err
}
