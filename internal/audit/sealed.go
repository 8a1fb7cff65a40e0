package audit

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// What readers are told beside the facts: corrections with old and new values, those that
// nobody answered in time, the provisional number, and a number that two manifests have.

// corrections adds what the reader's clock says; an unanswered one is a finding for the
// inspector, and blocks nothing.
func (s *Service) corrections(st batch.State, found []rule.Finding) ([]Correction, []rule.Finding) {
	return s.expired(st, found, s.Now())
}

func (s *Service) expired(st batch.State, found []rule.Finding, at time.Time) ([]Correction, []rule.Finding) {
	now := at.UnixMilli()
	var out []Correction
	for _, c := range st.Corrections {
		expired := c.Status == batch.CorrectionOpen && now > c.Until
		out = append(out, Correction{c, expired})
		if expired {
			until := time.UnixMilli(c.Until).UTC().Format(time.RFC3339)
			found = append(found, rule.Finding{Rule: rule.CorrectionExpired, Severity: rule.Open, Owner: rule.Owner{Party: c.By, Part: rule.Signer}, Seq: st.Seq, Event: c.ID, Batch: st.ID, Version: "chain",
				ZH: fmt.Sprintf("更正提议至 %s 仍有 %d 方未答复，请主管部门处理", until, len(c.Waiting())),
				EN: fmt.Sprintf("%d parties have not answered the proposed correction by %s; the inspector looks into it.", len(c.Waiting()), until)})
		}
	}
	return out, found
}

// sealed completes the view of a manifest.
func (s *Service) sealed(r Reader, v *ManifestView) error {
	lines := make([]id.Batch, 0, len(v.State.Lines))
	for _, l := range v.State.Lines {
		lines = append(lines, l.Batch)
	}
	states, err := r.Batches(lines)
	if err != nil {
		return err
	}
	v.lines = states
	for _, b := range lines {
		cs, found := s.corrections(states[b], nil)
		for i, c := range cs {
			if !slices.ContainsFunc(v.Corrections, func(x Correction) bool { return x.ID == c.ID }) && slices.Contains(v.State.Events, c.ID) {
				v.Corrections = append(v.Corrections, cs[i])
			}
		}
		for _, f := range found {
			if slices.Contains(v.State.Events, f.Event) {
				v.Findings = append(v.Findings, f)
			}
		}
	}
	if v.State.Number == "" {
		v.Provisional = Provisional(v.State)
		return nil
	}
	found, err := s.numbered(r, v.State)
	v.Findings = append(v.Findings, found...)
	return err
}

// Provisional is the number that serves a manifest until the national one has come; "" where the
// year of an absurd clock has none. The year is that of the day in China.
func Provisional(st manifest.State) string {
	u := st.ID.UUID()
	n, err := waste.NewProvisional(time.UnixMilli(st.IssuedAt).In(calendar.Zone()).Year(), u[6:])
	if err != nil {
		return ""
	}
	return n.String()
}

// numbered finds another manifest that has the same national number.
func (s *Service) numbered(r Reader, st manifest.State) ([]rule.Finding, error) {
	if st.Number == "" {
		return nil, nil
	}
	same, err := r.ManifestsNumbered(st.Number)
	for _, m := range same {
		if m != st.ID { // which one is not everybody's to know
			return []rule.Finding{{Rule: rule.NumberConflict, Severity: rule.Open, Owner: rule.Owner{Party: st.Consignor, Part: rule.Consignor}, Seq: st.Seq, Version: "chain",
				ZH: "另有联单使用同一国家编号 " + st.Number, EN: "Another manifest has the same national number, " + st.Number + "."}}, nil
		}
	}
	return nil, err
}
