package web

import (
	"net/http"
	"net/url"
	"slices"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/label"
	"liandan/internal/registry"
)

// accountPage is what somebody sees of their own account.
type accountPage struct {
	Name, Login  string
	Appointments []appointment
	TOTP         bool
	Provider     string // "": there is none
	Linked       bool
	Sessions     []sitting
	Done         line
	Failed       string // which form the note is about
	Note         *note
}

// appointment is one in words.
type appointment struct {
	Role    line
	Details []detail
}

type detail struct {
	What  line
	Value string
}

type sitting struct {
	Made, Seen, Ends string
	Remember, This   bool
}

var accountDone = map[string]line{
	"welcome":  {"账号已启用，您已登录。建议现在就设置动态口令。", "Your account is ready and you are signed in. Set up a second factor next."},
	"password": {"密码已更改，其他设备上的登录已结束。", "The password is changed; sessions on other devices have ended."},
	"totp-off": {"动态口令已停用。", "The second factor is off."},
	"linked":   {"已关联单位统一登录。", "Your organisation's sign-in is linked."},
	"unlinked": {"已取消关联。", "The link is removed."},
}

// account is GET /account.
func (s *Site) account(w http.ResponseWriter, r *http.Request, v *visit) error {
	session, err := s.People.Session(r.Context(), v.token)
	if err != nil {
		return err
	}
	return s.showAccount(w, r, v, session, http.StatusOK, accountPage{Done: accountDone[r.URL.Query().Get("done")]})
}

func (s *Site) showAccount(w http.ResponseWriter, r *http.Request, v *visit, session account.Session, status int, p accountPage) error {
	a := session.Account
	p.Name, p.Login, p.TOTP, p.Linked, p.Provider = a.Name, a.Login, a.TOTP, a.Linked, s.provider()
	for _, g := range a.Valid(s.Now()) {
		words, err := s.inWords(r, g)
		if err != nil {
			return err
		}
		p.Appointments = append(p.Appointments, words)
	}
	list, err := s.People.Sessions(r.Context(), a.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		p.Sessions = append(p.Sessions, sitting{clock(x.Made), clock(x.Seen), clock(x.Expires), x.Remember, x.ID == session.ID})
	}
	s.show(w, r, v, status, "account.html", page{Title: "我的账号", TitleEN: "My account", Body: p})
	return nil
}

// inWords says what an appointment is, with the register's names.
func (s *Site) inWords(r *http.Request, g access.Appointment) (out appointment, err error) {
	out.Role.ZH, out.Role.EN = g.Role.Words()
	if !g.Party.IsZero() {
		org, ok, err := s.Registry.Organisation(r.Context(), g.Party)
		if err != nil {
			return out, err
		}
		out.add("单位", "Organisation", named(org.Name, ok, g.Party.String()))
	}
	for _, v := range g.Sites {
		site, ok, err := s.Registry.Site(r.Context(), v)
		if err != nil {
			return out, err
		}
		out.add("场所", "Site", named(site.Name, ok, v.String()))
	}
	for _, code := range g.Divisions {
		d, ok := registry.LookupDivision(code)
		out.add("辖区", "District", named(d.Name+" "+d.NameEN, ok, code))
	}
	if !g.Person.IsZero() {
		out.add("经办人编号", "Signs as", g.Person.String())
	}
	out.add("至", "Until", clock(g.Valid.To))
	return out, nil
}

func (a *appointment) add(zh, en, value string) {
	if value != "" {
		a.Details = append(a.Details, detail{line{zh, en}, value})
	}
}

func named(name string, ok bool, otherwise string) string {
	if ok {
		return name
	}
	return otherwise
}

// change does something to the account and says so on its page, or what was wrong.
func (s *Site) change(w http.ResponseWriter, r *http.Request, v *visit, form, done string, do func(account.Session) error) error {
	session, err := s.People.Session(r.Context(), v.token)
	if err != nil {
		return err
	}
	if err := do(session); err != nil {
		if fault.Of(err) == fault.NotFound { // the account went away meanwhile, and its session with it
			return gate.Unauthorized()
		}
		n := s.noteOf(w, r, err, map[fault.Kind]line{
			fault.SignInRefused: {ZH: "密码不对，没有改动。"},
			fault.Conflict:      conflicts[form],
		})
		return s.showAccount(w, r, v, session, n.status, accountPage{Failed: form, Note: &n})
	}
	return see(w, r, "/account?done="+url.QueryEscape(done))
}

var conflicts = map[string]line{
	"password": {ZH: "没有更改：该账号没有密码（通过单位统一登录），或账号刚刚有改动。"},
	"totp":     {ZH: "没有改动：动态口令已在您要的状态，或该账号没有密码。"},
	"provider": {ZH: "没有取消：该账号没有密码，取消后将无法登录。请找管理员要一次性码设置密码。"},
}

// changePassword is POST /account/password.
func (s *Site) changePassword(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.change(w, r, v, "password", "password", func(session account.Session) error {
		fresh := v.form.Get("new")
		if err := alike(fresh, v.form.Get("again")); err != nil {
			return err
		}
		return s.People.ChangePassword(r.Context(), session, v.form.Get("old"), fresh)
	})
}

// signOutEverywhere is POST /account/sessions/end.
func (s *Site) signOutEverywhere(w http.ResponseWriter, r *http.Request, v *visit) error {
	session, err := s.People.Session(r.Context(), v.token)
	if err != nil {
		return err
	}
	if err := s.People.SignOutEverywhere(r.Context(), session.Account.ID); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(r, "", "", 0))
	return see(w, r, "/signin?done=everywhere")
}

// secondFactor is the page on which it is set up. The secret is on the page that made it
// and nowhere else; a wrong code asks for another one without it.
type secondFactor struct {
	Secret []string // in groups of four
	Link   safeURL  // for the phone in the hand
	QR     drawing  // for another screen
	Note   *note
}

// beginTOTP is POST /account/totp: a form, so that no link and no reload of another page
// makes a new secret.
func (s *Site) beginTOTP(w http.ResponseWriter, r *http.Request, v *visit) error {
	session, err := s.People.Session(r.Context(), v.token)
	if err != nil {
		return err
	}
	secret, uri, err := s.People.BeginTOTP(r.Context(), session.Account.ID)
	if fault.Of(err) == fault.Conflict {
		return s.change(w, r, v, "totp", "", func(account.Session) error { return err })
	}
	if err != nil {
		return err
	}
	modules, err := label.Modules(uri)
	if err != nil {
		return err
	}
	s.showSecondFactor(w, r, v, http.StatusOK, secondFactor{Secret: slices.Collect(inGroups(secret, 4)), Link: safeURL(uri), QR: draw(modules)})
	return nil
}

func (s *Site) showSecondFactor(w http.ResponseWriter, r *http.Request, v *visit, status int, p secondFactor) {
	s.show(w, r, v, status, "totp.html", page{Title: "设置动态口令", TitleEN: "Second factor", Body: p})
}

// confirmTOTP is POST /account/totp/confirm. The recovery codes are shown this once.
func (s *Site) confirmTOTP(w http.ResponseWriter, r *http.Request, v *visit) error {
	session, err := s.People.Session(r.Context(), v.token)
	if err != nil {
		return err
	}
	codes, err := s.People.ConfirmTOTP(r.Context(), session.Account.ID, v.form.Get("code"))
	if err != nil {
		n := s.noteOf(w, r, err, map[fault.Kind]line{
			fault.Conflict: {ZH: "没有启用：动态口令已启用，或还没有开始设置。请回到“我的账号”。"},
		})
		s.showSecondFactor(w, r, v, n.status, secondFactor{Note: &n})
		return nil
	}
	s.show(w, r, v, http.StatusOK, "recovery.html", page{Title: "动态口令已启用", TitleEN: "The second factor is on", Body: codes})
	return nil
}

// removeTOTP is POST /account/totp/remove.
func (s *Site) removeTOTP(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.change(w, r, v, "totp", "totp-off", func(session account.Session) error {
		return s.People.RemoveTOTP(r.Context(), session.Account.ID, v.form.Get("password"))
	})
}
