package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/archive"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/past"
	"liandan/internal/statement"
)

// Imported records only grow, and come whole or not at all.
func TestImportsOnlyGrow(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			s, err := Open(where(t))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx := context.Background()
			if _, err := s.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			party, site := id.PartyOf(id.V7(1, [10]byte{1})), id.SiteOf(id.V7(1, [10]byte{2}))
			row := func(line int64, number string) archive.Row {
				r := past.Record{Kind: past.Manifests, Party: party, Site: site, Number: number, Day: "2025-01-02", Code: "841-001-01", Grams: 5}
				body, err := r.Body()
				if err != nil {
					t.Fatal(err)
				}
				return archive.Row{Line: line, Key: r.Key(), Record: r, Body: body}
			}
			keep := func(n byte, rows ...archive.Row) error {
				im := statement.Import{At: time.UnixMilli(1_772_000_000_000 + int64(n)).UTC(), By: "command", Kind: "manifests", Party: party, Site: site, File: id.Hash{n}, Lines: 2, Rows: 2, Grams: 10, Digest: id.Hash{n}, Reason: "样例 SAMPLE"}
				return s.KeepImport(ctx, im, func(add func([]archive.Row) error) error { return add(rows) })
			}
			count := func() (imports, records, posted int64) {
				for q, n := range map[string]*int64{"imports": &imports, "imported_records": &records, "outbox": &posted} {
					if err := s.db.Raw("SELECT count(*) FROM " + q).Scan(n).Error; err != nil {
						t.Fatal(err)
					}
				}
				return imports, records, posted
			}
			if err := keep(1, row(2, "A"), row(3, "B")); err != nil {
				t.Fatal(err)
			}
			err = s.view(ctx, func(r *reader) error {
				var got []string
				if err := r.PastYears(party, site, func(kind past.Kind, year string, lines, grams int64) error {
					got = append(got, fmt.Sprint(kind, year, lines, grams))
					return nil
				}); err != nil {
					return err
				}
				err := r.ImportsOf(party, site, func(hash id.Hash, body []byte) error {
					im, err := statement.ParseImport(body)
					got = append(got, im.Reason)
					return err
				})
				if want := []string{fmt.Sprint(past.Manifests, "2025", 2, 10), "样例 SAMPLE"}; !slices.Equal(got, want) {
					t.Errorf("the past is %v", got)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := keep(2, row(2, "C"), row(3, "A")); fault.Of(err) != fault.InvalidImport {
				t.Errorf("a line that is there already: %v", err)
			}
			if err := keep(1, row(2, "D")); err == nil {
				t.Error("one statement twice")
			}
			if a, b, c := count(); a != 1 || b != 2 || c != 1 {
				t.Errorf("half of an import stays: %d imports, %d records, %d statements", a, b, c)
			}
			kept, err := s.Imported(ctx, []id.Hash{row(2, "A").Key, row(2, "Z").Key})
			if err != nil || len(kept) != 1 {
				t.Errorf("%v %v", kept, err)
			}
			changes := []string{"UPDATE imports SET at = 0", "DELETE FROM imports", "UPDATE imported_records SET grams = 6", "DELETE FROM imported_records"}
			if kind == "postgres" {
				changes = append(changes, "TRUNCATE imports CASCADE", "TRUNCATE imported_records")
			} else {
				changes = append(changes, "INSERT OR REPLACE INTO imports SELECT hash, 0, body FROM imports", "INSERT OR REPLACE INTO imported_records SELECT import, line, record_key, party, site, kind, day, number, code, 6, body FROM imported_records")
			}
			for _, q := range changes {
				if err := s.db.Exec(q).Error; err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", q, err)
				}
			}
			if a, b, _ := count(); a != 1 || b != 2 {
				t.Error("a refused change changed something")
			}
		})
	}
}
