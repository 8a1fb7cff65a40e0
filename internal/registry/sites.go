package registry

import (
	"context"

	"liandan/internal/id"
)

// SitesOf lists an organisation's sites, the closed ones included. Faults: unavailable.
func (s *Service) SitesOf(ctx context.Context, p id.Party) ([]id.Site, error) {
	list, err := s.store.RegistryReader(ctx).SitesOf(p)
	return list, unavailable(err)
}

// Person gives the organisation of a person who is valid now; false for others. Faults:
// unavailable.
func (s *Service) Person(ctx context.Context, p id.Person) (id.Party, bool, error) {
	found, ok, err := s.store.RegistryReader(ctx).Person(p)
	if err != nil {
		return id.Party{}, false, unavailable(err)
	}
	if !ok || !found.Valid.Holds(s.clock()) {
		return id.Party{}, false, nil
	}
	return found.Party, true, nil
}
