package registry

import (
	"context"
	"slices"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/permit"
)

// Key finds a device's key by its kid. Its validity is cut to that of its person: the
// keys of someone who has left stop with them. Faults: unavailable.
func (s *Service) Key(ctx context.Context, kid string) (party.Key, bool, error) {
	raw, ok := parseKid(kid)
	if !ok {
		return party.Key{}, false, nil
	}
	keys := func(c *cache) map[string]party.Key { return c.keys }
	for {
		version, err := s.fresh(ctx, staleAfter)
		if err != nil {
			return party.Key{}, false, err
		}
		if k, ok := get(s.cache, keys, kid); ok {
			return k, true, nil
		}
		enrolled, err := s.enrolled(ctx, raw)
		if err != nil || !enrolled {
			return party.Key{}, false, err
		}
		k, ok, err := readKey(s.store.RegistryReader(ctx), kid)
		if err != nil || !ok {
			return party.Key{}, false, unavailable(err)
		}
		if k, ok = put(s.cache, version, keys, kid, k); ok {
			return k, true, nil
		}
	}
}

// readKey reads a key and cuts its validity to its person's.
func readKey(r Reader, kid string) (party.Key, bool, error) {
	k, ok, err := r.Key(kid)
	if err != nil || !ok {
		return party.Key{}, false, err
	}
	effective, err := inForce(r, k)
	return effective, err == nil, err
}

// inForce is a key with its validity cut to its person's.
func inForce(r Reader, k KeyRecord) (party.Key, error) {
	p, ok, err := r.Person(k.Person)
	if err != nil {
		return party.Key{}, err
	}
	if !ok {
		return party.Key{}, fault.New(fault.Damaged, "The key %s belongs to a person whom the register does not have.", k.Kid)
	}
	out := k.Key
	out.Valid = both(k.Valid, p.Valid)
	return out, nil
}

// both is the time that lies in two periods. Where there is none it is empty, and ends
// where it begins.
func both(a, b party.Period) party.Period {
	if b.From.After(a.From) {
		a.From = b.From
	}
	if a.To.IsZero() || (!b.To.IsZero() && b.To.Before(a.To)) {
		a.To = b.To
	}
	if !a.To.IsZero() && a.To.Before(a.From) {
		a.To = a.From
	}
	return a
}

// enrolled says whether there is such a key, without asking the database about each
// made-up kid: all kids are held in memory, and read again when the version has changed.
func (s *Service) enrolled(ctx context.Context, raw [32]byte) (bool, error) {
	if ok, _ := s.inKids(raw); ok {
		return true, nil
	}
	version, err := s.fresh(ctx, unknownAfter)
	if err != nil {
		return false, err
	}
	ok, at := s.inKids(raw)
	if ok || at == version {
		return ok, nil
	}
	if err := s.cache.take(ctx); err != nil {
		return false, err
	}
	defer s.cache.give()
	if ok, at = s.inKids(raw); ok || at == version {
		return ok, nil
	}
	kids, err := s.store.RegistryReader(ctx).Kids()
	if err != nil {
		return false, unavailable(err)
	}
	set := newKidSet(kids)
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.kids, s.cache.kidsAt = set, version
	return set.has(raw), nil
}

func (s *Service) inKids(raw [32]byte) (ok bool, at int64) {
	s.cache.mu.RLock()
	defer s.cache.mu.RUnlock()
	return s.cache.kids.has(raw), s.cache.kidsAt
}

// Site finds a site. Faults: unavailable.
func (s *Service) Site(ctx context.Context, v id.Site) (party.Site, bool, error) {
	return lookup(ctx, s, func(c *cache) map[id.Site]found[party.Site] { return c.sites }, v, Reader.Site)
}

// SiteAt finds a site as it was on a day, by its history: a later day's line takes over from an
// earlier one. false when it was in no register then. Faults: unavailable.
func (s *Service) SiteAt(ctx context.Context, v id.Site, at time.Time) (party.Site, bool, error) {
	site, ok, err := s.Site(ctx, v)
	if err != nil || !ok || !site.Valid.Holds(at) {
		return site, false, err
	}
	lines, _, err := lookup(ctx, s, func(c *cache) map[id.Site]found[[]indicator.Site] { return c.history }, v, Reader.SiteHistory)
	var of indicator.Site
	for _, l := range lines {
		if l.Holds(at.UnixMilli()) && (of.Site.IsZero() || l.From > of.From) {
			of = l
		}
	}
	if !of.Site.IsZero() {
		site.Kind, site.Division, site.BuiltUp, site.Beds = of.Kind, of.Division, of.BuiltUp, of.Beds
	}
	return site, true, err
}

// Organisation finds an organisation. Its roles are shared with the cache: do not change
// them. Faults: unavailable.
func (s *Service) Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error) {
	return lookup(ctx, s, func(c *cache) map[id.Party]found[party.Organisation] { return c.parties }, p, Reader.Organisation)
}

// Holding gives what an organisation may do by the register: it is shared with the cache,
// do not change it. Faults: unavailable.
func (s *Service) Holding(ctx context.Context, p id.Party) (permit.Holding, error) {
	h, _, err := lookup(ctx, s, func(c *cache) map[id.Party]found[permit.Holding] { return c.holdings }, p, Reader.Holding)
	return h, err
}

func lookup[K comparable, V any](ctx context.Context, s *Service, m func(*cache) map[K]found[V], k K, read func(Reader, K) (V, bool, error)) (V, bool, error) {
	var none V
	for {
		version, err := s.fresh(ctx, staleAfter)
		if err != nil {
			return none, false, err
		}
		if f, ok := get(s.cache, m, k); ok {
			return f.value, f.ok, nil
		}
		v, ok, err := read(s.store.RegistryReader(ctx), k)
		if err != nil {
			return none, false, unavailable(err)
		}
		if f, filed := put(s.cache, version, m, k, found[V]{v, ok}); filed {
			return f.value, f.ok, nil
		}
	}
}

// ReceivingLicences are the licences to take waste in, of every organisation and time.
// Faults: unavailable.
func (s *Service) ReceivingLicences(ctx context.Context) ([]party.Licence, error) {
	all, err := s.store.RegistryReader(ctx).Licences()
	if err != nil {
		return nil, unavailable(err)
	}
	return slices.DeleteFunc(all, func(l party.Licence) bool { return l.Kind != "operating" && l.Kind != "collecting" }), nil
}
