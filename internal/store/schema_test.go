package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every table of the schema is of one of three sorts, and whoever adds one says here of
// which. (The projections are those that a rebuild empties.)
var (
	// keepsAll hold evidence or history: the database refuses to change or drop a row.
	keepsAll = []string{"entries", "heads", "tiles", "quarantine", "catalog_editions", "catalog_categories", "catalog_entries",
		"imports", "imported_records", "sample_lists", "scans", "reports", "register_changes"}
	// changes hold what may change by right: registers, accounts, drafts, plans, queues, and what
	// a check compares but the log alone cannot give back.
	changes = []string{"log_state", "labels", "quarantine_subjects", "outbox",
		"registry_version", "organisations", "sites", "licences", "people", "device_keys", "enrolments", "tokens", "vehicles", "plan_lines", "approvals", "register_uploads",
		"accounts_version", "accounts", "appointments", "invitations", "sessions", "recovery_codes", "sign_in_attempts", "sign_in_flows",
		"clients", "client_secrets", "client_tokens", "client_grants",
		"collection_version", "stop_codes", "manifest_drafts", "bookings", "trip_plans", "trip_stops"}
)

var ofProjection = regexp.MustCompile(`^(?:DELETE FROM|UPDATE) (\w+)`)

// TestEveryTableHasItsSort: no table is forgotten by the triggers or by a rebuild, in either
// database.
func TestEveryTableHasItsSort(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		sorts := map[string]int{}
		for _, name := range slices.Concat(keepsAll, changes) {
			sorts[name]++
		}
		for _, q := range projections {
			sorts[ofProjection.FindStringSubmatch(q)[1]]++
		}
		there := s.column(t, map[bool]string{
			true:  `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'goose_db_version'`,
			false: `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`})
		for _, name := range there {
			if sorts[name] != 1 {
				t.Errorf("the table %s is of %d sorts, want one", name, sorts[name])
			}
			delete(sorts, name)
		}
		for name := range sorts {
			t.Errorf("there is no table %s", name)
		}
		guarded := s.guards(t)
		for _, name := range keepsAll {
			want := []string{"DELETE", "TRUNCATE", "UPDATE"}
			if !s.postgres { // there no statement truncates, and REPLACE can delete without a DELETE
				want = []string{"DELETE", "INSERT", "UPDATE"}
			}
			if got := guarded[name]; !slices.Equal(got, want) {
				t.Errorf("%s: triggers before %v, want %v", name, got, want)
			}
		}
	})
}

func (s *Store) column(t *testing.T, by map[bool]string) (out []string) {
	t.Helper()
	db, err := s.db.DB()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(by[s.postgres])
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

var sqliteTrigger = regexp.MustCompile(`BEFORE (UPDATE|DELETE|INSERT) ON (\w+)`)

// guards lists, for each table, before which statements a trigger looks.
func (s *Store) guards(t *testing.T) map[string][]string {
	t.Helper()
	met := map[string]bool{}
	// Of pg_trigger.tgtype: 2 before, 8 DELETE, 16 UPDATE, 32 TRUNCATE.
	for _, line := range s.column(t, map[bool]string{
		true: `SELECT c.relname || ' ' || g.tgtype FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = current_schema() AND NOT g.tgisinternal AND g.tgenabled = 'O' AND g.tgtype & 2 = 2`,
		false: `SELECT sql FROM sqlite_master WHERE type = 'trigger'`}) {
		if !s.postgres {
			m := sqliteTrigger.FindStringSubmatch(line)
			met[m[2]+" "+m[1]] = true
			continue
		}
		var table string
		var bits int
		if _, err := fmt.Sscan(line, &table, &bits); err != nil {
			t.Fatal(err)
		}
		for bit, word := range map[int]string{8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"} {
			if bits&bit != 0 {
				met[table+" "+word] = true
			}
		}
	}
	out := map[string][]string{}
	for line := range met {
		table, word, _ := strings.Cut(line, " ")
		out[table] = append(out[table], word)
	}
	for _, words := range out {
		slices.Sort(words)
	}
	return out
}
