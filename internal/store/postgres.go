package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"liandan/internal/fault"
)

// openPostgres opens a PostgreSQL database by its URL.
func openPostgres(url string) (*Store, error) {
	db, err := gorm.Open(postgres.Open(url), config())
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The PostgreSQL database cannot be opened; check the address, user and that it runs.")
	}
	d, err := db.DB()
	if err != nil {
		return nil, err
	}
	d.SetMaxOpenConns(32)
	d.SetMaxIdleConns(16)
	return &Store{db: db, ro: db, postgres: true, say: dialect{
		name: "postgres", goose: goose.DialectPostgres, files: "postgres",
		lockLog: sqlLog + " FOR UPDATE",
		rebind:  dollars,
		ids:     func(s []string) any { return s },
		insert:  insertUnnest,
	}}, nil
}

// migrationLock keeps two processes from migrating at once (advisory, per database).
func (s *Store) migrationLock(ctx context.Context) (func(), error) {
	if !s.postgres {
		return func() {}, nil // one file: goose's own transaction and SQLite's lock do
	}
	d, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	c, err := d.Conn(ctx)
	if err != nil {
		return nil, err
	}
	const key = 0x6c69616e64616e // "liandan"
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(key)); err != nil {
		c.Close()
		return nil, err
	}
	return func() {
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(key))
		c.Close()
	}, nil
}

var rebound sync.Map

// dollars turns ? into $1, $2 … and {ids} into a test against one bound array. No
// statement of this package has a ? inside a literal.
func dollars(q string) string {
	if v, ok := rebound.Load(q); ok {
		return v.(string)
	}
	s := strings.ReplaceAll(q, "{ids}", "= ANY(CAST(CAST(? AS text[]) AS uuid[]))")
	s = strings.ReplaceAll(s, "{texts}", "= ANY(CAST(? AS text[]))")
	var b strings.Builder
	n := 0
	for i := range len(s) {
		if s[i] != '?' {
			b.WriteByte(s[i])
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	rebound.Store(q, b.String())
	return b.String()
}

// insertUnnest sends each column as one array: the statement's text is the same for any
// number of rows, so the server plans it once.
func insertUnnest(ctx context.Context, c gorm.ConnPool, t table, r rows) error {
	if r.n == 0 {
		return nil
	}
	_, err := c.ExecContext(ctx, unnestText(t), r.cols...)
	if err != nil {
		return fmt.Errorf("insert %s: %w", t.name, err)
	}
	return nil
}

func unnestText(t table) string {
	key := "insert " + t.name + t.suffix
	if v, ok := rebound.Load(key); ok {
		return v.(string)
	}
	names, arrays, values := make([]string, len(t.columns)), make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i], values[i] = c.name, "u."+c.name
		switch c.kind {
		case integers:
			arrays[i] = fmt.Sprintf("CAST($%d AS bigint[])", i+1)
		case texts:
			arrays[i] = fmt.Sprintf("CAST($%d AS text[])", i+1)
		case blobs:
			arrays[i] = fmt.Sprintf("CAST($%d AS bytea[])", i+1)
		case uuids:
			arrays[i] = fmt.Sprintf("CAST(CAST($%d AS text[]) AS uuid[])", i+1)
		}
	}
	list := strings.Join(names, ", ")
	q := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS u (%s) %s",
		t.name, list, strings.Join(values, ", "), strings.Join(arrays, ", "), list, t.suffix)
	rebound.Store(key, q)
	return q
}
