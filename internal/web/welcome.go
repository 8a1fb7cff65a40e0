package web

import (
	"net/http"
	"strings"

	"liandan/internal/account"
	"liandan/internal/fault"
)

// welcomePage takes up an account. The code is in the address's fragment, which browsers
// do not send: a small script takes it over and out of the address. Without it one types.
type welcomePage struct {
	Code     string
	Remember bool
	Note     *note
	Provider string
}

func (s *Site) showWelcome(w http.ResponseWriter, r *http.Request, status int, p welcomePage) {
	p.Provider = s.provider()
	s.show(w, r, nil, status, "welcome.html", page{Script: welcomeScript.path, Title: "启用账号", TitleEN: "Take up your account", Body: p})
}

// welcome is GET /welcome.
func (s *Site) welcome(w http.ResponseWriter, r *http.Request, _ *visit) error {
	s.showWelcome(w, r, http.StatusOK, welcomePage{})
	return nil
}

// accept is POST /welcome: with a password, or by the provider.
func (s *Site) accept(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := welcomePage{Code: strings.TrimSpace(v.form.Get("code")), Remember: v.form.Get("remember") == "1"}
	err := s.takeUp(w, r, v, p)
	if err != nil {
		n := s.noteOf(w, r, err, nil)
		p.Note = &n
		s.showWelcome(w, r, n.status, p)
	}
	return nil
}

func (s *Site) takeUp(w http.ResponseWriter, r *http.Request, v *visit, p welcomePage) error {
	if v.form.Get("with") == "provider" {
		if p.Code == "" {
			return field(invalid(), "/code", "required", "is required", "必须填写")
		}
		return s.onward(w, r, nil, account.Start{Code: p.Code, Remember: p.Remember}, "/account")
	}
	if err := alike(v.form.Get("password"), v.form.Get("again")); err != nil {
		return err
	}
	session, token, err := s.People.Accept(r.Context(), account.Acceptance{Code: p.Code, Password: v.form.Get("password"),
		Address: s.Address(r), Remember: p.Remember})
	if err != nil {
		return err
	}
	if err := s.enter(w, r, v, session, token); err != nil {
		return err
	}
	return see(w, r, "/account?done=welcome")
}

// alike refuses a new password that was typed in two ways.
func alike(password, again string) error {
	if password == again {
		return nil
	}
	return field(fault.New(fault.InvalidRequest, "The two passwords differ."), "/again", "differs", "is not the same as the password", "两次输入不一致")
}
