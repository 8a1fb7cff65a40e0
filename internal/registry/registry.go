// Package registry answers who may act: it looks up organisations, sites and device
// keys for the intake, imports registers from CSV, enrols device keys by proof of
// possession, and knows the bearer tokens of readers.
//
// A key may be Ed25519 or P-256, made in software or in hardware that never shows its
// private half (a phone's secure element, a card, a TPM): such a key signs with ES256 and
// comes through the same door, and hands over the same way.
//
// Whatever happens to a device's key is told to the log in the same transaction
// (Tx.State), chapter by chapter; see package statement.
//
// It must not hold a private key or a person's name, speak HTTP or SQL, or judge what an
// event may do to a batch. Secrets (one-time codes, tokens) are kept as SHA-256 only.
package registry

import (
	"context"
	"io"
	"time"

	"liandan/internal/fault"
)

// Config is what a Service needs. All three are required.
type Config struct {
	Store  Store
	Now    func() time.Time
	Random io.Reader // cryptographic and safe for concurrent use; for codes, challenges and tokens
	// Changed hears of each write that may have put statements on their way into the log;
	// nil: nobody does, and they go with the next commit group.
	Changed func()
}

// Service is the register with its caches. It is safe for concurrent use.
type Service struct {
	store    Store
	now      func() time.Time
	random   io.Reader
	changed  func()
	cache    *cache
	failures failures
}

// New makes a Service. It reads nothing yet.
func New(c Config) *Service {
	return &Service{store: c.Store, now: c.Now, random: c.Random, changed: c.Changed, cache: newCache()}
}

// clock is the time as the store keeps it: UTC, whole milliseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// update runs one write and drops what this process has cached, whether or not the write
// is known to have happened: a commit whose answer was lost may still be there.
func (s *Service) update(ctx context.Context, fn func(Tx) error) error {
	defer s.cache.expire()
	err := s.store.UpdateRegistry(ctx, fn)
	if err == nil && s.changed != nil {
		s.changed()
	}
	return unavailable(err)
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
