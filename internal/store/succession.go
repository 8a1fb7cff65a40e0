package store

import (
	"context"
	"database/sql"
	"time"

	"liandan/internal/ledger"
	"liandan/internal/statement"
)

const (
	// The kind stands in the text, not in an argument: only so do both databases see that
	// the small index is enough.
	sqlLogKeys        = `SELECT ` + keptColumns + ` FROM entries WHERE kind = 'log-key' ORDER BY seq`
	sqlPendingLogKeys = `SELECT body FROM outbox WHERE kind = 'log-key' ORDER BY id`
	sqlAddLogKey      = `INSERT INTO outbox (kind, body, made_at) VALUES (?, ?, ?)`
)

// LogKeys implements audit.Reader.
func (r *reader) LogKeys() (out []ledger.Kept, err error) {
	err = r.query(sqlLogKeys, func(rows *sql.Rows) error {
		var k ledger.Kept
		if err := scanKept(rows, &k); err != nil {
			return err
		}
		out = append(out, k)
		return nil
	})
	return out, err
}

func (r *reader) pendingLogKeys() (out [][]byte, err error) {
	err = r.query(sqlPendingLogKeys, func(rows *sql.Rows) error {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		out = append(out, b)
		return nil
	})
	return out, err
}

// Successions gives the notes by which the log's key was succeeded, as one reading finds
// them: those in the log, in its order, and those that wait for the next commit group.
// They are bytes of a table: nothing of them is believed yet.
func (s *Store) Successions(ctx context.Context) (logged, pending [][]byte, err error) {
	err = s.view(ctx, func(r *reader) error {
		logged, pending, err = r.successions()
		return err
	})
	return logged, pending, err
}

func (r *reader) successions() (logged, pending [][]byte, err error) {
	kept, err := r.LogKeys()
	if err != nil {
		return nil, nil, err
	}
	for _, k := range kept {
		logged = append(logged, k.Body)
	}
	pending, err = r.pendingLogKeys()
	return logged, pending, err
}

// Succeed puts a succession of the log's key into the outbox. decide sees what Successions
// gives while no other server can add to it, and answers the note, or nothing when there
// is nothing to add.
func (s *Store) Succeed(ctx context.Context, at time.Time, decide func(logged, pending [][]byte) ([]byte, error)) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error {
		if err := r.lock(); err != nil {
			return err
		}
		logged, pending, err := r.successions()
		if err != nil {
			return err
		}
		body, err := decide(logged, pending)
		if err != nil || body == nil {
			return err
		}
		return r.exec(sqlAddLogKey, statement.KindLogKey, body, stamp(at))
	})
}
