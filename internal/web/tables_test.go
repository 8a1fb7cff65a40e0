package web

import (
	"io/fs"
	"regexp"
	"testing"
)

// Every table of every page lies in a box that scrolls by itself, that the keyboard reaches and
// that has a name, so that a phone cuts nothing off.
func TestEveryTableScrollsInItsOwnBox(t *testing.T) {
	names, err := fs.Glob(assets, "assets/*.html")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?s)(<[^<>]*>)\s*<table`)
	box := regexp.MustCompile(`^<div class="scroll[^"]*" tabindex="0" role="region" aria-label="[^"]+">$`)
	n := 0
	for _, name := range names {
		b, err := fs.ReadFile(assets, name)
		if err != nil {
			t.Fatal(err)
		}
		found := table.FindAllSubmatch(b, -1)
		for _, m := range found {
			n++
			if !box.Match(m[1]) {
				t.Errorf("%s: a table stands in %s", name, m[1])
			}
		}
		if all := regexp.MustCompile(`<table`).FindAllIndex(b, -1); len(all) != len(found) {
			t.Errorf("%s: %d tables, of which %d were looked at", name, len(all), len(found))
		}
	}
	if n < 12 {
		t.Errorf("only %d tables were found", n)
	}
}
