package machine_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"liandan/internal/id"
	"liandan/internal/machine"
	"liandan/internal/machine/machinetest"
	"liandan/internal/party"
)

// memory is the clients in maps. The suite that judges the real stores judges it too.
type memory struct {
	mu sync.Mutex
	is state
}

type state struct {
	clients map[id.Client]machine.Client
	secrets map[id.Grant]machine.Secret
	tokens  map[id.Hash]machine.Token
	grants  map[id.Grant]machine.Grant
}

func newMemory() *memory {
	return &memory{is: state{map[id.Client]machine.Client{}, map[id.Grant]machine.Secret{}, map[id.Hash]machine.Token{}, map[id.Grant]machine.Grant{}}}
}

func (m *memory) PutOrganisations(context.Context, ...party.Organisation) error { return nil }

func (m *memory) MachineReader(context.Context) machine.Reader {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.is.copy()
}

func (m *memory) UpdateMachines(_ context.Context, fn func(machine.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.is.copy()
	if err := fn(s); err != nil {
		return err
	}
	m.is = *s
	return nil
}

func (s state) copy() *state {
	return &state{maps.Clone(s.clients), maps.Clone(s.secrets), maps.Clone(s.tokens), maps.Clone(s.grants)}
}

func (s *state) Lock(c id.Client) (machine.Client, bool, error) {
	k, ok := s.clients[c]
	for _, v := range s.secrets {
		if v.Client == c {
			k.Secrets = append(k.Secrets, v)
		}
	}
	slices.SortFunc(k.Secrets, func(a, b machine.Secret) int {
		return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return k, ok, nil
}

func (s *state) Clients() (list []machine.Client, _ error) {
	for c := range s.clients {
		k, _, _ := s.Lock(c)
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b machine.Client) int {
		return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return list, nil
}

func (s *state) Secret(hash id.Hash) (machine.Secret, machine.Client, bool, error) {
	for _, v := range s.secrets {
		if v.Hash == hash {
			return v, s.clients[v.Client], true, nil
		}
	}
	return machine.Secret{}, machine.Client{}, false, nil
}

func (s *state) Bearer(hash id.Hash, at time.Time) (machine.Bearer, bool, error) {
	t, ok := s.tokens[hash]
	c := s.clients[t.Client]
	if !ok || !at.Before(t.Expires) || !s.secrets[t.Secret].Revoked.IsZero() || !c.Disabled.IsZero() {
		return machine.Bearer{}, false, nil
	}
	b := machine.Bearer{Client: c.ID, Allowed: c.Scopes, Scopes: t.Scopes, PerMinute: c.PerMinute}
	for _, g := range s.grants {
		if g.Client == c.ID && g.Valid.To.IsZero() {
			g.Name = ""
			b.Grants = append(b.Grants, g)
		}
	}
	slices.SortFunc(b.Grants, func(a, b machine.Grant) int {
		return cmp.Or(a.Valid.From.Compare(b.Valid.From), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return b, true, nil
}

func (s *state) Grants(p id.Party) (list []machine.Grant, _ error) {
	for _, g := range s.grants {
		if g.Party == p {
			g.Name = s.clients[g.Client].Name
			list = append(list, g)
		}
	}
	ended := func(g machine.Grant) int {
		if g.Valid.To.IsZero() {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(a, b machine.Grant) int {
		return cmp.Or(ended(a)-ended(b), b.Valid.From.Compare(a.Valid.From), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return list, nil
}

func (s *state) AddClient(c machine.Client) error { s.clients[c.ID] = c; return nil }
func (s *state) AddSecret(v machine.Secret) error { s.secrets[v.ID] = v; return nil }
func (s *state) AddToken(t machine.Token) error   { s.tokens[t.Hash] = t; return nil }
func (s *state) AddGrant(g machine.Grant) error   { s.grants[g.ID] = g; return nil }

func (s *state) PutClient(c machine.Client) error {
	c.Secrets = nil
	s.clients[c.ID] = c
	return nil
}

func (s *state) RevokeSecret(g id.Grant, at time.Time) error {
	v := s.secrets[g]
	v.Revoked = at
	s.secrets[g] = v
	return nil
}

func (s *state) DropTokens(c id.Client, secret id.Grant) error {
	maps.DeleteFunc(s.tokens, func(_ id.Hash, t machine.Token) bool {
		return t.Client == c && (secret.IsZero() || t.Secret == secret)
	})
	return nil
}

func (s *state) TrimTokens(c id.Client, keep int) error {
	var of []machine.Token
	for _, t := range s.tokens {
		if t.Client == c {
			of = append(of, t)
		}
	}
	slices.SortFunc(of, func(a, b machine.Token) int {
		return cmp.Or(b.Made.Compare(a.Made), slices.Compare(a.Hash[:], b.Hash[:]))
	})
	for _, t := range of[min(keep, len(of)):] {
		delete(s.tokens, t.Hash)
	}
	return nil
}

func (s *state) Sweep(at time.Time) (int, error) {
	before := len(s.tokens)
	maps.DeleteFunc(s.tokens, func(_ id.Hash, t machine.Token) bool { return !at.Before(t.Expires) })
	return before - len(s.tokens), nil
}

func (s *state) EndGrant(p id.Party, c id.Client, at time.Time) (bool, error) {
	for k, g := range s.grants {
		if g.Party == p && g.Client == c && g.Valid.To.IsZero() {
			g.Valid.To = at
			s.grants[k] = g
			return true, nil
		}
	}
	return false, nil
}

func TestMachines(t *testing.T) {
	machinetest.Run(t, func(*testing.T) machinetest.Store { return newMemory() })
}
