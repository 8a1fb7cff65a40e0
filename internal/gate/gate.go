// Package gate stands at the door for API and pages alike: it finds out who asks, lets
// the one policy decide, and writes into the access record what the policy wants
// recorded, before anything is read or done.
//
// It must not know HTTP, hold a rule of its own, or tell a thing that is not there from
// one that is not the caller's.
package gate

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/statement"
)

// Registry says where a site lies and what an organisation is.
type Registry interface {
	Site(ctx context.Context, s id.Site) (party.Site, bool, error)
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
}

// Config is what a Gate is made of. All but Client and Session are required.
type Config struct {
	Policy   access.Policy
	Registry Registry
	// Token finds who bears a token made on the command line; Client, an API client's; both
	// give the fault unauthorized. Session finds who is signed in, with the CSRF token that
	// their forms must carry.
	Token   func(ctx context.Context, token string) (access.Actor, error)
	Client  func(ctx context.Context, token string) (access.Actor, error)
	Session func(ctx context.Context, token string) (access.Actor, string, error)
	// Quota counts a call of an API client; the fault is quota-exceeded.
	Quota func(ctx context.Context, a access.Actor) error
	// Record makes an act durable on its way into the log.
	Record func(ctx context.Context, s statement.Statement, at time.Time) error
	Now    func() time.Time
}

// Gate decides. It is safe for concurrent use.
type Gate struct{ Config }

// New makes a Gate.
func New(c Config) *Gate { return &Gate{c} }

// Caller is somebody who asks.
type Caller struct {
	access.Actor
	CSRF    string // what a form of this session must carry; "" for tokens
	Request string // the request's id, for the access record
}

// clientPrefix begins the tokens of API clients; others are the registry's.
const clientPrefix = "la_"

// Bearer finds who bears a token. Faults: unauthorized, quota-exceeded, unavailable.
func (g *Gate) Bearer(ctx context.Context, token string) (Caller, error) {
	ask := g.Token
	if strings.HasPrefix(token, clientPrefix) && g.Client != nil {
		ask = g.Client
	}
	a, err := ask(ctx, token)
	if err != nil {
		return Caller{}, err
	}
	if a.Kind == access.ByClient && g.Quota != nil {
		if err := g.Quota(ctx, a); err != nil {
			return Caller{}, err
		}
	}
	return Caller{Actor: a}, nil
}

// SignedIn finds who is signed in. Faults: unauthorized, unavailable.
func (g *Gate) SignedIn(ctx context.Context, session string) (Caller, error) {
	if g.Session == nil {
		return Caller{}, Unauthorized()
	}
	a, csrf, err := g.Session(ctx, session)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Actor: a, CSRF: csrf}, nil
}

// Genuine says whether a change that a signed-in browser asks for carries the token that
// only our own pages know. The fault is forged-request.
func (c Caller) Genuine(csrf string) error {
	if c.Kind == access.ByPerson && (c.CSRF == "" || subtle.ConstantTimeCompare([]byte(csrf), []byte(c.CSRF)) != 1) {
		return fault.New(fault.ForgedRequest, "The request does not carry this session's token; load the page again and repeat it. Programs send it as X-CSRF-Token.")
	}
	return nil
}

// Unauthorized asks for a sign-in.
func Unauthorized() error {
	return fault.New(fault.Unauthorized, "Sign in, or send the header Authorization: Bearer with a token of this server.")
}

// May says whether the caller may do an operation at all, before anything is looked up.
// Faults: unauthorized, forbidden.
func (g *Gate) May(c Caller, operation string) error {
	switch g.Policy.May(c.Actor, operation, g.Now()) {
	case access.Allowed:
		return nil
	case access.SignIn:
		return Unauthorized()
	}
	return fault.New(fault.Forbidden, "None of your appointments allows this operation (%s). `liandan policy` lists who may do what.", operation)
}

// Ask is one question: may they do the operation to the subject?
type Ask struct {
	Operation string
	Subject   access.Subject
	Named     string // the subject as the access record names it: an id, a kid, a register's kind
	Missing   error  // the answer to who asks about what is not theirs; it must be that of what is not there
}

// Allow decides and records. It comes before the thing is read or done, so that nothing
// happens unrecorded; what is recorded may yet fail. Faults: unauthorized, forbidden,
// Ask.Missing, unavailable.
func (g *Gate) Allow(ctx context.Context, c Caller, q Ask) error {
	if err := g.May(c, q.Operation); err != nil {
		return err
	}
	if !statement.Nameable(q.Named) {
		return q.Missing // no such thing can be there, and its name would stay in the log for ever
	}
	s, err := g.complete(ctx, q.Subject)
	if err != nil {
		return err
	}
	now := g.Now()
	by, verdict := g.Policy.Decide(c.Actor, q.Operation, s, now)
	if verdict != access.Allowed {
		return q.Missing
	}
	r, _ := g.Policy.Rule(q.Operation)
	if r.Record == access.Always || (r.Record == access.ByAuthority && authority(by.Role)) {
		return g.record(ctx, c, by, q, s, now)
	}
	return nil
}

// Claim is one of several subjects of an operation, with the answer to whom it is not.
type Claim struct {
	Subject access.Subject
	Missing error
}

// AllowAll decides on several subjects and records them as one act: nothing is recorded
// unless all of it is allowed. missing answers for the whole. Faults as Allow.
func (g *Gate) AllowAll(ctx context.Context, c Caller, operation string, claims []Claim, named string, missing error) error {
	if err := g.May(c, operation); err != nil {
		return err
	}
	var all access.Subject
	for _, s := range claims {
		sees, err := g.Sees(ctx, c, operation, s.Subject)
		if err != nil {
			return err
		}
		if !sees {
			return s.Missing
		}
		for _, p := range s.Subject.Parties {
			if !slices.Contains(all.Parties, p) {
				all.Parties = append(all.Parties, p)
			}
		}
	}
	return g.Allow(ctx, c, Ask{Operation: operation, Subject: all, Named: named, Missing: missing})
}

// Sees says whether an item of a list is the caller's to see; lists are recorded once, by
// Allow.
func (g *Gate) Sees(ctx context.Context, c Caller, operation string, s access.Subject) (bool, error) {
	s, err := g.complete(ctx, s)
	if err != nil {
		return false, err
	}
	_, verdict := g.Policy.Decide(c.Actor, operation, s, g.Now())
	return verdict == access.Allowed, nil
}

// List decides on a list as a whole, whose items Sees filters, and records that it was
// read. Faults as Allow.
func (g *Gate) List(ctx context.Context, c Caller, operation string) error {
	if err := g.May(c, operation); err != nil {
		return err
	}
	r, _ := g.Policy.Rule(operation)
	for _, by := range c.Appointments {
		if r.Record == access.ByAuthority && authority(by.Role) && r.Who[by.Role] != access.None && by.Valid.Holds(g.Now()) {
			return g.record(ctx, c, by, Ask{Operation: operation}, access.Subject{}, g.Now())
		}
	}
	return nil
}

// Untold is how long an organisation is not told what authorities read of its data: they
// prepare inspections of the sites that were drawn by reading, and inspections come
// unannounced. A quarter, as draws are made by quarters; the choice is ours, no instrument
// names a time.
const Untold = 90 * 24 * time.Hour

// QuietFrom is from when on the caller, who reads the access record of an organisation, is not
// told what authorities did; zero for whoever reads the record of all.
func (g *Gate) QuietFrom(ctx context.Context, c Caller, operation string) (time.Time, error) {
	all, err := g.Sees(ctx, c, operation, access.Subject{})
	if all || err != nil {
		return time.Time{}, err
	}
	return g.Now().Add(-Untold), nil
}

func authority(r access.Role) bool {
	return r == access.DistrictInspector || r == access.CityInspector || r == access.HealthCommission
}

func (g *Gate) record(ctx context.Context, c Caller, by access.Appointment, q Ask, s access.Subject, at time.Time) error {
	at = at.UTC().Truncate(time.Millisecond)
	act := statement.Act{At: at, Actor: c.ID, Role: string(by.Role), Operation: q.Operation, Subject: q.Named, Parties: s.Parties, Request: c.Request}
	st, err := act.Statement()
	if err != nil {
		return err
	}
	return g.Record(ctx, st, at)
}

// complete adds to a subject what the registry knows of its sites and parties.
func (g *Gate) complete(ctx context.Context, s access.Subject) (access.Subject, error) {
	seen := map[string]bool{}
	for _, d := range s.Divisions {
		seen[d] = true
	}
	for _, v := range s.Sites {
		site, ok, err := g.Registry.Site(ctx, v)
		if err != nil {
			return s, err
		}
		if ok && !seen[site.Division] {
			seen[site.Division] = true
			s.Divisions = append(s.Divisions, site.Division)
		}
	}
	for _, p := range s.Parties {
		org, ok, err := g.Registry.Organisation(ctx, p)
		if err != nil {
			return s, err
		}
		s.Medical = s.Medical || (ok && org.Has(party.Medical))
	}
	return s, nil
}
