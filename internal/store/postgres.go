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
	"liandan/internal/id"
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
		numbers: func(n []int64) any { return n },
		hashes: func(hs []id.Hash) any {
			out := make([][]byte, len(hs))
			for i := range hs {
				out[i] = hs[i][:]
			}
			return out
		},
		insert: insertUnnest,
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
	s = strings.ReplaceAll(s, "{each}", "unnest(CAST(CAST(? AS text[]) AS uuid[])) AS e(value)")
	s = strings.ReplaceAll(s, "{numbered}", "(SELECT u.value, u.n - 1 AS key FROM unnest(CAST(CAST(? AS text[]) AS uuid[])) WITH ORDINALITY AS u(value, n)) AS e")
	s = strings.ReplaceAll(s, "{plant}", "m.plant")
	s = strings.ReplaceAll(s, "{texts}", "= ANY(CAST(? AS text[]))")
	s = strings.ReplaceAll(s, "{numbers}", "= ANY(CAST(? AS bigint[]))")
	s = strings.ReplaceAll(s, "{hashes}", "= ANY(CAST(? AS bytea[]))")
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

// insertUnnest sends each column as one array, and all tables as one statement: its text
// is the same for any number of rows, so the server plans it once. The parts of such a
// statement do not see each other's rows; none of ours needs to.
func insertUnnest(ctx context.Context, c gorm.ConnPool, all []insertion) error {
	var key strings.Builder
	var args []any
	for _, in := range all {
		key.WriteString(in.name)
		key.WriteByte('+')
		args = append(args, in.cols...)
	}
	text, ok := rebound.Load(key.String())
	if !ok {
		text = unnestText(all)
		rebound.Store(key.String(), text)
	}
	if _, err := c.ExecContext(ctx, text.(string), args...); err != nil {
		return fmt.Errorf("insert %s: %w", key.String(), err)
	}
	return nil
}

func unnestText(all []insertion) string {
	var parts []string
	n := 0
	for _, in := range all {
		var names, arrays, values []string
		for _, c := range in.columns {
			n++
			names, values = append(names, c.name), append(values, "u."+c.name)
			arrays = append(arrays, fmt.Sprintf(arrayOf[c.kind], n))
		}
		list := strings.Join(names, ", ")
		parts = append(parts, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS u (%s) %s",
			in.name, list, strings.Join(values, ", "), strings.Join(arrays, ", "), list, in.suffix))
	}
	last := len(parts) - 1
	if last == 0 {
		return parts[0]
	}
	for i := range parts[:last] {
		parts[i] = fmt.Sprintf("w%d AS (%s)", i, parts[i])
	}
	return "WITH " + strings.Join(parts[:last], ",\n") + "\n" + parts[last]
}

// arrayOf spells a parameter that is a whole column.
var arrayOf = map[columnKind]string{
	integers: "CAST($%d AS bigint[])",
	texts:    "CAST($%d AS text[])",
	blobs:    "CAST($%d AS bytea[])",
	uuids:    "CAST(CAST($%d AS text[]) AS uuid[])",
	packed:   "CAST(CAST($%d AS text[]) AS uuid[])",
}
