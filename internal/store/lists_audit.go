package store

import (
	"database/sql"

	"liandan/internal/id"
	"liandan/internal/worklist"
)

const (
	sqlWorklistRows = `SELECT subject, slot, kind, list, party, site, ord FROM worklist ORDER BY subject, slot`
	sqlInvolvedRows = `SELECT subject, who, kind, at FROM involved ORDER BY subject, who`
	sqlTermRows     = `SELECT term, subject, kind, at FROM terms ORDER BY subject, term`
)

func same(u id.UUID) id.UUID { return u }

// WorklistRows implements audit.Rows.
func (r *reader) WorklistRows(each func(worklist.Row) error) error {
	return r.query(sqlWorklistRows, func(rows *sql.Rows) error {
		var w worklist.Row
		var slot int64
		if err := rows.Scan(name(&w.Subject, same), whole(&slot), word(&w.Kind), word(&w.List), name(&w.Party, id.PartyOf),
			name(&w.Site, id.SiteOf), whole(&w.Ord)); err != nil {
			return err
		}
		w.Slot = int(slot)
		return each(w)
	})
}

// InvolvedRows implements audit.Rows.
func (r *reader) InvolvedRows(each func(worklist.Involved) error) error {
	return r.query(sqlInvolvedRows, func(rows *sql.Rows) error {
		var v worklist.Involved
		if err := rows.Scan(name(&v.Subject, same), name(&v.Who, same), word(&v.Kind), whole(&v.At)); err != nil {
			return err
		}
		return each(v)
	})
}

// TermRows implements audit.Rows.
func (r *reader) TermRows(each func(worklist.Term) error) error {
	return r.query(sqlTermRows, func(rows *sql.Rows) error {
		var v worklist.Term
		if err := rows.Scan(word(&v.Term), name(&v.Subject, same), word(&v.Kind), whole(&v.At)); err != nil {
			return err
		}
		return each(v)
	})
}
