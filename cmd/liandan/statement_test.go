package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/logfile"
)

// TestStatement: a statement and an export of the same store agree; what cannot be made
// leaves no file.
func TestStatement(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	o := operator{t, data}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	o.run(exitOK, "migrate")
	if _, said := o.run(exitFailed, "export-log", "--out", at("none")); !strings.Contains(said, "no entries") {
		t.Errorf("of an empty log: %s", said)
	}
	o.run(exitOK, "demo", "--once")
	o.run(exitOK, "export-log", "--out", at("log.jsonl"))
	o.run(exitOK, "export-log", "--size", "9", "--out", at("short.jsonl"))
	o.run(exitOK, "statement", "--period", "2026", "--out", at("a.txt"))
	o.run(exitOK, "statement", "--period", "2026", "--out", at("b.txt"))
	o.run(exitOK, "statement", "--period", "2026-Q1", "--district", "130602", "--as-of", "50", "--out", at("c.txt"))
	read := func(name string) []byte {
		b, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(read("a.txt"), read("b.txt")) {
		t.Error("two statements of the same differ")
	}
	vkey, err := os.ReadFile(filepath.Join(data, "log.vkey"))
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(statement, export string) bundle.Verdict {
		b := read(export)
		f, err := logfile.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		r, err := attest.Verify(read(statement), f, attest.Options{Trusted: strings.TrimSpace(string(vkey))})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict == bundle.Findings {
			t.Errorf("%s: %+v %+v", statement, r.Lines, r.Mismatches)
		}
		return r.Verdict
	}
	for _, name := range []string{"a.txt", "c.txt"} {
		if got := verdict(name, "log.jsonl"); got != bundle.Sound {
			t.Errorf("%s is %s", name, got)
		}
		if got := verdict(name, "short.jsonl"); got != bundle.Unchecked {
			t.Errorf("%s against a log that is too short is %s", name, got)
		}
	}
	for name, args := range map[string][]string{
		"no period":             {"statement"},
		"no such period":        {"statement", "--period", "2026-Q5"},
		"the future":            {"statement", "--period", "2199"},
		"no such district":      {"statement", "--period", "2026", "--district", "110101"},
		"beyond the log":        {"statement", "--period", "2026", "--as-of", "99999999"},
		"no log size":           {"statement", "--period", "2026", "--as-of", "yesterday"},
		"before the log":        {"statement", "--period", "2026", "--as-of", "2001-01-01T00:00:00.000Z"},
		"an export beyond it":   {"export-log", "--size", "99999999"},
		"an export of no size":  {"export-log", "--size", "-1"},
		"something unexpected":  {"export-log", "all"},
		"a folder for the file": {"export-log", "--out", filepath.Join(dir, "absent", "x")},
	} {
		if !slices.Contains(args, "--out") {
			args = append(args, "--out", at("x"))
		}
		if _, said := o.run(exitFailed, args...); strings.TrimSpace(said) == "" {
			t.Errorf("%s: nothing is said", name)
		}
		for _, left := range []string{"x", "x.part"} {
			if _, err := os.Stat(at(left)); err == nil {
				t.Errorf("%s: a file was left", name)
			}
		}
	}
}
