package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/duty"
	"liandan/internal/id"
	"liandan/internal/worklist"
)

// numbered is an id of a series.
func numbered(series byte, n int) id.UUID {
	var r [10]byte
	r[0] = series
	binary.BigEndian.PutUint64(r[2:], uint64(n))
	return id.V7(1_772_000_000_000, r)
}

// crowd fills the lists with many parties' things: party n%parties waits for thing n.
func crowd(t *testing.T, s *Store, things, parties int) {
	t.Helper()
	err := s.transact(context.Background(), s.db, nil, func(r *reader) error {
		for from := 0; from < things; from += 2000 {
			var subjects, who, sites []*string
			var kinds, lists []string
			var slots, ords []int64
			for n := from; n < min(from+2000, things); n++ {
				subjects, who, sites = append(subjects, text(numbered('b', n))), append(who, text(numbered('p', n%parties))), append(sites, text(numbered('s', n%parties)))
				kinds, lists, slots, ords = append(kinds, "batch"), append(lists, "waiting"), append(slots, 0), append(ords, int64(n/3))
			}
			if err := r.bulk(tableWorklist, len(subjects), subjects, slots, kinds, lists, who, sites, ords); err != nil {
				return err
			}
			if err := r.bulk(tableInvolved, len(subjects), subjects, who, kinds, ords); err != nil {
				return err
			}
			terms := make([]string, len(subjects))
			for i := range terms {
				terms[i] = fmt.Sprintf("code:%03d-001-01", i%9)
			}
			if err := r.bulk(tableTerms, len(subjects), terms, subjects, kinds, ords); err != nil {
				return err
			}
			if err := r.flush(); err != nil {
				return err
			}
		}
		return nil
	})
	if d, derr := s.db.DB(); err == nil && derr == nil && s.postgres {
		_, err = d.Exec(`VACUUM ANALYZE worklist, involved, terms`) // as the server does by itself after a while
	}
	if err != nil {
		t.Fatal(err)
	}
}

// plan is how the database means to answer.
func plan(t *testing.T, s *Store, q string, args []any) string {
	t.Helper()
	explain := "EXPLAIN QUERY PLAN "
	if s.postgres {
		explain = "EXPLAIN "
	}
	var out []string
	err := s.view(context.Background(), func(r *reader) error {
		return r.query(explain+q, func(rows *sql.Rows) error {
			cols, err := rows.Columns()
			if err != nil {
				return err
			}
			cells := make([]any, len(cols))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				return err
			}
			out = append(out, fmt.Sprint(*cells[len(cells)-1].(*any)))
			return nil
		}, args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

// walked says that a plan walks an index in its order: it neither reads a table whole nor sorts.
func walked(t *testing.T, what, plan, index string) {
	t.Helper()
	for _, bad := range []string{"Seq Scan on worklist", "Seq Scan on involved", "Seq Scan on terms", "Sort", "SCAN x\n", "TEMP B-TREE"} {
		if strings.Contains(plan+"\n", bad) {
			t.Errorf("%s: the plan has %q:\n%s", what, bad, plan)
		}
	}
	if !strings.Contains(plan, index) {
		t.Errorf("%s: the plan does not use %s:\n%s", what, index, plan)
	}
}

// Lists are walked by their index whatever they are narrowed by, from wherever a page begins.
func TestListsWalkTheirIndex(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		crowd(t, s, 20_000, 4)
		party, site := id.PartyOf(numbered('p', 3)), id.SiteOf(numbered('s', 3))
		all := audit.Source{List: worklist.Waiting, Span: duty.Span{From: -1, To: 1 << 60}}
		after := worklist.Key{Ord: 3000, Subject: numbered('b', 9000)}
		for what, c := range map[string]struct {
			f     audit.Filter
			index string
		}{
			"a party's":                      {audit.Filter{Party: party}, "worklist_party"},
			"a site's":                       {audit.Filter{Party: party, Site: site}, "worklist_party"},
			"a person's":                     {audit.Filter{Party: party, Person: id.PersonOf(numbered('h', 1))}, "worklist_party"},
			"with another party and by code": {audit.Filter{Party: party, With: []id.Party{party}, Terms: []string{"code:001-001-01"}}, "worklist_party"},
			"a district's":                   {audit.Filter{Division: "130602"}, "worklist_city"},
		} {
			c.f.Kind = worklist.Batch
			q, args := (&reader{s: s}).listed(all, c.f, after, 20)
			walked(t, what, plan(t, s, q, args), c.index)
		}
		// Page by page it is what it should be, and another's are not met.
		var got []worklist.Key
		key := worklist.Key{Ord: -1}
		for {
			var hits []audit.Hit
			var next *worklist.Key
			err := s.view(context.Background(), func(r *reader) (err error) {
				hits, next, err = r.Listed(all, audit.Filter{Kind: worklist.Batch, Party: party, Site: site, Terms: []string{"code:004-001-01"}}, key, 7)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				got = append(got, h.Key)
			}
			if next == nil {
				break
			}
			key = *next
		}
		want := 0
		for n := 3; n < 20_000; n += 4 {
			if n%2000%9 == 4 {
				want++
			}
		}
		if len(got) != want || want == 0 || !slices.IsSortedFunc(got, worklist.Key.Compare) {
			t.Errorf("%d things, expected %d, in order %v", len(got), want, slices.IsSortedFunc(got, worklist.Key.Compare))
		}
	})
}
