package waste

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExemptionsAreWhole(t *testing.T) {
	all := Exemptions(on("2023-06-01"))
	items, stages := map[int]int{}, map[Stage]int{}
	refs := map[string]bool{}
	for _, x := range all {
		items[x.Item]++
		if len(x.Stages) == 1 {
			stages[x.Stages[0]]++
		}
		if x.Waste == "" || x.WasteEN == "" || x.Condition == "" || x.ConditionEN == "" || x.Edition != "2021" || x.Certainty != "C" || x.Carried {
			t.Errorf("%s: %+v", x.Ref(), x)
		}
		if len([]rune(x.Condition)) > 70 || len(x.ConditionEN) > 180 {
			t.Errorf("%s: the condition is not short", x.Ref())
		}
		if words := len(x.Codes) == 0 && x.Category == ""; words && !x.Judgement {
			t.Errorf("%s names no waste and asks nobody", x.Ref())
		}
		for _, c := range x.Codes {
			if e, ok := DefaultCatalog().Lookup(c, on("2023-06-01")); !ok || e.Name == categoryNamed(t, e.Category) {
				t.Errorf("%s: %s is in no catalogue or has no name of its own", x.Ref(), c)
			}
		}
		if x.Covers(StageStorage) != slices.Contains(x.Stages, StageAll) || slices.Contains(x.Stages, StageStorage) {
			t.Errorf("%s: storage is never exempt alone", x.Ref())
		}
		back, ok := ExemptionByRef(x.Ref())
		if !ok || fmt.Sprint(back) != fmt.Sprint(x) || refs[x.Ref()] {
			t.Errorf("%s is not found by its reference, or twice", x.Ref())
		}
		refs[x.Ref()] = true
	}
	// Counted in the list: 32 items, 57 lines; two lines exempt use and disposal together.
	if len(all) != 57 || len(items) != 32 || items[2] != 4 || items[10] != 4 || items[26] != 4 || items[32] != 1 {
		t.Errorf("%d lines of %d items: %v", len(all), len(items), items)
	}
	want := map[Stage]int{StageAll: 4, StageCollection: 3, StageTransport: 19, StageUse: 16, StageDisposal: 13}
	if fmt.Sprint(stages) != fmt.Sprint(want) {
		t.Errorf("stages %v, want %v", stages, want)
	}
}

func categoryNamed(t *testing.T, code string) string {
	t.Helper()
	for _, c := range edition2021(t).Categories() {
		if c.Code == code {
			return c.Name
		}
	}
	t.Fatalf("no category %s", code)
	return ""
}

func refsOf(list []Exemption) string {
	var out []string
	for _, x := range list {
		out = append(out, strings.TrimPrefix(x.Ref(), "2021-"))
	}
	return strings.Join(out, " ")
}

func TestExemptionsFor(t *testing.T) {
	for _, c := range []struct {
		code  Code
		stage Stage
		want  string
	}{
		{"841-001-01", StageCollection, "2.1"},
		{"841-001-01", StageTransport, "2.2 2.3 3.1"},
		{"841-001-01", StageDisposal, "2.4 3.2"},
		{"841-001-01", StageStorage, ""}, // clinics' storage is not exempt
		{"841-001-01", StageUse, ""},
		{"841-004-01", StageCollection, "2.1"}, // by its category
		{"841-004-01", StageDisposal, "2.4"},
		{"900-052-31", StageTransport, "18.1"},
		{"900-052-31", StageCollection, ""},
		{"900-041-49", StageTransport, "24.1"}, // every stage covers each
		{"900-041-49", StageStorage, "24.1"},
		{"900-041-49", StageAll, "24.1"},
		{"900-249-08", StageUse, "8.1"},
		{"772-003-18", StageDisposal, "13.1 13.2 15.1"},
		{"772-003-18", StageUse, "13.2 14.1 15.1"},
		{"900-300-34", StageUse, "20.1 20.2"},
		{"252-017-11", StageUse, "10.1 10.2 10.3 10.4"},
		{"900-042-49", StageTransport, "25.1"},
		{"900-042-49", StageUse, "25.2"},
		{"900-042-49", StageDisposal, "25.2"},
		{"900-214-08", StageTransport, ""},
		{"999-999-99", StageUse, ""}, // words alone match no code: item 32 least of all
		{"us:D009", StageUse, ""},
		{"", StageUse, ""},
		{"900-052-31", "", ""},
	} {
		if got := refsOf(ExemptionsFor(c.code, c.stage, on("2023-06-01"))); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.code, c.stage, got, c.want)
		}
	}
}

func TestExemptionHints(t *testing.T) {
	for _, x := range Exemptions(on("2023-06-01")) {
		small := x.Item == 2 && x.Line <= 2
		if (x.BedsMost == 19) != small || (x.BedsMost != 0) != small {
			t.Errorf("%s: beds %d", x.Ref(), x.BedsMost)
		}
		want := map[int][]Method{3: {"Y11", "Y12", "Y13"}, 4: {"Y11", "Y12", "Y13"}, 5: {"Y12", "Y13"}}[x.Item]
		if !slices.Equal(x.After, want) {
			t.Errorf("%s: after %v", x.Ref(), x.After)
		}
		if words := slices.Contains([]int{1, 25, 26, 32}, x.Item); x.Judgement != words {
			t.Errorf("%s: judgement %v", x.Ref(), x.Judgement)
		}
	}
}

func TestExemptionsByDate(t *testing.T) {
	for _, c := range []struct {
		at      time.Time
		n       int
		carried bool
	}{
		{on("2021-01-01").Add(-time.Millisecond), 0, false},
		{on("2021-01-01"), 57, false},
		{on("2025-01-01").Add(-time.Millisecond), 57, false},
		{on("2025-01-01"), 57, true},
		{on("2026-08-20"), 57, true},
	} {
		all := Exemptions(c.at)
		if len(all) != c.n || slices.ContainsFunc(all, func(x Exemption) bool { return x.Carried != c.carried }) {
			t.Errorf("%s: %d lines, carried not all %v", c.at, len(all), c.carried)
		}
	}
	all := Exemptions(on("2023-06-01"))
	all[0].Stages[0], all[17].Codes[0] = "changed", "changed"
	if x := ExemptionsFor("900-249-08", StageUse, on("2023-06-01")); Exemptions(on("2023-06-01"))[0].Stages[0] != StageAll || len(x) != 1 {
		t.Error("a caller changed the list")
	}
	if _, ok := ExemptionByRef("2021-33.1"); ok {
		t.Error("a line that is not there was found")
	}
}

func TestParseExemptionsRefusesDamage(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(exemptions2021TSV, old) {
			t.Fatalf("no %q to damage", old)
		}
		return strings.Replace(exemptions2021TSV, old, new, 1)
	}
	for name, text := range map[string]string{
		"no edition":      swap("# edition: 2021\n", ""),
		"no first day":    swap("2021-01-01", "soon"),
		"a line gone":     swap("\n2\t2\tHW01", "\n2\t3\tHW01"),
		"an item gone":    swap("\n7\t1\t", "\n8\t1\t"),
		"item is a word":  swap("\n7\t1\t", "\nseven\t1\t"),
		"line is a word":  swap("\n7\t1\t", "\n7\tone\t"),
		"bad code":        swap("900-210-08", "900-210-8"),
		"no judgement":    swap("\n1\t1\t-\t1", "\n1\t1\t-\t0"),
		"odd judgement":   swap("HW01\t0", "HW01\t2"),
		"bad stage":       swap("\tcollection\t", "\tstorageroom\t"),
		"no stage":        swap("\tcollection\t", "\t\t"),
		"bad beds":        swap("\t19\t", "\tmany\t"),
		"beds below one":  swap("\t19\t", "\t0\t"),
		"bad method":      swap("Y11,Y12", "Y1,Y12"),
		"empty condition": swap("转运车符合 GB19217", ""),
		"no lines":        exemptions2021TSV[:strings.Index(exemptions2021TSV, "\n1\t1")+1],
		"nothing":         "",
	} {
		if l, err := parseExemptions(text); err == nil || l != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStages(t *testing.T) {
	for _, s := range Stages() {
		if got, err := ParseStage(s.String()); err != nil || got != s || s.Name() == "" || s.NameEN() == "" {
			t.Errorf("stage %s: %v", s, err)
		}
	}
	for _, s := range []string{"", "Use", "use ", "利用"} {
		if got, err := ParseStage(s); err == nil || got != "" {
			t.Errorf("stage %q accepted", s)
		}
	}
}
