package replay

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/client"
	"liandan/internal/httpapi"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/registry"
	"liandan/internal/rule"
	"liandan/internal/store"
	"liandan/internal/testdb"
	"liandan/internal/waste"
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
	ctx := context.Background()
	st, err := store.Open(testdb.SQLite(t))
	must(err)
	t.Cleanup(func() { st.Close() })
	_, err = st.Migrate(ctx)
	must(err)
	skey, vkey, err := note.GenerateKey(rand.Reader, "log.sample.test")
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)
	verifier, err := note.NewVerifier(vkey)
	must(err)
	rules, err := rule.DefaultBook()
	must(err)
	s := &server{t: t}
	s.registry = registry.New(registry.Config{Store: st, Now: time.Now, Random: rand.Reader})
	s.intake = record.New(record.Config{Store: st, Registry: s.registry, Signer: signer, Rules: rules, Catalog: waste.DefaultCatalog(), Now: time.Now})
	t.Cleanup(s.intake.Close)
	s.audit = audit.New(audit.Config{Store: st, Keys: s.registry, Verifier: verifier, VKey: vkey, Rules: rules, Catalog: waste.DefaultCatalog(), Now: time.Now, Random: rand.Reader})
	s.token, err = s.registry.NewToken(ctx, access.Appointment{Role: access.SystemAdministrator}, "SAMPLE operator", time.Time{})
	must(err)
	api := httpapi.New(httpapi.Config{Intake: s.intake, Reader: s.audit, Log: s.audit, Registry: s.registry, Pages: http.NotFoundHandler(), SpoolDir: t.TempDir()})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.trip == nil || !s.trip(w, r) {
			api.ServeHTTP(w, r)
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
	if r.Entries != int64(entries) || r.Held != 0 || r.GramsTotal != 0 {
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
