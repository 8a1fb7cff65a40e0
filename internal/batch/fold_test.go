package batch_test

import (
	"encoding/json"
	"slices"
	"testing"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

func TestCustodyAlongTheChain(t *testing.T) {
	for _, c := range []struct {
		stage     batch.Stage
		custodian id.Party
		site      id.Site
		grams     waste.Grams
	}{
		{batch.Generated, generator, ward, 5000}, {batch.Released, generator, ward, 5000}, {batch.Received, generator, ward, 5000},
		{batch.Stored, generator, ward, 5000}, {batch.Issued, generator, ward, 5000}, {batch.InTransit, carrier, id.Site{}, 5000},
		{batch.Delivered, carrier, id.Site{}, 5000}, {batch.Accepted, plant, gate, 5000}, {batch.Treated, plant, gate, 0}, {batch.Reported, plant, gate, 0},
	} {
		s := walk(t, paths[c.stage]...)
		if s.Custodian != c.custodian || s.Site != c.site || s.Grams != c.grams {
			t.Errorf("%s: %q at %q with %d g", describe(s), s.Custodian, s.Site, s.Grams)
		}
		n := len(paths[c.stage])
		if s.ID != bag || s.N != int64(n) || s.Head != leaf(n) || s.Seq != int64(100+n) || s.Generator != generator || s.Origin != ward || s.Initial != 5000 {
			t.Errorf("%s: %+v", describe(s), s)
		}
	}
	s := walk(t, paths[batch.Reported]...)
	if s.TreatedSum != 5000 || !slices.Equal(s.Methods, []waste.Method{"D10"}) || s.Manifest != sheet || s.Consignor != generator || s.ConsignorSite != ward ||
		s.Carrier != carrier || s.CarrierSite != garage || s.Consignee != plant || s.ConsigneeSite != gate || !s.Answer.IsZero() {
		t.Errorf("at the end: %+v", s)
	}
}

func TestWeighings(t *testing.T) {
	s := walk(t, paths[batch.Issued]...)
	e := build(3, event.TransportCollected, s)
	e.Batches[0].Grams = 4900
	if s = step(t, s, 3, e); s.Grams != 4900 || s.Initial != 5000 {
		t.Errorf("collected: %d of %d g", s.Grams, s.Initial)
	}
	s = step(t, s, 4, build(4, event.TransportDelivered, s)) // not weighed
	if s.Grams != 4900 {
		t.Errorf("delivered unweighed: %d g", s.Grams)
	}
	e = build(5, event.ManifestAccepted, s)
	e.Batches[0].Grams, e.Batches[0].Verdict, e.Batches[0].RefusedGrams = 4000, event.Part, 900
	if s = step(t, s, 5, e); s.Grams != 4000 || s.Refused != 900 || s.Stage != batch.Accepted {
		t.Errorf("accepted in part: %d g, %d refused, %q", s.Grams, s.Refused, s.Stage)
	}
	for i, part := range []struct {
		grams  waste.Grams
		method waste.Method
		stage  batch.Stage
	}{{1500, "D10", batch.Accepted}, {2000, "R1", batch.Accepted}, {500, "D10", batch.Treated}} {
		e = build(6+i, event.BatchTreated, s)
		e.Batches[0].Grams, e.Data = part.grams, event.Treated{Method: part.method}
		before := slices.Clone(s.Methods)
		after := step(t, s, 6+i, e)
		if after.Grams != s.Grams-part.grams || after.TreatedSum != s.TreatedSum+part.grams || after.Stage != part.stage {
			t.Errorf("part %d: %+v", i, after)
		}
		if !slices.Equal(s.Methods, before) {
			t.Errorf("part %d changed the state before it", i)
		}
		s = after
	}
	if s.TreatedSum != 4000 || s.Grams != 0 || !slices.Equal(s.Methods, []waste.Method{"D10", "R1"}) {
		t.Errorf("at the end: %+v", s)
	}
}

// A batch may be treated where it arose: then there is no manifest and nobody to report to.
func TestTreatedWhereItArose(t *testing.T) {
	for _, stage := range []batch.Stage{batch.Generated, batch.Received, batch.Stored} {
		s := walk(t, append(slices.Clone(paths[stage]), event.BatchTreated)...)
		if s.Stage != batch.Treated || s.TreatedSum != 5000 || !s.Closed() || len(s.Next()) != 0 || len(s.Missing()) != 0 {
			t.Errorf("from %q: %s, next %v, missing %v", stage, describe(s), s.Next(), s.Missing())
		}
		if got := fault.Of(check(t, s, build(200, event.OutcomeReported, s))); got != fault.WrongStage {
			t.Errorf("from %q: an outcome for nobody: %q", stage, got)
		}
	}
}

// A collector accepts, then issues a manifest of its own to the plant.
func TestOnwardManifest(t *testing.T) {
	s := walk(t, paths[batch.Accepted]...)
	e := build(6, event.ManifestIssued, s)
	other := id.PartyOf(uuid('p', 4))
	e.Manifest, e.Data = otherSheet, event.Issued{Profile: "hazardous", Carrier: generator, Consignee: other, ConsigneeSite: elsewhere}
	s = step(t, s, 6, e)
	if s.Stage != batch.Issued || s.Manifest != otherSheet || s.Consignor != plant || s.ConsignorSite != gate || s.Carrier != generator || s.Consignee != other || s.Answer != e.ID {
		t.Fatalf("%+v", s)
	}
	if s.Generator != generator || s.Origin != ward {
		t.Errorf("the batch forgot where it arose: %+v", s)
	}
	if got := fault.Of(check(t, s, build(7, event.TransportCollected, s))); got != fault.WrongStage {
		t.Errorf("collected on the first manifest: %q", got)
	}
}

// The same events give the same bytes, and a state can be stored and read without loss.
func TestFoldIsDeterministic(t *testing.T) {
	for _, stage := range stages {
		a, errA := json.Marshal(walk(t, paths[stage]...))
		b, errB := json.Marshal(walk(t, paths[stage]...))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%q: %v, %v\n%s\n%s", stage, errA, errB, a, b)
		}
		var read batch.State
		if err := json.Unmarshal(a, &read); err != nil {
			t.Errorf("%q: %v", stage, err)
		}
		if c, err := json.Marshal(read); err != nil || string(c) != string(a) {
			t.Errorf("%q is stored as\n%s and read as\n%s", stage, a, c)
		}
	}
}
