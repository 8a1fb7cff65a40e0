package server_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/fault"
	"liandan/internal/merkle"
	"liandan/internal/server"
	"liandan/internal/statement"
)

// TestStartRefusesAnOldKey gives a server the key that was succeeded, with and without the
// new one and the notes beside it.
func TestStartRefusesAnOldKey(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		c := lived(t, cfg, nil)
		first := readFile(t, cfg.File("log.key"))
		r := rotate(t, cfg)
		second := readFile(t, cfg.File("log.key"))
		lived(t, cfg, c)
		again := rotate(t, cfg)
		third := readFile(t, cfg.File("log.key"))
		says := []string{"was succeeded by " + merkle.ShortKey(again.Succession.New), "copy log.key", "LIANDAN_LOG_KEY"}
		for _, old := range []string{first, second} {
			put(t, cfg.File("log.key"), old)
			refuses(t, cfg, append(says, merkle.ShortKey(vkeyOf(t, old)))...)
			if err := os.Remove(cfg.File("log.succession")); err != nil {
				t.Fatal(err)
			}
			refuses(t, cfg, says...) // the log knows as well
			if out, err := command(t, "check", cfg).CombinedOutput(); err != nil {
				t.Errorf("a check with an older key: %v\n%s", err, out)
			}
			offline(t, cfg, nothing, func(p *server.Parts) {
				if _, err := p.RotateKey(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "was succeeded") {
					t.Errorf("an old key was rotated: %v", err)
				}
			})
			absent(t, cfg.File("log.key.next"))
		}
		put(t, cfg.File("log.key"), third)
		lived(t, cfg, c)
		if notes, err := merkle.SplitSuccessions([]byte(readFile(t, cfg.File("log.succession")))); err != nil || len(notes) != 2 {
			t.Errorf("the file has %d successions, %v", len(notes), err)
		}
		if r.Succession.New != again.Succession.Old {
			t.Errorf("%+v does not lead to %+v", r.Succession, again.Succession)
		}
		checked(t, cfg)
	})
}

// TestSuccessionFile: the file is what the log says, whatever became of it.
func TestSuccessionFile(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		lived(t, cfg, nil)
		path := cfg.File("log.succession")
		absent(t, path)
		rotate(t, cfg)
		want := readFile(t, path)
		for _, bad := range []string{"", "SAMPLE", want[:len(want)/2], strings.Replace(want, "Z", "z", 1)} {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if bad != "" {
				put(t, path, bad)
			}
			starts(t, cfg, nothing)
			if readFile(t, path) != want {
				t.Errorf("%q was not written anew from the log", bad)
			}
		}
	})
}

// TestStartRefusesReadableKeys: the new key and those that were given up are secrets like
// the one in use.
func TestStartRefusesReadableKeys(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		c := lived(t, cfg, nil)
		r := rotate(t, cfg)
		lived(t, cfg, c)
		begun(t, cfg, false)
		for _, name := range []string{"log.key", "log.key.next", filepath.Base(r.OldKey)} {
			for _, m := range []os.FileMode{0o604, 0o640, 0o644} {
				if err := os.Chmod(cfg.File(name), m); err != nil {
					t.Fatal(err)
				}
				refuses(t, cfg, name, "can be read by others", "chmod 600")
			}
			if err := os.Chmod(cfg.File(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		starts(t, cfg, nothing)
	})
}

// TestRotateRefusesForeignFiles: what lies where the new key should be is not taken for it.
func TestRotateRefusesForeignFiles(t *testing.T) {
	t.Parallel()
	cfg := settings(t, t.TempDir(), "")
	lived(t, cfg, nil)
	other, _, err := note.GenerateKey(bytes.NewReader(make([]byte, 64)), "log.other.test")
	if err != nil {
		t.Fatal(err)
	}
	own := readFile(t, cfg.File("log.key"))
	for content, says := range map[string]string{"": "cannot be read", "SAMPLE": "cannot be read", other: "log.other.test", own: "in use"} {
		put(t, cfg.File("log.key.next"), content)
		offline(t, cfg, nothing, func(p *server.Parts) {
			if _, err := p.RotateKey(t.Context(), ""); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("%.12q: %v, want %q", content, err, says)
			}
			if n := len(successions(t, p.Store)); n != 0 {
				t.Errorf("%d successions", n)
			}
			if _, err := p.RotateKey(t.Context(), filepath.Join(t.TempDir(), "new.key")); err == nil || !strings.Contains(err.Error(), "--out") {
				t.Errorf("a key from the file with --out: %v", err)
			}
		})
		if readFile(t, cfg.File("log.key")) != own || readFile(t, cfg.File("log.key.next")) != content {
			t.Fatal("the key files were changed")
		}
	}
}

// TestForgedSuccession puts successions into the database's tables that nobody who holds
// the log's key has signed.
func TestForgedSuccession(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		c := lived(t, cfg, nil)
		key := func(seed byte) (string, string) {
			skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), cfg.Origin)
			if err != nil {
				t.Fatal(err)
			}
			return skey, vkey
		}
		a, _ := key(3)
		b, vkeyB := key(4)
		signer, err := note.NewSigner(b)
		if err != nil {
			t.Fatal(err)
		}
		own := vkeyOf(t, readFile(t, cfg.File("log.key")))
		text := strings.Join([]string{"liandan log-key succession v1", cfg.Origin, own, vkeyB, "2026-01-01T00:00:00Z", ""}, "\n")
		half, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		offline(t, cfg, nothing, func(p *server.Parts) {
			for _, body := range [][]byte{succession(t, cfg.Origin, a, b), half} {
				// Whether the store takes it or not is the store's to say.
				_ = p.Store.AddStatement(t.Context(), statement.Statement{Kind: statement.KindLogKey, Body: body}, time.Now())
			}
		})
		lived(t, cfg, c)
		offline(t, cfg, nothing, func(p *server.Parts) {
			if p.VKey != own || len(successions(t, p.Store)) != 0 || len(p.Succession()) != 0 {
				t.Error("a forged succession is in the log")
			}
		})
		r := rotate(t, cfg)
		if r.Succession.Old != own || r.Succession.New == vkeyB {
			t.Errorf("the rotation led from %s to %s", r.Succession.Old, r.Succession.New)
		}
	})
}

// TestRotateFromTheEnvironment: the new key is left in a file for the operator and shown
// nowhere.
func TestRotateFromTheEnvironment(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		c := lived(t, cfg, nil)
		old := strings.TrimSpace(readFile(t, cfg.File("log.key")))
		if err := os.Remove(cfg.File("log.key")); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "new.key")
		run := func(secret string, want bool, args ...string) string {
			t.Helper()
			cmd := command(t, "log-key", cfg)
			cmd.Args = append(cmd.Args, args...)
			cmd.Env = append(cmd.Env, "LIANDAN_LOG_KEY="+secret)
			b, err := cmd.CombinedOutput()
			if (err == nil) != want {
				t.Fatalf("log-key %v: %v\n%s", args, err, b)
			}
			if bytes.Contains(b, []byte("PRIVATE")) {
				t.Fatalf("log-key %v shows a secret:\n%s", args, b)
			}
			return string(b)
		}
		if says := run(old, false, "rotate"); !strings.Contains(says, "--out") {
			t.Errorf("without a file: %s", says)
		}
		says := run(old, true, "rotate", "--out", out)
		next := strings.TrimSpace(readFile(t, out))
		if mode(t, out) != 0o600 || !strings.Contains(says, out) || !strings.Contains(says, vkeyOf(t, next)) || !strings.Contains(says, "LIANDAN_LOG_KEY") {
			t.Errorf("the new key's file has mode %o; the command says\n%s", mode(t, out), says)
		}
		absent(t, cfg.File("log.key"))
		absent(t, cfg.File("log.key.next"))
		if n := len(keptKeys(t, cfg)); n != 0 {
			t.Errorf("%d keys are kept in the data folder", n)
		}
		if says := run(old, true, "rotate", "--out", out); !strings.Contains(says, "finished") || strings.TrimSpace(readFile(t, out)) != next {
			t.Errorf("asked for again: %s", says)
		}
		if says := run(old, false, "rotate", "--out", out+"2"); !strings.Contains(says, "was succeeded") {
			t.Errorf("asked for again with another file: %s", says)
		}
		absent(t, out+"2")
		if err := os.Chmod(out, 0o644); err != nil {
			t.Fatal(err)
		}
		if says := run(old, false, "rotate", "--out", out); !strings.Contains(says, "can be read by others") {
			t.Errorf("a new key that others can read: %s", says)
		}
		put(t, cfg.File("log.key"), old) // the variable goes before the file
		with := func(secret string) func(string) string {
			return func(name string) string { return map[string]string{"LIANDAN_LOG_KEY": secret}[name] }
		}
		refuses(t, cfg, "was succeeded by")
		starts(t, cfg, with(next))
		for _, line := range []string{vkeyOf(t, old), vkeyOf(t, next), "in force", "this server's"} {
			if says := run(next, true, "show"); !strings.Contains(says, line) {
				t.Errorf("show does not say %q:\n%s", line, says)
			}
		}
		if says := run(old, true, "show"); !strings.Contains(says, "not the one in force") {
			t.Errorf("show with the old key:\n%s", says)
		}
		put(t, cfg.File("log.key"), next)
		lived(t, cfg, c)
		checked(t, cfg)
	})
}

// TestBackupFromBeforeARotation: what the log forgot with its newest entries the file has
// not, and only a server that was told so goes on, with the key of that time.
func TestBackupFromBeforeARotation(t *testing.T) {
	t.Parallel()
	cfg := settings(t, t.TempDir(), "")
	c := lived(t, cfg, nil)
	old, backup := readFile(t, cfg.File("log.key")), readDatabase(t, cfg)
	rotate(t, cfg)
	lived(t, cfg, c)
	next, newest := readFile(t, cfg.File("log.key")), readDatabase(t, cfg)
	told := fresh(cfg)
	told.AcceptRollback = true
	restore(t, cfg, backup)
	for _, key := range []string{next, old} {
		put(t, cfg.File("log.key"), key)
		refuses(t, cfg, "older backup", "--accept-rollback", merkle.ShortKey(vkeyOf(t, old)))
	}
	put(t, cfg.File("log.key"), next)
	refuses(t, told, "newest checkpoint", merkle.ShortKey(vkeyOf(t, next)))
	restore(t, cfg, newest)
	starts(t, cfg, nothing)

	restore(t, cfg, backup)
	put(t, cfg.File("log.key"), old)
	lived(t, told, c)
	lived(t, cfg, c)
	if line := readFile(t, cfg.File("log.succession")); line != "" {
		t.Errorf("the file still tells of %q", line)
	}
	checked(t, cfg)
}

// TestRotateOneOfTwoServers rotates on one server of two: neither records with the old key
// any more, and the other follows when it is given the new one.
func TestRotateOneOfTwoServers(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	toA, toB := client.New(a.URL, a.Token), client.New(b.URL, b.Token)
	c := enrolled(t, toA, 1)
	time.Sleep(300 * time.Millisecond) // the other server learns of the keys
	box := newBox()
	if err := box.send(t, toB, c.chain(t, time.Now())); err != nil {
		t.Fatal(err)
	}
	r := rotate(t, a.Config)
	late := c.chain(t, time.Now())
	for _, to := range []*client.Client{toA, toB} {
		if _, err := to.Send(t.Context(), late[0]); problem(err).Status != http.StatusServiceUnavailable || problem(err).Kind != string(fault.Unavailable) {
			t.Errorf("a server with the old key says %v", err)
		}
	}
	stop(t, a)
	a2 := start(t, a.Config, server.Options{})
	fresh := newBox()
	if err := fresh.send(t, client.New(a2.URL, a2.Token), late); err != nil {
		t.Fatal(err)
	}
	// The other one reads what it cannot continue, and proves it.
	sound(t, b.Audit)
	var bundle []byte
	if err := toB.Get(t.Context(), "/log/checkpoint", &bundle); err != nil {
		t.Error(err)
	}
	stop(t, b)
	refuses(t, b.Config, "was succeeded by "+merkle.ShortKey(r.Succession.New))
	put(t, b.Config.File("log.key"), readFile(t, a.Config.File("log.key")))
	b2 := start(t, b.Config, server.Options{})
	if readFile(t, b.Config.File("log.succession")) != string(a2.Succession()) {
		t.Error("the other server has another line of keys")
	}
	if err := fresh.send(t, client.New(b2.URL, b2.Token), c.chain(t, time.Now())); err != nil {
		t.Fatal(err)
	}
	box.stand(t, b2.Store, r.Succession.Old)
	fresh.stand(t, b2.Store, r.Succession.New)
	sound(t, b2.Audit)
}
