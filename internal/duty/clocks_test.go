package duty

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

var (
	sheet = id.ManifestOf(id.V7(1, [10]byte{1}))
	home  = id.SiteOf(id.V7(1, [10]byte{2}))
)

// The clock of a bag runs in the hospital and at a transfer point, and nowhere else.
func TestTheBagsClock(t *testing.T) {
	base := batch.State{ID: id.BatchOf(id.V7(1, [10]byte{3})), N: 1, Code: "841-001-01", BornAt: 1000, Custodian: id.PartyOf(id.V7(1, [10]byte{4})), Site: home}
	runs := map[batch.Stage]bool{batch.Generated: true, batch.Released: true, batch.Received: true, batch.Stored: true, batch.Issued: true, batch.AtPoint: true}
	for _, stage := range []batch.Stage{batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit, batch.HandedOver, batch.AtPoint,
		batch.Delivered, batch.Accepted, batch.Treated, batch.Reported, batch.Refused, batch.Returned, batch.Repacked} {
		s := base
		if s.Stage = stage; stage == batch.InTransit || stage == batch.HandedOver || stage == batch.Delivered || stage == batch.Refused {
			s.Site = id.Site{} // on the road
		}
		got := OfBatch(s)
		if (len(got) == 1) != runs[stage] {
			t.Errorf("%s: %+v", stage, got)
		}
		if len(got) == 1 && (got[0].Owner != s.Custodian || got[0].Start != 1000 || got[0].Site != home) {
			t.Errorf("%s: %+v", stage, got)
		}
		s.Manifest = sheet
		if got := OfBatch(s); len(got) > 0 && (stage == batch.Stored || stage == batch.Received) {
			t.Errorf("%s at the plant: %+v", stage, got)
		}
		s.Code = "900-249-08"
		if got := OfBatch(s); len(got) != 0 {
			t.Errorf("waste oil has a bag's clock: %+v", got)
		}
	}
	offered := base
	offered.Stage = batch.HandedOver // by a transfer point, and not taken over yet
	if len(OfBatch(offered)) != 1 || len(OfBatch(batch.State{})) != 0 {
		t.Error("what a transfer point offers is still in its store; what is not there has no clock")
	}
}

// Rule and duty are two readings of one clock: it runs for both or for neither, from the same
// start, and is over for both at the same moment.
func TestRuleAndDutyShareOneClock(t *testing.T) {
	rules, duties := rule.Shipped(), book(t)
	rapid.Check(t, func(r *rapid.T) {
		pick := func(p id.Party, q id.Site, what string) (id.Party, id.Site) {
			if rapid.Bool().Draw(r, what) {
				return p, q
			}
			return id.Party{}, id.Site{}
		}
		s := batch.State{ID: id.BatchOf(id.V7(1, [10]byte{3})), N: 1, Code: rapid.SampledFrom([]waste.Code{"841-001-01", "841-003-01", "900-249-08"}).Draw(r, "code"),
			Stage: rapid.SampledFrom(append(rule.Waiting(), batch.Accepted, batch.Treated, batch.Repacked)).Draw(r, "stage"), BornAt: local("2026-03-02 08:00").UnixMilli()}
		s.Custodian, s.Site = pick(id.PartyOf(id.V7(1, [10]byte{4})), home, "in a house")
		if rapid.Bool().Draw(r, "accepted once") {
			s.Owed = []batch.Sheet{{Manifest: sheet}}
		}
		now := local("2026-03-04 08:00").Add(time.Duration(rapid.IntRange(-3, 3).Draw(r, "ms")) * time.Millisecond)
		late, clocks := rules.Overdue(s, now), OfBatch(s)
		c, runs := rules.Clock(s, now)
		if runs != (len(clocks) == 1) || runs && c.Started.UnixMilli() != clocks[0].Start {
			r.Fatalf("%+v: the rule's clock %v %+v, the duty's %+v", s, runs, c, clocks)
		}
		for _, k := range clocks {
			for _, d := range duties.On(k, nil, now2026) {
				if _, yes := d.Late(now); yes != (len(late) == 1) || !d.Due.At.Equal(c.Due) {
					r.Fatalf("%+v at %s: the duty is late %v, due %s; the rule finds %+v, due %s", s, now, yes, d.Due.At, late, c.Due)
				}
			}
		}
	})
}

func TestTheManifestsClocks(t *testing.T) {
	s := manifest.State{ID: sheet, Consignee: id.PartyOf(id.V7(1, [10]byte{5})), ConsigneeSite: home,
		Lines: []manifest.Line{{Stage: batch.Delivered}, {Stage: batch.InTransit}}, DeliveredAt: 1000}
	if got := OfManifest(manifest.State{Lines: s.Lines}); len(got) != 0 {
		t.Errorf("on the road: %+v", got)
	}
	if got := OfManifest(s); len(got) != 1 || got[0].Word != Delivered || got[0].Ended != 0 || got[0].Owner != s.Consignee {
		t.Errorf("at the gate: %+v", got)
	}
	s.Lines[0].Stage, s.RefusedAt = batch.Refused, 2000
	if got := OfManifest(s); len(got) != 1 || got[0].Ended != 2000 {
		t.Errorf("refused: %+v", got)
	}
	s.Lines[1].Stage, s.AcceptedAt = batch.Accepted, 3000
	if got := OfManifest(s); len(got) != 2 || got[0].Ended != 3000 || got[1].Word != Held || got[1].Start != 3000 {
		t.Errorf("accepted: %+v", got)
	}
	s.Lines[1].Onward = sheet
	if got := OfManifest(s); len(got) != 1 {
		t.Errorf("sent on: %+v", got)
	}
}
