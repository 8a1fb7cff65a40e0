package registry

import (
	"context"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// KeyRecord is a key as the register keeps it, with how far its life has been told to the
// log.
type KeyRecord struct {
	party.Key         // Valid is the device's own; lookups cut it to its person's
	Reason    string  // of the revocation
	Replaces  string  // kid of the key that handed over to it; "" for none
	Chapters  int64   // of its life, on their way into the log or there; 0: a key from before
	Newest    id.Hash // of the newest chapter; zero when there is none
}

// Words for who did it where no account did.
const (
	byRegister = "register" // the import of a register
	byServer   = "server"   // the server itself, telling what it found
	byUnknown  = "unknown"
)

func orUnknown(by string) string {
	if by == "" {
		return byUnknown
	}
	return by
}

// enter adds a key with the first chapter of its life, which c begins, and gives the key
// as it is in force.
func enter(tx Tx, k KeyRecord, c statement.Key) (party.Key, error) {
	if err := tx.AddKey(k); err != nil {
		return party.Key{}, err
	}
	return begin(tx, &k, c)
}

// begin writes the first chapter of a key that is kept.
func begin(tx Tx, k *KeyRecord, c statement.Key) (party.Key, error) {
	effective, err := inForce(tx, *k)
	if err != nil {
		return party.Key{}, err
	}
	jwk, err := signature.FormatJWK(k.Public)
	if err != nil {
		return party.Key{}, fault.Wrap(err, fault.Internal, "The key %s cannot be written.", k.Kid)
	}
	c.Party, c.Person, c.Device, c.JWK, c.Replaces = k.Party, k.Person, k.Device, jwk, k.Replaces
	c.From, c.To = effective.Valid.From, effective.Valid.To
	return effective, tell(tx, k, c)
}

// tell writes the next chapter of a key's life and keeps the key with it. c holds what
// happened; kid, number and the link to the chapter before are filled here.
func tell(tx Tx, k *KeyRecord, c statement.Key) error {
	c.Kid, c.N, c.Prev = k.Kid, k.Chapters+1, k.Newest
	st, err := c.Statement()
	if err != nil {
		return err
	}
	if err := tx.State(st); err != nil {
		return err
	}
	k.Chapters, k.Newest = c.N, st.Hash()
	return tx.PutKey(*k)
}

// catchUp states a key from before key histories, as it is now; what is changed next can
// then be told as a chapter of its own. A revocation from before is told as reported now:
// when it was reported was not kept, and no time in between can count as refused that the
// log was not told of.
func catchUp(tx Tx, k *KeyRecord, now time.Time) error {
	if k.Chapters > 0 {
		return nil
	}
	if _, err := begin(tx, k, statement.Key{What: statement.Enrolled, At: now, By: byServer}); err != nil || k.RevokedAt.IsZero() {
		return err
	}
	lost := k.RevokedAt
	k.RevokedAt, k.RefusedFrom = time.Time{}, time.Time{}
	k.Key = k.Revoke(lost, now)
	return tell(tx, k, statement.Key{What: statement.Revoked, At: now, By: byServer, Effective: lost, Reason: k.Reason})
}

// stateAtOnce is how many keys one transaction states.
const stateAtOnce = 200

// StateKeys puts the life of every key from before key histories on its way into the log,
// and says how many there were. The server calls it at its start; with nothing to do it is
// one look-up. Faults: unavailable, damaged.
func (s *Service) StateKeys(ctx context.Context) (int, error) {
	total := 0
	for {
		list, err := s.store.RegistryReader(ctx).Unstated(1)
		if err != nil || len(list) == 0 {
			return total, unavailable(err)
		}
		stated := 0
		err = s.update(ctx, func(tx Tx) error {
			list, err := tx.Unstated(stateAtOnce) // another server may have stated some meanwhile
			if err != nil {
				return err
			}
			for _, k := range list {
				if err := catchUp(tx, &k, s.clock()); err != nil {
					return err
				}
			}
			stated = len(list)
			return nil
		})
		if err != nil {
			return total, err
		}
		total += stated
	}
}

// limit tells of every key of a person whose time in the register changes, where the
// key's own time changes with it. The register must still hold the time before.
func limit(tx Tx, changed map[id.Person]change, now time.Time) error {
	people := make([]id.Person, 0, len(changed))
	for p := range changed {
		people = append(people, p)
	}
	keys, err := tx.KeysOf(people)
	if err != nil {
		return err
	}
	slices.SortFunc(keys, func(a, b KeyRecord) int { return strings.Compare(a.Kid, b.Kid) })
	for _, k := range keys {
		c := changed[k.Person]
		before, after := both(k.Valid, c.before), both(k.Valid, c.after)
		if samePeriod(before, after) {
			continue
		}
		if err := limitOne(tx, &k, after, byRegister, now); err != nil {
			return err
		}
	}
	return nil
}

// change is what an import does to a person's time.
type change struct{ before, after party.Period }

// limitOne tells that a key's time in force is another from now on.
func limitOne(tx Tx, k *KeyRecord, after party.Period, by string, now time.Time) error {
	if err := catchUp(tx, k, now); err != nil {
		return err
	}
	return tell(tx, k, statement.Key{What: statement.Limited, At: now, By: by, From: after.From, To: after.To})
}
