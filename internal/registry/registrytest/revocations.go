package registrytest

import (
	"reflect"
	"time"

	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/statement"
)

func revocation(b *bench) {
	b.sample()
	k := b.enrol(b.signer(), 1)
	at := b.clock.Now().UTC().Truncate(time.Millisecond)
	ctx := b.Context()
	for name, kid := range map[string]string{"nobody's": kidOf("x"), "no kid": "\x00", "an empty kid": ""} {
		if _, err := b.RevokeKey(ctx, clerk, kid, at, "x"); fault.Of(err) != fault.NotFound {
			b.Errorf("%s key: %v", name, err)
		}
	}
	for _, absurd := range []time.Time{at.AddDate(-40, 0, 0), at.AddDate(300, 0, 0), at.AddDate(9000, 0, 0)} {
		_, err := b.RevokeKey(ctx, clerk, k.Kid, absurd, "x")
		b.kind(err, fault.InvalidRequest)
	}
	_, err := b.RevokeKey(ctx, clerk, k.Kid, time.Time{}, "")
	if f := fault.As(err); f == nil || f.Kind != fault.InvalidRequest || len(f.Fields) != 2 {
		b.Errorf("without time and reason: %v", err)
	}
	if got, _, err := b.Key(ctx, k.Kid); err != nil || !got.RevokedAt.IsZero() {
		b.Errorf("refused requests revoked it: %+v %v", got, err)
	}
	for _, c := range []struct{ from, want, refused time.Time }{
		{at.Add(time.Hour), at.Add(time.Hour), at.Add(time.Hour)},
		{at.Add(2 * time.Hour), at.Add(time.Hour), at.Add(time.Hour)}, // never later
		{at, at, at},
		{at.Add(time.Minute), at, at},
		{at.Add(-time.Hour).Add(300 * time.Microsecond), at.Add(-time.Hour), at},
		{at.AddDate(-1, 0, 0), at.AddDate(-1, 0, 0), at}, // before it was enrolled: its whole life
	} {
		got, err := b.RevokeKey(ctx, clerk, k.Kid, c.from, "样例遗失 SAMPLE")
		if err != nil || !got.RevokedAt.Equal(c.want) || !got.RefusedFrom.Equal(c.refused) {
			b.Errorf("revoked from %s: %s %s %v, want %s %s", c.from, got.RevokedAt, got.RefusedFrom, err, c.want, c.refused)
		}
		if seen, _, err := b.Key(ctx, k.Kid); err != nil || !reflect.DeepEqual(seen, got) {
			b.Errorf("a lookup gives %+v %v, want %+v", seen, err, got)
		}
	}
	if life := b.life(k.Kid); len(life) != 5 || life[4].What != statement.Revoked || !life[4].Effective.Equal(at.AddDate(-1, 0, 0)) {
		b.Errorf("revocations that take nothing away are told: %+v", life)
	}
	b.kind(mustKey(b, k.Kid).Sound(at.Add(-time.Minute)), fault.KeyContested)
	b.kind(mustKey(b, k.Kid).Sound(at), fault.KeyRevoked)
	s := b.signer()
	k2 := b.enrol(s, 2)
	if _, err := b.RevokeKey(ctx, clerk, k2.Kid, at, "x"); err != nil {
		b.Error(err)
	}
	_, err = b.Complete(ctx, b.answer(s, b.challenge(s, b.newCode(2))))
	b.kind(err, fault.Conflict) // a revoked key does not come back
	if got, _, err := b.Key(ctx, k2.Kid); err != nil || !got.RevokedAt.Equal(at) {
		b.Errorf("%+v %v", got, err)
	}
}

func mustKey(b *bench, kid string) party.Key {
	b.Helper()
	k, ok, err := b.another().Key(b.Context(), kid)
	if err != nil || !ok {
		b.Fatalf("the key %s: %v %v", kid, ok, err)
	}
	return k
}

// revocationOfALine: whoever had the device when it was lost may have let its key hand
// over; the keys made so go with it, those made before stay.
func revocationOfALine(b *bench) {
	b.sample()
	ctx := b.Context()
	first, second, third := b.signer(), b.signer(), b.signer()
	b.enrol(first, 1)
	b.clock.Add(time.Hour)
	b.rotate(first, second)
	b.clock.Add(time.Hour)
	lost := b.clock.Now().UTC().Truncate(time.Millisecond)
	b.clock.Add(time.Hour)
	b.rotate(second, third)
	b.clock.Add(time.Hour)
	reported := b.clock.Now().UTC().Truncate(time.Millisecond)
	got, err := b.RevokeKey(ctx, clerk, second.Kid(), lost, "样例遗失 SAMPLE")
	b.must(err)
	if got.Kid != second.Kid() || !got.RevokedAt.Equal(lost) {
		b.Errorf("%+v", got)
	}
	if k := mustKey(b, first.Kid()); !k.RevokedAt.IsZero() {
		b.Errorf("the key before it is revoked too: %+v", k)
	}
	for _, s := range []string{second.Kid(), third.Kid()} {
		if k := mustKey(b, s); !k.RevokedAt.Equal(lost) || !k.RefusedFrom.Equal(reported) {
			b.Errorf("%+v, want it revoked from %s", k, lost)
		}
		b.life(s)
	}
	// Another loss of the first: its successor was made before, and stays as it is.
	n := len(b.keysSaid())
	_, err = b.RevokeKey(ctx, clerk, first.Kid(), lost, "x")
	b.must(err)
	if said := b.keysSaid()[n:]; len(said) != 1 {
		b.Errorf("%d statements for one key", len(said))
	}
}
