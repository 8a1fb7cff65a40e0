package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
)

func (f *face) accountRoutes() []route {
	return []route{
		{"GET", "/v1/accounts", "listAccounts", f.accounts},
		{"POST", "/v1/accounts", "inviteAccount", f.invite},
		{"POST", "/v1/accounts/:account/invitation", "renewInvitation", f.renewInvitation},
		{"POST", "/v1/accounts/:account/disable", "disableAccount", f.disableAccount},
		{"POST", "/v1/accounts/:account/appointments", "appointAccount", f.appoint},
		{"DELETE", "/v1/accounts/:account/appointments/:appointment", "dismissAccount", f.dismiss},
	}
}

// noAccount answers who asks about an account that is not there or not theirs to manage.
func noAccount() error {
	return fault.New(fault.NotFound, "There is no such account among those that you can manage.")
}

// notYours answers who would give an appointment that is not theirs to give.
func notYours() error {
	return fault.New(fault.NotFound, "The appointment is not yours to give: it names an organisation that is not there or that you do not manage, or a role that you cannot give.")
}

// over is the organisation that a list is about: the one that the query names, once the
// visitor may see it; else all (zero) for who sees all, or the only one of theirs.
func (f *face) over(c echo.Context, v visit) (id.Party, error) {
	if given := c.QueryParam("party"); given != "" {
		bad := invalid()
		p := member(bad, "/party", given, id.ParseParty)
		if len(bad.Fields) > 0 {
			return p, bad
		}
		return p, f.allow(c, v, access.Subject{Parties: []id.Party{p}}, p.String(), noParty())
	}
	ctx := c.Request().Context()
	if all, err := f.Gate.Sees(ctx, v.Caller, v.operation, access.Subject{}); all || err != nil {
		return id.Party{}, err
	}
	own, err := f.manages(ctx, v)
	if err != nil {
		return id.Party{}, err
	}
	if len(own) != 1 {
		return id.Party{}, invalid().At("/party", "required", "you act for several organisations; name one")
	}
	return own[0], f.allow(c, v, access.Subject{Parties: own}, own[0].String(), noParty())
}

// manages lists the organisations on which the visitor may do the operation as a whole.
func (f *face) manages(ctx context.Context, v visit) (own []id.Party, err error) {
	for _, g := range v.Appointments {
		if g.Party.IsZero() || slices.Contains(own, g.Party) {
			continue
		}
		sees, err := f.Gate.Sees(ctx, v.Caller, v.operation, access.Subject{Parties: []id.Party{g.Party}})
		if err != nil {
			return nil, err
		}
		if sees {
			own = append(own, g.Party)
		}
	}
	return own, nil
}

// accounts is GET /v1/accounts.
func (f *face) accounts(c echo.Context, v visit) error {
	cursor, limit, err := page(c, account.MaxPage)
	if err != nil {
		return err
	}
	var after id.Account
	if cursor != "" {
		bad := invalid()
		if after, err = id.ParseAccount(cursor); err != nil {
			return bad.At("/cursor", "format", "must be the next_cursor of the page before")
		}
	}
	p, err := f.over(c, v)
	if err != nil {
		return err
	}
	found, err := f.People.Accounts(c.Request().Context(), account.Filter{Party: p, After: after, Limit: limit})
	if err != nil {
		return err
	}
	out := api.AccountPage{Items: make([]api.Account, len(found.Accounts))}
	for i, a := range found.Accounts {
		out.Items[i] = accountView(a)
	}
	if !found.Next.IsZero() {
		out.NextCursor = found.Next.String()
	}
	return secret(c, http.StatusOK, out)
}

// appointment is an access.Appointment as it is asked for.
type appointment struct {
	Role      string   `json:"role"`
	Party     string   `json:"party"`
	Sites     []string `json:"sites"`
	Person    string   `json:"person"`
	Divisions []string `json:"divisions"`
	From      *string  `json:"from"`
	To        *string  `json:"to"`
}

// read notes under a pointer what cannot be read. What the role needs is for the service
// to say.
func (a appointment) read(bad *fault.Error, pointer string) access.Appointment {
	g := access.Appointment{Role: access.Role(a.Role), Divisions: a.Divisions}
	if a.Role == "" {
		bad.At(pointer+"/role", "required", "is required")
	} else if !g.Role.Known() || g.Role == access.APIClient {
		bad.At(pointer+"/role", "value", "must be a role that a person can hold")
	}
	if a.Party != "" {
		g.Party = member(bad, pointer+"/party", a.Party, id.ParseParty)
	}
	if a.Person != "" {
		g.Person = member(bad, pointer+"/person", a.Person, id.ParsePerson)
	}
	for i, s := range a.Sites {
		g.Sites = append(g.Sites, member(bad, fmt.Sprintf("%s/sites/%d", pointer, i), s, id.ParseSite))
	}
	for _, t := range []struct {
		name  string
		given *string
		into  *time.Time
	}{{"/from", a.From, &g.Valid.From}, {"/to", a.To, &g.Valid.To}} {
		if t.given != nil {
			*t.into = member(bad, pointer+t.name, *t.given, event.ParseTime)
		}
	}
	return g
}

// claims are all of an account, as account.Account.Subjects says why.
func (f *face) claims(k account.Account) (out []gate.Claim) {
	for _, s := range k.Subjects(f.Now()) {
		out = append(out, gate.Claim{Subject: s, Missing: noAccount()})
	}
	return out
}

func (f *face) allowAll(c echo.Context, v visit, claims []gate.Claim, named string) error {
	return f.Gate.AllowAll(c.Request().Context(), v.Caller, v.operation, claims, named, noAccount())
}

// invite is POST /v1/accounts.
func (f *face) invite(c echo.Context, v visit) error {
	in := struct {
		Login        string        `json:"login"`
		Name         string        `json:"name"`
		Appointments []appointment `json:"appointments"`
	}{}
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	if len(in.Appointments) == 0 { // without one it would be nobody's to manage
		bad.At("/appointments", "required", "must hold one appointment at least")
	}
	given := make([]access.Appointment, len(in.Appointments))
	claims := make([]gate.Claim, len(given))
	for i, a := range in.Appointments {
		given[i] = a.read(bad, fmt.Sprintf("/appointments/%d", i))
		claims[i] = gate.Claim{Subject: account.SubjectOf(id.Account{}, given[i]), Missing: notYours()}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	// The account has no id yet, and its login is a name: the act names neither.
	if err := f.allowAll(c, v, claims, "account"); err != nil {
		return err
	}
	made, err := f.People.Invite(c.Request().Context(), in.Login, in.Name, given)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, invitation(made))
}

// admitAccount finds the account that the path names and lets in who may do the operation
// to all of it.
func (f *face) admitAccount(c echo.Context, v visit) (account.Account, error) {
	k, err := f.findAccount(c)
	if err != nil {
		return k, err
	}
	return k, f.allowAll(c, v, f.claims(k), k.ID.String())
}

func (f *face) findAccount(c echo.Context) (account.Account, error) {
	a, err := id.ParseAccount(c.Param("account"))
	if err != nil {
		return account.Account{}, noAccount()
	}
	k, err := f.People.Account(c.Request().Context(), a)
	if fault.Of(err) == fault.NotFound {
		err = noAccount()
	}
	return k, err
}

// renewInvitation is POST /v1/accounts/{account}/invitation.
func (f *face) renewInvitation(c echo.Context, v visit) error {
	k, err := f.admitAccount(c, v)
	if err != nil {
		return err
	}
	made, err := f.People.RenewInvitation(c.Request().Context(), k.ID)
	if err != nil {
		return err
	}
	if made.Account, err = f.visible(c, v, made.Account); err != nil {
		return err
	}
	return secret(c, http.StatusCreated, invitation(made))
}

// disableAccount is POST /v1/accounts/{account}/disable.
func (f *face) disableAccount(c echo.Context, v visit) error {
	k, err := f.admitAccount(c, v)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := f.People.Disable(ctx, k.ID); err != nil {
		return err
	}
	if k, err = f.People.Account(ctx, k.ID); err != nil {
		return err
	}
	if k, err = f.visible(c, v, k); err != nil {
		return err
	}
	return secret(c, http.StatusOK, accountView(k))
}

// visible is an account without the appointments, all of them ended, of organisations that
// the visitor does not manage.
func (f *face) visible(c echo.Context, v visit, k account.Account) (account.Account, error) {
	all := k.Appointments
	k.Appointments = nil
	for _, g := range all {
		s := account.SubjectOf(k.ID, g)
		s.Role = "" // seeing is not giving
		sees, err := f.Gate.Sees(c.Request().Context(), v.Caller, v.operation, s)
		if err != nil {
			return k, err
		}
		if sees {
			k.Appointments = append(k.Appointments, g)
		}
	}
	return k, nil
}

// appoint is POST /v1/accounts/{account}/appointments.
func (f *face) appoint(c echo.Context, v visit) error {
	var in appointment
	if err := decode(c, &in); err != nil {
		return err
	}
	bad := invalid()
	g := in.read(bad, "")
	if len(bad.Fields) > 0 {
		return bad
	}
	k, err := f.findAccount(c)
	if err != nil {
		return err
	}
	claims := append(f.claims(k), gate.Claim{Subject: account.SubjectOf(k.ID, g), Missing: notYours()})
	if err := f.allowAll(c, v, claims, k.ID.String()); err != nil {
		return err
	}
	made, err := f.People.Appoint(c.Request().Context(), k.ID, g)
	if err != nil {
		return err
	}
	return secret(c, http.StatusCreated, appointmentView(made))
}

// dismiss is DELETE /v1/accounts/{account}/appointments/{appointment}. Who may give an
// appointment may end it, whatever else the account holds.
func (f *face) dismiss(c echo.Context, v visit) error {
	k, err := f.findAccount(c)
	if err != nil {
		return err
	}
	g, err := id.ParseGrant(c.Param("appointment"))
	i := slices.IndexFunc(k.Appointments, func(a access.Appointment) bool { return a.ID == g })
	if err != nil || i < 0 {
		return noAccount()
	}
	if err := f.allow(c, v, account.SubjectOf(k.ID, k.Appointments[i]), g.String(), noAccount()); err != nil {
		return err
	}
	if err := f.People.Dismiss(c.Request().Context(), k.ID, g); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func invitation(i account.Invitee) api.Invitation {
	return api.Invitation{Account: accountView(i.Account), Code: i.Code, ExpiresAt: at(i.Expires)}
}

func accountView(a account.Account) api.Account {
	out := api.Account{ID: a.ID.String(), Login: a.Login, Name: a.Name, State: api.AccountState(a.State), TOTP: a.TOTP, Linked: a.Linked,
		MadeAt: at(a.Made), Appointments: make([]api.Appointment, len(a.Appointments))}
	for i, g := range a.Appointments {
		out.Appointments[i] = appointmentView(g)
	}
	return out
}

func appointmentView(g access.Appointment) api.Appointment {
	out := api.Appointment{ID: g.ID.String(), Role: api.AccessRole(g.Role), Party: g.Party.String(), Person: g.Person.String(),
		Divisions: g.Divisions, From: at(g.Valid.From), To: until(g.Valid)}
	for _, s := range g.Sites {
		out.Sites = append(out.Sites, s.String())
	}
	return out
}

// until is a period's end; "" while it is open.
func until(p party.Period) api.Instant { return at(p.To) }
