package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"time"

	"gorm.io/gorm"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/report"
	"liandan/internal/statement"
)

const (
	reportColumns = `id, period, district, definitions, size, root, since, made_at, made_by, hash`

	sqlAddReport = `INSERT INTO reports (id, period, grain, district, definitions, size, root, since, made_at, made_by, hash, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlScheduled  = `SELECT 1 FROM reports WHERE made_by = 'schedule' AND period = ? AND district = ? AND definitions = ?`
	sqlReport     = `SELECT ` + reportColumns + `, body FROM reports WHERE id = ?`
	sqlReports    = `SELECT ` + reportColumns + ` FROM reports`
	sqlReportRows = `SELECT ` + reportColumns + `, grain, body FROM reports ORDER BY id`
	sqlLogBegan   = `SELECT recorded_at FROM entries ORDER BY seq LIMIT 1`
)

// KeepReport implements report.Shelf. Two servers that make the same report for the calendar
// meet in the unique index: the second finds the first's, or is refused and finds it then.
func (s *Store) KeepReport(ctx context.Context, k report.Kept, body []byte, act statement.Statement) (kept bool, err error) {
	packed, err := pack(body)
	if err != nil {
		return false, err
	}
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		r := &reader{s: s, ctx: ctx, c: tx.Statement.ConnPool}
		if k.By == report.BySchedule {
			there := false
			err := r.query(sqlScheduled, func(*sql.Rows) error { there = true; return nil }, k.Period.Name, k.District, k.Definitions)
			if err != nil || there {
				return err
			}
		}
		if err := r.exec(sqlAddReport, k.ID.String(), k.Period.Name, string(k.Period.Grain), k.District, k.Definitions, k.Size, k.Root, k.Since, stamp(k.MadeAt), k.By, k.Hash, packed); err != nil {
			return err
		}
		kept = true
		return outboxAdd(ctx, tx, act, k.MadeAt)
	})
	if err == nil {
		return kept, nil
	}
	if keptAlready(err) {
		return false, nil // another server was first
	}
	if fault.As(err) == nil {
		err = unavailable(err)
	}
	return false, err
}

// keptAlready says whether a row of the same key is there already.
func keptAlready(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "reports_scheduled") || strings.Contains(text, "the row is there already")
}

func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// maxReport bounds a document, in bytes: what was kept is far below, and a row that somebody
// put there must not fill the memory.
const maxReport = 256 << 20

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, "The bytes kept of a report are damaged; run `liandan check`.")
	}
	out, err := io.ReadAll(io.LimitReader(r, maxReport))
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, "The bytes kept of a report are damaged; run `liandan check`.")
	}
	return out, nil
}

func scanReport(rows *sql.Rows, more ...any) (k report.Kept, err error) {
	var period string
	var at int64
	if err = rows.Scan(append([]any{name(&k.ID, id.ReportOf), word(&period), word(&k.District), digest(&k.Definitions), whole(&k.Size), digest(&k.Root), whole(&k.Since), whole(&at),
		word(&k.By), digest(&k.Hash)}, more...)...); err != nil {
		return k, err
	}
	k.Period, _ = indicator.ParsePeriod(period) // one that is none is no sound row's
	k.Period.Name, k.MadeAt = period, unstamp(at)
	return k, nil
}

// Report implements report.Shelf.
func (s *Store) Report(ctx context.Context, of id.Report) (k report.Kept, body []byte, ok bool, err error) {
	err = s.view(ctx, func(r *reader) error {
		return r.query(sqlReport, func(rows *sql.Rows) (err error) {
			var packed []byte
			if k, err = scanReport(rows, octets(&packed)); err != nil {
				return err
			}
			ok = true
			body, err = unpack(packed)
			return err
		}, of.String())
	})
	return k, body, ok, err
}

// Reports implements report.Shelf.
func (s *Store) Reports(ctx context.Context, f report.Filter, before id.Report, limit int) (out []report.Kept, err error) {
	var where []string
	var args []any
	and := func(condition string, arg any) { where, args = append(where, condition), append(args, arg) }
	if f.Period != "" {
		and("period = ?", f.Period)
	}
	if f.Grain != "" {
		and("grain = ?", string(f.Grain))
	}
	if f.District != nil {
		and("district = ?", *f.District)
	}
	if !before.IsZero() {
		and("id < ?", before.String())
	}
	q := sqlReports
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	err = s.view(ctx, func(r *reader) error {
		return r.query(q+" ORDER BY id DESC LIMIT ?", func(rows *sql.Rows) error {
			k, err := scanReport(rows)
			out = append(out, k)
			return err
		}, append(args, limit)...)
	})
	return out, err
}

// LogBegan implements report.Shelf.
func (s *Store) LogBegan(ctx context.Context) (began time.Time, err error) {
	err = s.view(ctx, func(r *reader) error {
		return r.query(sqlLogBegan, func(rows *sql.Rows) error {
			var ms int64
			err := rows.Scan(whole(&ms))
			began = unstamp(ms)
			return err
		})
	})
	return began, err
}

// ReportRows implements audit.Rows.
func (r *reader) ReportRows(each func(of, columns string, hash id.Hash, body []byte) error) error {
	return r.query(sqlReportRows, func(rows *sql.Rows) error {
		var grain string
		var packed []byte
		k, err := scanReport(rows, word(&grain), octets(&packed))
		if err != nil {
			return err
		}
		body, err := unpack(packed)
		if err != nil {
			body = nil // no document: what was kept has another hash
		}
		return each(k.ID.String(), fmt.Sprintf("%s\n%s\n%s\n%s\n%d\n%s\n%d", k.Period.Name, grain, k.District, k.Definitions, k.Size, k.Root, k.Since), k.Hash, body)
	})
}

// Corrections implements measure.Reader. A correction that asks nobody counts by its proposal;
// a proposal that waits moves nothing, and so is no matter.
func (r *reader) Corrections(from, to int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := r.query(`SELECT seq FROM event_index WHERE type IN ('correction.agreed', 'correction.proposed') AND seq >= ? AND seq < ?`, func(rows *sql.Rows) error {
		var seq int64
		err := rows.Scan(whole(&seq))
		out[seq] = true
		return err
	}, from, to)
	return out, err
}

const sqlSampleRows = `SELECT hash, body FROM sample_lists ORDER BY hash`

// SampleRows implements audit.Rows.
func (r *reader) SampleRows(each func(hash id.Hash, body []byte) error) error {
	return r.query(sqlSampleRows, func(rows *sql.Rows) error {
		var h id.Hash
		var body []byte
		if err := rows.Scan(digest(&h), octets(&body)); err != nil {
			return err
		}
		return each(h, body)
	})
}
