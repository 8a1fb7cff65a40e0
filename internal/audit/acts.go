package audit

import (
	"context"
	"crypto/sha256"
	"math"
	"strconv"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/statement"
)

// ActFilter chooses lines of the access record; zero members choose all.
type ActFilter struct {
	Party   id.Party // whose data or affairs an act touched
	Actor   string
	Subject string
	From    time.Time // inclusive
	To      time.Time // exclusive
	// Quiet, where it is set, leaves out what authorities did from then on: what an
	// organisation is not told yet, lest it learn of an inspection before the inspectors come.
	Quiet time.Time
}

// ActLine is one line of the access record.
type ActLine struct {
	Seq int64 // its entry
	statement.Act
}

// Acts pages through the access record, newest first. Faults: invalid-request for a
// cursor that is none, damaged when a line is not what was logged, unavailable.
func (s *Service) Acts(ctx context.Context, f ActFilter, cursor string, limit int) (lines []ActLine, next string, err error) {
	before := int64(math.MaxInt64)
	if cursor != "" {
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before < 0 || strconv.FormatInt(before, 10) != cursor {
			return nil, "", fault.New(fault.InvalidRequest, "The cursor is not one that this list gave.").At("/cursor", "format", "must be next_cursor of the page before")
		}
	}
	lines = []ActLine{}
	err = s.Store.Read(ctx, func(r Reader) error {
		kept, err := r.Acts(f, before, limit+1)
		if err != nil {
			return err
		}
		if len(kept) > limit {
			kept = kept[:limit]
			next = strconv.FormatInt(kept[limit-1].Seq, 10)
		}
		for _, k := range kept {
			if _, err := unaltered(k, statement.KindAct); err != nil {
				return err
			}
			a, err := statement.ParseAct(k.Body)
			if err != nil {
				return err
			}
			lines = append(lines, ActLine{k.Seq, a})
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	return lines, next, nil
}

// KeyChapter is one chapter of a key's life with its entry in the log.
type KeyChapter struct {
	Seq        int64
	RecordedAt time.Time
	Hash       id.Hash // of Body
	statement.Key
	Entry []byte
	Body  []byte
}

// KeyHistory gives the chapters of a key's life that are in the log, in order. Faults:
// not-found for a key of which the log says nothing, damaged, unavailable.
func (s *Service) KeyHistory(ctx context.Context, kid string) (out []KeyChapter, err error) {
	err = s.Store.Read(ctx, func(r Reader) error {
		kept, err := r.StatementsOf(kid)
		if err != nil {
			return err
		}
		if len(kept) == 0 {
			return notFound("key")
		}
		for i, k := range kept {
			e, err := unaltered(k, statement.KindKey)
			if err != nil {
				return err
			}
			key, err := statement.ParseKey(k.Body)
			if err != nil {
				return err
			}
			if key.Kid != kid || key.N != int64(i)+1 || i > 0 && key.Prev != out[i-1].Hash {
				return fault.New(fault.Damaged, "The history of the key is damaged; run `liandan check`.")
			}
			out = append(out, KeyChapter{Seq: k.Seq, RecordedAt: e.RecordedAt, Hash: e.Hash, Key: key, Entry: k.Entry, Body: k.Body})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// unaltered reads the entry of a statement and holds its bytes against it. The fault is
// damaged.
func unaltered(k ledger.Kept, kind string) (ledger.Entry, error) {
	e, err := ledger.ParseEntry(k.Entry)
	if err != nil {
		return e, err
	}
	if e.Seq != k.Seq || e.Kind != kind || e.Hash != sha256.Sum256(k.Body) {
		return e, fault.New(fault.Damaged, "Entry %d is not the statement that was logged; run `liandan check`.", k.Seq)
	}
	return e, nil
}
