package bundle_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// line is a log that changed its key twice, over the entries of the sound file.
type line struct {
	t     *testing.T
	keys  []merkle.SigningKey
	notes [][]byte
	sound bundle.Bundle
}

func logKeyOf(t testing.TB, name string, seed byte) merkle.SigningKey {
	t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return merkle.SigningKey{Signer: s, VKey: vkey}
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{t: t}
	file, err := os.ReadFile("testdata/sound.json")
	if err != nil {
		t.Fatal(err)
	}
	if l.sound, err = bundle.Decode(file); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		l.keys = append(l.keys, logKeyOf(t, l.sound.Origin, byte(i+1)))
	}
	l.notes = [][]byte{l.step(l.keys[0], l.keys[1], 1), l.step(l.keys[1], l.keys[2], 2)}
	return l
}

func (l *line) step(old, next merkle.SigningKey, month time.Month) []byte {
	l.t.Helper()
	n, err := merkle.SignSuccession(l.sound.Origin, old, next, time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		l.t.Fatal(err)
	}
	return n
}

// by is the sound file as the log would have made it with its key i, through the file.
func (l *line) by(i int, carried ...[]byte) bundle.Bundle {
	l.t.Helper()
	b := clone(l.sound)
	v, err := merkle.ParseVKey(b.VKey)
	if err != nil {
		l.t.Fatal(err)
	}
	head, err := merkle.OpenCheckpoint(b.Checkpoint, v)
	if err != nil {
		l.t.Fatal(err)
	}
	if b.Checkpoint, err = head.Sign(b.Origin, l.keys[i].Signer); err != nil {
		l.t.Fatal(err)
	}
	b.VKey, b.Succession = l.keys[i].VKey, carried
	file, err := bundle.Encode(b)
	if err != nil {
		l.t.Fatal(err)
	}
	if has := bytes.Contains(file, []byte(`"succession"`)); has != (len(carried) > 0) {
		l.t.Fatalf("the file has a member succession: %v, of %d notes", has, len(carried))
	}
	again, err := bundle.Decode(file)
	if err != nil {
		l.t.Fatal(err)
	}
	if !slices.EqualFunc(again.Succession, carried, bytes.Equal) {
		l.t.Fatal("the notes did not come through the file")
	}
	return again
}

func (l *line) check(b bundle.Bundle, trusted string, brought ...[]byte) bundle.Report {
	l.t.Helper()
	book, err := rule.DefaultBook()
	if err != nil {
		l.t.Fatal(err)
	}
	return bundle.Check(b, bundle.Options{Trusted: trusted, Succession: brought, Rules: book, Catalog: waste.DefaultCatalog()})
}

// noted is the English of all notes with a code.
func noted(r bundle.Report, code string) (out []string) {
	for _, n := range r.Notes {
		if n.Code == code {
			if n.ZH == "" {
				out = append(out, "no Chinese: ")
			}
			out = append(out, n.EN)
		}
	}
	return out
}

// TestSuccession: whoever knows one key of the log can check a file of any other, with
// the notes in the file or with their own; the report says which keys it went over.
func TestSuccession(t *testing.T) {
	l := newLine(t)
	short := func(i int) string { return merkle.ShortKey(l.keys[i].VKey) }
	for _, c := range []struct {
		name            string
		signed, trusted int
		carried         [][]byte
		brought         [][]byte
		steps           int
		givenUp         bool
	}{
		{"one key, nothing carried", 0, 0, nil, nil, 0, false},
		{"the file's key is the reader's", 2, 2, l.notes, nil, 0, false},
		{"a newer file carries the step", 1, 0, l.notes[:1], nil, 1, false},
		{"a newer file carries both", 2, 0, l.notes, nil, 2, false},
		{"known: the middle one, newer file", 2, 1, l.notes, nil, 1, false},
		{"an older file, the reader brings them", 0, 2, nil, l.notes, 2, true},
		{"an older file, the middle one known", 0, 1, nil, l.notes[:1], 1, true},
		{"half carried, half brought", 2, 0, l.notes, l.notes[:1], 2, false},
		{"a middle file, carries less than brought", 1, 2, l.notes[:1], l.notes, 1, true},
		{"the reader's own key, known to be given up", 0, 0, nil, l.notes, 0, true},
		{"the reader's own key, newest", 2, 2, nil, l.notes, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := l.check(l.by(c.signed, c.carried...), l.keys[c.trusted].VKey, c.brought...)
			if r.Verdict != bundle.Sound || !r.Pinned {
				t.Fatalf("%s, broken: %+v", r.Verdict, r.Broken)
			}
			steps := noted(r, "log-key-succession")
			if len(steps) != c.steps {
				t.Errorf("steps: %q", steps)
			}
			for i, s := range steps {
				from := min(c.signed, c.trusted) + i
				if want := fmt.Sprintf("%s → %s (2026-%02d-01T00:00:00Z)", short(from), short(from+1), from+1); !strings.Contains(s, want) {
					t.Errorf("%q does not say %q", s, want)
				}
			}
			followed := noted(r, "log-key-followed")
			if (len(followed) == 1) != (c.steps > 0) || c.steps > 0 && (!strings.Contains(followed[0], short(c.trusted)) || !strings.Contains(followed[0], short(c.signed))) {
				t.Errorf("followed: %q", followed)
			}
			if up := noted(r, "log-key-given-up"); (len(up) == 1) != c.givenUp {
				t.Errorf("given up: %q", up)
			}
		})
	}
}

// TestSuccessionRefused: no line of keys that is not whole and signed by both hands makes
// a reader believe a key.
func TestSuccessionRefused(t *testing.T) {
	l := newLine(t)
	thief := logKeyOf(t, l.sound.Origin, 9)
	text := strings.Join([]string{"liandan log-key succession v1", l.sound.Origin, l.keys[0].VKey, l.keys[1].VKey, "2026-01-01T00:00:00Z", ""}, "\n")
	half, err := note.Sign(&note.Note{Text: text}, l.keys[1].Signer) // who makes a key can sign with it
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(l.notes[0])
	flipped[len(flipped)-10] ^= 1
	other := logKeyOf(t, "log.other.test", 5)
	foreign, err := merkle.SignSuccession("log.other.test", other, logKeyOf(t, "log.other.test", 6), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	second := l.step(l.keys[0], thief, 2)
	for _, c := range []struct {
		name             string
		signed           int
		trusted          string
		carried, brought [][]byte
	}{
		{"nothing leads there", 1, l.keys[0].VKey, nil, nil},
		{"an older file, nothing brought", 0, l.keys[1].VKey, nil, nil},
		{"one signature", 1, l.keys[0].VKey, [][]byte{half}, nil},
		{"a flipped bit", 1, l.keys[0].VKey, [][]byte{flipped}, nil},
		{"a flipped bit that nobody needs", 1, l.keys[1].VKey, [][]byte{flipped}, nil},
		{"a flipped bit, no key known", 1, "", [][]byte{flipped}, nil},
		{"another log's note", 0, l.keys[0].VKey, [][]byte{foreign}, nil},
		{"another log's key is trusted", 0, other.VKey, nil, nil},
		{"another log's note in between", 1, l.keys[0].VKey, [][]byte{l.notes[0], foreign}, nil},
		{"wrong order", 2, l.keys[0].VKey, [][]byte{l.notes[1], l.notes[0]}, nil},
		{"a note twice", 2, l.keys[0].VKey, [][]byte{l.notes[0], l.notes[1], l.notes[1]}, nil},
		{"a step left out", 2, l.keys[0].VKey, l.notes[1:], nil},
		{"a second line in the file", 1, l.keys[0].VKey, [][]byte{l.notes[0], second}, nil},
		{"the reader knows of a second line", 1, l.keys[0].VKey, l.notes[:1], [][]byte{second}},
		{"the reader's own key has two lines", 0, l.keys[0].VKey, l.notes[:1], [][]byte{second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := l.check(l.by(c.signed, c.carried...), c.trusted, c.brought...)
			if r.Verdict != bundle.Findings || len(r.Broken) == 0 || r.Broken[0].Check != bundle.CheckCheckpoint || r.Broken[0].ZH == "" {
				t.Errorf("%s, broken: %+v", r.Verdict, r.Broken)
			}
		})
	}
	// A checkpoint by the old key under the new one's name, with a sound line beside.
	b := l.by(0)
	b.VKey, b.Succession = l.keys[1].VKey, l.notes[:1]
	if r := l.check(b, l.keys[0].VKey); r.Verdict != bundle.Findings || r.Broken[0].Check != bundle.CheckCheckpoint {
		t.Errorf("signed by another key than it names: %s", r.Verdict)
	}
}

// TestSuccessionForm: what the file may hold.
func TestSuccessionForm(t *testing.T) {
	l := newLine(t)
	file, err := bundle.Encode(l.by(1, l.notes[0]))
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(file, []byte(`"succession": `)) + len(`"succession": `)
	n := bytes.IndexByte(file[i:], '\n')
	put := func(v string) []byte {
		return slices.Concat(file[:i], []byte(v+","), file[i+n:])
	}
	if _, err := bundle.Decode(put(`["x"]`)); err != nil {
		t.Fatalf("the place is wrong: %v", err)
	}
	for _, v := range []string{`[]`, `[""]`, `"x"`, `[1]`, `[["x"]]`, `{}`, `["` + strings.Repeat("x", merkle.MaxSuccession+1) + `"]`,
		`["x"` + strings.Repeat(`,"x"`, merkle.MaxSuccessions) + `]`} {
		if _, err := bundle.Decode(put(v)); fault.Of(err) != fault.InvalidRequest {
			t.Errorf("succession %.40s: %v", v, err)
		}
	}
	twice := slices.Concat(file[:i], []byte(`["x"], "succession": ["x"],`), file[i+n:])
	if _, err := bundle.Decode(twice); fault.Of(err) != fault.InvalidRequest {
		t.Errorf("the member twice: %v", err)
	}
	b := l.by(1)
	b.Succession = [][]byte{{0xff, 0xfe}}
	if _, err := bundle.Encode(b); err == nil {
		t.Error("a note that is not UTF-8 was written")
	}
}
