package registry

import (
	"context"
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
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
	Key(kid string) (party.Key, bool, error)
	Site(s id.Site) (party.Site, bool, error)
	Organisation(p id.Party) (party.Organisation, bool, error)
	Person(p id.Person) (Person, bool, error)

	Organisations() ([]party.Organisation, error)
	Sites() ([]party.Site, error)
	Licences() ([]party.Licence, error)
	People() ([]Person, error)

	// Tokens lists the bearer tokens that are not expired at that time.
	Tokens(at time.Time) ([]Token, error)

	Enrolment(codeHash id.Hash) (Enrolment, bool, error)
	// Challenged finds the enrolment whose latest challenge this is.
	Challenged(challenge string) (Enrolment, bool, error)
}

// Tx is a Reader inside a transaction that can also write.
type Tx interface {
	Reader

	// Put… insert, or replace what has the same id (licences: the same party, number and
	// first day).
	PutOrganisations([]party.Organisation) error
	PutSites([]party.Site) error
	PutLicences([]party.Licence) error
	PutPeople([]Person) error

	// AddKey inserts a key. The fault is conflict when its kid is there already.
	AddKey(party.Key) error
	// RevokeKey sets the key's time of revocation and the reason.
	RevokeKey(kid string, from time.Time, reason string) error

	AddToken(Token) error

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
	Hash    id.Hash  // SHA-256 of the plaintext
	Party   id.Party // zero: the operator
	Name    string
	Made    time.Time
	Expires time.Time // zero: never
}

// Enrolment is a one-time code on its way to a device key; the code itself is not kept.
type Enrolment struct {
	CodeHash  id.Hash // SHA-256 of the code's characters
	Party     id.Party
	Person    id.Person
	Device    string
	ValidDays int
	Expires   time.Time
	Attempts  int

	Challenge        string // "": none yet
	ChallengeExpires time.Time
	JWK              []byte    // the public key that the challenge is bound to
	Used             time.Time // zero: not yet
}
