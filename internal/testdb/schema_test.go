package testdb

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
)

// A schema is applied once; each test has a copy, and what one does to it no other sees.
func TestSchemaIsAppliedOnce(t *testing.T) {
	var applied atomic.Int32
	files := fstest.MapFS{"1.sql": {Data: []byte("CREATE TABLE mark (n int); -- " + newName())}}
	s := Schema{Files: files, Apply: func(address string) error {
		applied.Add(1)
		if !strings.HasPrefix(address, "postgres://") {
			return os.WriteFile(address, []byte("SAMPLE"), 0o600)
		}
		db, err := sql.Open("pgx", address)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec(string(files["1.sql"].Data))
		return err
	}}
	first, second := open(t, s.Postgres(t)), open(t, s.Postgres(t))
	if _, err := first.Exec("INSERT INTO mark VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if n := ask(t, second, "SELECT count(*)::text FROM mark"); n != "0" {
		t.Errorf("the second copy holds %s rows of the first", n)
	}
	other := Schema{Files: files, Apply: s.Apply} // as in another process
	if n := ask(t, open(t, other.Postgres(t)), "SELECT count(*)::text FROM mark"); n != "0" || applied.Load() != 1 {
		t.Errorf("applied %d times to PostgreSQL, %s rows", applied.Load(), n)
	}
	for range 2 {
		if b, err := os.ReadFile(s.SQLite(t)); err != nil || string(b) != "SAMPLE" {
			t.Errorf("the file holds %q, %v", b, err)
		}
	}
	if applied.Load() != 2 {
		t.Errorf("applied %d times, to two kinds of database", applied.Load())
	}
	server, err := address()
	if err != nil {
		t.Fatal(err)
	}
	name, _ := s.template()
	t.Cleanup(func() {
		if err := administer(server, "DROP DATABASE "+name); err != nil {
			t.Error(err)
		}
	})
}

// What cannot be applied is said, and leaves nothing behind.
func TestSchemaThatFails(t *testing.T) {
	s := Schema{Files: fstest.MapFS{"1.sql": {Data: []byte(newName())}}, Apply: func(string) error { return errors.New("SAMPLE trouble") }}
	s.prepare()
	if _, err := s.template(); err == nil || !strings.Contains(err.Error(), "SAMPLE trouble") {
		t.Errorf("PostgreSQL: %v", err)
	}
	if _, err := s.file(); err == nil || !strings.Contains(err.Error(), "SAMPLE trouble") {
		t.Errorf("SQLite: %v", err)
	}
}
