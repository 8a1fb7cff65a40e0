package standbook_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/standbook"
	"liandan/internal/waste"
)

var (
	shop, carrier, plant      = id.PartyOf(uuid('p', 1)), id.PartyOf(uuid('p', 2)), id.PartyOf(uuid('p', 3))
	works, office, yard, kiln = id.SiteOf(uuid('s', 1)), id.SiteOf(uuid('s', 2)), id.SiteOf(uuid('s', 3)), id.SiteOf(uuid('s', 4))
	start                     = time.Date(2026, 3, 2, 0, 0, 0, 0, time.FixedZone("", 8*3600))
)

// A drum's way through the works' ledger and the plant's.
func TestTheFiveTables(t *testing.T) {
	w := newTown()
	a, b, c := id.BatchOf(uuid('b', 1)), id.BatchOf(uuid('b', 2)), id.BatchOf(uuid('b', 3))
	m := id.ManifestOf(uuid('m', 1))
	oil := event.Generated{Code: "900-214-08", Form: waste.Liquid, Packaging: "drum_steel", Measured: event.OnScale, Department: "一车间", Name: "废机油"}
	w.must(t, start.Add(8*time.Hour), shop, works, id.Manifest{}, oil, event.BatchGenerated, line(a, 5000))
	w.must(t, start.Add(9*time.Hour), shop, works, id.Manifest{}, oil, event.BatchGenerated, line(b, 7000))
	w.must(t, start.Add(10*time.Hour), shop, works, id.Manifest{}, event.Stored{Place: "危废间"}, event.BatchStored, line(a, 0))
	w.must(t, start.Add(11*time.Hour), shop, works, id.Manifest{}, oil, event.BatchGenerated, line(c, 900))
	w.must(t, start.Add(30*time.Hour), shop, works, m, event.Issued{Profile: "hazardous", Carrier: carrier, Consignee: plant, ConsigneeSite: kiln, Method: "R9"},
		event.ManifestIssued, line(a, 5000), line(b, 7000))
	w.must(t, start.Add(31*time.Hour), carrier, yard, m, event.Collected{Vehicle: "样A12345"}, event.TransportCollected, line(a, 4990), line(b, 7000))
	w.must(t, start.Add(33*time.Hour), carrier, yard, m, event.Delivered{Vehicle: "样A12345"}, event.TransportDelivered, line(a, 0), line(b, 0))
	la, lb := line(a, 4990), line(b, 7000)
	la.Verdict, lb.Verdict = event.Whole, event.Whole
	w.must(t, start.Add(34*time.Hour), plant, kiln, m, event.Accepted{Measured: event.OnScale}, event.ManifestAccepted, la, lb)
	burnt := line(a, 4990)
	burnt.ResidueGrams = 90
	w.must(t, start.Add(50*time.Hour), plant, kiln, id.Manifest{}, event.Treated{Method: "R9", Facility: "1号釜"}, event.BatchTreated, burnt)

	lines, accounts := w.book(t, shop, works, start, start.AddDate(0, 0, 7))
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%s %s<%s %d", standbook.TableOf(l.Kind), l.Code, strings.Join(l.Refs, "+"), l.Grams))
	}
	want := []string{
		"generated HWCS20260302001< 5000", "generated HWCS20260302002< 7000", "stored HWRK20260302001<HWCS20260302001 5000", "generated HWCS20260302003< 900",
		"drawn HWCK20260303001<HWRK20260302001 4990", "outsourced HWWWLY20260303001<HWCK20260303001 4990", "outsourced HWWWLY20260303002<HWCS20260302002 7000",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the works' lines:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := []standbook.Account{{Waste: "900-214-08", Generated: 12900, Corrected: -10, Outsourced: 11990, Closing: 900}}; !reflect.DeepEqual(accounts, want) {
		t.Errorf("the works' balance %+v", accounts)
	}
	for _, l := range lines {
		if l.Event.IsZero() || l.Batch.IsZero() || (standbook.TableOf(l.Kind) == standbook.Outsourced && (l.To != plant || l.Manifest != m || l.Method != "R9")) {
			t.Errorf("line without evidence: %+v", l)
		}
		if h := standbook.TableOf(l.Kind).Header(); len(l.Values(names)) != len(h) {
			t.Errorf("%d cells under %d titles", len(l.Values(names)), len(h))
		}
	}

	// The next week opens with what the first closed with, and its codes do not depend on the period.
	if _, next := w.book(t, shop, works, start.AddDate(0, 0, 7), start.AddDate(0, 0, 14)); !reflect.DeepEqual(next, []standbook.Account{{Waste: "900-214-08", Opening: 900, Closing: 900}}) {
		t.Errorf("the next week: %+v", next)
	}
	second, _ := w.book(t, shop, works, start.AddDate(0, 0, 1), start.AddDate(0, 0, 2))
	if len(second) != 3 || !reflect.DeepEqual(second, lines[4:]) {
		t.Errorf("the second day alone: %+v", second)
	}

	lines, accounts = w.book(t, plant, kiln, start, start.AddDate(0, 0, 7))
	got = got[:0]
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%s %s<%s %d", standbook.TableOf(l.Kind), l.Code, strings.Join(l.Refs, "+"), l.Grams))
	}
	want = []string{"stored HWRK20260303001< 4990", "stored HWRK20260303002< 7000", "drawn HWCK20260304001<HWRK20260303001 4990", "own HWZXLY20260304001<HWCK20260304001 4990"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the plant's lines:\n%s", strings.Join(got, "\n"))
	}
	if want := []standbook.Account{{Waste: "900-214-08", TakenIn: 11990, Own: 4990, Closing: 7000}}; !reflect.DeepEqual(accounts, want) {
		t.Errorf("the plant's balance %+v", accounts)
	}
	if lines, accounts := w.book(t, shop, office, start, start.AddDate(1, 0, 0)); len(lines)+len(accounts) > 0 {
		t.Error("a site where nothing was has a ledger")
	}
}

var names = standbook.Names{Party: id.Party.String, Site: id.Site.String, Licence: func(id.Party) string { return "" }, Waste: func(standbook.Line) string { return "" }}

func TestMoreThanADaysCodes(t *testing.T) {
	w := newTown()
	oil := event.Generated{Code: "900-214-08", Form: waste.Liquid, Packaging: "drum_steel", Measured: event.OnScale}
	for i := range 1001 {
		w.must(t, start.Add(time.Hour), shop, works, id.Manifest{}, oil, event.BatchGenerated, line(id.BatchOf(uuid('b', i)), 1))
	}
	lines, _ := w.book(t, shop, works, start, start.AddDate(0, 0, 1))
	if len(lines) != 1001 || lines[998].Code != "HWCS20260302999" || lines[999].Code != "HWCS202603021000" {
		t.Fatalf("%d lines, %s", len(lines), lines[999].Code)
	}
	if c, err := waste.ParseLedgerCode(lines[999].Code); err != nil || !c.Foreign() {
		t.Errorf("the thousandth code cannot be read: %v", err)
	}
}

// TestEveryBalanceCloses walks at random and holds every site's ledger, at every cut of the
// time, against the accounts of package mass.
func TestEveryBalanceCloses(t *testing.T) {
	mended := 0
	defer func() {
		if !t.Failed() && mended < 20 {
			t.Errorf("only %d corrections were made", mended)
		}
	}()
	rapid.Check(t, func(r *rapid.T) {
		w := newTown()
		w.wander(r)
		mended += w.mended
		cut := start.Add(time.Duration(rapid.IntRange(0, 80).Draw(r, "from")) * time.Hour)
		end := cut.Add(time.Duration(rapid.IntRange(0, 80).Draw(r, "hours")) * time.Hour)
		for site, owner := range map[id.Site]id.Party{works: shop, office: shop, yard: carrier, kiln: plant} {
			lines, accounts := w.book(r, owner, site, cut, end)
			opening, closing := w.held(owner, site, cut), w.held(owner, site, end)
			for _, a := range accounts {
				if !a.Balanced() || a.Opening != opening[a.Waste] || a.Closing != closing[a.Waste] {
					r.Fatalf("%+v; the books say %d and %d", a, opening[a.Waste], closing[a.Waste])
				}
				delete(closing, a.Waste)
			}
			for c, g := range closing {
				if g != 0 {
					r.Fatalf("%d g of %s are in no account", g, c)
				}
			}
			sums, codes := map[standbook.Table]waste.Grams{}, map[string]bool{}
			for _, l := range lines {
				if codes[l.Code] {
					r.Fatalf("%s twice", l.Code)
				}
				codes[l.Code] = true
				sums[standbook.TableOf(l.Kind)] += l.Grams
				if l.Grams <= 0 && l.Corrects == "" || l.At.Before(cut) || !l.At.Before(end) {
					r.Fatalf("%+v", l)
				}
			}
			var g, o, out waste.Grams
			for _, a := range accounts {
				g, o, out = g+a.Generated, o+a.Own, out+a.Outsourced
			}
			if sums[standbook.Generated] != g || sums[standbook.Own] != o || sums[standbook.Outsourced] != out {
				r.Fatalf("lines %v, accounts %d %d %d", sums, g, o, out)
			}
		}
	})
}

// Corrections have lines of their own: what was said, what is said, and the difference, so
// that columns and balances still add up; older lines stay as they were.
func TestCorrections(t *testing.T) {
	w := newTown()
	b, m := id.BatchOf(uuid('b', 1)), id.ManifestOf(uuid('m', 1))
	at := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	made := event.Generated{Code: "900-214-08", Form: waste.Liquid, Packaging: "drum_steel", Measured: event.OnScale, Name: "废油"}
	w.must(t, at(1), shop, works, id.Manifest{}, made, event.BatchGenerated, line(b, 900))
	generated := w.steps[0].Event
	w.must(t, at(2), shop, works, m, event.Issued{Profile: "hazardous", Carrier: carrier, Consignee: plant, ConsigneeSite: kiln, Method: "D10"}, event.ManifestIssued, line(b, 900))
	issued := w.steps[1].Event
	w.must(t, at(3), carrier, yard, m, event.Collected{Vehicle: "样A1"}, event.TransportCollected, line(b, 900))
	collected := w.steps[2].Event
	day := func(d int) (time.Time, time.Time) { return start.AddDate(0, 0, d), start.AddDate(0, 0, d+1) }
	from, to := day(0)
	before, _ := w.book(t, shop, works, from, to)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.agree(at(30), b, generated, event.Change{Pointer: "/batches/0/grams", Old: "900", New: "1000"}, event.Change{Pointer: "/data/name", Old: `"废油"`, New: `"废机油"`}))
	must(w.agree(at(54), b, collected, event.Change{Pointer: "/batches/0/grams", Old: "900", New: "950"}))
	must(w.agree(at(78), b, generated, event.Change{Pointer: "/data/code", Old: `"900-214-08"`, New: `"900-249-08"`}))
	must(w.agree(at(102), b, issued, event.Change{Pointer: "/data/method", Old: `"D10"`, New: `"R9"`}))
	if again, _ := w.book(t, shop, works, from, to); !reflect.DeepEqual(again, before) {
		t.Errorf("older lines changed:\n%+v\n%+v", before, again)
	}
	type red struct {
		table    standbook.Table
		grams    waste.Grams
		old, new string
		code     waste.Code
	}
	for d, want := range map[int][]red{
		1: {{standbook.Generated, 100, "0.000900", "0.001000", "900-214-08"}, {standbook.Generated, 0, "name 废油", "name 废机油", "900-214-08"}},
		2: {{standbook.Outsourced, 50, "0.000900", "0.000950", "900-214-08"}},
		3: {{standbook.Generated, -1000, "900-214-08", "900-249-08", "900-214-08"}, {standbook.Generated, 1000, "900-214-08", "900-249-08", "900-249-08"},
			{standbook.Outsourced, -950, "900-214-08", "900-249-08", "900-214-08"}, {standbook.Outsourced, 950, "900-214-08", "900-249-08", "900-249-08"}},
		4: {{standbook.Outsourced, 0, "method D10", "method R9", "900-249-08"}},
	} {
		from, to := day(d)
		lines, accounts := w.book(t, shop, works, from, to)
		var got []red
		for _, l := range lines {
			got = append(got, red{standbook.TableOf(l.Kind), l.Grams, l.Old, l.New, l.Waste})
			of := slices.IndexFunc(before, func(o standbook.Line) bool { return o.Code == l.Corrects })
			if of < 0 || before[of].Kind != l.Kind || l.Code == l.Corrects || l.Batch != b {
				t.Errorf("day %d: %+v corrects nothing", d, l)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("day %d:\n%+v\nexpected\n%+v", d, got, want)
		}
		for _, a := range accounts {
			if !a.Balanced() {
				t.Errorf("day %d: %+v", d, a)
			}
		}
	}
	_, all := w.book(t, shop, works, start, start.AddDate(0, 0, 9))
	want := standbook.Account{Waste: "900-249-08", Generated: 1000, Outsourced: 950, Corrected: -50}
	if len(all) != 1 || all[0] != want {
		t.Errorf("the year: %+v, expected %+v", all, want)
	}
}
