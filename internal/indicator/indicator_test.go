package indicator_test

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/waste"
)

func TestLandfillFall(t *testing.T) {
	c := newTown()
	c.life(1, 4, "900-041-49", 600, "2026-03-02", "2026-03-03", "2026-03-04", "D1")
	c.life(2, 4, "772-002-18", 50, "2026-03-02", "", "2026-03-04", "D1")
	c.life(3, 1, "841-001-01", 70, "2026-03-02", "", "2026-03-04", "D1") // medical: not industrial
	c.life(4, 9, "900-041-49", 11, "2026-03-02", "", "2026-03-04", "D1") // of a site that no register has
	want(t, indicator.Evaluate(c.input(35, "2026"), ""), "[=base_missing -code_not_industrial:0:50g -unregistered_site:0:11g]")
	c.state(indicator.Base{Figure: "landfilled", Division: "130602", Year: 2020, Amount: 1000, Source: "SAMPLE"})
	want(t, indicator.Evaluate(c.input(35, "2026"), ""), "[=40.00 400/1000 met -code_not_industrial:0:50g -unregistered_site:0:11g]")
	c.life(5, 4, "900-041-49", 900, "2026-04-02", "", "2026-04-04", "D1")
	want(t, indicator.Evaluate(c.input(35, "2026"), "130602"), "[=-50.00 -500/1000 not_met -code_not_industrial:0:50g]") // a rise is negative
	want(t, indicator.Evaluate(c.input(35, "2026"), "130624"), "[=base_missing]")
	want(t, indicator.Evaluate(c.input(35, "2026-03"), "130602"), "[=-605.88 -515/85 not_met -code_not_industrial:0:50g]") // 1000 × 31/365
	c.state(indicator.ChoiceMade{Indicator: 35, Key: "base_year", Value: "2021"})
	in := c.input(35, "2026")
	want(t, indicator.Evaluate(in, "130602"), "[=base_missing -code_not_industrial:0:50g]")
	if in.Definition.Version != "1.1" {
		t.Errorf("version %s", in.Definition.Version)
	}
	// The old size still has the old answer.
	old, _ := c.At(c.seq - 1).Definition(35)
	if old.Version != "1" || old.Choice("base_year") != "2020" {
		t.Errorf("the old size says %s %s", old.Version, old.Choice("base_year"))
	}
}

// A works in a second district without a base figure: the city's sum would be of another scope.
func TestBaseOfEveryDistrict(t *testing.T) {
	c := newTown()
	c.state(indicator.Site{Site: site(20), Party: firm(20), Kind: "factory", Division: "130609", Span: since("2020-01-01")})
	c.state(indicator.Base{Figure: "landfilled", Division: "130602", Year: 2020, Amount: 1000, Source: "SAMPLE"})
	want(t, indicator.Evaluate(c.input(35, "2026"), ""), "[=base_incomplete base_incomplete]")
	want(t, indicator.Evaluate(c.input(35, "2026"), "130602"), "[=100.00 1000/1000 met]")
}

func TestInstitutions(t *testing.T) {
	c := newTown()
	want(t, indicator.Evaluate(c.input(36, "2026-03"), ""), "[declared=0.00 0/2 not_met proven=0.00 0/2 not_met -outside_city:1:0g]")
	c.state(indicator.Member{Site: site(1), By: firm(6), Basis: "contract", Number: "C1", Span: since("2026-01-01")})
	c.life(1, 2, "841-001-01", 500, "2026-03-02", "2026-03-03", "2026-03-04", "Y10")
	r := indicator.Evaluate(c.input(36, "2026-03"), "")
	want(t, r, "[declared=50.00 1/2 not_met proven=50.00 1/2 not_met -outside_city:1:0g]")
	if len(r.Work) != 2 || r.Work[0].Site != site(1) || !r.Work[0].Declared || r.Work[0].Proven || !r.Work[1].Proven {
		t.Errorf("work list %+v", r.Work)
	}
	if r.Coverage != (indicator.Coverage{Sites: 2, Reported: 1}) {
		t.Errorf("coverage %+v", r.Coverage)
	}
	want(t, indicator.Evaluate(c.input(36, "2026-04"), "130624"), "[declared=0.00 0/1 not_met proven=0.00 0/1 not_met]")
	want(t, indicator.Evaluate(c.input(36, "2019"), ""), "[declared=none_registered proven=none_registered]")
	// Without a licence nothing is proven.
	c.state(indicator.Licence{Party: firm(6), Number: "L1", Kind: "operating", Codes: []string{"HW08"}, Span: since("2020-01-01")})
	want(t, indicator.Evaluate(c.input(36, "2026-03"), "130624"), "[declared=0.00 0/1 not_met proven=0.00 0/1 not_met]")
}

// A bag packed into a box at the hospital, a drum mixed from two shops at a depot: the
// treatment proves everybody whose waste was in it.
func TestProofThroughPackingOver(t *testing.T) {
	parents := map[id.Batch][]id.Batch{drum(9): {drum(1), drum(2)}}
	origin := map[id.Batch]id.Site{drum(1): site(1), drum(2): site(5), drum(9): site(6)}
	taken := map[id.Batch]int64{drum(2): day("2026-03-02"), drum(9): day("2026-03-05")}
	s := indicator.Sightings{}
	s.Note(indicator.Move{Seq: 40, At: day("2026-03-09"), Kind: indicator.Treated, Batch: drum(9), Origin: site(6), Site: site(6), Code: "900-214-08", Method: "R9", Mixed: true},
		func(b id.Batch) ([]id.Batch, id.Site, bool) { o, ok := origin[b]; return parents[b], o, ok },
		func(b id.Batch, _ int64) (int64, bool) { v, ok := taken[b]; return v, ok })
	got := map[id.Site]string{}
	for k := range s {
		got[k.Site] = indicator.SpellDay(k.CollectedAt)
	}
	if !maps.Equal(got, map[id.Site]string{site(1): "2026-03-05", site(5): "2026-03-02"}) {
		t.Errorf("%v", got)
	}
}

func TestHarmlessTreatment(t *testing.T) {
	c := newTown()
	c.life(1, 1, "841-001-01", 1000, "2026-03-02", "2026-03-02", "2026-03-03", "Y10")
	c.life(2, 1, "841-001-01", 500, "2026-03-31", "2026-03-31", "2026-04-01", "Y10") // on the way at the month's end
	c.life(3, 2, "841-001-01", 300, "2026-03-02", "2026-03-02", "2026-03-03", "Y10") // not in a built-up area
	c.life(4, 3, "841-001-01", 200, "2026-03-02", "", "", "")                        // not the city's
	r := indicator.Evaluate(c.input(37, "2026-03"), "")
	want(t, r, "[=66.67 1000/1500 not_met -outside_built_up:0:300g -outside_city:0:200g]")
	if r.Stock != 500 {
		t.Errorf("stock %d", r.Stock)
	}
	r = indicator.Evaluate(c.input(37, "2026-04"), "")
	want(t, r, "[=nothing_generated]")
	c.life(5, 1, "841-001-01", 400, "2026-04-02", "", "", "")
	r = indicator.Evaluate(c.input(37, "2026-04"), "130602")
	want(t, r, "[=125.00 500/400 met above_100]")
	c.state(indicator.ChoiceMade{Indicator: 37, Key: "methods", Value: "Y11"})
	want(t, indicator.Evaluate(c.input(37, "2026-04"), "130602"), "[=0.00 0/400 not_met -method_not_harmless:0:500g]")
}

func TestSocialSources(t *testing.T) {
	c := newTown()
	c.state(indicator.Member{Site: site(5), By: firm(6), Basis: "plan", Number: "P", Span: since("2026-01-01")})
	want(t, indicator.Evaluate(c.input(38, "2026-03"), ""),
		"[declared=100.00 1/1 met proven=0.00 0/1 not_met declared:repair=100.00 1/1 met proven:repair=0.00 0/1 not_met]")
	want(t, indicator.Evaluate(c.input(38, "2025-03"), "130624"),
		"[declared=0.00 0/1 not_met proven=0.00 0/1 not_met declared:repair=0.00 0/1 not_met proven:repair=0.00 0/1 not_met]") // read as of the cut-off
}

func (t *town) inspect(n int, on string, lost map[int]int, change func(*event.Inspection)) {
	i := event.Inspection{Inspected: site(n), Class: "generator", Sheet: "generator", Version: "2021"}
	for no := 1; no <= 30; no++ {
		i.Items = append(i.Items, event.Scored{No: no, Points: 2 - lost[no]})
	}
	if change != nil {
		change(&i)
	}
	t.AddInspection(indicator.Inspection{Seq: t.seq, At: day(on), Inspection: i})
	t.seq++
}

func TestInspections(t *testing.T) {
	c := newTown()
	want(t, indicator.Evaluate(c.input(59, "2026"), ""), "[all=none_inspected generators=none_inspected operators=none_inspected]")
	c.inspect(4, "2026-03-02", nil, nil)
	c.inspect(1, "2026-03-02", map[int]int{2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 1}, nil) // 49 points: 基本达标
	c.inspect(2, "2026-03-02", map[int]int{18: 1}, nil)                              // 59 points and a veto
	c.inspect(5, "2026-03-02", nil, func(i *event.Inspection) { i.Version = "1999" })
	c.inspect(3, "2026-03-02", nil, nil)
	want(t, indicator.Evaluate(c.input(59, "2026"), ""),
		"[all=33.33 1/3 not_met generators=33.33 1/3 not_met operators=none_inspected -outside_city:1:0g -unknown_sheet:1:0g]")
	c.inspect(2, "2026-05-02", nil, nil) // inspected again
	want(t, indicator.Evaluate(c.input(59, "2026"), "130624"),
		"[all=100.00 1/1 met generators=100.00 1/1 met operators=none_inspected -inspected_again:1:0g -unknown_sheet:1:0g]")
	c.state(indicator.ChoiceMade{Indicator: 59, Key: "reinspection", Value: "first"})
	c.state(indicator.ChoiceMade{Indicator: 59, Key: "passes", Value: "pass_or_basic"})
	want(t, indicator.Evaluate(c.input(59, "2026"), ""),
		"[all=66.67 2/3 not_met generators=66.67 2/3 not_met operators=none_inspected -inspected_again:1:0g -outside_city:1:0g -unknown_sheet:1:0g]")
}

func TestSheets(t *testing.T) {
	s, ok := indicator.ShippedSheet("generator", "2021")
	if !ok || len(s.Items) != 30 {
		t.Fatal("the shipped sheet")
	}
	full := func(change func(*event.Inspection)) event.Inspection {
		i := event.Inspection{Class: "generator"}
		for no := 1; no <= 30; no++ {
			i.Items = append(i.Items, event.Scored{No: no, Points: 2})
		}
		change(&i)
		return i
	}
	for name, c := range map[string]struct {
		change func(*event.Inspection)
		want   string
	}{
		"all":              {func(*event.Inspection) {}, "pass 60 "},
		"one accident":     {func(i *event.Inspection) { i.Accidents = 1 }, "pass 50 "},
		"two accidents":    {func(i *event.Inspection) { i.Accidents = 2 }, "basic 40 "},
		"three accidents":  {func(i *event.Inspection) { i.Accidents = 3 }, "fail 30 "},
		"a major accident": {func(i *event.Inspection) { i.Major = 1 }, "fail 60 "},
		"a veto":           {func(i *event.Inspection) { i.Items[29].Points = 1 }, "fail 59 "},
		"half does not apply": {func(i *event.Inspection) {
			for k := 1; k <= 15; k++ {
				i.Items[k] = event.Scored{No: k + 1, Inapplicable: true}
			}
		}, "pass 30 "},
		"an item missing":     {func(i *event.Inspection) { i.Items = i.Items[1:] }, " 0 items_missing"},
		"an item too many":    {func(i *event.Inspection) { i.Items = append(i.Items, event.Scored{No: 31}) }, " 60 items_unknown"},
		"three points of two": {func(i *event.Inspection) { i.Items[3].Points = 3 }, " 0 points_above_maximum"},
		"the other class":     {func(i *event.Inspection) { i.Class = "operator" }, " 0 sheet_of_other_class"},
	} {
		v, n, why := s.Judge(full(c.change))
		if got := fmt.Sprintf("%s %d %s", v, n, why); got != c.want && why == "" || c.want[0] == ' ' && got[len(got)-len(why):] != why {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	s.Items[0].Max, s.Items[1].No, s.PassAt = 3, 1, 99
	var codes []string
	for _, f := range s.Faults() {
		codes = append(codes, f.Code)
	}
	if !slices.Equal(codes, []string{"repeated", "sum", "order"}) {
		t.Errorf("faults %v", codes)
	}
}

func TestCarbon(t *testing.T) {
	c := newTown()
	c.life(1, 4, "900-052-31", 2_500_000, "2026-03-02", "", "2026-03-04", "R4")
	c.life(2, 4, "900-249-08", 1_000_000, "2026-03-02", "", "2026-03-04", "R9")
	c.state(indicator.Factor{Set: "SAMPLE", Method: "R9", Code: "HW08", KgPerT: "-12.345", Source: "SAMPLE", Certainty: "U", Span: since("2026-01-01")})
	got := indicator.Carbon(c.input(35, "2026-03"), "")
	if len(got) != 2 || got[0].Kg != "" || got[0].Set != "unset-2026" || got[1].Kg != "-12.35" || got[1].Set != "SAMPLE" {
		t.Errorf("%+v", got)
	}
}

// A corrected factor is no factor any more; a code's own comes before its category's, however
// late that was stated; outside its time there is none.
func TestFactorsThatHold(t *testing.T) {
	c := newTown()
	c.life(1, 4, "900-249-08", 1_000_000, "2026-03-02", "", "2026-03-04", "R9")
	kg := func(period string) string {
		r := indicator.Carbon(c.input(35, period), "")[0]
		return r.Set + " " + r.Kg
	}
	state := func(set, code, value, from, to string) {
		f := indicator.Factor{Set: set, Method: "R9", Code: code, KgPerT: value, Source: "SAMPLE", Certainty: "U", Span: since(from)}
		if to != "" {
			f.To = day(to)
		}
		c.state(f)
	}
	state("A", "*", "1", "2026-01-01", "")
	state("B", "900-249-08", "2", "2026-01-01", "")
	state("C", "HW08", "3", "2026-01-01", "")
	if got := kg("2026-03"); got != "B 2.00" {
		t.Error(got)
	}
	state("B", "900-249-08", "2", "2026-01-01", "2026-03-10") // it ends sooner: the same row, corrected
	if got := kg("2026-03"); got != "C 3.00" {
		t.Error(got)
	}
	state("C", "HW08", "", "2026-01-01", "") // nobody knows after all
	if got := kg("2026-03"); got != "C " {
		t.Error(got)
	}
}

// What is no hazardous waste is in no event: both amounts of 32 come from the register.
func TestRecyclables(t *testing.T) {
	c := newTown()
	base := func(figure, division string, amount int64) {
		c.state(indicator.Base{Figure: figure, Division: division, Year: 2026, Amount: amount, Source: "SAMPLE"})
	}
	want(t, indicator.Evaluate(c.input(32, "2026"), ""), "[=base_missing]")
	base("recyclables_generated", "130602", 800)
	want(t, indicator.Evaluate(c.input(32, "2026"), "130602"), "[=base_missing]")
	base("recyclables_recycled", "130602", 600)
	want(t, indicator.Evaluate(c.input(32, "2026"), "130602"), "[=75.00 600/800 not_met]")
	want(t, indicator.Evaluate(c.input(32, "2026-03"), "130602"), "[=part_of_a_year]")
	want(t, indicator.Evaluate(c.input(32, "2025"), "130602"), "[=base_missing]")
	want(t, indicator.Evaluate(c.input(32, "2026"), ""), "[=base_incomplete base_incomplete]") // other districts have institutions
	base("recyclables_generated", "130600", 200)
	want(t, indicator.Evaluate(c.input(32, "2026"), ""), "[=base_incomplete base_incomplete]") // and the other half?
	base("recyclables_recycled", "130600", 600)
	want(t, indicator.Evaluate(c.input(32, "2026"), ""), "[=120.00 1200/1000 met above_100]")
	if list := indicator.BasesOf(c.input(32, "2026"), ""); len(list) != 4 || list[3].Amount != 600 || list[3].Seq != c.seq-1 {
		t.Errorf("%+v", list)
	}
}

func TestPeriods(t *testing.T) {
	for name, want := range map[string]string{
		"2026-03-02": "day 2026-03-02 2026-03-03", "2026-W10": "week 2026-03-02 2026-03-09", "2020-W53": "week 2020-12-28 2021-01-04", "2026-W01": "week 2025-12-29 2026-01-05",
		"2026-02": "month 2026-02-01 2026-03-01", "2026-Q4": "quarter 2026-10-01 2027-01-01", "2026-H2": "half_year 2026-07-01 2027-01-01", "2026": "year 2026-01-01 2027-01-01",
		"2026-13": "", "2026-00": "", "2026-02-30": "", "2025-W53": "", "2026-W00": "", "2026-Q5": "", "": "", "1999": "", "2026-3": "", "2026-03-02T00": "",
	} {
		p, err := indicator.ParsePeriod(name)
		got := ""
		if err == nil {
			got = fmt.Sprintf("%s %s %s", p.Grain, p.From.Format(time.DateOnly), p.To.Format(time.DateOnly))
		} else if fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, s := range []string{"2026-03-01", "2026-02-28", "2024-02-29", "1969-12-31"} {
		d := indicator.DayOf(at(s + " 00:00"))
		if indicator.SpellDay(d) != s || indicator.DayOf(at(s+" 23:59")) != d || indicator.SpellDay(indicator.MonthOf(d)) != s[:8]+"01" {
			t.Errorf("%s is day %d, month %s", s, d, indicator.SpellDay(indicator.MonthOf(d)))
		}
	}
}

func TestFactsHaveOneSpelling(t *testing.T) {
	for _, f := range []indicator.Fact{
		{Kind: indicator.KindSite, By: "command", Row: indicator.Site{Site: site(1), Party: firm(1), Kind: "clinic", Division: "130602", Span: since("2026-01-01")}},
		{Kind: indicator.KindMember, By: "command", Reason: "SAMPLE", Row: indicator.Member{Site: site(1), By: firm(2), Basis: "plan", Number: "1", Span: since("2026-01-01")}},
		{Kind: indicator.KindBase, By: "command", Reason: "SAMPLE", Row: indicator.Base{Figure: "landfilled", Division: "130600", Year: 2020, Amount: 1, Source: "SAMPLE"}},
		{Kind: indicator.KindLicence, By: "command", Row: indicator.Licence{Party: firm(1), Number: "L", Kind: "operating", Codes: []string{"*"}, Span: since("2026-01-01")}},
		{Kind: indicator.KindChoice, By: "command", Reason: "SAMPLE", Row: indicator.ChoiceMade{Indicator: 35, Key: "base_year", Value: "2021"}},
		{Kind: indicator.KindSheet, By: "command", Row: indicator.Sheets()[0]},
		{Kind: indicator.KindFactor, By: "command", Row: indicator.Factor{Set: "S", Method: "R4", Code: "*", Source: "SAMPLE", Certainty: "U"}},
	} {
		b, err := f.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := indicator.ParseFact(b)
		if again, _ := got.Bytes(); err != nil || string(again) != string(b) {
			t.Errorf("%s: %v", b, err)
		}
		for i := range b {
			other := slices.Clone(b)
			if other[i] ^= 1; fault.Of(func() error { _, err := indicator.ParseFact(other); return err }()) == "" {
				if f2, _ := indicator.ParseFact(other); fmt.Sprint(f2) == fmt.Sprint(f) {
					t.Errorf("byte %d of %s changes nothing", i, b)
				}
			}
		}
	}
	for _, s := range []string{``, `{}`, `{"fact":"site"}`, `{"fact":"base","at":0,"by":"x","row":{}} `, `{"fact":"other","at":0,"by":"x","row":{}}`} {
		if _, err := indicator.ParseFact([]byte(s)); fault.Of(err) != fault.Damaged {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestDefinitions(t *testing.T) {
	var numbers []int
	for _, d := range indicator.Definitions() {
		numbers = append(numbers, d.Indicator)
		if d.NameZH == "" || d.NameEN == "" || d.FormulaZH == "" || d.Source == "" || d.Certainty == "" || d.Unit == "" || d.PlanSource == "" {
			t.Errorf("%d lacks words", d.Indicator)
		}
		if _, ok := new(big.Rat).SetString(d.Target); !ok {
			t.Errorf("%d: target %q", d.Indicator, d.Target)
		}
		for _, c := range d.Choices {
			if code, _, _ := d.Check(c.Key, c.Value); code != "" || c.Certainty == "" || c.ZH == "" || c.EN == "" {
				t.Errorf("%d %s: %s", d.Indicator, c.Key, code)
			}
		}
	}
	if !slices.Equal(numbers, []int{2, 19, 32, 35, 36, 37, 38, 59}) {
		t.Errorf("%v", numbers)
	}
	d, _ := indicator.Shipped(35)
	for _, c := range [][3]string{{"other", "x", "unknown_choice"}, {"scope", "mine", "value"}, {"base_year", "20", "value"}, {"exclude_codes", "", "value"}} {
		if code, _, _ := d.Check(c[0], c[1]); code != c[2] {
			t.Errorf("%v: %s", c, code)
		}
	}
}

// Rows of districts add up to the city's, whatever the log; and blocks of any length that
// meet give the sums of the whole, facts that come late included.
func TestRowsAddUpAndDeltasMeet(t *testing.T) {
	divisions := []string{"130600", "130602", "130624", "130609", "130629"}
	rapid.Check(t, func(r *rapid.T) {
		c := newTown()
		c.state(indicator.Base{Figure: "landfilled", Division: "130600", Year: 2020, Amount: 777, Source: "SAMPLE"})
		for range rapid.IntRange(0, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				from := at(rapid.SampledFrom([]string{"2020-01-01", "2026-01-15", "2026-02-10"}).Draw(r, "from") + " 00:00")
				c.state(indicator.Site{Site: site(rapid.IntRange(1, 8).Draw(r, "site")), Party: firm(1), Kind: rapid.SampledFrom([]string{"hospital", "factory", "plant"}).Draw(r, "kind"),
					Division: rapid.SampledFrom(divisions).Draw(r, "division"), BuiltUp: rapid.Bool().Draw(r, "built"), Span: indicator.Span{From: from}})
			case 1:
				c.state(indicator.Licence{Party: firm(6), Number: "L1", Kind: "operating", Codes: []string{rapid.SampledFrom([]string{"*", "HW01"}).Draw(r, "codes")}, Span: since("2020-01-01")})
			default:
				kind := rapid.SampledFrom([]indicator.MoveKind{indicator.Generated, indicator.Treated, indicator.Residue, indicator.Collected, indicator.Difference}).Draw(r, "kind")
				c.move(indicator.Move{At: day(fmt.Sprintf("2026-0%d-1%d", rapid.IntRange(1, 3).Draw(r, "month"), rapid.IntRange(0, 9).Draw(r, "day"))), Kind: kind, Batch: drum(1),
					Origin: site(rapid.IntRange(1, 9).Draw(r, "origin")), Site: site(6), Code: rapid.SampledFrom([]waste.Code{"841-001-01", "900-041-49"}).Draw(r, "code"),
					Method: rapid.SampledFrom([]waste.Method{"D1", "Y10"}).Draw(r, "method"), Grams: rapid.Int64Range(-500, 500).Draw(r, "grams")})
			}
		}
		whole := indicator.Fold(c.At(c.seq), c.moves)
		sums := indicator.Sums{}
		for from := int64(0); from < c.seq; {
			to := min(c.seq, from+rapid.Int64Range(1, 12).Draw(r, "block"))
			changed := c.Changed(from, to)
			var moved, earlier []indicator.Move
			for _, m := range c.moves {
				switch {
				case m.Seq >= from && m.Seq < to:
					moved = append(moved, m)
				case m.Seq < from && slices.ContainsFunc(changed, func(t indicator.Touched) bool {
					return m.At >= t.Since && (t.Site == m.Origin || t.Site == m.Site)
				}):
					earlier = append(earlier, m)
				}
			}
			for k, g := range c.Delta(from, to, moved, earlier) {
				if sums[k] += g; sums[k] == 0 {
					delete(sums, k)
				}
			}
			from = to
		}
		if !maps.Equal(whole, sums) {
			r.Fatalf("the whole gives %v,\nthe blocks %v", whole, sums)
		}
		for _, n := range []int{2, 19, 35, 36, 37, 38, 59} {
			in := c.input(n, "2026")
			all := indicator.Evaluate(in, "")
			num, den := map[string]int64{}, map[string]int64{}
			stock := int64(0)
			for _, d := range divisions[:4] {
				row := indicator.Evaluate(in, d)
				stock += row.Stock
				for _, f := range row.Figures {
					num[f.Variant] += f.Numerator
					den[f.Variant] += f.Denominator
				}
				for _, p := range row.Figures[0].Parts {
					num["part "+p.Name] += p.Amount
				}
			}
			if stock != all.Stock {
				r.Fatalf("%d: stock %d and %d", n, stock, all.Stock)
			}
			for _, f := range all.Figures {
				if f.Because == nil && n != 35 && (f.Numerator != num[f.Variant] || f.Denominator != den[f.Variant]) {
					r.Fatalf("%d %s: rows add up to %d/%d, the city says %d/%d", n, f.Variant, num[f.Variant], den[f.Variant], f.Numerator, f.Denominator)
				}
				for _, p := range f.Parts {
					if n == 35 && p.Amount != num["part "+p.Name] && p.Name == "landfilled_grams" {
						r.Fatalf("35: rows have %d g landfilled, the city %d", num["part "+p.Name], p.Amount)
					}
				}
			}
		}
	})
}
