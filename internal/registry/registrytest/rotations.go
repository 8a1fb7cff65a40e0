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

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// handover is what a device sends to let its key hand over; change spoils its members.
func (b *bench) handover(old, next *signature.Signer, change func(map[string]any)) []byte {
	b.Helper()
	jwk, err := signature.FormatJWK(next.Public())
	b.must(err)
	m := map[string]any{"jwk": json.RawMessage(jwk), "proof": string(b.answer(next, old.Kid())),
		"at": b.clock.Now().UTC().Truncate(time.Millisecond).Format(event.TimeForm)}
	if change != nil {
		change(m)
	}
	payload, err := json.Marshal(m)
	b.must(err)
	jws, err := old.Sign(payload, signature.TypRotation)
	b.must(err)
	return jws
}

func (b *bench) rotate(old, next *signature.Signer) party.Key {
	b.Helper()
	k, err := b.Rotate(b.Context(), b.handover(old, next, nil))
	b.must(err)
	return k
}

// p256 makes a key as a phone's or a card's secure element has it: Go's own ECDSA stands
// for the hardware, which signs and never shows the private half.
func (b *bench) p256() *signature.Signer {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.must(err)
	s, err := signature.NewSigner(key)
	b.must(err)
	return s
}

// rotation: Ed25519 hands over to P-256 and back, with a week in which both sign.
func rotation(b *bench) {
	b.sample()
	first, hard, soft := b.signer(), b.p256(), b.signer()
	old := b.enrol(first, 1)
	b.clock.Add(100 * 24 * time.Hour)
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	jws := b.handover(first, hard, nil)
	k, err := b.Rotate(b.Context(), jws)
	b.must(err)
	want := party.Key{Kid: hard.Kid(), Party: old.Party, Person: old.Person, Device: old.Device, Public: hard.Public(),
		Valid: party.Period{From: now.Add(-5 * time.Minute), To: now.Add(365 * 24 * time.Hour)}}
	if !reflect.DeepEqual(k, want) || !reflect.DeepEqual(mustKey(b, k.Kid), want) {
		b.Errorf("%+v, want %+v", k, want)
	}
	week := now.Add(7 * 24 * time.Hour)
	retired := mustKey(b, old.Kid)
	if !retired.Valid.From.Equal(old.Valid.From) || !retired.Valid.To.Equal(week) {
		b.Errorf("the old key is valid %+v", retired.Valid)
	}
	b.must(retired.Sound(week.Add(-time.Millisecond)))
	b.kind(retired.Sound(week), fault.KeyExpired)
	b.must(k.Sound(now.Add(-5 * time.Minute)))

	life := b.life(k.Kid)
	if len(life) != 1 || life[0].What != statement.Rotated || life[0].Replaces != old.Kid || life[0].Proof != string(jws) || life[0].By != "key:"+old.Kid {
		b.Errorf("the new key's life: %+v", life)
	}
	if life := b.life(old.Kid); len(life) != 2 || life[1].What != statement.Limited || !life[1].To.Equal(week) {
		b.Errorf("the old key's life: %+v", life)
	}
	event, err := hard.Sign([]byte(`{}`), signature.TypEvent)
	b.must(err)
	signed, err := signature.Open(event, signature.TypEvent)
	b.must(err)
	b.must(signed.Verify(mustKey(b, k.Kid).Public))

	b.clock.Add(24 * time.Hour)
	again := b.rotate(hard, soft)
	if days := again.Valid.To.Sub(b.clock.Now()).Round(time.Hour); days != 365*24*time.Hour {
		b.Errorf("the third key is valid for %s", days)
	}
	b.life(soft.Kid())
	b.life(hard.Kid())
	_, err = b.Rotate(b.Context(), b.handover(first, b.signer(), nil)) // the first still signs events
	b.kind(err, fault.Conflict)
}

func rotationRefusals(b *bench) {
	b.sample()
	ctx := b.Context()
	old, next := b.signer(), b.signer()
	b.enrol(old, 1)
	thief := b.signer()
	taken := b.enrol(b.signer(), 2)
	lost, later := b.signer(), b.signer()
	b.enrol(lost, 1)
	b.enrol(later, 1)
	b.clock.Add(time.Hour)
	now := b.clock.Now()
	_, err := b.RevokeKey(ctx, clerk, lost.Kid(), now.Add(-time.Minute), "SAMPLE")
	b.must(err)
	_, err = b.RevokeKey(ctx, clerk, later.Kid(), now.Add(48*time.Hour), "SAMPLE: leaves the day after tomorrow")
	b.must(err)
	before, said := b.version(), len(b.keysSaid())
	good := b.handover(old, next, nil)
	other := b.handover(thief, next, nil)
	for name, c := range map[string]struct {
		jws  []byte
		want fault.Kind
	}{
		"a key nobody enrolled":      {other, fault.UnknownKey},
		"a signature changed":        {flip(append([]byte{}, good...)), fault.BadSignature},
		"another's signature":        {graft(good, other), fault.BadSignature},
		"a revoked key":              {b.handover(lost, next, nil), fault.KeyRevoked},
		"a key that will be revoked": {b.handover(later, next, nil), fault.KeyRevoked},
		"an event":                   {b.answer(old, next.Kid()), fault.HeaderMember},
		"no JWS":                     {[]byte("x"), fault.MalformedJWS},
		"nothing":                    {nil, fault.MalformedJWS},
		"too large":                  {[]byte(strings.Repeat("x", signature.MaxCompact+1)), fault.TooLarge},
	} {
		k, err := b.Rotate(ctx, c.jws)
		if fault.Of(err) != c.want || k.Kid != "" {
			b.Errorf("%s: %+v %v, want %s", name, k, err, c.want)
		}
	}
	if b.version() != before || len(b.keysSaid()) != said {
		b.Error("a refused hand-over changed something")
	}
	if _, ok, _ := b.Key(ctx, taken.Kid); !ok {
		b.Error("the other's key is gone")
	}
	b.rotate(old, next)
	_, err = b.Rotate(ctx, good) // the answer was lost, the device asks again
	b.kind(err, fault.Conflict)
	if kid := fault.As(err).Facts["kid"]; kid != next.Kid() {
		b.Errorf("the conflict is about %v", kid)
	}
	b.clock.Add(8 * 24 * time.Hour)
	_, err = b.Rotate(ctx, b.handover(old, b.signer(), nil)) // its week is over
	b.kind(err, fault.KeyExpired)
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-03-05\n", Code(1)))
	_, err = b.Rotate(ctx, b.handover(next, b.signer(), nil)) // has left
	b.kind(err, fault.KeyExpired)
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-1\n", Code(1)))
	b.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles,valid_to\n%s,SAMPLE,medical,2026-03-05\n", Code(1)))
	_, err = b.Rotate(ctx, b.handover(next, b.signer(), nil)) // the hospital is closed
	b.kind(err, fault.EnrolmentRefused)
}

// rotationForms: whoever sends a wrong form hears everything that is wrong with it.
func rotationForms(b *bench) {
	b.sample()
	old, next, third := b.signer(), b.signer(), b.signer()
	b.enrol(old, 1)
	before := b.version()
	at := func(d time.Duration) string {
		return b.clock.Now().Add(d).Truncate(time.Millisecond).Format(event.TimeForm)
	}
	jwk := func(s *signature.Signer) json.RawMessage {
		raw, err := signature.FormatJWK(s.Public())
		b.must(err)
		return raw
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   string // pointers
	}{
		"nothing in it":     {func(m map[string]any) { clear(m) }, "/jwk /proof /at"},
		"an unknown member": {func(m map[string]any) { m["more"] = 1 }, "/more"},
		"a text as the key": {func(m map[string]any) { m["jwk"] = "x" }, "/jwk"},
		"a private key": {func(m map[string]any) {
			m["jwk"] = map[string]string{"kty": "OKP", "crv": "Ed25519", "d": "x", "x": "x"}
		}, "/jwk"},
		"the same key":          {func(m map[string]any) { m["jwk"], m["proof"] = jwk(old), string(b.answer(old, old.Kid())) }, "/jwk"},
		"no proof":              {func(m map[string]any) { m["proof"] = "" }, "/proof"},
		"a number as the proof": {func(m map[string]any) { m["proof"] = 1 }, "/proof"},
		"a broken proof":        {func(m map[string]any) { m["proof"] = "a.b" }, "/proof"},
		"the old key's proof":   {func(m map[string]any) { m["proof"] = string(b.answer(old, old.Kid())) }, "/proof"},
		"a third key's proof":   {func(m map[string]any) { m["proof"] = string(b.answer(third, old.Kid())) }, "/proof"},
		"a proof for another":   {func(m map[string]any) { m["proof"] = string(b.answer(next, third.Kid())) }, "/proof"},
		"a proof cut":           {func(m map[string]any) { m["proof"] = string(flip(b.answer(next, old.Kid()))) }, "/proof"},
		"a grafted proof": {func(m map[string]any) {
			m["proof"] = string(graft(b.answer(next, old.Kid()), b.answer(third, old.Kid())))
		}, "/proof"},
		"an hour ago":          {func(m map[string]any) { m["at"] = at(-time.Hour) }, "/at"},
		"ten minutes ago":      {func(m map[string]any) { m["at"] = at(-10*time.Minute - time.Second) }, "/at"},
		"in ten minutes":       {func(m map[string]any) { m["at"] = at(10*time.Minute + time.Second) }, "/at"},
		"a time by the second": {func(m map[string]any) { m["at"] = "2026-03-02T01:00:00Z" }, "/at"},
		"two at once":          {func(m map[string]any) { m["jwk"], m["at"] = json.RawMessage(`{}`), at(time.Hour) }, "/jwk /at"},
	} {
		_, err := b.Rotate(b.Context(), b.handover(old, next, c.change))
		var got []string
		if f := fault.As(err); f != nil && f.Kind == fault.InvalidRequest {
			for _, x := range f.Fields {
				got = append(got, x.Pointer)
			}
		}
		if strings.Join(got, " ") != c.want {
			b.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	for _, payload := range []string{"", "null", "[]", "{}{}", `{"jwk":{},"jwk":{},"proof":"x","at":"x"}`, "{\"at\":\"\xff\"}"} {
		jws, err := old.Sign([]byte(payload), signature.TypRotation)
		b.must(err)
		if _, err := b.Rotate(b.Context(), jws); fault.Of(err) != fault.InvalidRequest && fault.Of(err) != fault.MalformedJWS {
			b.Errorf("%q: %v", payload, err)
		}
	}
	if b.version() != before {
		b.Error("a refused hand-over changed something")
	}
	for _, d := range []time.Duration{-9 * time.Minute, 9 * time.Minute} { // clocks differ
		s := b.signer()
		_, err := b.Rotate(b.Context(), b.handover(old, s, func(m map[string]any) { m["at"] = at(d) }))
		b.must(err)
		old = s
	}
}

func rotationOnceInParallel(b *bench) {
	b.sample()
	old := b.signer()
	b.enrol(old, 1)
	var offers [][]byte
	for range 8 {
		offers = append(offers, b.handover(old, b.signer(), nil))
	}
	var done, conflict atomic.Int64
	var wg sync.WaitGroup
	for _, jws := range offers {
		wg.Go(func() {
			switch _, err := b.another().Rotate(b.Context(), jws); fault.Of(err) {
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
		b.Errorf("one key handed over %d times, %d conflicts", done.Load(), conflict.Load())
	}
	b.life(old.Kid())
}

// rotationOfWhoLeavesSoon: a person's own end comes first, for the new key too.
func rotationOfWhoLeavesSoon(b *bench) {
	b.sample()
	old, next := b.signer(), b.signer()
	b.enrol(old, 1)
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-03-05\n", Code(1)))
	end := time.Date(2026, 3, 5, 16, 0, 0, 0, time.UTC)
	k := b.rotate(old, next)
	if !k.Valid.To.Equal(end) || !mustKey(b, old.Kid()).Valid.To.Equal(end) {
		b.Errorf("%+v", k.Valid)
	}
	if life := b.life(old.Kid()); len(life) != 2 { // enrolled, limited by the person's end; not again
		b.Errorf("%+v", life)
	}
	b.life(next.Kid())
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-1\n", Code(1)))
	week := b.clock.Now().UTC().Truncate(time.Millisecond).Add(7 * 24 * time.Hour)
	if got := mustKey(b, old.Kid()); !got.Valid.To.Equal(week) {
		b.Errorf("when the person stays, the old key still ends after its week: %+v", got.Valid)
	}
	b.life(old.Kid())
	b.life(next.Kid())
}
