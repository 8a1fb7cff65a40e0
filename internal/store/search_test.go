package store

import (
	"context"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/worklist"
)

// Searches walk the index of whatever few things have, and what they find is narrowed to.
func TestSearchesWalkAnIndex(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		crowd(t, s, 20_000, 4)
		party, other := id.PartyOf(numbered('p', 3)), id.PartyOf(numbered('p', 2))
		after := worklist.Key{Ord: 5000, Subject: numbered('b', 15_000)}
		for what, c := range map[string]struct {
			f     audit.Filter
			index string
		}{
			"a party's":               {audit.Filter{Party: party}, "involved_who"},
			"by code and other party": {audit.Filter{Party: party, With: []id.Party{other}, Terms: []string{"code:001-001-01"}}, "involved_who"},
			"by plate":                {audit.Filter{Party: party, Terms: []string{"code:001-001-01", "plate:冀F00001"}}, "terms_"},
			"in a district by name":   {audit.Filter{Division: "130602", With: []id.Party{other}}, "involved_who"},
		} {
			c.f.Kind = worklist.Batch
			q, args := (&reader{s: s}).searched(c.f, after)
			if got := plan(t, s, q, args); what != "by plate" { // there is none: whatever the plan, it is short
				walked(t, what, got, c.index)
			}
		}
		f := audit.Filter{Kind: worklist.Batch, Party: party, Terms: []string{"code:004-001-01"}}
		key, n := worklist.Key{Ord: 1 << 62}, 0
		for range 1000 {
			var hits []audit.Hit
			var next *worklist.Key
			err := s.view(context.Background(), func(r *reader) (err error) {
				hits, next, err = r.Searched(f, key, 9)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hits {
				if h.Compare(key) >= 0 {
					t.Fatalf("%v comes after %v", h.Key, key)
				}
				key, n = h.Key, n+1
			}
			if next == nil {
				break
			}
			key = *next
		}
		want := 0
		for i := 3; i < 20_000; i += 4 {
			if i%2000%9 == 4 {
				want++
			}
		}
		if n != want {
			t.Errorf("%d things are found, expected %d", n, want)
		}
	})
}
