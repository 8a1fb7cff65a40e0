package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"liandan/internal/access"
	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/standbook"
	"liandan/internal/term"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// stroke writes a path of an SVG.
func stroke(parts ...any) string {
	s := fmt.Sprintln(parts...)
	return s[:len(s)-1]
}

// sheetPage is a manifest.
type sheetPage struct {
	ID, Number, Provisional        string
	Stage                          line
	Consignor, Carrier, Consignee  string
	From, To                       place2
	Vehicle, Method, Trip          string
	Issued, Collected, Delivered   string
	Accepted, Reported             string
	Cancelled, Reason              string
	Lines                          []sheetLine
	Findings, Alike                []finding // Alike: more of the same rules
	Missing                        []line
	Signed                         []signed
	Evidence                       bool
	IssuedGrams, Taken, Took, Done string
}

// signed is one event of a manifest.
type signed struct {
	Event     string
	Type      line
	At, Party string
}

type sheetLine struct {
	Batch                              uid
	Code                               string
	Stage                              line
	Packages                           int
	Issued, Collected, Accepted        string
	Refused, Treated, Verdict, Because string
}

// sheet is GET /inspect/manifest/{manifest}.
func (s *Site) sheet(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, subject, err := s.sheetPage(r, v, "getManifest")
	if err != nil {
		return err
	}
	if p.Evidence, err = s.Gate.Sees(r.Context(), v.Caller, "getManifestBundle", subject); err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "manifest.html", page{Title: "联单", TitleEN: "Manifest", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// sheetPage reads the manifest that the path names if the caller may.
func (s *Site) sheetPage(r *http.Request, v *visit, operation string) (p sheetPage, subject access.Subject, err error) {
	ctx, missing := r.Context(), fault.Missing("manifest")
	m, err := id.ParseManifest(r.PathValue("manifest"))
	if err != nil {
		return p, subject, missing
	}
	if subject, err = s.Desk.Reader.ManifestSubject(ctx, m); err != nil {
		return p, subject, err
	}
	if err := s.about(r, v, operation, m.String(), subject, missing); err != nil {
		return p, subject, err
	}
	found, err := s.Desk.Reader.Manifest(ctx, m)
	if err != nil {
		return p, subject, err
	}
	st := found.State
	p = sheetPage{ID: m.String(), Number: st.Number, Provisional: found.Provisional, Stage: stageLine(st.Stage), Vehicle: st.Vehicle, Method: string(st.Method),
		Issued: millis(st.IssuedAt), Collected: millis(st.CollectedAt), Delivered: millis(st.DeliveredAt), Accepted: millis(st.AcceptedAt), Reported: millis(st.ReportedAt),
		Cancelled: millis(st.CancelledAt), Reason: st.Reason}
	if !st.Trip.IsZero() {
		p.Trip = st.Trip.String()
	}
	for _, x := range []struct {
		to *string
		of id.Party
	}{{&p.Consignor, st.Consignor}, {&p.Carrier, st.Carrier}, {&p.Consignee, st.Consignee}} {
		if *x.to, err = s.nameOf(ctx, x.of); err != nil {
			return p, subject, err
		}
	}
	if p.From, err = s.placeOf(ctx, st.ConsignorSite); err != nil {
		return p, subject, err
	}
	if p.To, err = s.placeOf(ctx, st.ConsigneeSite); err != nil {
		return p, subject, err
	}
	if err := s.linked(ctx, v, &p.From, &p.To); err != nil {
		return p, subject, err
	}
	var issued, collected, accepted, treated int64
	for _, l := range st.Lines {
		issued, collected, accepted, treated = issued+int64(l.Issued), collected+int64(l.Collected), accepted+int64(l.Accepted), treated+int64(l.Treated)
		p.Lines = append(p.Lines, sheetLine{Batch: uid(l.Batch.String()), Code: string(l.Code), Stage: stageLine(l.Stage), Packages: l.Packages, Issued: kilograms(int64(l.Issued)),
			Collected: kilograms(int64(l.Collected)), Accepted: kilograms(int64(l.Accepted)), Refused: kilograms(int64(l.Refused)), Treated: kilograms(int64(l.Treated)),
			Verdict: string(l.Verdict), Because: l.Reason})
	}
	p.IssuedGrams, p.Taken, p.Took, p.Done = kilograms(issued), kilograms(collected), kilograms(accepted), kilograms(treated)
	for _, t := range st.Missing() {
		p.Missing = append(p.Missing, typeLine(t))
	}
	for _, x := range found.Signed {
		o := signed{Event: x.Event.ID.String(), Type: typeLine(x.Event.Type), At: clock(x.Event.At)}
		if o.Party, err = s.nameOf(ctx, x.Event.Party); err != nil {
			return p, subject, err
		}
		p.Signed = append(p.Signed, o)
	}
	all, err := s.findingsOf(ctx, found.Findings)
	p.Findings, p.Alike = folded(all)
	return p, subject, err
}

// housePage is what a site holds, and its balance of a period.
type housePage struct {
	ID          uid
	Name, Party string
	Kind        string
	Division    line
	Period      string
	Bags        []bag
	More        string
	Labels      string // address of their labels, for who may print them
	Accounts    []account2
	Total       account2 // of all codes
	Ledger      bool
	Note        *note
	Inspector   bool // may inspect it
	Watch       bool // may search
	Checked     []checkedLine
}

type bag struct {
	Batch                    uid
	Code, Grams, Room, Since string
	Stage                    line
	Due                      string
	Band                     line
	Colour                   string
	Findings                 []line
}

type account2 struct {
	Code                                                  string
	Opening, Generated, TakenIn, Own, Outsourced, MovedOn string
	Corrected, Repacked, Closing                          string
	Balanced                                              bool
}

// siteAt is the site that a page's address names; what is no site's id is missing like a site that is not there.
func (s *Site) siteAt(r *http.Request) (party.Site, error) {
	x, err := id.ParseSite(r.PathValue("site"))
	if err != nil {
		return party.Site{}, fault.Missing("site")
	}
	site, ok, err := s.Registry.Site(r.Context(), x)
	if err == nil && !ok {
		err = fault.Missing("site")
	}
	return site, err
}

// house is GET /inspect/site/{site}?period=&cursor=.
func (s *Site) house(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, missing := r.Context(), fault.Missing("site")
	site, err := s.siteAt(r)
	if err != nil {
		return err
	}
	x := site.ID
	subject := ofSite(site)
	if err := s.about(r, v, "listCustody", x.String(), subject, missing); err != nil {
		return err
	}
	p := housePage{ID: uid(x.String()), Name: site.Name, Kind: term.SiteKind(site.Kind).String(), Division: divisionName(site.Division), Period: r.URL.Query().Get("period")}
	if p.Party, err = s.nameOf(ctx, site.Party); err != nil {
		return err
	}
	held, next, err := s.Desk.Reader.Custody(ctx, x, r.URL.Query().Get("cursor"), atATime)
	if err != nil {
		return err
	}
	for _, b := range held {
		st := b.State
		o := bag{Batch: uid(st.ID.String()), Code: string(st.Code), Grams: kilograms(int64(st.Grams)), Room: st.Room, Since: millis(st.BornAt), Stage: stageLine(st.Stage)}
		if b.Ticking {
			o.Due, o.Band, o.Colour = clock(b.Clock.Due), line{b.Clock.Band.ZH, b.Clock.Band.EN}, b.Clock.Band.Colour
		}
		for _, f := range b.Findings {
			o.Findings = append(o.Findings, line{f.ZH, f.EN})
		}
		p.Bags = append(p.Bags, o)
	}
	if mine, err := s.Gate.Sees(ctx, v.Caller, "getBatchLabel", subject); err != nil {
		return err
	} else if mine && len(p.Bags) > 0 {
		q := url.Values{}
		for _, b := range p.Bags {
			q.Add("batch", string(b.Batch))
		}
		p.Labels = "/print/labels?" + q.Encode()
	}
	if next != "" {
		p.More = with(r.URL.Path, "period", p.Period, "cursor", next)
	}
	p.Watch = s.Gate.May(v.Caller, "searchWaste") == nil
	if p.Inspector = s.mayInspect(v); p.Inspector {
		if p.Checked, err = s.checkedAt(ctx, x); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if p.Period == "" {
		p.Period = s.Now().In(calendar.Zone()).Format("2006-01")
	}
	if p.Ledger = s.Gate.May(v.Caller, "getSiteTable") == nil; p.Ledger {
		if err := s.balance(r, v, &p, standbook.Scope{Party: site.Party, Site: x}, subject); err != nil {
			n := s.noteOf(w, r, err, nil)
			p.Note, status = &n, n.status
		}
	}
	s.show(w, r, v, status, "house.html", page{Title: "场所", TitleEN: "Site", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// balance folds the site's ledger of a period.
func (s *Site) balance(r *http.Request, v *visit, p *housePage, scope standbook.Scope, subject access.Subject) error {
	period, err := indicator.ParsePeriod(p.Period)
	if err != nil {
		return err
	}
	scope.From, scope.To = period.From, period.To
	if err := s.about(r, v, "getSiteTable", scope.Site.String(), subject, fault.Missing("site")); err != nil {
		return err
	}
	found, err := s.Desk.Reader.Standbook(r.Context(), scope, func(standbook.Line) error { return nil })
	if err != nil {
		return err
	}
	var sum standbook.Account
	balanced := true
	for _, a := range found {
		p.Accounts = append(p.Accounts, accountOf(a, a.Balanced()))
		sum.Opening, sum.Generated, sum.TakenIn, sum.Own, sum.Outsourced = sum.Opening+a.Opening, sum.Generated+a.Generated, sum.TakenIn+a.TakenIn, sum.Own+a.Own, sum.Outsourced+a.Outsourced
		sum.MovedOn, sum.Corrected, sum.Repacked, sum.Closing = sum.MovedOn+a.MovedOn, sum.Corrected+a.Corrected, sum.Repacked+a.Repacked, sum.Closing+a.Closing
		balanced = balanced && a.Balanced()
	}
	p.Total = accountOf(sum, balanced)
	return nil
}

func accountOf(a standbook.Account, balanced bool) account2 {
	kg := kilograms
	return account2{string(a.Waste), kg(int64(a.Opening)), kg(int64(a.Generated)), kg(int64(a.TakenIn)), kg(int64(a.Own)), kg(int64(a.Outsourced)),
		kg(int64(a.MovedOn)), kg(int64(a.Corrected)), kg(int64(a.Repacked)), kg(int64(a.Closing)), balanced}
}
