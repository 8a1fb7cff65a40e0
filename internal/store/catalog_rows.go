package store

import (
	"liandan/internal/waste"
)

// Rows of imported editions of the catalogue. They are only ever added; the highest
// revision of an edition is the one that holds.

type editionRow struct {
	Edition    string `gorm:"column:edition;primaryKey"`
	Revision   int    `gorm:"column:revision;primaryKey;autoIncrement:false"`
	ValidFrom  int64  `gorm:"column:valid_from"`
	ValidTo    *int64 `gorm:"column:valid_to"`
	Source     string `gorm:"column:source"`
	Hash       []byte `gorm:"column:hash"`
	ImportedAt int64  `gorm:"column:imported_at"`
}

func (editionRow) TableName() string { return "catalog_editions" }

type editionCategoryRow struct {
	Edition  string `gorm:"column:edition;primaryKey"`
	Revision int    `gorm:"column:revision;primaryKey;autoIncrement:false"`
	Position int    `gorm:"column:position;primaryKey;autoIncrement:false"`
	Code     string `gorm:"column:code"`
	Title    string `gorm:"column:title"`
}

func (editionCategoryRow) TableName() string { return "catalog_categories" }

type editionEntryRow struct {
	Edition     string `gorm:"column:edition;primaryKey"`
	Revision    int    `gorm:"column:revision;primaryKey;autoIncrement:false"`
	Position    int    `gorm:"column:position;primaryKey;autoIncrement:false"`
	Code        string `gorm:"column:code"`
	Industry    string `gorm:"column:industry"`
	Description string `gorm:"column:description"`
	Hazards     string `gorm:"column:hazards"`
}

func (editionEntryRow) TableName() string { return "catalog_entries" }

// rowsOfEdition are the rows of a text under a revision.
func rowsOfEdition(t waste.EditionText, revision int, at int64) (editionRow, []editionCategoryRow, []editionEntryRow) {
	hash := t.Hash()
	head := editionRow{Edition: t.ID, Revision: revision, ValidFrom: stamp(t.ValidFrom), ValidTo: stampOpen(t.ValidTo),
		Source: t.Source, Hash: hash[:], ImportedAt: at}
	categories := make([]editionCategoryRow, len(t.Categories))
	for i, c := range t.Categories {
		categories[i] = editionCategoryRow{Edition: t.ID, Revision: revision, Position: i, Code: c.Code, Title: c.Title}
	}
	entries := make([]editionEntryRow, len(t.Entries))
	for i, e := range t.Entries {
		entries[i] = editionEntryRow{Edition: t.ID, Revision: revision, Position: i, Code: string(e.Code),
			Industry: e.Industry, Description: e.Description, Hazards: e.Hazards}
	}
	return head, categories, entries
}

// editionText puts an edition together from its rows, which come in their positions' order.
func editionText(head editionRow, categories []editionCategoryRow, entries []editionEntryRow) waste.EditionText {
	t := waste.EditionText{ID: head.Edition, ValidFrom: unstamp(head.ValidFrom), ValidTo: unstampOpen(head.ValidTo), Source: head.Source}
	for _, c := range categories {
		t.Categories = append(t.Categories, waste.CategoryText{Code: c.Code, Title: c.Title})
	}
	for _, e := range entries {
		t.Entries = append(t.Entries, waste.EntryText{Code: waste.Code(e.Code), Industry: e.Industry, Description: e.Description, Hazards: e.Hazards})
	}
	return t
}
