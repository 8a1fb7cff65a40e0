package account

import (
	"context"
	"math"
	"net/netip"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Limits of tries. One address may be a whole hospital behind one router, so it has more
// than a login; a success gives back what it took from its address.
const (
	LoginTries   = 5
	AddressTries = 50
	CodeTries    = 300 // a minute, over all callers: guessing 60 bits at this rate is hopeless

	attemptsWindow = 15 * time.Minute // after so much quiet a count is forgotten
	firstBlock     = time.Minute      // it doubles with each further try
	MaxBlock       = 15 * time.Minute
)

// limit is how many tries something has before it is blocked.
type limit struct {
	key   id.Hash // zero: not counted
	tries int
}

func loginKey(login string) id.Hash { return hashOf("login", login) }

// addressKey is that of an address, or of the /64 of an IPv6 address, since whoever has
// one has them all. Zero for none.
func addressKey(address string) id.Hash {
	if address == "" {
		return id.Hash{}
	}
	if a, err := netip.ParseAddr(address); err == nil {
		a = a.Unmap().WithZone("")
		if p, err := a.Prefix(64); a.Is6() && err == nil {
			a = p.Addr()
		}
		address = a.String()
	}
	return hashOf("address", address)
}

// count writes tries down before anything is compared, in a transaction of its own, so
// that no crash and no number of parallel requests gives a free one. When one of the limits
// is reached nothing is counted and the fault is too-many-attempts.
func (s *Service) count(ctx context.Context, limits ...limit) error {
	now := s.clock()
	return s.update(ctx, func(tx Tx) error {
		for _, l := range limits {
			if l.key.IsZero() {
				continue
			}
			a, err := current(tx, l.key, now)
			if err != nil {
				return err
			}
			if a.Count >= l.tries && now.Before(a.Until) {
				return tooMany(a.Until.Sub(now))
			}
			a.Count++
			a.At = now
			if over := a.Count - l.tries; over >= 0 {
				a.Until = now.Add(min(firstBlock<<min(over, 10), MaxBlock))
			}
			if err := tx.PutAttempts(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// current reads a count, or a new one where it is forgotten. A count from later than any
// block reaches was made by a clock that was wrong; it must not bar anybody for a year.
func current(tx Tx, key id.Hash, now time.Time) (Attempts, error) {
	a, ok, err := tx.Attempts(key)
	last := a.At
	if a.Until.After(last) {
		last = a.Until
	}
	if !ok || now.Sub(last) >= attemptsWindow || last.Sub(now) > MaxBlock {
		a = Attempts{Key: key}
	}
	return a, err
}

// giveBack takes one try off a count: nothing was compared, or it was no guess.
func giveBack(tx Tx, keys ...id.Hash) error {
	for _, key := range keys {
		if key.IsZero() {
			continue
		}
		a, ok, err := tx.Attempts(key)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if a.Count--; a.Count <= 0 {
			err = tx.DropAttempts(key)
		} else {
			err = tx.PutAttempts(a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// countCode counts a try at any one-time code.
func (s *Service) countCode(ctx context.Context, address string) error {
	if err := s.count(ctx, limit{addressKey(address), AddressTries}); err != nil {
		return err
	}
	now, key := s.clock(), hashOf("codes", "")
	return s.update(ctx, func(tx Tx) error {
		a, ok, err := tx.Attempts(key)
		if err != nil {
			return err
		}
		if ago := now.Sub(a.At); !ok || ago < 0 || ago >= time.Minute {
			a = Attempts{Key: key, At: now}
		}
		if a.Count >= CodeTries {
			return tooMany(time.Minute - now.Sub(a.At))
		}
		a.Count++
		return tx.PutAttempts(a)
	})
}

func tooMany(wait time.Duration) error {
	seconds := int(math.Ceil(wait.Seconds()))
	return fault.New(fault.TooManyAttempts, "There were too many attempts. Wait %d seconds and try again; if you forgot your password, ask your administrator for a new one-time code.", seconds).
		With("retry_after_seconds", seconds)
}
