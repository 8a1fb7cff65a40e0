package store

import (
	"bytes"
	"context"
	"database/sql"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/waste"
)

// Catalog is the catalogue that ships with Liandan together with the editions that were
// imported; a text that was imported for an edition that ships takes its place. An edition
// whose rows are not what was imported is damaged, never half used.
func (s *Store) Catalog(ctx context.Context) (*waste.Catalog, error) {
	var imported []*waste.Edition
	err := s.ro.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
		imported, err = importedEditions(ctx, tx)
		return err
	}, &sql.TxOptions{ReadOnly: true, Isolation: s.snapshot()})
	if err != nil {
		if fault.As(err) != nil {
			return nil, err
		}
		return nil, unavailable(err)
	}
	return waste.NewCatalog(append(waste.DefaultCatalog().Editions(), imported...)...), nil
}

// newestEditions are the rows that hold: of each edition the highest revision.
const newestEditions = `SELECT edition, revision, valid_from, valid_to, source, hash, imported_at FROM catalog_editions e
	WHERE revision = (SELECT max(revision) FROM catalog_editions o WHERE o.edition = e.edition) ORDER BY valid_from, edition`

func importedEditions(ctx context.Context, db *gorm.DB) ([]*waste.Edition, error) {
	heads, err := gorm.G[editionRow](db).Raw(newestEditions).Find(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]*waste.Edition, len(heads))
	for i, head := range heads {
		if out[i], err = importedEdition(ctx, db, head); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func importedEdition(ctx context.Context, db *gorm.DB, head editionRow) (*waste.Edition, error) {
	const ours = "edition = ? AND revision = ?"
	categories, err := gorm.G[editionCategoryRow](db).Where(ours, head.Edition, head.Revision).Order("position").Find(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	entries, err := gorm.G[editionEntryRow](db).Where(ours, head.Edition, head.Revision).Order("position").Find(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	t := editionText(head, categories, entries)
	e, err := t.Edition()
	if hash := t.Hash(); err != nil || !bytes.Equal(hash[:], head.Hash) {
		return nil, fault.Wrap(err, fault.Damaged, "The catalogue's edition %s in the database is not what was imported. Restore it from a backup, or import it again with --replace.", head.Edition)
	}
	return e, nil
}
