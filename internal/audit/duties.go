package audit

import (
	"context"

	"liandan/internal/batch"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
)

// clocksOf are the clocks of a batch, and those of its manifest that wait for it.
func clocksOf(r Reader, st batch.State) ([]duty.Clock, error) {
	clocks := duty.OfBatch(st)
	if st.Manifest.IsZero() {
		return clocks, nil
	}
	found, err := r.Manifests([]id.Manifest{st.Manifest})
	if err != nil {
		return nil, err
	}
	for _, c := range duty.OfManifest(found[st.Manifest]) {
		if c.Ended == 0 && (c.Word == duty.Delivered && st.Stage == batch.Delivered || c.Word == duty.Held && st.Stage == batch.Accepted) {
			clocks = append(clocks, c)
		}
	}
	return clocks, nil
}

// entered is the slip that a manifest was filled in from: when its transfer was completed
// and when it was entered. ok: there is one.
func entered(r Reader, s manifest.State) (p duty.Paper, ok bool, err error) {
	if s.Grade != batch.OnPaper || len(s.Events) == 0 {
		return p, false, nil
	}
	kept, err := r.EventsOf(s.Events[:1])
	if err != nil || len(kept) == 0 {
		return p, false, err
	}
	_, e, err := open(kept[0].Body)
	if err != nil {
		return p, false, err
	}
	d, ok := e.Data.(event.Backfilled)
	if !ok {
		return p, false, nil
	}
	return duty.Paper{Owner: s.Consignor, Site: s.ConsignorSite, Profile: s.Profile, Manifest: s.ID, Completed: d.Last(), Entered: kept[0].RecordedAt}, true, nil
}

// dutiesOf are a manifest's duties, in the order of the book; that of its slip comes first.
func (s *Service) dutiesOf(ctx context.Context, m manifest.State, slip duty.Paper, onPaper bool) ([]duty.Duty, error) {
	var out []duty.Duty
	if onPaper {
		if d, ok := s.Duties.Paper(slip, s.Calendars); ok {
			out = append(out, d)
		}
	}
	more, err := s.bound(ctx)(duty.OfManifest(m))
	return append(out, more...), err
}
