package httpapi

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"liandan/api"
	"liandan/internal/audit"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/problem"
	"liandan/internal/waste"
)

// Converters from what audit gives to the wire types.

func batchView(now time.Time) func(audit.BatchView) api.BatchView {
	return func(v audit.BatchView) api.BatchView {
		out := batchOf(v)
		out.Duties = dutyViews(standing(v.Duties, now), now)
		return out
	}
}

// standing leaves out the duties that were done in time.
func standing(ds []duty.Duty, now time.Time) []duty.Duty {
	return slices.DeleteFunc(slices.Clone(ds), func(d duty.Duty) bool {
		_, late := d.Late(now)
		return !late && !d.Open()
	})
}

func batchOf(v audit.BatchView) api.BatchView {
	s := v.State
	out := api.BatchView{ID: s.ID.String(), Stage: api.Stage(s.Stage), Code: string(s.Code),
		CodeVerified: v.Verified, Hazards: hazards(v.Entry.Hazards), Form: api.Form(s.Form), Packaging: api.Packaging(s.Packaging),
		Measured: api.Measured(s.Measured), Grams: int64(s.Grams), InitialGrams: int64(s.Initial), RefusedGrams: int64(s.Refused),
		TreatedGrams: int64(s.TreatedSum), Methods: make([]api.MethodCode, len(s.Methods)), Generator: s.Generator.String(),
		Origin: s.Origin.String(), Custodian: s.Custodian.String(), Site: s.Site.String(), Manifest: s.Manifest.String(),
		Vehicle: s.Vehicle, Label: string(v.Label), Entries: s.N, Head: s.Head.String(), Seq: s.Seq, LastAt: atMillis(s.LastAt),
		Missing: eventTypes(s.Missing()), Next: problem.Steps(s.Next()), Findings: findings(v.Findings)}
	if v.Verified {
		out.CodeNameZH, out.CodeNameEN = v.Entry.Name, v.Entry.NameEN
	}
	for i, m := range s.Methods {
		out.Methods[i] = string(m)
	}
	out.EstimatedGrams, out.Scale, out.Packages, out.ResidueGrams = int64(s.Estimated), s.Scale, s.Packages, int64(s.Residue)
	out.LostGrams, out.Grade = int64(s.Lost), api.Grade(v.Grade)
	out.NotCountersigned = partyIDs(v.Unsigned)
	out.RepackedGrams, out.To, out.ToSite = int64(s.Repacked), s.To.String(), s.ToSite.String()
	out.Department, out.Room, out.Isolation, out.Layers, out.Container = s.Department, s.Room, s.Isolation, s.Layers, s.Container
	if s.StoredAt > 0 {
		out.StoredAt = atMillis(s.StoredAt)
	}
	for _, p := range s.Parents {
		out.Parents = append(out.Parents, p.String())
	}
	for _, x := range s.Owed {
		out.Owed = append(out.Owed, x.Manifest.String())
	}
	out.Corrections = corrections(v.Corrections)
	return out
}

func corrections(cs []audit.Correction) []api.CorrectionView {
	var out []api.CorrectionView
	for _, c := range cs {
		v := api.CorrectionView{ID: c.ID.String(), Event: c.Event.String(), Manifest: c.Manifest.String(), By: c.By.String(), At: atMillis(c.At),
			Until: atMillis(c.Until), Status: api.CorrectionViewStatus(c.Status), Reason: c.Reason, Parties: partyIDs(c.Parties), Agreed: partyIDs(c.Agreed),
			Declined: c.Declined.String(), Why: c.Why, Changes: make([]api.Change, len(c.Changes))}
		if c.Expired {
			v.Status = api.CorrectionViewStatusExpired
		}
		if c.ClosedAt > 0 {
			v.ClosedAt = atMillis(c.ClosedAt)
		}
		for i, x := range c.Changes {
			v.Changes[i] = api.Change{Pointer: x.Pointer, Old: jsontext.Value(x.Old), New: jsontext.Value(x.New)}
		}
		out = append(out, v)
	}
	return out
}

func partyIDs(ps []id.Party) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.String()
	}
	return out
}

func hazards(hs []waste.Hazard) []api.Hazard {
	out := make([]api.Hazard, len(hs))
	for i, h := range hs {
		out[i] = api.Hazard(h)
	}
	return out
}

func chainView(v audit.ChainView) api.Chain {
	out := api.Chain{Batch: v.Batch.String(), Sound: len(v.Broken) == 0, Broken: append([]string{}, v.Broken...),
		Steps: make([]api.ChainStep, len(v.Steps))}
	for i, s := range v.Steps {
		e := s.Event
		out.Steps[i] = api.ChainStep{Seq: s.Seq, RecordedAt: at(s.RecordedAt), EventID: e.ID.String(), Type: api.EventType(e.Type),
			At: e.At.Format(event.TimeForm), Party: e.Party.String(), Site: e.Site.String(), Person: e.Person.String(), Kid: s.Kid,
			Grams: gramsOf(e, v.Batch), Entry: string(s.Entry), JWS: string(s.JWS), Findings: findings(s.Findings)}
	}
	return out
}

// gramsOf is what the event says of one batch; 0 when it weighs nothing.
func gramsOf(e event.Event, b id.Batch) int64 {
	for _, x := range e.Batches {
		if x.ID == b {
			return int64(x.Grams)
		}
	}
	var begun []event.Child
	switch d := e.Data.(type) {
	case event.Repacked:
		begun = d.Children
	case event.Treated:
		begun = d.Residues
	}
	for _, c := range begun {
		if c.ID == b {
			return int64(c.Grams)
		}
	}
	for _, x := range e.Batches {
		if x.Rest == b {
			return int64(x.RefusedGrams)
		}
	}
	return 0
}

func manifestView(now time.Time) func(audit.ManifestView) api.ManifestView {
	return func(v audit.ManifestView) api.ManifestView {
		out := manifestOf(v)
		out.Duties = dutyViews(standing(v.Duties, now), now)
		return out
	}
}

func manifestOf(v audit.ManifestView) api.ManifestView {
	s := v.State
	out := api.ManifestView{ID: s.ID.String(), Stage: api.Stage(s.Stage), Profile: s.Profile, Number: s.Number,
		Consignor: s.Consignor.String(), ConsignorSite: s.ConsignorSite.String(), Carrier: s.Carrier.String(),
		Consignee: s.Consignee.String(), ConsigneeSite: s.ConsigneeSite.String(), Method: string(s.Method), Vehicle: s.Vehicle,
		Permit: s.Permit, Trip: s.Trip.String(), Lines: make([]api.ManifestLine, len(s.Lines)), IssuedAt: atMillis(s.IssuedAt),
		CollectedAt: atMillis(s.CollectedAt), DeliveredAt: atMillis(s.DeliveredAt), AcceptedAt: atMillis(s.AcceptedAt),
		ReportedAt: atMillis(s.ReportedAt), Missing: eventTypes(s.Missing()), Next: problem.Steps(s.Next()), Findings: findings(v.Findings)}
	for i, l := range s.Lines {
		out.Lines[i] = manifestLine(l)
	}
	out.Grade, out.Slip, out.NotCountersigned = api.Grade(v.Grade), s.Slip, partyIDs(v.Unsigned)
	if !s.Scan.IsZero() {
		out.Scan = s.Scan.String()
	}
	if out.Reason = s.Reason; s.CancelledAt > 0 {
		out.CancelledAt = atMillis(s.CancelledAt)
	}
	out.ExemptCollection, out.ExemptTransport = api.ExemptionRef(s.Exempt.Collection), api.ExemptionRef(s.Exempt.Transport)
	out.Corrections = corrections(v.Corrections)
	out.ProvisionalNumber = v.Provisional
	for _, l := range s.Legs {
		out.Legs = append(out.Legs, manifestLeg(l))
	}
	return out
}

func manifestLine(l manifest.Line) api.ManifestLine {
	return api.ManifestLine{Batch: l.Batch.String(), Code: string(l.Code), Stage: api.Stage(l.Stage), Packages: l.Packages,
		IssuedGrams: int64(l.Issued), CollectedGrams: int64(l.Collected), AcceptedGrams: int64(l.Accepted),
		RefusedGrams: int64(l.Refused), TreatedGrams: int64(l.Treated), Verdict: api.ManifestLineVerdict(l.Verdict), Reason: l.Reason,
		Rest: l.Rest.String(), Of: l.Of.String(), ReturnedGrams: int64(l.Returned), Onward: l.Onward.String(), LostGrams: int64(l.Lost)}
}

func manifestLeg(l manifest.Leg) api.ManifestLeg {
	out := api.ManifestLeg{From: l.From.String(), To: l.To.String(), Site: l.Site.String(), Handed: l.Handed.String(), HandedAt: atMillis(l.HandedAt),
		Taken: l.Taken.String(), Vehicle: l.Vehicle, Trip: l.Trip.String(), Batches: make([]string, len(l.Batches))}
	if l.TakenAt > 0 {
		out.TakenAt = atMillis(l.TakenAt)
	}
	for i, b := range l.Batches {
		out.Batches[i] = b.String()
	}
	return out
}

func eventRecord(v audit.EventView) api.EventRecord {
	return api.EventRecord{ID: v.Event.ID.String(), Hash: v.Hash.String(), Seq: v.Seq, RecordedAt: at(v.RecordedAt),
		Type: api.EventType(v.Event.Type), JWS: string(v.JWS), Entry: string(v.Entry), Proof: string(v.Proof)}
}

func quarantinePage(held []audit.Held, next string) api.QuarantinePage {
	out := api.QuarantinePage{Items: make([]api.QuarantineItem, len(held)), NextCursor: next}
	for i, h := range held {
		out.Items[i] = api.QuarantineItem{Hash: h.Hash.String(), EventID: h.Event.String(), ReceivedAt: at(h.ReceivedAt),
			Kind: api.ProblemKind(h.Kind), Detail: h.Detail, State: api.QuarantineItemState(h.State)}
		if h.Seq >= 0 {
			seq := h.Seq
			out.Items[i].Seq = &seq
		}
	}
	return out
}
