package audit

import (
	"context"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// House reads what the rules of the house need beside a chain.
type House interface {
	// BoxUses gives the newest batches in a turnover box of that number, at most limit.
	BoxUses(box string, limit int) ([]batch.State, error)
	// Holding gives the batches at a site that are in one of some stages.
	Holding(site id.Site, stages []batch.Stage) ([]batch.State, error)
	// EventsOf gives the entries of events, in order.
	EventsOf(ids []id.Event) ([]ledger.Kept, error)
	// SiteEvents gives the entries of a site's events of some types in [from, to) by the
	// signers' clocks, at most limit of those after an entry.
	SiteEvents(site id.Site, types []event.Type, from, to time.Time, after int64, limit int) ([]ledger.Kept, error)
	// CollectedFrom gives the manifests of a consignor's site of which something was
	// collected in [from, to) by the signers' clocks.
	CollectedFrom(site id.Site, from, to time.Time) ([]id.Manifest, error)
	// CollectionsFrom gives the entries of the first collections at a consignor's site in
	// [from, to) by the signers' clocks, at most so many.
	CollectionsFrom(site id.Site, from, to time.Time, limit int) ([]ledger.Kept, error)
	// OnTrip gives the manifests of which an event names a trip.
	OnTrip(trip id.Trip) ([]id.Manifest, error)
	// TripEvents gives the entries of a party's events that name a trip, in order, at most
	// so many.
	TripEvents(trip id.Trip, by id.Party, limit int) ([]ledger.Kept, error)
	// FirstPickup gives the entry of the first collection by a party at a consignor's site
	// after a time, by the signers' clocks; none when there was none.
	FirstPickup(site id.Site, by id.Party, since time.Time) ([]ledger.Kept, error)
}

// usesLooked is how many uses of a box are held against one another.
const usesLooked = 50

// inHouse finds what is only true now, or true of a batch beside others: that it lies too
// long, where no entry found that before, and that its box was not empty.
func (s *Service) inHouse(r Reader, st batch.State, before []rule.Finding) (found []rule.Finding, err error) {
	if !slices.ContainsFunc(before, func(f rule.Finding) bool { return f.Rule == rule.StoredTooLong }) {
		found = append(found, s.Rules.Overdue(st, s.Now())...)
	}
	if st.Box() == "" {
		return found, nil
	}
	uses, err := r.BoxUses(st.Box(), usesLooked)
	for _, f := range s.Rules.Boxes(uses, s.Now()) {
		if f.Batch == st.ID {
			found = append(found, f)
		}
	}
	return found, err
}

// claims judges the exemptions that a manifest claims against the register as of its issue.
func (s *Service) claims(ctx context.Context, r Reader, m manifest.State) ([]rule.Finding, error) {
	if !m.Exempt.Claimed() || len(m.Events) == 0 {
		return nil, nil
	}
	k, err := r.EventEntry(m.Events[0]) // its issue
	if err != nil {
		return nil, err
	}
	_, issue, err := open(k.Body)
	if err != nil {
		return nil, err
	}
	var beds rule.Beds
	if s.Register != nil {
		site, ok, err := s.Register.SiteAt(ctx, m.ConsignorSite, issue.At)
		if err != nil {
			return nil, err
		}
		beds = rule.Beds{Known: ok, Kind: site.Kind, Number: site.Beds}
	}
	var codes []waste.Code
	for _, l := range m.Lines {
		codes = append(codes, l.Code)
	}
	found := s.Rules.Claims(issue, codes, beds)
	for i := range found {
		found[i].Seq = k.Seq
	}
	return found, nil
}
