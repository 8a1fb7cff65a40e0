package store

import (
	"context"
	"testing"

	"liandan/internal/intaketest"
	"liandan/internal/merkle"
	"liandan/internal/testdb"
	"liandan/migrations"
)

// ready is the schema, in a database of the test's own.
var ready = testdb.Schema{Files: migrations.Files, Apply: func(address string) error {
	s, err := Open(address)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Migrate(context.Background())
	return err
}}

// both runs a test on a fresh database of each kind.
func both(t *testing.T, run func(t *testing.T, s *Store)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			run(t, fresh(t, kind))
		})
	}
}

// fresh is a new database of a kind, closed after the test.
func fresh(t *testing.T, kind string) *Store {
	t.Helper()
	s := opened(t, kind)
	t.Cleanup(func() { s.Close() })
	return s
}

// opened is a new database of a kind; closing it is the caller's.
func opened(t *testing.T, kind string) *Store {
	t.Helper()
	where := ""
	if kind == "sqlite" {
		where = ready.SQLite(t)
	} else {
		where = ready.Postgres(t)
	}
	s, err := Open(where)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOneChain(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		w := intaketest.New(t, 1)
		svc := w.Intake(s)
		events := w.Chain(12_345)
		receipts := w.Send(svc, events...)
		for i, r := range receipts {
			if r.Seq != int64(i) {
				t.Errorf("event %d has seq %d", i, r.Seq)
			}
			if _, err := merkle.CheckReceipt(r.Proof, r.Entry, w.Verifier); err != nil {
				t.Errorf("receipt %d: %v", i, err)
			}
		}
		again := svc.Accept(context.Background(), events[3].JWS)
		if again.Err != nil || !again.Repeat || string(again.Receipt.Proof) != string(receipts[3].Proof) {
			t.Errorf("the same bytes again gave %+v", again)
		}
	})
}
