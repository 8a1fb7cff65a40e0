package store

import (
	"testing"

	"liandan/internal/draft"
	"liandan/internal/draft/drafttest"
	"liandan/internal/id"
)

// One suite judges the drafts of manifests on both databases.
func TestDrafts(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			drafttest.Run(t, func(t *testing.T) (draft.Store, func(id.Manifest)) {
				s := fresh(t, kind)
				return s, func(m id.Manifest) {
					p := id.PartyOf(id.UUID{1})
					if err := s.transact(t.Context(), s.db, nil, func(r *reader) error {
						return r.exec(`INSERT INTO manifests (id, stage, consignor, carrier, consignee, seq, state) VALUES (?, 'issued', ?, ?, ?, 0, ?)`, m, p, p, p, []byte("{}"))
					}); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}
