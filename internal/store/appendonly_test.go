package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/intaketest"
	"liandan/internal/record"
)

// evidence are the tables that refuse any change of what they hold, with their order.
var evidence = map[string]string{"entries": "seq", "heads": "size", "tiles": "level, idx", "quarantine": "hash"}

// dump spells every cell of the evidence with its type.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{"entries", "heads", "tiles", "quarantine"} {
		rows, err := db.Query("SELECT * FROM " + table + " ORDER BY " + evidence[table])
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(any)
		}
		for n := 0; rows.Next(); n++ {
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			for i, name := range columns {
				v := *cells[i].(*any)
				fmt.Fprintf(&b, "%s %d %s %T %v\n", table, n, name, v, v)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// fill records two chains, one event that was held and let in, and one that waits.
func fill(t *testing.T, w *intaketest.World, svc *record.Service) {
	t.Helper()
	hold := func(s intaketest.Signed) {
		t.Helper()
		r := svc.Accept(context.Background(), s.JWS)
		if !r.Held || fault.Of(r.Err) != fault.WrongStage {
			t.Fatalf("an event out of order gave %+v", r)
		}
	}
	w.Send(svc, w.Chain(12_345)...)
	late := w.Chain(777)
	hold(late[1])
	w.Send(svc, late[0])
	hold(late[4])
}

// refusedByAll are changes that both databases must refuse.
var refusedByAll = []string{
	`UPDATE entries SET kind = kind`,
	`UPDATE entries SET seq = seq + 100`,
	`UPDATE entries SET event_id = NULL WHERE seq = 3`,
	`UPDATE entries SET hash = leaf_hash WHERE seq = 3`,
	`UPDATE entries SET leaf_hash = hash WHERE seq = 3`,
	`UPDATE entries SET recorded_at = recorded_at + 1`,
	`UPDATE entries SET entry = body WHERE seq = 0`,
	`UPDATE entries SET body = entry WHERE seq = 0`,
	`UPDATE heads SET root = root`,
	`UPDATE heads SET size = size + 1 WHERE size = 8`,
	`UPDATE heads SET recorded_at = 0`,
	`UPDATE heads SET checkpoint = root WHERE size = 1`,
	`UPDATE tiles SET level = 1`,
	`UPDATE tiles SET idx = 1`,
	`DELETE FROM entries`,
	`DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)`,
	`DELETE FROM heads`,
	`DELETE FROM heads WHERE size = 2`,
	`DELETE FROM tiles`,
	`DELETE FROM quarantine`,
	`DELETE FROM quarantine WHERE state = 'admitted'`,
	`UPDATE quarantine SET received_at = received_at + 1`,
	`INSERT INTO entries SELECT * FROM entries WHERE seq = 1`,
	`INSERT INTO heads SELECT * FROM heads WHERE size = 1`,
	`INSERT INTO tiles SELECT * FROM tiles`,
	`INSERT INTO heads SELECT * FROM heads WHERE size = 1 ON CONFLICT (size) DO UPDATE SET recorded_at = 7`,
	`INSERT INTO entries SELECT * FROM entries WHERE seq = 1 ON CONFLICT (seq) DO UPDATE SET recorded_at = 7`,
}

var refusedByPostgres = []string{
	`TRUNCATE entries`, `TRUNCATE heads`, `TRUNCATE tiles`, `TRUNCATE quarantine CASCADE`,
	`TRUNCATE entries, heads, tiles, quarantine, quarantine_subjects CASCADE`,
	`TRUNCATE ONLY entries RESTART IDENTITY`,
	`UPDATE tiles SET hashes = substring(hashes FROM 1 FOR 32)`,
	`UPDATE tiles SET hashes = ''`,
	`UPDATE tiles SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)`,
	`UPDATE tiles SET hashes = hashes || decode(repeat('00', 8193), 'hex')`,
	`UPDATE quarantine SET body = body || 'x'::bytea`,
	`UPDATE quarantine SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1)`,
	`UPDATE quarantine SET event_id = gen_random_uuid()`,
	`UPDATE entries AS e SET kind = 'x' FROM heads AS h WHERE h.size = e.seq`,
	`DELETE FROM entries AS e USING heads AS h WHERE h.size = e.seq`,
	`WITH gone AS (DELETE FROM entries RETURNING *) SELECT count(*) FROM gone`,
	`MERGE INTO entries AS e USING heads AS h ON h.size = e.seq WHEN MATCHED THEN DELETE`,
	`MERGE INTO heads AS e USING entries AS h ON h.seq = e.size WHEN MATCHED THEN UPDATE SET recorded_at = 0`,
}

var refusedBySQLite = []string{
	`INSERT OR REPLACE INTO entries SELECT seq, event_id, 'x', hash, leaf_hash, recorded_at, entry, body FROM entries WHERE seq = 1`,
	`INSERT OR REPLACE INTO entries SELECT 999, event_id, kind, hash, leaf_hash, recorded_at, entry, body FROM entries WHERE seq = 1`,
	`REPLACE INTO heads SELECT size, root, 7, checkpoint FROM heads WHERE size = 1`,
	`INSERT OR REPLACE INTO tiles SELECT level, idx, substr(hashes, 1, 32) FROM tiles`,
	`INSERT OR REPLACE INTO tiles SELECT level, idx, zeroblob(length(hashes)) FROM tiles`,
	`INSERT OR REPLACE INTO tiles SELECT level, idx, x'' FROM tiles`,
	`INSERT OR REPLACE INTO tiles SELECT level, idx, hashes || zeroblob(8193) FROM tiles`,
	`INSERT OR REPLACE INTO tiles (rowid, level, idx, hashes) SELECT rowid, 7, 7, hashes FROM tiles`,
	`INSERT OR REPLACE INTO quarantine SELECT hash, event_id, received_at, kind, detail, state, seq, body || 'x' FROM quarantine`,
	`INSERT OR REPLACE INTO quarantine (rowid, hash, event_id, received_at, kind, detail, state, body) SELECT rowid, zeroblob(32), event_id, 0, '', '', 'waiting', body FROM quarantine WHERE state = 'waiting'`,
	`UPDATE OR REPLACE entries SET seq = 0 WHERE seq = 1`,
	`UPDATE OR REPLACE entries SET event_id = (SELECT event_id FROM entries WHERE seq = 0) WHERE seq = 1`,
	`UPDATE OR REPLACE heads SET size = 1 WHERE size = 2`,
	`UPDATE OR REPLACE quarantine SET rowid = 1 WHERE rowid = 2`,
	`UPDATE OR IGNORE tiles SET rowid = 9`,
	`UPDATE tiles SET hashes = substr(hashes, 1, 32)`,
	`UPDATE tiles SET hashes = x''`,
	`UPDATE tiles SET hashes = zeroblob(length(hashes))`,
	`UPDATE tiles SET hashes = CAST(hashes AS TEXT)`,
	`UPDATE tiles SET hashes = CAST(hashes || zeroblob(8193) AS BLOB)`,
	`UPDATE quarantine SET body = CAST(body || 'x' AS BLOB)`,
	`UPDATE quarantine SET hash = zeroblob(32) WHERE rowid = 1`,
	`UPDATE quarantine SET event_id = 'x'`,
	`INSERT INTO tiles SELECT level, idx, zeroblob(32) FROM tiles WHERE true ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes`,
}

// passedOver are inserts that the store itself may make: they change nothing.
var passedOver = []string{
	`INSERT OR REPLACE INTO quarantine SELECT hash, event_id, 0, 'x', 'x', 'waiting', NULL, body FROM quarantine`,
}

// TestEvidenceRefusesChange: the database itself refuses, on the server's own connection
// and on any other, and nothing has changed afterwards; the intake works on.
func TestEvidenceRefusesChange(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			where, driver, statements := ready.SQLite, "sqlite", refusedBySQLite
			if kind == "postgres" {
				where, driver, statements = ready.Postgres, "pgx", refusedByPostgres
			}
			address := where(t)
			s, err := Open(address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			if _, err := s.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			w := intaketest.New(t, 21)
			svc := w.Intake(s)
			fill(t, w, svc)
			own, err := s.db.DB()
			if err != nil {
				t.Fatal(err)
			}
			// A plain connection has none of our pragmas: no recursive triggers, no foreign keys.
			plain, err := sql.Open(driver, address)
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Close()
			before := dump(t, own)
			for name, db := range map[string]*sql.DB{"own": own, "plain": plain} {
				for _, q := range append(append([]string{}, refusedByAll...), statements...) {
					if _, err := db.Exec(q); err == nil {
						t.Errorf("%s connection: not refused: %s", name, q)
					}
					if after := dump(t, own); after != before {
						t.Fatalf("%s connection: changed by %s\n%s", name, q, difference(before, after))
					}
				}
			}
			if kind == "sqlite" {
				for _, q := range passedOver {
					if _, err := plain.Exec(q); err != nil {
						t.Errorf("%s: %v", q, err)
					}
					if after := dump(t, own); after != before {
						t.Fatalf("changed by %s\n%s", q, difference(before, after))
					}
				}
			}
			w.Send(svc, w.Chain(4_321)...)
			if dump(t, own) == before {
				t.Error("nothing could be appended any more")
			}
		})
	}
}

func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("was %.200s\nnow %.200s", x[i], y[i])
		}
	}
	return fmt.Sprintf("%d cells were, %d are", len(x), len(y))
}

// TestTilesMayGrow: what the triggers let through is exactly growth at the right end.
func TestTilesMayGrow(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		w := intaketest.New(t, 22)
		w.Send(w.Intake(s), w.Chain(1_000)...)
		db, err := s.db.DB()
		if err != nil {
			t.Fatal(err)
		}
		read := func() (b []byte) {
			if err := db.QueryRow(`SELECT hashes FROM tiles WHERE level = 0 AND idx = 0`).Scan(&b); err != nil {
				t.Fatal(err)
			}
			return b
		}
		grown := append(read(), make([]byte, 32)...)
		q := s.say.rebind(`UPDATE tiles SET hashes = ? WHERE level = 0 AND idx = 0`)
		if _, err := db.Exec(q, grown); err != nil {
			t.Fatalf("a tile could not grow: %v", err)
		}
		if _, err := db.Exec(q, grown[:len(grown)-32]); err == nil {
			t.Error("a tile shrank")
		}
		if got := read(); string(got) != string(grown) {
			t.Errorf("the tile has %d bytes, want %d", len(got), len(grown))
		}
	})
}

// TestHeldTwice: the same bytes held again change no row and lose no other row of the
// same statement.
func TestHeldTwice(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		w := intaketest.New(t, 23)
		svc := w.Intake(s)
		a, b := w.Chain(1_000), w.Chain(2_000)
		for _, block := range [][][]byte{{a[1].JWS}, {a[1].JWS, b[1].JWS, a[4].JWS}} {
			held := svc.Begin(context.Background(), block)
			for i := range block {
				if r := held.Wait(context.Background(), i); !r.Held {
					t.Fatalf("line %d gave %+v", i, r)
				}
			}
		}
		db, err := s.db.DB()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := db.QueryRow(`SELECT count(*) FROM quarantine WHERE state = 'waiting'`).Scan(&n); err != nil || n != 3 {
			t.Fatalf("%d rows wait, want 3 (%v)", n, err)
		}
		w.Send(svc, a[0], b[0])
		if err := db.QueryRow(`SELECT count(*) FROM quarantine WHERE state = 'admitted'`).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d rows were let in, want the two %s (%v)", n, event.BatchStored, err)
		}
	})
}
