package machinetest

import (
	"reflect"
	"slices"
	"sync"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
	"liandan/internal/party"
)

func actors(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains, access.WriteLabels, access.ReadMetrics)
	whole := b.token(c, secret)
	narrow, err := b.Token(ctx, c.ID.String(), secret, []access.Scope{access.ReadChains})
	b.must(err)
	server := access.Appointment{Role: access.APIClient, Scopes: []access.Scope{access.ReadMetrics}}
	see := func(s *machine.Service, token string, want ...access.Appointment) {
		b.Helper()
		a, err := s.Actor(ctx, token)
		if err != nil || !reflect.DeepEqual(a.Appointments, want) {
			b.Errorf("%+v %v\nwant %+v", a.Appointments, err, want)
		}
	}
	see(b.Service, whole, server)
	see(b.Service, narrow.Token)

	g1, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.WriteLabels, access.ReadChains})
	b.must(err)
	b.clock.Add(time.Second)
	g2, err := b.Grant(ctx, b.theirs, c.ID, []access.Scope{access.WriteLabels})
	b.must(err)
	of := func(g machine.Grant, scopes ...access.Scope) access.Appointment {
		return access.Appointment{ID: g.ID, Role: access.APIClient, Party: g.Party, Scopes: scopes, Valid: g.Valid}
	}
	elsewhere := b.another()
	for _, s := range []*machine.Service{b.Service, elsewhere} { // tokens got before see what was granted after
		see(s, whole, of(g1, access.ReadChains, access.WriteLabels), of(g2, access.WriteLabels), server)
		see(s, narrow.Token, of(g1, access.ReadChains))
	}
	b.must(b.Withdraw(ctx, b.ours, c.ID))
	for _, s := range []*machine.Service{b.Service, elsewhere} {
		see(s, whole, of(g2, access.WriteLabels), server)
		see(s, narrow.Token)
	}
}

// theTableObeysActors holds what Actor gives against the policy.
func theTableObeysActors(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains, access.ReadMetrics)
	_, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.ReadChains})
	b.must(err)
	a, err := b.Actor(ctx, b.token(c, secret))
	b.must(err)
	p := access.Policy{Rules: access.Table()}
	about := func(v id.Party) access.Subject { return access.Subject{Parties: []id.Party{v}} }
	for _, q := range []struct {
		operation string
		s         access.Subject
		want      access.Verdict
	}{
		{"getBatch", about(b.ours), access.Allowed},
		{"getBatch", about(b.theirs), access.Hidden},
		{"getBatch", access.Subject{}, access.Hidden},
		{"createBatchLabel", about(b.ours), access.Forbidden}, // no such scope
		{"getMetrics", access.Subject{}, access.Allowed},
		{"listClients", access.Subject{}, access.Forbidden},
		{"listQuarantine", about(b.ours), access.Forbidden},
		{"getSession", access.Subject{}, access.Forbidden},
	} {
		if _, got := p.Decide(a, q.operation, q.s, b.clock.Now()); got != q.want {
			b.Errorf("%s about %v: %v, want %v", q.operation, q.s.Parties, got, q.want)
		}
	}
}

func grants(b *bench) {
	ctx := b.Context()
	c, _ := b.client(60, access.ReadChains, access.WriteLabels)
	d, _ := b.client(60, access.ReadChains)
	now := func() time.Time { return b.clock.Now().UTC().Truncate(time.Millisecond) }
	start := now()
	first, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.ReadChains})
	b.must(err)
	want := machine.Grant{ID: first.ID, Client: c.ID, Name: c.Name, Party: b.ours, Scopes: []access.Scope{access.ReadChains}, Valid: party.Period{From: start}}
	if !reflect.DeepEqual(first, want) || first.ID.IsZero() {
		b.Errorf("%+v, want %+v", first, want)
	}
	b.clock.Add(time.Second)
	second, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.WriteLabels}) // takes the place of the first
	b.must(err)
	first.Valid.To = now()
	b.clock.Add(time.Second)
	third, err := b.Grant(ctx, b.ours, d.ID, []access.Scope{access.ReadChains})
	b.must(err)
	b.clock.Add(time.Second)
	b.must(b.Withdraw(ctx, b.ours, c.ID))
	second.Valid.To = now()
	_, err = b.Grant(ctx, b.theirs, c.ID, []access.Scope{access.ReadChains})
	b.must(err)
	got, err := b.another().Grants(ctx, b.ours)
	if all := []machine.Grant{third, second, first}; err != nil || !reflect.DeepEqual(got, all) {
		b.Errorf("%+v %v\nwant %+v", got, err, all)
	}
	b.kind(b.Withdraw(ctx, b.ours, c.ID), fault.NotFound) // it is withdrawn
	again, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.ReadChains})
	if err != nil || again.ID == first.ID {
		b.Errorf("%+v %v", again, err)
	}
	got, err = b.Grants(ctx, b.ours)
	if err != nil || len(got) != 4 || got[0].ID != again.ID || got[1].ID != third.ID {
		b.Errorf("%+v %v", got, err)
	}
}

func grantRefusals(b *bench) {
	ctx := b.Context()
	c, _ := b.client(60, access.ReadChains, access.ReadMetrics)
	d, _ := b.client(60, access.ReadChains)
	_, err := b.Grant(ctx, b.theirs, d.ID, []access.Scope{access.ReadChains})
	b.must(err)
	for name, q := range map[string]struct {
		scopes []access.Scope
		want   []string
	}{
		"none":                  {nil, []string{"/scopes required"}},
		"unknown":               {[]access.Scope{"everything"}, []string{"/scopes/0 value"}},
		"repeated":              {[]access.Scope{access.ReadChains, access.ReadChains}, []string{"/scopes/1 repeated"}},
		"the server's":          {[]access.Scope{access.ReadMetrics}, []string{"/scopes/0 of_server"}},
		"not the client's":      {[]access.Scope{access.ReadChains, access.ManageKeys, access.WriteLabels}, []string{"/scopes/1 not_of_client", "/scopes/2 not_of_client"}},
		"wrong in several ways": {[]access.Scope{"", access.ReadMetrics}, []string{"/scopes/0 value", "/scopes/1 of_server"}},
	} {
		_, err := b.Grant(ctx, b.ours, c.ID, q.scopes)
		b.field(err, fault.InvalidRequest, q.want...)
		if b.Failed() {
			b.Fatal(name)
		}
	}
	good := []access.Scope{access.ReadChains}
	nobody := id.ClientOf(b.ours.UUID())
	for name, call := range map[string]func() error{
		"an unknown organisation":        func() error { _, err := b.Grant(ctx, id.PartyOf(c.ID.UUID()), c.ID, good); return err },
		"no organisation":                func() error { _, err := b.Grant(ctx, id.Party{}, c.ID, good); return err },
		"an organisation that has ended": func() error { _, err := b.Grant(ctx, b.gone, c.ID, good); return err },
		"an unknown client":              func() error { _, err := b.Grant(ctx, b.ours, nobody, good); return err },
		"no client":                      func() error { _, err := b.Grant(ctx, b.ours, id.Client{}, good); return err },
		"withdrawing nothing":            func() error { return b.Withdraw(ctx, b.ours, c.ID) },
		"withdrawing another's":          func() error { return b.Withdraw(ctx, b.ours, d.ID) },
		"withdrawing from nobody":        func() error { return b.Withdraw(ctx, b.ours, nobody) },
		"withdrawing for no one":         func() error { return b.Withdraw(ctx, id.Party{}, d.ID) },
	} {
		if err := call(); fault.Of(err) != fault.NotFound {
			b.Errorf("%s: %v", name, err)
		}
	}
	// A client that is not there and one that was granted nothing are answered alike.
	if x, y := b.Withdraw(ctx, b.ours, nobody), b.Withdraw(ctx, b.ours, d.ID); x.Error() != y.Error() {
		b.Errorf("%v is not %v", x, y)
	}
	for p, want := range map[id.Party]int{b.ours: 0, b.theirs: 1, b.gone: 0, {}: 0} {
		if list, err := b.Grants(ctx, p); err != nil || len(list) != want {
			b.Errorf("%s: %+v %v, want %d", p, list, err, want)
		}
	}
}

func grantsInParallel(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	token := b.token(c, secret)
	services := []*machine.Service{b.Service, b.another()}
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() { _, errs[i] = services[i%2].Grant(ctx, b.ours, c.ID, []access.Scope{access.ReadChains}) })
	}
	wg.Wait()
	for _, err := range errs {
		b.must(err)
	}
	list, err := b.Grants(ctx, b.ours)
	b.must(err)
	held := slices.DeleteFunc(slices.Clone(list), func(g machine.Grant) bool { return !g.Valid.To.IsZero() })
	a, err := b.Actor(ctx, token)
	if err != nil || len(list) != len(errs) || len(held) != 1 || len(a.Appointments) != 1 || a.Appointments[0].ID != held[0].ID {
		b.Errorf("of %d grants %d hold; the client has %+v (%v)", len(list), len(held), a.Appointments, err)
	}
}
