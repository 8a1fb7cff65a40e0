// Package party holds who may act: organisations, their sites, licences, people as
// opaque ids, and device keys, each with its validity in time.
//
// It must not hold people's names (the ledger never has them), reach a database, or
// decide what an event may do to a batch.
package party

import (
	"crypto"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Period is a span of validity: From inclusive, To exclusive; a zero To is open.
type Period struct {
	From time.Time
	To   time.Time
}

// Holds reports whether t lies in the period.
func (p Period) Holds(t time.Time) bool {
	return !t.Before(p.From) && (p.To.IsZero() || t.Before(p.To))
}

// Role is what an organisation does in the chain.
type Role string

// The roles of the spine.
const (
	Generator Role = "generator" // 产生单位
	Medical   Role = "medical"   // 医疗卫生机构
	Collector Role = "collector" // 小微收集单位
	Carrier   Role = "carrier"   // 承运人
	Operator  Role = "operator"  // 利用处置单位
	Authority Role = "authority" // 主管部门
)

// Roles lists them.
func Roles() []Role { return []Role{Generator, Medical, Collector, Carrier, Operator, Authority} }

// Organisation is a party of the chain.
type Organisation struct {
	ID         id.Party
	CreditCode CreditCode
	Name       string
	Roles      []Role
	Sample     bool // plainly marked as not real
	Valid      Period
}

// Has reports whether the organisation has one of the roles.
func (o Organisation) Has(roles ...Role) bool {
	for _, r := range o.Roles {
		for _, want := range roles {
			if r == want {
				return true
			}
		}
	}
	return false
}

// Site is a place of an organisation.
type Site struct {
	ID       id.Site
	Party    id.Party
	Name     string
	Kind     string // hospital, clinic, workshop, laboratory, depot, plant, landfill, office
	Division string // six digits, GB/T 2260
	BuiltUp  bool   // inside a built-up area of a county-level or larger town (indicator 37)
	Beds     int    // of a medical institution; 0: none or unknown
	Valid    Period
}

// Licence is a permit of an organisation or one of its sites.
type Licence struct {
	Number  string
	Party   id.Party
	Site    id.Site  // zero: all its sites
	Kind    string   // operating, collecting, transport, discharge
	Codes   []string // *, categories (HW08) or codes
	Methods []string // empty: the licence names none
	Valid   Period
	// Yearly is the grams a calendar year that the licence allows in all; 0: it names none.
	Yearly waste.Grams
	// Scopes narrow Codes and Methods to what belongs together; empty: every one with every.
	Scopes []Scope
}

// Scope is one line of a licence: a waste, how it may be treated, how much of it a year.
type Scope struct {
	Code   string       // *, a category or a code
	Method waste.Method // "": every method of the licence
	Yearly waste.Grams  // 0: no more is said than by the whole licence
}

// Key is the public half of a device's key.
type Key struct {
	Kid       string
	Party     id.Party
	Person    id.Person
	Device    string
	Public    crypto.PublicKey
	Valid     Period
	RevokedAt time.Time // events dated from then on do not count by themselves; zero: not revoked
	// RefusedFrom is when the revocation was reported, or RevokedAt if that is later: events
	// dated from then on are refused. What lies between is contested: whoever had the device
	// may have signed, and an authority decides.
	RefusedFrom time.Time
}

// Sound says whether the key could sign at that time: valid then and not revoked before
// it. Faults: key-not-yet-valid, key-expired, key-revoked, and key-contested for a time
// between the loss and its report.
func (k Key) Sound(at time.Time) error {
	switch {
	case !k.RefusedFrom.IsZero() && !at.Before(k.RefusedFrom):
		return fault.New(fault.KeyRevoked, "The key was revoked from %s; the event is dated %s. Ask your administrator for a new key.", spell(k.RevokedAt), spell(at))
	case at.Before(k.Valid.From):
		return fault.New(fault.KeyNotYetValid, "The key is valid from %s; the event is dated %s. Check the device's clock.", spell(k.Valid.From), spell(at))
	case !k.Valid.Holds(at):
		return fault.New(fault.KeyExpired, "The key was valid until %s; the event is dated %s. Enrol the device again.", spell(k.Valid.To), spell(at))
	case !k.RevokedAt.IsZero() && !at.Before(k.RevokedAt):
		return fault.New(fault.KeyContested, "The event is dated %s; the key counts as lost from %s and was reported at %s. Your event is kept; an inspector decides whether it counts.", spell(at), spell(k.RevokedAt), spell(k.RefusedFrom))
	}
	return nil
}

func spell(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Revoke adds a revocation: effective from one time, reported at another. Several only
// ever take away: a key never gets sound again.
func (k Key) Revoke(effective, reported time.Time) Key {
	refused := reported
	if effective.After(refused) {
		refused = effective
	}
	if k.RevokedAt.IsZero() || effective.Before(k.RevokedAt) {
		k.RevokedAt = effective
	}
	if k.RefusedFrom.IsZero() || refused.Before(k.RefusedFrom) {
		k.RefusedFrom = refused
	}
	return k
}
