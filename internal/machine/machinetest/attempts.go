package machinetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/machine"
)

const wrong = "ls_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func attempts(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	try := func(id, secret string, want fault.Kind) {
		b.Helper()
		_, err := b.Token(ctx, id, secret, nil)
		b.kind(err, want)
	}
	for range 3 {
		b.token(c, secret) // right ones do not count
	}
	for _, id := range []string{c.ID.String(), b.ours.String()} { // one that is there and one that is not
		for range machine.MaxFailures {
			try(id, wrong, fault.Unauthorized)
		}
		looked := b.store.secrets.Load()
		try(id, wrong, fault.TooManyAttempts)
		try(id, secret, fault.TooManyAttempts)
		if b.store.secrets.Load() != looked {
			b.Errorf("%s: a secret was looked for beyond the limit", id)
		}
	}
	b.clock.Add(30 * time.Second)
	_, err := b.Token(ctx, c.ID.String(), secret, nil)
	if f := fault.As(err); f == nil || f.Kind != fault.TooManyAttempts || f.Facts["retry_after_seconds"] != int64(30) {
		b.Errorf("in mid-minute: %v", err)
	}
	other, others := b.client(60, access.ReadChains)
	b.token(other, others)
	b.clock.Add(30 * time.Second)
	b.token(c, secret)
}

func attemptsInParallel(b *bench) {
	c, secret := b.client(60, access.ReadChains)
	b.token(c, secret)
	looked := b.store.secrets.Load()
	var wg sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = b.Token(b.Context(), c.ID.String(), "ls_"+strings.Repeat("a", 50)+fmt.Sprintf("%ca", 'a'+i%26), nil)
		})
	}
	wg.Wait()
	refused := 0
	for _, err := range errs {
		if fault.Of(err) == fault.Unauthorized {
			refused++
		} else {
			b.kind(err, fault.TooManyAttempts)
		}
	}
	if n := b.store.secrets.Load() - looked; refused != machine.MaxFailures || n != machine.MaxFailures {
		b.Errorf("%d refused, %d compared, want %d", refused, n, machine.MaxFailures)
	}
}

func attemptsInAll(b *bench) {
	ctx := b.Context()
	proven, secret := b.client(60, access.ReadChains)
	b.token(proven, secret)
	unseen, unseens := b.client(60, access.ReadChains)
	for i := range machine.MaxFailuresInAll {
		id := "no id"
		if i%2 == 0 {
			id = fmt.Sprintf("%08x-0000-4000-8000-000000000000", i+1)
		}
		_, err := b.Token(ctx, id, wrong, nil)
		b.kind(err, fault.Unauthorized)
	}
	for _, id := range []string{"no id", "", b.theirs.String()} {
		_, err := b.Token(ctx, id, wrong, nil)
		b.kind(err, fault.TooManyAttempts)
	}
	_, err := b.Token(ctx, unseen.ID.String(), unseens, nil)
	b.kind(err, fault.TooManyAttempts)
	b.token(proven, secret) // a stranger's rubbish does not shut it out
	for range machine.MaxFailures {
		_, err := b.Token(ctx, proven.ID.String(), wrong, nil)
		b.kind(err, fault.Unauthorized)
	}
	_, err = b.Token(ctx, proven.ID.String(), secret, nil)
	b.kind(err, fault.TooManyAttempts) // its own limit binds it
	b.clock.Add(time.Minute)
	b.token(unseen, unseens)
	b.clock.Add(-time.Hour) // a clock set back begins a new minute
	b.token(unseen, unseens)
}

func attemptsInAnOutage(b *bench) {
	c, secret := b.client(60, access.ReadChains)
	down := errors.New("down")
	b.store.broken.Store(&down)
	for range 3 * machine.MaxFailures {
		_, err := b.Token(b.Context(), c.ID.String(), secret, nil)
		b.kind(err, fault.Unavailable)
	}
	b.store.broken.Store(nil)
	b.token(c, secret) // nothing was compared, so nothing counts
}

func outage(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	token := b.token(c, secret)
	down := errors.New("down")
	b.store.broken.Store(&down)
	for name, call := range map[string]func() error{
		"create":   func() error { _, err := b.Create(ctx, "x", []access.Scope{access.ReadChains}, 1); return err },
		"list":     func() error { _, err := b.List(ctx); return err },
		"quota":    func() error { _, err := b.SetQuota(ctx, c.ID, 1); return err },
		"disable":  func() error { _, err := b.Disable(ctx, c.ID); return err },
		"secret":   func() error { _, _, err := b.AddSecret(ctx, c.ID, time.Time{}); return err },
		"token":    func() error { _, err := b.Token(ctx, c.ID.String(), secret, nil); return err },
		"actor":    func() error { _, err := b.Actor(ctx, token); return err },
		"grant":    func() error { _, err := b.Grant(ctx, b.ours, c.ID, []access.Scope{access.ReadChains}); return err },
		"withdraw": func() error { return b.Withdraw(ctx, b.ours, c.ID) },
		"grants":   func() error { _, err := b.Grants(ctx, b.ours); return err },
		"sweep":    func() error { _, err := b.Sweep(ctx); return err },
	} {
		err := call()
		if fault.Of(err) != fault.Unavailable || !errors.Is(err, down) {
			b.Errorf("%s: %v", name, err)
		}
		if strings.Contains(err.Error(), secret[3:]) || strings.Contains(err.Error(), token[3:]) {
			b.Errorf("%s tells a secret", name)
		}
	}
	b.store.broken.Store(nil)
	_, err := b.Actor(ctx, token)
	b.must(err)
	if list, err := b.Grants(ctx, b.ours); err != nil || len(list) != 0 {
		b.Errorf("%v %v", list, err)
	}
}

func nothingSecretIsKept(b *bench) {
	ctx := b.Context()
	c, secret := b.client(60, access.ReadChains)
	token := b.token(c, secret)
	list, err := b.List(ctx)
	b.must(err)
	a, err := b.Actor(ctx, token)
	b.must(err)
	all := fmt.Sprintf("%+v %+v", list, a)
	b.must(b.store.UpdateMachines(ctx, func(tx machine.Tx) error {
		k, _, err := tx.Lock(c.ID)
		all += fmt.Sprintf("%+v", k)
		return err
	}))
	if strings.Contains(all, secret[3:]) || strings.Contains(all, token[3:]) || !strings.Contains(all, c.ID.String()) {
		b.Error("a secret is kept, or nothing was looked at")
	}
}
