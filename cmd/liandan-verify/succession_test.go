package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/bundle"
	"liandan/internal/merkle"
)

func logKeyOf(t *testing.T, seed byte) merkle.SigningKey {
	t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), "log.sample.test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return merkle.SigningKey{Signer: s, VKey: vkey}
}

// sealedBy is the sound file as its log would have made it with another key.
func sealedBy(t *testing.T, k merkle.SigningKey, carried ...[]byte) []byte {
	t.Helper()
	b := soundBundle(t)
	v, err := merkle.ParseVKey(b.VKey)
	if err != nil {
		t.Fatal(err)
	}
	head, err := merkle.OpenCheckpoint(b.Checkpoint, v)
	if err != nil {
		t.Fatal(err)
	}
	if b.Checkpoint, err = head.Sign(b.Origin, k.Signer); err != nil {
		t.Fatal(err)
	}
	b.VKey, b.Succession = k.VKey, carried
	return encode(t, b)
}

// TestSuccession: the flag, and what people read when a key was followed.
func TestSuccession(t *testing.T) {
	a, b, c := logKeyOf(t, 1), logKeyOf(t, 2), logKeyOf(t, 3)
	step := func(old, next merkle.SigningKey, day int) []byte {
		n, err := merkle.SignSuccession("log.sample.test", old, next, time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	notes := [][]byte{step(a, b, 1), step(b, c, 2)}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	all := write("log.succession", merkle.JoinSuccessions(notes))
	first := write("first.succession", notes[0])
	half := write("half.succession", bytes.Replace(notes[0], []byte("2026-03-01"), []byte("2026-03-09"), 1))
	none := write("none.succession", nil)
	older, newer, bare := write("older.json", sealedBy(t, a)), write("newer.json", sealedBy(t, c, notes...)), write("bare.json", sealedBy(t, c))
	for _, x := range []struct {
		name string
		args []string
		exit int
		says []string
	}{
		{"newer file, old key", []string{"--log-key", a.VKey, newer}, 0, []string{"VERDICT: SOUND\n", "The log changed its key", merkle.ShortKey(a.VKey), merkle.ShortKey(c.VKey), "日志密钥曾更替"}},
		{"newer file without notes", []string{"--log-key", a.VKey, bare}, 1, []string{"another log key than the one that you trust"}},
		{"newer file, notes brought", []string{"--log-key", a.VKey, "--succession", all, bare}, 0, []string{"VERDICT: SOUND\n"}},
		{"newer file, too few brought", []string{"--log-key", a.VKey, "--succession", first, bare}, 1, []string{"another log key"}},
		{"older file, new key", []string{"--log-key", c.VKey, older}, 1, []string{"another log key"}},
		{"older file, notes brought", []string{"--log-key", c.VKey, "--succession", all, older}, 0, []string{"VERDICT: SOUND\n", "was given up on 2026-03-01"}},
		{"both at once", []string{"--log-key", b.VKey, "--succession", all, older, newer}, 0, []string{"VERDICT: SOUND\n"}},
		{"as JSON", []string{"--log-key", a.VKey, "--json", newer}, 0, []string{`"code":"log-key-succession"`}},
		{"an empty file", []string{"--log-key", a.VKey, "--succession", none, older}, 0, []string{"VERDICT: SOUND\n"}},
		{"no key", []string{"--succession", all, older}, 2, []string{"--log-key"}},
		{"another log's key", []string{"--log-key", otherKey(t), "--succession", all, older}, 2, []string{"--succession"}},
		{"a forged note", []string{"--log-key", a.VKey, "--succession", half, newer}, 2, []string{"--succession"}},
		{"not notes", []string{"--log-key", a.VKey, "--succession", newer, newer}, 2, []string{"--succession"}},
		{"no such file", []string{"--log-key", a.VKey, "--succession", filepath.Join(dir, "absent"), newer}, 2, []string{"absent"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var out bytes.Buffer
			got := run(x.args, strings.NewReader(""), &out, &out)
			if got != x.exit {
				t.Errorf("exit %d, want %d:\n%s", got, x.exit, out.String())
			}
			for _, s := range x.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("it does not say %q:\n%s", s, out.String())
				}
			}
		})
	}
	if _, err := bundle.Decode(sealedBy(t, c, notes...)); err != nil {
		t.Error(err)
	}
}
