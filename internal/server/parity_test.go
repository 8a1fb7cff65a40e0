package server_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/merkle"
	"liandan/internal/permit"
	"liandan/internal/registry"
	"liandan/internal/sample"
	"liandan/internal/server"
	"liandan/internal/statement"
	"liandan/internal/testdb"
)

// TestOneDayOnBothDatabases records a city's day over HTTP on an embedded file, and hands
// the same bytes in the same order to a server on PostgreSQL with the same key and clock.
// What the two keep is equal to the byte.
func TestOneDayOnBothDatabases(t *testing.T) {
	t.Parallel()
	day := sample.Day{Date: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	played := settings(t, t.TempDir(), "")
	town := sample.NewCity(1, 1)
	a := settled(t, played, town, day)
	story, err := town.Play(t.Context(), day, client.New(a.URL, a.Token), nil)
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	var said []statement.Statement // the registers' and keys', all of them before the day
	read(t, a, func(r audit.Reader) error {
		return r.Entries(0, 1<<62, func(k ledger.Kept) error {
			if k.Kind == ledger.KindEvent {
				bodies = append(bodies, k.Body)
			} else if said = append(said, statement.Statement{Kind: k.Kind, Body: k.Body}); len(bodies) > 0 {
				t.Fatalf("a statement stands among the events: %s", k.Body)
			}
			return nil
		})
	})
	if len(bodies) != story.New || len(bodies) < 1000 {
		t.Fatalf("the log has %d entries, the day %d events", len(bodies), story.New)
	}

	replayed := settings(t, t.TempDir(), testdb.Postgres(t))
	key, err := os.ReadFile(played.File("log.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(replayed.File("log.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	b := mirrored(t, replayed, a, said, day)
	for from := 0; from < len(bodies); from += 100 {
		block := b.Record.Begin(t.Context(), bodies[from:min(from+100, len(bodies))])
		for i := from; i < min(from+100, len(bodies)); i++ {
			if r := block.Wait(t.Context(), i-from); r.Err != nil || r.Receipt.Seq != int64(len(said)+i) || r.Repeat {
				t.Fatalf("entry %d: %+v", i, r)
			}
		}
	}
	compare(t, kept(t, a), kept(t, b))
	for _, s := range []*server.Server{a, b} {
		if r := sound(t, s.Audit); r.Events != int64(len(bodies)) || r.Entries != int64(len(said)+len(bodies)) || r.GramsTotal != 0 {
			t.Errorf("%s: %+v", s.Store.Name(), r)
		}
	}
}

// settled starts a server and registers the city, its keys dated before the day. Then the
// server's clock stands still just after the day: every record of it has one time.
func settled(t *testing.T, cfg *config.Config, town *sample.City, day sample.Day) *server.Server {
	t.Helper()
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	set(day.Opens().Add(-time.Hour))
	s := start(t, cfg, server.Options{Now: func() time.Time { return *now.Load() }})
	c := client.New(s.URL, s.Token)
	registers := town.Registers()
	for _, kind := range sample.Kinds() {
		if report, err := c.Import(t.Context(), kind, registers[kind]); err != nil || !bytes.Contains(report, []byte(`"applied":true`)) {
			t.Fatalf("import %s: %v %s", kind, err, report)
		}
	}
	if err := town.Enrol(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.Record.Flush(t.Context()); err != nil { // what is on its way belongs before the day
		t.Fatal(err)
	}
	set(day.Closes().Add(time.Hour))
	return s
}

// mirrored starts a server with the register of another and lets it say what that one has
// said: proofs of possession and the ids of requests are random, so they are not made anew.
func mirrored(t *testing.T, cfg *config.Config, of *server.Server, said []statement.Statement, day sample.Day) *server.Server {
	t.Helper()
	var now atomic.Pointer[time.Time]
	set := func(at time.Time) { now.Store(&at) }
	set(day.Opens().Add(-time.Hour))
	s := start(t, cfg, server.Options{Now: func() time.Time { return *now.Load() }})
	in := of.Store.RegistryReader(t.Context())
	if err := s.Store.UpdateRegistry(t.Context(), func(tx registry.Tx) error { return copied(in, tx) }); err != nil {
		t.Fatal(err)
	}
	for _, st := range said {
		if err := s.Store.AddStatement(t.Context(), st, *now.Load()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Record.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	set(day.Closes().Add(time.Hour))
	return s
}

// copied puts one register into another.
func copied(in registry.Reader, out registry.Tx) error {
	orgs, err := in.Organisations()
	if err == nil {
		err = out.PutOrganisations(orgs)
	}
	if err != nil {
		return err
	}
	sites, err := in.Sites()
	if err == nil {
		err = out.PutSites(sites)
	}
	if err != nil {
		return err
	}
	people, err := in.People()
	if err == nil {
		err = out.PutPeople(people)
	}
	if err != nil {
		return err
	}
	facts, err := in.Facts()
	if err == nil {
		err = out.PutFacts(facts)
	}
	if err != nil {
		return err
	}
	kids, err := in.Kids()
	for _, kid := range kids {
		k, _, kerr := in.Key(kid)
		if err = errors.Join(err, kerr); err == nil {
			err = out.AddKey(k)
		}
	}
	return err
}

func read(t *testing.T, s *server.Server, fn func(audit.Reader) error) {
	t.Helper()
	if err := s.Store.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// kept spells everything that a store keeps of its log, one line for each row, table by
// table. Heads in between follow from how groups gathered; the last one does not.
func kept(t *testing.T, s *server.Server) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	say := func(table, format string, args ...any) error {
		out[table] = append(out[table], fmt.Sprintf(format, args...))
		return nil
	}
	read(t, s, func(r audit.Reader) error {
		head, checkpoint, err := r.Newest()
		if err != nil {
			return err
		}
		_ = say("head", "%d %s %q", head.Size, head.Root, checkpoint)
		for _, walk := range []func() error{
			func() error {
				return r.Entries(0, 1<<62, func(k ledger.Kept) error {
					return say("entries", "%d %s %s %s %s %s %q %q", k.Seq, k.Event, k.Kind, k.RecordedAt.Format(time.RFC3339Nano), k.Hash, k.Leaf, k.Entry, k.Body)
				})
			},
			func() error {
				return r.Tiles(func(x merkle.Tile) error {
					return say("tiles", "%d %d %s", x.Level, x.Index, hex.EncodeToString(x.Hashes))
				})
			},
			func() error {
				return r.Links(func(b id.Batch, n, seq int64, leaf id.Hash) error {
					return say("links", "%s %d %d %s", b, n, seq, leaf)
				})
			},
			func() error {
				return r.BatchRows(func(b id.Batch, columns [6]string, state []byte) error {
					return say("batches", "%s %q %s", b, columns, state)
				})
			},
			func() error {
				return r.ManifestRows(func(m id.Manifest, columns [6]string, state []byte) error {
					return say("manifests", "%s %q %s", m, columns, state)
				})
			},
			func() error {
				return r.PostingRows(func(seq int64, line int, p mass.Posting) error {
					b, err := json.Marshal(p)
					_ = say("postings", "%d %d %s", seq, line, b)
					return err
				})
			},
			func() error {
				return r.TallyRows(func(seq int64, line int, x permit.Tally) error {
					return say("tallies", "%d %d %+v", seq, line, x)
				})
			},
			func() error {
				return r.LabelRows(func(l event.Label, b id.Batch, source string, at int64) error {
					return say("labels", "%s %s %s %d", l, b, source, at)
				})
			},
		} {
			if err := walk(); err != nil {
				return err
			}
		}
		return nil
	})
	return out
}

// compare names the first row in which two stores differ, for each table.
func compare(t *testing.T, a, b map[string][]string) {
	t.Helper()
	if len(a) != 9 || len(b) != 9 {
		t.Errorf("%d and %d tables have rows, want 9", len(a), len(b))
	}
	for table, rows := range a {
		if len(rows) != len(b[table]) {
			t.Errorf("%s: %d and %d rows", table, len(rows), len(b[table]))
			continue
		}
		for i := range rows {
			if rows[i] != b[table][i] {
				t.Errorf("%s, row %d:\n %s\n %s", table, i, clip(rows[i]), clip(b[table][i]))
				break
			}
		}
	}
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 600)], "") }
