package collection

import (
	"context"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/party"
)

// Whom bookings and trips are about, for the edges that ask the policy: the API and the
// pages must ask the same.

// About is about a collector as a whole: whoever works at one of its sites. A driver counts
// where it is the collector's own: it plans and reads its own trips.
func (s *Service) About(ctx context.Context, collector id.Party, driver id.Person) (access.Subject, error) {
	sites, err := s.Registry.SitesOf(ctx, collector)
	out := access.Subject{Parties: []id.Party{collector}, Sites: sites}
	if err != nil || driver.IsZero() {
		return out, unavailable(err)
	}
	of, ok, err := s.Registry.Person(ctx, driver)
	if ok && of == collector {
		out.People = []id.Person{driver}
	}
	return out, unavailable(err)
}

// AboutBooking is about a booking: the site that waits and its collector; for a change of
// what the source asked itself, the site alone.
func (s *Service) AboutBooking(ctx context.Context, b Booking, change bool) (access.Subject, error) {
	if change && b.By == BySource {
		return access.Subject{Parties: []id.Party{b.Party}, Sites: []id.Site{b.Site}}, nil
	}
	out, err := s.About(ctx, b.Collector, id.Person{})
	out.Parties, out.Sites = append(out.Parties, b.Party), append(out.Sites, b.Site)
	return out, err
}

// AboutTrip is about a trip: its collector and driver, and the districts that it goes
// through. The sources at its stops see their bookings, and not where else it stops.
func (s *Service) AboutTrip(ctx context.Context, p Plan) (access.Subject, error) {
	out, err := s.About(ctx, p.Collector, id.Person{})
	out.People = []id.Person{p.Driver}
	for _, stop := range p.Stops {
		if err != nil {
			break
		}
		var site party.Site
		var o party.Organisation
		var ok bool
		if site, ok, err = s.Registry.Site(ctx, stop.Site); err != nil || !ok {
			continue
		}
		out.Divisions = append(out.Divisions, site.Division)
		o, ok, err = s.Registry.Organisation(ctx, site.Party)
		out.Medical = out.Medical || ok && o.Has(party.Medical)
	}
	return out, unavailable(err)
}
