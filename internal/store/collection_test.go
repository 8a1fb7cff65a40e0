package store

import (
	"context"
	"testing"

	"liandan/internal/collection"
	"liandan/internal/collection/collectiontest"
)

// One suite judges the codes of small sources on both databases.
func TestCollection(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			collectiontest.Run(t, func(t *testing.T) collection.Store {
				s, err := Open(where(t))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { s.Close() })
				if _, err := s.Migrate(context.Background()); err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}
