package web

import (
	"context"
	"net/http"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/party"
	"liandan/internal/term"
)

// Inspections of sites by sheets: what the tablet needs to fill one in, and what the site's
// page lists. The tablet signs; nothing of an inspection is kept here before it is an event.

// Inspections knows sheets and what was inspected by them; measure.Service is one.
type Inspections interface {
	Sheets(ctx context.Context) ([]indicator.Sheet, error)
	InspectionsOf(ctx context.Context, site id.Site) ([]measure.Checked, error)
}

// inspectionRoutes are what the app asks before an inspection. The sheets are the published
// rules and open as the app is; what was found at a site is not.
func (s *Site) inspectionRoutes() []route {
	return []route{
		{method: "GET", pattern: "/m/sheets", operation: "page:phone", run: s.phoneSheets},
		{method: "GET", pattern: "/m/inspected/{site}", operation: "listCustody", run: s.phoneInspected, private: true},
		{method: "GET", pattern: "/m/draw", operation: "listDraws", run: s.phoneDraw, private: true},
	}
}

// phoneSheets is GET /m/sheets: the sheets in force, whole.
func (s *Site) phoneSheets(w http.ResponseWriter, r *http.Request, _ *visit) error {
	sheets, err := s.Desk.Measures.Sheets(r.Context())
	if err != nil {
		return err
	}
	return tellPhone(w, struct {
		Sheets []indicator.Sheet `json:"sheets"`
	}{sheets})
}

// phoneInspection is an inspection as the tablet shows it.
type phoneInspection struct {
	Event   string `json:"event"`
	At      int64  `json:"at"` // ms
	Class   string `json:"class"`
	Sheet   string `json:"sheet"`
	Version string `json:"version"`
	Verdict string `json:"verdict"`
	Points  int    `json:"points"`
	Again   string `json:"again,omitempty"` // the inspection that it follows up
}

// phoneInspected is GET /m/inspected/{site}: whose site it is and what was found there before.
func (s *Site) phoneInspected(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, missing := r.Context(), fault.Missing("site")
	site, err := s.siteAt(r)
	if err != nil {
		return err
	}
	x := site.ID
	if err := s.about(r, v, "listCustody", x.String(), ofSite(site), missing); err != nil {
		return err
	}
	org, _, err := s.Registry.Organisation(ctx, site.Party)
	if err != nil {
		return err
	}
	found, err := s.Desk.Measures.InspectionsOf(ctx, x)
	if err != nil {
		return err
	}
	out := struct {
		Site        phoneName         `json:"site"`
		Party       phoneName         `json:"party"`
		Division    line              `json:"division"`
		Operator    bool              `json:"operator"` // is inspected by the operators' sheet as well
		Inspections []phoneInspection `json:"inspections"`
	}{phoneName{x.String(), site.Name}, phoneName{site.Party.String(), org.Name}, divisionName(site.Division), org.Has(party.Operator), []phoneInspection{}}
	for _, c := range found {
		p := phoneInspection{Event: c.Event.String(), At: c.At, Class: c.Class, Sheet: c.Sheet, Version: c.Version, Verdict: c.Verdict, Points: c.Points}
		if len(c.Again) > 0 {
			p.Again = c.Again[0].String()
		}
		out.Inspections = append(out.Inspections, p)
	}
	return tellPhone(w, out)
}

// checkedLine is an inspection on a site's page.
type checkedLine struct {
	Event, At, Sheet string
	Points, Of       int
	Verdict          line
	Met              string // class of the verdict
	Again            string // the inspection that it follows up
	Note             string
}

// mayInspect says whether the caller's roles record inspections; whether their device may sign
// for an authority the intake decides.
func (s *Site) mayInspect(v *visit) bool { return s.Gate.May(v.Caller, "createSampleList") == nil }

// checkedAt lists a site's inspections for its page, to whom they are shown: authorities.
func (s *Site) checkedAt(ctx context.Context, x id.Site) ([]checkedLine, error) {
	found, err := s.Desk.Measures.InspectionsOf(ctx, x)
	if err != nil {
		return nil, err
	}
	var out []checkedLine
	for _, c := range found {
		l := checkedLine{Event: c.Event.String(), At: millis(c.At), Sheet: c.Sheet + " " + c.Version, Points: c.Points, Of: c.Of.Total, Verdict: line(term.Verdict(c.Verdict)), Note: c.Note, Met: "not_met"}
		if c.Verdict == string(indicator.Pass) {
			l.Met = "met"
		}
		if len(c.Again) > 0 {
			l.Again = c.Again[0].String()
		}
		out = append(out, l)
	}
	return out, nil
}

// shownOfRule is how many findings of one rule a manifest's page shows before it folds the rest.
const shownOfRule = 3

// folded parts findings into those that are shown and the rest, so that a load of sixty bags
// with the same remark does not hide what differs.
func folded(all []finding) (shown, rest []finding) {
	met := map[string]int{}
	for _, f := range all {
		if met[f.Rule]++; met[f.Rule] > shownOfRule {
			rest = append(rest, f)
		} else {
			shown = append(shown, f)
		}
	}
	return shown, rest
}
