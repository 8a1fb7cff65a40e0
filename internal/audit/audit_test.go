package audit_test

import (
	"testing"
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
		if r.Events != r.Entries || r.Entries != r.Head.Size || r.Entries <= 256 || r.GramsTotal != 0 {
			t.Errorf("report %+v", r)
		}
		if n := len(p.rows(`SELECT 1 FROM tiles WHERE level = 1`)); n != 1 {
			t.Errorf("%d tiles of level 1, want 1", n)
		}
	})
}
