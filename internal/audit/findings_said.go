package audit

import (
	"context"

	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/permit"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// chainRules are those that ask no register: nothing is looked up for permits when one of them
// alone is meant.
var chainRules = func() map[rule.Code]bool {
	out := map[rule.Code]bool{}
	for _, c := range []rule.Code{rule.Unseen, rule.ClockAhead, rule.LateUpload, rule.ClockBack, rule.GramsMoved, rule.Unverified, rule.Estimate, rule.EstimateOff,
		rule.PackagesMoved, rule.ResidueExempt, rule.ResidueLoose, rule.Reserved, rule.ByCode, rule.ByLeave, rule.StoredTooLong, rule.SingleLayer, rule.NoMedicalClass,
		rule.CorrectionExpired, rule.ScanMissing, rule.PaperEvidence, rule.PaperLate, rule.MetersDiffer, rule.Incident, rule.MedicalLeak, rule.Untold} {
		out[c] = true
	}
	return out
}()

// reading keeps the chains that one answer has read.
type reading struct {
	s      *Service
	ctx    context.Context
	r      Reader
	chains map[id.Batch]ChainView
}

// candidate is what the rules say of one batch at one entry.
func (in reading) candidate(c chain.Candidate) ([]Found, error) {
	if c.Loose {
		k, err := in.r.Entry(c.Seq)
		if err != nil {
			return nil, err
		}
		_, e, err := open(k.Body)
		if err != nil {
			return nil, nil // the check names it
		}
		var out []Found
		for _, f := range in.s.Rules.Examine(rule.Step{Seq: c.Seq, RecordedAt: k.RecordedAt, Event: e}) {
			out = append(out, Found{Finding: f, At: e.At})
		}
		return out, nil
	}
	b := id.BatchOf(c.Subject)
	v, ok := in.chains[b]
	if !ok {
		var err error
		if v, err = in.s.chain(in.r, b); err != nil {
			return nil, err
		}
		in.chains[b] = v
	}
	var out []Found
	for _, st := range v.Steps {
		for _, f := range st.Findings {
			if f.Arose.IsZero() && st.Seq == c.Seq || !f.Arose.IsZero() && v.mended == c.Seq {
				out = append(out, Found{Finding: f, At: st.Event.At, Manifest: st.Event.Manifest})
			}
		}
	}
	return out, nil
}

// permitted makes the question about permits that an event asks, and says what its manifest
// claims and is numbered where it is the issue of one.
func (in reading) permitted(seq int64) (out []Found, c permit.Case, err error) {
	k, err := in.r.Entry(seq)
	if err != nil {
		return nil, c, err
	}
	_, e, err := open(k.Body)
	if err != nil {
		return nil, c, nil // the check names it
	}
	c = permit.Case{Event: e, Codes: map[id.Batch]waste.Code{}}
	var ids []id.Batch
	for _, b := range e.Batches {
		ids = append(ids, b.ID)
	}
	states, err := in.r.Batches(ids)
	if err != nil {
		return nil, c, err
	}
	for b, st := range states {
		c.Codes[b] = st.Code
	}
	if _, ok := e.Data.(event.Generated); ok || e.Manifest.IsZero() {
		return nil, c, nil
	}
	sheets, err := in.r.Manifests([]id.Manifest{e.Manifest})
	if err != nil {
		return nil, c, err
	}
	c.Sheet = sheets[e.Manifest]
	for _, l := range c.Sheet.Lines {
		c.Codes[l.Batch] = l.Code
	}
	if e.Type != event.ManifestIssued {
		return nil, c, nil
	}
	found, err := in.ofSheet(c.Sheet)
	for _, f := range found {
		f.Seq = seq
		out = append(out, Found{Finding: f, At: e.At, Manifest: e.Manifest})
	}
	return out, c, err
}

func (in reading) ofSheet(st manifest.State) ([]rule.Finding, error) {
	claims, err := in.s.claims(in.ctx, in.r, st)
	if err != nil {
		return nil, err
	}
	same, err := in.s.numbered(in.r, st)
	return append(claims, same...), err
}
