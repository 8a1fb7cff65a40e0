package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReport: the same report is the same file, in each form; what cannot be made leaves
// no file.
func TestReport(t *testing.T) {
	o := operator{t, filepath.Join(t.TempDir(), "data")}
	o.run(exitOK, "import", "organisations", o.file("credit_code,name,roles\n"))
	dir := t.TempDir()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, ext := range []string{".xlsx", ".html", ".json"} {
		for _, name := range []string{"a", "b"} {
			o.run(exitOK, "report", "--period", "2026-Q1", filepath.Join(dir, name+ext))
		}
		if a, b := read("a"+ext), read("b"+ext); len(a) == 0 || !bytes.Equal(a, b) {
			t.Errorf("two reports of the same are %d and %d bytes of %s, and differ", len(a), len(b), ext)
		}
	}
	for name, args := range map[string][]string{
		"no period":           {"c.xlsx"},
		"no such period":      {"--period", "2026-Q5", "c.xlsx"},
		"a day":               {"--period", "2026-03-01", "c.xlsx"},
		"the future":          {"--period", "2199", "c.xlsx"},
		"no such district":    {"--period", "2026-Q1", "--district", "110101", "c.xlsx"},
		"beyond the log":      {"--period", "2026-Q1", "--as-of", "5", "c.xlsx"},
		"another form":        {"--period", "2026-Q1", "c.pdf"},
		"a size that is none": {"--period", "2026-Q1", "--as-of", "-1", "c.xlsx"},
	} {
		args[len(args)-1] = filepath.Join(dir, args[len(args)-1])
		if _, said := o.run(exitFailed, append([]string{"report"}, args...)...); strings.TrimSpace(said) == "" {
			t.Errorf("%s: nothing is said", name)
		}
		if _, err := os.Stat(args[len(args)-1]); err == nil {
			t.Errorf("%s: a file was left", name)
		}
	}
}
