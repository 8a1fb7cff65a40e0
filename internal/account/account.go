// Package account knows the people who sign in: their accounts and appointments, one-time
// codes, passwords, second factors, sessions, and sign-in through an organisation's own
// OpenID Connect provider.
//
// It must not decide what somebody may do (package access does, at the edge), speak HTTP or
// SQL, or let a name or login out toward the log. Passwords are kept as argon2id; codes and
// tokens as SHA-256; nothing secret is in an error.
package account

import (
	"context"
	"crypto/cipher"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Config is what a Service needs. Store, Registry, Now, Random and Seal are required.
type Config struct {
	Store    Store
	Registry Registry
	Now      func() time.Time
	Random   io.Reader // cryptographic and safe for concurrent use
	// Seal encrypts the secrets of second factors at rest. With another key than before they
	// cannot be read: people then need a recovery code or a new invitation.
	Seal   cipher.AEAD
	Issuer string    // the service's name in authenticator apps; "Liandan" when empty
	Expiry Expiry    // zero members take the defaults
	OIDC   *Provider // nil: none
}

// Registry is what appointments are checked against. bool results say whether the thing is
// in the register.
type Registry interface {
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	Site(ctx context.Context, v id.Site) (party.Site, bool, error)
	// Person gives the organisation of a person who is valid now.
	Person(ctx context.Context, p id.Person) (id.Party, bool, error)
}

// Expiry is how long sessions last: idle without a request, and at most.
type Expiry struct {
	Idle, Absolute                     time.Duration
	RememberedIdle, RememberedAbsolute time.Duration // of those who asked to be remembered: a driver's own phone
}

// Service is safe for concurrent use; several processes may share one store.
type Service struct {
	store    Store
	registry Registry
	now      func() time.Time
	random   io.Reader
	seal     cipher.AEAD
	issuer   string
	expiry   Expiry
	slots    chan struct{} // one for each password being hashed
	waiting  atomic.Int32  // who waits for a slot
	relying  *relying      // on a provider; nil: none
}

// New makes a Service. It reads nothing yet.
func New(c Config) *Service {
	s := &Service{store: c.Store, registry: c.Registry, now: c.Now, random: c.Random, seal: c.Seal, issuer: c.Issuer,
		expiry: c.Expiry, slots: make(chan struct{}, hashesAtOnce)}
	if s.issuer == "" {
		s.issuer = "Liandan"
	}
	for _, d := range []struct {
		at   *time.Duration
		none time.Duration
	}{
		{&s.expiry.Idle, 2 * time.Hour}, {&s.expiry.Absolute, 12 * time.Hour},
		{&s.expiry.RememberedIdle, 30 * 24 * time.Hour}, {&s.expiry.RememberedAbsolute, 90 * 24 * time.Hour},
	} {
		if *d.at <= 0 {
			*d.at = d.none
		}
	}
	if c.OIDC != nil {
		s.relying = newRelying(*c.OIDC)
	}
	return s
}

// State is how far an account has come.
type State string

// The states.
const (
	Invited  State = "invited"  // waits for its one-time code; nobody can sign in
	Active   State = "active"   // can sign in
	Disabled State = "disabled" // nobody can sign in until an invitation is renewed
)

// Account is somebody who can sign in. It holds nothing secret.
type Account struct {
	ID           id.Account
	Login        string // 3 to 64 of a-z 0-9 . _ @ -, no other account has it
	Name         string // as they are shown; a display name never leaves toward the log
	State        State
	TOTP         bool // a second factor is on
	Linked       bool // to an account with the provider
	Made         time.Time
	Appointments []access.Appointment // the ended ones included, in the order they were made
}

// Valid lists the appointments that hold at that time.
func (a Account) Valid(at time.Time) []access.Appointment {
	return slices.DeleteFunc(slices.Clone(a.Appointments), func(g access.Appointment) bool { return !g.Valid.Holds(at) })
}

// Of is the account as an organisation may see it: with that organisation's appointments
// and no others.
func (a Account) Of(p id.Party) Account {
	a.Appointments = slices.DeleteFunc(slices.Clone(a.Appointments), func(g access.Appointment) bool { return g.Party != p })
	return a
}

// Subjects is what somebody does something to who renews or disables the account: one
// subject for each appointment that has not ended. They must be allowed on every one of
// them. To be allowed on one is not enough: an administrator of one organisation could
// else appoint another organisation's account, or a system administrator's, reset its
// password, and act as them.
func (a Account) Subjects(at time.Time) []access.Subject {
	var out []access.Subject
	for _, g := range a.Appointments {
		if !ended(g, at) {
			out = append(out, SubjectOf(a.ID, g))
		}
	}
	if len(out) == 0 {
		out = append(out, access.Subject{Account: a.ID})
	}
	return out
}

// SubjectOf is what somebody does something to who gives or ends one appointment.
func SubjectOf(a id.Account, g access.Appointment) access.Subject {
	s := access.Subject{Account: a, Role: g.Role, Sites: g.Sites, Divisions: g.Divisions}
	if !g.Party.IsZero() {
		s.Parties = []id.Party{g.Party}
	}
	if !g.Person.IsZero() {
		s.People = []id.Person{g.Person}
	}
	return s
}

func ended(g access.Appointment, at time.Time) bool {
	return !g.Valid.To.IsZero() && !at.Before(g.Valid.To)
}

// Account finds an account. Faults: not-found, unavailable.
func (s *Service) Account(ctx context.Context, a id.Account) (Account, error) {
	k, ok, err := s.store.AccountReader(ctx).Account(a)
	if err != nil {
		return Account{}, unavailable(err)
	}
	if !ok {
		return Account{}, unknownAccount()
	}
	return k.Account, nil
}

// Filter chooses accounts.
type Filter struct {
	// Party chooses those with an appointment of that organisation that has not ended, and
	// shows no other organisation's appointments; zero chooses all.
	Party id.Party
	After id.Account // the last one of the page before; zero: from the start
	Limit int        // 1 to MaxPage; 0: MaxPage
}

// MaxPage is the most accounts in one answer.
const MaxPage = 200

// Page is a part of the accounts in the order they were made. Next is zero on the last page.
type Page struct {
	Accounts []Account
	Next     id.Account
}

// Accounts lists accounts. Faults: invalid-request, unavailable.
func (s *Service) Accounts(ctx context.Context, f Filter) (Page, error) {
	if f.Limit == 0 {
		f.Limit = MaxPage
	}
	if f.Limit < 1 || f.Limit > MaxPage {
		bad := fault.New(fault.InvalidRequest, "The list was not made.")
		return Page{}, field(bad, "/limit", "out_of_range", "must be from 1 to 200", "应为 1 至 200")
	}
	list, err := s.store.AccountReader(ctx).Accounts(f.Party, s.clock(), f.After, f.Limit+1)
	if err != nil {
		return Page{}, unavailable(err)
	}
	var p Page
	if len(list) > f.Limit {
		list = list[:f.Limit]
		p.Next = list[f.Limit-1].ID
	}
	for _, a := range list {
		if !f.Party.IsZero() {
			a = a.Of(f.Party)
		}
		p.Accounts = append(p.Accounts, a)
	}
	return p, nil
}

// Disable ends an account's sessions and invitations and lets nobody sign in to it, until
// its invitation is renewed. Again: nothing happens. Faults: not-found; conflict for the
// last system administrator; unavailable.
func (s *Service) Disable(ctx context.Context, a id.Account) error {
	now := s.clock()
	return s.update(ctx, func(tx Tx) error {
		k, err := known(tx, a)
		if err != nil || k.State == Disabled {
			return err
		}
		if err := notLast(tx, k.Account, id.Grant{}, now); err != nil {
			return err
		}
		k.State = Disabled
		return changed(tx, k)
	})
}

// changed keeps an account whose ways in have changed: whoever is signed in must do so
// anew, and no code that was given out before works.
func changed(tx Tx, k Kept) error {
	if err := tx.PutAccount(k); err != nil {
		return err
	}
	if err := tx.DropInvitations(k.ID); err != nil {
		return err
	}
	return tx.DropSessions(k.ID, id.Hash{})
}

func known(r Reader, a id.Account) (Kept, error) {
	k, ok, err := r.Account(a)
	if err == nil && !ok {
		err = unknownAccount()
	}
	return k, err
}

func unknownAccount() error {
	return fault.New(fault.NotFound, "There is no such account among those that you can manage.")
}

// clock is the time as the store keeps it: UTC, whole milliseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

func (s *Service) update(ctx context.Context, fn func(Tx) error) error {
	return unavailable(s.store.UpdateAccounts(ctx, fn))
}

// unavailable turns whatever is no fault yet into fault.Unavailable. nil stays nil.
func unavailable(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "The accounts cannot be reached now. Nothing was changed; try again in a moment.")
}

func (s *Service) draw(b []byte) error {
	if _, err := io.ReadFull(s.random, b); err != nil {
		return fault.Wrap(err, fault.Internal, "The server has no randomness to make a secret with.")
	}
	return nil
}

// newID draws a version 7 UUID.
func (s *Service) newID() (id.UUID, error) {
	var b [10]byte
	err := s.draw(b[:])
	return id.V7(s.now().UnixMilli(), b), err
}
