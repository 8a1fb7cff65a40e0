package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/merkle"
)

// The reads of an audit.
const (
	sqlNewest     = `SELECT size, root, checkpoint FROM heads ORDER BY size DESC LIMIT 1`
	sqlEntries    = `SELECT ` + keptColumns + ` FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?`
	sqlChain      = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM entry_links WHERE batch = ?) ORDER BY seq`
	sqlEventEntry = `SELECT ` + keptColumns + ` FROM entries WHERE event_id = ?`
	sqlNumbered   = `SELECT CAST(id AS text) FROM manifests WHERE number = ? ORDER BY id LIMIT 20`
	sqlLabelOf    = `SELECT token FROM labels WHERE batch = ? AND revoked_at IS NULL ORDER BY made_at DESC, token LIMIT 1`
	sqlLabel      = `SELECT batch, revoked_at FROM labels WHERE token = ?`
	sqlQuarantine = `SELECT hash, event_id, received_at, kind, detail, state, seq, body FROM quarantine
		WHERE received_at > ? OR (received_at = ? AND hash > ?) ORDER BY received_at, hash LIMIT ?`
	sqlHeld         = `SELECT hash, event_id, received_at, kind, detail, state, seq, body FROM quarantine ORDER BY received_at, hash`
	sqlHeldSubjects = `SELECT subject, hash FROM quarantine_subjects ORDER BY hash, subject`
	sqlHeads        = `SELECT size, root, recorded_at, checkpoint FROM heads ORDER BY size`
	sqlTiles        = `SELECT level, idx, hashes FROM tiles ORDER BY level, idx`
	sqlLinks        = `SELECT batch, n, seq, leaf_hash FROM entry_links ORDER BY batch, n`
	sqlBatchRows    = `SELECT id, stage, custodian, site, manifest, box, seq, state FROM batches ORDER BY id`
	sqlManifestRows = `SELECT id, stage, consignor, carrier, consignee, number, seq, state FROM manifests ORDER BY id`
	sqlPostingRows  = `SELECT seq, line, batch, kind, party, site, code, method, grams FROM postings ORDER BY seq, line`
	sqlLabelRows    = `SELECT token, batch, source, made_at FROM labels ORDER BY token`
)

// Read implements audit.Store.
func (s *Store) Read(ctx context.Context, fn func(audit.Reader) error) error {
	return s.view(ctx, func(r *reader) error { return fn(r) })
}

// Newest implements audit.Reader.
func (r *reader) Newest() (h merkle.Head, checkpoint []byte, err error) {
	h.Root = merkle.EmptyRoot()
	err = r.query(sqlNewest, func(rows *sql.Rows) error { return rows.Scan(&h.Size, &h.Root, &checkpoint) })
	return h, checkpoint, err
}

// SealedAt implements audit.Reader.
func (r *reader) SealedAt(size int64) (merkle.Head, []byte, error) {
	h, err := r.HeadUpTo(size)
	return h.Head, h.Checkpoint, err
}

// page is how many entries one statement reads, so that a walk over a large log never
// holds more than that.
const page = 2048

// Entries implements audit.Reader.
func (r *reader) Entries(from, to int64, each func(ledger.Kept) error) error {
	for from < to {
		var kept []ledger.Kept
		err := r.query(sqlEntries, func(rows *sql.Rows) error {
			var k ledger.Kept
			if err := scanKept(rows, &k); err != nil {
				return err
			}
			kept = append(kept, k)
			return nil
		}, from, to, page)
		if err != nil {
			return err
		}
		for _, k := range kept {
			if err := each(k); err != nil {
				return err
			}
		}
		if len(kept) < page {
			return nil
		}
		from = kept[len(kept)-1].Seq + 1
	}
	return nil
}

// ChainOf implements audit.Reader.
func (r *reader) ChainOf(b id.Batch) (out []ledger.Kept, err error) {
	err = r.query(sqlChain, func(rows *sql.Rows) error {
		var k ledger.Kept
		if err := scanKept(rows, &k); err != nil {
			return err
		}
		out = append(out, k)
		return nil
	}, b.String())
	return out, err
}

// EventEntry implements audit.Reader.
func (r *reader) EventEntry(e id.Event) (k ledger.Kept, err error) {
	found := false
	err = r.query(sqlEventEntry, func(rows *sql.Rows) error { found = true; return scanKept(rows, &k) }, e.String())
	if err == nil && !found {
		err = fault.New(fault.NotFound, "There is no such event, or it is not yours to see.")
	}
	return k, err
}

// ManifestsNumbered implements audit.Reader.
func (r *reader) ManifestsNumbered(number string) (out []id.Manifest, err error) {
	err = r.query(sqlNumbered, func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		m, err := id.ParseManifest(text)
		out = append(out, m)
		return err
	}, number)
	return out, err
}

// LabelOf implements audit.Reader.
func (r *reader) LabelOf(b id.Batch) (event.Label, error) {
	var token string
	err := r.query(sqlLabelOf, func(rows *sql.Rows) error { return rows.Scan(&token) }, b.String())
	return event.Label(token), err
}

// Label implements audit.Reader.
func (r *reader) Label(l event.Label) (b id.Batch, revoked bool, err error) {
	err = r.query(sqlLabel, func(rows *sql.Rows) error {
		var at sql.NullInt64
		err := rows.Scan(&b, &at)
		revoked = at.Valid
		return err
	}, string(l))
	if err == nil && b.IsZero() {
		err = fault.UnknownLabel()
	}
	return b, revoked, err
}

// Quarantine implements audit.Reader. The cursor is the last row's time and hash.
func (r *reader) Quarantine(cursor string, limit int) (out []audit.Held, next string, err error) {
	at, hash := int64(-1), id.Hash{}
	if ms, h, ok := strings.Cut(cursor, "."); ok {
		if at, err = strconv.ParseInt(ms, 10, 64); err == nil {
			hash, err = id.ParseHash(h)
		}
	} else if cursor != "" {
		err = fmt.Errorf("no cursor")
	}
	if err != nil {
		return nil, "", fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
	}
	err = r.query(sqlQuarantine, func(rows *sql.Rows) error {
		h := audit.Held{Seq: -1}
		var ms int64
		var seq sql.NullInt64
		if err := rows.Scan(&h.Hash, &h.Event, &ms, &h.Kind, &h.Detail, &h.State, &seq, &h.Body); err != nil {
			return err
		}
		if h.ReceivedAt = unstamp(ms); seq.Valid {
			h.Seq = seq.Int64
		}
		out = append(out, h)
		return nil
	}, at, at, hash[:], limit+1)
	if len(out) > limit {
		out = out[:limit]
		last := out[limit-1]
		next = fmt.Sprintf("%d.%s", stamp(last.ReceivedAt), last.Hash)
	}
	return out, next, err
}

// Heads implements audit.Rows.
func (r *reader) Heads(each func(merkle.Head, time.Time, []byte) error) error {
	return r.query(sqlHeads, func(rows *sql.Rows) error {
		var h merkle.Head
		var ms int64
		var checkpoint []byte
		if err := rows.Scan(whole(&h.Size), digest(&h.Root), whole(&ms), octets(&checkpoint)); err != nil {
			return err
		}
		return each(h, unstamp(ms), checkpoint)
	})
}

// Tiles implements audit.Rows.
func (r *reader) Tiles(each func(merkle.Tile) error) error {
	return r.query(sqlTiles, func(rows *sql.Rows) error {
		var t merkle.Tile
		var level int64
		if err := rows.Scan(whole(&level), whole(&t.Index), octets(&t.Hashes)); err != nil {
			return err
		}
		t.Level = int(level)
		return each(t)
	})
}

// Links implements audit.Rows.
func (r *reader) Links(each func(id.Batch, int64, int64, id.Hash) error) error {
	return r.query(sqlLinks, func(rows *sql.Rows) error {
		var b id.Batch
		var n, seq int64
		var leaf id.Hash
		if err := rows.Scan(name(&b, id.BatchOf), whole(&n), whole(&seq), digest(&leaf)); err != nil {
			return err
		}
		return each(b, n, seq, leaf)
	})
}

// BatchRows implements audit.Rows.
func (r *reader) BatchRows(each func(id.Batch, [6]string, []byte) error) error {
	return r.query(sqlBatchRows, func(rows *sql.Rows) error {
		var b id.Batch
		var c [6]string
		var seq int64
		var state []byte
		if err := rows.Scan(name(&b, id.BatchOf), word(&c[0]), word(&c[1]), wordOrNull(&c[2]), wordOrNull(&c[3]), wordOrNull(&c[5]), whole(&seq), octets(&state)); err != nil {
			return err
		}
		c[4] = strconv.FormatInt(seq, 10)
		return each(b, c, state)
	})
}

// ManifestRows implements audit.Rows.
func (r *reader) ManifestRows(each func(id.Manifest, [6]string, []byte) error) error {
	return r.query(sqlManifestRows, func(rows *sql.Rows) error {
		var m id.Manifest
		var c [6]string
		var seq int64
		var state []byte
		if err := rows.Scan(name(&m, id.ManifestOf), word(&c[0]), word(&c[1]), word(&c[2]), word(&c[3]), word(&c[4]), whole(&seq), octets(&state)); err != nil {
			return err
		}
		c[5] = strconv.FormatInt(seq, 10)
		return each(m, c, state)
	})
}

// PostingRows implements audit.Rows.
func (r *reader) PostingRows(each func(int64, int, mass.Posting) error) error {
	return r.query(sqlPostingRows, func(rows *sql.Rows) error {
		var seq, line int64
		var p mass.Posting
		if err := rows.Scan(whole(&seq), whole(&line), name(&p.Batch, id.BatchOf), word(&p.Kind), name(&p.Party, id.PartyOf),
			name(&p.Site, id.SiteOf), word(&p.Code), word(&p.Method), whole(&p.Grams)); err != nil {
			return err
		}
		return each(seq, int(line), p)
	})
}

// LabelRows implements audit.Rows.
func (r *reader) LabelRows(each func(event.Label, id.Batch, string, int64) error) error {
	return r.query(sqlLabelRows, func(rows *sql.Rows) error {
		var token event.Label
		var source string
		var b id.Batch
		var at int64
		if err := rows.Scan(word(&token), name(&b, id.BatchOf), word(&source), whole(&at)); err != nil {
			return err
		}
		return each(token, b, source, at)
	})
}

// HeldRows implements audit.Rows.
func (r *reader) HeldRows(each func(audit.Held) error) error {
	return r.query(sqlHeld, func(rows *sql.Rows) error {
		h := audit.Held{}
		var ms int64
		var seq int64
		if err := rows.Scan(digest(&h.Hash), name(&h.Event, id.EventOf), whole(&ms), word(&h.Kind), word(&h.Detail),
			word(&h.State), place(&seq), octets(&h.Body)); err != nil {
			return err
		}
		h.ReceivedAt, h.Seq = unstamp(ms), seq
		return each(h)
	})
}

// HeldSubjects implements audit.Rows.
func (r *reader) HeldSubjects(each func(subject string, hash id.Hash) error) error {
	return r.query(sqlHeldSubjects, func(rows *sql.Rows) error {
		var subject string
		var hash id.Hash
		if err := rows.Scan(word(&subject), digest(&hash)); err != nil {
			return err
		}
		return each(subject, hash)
	})
}

// Integrity implements audit.Rows. PostgreSQL has no such question without an extension.
func (r *reader) Integrity(each func(problem string) error) error {
	if r.s.postgres {
		return nil
	}
	return r.query(`PRAGMA integrity_check(20)`, func(rows *sql.Rows) error {
		var line string
		if err := rows.Scan(&line); err != nil || line == "ok" {
			return err
		}
		return each(line)
	})
}
