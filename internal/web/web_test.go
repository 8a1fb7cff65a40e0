package web

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/waste"
)

var (
	good    = event.NewLabel([26]byte{1, 2, 3})
	plain   = event.NewLabel([26]byte{4, 5, 6}) // of an unverified code
	unknown = event.NewLabel([26]byte{7})
	revoked = event.NewLabel([26]byte{8})
	gone    = event.NewLabel([26]byte{9})  // the store is away
	broken  = event.NewLabel([26]byte{10}) // a defect
)

// labels is a Finder of a few labels.
type labels struct{ t testing.TB }

func (f labels) Finder(_ context.Context, l event.Label) (audit.LabelView, error) {
	switch l {
	case good:
		e, ok := waste.DefaultCatalog().Lookup("841-001-01", time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		if !ok {
			f.t.Error("the catalogue lacks 841-001-01")
		}
		return audit.LabelView{Entry: e, Verified: true, Form: "S"}, nil
	case plain:
		return audit.LabelView{Form: "L"}, nil
	case revoked:
		return audit.LabelView{}, fault.New(fault.LabelRevoked, "x")
	case gone:
		return audit.LabelView{}, fault.New(fault.Unavailable, "x")
	case broken:
		return audit.LabelView{}, errors.New("SAMPLE secret")
	}
	return audit.LabelView{}, fault.New(fault.LabelUnknown, "x")
}

func (labels) Checkpoint(context.Context) ([]byte, error) {
	return []byte("log.sample.test\n4711\nroot\n\n— signature\n"), nil
}

func site(t testing.TB) (*Site, *bytes.Buffer) {
	var log bytes.Buffer
	return New(Config{Finder: labels{t}, Log: labels{t}, Logger: slog.New(slog.NewTextHandler(&log, nil))}), &log
}

// get fetches a page and checks what holds for every page.
func get(t testing.TB, s *Site, path string, status int) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code != status {
		t.Errorf("%s: status %d, want %d", path, w.Code, status)
	}
	sound(t, path, w)
	return w.Body.String()
}

var handlerAttribute = regexp.MustCompile(`(?i)\s(on[a-z]+|style)\s*=|javascript:`)

// sound checks what holds for every answer: the policy allows no script but on the one
// page that has one, and then only ours; there is none inside a page; both languages.
func sound(t testing.TB, path string, w *httptest.ResponseRecorder) {
	t.Helper()
	h, body := w.Header(), w.Body.String()
	csp := h.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("%s: the policy lacks %s: %s", path, part, csp)
		}
	}
	if strings.Contains(strings.Replace(csp, "script-src 'self' 'wasm-unsafe-eval'", "", strings.Count(path, "/verify")), "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" ||
		(h.Get("Referrer-Policy") != "no-referrer" && h.Get("Referrer-Policy") != "same-origin") {
		t.Errorf("%s: headers %v", path, h)
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") || w.Code == http.StatusSeeOther {
		return
	}
	wellFormed(t, body)
	if h.Get("Cache-Control") != "no-store" && path != "/m/" { // the shell of the phone app is for keeping
		t.Errorf("%s: a page may be kept: %q", path, h.Get("Cache-Control"))
	}
	scripts := strings.Count(strings.ToLower(body), "<script")
	ours := 0
	for _, f := range served {
		ours += strings.Count(body, `<script src="`+f.path+`" defer=""></script>`)
	}
	if path == "/m/" {
		ours += strings.Count(body, `<script type="module" src="/m/a/`+phone().version+`/start.js"></script>`)
	}
	if scripts != ours || (ours > 0) != strings.Contains(csp, "script-src 'self'") {
		t.Errorf("%s: %d scripts, %d of ours, under %s", path, scripts, ours, csp)
	}
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(body, -1) {
		if handlerAttribute.MatchString(tag) {
			t.Errorf("%s: a script or style inside a page: %s", path, tag)
		}
	}
	if !strings.Contains(body, `<html lang="zh-CN">`) || !strings.Contains(body, `lang="en"`) || !strings.Contains(body, "width=device-width") {
		t.Errorf("%s: not in both languages for a phone", path)
	}
	for _, form := range regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`).FindAllString(body, -1) {
		open := regexp.MustCompile(`action="/(signin|welcome)"`).MatchString(form)
		if !open && !regexp.MustCompile(`name="csrf" value="[^"]{20,}"`).MatchString(form) {
			t.Errorf("%s: a form without the session's token: %s", path, form)
		}
	}
}

var (
	voids = regexp.MustCompile(`<(meta|link|input)([^>]*)>`)
	bare  = regexp.MustCompile(` required/`)
)

// wellFormed reads a page as XML, which finds every tag that is not closed.
func wellFormed(t testing.TB, body string) {
	t.Helper()
	given := body
	body = strings.TrimPrefix(voids.ReplaceAllString(body, "<$1$2/>"), "<!DOCTYPE html>")
	body = bare.ReplaceAllString(body, ` required=""/`)
	d := xml.NewDecoder(strings.NewReader(body))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, given)
		}
	}
}

func contains(t testing.TB, body string, wanted ...string) {
	t.Helper()
	for _, s := range wanted {
		if !strings.Contains(body, s) {
			t.Errorf("the page lacks %q", s)
		}
	}
}

func TestAFinderLearnsHazardWhatToDoAndWhomToCall(t *testing.T) {
	s, _ := site(t)
	body := get(t, s, "/q/"+string(good), 200)
	e, _ := waste.DefaultCatalog().Lookup("841-001-01", time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	contains(t, body, "感染性", "infectious", e.Name, e.NameEN, "841-001-01", "固态", grouped(good))
	for _, g := range e.Advice() {
		contains(t, body, g.What, g.WhatEN, g.Do[0], g.DoEN[0])
	}
	for _, c := range waste.Contacts() {
		contains(t, body, `href="tel:`+c.Number+`"`, c.Name)
	}
	if strings.Index(body, "怎么办") > strings.Index(body, "打给谁") || strings.Index(body, e.Name) > strings.Index(body, "怎么办") {
		t.Error("the order is not: what it is, what to do, whom to call")
	}
	// However a person types it.
	lower := get(t, s, "/q/"+url.PathEscape(strings.ToLower(grouped(good))), 200)
	if lower != body {
		t.Error("the same code in lower case with spaces reads differently")
	}
}

func TestAnUnverifiedCodeIsTreatedAsDangerous(t *testing.T) {
	s, _ := site(t)
	body := get(t, s, "/q/"+string(plain), 200)
	contains(t, body, "未核实", "液态", waste.AdviceFor(nil)[0].Do[0], "tel:119")
}

func TestMistypedUnknownAndRevokedReadDifferently(t *testing.T) {
	s, log := site(t)
	typo := []byte(good)
	typo[5] = 'Z'
	bodies := map[string]string{}
	for path, want := range map[string]struct {
		status int
		kind   fault.Kind
	}{
		"/q/" + string(typo):               {400, fault.LabelMistyped},
		"/q/":                              {400, fault.LabelMistyped},
		"/q/a/b":                           {400, fault.LabelMistyped},
		"/q/" + url.PathEscape("<b>x</b>"): {400, fault.LabelMistyped},
		"/q/" + strings.Repeat("0", 5000):  {400, fault.LabelMistyped},
		"/q/" + string(unknown):            {404, fault.LabelUnknown},
		"/q/" + string(revoked):            {410, fault.LabelRevoked},
		"/q/" + string(gone):               {503, fault.Unavailable},
		"/q/" + string(broken):             {500, fault.Internal},
	} {
		body := get(t, s, path, want.status)
		contains(t, body, troubles[want.kind][0], waste.AdviceFor(nil)[0].Do[0], "tel:119")
		for kind, words := range troubles {
			if kind != want.kind && strings.Contains(body, words[0]) {
				t.Errorf("%.40s also says what belongs to %s", path, kind)
			}
		}
		if strings.Contains(body, "<b>") || strings.Contains(body, "SAMPLE") {
			t.Errorf("%.40s shows what was typed, or a cause", path)
		}
		bodies[string(want.kind)] = body
	}
	if len(bodies) != 5 {
		t.Errorf("%d different answers", len(bodies))
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 || !strings.Contains(log.String(), "SAMPLE secret") {
		t.Errorf("the log has %d errors: %s", n, log)
	}
	if strings.Contains(log.String(), string(broken)) {
		t.Error("a label is in the log")
	}
}

// hostile is a catalogue entry with markup in it.
type hostile struct{ labels }

func (hostile) Finder(context.Context, event.Label) (audit.LabelView, error) {
	return audit.LabelView{Verified: true, Entry: waste.Entry{Code: `"><script>1</script>`, Name: "<img src=x>", NameEN: "&<i>"}}, nil
}

func TestEverythingIsEscaped(t *testing.T) {
	s := New(Config{Finder: hostile{}, Log: labels{t}})
	body := get(t, s, "/q/"+string(good), 200)
	if strings.Contains(body, "<img") || strings.Contains(body, "<i>") {
		t.Errorf("markup of the data is on the page: %s", body)
	}
	contains(t, body, "&lt;img src=x&gt;")
}

func TestStartPageAndItsForm(t *testing.T) {
	s, _ := site(t)
	body := get(t, s, "/", 200)
	contains(t, body, "4711", "/log/checkpoint", "/openapi.yaml", style.path)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/q?label="+url.QueryEscape("//evil.test/?x=1"), nil))
	if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/q/%2F%2Fevil") {
		t.Errorf("redirected with %d to %q", w.Code, to)
	}
	contains(t, get(t, s, "/openapi.yaml", 200), "openapi: 3.0.3")
}

func TestTheStyleSheetIsNamedByItsHash(t *testing.T) {
	s, _ := site(t)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", style.path, nil))
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	get(t, s, "/assets/style.0000000000000000.css", 404)
	get(t, s, "/assets/found.html", 404)
}

func TestProblemPages(t *testing.T) {
	s, _ := site(t)
	for _, k := range fault.Kinds() {
		contains(t, get(t, s, "/problems/"+string(k), 200), "<code>"+string(k)+"</code>")
	}
	get(t, s, "/problems/nothing", 404)
	get(t, s, "/problems/", 404)
	get(t, s, "/nothing", 404)
}

func TestOtherMethods(t *testing.T) {
	s, _ := site(t)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader("x")))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %q", w.Code, w.Header().Get("Allow"))
	}
}

// away is a Log of a store that is away; empty one of a log without entries.
type away struct{ labels }

func (away) Checkpoint(context.Context) ([]byte, error) {
	return nil, fault.New(fault.Unavailable, "x")
}

type empty struct{ labels }

func (empty) Checkpoint(context.Context) ([]byte, error) { return nil, fault.New(fault.NotFound, "x") }

func TestStartPageWithoutLog(t *testing.T) {
	get(t, New(Config{Finder: labels{t}, Log: away{}}), "/", 503)
	contains(t, get(t, New(Config{Finder: labels{t}, Log: empty{}}), "/", 200), "<strong>0</strong>")
}
