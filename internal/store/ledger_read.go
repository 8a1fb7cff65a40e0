package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/merkle"
	"liandan/internal/record"
)

// The reads before a commit group.
const (
	keptColumns = `seq, event_id, kind, recorded_at, hash, leaf_hash, entry, body`

	sqlLog        = `SELECT size, root, recorded_at FROM log_state WHERE id = 1`
	sqlTile       = `SELECT hashes FROM tiles WHERE level = ? AND idx = ?`
	sqlKnown      = `SELECT event_id, seq, hash FROM entries WHERE event_id {ids}`
	sqlBatches    = `SELECT id, state FROM batches WHERE id {ids}`
	sqlManifests  = `SELECT id, state FROM manifests WHERE id {ids}`
	sqlChainHolds = `SELECT count(*) FROM entry_links WHERE batch = ? AND leaf_hash = ?`
	sqlLabels     = `SELECT token, batch FROM labels WHERE token {texts}`
	sqlStuck      = `SELECT DISTINCT s.subject FROM quarantine_subjects s JOIN quarantine q ON q.hash = s.hash WHERE s.subject {ids} AND q.state = 'waiting'`
	sqlWaiting    = `SELECT q.body FROM quarantine q WHERE q.state = 'waiting' AND q.hash IN
		(SELECT hash FROM quarantine_subjects WHERE subject {ids}) ORDER BY q.received_at, q.hash`
	sqlHeadCovering = `SELECT size, root, checkpoint FROM heads WHERE size > ? ORDER BY size LIMIT 1`
	sqlEntry        = `SELECT ` + keptColumns + ` FROM entries WHERE seq = ?`
)

// lock takes the log's row lock and remembers what the row says.
func (r *reader) lock() (err error) {
	r.head, r.at, err = r.readLog(r.s.say.lockLog)
	r.locked = err == nil
	return err
}

// Log implements record.Reader.
func (r *reader) Log() (h merkle.Head, at time.Time, err error) {
	if r.locked {
		return r.head, r.at, nil
	}
	return r.readLog(sqlLog)
}

func (r *reader) readLog(q string) (h merkle.Head, at time.Time, err error) {
	found := false
	err = r.query(q, func(rows *sql.Rows) error {
		var ms int64
		found = true
		if err := rows.Scan(&h.Size, &h.Root, &ms); err != nil {
			return err
		}
		at = unstamp(ms)
		return nil
	})
	if err == nil && !found {
		err = fault.New(fault.Damaged, "The log's head row is gone; run `liandan check`.")
	}
	return h, at, err
}

// Tile implements record.Reader.
func (r *reader) Tile(t merkle.TileID, width int) (b []byte, err error) {
	err = r.query(sqlTile, func(rows *sql.Rows) error { return rows.Scan(&b) }, t.Level, t.Index)
	if err == nil && len(b) < width*32 {
		err = fault.New(fault.Damaged, "Tile %d/%d has %d hashes, %d are needed; run `liandan check`.", t.Level, t.Index, len(b)/32, width)
	}
	return b, err
}

// Known implements record.Reader.
func (r *reader) Known(ids []id.Event) (map[id.Event]record.Known, error) {
	out := make(map[id.Event]record.Known, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := r.query(sqlKnown, func(rows *sql.Rows) error {
		var e id.Event
		var k record.Known
		if err := rows.Scan(&e, &k.Seq, &k.Hash); err != nil {
			return err
		}
		out[e] = k
		return nil
	}, r.s.say.ids(spell(ids)))
	return out, err
}

func spell[T fmt.Stringer](ids []T) []string {
	out := make([]string, len(ids))
	for i, v := range ids {
		out[i] = v.String()
	}
	return out
}

// Batches implements record.Reader.
func (r *reader) Batches(ids []id.Batch) (map[id.Batch]batch.State, error) {
	return states[id.Batch, batch.State](r, sqlBatches, ids)
}

// Manifests implements record.Reader.
func (r *reader) Manifests(ids []id.Manifest) (map[id.Manifest]manifest.State, error) {
	return states[id.Manifest, manifest.State](r, sqlManifests, ids)
}

type stringer interface {
	comparable
	fmt.Stringer
}

func states[K stringer, V any](r *reader, q string, ids []K) (map[K]V, error) {
	out := make(map[K]V, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := r.query(q, func(rows *sql.Rows) error {
		var k K
		var b []byte
		if err := rows.Scan(any(&k), &b); err != nil {
			return err
		}
		var v V
		if err := json.Unmarshal(b, &v); err != nil {
			return fault.Wrap(err, fault.Damaged, "The stored state of %s cannot be read; run `liandan rebuild`.", k)
		}
		out[k] = v
		return nil
	}, r.s.say.ids(spell(ids)))
	return out, err
}

// ChainHolds implements record.Reader.
func (r *reader) ChainHolds(b id.Batch, leaf id.Hash) (bool, error) {
	n := 0
	err := r.query(sqlChainHolds, func(rows *sql.Rows) error { return rows.Scan(&n) }, b.String(), leaf[:])
	return n > 0, err
}

// Labels implements record.Reader.
func (r *reader) Labels(tokens []event.Label) (map[event.Label]id.Batch, error) {
	out := map[event.Label]id.Batch{}
	if len(tokens) == 0 {
		return out, nil
	}
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = string(t)
	}
	err := r.query(sqlLabels, func(rows *sql.Rows) error {
		var t string
		var b id.Batch
		if err := rows.Scan(&t, &b); err != nil {
			return err
		}
		out[event.Label(t)] = b
		return nil
	}, r.s.say.ids(words))
	return out, err
}

// Stuck implements record.Reader.
func (r *reader) Stuck(subjects []record.Subject) (out []record.Subject, err error) {
	err = r.query(sqlStuck, func(rows *sql.Rows) error {
		var s string
		if err := rows.Scan(&s); err != nil {
			return err
		}
		out = append(out, record.Subject(s))
		return nil
	}, r.s.say.ids(spoken(subjects)))
	return out, err
}

func spoken(subjects []record.Subject) []string {
	words := make([]string, len(subjects))
	for i, s := range subjects {
		words[i] = string(s)
	}
	return words
}

// Waiting implements record.Reader.
func (r *reader) Waiting(subjects []record.Subject) (out [][]byte, err error) {
	err = r.query(sqlWaiting, func(rows *sql.Rows) error {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		out = append(out, b)
		return nil
	}, r.s.say.ids(spoken(subjects)))
	return out, err
}

// HeadCovering implements record.Reader.
func (r *reader) HeadCovering(seq int64) (h merkle.Head, checkpoint []byte, err error) {
	err = r.query(sqlHeadCovering, func(rows *sql.Rows) error { return rows.Scan(&h.Size, &h.Root, &checkpoint) }, seq)
	if err == nil && h.Size == 0 {
		err = fault.New(fault.NotFound, "No head covers entry %d.", seq)
	}
	return h, checkpoint, err
}

// Entry implements record.Reader.
func (r *reader) Entry(seq int64) (k ledger.Kept, err error) {
	k.Seq = -1
	err = r.query(sqlEntry, func(rows *sql.Rows) error { return scanKept(rows, &k) }, seq)
	if err == nil && k.Seq != seq {
		err = fault.New(fault.NotFound, "There is no entry %d.", seq)
	}
	return k, err
}

func scanKept(rows *sql.Rows, k *ledger.Kept) error {
	var ms int64
	if err := rows.Scan(&k.Seq, &k.Event, &k.Kind, &ms, &k.Hash, &k.Leaf, &k.Entry, &k.Body); err != nil {
		return err
	}
	k.RecordedAt = unstamp(ms)
	return nil
}
