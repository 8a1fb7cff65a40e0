package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"liandan/internal/archive"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/past"
	"liandan/internal/statement"
)

var (
	tableImports = table{name: "imports", columns: []column{{"hash", blobs}, {"at", integers}, {"body", blobs}}}
	tablePast    = table{name: "imported_records", columns: []column{{"import", blobs}, {"line", integers}, {"record_key", blobs}, {"party", uuids}, {"site", uuids},
		{"kind", texts}, {"day", texts}, {"number", texts}, {"code", texts}, {"grams", integers}, {"body", blobs}}}
)

const (
	sqlImported     = `SELECT record_key, body FROM imported_records WHERE record_key {hashes}`
	sqlImportRows   = `SELECT hash, at, body FROM imports ORDER BY hash`
	sqlImportedRows = `SELECT import, line, record_key, party, site, kind, day, number, code, grams, body FROM imported_records ORDER BY import, line`
	sqlPastYears    = `SELECT kind, SUBSTR(day, 1, 4), COUNT(*), CAST(SUM(grams) AS BIGINT) FROM imported_records WHERE party = ? AND site = ? GROUP BY kind, SUBSTR(day, 1, 4) ORDER BY 2 DESC, 1`
	sqlImportsOf    = `SELECT hash, body FROM imports WHERE hash IN (SELECT import FROM imported_records WHERE party = ? AND site = ?) ORDER BY at DESC, hash`
	sqlImportedOf   = `SELECT import, line, body FROM imported_records WHERE party = ? AND site = ? AND kind = ? AND day >= ? AND day < ? ORDER BY day, number, import, line`
)

// Imported implements archive.Store.
func (s *Store) Imported(ctx context.Context, keys []id.Hash) (map[id.Hash]id.Hash, error) {
	out := map[id.Hash]id.Hash{}
	err := s.view(ctx, func(r *reader) error {
		return r.query(sqlImported, func(rows *sql.Rows) error {
			var key id.Hash
			var body []byte
			if err := rows.Scan(&key, &body); err != nil {
				return err
			}
			out[key] = sha256.Sum256(body)
			return nil
		}, r.s.say.hashes(keys))
	})
	return out, err
}

// KeepImport implements archive.Store.
func (s *Store) KeepImport(ctx context.Context, im statement.Import, fill func(func([]archive.Row) error) error) error {
	st, err := im.Statement()
	if err != nil {
		return err
	}
	hash := st.Hash()
	err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		r := &reader{s: s, ctx: ctx, c: tx.Statement.ConnPool}
		if err := outboxAdd(ctx, tx, st, im.At); err != nil {
			return err
		}
		if err := r.bulk(tableImports, 1, [][]byte{hash[:]}, []int64{stamp(im.At)}, [][]byte{st.Body}); err != nil {
			return err
		}
		return fill(func(rows []archive.Row) error { return r.keepPast(hash, rows) })
	})
	if fault.As(err) == nil && err != nil {
		if strings.Contains(strings.ToLower(err.Error()), "unique") || strings.Contains(err.Error(), "already") {
			return fault.Wrap(err, fault.InvalidImport, "Somebody imported some of these lines at the same moment; nothing was kept. Send the file again. 有人同时导入了部分相同的行，未写入，请重试。")
		}
		return unavailable(err)
	}
	return err
}

func (r *reader) keepPast(of id.Hash, list []archive.Row) error {
	n := len(list)
	imports, keys, bodies := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	lines, grams := make([]int64, n), make([]int64, n)
	parties, sites := make([]*string, n), make([]*string, n)
	kinds, days, numbers, codes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i := range list {
		x := &list[i]
		imports[i], keys[i], bodies[i], lines[i], grams[i] = of[:], x.Key[:], x.Body, x.Line, int64(x.Record.Grams)
		parties[i], sites[i] = text(x.Record.Party), text(x.Record.Site)
		kinds[i], days[i], numbers[i], codes[i] = string(x.Record.Kind), x.Record.Day, x.Record.Number, string(x.Record.Code)
	}
	if err := r.bulk(tablePast, n, imports, lines, keys, parties, sites, kinds, days, numbers, codes, grams, bodies); err != nil {
		return err
	}
	return r.flush()
}

// ImportRows implements audit.Rows.
func (r *reader) ImportRows(each func(hash id.Hash, at int64, body []byte) error) error {
	return r.query(sqlImportRows, func(rows *sql.Rows) error {
		var h id.Hash
		var at int64
		var body []byte
		if err := rows.Scan(digest(&h), whole(&at), octets(&body)); err != nil {
			return err
		}
		return each(h, at, body)
	})
}

// ImportedRows implements audit.Rows.
func (r *reader) ImportedRows(each func(of id.Hash, line int64, key id.Hash, columns string, body []byte) error) error {
	return r.query(sqlImportedRows, func(rows *sql.Rows) error {
		var of, key id.Hash
		var line, grams int64
		var p id.Party
		var site id.Site
		var c [4]string
		var body []byte
		if err := rows.Scan(digest(&of), whole(&line), digest(&key), name(&p, id.PartyOf), name(&site, id.SiteOf), word(&c[0]), word(&c[1]), word(&c[2]), word(&c[3]),
			whole(&grams), octets(&body)); err != nil {
			return err
		}
		return each(of, line, key, fmt.Sprintf("%s\n%s\n%s\n%d", p, site, strings.Join(c[:], "\n"), grams), body)
	})
}

// ImportedOf implements audit.Reader.
func (r *reader) ImportedOf(p id.Party, site id.Site, kind past.Kind, from, to string, each func(of id.Hash, line int64, body []byte) error) error {
	return r.query(sqlImportedOf, func(rows *sql.Rows) error {
		var of id.Hash
		var line int64
		var body []byte
		if err := rows.Scan(&of, &line, &body); err != nil {
			return err
		}
		return each(of, line, body)
	}, p.String(), site.String(), string(kind), from, to)
}

// PastYears implements audit.Reader.
func (r *reader) PastYears(p id.Party, site id.Site, each func(kind past.Kind, year string, lines, grams int64) error) error {
	return r.query(sqlPastYears, func(rows *sql.Rows) error {
		var kind, year string
		var lines, grams int64
		if err := rows.Scan(word(&kind), word(&year), whole(&lines), whole(&grams)); err != nil {
			return err
		}
		return each(past.Kind(kind), year, lines, grams)
	}, p.String(), site.String())
}

// ImportsOf implements audit.Reader.
func (r *reader) ImportsOf(p id.Party, site id.Site, each func(hash id.Hash, body []byte) error) error {
	return r.query(sqlImportsOf, func(rows *sql.Rows) error {
		var h id.Hash
		var body []byte
		if err := rows.Scan(digest(&h), octets(&body)); err != nil {
			return err
		}
		return each(h, body)
	}, p.String(), site.String())
}
