package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/past"
	"liandan/internal/rule"
	"liandan/internal/sampling"
	"liandan/internal/standbook"
	"liandan/internal/worklist"
)

var oneBatch = id.BatchOf(id.UUID{15: 7, 6: 0x70, 8: 0x80})

const hostileText = `<script>alert(1)</script>`

// chains has one batch of hospital 1, whose every text is hostile.
type chains struct {
	Reader
	asked []audit.Filter
	site  id.Site
	label event.Label

	before *audit.Service // of records of the past; nil: there are none

	queues []audit.FindingFilter
	slow   func() // what counting costs
	load   audit.Load
}

// Custody and Standbook: nothing is held in this world.
func (*chains) Custody(context.Context, id.Site, string, int) ([]audit.Bag, string, error) {
	return nil, "", nil
}

// Nor is anything due or to be filed.
func (*chains) Work(context.Context, audit.Tab, audit.Filter, time.Time, string, int) (audit.Page, error) {
	return audit.Page{}, nil
}

func (*chains) Counts(context.Context, audit.Filter, time.Time) (map[audit.Tab]audit.Count, error) {
	return nil, nil
}

func (*chains) DutiesAt(context.Context, party.Site, time.Time) (audit.SiteDuties, error) {
	return audit.SiteDuties{}, nil
}

func (c *chains) PastOf(ctx context.Context, site party.Site) (audit.Past, error) {
	if c.before == nil {
		return audit.Past{}, nil
	}
	return c.before.PastOf(ctx, site)
}

func (c *chains) PastLines(ctx context.Context, site party.Site, kind past.Kind, year string, most int) ([]past.Kept, bool, error) {
	return c.before.PastLines(ctx, site, kind, year, most)
}

func (*chains) Standbook(context.Context, standbook.Scope, func(standbook.Line) error) ([]standbook.Account, error) {
	return nil, nil
}

func (c *chains) BatchSubject(_ context.Context, b id.Batch) (access.Subject, error) {
	if b != oneBatch {
		return access.Subject{}, fault.Missing("batch")
	}
	return access.Subject{Parties: []id.Party{hospital(1)}, Sites: []id.Site{c.site}}, nil
}

func (c *chains) ManifestSubject(_ context.Context, m id.Manifest) (access.Subject, error) {
	if m == oneManifest {
		return access.Subject{Parties: []id.Party{hospital(1)}, Sites: []id.Site{c.site}}, nil
	}
	if m == anothers {
		return access.Subject{Parties: []id.Party{hospital(2)}}, nil
	}
	return access.Subject{}, fault.Missing("manifest")
}

// Two manifests on one vehicle.
var oneManifest, anothers = id.ManifestOf(id.UUID{15: 21, 6: 0x70, 8: 0x80}), id.ManifestOf(id.UUID{15: 22, 6: 0x70, 8: 0x80})

// TestWhatShouldBeOnAVehicle: who may see one of two manifests sees that one, and that there
// may be more; who may see none hears nothing of the vehicle.
func TestWhatShouldBeOnAVehicle(t *testing.T) {
	w, c := chainWorld(t)
	since := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	on := func(m id.Manifest, grams int64) audit.Aboard {
		return audit.Aboard{Batch: batch.State{Code: "841-001-01", Packages: 2}, Manifest: manifest.State{ID: m, Number: hostileText, Consignee: hospital(2)}, Since: since, From: hospital(1), Grams: grams}
	}
	c.load = audit.Load{Plate: "冀F00001", Known: true, Aboard: []audit.Aboard{on(oneManifest, 1_250), on(anothers, 4_000), on(oneManifest, 250)}}
	b := w.signedIn("inspector.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	body := b.get("/inspect?q=%E5%86%80F00001", 200)
	contains(t, body, "冀F00001：现在车上应有", "1.500 kg", "4 件", "/inspect/manifest/"+oneManifest.String(), "样例一院", "2026-03-02 09:00", "您无权查看的联单", "&lt;script&gt;")
	lacks(t, body, anothers.String(), hostileText, "5.500")
	c.load.Aboard = []audit.Aboard{on(anothers, 4_000)}
	lacks(t, b.get("/inspect?q=%E5%86%80F00001", 200), "现在车上应有", "4.000")
}

func (c *chains) EventSubject(context.Context, id.Event) (access.Subject, error) {
	return access.Subject{}, fault.Missing("event")
}

func (c *chains) state() batch.State {
	return batch.State{ID: oneBatch, Stage: batch.Stored, Code: "841-001-01", Generator: hospital(1), Custodian: hospital(1), Site: c.site, Grams: 5720, Initial: 5720, Container: hostileText}
}

func (c *chains) Batch(context.Context, id.Batch) (audit.BatchView, error) {
	return audit.BatchView{State: c.state(), Label: c.label, Findings: []rule.Finding{{Rule: "x", Severity: rule.Serious, ZH: hostileText, EN: hostileText, Source: hostileText}}}, nil
}

func (c *chains) Chain(context.Context, id.Batch) (audit.ChainView, error) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return audit.ChainView{Batch: oneBatch, Broken: []string{hostileText}, Steps: []audit.Step{
		{Seq: 4, RecordedAt: at.Add(3 * time.Hour), Kid: "k", Event: event.Event{Type: event.BatchGenerated, At: at, Party: hospital(1), Person: porter(1, "N-1"), Site: c.site, Batches: []event.Batch{{ID: oneBatch, Grams: 5720, Weighed: true}}}},
		{Seq: 9, RecordedAt: at, Kid: "k", Event: event.Event{Type: event.BatchStored, At: at, Party: hospital(1), Site: c.site, Batches: []event.Batch{{ID: oneBatch}}},
			Findings: []rule.Finding{{Rule: "x", Severity: rule.Serious, ZH: hostileText, EN: "y"}}}}}, nil
}

func (c *chains) Search(_ context.Context, f audit.Filter, _ string, _ int) (audit.Page, error) {
	c.asked = append(c.asked, f)
	if f.Kind == worklist.Batch && f.Name == hostileText {
		return audit.Page{Items: []audit.Item{{Kind: worklist.Batch, Batch: c.state()}}}, nil
	}
	return audit.Page{}, nil
}

func chainWorld(t *testing.T) (*world, *chains) {
	w := newWorld(t)
	sites, err := w.reg.SitesOf(t.Context(), hospital(1))
	if err != nil || len(sites) != 1 {
		t.Fatal(err)
	}
	c := &chains{site: sites[0]}
	w.site.Desk.Reader = c
	return w, c
}

func TestAChainIsDrawnAndTold(t *testing.T) {
	w, _ := chainWorld(t)
	b := w.signedIn("inspector.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	body := b.get("/inspect/batch/"+oneBatch.String(), 200)
	contains(t, body, "<svg", "产生", "stored", "样例一院", "5.720 kg", "迟报 late", "断链 broken", "serious", "此链不完整", `id="e9"`, `href="#e4"`, "/inspect/verify?batch="+oneBatch.String(),
		"/v1/batches/"+oneBatch.String()+"/bundle", "&lt;script&gt;")
	lacks(t, body, hostileText)
	if acts := strings.Join(w.recorded(), "\n"); !strings.Contains(acts, "getBatchChain "+oneBatch.String()) {
		t.Errorf("recorded %s", acts)
	}
	b.get("/inspect?q="+oneBatch.String(), 303)
	b.goes("/inspect/batch/" + oneBatch.String())
	found := b.get("/inspect?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", 200)
	contains(t, found, oneBatch.String(), "&lt;script&gt;")
	lacks(t, found, hostileText)
}

// A site's name leads to its page for whoever may see that page, and to nobody else.
func TestSitesLeadWhereOneMayGo(t *testing.T) {
	w, c := chainWorld(t)
	here, away := `href="/inspect/site/`+c.site.String()+`"`, must1(w.reg.SitesOf(t.Context(), hospital(2)))(t)[0]
	own := w.signedIn("admin.one", administrator(1))
	contains(t, own.get("/inspect/batch/"+oneBatch.String(), 200), here, "一院本部")
	c.site = away // the batch stands at another's site now, whose name is all that one may know
	body := own.get("/inspect/batch/"+oneBatch.String(), 200)
	contains(t, body, "二院")
	lacks(t, body, "/inspect/site/")
}

// Whoever has nothing to do with a batch hears what they hear of one that is not there.
func TestAnothersChain(t *testing.T) {
	w, _ := chainWorld(t)
	none := "/inspect/batch/00000000-0000-7000-8000-000000000008"
	for login, g := range map[string]access.Appointment{"inspector.two": {Role: access.DistrictInspector, Divisions: []string{"130606"}}, "admin.two": administrator(2)} {
		b := w.signedIn(login, g)
		if got, want := b.get("/inspect/batch/"+oneBatch.String(), 404), b.get(none, 404); got != want {
			t.Errorf("%s tells them apart:\n%s\n%s", login, got, want)
		}
		b.get("/inspect/batch/x", 404)
		contains(t, b.get("/inspect?q="+oneBatch.String(), 200), "没有找到")
		lacks(t, b.get("/inspect?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", 200), oneBatch.String())
	}
	w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst}).get("/inspect/batch/"+oneBatch.String(), 403)
}

// A search asks by everything that the words could be, and takes what is too long for none.
func TestWhatASearchAsks(t *testing.T) {
	w, c := chainWorld(t)
	b := w.signedIn("inspector.one", access.Appointment{Role: access.CityInspector})
	b.get("/inspect?q=%E5%86%80F12345", 200)
	if len(c.asked) != 8 { // of each kind: number, plate, container, name
		t.Errorf("asked %+v", c.asked)
	}
	c.asked = nil
	b.get("/inspect?q="+strings.Repeat("x", 100), 200)
	b.get("/inspect?q="+strings.Repeat("x", 4000), 422)
	for _, noText := range []string{"/inspect?q=%ff", "/inspect?q=%00", "/inspect?x=a%00b"} {
		contains(t, b.get(noText, 422), "不是文字")
	}
	b.get("/inspect?q=", 200)
	if len(c.asked) != 0 {
		t.Errorf("asked %+v", c.asked)
	}
	b.get("/inspect?q=https%3A%2F%2Fsample.test%2Fq%2F"+string(good), 200)
	if len(c.asked) == 0 || c.asked[0].Label != good {
		t.Errorf("asked %+v", c.asked)
	}
}

// The page that checks in the browser may run WebAssembly and no other page may; a build
// without the verifier says so.
func TestThePageThatChecks(t *testing.T) {
	w, _ := chainWorld(t)
	b := w.signedIn("inspector.one", access.Appointment{Role: access.CityInspector})
	body := b.get("/inspect/verify?batch="+oneBatch.String(), 200)
	contains(t, body, "/v1/batches/"+oneBatch.String()+"/bundle", "liandan-verify")
	csp := b.last.Get("Content-Security-Policy")
	if HasVerifier() != strings.Contains(csp, "'wasm-unsafe-eval'") || HasVerifier() != strings.Contains(body, "data-program") {
		t.Errorf("%s\n%s", csp, body)
	}
	if !HasVerifier() {
		contains(t, body, "构建时没有附带", "was built without")
	}
	lacks(t, b.get("/inspect/verify?batch=%22%3E%3Cscript%3E", 200), "<script>", "/v1/batches/")
	contains(t, b.get("/inspect/verify?draw="+oneBatch.String(), 200), `"/v1/draws/`+oneBatch.String()+`"`, "/inspect/draws/"+oneBatch.String())
	// Whoever was given a file checks it without an account, and what an address says is not asked.
	nobody := w.browser()
	body = nobody.get("/verify?draw="+oneBatch.String(), 200)
	lacks(t, body, oneBatch.String(), "/signout")
	if csp := nobody.last.Get("Content-Security-Policy"); HasVerifier() != strings.Contains(csp, "'wasm-unsafe-eval'") || HasVerifier() != strings.Contains(body, "data-program") {
		t.Errorf("%s\n%s", csp, body)
	}
}

func (c *chains) CustodySubject(ctx context.Context, b id.Batch) (access.Subject, error) {
	return c.BatchSubject(ctx, b)
}

// Whoever holds a batch prints its label, as a page and as PDF; nobody else does, an
// inspector neither.
func TestLabelsArePrinted(t *testing.T) {
	w, c := chainWorld(t)
	b := w.signedIn("admin.one", administrator(1))
	q := "?batch=" + oneBatch.String()
	contains(t, b.get("/print/labels"+q, 200), "没有有效标签", oneBatch.String())
	b.get("/print/labels.pdf"+q, 404)
	c.label = good
	body := b.get("/print/labels"+q+"&size=large", 200)
	contains(t, body, "sticker large medical", "841-001-01", "样例一院", "5.720 kg", grouped(good), "/print/labels.pdf?", "&lt;script&gt;", "<polygon", "<circle")
	lacks(t, body, hostileText)
	if pdf := b.get("/print/labels.pdf"+q, 200); !strings.HasPrefix(pdf, "%PDF-") || b.last.Get("Content-Type") != "application/pdf" {
		t.Errorf("%.40q %v", pdf, b.last)
	}
	for query, status := range map[string]int{"": 422, q + "&size=huge": 422, "?" + strings.Repeat("batch="+oneBatch.String()+"&", 51): 422, "?batch=x": 404, "?batch=00000000-0000-7000-8000-000000000008": 404,
		q + "&batch=00000000-0000-7000-8000-000000000008": 404} {
		b.get("/print/labels"+query, status)
		b.get("/print/labels.pdf"+query, status)
	}
	w.signedIn("admin.two", administrator(2)).get("/print/labels"+q, 404)
	w.signedIn("inspector.one", access.Appointment{Role: access.CityInspector}).get("/print/labels"+q, 403)
}

func (c *chains) FindingCounts(_ context.Context, f audit.FindingFilter, _ time.Time) ([]audit.FindingCount, bool, error) {
	c.queues = append(c.queues, f)
	if c.slow != nil {
		c.slow()
	}
	if f.Division == "130602" {
		return []audit.FindingCount{{Rule: "stored-too-long", Severity: rule.Serious, N: 2}, {Rule: "stored-too-long", Severity: rule.Open, N: 1}}, true, nil
	}
	return nil, false, nil
}

func (c *chains) Findings(_ context.Context, f audit.FindingFilter, _ time.Time, cursor string, _ int) (audit.FindingPage, error) {
	c.queues = append(c.queues, f)
	return audit.FindingPage{Next: "f2", Items: []audit.Found{{Finding: rule.Finding{Rule: "stored-too-long", Severity: rule.Serious, Batch: oneBatch, Seq: 9, ZH: hostileText, EN: "x",
		Owner: rule.Owner{Party: hospital(1)}}, Standing: cursor == ""}}}, nil
}

// The queue of what rules found is by district and rule, of the caller's districts alone.
func TestTheQueueOfFindings(t *testing.T) {
	w, c := chainWorld(t)
	b := w.signedIn("inspector.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	body := b.get("/inspect/findings", 200)
	contains(t, body, "stored-too-long", "竞秀区", `href="/inspect/findings?of=130602&amp;rule=stored-too-long">3<`, "计数到此为止")
	lacks(t, body, "莲池区")
	if len(c.queues) != 1 || c.queues[0].Division != "130602" || c.queues[0].Least != rule.Open {
		t.Errorf("asked %+v", c.queues)
	}
	body = b.get("/inspect/findings?of=130602&rule=stored-too-long", 200)
	contains(t, body, "&lt;script&gt;", "/inspect/batch/"+oneBatch.String(), "cursor=f2", "样例一院", "as things stand")
	lacks(t, body, hostileText)
	if q := c.queues[1]; q.Rule != "stored-too-long" || q.Least != "" {
		t.Errorf("asked %+v", q)
	}
	c.queues = nil
	b.get("/inspect/findings?of=130606", 404)
	b.get("/inspect/findings?of=%3Cb%3E", 404)
	b.get("/inspect/findings?rule=%3Cb%3E", 422)
	b.get("/inspect/findings?severity=huge", 422)
	if len(c.queues) != 0 {
		t.Errorf("asked %+v", c.queues)
	}
	admin := w.signedIn("admin.two", administrator(2))
	contains(t, admin.get("/inspect/findings", 200), "没有异常")
	if len(c.queues) != 1 || c.queues[0].Party != hospital(2) {
		t.Errorf("asked %+v", c.queues)
	}
	if acts := strings.Join(w.recorded(), "\n"); !strings.Contains(acts, "countFindings ") || !strings.Contains(acts, "listFindings 130602") {
		t.Errorf("recorded %s", acts)
	}
}

// Where counting takes its time, what is left is listed without a count: a city's page does not
// keep its reader waiting for all its districts.
func TestCountingEnds(t *testing.T) {
	w, c := chainWorld(t)
	c.slow = func() { w.pass(2 * time.Second) }
	b := w.signedIn("city.one", access.Appointment{Role: access.CityInspector})
	body := b.get("/inspect/findings", 200)
	contains(t, body, "没有计数", `href="/inspect/findings?of=130681"`)
	if len(c.queues) != 3 {
		t.Errorf("%d districts were counted", len(c.queues))
	}
	c.slow, c.queues = nil, nil
	lacks(t, b.get("/inspect/findings", 200), "没有计数")
	if len(c.queues) < 20 {
		t.Errorf("%d districts were counted", len(c.queues))
	}
}

var oneDraw = id.EventOf(id.UUID{15: 9, 6: 0x70, 8: 0x80})

func (c *chains) drawn() audit.Draw {
	return audit.Draw{Event: event.Event{ID: oneDraw, At: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Party: hospital(1)}, State: sampling.Complete, Unexplained: true,
		Sample: event.Sample{Period: hostileText, Sites: 20, DrawSites: 1, People: 4, DrawPeople: 1, Size: 99, Round: 1}}
}

func (c *chains) Draws(context.Context, string, int) ([]audit.Draw, string, error) {
	return []audit.Draw{c.drawn()}, "7", nil
}

// LoadOf: the vehicle carries what its manifest says.
func (c *chains) LoadOf(_ context.Context, plate string) (audit.Load, error) {
	return c.load, nil
}

func (c *chains) DrawFile(_ context.Context, e id.Event) (audit.Draw, sampling.File, error) {
	if e != oneDraw {
		return audit.Draw{}, sampling.File{}, fault.Missing("draw")
	}
	return c.drawn(), sampling.File{State: sampling.Complete, Seed: &sampling.SeedAt{Size: 99}, Drawn: &sampling.Drawn{Sites: []id.Site{c.site}, People: []id.Person{porter(1, "N-1")}}}, nil
}

func TestDraws(t *testing.T) {
	w, _ := chainWorld(t)
	b := w.signedIn("inspector.one", access.Appointment{Role: access.CityInspector})
	body := b.get("/inspect/draws", 200)
	contains(t, body, "&lt;script&gt;", "/inspect/draws/"+oneDraw.String(), "1/20", "未说明重抽理由", "cursor=7")
	lacks(t, body, hostileText)
	contains(t, b.get("/inspect/draws/"+oneDraw.String(), 200), "一院本部", "竞秀区", porter(1, "N-1").String(), "/v1/draws/"+oneDraw.String())
	b.get("/inspect/draws/x", 404)
	b.get("/inspect/draws/00000000-0000-7000-8000-000000000008", 404)
	w.signedIn("admin.one", administrator(1)).get("/inspect/draws", 403)
}
