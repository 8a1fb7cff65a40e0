package server_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/bundle"
	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/fault"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/server"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// offline opens the parts as an offline command does, for the length of do.
func offline(t *testing.T, cfg *config.Config, env func(string) string, do func(*server.Parts)) {
	t.Helper()
	p, err := server.Open(context.Background(), fresh(cfg), server.Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	do(p)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func rotate(t *testing.T, cfg *config.Config) (r server.Rotation) {
	t.Helper()
	offline(t, cfg, nothing, func(p *server.Parts) {
		var err error
		if r, err = p.RotateKey(context.Background(), ""); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func absent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is there (%v)", path, err)
	}
}

// vkeyOf is the verifier key of a key file.
func vkeyOf(t *testing.T, file string) string {
	t.Helper()
	v, err := merkle.VKeyOf(strings.TrimSpace(file))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// successions are the entries of the log that succeed its key.
func successions(t *testing.T, store audit.Store) (out []ledger.Kept) {
	t.Helper()
	err := store.Read(context.Background(), func(r audit.Reader) (err error) {
		out, err = r.LogKeys()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// evidence makes the bundle of the first batch in the log.
func evidence(t *testing.T, cfg *config.Config) (file []byte) {
	t.Helper()
	offline(t, cfg, nothing, func(p *server.Parts) {
		err := p.Store.Read(context.Background(), func(r audit.Reader) error {
			return r.Entries(0, 1<<62, func(k ledger.Kept) error {
				e, err := ledger.ParseEntry(k.Entry)
				if err != nil || file != nil || len(e.Links) == 0 {
					return err
				}
				file, err = p.Audit.BatchBundle(context.Background(), e.Links[0].Batch)
				return err
			})
		})
		if err != nil || file == nil {
			t.Fatalf("no evidence: %v", err)
		}
	})
	return file
}

// verifies holds a file against a key that its reader knows.
func verifies(t *testing.T, file []byte, trusted string, brought []byte, want bool) {
	t.Helper()
	b, err := bundle.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := merkle.SplitSuccessions(brought)
	if err != nil {
		t.Fatal(err)
	}
	book, err := rule.DefaultBook()
	if err != nil {
		t.Fatal(err)
	}
	r := bundle.Check(b, bundle.Options{Trusted: trusted, Succession: notes, Rules: book, Catalog: waste.DefaultCatalog()})
	if got := len(r.Broken) == 0; got != want {
		t.Errorf("the file of %s, known %s, %d notes brought: %s, broken %+v", merkle.ShortKey(b.VKey), merkle.ShortKey(trusted), len(notes), r.Verdict, r.Broken)
	}
}

// TestRotate changes the key of a stopped server twice. What was published before still
// stands, with whichever key it is checked.
func TestRotate(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		c := lived(t, cfg, nil)
		secrets, vkeys := []string{readFile(t, cfg.File("log.key"))}, []string{}
		files := [][]byte{evidence(t, cfg)}
		for n := range 2 {
			remembered := readFile(t, cfg.File("log.checkpoint"))
			r := rotate(t, cfg)
			secret := readFile(t, cfg.File("log.key"))
			if secret == secrets[n] || vkeyOf(t, secret) != r.Succession.New || vkeyOf(t, secrets[n]) != r.Succession.Old || r.Continued {
				t.Fatalf("rotation %d: %+v", n, r)
			}
			if readFile(t, r.OldKey) != secrets[n] || mode(t, r.OldKey) != 0o600 || mode(t, cfg.File("log.key")) != 0o600 {
				t.Errorf("rotation %d: the old key is not kept in %s, or a mode is wrong", n, r.OldKey)
			}
			if readFile(t, cfg.File("log.vkey")) != r.Succession.New+"\n" {
				t.Error("the public key beside the log is not the new one")
			}
			if readFile(t, cfg.File("log.checkpoint")) == remembered {
				t.Error("what the rotation published is not remembered")
			}
			absent(t, cfg.File("log.key.next"))
			again := rotate(t, cfg) // nothing was recorded yet: only the report can have been missed
			if !again.Continued || again.Succession != r.Succession || readFile(t, cfg.File("log.key")) != secret {
				t.Errorf("rotation %d asked for again: %+v", n, again)
			}
			lived(t, cfg, c)
			checked(t, cfg)
			secrets, vkeys, files = append(secrets, secret), append(vkeys, r.Succession.Old), append(files, evidence(t, cfg))
		}
		vkeys = append(vkeys, vkeyOf(t, secrets[2]))
		line := []byte(readFile(t, cfg.File("log.succession")))
		for made, file := range files {
			for known, vkey := range vkeys {
				verifies(t, file, vkey, line, true)
				verifies(t, file, vkey, nil, known <= made) // a file carries what came before it
			}
		}
		forgotten(t, cfg)
	})
}

// forgotten: keys that were given up are kept for thirty days and no longer.
func forgotten(t *testing.T, cfg *config.Config) {
	t.Helper()
	for _, x := range []struct{ days, want int }{{0, 2}, {29, 2}, {40, 0}} {
		s := start(t, cfg, server.Options{Now: func() time.Time { return time.Now().AddDate(0, 0, x.days) }})
		stop(t, s)
		if left := keptKeys(t, cfg); len(left) != x.want {
			t.Errorf("after %d days the folder keeps %v", x.days, left)
		}
	}
}

func keptKeys(t *testing.T, cfg *config.Config) []string {
	t.Helper()
	out, err := filepath.Glob(cfg.File("log.key.until-*"))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRotateUnderAServer rotates while a server runs. It stops recording, says why, and
// goes on when it is started again.
func TestRotateUnderAServer(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		s := start(t, cfg, server.Options{})
		to := client.New(s.URL, s.Token)
		c := enrolled(t, to, 1)
		box := newBox()
		if err := box.send(t, to, c.chain(t, time.Now())); err != nil {
			t.Fatal(err)
		}
		r := rotate(t, cfg)
		late := c.chain(t, time.Now())
		_, err := to.Send(t.Context(), late[0])
		if p := problem(err); p.Status != http.StatusServiceUnavailable || p.Kind != string(fault.Unavailable) || !strings.Contains(p.Detail, "succeeded") {
			t.Fatalf("a server with the old key says %v", err)
		}
		before := evidence(t, cfg)
		verifies(t, before, r.Succession.Old, nil, true)
		stop(t, s)
		s = start(t, cfg, server.Options{})
		to = client.New(s.URL, s.Token)
		if s.VKey != r.Succession.New {
			t.Errorf("the server signs with %s", s.VKey)
		}
		fresh := newBox()
		if err := fresh.send(t, to, late); err != nil {
			t.Fatal(err)
		}
		box.stand(t, s.Store, r.Succession.Old)
		fresh.stand(t, s.Store, r.Succession.New)
		sound(t, s.Audit)
		if n := len(successions(t, s.Store)); n != 1 {
			t.Errorf("the log has %d successions", n)
		}
		if string(s.Succession()) != readFile(t, cfg.File("log.succession")) || len(s.Succession()) == 0 {
			t.Error("the server's successions are not those of the file")
		}
	})
}

// TestRotateOnce: of many rotations at once one happens, and the key that is left is the
// one that the log names.
func TestRotateOnce(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		lived(t, cfg, nil)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				p, err := server.Open(context.Background(), fresh(cfg), server.Options{Env: nothing})
				if err != nil {
					return // it came between the files of another
				}
				_, _ = p.RotateKey(context.Background(), "") // all but one may fail
				_ = p.Close()
			})
		}
		wg.Wait()
		r := rotate(t, cfg) // finishes what was left
		offline(t, cfg, nothing, func(p *server.Parts) {
			notes := successions(t, p.Store)
			if len(notes) != 1 || r.Succession.New != p.VKey {
				t.Fatalf("%d successions, the server's key is %s, the log's %s", len(notes), p.VKey, r.Succession.New)
			}
		})
		lived(t, cfg, another(t, cfg))
		checked(t, cfg)
	})
}

// another enrols another cast.
func another(t *testing.T, cfg *config.Config) *cast {
	t.Helper()
	s := start(t, cfg, server.Options{})
	defer stop(t, s)
	return enrolled(t, client.New(s.URL, s.Token), 2)
}

// begun makes a rotation that was cut off: the next key is there, and its succession if
// one is asked for.
func begun(t *testing.T, cfg *config.Config, announce bool) (next string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{77}, 64)), cfg.Origin)
	if err != nil {
		t.Fatal(err)
	}
	put(t, cfg.File("log.key.next"), skey+"\n")
	if announce {
		offline(t, cfg, nothing, func(p *server.Parts) {
			n := succession(t, cfg.Origin, readFile(t, cfg.File("log.key")), skey)
			if err := p.Store.AddStatement(t.Context(), statement.Statement{Kind: statement.KindLogKey, Body: n}, time.Now()); err != nil {
				t.Fatal(err)
			}
		})
	}
	return vkey
}

// succession signs one with the secrets of both keys.
func succession(t *testing.T, origin string, secrets ...string) []byte {
	t.Helper()
	var keys []merkle.SigningKey
	for _, s := range secrets {
		signer, err := note.NewSigner(strings.TrimSpace(s))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, merkle.SigningKey{Signer: signer, VKey: vkeyOf(t, s)})
	}
	n, err := merkle.SignSuccession(origin, keys[0], keys[1], time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRotationCutOff begins a rotation, cuts it off after each of its steps, and asks for
// it again.
func TestRotationCutOff(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		c := lived(t, cfg, nil)
		old := readFile(t, cfg.File("log.key"))
		finish := func(want string) {
			t.Helper()
			r := rotate(t, cfg)
			if !r.Continued || r.Succession.New != want || vkeyOf(t, readFile(t, cfg.File("log.key"))) != want || readFile(t, r.OldKey) != old {
				t.Fatalf("the rotation went on as %+v", r)
			}
			absent(t, cfg.File("log.key.next"))
			lived(t, cfg, c)
			checked(t, cfg)
			old = readFile(t, cfg.File("log.key"))
		}
		// The key was made, nothing was signed: the server may go on as it was.
		next := begun(t, cfg, false)
		lived(t, cfg, c)
		finish(next)
		// Announced, not in the log.
		put(t, cfg.File("log.key.next"), "") // a key that was cut short was never signed with
		offline(t, cfg, nothing, func(p *server.Parts) {
			if _, err := p.RotateKey(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "log.key.next") {
				t.Errorf("half a key: %v", err)
			}
		})
		skey, next, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{78}, 64)), cfg.Origin)
		if err != nil {
			t.Fatal(err)
		}
		put(t, cfg.File("log.key.next"), skey+"\n")
		offline(t, cfg, nothing, func(p *server.Parts) {
			body := succession(t, cfg.Origin, old, skey)
			if err := p.Store.AddStatement(t.Context(), statement.Statement{Kind: statement.KindLogKey, Body: body}, time.Now()); err != nil {
				t.Fatal(err)
			}
		})
		refuses(t, cfg, "was begun and is not finished", "liandan log-key rotate")
		finish(next)
		// In the log, the files not changed about.
		r := rotate(t, cfg)
		put(t, cfg.File("log.key.next"), readFile(t, cfg.File("log.key")))
		put(t, cfg.File("log.key"), old)
		if err := os.Remove(r.OldKey); err != nil {
			t.Fatal(err)
		}
		refuses(t, cfg, "was begun and is not finished", "liandan log-key rotate")
		finish(r.Succession.New)
		offline(t, cfg, nothing, func(p *server.Parts) {
			if n := len(successions(t, p.Store)); n != 3 {
				t.Errorf("three rotations left %d successions", n)
			}
		})
	})
}
