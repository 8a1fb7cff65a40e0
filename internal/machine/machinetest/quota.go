package machinetest

import (
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
)

// use takes requests until there are none, and says how many there were.
func use(s *machine.Service, c id.Client) (n int, wait time.Duration) {
	for ok := true; ; n++ {
		if ok, wait = s.Allow(c); !ok {
			return n, wait
		}
	}
}

func (b *bench) used(s *machine.Service, c id.Client, n int, wait time.Duration) {
	b.Helper()
	if got, rest := use(s, c); got != n || (rest-wait).Abs() > time.Millisecond {
		b.Errorf("%d requests, then %s to wait; want %d and %s", got, rest, n, wait)
	}
}

func quota(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	d, other := b.client(1, access.ReadChains)
	tc, td := b.token(c, secret), b.token(d, other)
	if ok, wait := b.Allow(c.ID); ok || wait <= 0 {
		b.Error("a client that was never met here has a quota")
	}
	ac, err := b.Actor(ctx, tc)
	b.must(err)
	ad, err := b.Actor(ctx, td)
	b.must(err)
	b.used(b.Service, c.ID, 30, time.Second)
	b.used(b.Service, d.ID, 1, time.Minute) // its own
	b.clock.Add(3500 * time.Millisecond)
	b.used(b.Service, c.ID, 3, 500*time.Millisecond)
	f := fault.As(b.Admit(ac))
	if f == nil || f.Kind != fault.QuotaExceeded || f.Facts["retry_after_seconds"] != int64(1) {
		b.Errorf("%v", f)
	}
	f = fault.As(b.Admit(ad))
	if f == nil || f.Facts["retry_after_seconds"] != int64(57) {
		b.Errorf("%+v", f)
	}
	// Refused requests cost nothing: the wait is what it was.
	b.clock.Add(500 * time.Millisecond)
	b.must(b.Admit(ac))
	// Nobody else is a client.
	for _, a := range []access.Actor{{}, {Kind: access.ByPerson, ID: ac.ID}, {Kind: access.ByToken, ID: "token:x"}, {Kind: access.ByClient, ID: "client:x"}} {
		b.must(b.Admit(a))
	}
	// A second server counts for itself, as the doc comment says.
	second := b.another()
	_, err = second.Actor(ctx, tc)
	b.must(err)
	b.used(second, c.ID, 30, time.Second)
	b.clock.Add(2 * time.Hour)
	_, err = b.Sweep(ctx)
	b.must(err)
	if ok, _ := b.Allow(c.ID); ok {
		b.Error("a client that was quiet for two hours is remembered")
	}
}

func quotaChanges(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	token := b.token(c, secret)
	met := func() {
		b.Helper()
		_, err := b.Actor(ctx, token)
		b.must(err)
	}
	met()
	b.used(b.Service, c.ID, 30, time.Second)
	elsewhere := b.another()
	_, err := elsewhere.SetQuota(ctx, c.ID, 600)
	b.must(err)
	met()
	b.used(b.Service, c.ID, 0, 100*time.Millisecond) // what was used stays used; it fills faster
	b.clock.Add(time.Minute)
	met()
	b.used(b.Service, c.ID, 300, 100*time.Millisecond)
	_, err = b.SetQuota(ctx, c.ID, 2)
	b.must(err)
	b.clock.Add(time.Minute)
	met()
	b.used(b.Service, c.ID, 1, 30*time.Second)
}
