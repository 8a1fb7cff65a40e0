package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// MaxSessions is how many sessions an account has at a time; a further sign-in ends the
// oldest.
const MaxSessions = 20

// seenEvery is how often a session's use is written down.
const seenEvery = time.Minute

// Session is somebody signed in.
type Session struct {
	ID       string // names it among its account's; no credential
	Account  Account
	CSRF     string // to be sent back with everything that changes something; "" in lists
	Made     time.Time
	Seen     time.Time
	Expires  time.Time // unless it is used before
	Remember bool

	token id.Hash
	at    time.Time // when it was looked up
}

// Actor is the person as the policy knows one, with the appointments that hold now.
func (s Session) Actor() access.Actor {
	return access.Actor{Kind: access.ByPerson, ID: "account:" + s.Account.ID.String(), Appointments: s.Account.Valid(s.at)}
}

// CheckCSRF compares what came with a request in constant time. The fault is
// forged-request.
func (s Session) CheckCSRF(given string) error {
	if s.CSRF == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.CSRF)) != 1 {
		return fault.New(fault.ForgedRequest, "The request did not come from a page of this session. Load the page again and repeat what you did.")
	}
	return nil
}

// csrfOf derives a session's CSRF token from its token: random as that is, different for
// each session, kept nowhere, and of no help to find the token.
func csrfOf(token string) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte("liandan csrf"))
	return secretWords.EncodeToString(m.Sum(nil))
}

// sit opens a session inside a transaction.
func (s *Service) sit(tx Tx, k Kept, token string, remember bool, now time.Time) (Session, error) {
	hash, _ := parseToken(token)
	absolute := s.expiry.Absolute
	if remember {
		absolute = s.expiry.RememberedAbsolute
	}
	v := Sitting{Token: hash, Account: k.ID, Made: now, Seen: now, Expires: now.Add(absolute), Remember: remember}
	list, err := tx.Sittings(k.ID)
	if err != nil {
		return Session{}, err
	}
	for i, old := range list {
		if i >= MaxSessions-1 {
			if err := tx.DropSession(old.Token); err != nil {
				return Session{}, err
			}
		}
	}
	if err := tx.AddSitting(v); err != nil {
		return Session{}, err
	}
	return s.session(v, k.Account, csrfOf(token), now), nil
}

func (s *Service) session(v Sitting, a Account, csrf string, now time.Time) Session {
	return Session{ID: hex.EncodeToString(v.Token[:8]), Account: a, CSRF: csrf, Made: v.Made, Seen: v.Seen, Expires: s.ends(v),
		Remember: v.Remember, token: v.Token, at: now}
}

// ends is when a session ends if it is not used before.
func (s *Service) ends(v Sitting) time.Time {
	idle := s.expiry.Idle
	if v.Remember {
		idle = s.expiry.RememberedIdle
	}
	if e := v.Seen.Add(idle); e.Before(v.Expires) {
		return e
	}
	return v.Expires
}

// Session finds the session of a token. It asks the database every time, so that what
// another process disabled, dismissed or signed out has no effect on the very next request.
// Faults: unauthorized, and it never says why; unavailable.
func (s *Service) Session(ctx context.Context, token string) (Session, error) {
	hash, ok := parseToken(token)
	if !ok {
		return Session{}, unauthorized()
	}
	now, r := s.clock(), s.store.AccountReader(ctx)
	v, ok, err := r.Sitting(hash)
	if err != nil {
		return Session{}, unavailable(err)
	}
	if !ok || !now.Before(s.ends(v)) {
		return Session{}, unauthorized()
	}
	k, ok, err := r.Account(v.Account)
	if err != nil {
		return Session{}, unavailable(err)
	}
	if !ok || k.State != Active {
		return Session{}, unauthorized()
	}
	if now.Sub(v.Seen) >= seenEvery {
		// A failure costs the session some of its idle time and must not cost the request.
		if err := s.store.TouchSession(ctx, hash, now); err == nil {
			v.Seen = now
		}
	}
	return s.session(v, k.Account, csrfOf(token), now), nil
}

func unauthorized() error {
	return fault.New(fault.Unauthorized, "You are not signed in, or your session has ended. Sign in again.")
}

// Sessions lists an account's open sessions, the newest first. Faults: unavailable.
func (s *Service) Sessions(ctx context.Context, a id.Account) ([]Session, error) {
	now, r := s.clock(), s.store.AccountReader(ctx)
	list, err := r.Sittings(a)
	if err != nil {
		return nil, unavailable(err)
	}
	k, ok, err := r.Account(a)
	if err != nil || !ok || k.State != Active {
		return nil, unavailable(err)
	}
	var out []Session
	for _, v := range list {
		if now.Before(s.ends(v)) {
			out = append(out, s.session(v, k.Account, "", now))
		}
	}
	return out, nil
}

// SignOut ends the session of a token, if there is one. Faults: unavailable.
func (s *Service) SignOut(ctx context.Context, token string) error {
	hash, ok := parseToken(token)
	if !ok {
		return nil
	}
	return s.update(ctx, func(tx Tx) error { return tx.DropSession(hash) })
}

// SignOutEverywhere ends all sessions of an account. Faults: unavailable.
func (s *Service) SignOutEverywhere(ctx context.Context, a id.Account) error {
	return s.update(ctx, func(tx Tx) error { return tx.DropSessions(a, id.Hash{}) })
}

// Sweep deletes sessions that have ended, counts of attempts that no longer matter, codes
// that are used or too old, and sign-ins that never came back from the provider. Nothing
// depends on it but the size of the tables. Faults: unavailable.
func (s *Service) Sweep(ctx context.Context, now time.Time) (Swept, error) {
	var out Swept
	err := s.update(ctx, func(tx Tx) (err error) {
		out, err = tx.Sweep(Over{Now: now, Idle: now.Add(-s.expiry.Idle), RememberedIdle: now.Add(-s.expiry.RememberedIdle), Attempts: now.Add(-2 * attemptsWindow)})
		return err
	})
	return out, err
}
