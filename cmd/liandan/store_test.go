package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsSoundWhereNothingIs: a mistyped folder must not be set up, found sound and
// left behind; what reads or changes a store asks for one that is there.
func TestNothingIsSoundWhereNothingIs(t *testing.T) {
	const some = "019ca000-0000-7000-8000-0000000000b1"
	for _, args := range [][]string{{"check"}, {"check", "--json"}, {"rebuild"}, {"export", "batch", some}, {"export-log"}, {"statement", "--period", "2026"},
		{"export-ledger", some, "--from", "2026-01-01", "--to", "2026-02-01"}, {"report", "list"}, {"report", "--period", "2026-03", filepath.Join(t.TempDir(), "r.json")},
		{"token"}, {"token", "list"}, {"admin"}, {"log-key", "show"}, {"log-key", "rotate"}} {
		data := filepath.Join(t.TempDir(), "mistyped")
		out, said := operator{t, data}.run(exitFailed, args...)
		if out != "" || !strings.Contains(said, "没有数据库") || !strings.Contains(said, "--data") {
			t.Errorf("%v: %q %q", args, out, said)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("%v: left a folder behind: %v", args, err)
		}
	}

	data := filepath.Join(t.TempDir(), "new")
	o := operator{t, data}
	o.run(exitOK, "migrate")
	if out, _ := o.run(exitOK, "check"); !strings.Contains(out, "sound") {
		t.Errorf("an empty log: %s", out)
	}
	if err := os.Remove(filepath.Join(data, "liandan.sqlite")); err != nil {
		t.Fatal(err)
	}
	o.run(exitFailed, "check") // its keys alone are no store
}
