package web

import (
	"slices"
	"testing"

	"liandan/internal/indicator"
	"liandan/internal/registry"
	"liandan/internal/report"
	"liandan/internal/term"
)

// What a register may say has a word: pages show no raw one.
func TestTheRegistersWordsAreWords(t *testing.T) {
	for what, x := range map[string]struct {
		of    func(string) term.Term
		words []string
	}{
		"kind of site":    {term.SiteKind, registry.SiteKinds()},
		"kind of licence": {term.LicenceKind, registry.LicenceKinds()},
		"social source":   {term.Social, registry.SocialTypes()},
		"base figure":     {term.Figure, indicator.Figures()},
		"verdict":         {term.Verdict, []string{string(indicator.Pass), string(indicator.Basic), string(indicator.Fail)}},
		"class":           {term.Class, []string{string(indicator.Generators), string(indicator.Operators)}},
	} {
		for _, w := range x.words {
			if got := x.of(w); got.ZH == w || got.EN == "" {
				t.Errorf("%s %q has no word: %+v", what, w, got)
			}
		}
	}
	columns := []string{"name", "credit_code", "roles", "sample", "kind", "division", "built_up", "beds", "valid_from", "valid_to", "number", "site", "codes", "methods",
		"yearly_grams", "permit", "plate", "capacity_grams", "medical", "planned_grams", "year", "code", "method", "consignee", "filed", "approved_grams"}
	for _, c := range columns {
		if got := term.Column(c); got.ZH == c {
			t.Errorf("the column %q has no word", c)
		}
	}
	for what, x := range map[string]struct {
		of    func(string) term.Term
		words []string
	}{
		"status":  {term.Status, []string{string(indicator.Met), string(indicator.NotMet), string(indicator.NotComputable)}},
		"variant": {term.Variant, []string{"", "declared", "proven", "all", "generators", "operators"}},
		"reason":  {term.Verdict, []string{"unknown_sheet", "sheet_of_other_class", "items_missing", "items_unknown", "points_above_maximum"}},
		"flag":    {term.Flag, []string{"above_100", "base_incomplete", "unregistered_mass"}},
	} {
		for _, w := range x.words {
			if got := x.of(w); got.ZH == w || got.EN == "" {
				t.Errorf("%s %q has no word: %+v", what, w, got)
			}
		}
	}
	if got := term.Variant("declared:dry_cleaning"); got.ZH != "申报：干洗" || got.EN != "declared: dry cleaning" {
		t.Errorf("%+v", got)
	}
	if got := cellWords("sites", "kind", "hospital"); got != "医院 hospital" {
		t.Error(got)
	}
	if !slices.ContainsFunc(sizes, func(s sized) bool { return s.Size == "small" && s.Words.ZH != "" }) {
		t.Error("a label's size has no word")
	}
}

// Figures by type are folded away below the indicator's own.
func TestFiguresByTypeAreApart(t *testing.T) {
	c := card{}
	c.fill(report.Row{Figures: []report.Figure{{Variant: "declared", Value: "90.00"}}}, "sources")
	if c.Parted() {
		t.Error("a figure of the whole is taken for one of a type")
	}
	c.fill(report.Row{Figures: []report.Figure{{Variant: "declared:repair", Value: "100.00"}}}, "sources")
	if !c.Parted() || c.Figures[0].Part || !c.Figures[1].Part {
		t.Errorf("%+v", c.Figures)
	}
}
