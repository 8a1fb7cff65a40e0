package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/waste"
)

// What the phone learns about who is signed in: where they act, by the names of the register,
// for these stand in no list of the API.

type phoneName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// phonePost is one appointment as the phone needs it.
type phonePost struct {
	Role   access.Role  `json:"role"`
	RoleZH string       `json:"role_zh"`
	RoleEN string       `json:"role_en"`
	Party  phoneName    `json:"party"`
	Person string       `json:"person,omitempty"`
	Roles  []party.Role `json:"roles"` // of the organisation
	Sites  []phoneName  `json:"sites"` // where they may act: the appointment's, or all of the organisation's
}

type phoneWho struct {
	CSRF  string            `json:"csrf"`
	Posts []phonePost       `json:"posts"`
	Names map[string]string `json:"names"` // of the organisations and sites that were asked for
}

// mostNames bounds the names of one request: those of a page of manifests.
const mostNames = 60

// phoneWho is GET /m/who?id=…: the caller's appointments that name an organisation, and the
// names of organisations, sites and waste codes that the phone has met on what it may read.
func (s *Site) phoneWho(w http.ResponseWriter, r *http.Request, v *visit) error {
	out := phoneWho{CSRF: v.CSRF, Posts: []phonePost{}, Names: map[string]string{}}
	for _, g := range v.Appointments {
		if g.Party.IsZero() || !g.Valid.Holds(s.Now()) {
			continue
		}
		p, err := s.phonePost(r, g)
		if err != nil {
			return err
		}
		out.Posts = append(out.Posts, p)
	}
	asked := r.URL.Query()["id"]
	if len(asked) > mostNames {
		return fault.New(fault.InvalidRequest, "At most %d names at a time.", mostNames)
	}
	for _, given := range asked {
		name, err := s.phoneNamed(r, given)
		if err != nil {
			return err
		}
		if name != "" {
			out.Names[given] = name
		}
	}
	return tellPhone(w, out)
}

func tellPhone(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(b) // the client may be gone
	return nil
}

func (s *Site) phonePost(r *http.Request, g access.Appointment) (phonePost, error) {
	ctx := r.Context()
	org, ok, err := s.Registry.Organisation(ctx, g.Party)
	if err != nil {
		return phonePost{}, err
	}
	p := phonePost{Role: g.Role, Party: phoneName{g.Party.String(), named(org.Name, ok, g.Party.String())}, Roles: append([]party.Role{}, org.Roles...), Sites: []phoneName{}}
	p.RoleZH, p.RoleEN = g.Role.Words()
	if !g.Person.IsZero() {
		p.Person = g.Person.String()
	}
	sites := slices.Clone(g.Sites)
	if len(sites) == 0 {
		if sites, err = s.Registry.SitesOf(ctx, g.Party); err != nil {
			return p, err
		}
	}
	for _, v := range sites {
		site, ok, err := s.Registry.Site(ctx, v)
		if err != nil {
			return p, err
		}
		p.Sites = append(p.Sites, phoneName{v.String(), named(site.Name, ok, v.String())})
	}
	return p, nil
}

// phoneNamed is what the register calls an id, or the catalogue a waste code; "" for one that
// they do not know.
func (s *Site) phoneNamed(r *http.Request, given string) (string, error) {
	if p, err := id.ParseParty(given); err == nil {
		if org, ok, err := s.Registry.Organisation(r.Context(), p); err != nil || ok {
			return org.Name, err
		}
	}
	if v, err := id.ParseSite(given); err == nil {
		if site, ok, err := s.Registry.Site(r.Context(), v); err != nil || ok {
			return site.Name, err
		}
	}
	if c, err := waste.ParseCode(given); err == nil {
		if e, ok := waste.DefaultCatalog().Lookup(c, s.Now()); ok {
			return e.Name, nil
		}
	}
	return "", nil
}

// helloWithin is how far a device's clock may be from the server's when it introduces itself.
const helloWithin = 10 * time.Minute

// phoneHello is GET /m/hello: an enrolled device signs {at, host} and learns its own
// organisation's name and places, so that a nurse needs no password to begin. It opens no
// session. Whoever repeats a heard request within its minutes learns these names again.
func (s *Site) phoneHello(w http.ResponseWriter, r *http.Request, _ *visit) error {
	k, err := s.introduced(r)
	if err != nil {
		return err
	}
	p, err := s.phonePost(r, access.Appointment{Party: k.Party, Person: k.Person})
	if err != nil {
		return err
	}
	return tellPhone(w, struct {
		Party phoneName    `json:"party"`
		Roles []party.Role `json:"roles"`
		Sites []phoneName  `json:"sites"`
		From  string       `json:"valid_from"` // of the key that signed
		To    string       `json:"valid_to,omitempty"`
	}{p.Party, p.Roles, p.Sites, k.Valid.From.Format(event.TimeForm), keyEnd(k)})
}

// keyEnd is when a key ends; "" for one without an end.
func keyEnd(k party.Key) string {
	if k.Valid.To.IsZero() {
		return ""
	}
	return k.Valid.To.Format(event.TimeForm)
}

// introduced is the key that signed the request now. Faults: unauthorized for what is no such
// signature, unavailable.
func (s *Site) introduced(r *http.Request) (party.Key, error) {
	scheme, jws, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	signed, err := signature.Open([]byte(jws), signature.TypHello)
	if err != nil || scheme != "Liandan" {
		return party.Key{}, gate.Unauthorized()
	}
	k, ok, err := s.Registry.Key(r.Context(), signed.Kid)
	if err != nil {
		return k, err
	}
	var said struct {
		At   string `json:"at"`
		Host string `json:"host"`
	}
	if !ok || signed.Verify(k.Public) != nil || json.Unmarshal(signed.Payload, &said) != nil || said.Host != r.Host {
		return k, gate.Unauthorized()
	}
	at, err := event.ParseTime(said.At)
	now := s.Now()
	if err != nil || at.Sub(now).Abs() > helloWithin || k.Sound(now) != nil {
		return k, gate.Unauthorized()
	}
	return k, nil
}
