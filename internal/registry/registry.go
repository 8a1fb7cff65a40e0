// Package registry answers who may act: it looks up organisations, sites and device
// keys for the intake, imports registers from CSV, enrols device keys by proof of
// possession, and knows the bearer tokens of readers.
//
// It must not hold a private key or a person's name, speak HTTP or SQL, or judge what an
// event may do to a batch. Secrets (one-time codes, tokens) are kept as SHA-256 only.
package registry

import (
	"context"
	"io"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Config is what a Service needs. All three are required.
type Config struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader // cryptographic and safe for concurrent use; for codes, challenges and tokens
}

// Service is the register with its caches. It is safe for concurrent use.
type Service struct {
	store    Store
	now      func() time.Time
	random   io.Reader
	cache    *cache
	failures failures
}

// New makes a Service. It reads nothing yet.
func New(c Config) *Service {
	return &Service{store: c.Store, now: c.Now, random: c.Random, cache: newCache()}
}

// Principal is who asks for something by a bearer token: the operator of the service, or
// one organisation's administrator.
type Principal struct {
	Party    id.Party // zero: the operator
	Name     string   // the token's name, for the log
	Operator bool
}

// manages says whether the principal may act for the organisation.
func (p Principal) manages(q id.Party) bool {
	return p.Operator || (!q.IsZero() && p.Party == q)
}

// clock is the time as the store keeps it: UTC, whole milliseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// update runs one write and drops what this process has cached, whether or not the write
// is known to have happened: a commit whose answer was lost may still be there.
func (s *Service) update(ctx context.Context, fn func(Tx) error) error {
	defer s.cache.expire()
	return unavailable(s.store.UpdateRegistry(ctx, fn))
}

// unavailable turns whatever is no fault yet into fault.Unavailable. nil stays nil.
func unavailable(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "The register cannot be reached now. Nothing was changed; try again in a moment.")
}

func (s *Service) draw(b []byte) error {
	if _, err := io.ReadFull(s.random, b); err != nil {
		return fault.Wrap(err, fault.Internal, "The server has no randomness to make a secret with.")
	}
	return nil
}
