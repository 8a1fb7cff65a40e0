package audit

import (
	"context"
	"slices"

	"liandan/internal/batch"
	"liandan/internal/id"
	"liandan/internal/source"
	"liandan/internal/waste"
)

// WorkedOn gives, for each trip, what the party it is of signed for it, at most so many
// events, and from which sites the waste came.
func (s *Service) WorkedOn(ctx context.Context, trips []source.Run, most int) ([]source.Work, error) {
	out := make([]source.Work, len(trips))
	if len(trips) == 0 {
		return out, nil
	}
	err := s.Store.Read(ctx, func(r Reader) error {
		for i, t := range trips {
			kept, err := r.TripEvents(t.Trip, t.By, most+1)
			if err != nil {
				return err
			}
			w := &out[i]
			if w.More = len(kept) > most; w.More {
				kept = kept[:most]
			}
			var sheets []id.Manifest
			for _, k := range kept {
				_, e, err := open(k.Body)
				if err != nil {
					return err
				}
				w.Events = append(w.Events, e)
				if !e.Manifest.IsZero() && !slices.Contains(sheets, e.Manifest) {
					sheets = append(sheets, e.Manifest)
				}
			}
			found, err := r.Manifests(sheets)
			if err != nil {
				return err
			}
			w.From = make(map[id.Manifest]id.Site, len(found))
			for m, st := range found {
				w.From[m] = st.ConsignorSite
			}
		}
		return nil
	})
	return out, err
}

// Pickups gives, for each wish, the first signed pick-up; the zero one where there is none.
func (s *Service) Pickups(ctx context.Context, wanted []source.Wanted) ([]source.Pickup, error) {
	out := make([]source.Pickup, len(wanted))
	if len(wanted) == 0 {
		return out, nil
	}
	err := s.Store.Read(ctx, func(r Reader) error {
		for i, w := range wanted {
			kept, err := r.FirstPickup(w.Site, w.By, w.Since)
			if err != nil {
				return err
			}
			if len(kept) == 0 {
				continue
			}
			_, e, err := open(kept[0].Body)
			if err != nil {
				return err
			}
			var drums []id.Batch
			for _, b := range e.Batches {
				drums = append(drums, b.ID)
			}
			states, err := r.Batches(drums)
			if err != nil {
				return err
			}
			out[i] = source.Pickup{Event: e.ID, At: e.At.UTC()}
			for _, b := range e.Batches {
				out[i].Grams += b.Grams
				out[i].Codes = addCode(out[i].Codes, states[b.ID])
			}
		}
		return nil
	})
	return out, err
}

func addCode(codes []waste.Code, s batch.State) []waste.Code {
	if s.Code == "" || slices.Contains(codes, s.Code) {
		return codes
	}
	return append(codes, s.Code)
}
