package web

import (
	"encoding/base64"
	"net/http"
	"strings"

	"liandan/internal/account"
	"liandan/internal/fault"
)

// providerCookie follows the session cookie's name. The value is what the service gave,
// a point, and where to go afterwards.
const providerCookie = "-oidc"

// begin starts a sign-in at the provider. The browser gets what it must bring back.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, in account.Start, next string) (string, error) {
	in.Address = s.Address(r)
	location, kept, err := s.People.BeginOIDC(r.Context(), in)
	if err != nil {
		return "", err
	}
	http.SetCookie(w, s.cookie(r, providerCookie, kept+"."+base64.RawURLEncoding.EncodeToString([]byte(next)), account.FlowLife))
	return location, nil
}

// toProvider is GET /signin/oidc.
func (s *Site) toProvider(w http.ResponseWriter, r *http.Request, _ *visit) error {
	q := r.URL.Query()
	location, err := s.begin(w, r, account.Start{Remember: q.Get("remember") == "1"}, s.local(q.Get("next")))
	if err != nil {
		s.refuseProvider(w, r, err)
		return nil
	}
	return see(w, r, location)
}

// onward shows the link to the provider. After a form it must be a link: a browser lets a
// form lead to this site alone, redirects included, as form-action says.
func (s *Site) onward(w http.ResponseWriter, r *http.Request, v *visit, in account.Start, next string) error {
	location, err := s.begin(w, r, in, next)
	if err != nil {
		return err
	}
	s.show(w, r, v, http.StatusOK, "onward.html", page{Title: "继续登录", TitleEN: "Continue", Body: struct{ Location, Provider string }{location, s.provider()}})
	return nil
}

// fromProvider is GET /signin/oidc/callback.
func (s *Site) fromProvider(w http.ResponseWriter, r *http.Request, v *visit) error {
	in := account.Return{Query: r.URL.Query(), Address: s.Address(r)}
	next := ""
	if c, err := r.Cookie(s.Cookie(s.Secure(r)) + providerCookie); err == nil {
		kept, rest, _ := strings.Cut(c.Value, ".")
		in.Cookie = kept
		if b, err := base64.RawURLEncoding.DecodeString(rest); err == nil {
			next = s.local(string(b))
		}
	}
	http.SetCookie(w, s.cookie(r, providerCookie, "", 0))
	if v.token != "" {
		session, err := s.People.Session(r.Context(), v.token)
		switch {
		case err == nil:
			in.Account = session.Account.ID
		case fault.Of(err) != fault.Unauthorized:
			return err
		}
	}
	out, err := s.People.FinishOIDC(r.Context(), in)
	if err == nil && out.Linked {
		return see(w, r, "/account?done=linked")
	}
	if err == nil {
		err = s.enter(w, r, v, out.Session, out.Token)
	}
	if err != nil {
		s.refuseProvider(w, r, err)
		return nil
	}
	return see(w, r, orHome(next))
}

// refuseProvider is the sign-in page with why the provider's way did not work.
func (s *Site) refuseProvider(w http.ResponseWriter, r *http.Request, err error) {
	own := map[fault.Kind]line{
		fault.SignInRefused: {ZH: "没有通过单位统一登录进来：用时过长、已用过，或对方没有确认。请重新开始。"},
		fault.ForgedRequest: {ZH: "统一登录的回复不是这个浏览器发起的。请从登录页重新开始。", EN: "The answer does not belong to a sign-in that this browser began. Begin again from the sign-in page."},
		fault.Conflict:      {ZH: "这个统一登录账号已关联到另一个账号。"},
		fault.NotFound:      {ZH: "这里没有设置单位统一登录。请用登录名和密码登录。"},
		fault.Unavailable:   {ZH: "单位统一登录暂时连不上。请稍后再试，或用登录名和密码登录。", EN: "Your organisation's sign-in cannot be reached now. Try again in a moment, or use login and password."},
	}
	if f := fault.As(err); f != nil && f.Facts["reason"] == "unlinked" {
		own[fault.SignInRefused] = line{ZH: "统一登录认得您，但您在那里的账号还没有关联到这里的账号。请先用登录名和密码登录后关联，或用管理员给的一次性码。"}
	}
	n := s.noteOf(w, r, err, own)
	s.showSignIn(w, r, n.status, signInPage{Note: &n})
}

// linkProvider is POST /account/provider.
func (s *Site) linkProvider(w http.ResponseWriter, r *http.Request, v *visit) error {
	session, err := s.People.Session(r.Context(), v.token)
	if err != nil {
		return err
	}
	return s.onward(w, r, v, account.Start{Account: session.Account.ID}, "/account")
}

// unlinkProvider is POST /account/provider/remove.
func (s *Site) unlinkProvider(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.change(w, r, v, "provider", "unlinked", func(session account.Session) error {
		return s.People.Unlink(r.Context(), session.Account.ID)
	})
}
