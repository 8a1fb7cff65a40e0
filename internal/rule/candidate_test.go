package rule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// The index was made for limits that are no milder than any in the program. Whoever makes an
// edition stricter changes rule.indexed and adds a migration.
func TestTheIndexServesEveryEdition(t *testing.T) {
	x := indexed[0]
	for _, l := range Shipped() {
		if l.SkewMS < x.SkewMS || l.UploadMS < x.UploadMS || l.BackMS < x.BackMS {
			t.Errorf("edition %s is stricter than the index", l.Version)
		}
		if d := l.Dwell; d != nil && (d.LimitMS < x.Dwell.LimitMS || slices.ContainsFunc(d.Categories, func(c string) bool { return !slices.Contains(x.Dwell.Categories, c) })) {
			t.Errorf("edition %s bounds more storing than the index knows", l.Version)
		}
	}
}

// Whatever an edition finds about a step, the index names the step; and names it as grave where
// more than a remark is found.
func TestCandidatesAreASuperset(t *testing.T) {
	found := 0
	rapid.Check(t, func(r *rapid.T) {
		coin := func(what string) bool { return rapid.Bool().Draw(r, what) }
		ms := func(most int, what string) int64 { return int64(rapid.IntRange(0, most).Draw(r, what)) }
		book := Book{{Version: "x", SkewMS: 300_000 + ms(1000, "skew"), UploadMS: 259_200_000 + ms(1000, "upload"), BackMS: ms(1000, "back"),
			Dwell: &Dwell{Categories: []string{"HW01"}, Start: rapid.SampledFrom([]Start{FromClosing, FromStorage}).Draw(r, "start"), LimitMS: 172_800_000 + ms(90_000_000, "limit")}}}
		hours := func(most int, what string) time.Duration {
			return time.Duration(rapid.IntRange(-1, most).Draw(r, what)) * time.Hour
		}
		s := sound()
		s.Event.Type = rapid.SampledFrom(event.Types()).Draw(r, "type")
		s.Before = batch.State{ID: bag, Stage: rapid.SampledFrom(Waiting()).Draw(r, "stage"), Code: rapid.SampledFrom([]waste.Code{"841-001-01", "900-249-08"}).Draw(r, "code"),
			BornAt: noon.Add(-hours(100, "age")).UnixMilli(), Packages: rapid.IntRange(0, 2).Draw(r, "packages"), Measured: rapid.SampledFrom([]event.Measured{event.OnScale, event.Estimated}).Draw(r, "measured")}
		s.Before.StoredAt = s.Before.BornAt + ms(50_000_000, "stored")
		if coin("in a house") {
			s.Before.Site = id.SiteOf(id.V7(1, [10]byte{7}))
		}
		if coin("seen") {
			s.Batch.Seen = id.Hash{2}
		}
		s.LastAt, s.RecordedAt = noon.Add(-hours(60, "before")), noon.Add(hours(80, "recorded"))
		s.Batch.Grams, s.Batch.Weighed, s.Batch.Packages = waste.Grams(rapid.IntRange(4900, 5100).Draw(r, "grams")), coin("weighed"), rapid.IntRange(0, 2).Draw(r, "counted")
		s.Batch.ResidueGrams = waste.Grams(rapid.IntRange(0, 1).Draw(r, "residue"))
		switch s.Event.Type {
		case event.BatchGenerated:
			s.Event.Data = event.Generated{Code: rapid.SampledFrom([]waste.Code{"841-001-01", "999-999-99"}).Draw(r, "new"), Packaging: "bag", Isolation: coin("isolation"), Measured: s.Before.Measured}
		case event.BatchTreated:
			s.Event.Data = event.Treated{Method: "Y11"}
		case event.IncidentReported:
			s.Event.Data = event.Incident{Kind: event.Leak, Place: "x"}
		case event.PaperBackfilled:
			s.Event.Data = event.Backfilled{Signed: []event.Signature{{At: noon.Add(-hours(1000, "slip"))}}}
		case event.TransportCollected:
			s.Event.Data = event.Collected{Vehicle: "x"}
		default:
			s.Event.Data = nil
		}
		s = s.In(shippedCatalog)
		got := book.Examine(s)
		may, grave := s.Candidate()
		for _, f := range got {
			found++
			if !may || f.Severity != Remark && !grave {
				r.Fatalf("%+v is found, and the index says %v, grave %v:\n%+v", f, may, grave, s)
			}
		}
	})
	if found < 50 {
		t.Errorf("%d findings prove nothing", found)
	}
}
