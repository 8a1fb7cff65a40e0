package registrytest

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/registry"
)

// system is the appointment of who runs the service.
var system = access.Appointment{Role: access.SystemAdministrator}

func administrator(p id.Party) access.Appointment {
	return access.Appointment{Role: access.OrganisationAdministrator, Party: p}
}

func (b *bench) siteOf(p id.Party) id.Site {
	list, err := b.SitesOf(b.Context(), p)
	b.must(err)
	if len(list) == 0 {
		b.Fatal("the sample organisation has no site")
	}
	return list[0]
}

func (b *bench) personOf(p id.Party) id.Person {
	list, err := b.Store.Store.RegistryReader(b.Context()).People()
	b.must(err)
	for _, x := range list {
		if x.Party == p {
			return x.ID
		}
	}
	b.Fatal("the sample organisation has no person")
	return id.Person{}
}

// tokensRevoked: a revoked token is refused at once by the server that revoked it and
// within a quarter of a second by another; the others stay.
func tokensRevoked(b *bench) {
	b.sample()
	ctx, other := b.Context(), b.another()
	lost, err := b.NewToken(ctx, system, "lost", time.Time{})
	b.must(err)
	kept, err := b.NewToken(ctx, system, "kept", time.Time{})
	b.must(err)
	who, err := other.Authenticate(ctx, lost)
	b.must(err)
	list, err := b.Tokens(ctx)
	b.must(err)
	if len(list) != 2 || "token:"+list[0].ID() == "token:"+list[1].ID() {
		b.Errorf("the list is %+v", list)
	}
	b.must(b.RevokeToken(ctx, strings.TrimPrefix(who.ID, "token:")))
	b.kind(b.RevokeToken(ctx, strings.TrimPrefix(who.ID, "token:")), fault.NotFound)
	b.kind(b.RevokeToken(ctx, "nothing"), fault.NotFound)
	_, err = b.Authenticate(ctx, lost)
	b.kind(err, fault.Unauthorized)
	b.clock.Add(time.Second)
	_, err = other.Authenticate(ctx, lost)
	b.kind(err, fault.Unauthorized)
	_, err = other.Authenticate(ctx, kept)
	b.must(err)
}

func tokens(b *bench) {
	b.sample()
	ctx, p := b.Context(), registry.PartyID(Code(1))
	operator, err := b.NewToken(ctx, system, "样例运营 SAMPLE", time.Time{})
	b.must(err)
	admin, err := b.NewToken(ctx, administrator(p), "admin", b.clock.Now().Add(time.Hour))
	b.must(err)
	staff := access.Appointment{Role: access.SiteStaff, Party: p, Sites: []id.Site{b.siteOf(p)}, Person: b.personOf(p)}
	nurse, err := b.NewToken(ctx, staff, "nurse", time.Time{})
	b.must(err)
	if operator == admin || len(operator) != 55 || !strings.HasPrefix(operator, "lt_") {
		b.Errorf("%q %q", operator, admin)
	}
	for _, s := range []*registry.Service{b.Service, b.another()} {
		for token, want := range map[string]access.Appointment{operator: system, admin: administrator(p), nurse: staff} {
			got, err := s.Authenticate(ctx, token)
			if err != nil || got.Kind != access.ByToken || len(got.Appointments) != 1 || !reflect.DeepEqual(got.Appointments[0], want) {
				b.Errorf("%+v %v", got, err)
			}
			if len(got.ID) != len("token:")+16 || strings.Contains(token, got.ID[6:]) {
				b.Errorf("the token's public name is %q", got.ID)
			}
		}
	}
	var said string
	for _, bad := range []string{"", "lt_", operator[3:], operator + "a", operator[:54], strings.ToUpper(operator), " " + operator,
		operator[:54] + "1", "lt_" + strings.Repeat("a", 52), "Bearer " + operator, "lt_" + strings.Repeat("a", 100_000)} {
		got, err := b.Authenticate(ctx, bad)
		if fault.Of(err) != fault.Unauthorized || !got.Anonymous() || len(got.Appointments) > 0 {
			b.Errorf("%.80q: %+v %v", bad, got, err)
			continue
		}
		if s := fault.As(err).Sentence; said == "" {
			said = s
		} else if s != said {
			b.Errorf("answers differ: %q and %q", s, said)
		}
	}
	b.clock.Add(time.Hour - time.Millisecond)
	_, err = b.Authenticate(ctx, admin)
	b.must(err)
	b.clock.Add(time.Millisecond)
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
		holds   access.Appointment
		name    string
		expires time.Time
	}{
		"an operator of a party":      {access.Appointment{Role: access.SystemAdministrator, Party: p}, "x", time.Time{}},
		"a program":                   {access.Appointment{Role: access.APIClient, Party: p, Scopes: access.Scopes()}, "x", time.Time{}},
		"no role":                     {access.Appointment{Party: p}, "x", time.Time{}},
		"an unknown organisation":     {administrator(registry.PartyID(Code(9))), "x", time.Time{}},
		"another organisation's site": {access.Appointment{Role: access.SiteStaff, Party: registry.PartyID(Code(2)), Sites: []id.Site{b.siteOf(p)}}, "x", time.Time{}},
		"an unknown person":           {access.Appointment{Role: access.Driver, Party: p, Person: registry.PersonID(p, "nobody")}, "x", time.Time{}},
		"no name":                     {administrator(p), "", time.Time{}},
		"a name with a control":       {administrator(p), "a\tb", time.Time{}},
		"expired at once":             {administrator(p), "x", b.clock.Now()},
	} {
		if plain, err := b.NewToken(ctx, c.holds, c.name, c.expires); fault.Of(err) != fault.InvalidRequest || plain != "" {
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
	if len(out) != 3 {
		b.Errorf("%d tokens, want 3", len(out))
	}
	return out
}

func tokensStayInMemory(b *bench) {
	b.sample()
	token, err := b.NewToken(b.Context(), system, "SAMPLE", time.Time{})
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
		b.clock.Add(time.Millisecond)
	}
	if n := b.Store.Versions.Load() - versions; n > 21 {
		b.Errorf("made-up tokens had the version read %d times in a second", n)
	}
	if b.Store.Tables.Load() != tables {
		b.Error("made-up tokens reached the table")
	}
	// One made by another process works at once, or 50 ms later.
	b.clock.Add(50 * time.Millisecond)
	other, err := b.another().NewToken(b.Context(), system, "SAMPLE 2", time.Time{})
	b.must(err)
	b.clock.Add(50 * time.Millisecond)
	_, err = b.Authenticate(b.Context(), other)
	b.must(err)
}
