package server_test

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/server"
)

// TestKill kills the server under load at random moments. Whatever it has acknowledged is
// in the log, and what it has not can be sent again.
func TestKill(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		k := newKilling(t, cfg)
		for range 4 {
			k.round()
		}
	})
}

// killing is a server that is killed again and again, on the same data.
type killing struct {
	t    *testing.T
	cfg  *config.Config
	srv  *process
	cast *cast
	box  *box
	sent [][][]byte // every chain so far
}

func newKilling(t *testing.T, cfg *config.Config) *killing {
	k := &killing{t: t, cfg: cfg, srv: serve(t, cfg), box: newBox()}
	k.cast = enrolled(t, k.srv.Client, 1)
	return k
}

// The load of one round: chains sent event by event and chains sent in uploads.
const (
	singles = 24
	uploads = 4
	each    = 10 // chains of an upload
)

// round loads the server, kills it, looks at what is left, starts it again and sends
// everything once more.
func (k *killing) round() {
	t := k.t
	t.Helper()
	chains := k.cast.chains(t, singles+uploads*each)
	k.sent = append(k.sent, chains...)
	before := k.box.count()
	after := time.Duration(20+rand.IntN(500)) * time.Millisecond
	death := time.AfterFunc(after, k.srv.kill)
	k.load(chains)
	if death.Stop() {
		k.srv.kill() // it was faster than its death
	}
	k.srv.kill() // wait until it is gone
	t.Logf("killed after %v with %d of %d events acknowledged", after, k.box.count()-before, 8*len(chains))
	checked(t, k.cfg)
	k.left()
	k.srv = serve(t, k.cfg)
	var all [][]byte
	for _, c := range k.sent {
		all = append(all, c...)
	}
	for len(all) > 0 {
		part := all[:min(len(all), 4000)]
		all = all[len(part):]
		err := k.srv.SendAll(t.Context(), part, func(l client.Line) error {
			if l.Status != http.StatusOK && l.Status != http.StatusCreated {
				return l.Problem
			}
			k.box.keep(t, *l.Receipt)
			return nil
		})
		if err != nil {
			t.Fatalf("sending again: %v", err)
		}
	}
	if n := k.box.count(); n != 8*len(k.sent) {
		t.Errorf("%d events have receipts, %d were sent", n, 8*len(k.sent))
	}
	k.left()
}

// load sends from several clients until the chains are through or the server is gone.
func (k *killing) load(chains [][][]byte) {
	var wg sync.WaitGroup
	note := func(err error) {
		// A broken connection is what a killed server leaves; a refusal would be a fault.
		if p := problem(err); p.Kind != "" {
			k.t.Errorf("refused: %v", err)
		}
	}
	for i := range 4 {
		wg.Go(func() {
			for n := i; n < singles; n += 4 {
				note(k.box.send(k.t, k.srv.Client, chains[n]))
			}
		})
	}
	for i := range uploads {
		wg.Go(func() {
			from := singles + i*each
			note(k.box.upload(k.t, k.srv.Client, chains[from:from+each]))
		})
	}
	wg.Wait()
}

// left holds all receipts so far against the store as it lies there.
func (k *killing) left() {
	k.t.Helper()
	p, err := server.Open(k.t.Context(), fresh(k.cfg), server.Options{Env: nothing})
	if err != nil {
		k.t.Fatal(err)
	}
	k.box.stand(k.t, p.Store, p.VKey)
	if err := p.Close(); err != nil {
		k.t.Error(err)
	}
}
