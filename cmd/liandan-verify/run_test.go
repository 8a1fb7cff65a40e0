package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"liandan/internal/bundle"
)

var update = flag.Bool("update", false, "write the golden files anew")

const fixture = "../../internal/bundle/testdata/sound.json"

func soundFile(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func soundBundle(t testing.TB) bundle.Bundle {
	t.Helper()
	b, err := bundle.Decode(soundFile(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(t testing.TB, b bundle.Bundle) []byte {
	t.Helper()
	file, err := bundle.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// otherKey is the verifier key of another log.
func otherKey(t testing.TB) string {
	t.Helper()
	_, vkey, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), "log.other.test")
	if err != nil {
		t.Fatal(err)
	}
	return vkey
}

// TestGolden holds what people read.
func TestGolden(t *testing.T) {
	tampered := soundBundle(t)
	tampered.Entries[3].Event[300] ^= 1
	short := soundBundle(t)
	short.Entries = short.Entries[1:]
	hostile := bytes.Replace(soundFile(t), []byte(`"origin": "log.sample.test"`), []byte(`"origin": "\u001b[2Jlog\u202e"`), 1)
	vkey := soundBundle(t).VKey
	cases := []struct {
		name  string
		file  []byte
		flags []string
		exit  int
	}{
		{"sound", soundFile(t), []string{"--log-key", vkey}, 0},
		{"sound.zh", soundFile(t), []string{"--log-key", vkey, "--lang", "zh"}, 0},
		{"sound.en", soundFile(t), []string{"--log-key", vkey, "--lang", "en"}, 0},
		{"sound.json", soundFile(t), []string{"--log-key", vkey, "--json"}, 0},
		{"unpinned", soundFile(t), nil, 0},
		{"tampered", encode(t, tampered), []string{"--log-key", vkey}, 1},
		{"first-dropped", encode(t, short), []string{"--log-key", vkey}, 1},
		{"wrong-key", soundFile(t), []string{"--log-key", otherKey(t)}, 1},
		{"hostile", hostile, []string{"--log-key", vkey}, 1},
		{"not-a-bundle", []byte(`{"hello":"world"}`), []string{"--log-key", vkey}, 2},
		{"not-a-bundle.json", []byte("hello"), []string{"--json"}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if got := run(append(c.flags, "-"), bytes.NewReader(c.file), &out, &errs); got != c.exit || errs.Len() > 0 {
				t.Errorf("exit %d, want %d; stderr %q", got, c.exit, errs.String())
			}
			golden := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) {
				t.Errorf("the output is not that of %s:\n%s", golden, out.String())
			}
			for _, r := range out.String() {
				if r == 0x1b || r == 0x202e {
					t.Errorf("a character of the file reached the terminal: %q", r)
				}
			}
		})
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	tampered := soundBundle(t)
	tampered.Entries[0].Proof[0][0] ^= 1
	good, bad := write("good.json", soundFile(t)), write("bad.json", encode(t, tampered))
	key := write("log.vkey", []byte(soundBundle(t).VKey+"\n"))
	cases := []struct {
		args []string
		exit int
		says string // in stdout or stderr
	}{
		{[]string{"--log-key", "@" + key, good}, 0, "VERDICT: SOUND\n"},
		{[]string{"--log-key", "@" + key, good, bad}, 1, "FINDINGS"},
		{[]string{bad, filepath.Join(dir, "absent.json"), good}, 2, "absent.json"},
		{[]string{dir}, 2, "COULD NOT CHECK"},
		{[]string{}, 2, "usage"},
		{[]string{"--help"}, 0, "usage"},
		{[]string{"--lang", "fr", good}, 2, "--lang"},
		{[]string{"--what", good}, 2, "what"},
		{[]string{"--log-key", "nonsense", good}, 2, "--log-key"},
		{[]string{"--log-key", "@" + filepath.Join(dir, "absent.vkey"), good}, 2, "absent.vkey"},
		{[]string{"--log-key", "@" + good, good}, 2, "--log-key"},
	}
	for _, c := range cases {
		var out bytes.Buffer
		if got := run(c.args, strings.NewReader(""), &out, &out); got != c.exit || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: exit %d, want %d and %q in:\n%s", c.args, got, c.exit, c.says, out.String())
		}
	}
}

// TestJSON: a line for each file, each a whole document.
func TestJSON(t *testing.T) {
	var out bytes.Buffer
	exit := run([]string{"--json", fixture, "absent.json"}, strings.NewReader(""), &out, io.Discard)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if exit != 2 || len(lines) != 2 {
		t.Fatalf("exit %d, %d lines", exit, len(lines))
	}
	var a answer
	if err := json.Unmarshal([]byte(lines[0]), &a); err != nil {
		t.Fatal(err)
	}
	if a.Exit != 0 || a.Report == nil || a.Report.Verdict != bundle.Sound || a.Report.Pinned || len(a.Report.Story) != 8 {
		t.Errorf("the report is %+v", a.Report)
	}
	a = answer{}
	if err := json.Unmarshal([]byte(lines[1]), &a); err != nil || a.Exit != 2 || a.Error == nil || a.Report != nil {
		t.Errorf("of an absent file: %+v, %v", a, err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestDiskFull: a verdict that was not written is no verdict.
func TestDiskFull(t *testing.T) {
	if exit := run([]string{fixture}, strings.NewReader(""), full{}, io.Discard); exit != 2 {
		t.Errorf("exit %d", exit)
	}
}

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		done := make([]int, n)
		each(n, func(i int) { done[i]++ })
		for i, times := range done {
			if times != 1 {
				t.Fatalf("of %d items, item %d was done %d times", n, i, times)
			}
		}
	}
}
