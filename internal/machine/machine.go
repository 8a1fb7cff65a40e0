// Package machine knows the API clients: programs of hospitals, facilities and the
// operator that ask without a person, by the client credentials of OAuth 2 (RFC 6749
// section 4.4). It keeps their secrets, tokens and quotas, and what each organisation lets
// each client do for it.
//
// It must not decide what an operation needs (package access does), sign anything for
// anybody, or speak HTTP or SQL. Secrets and tokens are kept as SHA-256 only and are in no
// fault and no log line.
package machine

import (
	"context"
	"encoding/base32"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Limits.
const (
	TokenLife         = time.Hour
	DefaultSecretLife = 365 * 24 * time.Hour
	MaxSecretLife     = 731 * 24 * time.Hour
	// MaxSecrets live at once: an old and a new one, so that a client moves over without
	// an hour in which neither works.
	MaxSecrets = 2
	// MaxTokens live at once for one client; the oldest dies for a newer one, so that a
	// program that asks for a token with every request fills no disk.
	MaxTokens    = 256
	MaxPerMinute = 60_000
	maxName      = 100 // characters
)

// Organisations answers whether an organisation is in the register; registry.Service is
// one.
type Organisations interface {
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
}

// Config is what a Service needs. All are required.
type Config struct {
	Store         Store
	Organisations Organisations
	Now           func() time.Time
	Random        io.Reader // cryptographic and safe for concurrent use
}

// Service is the clients with what this process remembers of them. It is safe for
// concurrent use. Everything but attempts and quotas is in the store: tokens outlive a
// restart and are good on every server.
type Service struct {
	store         Store
	organisations Organisations
	now           func() time.Time
	random        io.Reader
	attempts      attempts
	meters        meters
}

// New makes a Service. It reads nothing yet.
func New(c Config) *Service {
	return &Service{store: c.Store, organisations: c.Organisations, now: c.Now, random: c.Random,
		attempts: newAttempts(), meters: meters{of: map[id.Client]*meter{}}}
}

// Client is a program that may ask.
type Client struct {
	ID        id.Client
	Name      string
	Scopes    []access.Scope // at most; an organisation grants some of them
	PerMinute int            // requests, on each server
	Made      time.Time
	Disabled  time.Time // zero: not
	Secrets   []Secret  // oldest first, with those that are no longer live
}

// Secret is one of a client's secrets; the secret itself is not kept.
type Secret struct {
	ID      id.Grant
	Client  id.Client
	Hash    id.Hash // SHA-256 of the plaintext
	Made    time.Time
	Expires time.Time
	Revoked time.Time // zero: not
}

// Live says whether the secret is good at that time.
func (s Secret) Live(at time.Time) bool { return s.Revoked.IsZero() && at.Before(s.Expires) }

// Grant is an organisation's leave for a client to act for it. One that was withdrawn, or
// replaced by a later one, has an end and stays in the list.
type Grant struct {
	ID     id.Grant
	Client id.Client
	Name   string // the client's
	Party  id.Party
	Scopes []access.Scope
	Valid  party.Period // To zero: not withdrawn
}

// clock is the time as the store keeps it: UTC, whole milliseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// The prefixes make a secret or a token that leaked recognisable to people and to secret
// scanners.
const (
	secretPrefix = "ls_"
	tokenPrefix  = "la_"
)

// plainWords is lower-case base 32 (RFC 4648) without padding.
var plainWords = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// plain draws 256 random bits and spells them.
func (s *Service) plain(prefix string) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		return "", noRandomness(err)
	}
	return prefix + plainWords.EncodeToString(b[:]), nil
}

// wellFormed keeps from the database what cannot be a secret or token of ours.
func wellFormed(text, prefix string) bool {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(rest) != 52 {
		return false
	}
	raw, err := plainWords.DecodeString(rest)
	// One spelling only: the last character carries bits that decoding drops.
	return err == nil && plainWords.EncodeToString(raw) == rest
}

func (s *Service) newID() (id.UUID, error) {
	u, err := uuid.NewRandomFromReader(s.random)
	if err != nil {
		return id.UUID{}, noRandomness(err)
	}
	return u, nil
}

func noRandomness(err error) error {
	return fault.Wrap(err, fault.Internal, "The server has no randomness to make a secret with.")
}

// unavailable turns whatever is no fault yet into fault.Unavailable. nil stays nil.
func unavailable(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "The API clients cannot be read or changed now. Nothing was changed; try again in a moment.")
}

// unknownClient is the answer for an id that no client has.
func unknownClient() error { return fault.New(fault.NotFound, "There is no such API client.") }
