package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// People signs people in and keeps their accounts; account.Service is one, which says what
// the faults are.
type People interface {
	SignIn(ctx context.Context, in account.SignIn) (account.Session, string, error)
	Accept(ctx context.Context, in account.Acceptance) (account.Session, string, error)
	SignOut(ctx context.Context, token string) error
	SignOutEverywhere(ctx context.Context, a id.Account) error
	Session(ctx context.Context, token string) (account.Session, error)
	Sessions(ctx context.Context, a id.Account) ([]account.Session, error)
	ChangePassword(ctx context.Context, by account.Session, old, new string) error
	BeginTOTP(ctx context.Context, a id.Account) (secret, uri string, err error)
	ConfirmTOTP(ctx context.Context, a id.Account, code string) ([]string, error)
	RemoveTOTP(ctx context.Context, a id.Account, password string) error
	HasProvider() bool
	BeginOIDC(ctx context.Context, in account.Start) (location, cookie string, err error)
	FinishOIDC(ctx context.Context, in account.Return) (account.Entered, error)
	Unlink(ctx context.Context, a id.Account) error
}

// rememberFor is how long a browser keeps the cookie of a session that is to be remembered.
// The service ends the session earlier as its own limits say.
const rememberFor = 90 * 24 * time.Hour

// sessionToken is what the browser's cookie holds, "" for none. Over TLS only the cookie
// that is bound to TLS counts: the other one could be planted by whoever owns the network.
func (s *Site) sessionToken(r *http.Request) string {
	c, err := r.Cookie(s.Cookie(s.Secure(r)))
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Site) cookie(r *http.Request, suffix, value string, age time.Duration) *http.Cookie {
	secure := s.Secure(r)
	c := &http.Cookie{Name: s.Cookie(secure) + suffix, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
	switch {
	case value == "":
		c.MaxAge = -1
	case age > 0:
		c.MaxAge = int(age / time.Second)
	}
	return c
}

// enter gives the browser its session and ends the one it had.
func (s *Site) enter(w http.ResponseWriter, r *http.Request, v *visit, session account.Session, token string) error {
	if v.token != "" {
		if err := s.People.SignOut(r.Context(), v.token); err != nil {
			return err
		}
	}
	age := time.Duration(0) // the browser forgets it when it closes
	if session.Remember {
		age = rememberFor
	}
	http.SetCookie(w, s.cookie(r, "", token, age))
	return nil
}

// signInPage is the form with what was typed, but for the password and the code.
type signInPage struct {
	Login    string
	Next     string
	Remember bool
	AskCode  bool
	Note     *note
	Done     line
	Provider string // "": none
	OIDC     string // where its button leads
	Stay     string // the same, remembered
}

var signInDone = map[string]line{
	"out":        {"已退出。", "You are signed out."},
	"everywhere": {"已在所有设备上退出。", "You are signed out on all devices."},
}

func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request, status int, p signInPage) {
	p.Provider = s.provider()
	q := url.Values{}
	if p.Next != "" {
		q.Set("next", p.Next)
	}
	p.OIDC = "/signin/oidc?" + q.Encode()
	q.Set("remember", "1")
	p.Stay = "/signin/oidc?" + q.Encode()
	s.show(w, r, nil, status, "signin.html", page{Title: "登录", TitleEN: "Sign in", Body: p})
}

func (s *Site) provider() string {
	switch {
	case !s.People.HasProvider():
		return ""
	case s.Provider == "":
		return "单位统一登录 organisation sign-in"
	}
	return s.Provider
}

// askedToSignIn is GET /signin.
func (s *Site) askedToSignIn(w http.ResponseWriter, r *http.Request, _ *visit) error {
	q := r.URL.Query()
	s.showSignIn(w, r, http.StatusOK, signInPage{Next: s.local(q.Get("next")), Done: signInDone[q.Get("done")]})
	return nil
}

// signIn is POST /signin.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := signInPage{Login: v.form.Get("login"), Next: s.local(v.form.Get("next")), Remember: v.form.Get("remember") == "1"}
	code := strings.TrimSpace(v.form.Get("code"))
	session, token, err := s.People.SignIn(r.Context(), account.SignIn{Login: p.Login, Password: v.form.Get("password"),
		Code: code, Address: s.Address(r), Remember: p.Remember})
	if err == nil {
		err = s.enter(w, r, v, session, token)
	}
	if err != nil {
		n := s.noteOf(w, r, err, nil)
		p.Note, p.AskCode = &n, code != "" || fault.Of(err) == fault.SecondFactorNeeded
		s.showSignIn(w, r, n.status, p)
		return nil
	}
	return see(w, r, orHome(p.Next))
}

func orHome(next string) string {
	if next == "" {
		return "/home"
	}
	return next
}

// askSignIn sends somebody who is not signed in, or no more, to the form and from there
// back to where they were.
func (s *Site) askSignIn(w http.ResponseWriter, r *http.Request) {
	here := (&url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}).String()
	if r.Method == http.MethodPost { // what was sent is lost: back to the page that it came from
		here = r.URL.EscapedPath()
	}
	for here != "" && s.local(here) == "" {
		here = here[:strings.LastIndexByte(here, '/')]
	}
	to := "/signin"
	if here != "" {
		to += "?next=" + url.QueryEscape(here)
	}
	_ = see(w, r, to) // it never fails
}

// local is the address if it is one of our own pages behind sign-in, and "" for any other:
// a link to our sign-in must not lead to a stranger's site.
func (s *Site) local(given string) string {
	if len(given) > 512 || !strings.HasPrefix(given, "/") || strings.HasPrefix(given, "//") ||
		strings.ContainsFunc(given, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f }) {
		return ""
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" {
		return ""
	}
	if slices.ContainsFunc(s.routes, func(rt route) bool {
		_, ok := rt.match(u.Path)
		return ok && rt.method == http.MethodGet && (!s.open[rt.operation] || u.Path == "/m/") // the phone app knows how to ask for sign-in
	}) {
		return u.String()
	}
	return ""
}

// signOut is POST /signout.
func (s *Site) signOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.People.SignOut(r.Context(), v.token); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(r, "", "", 0))
	return see(w, r, "/signin?done=out")
}
