package testdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Schema is what a test's database holds from the start. It is applied once, and each test gets a copy: to apply some dozens
// of migrations costs more than most tests do.
type Schema struct {
	// Files is what Apply applies. By their bytes the processes of one run know that they mean the same schema, and share
	// its database on the PostgreSQL server.
	Files fs.FS
	// Apply brings the empty database at an address (the path of a SQLite file, or postgres://…) to the schema, and leaves no
	// connection open.
	Apply func(address string) error

	file     func() ([]byte, error) // of SQLite
	template func() (string, error) // of PostgreSQL
	once     sync.Once
}

func (s *Schema) prepare() {
	s.once.Do(func() {
		s.file, s.template = sync.OnceValues(s.newFile), sync.OnceValues(s.newTemplate)
	})
}

// SQLite is as the function of that name, with the schema in the file.
func (s *Schema) SQLite(t testing.TB) string {
	t.Helper()
	s.prepare()
	b, err := s.file()
	if err != nil {
		t.Fatalf("cannot bring a SQLite file to the schema: %v", err)
	}
	path := SQLite(t)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Postgres is as the function of that name, with the schema in the database.
func (s *Schema) Postgres(t testing.TB) string {
	t.Helper()
	s.prepare()
	template, err := s.template()
	if err != nil {
		t.Fatalf("cannot bring a PostgreSQL database to the schema: %v", err)
	}
	return database(t, template)
}

func (s *Schema) newFile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "liandan-schema-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "liandan.sqlite")
	if err := s.Apply(path); err != nil {
		return nil, err
	}
	if left, err := os.Stat(path + "-wal"); err == nil && left.Size() > 0 {
		return nil, fmt.Errorf("%d bytes of the schema are in a log beside the file: whoever applied it did not close it", left.Size())
	}
	return os.ReadFile(path)
}

// newTemplate finds or makes the database that others are copies of. It lives as long as the server does, and nobody can
// connect to it: a connection would keep it from being copied.
func (s *Schema) newTemplate() (name string, err error) {
	server, err := address()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = fs.WalkDir(s.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(s.Files, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(b), b)
		return err
	})
	if err != nil {
		return "", err
	}
	name = "liandan_schema_" + hex.EncodeToString(sum.Sum(nil)[:8])

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer db.Close()
	c, err := db.Conn(ctx) // the lock is the connection's
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return "", err
	}
	var there bool
	if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	// Under another name until it is complete: what is there by its name can be relied on.
	raw := newName()
	if _, err := c.ExecContext(ctx, "CREATE DATABASE "+raw+" TEMPLATE template0"); err != nil {
		return "", err
	}
	dsn, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	dsn.Path = "/" + raw
	if err := s.Apply(dsn.String()); err != nil {
		_, _ = c.ExecContext(ctx, "DROP DATABASE "+raw+" WITH (FORCE)")
		return "", err
	}
	for _, step := range []string{"ALTER DATABASE " + raw + " WITH ALLOW_CONNECTIONS false", "ALTER DATABASE " + raw + " RENAME TO " + name} {
		if _, err := c.ExecContext(ctx, step); err != nil {
			return "", err
		}
	}
	return name, nil
}
