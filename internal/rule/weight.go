package rule

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/waste"
)

// giver is who had the batch before the event, and so signed for it last.
func (s Step) giver() Owner {
	o := Owner{s.Before.Custodian, Custodian}
	switch s.Before.Stage {
	case batch.Issued:
		o.Part = Consignor
	case batch.InTransit, batch.HandedOver, batch.AtPoint, batch.Delivered, batch.Refused, batch.Returned:
		o.Part = Carrier
	}
	return o
}

// profileOf is that of the batch's manifest, or what its code says where it was on none.
func profileOf(s batch.State) string {
	switch {
	case s.Profile != "":
		return s.Profile
	case s.Code.Category() == "HW01":
		return "medical"
	}
	return ""
}

// Tolerated says whether what the weighings of a batch differ by, all together, is within
// the tolerance of its first weight.
func Tolerated(s batch.State, difference waste.Grams) bool {
	t := ToleranceAt(profileOf(s), time.UnixMilli(s.BornAt).UTC())
	return t.Within(difference, s.Initial) || s.Estimated > 0 && t.WithinEstimate(difference, s.Estimated)
}

// weights holds what the event weighed against what was there: lost or gained grams, or an
// estimate that a scale corrects.
func (s Step) weights(l Limits) []Finding {
	now := s.Batch.Grams + s.Batch.RefusedGrams
	if !s.Batch.Weighed || event.TakesOut(s.Event.Type) || now == s.Grams {
		return nil
	}
	difference := s.Grams - now
	t := ToleranceAt(profileOf(s.Before), s.Event.At)
	if m, _ := s.Event.Measurement(); s.Before.Measured == event.Estimated && m == event.OnScale {
		f := s.finding(EstimateOff, Open, s.giver(), t.Version)
		if t.WithinEstimate(difference, s.Grams) {
			f.Severity = Remark
		}
		f.Grams = difference
		f.ZH = fmt.Sprintf("此前为估算 %s 千克，现称重 %s 千克", s.Grams.Kilograms(), now.Kilograms())
		f.EN = fmt.Sprintf("Estimated at %s kg before; a scale says %s kg now.", s.Grams.Kilograms(), now.Kilograms())
		return []Finding{f}
	}
	f := s.finding(GramsMoved, Open, s.giver(), l.Version)
	within := t.Within(difference, s.Grams)
	if s.pipe() { // the consignor stands for what went into the pipe
		f.Rule, f.Owner, f.Version = MetersDiffer, Owner{s.Before.Consignor, Consignor}, t.Version
		within = t.WithinMeters(difference, s.Grams)
	}
	if within {
		f.Severity = Remark
	}
	f.Grams = difference
	f.ZH = fmt.Sprintf("重量与上一次不符：原 %s 千克，现 %s 千克", s.Grams.Kilograms(), now.Kilograms())
	f.EN = fmt.Sprintf("The weight differs from the one before: %s kg then, %s kg now.", s.Grams.Kilograms(), now.Kilograms())
	return []Finding{f}
}

// packages holds the count of packages against the one before. What is taken out of a
// batch, or accepted in part, leaves other packages by right.
func (s Step) packages(l Limits) []Finding {
	then, now := s.Before.Packages, s.Batch.Packages
	if then == 0 || now == 0 || then == now || event.TakesOut(s.Event.Type) || s.Batch.Verdict == event.Part {
		return nil
	}
	f := s.finding(PackagesMoved, Open, s.giver(), l.Version)
	f.ZH = fmt.Sprintf("包装件数与上一次不符：原 %d 件，现 %d 件", then, now)
	f.EN = fmt.Sprintf("The count of packages differs from the one before: %d then, %d now.", then, now)
	return []Finding{f}
}

// residue asks where the residue of a treatment goes: into a new batch, out of the chain
// by the exemption list of that day (treated medical waste, items 3 to 5 of the list of
// 2021), or it is unplaced and whoever treated must say.
func (s Step) residue(l Limits) []Finding {
	d, ok := s.Event.Data.(event.Treated)
	if !ok || s.Batch.ResidueGrams == 0 || len(d.Residues) > 0 {
		return nil
	}
	owner := Owner{s.Event.Party, Treater}
	for _, x := range waste.ExemptionsFor(s.Before.Code, waste.StageDisposal, s.Event.At) {
		if !slices.Contains(x.After, d.Method) {
			continue
		}
		f := s.finding(ResidueExempt, Remark, owner, l.Version)
		f.ZH = fmt.Sprintf("处理残渣 %s 千克退出危险废物链：豁免清单 %s（%s）", s.Batch.ResidueGrams.Kilograms(), x.Ref(), x.Condition)
		f.EN = fmt.Sprintf("%s kg of residue leave the hazardous chain: exemption %s (%s).", s.Batch.ResidueGrams.Kilograms(), x.Ref(), x.ConditionEN)
		return []Finding{f}
	}
	f := s.finding(ResidueLoose, Open, owner, l.Version)
	f.ZH = fmt.Sprintf("处理残渣 %s 千克既无豁免依据，也未建新批次", s.Batch.ResidueGrams.Kilograms())
	f.EN = fmt.Sprintf("%s kg of residue are neither exempt nor a new batch.", s.Batch.ResidueGrams.Kilograms())
	return []Finding{f}
}
