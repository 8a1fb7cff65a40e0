package registry_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/statement"
)

// memory is a registry in maps, for fuzzing: no file, no server. The suite that judges
// the real stores judges it too.
type memory struct {
	mu    sync.Mutex
	state state
}

type state struct {
	version    int64
	parties    map[id.Party]party.Organisation
	sites      map[id.Site]party.Site
	licences   map[licenceKey]party.Licence
	people     map[id.Person]registry.Person
	vehicles   map[string]permit.Vehicle
	plans      map[string]permit.PlanLine
	approvals  map[string]permit.Approval
	keys       map[string]registry.KeyRecord
	said       []statement.Statement
	facts      map[string]indicator.Fact
	tokens     map[id.Hash]registry.Token
	enrolments map[id.Hash]registry.Enrolment
}

type licenceKey struct {
	party  id.Party
	number string
	from   int64
}

func newMemory() *memory {
	return &memory{state: state{version: 1, parties: map[id.Party]party.Organisation{}, sites: map[id.Site]party.Site{},
		licences: map[licenceKey]party.Licence{}, vehicles: map[string]permit.Vehicle{}, plans: map[string]permit.PlanLine{}, approvals: map[string]permit.Approval{}, people: map[id.Person]registry.Person{}, keys: map[string]registry.KeyRecord{}, facts: map[string]indicator.Fact{},
		tokens: map[id.Hash]registry.Token{}, enrolments: map[id.Hash]registry.Enrolment{}}}
}

func (m *memory) RegistryReader(context.Context) registry.Reader {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.copy()
}

func (m *memory) UpdateRegistry(_ context.Context, fn func(registry.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.state.copy()
	s.version++
	if err := fn(s); err != nil {
		return err
	}
	m.state = *s
	return nil
}

func (s state) copy() *state {
	s.parties, s.sites, s.licences, s.people = maps.Clone(s.parties), maps.Clone(s.sites), maps.Clone(s.licences), maps.Clone(s.people)
	s.vehicles, s.plans, s.approvals = maps.Clone(s.vehicles), maps.Clone(s.plans), maps.Clone(s.approvals)
	s.keys, s.tokens, s.enrolments = maps.Clone(s.keys), maps.Clone(s.tokens), maps.Clone(s.enrolments)
	s.facts = maps.Clone(s.facts)
	s.said = slices.Clip(s.said)
	return &s
}

func found[K comparable, V any](m map[K]V, k K) (V, bool, error) {
	v, ok := m[k]
	return v, ok, nil
}

func listed[K comparable, V any](m map[K]V) ([]V, error) {
	return slices.AppendSeq([]V{}, maps.Values(m)), nil
}

func (s *state) Version() (int64, error)                      { return s.version, nil }
func (s *state) Kids() ([]string, error)                      { return slices.Collect(maps.Keys(s.keys)), nil }
func (s *state) Site(v id.Site) (party.Site, bool, error)     { return found(s.sites, v) }
func (s *state) Organisations() ([]party.Organisation, error) { return listed(s.parties) }
func (s *state) Sites() ([]party.Site, error)                 { return listed(s.sites) }
func (s *state) Licences() ([]party.Licence, error)           { return listed(s.licences) }
func (s *state) People() ([]registry.Person, error)           { return listed(s.people) }

func (s *state) Organisation(p id.Party) (party.Organisation, bool, error) {
	return found(s.parties, p)
}

func (s *state) Person(p id.Person) (registry.Person, bool, error) { return found(s.people, p) }

func (s *state) Enrolment(h id.Hash) (registry.Enrolment, bool, error) {
	return found(s.enrolments, h)
}

func (s *state) Tokens(at time.Time) ([]registry.Token, error) {
	list, _ := listed(s.tokens)
	return slices.DeleteFunc(list, func(t registry.Token) bool { return !t.Expires.IsZero() && !t.Expires.After(at) }), nil
}

func (s *state) Challenged(challenge string) (registry.Enrolment, bool, error) {
	for _, e := range s.enrolments {
		if e.Challenge != "" && e.Challenge == challenge {
			return e, true, nil
		}
	}
	return registry.Enrolment{}, false, nil
}

func (s *state) PutOrganisations(list []party.Organisation) error {
	for _, v := range list {
		s.parties[v.ID] = v
	}
	return nil
}

func (s *state) PutSites(list []party.Site) error {
	for _, v := range list {
		s.sites[v.ID] = v
	}
	return nil
}

func (s *state) PutLicences(list []party.Licence) error {
	for _, v := range list {
		s.licences[licenceKey{v.Party, v.Number, v.Valid.From.UnixMilli()}] = v
	}
	return nil
}

func (s *state) Vehicles() ([]permit.Vehicle, error)   { return listed(s.vehicles) }
func (s *state) Plans() ([]permit.PlanLine, error)     { return listed(s.plans) }
func (s *state) Approvals() ([]permit.Approval, error) { return listed(s.approvals) }

func (s *state) Holding(p id.Party) (h permit.Holding, _ bool, _ error) {
	for _, k := range slices.SortedFunc(maps.Keys(s.licences), func(a, b licenceKey) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.from, b.from))
	}) {
		if k.party == p {
			h.Licences = append(h.Licences, s.licences[k])
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.vehicles)) {
		if v := s.vehicles[k]; v.Party == p {
			h.Vehicles = append(h.Vehicles, v)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.plans)) {
		if v := s.plans[k]; v.Party == p {
			h.Plans = append(h.Plans, v)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.approvals)) {
		if v := s.approvals[k]; v.Party == p {
			h.Approvals = append(h.Approvals, v)
		}
	}
	return h, true, nil
}

// By implements registry.Tx; what is kept of changes is the database's.
func (s *state) By(string, time.Time) {}

func (s *state) PutVehicles(list []permit.Vehicle) error {
	for _, v := range list {
		s.vehicles[v.Party.String()+v.Plate+v.Valid.From.String()] = v
	}
	return nil
}

func (s *state) PutPlans(list []permit.PlanLine) error {
	for _, v := range list {
		s.plans[fmt.Sprintf("%s/%d/%s/%s/%s/%d", v.Site, v.Year, v.Code, v.Method, v.Consignee, v.Filed.UnixMilli())] = v
	}
	return nil
}

func (s *state) PutApprovals(list []permit.Approval) error {
	for _, v := range list {
		s.approvals[fmt.Sprint(v.Party, v.Number, v.Code, v.Valid.From.UnixMilli())] = v
	}
	return nil
}

func (s *state) PutPeople(list []registry.Person) error {
	for _, v := range list {
		s.people[v.ID] = v
	}
	return nil
}

func (s *state) Facts(kinds ...indicator.FactKind) ([]indicator.Fact, error) {
	all, err := listed(s.facts)
	return slices.DeleteFunc(all, func(f indicator.Fact) bool { return len(kinds) > 0 && !slices.Contains(kinds, f.Kind) }), err
}

func (s *state) SiteHistory(v id.Site) (out []indicator.Site, ok bool, err error) {
	for _, f := range s.facts {
		if l, is := f.Row.(indicator.Site); is && l.Site == v {
			out = append(out, l)
		}
	}
	return out, len(out) > 0, nil
}

func (s *state) PutFacts(list []indicator.Fact) error {
	for _, f := range list {
		s.facts[f.Key()] = f
	}
	return nil
}

func (s *state) AddToken(t registry.Token) error         { s.tokens[t.Hash] = t; return nil }
func (s *state) AddEnrolment(e registry.Enrolment) error { s.enrolments[e.CodeHash] = e; return nil }
func (s *state) PutEnrolment(e registry.Enrolment) error { s.enrolments[e.CodeHash] = e; return nil }

func TestServiceInMemory(t *testing.T) {
	registrytest.Run(t, func(*testing.T) registry.Store { return newMemory() })
}

func (s *state) SitesOf(p id.Party) (out []id.Site, err error) {
	for _, v := range s.sites {
		if v.Party == p {
			out = append(out, v.ID)
		}
	}
	return out, nil
}

func (s *state) RevokeToken(hash id.Hash, _ time.Time) error {
	delete(s.tokens, hash)
	return nil
}
