package audit

import (
	"context"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/permit"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// SourceStanding is how a site stands as a small source.
type SourceStanding struct {
	Year           source.Year
	Batteries      source.Balance
	Authorisations []source.Authorisation // every one that the site gave, in the log's order
	At             time.Time              // when they are looked at
	Partial        bool                   // there is more than was read: see the bounds
}

// Bounds of one answer about a small source. What has more is none, or somebody writes its
// name into many events; the answer then says that it is partial.
const (
	mostCollections = 5_000  // of one year
	mostBatteries   = 20_000 // the newest; pairs are balanced over all years
	mostGiven       = 200    // authorisations, the newest
	// carriedOver is how long before the year a batch may have been collected that a later
	// carrier took over in it.
	carriedOver = 31 * 24 * time.Hour
)

// SourceOf folds what the log has of a site as a small source: what it gave in a year
// against the limit, its batteries in pairs, and the authorisations that it gave.
func (s *Service) SourceOf(ctx context.Context, site id.Site, year int) (out SourceStanding, err error) {
	book, err := source.DefaultBook()
	if err != nil {
		return out, err
	}
	out.At = s.Now().UTC().Truncate(time.Millisecond)
	err = s.Store.Read(ctx, func(r Reader) error {
		from, to := permit.YearOf(year)
		kept, err := r.CollectionsFrom(site, from.Add(-carriedOver), to, mostCollections+1)
		if err != nil {
			return err
		}
		collections, err := out.bounded(kept, mostCollections, false)
		if err != nil {
			return err
		}
		codes, err := codesFrom(r, site, collections)
		if err != nil {
			return err
		}
		out.Year = source.SumYear(book, site, year, collections, codes)
		if kept, err = r.TopicLast(source.OfBatteries, site.String(), mostBatteries+1); err != nil {
			return err
		}
		batteries, err := out.bounded(kept, mostBatteries, true)
		if err != nil {
			return err
		}
		out.Batteries = source.Match(book, site, batteries, out.At)
		if kept, err = r.TopicLast(source.Authorised, site.String(), mostGiven+1); err != nil {
			return err
		}
		given, err := out.bounded(kept, mostGiven, true)
		if err != nil {
			return err
		}
		for _, g := range given {
			all, err := topicEvents(r, source.OfAuthorisation, g.ID.String())
			if err != nil {
				return err
			}
			if a, ok := source.Standing(all); ok {
				out.Authorisations = append(out.Authorisations, a)
			}
		}
		return nil
	})
	return out, err
}

// bounded opens at most so many entries, and notes that there were more; newest keeps the
// last ones.
func (out *SourceStanding) bounded(kept []ledger.Kept, most int, newest bool) ([]event.Event, error) {
	if len(kept) > most {
		out.Partial = true
		if newest {
			kept = kept[len(kept)-most:]
		} else {
			kept = kept[:most]
		}
	}
	return eventsIn(kept)
}

func topicEvents(r Reader, k source.Kind, subject string) ([]event.Event, error) {
	kept, err := r.TopicOf(k, subject)
	if err != nil {
		return nil, err
	}
	return eventsIn(kept)
}

func eventsIn(kept []ledger.Kept) ([]event.Event, error) {
	out := make([]event.Event, 0, len(kept))
	for _, x := range kept {
		_, e, err := ledger.OpenEvent(x.Body)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// codesFrom knows the waste codes of the batches that left a site under a manifest.
func codesFrom(r Reader, site id.Site, list []event.Event) (func(id.Manifest, id.Batch) waste.Code, error) {
	var papers []id.Manifest
	var drums []id.Batch
	for _, e := range list {
		papers = append(papers, e.Manifest)
		for _, b := range e.Batches {
			drums = append(drums, b.ID)
		}
	}
	of, err := r.Manifests(papers)
	if err != nil {
		return nil, err
	}
	states, err := r.Batches(drums)
	return func(m id.Manifest, b id.Batch) waste.Code {
		if paper, ok := of[m]; !ok || paper.ConsignorSite != site || !onPaper(paper, b) {
			return ""
		}
		return states[b].Code
	}, err
}

func onPaper(m manifest.State, b id.Batch) bool {
	for _, l := range m.Lines {
		if l.Batch == b {
			return true
		}
	}
	return false
}
