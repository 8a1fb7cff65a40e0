package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"liandan/internal/collection"
	"liandan/internal/id"
	"liandan/internal/statement"
)

// stopCodeRow is a one-time code of a small source. Times are Unix milliseconds.
type stopCodeRow struct {
	ID        id.Grant `gorm:"column:id;primaryKey"`
	Site      id.Site  `gorm:"column:site"`
	Hash      []byte   `gorm:"column:hash"`
	MadeAt    int64    `gorm:"column:made_at"`
	ExpiresAt int64    `gorm:"column:expires_at"`
	Tries     int      `gorm:"column:tries"`
	UsedAt    *int64   `gorm:"column:used_at"`
}

// TableName implements gorm's Tabler.
func (stopCodeRow) TableName() string { return "stop_codes" }

func (r stopCodeRow) code() (collection.Code, error) {
	c := collection.Code{ID: r.ID, Site: r.Site, Made: unstamp(r.MadeAt), Expires: unstamp(r.ExpiresAt), Tries: r.Tries, Used: unstampOpen(r.UsedAt)}
	return c, c.Hash.Scan(r.Hash)
}

// collectionVersionRow is the row whose lock lets one writer in at a time.
type collectionVersionRow struct {
	ID      int64 `gorm:"column:id;primaryKey"`
	Version int64 `gorm:"column:version"`
}

// TableName implements gorm's Tabler.
func (collectionVersionRow) TableName() string { return "collection_version" }

// UpdateCollection implements collection.Store. Raising the version comes first, as for
// accounts: tries are counted before they are compared, and nobody counts beside another.
func (s *Store) UpdateCollection(ctx context.Context, fn func(collection.Tx) error) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		n, err := gorm.G[collectionVersionRow](tx).Where("id = 1").Update(ctx, "version", gorm.Expr("version + 1"))
		return hit(n, err, "collection version row")
	}, func(tx *gorm.DB) error { return fn(&collectionWriter{collectionReader{ctx: ctx, db: tx}}) })
}

// collectionWriter is one transaction.
type collectionWriter struct{ collectionReader }

// NewestCode implements collection.Tx.
func (w *collectionWriter) NewestCode(site id.Site, since time.Time) (collection.Code, bool, error) {
	row, err := gorm.G[stopCodeRow](w.db).Where("site = ? AND made_at >= ?", site, stamp(since)).Order("made_at DESC, id DESC").Take(w.ctx)
	return one(row, err, stopCodeRow.code)
}

// CodesSince implements collection.Tx.
func (w *collectionWriter) CodesSince(site id.Site, since time.Time) (int, error) {
	n, err := gorm.G[stopCodeRow](w.db).Where("site = ? AND made_at >= ?", site, stamp(since)).Count(w.ctx, "id")
	return int(n), lost(err)
}

// AddCode implements collection.Tx.
func (w *collectionWriter) AddCode(c collection.Code) error {
	row := stopCodeRow{ID: c.ID, Site: c.Site, Hash: c.Hash[:], MadeAt: stamp(c.Made), ExpiresAt: stamp(c.Expires), Tries: c.Tries, UsedAt: stampOpen(c.Used)}
	return lost(gorm.G[stopCodeRow](w.db).Create(w.ctx, &row))
}

// PutCode implements collection.Tx.
func (w *collectionWriter) PutCode(c collection.Code) error {
	n, err := gorm.G[stopCodeRow](w.db).Where("id = ?", c.ID).Set(set("tries", c.Tries), set("used_at", stampOpen(c.Used))).Update(w.ctx)
	return hit(n, err, "stop code "+c.ID.String())
}

// SweepCodes implements collection.Tx.
func (w *collectionWriter) SweepCodes(before time.Time) error {
	_, err := gorm.G[stopCodeRow](w.db).Where("made_at < ?", stamp(before)).Delete(w.ctx)
	return lost(err)
}

// Post implements collection.Tx.
func (w *collectionWriter) Post(st statement.Statement, at time.Time) error {
	return outboxAdd(w.ctx, w.db, st, at)
}
