package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// askedOf is one case: files and what its reader brings.
type askedOf struct {
	Name      string `json:"name"`
	File      string `json:"file,omitempty"`
	Log       string `json:"log,omitempty"`
	Statement string `json:"statement,omitempty"`
	Key       string `json:"key"`
	Notes     string `json:"notes,omitempty"`

	exit int  // as is known of the case; -1: not
	kind kind // of File
}

// browserProgram is the verifier built for WebAssembly, with Go's script that runs it: what
// `make wasm` has just built in a run of `make test`, else one of this test's own.
func browserProgram(t *testing.T) (script, program string) {
	t.Helper()
	script = filepath.Join(strings.TrimSpace(output(t, "go", "env", "GOROOT")), "lib", "wasm", "wasm_exec.js")
	program = filepath.Join(t.TempDir(), "verify.wasm")
	if os.Getenv("LIANDAN_WASM") == "built" {
		packed, err := os.Open("../../internal/web/wasm/verify.wasm.gz")
		if err != nil {
			t.Fatal(err)
		}
		defer packed.Close()
		z, err := gzip.NewReader(packed)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return script, program
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the verifier for the browser is not built: %v\n%s", err, said)
	}
	return script, program
}

// TestTheBrowserSaysTheSame: over good and damaged files of every kind, the verifier in the
// browser answers, to the last word, what the program on the command line prints.
func TestTheBrowserSaysTheSame(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatal("node is missing: install nodejs")
	}
	script, program := browserProgram(t)
	cases := casesOf(t)
	list := filepath.Join(t.TempDir(), "cases.json")
	b, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, b, 0o600); err != nil {
		t.Fatal(err)
	}
	answers := filepath.Join(t.TempDir(), "answers.jsonl")
	if said, err := exec.Command("node", "testdata/browser.mjs", script, program, list, answers).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	said, err := os.ReadFile(answers)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(said), "\n")
	if len(lines) != len(cases) {
		t.Fatalf("%d answers to %d cases", len(lines), len(cases))
	}
	for i, c := range cases {
		var browser struct {
			Kind  kind
			Heard int
			Said  string
		}
		if err := json.Unmarshal([]byte(lines[i]), &browser); err != nil {
			t.Fatal(err)
		}
		cli := c.cli(t)
		if got := apart(t, browser.Said); !reflect.DeepEqual(got, apart(t, cli)) {
			t.Errorf("%s: the browser says\n%s\nthe program\n%s", c.Name, browser.Said, cli)
		}
		if exit := int(apart(t, cli)["exit"].(float64)); c.exit >= 0 && exit != c.exit {
			t.Errorf("%s: exit %d: %s", c.Name, exit, cli)
		}
		if c.kind != "" && browser.Kind != c.kind {
			t.Errorf("%s is a file of %s, the browser takes it for %s", c.Name, c.kind, browser.Kind)
		}
		if c.Log != "" && c.exit == 0 && browser.Heard == 0 {
			t.Errorf("%s: the page heard of no progress", c.Name)
		}
	}
}

// cli is what the program prints with --json.
func (c askedOf) cli(t *testing.T) string {
	t.Helper()
	args := []string{"--json"}
	if c.Key != "" {
		args = append(args, "--log-key", c.Key)
	}
	if c.Notes != "" {
		args = append(args, "--succession", c.Notes)
	}
	if c.Log != "" {
		args = append(args, "--log", c.Log)
	}
	if c.Statement != "" {
		args = append(args, "--statement", c.Statement)
	}
	if c.File != "" {
		args = append(args, c.File)
	}
	var out, errs bytes.Buffer
	run(args, nil, &out, &errs)
	if errs.Len() > 0 {
		t.Fatalf("%s: %s", c.Name, errs.String())
	}
	return out.String()
}

// apart reads an answer without the names of files, which a browser does not tell.
func apart(t *testing.T, said string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(said), &out); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for _, name := range []string{"file", "log", "statement_file"} {
		delete(out, name)
	}
	return out
}

// casesOf makes the cases.
func casesOf(t *testing.T) (out []askedOf) {
	t.Helper()
	dir := t.TempDir()
	readAll := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	keep := func(b []byte) string {
		name := filepath.Join(dir, strconv.Itoa(len(out))+".file")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	honest, key := readAll("testdata/draw.json"), strings.TrimSpace(string(readAll("testdata/draw.vkey")))
	draw := func(name string, exit int, b []byte, key string) {
		out = append(out, askedOf{Name: "draw: " + name, File: keep(b), Key: key, exit: exit})
	}
	change := func(do func(f map[string]any)) []byte {
		var f map[string]any
		if err := json.Unmarshal(honest, &f); err != nil {
			t.Fatal(err)
		}
		do(f)
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	draw("honest", 0, honest, key)
	out[0].kind = ofDraw
	draw("other key", 1, honest, otherKey(t))
	draw("no key", 2, honest, "")
	draw("other seed", 1, change(func(f map[string]any) {
		seed := f["seed"].(map[string]any)
		seed["root"] = strings.Repeat("0", 63) + "1"
	}), key)
	draw("other list", 1, change(func(f map[string]any) {
		l := f["list"].(map[string]any)
		sites := l["sites"].([]any)
		sites[0] = "00000000-0000-7000-8000-000000000001"
	}), key)
	draw("a site left out", 1, change(func(f map[string]any) {
		l := f["list"].(map[string]any)
		l["sites"] = l["sites"].([]any)[1:]
	}), key)
	draw("others drawn", 1, change(func(f map[string]any) {
		d, l := f["drawn"].(map[string]any), f["list"].(map[string]any)
		d["sites"] = l["sites"].([]any)[:len(d["sites"].([]any))]
		d["people"] = l["people"].([]any)[:len(d["people"].([]any))]
	}), key)
	draw("not yet complete", 2, change(func(f map[string]any) {
		f["state"] = "announced"
		delete(f, "seed")
		delete(f, "list")
		delete(f, "drawn")
	}), key)
	draw("cut short", 2, honest[:len(honest)/2], key)
	for at := 7; at < len(honest); at += 61 { // one byte
		b := bytes.Clone(honest)
		b[at] ^= 1
		draw("byte "+strconv.Itoa(at), -1, b, key)
	}
	chain := readAll(fixture)
	vkey := soundBundle(t).VKey
	for name, c := range map[string]struct {
		exit int
		file []byte
		key  string
	}{
		"sound":      {0, chain, vkey},
		"unpinned":   {0, chain, ""},
		"other key":  {1, chain, otherKey(t)},
		"one byte":   {1, bytes.Replace(chain, []byte(`recorded_at\":\"20`), []byte(`recorded_at\":\"21`), 1), vkey},
		"no file":    {2, []byte("x"), vkey},
		"empty file": {2, nil, vkey},
	} {
		out = append(out, askedOf{Name: "chain: " + name, File: keep(c.file), Key: c.key, exit: c.exit, kind: ofEvidence})
	}
	logKey := strings.TrimSpace(string(readAll(madeByAttest + "log.vkey")))
	log := madeByAttest + "log.jsonl"
	spoilt := readAll(log)
	spoilt[bytes.Index(spoilt, []byte("eyJ"))+40] ^= 1
	for name, c := range map[string]askedOf{
		"log":                 {Log: log, Key: logKey},
		"statement and log":   {Log: log, Statement: madeByAttest + "statement.txt", Key: logKey},
		"tampered":            {Log: log, Statement: madeByAttest + "tampered.txt", Key: logKey, exit: 1},
		"of another log":      {Log: log, Statement: madeByAttest + "statement.txt", Key: otherKey(t), exit: 1},
		"log too short":       {Log: madeByAttest + "short.jsonl", Statement: madeByAttest + "statement.txt", Key: logKey, exit: 2},
		"spoilt log":          {Log: keep(spoilt), Statement: madeByAttest + "statement.txt", Key: logKey, exit: 1},
		"no log":              {Log: madeByAttest + "log.vkey", Key: logKey, exit: 2},
		"statement alone":     {File: madeByAttest + "statement.txt", Key: logKey, exit: 2, kind: ofStatement},
		"alone, other key":    {File: madeByAttest + "statement.txt", Key: otherKey(t), exit: 1, kind: ofStatement},
		"alone, tampered":     {File: madeByAttest + "tampered.txt", Key: logKey, exit: 2, kind: ofStatement},
		"a log where no file": {File: log, Key: logKey, exit: 2, kind: ofLog},
	} {
		c.Name = "figures: " + name
		out = append(out, c)
	}
	return out
}
