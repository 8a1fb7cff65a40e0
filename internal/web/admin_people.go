package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/label"
)

func (s *Site) peopleRoutes() []route {
	return []route{
		{method: "GET", pattern: "/admin/people", operation: "listAccounts", run: s.accounts},
		{method: "POST", pattern: "/admin/people", operation: "inviteAccount", run: s.invite},
		{method: "GET", pattern: "/admin/people/new", operation: "inviteAccount", run: s.askInvite},
		{method: "GET", pattern: "/admin/people/{account}", operation: "listAccounts", run: s.oneAccount},
		{method: "GET", pattern: "/admin/people/{account}/appoint", operation: "appointAccount", run: s.askAppoint},
		{method: "POST", pattern: "/admin/people/{account}/appoint", operation: "appointAccount", run: s.appoint},
		{method: "POST", pattern: "/admin/people/{account}/invitation", operation: "renewInvitation", run: s.renewInvitation},
		{method: "POST", pattern: "/admin/people/{account}/disable", operation: "disableAccount", run: s.disableAccount},
		{method: "POST", pattern: "/admin/people/{account}/dismiss/{appointment}", operation: "dismissAccount", run: s.dismiss},
	}
}

// unknownAccount answers who asks about an account that is not there or not theirs.
func unknownAccount() error {
	return fault.New(fault.NotFound, "There is no such account among those that you can manage.")
}

// notToGive answers who would give an appointment that is not theirs to give.
func notToGive() error {
	return fault.New(fault.NotFound, "The appointment is not yours to give: it names an organisation that is not there or that you do not manage, or a role that you cannot give.")
}

var accountStates = map[account.State]struct {
	Words line
	Tone  string
}{
	account.Invited:  {line{"待启用", "invited"}, "expiring"},
	account.Active:   {line{"可登录", "can sign in"}, "active"},
	account.Disabled: {line{"已停用", "disabled"}, "revoked"},
}

type accountsPage struct {
	Query   string
	Party   string
	Parties []option // of several that are theirs
	Items   []listed
	More    string
	May     bool // invite
}

// accounts is GET /admin/people?party=&q=&after=.
func (s *Site) accounts(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, q := r.Context(), r.URL.Query()
	p := accountsPage{Query: strings.TrimSpace(q.Get("q")), May: s.Gate.May(v.Caller, "inviteAccount") == nil}
	of, choices, err := s.chosen(ctx, v, "listAccounts", q.Get("party"))
	if err != nil {
		return err
	}
	if p.Parties = choices; !of.IsZero() {
		p.Party = of.String()
	}
	f := account.Filter{Party: of, Limit: atATime}
	if after := q.Get("after"); after != "" {
		if f.After, err = id.ParseAccount(after); err != nil {
			return field(invalid(), "", "format", "the address is not one of a next page", "不是“下一页”的地址")
		}
	}
	for range turns {
		found, err := s.Admin.Accounts.Accounts(ctx, f)
		if err != nil {
			return err
		}
		for _, k := range found.Accounts {
			if word := strings.ToLower(p.Query); word != "" && !strings.Contains(k.Login, word) && !strings.Contains(strings.ToLower(k.Name), word) {
				continue
			}
			l, err := s.accountLine(r, k)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, l)
		}
		if f.After = found.Next; f.After.IsZero() || len(p.Items) >= atATime {
			break
		}
	}
	if !f.After.IsZero() {
		next := url.Values{"after": {f.After.String()}}
		for name, value := range map[string]string{"q": p.Query, "party": p.Party} {
			if value != "" {
				next.Set(name, value)
			}
		}
		p.More = "/admin/people?" + next.Encode()
	}
	s.show(w, r, v, http.StatusOK, "people.html", page{Title: "人员账号", TitleEN: "People and accounts", Body: p})
	return nil
}

func (s *Site) accountLine(r *http.Request, k account.Account) (listed, error) {
	st := accountStates[k.State]
	l := listed{Title: k.Name, State: st.Words, Tone: st.Tone, Link: "/admin/people/" + k.ID.String()}
	l.add("登录名", "Login", k.Login)
	for _, g := range k.Valid(s.Now()) {
		words, err := s.inWords(r, g)
		if err != nil {
			return l, err
		}
		where := ""
		for _, d := range words.Details {
			if d.What.EN != "Signs as" && d.What.EN != "Until" {
				where += "，" + d.Value
			}
		}
		l.add("职务", "Appointment", words.Role.ZH+" "+words.Role.EN+where)
	}
	return l, nil
}

// held is an appointment on an account's page.
type held struct {
	appointment
	ID    string
	Ended bool
	May   bool // end it
}

type onePage struct {
	listed
	ID       string
	Held     []held
	Manage   bool // renew and disable
	Appoint  bool
	Disabled bool
	Done     line
	Note     *note
}

var accountDoneWords = map[string]line{
	"appointed": {"已任命，立即生效。", "Appointed; it holds at once."},
	"dismissed": {"已免除该职务。", "That appointment has ended."},
	"disabled":  {"账号已停用，该账号的登录全部结束。要重新启用，请重发一次性码。", "The account is disabled and its sessions have ended. Make a new code to open it again."},
}

// knownAccount is what a visitor may see of the account that the path names.
func (s *Site) knownAccount(ctx context.Context, v *visit, r *http.Request) (k account.Account, err error) {
	a, err := id.ParseAccount(r.PathValue("account"))
	if err != nil {
		return k, unknownAccount()
	}
	if k, err = s.Admin.Accounts.Account(ctx, a); err != nil {
		return k, err
	}
	return s.visibleOf(ctx, v, k)
}

// visibleOf is an account without the appointments of organisations that are not the
// visitor's. Whose none of it is does not know of it.
func (s *Site) visibleOf(ctx context.Context, v *visit, k account.Account) (account.Account, error) {
	seen := false
	var mine []access.Appointment
	for _, x := range k.Appointments {
		about := account.SubjectOf(k.ID, x)
		about.Role = "" // seeing is not giving
		sees, err := s.Gate.Sees(ctx, v.Caller, "listAccounts", about)
		if err != nil {
			return k, err
		}
		if sees {
			mine = append(mine, x)
			// Whose last appointment there has ended is nobody of theirs any more, as in the list.
			seen = seen || x.Valid.To.IsZero() || s.Now().Before(x.Valid.To)
		}
	}
	if !seen {
		all, err := s.Gate.Sees(ctx, v.Caller, "listAccounts", access.Subject{Account: k.ID})
		if err != nil {
			return k, err
		}
		if !all {
			return k, unknownAccount()
		}
	}
	k.Appointments = mine
	return k, nil
}

// oneAccount is GET /admin/people/{account}.
func (s *Site) oneAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, err := s.knownAccount(r.Context(), v, r)
	if err != nil {
		return err
	}
	return s.showOne(w, r, v, http.StatusOK, k, onePage{Done: accountDoneWords[r.URL.Query().Get("done")]})
}

func (s *Site) showOne(w http.ResponseWriter, r *http.Request, v *visit, status int, k account.Account, p onePage) (err error) {
	ctx, st := r.Context(), accountStates[k.State]
	p.listed = listed{Title: k.Name, State: st.Words, Tone: st.Tone}
	p.ID, p.Disabled = k.ID.String(), k.State == account.Disabled
	p.add("登录名", "Login", k.Login)
	p.add("开设", "Made", clock(k.Made))
	p.add("动态口令", "Second factor", yesNo(k.TOTP))
	p.add("单位统一登录", "Linked to the organisation's sign-in", yesNo(k.Linked))
	p.add("标识", "Id", p.ID)
	for _, g := range k.Appointments {
		h := held{ID: g.ID.String(), Ended: !g.Valid.To.IsZero() && !s.Now().Before(g.Valid.To)}
		if h.appointment, err = s.inWords(r, g); err != nil {
			return err
		}
		if !h.Ended {
			if h.May, err = s.Gate.Sees(ctx, v.Caller, "dismissAccount", account.SubjectOf(k.ID, g)); err != nil {
				return err
			}
		}
		p.Held = append(p.Held, h)
	}
	whole, err := s.Admin.Accounts.Account(ctx, k.ID) // what is not shown bars as well
	if err != nil {
		return err
	}
	p.Manage = true
	for _, about := range whole.Subjects(s.Now()) {
		sees, err := s.Gate.Sees(ctx, v.Caller, "disableAccount", about)
		if err != nil {
			return err
		}
		p.Manage = p.Manage && sees
	}
	p.Appoint = p.Manage && s.Gate.May(v.Caller, "appointAccount") == nil
	s.show(w, r, v, status, "person.html", page{Title: k.Name, TitleEN: "Account", Body: p})
	return nil
}

// whole lets in who may do an operation to all of an account, and records it.
func (s *Site) whole(r *http.Request, v *visit, operation string, more ...gate.Claim) (account.Account, error) {
	ctx := r.Context()
	a, err := id.ParseAccount(r.PathValue("account"))
	if err != nil {
		return account.Account{}, unknownAccount()
	}
	k, err := s.Admin.Accounts.Account(ctx, a)
	if err != nil {
		return k, err
	}
	var claims []gate.Claim
	for _, about := range k.Subjects(s.Now()) {
		claims = append(claims, gate.Claim{Subject: about, Missing: unknownAccount()})
	}
	return k, s.Gate.AllowAll(ctx, v.Caller, operation, append(claims, more...), k.ID.String(), unknownAccount())
}

// renewInvitation is POST /admin/people/{account}/invitation. The code is shown this once.
func (s *Site) renewInvitation(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, err := s.whole(r, v, "renewInvitation")
	if err != nil {
		return err
	}
	made, err := s.Admin.Accounts.RenewInvitation(r.Context(), k.ID)
	if err != nil {
		return err
	}
	return s.showInvited(w, r, v, made)
}

type invitedPage struct {
	Name, Login, Code, Expires, Link, Account string
	QR                                        drawing // of the link, for the person's own phone
}

// showInvited shows a one-time code, this once.
func (s *Site) showInvited(w http.ResponseWriter, r *http.Request, v *visit, made account.Invitee) error {
	p := invitedPage{Name: made.Account.Name, Login: made.Account.Login, Code: made.Code, Expires: clock(made.Expires),
		Link: s.Base + "/welcome#" + made.Code, Account: made.Account.ID.String()}
	modules, err := label.Modules(p.Link)
	if err != nil {
		return err
	}
	p.QR = draw(modules)
	s.show(w, r, v, http.StatusCreated, "invited.html", page{Title: "一次性码", TitleEN: "One-time code", Body: p})
	return nil
}

// disableAccount is POST /admin/people/{account}/disable.
func (s *Site) disableAccount(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, err := s.whole(r, v, "disableAccount")
	if err != nil {
		return err
	}
	return s.changed(w, r, v, k.ID, "disabled", s.Admin.Accounts.Disable(r.Context(), k.ID))
}

// dismiss is POST /admin/people/{account}/dismiss/{appointment}.
func (s *Site) dismiss(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	a, err := id.ParseAccount(r.PathValue("account"))
	if err != nil {
		return unknownAccount()
	}
	k, err := s.Admin.Accounts.Account(ctx, a)
	if err != nil {
		return err
	}
	g, err := id.ParseGrant(r.PathValue("appointment"))
	i := slices.IndexFunc(k.Appointments, func(x access.Appointment) bool { return x.ID == g })
	if err != nil || i < 0 {
		return unknownAccount()
	}
	if err := s.sure(r, v, "dismissAccount", g.String(), account.SubjectOf(k.ID, k.Appointments[i]), unknownAccount()); err != nil {
		return err
	}
	return s.changed(w, r, v, k.ID, "dismissed", s.Admin.Accounts.Dismiss(ctx, k.ID, g))
}

// changed goes back to an account's page, or to the list when it is not the visitor's any
// more; a conflict is told there.
func (s *Site) changed(w http.ResponseWriter, r *http.Request, v *visit, a id.Account, done string, err error) error {
	if err != nil && fault.Of(err) != fault.Conflict {
		return err
	}
	k, kerr := s.Admin.Accounts.Account(r.Context(), a)
	if kerr == nil {
		k, kerr = s.visibleOf(r.Context(), v, k)
	}
	if fault.Of(kerr) == fault.NotFound && kerr != nil {
		return see(w, r, "/admin/people")
	}
	if kerr != nil {
		return kerr
	}
	if err != nil {
		n := s.noteOf(w, r, err, map[fault.Kind]line{fault.Conflict: {ZH: "没有执行：这是最后一位系统管理员，或任命已达上限。请先任命另一位并让其登录。"}})
		return s.showOne(w, r, v, n.status, k, onePage{Note: &n})
	}
	return see(w, r, "/admin/people/"+a.String()+"?done="+done)
}
