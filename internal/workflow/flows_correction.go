package workflow

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/bundle"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

func corrections() []Flow {
	return []Flow{
		{"correction-agreed", Text{"更正，各方同意", "A correction that everybody agrees to"},
			Text{"产废单位称重写错，承运人、处置厂同意后才生效；原签名仍在链上，新旧并列。", "The works wrote a wrong weight. The new one counts once carrier and plant agree; what was signed stays, old beside new."},
			"own choice (decisions 60, 61, 93)", correctionAgreed},
		{"correction-declined", Text{"更正，一方不同意", "A correction that one party declines"},
			Text{"承运人不认，更正不生效，差额仍有责任方。", "The carrier declines: nothing changes, and the difference still has an owner."}, "own choice (decision 60)", correctionDeclined},
		{"correction-expired", Text{"更正逾期无人答复", "A correction that nobody answers"},
			Text{"到期未答复的不再能同意，列入主管部门的异常清单；货照常走。", "After its time it can no longer be agreed to, and it is in the inspector's list; the load goes on."}, "own choice (decisions 60, 92)", correctionExpired},
	}
}

// Propose asks every party that a field touches to agree to another value.
func (s *Stage) Propose(by *Actor, of *Step, field string, old, now event.Value, within time.Duration, x *Thing) *Step {
	s.t.Helper()
	was := of.Signed.Event
	d := event.Correction{Changes: []event.Change{{Pointer: field, Old: old, New: now}}, Reason: "称重抄写有误"}
	return s.DoWith(by, event.CorrectionProposed, d, Text{fmt.Sprintf("提议把 %s 由 %s 更正为 %s", field, old, now), fmt.Sprintf("proposes %s for %s in %s", now, old, field)},
		func(e *event.Event) {
			e.Manifest, e.Refs = was.Manifest, []id.Event{was.ID}
			d.Until = e.At.Add(within).UTC().Truncate(time.Millisecond)
			d.Parties = slices.DeleteFunc(chain.Concerned(s.belief.Chain(x.ID), was, e), func(p id.Party) bool { return p == by.Party })
			e.Data = d
		}, plain([]*Thing{x})...)
}

func answer(of *Step) func(*event.Event) {
	return func(e *event.Event) { e.Manifest, e.Refs = of.Signed.Event.Manifest, []id.Event{of.Signed.Event.ID} }
}

// Agree consents to a correction.
func (s *Stage) Agree(by *Actor, to *Step, x *Thing) *Step {
	s.t.Helper()
	return s.DoWith(by, event.CorrectionAgreed, event.Consent{}, Text{"同意更正", "agrees to the correction"}, answer(to), plain([]*Thing{x})...)
}

// Corrects holds the correction of a thing, as a reader sees it, against what it must be.
func (s *Stage) Corrects(x *Thing, proposed *Step, status batch.CorrectionStatus, expired bool) audit.BatchView {
	s.t.Helper()
	v, err := s.audit.Batch(context.Background(), x.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	i := slices.IndexFunc(v.Corrections, func(c audit.Correction) bool { return c.ID == proposed.Signed.Event.ID })
	if i < 0 || v.Corrections[i].Status != status || v.Corrections[i].Expired != expired || len(v.Corrections[i].Changes) != 1 {
		s.t.Fatalf("the corrections of %s are %+v; want one %s, expired %v", x.EN, v.Corrections, status, expired)
	}
	return v
}

// open says which findings of a rule on a thing are not settled.
func open(v audit.BatchView, c rule.Code) (n int) {
	for _, f := range v.Findings {
		if f.Rule == c && f.Settled.IsZero() {
			n++
		}
	}
	return n
}

// short is a load that weighs less at the carrier's scale than its consignor wrote.
func (s *Stage) shortLoad() (r road, drum *Thing, generated, issued, collected *Step) {
	r, drum = openRoad(s), s.Thing("油桶", "drum")
	generated = s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	issued = s.Issue(r.works, s.Sheet("危-1"), "hazardous", r.carrier, r.plant, drum)
	collected = s.CollectAs(r.carrier, "冀F00002", id.Trip{}, Line{Thing: drum, Grams: Kilograms(108)})
	s.Finds(collected, rule.GramsMoved)
	return r, drum, generated, issued, collected
}

func correctionAgreed(s *Stage) {
	r, drum, generated, issued, _ := s.shortLoad()
	first := s.Propose(r.works, generated, "/batches/0/grams", "180000", "108000", 72*time.Hour, drum)
	s.Denied(fault.NotCustodian, r.works, event.CorrectionAgreed, event.Consent{}, Text{"不能替别人同意", "cannot agree for the others"}, answer(first), plain([]*Thing{drum})...)
	if v := s.Corrects(drum, first, batch.CorrectionOpen, false); open(v, rule.GramsMoved) != 1 {
		s.t.Errorf("while nobody agreed the findings are %+v", v.Findings)
	}
	s.Agree(r.carrier, first, drum)
	s.Agree(r.plant, first, drum)
	s.Corrects(drum, first, batch.CorrectionAgreed, false)
	second := s.Propose(r.works, issued, "/batches/0/grams", "180000", "108000", 72*time.Hour, drum)
	s.Agree(r.carrier, second, drum)
	s.Agree(r.plant, second, drum)
	v := s.Corrects(drum, second, batch.CorrectionAgreed, false)
	if open(v, rule.GramsMoved) != 0 || v.State.Initial != Kilograms(108) {
		s.t.Errorf("with both corrected: %d g at first, findings %+v", v.State.Initial, v.Findings)
	}
	settled := 0
	for _, f := range v.Findings {
		if f.Rule == rule.GramsMoved && f.Settled == second.Signed.Event.ID && strings.Contains(f.EN, "180.000 kg then") {
			settled++ // what was to be said of what was signed is still there
		}
	}
	if settled != 1 {
		s.t.Errorf("what was settled is gone: %+v", v.Findings)
	}
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Accept(r.plant, drum)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(108))
	file, err := s.audit.BatchBundle(context.Background(), drum.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := bundle.Decode(file)
	if err != nil {
		s.t.Fatal(err)
	}
	rep := bundle.Check(b, bundle.Options{Trusted: s.VKey, Rules: s.rules, Catalog: waste.DefaultCatalog()})
	if len(rep.Findings) != 0 || len(rep.Corrections) != 2 || rep.Corrections[0].Changes[0].Old != "180000" || rep.Corrections[0].Changes[0].New != "108000" ||
		!slices.ContainsFunc(rep.Remarks, func(f rule.Finding) bool { return f.Rule == rule.GramsMoved && f.Settled == second.Signed.Event.ID }) {
		s.t.Errorf("offline: findings %+v, remarks %+v, corrections %+v", rep.Findings, rep.Remarks, rep.Corrections)
	}
}

func correctionDeclined(s *Stage) {
	r, drum, generated, _, _ := s.shortLoad()
	p := s.Propose(r.works, generated, "/batches/0/grams", "180000", "108000", 72*time.Hour, drum)
	s.DoWith(r.carrier, event.CorrectionDeclined, event.Dissent{Reason: "装车时不足 180 千克"}, Text{"不同意更正", "declines the correction"}, answer(p), plain([]*Thing{drum})...)
	s.Denied(fault.WrongStage, r.plant, event.CorrectionAgreed, event.Consent{}, Text{"已被否决，不能再同意", "agrees to what was declined"}, answer(p), plain([]*Thing{drum})...)
	if v := s.Corrects(drum, p, batch.CorrectionDeclined, false); open(v, rule.GramsMoved) != 1 || v.State.Initial != Kilograms(180) {
		s.t.Errorf("after it was declined: %d g at first, findings %+v", v.State.Initial, v.Findings)
	}
}

func correctionExpired(s *Stage) {
	r, drum, generated, _, _ := s.shortLoad()
	p := s.Propose(r.works, generated, "/batches/0/grams", "180000", "108000", 24*time.Hour, drum)
	s.Agree(r.carrier, p, drum)
	s.Wait(25 * time.Hour)
	s.Denied(fault.WrongStage, r.plant, event.CorrectionAgreed, event.Consent{}, Text{"逾期才同意", "agrees too late"}, answer(p), plain([]*Thing{drum})...)
	v := s.Corrects(drum, p, batch.CorrectionOpen, true)
	if open(v, rule.CorrectionExpired) != 1 || v.State.Initial != Kilograms(180) {
		s.t.Errorf("after its time: %+v", v.Findings)
	}
	page, err := s.audit.Findings(context.Background(), audit.FindingFilter{Filter: audit.Filter{Party: r.works.Party}, Rule: rule.CorrectionExpired}, s.Now(), "", 10)
	if err != nil || len(page.Items) != 1 || !page.Items[0].Standing || page.Items[0].Event != p.Signed.Event.ID {
		s.t.Errorf("the inspector's list has %+v %v", page, err)
	}
	s.Deliver(r.carrier, "冀F00002", drum)
	s.Accept(r.plant, drum)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(108))
}
