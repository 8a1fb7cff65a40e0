// Package access says who may see and do what: the roles, the one table of operations,
// and the decision. Deny is the default; API and pages ask the same table.
//
// It must not know tokens, sessions or HTTP, look anything up, or read a clock: who asks,
// about what, and when come in as arguments.
package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Role is what somebody who asks is appointed to.
type Role string

// The roles.
const (
	SiteStaff                 Role = "site_staff"                 // 科室、场所人员
	Porter                    Role = "porter"                     // 院内转运人员
	Driver                    Role = "driver"                     // 运输、收集人员
	FacilityOperator          Role = "facility_operator"          // 利用处置设施人员
	OrganisationAdministrator Role = "organisation_administrator" // 单位管理员
	DistrictInspector         Role = "district_inspector"         // 区县执法人员
	CityInspector             Role = "city_inspector"             // 市级执法人员
	HealthCommission          Role = "health_commission"          // 卫生健康主管部门
	CityAnalyst               Role = "city_analyst"               // 市级统计分析人员
	SystemAdministrator       Role = "system_administrator"       // 系统管理员
	APIClient                 Role = "api_client"                 // 对接程序
)

// Roles lists them in the order of the policy's columns.
func Roles() []Role {
	return []Role{SiteStaff, Porter, Driver, FacilityOperator, OrganisationAdministrator, DistrictInspector, CityInspector,
		HealthCommission, CityAnalyst, SystemAdministrator, APIClient}
}

// Needs says what an appointment to the role must name beside the role.
func (r Role) Needs() (site, person, division, organisation bool) {
	switch r {
	case SiteStaff, FacilityOperator:
		return true, false, false, true
	case Porter, Driver:
		return false, true, false, true
	case OrganisationAdministrator:
		return false, false, false, true
	case DistrictInspector:
		return false, false, true, false
	}
	return false, false, false, false
}

// Known says whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Scope limits what an API client may do for an organisation that granted it.
type Scope string

// The scopes.
const (
	ReadChains   Scope = "chains:read"    // batches, manifests, events and their evidence
	WriteLabels  Scope = "labels:write"   // make and withdraw labels
	ManageKeys   Scope = "keys:manage"    // enrol, list and revoke device keys
	ReadMetrics  Scope = "metrics:read"   // of the server itself; no organisation grants it
	ValidateOnly Scope = "events:prepare" // have unsigned events checked
)

// Scopes lists them.
func Scopes() []Scope { return []Scope{ReadChains, WriteLabels, ManageKeys, ReadMetrics, ValidateOnly} }

// Known says whether there is such a scope.
func (s Scope) Known() bool { return slices.Contains(Scopes(), s) }

// OfServer says that the scope is about the server and not about an organisation's data.
func (s Scope) OfServer() bool { return s == ReadMetrics }

// Appointment lets somebody act in a role, over an organisation, some of its sites, some
// districts, as a person of the register, or within scopes.
type Appointment struct {
	ID        id.Grant // zero for those that no account holds
	Role      Role
	Party     id.Party
	Sites     []id.Site
	Person    id.Person // as whom somebody signs events; trips are a person's
	Divisions []string  // six digits each
	Scopes    []Scope
	Valid     party.Period
}

// Check notes under a pointer what an appointment lacks for its role or should not have.
func (a Appointment) Check(bad *fault.Error, pointer string) {
	if !a.Role.Known() {
		bad.At(pointer+"/role", "value", "must be one of %v", Roles())
		return
	}
	site, person, division, organisation := a.Role.Needs()
	for _, m := range []struct {
		name        string
		needs, has  bool
		allowed     bool
		description string
	}{
		{"party", organisation, !a.Party.IsZero(), organisation || a.Role == APIClient, "an organisation"},
		{"sites", site, len(a.Sites) > 0, organisation, "one site at least"},
		{"person", person, !a.Person.IsZero(), organisation, "a person of the register"},
		{"divisions", division, len(a.Divisions) > 0, division, "one district at least"},
		{"scopes", false, len(a.Scopes) > 0, a.Role == APIClient, "scopes"},
	} {
		switch {
		case m.needs && !m.has:
			bad.At(pointer+"/"+m.name, "required", "the role %s needs %s", a.Role, m.description)
		case m.has && !m.allowed:
			bad.At(pointer+"/"+m.name, "not_allowed", "the role %s has no %s", a.Role, m.name)
		}
	}
	for i, d := range a.Divisions {
		if len(d) != 6 || strings.Trim(d, "0123456789") != "" {
			bad.At(fmt.Sprintf("%s/divisions/%d", pointer, i), "format", "must be a division's six digits")
		}
	}
}

// Kind says what somebody who asks came with.
type Kind string

// The kinds.
const (
	Nobody   Kind = "nobody"
	ByPerson Kind = "account" // signed in
	ByToken  Kind = "token"   // a bearer token made on the command line
	ByClient Kind = "client"  // OAuth 2 client credentials
)

// Actor is who asks. The zero value is nobody.
type Actor struct {
	Kind         Kind
	ID           string // opaque: of the account, token or client; never a name
	Appointments []Appointment
}

// Anonymous says that nobody has said who they are.
func (a Actor) Anonymous() bool { return a.Kind == "" || a.Kind == Nobody }

// Has says whether the actor holds the role at that time, over whatever.
func (a Actor) Has(at time.Time, roles ...Role) bool {
	return slices.ContainsFunc(a.Appointments, func(p Appointment) bool { return slices.Contains(roles, p.Role) && p.Valid.Holds(at) })
}

// Subject is what an operation is about: whoever and wherever has to do with it. The
// zero value is the service as a whole.
type Subject struct {
	Parties   []id.Party
	Sites     []id.Site
	People    []id.Person // who signed, as the register knows them
	Divisions []string    // of the sites
	Medical   bool        // a medical institution is among the parties
	Account   id.Account  // an account, for operations on people
	Role      Role        // an appointment's, for operations that give one
}

// Reach is how far a role sees with one operation.
type Reach int

// The reaches, from nothing to everything.
const (
	None Reach = iota
	OwnPerson
	OwnTrips
	OwnSites
	OwnOrganisation
	OwnDistricts
	MedicalInCity
	City
	Everything
)

// Policy is the table with what it needs to know of the city.
type Policy struct {
	Rules []Rule
	// City says whether a division is run by the city, by table and not by prefix.
	City func(division string) bool
}

// Rule finds the rule of an operation. There is no default: an operation without a rule
// is refused.
func (p Policy) Rule(operation string) (Rule, bool) {
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Operation == operation })
	if i < 0 {
		return Rule{}, false
	}
	return p.Rules[i], true
}

// Verdict is the answer to "may they?".
type Verdict int

// The verdicts.
const (
	Allowed   Verdict = iota
	SignIn            // nobody asked; say who you are
	Forbidden         // no appointment of theirs does this, whatever the subject
	Hidden            // what they ask about is not theirs: it answers like what is not there
)

// May says whether the actor may do the operation at all, before anything is looked up,
// so that the answer depends on no identifier.
func (p Policy) May(a Actor, operation string, at time.Time) Verdict {
	r, ok := p.Rule(operation)
	switch {
	case !ok:
		return Forbidden
	case r.Public:
		return Allowed
	case a.Anonymous():
		return SignIn
	case r.SignedIn && a.Kind == ByPerson:
		return Allowed
	}
	for _, g := range a.Appointments {
		if g.Valid.Holds(at) && r.reach(g) != None {
			return Allowed
		}
	}
	return Forbidden
}

// Decide says whether the actor may do the operation to the subject, and by which
// appointment; zero for what is open to everybody or to everybody who is signed in.
func (p Policy) Decide(a Actor, operation string, s Subject, at time.Time) (Appointment, Verdict) {
	if v := p.May(a, operation, at); v != Allowed {
		return Appointment{}, v
	}
	r, _ := p.Rule(operation)
	if r.Public || (r.SignedIn && a.Kind == ByPerson) {
		return Appointment{}, Allowed
	}
	for _, g := range a.Appointments {
		if g.Valid.Holds(at) && p.reaches(r.reach(g), g, s) && r.gives(g.Role, s.Role) {
			return g, Allowed
		}
	}
	return Appointment{}, Hidden
}

func (p Policy) reaches(r Reach, g Appointment, s Subject) bool {
	switch r {
	case OwnPerson, OwnTrips:
		return !g.Person.IsZero() && slices.Contains(s.People, g.Person)
	case OwnSites:
		return slices.ContainsFunc(g.Sites, func(v id.Site) bool { return slices.Contains(s.Sites, v) })
	case OwnOrganisation:
		return !g.Party.IsZero() && slices.Contains(s.Parties, g.Party)
	case OwnDistricts:
		return slices.ContainsFunc(g.Divisions, func(d string) bool { return slices.Contains(s.Divisions, d) })
	case MedicalInCity:
		return s.Medical && p.inCity(s)
	case City:
		return p.inCity(s)
	case Everything:
		return true
	}
	return false
}

func (p Policy) inCity(s Subject) bool {
	return p.City != nil && slices.ContainsFunc(s.Divisions, p.City)
}
