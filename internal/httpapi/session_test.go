package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"liandan/api"
	"liandan/internal/access"
)

func (x *town) nurse(login string) *browser {
	return x.person(login, access.Appointment{Role: access.OrganisationAdministrator, Party: x.Hospital.Party})
}

func (x *town) signIn(login, password, code string) answer {
	return x.ask("POST", "/v1/session", "", typeJSON, fmt.Sprintf(`{"login":%q,"password":%q,"code":%q}`, login, password, code))
}

func TestASessionFromInvitationToSignOut(t *testing.T) {
	x := newTown(t)
	b := x.nurse("sample.admin")
	if b.view.Account.Login != "sample.admin" || b.view.Account.State != "active" || len(b.view.Account.Appointments) != 1 || b.view.CSRF == "" || b.view.Remember {
		t.Errorf("the session is %+v", b.view)
	}
	var again api.Session
	a := b.do("GET", "/v1/session", "")
	if strictly(t, a.body, &again); a.status != 200 || again.CSRF != b.view.CSRF || again.Account.ID != b.view.Account.ID || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s", a.status, a.body)
	}
	other := x.signedIn(x.signIn(" Sample.Admin ", samplePassword, ""))
	if other.cookie.Value == b.cookie.Value || other.view.CSRF == b.view.CSRF {
		t.Error("two sessions share a secret")
	}
	if a := b.do("DELETE", "/v1/session", ""); a.status != 204 || !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("signed out with %d %v", a.status, a.header)
	}
	b.do("GET", "/v1/session", "").problem(t, "unauthorized")
	if a := other.do("GET", "/v1/session", ""); a.status != 200 {
		t.Errorf("the other session ended too: %s", a.body)
	}
	third := x.signedIn(x.signIn("sample.admin", samplePassword, ""))
	if a := third.do("DELETE", "/v1/sessions", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, s := range []*browser{other, third} {
		s.do("GET", "/v1/session", "").problem(t, "unauthorized")
	}
}

func TestCookieFlags(t *testing.T) {
	x := newTown(t)
	b := x.nurse("sample.admin")
	if c := b.cookie; c.Name != "liandan" || !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 0 || c.Domain != "" {
		t.Errorf("the cookie is %+v", c)
	}
	a := x.ask("POST", "/v1/session", "", typeJSON, fmt.Sprintf(`{"login":"sample.admin","password":%q,"remember":true}`, samplePassword))
	if r := x.signedIn(a); r.cookie.MaxAge < 24*3600 || !r.view.Remember {
		t.Errorf("remembered: %+v", r.cookie)
	}
	// Over TLS the name binds the cookie to host and TLS, and the bare name counts for nothing.
	secure := func(cookies ...string) *http.Request {
		r, err := http.NewRequestWithContext(context.WithValue(context.Background(), clientKey{}, client{secure: true}), "GET", "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cookies {
			r.AddCookie(&http.Cookie{Name: c, Value: "value of " + c})
		}
		return r
	}
	f := &face{}
	for _, c := range []struct {
		given []string
		want  string
	}{{[]string{"liandan"}, ""}, {[]string{"__Host-liandan"}, "value of __Host-liandan"}, {[]string{"liandan", "__Host-liandan"}, "value of __Host-liandan"}} {
		if got := f.sessionToken(secure(c.given...)); got != c.want {
			t.Errorf("%v over TLS: %q", c.given, got)
		}
	}
	if !Secure(secure()) {
		t.Error("TLS is not seen")
	}
}

func TestSignInRefusals(t *testing.T) {
	x := newTown(t)
	x.nurse("sample.admin")
	for i, c := range [][2]string{{"sample.admin", "wrong"}, {"nobody", samplePassword}, {"样例'; DROP TABLE accounts; --", "x"}, {strings.Repeat("x", 5000), "x"}} {
		if a := x.signIn(c[0], c[1], ""); a.status != 401 || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%d: %d %v", i, a.status, a.header)
		} else {
			a.problem(t, "sign-in-refused")
		}
	}
	alike(t, x.signIn("sample.admin", "wrong", ""), x.signIn("nobody.here", "wrong", ""), "sign-in-refused")
	for body, pointer := range map[string]string{`{`: "", `[]`: "", `{}`: "/login", `{"login":"a"}`: "/password", `{"login":1,"password":"x"}`: "/login",
		`{"login":"a","password":"x","more":1}`: "/more", `{"login":"a","login":"b","password":"x"}`: "/login", `{"login":"a","password":"x","remember":"yes"}`: "/remember"} {
		p := x.ask("POST", "/v1/session", "", typeJSON, body).problem(t, "invalid-request")
		if len(p.Errors) == 0 || p.Errors[0].Pointer != pointer {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	x.ask("POST", "/v1/session", "", typeForm, "login=a&password=b").problem(t, "media-type")
	x.ask("POST", "/v1/session", "", typeJSON, strings.Repeat(" ", maxRequest+1)).problem(t, "too-large")
	for range 5 {
		x.signIn("sample.other", "wrong", "")
	}
	a := x.signIn("sample.other", "wrong", "")
	if p := a.problem(t, "too-many-attempts"); a.status != 429 || p.RetryAfter < 2 || a.header.Get("Retry-After") != fmt.Sprint(p.RetryAfter) {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	x.Advance(20 * time.Minute)
	x.signIn("sample.other", "wrong", "").problem(t, "sign-in-refused")
}

// A page of another site can have a browser post; it must not sign anybody in.
func TestPostsOfOtherSites(t *testing.T) {
	x := newTown(t)
	b := x.nurse("sample.admin")
	body := fmt.Sprintf(`{"login":"sample.admin","password":%q}`, samplePassword)
	for _, path := range []string{"/v1/session", "/v1/welcome"} {
		for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if a := b.send("POST", path, body, "", h...); a.status != 403 || a.header.Get("Set-Cookie") != "" {
				t.Errorf("%s with %v: %d", path, h, a.status)
			} else {
				a.problem(t, "forged-request")
			}
		}
	}
	for _, h := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", x.server.URL}, {"Origin", "http://sample.test"}, nil} {
		if a := b.send("POST", "/v1/session", body, "", h...); a.status != 201 {
			t.Errorf("our own page with %v: %d %s", h, a.status, a.body)
		}
	}
}

func TestChangesNeedTheSessionsToken(t *testing.T) {
	x := newTown(t)
	b, other := x.nurse("sample.admin"), x.nurse("sample.other")
	for _, op := range [][2]string{{"DELETE", "/v1/session"}, {"DELETE", "/v1/sessions"}, {"PUT", "/v1/session/password"}, {"POST", "/v1/session/totp"},
		{"POST", "/v1/enrolments"}, {"POST", "/v1/accounts"}, {"POST", "/v1/registry/sites"}, {"PUT", "/v1/organisations/" + x.Hospital.Party.String() + "/grants/x"}} {
		for _, csrf := range []string{"", "x", other.view.CSRF, b.view.CSRF + "x", strings.ToUpper(b.view.CSRF)} {
			if a := b.send(op[0], op[1], "{}", csrf); a.status != 403 {
				t.Errorf("%v with the token %q: %d", op, csrf, a.status)
			} else {
				a.problem(t, "forged-request")
			}
		}
	}
	if a := b.do("GET", "/v1/session", ""); a.status != 200 { // nothing of it was done, and reading needs no token
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, cookie := range []string{"", "x", b.cookie.Value + "x", other.cookie.Value[:20], strings.ToUpper(b.cookie.Value), "lt_" + b.cookie.Value[3:]} {
		forged := &browser{x: x, cookie: &http.Cookie{Name: "liandan", Value: cookie}, view: b.view}
		forged.do("GET", "/v1/session", "").problem(t, "unauthorized")
		forged.do("DELETE", "/v1/sessions", "").problem(t, "unauthorized")
	}
	x.ask("GET", "/v1/session", x.hospital, "", "").problem(t, "forbidden") // a token is nobody's session
}

func TestOwnPassword(t *testing.T) {
	x := newTown(t)
	b := x.nurse("sample.admin")
	other := x.signedIn(x.signIn("sample.admin", samplePassword, ""))
	change := func(old, fresh string) answer {
		return b.do("PUT", "/v1/session/password", fmt.Sprintf(`{"old":%q,"new":%q}`, old, fresh))
	}
	const fresh = "另一个 SAMPLE 长口令 other"
	if p := change(samplePassword, "short").problem(t, "weak-password"); len(p.Errors) == 0 || p.Errors[0].Pointer != "/new" {
		t.Errorf("%+v", p)
	}
	change("wrong", fresh).problem(t, "sign-in-refused")
	for _, body := range []string{"", "{", "{}", `{"old":"x"}`, `{"old":"x","new":1}`, `{"old":"x","new":"y","more":1}`} {
		if a := b.do("PUT", "/v1/session/password", body); a.status != 422 && a.status != 415 {
			t.Errorf("%s: %d", body, a.status)
		}
	}
	if a := change(samplePassword, fresh); a.status != 204 || len(a.body) != 0 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	other.do("GET", "/v1/session", "").problem(t, "unauthorized")
	x.signIn("sample.admin", samplePassword, "").problem(t, "sign-in-refused")
	x.signedIn(x.signIn("sample.admin", fresh, ""))
	if a := b.do("GET", "/v1/session", ""); a.status != 200 {
		t.Errorf("the session that changed it ended: %s", a.body)
	}
}

func TestSecondFactor(t *testing.T) {
	x := newTown(t)
	b := x.nurse("sample.admin")
	b.do("PUT", "/v1/session/totp", `{"code":"123456"}`).problem(t, "conflict")
	a := b.do("POST", "/v1/session/totp", "")
	var setup api.TOTPSetup
	if strictly(t, a.body, &setup); a.status != 201 || !strings.HasPrefix(setup.URI, "otpauth://totp/") || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	code := func() string {
		c, err := totp.GenerateCode(setup.Secret, x.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, body := range []string{`{}`, `{"code":""}`, `{"code":1}`, `{"code":"abcdef"}`} {
		b.do("PUT", "/v1/session/totp", body).problem(t, "invalid-request")
	}
	a = b.do("PUT", "/v1/session/totp", fmt.Sprintf(`{"code":%q}`, code()))
	var codes api.RecoveryCodes
	if strictly(t, a.body, &codes); a.status != 200 || len(codes.Codes) != 10 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	b.do("POST", "/v1/session/totp", "").problem(t, "conflict")
	x.Advance(time.Minute)
	x.signIn("sample.admin", samplePassword, "").problem(t, "second-factor-needed")
	x.signedIn(x.signIn("sample.admin", samplePassword, code()))
	x.signIn("sample.admin", samplePassword, code()).problem(t, "sign-in-refused") // each code once
	x.signedIn(x.signIn("sample.admin", samplePassword, codes.Codes[0]))
	x.signIn("sample.admin", samplePassword, codes.Codes[0]).problem(t, "sign-in-refused")
	b.do("POST", "/v1/session/totp/remove", `{"password":"wrong"}`).problem(t, "sign-in-refused")
	if a := b.do("POST", "/v1/session/totp/remove", fmt.Sprintf(`{"password":%q}`, samplePassword)); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	b.do("POST", "/v1/session/totp/remove", fmt.Sprintf(`{"password":%q}`, samplePassword)).problem(t, "conflict")
	x.signedIn(x.signIn("sample.admin", samplePassword, ""))
}

func TestWelcomeRefusals(t *testing.T) {
	x := newTown(t)
	made, err := x.people.Invite(context.Background(), "sample.new", "样例 SAMPLE", []access.Appointment{{Role: access.CityAnalyst}})
	if err != nil {
		t.Fatal(err)
	}
	accept := func(code, password string) answer {
		return x.ask("POST", "/v1/welcome", "", typeJSON, fmt.Sprintf(`{"code":%q,"password":%q}`, code, password))
	}
	for _, code := range []string{"0000-0000-0000", "x", strings.Repeat("0", 5000), "'; --"} {
		accept(code, samplePassword).problem(t, "invitation-refused")
	}
	if p := accept(made.Code, "1234567890").problem(t, "weak-password"); len(p.Errors) == 0 || p.Errors[0].Pointer != "/password" {
		t.Errorf("%+v", p)
	}
	for _, body := range []string{`{}`, `{"code":"x"}`, `{"code":1,"password":"x"}`, `null`} {
		x.ask("POST", "/v1/welcome", "", typeJSON, body).problem(t, "invalid-request")
	}
	x.signedIn(accept(made.Code, samplePassword))
	accept(made.Code, samplePassword).problem(t, "invitation-refused") // used up
}
