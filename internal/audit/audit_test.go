package audit_test

import (
	"testing"

	"liandan/internal/audit"
)

// TestSound: a store that nobody touched is sound, and the report counts what is in it.
func TestSound(t *testing.T) {
	onBothFull(t, func(t *testing.T, p *place) {
		r := p.sound("untouched")
		counts := map[string]int64{"entries": r.Entries, "batches": int64(r.Batches), "manifests": int64(r.Manifests),
			"postings": r.Postings, "quarantine": r.Held}
		for table, n := range counts {
			if got := p.rows(`SELECT count(*) FROM ` + table)[0][0].(int64); got != n || n == 0 {
				t.Errorf("the report counts %d %s, the table has %d", n, table, got)
			}
		}
		if n := p.rows(`SELECT count(*) FROM entries WHERE kind <> 'event'`)[0][0].(int64); r.Statements != n || n == 0 {
			t.Errorf("the report counts %d statements, the log has %d", r.Statements, n)
		}
		if want := (audit.Contested{Open: 1, Admitted: 1}); r.Contested != want || r.Unstated != 3 || len(r.Notes) != 2 {
			t.Errorf("contested %+v, %d keys without history, notes %+v", r.Contested, r.Unstated, r.Notes)
		}
		if r.Events+r.Statements != r.Entries || r.Entries != r.Head.Size || r.Entries <= 256 || r.GramsTotal != 0 {
			t.Errorf("report %+v", r)
		}
		if n := len(p.rows(`SELECT 1 FROM tiles WHERE level = 1`)); n != 1 {
			t.Errorf("%d tiles of level 1, want 1", n)
		}
	})
}
