package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/calendar"
	"liandan/internal/collection"
	"liandan/internal/draft"
	"liandan/internal/id"
	"liandan/internal/registry/registrytest"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
	"liandan/internal/web"
)

// pageRow is one row of the table of all pages: an address to look at, or why there is nothing
// to look at.
type pageRow struct {
	path   string
	nobody bool   // whoever is not signed in sees it
	file   string // what the address gives that is no page: its media type, or "→ " and where it leads
	pages  bool   // a page of whoever is not there: its status is 4xx
	form   string // POST: the page whose form it is, by its pattern; what comes of it is judged by the test in tested
	tested string
}

// everyPage is the whole table: what TestEveryPageInBothLanguages looks at. A route that is not
// here fails it.
func everyPage(x *everything) map[string]pageRow {
	batch, manifest := x.told.Batch.String(), x.told.Manifest.String()
	return map[string]pageRow{
		"GET /":                      {path: "/", nobody: true},
		"GET /q":                     {path: "/q", file: "→ /"},
		"GET /verify":                {path: "/verify", nobody: true},
		"GET /q/{label...}":          {path: "/q/" + string(x.told.Label), nobody: true},
		"GET /problems/{kind...}":    {path: "/problems/wrong-stage", nobody: true},
		"GET /assets/{name}":         {path: x.asset, file: "text/css"},
		"GET /favicon.ico":           {path: "/favicon.ico", file: "image/svg+xml"},
		"GET /openapi.yaml":          {path: "/openapi.yaml", file: "application/yaml"},
		"GET /docs":                  {path: "/docs", nobody: true},
		"GET /docs/schemas/{schema}": {path: "/docs/schemas/BatchView", nobody: true},
		"GET /docs/{operation}":      {path: "/docs/getBatch", nobody: true},

		"GET /m":                       {path: "/m", file: "→ /m/"},
		"GET /m/":                      {path: "/m/", nobody: true},
		"GET /m/manifest.webmanifest":  {path: "/m/manifest.webmanifest", file: "application/manifest+json"},
		"GET /m/worker.js":             {path: "/m/worker.js", file: "text/javascript"},
		"GET /m/a/{version}/{name...}": {path: x.module, file: "text/javascript"},
		"GET /m/hello":                 {path: "/m/hello", file: "text/html"},
		"GET /m/who":                   {path: "/m/who", file: "application/json"},
		"GET /m/partners":              {path: "/m/partners?site=" + x.site, file: "application/json"},
		"GET /m/sheets":                {path: "/m/sheets", file: "application/json"},
		"GET /m/inspected/{site}":      {path: "/m/inspected/" + x.site, file: "application/json"},
		"GET /m/draw":                  {path: "/m/draw?party=" + x.office, file: "application/json"},

		"GET /signin":                   {path: "/signin", nobody: true},
		"POST /signin":                  {form: "GET /signin"},
		"GET /signin/oidc":              {path: "/signin/oidc", nobody: true, pages: true},
		"GET /signin/oidc/callback":     {path: "/signin/oidc/callback?state=SAMPLE", nobody: true, pages: true},
		"GET /welcome":                  {path: "/welcome", nobody: true},
		"POST /welcome":                 {form: "GET /welcome"},
		"POST /signout":                 {form: "GET /home"},
		"GET /home":                     {path: "/home"},
		"GET /account":                  {path: "/account"},
		"POST /account/password":        {form: "GET /account"},
		"POST /account/totp":            {form: "GET /account"},
		"POST /account/totp/confirm":    {tested: "internal/web TestTOTP: its form stands on the answer of POST /account/totp"},
		"POST /account/totp/remove":     {tested: "internal/web TestTOTP: its form is there once a second factor is on"},
		"POST /account/sessions/end":    {form: "GET /account"},
		"POST /account/provider":        {tested: "internal/web oidc_test.go: its form is there where the server has a provider"},
		"POST /account/provider/remove": {tested: "internal/web oidc_test.go: likewise"},

		"GET /devices":             {path: "/devices"},
		"GET /devices/enrolment":   {path: "/devices/enrolment"},
		"POST /devices/enrolment":  {form: "GET /devices/enrolment"},
		"GET /devices/{kid}/lost":  {path: "/devices/" + x.kid + "/lost"},
		"POST /devices/{kid}/lost": {form: "GET /devices/{kid}/lost"},

		"GET /city":                          {path: "/city?period=2026-03"},
		"GET /city/{indicator}":              {path: "/city/37?period=2026-03"},
		"GET /inspect":                       {path: "/inspect?q=" + url.QueryEscape("样例第一")},
		"GET /inspect/findings":              {path: "/inspect/findings?severity=remark"},
		"GET /inspect/draws":                 {path: "/inspect/draws"},
		"GET /inspect/draws/{draw}":          {path: "/inspect/draws/" + x.draw},
		"GET /inspect/batch/{batch}":         {path: "/inspect/batch/" + batch},
		"GET /inspect/manifest/{manifest}":   {path: "/inspect/manifest/" + manifest},
		"GET /inspect/event/{event}":         {path: "/inspect/event/" + x.event},
		"GET /inspect/site/{site}":           {path: "/inspect/site/" + x.site + "?period=2026-03"},
		"GET /inspect/verify":                {path: "/inspect/verify?batch=" + batch},
		"GET /print/labels":                  {path: "/print/labels?batch=" + batch},
		"GET /print/labels.pdf":              {path: "/print/labels.pdf?batch=" + batch, file: "application/pdf"},
		"GET /print/manifest/{manifest}":     {path: "/print/manifest/" + manifest},
		"GET /print/manifest/{manifest}/pdf": {path: "/print/manifest/" + manifest + "/pdf", file: "application/pdf"},

		"GET /duties":                                          {path: "/duties"},
		"GET /duties/{site}":                                   {path: "/duties/" + x.site},
		"GET /trips":                                           {path: "/trips?day=" + x.day},
		"GET /trips/new":                                       {path: "/trips/new?add." + x.booking + "=1"},
		"POST /trips":                                          {form: "GET /trips/new"},
		"GET /trips/{trip}":                                    {path: "/trips/" + x.trip},
		"GET /trips/{trip}/change":                             {path: "/trips/" + x.trip + "/change"},
		"POST /trips/{trip}":                                   {form: "GET /trips/{trip}/change"},
		"POST /trips/{trip}/state":                             {form: "GET /trips/{trip}"},
		"GET /bookings":                                        {path: "/bookings"},
		"GET /bookings/new":                                    {path: "/bookings/new?site=" + x.site},
		"POST /bookings":                                       {form: "GET /bookings/new"},
		"GET /bookings/{booking}":                              {path: "/bookings/" + x.booking},
		"POST /bookings/{booking}/state":                       {form: "GET /bookings/{booking}"},
		"GET /drafts":                                          {path: "/drafts"},
		"POST /drafts":                                         {form: "GET /drafts"},
		"GET /drafts/{draft}":                                  {path: "/drafts/" + x.draft},
		"POST /drafts/{draft}":                                 {form: "GET /drafts/{draft}"},
		"POST /drafts/{draft}/check":                           {form: "GET /drafts/{draft}"},
		"POST /drafts/{draft}/discard":                         {form: "GET /drafts/{draft}"},
		"POST /drafts/{draft}/restore":                         {tested: "internal/web TestDrafts: its form stands on a discarded draft"},
		"GET /rules":                                           {path: "/rules"},
		"GET /admin":                                           {path: "/admin"},
		"GET /admin/registers":                                 {path: "/admin/registers"},
		"GET /admin/registers/{party}":                         {path: "/admin/registers/" + x.party},
		"GET /admin/imports":                                   {path: "/admin/imports"},
		"POST /admin/imports":                                  {form: "GET /admin/imports"},
		"GET /admin/imports/templates/{kind}":                  {path: "/admin/imports/templates/organisations", file: "text/csv"},
		"GET /admin/imports/{upload}":                          {path: x.upload},
		"GET /admin/imports/{upload}/report.csv":               {path: x.upload + "/report.csv", file: "text/csv"},
		"POST /admin/imports/{upload}/apply":                   {form: "GET /admin/imports/{upload}"},
		"GET /past":                                            {path: "/past"},
		"GET /past/{site}":                                     {path: "/past/" + x.site},
		"POST /past/{site}":                                    {form: "GET /past/{site}"},
		"GET /past/{site}/{upload}":                            {tested: "internal/web TestRecordsOfThePast: its file waits for whoever left it"},
		"GET /past/{site}/{upload}/report.csv":                 {tested: "internal/web TestRecordsOfThePast: likewise"},
		"POST /past/{site}/{upload}/apply":                     {tested: "internal/web TestRecordsOfThePast: likewise"},
		"GET /admin/people":                                    {path: "/admin/people"},
		"GET /admin/people/new":                                {path: "/admin/people/new?role=organisation_administrator&party=" + x.party},
		"POST /admin/people":                                   {form: "GET /admin/people/new"},
		"GET /admin/people/{account}":                          {path: "/admin/people/" + x.account},
		"GET /admin/people/{account}/appoint":                  {path: "/admin/people/" + x.account + "/appoint?role=driver&party=" + x.party},
		"POST /admin/people/{account}/appoint":                 {form: "GET /admin/people/{account}/appoint"},
		"POST /admin/people/{account}/invitation":              {form: "GET /admin/people/{account}"},
		"POST /admin/people/{account}/disable":                 {form: "GET /admin/people/{account}"},
		"POST /admin/people/{account}/dismiss/{appointment}":   {form: "GET /admin/people/{account}"},
		"GET /admin/clients":                                   {path: "/admin/clients"},
		"POST /admin/clients":                                  {form: "GET /admin/clients"},
		"GET /admin/clients/{client}":                          {path: "/admin/clients/" + x.machine},
		"POST /admin/clients/{client}/secrets":                 {form: "GET /admin/clients/{client}"},
		"POST /admin/clients/{client}/secrets/{secret}/revoke": {form: "GET /admin/clients/{client}"},
		"POST /admin/clients/{client}/disable":                 {form: "GET /admin/clients/{client}"},
		"GET /admin/grants":                                    {path: "/admin/grants"},
		"POST /admin/grants":                                   {form: "GET /admin/grants"},
		"POST /admin/grants/withdraw":                          {form: "GET /admin/grants"},
		"GET /admin/acts":                                      {path: "/admin/acts"},
		"GET /admin/quarantine":                                {path: "/admin/quarantine"},
	}
}

// everything is a server on which every page has something to show.
type everything struct {
	*server.Server
	told samplecity.Story

	asset, module, site, party, office, kid, event, draw, account, machine, upload, session, trip, booking, draft, day string
}

// TestEveryPageInBothLanguages opens every address that the pages have: on a phone and at a
// desk nothing is too wide, what is said is said in Chinese and in English, axe-core finds
// nothing serious, the browser's console is silent and nothing breaks the content policy.
func TestEveryPageInBothLanguages(t *testing.T) {
	t.Parallel()
	s, city, told := playedDay(t)
	x := &everything{Server: s, told: told}
	in := newStudio(t)
	guest, person := in.somebody(390), in.somebody(390)
	x.fill(t, city, person)
	table := everyPage(x)
	forms := &formsSeen{seen: map[string][]string{}}
	var looks []func(w walker)
	for _, rt := range web.New(web.Config{}).Routes() {
		name := rt.Method + " " + rt.Pattern
		p, ok := table[name]
		if !ok {
			t.Errorf("%s is in no row of the table of pages", name)
		}
		delete(table, name)
		if ok && rt.Method == http.MethodGet {
			looks = append(looks, func(w walker) { x.look(w, name, p, forms) })
			if p.nobody {
				looks[len(looks)-1](guest)
				looks = looks[:len(looks)-1]
			}
		}
	}
	for name := range table {
		t.Errorf("%s is in the table of pages and nowhere else", name)
	}
	// Two tabs of one person, for a machine of two processors.
	var tabs sync.WaitGroup
	second := in.tab(person, 390)
	for i, w := range []walker{person, second} {
		tabs.Go(func() {
			for n := i; n < len(looks); n += 2 {
				looks[n](w)
			}
		})
	}
	tabs.Wait()
	x.formsAreThere(t, everyPage(x), forms)
}

// fill finds and makes what the table's addresses name, and signs somebody in who may see all.
func (x *everything) fill(t *testing.T, city *samplecity.City, person walker) {
	t.Helper()
	chain := must(x.Audit.Chain(t.Context(), x.told.Batch))(t)
	first := chain.Steps[0]
	state := must(x.Audit.Batch(t.Context(), x.told.Batch))(t).State
	x.site, x.party, x.event = state.Origin.String(), state.Generator.String(), first.Event.ID.String()
	x.kid = first.Kid
	draws, _, err := x.Audit.Draws(t.Context(), "", 1)
	if err != nil || len(draws) == 0 {
		t.Fatalf("the day has no draw: %v", err)
	}
	x.draw, x.office = draws[0].Event.ID.String(), draws[0].Event.Party.String()
	in := must(x.Accounts.Invite(t.Context(), "invited.sample", "样例 SAMPLE", []access.Appointment{somebody(t, city, "driver.sample").Appointment}))(t)
	x.account = in.Account.ID.String()
	c := must(x.Machines.Create(t.Context(), "样例系统 SAMPLE", []access.Scope{access.ReadChains}, 60))(t)
	x.machine = c.ID.String()
	_, _, err = x.Machines.AddSecret(t.Context(), c.ID, time.Time{})
	if err == nil {
		_, err = x.Machines.Grant(t.Context(), state.Generator, c.ID, []access.Scope{access.ReadChains})
	}
	if err != nil {
		t.Fatal(err)
	}
	hospital, plant := somebody(t, city, "hospital.sample").Appointment, somebody(t, city, "plant.sample").Appointment
	hospital.Party = state.Generator
	x.plans(t, state.Origin, plant)
	mayAll := must(x.Accounts.Invite(t.Context(), "everything.sample", "样例 SAMPLE", []access.Appointment{{Role: access.SystemAdministrator}, {Role: access.CityInspector},
		hospital, plant}))(t)
	if _, x.session, err = x.Accounts.Accept(t.Context(), account.Acceptance{Code: mayAll.Code, Password: samplePassword}); err != nil {
		t.Fatal(err)
	}
	person.signIn(x.URL+"/signin", "everything.sample", ".doors")
	x.asset = js[string](person, `document.querySelector('link[rel="stylesheet"]').getAttribute("href")`)
	file := filepath.Join(t.TempDir(), "sample.csv")
	if err := os.WriteFile(file, fmt.Appendf(nil, "credit_code,name,roles\n%s,样例医院 SAMPLE,medical\n", registrytest.Code(71)), 0o600); err != nil {
		t.Fatal(err)
	}
	person.arrives("a file that is tried", "dl", chromedp.Navigate(x.URL+"/admin/imports"), chromedp.SetUploadFiles("#file", []string{file}), chromedp.Click("main button.main"))
	x.upload = js[string](person, `location.pathname`)
	r := must(http.Get(x.URL + "/m/"))(t)
	defer r.Body.Close()
	x.module = regexp.MustCompile(`/m/a/[0-9a-f]+/start\.js`).FindString(string(must(io.ReadAll(r.Body))(t)))
}

// plans books two pick-ups at a site and plans a trip for one of them.
func (x *everything) plans(t *testing.T, site id.Site, by access.Appointment) {
	t.Helper()
	now := x.Collection.Now()
	x.day = now.In(calendar.Zone()).AddDate(0, 0, 1).Format(time.DateOnly)
	wish := collection.Booking{Site: site, Collector: by.Party, By: collection.BySource, Why: collection.Urgent, From: now, Until: now.AddDate(0, 0, 2), Note: "样例 SAMPLE",
		Lines: []collection.Line{{Code: "841-001-01", Grams: 120_000}, {Code: "841-002-01", Grams: 4_500}}}
	first := must(x.Collection.Ask(t.Context(), wish))(t)
	trip := must(x.Collection.PlanTrip(t.Context(), collection.Plan{Collector: by.Party, Vehicle: "冀F00001", Driver: by.Person, Day: x.day, Note: "样例 SAMPLE",
		Stops: []collection.Stop{{Site: site, Booking: first.ID}}}))(t)
	wish.Why = collection.Regular
	content := draft.Content(`{"site":"` + x.site + `"}`)
	x.draft = must(x.Drafts.Create(t.Context(), first.Party, content))(t).ID.String()
	x.booking, x.trip = must(x.Collection.Ask(t.Context(), wish))(t).ID.String(), trip.ID.String()
}

// formsSeen is what the pages' forms send to.
type formsSeen struct {
	mu   sync.Mutex
	seen map[string][]string // by the pattern of the page
}

// shownPage is what a page says of itself.
type shownPage struct {
	Status   int
	Type     string
	At       string // where the browser ended
	Overflow float64
	Glyphs   bool
	Lame     []string // texts in one language alone
	Forms    []string
}

// spoken finds texts that a reader of one language alone is not told: the frame, headings,
// labels, buttons and the heads of tables. What comes from registers and the log is data.
const spoken = `(() => {
	const han = /\p{Script=Han}/u, latin = /[A-Za-z]{2,}/
	const data = "code, td, dd, option, pre, svg, [data-data], input"
	const said = [...document.querySelectorAll("title, nav a, h1, h2, h3, label, legend, button, th[scope=col], dt, summary, a.button, a.big, .hint, .done, .trouble > p, footer a")]
	return said.filter((e) => (e.tagName === "TITLE" || e.checkVisibility()) && !e.closest(data) && !e.querySelector("code") || e.tagName === "DT" && !e.querySelector("code"))
		.map((e) => (e.tagName === "TITLE" ? e.textContent : e.innerText).replace(/\s+/g, " ").trim()).filter((t) => han.test(t) !== latin.test(t)).slice(0, 8)
})()`

// look opens a page and judges it; a file is only asked for.
func (x *everything) look(w walker, name string, p pageRow, f *formsSeen) {
	t := w.t
	if p.file != "" {
		x.ask(t, name, p)
		return
	}
	messages := chromedp.Console(w.ctx)
	if err := chromedp.Do(w.ctx, chromedp.EmulateViewport(390, 844), chromedp.Navigate(x.URL+p.path)); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	look := func(width string) (v shownPage) {
		v = js[shownPage](w, `(() => { const v = `+lookAtPage+`; const page = JSON.parse(v); const nav = performance.getEntriesByType("navigation")[0]
			return {Status: nav.responseStatus, Type: document.contentType, At: location.pathname, Overflow: page.Overflow, Glyphs: page.Glyphs, Lame: `+spoken+`,
				Forms: [...document.querySelectorAll("form, button[formaction]")].map((f) => (f.method ?? "post").toUpperCase() + " " + new URL(f.getAttribute("formaction") ?? f.getAttribute("action") ?? location.pathname, location).pathname)} })()`)
		if !v.Glyphs || v.Overflow > 0 {
			t.Errorf("%s at %s: glyphs %v, %v px too wide", name, width, v.Glyphs, v.Overflow)
		}
		for _, text := range v.Lame {
			t.Errorf("%s at %s: in one language alone: %s", name, width, text)
		}
		if dir := os.Getenv("LIANDAN_SHOTS"); dir != "" {
			file := "every" + regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.TrimPrefix(name, "GET"), "-") + width + ".png"
			if err := os.WriteFile(filepath.Join(dir, file), must(chromedp.Run(w.ctx, chromedp.FullScreenshot(100)))(t), 0o600); err != nil {
				t.Error(err)
			}
		}
		return v
	}
	v := look("390")
	if (v.Status/100 == 4) != p.pages || v.Status >= 500 || v.Type != "text/html" {
		t.Errorf("%s (%s) answers %d %s at %s", name, p.path, v.Status, v.Type, v.At)
	}
	if err := chromedp.Do(w.ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	look("1280")
	for _, bad := range axeOf(t, w) {
		t.Errorf("%s: axe: %s", name, bad)
	}
	js[bool](w, `(console.log("end of the page"), true)`)
	for m, err := range messages {
		if err != nil || m.Text == "end of the page" {
			break
		}
		if strings.HasPrefix(m.String(), "debug") { // advice to programmers
			continue
		}
		if !(p.pages && strings.Contains(m.Text, "status of 4")) && !strings.Contains(m.Text, "status of 401") {
			t.Errorf("%s: the console: %s", name, m)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[name] = v.Forms
}

// ask is for what is no page.
func (x *everything) ask(t *testing.T, name string, p pageRow) {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, x.URL+p.path, nil))(t)
	r.AddCookie(&http.Cookie{Name: "liandan", Value: x.session})
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp := must(c.Do(r))(t)
	defer resp.Body.Close()
	got, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if to := resp.Header.Get("Location"); to != "" {
		got = "→ " + to
	}
	if got != p.file {
		t.Errorf("%s (%s) gives %d %q, expected %q", name, p.path, resp.StatusCode, got, p.file)
	}
}

// formsAreThere looks for the form of every address that takes one.
func (x *everything) formsAreThere(t *testing.T, table map[string]pageRow, f *formsSeen) {
	t.Helper()
	for name, p := range table {
		if !strings.HasPrefix(name, http.MethodPost) || p.tested != "" {
			continue
		}
		like := regexp.MustCompile("^" + regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(name), "[^/]+") + "$")
		if !slices.ContainsFunc(f.seen[p.form], like.MatchString) {
			t.Errorf("%s has no form on %s: %q", name, p.form, f.seen[p.form])
		}
	}
}
