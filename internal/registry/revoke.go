package registry

import (
	"context"
	"time"

	"liandan/internal/fault"
	"liandan/internal/party"
)

// maxReason bounds the reason of a revocation, in characters.
const maxReason = 200

// RevokeKey makes events that the key signs from that time on refused. It may lie in the
// past, when a loss is noticed late. An earlier revocation stays: a key never gets sound
// again. Faults: invalid-request; not-found, for another organisation's key too;
// unavailable.
func (s *Service) RevokeKey(ctx context.Context, by Principal, kid string, from time.Time, reason string) (party.Key, error) {
	bad := fault.New(fault.InvalidRequest, "The key was not revoked; what is wrong is listed.")
	if from.IsZero() {
		bad.At("/from", "required", "is required")
	}
	checkText(bad, "/reason", reason, maxReason)
	if len(bad.Fields) > 0 {
		return party.Key{}, bad
	}
	noSuchKey := fault.New(fault.NotFound, "There is no such key among those you can revoke.")
	if _, ok := parseKid(kid); !ok {
		return party.Key{}, noSuchKey
	}
	from = from.UTC().Truncate(time.Millisecond)
	var k party.Key
	err := s.update(ctx, func(tx Tx) error {
		var ok bool
		var err error
		if k, ok, err = tx.Key(kid); err != nil {
			return err
		}
		if !ok || !by.manages(k.Party) {
			return noSuchKey
		}
		if k.RevokedAt.IsZero() || from.Before(k.RevokedAt) {
			if err := tx.RevokeKey(kid, from, reason); err != nil {
				return err
			}
		}
		k, _, err = readKey(tx, kid)
		return err
	})
	if err != nil {
		return party.Key{}, err
	}
	return k, nil
}
