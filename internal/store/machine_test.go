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
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			machinetest.Run(t, func(t *testing.T) machinetest.Store {
				return withOrganisations{fresh(t, kind)}
			})
		})
	}
}
