// Package machinetest judges a machine.Store by what a machine.Service does on it: one
// suite for every store, so that all of them give the same answers.
//
// It must not be imported by anything but tests, and knows no database.
package machinetest

import (
	"context"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/machine"
	"liandan/internal/party"
	"liandan/internal/testclock"
)

// Store is a store that can be given organisations to refer to.
type Store interface {
	machine.Store
	PutOrganisations(ctx context.Context, list ...party.Organisation) error
}

// Run runs the suite. open gives an empty store, a new one at each call.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*bench){
		"Clients":              clients,
		"ClientRefusals":       clientRefusals,
		"Secrets":              secrets,
		"SecretRefusals":       secretRefusals,
		"SecretsInParallel":    secretsInParallel,
		"Tokens":               tokens,
		"TokenScopes":          tokenScopes,
		"TokenRefusals":        tokenRefusals,
		"TokensDieWithSecret":  tokensDieWithSecret,
		"TokensAreBounded":     tokensAreBounded,
		"Attempts":             attempts,
		"AttemptsInParallel":   attemptsInParallel,
		"AttemptsInAll":        attemptsInAll,
		"AttemptsInAnOutage":   attemptsInAnOutage,
		"RevokedWhileIssuing":  revokedWhileIssuing,
		"Actors":               actors,
		"MadeUpTokens":         madeUpTokens,
		"Grants":               grants,
		"GrantRefusals":        grantRefusals,
		"GrantsInParallel":     grantsInParallel,
		"Quota":                quota,
		"QuotaChanges":         quotaChanges,
		"Sweeping":             sweeping,
		"Outage":               outage,
		"NothingSecretIsKept":  nothingSecretIsKept,
		"TheTableObeysActors":  theTableObeysActors,
		"DisabledForEverybody": disabledForEverybody,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newBench(t, open(t)))
		})
	}
}

// bench is a service on a watched store, with two organisations and a clock that stands
// still.
type bench struct {
	*testing.T
	*machine.Service
	store  *watched
	clock  *testclock.Clock
	rand   io.Reader
	ours   id.Party
	theirs id.Party
	gone   id.Party // an organisation whose time is over
}

func newBench(t *testing.T, s Store) *bench {
	b := &bench{T: t, store: &watched{Store: s}, clock: testclock.At(time.Date(2026, 3, 2, 1, 0, 0, 123_456_789, time.UTC)),
		rand: testclock.Shared(rand.NewChaCha8([32]byte{7}))}
	name := func(n byte) id.Party { return id.PartyOf(uuid.UUID{0: n, 6: 0x40, 8: 0x80}) }
	b.ours, b.theirs, b.gone = name(1), name(2), name(3)
	for n, p := range []id.Party{b.ours, b.theirs, b.gone} {
		b.must(s.PutOrganisations(b.Context(), party.Organisation{ID: p, CreditCode: party.CreditCode("SAMPLE" + string(rune('1'+n))),
			Name: "样例 SAMPLE", Sample: true, Valid: party.Period{From: b.clock.Now().AddDate(-1, 0, 0)}}))
	}
	b.Service = b.another()
	return b
}

// another is a second service on the same store, as another process is.
func (b *bench) another() *machine.Service {
	return machine.New(machine.Config{Store: b.store, Organisations: b, Now: b.clock.Now, Random: b.rand})
}

// Organisation implements machine.Organisations.
func (b *bench) Organisation(_ context.Context, p id.Party) (party.Organisation, bool, error) {
	o := party.Organisation{ID: p, Valid: party.Period{From: b.clock.Now().AddDate(-1, 0, 0)}}
	if p == b.gone {
		o.Valid.To = b.clock.Now().Truncate(time.Millisecond)
	}
	return o, p == b.ours || p == b.theirs || p == b.gone, nil
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// kind checks the fault's kind.
func (b *bench) kind(err error, want fault.Kind) {
	b.Helper()
	if fault.Of(err) != want {
		b.Errorf("%v, want the fault %s", err, want)
	}
}

// field checks that the fault names what is wrong, as "pointer code".
func (b *bench) field(err error, kind fault.Kind, want ...string) {
	b.Helper()
	f := fault.As(err)
	var got []string
	if f != nil {
		for _, v := range f.Fields {
			got = append(got, v.Pointer+" "+v.Code)
		}
	}
	if f == nil || f.Kind != kind || len(got) != len(want) {
		b.Errorf("%v, want the fault %s with %q", err, kind, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			b.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// client makes a client with one secret.
func (b *bench) client(perMinute int, scopes ...access.Scope) (machine.Client, string) {
	b.Helper()
	c, err := b.Create(b.Context(), "样例系统 SAMPLE", scopes, perMinute)
	b.must(err)
	_, plain, err := b.AddSecret(b.Context(), c.ID, time.Time{})
	b.must(err)
	return c, plain
}

func (b *bench) token(c machine.Client, secret string) string {
	b.Helper()
	t, err := b.Token(b.Context(), c.ID.String(), secret, nil)
	b.must(err)
	return t.Token
}

// watched counts what a service reads of a store, and breaks on purpose.
type watched struct {
	Store
	secrets, bearers, writes atomic.Int64
	broken                   atomic.Pointer[error]
	between                  atomic.Pointer[func()] // runs once, after a reading of a secret
}

func (w *watched) fails() error {
	if e := w.broken.Load(); e != nil {
		return *e
	}
	return nil
}

// MachineReader implements machine.Store.
func (w *watched) MachineReader(ctx context.Context) machine.Reader {
	return watchedReader{w.Store.MachineReader(ctx), w}
}

// UpdateMachines implements machine.Store.
func (w *watched) UpdateMachines(ctx context.Context, fn func(machine.Tx) error) error {
	w.writes.Add(1)
	if err := w.fails(); err != nil {
		return err
	}
	return w.Store.UpdateMachines(ctx, fn)
}

type watchedReader struct {
	machine.Reader
	w *watched
}

func (r watchedReader) Clients() ([]machine.Client, error) {
	if err := r.w.fails(); err != nil {
		return nil, err
	}
	return r.Reader.Clients()
}

func (r watchedReader) Secret(h id.Hash) (machine.Secret, machine.Client, bool, error) {
	r.w.secrets.Add(1)
	if err := r.w.fails(); err != nil {
		return machine.Secret{}, machine.Client{}, false, err
	}
	s, c, ok, err := r.Reader.Secret(h)
	if f := r.w.between.Swap(nil); f != nil {
		(*f)()
	}
	return s, c, ok, err
}

func (r watchedReader) Bearer(h id.Hash, at time.Time) (machine.Bearer, bool, error) {
	r.w.bearers.Add(1)
	if err := r.w.fails(); err != nil {
		return machine.Bearer{}, false, err
	}
	return r.Reader.Bearer(h, at)
}

func (r watchedReader) Grants(p id.Party) ([]machine.Grant, error) {
	if err := r.w.fails(); err != nil {
		return nil, err
	}
	return r.Reader.Grants(p)
}
