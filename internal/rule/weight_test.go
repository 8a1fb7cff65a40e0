package rule

import (
	"testing"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

var (
	hospital = id.PartyOf(id.V7(1, [10]byte{11}))
	haulier  = id.PartyOf(id.V7(1, [10]byte{12}))
	plant    = id.PartyOf(id.V7(1, [10]byte{13}))
)

func one(t *testing.T, s Step) Finding {
	t.Helper()
	got := defaultBook(t).Examine(s)
	if len(got) != 1 {
		t.Fatalf("%d findings: %+v", len(got), got)
	}
	return got[0]
}

// A difference within the tolerance is a remark; above it somebody must explain: whoever
// gave the load away.
func TestDifferencesHaveAnOwner(t *testing.T) {
	for _, c := range []struct {
		stage   batch.Stage
		code    waste.Code
		profile string
		now     waste.Grams
		sev     Severity
		owner   Owner
	}{
		{batch.Issued, "900-249-08", "hazardous", 9950, Remark, Owner{hospital, Consignor}},
		{batch.Issued, "900-249-08", "hazardous", 9949, Open, Owner{hospital, Consignor}},
		{batch.Issued, "900-249-08", "hazardous", 10_051, Open, Owner{hospital, Consignor}},
		{batch.Delivered, "841-001-01", "medical", 9900, Remark, Owner{hospital, Carrier}},
		{batch.Delivered, "841-001-01", "medical", 9899, Open, Owner{hospital, Carrier}},
		{batch.Generated, "841-001-01", "", 9900, Remark, Owner{hospital, Custodian}}, // medical by its code
	} {
		s := sound()
		s.Before = batch.State{Stage: c.stage, Code: c.code, Profile: c.profile, Custodian: hospital, Measured: event.OnScale}
		s.Grams, s.Batch.Grams = 10_000, c.now
		if f := one(t, s); f.Rule != GramsMoved || f.Severity != c.sev || f.Owner != c.owner || f.Grams != 10_000-c.now {
			t.Errorf("%+v: %+v", c, f)
		}
	}
}

func TestAScaleCorrectsAnEstimate(t *testing.T) {
	for now, sev := range map[waste.Grams]Severity{9000: Remark, 8000: Remark, 7999: Open, 12_001: Open} {
		s := sound()
		s.Before = batch.State{Stage: batch.Delivered, Code: "900-249-08", Custodian: haulier, Measured: event.Estimated}
		s.Event.Type, s.Event.Data = event.ManifestAccepted, event.Accepted{Measured: event.OnScale, Scale: "S-1"}
		s.Grams, s.Batch.Grams = 10_000, now
		if f := one(t, s); f.Rule != EstimateOff || f.Severity != sev || f.Owner.Party != haulier {
			t.Errorf("%d g: %+v", now, f)
		}
	}
}

func TestPackagesAreCompared(t *testing.T) {
	step := func(then, now int, v event.Verdict) Step {
		s := sound()
		s.Before = batch.State{Stage: batch.Issued, Custodian: hospital, Packages: then}
		s.Batch.Packages, s.Batch.Verdict = now, v
		return s
	}
	if f := one(t, step(3, 2, "")); f.Rule != PackagesMoved || f.Severity != Open || f.Owner != (Owner{hospital, Consignor}) {
		t.Errorf("%+v", f)
	}
	for _, s := range []Step{step(3, 3, ""), step(0, 2, ""), step(3, 0, ""), step(3, 2, event.Part)} {
		if got := defaultBook(t).Examine(s); len(got) != 0 {
			t.Errorf("%d then, %d now: %+v", s.Before.Packages, s.Batch.Packages, got)
		}
	}
}

// Steamed medical waste leaves the chain by the list of 2021; the ash of an oven must be a
// batch, or somebody must say where it went.
func TestResidueHasAPlace(t *testing.T) {
	step := func(code waste.Code, m waste.Method, left waste.Grams, into ...event.Child) Step {
		s := sound()
		s.Before = batch.State{Stage: batch.Accepted, Code: code, Custodian: plant}
		s.Event.Party, s.Event.Type, s.Event.Data = plant, event.BatchTreated, event.Treated{Method: m, Residues: into}
		s.Batch.ResidueGrams = left
		return s
	}
	if f := one(t, step("841-001-01", "Y11", 10)); f.Rule != ResidueExempt || f.Severity != Remark {
		t.Errorf("%+v", f)
	}
	for _, s := range []Step{step("841-001-01", "D10", 10), step("841-003-01", "Y11", 10), step("900-249-08", "Y11", 10)} {
		if f := one(t, s); f.Rule != ResidueLoose || f.Severity != Open || f.Owner != (Owner{plant, Treater}) {
			t.Errorf("%s: %+v", s.Before.Code, f)
		}
	}
	for _, s := range []Step{step("841-001-01", "D10", 0), step("841-001-01", "D10", 10, event.Child{Grams: 10})} {
		if got := defaultBook(t).Examine(s); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	}
}

// The tolerances are dated, say whose choice they are, and round down.
func TestTolerances(t *testing.T) {
	for _, x := range tolerances {
		if x.Version == "" || x.Source == "" || x.Certainty == "" || x.ValidFrom.IsZero() {
			t.Errorf("%+v", x)
		}
	}
	if ToleranceAt("medical", noon).Permille != 10 || ToleranceAt("battery", noon).Permille != 5 || ToleranceAt("medical", noon.AddDate(-50, 0, 0)) != (Tolerance{}) {
		t.Error("an edition of another profile or day")
	}
	if x := (Tolerance{Permille: 10}); !x.Within(-1, 199) || x.Within(2, 199) || x.Within(1, 99) || !(Tolerance{Grams: 5}).Within(5, 1) {
		t.Error("rounding")
	}
}
