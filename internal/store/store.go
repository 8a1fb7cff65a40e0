// Package store keeps the log, its projections and the registry in PostgreSQL or in an
// embedded SQLite file, with the same answers from both.
//
// GORM stops here: rows are private, every method speaks domain types. The two hot
// paths, a commit group and the reads before it, are raw SQL in named constants over
// GORM's own connection. It must not decide anything about events.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/record"
	"liandan/migrations"
)

// Store is one database. It is safe for concurrent use.
type Store struct {
	db       *gorm.DB // writes; on SQLite a single connection
	ro       *gorm.DB // reads
	postgres bool
	say      dialect
	prepared statements
}

// dialect is what the two databases say differently.
type dialect struct {
	name    string
	goose   goose.Dialect
	files   string
	lockLog string
	// rebind writes ? placeholders in the database's own way, and {ids} as the test
	// for membership in one bound list of ids.
	// {numbers} and {hashes} are the same for integers and hashes. {each} is the list as rows
	// of e.value; {numbered} has e.key beside it, from 0, and packed ids; {plant} spells one.
	rebind  func(string) string
	ids     func([]string) any
	numbers func([]int64) any
	hashes  func([]id.Hash) any
	insert  func(ctx context.Context, c gorm.ConnPool, all []insertion) error
}

// Open opens a database: a postgres:// URL or the path of a SQLite file. It changes
// nothing; Migrate brings the schema up to date.
func Open(where string) (*Store, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return openPostgres(where)
	}
	return openSQLite(where)
}

func config() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Default.LogMode(logger.Silent),
		TranslateError:         true,
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return time.Time{} }, // rows never take a time by themselves
	}
}

// Close lets go of the database.
func (s *Store) Close() error {
	var errs []error
	for _, g := range []*gorm.DB{s.db, s.ro} {
		if d, err := g.DB(); err == nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}

// Name is "postgres" or "sqlite".
func (s *Store) Name() string { return s.say.name }

func (s *Store) provider() (*goose.Provider, error) {
	d, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations.Files, s.say.files)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(s.say.goose, d, files)
}

// Migrate applies the numbered SQL files that are missing, each in one transaction,
// and says how many it applied.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	p, err := s.provider()
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	unlock, err := s.migrationLock(ctx)
	if err != nil {
		return 0, unavailable(err)
	}
	defer unlock()
	done, err := p.Up(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return len(done), nil
}

// SetUp brings an empty database to the program's schema and refuses one whose schema is
// another: that step is taken on purpose, with `liandan migrate`.
func (s *Store) SetUp(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return unavailable(err)
	}
	if have == 0 {
		_, err := s.Migrate(ctx)
		return err
	}
	return s.Ready(ctx)
}

// IsSetUp says whether the database has any schema of ours.
func (s *Store) IsSetUp(ctx context.Context) (bool, error) {
	p, err := s.provider()
	if err != nil {
		return false, err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return false, unavailable(err)
	}
	return have > 0, nil
}

// Ready says whether the database answers and its schema is the program's.
func (s *Store) Ready(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return unavailable(err)
	}
	if have > want {
		return fault.New(fault.Unavailable, "The database's schema is version %d, newer than this program's %d: run the newer program.", have, want)
	}
	if have != want {
		return fault.New(fault.Unavailable, "The database's schema is version %d, the program's is %d; run `liandan migrate`.", have, want)
	}
	return nil
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	d, err := s.ro.DB()
	if err == nil {
		err = d.PingContext(ctx)
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Update implements record.Store.
func (s *Store) Update(ctx context.Context, fn func(record.Tx) error) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error {
		if err := r.lock(); err != nil {
			return err
		}
		return fn(r)
	})
}

// View implements record.Store.
func (s *Store) View(ctx context.Context, fn func(record.Reader) error) error {
	return s.view(ctx, func(r *reader) error { return fn(r) })
}

func (s *Store) view(ctx context.Context, fn func(*reader) error) error {
	return s.transact(ctx, s.ro, &sql.TxOptions{ReadOnly: true, Isolation: s.snapshot()}, fn)
}

// snapshot is the isolation of a consistent reading. SQLite's readers always have it
// and its driver knows no other level.
func (s *Store) snapshot() sql.IsolationLevel {
	if s.postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

func (s *Store) transact(ctx context.Context, db *gorm.DB, o *sql.TxOptions, fn func(*reader) error) error {
	var opts []*sql.TxOptions
	if o != nil {
		opts = append(opts, o)
	}
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		r := &reader{s: s, ctx: ctx, c: tx.Statement.ConnPool}
		if t, ok := r.c.(*sql.Tx); ok && o == nil && !s.postgres {
			r.c = &preparing{ConnPool: t, tx: t, known: &s.prepared}
		}
		return fn(r)
	}, opts...)
	if o == nil && !s.postgres && s.prepared.wanting() {
		if d, derr := s.db.DB(); derr == nil {
			s.prepared.prepare(ctx, d)
		}
	}
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The database cannot be reached or refused the work. Nothing was recorded; try again later.")
}

// reader is one transaction.
type reader struct {
	s   *Store
	ctx context.Context
	c   gorm.ConnPool

	// What the locked row said; nobody else can move the log while it is held.
	locked bool
	log    logRow
	noted  []insertion // not sent yet
}

// query runs a named statement and calls scan for each row.
func (r *reader) query(q string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := r.c.QueryContext(r.ctx, r.s.say.rebind(q), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *reader) exec(q string, args ...any) error {
	_, err := r.c.ExecContext(r.ctx, r.s.say.rebind(q), args...)
	return err
}

// table and rows describe a bulk insert: rows[i] is column i.
type table struct {
	name    string
	columns []column
	suffix  string // for example an ON CONFLICT clause
}

type column struct {
	name string
	kind columnKind
}

type columnKind int

const (
	integers columnKind = iota // []int64
	texts                      // []string
	blobs                      // [][]byte
	uuids                      // []*string; nil is NULL
	packed                     // the same; 16 bytes on SQLite, where uuids are text
)

type rows struct {
	n    int
	cols []any
}

type insertion struct {
	table
	rows
}

func stamp(t time.Time) int64 { return t.UnixMilli() }

func unstamp(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
