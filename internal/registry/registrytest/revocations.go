package registrytest

import (
	"reflect"
	"time"

	"liandan/internal/fault"
	"liandan/internal/registry"
)

func revocation(b *bench) {
	b.sample()
	k := b.enrol(b.signer(), 1)
	p, q := registry.PartyID(Code(1)), registry.PartyID(Code(2))
	admin := registry.Principal{Party: p}
	at := b.clock.Now().UTC().Truncate(time.Millisecond)
	ctx := b.Context()
	for name, call := range map[string]func() error{
		"another's": func() error {
			_, err := b.RevokeKey(ctx, registry.Principal{Party: q}, k.Kid, at, "x")
			return err
		},
		"nobody's": func() error { _, err := b.RevokeKey(ctx, admin, kidOf("x"), at, "x"); return err },
		"no kid": func() error {
			_, err := b.RevokeKey(ctx, registry.Principal{Operator: true}, "\x00", at, "x")
			return err
		},
	} {
		if err := call(); fault.Of(err) != fault.NotFound {
			b.Errorf("%s key: %v", name, err)
		}
	}
	_, err := b.RevokeKey(ctx, admin, k.Kid, time.Time{}, "")
	if f := fault.As(err); f == nil || f.Kind != fault.InvalidRequest || len(f.Fields) != 2 {
		b.Errorf("without time and reason: %v", err)
	}
	if got, _, err := b.Key(ctx, k.Kid); err != nil || !got.RevokedAt.IsZero() {
		b.Errorf("refused requests revoked it: %+v %v", got, err)
	}
	for _, c := range []struct{ from, want time.Time }{
		{at.Add(time.Hour), at.Add(time.Hour)},
		{at.Add(2 * time.Hour), at.Add(time.Hour)}, // never later
		{at, at},
		{at.Add(time.Minute), at},
		{at.Add(-time.Hour).Add(300 * time.Microsecond), at.Add(-time.Hour)},
	} {
		got, err := b.RevokeKey(ctx, admin, k.Kid, c.from, "样例遗失 SAMPLE")
		if err != nil || !got.RevokedAt.Equal(c.want) {
			b.Errorf("revoked from %s: %s %v, want %s", c.from, got.RevokedAt, err, c.want)
		}
		if seen, _, err := b.Key(ctx, k.Kid); err != nil || !reflect.DeepEqual(seen, got) {
			b.Errorf("a lookup gives %+v %v, want %+v", seen, err, got)
		}
	}
	s := b.signer()
	k2 := b.enrol(s, 2)
	if _, err := b.RevokeKey(ctx, registry.Principal{Operator: true}, k2.Kid, at, "x"); err != nil {
		b.Error(err)
	}
	_, err = b.Complete(ctx, b.answer(s, b.challenge(s, b.newCode(2))))
	b.kind(err, fault.Conflict) // a revoked key does not come back
	if got, _, err := b.Key(ctx, k2.Kid); err != nil || !got.RevokedAt.Equal(at) {
		b.Errorf("%+v %v", got, err)
	}
}
