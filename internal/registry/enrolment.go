package registry

import (
	"context"
	"encoding/base64"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// Limits of enrolment.
const (
	CodeLife      = 24 * time.Hour
	ChallengeLife = 10 * time.Minute
	maxDevice     = 64   // characters of a device's name
	MaxAttempts   = 5    // challenges for one code
	MaxValidDays  = 1826 // five years
	// MaxFailures a minute, over all codes: guessing 50 bits at this rate is hopeless.
	MaxFailures = 300
	// Backdated is how far before its enrolment a key is valid: a phone whose clock runs a
	// few minutes behind the server's dates its first events before the enrolment, and
	// they would be refused as signed with a key not yet valid.
	Backdated = 5 * time.Minute
)

// NewEnrolment makes a one-time code with which a device of that person can enrol a key
// that is valid for some days. The code is given this once and not kept. by is an opaque
// word for who made it. Faults: not-found, invalid-request, unavailable.
func (s *Service) NewEnrolment(ctx context.Context, by string, p id.Party, person id.Person, device string, validDays int) (string, time.Time, error) {
	bad := fault.New(fault.InvalidRequest, "No code was made; what is wrong is listed.")
	checkText(bad, "/device", device, maxDevice)
	if validDays < 1 || validDays > MaxValidDays {
		bad.At("/valid_days", "out_of_range", "must be from 1 to %d", MaxValidDays)
	}
	if len(bad.Fields) > 0 {
		return "", time.Time{}, bad
	}
	var random [codeDigits]byte
	if err := s.draw(random[:]); err != nil {
		return "", time.Time{}, err
	}
	code, now := newCode(random), s.clock()
	e := Enrolment{CodeHash: codeHash(code), Party: p, Person: person, Device: device, By: by, ValidDays: validDays, Expires: now.Add(CodeLife)}
	err := s.update(ctx, func(tx Tx) error {
		ok, err := belongs(tx, e, now)
		if err != nil {
			return err
		}
		if !ok {
			return bad.At("/person", "unknown", "must be a person of that organisation; both must be valid now")
		}
		return tx.AddEnrolment(e)
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return code, e.Expires, nil
}

func unknownParty() error {
	return fault.New(fault.NotFound, "There is no such organisation among those whose devices you can enrol.")
}

// belongs says whether organisation and person are valid now and belong together. The
// fault not-found means that there is no such organisation.
func belongs(r Reader, e Enrolment, now time.Time) (bool, error) {
	org, ok, err := r.Organisation(e.Party)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, unknownParty()
	}
	person, ok, err := r.Person(e.Person)
	if err != nil {
		return false, err
	}
	return ok && person.Party == e.Party && person.Valid.Holds(now) && org.Valid.Holds(now), nil
}

// Challenge answers a code and a public key (JWK) with a challenge for that key to sign.
// The attempt is counted in the same transaction that makes the challenge, and the answer
// leaves after its commit, so that no crash and no parallel request gives a free try. A
// second challenge replaces the first.
//
// A JWK that cannot be used is an invalid-request, said before the code is looked at.
// Everything else that is wrong is one enrolment-refused. Too many failures in a minute,
// anybody's: overloaded. Also unavailable.
func (s *Service) Challenge(ctx context.Context, code string, jwk []byte) (string, time.Time, error) {
	pub, err := signature.ParseJWK(jwk)
	if err != nil {
		return "", time.Time{}, err
	}
	kept, err := signature.FormatJWK(pub)
	if err != nil {
		return "", time.Time{}, fault.Wrap(err, fault.InvalidRequest, "The key is not usable.")
	}
	now := s.clock()
	if s.failures.many(now) {
		return "", time.Time{}, tooMany()
	}
	code, ok := parseCode(code)
	if !ok { // mistyped: it cannot be anyone's code, and trying it gains nothing
		return "", time.Time{}, refused()
	}
	var random [32]byte
	if err := s.draw(random[:]); err != nil {
		return "", time.Time{}, err
	}
	var e Enrolment
	err = s.update(ctx, func(tx Tx) error {
		var ok bool
		if e, ok, err = tx.Enrolment(codeHash(code)); err != nil {
			return err
		}
		if !ok || !e.Used.IsZero() || !now.Before(e.Expires) || e.Attempts >= MaxAttempts {
			return refused()
		}
		e.Attempts++
		e.Challenge, e.JWK = challengeWords.EncodeToString(random[:]), kept
		e.ChallengeExpires = now.Add(ChallengeLife)
		if e.Expires.Before(e.ChallengeExpires) {
			e.ChallengeExpires = e.Expires
		}
		return tx.PutEnrolment(e)
	})
	if err != nil {
		return "", time.Time{}, s.failed(err, now)
	}
	return e.Challenge, e.ChallengeExpires, nil
}

// Complete enrols the key that signed the challenge: a compact JWS of type
// signature.TypEnrolment whose payload is {"challenge":"…"}. The key is valid from
// Backdated before now for the days that the administrator gave.
//
// A JWS or payload of the wrong form gets the faults of signature.Open and
// invalid-request, which depend on nothing kept here. A key that is enrolled already,
// with this very code for example when an answer was lost, is a conflict, told only to
// who can sign with it. Everything else that is wrong is one enrolment-refused. Also
// overloaded, unavailable.
func (s *Service) Complete(ctx context.Context, compact []byte) (party.Key, error) {
	signed, err := signature.Open(compact, signature.TypEnrolment)
	if err != nil {
		return party.Key{}, err
	}
	var answer struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(signed.Payload, &answer, json.RejectUnknownMembers(true)); err != nil || answer.Challenge == "" {
		return party.Key{}, fault.Wrap(err, fault.InvalidRequest, "The payload must be {\"challenge\":\"…\"} with the challenge as it was given, and nothing else.").
			At("/challenge", "format", "must be the challenge, in a JSON object without other members")
	}
	now := s.clock()
	if s.failures.many(now) {
		return party.Key{}, tooMany()
	}
	if !isChallenge(answer.Challenge) {
		return party.Key{}, s.failed(refused(), now)
	}
	e, ok, err := s.store.RegistryReader(ctx).Challenged(answer.Challenge)
	if err != nil {
		return party.Key{}, unavailable(err)
	}
	if !ok {
		return party.Key{}, s.failed(refused(), now)
	}
	pub, err := signature.ParseJWK(e.JWK)
	if err != nil {
		return party.Key{}, fault.Wrap(err, fault.Damaged, "The key kept with the challenge cannot be read.")
	}
	if kid, err := signature.Thumbprint(pub); err != nil || kid != signed.Kid || signed.Verify(pub) != nil {
		return party.Key{}, s.failed(refused(), now)
	}
	k := party.Key{Kid: signed.Kid, Party: e.Party, Person: e.Person, Device: e.Device, Public: pub,
		Valid: party.Period{From: now.Add(-Backdated), To: now.AddDate(0, 0, e.ValidDays)}}
	err = s.update(ctx, func(tx Tx) error { k, err = complete(tx, answer.Challenge, compact, k, now); return err })
	if err != nil {
		return party.Key{}, s.failed(err, now)
	}
	return k, nil
}

// challengeWords spells the 32 random bytes of a challenge.
var challengeWords = base64.RawURLEncoding.Strict()

// isChallenge keeps from the database what cannot be a challenge, such as a text with a
// zero byte, which PostgreSQL does not take.
func isChallenge(s string) bool {
	b, err := challengeWords.DecodeString(s)
	return err == nil && len(b) == 32
}

// complete uses the code up and adds the key, in one transaction: of two at once one wins.
func complete(tx Tx, challenge string, proof []byte, k party.Key, now time.Time) (party.Key, error) {
	if _, there, err := tx.Key(k.Kid); err != nil {
		return k, err
	} else if there {
		return k, fault.New(fault.Conflict, "This key is already enrolled. If this device enrolled it, it can sign now; otherwise make a new key and ask for a new challenge.").
			With("kid", k.Kid)
	}
	e, ok, err := tx.Challenged(challenge)
	if err != nil {
		return k, err
	}
	if !ok || !e.Used.IsZero() || !now.Before(e.ChallengeExpires) {
		return k, refused()
	}
	if ok, err := belongs(tx, e, now); err != nil {
		return k, err
	} else if !ok {
		return k, refused()
	}
	e.Used = now
	if err := tx.PutEnrolment(e); err != nil {
		return k, err
	}
	return enter(tx, KeyRecord{Key: k}, statement.Key{What: statement.Enrolled, At: now, By: orUnknown(e.By), Proof: string(proof)})
}

// refused is the one answer to whoever lacks a good code. It says what to do and not
// which part was wrong, so that it helps nobody to guess.
func refused() *fault.Error {
	return fault.New(fault.EnrolmentRefused, "The device was not enrolled. Ask your administrator for a new code and enrol within 24 hours; sign the challenge within 10 minutes with the same key.")
}

func tooMany() error {
	return fault.New(fault.Overloaded, "Too many enrolments have failed in the last minute. Wait a minute and try again.")
}

// failed counts a refusal.
func (s *Service) failed(err error, now time.Time) error {
	if fault.Of(err) == fault.EnrolmentRefused {
		s.failures.add(now)
	}
	return err
}

// failures counts refusals of the running minute, over all callers.
type failures struct {
	mu    sync.Mutex
	since time.Time
	count int
}

func (f *failures) add(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ago := now.Sub(f.since); ago < 0 || ago >= time.Minute {
		f.since, f.count = now, 0
	}
	f.count++
}

func (f *failures) many(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	ago := now.Sub(f.since)
	return ago >= 0 && ago < time.Minute && f.count >= MaxFailures
}
