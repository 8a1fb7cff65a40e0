package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// Registry knows devices and whose they are; registry.Service is one, which says what the
// faults are.
type Registry interface {
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	Site(ctx context.Context, v id.Site) (party.Site, bool, error)
	SitesOf(ctx context.Context, p id.Party) ([]id.Site, error)
	Key(ctx context.Context, kid string) (party.Key, bool, error)
	Keys(ctx context.Context, f registry.KeyFilter, at time.Time) ([]registry.ListedKey, string, error)
	RevokeKey(ctx context.Context, by string, kid string, effective time.Time, reason string) (party.Key, error)
	NewEnrolment(ctx context.Context, by string, p id.Party, person id.Person, device string, validDays int) (string, time.Time, error)
}

// How much of the register one page reads and shows.
const (
	atATime  = 50
	mostRead = 1000 // before the rest is left to the next page
)

// deviceLine is one key in words.
type deviceLine struct {
	Kid, KidShort       string
	Device, Person      string
	Who                 who
	Party               string // its id
	Organisation        string
	State               string // registry.KeyState
	Words               line
	From, To            string
	Revoked, Refused    string
	MayRevoke, MayEnrol bool
}

var stateWords = map[registry.KeyState]line{
	registry.KeyPending:  {"尚未生效", "not valid yet"},
	registry.KeyActive:   {"可用", "can sign"},
	registry.KeyExpiring: {"即将到期", "ends soon"},
	registry.KeyExpired:  {"已过期", "expired"},
	registry.KeyRevoked:  {"已吊销", "revoked"},
}

// devicesPage lists them.
type devicesPage struct {
	Query    string
	Party    string
	Devices  []deviceLine
	More     string // the next page's address; "" after the last
	MayEnrol bool
}

// devices is GET /devices?q=&party=&after=.
func (s *Site) devices(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	p := devicesPage{Query: strings.TrimSpace(q.Get("q")), Party: q.Get("party"), MayEnrol: s.Gate.May(v.Caller, "createEnrolment") == nil}
	l := &listing{site: s, v: v, names: s.names(v), at: s.Now(), sights: map[pair]sight{}, query: strings.ToLower(p.Query)}
	filters, err := s.mine(r, v, p.Party, l.at)
	if err != nil {
		return err
	}
	if person, err := id.ParsePerson(p.Query); err == nil {
		for i := range filters {
			filters[i].Person = narrowed(filters[i].Person, person)
		}
	}
	after, err := l.read(r.Context(), filters, q.Get("after"))
	if err != nil {
		return err
	}
	if after != "" {
		next := url.Values{"after": {after}}
		for name, value := range map[string]string{"q": p.Query, "party": p.Party} {
			if value != "" {
				next.Set(name, value)
			}
		}
		p.More = "/devices?" + next.Encode()
	}
	p.Devices = l.found
	s.show(w, r, v, http.StatusOK, "devices.html", page{Title: "设备", TitleEN: "Devices", Body: p})
	return nil
}

// narrowed is the person that both filters let through. The list shows nothing of another
// person than the caller's anyway: Sees judges every line.
func narrowed(own, asked id.Person) id.Person {
	if own.IsZero() {
		return asked
	}
	return own
}

// mine is where in the register to look for what the caller may see, and records that they
// looked. What is found is judged again, one by one.
func (s *Site) mine(r *http.Request, v *visit, given string, at time.Time) ([]registry.KeyFilter, error) {
	if given != "" {
		missing := fault.Missing("organisation")
		p, err := id.ParseParty(given)
		if err != nil {
			return nil, missing
		}
		sites, err := s.Registry.SitesOf(r.Context(), p)
		if err != nil {
			return nil, err
		}
		err = s.Gate.Allow(r.Context(), v.Caller, gate.Ask{Operation: "listKeys", Named: p.String(), Missing: missing,
			Subject: access.Subject{Parties: []id.Party{p}, Sites: sites}})
		return []registry.KeyFilter{{Party: p}}, err
	}
	if err := s.Gate.List(r.Context(), v.Caller, "listKeys"); err != nil {
		return nil, err
	}
	rule, _ := s.Gate.Policy.Rule("listKeys")
	var filters []registry.KeyFilter
	for _, g := range v.Appointments {
		if !g.Valid.Holds(at) {
			continue
		}
		switch rule.Who[g.Role] {
		case access.None:
		case access.OwnOrganisation:
			filters = append(filters, registry.KeyFilter{Party: g.Party})
		case access.OwnPerson:
			if !g.Person.IsZero() {
				filters = append(filters, registry.KeyFilter{Party: g.Party, Person: g.Person})
			}
		default: // whoever may be anywhere
			return []registry.KeyFilter{{}}, nil
		}
	}
	return distinct(filters), nil
}

// distinct leaves out what another filter finds too.
func distinct(filters []registry.KeyFilter) []registry.KeyFilter {
	var out []registry.KeyFilter
	for i, f := range filters {
		covered := slices.Contains(filters[:i], f)
		for _, g := range filters {
			covered = covered || (g.Party == f.Party && g.Person.IsZero() && !f.Person.IsZero())
		}
		if !covered {
			out = append(out, f)
		}
	}
	return out
}

// pair is what the policy's answer about a key depends on, and sight the answer, asked once
// for a page.
type pair struct {
	party  id.Party
	person id.Person
}

type sight struct{ see, revoke, enrol bool }

// listing gathers one page of devices.
type listing struct {
	site   *Site
	v      *visit
	at     time.Time
	query  string
	sights map[pair]sight
	found  []deviceLine
	looked int
	names  names
}

// read goes through the filters from where the page before stopped and says where it
// stopped itself: the filter's number, a point, and the register's cursor.
func (l *listing) read(ctx context.Context, filters []registry.KeyFilter, after string) (string, error) {
	number, cursor, _ := strings.Cut(after, ".")
	n, err := strconv.Atoi(number)
	if after != "" && (err != nil || n < 0 || n >= len(filters)) {
		return "", field(invalid(), "", "format", "the address is not one of a next page", "不是“下一页”的地址")
	}
	for ; n < len(filters); n++ {
		f := filters[n]
		f.Limit = atATime
		for f.Cursor = cursor; ; {
			if len(l.found) >= atATime || l.looked >= mostRead {
				return strconv.Itoa(n) + "." + f.Cursor, nil
			}
			list, next, err := l.site.Registry.Keys(ctx, f, l.at)
			if err != nil {
				return "", err
			}
			for _, k := range list {
				if err := l.take(ctx, k); err != nil {
					return "", err
				}
			}
			if f.Cursor = next; next == "" {
				break
			}
		}
		cursor = ""
	}
	return "", nil
}

func (l *listing) take(ctx context.Context, k registry.ListedKey) error {
	l.looked++
	at := pair{k.Party, k.Person}
	may, ok := l.sights[at]
	if !ok {
		var err error
		if may, err = l.site.sights(ctx, l.v, k.Key); err != nil {
			return err
		}
		l.sights[at] = may
	}
	if !may.see {
		return nil
	}
	person, err := l.names.who(ctx, k.Party, k.Person)
	if err != nil {
		return err
	}
	if !l.asked(k, person) {
		return nil
	}
	d, err := l.site.device(ctx, k.Key, k.State)
	if err != nil {
		return err
	}
	d.Who = person
	d.MayRevoke, d.MayEnrol = may.revoke, may.enrol
	l.found = append(l.found, d)
	return nil
}

// asked says whether a device is one of those that were looked for. A name is looked for where it
// is shown.
func (l *listing) asked(k registry.ListedKey, person who) bool {
	return l.query == "" || strings.Contains(strings.ToLower(k.Device), l.query) || strings.HasPrefix(k.Person.String(), l.query) || strings.HasSuffix(k.Person.String(), strings.TrimPrefix(l.query, "…")) ||
		strings.HasPrefix(strings.ToLower(k.Kid), strings.TrimSuffix(l.query, "…")) || strings.Contains(strings.ToLower(person.Name), l.query)
}

// subject is what an operation on a key is about.
func (s *Site) subject(ctx context.Context, k party.Key) (access.Subject, error) {
	sites, err := s.Registry.SitesOf(ctx, k.Party)
	return access.Subject{Parties: []id.Party{k.Party}, People: []id.Person{k.Person}, Sites: sites}, err
}

// sights asks what the caller may do with a key.
func (s *Site) sights(ctx context.Context, v *visit, k party.Key) (out sight, err error) {
	about, err := s.subject(ctx, k)
	if err != nil {
		return out, err
	}
	for operation, may := range map[string]*bool{"listKeys": &out.see, "revokeKey": &out.revoke, "createEnrolment": &out.enrol} {
		if *may, err = s.Gate.Sees(ctx, v.Caller, operation, about); err != nil {
			return out, err
		}
	}
	return out, nil
}

// device puts a key in words.
func (s *Site) device(ctx context.Context, k party.Key, state registry.KeyState) (deviceLine, error) {
	org, ok, err := s.Registry.Organisation(ctx, k.Party)
	if err != nil {
		return deviceLine{}, err
	}
	return deviceLine{Kid: k.Kid, KidShort: shortKid(k.Kid), Who: who{ID: uid(k.Person.String())}, Device: k.Device, Person: k.Person.String(), Party: k.Party.String(),
		Organisation: named(org.Name, ok, k.Party.String()), State: string(state), Words: stateWords[state],
		From: clock(k.Valid.From), To: clock(k.Valid.To), Revoked: clock(k.RevokedAt), Refused: clock(k.RefusedFrom)}, nil
}
