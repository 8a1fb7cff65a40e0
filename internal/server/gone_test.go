package server_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/client"
	"liandan/internal/fault"
	"liandan/internal/server"
	"liandan/internal/store"
	"liandan/internal/testdb"
)

// wire is a way to the database that can be cut.
type wire struct {
	to   string
	ln   net.Listener
	mu   sync.Mutex
	cut  bool
	open map[net.Conn]bool
}

func lay(t *testing.T, to string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: to, ln: ln, open: map[net.Conn]bool{}}
	t.Cleanup(func() {
		ln.Close()
		w.set(true)
	})
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	return w
}

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	far, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer far.Close()
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		return
	}
	w.open[c], w.open[far] = true, true
	w.mu.Unlock()
	go func() {
		_, _ = io.Copy(far, c)
		far.Close()
	}()
	_, _ = io.Copy(c, far)
	w.mu.Lock()
	delete(w.open, c)
	delete(w.open, far)
	w.mu.Unlock()
}

// set cuts the wire, in the middle of whatever goes over it, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.open {
		if cut {
			c.Close()
		}
	}
}

// TestDatabaseGone cuts the way to the database under load, more than once. The server
// says that it is unavailable, leaves nothing half-written, and works again by itself.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	database := testdb.Postgres(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	w := lay(t, u.Host)
	u.Host = w.ln.Addr().String()
	s := start(t, settings(t, t.TempDir(), u.String()), server.Options{})
	c := client.New(s.URL, s.Token)
	cast := enrolled(t, c, 1)
	direct, err := store.Open(database)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	box := newBox()
	for range 3 {
		chains := cast.chains(t, 40)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for n := i; n < 20; n += 4 {
					unavailableOnly(t, box.send(t, c, chains[n]))
				}
			})
		}
		wg.Go(func() { unavailableOnly(t, box.upload(t, c, chains[20:])) })
		time.Sleep(60 * time.Millisecond)
		w.set(true)
		wg.Wait()
		gone(t, s, c, chains[0][0])
		box.stand(t, direct, s.VKey)
		w.set(false)
		back(t, s)
		for _, chain := range chains {
			if err := box.upload(t, c, [][][]byte{chain}); err != nil {
				t.Fatalf("sending again: %v", err)
			}
		}
		box.stand(t, direct, s.VKey)
		sound(t, s.Audit)
	}
}

// unavailableOnly allows for nothing but an honest "not now"; a line that waits for one
// that could not be recorded is kept.
func unavailableOnly(t *testing.T, err error) {
	p := problem(err)
	ok := err == nil || p.Status == http.StatusServiceUnavailable && p.Kind == string(fault.Unavailable) ||
		p.Kind == string(fault.WrongStage) && p.Retained
	if !ok {
		t.Errorf("without a database: %v", err)
	}
}

// gone asks a server without a database for everything.
func gone(t *testing.T, s *server.Server, c *client.Client, jws []byte) {
	t.Helper()
	time.Sleep(300 * time.Millisecond) // longer than the register is believed without asking
	_, err := c.Send(t.Context(), jws)
	if p := problem(err); p.Status != http.StatusServiceUnavailable || p.Kind != string(fault.Unavailable) || p.Detail == "" {
		t.Errorf("an event without a database: %v", err)
	}
	err = c.SendAll(t.Context(), [][]byte{jws, jws}, func(l client.Line) error {
		if l.Status != http.StatusServiceUnavailable || l.Problem == nil || l.Problem.Kind != string(fault.Unavailable) {
			t.Errorf("a line without a database: %+v", l)
		}
		return nil
	})
	if err != nil {
		t.Errorf("an upload without a database: %v", err)
	}
	var b []byte
	for _, path := range []string{"/readyz", "/v1/batches/0190aaaa-0000-7000-8000-000000000001", "/log/checkpoint"} {
		if p := problem(c.Get(t.Context(), path, &b)); p.Status != http.StatusServiceUnavailable {
			t.Errorf("%s without a database: %+v", path, p)
		}
	}
	if err := c.Get(t.Context(), "/healthz", &b); err != nil {
		t.Errorf("the process itself is well, but /healthz says %v", err)
	}
	if _, err := s.Audit.Check(context.Background(), audit.Options{}); fault.Of(err) != fault.Unavailable {
		t.Errorf("a check without a database: %v", err)
	}
}

// back waits until the server is ready again.
func back(t *testing.T, s *server.Server) {
	t.Helper()
	var b []byte
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = client.New(s.URL, "").Get(t.Context(), "/readyz", &b); err == nil {
			return
		}
	}
	t.Fatalf("the database is back, the server is not: %v", err)
}
