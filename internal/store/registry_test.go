package store

import (
	"context"
	"testing"

	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

// One suite judges the registry on both databases.
func TestRegistry(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			registrytest.Run(t, func(t *testing.T) registry.Store {
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
