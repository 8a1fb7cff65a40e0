package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

const madeByAttest = "../../internal/attest/testdata/"

// TestGoldenLogs holds what people read of exports and statements.
func TestGoldenLogs(t *testing.T) {
	dir := t.TempDir()
	export, err := os.ReadFile(madeByAttest + "log.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(export, []byte("eyJ")) + 40
	export[at] ^= 1
	spoilt := filepath.Join(dir, "spoilt.jsonl")
	if err := os.WriteFile(spoilt, export, 0o600); err != nil {
		t.Fatal(err)
	}
	log, key := madeByAttest+"log.jsonl", "@"+madeByAttest+"log.vkey"
	for name, c := range map[string]struct {
		exit int
		args []string
	}{
		"log":                     {0, []string{"--log", log}},
		"log-tampered":            {1, []string{"--log", spoilt}},
		"statement":               {0, []string{"--log", log, "--statement", madeByAttest + "statement.txt"}},
		"statement.en":            {0, []string{"--log", log, "--statement", madeByAttest + "district.txt", "--lang", "en"}},
		"statement-tampered":      {1, []string{"--log", log, "--statement", madeByAttest + "tampered.txt"}},
		"statement-tampered-log":  {1, []string{"--log", spoilt, "--statement", madeByAttest + "statement.txt"}},
		"statement-short":         {2, []string{"--log", madeByAttest + "short.jsonl", "--statement", madeByAttest + "statement.txt"}},
		"statement-unknown":       {2, []string{"--log", log, "--statement", madeByAttest + "unknown.txt"}},
		"statement-other-log-key": {1, []string{"--log", log, "--statement", madeByAttest + "statement.txt", "--log-key", otherKey(t)}},
		"statement-is-none":       {2, []string{"--log", log, "--statement", madeByAttest + "log.vkey"}},
		"log-is-none":             {2, []string{"--log", madeByAttest + "log.vkey"}},
	} {
		var out, errs bytes.Buffer
		if got := run(append([]string{"--log-key", key}, c.args...), strings.NewReader(""), &out, &errs); got != c.exit || errs.Len() > 0 {
			t.Errorf("%s: exit %d, want %d; stderr %q", name, got, c.exit, errs.String())
		}
		said := strings.ReplaceAll(out.String(), dir, "…")
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(said), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || said != string(want) {
			t.Errorf("%s: %v; the output is\n%s", name, err, said)
		}
	}
}

func TestLogFlags(t *testing.T) {
	log, key := madeByAttest+"log.jsonl", "@"+madeByAttest+"log.vkey"
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--log", log}, "--log-key"},
		{[]string{"--log-key", key, "--statement", madeByAttest + "statement.txt"}, "--log"},
		{[]string{"--log-key", key, "--log", log, fixture}, "--log"},
		{[]string{"--log-key", key, "--log", log, "--sample"}, "--sample"},
		{[]string{"--log-key", key, "--log", madeByAttest + "absent"}, "absent"},
		{[]string{"--log-key", key, "--log", log, "--statement", madeByAttest + "absent"}, "absent"},
	} {
		var out bytes.Buffer
		if got := run(c.args, strings.NewReader(""), &out, &out); got != 2 || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: exit %d:\n%s", c.args, got, out.String())
		}
	}
	var out bytes.Buffer
	exit := run([]string{"--json", "--log-key", key, "--log", log, "--statement", madeByAttest + "tampered.txt"}, strings.NewReader(""), &out, io.Discard)
	var a logAnswer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil || exit != 1 || a.Exit != 1 || a.Report == nil || len(a.Report.Mismatches) != 1 || a.Report.Mismatches[0].Stated != "100.00" {
		t.Errorf("exit %d, %v: %s", exit, err, out.String())
	}
	if exit := run([]string{"--log-key", key, "--log", log}, strings.NewReader(""), full{}, io.Discard); exit != 2 {
		t.Errorf("on a full disk: exit %d", exit)
	}
}
