package store

import (
	"context"
	"database/sql"
	"time"

	"liandan/internal/id"
	"liandan/internal/ledger"
)

const (
	sqlDraws      = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM event_index WHERE type = 'sample.drawn') ORDER BY seq`
	sqlSampleList = `SELECT body FROM sample_lists WHERE hash = ?`
	sqlAddList    = `INSERT INTO sample_lists (hash, body, made_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING`
)

// Draws implements audit.Reader.
func (r *reader) Draws() ([]ledger.Kept, error) { return r.kept(sqlDraws) }

// SampleList implements audit.Reader.
func (r *reader) SampleList(hash id.Hash) (body []byte, err error) {
	err = r.query(sqlSampleList, func(rows *sql.Rows) error { return rows.Scan(&body) }, hash)
	return body, err
}

// AddSampleList implements audit.Store. The first that came under a hash stays.
func (s *Store) AddSampleList(ctx context.Context, hash id.Hash, body []byte, at time.Time) (known bool, err error) {
	err = s.transact(ctx, s.db, nil, func(r *reader) error {
		there, err := r.SampleList(hash)
		if err != nil || there != nil {
			known = there != nil
			return err
		}
		return r.exec(sqlAddList, hash, body, stamp(at))
	})
	return known, err
}
