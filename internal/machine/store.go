package machine

import (
	"context"
	"time"

	"liandan/internal/access"
	"liandan/internal/id"
)

// Store is what the package needs of a database.
type Store interface {
	// MachineReader gives readings outside any transaction: each call is consistent in
	// itself and reads what is committed when it is made. It does no I/O itself.
	MachineReader(ctx context.Context) Reader
	// UpdateMachines runs fn once, in one transaction. An error of fn undoes everything and
	// is returned as it is.
	UpdateMachines(ctx context.Context, fn func(Tx) error) error
}

// Reader reads clients. bool results say whether the thing was found.
type Reader interface {
	// Clients lists all, by the time they were made, with their secrets, which may be newer
	// than the rest.
	Clients() ([]Client, error)
	// Secret finds a secret by its hash, with its client (whose Secrets are not read).
	Secret(hash id.Hash) (Secret, Client, bool, error)
	// Bearer finds what a token stands for, in one query by the hash's index: nothing when
	// the token is expired at that time, its secret revoked or its client disabled.
	Bearer(hash id.Hash, at time.Time) (Bearer, bool, error)
	// Grants lists an organisation's grants: those that hold first, the newest first.
	Grants(p id.Party) ([]Grant, error)
}

// Tx is a Reader inside a transaction that can also write.
type Tx interface {
	Reader

	// Lock finds a client with its secrets and keeps other writers from it until the
	// transaction ends.
	Lock(c id.Client) (Client, bool, error)

	AddClient(Client) error
	// PutClient replaces the quota and the time of disabling.
	PutClient(Client) error
	AddSecret(Secret) error
	RevokeSecret(s id.Grant, at time.Time) error
	AddToken(Token) error
	// DropTokens deletes a client's tokens: those of one secret, or all for a zero secret.
	DropTokens(c id.Client, secret id.Grant) error
	// TrimTokens deletes the oldest tokens of a client beyond the newest keep.
	TrimTokens(c id.Client, keep int) error
	// Sweep deletes tokens that are expired at that time, and says how many.
	Sweep(at time.Time) (int, error)

	// EndGrant ends the grant of this organisation to this client that has no end yet, and
	// says whether there was one.
	EndGrant(p id.Party, c id.Client, at time.Time) (bool, error)
	AddGrant(Grant) error
}

// Token is an access token; the token itself is not kept.
type Token struct {
	Hash    id.Hash // SHA-256 of the plaintext
	Client  id.Client
	Secret  id.Grant // by which it was got, and with which it dies
	Scopes  []access.Scope
	Made    time.Time
	Expires time.Time
}

// Bearer is what a good token stands for.
type Bearer struct {
	Client    id.Client
	Allowed   []access.Scope // of the client
	Scopes    []access.Scope // of the token
	PerMinute int
	Grants    []Grant // those that hold, without names
}
