package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/term"
	"liandan/internal/worklist"
)

// The desk's answer to "what must my site do, and by when": what is overdue, what waits for
// the site, what it has to file. It reads what GET /v1/worklist and /v1/sites/{site}/duties
// read, under the same operations.

// dutiesPage is the sites to choose from, or what one of them has to do.
type dutiesPage struct {
	Sites []dutySite
	More  string // the next page of sites
	One   *oneSite
}

// dutySite is a site with how much it has to do.
type dutySite struct {
	Name    string
	Href    string
	Overdue string
	Waiting string
	Moving  string
}

// oneSite is what one site has to do.
type oneSite struct {
	ID, Name, Party string
	Kind            line
	Division        line
	Class           *siteClass
	Overdue         []workRow // that are late, manifests first
	Waiting         []workLot // manifests and batches that wait for the site
	Filing          []filing
	Back            bool // there are other sites to choose from
}

// siteClass is how the site is supervised, and why.
type siteClass struct {
	Words   line
	Years   []yearRow
	Source  string
	Reading string
}

type yearRow struct {
	Year  int
	Grams string
}

// workRow is a batch or manifest with what is to be done about it.
type workRow struct {
	Kind       line
	Href, Name string
	Stage      line
	Grams      string
	Since      string
	Next       line   // what is to be done
	By         string // by whom, where it is not the site's own party
	Due        []dueRow
}

// dueRow is one deadline.
type dueRow struct {
	Words line
	By    string // the day or moment
	Late  bool
}

// workLot is one list of what waits, as much of it as is shown at a time.
type workLot struct {
	Kind   line
	Count  string
	Groups []workGroup
	More   string
}

// workGroup is what waits for the same to be done.
type workGroup struct {
	Next  line
	Rows  []workRow
	First string // the nearest deadline
}

// filing is a plan or report that is to be filed.
type filing struct {
	Words  line
	Period string
	Due    string
	State  line
	Tone   string
	Source string
	Open   bool // the calendar of that time is not published: the day may move
}

var classWords = map[duty.Class]line{
	duty.Key:        {"重点监管单位", "key unit"},
	duty.Simplified: {"简化管理单位", "under simplified management"},
	duty.Registered: {"登记管理单位", "registered unit"},
}

var workKinds = map[worklist.Kind]line{worklist.Manifest: {"联单", "manifest"}, worklist.Batch: {"批次", "batch"}}

// dutyRoutes are the pages of what is to be done.
func (s *Site) dutyRoutes() []route {
	return []route{
		{method: "GET", pattern: "/duties", operation: "getSiteDuties", run: s.myDuties},
		{method: "GET", pattern: "/duties/{site}", operation: "getSiteDuties", run: s.duties},
	}
}

// myDuties is GET /duties: the sites of whoever asks. One site alone is shown at once.
func (s *Site) myDuties(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Gate.List(r.Context(), v.Caller, "getSiteDuties"); err != nil {
		return err
	}
	sites, err := s.sitesFor(r.Context(), v, "getSiteDuties")
	if err != nil {
		return err
	}
	if len(sites) == 1 {
		return s.dutiesOf(w, r, v, sites[0])
	}
	var p dutiesPage
	// What waits at a site is counted site by site: a page of them at a time.
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	from = min(max(from, 0), len(sites))
	to := min(from+atATime, len(sites))
	if to < len(sites) {
		p.More = with("/duties", "from", strconv.Itoa(to))
	}
	for _, x := range sites[from:to] {
		o := dutySite{Name: x.Name, Href: "/duties/" + x.ID.String()}
		n := map[audit.Tab]int{}
		for _, kind := range []worklist.Kind{worklist.Manifest, worklist.Batch} {
			found, err := s.Desk.Reader.Counts(r.Context(), audit.Filter{Kind: kind, Party: x.Party, Site: x.ID}, s.Now())
			if err != nil {
				return err
			}
			for _, t := range audit.Tabs() {
				n[t] += found[t].N
			}
		}
		o.Overdue, o.Waiting, o.Moving = strconv.Itoa(n[audit.Overdue]), strconv.Itoa(n[audit.Waiting]), strconv.Itoa(n[audit.Moving])
		p.Sites = append(p.Sites, o)
	}
	s.show(w, r, v, http.StatusOK, "duties.html", page{Title: "待办与期限", TitleEN: "Duties", Body: p, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// sitesFor are the sites of the caller's own appointments on which they may do an operation.
func (s *Site) sitesFor(ctx context.Context, v *visit, operation string) (out []party.Site, err error) {
	for _, g := range v.Appointments {
		if g.Party.IsZero() || !g.Valid.Holds(s.Now()) {
			continue
		}
		list := g.Sites
		if len(list) == 0 {
			if list, err = s.Registry.SitesOf(ctx, g.Party); err != nil {
				return nil, err
			}
		}
		for _, x := range list {
			site, ok, err := s.Registry.Site(ctx, x)
			if err != nil {
				return nil, err
			}
			if !ok || slices.ContainsFunc(out, func(o party.Site) bool { return o.ID == x }) {
				continue
			}
			mine, err := s.Gate.Sees(ctx, v.Caller, operation, ofSite(site))
			if err != nil {
				return nil, err
			}
			if mine {
				out = append(out, site)
			}
		}
	}
	return out, nil
}

// duties is GET /duties/{site}?kind=&cursor=.
func (s *Site) duties(w http.ResponseWriter, r *http.Request, v *visit) error {
	site, err := s.siteAt(r)
	if err != nil {
		return err
	}
	return s.dutiesOf(w, r, v, site)
}

func (s *Site) dutiesOf(w http.ResponseWriter, r *http.Request, v *visit, site party.Site) (err error) {
	ctx, x, missing := r.Context(), site.ID, fault.Missing("site")
	subject := access.Subject{Parties: []id.Party{site.Party}, Sites: []id.Site{x}}
	for _, operation := range []string{"getSiteDuties", "listWork"} {
		if err := s.Gate.Allow(ctx, v.Caller, gate.Ask{Operation: operation, Subject: subject, Named: x.String(), Missing: missing}); err != nil {
			return err
		}
	}
	p := oneSite{ID: x.String(), Name: site.Name, Kind: line(term.SiteKind(site.Kind)), Division: divisionName(site.Division)}
	if p.Party, err = s.nameOf(ctx, site.Party); err != nil {
		return err
	}
	if err := s.files(ctx, &p, site); err != nil {
		return err
	}
	asked, cursor := worklist.Kind(r.URL.Query().Get("kind")), r.URL.Query().Get("cursor")
	for _, kind := range []worklist.Kind{worklist.Manifest, worklist.Batch} {
		f, from := audit.Filter{Kind: kind, Party: site.Party, Site: x}, ""
		if kind == asked {
			from = cursor
		}
		if err := s.works(ctx, &p, f, from); err != nil {
			return err
		}
	}
	mine, err := s.sitesFor(ctx, v, "getSiteDuties")
	if err != nil {
		return err
	}
	p.Back = len(mine) > 1
	s.show(w, r, v, http.StatusOK, "duties.html", page{Title: "待办与期限", TitleEN: "Duties", Body: dutiesPage{One: &p}, Wide: true, Sheets: []string{deskStyle.path}})
	return nil
}

// files adds what the site has to file, and its class.
func (s *Site) files(ctx context.Context, p *oneSite, site party.Site) error {
	now := s.Now()
	found, err := s.Desk.Reader.DutiesAt(ctx, site, now)
	if err != nil {
		return err
	}
	if found.Class != "" {
		p.Class = &siteClass{Words: classWords[found.Class], Source: found.Rule.Source(), Reading: found.Rule.Reading}
		for _, y := range found.Years {
			p.Class.Years = append(p.Class.Years, yearRow{y.Year, kilograms(int64(y.Grams))})
		}
	}
	for _, d := range found.Duties {
		f := filing{Words: line{d.Rule.ZH, d.Rule.EN}, Period: d.Period, Due: dueOf(d), Source: d.Rule.Source(), Open: d.Due.Provisional, State: line{"待办", "to be done"}, Tone: "warn"}
		if _, late := d.Late(now); late {
			f.State, f.Tone = line{"逾期", "overdue"}, "bad"
		}
		if !d.Open() {
			f.State, f.Tone = line{"已办 " + dayOf(time.UnixMilli(d.Ended)), "done"}, "good"
		}
		p.Filing = append(p.Filing, f)
	}
	return nil
}

// works adds what is overdue and what waits, of one kind.
func (s *Site) works(ctx context.Context, p *oneSite, f audit.Filter, cursor string) error {
	now := s.Now()
	of, _, err := s.Registry.Organisation(ctx, f.Party)
	if err != nil {
		return err
	}
	if cursor == "" {
		late, err := s.Desk.Reader.Work(ctx, audit.Overdue, f, now, "", atATime)
		if err != nil {
			return err
		}
		for _, i := range late.Items {
			row, err := s.workRow(ctx, i, of, now)
			if err != nil {
				return err
			}
			p.Overdue = append(p.Overdue, row)
		}
	}
	found, err := s.Desk.Reader.Work(ctx, audit.Waiting, f, now, cursor, atATime)
	if err != nil {
		return err
	}
	counts, err := s.Desk.Reader.Counts(ctx, f, now)
	if err != nil {
		return err
	}
	lot := workLot{Kind: workKinds[f.Kind], Count: strconv.Itoa(counts[audit.Waiting].N)}
	if counts[audit.Waiting].More {
		lot.Count += "+"
	}
	for _, i := range found.Items {
		row, err := s.workRow(ctx, i, of, now)
		if err != nil {
			return err
		}
		g := slices.IndexFunc(lot.Groups, func(g workGroup) bool { return g.Next == row.Next })
		if g < 0 {
			g = len(lot.Groups)
			lot.Groups = append(lot.Groups, workGroup{Next: row.Next})
		}
		lot.Groups[g].Rows = append(lot.Groups[g].Rows, row)
		for _, d := range row.Due {
			if first := &lot.Groups[g].First; *first == "" || d.By < *first {
				*first = d.By
			}
		}
	}
	if found.Next != "" {
		lot.More = with("/duties/"+p.ID, "kind", string(f.Kind), "cursor", found.Next)
	}
	p.Waiting = append(p.Waiting, lot)
	return nil
}

// workRow is one thing of a list, for a party.
func (s *Site) workRow(ctx context.Context, i audit.Item, of party.Organisation, now time.Time) (row workRow, err error) {
	var next []batch.Step
	row.Kind = workKinds[i.Kind]
	if i.Kind == worklist.Batch {
		st := i.Batch
		row.Href, row.Name, row.Stage, row.Grams, row.Since = "/inspect/batch/"+st.ID.String(), string(st.Code), stageLine(st.Stage), kilograms(int64(st.Grams)), millis(st.BornAt)
		if st.Container != "" {
			row.Name += " " + st.Container
		}
		next = st.Next()
	} else {
		st := i.Manifest
		var grams int64
		for _, l := range st.Lines {
			grams += int64(l.Issued)
		}
		row.Href, row.Name, row.Stage, row.Grams, row.Since = "/inspect/manifest/"+st.ID.String(), st.Number, stageLine(st.Stage), kilograms(grams), millis(st.IssuedAt)
		if row.Name == "" {
			if row.Name, err = s.nameOf(ctx, st.Consignor); err != nil {
				return row, err
			}
		}
		next = st.Next()
	}
	mine := func(x batch.Step) bool { return x.Party == of.ID && (x.Role == "" || of.Has(x.Role)) }
	if k := slices.IndexFunc(next, mine); k > 0 {
		next = next[k:] // what the party itself may do comes first
	}
	if len(next) > 0 {
		do := next[0].Type
		if do == event.BatchTreated && of.Has(party.Collector) && !of.Has(party.Operator) {
			do = event.ManifestIssued // who only collects sends it on
		}
		row.Next = line(term.Type(do))
		if next[0].Party != of.ID {
			row.By, err = s.nameOf(ctx, next[0].Party)
		}
	}
	for _, d := range i.Duties {
		if !d.Open() {
			continue
		}
		due := dueRow{Words: line{d.Rule.ZH, d.Rule.EN}, By: dueOf(d)}
		_, due.Late = d.Late(now)
		row.Due = append(row.Due, due)
	}
	return row, err
}

// dueOf is the last day of a duty, or the moment where it is counted in hours.
func dueOf(d duty.Duty) string {
	if d.Due.Rule.Unit == calendar.Hours {
		return clock(d.Due.At)
	}
	return d.Due.LastDay().Format(time.DateOnly)
}
