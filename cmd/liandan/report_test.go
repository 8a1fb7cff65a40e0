package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liandan/internal/calendar"
	reports "liandan/internal/report"
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
		"no time":             {"--period", "2026-Q1", "--as-of", "yesterday", "c.xlsx"},
		"no such day":         {"--period", "2026-Q1", "--as-of", "2026-02-30", "c.xlsx"},
		"before the log":      {"--period", "2026-Q1", "--as-of", "2001-01-01", "c.xlsx"},
		"a time to come":      {"--period", "2026-Q1", "--as-of", "2199-01-01T00:00:00Z", "c.xlsx"},
		"a kept one's absent": {"get", "019ca000-0000-7000-8000-00000000ffff", "c.xlsx"},
		"no report's id":      {"get", "x", "c.xlsx"},
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

// TestKeptReports: what is kept is listed and comes out as it was, whatever the log takes in
// later; a second one is compared with the first. A time and the log size at it are one.
func TestKeptReports(t *testing.T) {
	o := operator{t, filepath.Join(t.TempDir(), "data")}
	o.run(exitOK, "demo", "--once")
	if out, _ := o.run(exitOK, "report", "list"); !strings.Contains(out, "no report is kept") {
		t.Errorf("of none: %s", out)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	read := func(name string) string {
		b, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := idOf(t, o, "--period", "2026-Q1", "--as-of", "60")
	second := idOf(t, o, "--period", "2026-Q1")
	third := idOf(t, o, "--period", "2026-03", "--district", "130602")
	if first == second || second == third {
		t.Fatal("three reports have one id")
	}
	out, _ := o.run(exitOK, "report", "list")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 4 || !strings.HasPrefix(lines[1], third) || !strings.HasPrefix(lines[3], first) || !strings.Contains(lines[2], "command") {
		t.Errorf("listed:\n%s", out)
	}
	for want, args := range map[string][]string{third: {"--district", "130602"}, second + "\n" + first: {"--district", "city"}, first: {"--grain", "quarter"}, second: {"--period", "2026-Q1", "--limit", "1"}} {
		out, _ := o.run(exitOK, append([]string{"report", "list"}, args...)...)
		for _, id := range strings.Split(want, "\n") {
			if !strings.Contains(out, id) {
				t.Errorf("%v: %s is not in\n%s", args, id, out)
			}
		}
		if strings.Contains(out, third) != (want == third) {
			t.Errorf("%v:\n%s", args, out)
		}
	}
	o.run(exitOK, "report", "get", first, at("first.json"))
	o.run(exitOK, "report", "get", first, at("first.xlsx"))
	o.run(exitOK, "report", "get", second, at("second.json"))
	o.run(exitOK, "report", "--period", "2026-Q1", "--as-of", "60", at("made.json"))
	if read("first.json") != read("made.json") {
		t.Error("the first is not what is made as of its size")
	}
	before, err := reports.Parse([]byte(read("first.json")))
	if err != nil || before.Size > 60 {
		t.Fatalf("as of 60 entries it knows %d: %v", before.Size, err)
	}
	if s := read("second.json"); !strings.Contains(s, fmt.Sprintf(`"since": %d,`, before.Size)) {
		t.Errorf("the second is not compared with the first: %.400s", s)
	}
	o.run(exitOK, "report", "--period", "2026-Q1", "--as-of", time.Now().In(calendar.Zone()).Format(time.DateOnly), at("day.json"))
	o.run(exitOK, "report", "--period", "2026-Q1", at("newest.json"))
	if read("day.json") != read("newest.json") {
		t.Error("as of today it is another than the newest")
	}
	for name, args := range map[string][]string{
		"no period":               {"keep"},
		"a file":                  {"keep", "--period", "2026-Q1", at("x.xlsx")},
		"compared by hand":        {"keep", "--period", "2026-Q1", "--since", "5"},
		"a day's":                 {"keep", "--period", "2026-03-02"},
		"another city's":          {"keep", "--period", "2026-Q1", "--district", "110101"},
		"beyond the log":          {"keep", "--period", "2026-Q1", "--as-of", "99999999"},
		"a list by the hour":      {"list", "--grain", "hour"},
		"a list of no district":   {"list", "--district", "x"},
		"a list of no period":     {"list", "--period", "2026-Q5"},
		"none of a list":          {"list", "--limit", "0"},
		"a list and a file":       {"list", at("x.xlsx")},
		"kept in an unknown form": {"get", first, at("x.pdf")},
	} {
		_, said := o.run(exitFailed, append([]string{"report"}, args...)...)
		if strings.TrimSpace(said) == "" || strings.Contains(said, "invalid-request") {
			t.Errorf("%s: %q", name, said)
		}
		if list, _ := o.run(exitOK, "report", "list"); list != out {
			t.Errorf("%s: a report was kept", name)
		}
	}
}

// idOf keeps a report and gives its id.
func idOf(t *testing.T, o operator, args ...string) string {
	t.Helper()
	out, _ := o.run(exitOK, append([]string{"report", "keep"}, args...)...)
	_, rest, ok := strings.Cut(out, "kept ")
	if !ok || len(rest) < 36 {
		t.Fatalf("kept: %s", out)
	}
	return rest[:36]
}
