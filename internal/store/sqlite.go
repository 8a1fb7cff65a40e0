package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	sqlitedriver "modernc.org/sqlite"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// embedded is GORM's SQLite dialect over the pure Go driver, whose errors it does not
// know how to read.
type embedded struct{ sqlite.Dialector }

// Translate maps extended result codes to GORM's errors.
func (embedded) Translate(err error) error {
	var e *sqlitedriver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case 1555, 2067: // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE
		return gorm.ErrDuplicatedKey
	case 787: // SQLITE_CONSTRAINT_FOREIGNKEY
		return gorm.ErrForeignKeyViolated
	}
	return err
}

// openSQLite opens a file with one writing connection and several reading ones.
// synchronous=FULL: with WAL and NORMAL a power cut can lose acknowledged commits.
func openSQLite(path string) (*Store, error) {
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)",
		"recursive_triggers(1)", "cache_size(-16000)", "mmap_size(0)"}
	dsn := func(extra ...string) string {
		q := url.Values{"_time_format": {"sqlite"}}
		q["_pragma"] = append(pragmas, extra...)
		if len(extra) == 0 {
			q.Set("_txlock", "immediate")
		}
		return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String()
	}
	dsnOf := func(extra ...string) string { return strings.ReplaceAll(dsn(extra...), "%2F", "/") }
	db, err := gorm.Open(&embedded{sqlite.Dialector{DriverName: "sqlite", DSN: dsnOf()}}, config())
	if err != nil {
		return nil, unopened(err)
	}
	ro, err := gorm.Open(&embedded{sqlite.Dialector{DriverName: "sqlite", DSN: dsnOf("query_only(1)")}}, config())
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The SQLite file cannot be opened for reading.")
	}
	w, err := db.DB()
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	r, err := ro.DB()
	if err != nil {
		return nil, err
	}
	r.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	return &Store{db: db, ro: ro, say: dialect{
		name: "sqlite", goose: goose.DialectSQLite3, files: "sqlite",
		lockLog: sqlLog, // BEGIN IMMEDIATE holds the lock already
		rebind:  questions,
		ids:     func(s []string) any { return list(s) },
		numbers: func(n []int64) any { return list(n) },
		hashes:  func(hs []id.Hash) any { return list(hs) }, // a hash's text is its hex
		insert:  insertValues,
	}}, nil
}

// unopened says what to do about a file that cannot be opened.
func unopened(err error) error {
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok && (e.Code()&0xff == 11 || e.Code()&0xff == 26) { // SQLITE_CORRUPT, SQLITE_NOTADB
		return fault.Wrap(err, fault.Damaged, "The SQLite file is damaged or is no database. Put it aside and restore the newest backup; receipts and published checkpoints tell what it lacks.")
	}
	return fault.Wrap(err, fault.Unavailable, "The SQLite file cannot be opened; check that its folder exists and can be written.")
}

// list spells a list for json_each.
func list[T any](values []T) string {
	b, _ := json.Marshal(values)
	return string(b)
}

var questioned sync.Map

func questions(q string) string {
	if v, ok := questioned.Load(q); ok {
		return v.(string)
	}
	const each = "IN (SELECT value FROM json_each(?))"
	s := strings.NewReplacer("{ids}", each, "{texts}", each, "{numbers}", each, "{hashes}", "IN (SELECT unhex(value) FROM json_each(?))", "{each}", "json_each(?) AS e", "{numbered}", "(SELECT unhex(value, '-') AS value, key FROM json_each(?)) AS e", "{plant}", "hex(m.plant)").Replace(q)
	questioned.Store(q, s)
	return s
}

// chunk is how many rows one INSERT of SQLite carries.
const chunk = 32

// insertValues sends rows as VALUES lists of a fixed length, and the rest one by one,
// so that few different statements are prepared.
func insertValues(ctx context.Context, c gorm.ConnPool, all []insertion) error {
	for _, in := range all {
		if err := insertRows(ctx, c, in.table, in.rows); err != nil {
			return err
		}
	}
	return nil
}

func insertRows(ctx context.Context, c gorm.ConnPool, t table, r rows) error {
	send := func(first, n int) error {
		args := make([]any, 0, n*len(t.columns))
		for i := first; i < first+n; i++ {
			for k, col := range r.cols {
				v := cell(col, i)
				if s, ok := v.(string); ok && t.columns[k].kind == packed {
					u, err := uuid.Parse(s)
					if err != nil {
						return fmt.Errorf("insert %s: %w", t.name, err)
					}
					v = u[:]
				}
				args = append(args, v)
			}
		}
		if _, err := c.ExecContext(ctx, valuesText(t, n), args...); err != nil {
			return fmt.Errorf("insert %s: %w", t.name, err)
		}
		return nil
	}
	i := 0
	for _, size := range []int{chunk, 8, 1} {
		for ; i+size <= r.n; i += size {
			if err := send(i, size); err != nil {
				return err
			}
		}
	}
	return nil
}

func cell(col any, i int) any {
	switch c := col.(type) {
	case []int64:
		return c[i]
	case []string:
		return c[i]
	case [][]byte:
		return c[i]
	case []*string:
		if c[i] == nil {
			return nil
		}
		return *c[i]
	}
	return nil
}

func valuesText(t table, n int) string {
	key := fmt.Sprint("insert ", t.name, t.suffix, n)
	if v, ok := questioned.Load(key); ok {
		return v.(string)
	}
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	row := "(?" + strings.Repeat(",?", len(names)-1) + ")"
	q := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s%s %s", t.name, strings.Join(names, ", "), row, strings.Repeat(","+row, n-1), t.suffix)
	questioned.Store(key, q)
	return q
}
