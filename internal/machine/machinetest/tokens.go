package machinetest

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
)

func tokens(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains, access.ReadMetrics)
	t, err := b.Token(ctx, c.ID.String(), secret, nil)
	b.must(err)
	now := b.clock.Now().UTC().Truncate(time.Millisecond)
	if !strings.HasPrefix(t.Token, "la_") || len(t.Token) != 55 || !t.Expires.Equal(now.Add(machine.TokenLife)) || !t.Made.Equal(now) ||
		!reflect.DeepEqual(t.Scopes, c.Scopes) {
		b.Errorf("made %s, expires %s, %v", t.Made, t.Expires, t.Scopes)
	}
	for name, s := range map[string]*machine.Service{"here": b.Service, "a second server, or one started anew": b.another()} {
		a, err := s.Actor(ctx, t.Token)
		if err != nil || a.Kind != access.ByClient || a.ID != "client:"+c.ID.String() {
			b.Errorf("%s: %+v %v", name, a, err)
		}
		if got, ok := machine.ClientOf(a); !ok || got != c.ID {
			b.Errorf("%s: the actor is client %s %v", name, got, ok)
		}
	}
	b.clock.Add(machine.TokenLife - time.Millisecond)
	_, err = b.Actor(ctx, t.Token)
	b.must(err)
	b.clock.Add(time.Millisecond)
	_, err = b.Actor(ctx, t.Token)
	b.kind(err, fault.Unauthorized)

	// A token does not outlive the secret that it was got by.
	_, short, err := b.AddSecret(ctx, c.ID, b.clock.Now().Add(time.Minute))
	b.must(err)
	t, err = b.Token(ctx, c.ID.String(), short, nil)
	if want := b.clock.Now().UTC().Truncate(time.Millisecond).Add(time.Minute); err != nil || !t.Expires.Equal(want) {
		b.Errorf("expires %s %v, want %s", t.Expires, err, want)
	}
	b.clock.Add(time.Minute)
	_, err = b.Actor(ctx, t.Token)
	b.kind(err, fault.Unauthorized)
}

func tokenScopes(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains, access.WriteLabels, access.ReadMetrics)
	t, err := b.Token(ctx, c.ID.String(), secret, []access.Scope{access.WriteLabels, access.ReadChains, access.WriteLabels})
	if want := []access.Scope{access.ReadChains, access.WriteLabels}; err != nil || !reflect.DeepEqual(t.Scopes, want) {
		b.Errorf("%v %v, want %v", t.Scopes, err, want)
	}
	for _, bad := range [][]access.Scope{{access.ManageKeys}, {access.ReadChains, access.ManageKeys}, {"chains:write"}, {""}, {"chains:read labels:write"}} {
		t, err := b.Token(ctx, c.ID.String(), secret, bad)
		b.field(err, fault.InvalidRequest, "/scope invalid_scope")
		if machine.OAuthCode(err) != machine.InvalidScope || t.Token != "" {
			b.Errorf("%v: code %q", bad, machine.OAuthCode(err))
		}
	}
}

func tokenRefusals(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	other, others := b.client(60, access.ReadChains)
	b.clock.Add(time.Second) // newer than the first
	_, revoked, err := b.AddSecret(ctx, c.ID, time.Time{})
	b.must(err)
	b.must(b.RevokeSecret(ctx, c.ID, b.newest(c.ID)))
	said := ""
	for name, v := range map[string][2]string{
		"a wrong secret":          {c.ID.String(), "ls_" + strings.Repeat("a", 52)},
		"another's secret":        {c.ID.String(), others},
		"another's id":            {other.ID.String(), secret},
		"a revoked secret":        {c.ID.String(), revoked},
		"an unknown client":       {b.ours.String(), secret},
		"no id":                   {"", secret},
		"no secret":               {c.ID.String(), ""},
		"an id in upper case":     {strings.ToUpper(c.ID.String()), secret},
		"a hostile id":            {"' OR 1=1 --", secret},
		"an id with a zero byte":  {c.ID.String() + "\x00", secret},
		"a secret and more":       {c.ID.String(), secret + "a"},
		"a secret in upper case":  {c.ID.String(), strings.ToUpper(secret)},
		"a secret with a newline": {c.ID.String(), secret + "\n"},
		"a huge secret":           {c.ID.String(), "ls_" + strings.Repeat("a", 1<<20)},
		"a token for a secret":    {c.ID.String(), "la_" + strings.Repeat("a", 52)},
	} {
		fresh := b.another() // attempts are counted apart
		t, err := fresh.Token(ctx, v[0], v[1], nil)
		if fault.Of(err) != fault.Unauthorized || machine.OAuthCode(err) != machine.InvalidClient || !reflect.DeepEqual(t, machine.Issued{}) {
			b.Errorf("%s: %v", name, err)
			continue
		}
		if s := err.Error(); said == "" {
			said = s
		} else if s != said {
			b.Errorf("%s is told apart: %q", name, s)
		}
	}
	b.token(c, secret)
}

// newest is the id of a client's newest secret that was not revoked, or the zero id.
func (b *bench) newest(c id.Client) (s id.Grant) {
	b.Helper()
	list, err := b.List(b.Context())
	b.must(err)
	for _, k := range list {
		for _, v := range k.Secrets {
			if k.ID == c && v.Revoked.IsZero() {
				s = v.ID
			}
		}
	}
	return s
}

func tokensDieWithSecret(b *bench) {
	ctx := b.Context()
	c, first := b.client(60, access.ReadChains)
	of := b.newest(c.ID)
	b.clock.Add(time.Second)
	_, second, err := b.AddSecret(ctx, c.ID, time.Time{})
	b.must(err)
	dies, lives := b.token(c, first), b.token(c, second)
	elsewhere := b.another()
	_, err = elsewhere.Actor(ctx, dies)
	b.must(err)
	b.must(b.RevokeSecret(ctx, c.ID, of))
	b.must(b.RevokeSecret(ctx, c.ID, of)) // again: nothing more happens
	for _, s := range []*machine.Service{b.Service, elsewhere} {
		_, err = s.Actor(ctx, dies)
		b.kind(err, fault.Unauthorized)
		_, err = s.Actor(ctx, lives)
		b.must(err)
	}
}

func tokensAreBounded(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	var all []string
	for range machine.MaxTokens + 2 {
		all = append(all, b.token(c, secret))
		b.clock.Add(2 * time.Second)
	}
	for i, t := range all {
		_, err := b.Actor(ctx, t)
		if good := i >= 2; good != (err == nil) {
			b.Fatalf("token %d of %d: %v", i, len(all), err)
		}
	}
	// And not too many in a minute.
	b.clock.Add(time.Hour)
	var err error
	n := 0
	for ; err == nil && n <= machine.MaxIssues; n++ {
		_, err = b.Token(ctx, c.ID.String(), secret, nil)
	}
	b.kind(err, fault.QuotaExceeded)
	if n != machine.MaxIssues+1 || fault.As(err).Facts["retry_after_seconds"] != int64(2) {
		b.Errorf("after %d tokens: %v", n, fault.As(err).Facts)
	}
	b.clock.Add(2 * time.Second)
	b.token(c, secret)
}

func revokedWhileIssuing(b *bench) {
	ctx := b.Context()
	for name, change := range map[string]func(machine.Client){
		"the secret is revoked":  func(c machine.Client) { b.must(b.RevokeSecret(ctx, c.ID, b.newest(c.ID))) },
		"the client is disabled": func(c machine.Client) { _, err := b.Disable(ctx, c.ID); b.must(err) },
	} {
		c, secret := b.client(60, access.ReadChains)
		between := func() { change(c) }
		b.store.between.Store(&between)
		t, err := b.Token(ctx, c.ID.String(), secret, nil)
		if fault.Of(err) != fault.Unauthorized || t.Token != "" {
			b.Errorf("%s between looking and writing: %v", name, err)
		}
	}
	b.clock.Add(2 * machine.TokenLife)
	if n, err := b.Sweep(ctx); err != nil || n != 0 {
		b.Errorf("%d tokens were left behind (%v)", n, err)
	}
}

func madeUpTokens(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	good := b.token(c, secret)
	reads, writes := b.store.bearers.Load(), b.store.writes.Load()
	said := ""
	refuse := func(t string) {
		a, err := b.Actor(ctx, t)
		if fault.Of(err) != fault.Unauthorized || !reflect.DeepEqual(a, access.Actor{}) {
			b.Errorf("%.60q: %+v %v", t, a, err)
		}
		if s := fmt.Sprint(err); said == "" {
			said = s
		} else if s != said {
			b.Errorf("%.60q is told apart: %s", t, s)
		}
	}
	for _, t := range []string{"", "la_", good[3:], good + "a", good[:54], strings.ToUpper(good), " " + good, good + "\n", secret,
		"lt_" + good[3:], "Bearer " + good, "la_" + strings.Repeat("1", 52), "la_" + strings.Repeat("b", 52), "la_" + strings.Repeat("a", 1<<20)} {
		refuse(t)
	}
	if n := b.store.bearers.Load() - reads; n != 0 {
		b.Errorf("what cannot be a token was looked up %d times", n)
	}
	for i := range 100 {
		refuse("la_" + strings.Repeat("a", 49) + fmt.Sprintf("%c%ca", 'a'+i%26, 'a'+i/26))
	}
	if n := b.store.bearers.Load() - reads; n != 100 || b.store.secrets.Load() != 1 || b.store.writes.Load() != writes {
		b.Errorf("100 made-up tokens cost %d look-ups, %d of secrets and %d writes", n, b.store.secrets.Load()-1, b.store.writes.Load()-writes)
	}
}

func sweeping(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	dead := b.token(c, secret)
	b.clock.Add(machine.TokenLife / 2)
	lives := b.token(c, secret)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{machine.TokenLife/2 - time.Millisecond, 0}, {time.Millisecond, 1}, {0, 0}} {
		b.clock.Add(step.after)
		if n, err := b.Sweep(ctx); err != nil || n != step.want {
			b.Errorf("%d were swept (%v), want %d", n, err, step.want)
		}
	}
	_, err := b.Actor(ctx, dead)
	b.kind(err, fault.Unauthorized)
	_, err = b.Actor(ctx, lives)
	b.must(err)
}
