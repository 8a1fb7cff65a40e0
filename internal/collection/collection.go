// Package collection serves the pick-ups of small sources: the one-time codes by which a
// source without a device confirms on the collector's phone, with the confirmations that go
// into the log; bookings; and the plans of trips, held against what was signed.
//
// Bookings and plans are operational records, unsigned and no evidence: whether something
// was collected follows from the log alone.
//
// It must not decide what somebody may do (package access does, at the edge), sign an event
// for anybody, or keep a code: only a keyed hash of it is stored. A code is shown on the
// source's own page or phone, or written down; there are no short messages here.
package collection

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/statement"
)

// Limits of codes. A guesser has CodeTries in a million for each code that the source asks
// for; codes that nobody asked for do not exist.
const (
	CodeDigits  = 6
	CodeLife    = 15 * time.Minute
	CodeTries   = 5
	CodesPerDay = 40 // of one site in 24 hours
)

// Store is what the service needs of a database.
type Store interface {
	// UpdateCollection runs fn once, in one transaction, and lets one writer in at a time,
	// those of other processes included. An error of fn undoes everything and is returned as
	// it is.
	UpdateCollection(ctx context.Context, fn func(Tx) error) error
	// ReadCollection runs fn on one reading.
	ReadCollection(ctx context.Context, fn func(Reader) error) error
}

// Reader reads bookings and plans.
type Reader interface {
	Booking(v id.Booking) (Booking, bool, error)
	// BookingsOf gives those of some ids that are there, in any order.
	BookingsOf(ids []id.Booking) ([]Booking, error)
	// Bookings gives bookings by their ids, oldest first, at most so many.
	Bookings(f BookingFilter, limit int) ([]Booking, error)
	Plan(v id.Trip) (Plan, bool, error)
	// PlansOf gives those of some ids that are there, in any order.
	PlansOf(ids []id.Trip) ([]Plan, error)
	// Plans gives plans by day and id, at most so many.
	Plans(f PlanFilter, limit int) ([]Plan, error)
}

// Tx is one transaction.
type Tx interface {
	// NewestCode is the newest code of a site that was made at or after a time.
	NewestCode(site id.Site, since time.Time) (Code, bool, error)
	// CodesSince counts a site's codes that were made at or after a time.
	CodesSince(site id.Site, since time.Time) (int, error)
	AddCode(Code) error
	// PutCode replaces tries and use.
	PutCode(Code) error
	// SweepCodes deletes the codes that were made before a time.
	SweepCodes(before time.Time) error
	Reader
	AddBooking(Booking) error
	// PutBooking replaces withdrawal, trip and version.
	PutBooking(Booking) error
	AddPlan(Plan) error
	// PutPlan replaces a plan with its stops.
	PutPlan(Plan) error
	// Post puts a statement on its way into the log, with what the transaction changes.
	Post(st statement.Statement, at time.Time) error
}

// Code is a one-time code as it is kept.
type Code struct {
	ID      id.Grant
	Site    id.Site
	Hash    id.Hash // keyed; the digits are nowhere
	Made    time.Time
	Expires time.Time
	Tries   int
	Used    time.Time // zero: not yet
}

// Registry is what codes are checked against.
type Registry interface {
	Site(ctx context.Context, v id.Site) (party.Site, bool, error)
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	SitesOf(ctx context.Context, p id.Party) ([]id.Site, error)
	// Person gives whose person somebody is.
	Person(ctx context.Context, p id.Person) (id.Party, bool, error)
	Holding(ctx context.Context, p id.Party) (permit.Holding, error)
}

// Config is what a Service needs; all members are required, Flush aside.
type Config struct {
	Store    Store
	Registry Registry
	Log      Log // of bookings and trips
	Now      func() time.Time
	Random   io.Reader // cryptographic and safe for concurrent use
	// Pepper keys the hashes of codes. It lies outside the database, so that a copy of the
	// database does not give the digits away: a million of them are soon tried.
	Pepper []byte
	// Flush waits until what was posted is in the log; nil: nothing waits.
	Flush func(ctx context.Context) error
}

// Service is safe for concurrent use; several processes may share one store.
type Service struct{ Config }

// New makes a Service.
func New(c Config) *Service { return &Service{c} }

func (s *Service) clock() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// NewCode makes the one code of a site that holds from now on; one before it no longer
// does. The digits are given here and never again. Faults: not-found, too-many-attempts,
// unavailable.
func (s *Service) NewCode(ctx context.Context, site id.Site) (digits string, expires time.Time, err error) {
	now := s.clock()
	at, ok, err := s.Registry.Site(ctx, site)
	if err != nil {
		return "", expires, unavailable(err)
	}
	if !ok || !at.Valid.Holds(now) {
		return "", expires, fault.Missing("site")
	}
	var r [18]byte
	if _, err := io.ReadFull(s.Random, r[:]); err != nil {
		return "", expires, fault.Wrap(err, fault.Internal, "The server has no randomness to make a code with.")
	}
	// 64 bits modulo a million: no digit is noticeably likelier.
	digits = fmt.Sprintf("%06d", binary.BigEndian.Uint64(r[:8])%1_000_000)
	c := Code{ID: id.GrantOf(id.V7(now.UnixMilli(), [10]byte(r[8:]))), Site: site, Made: now, Expires: now.Add(CodeLife)}
	c.Hash = s.hash(c, digits)
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		n, err := tx.CodesSince(site, now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if n >= CodesPerDay {
			return fault.New(fault.TooManyAttempts, "%d codes were made for this site within a day; no more are made now.", n).With("retry_after_seconds", 3600)
		}
		// Of two codes of one millisecond it must be clear which is the newest.
		if last, ok, err := tx.NewestCode(site, now.Add(-CodeLife)); err != nil {
			return err
		} else if ok && !last.Made.Before(c.Made) {
			c.Made = last.Made.Add(time.Millisecond)
		}
		if err := tx.SweepCodes(now.AddDate(0, 0, -7)); err != nil {
			return err
		}
		return tx.AddCode(c)
	})
	return digits, c.Expires, unavailable(err)
}

// hash binds the digits to their code and site, under a key that is not in the database.
func (s *Service) hash(c Code, digits string) id.Hash {
	m := hmac.New(sha256.New, s.Pepper)
	fmt.Fprintf(m, "liandan stop code\n%s\n%s\n%s", c.ID, c.Site, digits)
	return id.Hash(m.Sum(nil))
}

// Confirm compares a code and puts the confirmation into the log. The try is counted before
// anything is compared, in a transaction of its own, so that neither a crash nor parallel
// requests give a free one; a code that was right is used up together with the statement.
// c.Code, c.At and c.Party are filled in. Faults: not-found, conflict for a code that does
// not fit, too-many-attempts, invalid-request, unavailable.
func (s *Service) Confirm(ctx context.Context, c statement.Confirmation, digits string) (statement.Statement, error) {
	var st statement.Statement
	if err := s.checkLines(c); err != nil {
		return st, err
	}
	now := s.clock()
	site, ok, err := s.Registry.Site(ctx, c.Site)
	if err != nil {
		return st, unavailable(err)
	}
	if !ok || site.Party == c.Collector {
		return st, refused()
	}
	var code Code
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		var ok bool
		if code, ok, err = tx.NewestCode(c.Site, now.Add(-CodeLife)); err != nil {
			return err
		}
		switch {
		case !ok || !code.Used.IsZero() || !now.Before(code.Expires):
			return refused()
		case code.Tries >= CodeTries:
			return fault.New(fault.TooManyAttempts, "The code was tried too often and no longer holds; ask the source for a new one.").With("retry_after_seconds", 60)
		}
		code.Tries++
		return tx.PutCode(code)
	})
	if err != nil {
		return st, unavailable(err)
	}
	if want := s.hash(code, digits); !hmac.Equal(want[:], code.Hash[:]) {
		return st, refused()
	}
	c.At, c.Code, c.Party = now, code.ID.String(), site.Party
	if st, err = c.Statement(); err != nil {
		return st, err
	}
	err = s.Store.UpdateCollection(ctx, func(tx Tx) error {
		again, ok, err := tx.NewestCode(c.Site, now.Add(-CodeLife))
		if err != nil {
			return err
		}
		if !ok || again.ID != code.ID || !again.Used.IsZero() { // somebody was faster, or asked for a new one
			return refused()
		}
		again.Used = now
		if err := tx.PutCode(again); err != nil {
			return err
		}
		return tx.Post(st, now)
	})
	if err == nil && s.Flush != nil {
		err = s.Flush(ctx)
	}
	return st, unavailable(err)
}

func refused() error {
	return fault.New(fault.Conflict, "The code does not hold for this site: it is wrong, used up or too old. Ask the source for a new one.").
		At("/code", "refused", "must be the newest code of the site")
}

func (s *Service) checkLines(c statement.Confirmation) error {
	bad := fault.New(fault.InvalidRequest, "The request was not carried out; what is wrong is listed.")
	if len(c.Lines) == 0 || len(c.Lines) > statement.MaxConfirmed {
		bad.At("/lines", "length", "must have 1 to %d batches", statement.MaxConfirmed)
	}
	met := map[id.Batch]bool{}
	for i, l := range c.Lines {
		if met[l.Batch] {
			bad.At(fmt.Sprintf("/lines/%d/batch", i), "repeated", "the batch is named twice")
		}
		met[l.Batch] = true
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func unavailable(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "The store cannot be reached now. Nothing was changed; try again in a moment.")
}
