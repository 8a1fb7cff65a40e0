package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"liandan/internal/access"
)

// Every page is in the policy and every page of the policy is there.
func TestPagesAndPolicyAgree(t *testing.T) {
	rules := map[string]access.Rule{}
	for _, r := range access.Table() {
		rules[r.Operation] = r
	}
	s, _ := site(t)
	met := map[string]bool{}
	for _, rt := range s.routes {
		r, ok := rules[rt.operation]
		if !ok {
			t.Errorf("%s %s: the policy has no %s", rt.method, rt.pattern, rt.operation)
		}
		met[rt.operation] = true
		if !rt.private && !r.Public {
			t.Errorf("%s %s is open and %s is not", rt.method, rt.pattern, rt.operation)
		}
		if rt.method == http.MethodPost && !rt.private {
			t.Errorf("%s %s takes a form and is not private", rt.method, rt.pattern)
		}
	}
	for _, r := range rules {
		if strings.HasPrefix(r.Operation, "page:") && !met[r.Operation] {
			t.Errorf("%s has no page", r.Operation)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, path, want string
		ok                  bool
	}{
		{"/", "/", "", true},
		{"/", "/x", "", false},
		{"/q", "/q", "", true},
		{"/q/{x...}", "/q/", "", true},
		{"/q/{x...}", "/q/a/b", "a/b", true},
		{"/q/{x...}", "/q", "", false},
		{"/devices/{x}/lost", "/devices/k/lost", "k", true},
		{"/m/a/{x}/{rest...}", "/m/a/v/qr/index.js", "v", true},
		{"/devices/{x}/lost", "/devices//lost", "", false},
		{"/devices/{x}/lost", "/devices/k/lost/", "", false},
		{"/devices/{x}/lost", "/devices/k", "", false},
		{"/devices/{x}/lost", "/devices/a/b/lost", "", false},
		{"/account", "/account/", "", false},
		{"/account", "", "", false},
	} {
		values, ok := route{pattern: c.pattern}.match(c.path)
		if ok != c.ok || (ok && values["x"] != c.want) {
			t.Errorf("%s on %q: %v %v", c.pattern, c.path, values, ok)
		}
	}
}

// Nobody who is not signed in gets any page behind sign-in: they are sent to the form and
// from there back to where they were.
func TestBehindSignIn(t *testing.T) {
	w := newWorld(t)
	k := w.enrol(1, "PDA")
	for _, jar := range []map[string]string{
		{}, {"liandan": "lw_made-up"}, {"liandan": strings.Repeat("x", 5000)}, {"__Host-liandan": "lw_x"}, {"liandan": "' OR 1=1 --"},
	} {
		b := w.browser()
		for _, rt := range w.site.routes {
			if w.site.open[rt.operation] {
				continue
			}
			path := strings.ReplaceAll(rt.pattern, "{kid}", k.Kid)
			b.jar = jar
			if rt.method == http.MethodGet {
				b.get(path, http.StatusSeeOther)
			} else {
				b.post(path, http.StatusSeeOther, "csrf", "x", "since", "own", "own", "2026-03-01T00:00")
			}
			to := b.last.Get("Location")
			if !strings.HasPrefix(to, "/signin") || strings.Contains(to, "signout") {
				t.Errorf("%s %s leads to %q", rt.method, path, to)
			}
		}
		b.get("/devices?q=a%26b", http.StatusSeeOther)
		b.goes("/signin?next=%2Fdevices%3Fq%3Da%2526b")
		b.post("/account/totp/confirm", http.StatusSeeOther)
		b.goes("/signin?next=%2Faccount")
		b.post("/devices/"+k.Kid+"/lost", http.StatusSeeOther)
		b.goes("/signin?next=%2Fdevices%2F" + k.Kid + "%2Flost")
		b.post("/signout", http.StatusSeeOther)
		b.goes("/signin")
	}
	if now, _, _ := w.reg.Key(t.Context(), k.Kid); !now.RevokedAt.IsZero() {
		t.Error("a stranger revoked a key")
	}
	if acts := w.recorded(); len(acts) != 0 {
		t.Errorf("recorded %v", acts)
	}
}

// No form does anything without the session's token, nor from another site's page.
func TestForgedForms(t *testing.T) {
	w := newWorld(t)
	k := w.enrol(1, "PDA")
	b := w.signedIn("admin.one", administrator(1))
	other := w.signedIn("admin.two", administrator(2))
	mine := b.csrf
	caller, err := w.site.Gate.SignedIn(t.Context(), b.jar["liandan"])
	w.must(err)
	for _, rt := range w.site.routes {
		if rt.method != http.MethodPost || w.site.open[rt.operation] || (rt.upload && w.site.Gate.May(caller, rt.operation) != nil) {
			continue // what the person may not do anyway is refused before the form is read
		}
		path := strings.ReplaceAll(rt.pattern, "{kid}", k.Kid)
		fields := []string{"since", "own", "own", "2026-03-01T00:00", "old", password, "new", "another-Horse-8", "again", "another-Horse-8",
			"party", hospital(1).String(), "person", porter(1, "N-1").String(), "device", "PDA", "valid_days", "9"}
		for _, csrf := range []string{"", "x", mine[1:], strings.ToUpper(mine), other.csrf} {
			b.csrf = csrf
			contains(t, b.post(path, http.StatusForbidden, fields...), "没有执行")
		}
		b.csrf = mine
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"} {
			b.header = http.Header{name: {value}}
			contains(t, b.post(path, http.StatusForbidden, fields...), "没有执行")
		}
		b.header = http.Header{}
	}
	for _, path := range []string{"/signin", "/welcome"} { // they have no session's token
		for name, values := range map[string][]string{"Sec-Fetch-Site": {"cross-site", "same-site"}, "Origin": {"https://evil.test", "null"}} {
			for _, value := range values {
				s := w.browser()
				s.header.Set(name, value)
				s.post(path, http.StatusForbidden, "login", "admin.one", "password", password)
				if len(s.set) != 0 {
					t.Errorf("%s from another site sets %v", path, s.set)
				}
			}
		}
	}
	b.get("/account", 200) // still signed in
	if now, _, _ := w.reg.Key(t.Context(), k.Kid); !now.RevokedAt.IsZero() {
		t.Error("a forged form revoked a key")
	}
	if acts := w.recorded(); len(acts) != 0 {
		t.Errorf("recorded %v", acts)
	}
	// A browser that withholds the origin would be taken for another site.
	b.get("/devices", 200)
	if b.last.Get("Referrer-Policy") != "same-origin" {
		t.Error("browsers without Sec-Fetch-Site cannot send this page's forms")
	}
}

func TestHostileForms(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	form := "application/x-www-form-urlencoded"
	for _, c := range []struct {
		kind, body string
		status     int
	}{
		{"application/json", `{"login":"x"}`, 415},
		{"multipart/form-data; boundary=x", "--x--", 415},
		{"", "login=x", 415},
		{form, "login=%zz", 422},
		{form, "login=a&login=b", 422},
		{form, "login=%ff%fe", 422},
		{form, "login=%00", 422},
		{form, "a;b", 422},
		{form, "password=" + strings.Repeat("x", 1<<20), 413},
		{form, "", 401},
		{form + "; charset=utf-8", "login=x&password=y", 401},
	} {
		b.do("POST", "/signin", c.kind, c.body, c.status)
	}
	for _, path := range []string{"/devices/enrolment", "/account", "/signin/oidc"} {
		for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			b.do(method, path, "", "", 405)
			if !slices.Contains(strings.Split(b.last.Get("Allow"), ", "), "GET") {
				t.Errorf("%s: Allow %q", path, b.last.Get("Allow"))
			}
		}
	}
	b.get("/signout", 405)
	if b.last.Get("Allow") != "POST" {
		t.Errorf("Allow %q", b.last.Get("Allow"))
	}
	b.get("/devices/x/y/lost", 404)
}
