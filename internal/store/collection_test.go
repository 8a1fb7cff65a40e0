package store

import (
	"testing"

	"liandan/internal/collection"
	"liandan/internal/collection/collectiontest"
)

// One suite judges the codes of small sources on both databases.
func TestCollection(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			collectiontest.Run(t, func(t *testing.T) collection.Store {
				return fresh(t, kind)
			})
		})
	}
}
