package account

import (
	"context"
	"time"

	"liandan/internal/access"
	"liandan/internal/id"
)

// Store is what accounts need of a database.
type Store interface {
	// AccountReader gives readings outside any transaction: each call is consistent in itself
	// and reads what is committed when it is made. It does no I/O itself.
	AccountReader(ctx context.Context) Reader
	// UpdateAccounts runs fn once, in one transaction, and lets one writer in at a time, those
	// of other processes included: what fn reads is still so when it commits. An error of fn
	// undoes everything and is returned as it is.
	UpdateAccounts(ctx context.Context, fn func(Tx) error) error
	// TouchSession notes that a session was used, if it is still there. It waits for no other
	// writer's transaction where the database can do without.
	TouchSession(ctx context.Context, token id.Hash, at time.Time) error
}

// Reader reads. bool results say whether the thing was found.
type Reader interface {
	// Account and the two below it give the appointments too, in the order they were made.
	Account(a id.Account) (Kept, bool, error)
	AccountOfLogin(login string) (Kept, bool, error)
	AccountOfSubject(l Link) (Kept, bool, error)
	// Accounts lists, by id, the accounts after one, with their appointments. A party that is
	// not zero chooses those with an appointment of it that has not ended at that time.
	Accounts(p id.Party, at time.Time, after id.Account, limit int) ([]Account, error)
	// Administrators lists, by id, who is or was appointed system administrator.
	Administrators() ([]Account, error)

	Invitation(code id.Hash) (Invitation, bool, error)
	Sitting(token id.Hash) (Sitting, bool, error)
	// Sittings lists an account's, the newest first.
	Sittings(a id.Account) ([]Sitting, error)
	Attempts(key id.Hash) (Attempts, bool, error)
}

// Tx is a Reader inside a transaction that can also write.
type Tx interface {
	Reader

	// AddAccount inserts an account with its appointments, PutAccount replaces all but login,
	// time of making and appointments. The fault is conflict when the login or the link is
	// another's.
	AddAccount(Kept) error
	PutAccount(Kept) error
	AddAppointment(a id.Account, g access.Appointment) error
	EndAppointment(g id.Grant, at time.Time) error

	AddInvitation(Invitation) error
	UseInvitation(code id.Hash, at time.Time) error
	DropInvitations(a id.Account) error

	AddSitting(Sitting) error
	// Drop… succeed where there is nothing.
	DropSession(token id.Hash) error
	// DropSessions drops all of an account but one; zero excepts none.
	DropSessions(a id.Account, except id.Hash) error

	// SetRecovery replaces all recovery codes of an account.
	SetRecovery(a id.Account, codes []id.Hash) error
	// UseRecovery takes one away and says whether it was there.
	UseRecovery(a id.Account, code id.Hash) (bool, error)

	// PutAttempts inserts or replaces.
	PutAttempts(Attempts) error
	DropAttempts(key id.Hash) error

	// UseFlow notes that a sign-in came back from the provider and says whether it did for
	// the first time.
	UseFlow(flow id.Hash, expires time.Time) (bool, error)

	// Sweep deletes what is over: see Service.Sweep.
	Sweep(Over) (Swept, error)
}

// Kept is an account with what lets somebody in.
type Kept struct {
	Account
	Password string // argon2id in PHC string format; "": none
	Secret   []byte // of the second factor, sealed; empty: none
	Pending  []byte // a second factor that was begun and not confirmed, sealed
	Step     int64  // of the last code of the second factor that was accepted
	Link     Link
}

// Link names a person at a provider. The zero value is none.
type Link struct{ Issuer, Subject string }

// Invitation is a one-time code on its way; the code itself is not kept.
type Invitation struct {
	Code    id.Hash
	Account id.Account
	Expires time.Time
	Used    time.Time // zero: not yet
}

// Sitting is a session as it is kept; its token is not.
type Sitting struct {
	Token    id.Hash
	Account  id.Account
	Made     time.Time
	Seen     time.Time
	Expires  time.Time // at the latest
	Remember bool
}

// Attempts counts tries at one login, from one address, or at codes.
type Attempts struct {
	Key   id.Hash // of what is counted; never the login or address itself
	Count int
	At    time.Time // of the newest, or of the first in its minute
	Until time.Time // nothing is compared before; zero: no such time
}

// Over says what Sweep may delete: what ended before those times.
type Over struct {
	Now                  time.Time
	Idle, RememberedIdle time.Time // sessions not seen since
	Attempts             time.Time
}

// Swept counts what was deleted.
type Swept struct{ Sessions, Attempts, Invitations, Flows int }
