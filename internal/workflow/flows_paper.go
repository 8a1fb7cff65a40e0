package workflow

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/rule"
)

func papers() []Flow {
	const law = "Order 23 art. 20"
	return []Flow{
		{"paper-in-time", Text{"断网用纸质单，十个工作日内补录", "On paper during an outage, filled in in time"},
			Text{"三方在纸上签过；补录的只有移出人签名，证据较弱，一看便知。", "Three signed on paper; only the consignor signs here. Weaker evidence, and visibly so."}, law, paperInTime},
		{"paper-late", Text{"纸质单补录逾期", "A slip filled in late"}, Text{"超过十个工作日仍收，但记为逾期。", "After ten working days it is still taken, with a finding."}, law, paperLate},
		{"paper-disputed", Text{"对补录的重量有异议", "A slip whose weight is disputed"},
			Text{"接受人提议更正，移出人、承运人用自己的密钥同意：纸面签名各方至此都已电子确认，证据等级随之提高。",
				"The consignee proposes another weight; consignor and carrier agree with their own keys. Everybody who signed on paper has signed here now, and the grade shown is better."}, law, paperDisputed},
		{"paper-twice-denied", Text{"同一张纸质单补录两次", "One slip filled in twice"},
			Text{"移出人补过了，接受人再补：批次已不在移出人手里，退回留证。", "The consignor has filled it in; the consignee does so again: the batch is not in the consignor's hands any more."}, law, paperTwice},
	}
}

// slip is what a paper says that all three signed while the system was down.
func (s *Stage) slip(r road, last time.Time) event.Backfilled {
	return event.Backfilled{Scan: sha256.Sum256([]byte("SAMPLE slip 1")), Slip: "SAMPLE-0001", Reason: "停电断网", Profile: "hazardous", Consignor: r.works.Party, ConsignorSite: r.works.Site,
		Carrier: r.carrier.Party, CarrierSite: r.carrier.Site, Consignee: r.plant.Party, ConsigneeSite: r.plant.Site, Method: "R9", Vehicle: "冀F00002", Measured: event.OnScale,
		Signed: []event.Signature{{Role: event.ByConsignor, At: last.Add(-3 * time.Hour)}, {Role: event.ByCarrier, At: last.Add(-150 * time.Minute)}, {Role: event.AtGate, At: last.Add(-time.Hour)}, {Role: event.ByConsignee, At: last}}}
}

// Backfill tells a slip as one event.
func (s *Stage) Backfill(by *Actor, m id.Manifest, d event.Backfilled, lines ...Line) *Step {
	s.t.Helper()
	for i := range lines {
		lines[i].Fill = func(b *event.Batch) { b.Verdict = event.Whole }
	}
	return s.DoWith(by, event.PaperBackfilled, d, Text{"补录纸质联单（扫描件散列随签）", "fills the slip in, with its scan's hash"}, func(e *event.Event) { e.Manifest = m }, lines...)
}

func (s *Stage) onPaper(wait time.Duration) (r road, drum *Thing, m id.Manifest, st *Step) {
	r, drum, m = openRoad(s), s.Thing("油桶", "drum"), s.Sheet("纸-1")
	s.Generate(r.works, drum, "900-214-08", Kilograms(180), In("drum_steel"))
	s.Wait(6 * time.Hour)
	d := s.slip(r, s.Now())
	s.Wait(wait)
	st = s.Backfill(r.works, m, d, Line{Thing: drum, Grams: Kilograms(180)})
	s.Finds(st, rule.PaperEvidence)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(180))
	v, err := s.audit.Manifest(context.Background(), m)
	if err != nil || v.State.Grade != batch.OnPaper || v.State.Scan != d.Scan || v.State.Slip != d.Slip {
		s.t.Errorf("the manifest is of grade %q, scan %s: %v", v.State.Grade, v.State.Scan, err)
	}
	return r, drum, m, st
}

func (s *Stage) late(who *Actor) int {
	s.t.Helper()
	page, err := s.audit.Findings(context.Background(), audit.FindingFilter{Filter: audit.Filter{Party: who.Party}, Rule: rule.PaperLate}, s.Now(), "", 10)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(page.Items)
}

func paperInTime(s *Stage) {
	r, drum, m, _ := s.onPaper(48 * time.Hour)
	if n := s.late(r.works); n != 0 {
		s.t.Errorf("%d findings that it was late", n)
	}
	s.Treat(r.plant, "R9", drum)
	s.Report(r.plant, m, drum)
	s.Is(drum, batch.Reported, r.plant, 0)
	// The plant went on from the slip with its own key; the carrier has signed nothing here.
	s.graded(drum, m, batch.OnPaper, r.carrier)
	if v := s.state(drum.ID); v.Grade != batch.OnPaper {
		s.t.Errorf("the grade is %q: the fold keeps that it was paper", v.Grade)
	}
}

// graded holds the grade that readers are shown of a thing and its manifest, and who has not put
// its key to the slip yet.
func (s *Stage) graded(x *Thing, m id.Manifest, want batch.Grade, open ...*Actor) {
	s.t.Helper()
	b, err := s.audit.Batch(context.Background(), x.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := s.audit.Manifest(context.Background(), m)
	if err != nil {
		s.t.Fatal(err)
	}
	var parties []id.Party
	for _, a := range open {
		parties = append(parties, a.Party)
	}
	if b.Grade != want || v.Grade != want || !slices.Equal(b.Unsigned, parties) || !slices.Equal(v.Unsigned, parties) {
		s.t.Errorf("the grades are %q and %q, open %d and %d; want %q, open %d", b.Grade, v.Grade, len(b.Unsigned), len(v.Unsigned), want, len(parties))
	}
}

func paperDisputed(s *Stage) {
	r, drum, m, st := s.onPaper(48 * time.Hour)
	s.graded(drum, m, batch.OnPaper, r.carrier, r.plant)
	first := s.Propose(r.plant, st, "/batches/0/grams", "180000", "150000", 72*time.Hour, drum)
	s.DoWith(r.carrier, event.CorrectionDeclined, event.Dissent{Reason: "装车时不止 150 千克"}, Text{"不同意", "declines"}, answer(first), plain([]*Thing{drum})...)
	s.graded(drum, m, batch.OnPaper, r.carrier, r.plant)
	second := s.Propose(r.plant, st, "/batches/0/grams", "180000", "172000", 72*time.Hour, drum)
	s.Agree(r.works, second, drum)
	s.graded(drum, m, batch.OnPaper, r.carrier, r.plant)
	s.Agree(r.carrier, second, drum)
	s.graded(drum, m, audit.Countersigned)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(172))
	s.Treat(r.plant, "R9", drum)
	s.Report(r.plant, m, drum)
	s.graded(drum, m, audit.Countersigned)
}

func paperLate(s *Stage) {
	r, _, _, st := s.onPaper(30 * 24 * time.Hour)
	s.Finds(st, rule.PaperLate)
	if n := s.late(r.plant); n != 1 {
		s.t.Errorf("the plant hears %d times that it was late", n)
	}
}

func paperTwice(s *Stage) {
	r, drum, _, st := s.onPaper(48 * time.Hour)
	line := Line{Thing: drum, Grams: Kilograms(180), Fill: func(b *event.Batch) { b.Verdict = event.Whole }}
	s.Denied(fault.NotCustodian, r.plant, event.PaperBackfilled, st.Signed.Event.Data, Text{"又补录一次", "fills the slip in again"},
		func(e *event.Event) { e.Manifest = s.Sheet("纸-2") }, line)
	s.Is(drum, batch.Accepted, r.plant, Kilograms(180))
}
