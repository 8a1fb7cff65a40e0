package registrytest

import (
	"fmt"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/registry"
)

func tokens(b *bench) {
	b.sample()
	ctx, p := b.Context(), registry.PartyID(Code(1))
	operator, err := b.NewToken(ctx, registry.Principal{Operator: true}, "样例运营 SAMPLE", time.Time{})
	b.must(err)
	admin, err := b.NewToken(ctx, registry.Principal{Party: p}, "admin", b.clock.Now().Add(time.Hour))
	b.must(err)
	if operator == admin || len(operator) != 55 || !strings.HasPrefix(operator, "lt_") {
		b.Errorf("%q %q", operator, admin)
	}
	for _, s := range []*registry.Service{b.Service, b.another()} {
		if got, err := s.Authenticate(ctx, operator); err != nil || got != (registry.Principal{Name: "样例运营 SAMPLE", Operator: true}) {
			b.Errorf("%+v %v", got, err)
		}
		if got, err := s.Authenticate(ctx, admin); err != nil || got != (registry.Principal{Party: p, Name: "admin"}) {
			b.Errorf("%+v %v", got, err)
		}
	}
	var said string
	for _, bad := range []string{"", "lt_", operator[3:], operator + "a", operator[:54], strings.ToUpper(operator), " " + operator,
		operator[:54] + "1", "lt_" + strings.Repeat("a", 52), "Bearer " + operator, "lt_" + strings.Repeat("a", 100_000)} {
		got, err := b.Authenticate(ctx, bad)
		if fault.Of(err) != fault.Unauthorized || got != (registry.Principal{}) {
			b.Errorf("%.80q: %+v %v", bad, got, err)
			continue
		}
		if s := fault.As(err).Sentence; said == "" {
			said = s
		} else if s != said {
			b.Errorf("answers differ: %q and %q", s, said)
		}
	}
	b.clock.add(time.Hour - time.Millisecond)
	_, err = b.Authenticate(ctx, admin)
	b.must(err)
	b.clock.add(time.Millisecond)
	_, err = b.Authenticate(ctx, admin)
	b.kind(err, fault.Unauthorized)
	_, err = b.Authenticate(ctx, operator)
	b.must(err)

	for _, t := range b.stored() {
		if strings.Contains(t, operator[3:]) {
			b.Error("the store holds a token")
		}
	}
}

func tokenRefusals(b *bench) {
	b.sample()
	ctx, p, before := b.Context(), registry.PartyID(Code(1)), b.version()
	for name, c := range map[string]struct {
		p       registry.Principal
		name    string
		expires time.Time
	}{
		"an operator of a party":  {registry.Principal{Operator: true, Party: p}, "x", time.Time{}},
		"an unknown organisation": {registry.Principal{Party: registry.PartyID(Code(9))}, "x", time.Time{}},
		"no name":                 {registry.Principal{Party: p}, "", time.Time{}},
		"a name with a control":   {registry.Principal{Party: p}, "a\tb", time.Time{}},
		"expired at once":         {registry.Principal{Party: p}, "x", b.clock.Now()},
	} {
		if plain, err := b.NewToken(ctx, c.p, c.name, c.expires); fault.Of(err) != fault.InvalidRequest || plain != "" {
			b.Errorf("%s: %q %v", name, plain, err)
		}
	}
	if b.version() != before {
		b.Error("refused tokens moved the version")
	}
}

// stored writes out what the store holds of tokens.
func (b *bench) stored() []string {
	list, err := b.Store.Store.RegistryReader(b.Context()).Tokens(time.Time{})
	b.must(err)
	var out []string
	for _, t := range list {
		out = append(out, fmt.Sprintf("%+v", t))
		if t.Hash == (id.Hash{}) || t.Made.IsZero() {
			b.Errorf("%+v", t)
		}
	}
	if len(out) != 2 {
		b.Errorf("%d tokens, want 2", len(out))
	}
	return out
}

func tokensStayInMemory(b *bench) {
	b.sample()
	token, err := b.NewToken(b.Context(), registry.Principal{Operator: true}, "SAMPLE", time.Time{})
	b.must(err)
	_, err = b.Authenticate(b.Context(), token)
	b.must(err)
	versions, tables := b.Store.Versions.Load(), b.Store.Tables.Load()
	for i := range 1000 { // in one second
		junk := []byte(token)
		copy(junk[3:], "aaaa")
		junk[10] = "abcdefghijklmnopqrstuvwxyz234567"[i%32]
		_, err := b.Authenticate(b.Context(), string(junk))
		b.kind(err, fault.Unauthorized)
		_, err = b.Authenticate(b.Context(), token)
		b.must(err)
		b.clock.add(time.Millisecond)
	}
	if n := b.Store.Versions.Load() - versions; n > 21 {
		b.Errorf("made-up tokens had the version read %d times in a second", n)
	}
	if b.Store.Tables.Load() != tables {
		b.Error("made-up tokens reached the table")
	}
	// One made by another process works at once, or 50 ms later.
	b.clock.add(50 * time.Millisecond)
	other, err := b.another().NewToken(b.Context(), registry.Principal{Operator: true}, "SAMPLE 2", time.Time{})
	b.must(err)
	b.clock.add(50 * time.Millisecond)
	got, err := b.Authenticate(b.Context(), other)
	if err != nil || got.Name != "SAMPLE 2" {
		b.Errorf("%+v %v", got, err)
	}
}
