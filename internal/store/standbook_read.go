package store

import (
	"database/sql"
	"encoding/json"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/waste"
)

const (
	sqlStepsOf = `SELECT e.seq, e.body, p.batch, p.kind, p.party, p.site, p.code, p.method, p.grams
		FROM entries e LEFT JOIN postings p ON p.seq = e.seq
		WHERE e.seq IN (SELECT l.seq FROM entry_links l WHERE l.batch IN (SELECT q.batch FROM postings q WHERE q.party = ?))
		ORDER BY e.seq, p.line`
	sqlManifestsOf = `SELECT state FROM manifests WHERE consignor = ? OR consignee = ? ORDER BY COALESCE(number, ''), id`
)

// StepsOf implements audit.Reader. Rows are read as they come, so that a year of a large
// site takes no more memory than a day.
func (r *reader) StepsOf(p id.Party, each func(int64, []byte, []mass.Posting) error) error {
	at, body := int64(-1), []byte(nil)
	var postings []mass.Posting
	turn := func() error {
		if at < 0 {
			return nil
		}
		return each(at, body, postings)
	}
	err := r.query(sqlStepsOf, func(rows *sql.Rows) error {
		var seq int64
		var raw sql.RawBytes
		var q mass.Posting
		var kind, code, method sql.NullString
		var grams sql.NullInt64
		if err := rows.Scan(&seq, &raw, &q.Batch, &kind, &q.Party, &q.Site, &code, &method, &grams); err != nil {
			return err
		}
		if seq != at {
			if err := turn(); err != nil {
				return err
			}
			at, body, postings = seq, append([]byte(nil), raw...), postings[:0]
		}
		if kind.Valid {
			q.Kind, q.Code, q.Method = mass.AccountKind(kind.String), waste.Code(code.String), waste.Method(method.String)
			q.Grams = waste.Grams(grams.Int64)
			postings = append(postings, q)
		}
		return nil
	}, p.String())
	if err != nil {
		return err
	}
	return turn()
}

// ManifestsOf implements audit.Reader.
func (r *reader) ManifestsOf(p id.Party, each func(manifest.State) error) error {
	return r.query(sqlManifestsOf, func(rows *sql.Rows) error {
		var state []byte
		if err := rows.Scan(&state); err != nil {
			return err
		}
		var m manifest.State
		if err := json.Unmarshal(state, &m); err != nil {
			return fault.Wrap(err, fault.Damaged, "The stored state of a manifest cannot be read; run `liandan rebuild`.")
		}
		return each(m)
	}, p.String(), p.String())
}
