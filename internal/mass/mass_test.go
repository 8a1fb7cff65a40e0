package mass_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

func uuid(kind byte, n int) id.UUID { return id.V7(1_772_000_000_000, [10]byte{8: kind, 9: byte(n)}) }

var (
	hospital, carrier, plant  = id.PartyOf(uuid('p', 1)), id.PartyOf(uuid('p', 2)), id.PartyOf(uuid('p', 3))
	ward, store, garage, mill = id.SiteOf(uuid('s', 1)), id.SiteOf(uuid('s', 2)), id.SiteOf(uuid('s', 3)), id.SiteOf(uuid('s', 4))
	bag                       = id.BatchOf(uuid('b', 1))
	names                     = map[string]string{hospital.String(): "hospital", carrier.String(): "carrier", plant.String(): "plant",
		ward.String(): "ward", store.String(): "store", garage.String(): "garage", mill.String(): "mill"}
)

// say writes postings as "kind party@site[ method] grams", in order.
func say(ps []mass.Posting) string {
	var out []string
	for _, p := range ps {
		s := fmt.Sprintf("%s %s@%s", p.Kind, names[p.Party.String()], names[p.Site.String()])
		if p.Method != "" {
			s += " " + string(p.Method)
		}
		out = append(out, fmt.Sprintf("%s %d", s, p.Grams))
	}
	return strings.Join(out, "; ")
}

func TestPostingsOfEveryType(t *testing.T) {
	held := batch.State{ID: bag, Stage: batch.Stored, Code: "841-001-01", Custodian: hospital, Site: ward, Grams: 5000}
	road := batch.State{ID: bag, Stage: batch.InTransit, Code: "841-001-01", Custodian: carrier, Carrier: carrier, CarrierSite: garage, Grams: 5000}
	kept := batch.State{ID: bag, Stage: batch.Accepted, Code: "841-001-01", Custodian: plant, Site: mill, Grams: 5000, Carrier: carrier, CarrierSite: garage}
	line := func(g waste.Grams) event.Batch { return event.Batch{ID: bag, Grams: g, Weighed: g > 0} }
	part := line(4000)
	part.RefusedGrams = 900
	rest := part
	rest.Rest = id.BatchOf(uuid('b', 2))
	burnt := line(3000)
	burnt.ResidueGrams = 300
	ash := line(3000)
	ash.ResidueGrams = 3000
	for _, c := range []struct {
		name   string
		party  id.Party
		site   id.Site
		data   event.Data
		line   event.Batch
		before batch.State
		want   string
	}{
		{"generated", hospital, ward, event.Generated{Code: "841-001-01"}, line(5000), batch.State{}, "generated hospital@ward -5000; held hospital@ward 5000"},
		{"released, not weighed", hospital, ward, event.Released{}, line(0), held, ""},
		{"released, same weight", hospital, ward, event.Released{}, line(5000), held, ""},
		{"released, less", hospital, ward, event.Released{}, line(4990), held, "held hospital@ward -10; difference hospital@ward 10"},
		{"released, more", hospital, ward, event.Released{}, line(5010), held, "held hospital@ward 10; difference hospital@ward -10"},
		{"received at another site", hospital, store, event.Received{}, line(0), held, "held hospital@ward -5000; held hospital@store 5000"},
		{"received there, less", hospital, store, event.Received{}, line(4999), held, "held hospital@ward -1; difference hospital@ward 1; held hospital@ward -4999; held hospital@store 4999"},
		{"stored where it is", hospital, ward, event.Stored{}, line(0), held, ""},
		{"stored at another site", hospital, store, event.Stored{}, line(5000), held, "held hospital@ward -5000; held hospital@store 5000"},
		{"issued, less", hospital, ward, event.Issued{}, line(4000), held, "held hospital@ward -1000; difference hospital@ward 1000"},
		{"issued at the office, held at the ward", hospital, store, event.Issued{}, line(5000), held, ""},
		{"collected", carrier, garage, event.Collected{}, line(5000), held, "held hospital@ward -5000; vehicle carrier@garage 5000"},
		{"collected, less", carrier, garage, event.Collected{}, line(4900), held, "held hospital@ward -100; difference hospital@ward 100; held hospital@ward -4900; vehicle carrier@garage 4900"},
		{"delivered, not weighed", carrier, garage, event.Delivered{}, line(0), road, ""},
		{"delivered, less", carrier, garage, event.Delivered{}, line(4900), road, "vehicle carrier@garage -100; difference carrier@garage 100"},
		{"accepted", plant, mill, event.Accepted{}, line(5000), road, "vehicle carrier@garage -5000; held plant@mill 5000"},
		{"accepted in part, 100 g lost", plant, mill, event.Accepted{}, part, road,
			"vehicle carrier@garage -100; difference carrier@garage 100; vehicle carrier@garage -4000; held plant@mill 4000"},
		{"treated", plant, mill, event.Treated{Method: "D10"}, line(5000), kept, "held plant@mill -5000; treated plant@mill D10 5000"},
		{"treated in part with residue", plant, mill, event.Treated{Method: "D10"}, burnt, kept,
			"held plant@mill -2700; treated plant@mill D10 2700; held plant@mill -300; residue plant@mill D10 300"},
		{"all residue", plant, mill, event.Treated{Method: "R1"}, ash, kept, "held plant@mill -3000; residue plant@mill R1 3000"},
		{"reported", plant, mill, event.Outcome{}, line(0), kept, ""},
		{"packed over", hospital, ward, event.Repacked{}, line(3000), held, "held hospital@ward -3000; repacked hospital@ward 3000"},
		{"accepted in part, the rest a batch", plant, mill, event.Accepted{}, rest, road,
			"vehicle carrier@garage -100; difference carrier@garage 100; vehicle carrier@garage -4000; held plant@mill 4000; vehicle carrier@garage -900; repacked plant@mill 900"},
		{"refused, 100 g less", plant, mill, event.Refused{}, line(4900), road, "vehicle carrier@garage -100; difference carrier@garage 100"},
		{"handed over on the road", carrier, garage, event.HandedOver{}, line(4900), road, "vehicle carrier@garage -100; difference carrier@garage 100"},
		{"handed over at a point", plant, mill, event.HandedOver{}, line(4900), kept, "held plant@mill -100; difference plant@mill 100"},
		{"taken by the next carrier", plant, mill, event.Collected{}, line(5000), road, "vehicle carrier@garage -5000; vehicle plant@mill 5000"},
		{"taken in at a point", plant, mill, event.Received{}, line(0), road, "vehicle carrier@garage -5000; held plant@mill 5000"},
		{"collected from a point", carrier, garage, event.Collected{}, line(5000), kept, "held plant@mill -5000; vehicle carrier@garage 5000"},
		{"returned", carrier, garage, event.Returned{}, line(0), road, ""},
		{"cancelled", hospital, ward, event.Cancelled{}, line(0), held, ""},
		{"use", hospital, ward, event.Use{}, event.Batch{}, batch.State{}, ""},
	} {
		ps := mass.Post(event.Event{Party: c.party, Site: c.site, Data: c.data}, c.line, c.before)
		if got := say(ps); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if mass.Sum(ps) != 0 {
			t.Errorf("%s sums to %d", c.name, mass.Sum(ps))
		}
		for _, p := range ps {
			if p.Batch != bag || p.Code != "841-001-01" {
				t.Errorf("%s: posting of %s, code %s", c.name, p.Batch, p.Code)
			}
		}
	}
}

// A child's grams come out of what its parents gave, where they were.
func TestPostingsOfABirth(t *testing.T) {
	for _, c := range []struct {
		name  string
		by    id.Party
		at    id.Site
		child batch.State
		want  string
	}{
		{"packed over", hospital, ward, batch.State{ID: bag, Code: "841-001-01", Custodian: hospital, Site: ward, Grams: 700}, "repacked hospital@ward -700; held hospital@ward 700"},
		{"refused", plant, mill, batch.State{ID: bag, Code: "841-001-01", Custodian: carrier, Carrier: carrier, CarrierSite: garage, Grams: 900},
			"repacked plant@mill -900; vehicle carrier@garage 900"},
	} {
		ps := mass.PostBirth(event.Event{Party: c.by, Site: c.at}, c.child)
		if got := say(ps); got != c.want || mass.Sum(ps) != 0 {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// What was refused stays on the carrier's account, where it is seen until it is brought back.
func TestRefusedGramsStayOnTheVehicle(t *testing.T) {
	before := batch.State{ID: bag, Stage: batch.InTransit, Code: "841-001-01", Custodian: hospital, Site: ward, Grams: 5000}
	ps := mass.Post(event.Event{Party: carrier, Site: garage, Data: event.Collected{}}, event.Batch{ID: bag, Grams: 5000, Weighed: true}, before)
	road := batch.State{ID: bag, Stage: batch.Delivered, Code: "841-001-01", Custodian: carrier, Carrier: carrier, CarrierSite: garage, Grams: 5000}
	ps = append(ps, mass.Post(event.Event{Party: plant, Site: mill, Data: event.Accepted{}},
		event.Batch{ID: bag, Grams: 4000, Weighed: true, Verdict: event.Part, RefusedGrams: 1000}, road)...)
	want := map[mass.Account]waste.Grams{
		{Kind: mass.Held, Party: hospital, Site: ward, Code: "841-001-01"}:       -5000, // its generation is not in this test
		{Kind: mass.OnVehicle, Party: carrier, Site: garage, Code: "841-001-01"}: 1000,
		{Kind: mass.Held, Party: plant, Site: mill, Code: "841-001-01"}:          4000,
	}
	if got := mass.Balances(ps); !maps.Equal(got, want) {
		t.Errorf("balances %v, want %v", got, want)
	}
}

func TestSumAndBalances(t *testing.T) {
	a := mass.Account{Kind: mass.Held, Party: hospital, Site: ward, Code: "841-001-01"}
	b := mass.Account{Kind: mass.OnVehicle, Party: carrier, Site: garage, Code: "841-001-01"}
	other := a
	other.Code = "900-249-08"
	ps := []mass.Posting{{a, bag, 5}, {b, bag, -5}, {a, bag, -5}, {other, bag, 7}}
	if mass.Sum(ps) != 2 || mass.Sum(nil) != 0 {
		t.Errorf("sums %d, %d", mass.Sum(ps), mass.Sum(nil))
	}
	if got := mass.Balances(ps); !maps.Equal(got, map[mass.Account]waste.Grams{b: -5, other: 7}) {
		t.Errorf("balances %v: the empty account must be gone, the other code apart", got)
	}
	if a.String() == other.String() || a.String() == b.String() {
		t.Errorf("two accounts with one name: %s", a)
	}
}

// Balances do not depend on the order of postings and always sum like them.
func TestBalancesKeepTheSum(t *testing.T) {
	kinds := []mass.AccountKind{mass.Generated, mass.Held, mass.OnVehicle, mass.Treated, mass.Residue, mass.Difference}
	rapid.Check(t, func(r *rapid.T) {
		ps := rapid.SliceOf(rapid.Custom(func(r *rapid.T) mass.Posting {
			return mass.Posting{Account: mass.Account{Kind: rapid.SampledFrom(kinds).Draw(r, "kind"), Party: hospital}, Batch: bag,
				Grams: waste.Grams(rapid.Int64Range(-1e9, 1e9).Draw(r, "grams"))}
		})).Draw(r, "postings")
		balances := mass.Balances(ps)
		var total waste.Grams
		for _, g := range balances {
			total += g
		}
		if total != mass.Sum(ps) {
			r.Fatalf("balances sum to %d, postings to %d", total, mass.Sum(ps))
		}
		turned := slices.Clone(ps)
		slices.Reverse(turned)
		if !maps.Equal(balances, mass.Balances(turned)) {
			r.Fatal("the order of postings changes the balances")
		}
	})
}
