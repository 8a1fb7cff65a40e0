package batch

import (
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

func partyNo(n byte) id.Party { return id.PartyOf(id.V7(1, [10]byte{n})) }
func siteNo(n byte) id.Site   { return id.SiteOf(id.V7(2, [10]byte{n})) }

// A slip stands for the events that were not sent, as far as it was signed, and the chain
// says for good that a part of it was on paper.
func TestASlipMovesTheBatch(t *testing.T) {
	hospital, carrier, plant := partyNo(1), partyNo(2), partyNo(3)
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	b := id.BatchOf(id.V7(3, [10]byte{9}))
	home := State{ID: b, Stage: Stored, Code: "841-001-01", Custodian: hospital, Site: siteNo(1), Grams: 5000, Initial: 5000, Measured: event.OnScale, N: 2}
	slip := event.Backfilled{Profile: "medical", Consignor: hospital, ConsignorSite: siteNo(1), Carrier: carrier, CarrierSite: siteNo(2), Consignee: plant, ConsigneeSite: siteNo(3), Vehicle: "冀F00001"}
	want := []Stage{InTransit, Delivered, Accepted}
	for n := 2; n <= 4; n++ {
		d := slip
		for i, by := range []event.PaperRole{event.ByConsignor, event.ByCarrier, event.AtGate, event.ByConsignee}[:n] {
			d.Signed = append(d.Signed, event.Signature{Role: by, At: at.Add(time.Duration(i) * time.Minute)})
		}
		e := event.Event{Type: event.PaperBackfilled, At: at.Add(time.Hour), Party: hospital, Site: siteNo(1), Manifest: id.ManifestOf(id.V7(4, [10]byte{1})), Data: d}
		line := event.Batch{ID: b, Grams: 5000, Weighed: true}
		if n == 4 {
			line.Grams, line.RefusedGrams, line.Verdict = 4600, 400, event.Part
		}
		e.Batches = []event.Batch{line}
		if err := home.Check(e, line); err != nil {
			t.Fatal(err)
		}
		got := home.Apply(e, line, Place{Seq: 7, N: 3})
		if got.Stage != want[n-2] || got.Grade != OnPaper || got.N != 3 || got.LastAt != e.At.UnixMilli() || got.Consignor != hospital || got.Consignee != plant {
			t.Errorf("signed by %d: %+v", n, got)
		}
		if n == 4 && (got.Custodian != plant || got.Site != siteNo(3) || got.Grams != 4600 || got.Refused != 400) {
			t.Errorf("accepted: %+v", got)
		}
		other := home
		other.Custodian = carrier
		if other.Check(e, line) == nil {
			t.Error("a slip moved what its consignor did not hold")
		}
	}
}

// An incident takes grams out of its custodian's hands only; who is a party may name the
// batch, a stranger may not.
func TestIncidentTakesWhatTheCustodianHas(t *testing.T) {
	hospital, carrier := partyNo(1), partyNo(2)
	b := id.BatchOf(id.V7(3, [10]byte{9}))
	road := State{ID: b, Stage: InTransit, Code: "841-001-01", Generator: hospital, Custodian: carrier, Grams: 5000, Initial: 5000, N: 4}
	event1 := func(p id.Party, grams int64) (event.Event, event.Batch) {
		line := event.Batch{ID: b}
		if grams > 0 {
			line.Grams, line.Weighed = waste.Grams(grams), true
		}
		return event.Event{Type: event.IncidentReported, Party: p, Data: event.Incident{Kind: event.Spill}, Batches: []event.Batch{line}}, line
	}
	for _, c := range []struct {
		p     id.Party
		grams int64
		ok    bool
	}{{carrier, 5000, true}, {carrier, 1, true}, {carrier, 5001, false}, {carrier, 0, true}, {hospital, 0, true}, {hospital, 1, false}, {partyNo(9), 0, false}} {
		e, line := event1(c.p, c.grams)
		if err := road.Check(e, line); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	e, line := event1(carrier, 400)
	some := road.Apply(e, line, Place{N: 5})
	if some.Stage != InTransit || some.Grams != 4600 || some.Lost != 400 {
		t.Errorf("%+v", some)
	}
	e, line = event1(carrier, 4600)
	if all := some.Apply(e, line, Place{N: 6}); all.Stage != Lost || all.Grams != 0 || all.Lost != 5000 || len(all.Next()) != 0 || !all.Closed() {
		t.Errorf("%+v", all)
	}
}
