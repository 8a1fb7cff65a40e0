package account_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/account/accounttest"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// memory is accounts in maps, so that the suite runs without a database and a test can
// fail a write on purpose. The suite that judges the real stores judges it too.
type memory struct {
	mu    sync.Mutex
	state state
	fail  int // the write that fails, counted from 1; 0: none
}

type state struct {
	writes      int
	accounts    map[id.Account]account.Kept
	invitations map[id.Hash]account.Invitation
	sittings    map[id.Hash]account.Sitting
	recovery    map[id.Account][]id.Hash
	attempts    map[id.Hash]account.Attempts
	flows       map[id.Hash]time.Time
}

func newMemory() *memory {
	return &memory{state: state{accounts: map[id.Account]account.Kept{}, invitations: map[id.Hash]account.Invitation{}, sittings: map[id.Hash]account.Sitting{},
		recovery: map[id.Account][]id.Hash{}, attempts: map[id.Hash]account.Attempts{}, flows: map[id.Hash]time.Time{}}}
}

func (s state) clone() state {
	s.accounts, s.invitations, s.sittings = maps.Clone(s.accounts), maps.Clone(s.invitations), maps.Clone(s.sittings)
	s.recovery, s.attempts, s.flows = maps.Clone(s.recovery), maps.Clone(s.attempts), maps.Clone(s.flows)
	return s
}

func (m *memory) AccountReader(context.Context) account.Reader {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &view{m.state.clone()}
}

var errBroken = errors.New("the test broke the store")

func (m *memory) UpdateAccounts(ctx context.Context, fn func(account.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	v := &view{m.state.clone()}
	if err := fn(v); err != nil {
		return err
	}
	m.state.writes++
	if v.writes++; v.writes == m.fail {
		return errBroken
	}
	m.state = v.state
	return nil
}

func (m *memory) TouchSession(_ context.Context, token id.Hash, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.state.sittings[token]; ok && v.Seen.Before(at) {
		v.Seen = at
		m.state.sittings[token] = v
	}
	return nil
}

type view struct{ state }

func (v *view) Account(a id.Account) (account.Kept, bool, error) {
	k, ok := v.accounts[a]
	return k, ok, nil
}

func (v *view) find(is func(account.Kept) bool) (account.Kept, bool, error) {
	for _, k := range v.accounts {
		if is(k) {
			return k, true, nil
		}
	}
	return account.Kept{}, false, nil
}

func (v *view) AccountOfLogin(login string) (account.Kept, bool, error) {
	return v.find(func(k account.Kept) bool { return k.Login == login })
}

func (v *view) AccountOfSubject(l account.Link) (account.Kept, bool, error) {
	return v.find(func(k account.Kept) bool { return k.Link == l && k.Linked })
}

func (v *view) list(is func(account.Account) bool) []account.Account {
	var out []account.Account
	for _, k := range v.accounts {
		if is(k.Account) {
			out = append(out, k.Account)
		}
	}
	slices.SortFunc(out, func(a, b account.Account) int { return bytes.Compare(uuidBytes(a), uuidBytes(b)) })
	return out
}

func uuidBytes(a account.Account) []byte { u := a.ID.UUID(); return u[:] }

func (v *view) Accounts(p id.Party, at time.Time, after id.Account, limit int) ([]account.Account, error) {
	out := v.list(func(a account.Account) bool {
		live := slices.ContainsFunc(a.Appointments, func(g access.Appointment) bool {
			return g.Party == p && (g.Valid.To.IsZero() || g.Valid.To.After(at))
		})
		return (after.IsZero() || a.ID.String() > after.String()) && (p.IsZero() || live)
	})
	return out[:min(limit, len(out))], nil
}

func (v *view) Administrators() ([]account.Account, error) {
	return v.list(func(a account.Account) bool {
		return slices.ContainsFunc(a.Appointments, func(g access.Appointment) bool { return g.Role == access.SystemAdministrator })
	}), nil
}

func (v *view) Invitation(code id.Hash) (account.Invitation, bool, error) {
	i, ok := v.invitations[code]
	return i, ok, nil
}

func (v *view) Sitting(token id.Hash) (account.Sitting, bool, error) {
	s, ok := v.sittings[token]
	return s, ok, nil
}

func (v *view) Sittings(a id.Account) ([]account.Sitting, error) {
	var out []account.Sitting
	for _, s := range v.sittings {
		if s.Account == a {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b account.Sitting) int { return b.Made.Compare(a.Made) })
	return out, nil
}

func (v *view) Attempts(key id.Hash) (account.Attempts, bool, error) {
	a, ok := v.attempts[key]
	return a, ok, nil
}

func (v *view) AddAccount(k account.Kept) error {
	if _, taken, _ := v.AccountOfLogin(k.Login); taken {
		return fault.New(fault.Conflict, "taken")
	}
	v.accounts[k.ID] = k
	return nil
}

func (v *view) PutAccount(k account.Kept) error {
	old := v.accounts[k.ID]
	k.Login, k.Made, k.Appointments = old.Login, old.Made, old.Appointments
	v.accounts[k.ID] = k
	return nil
}

func (v *view) AddAppointment(a id.Account, g access.Appointment) error {
	k := v.accounts[a]
	k.Appointments = append(slices.Clone(k.Appointments), g)
	v.accounts[a] = k
	return nil
}

func (v *view) EndAppointment(g id.Grant, at time.Time) error {
	for a, k := range v.accounts {
		for i := range k.Appointments {
			if k.Appointments[i].ID == g {
				k.Appointments = slices.Clone(k.Appointments)
				k.Appointments[i].Valid.To = at
				v.accounts[a] = k
			}
		}
	}
	return nil
}

func (v *view) AddInvitation(i account.Invitation) error { v.invitations[i.Code] = i; return nil }

func (v *view) UseInvitation(code id.Hash, at time.Time) error {
	i := v.invitations[code]
	i.Used = at
	v.invitations[code] = i
	return nil
}

func (v *view) DropInvitations(a id.Account) error {
	maps.DeleteFunc(v.invitations, func(_ id.Hash, i account.Invitation) bool { return i.Account == a })
	return nil
}

func (v *view) AddSitting(s account.Sitting) error { v.sittings[s.Token] = s; return nil }

func (v *view) DropSession(token id.Hash) error { delete(v.sittings, token); return nil }

func (v *view) DropSessions(a id.Account, except id.Hash) error {
	maps.DeleteFunc(v.sittings, func(token id.Hash, s account.Sitting) bool { return s.Account == a && token != except })
	return nil
}

func (v *view) SetRecovery(a id.Account, codes []id.Hash) error {
	v.recovery[a] = slices.Clone(codes)
	return nil
}

func (v *view) UseRecovery(a id.Account, code id.Hash) (bool, error) {
	i := slices.Index(v.recovery[a], code)
	if i < 0 {
		return false, nil
	}
	v.recovery[a] = slices.Delete(slices.Clone(v.recovery[a]), i, i+1)
	return true, nil
}

func (v *view) PutAttempts(a account.Attempts) error { v.attempts[a.Key] = a; return nil }

func (v *view) DropAttempts(key id.Hash) error { delete(v.attempts, key); return nil }

func (v *view) UseFlow(flow id.Hash, expires time.Time) (bool, error) {
	if _, used := v.flows[flow]; used {
		return false, nil
	}
	v.flows[flow] = expires
	return true, nil
}

func (v *view) Sweep(o account.Over) (out account.Swept, _ error) {
	drop := func(count *int, is bool) bool {
		if is {
			*count++
		}
		return is
	}
	maps.DeleteFunc(v.sittings, func(_ id.Hash, s account.Sitting) bool {
		idle := o.Idle
		if s.Remember {
			idle = o.RememberedIdle
		}
		return drop(&out.Sessions, !s.Expires.After(o.Now) || !s.Seen.After(idle))
	})
	maps.DeleteFunc(v.attempts, func(_ id.Hash, a account.Attempts) bool { return drop(&out.Attempts, !a.At.After(o.Attempts)) })
	maps.DeleteFunc(v.invitations, func(_ id.Hash, i account.Invitation) bool {
		return drop(&out.Invitations, !i.Expires.After(o.Now) || !i.Used.IsZero())
	})
	maps.DeleteFunc(v.flows, func(_ id.Hash, expires time.Time) bool { return drop(&out.Flows, !expires.After(o.Now)) })
	return out, nil
}

func TestServiceInMemory(t *testing.T) {
	accounttest.Run(t, func(*testing.T) func() account.Store {
		m := newMemory()
		return func() account.Store { return m }
	})
}
