package httpapi

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/problem"
	"liandan/internal/waste"
	"liandan/internal/worklist"
)

// workMost bounds a page of a list whose items have their duties with them.
const workMost = 200

// work is GET /v1/worklist.
func (f *face) work(c echo.Context, v visit) error {
	cursor, limit, err := page(c, workMost)
	if err != nil {
		return err
	}
	bad := invalid()
	want := filter(bad, c)
	tab := audit.Waiting
	if given := c.QueryParam("list"); given != "" {
		if tab = audit.Tab(given); tab != audit.Waiting && tab != audit.Moving && tab != audit.Overdue {
			bad.At("/list", "value", "must be one of %v", audit.Tabs())
		}
	}
	now := f.asOf(bad, c)
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.allowList(c, v, want); err != nil {
		return err
	}
	p, err := f.Reader.Work(c.Request().Context(), tab, want, now, cursor, limit)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, workPage(p, now))
}

// workCounts is GET /v1/worklist/counts.
func (f *face) workCounts(c echo.Context, v visit) error {
	bad := invalid()
	want := filter(bad, c)
	now := f.asOf(bad, c)
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.allowList(c, v, want); err != nil {
		return err
	}
	n, err := f.Reader.Counts(c.Request().Context(), want, now)
	if err != nil {
		return err
	}
	count := func(t audit.Tab) api.WorkCount { return api.WorkCount{Count: n[t].N, More: n[t].More} }
	return secret(c, http.StatusOK, api.WorkCounts{Waiting: count(audit.Waiting), Moving: count(audit.Moving), Overdue: count(audit.Overdue)})
}

// search is GET /v1/search.
func (f *face) search(c echo.Context, v visit) error {
	cursor, limit, err := page(c, workMost)
	if err != nil {
		return err
	}
	bad := invalid()
	want := filter(bad, c)
	for _, of := range []struct {
		name string
		by   func(string) string
	}{{"number", worklist.ByNumber}, {"plate", worklist.ByPlate}, {"container", worklist.ByContainer}} {
		if word := of.by(short(bad, c, of.name, searchWord)); word != "" {
			want.Terms = append(want.Terms, word)
		}
	}
	if given := c.QueryParam("label"); given != "" {
		want.Label = member(bad, "/label", given, event.ParseLabel)
		if want.Kind != worklist.Batch {
			bad.At("/label", "not_allowed", "finds batches: ask with kind=batch")
		}
	}
	want.From, want.To = moment(bad, c, "from"), moment(bad, c, "to")
	if want.Party.IsZero() && want.Name == "" && !want.Narrow() {
		bad.At("/organisation", "required", "in a district name a number, plate, container, label or organisation")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	if err := f.allowList(c, v, want); err != nil {
		return err
	}
	p, err := f.Reader.Search(c.Request().Context(), want, cursor, limit)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, workPage(p, f.Now()))
}

// searchWord bounds a word that is looked for, in bytes.
const searchWord = 64

// short reads a word of the query that has a bound.
func short(bad *fault.Error, c echo.Context, name string, most int) string {
	word := c.QueryParam(name)
	if len(word) > most || !isText(word) {
		bad.At("/"+name, "length", "must be text of at most %d bytes", most)
	}
	return word
}

// asOf is the moment at which it is judged what is overdue.
func (f *face) asOf(bad *fault.Error, c echo.Context) time.Time {
	if t := moment(bad, c, "due_by"); !t.IsZero() {
		return t
	}
	return f.Now()
}

// filter reads what lists and searches have in common.
func filter(bad *fault.Error, c echo.Context) audit.Filter {
	want := audit.Filter{Kind: worklist.Manifest}
	switch given := c.QueryParam("kind"); given {
	case "":
	case string(worklist.Batch), string(worklist.Manifest):
		want.Kind = worklist.Kind(given)
	default:
		bad.At("/kind", "value", "must be batch or manifest")
	}
	want.Party = optional(bad, c, "party", id.ParseParty)
	want.Site = optional(bad, c, "site", id.ParseSite)
	want.Person = optional(bad, c, "person", id.ParsePerson)
	if want.Division = c.QueryParam("division"); want.Division != "" && !divisionCode(want.Division) {
		bad.At("/division", "format", "must be a division's six digits")
	}
	if c.QueryParam("party") == "" && (want.Division == "" || !want.Site.IsZero() || !want.Person.IsZero()) {
		bad.At("/party", "required", "is required: whose list it is; an authority may name a division instead")
	}
	if want.Name = short(bad, c, "organisation", 3*searchWord); want.Name != "" && (utf8.RuneCountInString(want.Name) < 2 || utf8.RuneCountInString(want.Name) > searchWord) {
		bad.At("/organisation", "length", "must have 2 to %d characters", searchWord)
	}
	if code := optional(bad, c, "code", waste.ParseCode); code != "" {
		want.Terms = append(want.Terms, worklist.ByCode(string(code)))
	}
	return want
}

func divisionCode(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(s) == 6
}

// optional reads a member of the query that need not be there.
func optional[T any](bad *fault.Error, c echo.Context, name string, parse func(string) (T, error)) (v T) {
	if given := c.QueryParam(name); given != "" {
		v = member(bad, "/"+name, given, parse)
	}
	return v
}

// allowList decides on a list as a whole: every row of it has to do with all that the filter
// names, so that whoever may see what has to do with one of them may see each row. A list of
// an organisation with no site or person named is for those who see all its sites.
func (f *face) allowList(c echo.Context, v visit, want audit.Filter) error {
	ctx := c.Request().Context()
	var s access.Subject
	called := want.Division
	if want.Division != "" {
		s.Divisions = []string{want.Division}
	}
	if !want.Party.IsZero() {
		s.Parties, called = []id.Party{want.Party}, want.Party.String()
	}
	if !want.Site.IsZero() {
		s.Sites = []id.Site{want.Site}
	}
	if !want.Person.IsZero() {
		s.People = []id.Person{want.Person}
	}
	whole := len(s.Sites)+len(s.Divisions) == 0
	if whole && len(s.People) > 0 {
		own, err := f.Gate.Sees(ctx, v.Caller, v.operation, s)
		if err != nil {
			return err
		}
		whole = !own
	}
	if !whole {
		return f.allow(c, v, s, called, noParty())
	}
	sites, err := f.Registry.SitesOf(ctx, want.Party)
	if err != nil {
		return err
	}
	for _, site := range sites {
		one := s
		one.Sites = []id.Site{site}
		mine, err := f.Gate.Sees(ctx, v.Caller, v.operation, one)
		if err != nil {
			return err
		}
		if !mine {
			return noParty()
		}
	}
	s.Sites = sites
	return f.allow(c, v, s, called, noParty())
}

func workPage(p audit.Page, now time.Time) api.WorkPage {
	out := api.WorkPage{Items: make([]api.WorkItem, len(p.Items)), NextCursor: p.Next}
	for i, item := range p.Items {
		out.Items[i] = workItem(item)
		out.Items[i].Duties = dutyViews(item.Duties, now)
	}
	return out
}

func workItem(i audit.Item) api.WorkItem {
	if i.Kind == worklist.Batch {
		s := i.Batch
		return api.WorkItem{Kind: api.WorkItemKind(i.Kind), ID: s.ID.String(), Stage: api.Stage(s.Stage), Codes: []api.WasteCode{string(s.Code)},
			Grams: int64(s.Grams), Custodian: s.Custodian.String(), Site: s.Site.String(), Consignor: s.Consignor.String(), Carrier: s.Carrier.String(),
			Consignee: s.Consignee.String(), Vehicle: s.Vehicle, BeganAt: atMillis(s.BornAt), Seq: s.Seq, Next: problem.Steps(s.Next())}
	}
	s := i.Manifest
	out := api.WorkItem{Kind: api.WorkItemKind(i.Kind), ID: s.ID.String(), Stage: api.Stage(s.Stage), Codes: []api.WasteCode{}, Number: s.Number,
		Consignor: s.Consignor.String(), Carrier: s.Carrier.String(), Consignee: s.Consignee.String(), Vehicle: s.Vehicle,
		BeganAt: atMillis(s.IssuedAt), Seq: s.Seq, Next: problem.Steps(s.Next())}
	met := map[waste.Code]bool{}
	for _, l := range s.Lines {
		if out.Grams += int64(l.Issued); !met[l.Code] {
			met[l.Code] = true
			out.Codes = append(out.Codes, string(l.Code))
		}
	}
	return out
}

func dutyViews(ds []duty.Duty, now time.Time) []api.Duty {
	out := make([]api.Duty, len(ds))
	for i, d := range ds {
		by, late := d.Late(now)
		out[i] = api.Duty{Code: string(d.Rule.Code), ZH: d.Rule.ZH, EN: d.Rule.EN, Source: d.Rule.Source(), Certainty: api.DutyCertainty(d.Rule.Certainty),
			Reading: d.Rule.Reading, Owner: d.Owner.String(), Site: d.Site.String(), StartAt: atMillis(d.Start), DueBefore: at(d.Due.At),
			Period: d.Period, Provisional: d.Due.Provisional, Calendar: d.Due.Calendar, Overdue: late, OverdueSeconds: int64(by / time.Second)}
		if d.Due.Rule.Unit != calendar.Hours {
			out[i].LastDay = d.Due.LastDay().Format(time.DateOnly)
		}
		for _, was := range d.Earlier {
			out[i].Earlier = append(out[i].Earlier, at(was.At))
		}
		if d.Ended != 0 {
			out[i].MetAt = atMillis(d.Ended)
		}
	}
	return out
}

// siteDuties is GET /v1/sites/{site}/duties.
func (f *face) siteDuties(c echo.Context, v visit) error {
	site, err := f.ownSite(c, v)
	if err != nil {
		return err
	}
	now := f.Now()
	found, err := f.Reader.DutiesAt(c.Request().Context(), site, now)
	if err != nil {
		return err
	}
	out := api.SiteDuties{Site: site.ID.String(), Class: api.SiteDutiesClass(found.Class), Years: make([]api.YearMade, len(found.Years)), Licensed: found.Generation.Licensed,
		OwnFacility: found.Generation.Own, Duties: dutyViews(found.Duties, now)}
	if found.Class != "" {
		out.Source, out.Certainty, out.Reading = found.Rule.Source(), api.DutyCertainty(found.Rule.Certainty), found.Rule.Reading
	}
	for i, y := range found.Years {
		out.Years[i] = api.YearMade{Year: y.Year, Grams: int64(y.Grams)}
	}
	return secret(c, http.StatusOK, out)
}
