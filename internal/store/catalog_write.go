package store

import (
	"bytes"
	"context"
	"time"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/waste"
)

// CatalogImport says how an edition is to be imported.
type CatalogImport struct {
	Replace bool // an edition that is there with another content gets a new revision
	DryRun  bool // say what would be done and keep nothing
	At      time.Time
}

// CatalogOutcome is what an import did, or in a dry run would do.
type CatalogOutcome struct {
	Revision int  // that holds now; 1 for an edition that is new
	Known    bool // the same edition was there already: nothing was written
	// Before is the edition that held under this id, shipped or imported; nil where none did.
	Before *waste.Edition
	After  *waste.Edition
}

// ImportEdition keeps an edition. The same one again changes nothing. One that is there
// with another content is refused unless it is to be replaced; what it replaces is kept.
// Servers that run take it up when they start next.
//
// Faults: invalid-import, conflict, unavailable.
func (s *Store) ImportEdition(ctx context.Context, t waste.EditionText, o CatalogImport) (CatalogOutcome, error) {
	var out CatalogOutcome
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
		if s.postgres { // one import at a time; on SQLite the transaction has the file's lock
			if err := tx.Exec("LOCK TABLE catalog_editions IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
				return err
			}
		}
		out, err = importEdition(ctx, tx, t, o)
		return err
	})
	switch {
	case err == nil:
		return out, nil
	case fault.As(err) != nil:
		return CatalogOutcome{}, err
	}
	return CatalogOutcome{}, unavailable(err)
}

func importEdition(ctx context.Context, tx *gorm.DB, t waste.EditionText, o CatalogImport) (CatalogOutcome, error) {
	heads, err := gorm.G[editionRow](tx).Raw(newestEditions).Find(ctx)
	if err != nil {
		return CatalogOutcome{}, err
	}
	others, held := waste.DefaultCatalog().Editions(), editionRow{}
	out := CatalogOutcome{}
	for _, e := range others {
		if e.ID == t.ID {
			out.Before = e
		}
	}
	for _, head := range heads {
		if head.Edition == t.ID {
			held = head
			continue // its own dates may be mended by replacing it
		}
		others = append(others, &waste.Edition{ID: head.Edition, ValidFrom: unstamp(head.ValidFrom), ValidTo: unstampOpen(head.ValidTo), Imported: true})
	}
	if err := t.Fits(others); err != nil {
		return CatalogOutcome{}, err
	}
	if out.After, err = t.Edition(); err != nil {
		return CatalogOutcome{}, fault.Wrap(err, fault.InvalidImport, "The edition's text cannot be used; read it from its file again.")
	}
	if held.Revision > 0 {
		if out, err = succeed(ctx, tx, t, held, out, o.Replace); err != nil || out.Known {
			return out, err
		}
	}
	out.Revision = held.Revision + 1
	if o.DryRun {
		return out, nil
	}
	return out, addEdition(ctx, tx, t, out.Revision, o.At)
}

// succeed says how a text stands to the one that is held under its id. One whose rows are
// damaged cannot count as the same, and is not compared with.
func succeed(ctx context.Context, tx *gorm.DB, t waste.EditionText, held editionRow, out CatalogOutcome, replace bool) (CatalogOutcome, error) {
	before, err := importedEdition(ctx, tx, held)
	if err != nil && (fault.Of(err) != fault.Damaged || !replace) {
		return CatalogOutcome{}, err
	}
	out.Before = before
	if hash := t.Hash(); before != nil && bytes.Equal(held.Hash, hash[:]) {
		out.Revision, out.Known = held.Revision, true
		return out, nil
	}
	if !replace {
		return CatalogOutcome{}, fault.New(fault.Conflict, "Edition %s is here already with another content; give --replace if this one is right. The other is kept beside it.", t.ID)
	}
	return out, nil
}

func addEdition(ctx context.Context, tx *gorm.DB, t waste.EditionText, revision int, at time.Time) error {
	head, categories, entries := rowsOfEdition(t, revision, stamp(at))
	if err := gorm.G[editionRow](tx).Create(ctx, &head); err != nil {
		return err
	}
	if err := gorm.G[editionCategoryRow](tx).CreateInBatches(ctx, &categories, portion); err != nil {
		return err
	}
	return gorm.G[editionEntryRow](tx).CreateInBatches(ctx, &entries, portion)
}
