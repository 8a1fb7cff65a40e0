package registry_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/registry"
	"liandan/internal/statement"
)

func (s *state) Key(kid string) (registry.KeyRecord, bool, error) { return found(s.keys, kid) }

func (s *state) Successor(kid string) (registry.KeyRecord, bool, error) {
	for _, k := range s.keys {
		if k.Replaces == kid {
			return k, true, nil
		}
	}
	return registry.KeyRecord{}, false, nil
}

// choose gives the keys that fit, in that order.
func (s *state) choose(fits func(registry.KeyRecord) bool, order func(a, b registry.KeyRecord) int, most int) []registry.KeyRecord {
	out := []registry.KeyRecord{}
	for _, k := range slices.SortedFunc(maps.Values(s.keys), order) {
		if fits(k) && len(out) < most {
			out = append(out, k)
		}
	}
	return out
}

func byKid(a, b registry.KeyRecord) int { return strings.Compare(a.Kid, b.Kid) }

func newestFirst(a, b registry.KeyRecord) int {
	return cmp.Or(b.Valid.From.Compare(a.Valid.From), byKid(a, b))
}

func (s *state) Keys(f registry.KeyFilter) ([]registry.KeyRecord, error) {
	after := registry.KeyRecord{}
	after.Valid.From, after.Kid = f.After.From, f.After.Kid
	return s.choose(func(k registry.KeyRecord) bool {
		return (f.Party.IsZero() || k.Party == f.Party) && (f.Person.IsZero() || k.Person == f.Person) &&
			(f.After == (registry.KeyPlace{}) || newestFirst(k, after) > 0)
	}, newestFirst, f.Limit), nil
}

func (s *state) KeysOf(people []id.Person) ([]registry.KeyRecord, error) {
	return s.choose(func(k registry.KeyRecord) bool { return slices.Contains(people, k.Person) }, byKid, len(s.keys)), nil
}

func (s *state) Unstated(most int) ([]registry.KeyRecord, error) {
	return s.choose(func(k registry.KeyRecord) bool { return k.Chapters == 0 }, byKid, most), nil
}

func (s *state) AddKey(k registry.KeyRecord) error {
	if _, there := s.keys[k.Kid]; there {
		return fault.New(fault.Conflict, "This key is already enrolled.")
	}
	s.keys[k.Kid] = k
	return nil
}

func (s *state) PutKey(k registry.KeyRecord) error { s.keys[k.Kid] = k; return nil }

func (s *state) State(st statement.Statement) error { s.said = append(s.said, st); return nil }
