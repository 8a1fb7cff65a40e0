package store

import (
	"context"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/rule"
	"liandan/internal/worklist"
)

// The list of findings walks its index whatever it is narrowed by, and looks whom a thing
// concerns up by keys.
func TestFindingsWalkTheirIndex(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		crowd(t, s, 4_000, 4)
		err := s.transact(context.Background(), s.db, nil, func(r *reader) error {
			var subjects []*string
			var seqs, loose, grave, at []int64
			for n := range 4_000 {
				seqs, subjects, loose = append(seqs, int64(n)), append(subjects, text(numbered('b', n))), append(loose, 0)
				grave, at = append(grave, int64(n%2)), append(at, int64(n))
			}
			if err := r.bulk(tableCandidates, len(seqs), seqs, subjects, loose, grave, at); err != nil {
				return err
			}
			return r.flush()
		})
		if d, derr := s.db.DB(); err == nil && derr == nil && s.postgres {
			_, err = d.Exec(`VACUUM ANALYZE candidates`)
		}
		if err != nil {
			t.Fatal(err)
		}
		party := id.PartyOf(numbered('p', 3))
		for what, f := range map[string]audit.FindingFilter{
			"a party's":     {Filter: audit.Filter{Party: party}, Least: rule.Open},
			"a site's":      {Filter: audit.Filter{Party: party, Site: id.SiteOf(numbered('s', 3))}, Least: rule.Open},
			"a district's":  {Filter: audit.Filter{Division: "130602"}, Least: rule.Open},
			"remarks too":   {Filter: audit.Filter{Party: party}},
			"of a code, of": {Filter: audit.Filter{Party: party, With: []id.Party{party}, Terms: []string{worklist.ByCode("841-001-01")}}, Least: rule.Open},
		} {
			index := "candidates_grave"
			if !f.Grave() {
				index = map[bool]string{true: "candidates_pkey", false: "sqlite_autoindex_candidates_1"}[s.postgres]
			}
			q, args := (&reader{s: s}).candidates(f, 3_000)
			walked(t, what, plan(t, s, q, args), index)
			q, args = (&reader{s: s}).permitted(f, 3_000)
			p := plan(t, s, q, args)
			if !s.postgres { // an empty table of events: PostgreSQL sorts nothing either way
				walked(t, "permits of "+what, p, "event_index")
			}
		}
		err = s.view(context.Background(), func(r *reader) error {
			met := 0
			for before := int64(1 << 62); before > 0; {
				rows, looked, err := r.Candidates(audit.FindingFilter{Filter: audit.Filter{Party: party}, Least: rule.Open}, before, 97)
				if err != nil {
					return err
				}
				for i, c := range rows {
					if c.Seq >= before || c.Seq < looked || c.Seq%4 != 3 || i > 0 && c.Seq >= rows[i-1].Seq {
						t.Fatalf("row %d of those from %d to %d: %+v", i, looked, before, c)
					}
				}
				met += len(rows)
				before = looked
			}
			if met != 1_000 {
				t.Errorf("%d candidates of the party, expected 1000", met)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
