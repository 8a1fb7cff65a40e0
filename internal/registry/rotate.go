package registry

import (
	"context"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// Limits of a rotation.
const (
	RotationSkew = 10 * time.Minute   // between the signer's clock and ours, either way
	Overlap      = 7 * 24 * time.Hour // how long the old key still signs: what is on its way is not lost
)

// handover is a rotation whose form and signatures are in order.
type handover struct{ signature.Rotation }

// Rotate lets a key hand over to a new one of the same person on the same device: a
// compact JWS of type signature.TypRotation, signed by the old key, whose payload is
// {"jwk":…,"proof":"…","at":"…"}. proof is the new key's own signature, of type
// signature.TypEnrolment, over {"challenge":"kid of the old key"}; at is the signer's time,
// within RotationSkew of ours, so that an old hand-over found somewhere is worth nothing.
//
// The new key is valid from Backdated before now for as many days as the old one was; the
// old one ends after Overlap, if it would not end sooner. A key hands over once, and not at
// all when a revocation is known: whoever found the device must not outlive it.
//
// Faults: those of signature.Open; invalid-request for a payload, key, proof or time that
// is wrong; unknown-key; bad-signature; key-revoked, key-expired, key-not-yet-valid of the
// old key; conflict when the new key is enrolled already or the old one has handed over;
// enrolment-refused when person and organisation no longer belong together; unavailable.
func (s *Service) Rotate(ctx context.Context, compact []byte) (party.Key, error) {
	now := s.clock()
	h, err := readHandover(compact, now)
	if err != nil {
		return party.Key{}, err
	}
	if _, ok := parseKid(h.Kid); !ok {
		return party.Key{}, unknownOld()
	}
	old, ok, err := s.store.RegistryReader(ctx).Key(h.Kid)
	if err != nil {
		return party.Key{}, unavailable(err)
	}
	if !ok {
		return party.Key{}, unknownOld()
	}
	if err := h.Verify(old.Public); err != nil {
		return party.Key{}, fault.New(fault.BadSignature, "The hand-over is not signed by the key that it names; sign it again with the old key.")
	}
	var k party.Key
	err = s.update(ctx, func(tx Tx) error { k, err = h.carryOut(tx, now); return err })
	if err != nil {
		return party.Key{}, err
	}
	return k, nil
}

func unknownOld() error {
	return fault.New(fault.UnknownKey, "The key that hands over is not enrolled here. Ask your administrator for a one-time code and enrol the new key.")
}

func readHandover(compact []byte, now time.Time) (handover, error) {
	r, err := signature.OpenRotation(compact)
	f := fault.As(err)
	if err != nil && (f == nil || f.Kind != fault.InvalidRequest || r.At == "") {
		return handover{}, err
	}
	if f == nil {
		f = fault.New(fault.InvalidRequest, "The key was not replaced; what is wrong is listed.")
	}
	if at, err := event.ParseTime(r.At); err != nil {
		f.At("/at", "format", "%v", err)
	} else if at.Before(now.Add(-RotationSkew)) || at.After(now.Add(RotationSkew)) {
		f.At("/at", "out_of_range", "must be within %d minutes of the server's time, %s; check the device's clock and sign anew", int(RotationSkew.Minutes()), now.Format(event.TimeForm))
	}
	if len(f.Fields) > 0 {
		return handover{}, f
	}
	return handover{r}, nil
}

// carryOut does it in one transaction: of two at once one wins.
func (h handover) carryOut(tx Tx, now time.Time) (party.Key, error) {
	old, ok, err := tx.Key(h.Kid)
	if err != nil {
		return party.Key{}, err
	}
	if !ok {
		return party.Key{}, unknownOld()
	}
	effective, err := inForce(tx, old)
	if err != nil {
		return party.Key{}, err
	}
	if err := h.mayHandOver(tx, effective, now); err != nil {
		return party.Key{}, err
	}
	if err := catchUp(tx, &old, now); err != nil {
		return party.Key{}, err
	}
	next := KeyRecord{Key: party.Key{Kid: h.NextKid, Party: old.Party, Person: old.Person, Device: old.Device, Public: h.Next,
		Valid: party.Period{From: now.Add(-Backdated)}}, Replaces: old.Kid}
	if !old.Valid.To.IsZero() {
		next.Valid.To = now.Add(old.Valid.To.Sub(old.Valid.From) - Backdated)
	}
	by := "key:" + old.Kid
	k, err := enter(tx, next, statement.Key{What: statement.Rotated, At: now, By: by, Proof: string(h.Compact)})
	if err != nil {
		return party.Key{}, err
	}
	return k, retire(tx, old, effective, by, now)
}

// mayHandOver asks whether the old key may still speak for its person, and the new one is
// new.
func (h handover) mayHandOver(tx Tx, old party.Key, now time.Time) error {
	const again = "Ask your administrator for a one-time code and enrol the new key."
	if !old.RevokedAt.IsZero() {
		return fault.New(fault.KeyRevoked, "The old key is revoked; it cannot hand over. %s", again)
	}
	if err := old.Sound(now); err != nil {
		return fault.New(fault.Of(err), "The old key is not valid now; it cannot hand over. %s", again)
	}
	if ok, err := belongs(tx, Enrolment{Party: old.Party, Person: old.Person}, now); err != nil {
		return err
	} else if !ok {
		return fault.New(fault.EnrolmentRefused, "The organisation or the person is not in force in the register now. Ask your administrator.")
	}
	if _, there, err := tx.Key(h.NextKid); err != nil {
		return err
	} else if there {
		return fault.New(fault.Conflict, "The new key is already enrolled. If this device enrolled it, it can sign now; otherwise make a new key and sign anew.").With("kid", h.NextKid)
	}
	if next, there, err := tx.Successor(old.Kid); err != nil {
		return err
	} else if there {
		return fault.New(fault.Conflict, "The old key has handed over already. If this device does not have that key, report this one lost. %s", again).With("kid", next.Kid)
	}
	return nil
}

// retire cuts the old key's time to the overlap.
func retire(tx Tx, old KeyRecord, before party.Key, by string, now time.Time) error {
	end := now.Add(Overlap)
	if !old.Valid.To.IsZero() && !old.Valid.To.After(end) {
		return nil
	}
	old.Valid.To = end
	after, err := inForce(tx, old)
	if err != nil {
		return err
	}
	if samePeriod(before.Valid, after.Valid) { // its person's time ends sooner
		return tx.PutKey(old)
	}
	return limitOne(tx, &old, after.Valid, by, now)
}
