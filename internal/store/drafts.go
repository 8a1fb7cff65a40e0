package store

import (
	"context"
	"database/sql"
	"time"

	"liandan/internal/draft"
	"liandan/internal/id"
)

const (
	draftColumns = `d.id, d.party, d.version, d.content, d.made_at, d.changed_at, d.discarded_at, m.id IS NOT NULL`
	draftTables  = `manifest_drafts d LEFT JOIN manifests m ON m.id = d.id`

	sqlDraft     = `SELECT ` + draftColumns + ` FROM ` + draftTables + ` WHERE d.id = ?`
	sqlDrafts    = `SELECT ` + draftColumns + ` FROM ` + draftTables + ` WHERE d.party = ?`
	sqlOpenCount = `SELECT count(*) FROM ` + draftTables + ` WHERE d.party = ? AND d.discarded_at IS NULL AND m.id IS NULL`
	sqlAddDraft  = `INSERT INTO manifest_drafts (id, party, version, content, made_at, changed_at, discarded_at) VALUES (?, ?, ?, ?, ?, ?, NULL)`
	sqlPutDraft  = `UPDATE manifest_drafts SET version = ?, content = ?, changed_at = ?, discarded_at = ?
		WHERE id = ? AND version = ? AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.id = manifest_drafts.id)`
	sqlSweepDrafts = `DELETE FROM manifest_drafts WHERE discarded_at < ? OR changed_at < ? AND EXISTS (SELECT 1 FROM manifests m WHERE m.id = manifest_drafts.id)`
)

// draftOf are the conditions of the states of a draft.
var draftOf = map[draft.State]string{draft.Open: ` AND d.discarded_at IS NULL AND m.id IS NULL`, draft.Discarded: ` AND d.discarded_at IS NOT NULL AND m.id IS NULL`,
	draft.Issued: ` AND m.id IS NOT NULL`}

// AddDraft implements draft.Store. Two at one time may pass the bound by one; it is there so
// that nothing grows without end, not to be exact.
func (s *Store) AddDraft(ctx context.Context, d draft.Draft, most int) (added bool, err error) {
	err = s.transact(ctx, s.db, nil, func(r *reader) error {
		n := 0
		if err := r.query(sqlOpenCount, func(rows *sql.Rows) error { return rows.Scan(&n) }, d.Party); err != nil || n >= most {
			return err
		}
		added = true
		return r.exec(sqlAddDraft, d.ID, d.Party, d.Version, []byte(d.Content), stamp(d.Made), stamp(d.Changed))
	})
	return added && err == nil, err
}

// SweepDrafts implements draft.Store.
func (s *Store) SweepDrafts(ctx context.Context, discarded, issued time.Time) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error { return r.exec(sqlSweepDrafts, stamp(discarded), stamp(issued)) })
}

// Draft implements draft.Store.
func (s *Store) Draft(ctx context.Context, m id.Manifest) (d draft.Draft, ok bool, err error) {
	err = s.view(ctx, func(r *reader) error {
		found, err := r.drafts(sqlDraft, m)
		if len(found) > 0 {
			d, ok = found[0], true
		}
		return err
	})
	return d, ok, err
}

// Drafts implements draft.Store.
func (s *Store) Drafts(ctx context.Context, f draft.Filter, before id.Manifest, limit int) (out []draft.Draft, err error) {
	q, args := sqlDrafts+draftOf[f.State], []any{f.Party}
	if !before.IsZero() {
		q, args = q+` AND d.id < ?`, append(args, before)
	}
	q, args = q+` ORDER BY d.id DESC LIMIT ?`, append(args, limit)
	err = s.view(ctx, func(r *reader) error {
		out, err = r.drafts(q, args...)
		return err
	})
	return out, err
}

// PutDraft implements draft.Store.
func (s *Store) PutDraft(ctx context.Context, d draft.Draft, was int64) (done bool, err error) {
	err = s.transact(ctx, s.db, nil, func(r *reader) error {
		res, err := r.c.ExecContext(r.ctx, r.s.say.rebind(sqlPutDraft), d.Version, []byte(d.Content), stamp(d.Changed), stampOpen(d.Discarded), d.ID, was)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		done = n == 1
		return err
	})
	return done, err
}

func (r *reader) drafts(q string, args ...any) (out []draft.Draft, err error) {
	err = r.query(q, func(rows *sql.Rows) error {
		var d draft.Draft
		var content []byte
		var made, changed int64
		var discarded *int64
		if err := rows.Scan(&d.ID, &d.Party, &d.Version, &content, &made, &changed, &discarded, &d.Issued); err != nil {
			return err
		}
		d.Content, d.Made, d.Changed, d.Discarded = content, unstamp(made), unstamp(changed), unstampOpen(discarded)
		out = append(out, d)
		return nil
	}, args...)
	return out, err
}
