package machinetest

import (
	"reflect"
	"strings"
	"sync"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
)

func clients(b *bench) {
	ctx := b.Context()
	if list, err := b.List(ctx); err != nil || len(list) != 0 {
		b.Fatalf("an empty store: %v %v", list, err)
	}
	first, err := b.Create(ctx, "样例系统一 SAMPLE", []access.Scope{access.WriteLabels, access.ReadChains}, 60)
	b.must(err)
	if want := []access.Scope{access.ReadChains, access.WriteLabels}; !reflect.DeepEqual(first.Scopes, want) {
		b.Errorf("scopes %v, want %v", first.Scopes, want)
	}
	b.clock.Add(time.Second)
	second, err := b.Create(ctx, "样例系统一 SAMPLE", []access.Scope{access.ReadMetrics}, 1) // names need not differ
	b.must(err)
	b.clock.Add(time.Second)
	old, _, err := b.AddSecret(ctx, first.ID, time.Time{})
	b.must(err)
	b.clock.Add(time.Second)
	young, _, err := b.AddSecret(ctx, first.ID, b.clock.Now().Add(time.Hour))
	b.must(err)
	first.Secrets = []machine.Secret{old, young}
	want := []machine.Client{first, second}
	for range 2 {
		got, err := b.another().List(ctx)
		if err != nil || !reflect.DeepEqual(got, want) {
			b.Fatalf("listed %+v %v\nwant %+v", got, err, want)
		}
		b.must(b.RevokeSecret(ctx, first.ID, old.ID))
		want[0].Secrets[0].Revoked = b.clock.Now().UTC().Truncate(time.Millisecond)
		want[0].PerMinute = 7
		changed, err := b.SetQuota(ctx, first.ID, 7)
		if err != nil || changed.PerMinute != 7 {
			b.Fatalf("%+v %v", changed, err)
		}
	}
}

func clientRefusals(b *bench) {
	ctx := b.Context()
	good := []access.Scope{access.ReadChains}
	many := make([]access.Scope, 100_000)
	for name, c := range map[string]struct {
		name      string
		scopes    []access.Scope
		perMinute int
		want      []string
	}{
		"everything at once":    {"", nil, 0, []string{"/name length", "/scopes required", "/per_minute out_of_range"}},
		"a long name":           {strings.Repeat("字", 101), good, 1, []string{"/name length"}},
		"a huge name":           {strings.Repeat("a", 1<<20), good, 1, []string{"/name length"}},
		"a control character":   {"a\x00b", good, 1, []string{"/name characters"}},
		"a turned direction":    {"a\u202eb", good, 1, []string{"/name characters"}},
		"broken UTF-8":          {"\xff", good, 1, []string{"/name characters"}},
		"unknown scopes":        {"x", []access.Scope{"chains:write", access.ReadChains, ""}, 1, []string{"/scopes/0 value", "/scopes/2 value"}},
		"repeated scopes":       {"x", []access.Scope{access.ReadChains, access.ReadChains}, 1, []string{"/scopes/1 repeated"}},
		"very many scopes":      {"x", many, 1, []string{"/scopes length"}},
		"a scope with a space":  {"x", []access.Scope{"chains:read keys:manage"}, 1, []string{"/scopes/0 value"}},
		"a negative quota":      {"x", good, -1, []string{"/per_minute out_of_range"}},
		"a quota beyond bounds": {"x", good, machine.MaxPerMinute + 1, []string{"/per_minute out_of_range"}},
	} {
		_, err := b.Create(ctx, c.name, c.scopes, c.perMinute)
		b.field(err, fault.InvalidRequest, c.want...)
		if b.Failed() {
			b.Fatal(name)
		}
	}
	if list, err := b.List(ctx); err != nil || len(list) != 0 {
		b.Errorf("refused clients are there: %v %v", list, err)
	}
	c, _ := b.client(60, access.ReadChains)
	_, err := b.SetQuota(ctx, c.ID, 0)
	b.field(err, fault.InvalidRequest, "/per_minute out_of_range")
	for _, none := range []id.Client{{}, id.ClientOf(b.ours.UUID())} {
		_, err := b.SetQuota(ctx, none, 5)
		b.kind(err, fault.NotFound)
		_, err = b.Disable(ctx, none)
		b.kind(err, fault.NotFound)
	}
	list, err := b.List(ctx)
	if err != nil || len(list) != 1 || list[0].PerMinute != 60 || !list[0].Disabled.IsZero() {
		b.Errorf("%+v %v", list, err)
	}
}

func secrets(b *bench) {
	ctx := b.Context()
	c, first := b.client(60, access.ReadChains)
	if !strings.HasPrefix(first, "ls_") || len(first) != 55 {
		b.Errorf("a secret of %d characters that begins %.3q", len(first), first)
	}
	// Rotation: both work, then the new one alone.
	b.clock.Add(time.Minute)
	_, second, err := b.AddSecret(ctx, c.ID, b.clock.Now().Add(machine.MaxSecretLife))
	b.must(err)
	b.token(c, first)
	b.token(c, second)
	_, _, err = b.AddSecret(ctx, c.ID, time.Time{})
	b.kind(err, fault.Conflict)
	list, err := b.List(ctx)
	b.must(err)
	b.must(b.RevokeSecret(ctx, c.ID, list[0].Secrets[0].ID))
	_, err = b.Token(ctx, c.ID.String(), first, nil)
	b.kind(err, fault.Unauthorized)
	b.token(c, second)
	_, third, err := b.AddSecret(ctx, c.ID, b.clock.Now().Add(time.Hour))
	b.must(err)
	b.clock.Add(time.Hour - time.Millisecond)
	b.token(c, third)
	b.clock.Add(time.Millisecond)
	_, err = b.Token(ctx, c.ID.String(), third, nil)
	b.kind(err, fault.Unauthorized)
	b.token(c, second)
	_, _, err = b.AddSecret(ctx, c.ID, time.Time{}) // an expired one is in nobody's way
	b.must(err)
}

func secretRefusals(b *bench) {
	ctx := b.Context()
	c, _ := b.client(60, access.ReadChains)
	other, _ := b.client(60, access.ReadChains)
	now := b.clock.Now()
	for _, expires := range []time.Time{now, now.Add(-time.Hour), now.Add(machine.MaxSecretLife + time.Second), time.Unix(0, 0)} {
		_, plain, err := b.AddSecret(ctx, c.ID, expires)
		b.field(err, fault.InvalidRequest, "/expires out_of_range")
		if plain != "" {
			b.Error("a refused secret was handed out")
		}
	}
	_, _, err := b.AddSecret(ctx, id.ClientOf(b.ours.UUID()), time.Time{})
	b.kind(err, fault.NotFound)
	list, err := b.List(ctx)
	b.must(err)
	for _, k := range list {
		if len(k.Secrets) != 1 {
			b.Errorf("%d secrets", len(k.Secrets))
		}
		if k.ID == other.ID { // another client's secret is not there
			b.kind(b.RevokeSecret(ctx, c.ID, k.Secrets[0].ID), fault.NotFound)
		}
	}
	b.kind(b.RevokeSecret(ctx, c.ID, id.Grant{}), fault.NotFound)
	b.kind(b.RevokeSecret(ctx, id.Client{}, id.Grant{}), fault.NotFound)
	after, err := b.List(ctx)
	if err != nil || !reflect.DeepEqual(list, after) {
		b.Errorf("refusals changed %+v to %+v (%v)", list, after, err)
	}
}

func secretsInParallel(b *bench) {
	c, err := b.Create(b.Context(), "SAMPLE", []access.Scope{access.ReadChains}, 60)
	b.must(err)
	second := b.another()
	var wg sync.WaitGroup
	errs := make([]error, 12)
	for i := range errs {
		wg.Go(func() {
			_, _, errs[i] = []*machine.Service{b.Service, second}[i%2].AddSecret(b.Context(), c.ID, time.Time{})
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else {
			b.kind(err, fault.Conflict)
		}
	}
	list, err := b.List(b.Context())
	if err != nil || made != machine.MaxSecrets || len(list[0].Secrets) != machine.MaxSecrets {
		b.Errorf("%d made, %+v %v", made, list, err)
	}
}

func disabledForEverybody(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	held, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.ReadChains})
	b.must(err)
	token := b.token(c, secret)
	second := b.another()
	_, err = second.Actor(ctx, token)
	b.must(err)
	gone, err := b.Disable(ctx, c.ID)
	b.must(err)
	b.clock.Add(time.Second)
	again, err := second.Disable(ctx, c.ID)
	if err != nil || gone.Disabled.IsZero() || !again.Disabled.Equal(gone.Disabled) {
		b.Errorf("disabled %s, again %s, %v", gone.Disabled, again.Disabled, err)
	}
	for _, s := range []*machine.Service{b.Service, second} {
		_, err = s.Actor(ctx, token)
		b.kind(err, fault.Unauthorized)
		_, err = s.Token(ctx, c.ID.String(), secret, nil)
		b.kind(err, fault.Unauthorized)
	}
	_, _, err = b.AddSecret(ctx, c.ID, time.Time{})
	b.kind(err, fault.Conflict)
	_, err = b.Grant(ctx, b.theirs, c.ID, []access.Scope{access.ReadChains})
	b.kind(err, fault.Conflict)
	list, err := b.Grants(ctx, b.ours) // its administrator sees it still, and can withdraw it
	if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], held) {
		b.Errorf("%+v %v", list, err)
	}
	b.must(b.Withdraw(ctx, b.ours, c.ID))
}
