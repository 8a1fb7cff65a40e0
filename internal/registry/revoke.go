package registry

import (
	"context"
	"time"

	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/statement"
)

// maxReason bounds the reason of a revocation, in characters.
const maxReason = 200

// RevokeKey ends a key from a time on, which may lie in the past, when a loss is noticed
// late, even before the key was enrolled: then nothing that it signed counts. Events dated
// from then to now are contested, later ones refused; see party.Key. An earlier revocation
// stays: a key never gets sound again, and a revocation that takes nothing away is not told
// to the log. A key that took over from this one at that time or later goes with it.
// by is an opaque word for who did it. The reason goes into the log with it and
// should name nobody. The caller decides who may revoke what. Faults: invalid-request,
// not-found, unavailable.
func (s *Service) RevokeKey(ctx context.Context, by string, kid string, effective time.Time, reason string) (party.Key, error) {
	bad := fault.New(fault.InvalidRequest, "The key was not revoked; what is wrong is listed.")
	switch y := effective.UTC().Year(); {
	case effective.IsZero():
		bad.At("/from", "required", "is required")
	case y < 2000 || y > 2199:
		bad.At("/from", "out_of_range", "the year must be from 2000 to 2199")
	}
	checkText(bad, "/reason", reason, maxReason)
	if len(bad.Fields) > 0 {
		return party.Key{}, bad
	}
	noSuchKey := fault.New(fault.NotFound, "There is no such key among those you can revoke.")
	if _, ok := parseKid(kid); !ok {
		return party.Key{}, noSuchKey
	}
	effective, now := effective.UTC().Truncate(time.Millisecond), s.clock()
	var out party.Key
	err := s.update(ctx, func(tx Tx) error {
		k, ok, err := tx.Key(kid)
		if err != nil {
			return err
		}
		if !ok {
			return noSuchKey
		}
		if err := revokeLine(tx, k, statement.Key{What: statement.Revoked, At: now, By: orUnknown(by), Effective: effective, Reason: reason}); err != nil {
			return err
		}
		out, _, err = readKey(tx, kid)
		return err
	})
	if err != nil {
		return party.Key{}, err
	}
	return out, nil
}

// revokeLine revokes a key and those to which it handed over when it was lost already:
// whoever had the device then may have made them.
func revokeLine(tx Tx, k KeyRecord, c statement.Key) error {
	for {
		if err := revoke(tx, k, c); err != nil {
			return err
		}
		next, ok, err := tx.Successor(k.Kid)
		if err != nil || !ok || next.Valid.From.Add(Backdated).Before(c.Effective) {
			return err
		}
		k = next
	}
}

func revoke(tx Tx, k KeyRecord, c statement.Key) error {
	after := k.Revoke(c.Effective, c.At)
	if after.RevokedAt.Equal(k.RevokedAt) && after.RefusedFrom.Equal(k.RefusedFrom) {
		return nil
	}
	if err := catchUp(tx, &k, c.At); err != nil {
		return err
	}
	k.Key, k.Reason = k.Revoke(c.Effective, c.At), c.Reason
	return tell(tx, &k, c)
}
