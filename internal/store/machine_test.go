package store

import (
	"context"
	"testing"

	"liandan/internal/machine/machinetest"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// withOrganisations lets the suite put in what grants refer to.
type withOrganisations struct{ *Store }

func (w withOrganisations) PutOrganisations(ctx context.Context, list ...party.Organisation) error {
	return w.UpdateRegistry(ctx, func(tx registry.Tx) error { return tx.PutOrganisations(list) })
}

// One suite judges the API clients on both databases.
func TestMachines(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			machinetest.Run(t, func(t *testing.T) machinetest.Store {
				s, err := Open(where(t))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { s.Close() })
				if _, err := s.Migrate(context.Background()); err != nil {
					t.Fatal(err)
				}
				return withOrganisations{s}
			})
		})
	}
}
