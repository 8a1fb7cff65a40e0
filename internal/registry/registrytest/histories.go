package registrytest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// life reads a key's chapters as they were committed. It asks that they are one chain and
// that whoever folds them knows what the register knows: party, person, device, time in
// force, revocation.
func (b *bench) life(kid string) []statement.Key {
	b.Helper()
	var out []statement.Key
	var prev id.Hash
	var told party.Key
	for _, st := range b.keysSaid() {
		c, err := statement.ParseKey(st.Body)
		b.must(err)
		if c.Kid != kid {
			continue
		}
		if out = append(out, c); st.Kind != statement.KindKey || c.N != int64(len(out)) || c.Prev != prev {
			b.Errorf("chapter %d of the key is numbered %d and follows %s, not %s", len(out), c.N, c.Prev, prev)
		}
		prev = st.Hash()
		switch c.What {
		case statement.Revoked:
			told = told.Revoke(c.Effective, c.At)
		case statement.Limited:
			told.Valid = party.Period{From: c.From, To: c.To}
		default:
			pub, err := signature.ParseJWK(c.JWK)
			b.must(err)
			told = party.Key{Kid: kid, Party: c.Party, Person: c.Person, Device: c.Device, Public: pub, Valid: party.Period{From: c.From, To: c.To}}
		}
	}
	if k := mustKey(b, kid); !reflect.DeepEqual(k, told) {
		b.Errorf("the register says\n%+v, the log\n%+v", k, told)
	}
	kept, _, err := b.Store.Store.RegistryReader(b.Context()).Key(kid)
	b.must(err)
	if kept.Chapters != int64(len(out)) || kept.Newest != prev {
		b.Errorf("the register counts %d chapters to %s; there are %d to %s", kept.Chapters, kept.Newest, len(out), prev)
	}
	return out
}

func historyOfAKey(b *bench) {
	b.sample()
	s := b.signer()
	jws := b.answer(s, b.challenge(s, b.newCode(1)))
	k, err := b.Complete(b.Context(), jws)
	b.must(err)
	life := b.life(k.Kid)
	jwk, err := signature.FormatJWK(s.Public())
	b.must(err)
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	want := statement.Key{Kid: k.Kid, N: 1, What: statement.Enrolled, At: now, By: clerk, Party: k.Party, Person: k.Person, Device: k.Device,
		JWK: jwk, Proof: string(jws), From: k.Valid.From, To: k.Valid.To}
	if len(life) != 1 || !reflect.DeepEqual(life[0], want) {
		b.Errorf("the first chapter is\n%+v, want\n%+v", life, want)
	}
	b.clock.Add(time.Hour)
	lost := now.Add(10 * time.Minute)
	_, err = b.RevokeKey(b.Context(), "", k.Kid, lost, "样例遗失 SAMPLE")
	b.must(err)
	life = b.life(k.Kid)
	if len(life) != 2 || life[1].What != statement.Revoked || !life[1].Effective.Equal(lost) || life[1].Reason != "样例遗失 SAMPLE" ||
		life[1].By != "unknown" || !life[1].At.Equal(now.Add(time.Hour)) || life[1].Party != (id.Party{}) {
		b.Errorf("the second chapter is %+v", life)
	}
	// What is refused is not told.
	n := len(b.keysSaid())
	for _, call := range []func() error{
		func() error { _, err := b.Complete(b.Context(), jws); return err },
		func() error {
			_, err := b.RevokeKey(b.Context(), clerk, kidOf("x"), lost, "x")
			return err
		},
		func() error { _, err := b.RevokeKey(b.Context(), clerk, k.Kid, time.Time{}, "x"); return err },
	} {
		if call() == nil {
			b.Error("not refused")
		}
	}
	if len(b.keysSaid()) != n {
		b.Error("a refusal is told to the log")
	}
}

func historyFollowsPeople(b *bench) {
	b.sample()
	k, other := b.enrol(b.signer(), 1), b.enrol(b.signer(), 2)
	people := func(valid string, dry bool) {
		b.Helper()
		csv := fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,%s\n%s,N-2,\n", Code(1), valid, Code(1))
		rep, err := b.Import(b.Context(), registry.KindPeople, strings.NewReader(csv), dry)
		if err != nil || len(rep.Bad) > 0 {
			b.Fatal(rep, err)
		}
	}
	chapters := func(want int) statement.Key {
		b.Helper()
		life := b.life(k.Kid)
		if len(life) != want {
			b.Fatalf("%d chapters, want %d: %+v", len(life), want, life)
		}
		return life[want-1]
	}
	people("2026-03-05", true)
	chapters(1)
	people("2026-03-05", false)
	end := time.Date(2026, 3, 5, 16, 0, 0, 0, time.UTC)
	if c := chapters(2); c.What != statement.Limited || !c.From.Equal(k.Valid.From) || !c.To.Equal(end) || c.By != "register" {
		b.Errorf("%+v", c)
	}
	people("2026-03-05", false) // the same again
	chapters(2)
	people("2026-04-01", false) // extended
	if c := chapters(3); !c.To.Equal(time.Date(2026, 4, 1, 16, 0, 0, 0, time.UTC)) {
		b.Errorf("%+v", c)
	}
	people("2026-02-01", false) // left before the key was made: it never was valid
	if c := chapters(4); !c.To.Equal(c.From) {
		b.Errorf("%+v", c)
	}
	people("", false)
	if c := chapters(5); !c.To.Equal(k.Valid.To) {
		b.Errorf("%+v", c)
	}
	people("2030-01-01", false) // after the key's own end: nothing changes for it
	chapters(5)
	if life := b.life(other.Kid); len(life) != 1 {
		b.Errorf("another person's key has %d chapters", len(life))
	}
}

// historyOrNothing: a change that cannot be told does not happen.
func historyOrNothing(b *bench) {
	b.sample()
	s, next := b.signer(), b.signer()
	k := b.enrol(b.signer(), 2)
	b.enrol(s, 1)
	late := b.signer()
	answer := b.answer(late, b.challenge(late, b.newCode(1)))
	before := b.version()
	mute := errors.New("no room for statements")
	b.Store.Speechless.Store(&mute)
	ctx := b.Context()
	for name, call := range map[string]func() error{
		"complete": func() error { _, err := b.Complete(ctx, answer); return err },
		"revoke":   func() error { _, err := b.RevokeKey(ctx, clerk, k.Kid, b.clock.Now(), "x"); return err },
		"rotate":   func() error { _, err := b.Rotate(ctx, b.handover(s, next, nil)); return err },
		"import": func() error {
			_, err := b.Import(ctx, registry.KindPeople, strings.NewReader(fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-03-05\n", Code(1))), false)
			return err
		},
	} {
		if err := call(); fault.Of(err) != fault.Unavailable || !errors.Is(err, mute) {
			b.Errorf("%s: %v", name, err)
		}
	}
	b.Store.Speechless.Store(nil)
	if b.version() != before {
		b.Error("something was changed and not told")
	}
	for _, kid := range []string{next.Kid(), late.Kid()} {
		if _, ok, err := b.another().Key(ctx, kid); ok || err != nil {
			b.Errorf("a key that the log never heard of: %v %v", ok, err)
		}
	}
	b.life(k.Kid)
	b.life(s.Kid())
	_, err := b.Complete(ctx, answer) // nothing was used up
	b.must(err)
}

// fromBefore puts a key into the register as it was kept before key histories.
func (b *bench) fromBefore(s *signature.Signer, lost time.Time) party.Key {
	b.Helper()
	p := registry.PartyID(Code(1))
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	k := party.Key{Kid: s.Kid(), Party: p, Person: registry.PersonID(p, "N-1"), Device: "样例旧机 SAMPLE", Public: s.Public(),
		Valid: party.Period{From: now.AddDate(0, 0, -100), To: now.AddDate(0, 0, 100)}, RevokedAt: lost, RefusedFrom: lost}
	r := registry.KeyRecord{Key: k}
	if !lost.IsZero() {
		r.Reason = "样例遗失 SAMPLE"
	}
	b.must(b.Store.Store.UpdateRegistry(b.Context(), func(tx registry.Tx) error { return tx.AddKey(r) }))
	return k
}

func historyOfKeysFromBefore(b *bench) {
	b.sample()
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	const many = 205 // more than one transaction states
	var kids []string
	for range many - 2 {
		kids = append(kids, b.fromBefore(b.signer(), time.Time{}).Kid)
	}
	lost, announced := b.fromBefore(b.signer(), now.Add(-time.Hour)), b.fromBefore(b.signer(), now.Add(time.Hour))
	enrolled := b.enrol(b.signer(), 1)
	if n, err := b.StateKeys(b.Context()); err != nil || n != many {
		b.Fatalf("%d keys were stated, want %d: %v", n, many, err)
	}
	tables, before := b.Store.Tables.Load(), b.version()
	if n, err := b.another().StateKeys(b.Context()); err != nil || n != 0 || b.version() != before || b.Store.Tables.Load() != tables+1 {
		b.Errorf("the second time: %d %v", n, err)
	}
	for _, kid := range append(kids, lost.Kid, announced.Kid, enrolled.Kid) {
		life := b.life(kid)
		if want := map[bool]int{true: 2, false: 1}[kid == lost.Kid || kid == announced.Kid]; len(life) != want || life[0].What != statement.Enrolled {
			b.Fatalf("%+v", life)
		}
		if kid != enrolled.Kid && (life[0].Proof != "" || life[0].By != "server") {
			b.Errorf("%+v", life[0])
		}
	}
	// Nobody kept when the loss was reported: what is dated after the loss is contested up to
	// now, not sound.
	k := mustKey(b, lost.Kid)
	b.must(k.Sound(now.Add(-time.Hour - time.Millisecond)))
	b.kind(k.Sound(now.Add(-time.Minute)), fault.KeyContested)
	b.kind(k.Sound(now), fault.KeyRevoked)
	k = mustKey(b, announced.Kid)
	b.must(k.Sound(now.Add(time.Hour - time.Millisecond)))
	b.kind(k.Sound(now.Add(time.Hour)), fault.KeyRevoked)
}

// historyCatchesUp: a key from before whose life goes on before it was stated.
func historyCatchesUp(b *bench) {
	b.sample()
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	revoked, rotated, gone, next := b.signer(), b.signer(), b.signer(), b.signer()
	b.fromBefore(revoked, time.Time{})
	b.fromBefore(rotated, time.Time{})
	b.fromBefore(gone, now.Add(-time.Hour))
	_, err := b.RevokeKey(b.Context(), clerk, revoked.Kid(), now, "x")
	b.must(err)
	_, err = b.RevokeKey(b.Context(), clerk, gone.Kid(), now.Add(-2*time.Hour), "earlier still")
	b.must(err)
	b.rotate(rotated, next)
	whats := func(kid string) (out string) {
		for _, c := range b.life(kid) {
			out += string(c.What) + " "
		}
		return out
	}
	for kid, want := range map[string]string{revoked.Kid(): "enrolled revoked ", gone.Kid(): "enrolled revoked revoked ",
		rotated.Kid(): "enrolled limited ", next.Kid(): "rotated "} {
		if got := whats(kid); got != want {
			b.Errorf("%q, want %q", got, want)
		}
	}
	k := b.fromBefore(b.signer(), time.Time{})
	b.load(registry.KindPeople, fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-03-05\n", Code(1)))
	if got := whats(k.Kid); got != "enrolled limited " {
		b.Errorf("%q", got)
	}
	if life := b.life(k.Kid); !life[0].To.Equal(k.Valid.To) || !life[1].To.Equal(time.Date(2026, 3, 5, 16, 0, 0, 0, time.UTC)) {
		b.Errorf("%+v", life)
	}
	if n, err := b.StateKeys(b.Context()); err != nil || n != 0 {
		b.Errorf("%d left to state: %v", n, err)
	}
}

// keysSaid are the statements about keys; register facts are others.
func (b *bench) keysSaid() []statement.Statement {
	return slices.DeleteFunc(b.Store.Said(), func(st statement.Statement) bool { return st.Kind != statement.KindKey })
}
