package registrytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/signature"
)

// clerk is who makes codes and revokes keys here.
const clerk = "account:SAMPLE"

// newCode makes a code for the person N-1 of an organisation of the sample.
func (b *bench) newCode(org int) string {
	b.Helper()
	p := registry.PartyID(Code(org))
	code, expires, err := b.NewEnrolment(b.Context(), clerk, p, registry.PersonID(p, "N-1"), "样例手机 SAMPLE", 365)
	b.must(err)
	if want := b.clock.Now().UTC().Truncate(time.Millisecond).Add(24 * time.Hour); !expires.Equal(want) {
		b.Errorf("the code expires at %s, want %s", expires, want)
	}
	return code
}

func (b *bench) challenge(s *signature.Signer, code string) string {
	b.Helper()
	jwk, err := signature.FormatJWK(s.Public())
	b.must(err)
	challenge, expires, err := b.Challenge(b.Context(), code, jwk)
	b.must(err)
	if left := expires.Sub(b.clock.Now()); left <= 0 || left > 10*time.Minute {
		b.Errorf("the challenge lasts %s", left)
	}
	return challenge
}

func (b *bench) answer(s *signature.Signer, challenge string) []byte {
	b.Helper()
	payload, err := json.Marshal(map[string]string{"challenge": challenge})
	b.must(err)
	jws, err := s.Sign(payload, signature.TypEnrolment)
	b.must(err)
	return jws
}

func (b *bench) enrolWith(s *signature.Signer, code string) party.Key {
	b.Helper()
	k, err := b.Complete(b.Context(), b.answer(s, b.challenge(s, code)))
	b.must(err)
	return k
}

func (b *bench) enrol(s *signature.Signer, org int) party.Key {
	b.Helper()
	return b.enrolWith(s, b.newCode(org))
}

func enrolment(b *bench) {
	b.sample()
	s, p := b.signer(), registry.PartyID(Code(1))
	code := b.newCode(1)
	if len(code) != 11 {
		b.Errorf("the code %q", code)
	}
	challenge := b.challenge(s, strings.ToLower(code[:4]+"-"+code[4:8]+" "+code[8:])) // as a person types it
	if again := b.challenge(s, code); again == challenge || len(again) != 43 {
		b.Errorf("a second challenge %q after %q", again, challenge)
	} else {
		_, err := b.Complete(b.Context(), b.answer(s, challenge)) // the replaced one
		b.kind(err, fault.EnrolmentRefused)
		challenge = again
	}
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	want := party.Key{Kid: s.Kid(), Party: p, Person: registry.PersonID(p, "N-1"), Device: "样例手机 SAMPLE", Public: s.Public(),
		Valid: party.Period{From: now.Add(-5 * time.Minute), To: now.Add(365 * 24 * time.Hour)}}
	k, err := b.Complete(b.Context(), b.answer(s, challenge))
	if err != nil || !reflect.DeepEqual(k, want) {
		b.Fatalf("%+v %v, want %+v", k, err, want)
	}
	for range 2 {
		if got, ok, err := b.Key(b.Context(), s.Kid()); err != nil || !ok || !reflect.DeepEqual(got, want) {
			b.Errorf("%+v %v %v", got, ok, err)
		}
	}
	b.kind(k.Sound(now.Add(-5*time.Minute-time.Millisecond)), fault.KeyNotYetValid)
	b.must(k.Sound(now.Add(-5 * time.Minute)))
	b.kind(k.Sound(want.Valid.To), fault.KeyExpired)

	jwk, err := signature.FormatJWK(b.signer().Public())
	b.must(err)
	_, _, err = b.Challenge(b.Context(), code, jwk)
	b.kind(err, fault.EnrolmentRefused) // a code works once
	stored, err := b.Store.Store.RegistryReader(b.Context()).Kids()
	if err != nil || len(stored) != 1 {
		b.Errorf("%v %v", stored, err)
	}
}

func enrolmentES256(b *bench) {
	b.sample()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.must(err)
	s, err := signature.NewSigner(key)
	b.must(err)
	k := b.enrol(s, 2)
	got, ok, err := b.Key(b.Context(), k.Kid)
	if err != nil || !ok || !key.PublicKey.Equal(got.Public) {
		b.Fatalf("%+v %v %v", got, ok, err)
	}
	jws, err := s.Sign([]byte(`{}`), signature.TypEvent)
	b.must(err)
	signed, err := signature.Open(jws, signature.TypEvent)
	b.must(err)
	b.must(signed.Verify(got.Public))
}

func enrolmentIsForOwnDevices(b *bench) {
	b.sample()
	p := registry.PartyID(Code(1))
	person := registry.PersonID(p, "N-1")
	before := b.version()
	for name, c := range map[string]struct {
		org    int
		device string
		days   int
		want   fault.Kind
	}{
		"no such organisation":      {3, "SAMPLE", 1, fault.NotFound},
		"another's person":          {2, "SAMPLE", 1, fault.InvalidRequest},
		"no device":                 {1, "", 1, fault.InvalidRequest},
		"a device with a control":   {1, "SAMPLE\n", 1, fault.InvalidRequest},
		"a device turned around":    {1, "SAMPLE\u202eX", 1, fault.InvalidRequest},
		"a device with a long name": {1, strings.Repeat("样", 65), 1, fault.InvalidRequest},
		"no days":                   {1, "SAMPLE", 0, fault.InvalidRequest},
		"too many days":             {1, "SAMPLE", registry.MaxValidDays + 1, fault.InvalidRequest},
	} {
		code, _, err := b.NewEnrolment(b.Context(), clerk, registry.PartyID(Code(c.org)), person, c.device, c.days)
		if fault.Of(err) != c.want || code != "" {
			b.Errorf("%s: %q %v, want %s", name, code, err, c.want)
		}
	}
	if v := b.version(); v != before {
		b.Errorf("refused requests moved the version from %d to %d", before, v)
	}
	_, _, err := b.NewEnrolment(b.Context(), clerk, p, person, "SAMPLE", registry.MaxValidDays)
	b.must(err)
}

// enrolmentRefusals checks that whoever lacks a good code hears one answer.
func enrolmentRefusals(b *bench) {
	b.sample()
	s, thief := b.signer(), b.signer()
	jwk, err := signature.FormatJWK(s.Public())
	b.must(err)
	code := b.newCode(1)
	challenge := b.challenge(s, code)
	expired, late := b.newCode(1), b.challenge(s, b.newCode(2))
	var said []string
	refused := func(name string, err error) {
		b.Helper()
		f := fault.As(err)
		if f == nil || f.Kind != fault.EnrolmentRefused || len(f.Fields) > 0 || len(f.Facts) > 0 {
			b.Errorf("%s: %v", name, err)
			return
		}
		said = append(said, f.Sentence)
	}
	try := func(name, code string) {
		b.Helper()
		_, _, err := b.Challenge(b.Context(), code, jwk)
		refused(name, err)
	}
	try("a code with a letter changed", swap(code, 0))
	try("a code with its check changed", swap(code, 10))
	try("no code", "")
	try("a long code", strings.Repeat(code, 9))
	try("a code outside the alphabet", "!!!!!!!!!!!")
	try("a code nobody has", "00000000000")
	for name, jws := range map[string][]byte{
		"a challenge nobody has":      b.answer(s, kidOf("x")),
		"no challenge's form":         b.answer(s, "\x00"),
		"another key":                 b.answer(thief, challenge),
		"a signature changed":         flip(b.answer(s, challenge)),
		"another key under this name": graft(b.answer(s, challenge), b.answer(thief, challenge)),
	} {
		_, err := b.Complete(b.Context(), jws)
		refused(name, err)
	}
	b.clock.Add(10 * time.Minute)
	_, err = b.Complete(b.Context(), b.answer(s, late))
	refused("a challenge after ten minutes", err)
	b.clock.Add(24 * time.Hour)
	try("a code after a day", expired)
	for _, sentence := range said {
		if sentence != said[0] || !strings.Contains(sentence, "new code") {
			b.Errorf("refusals differ: %q and %q", sentence, said[0])
		}
	}
	b.noKeys()
}

// enrolmentForms checks that whoever sends a wrong form hears what is wrong with it.
func enrolmentForms(b *bench) {
	b.sample()
	s := b.signer()
	for name, c := range map[string]struct {
		typ, payload string
		want         fault.Kind
	}{
		"an event":            {signature.TypEvent, `{"challenge":"x"}`, fault.HeaderMember},
		"a repeated member":   {signature.TypEnrolment, `{"challenge":"x","challenge":"y"}`, fault.InvalidRequest},
		"an unknown member":   {signature.TypEnrolment, `{"challenge":"x","more":1}`, fault.InvalidRequest},
		"another case":        {signature.TypEnrolment, `{"Challenge":"x"}`, fault.InvalidRequest},
		"trailing data":       {signature.TypEnrolment, `{"challenge":"x"}{}`, fault.InvalidRequest},
		"bad UTF-8":           {signature.TypEnrolment, "{\"challenge\":\"\xff\"}", fault.InvalidRequest},
		"a number":            {signature.TypEnrolment, `{"challenge":1}`, fault.InvalidRequest},
		"an empty challenge":  {signature.TypEnrolment, `{"challenge":""}`, fault.InvalidRequest},
		"an array":            {signature.TypEnrolment, `[]`, fault.InvalidRequest},
		"no challenge at all": {signature.TypEnrolment, `{}`, fault.InvalidRequest},
	} {
		jws, err := s.Sign([]byte(c.payload), c.typ)
		b.must(err)
		if _, err := b.Complete(b.Context(), jws); fault.Of(err) != c.want {
			b.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for _, jwk := range []string{"", "{}", `{"kty":"oct","k":"AAAA"}`, `{"kty":"OKP","crv":"Ed25519","x":"AAAA"}`, strings.Repeat("x", 2000)} {
		_, _, err := b.Challenge(b.Context(), b.newCode(1), []byte(jwk))
		b.kind(err, fault.InvalidRequest)
	}
	b.noKeys()
}

func (b *bench) noKeys() {
	b.Helper()
	if kids, err := b.Store.Store.RegistryReader(b.Context()).Kids(); err != nil || len(kids) != 0 {
		b.Errorf("keys after refusals: %v %v", kids, err)
	}
}

// swap changes one character of a code to another of the alphabet.
func swap(code string, at int) string {
	c := "0"
	if code[at] == '0' {
		c = "1"
	}
	return code[:at] + c + code[at+1:]
}

// flip changes one bit of a JWS's signature.
func flip(jws []byte) []byte {
	i := len(jws) - 10
	c := byte('A')
	if jws[i] == 'A' {
		c = 'B'
	}
	jws[i] = c
	return jws
}

// graft puts another JWS's signature under a JWS.
func graft(jws, other []byte) []byte {
	a, o := strings.Split(string(jws), "."), strings.Split(string(other), ".")
	return []byte(a[0] + "." + a[1] + "." + o[2])
}

func enrolmentAttempts(b *bench) {
	b.sample()
	s, code := b.signer(), b.newCode(1)
	var challenge string
	for range registry.MaxAttempts {
		challenge = b.challenge(s, code)
	}
	jwk, err := signature.FormatJWK(s.Public())
	b.must(err)
	_, _, err = b.Challenge(b.Context(), code, jwk)
	b.kind(err, fault.EnrolmentRefused)
	_, err = b.Complete(b.Context(), b.answer(s, challenge)) // the last challenge still holds
	b.must(err)
}

func enrolmentAttemptsInParallel(b *bench) {
	b.sample()
	code := b.newCode(1)
	jwk, err := signature.FormatJWK(b.signer().Public())
	b.must(err)
	var given, refused atomic.Int64
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			switch _, _, err := b.another().Challenge(b.Context(), code, jwk); fault.Of(err) {
			case "":
				given.Add(1)
			case fault.EnrolmentRefused:
				refused.Add(1)
			default:
				b.Error(err)
			}
		})
	}
	wg.Wait()
	if given.Load() != registry.MaxAttempts || refused.Load() != 12-registry.MaxAttempts {
		b.Errorf("%d challenges for one code, %d refused", given.Load(), refused.Load())
	}
}

func enrolmentOnceInParallel(b *bench) {
	b.sample()
	s, code := b.signer(), b.newCode(1)
	jws := b.answer(s, b.challenge(s, code))
	var done, conflict atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch _, err := b.another().Complete(b.Context(), jws); fault.Of(err) {
			case "":
				done.Add(1)
			case fault.Conflict:
				conflict.Add(1)
			default:
				b.Error(err)
			}
		})
	}
	wg.Wait()
	if done.Load() != 1 || conflict.Load() != 7 {
		b.Errorf("one code enrolled %d times, %d conflicts", done.Load(), conflict.Load())
	}
}

func enrolmentConflict(b *bench) {
	b.sample()
	s := b.signer()
	first := b.newCode(1)
	jws := b.answer(s, b.challenge(s, first))
	k, err := b.Complete(b.Context(), jws)
	b.must(err)
	_, err = b.Complete(b.Context(), jws) // the answer was lost, the device asks again
	b.kind(err, fault.Conflict)
	second := b.newCode(2)
	_, err = b.Complete(b.Context(), b.answer(s, b.challenge(s, second)))
	b.kind(err, fault.Conflict)
	if got, _, err := b.Key(b.Context(), k.Kid); err != nil || !reflect.DeepEqual(got, k) {
		b.Errorf("the conflict changed the key to %+v %v", got, err)
	}
	b.enrolWith(b.signer(), second) // the conflict did not use the code up
}

func enrolmentOfWhoHasLeft(b *bench) {
	b.sample()
	s, code := b.signer(), b.newCode(1)
	jws := b.answer(s, b.challenge(s, code))
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-03-01\n", Code(1)))
	_, err := b.Complete(b.Context(), jws)
	b.kind(err, fault.EnrolmentRefused)
	p := registry.PartyID(Code(1))
	_, _, err = b.NewEnrolment(b.Context(), clerk, p, registry.PersonID(p, "N-1"), "SAMPLE", 1)
	b.kind(err, fault.InvalidRequest)
}

func enrolmentFailures(b *bench) {
	b.sample()
	s, code := b.signer(), b.newCode(1)
	challenge := b.challenge(s, code)
	jwk, err := signature.FormatJWK(s.Public())
	b.must(err)
	for range registry.MaxFailures {
		_, err := b.Complete(b.Context(), b.answer(s, kidOf("guess")))
		b.kind(err, fault.EnrolmentRefused)
	}
	rows := b.Store.Rows.Load()
	_, err = b.Complete(b.Context(), b.answer(s, challenge))
	b.kind(err, fault.Overloaded) // the good one too, or guessing could go on
	_, _, err = b.Challenge(b.Context(), code, jwk)
	b.kind(err, fault.Overloaded)
	if b.Store.Rows.Load() != rows {
		b.Error("guesses beyond the cap reached the database")
	}
	b.clock.Add(time.Minute)
	_, err = b.Complete(b.Context(), b.answer(s, challenge))
	b.must(err)
}
