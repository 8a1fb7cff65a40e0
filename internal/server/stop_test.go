package server_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/server"
)

// TestStopUnderLoad stops the server while clients are at work: everything it recorded
// until then was acknowledged, and everything it acknowledged is there.
func TestStopUnderLoad(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		s := start(t, cfg, server.Options{})
		c := client.New(s.URL, s.Token)
		cast := enrolled(t, c, 1)
		chains := cast.chains(t, 120)
		box := newBox()
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for n := i; n < 60; n += 4 {
					if err := box.send(t, c, chains[n]); err != nil {
						unavailableOrCut(t, err)
						return
					}
				}
			})
		}
		wg.Go(func() { unavailableOrCut(t, box.upload(t, c, chains[60:])) })
		for box.count() < 40 {
			time.Sleep(time.Millisecond)
		}
		stop(t, s)
		wg.Wait()
		p, err := server.Open(t.Context(), fresh(cfg), server.Options{Env: nothing})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if entries := box.stand(t, p.Store, p.VKey); len(entries) != box.count() {
			t.Errorf("%d events are in the log, %d were acknowledged", len(entries), box.count())
		}
		sound(t, p.Audit)
	})
}

// unavailableOrCut allows for what a client meets when a server stops.
func unavailableOrCut(t *testing.T, err error) {
	if p := problem(err); p.Kind != "" && p.Status != 503 {
		t.Errorf("while stopping: %v", err)
	}
}

// TestTokens holds the operator's token through a restart, and the place where commands of
// the same user find it while the server runs.
func TestTokens(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		s := start(t, cfg, server.Options{})
		private(t, cfg.File("operator.token"))
		private(t, cfg.File("log.key"))
		left := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "liandan", "servers")
		if info, err := os.Stat(left); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the folder of left tokens: %v %v", info, err)
		}
		entries, err := os.ReadDir(left)
		if err != nil || len(entries) == 0 {
			t.Fatalf("no server left a token: %v", err)
		}
		for _, e := range entries {
			private(t, filepath.Join(left, e.Name()))
		}
		if got := server.LocalToken(s.Addr); got != s.Token || got == "" {
			t.Errorf("the token left for commands is %q, the operator's is %q", got, s.Token)
		}
		var b []byte
		if err := client.New(s.URL, s.Token).Get(t.Context(), "/v1/keys", &b); err != nil {
			t.Errorf("the operator's token is refused: %v", err)
		}
		if p := problem(client.New(s.URL, s.Token+"x").Get(t.Context(), "/v1/keys", &b)); p.Status != 401 {
			t.Errorf("another token: %+v", p)
		}
		stop(t, s)
		if got := server.LocalToken(s.Addr); got != "" {
			t.Errorf("a stopped server leaves the token %q", got)
		}
		again := start(t, cfg, server.Options{})
		if again.Token != s.Token {
			t.Error("the operator's token has changed with the restart")
		}
		stop(t, again)
		if err := os.Remove(cfg.File("operator.token")); err != nil {
			t.Fatal(err)
		}
		third := start(t, cfg, server.Options{})
		if third.Token == s.Token || client.New(third.URL, third.Token).Get(t.Context(), "/v1/keys", &b) != nil {
			t.Error("a lost token was not replaced by a new one that works")
		}
		stop(t, third)
	})
}

// private says that nobody but the owner can read a file.
func private(t *testing.T, path string) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v %v, want mode 0600", filepath.Base(path), info, err)
	}
}
