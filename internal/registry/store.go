package registry

import (
	"context"
	"time"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/statement"
)

// Store is what the registry needs of a database.
type Store interface {
	// RegistryReader gives readings outside any transaction: each call is consistent in
	// itself and reads what is committed when it is made, and calls promise nothing to
	// one another. It does no I/O itself.
	RegistryReader(ctx context.Context) Reader
	// UpdateRegistry runs fn once, in one transaction. It first raises the registry's version
	// by one, which also locks its row: writers come one after another, those of other
	// processes included. An error of fn undoes everything, the version included, and is
	// returned as it is.
	UpdateRegistry(ctx context.Context, fn func(Tx) error) error
}

// Reader reads the register. bool results say whether the thing was found.
type Reader interface {
	// Version is the number that every registry write raises.
	Version() (int64, error)

	// Kids lists every enrolled key, the revoked and expired ones included.
	Kids() ([]string, error)
	// Key gives a key as it is kept: its validity is not yet cut to its person's.
	Key(kid string) (KeyRecord, bool, error)
	// Successor is the key to which that one handed over.
	Successor(kid string) (KeyRecord, bool, error)
	// Keys gives at most f.Limit keys, newest first: by the beginning of their validity, those
	// of one moment by the bytes of their kids.
	Keys(f KeyFilter) ([]KeyRecord, error)
	// KeysOf gives every key of those people.
	KeysOf(people []id.Person) ([]KeyRecord, error)
	// Unstated gives some keys whose life the log has nothing of.
	Unstated(most int) ([]KeyRecord, error)
	Site(s id.Site) (party.Site, bool, error)
	Organisation(p id.Party) (party.Organisation, bool, error)
	Person(p id.Person) (Person, bool, error)

	Organisations() ([]party.Organisation, error)
	Sites() ([]party.Site, error)
	SitesOf(p id.Party) ([]id.Site, error)
	Licences() ([]party.Licence, error)
	Vehicles() ([]permit.Vehicle, error)
	Plans() ([]permit.PlanLine, error)
	Approvals() ([]permit.Approval, error)
	// Holding gives all licences, vehicles, plan lines and approvals of one organisation, those
	// of other times included, in an order that does not change. None at all is no error.
	Holding(p id.Party) (permit.Holding, bool, error)
	People() ([]Person, error)
	// SiteHistory gives what a site was from days on, in no order.
	SiteHistory(s id.Site) ([]indicator.Site, bool, error)
	// Facts lists the newest of every register fact of some kinds, of all for none.
	Facts(kinds ...indicator.FactKind) ([]indicator.Fact, error)

	// Tokens lists the bearer tokens that are neither revoked nor expired at that time.
	Tokens(at time.Time) ([]Token, error)

	Enrolment(codeHash id.Hash) (Enrolment, bool, error)
	// Challenged finds the enrolment whose latest challenge this is.
	Challenged(challenge string) (Enrolment, bool, error)
}

// Tx is a Reader inside a transaction that can also write.
type Tx interface {
	Reader

	// By says who changes rows from here on and when: what each then says is kept with it.
	By(by string, at time.Time)

	// Put… insert, or replace what has the same id (licences: the same party, number and
	// first day; vehicles: party, plate and first day; plan lines: site, year, code, method,
	// consignee and day of filing; approvals: party, number, code and first day).
	PutOrganisations([]party.Organisation) error
	PutSites([]party.Site) error
	PutLicences([]party.Licence) error
	PutPeople([]Person) error
	// PutFacts inserts facts, or replaces what has the same key.
	PutFacts([]indicator.Fact) error
	PutVehicles([]permit.Vehicle) error
	PutPlans([]permit.PlanLine) error
	PutApprovals([]permit.Approval) error

	// AddKey inserts a key. The fault is conflict when its kid is there already.
	AddKey(KeyRecord) error
	// PutKey replaces the end of a key's validity, its revocation, and the place of its history.
	PutKey(KeyRecord) error
	// State puts a statement on its way into the log, in this transaction: the log gets it
	// exactly when the change happens, before any event signed after it.
	State(statement.Statement) error

	AddToken(Token) error
	RevokeToken(hash id.Hash, at time.Time) error

	AddEnrolment(Enrolment) error
	// PutEnrolment replaces attempts, challenge, its expiry, the JWK and the time of use.
	PutEnrolment(Enrolment) error
}

// Person is a handler (经办人) as the register knows one: an id and no name.
type Person struct {
	ID    id.Person
	Party id.Party
	Valid party.Period
}

// Token is a bearer token; the token itself is not kept.
type Token struct {
	Hash    id.Hash // SHA-256 of the plaintext
	Name    string
	Holds   access.Appointment // what it lets its bearer be
	Made    time.Time
	Expires time.Time // zero: never
}

// ID is the token's public name: the first half of its hash, which nobody can turn back.
func (t Token) ID() string { return t.Hash.String()[:16] }

// Enrolment is a one-time code on its way to a device key; the code itself is not kept.
type Enrolment struct {
	CodeHash  id.Hash // SHA-256 of the code's characters
	Party     id.Party
	Person    id.Person
	Device    string
	By        string // who made it, an opaque word; "" on one from before these were kept
	ValidDays int
	Expires   time.Time
	Attempts  int

	Challenge        string // "": none yet
	ChallengeExpires time.Time
	JWK              []byte    // the public key that the challenge is bound to
	Used             time.Time // zero: not yet
}
