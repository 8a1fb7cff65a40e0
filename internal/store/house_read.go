package store

import (
	"database/sql"
	"encoding/json"

	"liandan/internal/batch"
	"liandan/internal/fault"
	"liandan/internal/id"
)

const (
	sqlBoxUses = `SELECT state FROM batches WHERE box = ? ORDER BY seq DESC LIMIT ?`
	sqlHolding = `SELECT state FROM batches WHERE site = ? AND stage {texts} ORDER BY id`
)

// BoxUses implements audit.House.
func (r *reader) BoxUses(box string, limit int) ([]batch.State, error) {
	return r.batchStates(sqlBoxUses, box, limit)
}

// Holding implements audit.House.
func (r *reader) Holding(site id.Site, stages []batch.Stage) ([]batch.State, error) {
	return r.batchStates(sqlHolding, site.String(), r.s.say.ids(words(stages)))
}

func (r *reader) batchStates(q string, args ...any) (out []batch.State, err error) {
	err = r.query(q, func(rows *sql.Rows) error {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		var s batch.State
		if err := json.Unmarshal(b, &s); err != nil {
			return fault.Wrap(err, fault.Damaged, "A batch's stored state cannot be read; run `liandan rebuild`.")
		}
		out = append(out, s)
		return nil
	}, args...)
	return out, err
}
