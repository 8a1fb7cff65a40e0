package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary play the process that is killed in TestServerDiesWithItsProcess.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
	}
	os.Exit(m.Run())
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func ask(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var answer string
	if err := db.QueryRowContext(ctx, query, args...).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestPostgresIsFreshEachTime(t *testing.T) {
	first, second := open(t, Postgres(t)), open(t, Postgres(t))
	if a, b := ask(t, first, "SELECT current_database()"), ask(t, second, "SELECT current_database()"); a == b {
		t.Fatalf("two calls gave the one database %s", a)
	}
	if _, err := first.Exec("CREATE TABLE mark (n int)"); err != nil {
		t.Fatal(err)
	}
	const tables = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
	if n := ask(t, first, tables); n != "1" {
		t.Errorf("the first database holds %s tables, want the one made", n)
	}
	if n := ask(t, second, tables); n != "0" {
		t.Errorf("the second database is not empty: %s tables", n)
	}
}

func TestPostgresIsIsolatedInParallel(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := open(t, Postgres(t))
			for _, s := range []string{"CREATE TABLE mark (n int)", fmt.Sprintf("INSERT INTO mark VALUES (%d)", i)} {
				if _, err := db.Exec(s); err != nil {
					t.Fatalf("%s: %v", s, err)
				}
			}
			if got := ask(t, db, "SELECT string_agg(n::text, ',') FROM mark"); got != fmt.Sprint(i) {
				t.Errorf("test %d reads %q", i, got)
			}
		})
	}
}

func TestPostgresIsDroppedAtCleanup(t *testing.T) {
	admin, err := address()
	if err != nil {
		t.Fatal(err)
	}
	const count = "SELECT count(*) FROM pg_database WHERE datname = $1"
	var name string
	var left *sql.Conn // still open when the database goes
	t.Run("owner", func(t *testing.T) {
		dsn := Postgres(t)
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		if left, err = db.Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
		name = ask(t, db, "SELECT current_database()")
		if n := ask(t, open(t, admin), count, name); n != "1" {
			t.Fatalf("%s databases are named %s, want 1", n, name)
		}
	})
	if n := ask(t, open(t, admin), count, name); n != "0" {
		t.Errorf("database %s is still there after its test", name)
	}
	if err := left.PingContext(t.Context()); err == nil {
		t.Error("a connection to the dropped database still answers")
	}
}

// failure is a testing.TB that records Fatalf instead of failing the real test.
type failure struct {
	testing.TB
	message string
}

func (f *failure) Helper() {}

func (f *failure) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// fatal runs Postgres and returns the sentence it failed with, or "".
func fatal(t *testing.T) string {
	f := &failure{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Postgres(f)
	}()
	<-done
	return f.message
}

func TestPostgresFailsWhereTheServerIsNot(t *testing.T) {
	server, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	password, _ := mustURL(t, server.DSN()).User.Password()
	for name, dsn := range map[string]string{
		"stopped":      server.DSN(),
		"no address":   "postgres://127.0.0.1:notaport/x",
		"no such host": "postgres://liandan:" + password + "@host.invalid:5432/postgres",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(Env, dsn)
			got := fatal(t)
			if !strings.Contains(got, Env) {
				t.Errorf("Postgres failed with %q, want a sentence that names %s", got, Env)
			}
			if strings.Contains(got, password) {
				t.Errorf("the sentence gives the password away: %q", got)
			}
		})
	}
}

func TestSQLiteGivesAFreshPath(t *testing.T) {
	var kept string
	t.Run("owner", func(t *testing.T) {
		a, b := SQLite(t), SQLite(t)
		if a == b {
			t.Fatalf("two calls gave the one path %s", a)
		}
		for _, path := range []string{a, b} {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("%s: %v, want no file yet", path, err)
			}
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Error(err)
			}
		}
		kept = a
	})
	if _, err := os.Stat(filepath.Dir(kept)); !os.IsNotExist(err) {
		t.Errorf("%s outlived its test: %v", filepath.Dir(kept), err)
	}
}

func mustURL(t *testing.T, dsn string) *url.URL {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
