package store

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/manifest"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/statement"
)

// The reads before a commit group.
const (
	keptColumns = `seq, event_id, kind, recorded_at, hash, leaf_hash, entry, body`

	// That the outbox has something travels with the log's row: an empty one costs nothing.
	sqlLog  = `SELECT size, root, recorded_at, signer, EXISTS (SELECT 1 FROM outbox) FROM log_state WHERE id = 1`
	sqlTile = `SELECT hashes FROM tiles WHERE level = ? AND idx = ?`
	// The group's reads in one statement: kind, key, seq, bytes, text.
	sqlLoad = `SELECT 1, CAST(event_id AS text), seq, hash, CAST(NULL AS text) FROM entries WHERE event_id {ids}
		UNION ALL SELECT 2, CAST(id AS text), 0, state, NULL FROM batches WHERE id {ids}
		UNION ALL SELECT 3, CAST(id AS text), 0, state, NULL FROM manifests WHERE id {ids}
		UNION ALL SELECT 3, CAST(id AS text), 0, state, NULL FROM manifests WHERE id IN (SELECT manifest FROM batches WHERE id {ids})
		UNION ALL SELECT 4, token, 0, NULL, CAST(batch AS text) FROM labels WHERE token {texts}
		UNION ALL SELECT 5, CAST(s.subject AS text), 0, NULL, NULL FROM quarantine_subjects s JOIN quarantine q ON q.hash = s.hash
			WHERE s.subject {ids} AND q.state = 'waiting'
		UNION ALL SELECT 6, s.subject, s.seq, e.body, NULL FROM statements s JOIN entries e ON e.seq = s.seq WHERE s.n > 1 AND s.subject {texts}`
	sqlBatches    = `SELECT id, state FROM batches WHERE id {ids}`
	sqlManifests  = `SELECT id, state FROM manifests WHERE id {ids}`
	sqlChainHolds = `SELECT count(*) FROM entry_links WHERE batch = ? AND leaf_hash = ?`
	sqlWaiting    = `SELECT q.body FROM quarantine q WHERE q.state = 'waiting' AND q.hash IN
		(SELECT hash FROM quarantine_subjects WHERE subject {ids}) ORDER BY q.received_at, q.hash`
	sqlHeadCovering = `SELECT size, root, checkpoint FROM heads WHERE size > ? ORDER BY size LIMIT 1`
	sqlEntry        = `SELECT ` + keptColumns + ` FROM entries WHERE seq = ?`
)

// logRow is what the row that serialises commit groups says.
type logRow struct {
	head   merkle.Head
	at     time.Time
	signer string
	posted bool // the outbox has something
}

// lock takes the log's row lock and remembers what the row says.
func (r *reader) lock() (err error) {
	r.log, err = r.readLog(r.s.say.lockLog)
	r.locked = err == nil
	return err
}

// Log implements record.Reader.
func (r *reader) Log() (merkle.Head, time.Time, error) {
	l, err := r.logRow()
	return l.head, l.at, err
}

// Signer implements record.Tx and audit.Reader.
func (r *reader) Signer() (string, error) {
	l, err := r.logRow()
	return l.signer, err
}

func (r *reader) logRow() (logRow, error) {
	if r.locked {
		return r.log, nil
	}
	return r.readLog(sqlLog)
}

func (r *reader) readLog(q string) (l logRow, err error) {
	found := false
	err = r.query(q, func(rows *sql.Rows) error {
		var ms int64
		found = true
		if err := rows.Scan(&l.head.Size, &l.head.Root, &ms, word(&l.signer), &l.posted); err != nil {
			return fault.Wrap(err, fault.Damaged, "The log's head row cannot be read; run `liandan check`.")
		}
		l.at = unstamp(ms)
		return nil
	})
	if err == nil && !found {
		err = fault.New(fault.Damaged, "The log's head row is gone; run `liandan check`.")
	}
	return l, err
}

// Tile implements record.Reader.
func (r *reader) Tile(t merkle.TileID, width int) (b []byte, err error) {
	err = r.query(sqlTile, func(rows *sql.Rows) error { return rows.Scan(&b) }, t.Level, t.Index)
	if err == nil && len(b) < width*32 {
		err = fault.New(fault.Damaged, "Tile %d/%d has %d hashes, %d are needed; run `liandan check`.", t.Level, t.Index, len(b)/32, width)
	}
	return b, err
}

// Load implements record.Reader.
func (r *reader) Load(w record.Want) (record.Found, error) {
	f := record.Found{Known: map[id.Event]record.Known{}, Batches: map[id.Batch]batch.State{}, Manifests: map[id.Manifest]manifest.State{},
		Labels: map[event.Label]id.Batch{}, Stuck: map[record.Subject]bool{}, Later: map[string][]statement.Key{}}
	list := r.s.say.ids
	err := r.query(sqlLoad, func(rows *sql.Rows) error {
		var kind int
		var key string
		var seq int64
		var blob []byte
		var of sql.NullString
		if err := rows.Scan(&kind, &key, &seq, &blob, &of); err != nil {
			return err
		}
		return sort(&f, kind, key, seq, blob, of.String)
	}, list(spell(w.Events)), list(spell(w.Batches)), list(spell(w.Manifests)), list(spell(w.Batches)), list(words(w.Labels)), list(words(w.Subjects)), list(w.Keys))
	for _, chapters := range f.Later {
		slices.SortFunc(chapters, func(a, b statement.Key) int { return cmp.Compare(a.N, b.N) })
	}
	return f, err
}

// sort puts one row of sqlLoad where it belongs.
func sort(f *record.Found, kind int, key string, seq int64, blob []byte, of string) error {
	switch kind {
	case 1:
		var e id.Event
		var k = record.Known{Seq: seq}
		copy(k.Hash[:], blob)
		err := e.UnmarshalText([]byte(key))
		f.Known[e] = k
		return err
	case 2:
		return keep(f.Batches, key, blob)
	case 3:
		return keep(f.Manifests, key, blob)
	case 4:
		b, err := id.ParseBatch(of)
		f.Labels[event.Label(key)] = b
		return err
	case 6:
		k, err := statement.ParseKey(blob)
		f.Later[key] = append(f.Later[key], k)
		return err
	}
	f.Stuck[record.Subject(key)] = true
	return nil
}

// keep reads a stored state into a map by its id.
func keep[K comparable, V any](into map[K]V, key string, blob []byte) error {
	var k K
	var v V
	if err := any(&k).(interface{ UnmarshalText([]byte) error }).UnmarshalText([]byte(key)); err != nil {
		return err
	}
	if err := json.Unmarshal(blob, &v); err != nil {
		return fault.Wrap(err, fault.Damaged, "The stored state of %s cannot be read; run `liandan rebuild`.", key)
	}
	into[k] = v
	return nil
}

func words[T ~string](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
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
		var key string
		var b []byte
		if err := rows.Scan(&key, &b); err != nil {
			return err
		}
		return keep(out, key, b)
	}, r.s.say.ids(spell(ids)))
	return out, err
}

// ChainHolds implements record.Reader.
func (r *reader) ChainHolds(b id.Batch, leaf id.Hash) (bool, error) {
	n := 0
	err := r.query(sqlChainHolds, func(rows *sql.Rows) error { return rows.Scan(&n) }, b.String(), leaf[:])
	return n > 0, err
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
	}, r.s.say.ids(words(subjects)))
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
	if err := rows.Scan(&k.Seq, name(&k.Event, id.EventOf), word(&k.Kind), whole(&ms), digest(&k.Hash), digest(&k.Leaf), octets(&k.Entry), octets(&k.Body)); err != nil {
		return err
	}
	k.RecordedAt = unstamp(ms)
	return nil
}
