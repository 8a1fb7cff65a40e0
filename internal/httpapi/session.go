package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// People signs people in and keeps their accounts; account.Service is one.
type People interface {
	SignIn(ctx context.Context, in account.SignIn) (account.Session, string, error)
	Accept(ctx context.Context, in account.Acceptance) (account.Session, string, error)
	Session(ctx context.Context, token string) (account.Session, error)
	SignOut(ctx context.Context, token string) error
	SignOutEverywhere(ctx context.Context, a id.Account) error
	ChangePassword(ctx context.Context, by account.Session, old, new string) error
	BeginTOTP(ctx context.Context, a id.Account) (secret, uri string, err error)
	ConfirmTOTP(ctx context.Context, a id.Account, code string) ([]string, error)
	RemoveTOTP(ctx context.Context, a id.Account, password string) error

	Account(ctx context.Context, a id.Account) (account.Account, error)
	Accounts(ctx context.Context, f account.Filter) (account.Page, error)
	Invite(ctx context.Context, login, name string, appointments []access.Appointment) (account.Invitee, error)
	RenewInvitation(ctx context.Context, a id.Account) (account.Invitee, error)
	Disable(ctx context.Context, a id.Account) error
	Appoint(ctx context.Context, a id.Account, g access.Appointment) (access.Appointment, error)
	Dismiss(ctx context.Context, a id.Account, g id.Grant) error
}

func (f *face) sessionRoutes() []route {
	return []route{
		{"POST", "/v1/session", "createSession", open(f.signIn)},
		{"GET", "/v1/session", "getSession", f.session},
		{"DELETE", "/v1/session", "deleteSession", f.signOut},
		{"DELETE", "/v1/sessions", "deleteSessions", f.signOutEverywhere},
		{"PUT", "/v1/session/password", "changePassword", f.changePassword},
		{"POST", "/v1/session/totp", "beginTOTP", f.beginTOTP},
		{"PUT", "/v1/session/totp", "confirmTOTP", f.confirmTOTP},
		{"POST", "/v1/session/totp/remove", "removeTOTP", f.removeTOTP},
		{"POST", "/v1/welcome", "acceptInvitation", open(f.welcome)},
	}
}

// ownPage refuses what a page of another site has a browser post. There is no session yet
// whose token could be asked for: without this a stranger's page could sign a visitor in
// to the stranger's account. Programs send neither header and pass.
func (f *face) ownPage(c echo.Context) error {
	p := http.NewCrossOriginProtection()
	if f.Base != "" {
		_ = p.AddTrustedOrigin(f.Base) // what is no origin is trusted by nobody
	}
	if err := p.Check(c.Request()); err != nil {
		return fault.Wrap(err, fault.ForgedRequest, "The request did not come from a page of this site. Open this site's own page and sign in there.")
	}
	return nil
}

// signIn is POST /v1/session.
func (f *face) signIn(c echo.Context) error {
	if err := f.ownPage(c); err != nil {
		return err
	}
	in := struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Code     string `json:"code"`
		Remember bool   `json:"remember"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	needed(bad, "/login", in.Login)
	needed(bad, "/password", in.Password)
	if len(bad.Fields) > 0 {
		return bad
	}
	s, token, err := f.People.SignIn(c.Request().Context(), account.SignIn{Login: in.Login, Password: in.Password, Code: in.Code,
		Address: f.Address(c.Request()), Remember: in.Remember})
	if err != nil {
		return err
	}
	return f.welcomeIn(c, s, token)
}

// welcome is POST /v1/welcome.
func (f *face) welcome(c echo.Context) error {
	if err := f.ownPage(c); err != nil {
		return err
	}
	in := struct {
		Code     string `json:"code"`
		Password string `json:"password"`
		Remember bool   `json:"remember"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	needed(bad, "/code", in.Code)
	needed(bad, "/password", in.Password)
	if len(bad.Fields) > 0 {
		return bad
	}
	s, token, err := f.People.Accept(c.Request().Context(), account.Acceptance{Code: in.Code, Password: in.Password,
		Address: f.Address(c.Request()), Remember: in.Remember})
	if err != nil {
		return err
	}
	return f.welcomeIn(c, s, token)
}

func needed(bad *fault.Error, pointer, text string) {
	if text == "" {
		bad.At(pointer, "required", "is required")
	}
}

// welcomeIn answers somebody who is signed in from now on.
func (f *face) welcomeIn(c echo.Context, s account.Session, token string) error {
	traceOf(c.Request().Context()).actor = s.Actor().ID
	f.keepCookie(c, s, token)
	return secret(c, http.StatusCreated, sessionView(s))
}

// keepCookie gives the browser its session. SameSite=Lax keeps other sites' forms out and
// lets a link from a message lead in; changes need the CSRF token besides. A session that
// is not to be remembered ends with the browser.
func (f *face) keepCookie(c echo.Context, s account.Session, token string) {
	k := f.cookie(c, token)
	if s.Remember {
		k.MaxAge = max(1, int(s.Expires.Sub(f.Now())/time.Second))
	}
	c.SetCookie(k)
}

func (f *face) cookie(c echo.Context, value string) *http.Cookie {
	safe := Secure(c.Request())
	return &http.Cookie{Name: SessionCookie(safe), Value: value, Path: "/", HttpOnly: true, Secure: safe, SameSite: http.SameSiteLaxMode}
}

// dropCookie takes the session from the browser.
func (f *face) dropCookie(c echo.Context) {
	k := f.cookie(c, "")
	k.MaxAge = -1
	c.SetCookie(k)
}

// sitting is the visitor's session. The policy has let in nobody without one.
func (f *face) sitting(c echo.Context) (account.Session, string, error) {
	token := f.sessionToken(c.Request())
	s, err := f.People.Session(c.Request().Context(), token)
	return s, token, err
}

// session is GET /v1/session.
func (f *face) session(c echo.Context, _ visit) error {
	s, _, err := f.sitting(c)
	if err != nil {
		return err
	}
	return secret(c, http.StatusOK, sessionView(s))
}

// signOut is DELETE /v1/session.
func (f *face) signOut(c echo.Context, _ visit) error {
	if err := f.People.SignOut(c.Request().Context(), f.sessionToken(c.Request())); err != nil {
		return err
	}
	f.dropCookie(c)
	return c.NoContent(http.StatusNoContent)
}

// signOutEverywhere is DELETE /v1/sessions.
func (f *face) signOutEverywhere(c echo.Context, _ visit) error {
	s, _, err := f.sitting(c)
	if err != nil {
		return err
	}
	if err := f.People.SignOutEverywhere(c.Request().Context(), s.Account.ID); err != nil {
		return err
	}
	f.dropCookie(c)
	return c.NoContent(http.StatusNoContent)
}

// changePassword is PUT /v1/session/password.
func (f *face) changePassword(c echo.Context, _ visit) error {
	in := struct {
		Old string `json:"old"`
		New string `json:"new"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	needed(bad, "/old", in.Old)
	needed(bad, "/new", in.New)
	if len(bad.Fields) > 0 {
		return bad
	}
	s, _, err := f.sitting(c)
	if err != nil {
		return err
	}
	if err := f.People.ChangePassword(c.Request().Context(), s, in.Old, in.New); err != nil {
		return stillSignedIn(err)
	}
	return c.NoContent(http.StatusNoContent)
}

// stillSignedIn: an account that went away meanwhile has no session either.
func stillSignedIn(err error) error {
	if fault.Of(err) == fault.NotFound {
		return fault.Wrap(err, fault.Unauthorized, "You are not signed in, or your session has ended. Sign in again.")
	}
	return err
}

// beginTOTP is POST /v1/session/totp.
func (f *face) beginTOTP(c echo.Context, _ visit) error {
	s, _, err := f.sitting(c)
	if err != nil {
		return err
	}
	text, uri, err := f.People.BeginTOTP(c.Request().Context(), s.Account.ID)
	if err != nil {
		return stillSignedIn(err)
	}
	return secret(c, http.StatusCreated, api.TOTPSetup{Secret: text, URI: uri})
}

// confirmTOTP is PUT /v1/session/totp.
func (f *face) confirmTOTP(c echo.Context, _ visit) error {
	in := struct {
		Code string `json:"code"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Code == "" {
		return invalid().At("/code", "required", "is required")
	}
	s, _, err := f.sitting(c)
	if err != nil {
		return err
	}
	codes, err := f.People.ConfirmTOTP(c.Request().Context(), s.Account.ID, in.Code)
	if err != nil {
		return stillSignedIn(err)
	}
	return secret(c, http.StatusOK, api.RecoveryCodes{Codes: codes})
}

// removeTOTP is POST /v1/session/totp/remove: a body of DELETE has no meaning in HTTP
// (RFC 9110 section 9.3.5), and proxies drop it.
func (f *face) removeTOTP(c echo.Context, _ visit) error {
	in := struct {
		Password string `json:"password"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Password == "" {
		return invalid().At("/password", "required", "is required")
	}
	s, _, err := f.sitting(c)
	if err != nil {
		return err
	}
	if err := f.People.RemoveTOTP(c.Request().Context(), s.Account.ID, in.Password); err != nil {
		return stillSignedIn(err)
	}
	return c.NoContent(http.StatusNoContent)
}

func sessionView(s account.Session) api.Session {
	return api.Session{Account: accountView(s.Account), CSRF: s.CSRF, MadeAt: at(s.Made), ExpiresAt: at(s.Expires), Remember: s.Remember}
}
