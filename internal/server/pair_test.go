package server_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"liandan/internal/client"
	"liandan/internal/fault"
	"liandan/internal/server"
	"liandan/internal/testdb"
)

// pair starts two servers with one key on one database.
func pair(t *testing.T) (a, b *server.Server) {
	t.Helper()
	database := testdb.Postgres(t)
	cfgA, cfgB := settings(t, t.TempDir(), database), settings(t, t.TempDir(), database)
	a = start(t, cfgA, server.Options{})
	key, err := os.ReadFile(cfgA.File("log.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfgB.File("log.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	return a, start(t, cfgB, server.Options{})
}

// TestTwoServersOnOneLog sends each chain to two servers in turn, many chains side by
// side: they grow one log.
func TestTwoServersOnOneLog(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	to := []*client.Client{client.New(a.URL, a.Token), client.New(b.URL, b.Token)}
	c := enrolled(t, to[0], 1)
	time.Sleep(300 * time.Millisecond) // the other server learns of the keys
	chains := c.chains(t, 24)
	box := newBox()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := i; n < len(chains); n += 8 {
				for k, jws := range chains[n] {
					r, err := to[(k+n)%2].Send(context.Background(), jws)
					if err != nil {
						t.Errorf("event %d of chain %d: %v", k, n, err)
						return
					}
					box.keep(t, r)
				}
			}
		})
	}
	wg.Wait()
	// What one took in the other knows too.
	for n, chain := range chains {
		if err := box.upload(t, to[n%2], [][][]byte{chain}); err != nil {
			t.Errorf("chain %d again: %v", n, err)
		}
	}
	if a.VKey != b.VKey {
		t.Errorf("two keys: %s and %s", a.VKey, b.VKey)
	}
	box.stand(t, b.Store, a.VKey)
	if r := sound(t, a.Audit); r.Events != int64(8*len(chains)) || r.Head.Size != r.Entries {
		t.Errorf("the log has %d events, want %d", r.Events, 8*len(chains))
	}
	stop(t, a)
	if err := box.send(t, to[1], c.chain(t, time.Now())); err != nil {
		t.Errorf("after the other server has stopped: %v", err)
	}
	sound(t, b.Audit)
}

// TestKeysAreKnownToBothServers enrols on one server and revokes on the other.
func TestKeysAreKnownToBothServers(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	toA, toB := client.New(a.URL, a.Token), client.New(b.URL, b.Token)
	c := enrolled(t, toA, 1)
	within := func(what string, to *client.Client, want fault.Kind) {
		t.Helper()
		var err error
		for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if _, err = to.Send(t.Context(), c.chain(t, time.Now())[0]); problem(err).Kind == string(want) && (err == nil) == (want == "") {
				return
			}
		}
		t.Errorf("%s: after a second the server still says %v", what, err)
	}
	within("enrolled on the other server", toB, "")
	within("enrolled here", toA, "")
	if _, err := b.Registry.RevokeKey(t.Context(), "command", c.hospital.Kid(), time.Now(), "SAMPLE lost"); err != nil {
		t.Fatal(err)
	}
	within("revoked here", toB, fault.KeyRevoked)
	within("revoked on the other server", toA, fault.KeyRevoked)
}
