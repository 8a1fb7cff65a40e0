package audit

import (
	"context"
	"slices"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// Register is what the rules about permits ask of the registry.
type Register interface {
	Site(ctx context.Context, s id.Site) (party.Site, bool, error)
	// SiteAt is the site as the register says that it was on a day.
	SiteAt(ctx context.Context, s id.Site, at time.Time) (party.Site, bool, error)
	Organisation(ctx context.Context, p id.Party) (party.Organisation, bool, error)
	Holding(ctx context.Context, p id.Party) (permit.Holding, error)
}

// asking answers the rules about permits as of an entry. It must not be asked inside a reading.
func (s *Service) asking(ctx context.Context, before int64) permit.World {
	return permit.Answers{
		Organisations: func(p id.Party) (party.Organisation, bool, error) { return s.Register.Organisation(ctx, p) },
		Sites:         func(v id.Site) (party.Site, bool, error) { return s.Register.Site(ctx, v) },
		Holdings:      func(p id.Party) (permit.Holding, error) { return s.Register.Holding(ctx, p) },
		Tallies:       func(q permit.Query) ([]permit.Tally, error) { return s.tallies(ctx, q, before) },
	}
}

func (s *Service) tallies(ctx context.Context, q permit.Query, before int64) (out []permit.Tally, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		out, err = r.Tallies(q, before)
		return err
	})
	return out, err
}

// Tallies gives the running sums of a party as they stand now.
func (s *Service) Tallies(ctx context.Context, q permit.Query) ([]permit.Tally, error) {
	return s.tallies(ctx, q, 1<<62)
}

// readSheets notes the manifests that a chain's events are of, for the rules about permits.
func (v *ChainView) readSheets(r Reader) error {
	var ids []id.Manifest
	for _, st := range v.Steps {
		if m := st.Event.Manifest; !m.IsZero() && !slices.Contains(ids, m) {
			ids = append(ids, m)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := r.Manifests(ids)
	if fault.Of(err) == fault.Damaged {
		return nil // the manifest's own reading says so
	}
	v.sheets = found
	return err
}

// permits adds to each step what the rules about permits say of it, by the registers as of
// the event's date and the sums as of its entry.
func (s *Service) permits(ctx context.Context, v *ChainView) error {
	if s.Register == nil {
		return nil
	}
	for i := range v.Steps {
		st := &v.Steps[i]
		c := permit.Case{Event: st.Event, Sheet: v.sheets[st.Event.Manifest], Codes: map[id.Batch]waste.Code{v.Batch: v.code}}
		for _, l := range c.Sheet.Lines {
			c.Codes[l.Batch] = l.Code
		}
		if _, ok := st.Event.Data.(event.Generated); ok {
			c.Sheet = manifest.State{}
		}
		found, err := s.Permits.Examine(s.asking(ctx, st.Seq), c)
		if err != nil {
			return err
		}
		for k := range found {
			found[k].Seq = st.Seq
		}
		st.Findings = append(st.Findings, found...)
	}
	return nil
}

// onceEach leaves out what is said of a whole event a second time: every line of a manifest has
// its events in its own chain.
func onceEach(list []rule.Finding) []rule.Finding {
	out := []rule.Finding{}
	for _, f := range list {
		if !f.Batch.IsZero() || !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// StatementOf gives what an organisation may do by its permits, with what is left at a time.
func (s *Service) StatementOf(ctx context.Context, p id.Party, at time.Time) (permit.Statement, error) {
	h, err := s.Register.Holding(ctx, p)
	if err != nil {
		return permit.Statement{}, err
	}
	first := permit.Year(at)*10_000 + 101
	taken, err := s.Tallies(ctx, permit.Query{Kind: permit.Taken, Party: p, From: first, To: first})
	if err != nil {
		return permit.Statement{}, err
	}
	var sent []permit.Tally
	if from, to := h.Range(at); from <= to {
		if sent, err = s.Tallies(ctx, permit.Query{Kind: permit.Sent, Party: p, From: from, To: to}); err != nil {
			return permit.Statement{}, err
		}
	}
	codes := map[id.Party]party.CreditCode{}
	for _, t := range sent {
		if _, met := codes[t.Other]; met {
			continue
		}
		o, _, err := s.Register.Organisation(ctx, t.Other)
		if err != nil {
			return permit.Statement{}, err
		}
		codes[t.Other] = o.CreditCode
	}
	return s.Permits.StatementOf(h, taken, sent, at, codes), nil
}
