package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/machine"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/registry"
	"liandan/internal/waste"
)

// Admin is what the pages of administration read and do.
type Admin struct {
	Accounts  Accounts
	Machines  Machines
	Record    Record
	Registers Registers
	Imports   Imports
	Past      Archive
	Catalog   *waste.Catalog // with the editions that were imported
}

// Accounts keeps people's accounts; account.Service is one.
type Accounts interface {
	Account(ctx context.Context, a id.Account) (account.Account, error)
	Accounts(ctx context.Context, f account.Filter) (account.Page, error)
	Invite(ctx context.Context, login, name string, appointments []access.Appointment) (account.Invitee, error)
	RenewInvitation(ctx context.Context, a id.Account) (account.Invitee, error)
	Disable(ctx context.Context, a id.Account) error
	Appoint(ctx context.Context, a id.Account, g access.Appointment) (access.Appointment, error)
	Dismiss(ctx context.Context, a id.Account, g id.Grant) error
}

// Machines keeps API clients; machine.Service is one.
type Machines interface {
	Create(ctx context.Context, name string, scopes []access.Scope, perMinute int) (machine.Client, error)
	List(ctx context.Context) ([]machine.Client, error)
	Disable(ctx context.Context, c id.Client) (machine.Client, error)
	AddSecret(ctx context.Context, c id.Client, expires time.Time) (machine.Secret, string, error)
	RevokeSecret(ctx context.Context, c id.Client, secret id.Grant) error
	Grant(ctx context.Context, p id.Party, c id.Client, scopes []access.Scope) (machine.Grant, error)
	Withdraw(ctx context.Context, p id.Party, c id.Client) error
	Grants(ctx context.Context, p id.Party) ([]machine.Grant, error)
}

// Record reads what was done and what waits; audit.Service is one.
type Record interface {
	Acts(ctx context.Context, f audit.ActFilter, cursor string, limit int) ([]audit.ActLine, string, error)
	Quarantine(ctx context.Context, cursor string, limit int) ([]audit.Held, string, error)
}

// Registers browses the registers and keeps files that wait; store.Store is one.
type Registers interface {
	FindOrganisations(ctx context.Context, f registry.Find) ([]registry.Found, error)
	SitesOf(ctx context.Context, p id.Party) ([]party.Site, error)
	PeopleOf(ctx context.Context, p id.Party) ([]registry.Person, error)
	RegisterChanges(ctx context.Context, p id.Party, most int) ([]registry.Change, error)
	KeepUpload(ctx context.Context, u registry.Upload) error
	Upload(ctx context.Context, by, upload string, at time.Time) (registry.Upload, bool, error)
	DropUpload(ctx context.Context, by string) error
	RegisterFacts(ctx context.Context) ([]indicator.Fact, error)
	FactsOfSites(ctx context.Context, sites []id.Site) ([]indicator.Fact, error)
}

// Imports reads and changes the registers; registry.Service is one.
type Imports interface {
	ImportBy(ctx context.Context, by, kind string, r io.Reader, dryRun bool) (registry.Report, error)
	Columns(kind string) []registry.Column
	Holding(ctx context.Context, p id.Party) (permit.Holding, error)
}

func (s *Site) adminRoutes() []route {
	return slices.Concat([]route{
		{method: "GET", pattern: "/admin", operation: "page:admin", run: s.adminHome},
	}, s.registerRoutes(), s.importRoutes(), s.pastRoutes(), s.peopleRoutes(), s.clientRoutes(), s.recordRoutes(), s.ruleRoutes())
}

// adminHome is GET /admin: the doors of administration that are open to whoever asks.
func (s *Site) adminHome(w http.ResponseWriter, r *http.Request, v *visit) error {
	var doors []link
	for _, c := range s.menuOf(r.Context(), v) {
		if c.Name == areas[manage] {
			doors = c.Links
		}
	}
	s.show(w, r, v, http.StatusOK, "admin.html", page{Title: "管理", TitleEN: "Administration", Body: doors})
	return nil
}

// listed is one thing in a list of a page.
type listed struct {
	Title   string
	State   line
	Tone    string // class of the state
	Link    string // "": none
	Do      line   // what the link is for; "" where none is shown in a record
	Details []detail
}

func (l *listed) add(zh, en, value string) {
	if value != "" {
		l.Details = append(l.Details, detail{line{zh, en}, value})
	}
}

// validity writes a period by its local days.
func validity(p party.Period) string {
	from, to := dayOf(p.From), "…"
	if !p.To.IsZero() {
		to = dayOf(p.To.Add(-time.Millisecond)) // its last moment
	}
	if from == "" {
		from = "…"
	}
	return from + " – " + to
}

// standing says of a period how it stands to a moment, with the class of the word.
func standing(p party.Period, now time.Time) (line, string) {
	switch {
	case now.Before(p.From):
		return line{"尚未生效", "not valid yet"}, "pending"
	case !p.Holds(now):
		return line{"已失效", "no longer valid"}, "expired"
	}
	return line{"现行有效", "valid now"}, "active"
}

// managed lists the organisations on which a person may do an operation as a whole; all
// when it is every one.
func (s *Site) managed(ctx context.Context, v *visit, operation string) (all bool, own []id.Party, err error) {
	if all, err = s.Gate.Sees(ctx, v.Caller, operation, access.Subject{}); all || err != nil {
		return all, nil, err
	}
	for _, g := range v.Appointments {
		if g.Party.IsZero() || slices.Contains(own, g.Party) {
			continue
		}
		sees, err := s.Gate.Sees(ctx, v.Caller, operation, ofParty(g.Party))
		if err != nil {
			return false, nil, err
		}
		if sees {
			own = append(own, g.Party)
		}
	}
	return false, own, nil
}

// chosen is the organisation of several that a page is about: the one that is named, once
// the visitor may do the operation to it, else the first of their own. Zero: all, for whom
// all are. The choices are for a page that asks.
func (s *Site) chosen(ctx context.Context, v *visit, operation, given string) (id.Party, []option, error) {
	all, own, err := s.managed(ctx, v, operation)
	if err != nil {
		return id.Party{}, nil, err
	}
	var p id.Party
	missing := fault.Missing("organisation")
	switch {
	case given != "":
		if p, err = s.partyOf(ctx, given); err != nil {
			return p, nil, err
		}
		if p.IsZero() || (!all && !slices.Contains(own, p)) {
			return p, nil, missing
		}
	case !all && len(own) == 0:
		return p, nil, missing
	case !all:
		p = own[0]
	}
	var choices []option
	for _, o := range own {
		org, ok, err := s.Registry.Organisation(ctx, o)
		if err != nil {
			return p, nil, err
		}
		choices = append(choices, option{o.String(), named(org.Name, ok, o.String()), o == p})
	}
	return p, choices, nil
}

// partyOf reads an organisation as people name it: its id or its credit code; zero when
// there is none of that name.
func (s *Site) partyOf(ctx context.Context, given string) (id.Party, error) {
	given = strings.TrimSpace(given)
	if p, err := id.ParseParty(strings.ToLower(given)); err == nil {
		_, ok, err := s.Registry.Organisation(ctx, p)
		if err != nil || !ok {
			return id.Party{}, err
		}
		return p, nil
	}
	code, err := party.ParseCreditCode(strings.ToUpper(given))
	if err != nil {
		return id.Party{}, nil
	}
	found, err := s.Admin.Registers.FindOrganisations(ctx, registry.Find{Words: string(code), Limit: 1})
	if err != nil || len(found) == 0 {
		return id.Party{}, err
	}
	return found[0].ID, nil
}

// partyName is an organisation's name, or its id where the register has none.
func (s *Site) partyName(ctx context.Context, p id.Party) (string, error) {
	if p.IsZero() {
		return "", nil
	}
	org, ok, err := s.Registry.Organisation(ctx, p)
	return named(org.Name, ok, p.String()), err
}

// whoSaid puts an opaque word for who did something into words that a visitor may know.
func (s *Site) whoSaid(ctx context.Context, v *visit, by string, met map[string]string) (string, error) {
	if known, ok := met[by]; ok {
		return known, nil
	}
	out := by
	kind, rest, _ := strings.Cut(by, ":")
	switch kind {
	case "command":
		out = "服务器命令行 the server's command line"
	case "account":
		out = "账号 account " + rest
		a, err := id.ParseAccount(rest)
		if err != nil {
			break
		}
		k, err := s.Admin.Accounts.Account(ctx, a)
		if fault.Of(err) == fault.NotFound {
			break
		}
		if err != nil {
			return "", err
		}
		for _, x := range append(k.Subjects(s.Now()), access.Subject{Account: k.ID}) {
			x.Role = "" // seeing is not giving
			sees, err := s.Gate.Sees(ctx, v.Caller, "listAccounts", x)
			if err != nil {
				return "", err
			}
			if sees {
				out = k.Name + "（" + k.Login + "）"
				break
			}
		}
	}
	met[by] = out
	return out, nil
}

// sure decides on an operation of a form and records it, as the API does.
func (s *Site) sure(r *http.Request, v *visit, operation, subject string, about access.Subject, missing error) error {
	return s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: operation, Subject: about, Named: subject, Missing: missing})
}

// dayOf writes a time's local day; "" for none.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(calendar.Zone()).Format("2006-01-02")
}
