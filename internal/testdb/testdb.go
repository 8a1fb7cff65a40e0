// Package testdb gives tests real databases: a fresh PostgreSQL database or a fresh
// SQLite file for every call, gone when the test ends.
//
// It must not be imported by anything but tests and benchmarks, it must not know the
// schema (whoever wants one in the database says how it is applied: see Schema), and it never skips: a machine that
// cannot run PostgreSQL fails the test and says what to install.
package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Env names the variable with the address of the PostgreSQL server to make databases on,
// postgres://USER:PASSWORD@HOST:PORT/DATABASE. Its user must be allowed to create
// databases. `make test` sets it; where it is unset this package starts a server of its
// own, once a process.
const Env = "LIANDAN_TEST_POSTGRES"

// patience bounds one administrative statement. Making a database copies and syncs a few
// megabytes, which is slow while many packages test at once on a small machine.
const patience = 2 * time.Minute

// SQLite returns the path of a file that does not exist yet, in a directory of its own
// that is removed when the test ends.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "liandan.sqlite")
}

// Postgres makes an empty database and returns its address for driver "pgx" or GORM. The
// database is dropped when the test ends, with force: a connection that a test left open
// cannot keep it. Calls from parallel tests get different databases.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, "template0")
}

// database makes a copy of a database.
func database(t testing.TB, template string) string {
	t.Helper()
	server, err := address()
	if err != nil {
		t.Fatalf("no PostgreSQL to test on: %v", err)
	}
	dsn, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a postgres:// address", Env) // the address holds a password
	}
	name := newName()
	if err := administer(server, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("cannot make a database on the PostgreSQL server of %s (unset it to have one started): %v", Env, err)
	}
	t.Cleanup(func() {
		if err := administer(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	dsn.Path = "/" + name
	return dsn.String()
}

// shared is this process's own server, started by the first test that needs it. It stops
// when the process ends, however it ends: see Server.
var shared = sync.OnceValues(Start)

// address says which server to use.
func address() (string, error) {
	if dsn := os.Getenv(Env); dsn != "" {
		return dsn, nil
	}
	server, err := shared()
	if err != nil {
		return "", err
	}
	return server.DSN(), nil
}

// newName is random because several test processes may share one server.
func newName() string {
	var b [8]byte
	rand.Read(b[:])
	return "liandan_test_" + hex.EncodeToString(b[:])
}

// administer runs one statement over a connection that is closed again, so that a
// thousand tests hold no more connections than are at work.
func administer(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statement)
	return err
}
