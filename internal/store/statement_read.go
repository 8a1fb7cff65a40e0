package store

import (
	"database/sql"

	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/record"
)

// The reads of statements and rulings.
const (
	sqlOutbox   = `SELECT id, kind, body FROM outbox ORDER BY id LIMIT ?`
	sqlNewestOf = `SELECT s.subject, s.n, e.hash FROM statements s JOIN entries e ON e.seq = s.seq
		WHERE s.subject {texts} AND s.n = (SELECT max(x.n) FROM statements x WHERE x.subject = s.subject)`
	sqlRulings     = `SELECT hash, seq, verdict FROM rulings WHERE hash {hashes}`
	sqlQuarantined = `SELECT hash, event_id, kind, state, body FROM quarantine WHERE hash {hashes}`
	sqlStatements  = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM statements WHERE subject = ?) ORDER BY seq`
	sqlRulingsOf   = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM rulings WHERE hash {hashes}) ORDER BY seq`
	sqlOffices     = `SELECT ` + keptColumns + ` FROM entries WHERE kind = 'fact' AND substr(body, 1, 16) = ? ORDER BY seq`
)

// Outbox implements record.Tx.
func (r *reader) Outbox(limit int) (out []record.Posted, err error) {
	if r.locked && !r.log.posted {
		return nil, nil
	}
	err = r.query(sqlOutbox, func(rows *sql.Rows) error {
		var p record.Posted
		if err := rows.Scan(&p.ID, &p.Kind, &p.Body); err != nil {
			return err
		}
		out = append(out, p)
		return nil
	}, limit)
	return out, err
}

// NewestOf implements record.Tx.
func (r *reader) NewestOf(subjects []string) (map[string]record.Chapter, error) {
	out := map[string]record.Chapter{}
	if len(subjects) == 0 {
		return out, nil
	}
	err := r.query(sqlNewestOf, func(rows *sql.Rows) error {
		var subject string
		var c record.Chapter
		if err := rows.Scan(&subject, &c.N, &c.Hash); err != nil {
			return err
		}
		out[subject] = c
		return nil
	}, r.s.say.ids(subjects))
	return out, err
}

// Rulings implements record.Reader.
func (r *reader) Rulings(hashes []id.Hash) (map[id.Hash]record.Ruling, error) {
	out := map[id.Hash]record.Ruling{}
	err := r.query(sqlRulings, func(rows *sql.Rows) error {
		var h id.Hash
		var v record.Ruling
		if err := rows.Scan(&h, &v.Seq, &v.Verdict); err != nil {
			return err
		}
		out[h] = v
		return nil
	}, r.s.say.hashes(hashes))
	return out, err
}

// Quarantined implements record.Reader.
func (r *reader) Quarantined(hashes []id.Hash) (map[id.Hash]record.Held, error) {
	out := map[id.Hash]record.Held{}
	err := r.query(sqlQuarantined, func(rows *sql.Rows) error {
		var h record.Held
		if err := rows.Scan(&h.Hash, &h.Event, &h.Kind, &h.State, &h.Body); err != nil {
			return err
		}
		out[h.Hash] = h
		return nil
	}, r.s.say.hashes(hashes))
	return out, err
}

// StatementsOf implements audit.Reader.
func (r *reader) StatementsOf(subject string) ([]ledger.Kept, error) {
	return r.kept(sqlStatements, subject)
}

// RulingsOf implements audit.Reader.
func (r *reader) RulingsOf(hashes []id.Hash) ([]ledger.Kept, error) {
	return r.kept(sqlRulingsOf, r.s.say.hashes(hashes))
}

// Offices implements audit.Reader. A fact is written in one spelling, its kind first.
func (r *reader) Offices() ([]ledger.Kept, error) {
	return r.kept(sqlOffices, []byte(`{"fact":"office"`))
}

func (r *reader) kept(q string, args ...any) (out []ledger.Kept, err error) {
	err = r.query(q, func(rows *sql.Rows) error {
		var k ledger.Kept
		if err := scanKept(rows, &k); err != nil {
			return err
		}
		out = append(out, k)
		return nil
	}, args...)
	return out, err
}
