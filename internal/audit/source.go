package audit

import (
	"context"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// SourceStanding is how a site stands as a small source.
type SourceStanding struct {
	Year           source.Year
	Batteries      source.Balance
	Authorisations []source.Authorisation // every one that the site gave, in the log's order
	At             time.Time              // when they are looked at
}

// SourceOf folds what the log has of a site as a small source: what it gave in a year
// against the limit, its batteries in pairs, and the authorisations that it gave.
func (s *Service) SourceOf(ctx context.Context, site id.Site, year int) (out SourceStanding, err error) {
	book, err := source.DefaultBook()
	if err != nil {
		return out, err
	}
	out.At = s.Now().UTC().Truncate(time.Millisecond)
	err = s.Store.Read(ctx, func(r Reader) error {
		collections, err := topicEvents(r, source.OfSource, site.String())
		if err != nil {
			return err
		}
		codes, err := codesFrom(r, site, collections)
		if err != nil {
			return err
		}
		out.Year = source.SumYear(book, site, year, collections, codes)
		batteries, err := topicEvents(r, source.OfBatteries, site.String())
		if err != nil {
			return err
		}
		out.Batteries = source.Match(book, site, batteries, out.At)
		given, err := topicEvents(r, source.Authorised, site.String())
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

func topicEvents(r Reader, k source.Kind, subject string) ([]event.Event, error) {
	kept, err := r.TopicOf(k, subject)
	if err != nil {
		return nil, err
	}
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
