package store

import (
	"testing"

	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

// One suite judges the registry on both databases.
func TestRegistry(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			registrytest.Run(t, func(t *testing.T) registry.Store {
				return fresh(t, kind)
			})
		})
	}
}
