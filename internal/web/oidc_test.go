package web

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"liandan/internal/account"
	"liandan/internal/fault"
)

// provided is a service of accounts with a provider, which lets in whoever comes back with
// the cookie that they were given. The provider itself is tested with the accounts.
type provided struct {
	People
	begun  *[]account.Start
	answer func(account.Return) (account.Entered, error)
}

const flowCookie = "SAMPLE-flow_1"

func (provided) HasProvider() bool { return true }

func (p provided) BeginOIDC(_ context.Context, in account.Start) (string, string, error) {
	if strings.HasPrefix(in.Code, "bad") {
		return "", "", fault.New(fault.InvitationRefused, "x")
	}
	*p.begun = append(*p.begun, in)
	return "https://provider.sample.test/authorize?state=s1", flowCookie, nil
}

func (p provided) FinishOIDC(_ context.Context, in account.Return) (account.Entered, error) {
	if in.Cookie != flowCookie || in.Query.Get("state") != "s1" {
		return account.Entered{}, fault.New(fault.ForgedRequest, "x")
	}
	return p.answer(in)
}

func newProvided(t *testing.T) (*world, *provided) {
	w := newWorld(t)
	p := &provided{People: w.people, begun: &[]account.Start{}}
	w.site.People = p
	return w, p
}

func TestSignInThroughTheProvider(t *testing.T) {
	w, p := newProvided(t)
	w.signedIn("nurse.one")
	p.answer = func(in account.Return) (account.Entered, error) {
		s, token, err := w.people.SignIn(t.Context(), account.SignIn{Login: "nurse.one", Password: password})
		return account.Entered{Session: s, Token: token}, err
	}
	b := w.browser()
	body := b.get("/signin?next=%2Fdevices", 200)
	contains(t, body, "单位统一登录", `href="/signin/oidc?next=%2Fdevices"`, `href="/signin/oidc?next=%2Fdevices&amp;remember=1"`)
	b.get("/signin/oidc?next=%2Fdevices&remember=1", 303)
	b.goes("https://provider.sample.test/authorize?state=s1")
	c := b.set["liandan-oidc"]
	if c == nil || !c.HttpOnly || c.SameSite != 2 || c.MaxAge != 600 || c.Path != "/" {
		t.Fatalf("the cookie is %+v", c)
	}
	if in := (*p.begun)[0]; !in.Remember || in.Code != "" || !in.Account.IsZero() || in.Address != "192.0.2.1" {
		t.Errorf("begun with %+v", in)
	}
	b.get("/signin/oidc/callback?code=c&state=s1", 303)
	b.goes("/devices")
	if b.jar["liandan"] == "" || b.jar["liandan-oidc"] != "" {
		t.Errorf("cookies %v", b.jar)
	}
	b.get("/account", 200)
	// What another page wrote into the cookie leads nowhere else.
	for _, next := range []string{"//evil.test", "https://evil.test", "/v1/keys"} {
		e := w.browser()
		e.get("/signin/oidc?next="+url.QueryEscape(next), 303)
		e.get("/signin/oidc/callback?code=c&state=s1", 303)
		e.goes("/home")
	}
}

func TestTheProvidersAnswerIsRefused(t *testing.T) {
	w, p := newProvided(t)
	for name, c := range map[string]struct {
		cookie, query string
		answer        error
		status        int
		says          string
	}{
		"another browser":  {"", "code=c&state=s1", nil, 403, "不是这个浏览器发起的"},
		"another cookie":   {"x.y", "code=c&state=s1", nil, 403, "不是这个浏览器发起的"},
		"another state":    {flowCookie + ".", "code=c&state=s2", nil, 403, "不是这个浏览器发起的"},
		"nothing":          {flowCookie + ".", "", nil, 403, "不是这个浏览器发起的"},
		"hostile":          {strings.Repeat("x", 4000), "state=%3Cscript%3E", nil, 403, "不是这个浏览器发起的"},
		"not confirmed":    {flowCookie + ".", "state=s1", fault.New(fault.SignInRefused, "x"), 401, "没有通过单位统一登录"},
		"unlinked":         {flowCookie + ".", "state=s1", fault.New(fault.SignInRefused, "x").With("reason", "unlinked"), 401, "还没有关联"},
		"provider is down": {flowCookie + ".", "state=s1", fault.New(fault.Unavailable, "x"), 503, "统一登录暂时连不上"},
		"linked elsewhere": {flowCookie + ".", "state=s1", fault.New(fault.Conflict, "x"), 409, "已关联到另一个账号"},
	} {
		p.answer = func(account.Return) (account.Entered, error) { return account.Entered{}, c.answer }
		b := w.browser()
		if c.cookie != "" {
			b.jar["liandan-oidc"] = c.cookie
		}
		body := b.get("/signin/oidc/callback?"+c.query, c.status)
		if !strings.Contains(body, c.says) || strings.Contains(body, "<script") || b.jar["liandan"] != "" || b.jar["liandan-oidc"] != "" {
			t.Errorf("%s: %v %s", name, b.jar, body)
		}
	}
}

func TestLinkingTheProvider(t *testing.T) {
	w, p := newProvided(t)
	b := w.signedIn("nurse.one")
	session, err := w.people.Session(t.Context(), b.jar["liandan"])
	w.must(err)
	body := b.post("/account/provider", 200)
	contains(t, body, `href="https://provider.sample.test/authorize?state=s1"`)
	if in := (*p.begun)[0]; in.Account != session.Account.ID {
		t.Errorf("begun with %+v", in)
	}
	p.answer = func(in account.Return) (account.Entered, error) {
		if in.Account != session.Account.ID {
			t.Errorf("came back as %v", in.Account)
		}
		return account.Entered{Linked: true}, nil
	}
	token := b.jar["liandan"]
	b.get("/signin/oidc/callback?code=c&state=s1", 303)
	b.goes("/account?done=linked")
	if b.jar["liandan"] != token {
		t.Error("the session changed")
	}
	b.post("/account/provider/remove", 303)
	b.goes("/account?done=unlinked")

	// Taking up an account without a password: the code goes in a form, never in an address.
	g := w.browser()
	body = g.post("/welcome", 200, "code", "SAMPLE-CODE", "with", "provider", "remember", "1")
	contains(t, body, `href="https://provider.sample.test/authorize?state=s1"`)
	lacks(t, body, "SAMPLE-CODE")
	if in := (*p.begun)[1]; in.Code != "SAMPLE-CODE" || !in.Remember || g.set["liandan-oidc"] == nil {
		t.Errorf("begun with %+v", in)
	}
	contains(t, g.post("/welcome", 403, "code", "bad", "with", "provider"), "一次性码输入有误")
	contains(t, g.post("/welcome", 422, "code", " ", "with", "provider"), "必须填写")
}

// Without a provider there is no button, and its addresses say so.
func TestWithoutAProvider(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	contains(t, b.get("/signin/oidc", 404), "没有设置单位统一登录")
	b.get("/signin/oidc/callback?code=c&state=s", 404)
	lacks(t, b.get("/welcome", 200), "provider")
	lacks(t, w.signedIn("nurse.one").get("/account", 200), "/account/provider")
}
