package audit

import (
	"cmp"
	"context"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/worklist"
)

// Aboard is a batch that should be on a vehicle now, by what was signed.
type Aboard struct {
	Batch    batch.State
	Manifest manifest.State
	Since    time.Time // when this vehicle took it over
	From     id.Party  // who gave it: the consignor, or the carrier before
	Grams    int64     // in custody
}

// Load is what should be on a vehicle now.
type Load struct {
	Plate string // as it was signed last; else as it was asked for
	// Holders are the organisations whose vehicle it is now, by the register.
	Holders []id.Party
	Aboard  []Aboard // by manifest, then in its order
	// Known says that a manifest or the register names the plate.
	Known bool
	// Bounded says that there are manifests of the plate older than were looked at.
	Bounded bool
}

// loadMost is how many manifests of a plate are looked at, the newest first: years of a
// busy vehicle, of which a handful is on the road.
const loadMost = 2000

// aboard are the stages in which waste can be on a vehicle: on its way, offered to a next
// carrier that has not signed yet, or refused and not back at the consignor's.
func aboard(s batch.Stage) bool {
	return s == batch.InTransit || s == batch.HandedOver || s == batch.Refused
}

// carries says whether a batch is on the vehicle; what is offered at a transfer point lies there.
func carries(b batch.State, m id.Manifest, term string) bool {
	return aboard(b.Stage) && b.Manifest == m && worklist.ByPlate(b.Vehicle) == term && (b.Stage != batch.HandedOver || b.Site.IsZero())
}

// LoadOf tells what should be on a vehicle now: the batches that it took over and that
// nobody has signed for since. A plate may be written with spaces, dots and small letters.
// Faults: unavailable, damaged.
func (s *Service) LoadOf(ctx context.Context, plate string) (l Load, err error) {
	l.Plate = plate
	term := worklist.ByPlate(plate)
	if term == "" {
		return l, nil
	}
	err = s.Store.Read(ctx, func(r Reader) (err error) {
		if l.Holders, err = r.VehicleHolders(term, s.Now()); err != nil {
			return err
		}
		l.Known = len(l.Holders) > 0
		after, seen := newest, 0
		for seen < loadMost {
			hits, next, err := r.Searched(Filter{Kind: worklist.Manifest, Terms: []string{term}}, after, 200)
			if err != nil {
				return err
			}
			seen += len(hits)
			l.Known = l.Known || len(hits) > 0
			if err := l.take(r, hits, term); err != nil || next == nil {
				return err
			}
			after = *next
		}
		l.Bounded = true
		return nil
	})
	slices.SortStableFunc(l.Aboard, func(a, b Aboard) int { return cmp.Compare(a.Manifest.CollectedAt, b.Manifest.CollectedAt) })
	return l, err
}

// take adds what is aboard of some manifests.
func (l *Load) take(r Reader, hits []Hit, term string) error {
	ids := make([]id.Manifest, len(hits))
	for i, h := range hits {
		ids[i] = id.ManifestOf(h.Subject)
	}
	found, err := r.Manifests(ids)
	if err != nil {
		return err
	}
	var batches []id.Batch
	for _, m := range ids {
		for _, line := range found[m].Lines {
			if aboard(line.Stage) {
				batches = append(batches, line.Batch)
			}
		}
	}
	if len(batches) == 0 {
		return nil
	}
	states, err := r.Batches(batches)
	if err != nil {
		return err
	}
	for _, m := range ids {
		st := found[m]
		for _, line := range st.Lines {
			b, ok := states[line.Batch]
			if !ok || !carries(b, m, term) {
				continue
			}
			x := Aboard{Batch: b, Manifest: st, From: st.Consignor, Since: time.UnixMilli(st.CollectedAt), Grams: int64(b.Grams)}
			for _, leg := range st.Legs {
				if leg.TakenAt > 0 && slices.Contains(leg.Batches, b.ID) && worklist.ByPlate(leg.Vehicle) == term {
					x.From, x.Since = leg.From, time.UnixMilli(leg.TakenAt)
				}
			}
			l.Plate, l.Aboard = b.Vehicle, append(l.Aboard, x)
		}
	}
	return nil
}
