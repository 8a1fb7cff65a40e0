package store

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"liandan/internal/registry"
	"liandan/internal/signature"
	"liandan/internal/statement"
	"liandan/internal/testdb"
)

// atVersion runs a test on either database, with its tables as of a version of the schema.
func atVersion(t *testing.T, version int64, test func(t *testing.T, s *Store)) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": testdb.SQLite, "postgres": testdb.Postgres} {
		t.Run(kind, func(t *testing.T) {
			s, err := Open(where(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			p, err := s.provider()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.UpTo(t.Context(), version); err != nil {
				t.Fatal(err)
			}
			test(t, s)
		})
	}
}

func run(t *testing.T, s *Store, q string, args ...any) {
	t.Helper()
	if err := s.db.Exec(q, args...).Error; err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

const sampleParty, samplePerson = "ae572cb4-b905-55cd-ab71-b8fb9f3069e9", "fbddc36c-c3fa-5b08-b1bc-d49720c039e2"

func sampleKey(t *testing.T, seed byte) *signature.Signer {
	t.Helper()
	s, err := signature.NewSigner(ed25519.NewKeyFromSeed([]byte(strings.Repeat(string('a'+rune(seed)), ed25519.SeedSize))))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// insertKey puts a key into the table as it was before key histories.
func insertKey(t *testing.T, s *Store, k *signature.Signer, revoked any) {
	t.Helper()
	jwk, err := signature.FormatJWK(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	run(t, s, "INSERT INTO device_keys (kid, party, person, device, jwk, valid_from, valid_to, revoked_at) VALUES (?, ?, ?, 'SAMPLE', ?, 1000, 2000000000000, ?)",
		k.Kid(), sampleParty, samplePerson, jwk, revoked)
}

// Keys that were enrolled before their histories were kept are read, listed, stated once
// each, and the way back from the new tables is open.
func TestKeysFromBeforeHistories(t *testing.T) {
	atVersion(t, 2, func(t *testing.T, s *Store) {
		run(t, s, "INSERT INTO organisations VALUES (?, 'SAMPLE', 'SAMPLE', 'medical', ?, 0, NULL)", sampleParty, true)
		run(t, s, "INSERT INTO people VALUES (?, ?, 0, NULL)", samplePerson, sampleParty)
		sound, lost := sampleKey(t, 0), sampleKey(t, 1)
		insertKey(t, s, sound, nil)
		insertKey(t, s, lost, 1_700_000_000_000)
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var algs []string
		if err := s.db.Raw("SELECT alg FROM device_keys").Scan(&algs).Error; err != nil || len(algs) != 2 || algs[0] != "EdDSA" || algs[1] != "EdDSA" {
			t.Errorf("algorithms %v %v", algs, err)
		}
		now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
		svc := registry.New(registry.Config{Store: s, Now: func() time.Time { return now }, Random: rand.NewChaCha8([32]byte{})})
		k, ok, err := svc.Key(t.Context(), lost.Kid())
		if err != nil || !ok || !k.RefusedFrom.Equal(time.UnixMilli(1_700_000_000_000)) {
			t.Errorf("before it is stated: %+v %v", k, err)
		}
		if n, err := svc.StateKeys(t.Context()); err != nil || n != 2 {
			t.Errorf("%d keys stated: %v", n, err)
		}
		var told []string
		for _, row := range outbox(t, s) {
			c, err := statement.ParseKey(row.Body)
			if err != nil || row.Kind != statement.KindKey || row.MadeAt != now.UnixMilli() {
				t.Fatalf("%+v: %v", row, err)
			}
			told = append(told, fmt.Sprint(c.Kid, c.N, c.What))
		}
		want := []string{fmt.Sprint(sound.Kid(), 1, "enrolled"), fmt.Sprint(lost.Kid(), 1, "enrolled"), fmt.Sprint(lost.Kid(), 2, "revoked")}
		if sound.Kid() > lost.Kid() {
			want = append(want[1:], want[0])
		}
		if strings.Join(told, " ") != strings.Join(want, " ") {
			t.Errorf("the outbox holds %v, want %v", told, want)
		}
		p, err := s.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.DownTo(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		var kids []string
		if err := s.db.Raw("SELECT kid FROM device_keys WHERE revoked_at IS NOT NULL").Scan(&kids).Error; err != nil || len(kids) != 1 || kids[0] != lost.Kid() {
			t.Errorf("after the way back: %v %v", kids, err)
		}
	})
}

func outbox(t *testing.T, s *Store) []outboxRow {
	t.Helper()
	rows, err := gorm.G[outboxRow](s.db).Order("id").Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A statement is in the outbox exactly when its change is in the table.
func TestAChangeAndItsStatementShareATransaction(t *testing.T) {
	atVersion(t, 8, func(t *testing.T, s *Store) {
		run(t, s, "INSERT INTO organisations VALUES (?, 'SAMPLE', 'SAMPLE', 'medical', ?, 0, NULL)", sampleParty, true)
		run(t, s, "INSERT INTO people VALUES (?, ?, 0, NULL)", samplePerson, sampleParty)
		k := sampleKey(t, 2)
		insertKey(t, s, k, nil)
		ctx := context.Background()
		chapter := func(n int64) statement.Statement {
			jwk, err := signature.FormatJWK(k.Public())
			if err != nil {
				t.Fatal(err)
			}
			st, err := statement.Key{Kid: k.Kid(), N: n, What: statement.Enrolled, At: time.Unix(1, 0), By: "account:SAMPLE",
				Party: registry.PartyID("12130600MB0000001A"), Person: registry.PersonID(registry.PartyID("12130600MB0000001A"), "N-1"),
				JWK: jwk, From: time.Unix(1, 0)}.Statement()
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		change := func(tx registry.Tx, st statement.Statement) error {
			r, ok, err := tx.Key(k.Kid())
			if err != nil || !ok {
				return fmt.Errorf("%v %w", ok, err)
			}
			r.Key = r.Revoke(time.Unix(2000, 0), time.Unix(3000, 0))
			r.Chapters, r.Newest = 1, st.Hash()
			if err := tx.PutKey(r); err != nil {
				return err
			}
			return tx.State(st)
		}
		state := func() (revoked bool, said int) {
			r, _, err := s.RegistryReader(ctx).Key(k.Kid())
			if err != nil {
				t.Fatal(err)
			}
			return !r.RevokedAt.IsZero(), len(outbox(t, s))
		}
		// A statement that the log could not take takes its change with it.
		if err := s.UpdateRegistry(ctx, func(tx registry.Tx) error { return change(tx, chapter(7)) }); err == nil {
			t.Error("a statement without the one before it was taken")
		}
		if err := s.UpdateRegistry(ctx, func(tx registry.Tx) error {
			if err := change(tx, chapter(1)); err != nil {
				t.Error(err)
			}
			return context.Canceled
		}); err == nil {
			t.Error("a refused change went through")
		}
		if revoked, said := state(); revoked || said != 0 {
			t.Errorf("after refusals: revoked %v, %d statements", revoked, said)
		}
		if err := s.UpdateRegistry(ctx, func(tx registry.Tx) error { return change(tx, chapter(1)) }); err != nil {
			t.Error(err)
		}
		if revoked, said := state(); !revoked || said != 1 {
			t.Errorf("after the change: revoked %v, %d statements", revoked, said)
		}
	})
}
