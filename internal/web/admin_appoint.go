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
	"liandan/internal/registry"
)

// appointPage asks for an appointment, of a new account or of one that is there: first the
// role and the organisation, then what that role needs.
type appointPage struct {
	Account string // "": a new one
	Name    string // of the account
	Roles   []option
	Parties []option // of their own; none: one types it
	Role    string
	RoleIs  line
	Party   string
	PartyIs string
	Second  bool

	Login, Display, To               string
	Sites, People, Divisions         []option
	NeedSite, NeedPerson, NeedParty  bool
	NeedDivision, MaySite, MayPerson bool
	Note                             *note
}

// Ask is where the first form goes.
func (p appointPage) Ask() string {
	if p.Account == "" {
		return "/admin/people/new"
	}
	return "/admin/people/" + p.Account + "/appoint"
}

// Do is where the second form goes.
func (p appointPage) Do() string {
	if p.Account == "" {
		return "/admin/people"
	}
	return p.Ask()
}

// askInvite is GET /admin/people/new?role=&party=.
func (s *Site) askInvite(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showAppoint(w, r, v, http.StatusOK, "inviteAccount", appointPage{}, r.URL.Query(), nil)
}

// askAppoint is GET /admin/people/{account}/appoint?role=&party=.
func (s *Site) askAppoint(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, err := s.knownAccount(r.Context(), v, r)
	if err != nil {
		return err
	}
	return s.showAppoint(w, r, v, http.StatusOK, "appointAccount", appointPage{Account: k.ID.String(), Name: k.Name}, r.URL.Query(), nil)
}

// showAppoint shows the first form or, once role and organisation stand, the second one.
func (s *Site) showAppoint(w http.ResponseWriter, r *http.Request, v *visit, status int, operation string, p appointPage, given url.Values, n *note) error {
	ctx := r.Context()
	p.Note, p.Role, p.Party = n, given.Get("role"), strings.TrimSpace(given.Get("party"))
	p.Login, p.Display, p.To = given.Get("login"), given.Get("name"), given.Get("to")
	all, own, err := s.managed(ctx, v, operation)
	if err != nil {
		return err
	}
	for _, role := range access.Roles() {
		if role == access.APIClient || (!all && !slices.Contains(access.Givable(), role)) {
			continue
		}
		zh, en := role.Words()
		p.Roles = append(p.Roles, option{string(role), zh + " " + en, string(role) == p.Role})
	}
	if !all {
		for _, o := range own {
			name, err := s.partyName(ctx, o)
			if err != nil {
				return err
			}
			p.Parties = append(p.Parties, option{o.String(), name, o.String() == p.Party})
		}
	}
	role := access.Role(p.Role)
	if p.Role != "" && n == nil {
		if bad := s.firstFaults(ctx, p, all, own); len(bad.Fields) > 0 {
			x := s.noteOf(w, r, bad, nil)
			p.Note, status = &x, x.status
			p.Role = ""
		}
	}
	if p.Role != "" && role.Known() {
		if err := s.fillSecond(ctx, &p, role, given); err != nil {
			return err
		}
	}
	title := page{Title: "开设账号", TitleEN: "Invite a person", Body: p}
	if p.Account != "" {
		title.Title, title.TitleEN = "任命："+p.Name, "Appoint"
	}
	s.show(w, r, v, status, "appoint.html", title)
	return nil
}

// firstFaults says what is wrong with role and organisation before anything else is asked.
func (s *Site) firstFaults(ctx context.Context, p appointPage, all bool, own []id.Party) *fault.Error {
	bad, role := invalid(), access.Role(p.Role)
	if !slices.ContainsFunc(p.Roles, func(o option) bool { return o.ID == p.Role }) {
		return field(bad, "/role", "value", "must be one of the list", "请从列表中选择")
	}
	if _, _, _, organisation := role.Needs(); organisation {
		of, err := s.partyOf(ctx, p.Party)
		if err != nil || of.IsZero() || (!all && !slices.Contains(own, of)) {
			field(bad, "/party", "unknown", "must be an organisation of the register that you manage: its credit code or id",
				"请填登记册中归您管理的单位的统一社会信用代码或标识")
		}
	}
	return bad
}

// fillSecond offers what the role needs, of the organisation that stands.
func (s *Site) fillSecond(ctx context.Context, p *appointPage, role access.Role, given url.Values) error {
	p.Second = true
	p.RoleIs.ZH, p.RoleIs.EN = role.Words()
	p.NeedSite, p.NeedPerson, p.NeedDivision, p.NeedParty = role.Needs()
	if p.NeedDivision {
		for _, d := range registry.Divisions() {
			if registry.RunByCity(d.Code) {
				p.Divisions = append(p.Divisions, option{d.Code, d.Name + " " + d.NameEN, given.Get("division."+d.Code) != ""})
			}
		}
	}
	if !p.NeedParty {
		p.Party = ""
		return nil
	}
	of, err := s.partyOf(ctx, p.Party)
	if err != nil || of.IsZero() {
		return err
	}
	p.Party = of.String()
	if p.PartyIs, err = s.partyName(ctx, of); err != nil {
		return err
	}
	now := s.Now()
	p.MayPerson = role != access.OrganisationAdministrator || p.NeedPerson
	if p.MaySite = p.NeedSite; p.MaySite {
		sites, err := s.Admin.Registers.SitesOf(ctx, of)
		if err != nil {
			return err
		}
		for _, x := range sites {
			if x.Valid.Holds(now) {
				p.Sites = append(p.Sites, option{x.ID.String(), x.Name, given.Get("site."+x.ID.String()) != ""})
			}
		}
	}
	people, err := s.Admin.Registers.PeopleOf(ctx, of)
	if err != nil {
		return err
	}
	for _, x := range people {
		if x.Valid.Holds(now) {
			p.People = append(p.People, option{x.ID.String(), x.ID.String(), given.Get("person") == x.ID.String()})
		}
	}
	return nil
}

// givenAppointment reads the second form. What the role needs is for the service to say.
func givenAppointment(form url.Values) (access.Appointment, *fault.Error) {
	bad := invalid()
	g := access.Appointment{Role: access.Role(form.Get("role"))}
	if !g.Role.Known() || g.Role == access.APIClient {
		field(bad, "/role", "value", "must be one of the list", "请从列表中选择")
	}
	var err error
	if text := form.Get("party"); text != "" {
		if g.Party, err = id.ParseParty(text); err != nil {
			bad.At("/party", "format", "%s", err)
		}
	}
	if text := form.Get("person"); text != "" {
		if g.Person, err = id.ParsePerson(text); err != nil {
			bad.At("/person", "format", "%s", err)
		}
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if text, ok := strings.CutPrefix(name, "site."); ok {
			site, err := id.ParseSite(text)
			if err != nil {
				bad.At("/sites", "format", "%s", err)
			}
			g.Sites = append(g.Sites, site)
		}
		if code, ok := strings.CutPrefix(name, "division."); ok {
			g.Divisions = append(g.Divisions, code)
		}
	}
	if text := form.Get("to"); text != "" {
		last, ok := dayAt(text)
		if !ok {
			field(bad, "/to", "format", "must be a day", "应为日期")
		}
		g.Valid.To = last.AddDate(0, 0, 1) // its last moment
	}
	return g, bad
}

// invite is POST /admin/people. The code is shown this once.
func (s *Site) invite(w http.ResponseWriter, r *http.Request, v *visit) error {
	g, bad := givenAppointment(v.form)
	var made account.Invitee
	err := error(bad)
	if len(bad.Fields) == 0 {
		// The account has no id yet, and its login is a name: the act names neither.
		claims := []gate.Claim{{Subject: account.SubjectOf(id.Account{}, g), Missing: notToGive()}}
		err = s.Gate.AllowAll(r.Context(), v.Caller, "inviteAccount", claims, "account", unknownAccount())
	}
	if err == nil {
		made, err = s.Admin.Accounts.Invite(r.Context(), v.form.Get("login"), strings.TrimSpace(v.form.Get("name")), []access.Appointment{g})
	}
	if err == nil {
		return s.showInvited(w, r, v, made)
	}
	return s.again(w, r, v, "inviteAccount", appointPage{}, err)
}

// again shows the second form once more with what is wrong beside its fields.
func (s *Site) again(w http.ResponseWriter, r *http.Request, v *visit, operation string, p appointPage, err error) error {
	switch fault.Of(err) {
	case fault.InvalidRequest, fault.Conflict, fault.NotFound:
	default:
		return err
	}
	n := s.noteOf(w, r, err, map[fault.Kind]line{
		fault.NotFound: {ZH: "没有执行：没有这个单位或不归您管理，或您不能授予此职务。"},
		fault.Conflict: {ZH: "没有执行；登录名已被使用，或任命已达上限。"},
	})
	return s.showAppoint(w, r, v, n.status, operation, p, v.form, &n)
}

// appoint is POST /admin/people/{account}/appoint.
func (s *Site) appoint(w http.ResponseWriter, r *http.Request, v *visit) error {
	known, err := s.knownAccount(r.Context(), v, r)
	if err != nil {
		return err
	}
	p := appointPage{Account: known.ID.String(), Name: known.Name}
	g, bad := givenAppointment(v.form)
	if len(bad.Fields) > 0 {
		return s.again(w, r, v, "appointAccount", p, bad)
	}
	k, err := s.whole(r, v, "appointAccount", gate.Claim{Subject: account.SubjectOf(known.ID, g), Missing: notToGive()})
	if err == nil {
		_, err = s.Admin.Accounts.Appoint(r.Context(), k.ID, g)
	}
	if err != nil {
		return s.again(w, r, v, "appointAccount", p, err)
	}
	return see(w, r, "/admin/people/"+k.ID.String()+"?done=appointed")
}
