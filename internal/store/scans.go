package store

import (
	"context"
	"database/sql"
	"time"

	"liandan/internal/audit"
	"liandan/internal/id"
)

const (
	sqlScan     = `SELECT type, body FROM scans WHERE hash = ?`
	sqlHasScan  = `SELECT 1 FROM scans WHERE hash = ?`
	sqlAddScan  = `INSERT INTO scans (hash, type, body, added_at) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING`
	sqlScanRows = `SELECT hash, type, body FROM scans ORDER BY hash`
)

// Scan implements audit.Reader.
func (r *reader) Scan(hash id.Hash) (s audit.Scan, ok bool, err error) {
	err = r.query(sqlScan, func(rows *sql.Rows) error {
		s.Hash, ok = hash, true
		return rows.Scan(&s.Type, &s.Body)
	}, hash)
	return s, ok, err
}

// HasScan implements audit.Reader.
func (r *reader) HasScan(hash id.Hash) (ok bool, err error) {
	err = r.query(sqlHasScan, func(rows *sql.Rows) error {
		var one int
		ok = true
		return rows.Scan(&one)
	}, hash)
	return ok, err
}

// AddScan implements audit.Store.
func (s *Store) AddScan(ctx context.Context, x audit.Scan, at time.Time) (known bool, err error) {
	err = s.transact(ctx, s.db, nil, func(r *reader) (err error) {
		if known, err = r.HasScan(x.Hash); err != nil || known {
			return err
		}
		return r.exec(sqlAddScan, x.Hash, string(x.Type), x.Body, stamp(at))
	})
	return known, err
}

// ScanRows implements audit.Rows.
func (r *reader) ScanRows(each func(audit.Scan) error) error {
	return r.query(sqlScanRows, func(rows *sql.Rows) error {
		var s audit.Scan
		if err := rows.Scan(digest(&s.Hash), word(&s.Type), octets(&s.Body)); err != nil {
			return err
		}
		return each(s)
	})
}
