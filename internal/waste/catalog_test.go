package waste

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func on(day string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		panic(err)
	}
	return t
}

func edition2021(t *testing.T) *Edition {
	t.Helper()
	e, carried := DefaultCatalog().EditionOn(on("2023-06-01"))
	if e == nil || carried || e.ID != "2021" {
		t.Fatalf("edition of 2023: %+v %v", e, carried)
	}
	return e
}

func TestCatalogIsWhole(t *testing.T) {
	e := edition2021(t)
	if n := len(e.Entries()); n != 467 {
		t.Errorf("%d codes, want 467", n)
	}
	var want []string // HW01-HW40, HW45-HW50: there are no 41-44
	for n := 1; n <= 50; n++ {
		if n <= 40 || n >= 45 {
			want = append(want, "HW"+string(rune('0'+n/10))+string(rune('0'+n%10)))
		}
	}
	var have []string
	for _, c := range e.Categories() {
		have = append(have, c.Code)
		if c.Name == "" || c.NameEN == "" {
			t.Errorf("%s has no name", c.Code)
		}
	}
	if len(have) != 46 || !slices.Equal(have, want) {
		t.Errorf("%d categories: %v", len(have), have)
	}
	seen, used := map[Code]bool{}, map[string]int{}
	for _, x := range e.Entries() {
		if seen[x.Code] {
			t.Errorf("%s twice", x.Code)
		}
		seen[x.Code] = true
		used[x.Category]++
		if x.Category != "HW"+string(x.Code[8:]) || x.Industry != string(x.Code[:3]) {
			t.Errorf("%s: category %s industry %s", x.Code, x.Category, x.Industry)
		}
		if len(x.Hazards) == 0 || x.Name == "" || x.NameEN == "" || x.Edition != "2021" || x.Carried {
			t.Errorf("%s: %+v", x.Code, x)
		}
	}
	for category, n := range map[string]int{"HW01": 5, "HW08": 32, "HW11": 85, "HW29": 22, "HW31": 6, "HW49": 11, "HW50": 44} {
		if used[category] != n {
			t.Errorf("%s has %d codes, want %d", category, used[category], n)
		}
	}
	if len(used) != 46 {
		t.Errorf("%d categories hold codes", len(used))
	}
}

// How often each spelling of hazards stands in the catalogue, counted elsewhere: a
// shifted column or a swapped separator changes a count.
func TestHazardCounts(t *testing.T) {
	want := map[string]int{
		"T": 364, "T,I": 29, "C,T": 27, "T,R": 16, "T,C": 5, "T/C/I/R": 4, "T,I,R": 4, "R,T": 4, "In": 3, "C": 3,
		"T/In": 2, "T,I,C": 1, "T/C": 1, "C,R": 1, "R": 1, "R,C": 1, "T/C/I/R/In": 1,
	}
	have := map[string]int{}
	for _, x := range edition2021(t).Entries() {
		have[spelled(x)]++
	}
	for s, n := range want {
		if have[s] != n {
			t.Errorf("%s: %d codes, want %d", s, have[s], n)
		}
	}
	if len(have) != len(want) {
		t.Errorf("spellings %v", have)
	}
}

func spelled(x Entry) string {
	parts := make([]string, len(x.Hazards))
	for i, h := range x.Hazards {
		parts[i] = h.String()
	}
	if x.HazardsOr {
		return strings.Join(parts, "/")
	}
	return strings.Join(parts, ",")
}

// Facts of the catalogue that people of the trade know by heart.
func TestKnownEntries(t *testing.T) {
	for code, want := range map[Code]string{
		"841-001-01": "In", "841-002-01": "In", "841-003-01": "In",
		"841-004-01": "T/C/I/R", "841-005-01": "T", // the order trap: 004 chemical, 005 drug
		"900-052-31": "T,C", // lead-acid batteries are HW31 since 2021
		"900-044-49": "T",   // and this one keeps NiCd and tubes only
		"900-041-49": "T/In", "900-047-49": "T/C/I/R", "900-214-08": "T,I", "900-249-08": "T,I",
		"900-402-06": "T,I,R", "900-252-12": "T,I", "900-023-29": "T", "900-002-03": "T", "900-300-34": "C,T",
		"900-039-49": "T", "772-003-18": "T", "900-404-06": "T,I,R",
	} {
		x, ok := DefaultCatalog().Lookup(code, on("2023-06-01"))
		if !ok || spelled(x) != want {
			t.Errorf("%s: %v %s, want %s", code, ok, spelled(x), want)
		}
		for _, c := range edition2021(t).Categories() {
			if c.Code == x.Category && c.Name == x.Name {
				t.Errorf("%s has no name of its own", code)
			}
		}
	}
}

func TestCertainAndPossible(t *testing.T) {
	for code, want := range map[Code][2][]Hazard{
		"900-402-06": {{"T"}, {"I", "R"}},
		"900-041-49": {nil, {"T", "In"}},
		"841-001-01": {{"In"}, nil},
		"900-300-34": {{"C"}, {"T"}},
	} {
		x, _ := DefaultCatalog().Lookup(code, on("2023-06-01"))
		if !slices.Equal(x.Certain(), want[0]) || !slices.Equal(x.Possible(), want[1]) {
			t.Errorf("%s: certain %v possible %v", code, x.Certain(), x.Possible())
		}
	}
	if none := (Entry{}); len(none.Certain())+len(none.Possible()) != 0 {
		t.Error("an empty entry has hazards")
	}
}

func TestLookupByDate(t *testing.T) {
	c := DefaultCatalog()
	edge := time.Date(2020, 12, 31, 16, 0, 0, 0, time.UTC) // 2021-01-01 00:00 local
	for _, k := range []struct {
		code        Code
		at          time.Time
		ok, carried bool
	}{
		{"900-214-08", edge, true, false},
		{"900-214-08", edge.Add(-time.Millisecond), false, false},
		{"900-214-08", on("2025-01-01").Add(-time.Millisecond), true, false},
		{"900-214-08", on("2025-01-01"), true, true}, // the last known facts, and it says so
		{"900-214-08", on("2026-08-20"), true, true},
		{"999-999-99", on("2023-06-01"), false, false}, // unverified
		{"999-999-99", on("2026-06-01"), false, false},
		{"us:D009", on("2023-06-01"), false, false},
		{"831-001-01", on("2023-06-01"), false, false},
	} {
		x, ok := c.Lookup(k.code, k.at)
		if ok != k.ok || x.Carried != k.carried {
			t.Errorf("%s at %s: %v carried %v", k.code, k.at, ok, x.Carried)
		}
	}
	x, _ := c.Lookup("900-402-06", on("2023-06-01"))
	x.Hazards[0] = "changed"
	if again, _ := c.Lookup("900-402-06", on("2023-06-01")); again.Hazards[0] != Toxic {
		t.Error("a caller changed the catalogue")
	}
	if _, ok := NewCatalog().Lookup("900-214-08", on("2023-06-01")); ok {
		t.Error("an empty catalogue knows a code")
	}
}

const (
	laterCodes = "# edition: SAMPLE-2025\n# valid_from: 2025-01-01\n# valid_to: open\n# source: SAMPLE\n# certainty: U\ncode\thazards\n" +
		"900-214-08\tI,T\n999-001-48\tT/C\n"
	laterCategories = "category\tzh\ten\nHW08\t样例油\tSAMPLE oil\nHW48\t样例渣\tSAMPLE slag\n"
	laterNames      = "code\tzh\ten\n999-001-48\t样例锡渣\tSAMPLE tin slag\n"
)

// A later edition takes over on its first day and changes nothing before it.
func TestALaterEditionTakesOver(t *testing.T) {
	later, err := ParseEdition(laterCodes, laterCategories, laterNames)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCatalog(append([]*Edition{later}, DefaultCatalog().Editions()...)...)
	old, ok := c.Lookup("900-214-08", on("2024-12-31"))
	if !ok || spelled(old) != "T,I" || old.Edition != "2021" {
		t.Errorf("before: %+v", old)
	}
	now, ok := c.Lookup("900-214-08", on("2025-01-01"))
	if !ok || spelled(now) != "I,T" || now.Edition != "SAMPLE-2025" || now.Carried || now.Name != "样例油" {
		t.Errorf("after: %+v", now)
	}
	if added, ok := c.Lookup("999-001-48", on("2025-01-01")); !ok || added.Name != "样例锡渣" || !added.HazardsOr {
		t.Errorf("added: %+v", added)
	}
	if _, ok := c.Lookup("999-001-48", on("2024-12-31")); ok {
		t.Error("a code is known before its edition")
	}
	if _, ok := c.Lookup("900-249-08", on("2025-01-01")); ok {
		t.Error("a dropped code lives on")
	}
}

func TestParseEditionRefusesDamage(t *testing.T) {
	swap := func(s, old, new string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("no %q to damage", old)
		}
		return strings.Replace(s, old, new, 1)
	}
	for name, c := range map[string]struct{ codes, categories, names, says string }{
		"empty":              {"", laterCategories, laterNames, "cells"},
		"only a header":      {"# edition: x", laterCategories, laterNames, "no column line"},
		"no codes":           {laterCodes[:strings.Index(laterCodes, "900-")], laterCategories, "code\tzh\ten\n", "none"},
		"other columns":      {swap(laterCodes, "code\thazards", "hazards\tcode"), laterCategories, laterNames, "columns"},
		"no edition":         {swap(laterCodes, "# edition: SAMPLE-2025\n", ""), laterCategories, laterNames, "edition"},
		"no certainty":       {swap(laterCodes, "# certainty: U\n", ""), laterCategories, laterNames, "certainty"},
		"no first day":       {swap(laterCodes, "2025-01-01", "soon"), laterCategories, laterNames, "valid_from"},
		"no last day":        {swap(laterCodes, "open", "never"), laterCategories, laterNames, "valid_to"},
		"ends before start":  {swap(laterCodes, "open", "2024-01-01"), laterCategories, laterNames, "not after"},
		"malformed code":     {swap(laterCodes, "999-001-48", "999-1-48"), laterCategories, laterNames, "malformed"},
		"foreign code":       {swap(laterCodes, "999-001-48", "us:D009"), laterCategories, laterNames, "no category"},
		"code twice":         {laterCodes + "900-214-08\tT\n", laterCategories, laterNames, "twice"},
		"unknown hazard":     {swap(laterCodes, "T/C", "T/X"), laterCategories, laterNames, "hazard"},
		"no hazard":          {swap(laterCodes, "T/C", ""), laterCategories, laterNames, "hazard"},
		"missing cell":       {swap(laterCodes, "\tT/C", ""), laterCategories, laterNames, "cells"},
		"unknown category":   {laterCodes, swap(laterCategories, "HW48", "HW47"), laterNames, "HW48"},
		"category twice":     {laterCodes, laterCategories + "HW08\tx\tx\n", laterNames, "twice"},
		"category columns":   {laterCodes, "zh\ten\tcategory\n", laterNames, "columns"},
		"name of no code":    {laterCodes, laterCategories, laterNames + "999-002-48\tx\tx\n", "not a code"},
		"name twice":         {laterCodes, laterCategories, laterNames + "999-001-48\tx\tx\n", "twice"},
		"blank line in data": {laterCodes + "\n\n", laterCategories, laterNames, "cells"},
	} {
		e, err := ParseEdition(c.codes, c.categories, c.names)
		if err == nil || e != nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %q", name, err, c.says)
		}
	}
}

func TestSuccessor(t *testing.T) {
	for n := '1'; n <= '5'; n++ {
		old := Code("831-00" + string(n) + "-01")
		next, last, ok := old.Successor()
		if !ok || string(next) != "841"+string(old[3:]) || !last.Equal(on("2020-12-31")) {
			t.Errorf("%s: %s %s %v", old, next, last, ok)
		}
		if _, known := DefaultCatalog().Lookup(next, last.AddDate(0, 0, 1)); !known {
			t.Errorf("%s is not in the edition that follows", next)
		}
	}
	if _, _, ok := Code("900-214-08").Successor(); ok {
		t.Error("a living code has a successor")
	}
}

func FuzzParseEdition(f *testing.F) {
	f.Add(laterCodes, laterCategories, laterNames)
	f.Add("code\thazards\n", "category\tzh\ten\n", "code\tzh\ten\n")
	f.Fuzz(func(t *testing.T, codes, categories, names string) {
		e, err := ParseEdition(codes, categories, names)
		if (e == nil) != (err != nil) {
			t.Fatalf("edition %v with %v", e, err)
		}
		if err != nil {
			return
		}
		for _, x := range e.Entries() {
			if _, err := ParseCode(x.Code.String()); err != nil || len(x.Hazards) == 0 {
				t.Fatalf("%+v: %v", x, err)
			}
		}
	})
}
