package waste

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestEveryHazardHasAdvice(t *testing.T) {
	all := AdviceFor(Hazards())
	if len(all) != 6 || all[0].Hazard != "" {
		t.Fatalf("%d parts of advice, want the general one and five", len(all))
	}
	for i, g := range all {
		if i > 0 && g.Hazard != Hazards()[i-1] {
			t.Errorf("part %d is of %q", i, g.Hazard)
		}
		if len(g.Do) < 2 || len(g.Do) != len(g.DoEN) {
			t.Errorf("%q: %d lines, %d in English", g.Hazard, len(g.Do), len(g.DoEN))
		}
		for _, zh := range append([]string{g.What}, g.Do...) {
			if !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%q: no Chinese in %q", g.Hazard, zh)
			}
		}
		for _, en := range append([]string{g.WhatEN}, g.DoEN...) {
			if en == "" || strings.ContainsFunc(en, func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Errorf("%q: not English: %q", g.Hazard, en)
			}
		}
	}
	for hazard, word := range map[Hazard]string{Toxic: "Do not smell", Corrosive: "rinse", Ignitable: "No flames", Reactive: "Do not wet", Infectious: "soap"} {
		if text := strings.Join(AdviceFor([]Hazard{hazard})[1].DoEN, " "); !strings.Contains(text, word) {
			t.Errorf("%s: %q lacks %q", hazard, text, word)
		}
	}
}

func TestAdviceForAnUnverifiedWaste(t *testing.T) {
	got := AdviceFor(nil)
	if len(got) != 1 || !strings.Contains(got[0].Do[0], "不要触碰") || !strings.Contains(got[0].DoEN[0], "Keep away") {
		t.Errorf("%+v", got)
	}
	if got := AdviceFor([]Hazard{"X", Toxic, Toxic, ""}); len(got) != 2 || got[1].Hazard != Toxic {
		t.Errorf("unknown and repeated hazards: %+v", got)
	}
	AdviceFor(nil)[0].Do[0] = "changed"
	if AdviceFor(nil)[0].Do[0] == "changed" {
		t.Error("a caller changed the advice")
	}
}

// A possible hazard is a reason to keep away too.
func TestEntryAdviceCountsPossibleHazards(t *testing.T) {
	x, _ := DefaultCatalog().Lookup("900-402-06", on("2023-06-01"))
	var have []Hazard
	for _, g := range x.Advice() {
		have = append(have, g.Hazard)
	}
	if !slices.Equal(have, []Hazard{"", Toxic, Ignitable, Reactive}) {
		t.Errorf("advice for %v", have)
	}
}

func TestContacts(t *testing.T) {
	var numbers []string
	for _, c := range Contacts() {
		numbers = append(numbers, c.Number)
		if c.Name == "" || c.NameEN == "" || c.When == "" || c.WhenEN == "" || c.Source == "" || !certainty.MatchString(c.Certainty) {
			t.Errorf("%+v", c)
		}
	}
	if !slices.Equal(numbers, []string{"12345", "119", "120", "110"}) {
		t.Errorf("numbers %v", numbers)
	}
}

// Every data file says where it is from and how certain it is.
func TestDataFilesNameTheirSource(t *testing.T) {
	files, err := fs.Glob(os.DirFS("data"), "*.tsv")
	if err != nil || len(files) != 9 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile("data/" + name)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(text), "\t")
		if !strings.Contains(head, "# source: ") || !strings.Contains(head, "# certainty: ") {
			t.Errorf("%s does not name source and certainty", name)
		}
	}
}
