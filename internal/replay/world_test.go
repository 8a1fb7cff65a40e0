package replay

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/registry"
	product "liandan/internal/server"
)

const sample = "../../data/samples/us_manifest_lines.csv"

// server is the real thing on a SQLite file of its own, over HTTP.
type server struct {
	t        testing.TB
	registry *registry.Service
	audit    *audit.Service
	intake   *record.Service
	url      string
	token    string
	// trip, when set, may answer a request itself.
	trip func(http.ResponseWriter, *http.Request) bool
}

func newServer(t testing.TB) *server {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir()) // the server leaves its token there
	cfg := &config.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Origin: "log.sample.test", LogFormat: "text", LogLevel: "error"}
	must(cfg.Check())
	real, err := product.Start(context.Background(), cfg, product.Options{Env: func(string) string { return "" }})
	must(err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(real.Stop(ctx))
	})
	s := &server{t: t, registry: real.Registry, audit: real.Audit, intake: real.Record, token: real.Token}
	to, err := url.Parse(real.URL)
	must(err)
	onward := httputil.NewSingleHostReverseProxy(to)
	onward.FlushInterval = -1
	onward.ErrorLog = log.New(io.Discard, "", 0) // a request that is broken off on purpose is no news
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.trip == nil || !s.trip(w, r) {
			onward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// replay plays a file on the server.
func (s *server) replay(seed uint64, file io.Reader) (Summary, error) {
	return Run(context.Background(), Options{File: file, Client: client.New(s.url, s.token), Seed: seed, Now: time.Now})
}

// play is replay of a text that must go well.
func (s *server) play(seed uint64, text string) Summary {
	s.t.Helper()
	sum, err := s.replay(seed, strings.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return sum
}

// check lets the audit look at the whole store: it must be sound and hold that many
// entries, and nothing in quarantine.
func (s *server) check(entries int) *audit.Report {
	s.t.Helper()
	r, err := s.audit.Check(context.Background(), audit.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	if first, damaged := r.First(); damaged {
		s.t.Fatalf("check: %s %s: %s", first.Area, first.Place, first.EN)
	}
	if r.Events != int64(entries) || r.Held != 0 || r.GramsTotal != 0 {
		s.t.Fatalf("check: %d entries, %d held, postings sum to %d; want %d, 0, 0", r.Entries, r.Held, r.GramsTotal, entries)
	}
	return r
}

func open(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Open(sample)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// key is one sample party's key as the registry has it.
func (s *server) key(p *part) party.Key {
	s.t.Helper()
	k, ok, err := s.registry.Key(context.Background(), p.Kid())
	if err != nil || !ok {
		s.t.Fatalf("key of %s: %v, found %v", p.name, err, ok)
	}
	return k
}

func asProblem(err error, p **client.Problem) bool { return errors.As(err, p) }
