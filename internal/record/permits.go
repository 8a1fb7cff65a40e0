package record

import (
	"context"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// asking answers the rules about permits: registers as the registry has them, sums as they
// stood before an entry. It must not be asked inside a transaction.
func (s *Service) asking(ctx context.Context, before int64) permit.World {
	return permit.Answers{
		Organisations: func(p id.Party) (party.Organisation, bool, error) { return s.registry.Organisation(ctx, p) },
		Sites:         func(v id.Site) (party.Site, bool, error) { return s.registry.Site(ctx, v) },
		Holdings:      func(p id.Party) (permit.Holding, error) { return s.registry.Holding(ctx, p) },
		Tallies: func(q permit.Query) (out []permit.Tally, err error) {
			err = s.store.View(ctx, func(r Reader) error {
				out, err = r.Tallies(q, before)
				return err
			})
			return out, err
		},
	}
}

// refused says whether a rule about permits refuses the event by its parties alone.
func (s *Service) refused(ctx context.Context, e event.Event) error {
	found, err := s.Permits.Refusals(s.asking(ctx, 0), e)
	if err != nil {
		return unavailable(err)
	}
	if len(found) == 0 {
		return nil
	}
	bad := fault.New(fault.InvalidEvent, "The register lacks what the law asks for before this manifest may be issued; each is listed with its source.")
	for _, f := range found {
		bad.Fields = append(bad.Fields, fault.Field{Pointer: f.Pointer, Code: string(f.Rule), Detail: f.EN + " (" + f.Source + ")", DetailZH: f.ZH + "（" + f.Source + "）"})
	}
	return bad
}

// permits gives what the rules about permits say of an event that has become durable. A
// register that cannot be asked now leaves them out: whoever reads the chain gets them.
func (s *Service) permits(ctx context.Context, rec Record) []rule.Finding {
	c := permit.Case{Event: rec.Event, Codes: map[id.Batch]waste.Code{}}
	for _, b := range rec.Placed.Batches {
		c.Codes[b.ID] = b.Code
	}
	for _, m := range rec.Placed.Manifests {
		if m.ID == rec.Event.Manifest {
			c.Sheet = m
		}
	}
	seq := rec.Placed.Entry.Seq
	found, err := s.Permits.Examine(s.asking(ctx, seq), c)
	if err != nil {
		s.Log.Warn("findings about permits are left out of a receipt", "seq", seq, "error", err)
		return nil
	}
	for i := range found {
		found[i].Seq = seq
	}
	return found
}

// caseOf is an event that is not in the log yet, as far as a party may know its batches.
func caseOf(w eyes, e event.Event) permit.Case {
	c := permit.Case{Event: e, Codes: map[id.Batch]waste.Code{}}
	if !e.Manifest.IsZero() {
		c.Sheet = w.Manifest(e.Manifest)
	}
	for _, b := range e.Batches {
		if st := w.Batch(b.ID); st.N > 0 {
			c.Codes[b.ID] = st.Code
		}
	}
	if d, ok := e.Data.(event.Generated); ok && len(e.Batches) > 0 {
		c.Codes[e.Batches[0].ID] = d.Code
	}
	return c
}
