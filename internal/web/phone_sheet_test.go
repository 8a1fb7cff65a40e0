package web

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

// verdictCase is one inspection and what the server makes of it, as the tablet's test reads it.
type verdictCase struct {
	Sheet    int                    `json:"sheet"`
	Answers  map[int]map[string]any `json:"answers"`
	Accident int                    `json:"accidents"`
	Major    int                    `json:"major"`
	Verdict  indicator.Verdict      `json:"verdict"`
	Points   int                    `json:"points"`
	Total    int                    `json:"total"`
}

// The tablet's provisional verdict is the server's, over many inspections of several sheets.
func TestTabletJudgesAsTheServer(t *testing.T) {
	r := rand.New(rand.NewPCG(59, 2026))
	sheets := append(indicator.Sheets(),
		indicator.Sheet{Name: "SAMPLE odd", Version: "1", Class: indicator.Operators, Total: 17, PassAt: 13, BasicAt: 7, Accident: 3,
			Items: []indicator.SheetItem{{No: 2, Max: 7}, {No: 5, Max: 1, Veto: true}, {No: 9, Max: 9}, {No: 11}}},
		indicator.Sheet{Name: "SAMPLE one", Version: "1", Class: indicator.Generators, Total: 1, PassAt: 1, Items: []indicator.SheetItem{{No: 1, Max: 1}}})
	var cases []verdictCase
	met := map[indicator.Verdict]int{}
	for n := range 900 {
		c := verdictCase{Sheet: n % len(sheets), Answers: map[int]map[string]any{}}
		s := sheets[c.Sheet]
		if r.IntN(4) == 0 {
			c.Accident = r.IntN(4)
		}
		if r.IntN(12) == 0 {
			c.Major = 1
		}
		in := event.Inspection{Class: string(s.Class), Accidents: c.Accident, Major: c.Major}
		careless := r.IntN(3) // how often an item loses points
		for _, it := range s.Items {
			x := event.Scored{No: it.No, Points: it.Max}
			switch {
			case r.IntN(7) == 0:
				x.Points, x.Inapplicable = 0, true
			case r.IntN(10) < careless*3 && it.Max > 0 && !(it.Veto && r.IntN(3) > 0):
				x.Points = r.IntN(it.Max + 1)
			}
			in.Items, c.Total = append(in.Items, x), c.Total+x.Points
			c.Answers[it.No] = map[string]any{"points": x.Points}
			if x.Inapplicable {
				c.Answers[it.No] = map[string]any{"na": true}
			}
		}
		var why string
		if c.Verdict, c.Points, why = s.Judge(in); why != "" {
			t.Fatalf("%+v has no verdict: %s", in, why)
		}
		met[c.Verdict]++
		cases = append(cases, c)
	}
	for _, v := range []indicator.Verdict{indicator.Pass, indicator.Basic, indicator.Fail} {
		if met[v] < 50 {
			t.Errorf("only %d of the cases are %s", met[v], v)
		}
	}
	b, err := json.Marshal(map[string]any{"sheets": sheets, "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "verdicts.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--test", "testdata/phone/sheet.test.mjs")
	cmd.Env = append(os.Environ(), "LIANDAN_VERDICTS="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("node --test: %v\n%s", err, out)
	}
}

// The sheets are open; what was found at a site is for whoever oversees it.
func TestWhatAnInspectionNeeds(t *testing.T) {
	w := newWorld(t)
	one, two := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0], must1(w.reg.SitesOf(t.Context(), hospital(2)))(t)[0]
	earlier := id.EventOf(one.UUID())
	w.desk.checked = map[id.Site][]measure.Checked{one: {{Inspection: indicator.Inspection{Event: id.EventOf(two.UUID()), At: 1_767_225_600_000, Again: []id.Event{earlier},
		Inspection: event.Inspection{Class: "generator", Sheet: "generator", Version: "2021", Note: "缺页<b>"}}, Verdict: "basic", Points: 45, Of: indicator.Sheet{Total: 60}}}}
	stranger := w.browser()
	contains(t, stranger.get("/m/sheets", 200), `"version":"2021"`, `"veto":true`, `"pass":50`)
	stranger.get("/m/inspected/"+one.String(), 303)
	b := w.signedIn("district.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	contains(t, b.get("/m/inspected/"+one.String(), 200), "一院本部", "样例一院 SAMPLE", earlier.String(), `"verdict":"basic"`, `"points":45`, `"operator":false`, `"division":{"zh":"竞秀区","en":"Jingxiu"}`)
	for _, other := range []string{two.String(), id.SiteOf(hospital(1).UUID()).String(), "x", strings.Repeat("9", 300)} {
		lacks(t, b.get("/m/inspected/"+other, 404), "二院")
	}
	contains(t, b.get("/inspect/site/"+one.String(), 200), "检查记录", "基本达标", "45 / 60", "缺页&lt;b&gt;", "/m/#inspect/"+one.String()+"/"+two.String(), "/inspect/event/"+earlier.String())
	nurse := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{one}, Person: porter(1, "N-1")})
	lacks(t, nurse.get("/inspect/site/"+one.String(), 200), "检查表", "检查记录")
}

// What a list may be made of is told to authorities, of an authority.
func TestWhatADrawNeeds(t *testing.T) {
	w := newWorld(t)
	one := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0]
	w.desk.checked = map[id.Site][]measure.Checked{one: nil}
	code := registrytest.Code(9)
	if rep := must1(w.reg.Import(t.Context(), registry.KindOrganisations, strings.NewReader("credit_code,name,roles\n"+string(code)+",样例局 SAMPLE,authority\n"), false))(t); !rep.Applied {
		t.Fatalf("%+v", rep)
	}
	of := registry.PartyID(code)
	path := "/m/draw?party=" + of.String()
	w.browser().get(path, 303)
	b := w.signedIn("district.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	contains(t, b.get(path, 200), one.String(), "一院本部", `"kind":"hospital"`, `{"code":"130602","zh":"竞秀区","en":"Jingxiu"}`)
	lacks(t, b.get(path+"&division=130606", 200), one.String())
	b.get("/m/draw?party="+hospital(1).String(), 404)
	for _, bad := range []string{"/m/draw", "/m/draw?party=x", path + "&division=1", path + "&division=%3Cb%3E"} {
		b.get(bad, 422)
	}
	nurse := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{one}, Person: porter(1, "N-1")})
	nurse.get(path, 403)
}

// Sixty remarks of one rule do not hide the one of another.
func TestFindingsAlikeAreFolded(t *testing.T) {
	var all []finding
	for n := range 60 {
		all = append(all, finding{Rule: "same", Seq: int64(n)})
	}
	all = append(all, finding{Rule: "other"})
	shown, rest := folded(all)
	if len(shown) != 4 || shown[3].Rule != "other" || len(rest) != 57 || rest[0].Seq != 3 {
		t.Errorf("%d shown, %d folded: %+v", len(shown), len(rest), shown)
	}
}

// TestADrawnSiteIsNotTold: an inspector's tablet carries the drawn sites along and the inspector
// reads up on one; no page of the site's people says so until the quarter is over.
func TestADrawnSiteIsNotTold(t *testing.T) {
	w := newWorld(t)
	w.desk.checked = map[id.Site][]measure.Checked{}
	one := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0]
	inspector := w.signedIn("district.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	inspector.get("/m/inspected/"+one.String(), 200)
	inspector.get("/inspect/site/"+one.String(), 200)
	if acts := strings.Join(w.recorded(), "\n"); strings.Count(acts, "listCustody "+one.String()) != 2 {
		t.Fatalf("nothing is in the record: %s", acts)
	}
	own := w.signedIn("admin.one", administrator(1))
	nurse := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{one}, Person: porter(1, "N-1")})
	for _, b := range []*browser{own, nurse} {
		for _, path := range []string{"/inspect/draws", "/inspect/draws/" + oneBatch.String(), "/m/draw?party=" + hospital(1).String()} {
			b.get(path, 403)
		}
		for _, path := range []string{"/home", "/duties/" + one.String(), "/inspect/site/" + one.String(), "/m/who"} {
			lacks(t, b.get(path, 200), "抽中", "抽取", "inspector", "draws")
		}
	}
	body := own.get("/admin/acts", 200)
	lacks(t, body, "district_inspector", "县区执法", "在管的袋")
	contains(t, body, "满 90 天")
	overseer := w.signedIn("city.one", access.Appointment{Role: access.CityInspector})
	contains(t, overseer.get("/admin/acts", 200), "在管的袋", one.String())
	w.pass(gate.Untold + time.Hour)
	later := w.signedIn("admin.later", administrator(1)) // sessions of then are over
	contains(t, later.get("/admin/acts", 200), "在管的袋", one.String())
}
