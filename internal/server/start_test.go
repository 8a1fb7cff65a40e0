package server_test

import (
	"context"
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liandan/internal/client"
	"liandan/internal/config"
	"liandan/internal/server"
)

// refuses starts a server that must not start, and looks for words in what it says.
func refuses(t *testing.T, cfg *config.Config, words ...string) {
	t.Helper()
	s, err := server.Start(context.Background(), fresh(cfg), server.Options{Env: nothing})
	if err == nil {
		stop(t, s)
		t.Errorf("the server started; it should have said %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the server says %q, which does not say %q", err, w)
		}
	}
}

// starts starts and stops a server.
func starts(t *testing.T, cfg *config.Config, env func(string) string) {
	t.Helper()
	s, err := server.Start(context.Background(), fresh(cfg), server.Options{Env: env})
	if err != nil {
		t.Errorf("the server does not start: %v", err)
		return
	}
	stop(t, s)
}

// lived starts a server, takes a chain in and stops it.
func lived(t *testing.T, cfg *config.Config, c *cast) *cast {
	t.Helper()
	s := start(t, cfg, server.Options{})
	to := client.New(s.URL, s.Token)
	if c == nil {
		c = enrolled(t, to, 1)
	}
	if err := newBox().send(t, to, c.chain(t, time.Now())); err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	return c
}

func TestStartRefusesKeys(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		lived(t, cfg, nil)
		path := cfg.File("log.key")
		key, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []os.FileMode{0o604, 0o640, 0o644} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			refuses(t, cfg, "can be read by others", "chmod 600")
		}
		write := func(b string) {
			t.Helper()
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if b != "" {
				if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		write("")
		refuses(t, cfg, "its key", "missing", "LIANDAN_LOG_KEY")
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Error("a log that has entries was given a new key")
		}
		starts(t, cfg, func(name string) string { return map[string]string{"LIANDAN_LOG_KEY": string(key)}[name] })
		write("PRIVATE+KEY+SAMPLE")
		refuses(t, cfg, "cannot be read")
		write(string(key))
		other := fresh(cfg)
		other.Origin = "another.sample.test"
		refuses(t, other, "log.sample.test", "another.sample.test")
		starts(t, cfg, nothing)
	})
}

// TestStartRefusesAKeyOfAnotherLog swaps the key of a log for another one of its name.
func TestStartRefusesAKeyOfAnotherLog(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		lived(t, cfg, nil)
		elsewhere := settings(t, t.TempDir(), "")
		starts(t, elsewhere, nothing)
		key, err := os.ReadFile(elsewhere.File("log.key"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cfg.File("log.key"), key, 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, cfg, "remembered checkpoint", "not of this log's key")
	})
}

// TestStartMindsAnEmptyRemembrance: a checkpoint file that was cut short must not switch the
// guard against older backups off.
func TestStartMindsAnEmptyRemembrance(t *testing.T) {
	cfg := settings(t, t.TempDir(), "")
	lived(t, cfg, nil)
	for _, text := range []string{"", "\n", "x"} {
		if err := os.WriteFile(cfg.File("log.checkpoint"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		refuses(t, cfg, "remembered checkpoint", "--accept-rollback")
	}
}

// TestStartRefusesADamagedFile: what is no database any more asks for the backup.
func TestStartRefusesADamagedFile(t *testing.T) {
	cfg := settings(t, t.TempDir(), "")
	lived(t, cfg, nil)
	whole := readFile(t, cfg.File("liandan.sqlite"))
	for _, text := range []string{whole[:100_000], strings.Repeat("SAMPLE ", 20_000)} {
		for _, beside := range []string{"-wal", "-shm"} {
			os.Remove(cfg.File("liandan.sqlite" + beside))
		}
		if err := os.WriteFile(cfg.File("liandan.sqlite"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, cfg, "damaged or is no database", "backup")
	}
}

// TestStartRefusesAnOlderBackup sets the database back in time behind the server's back.
func TestStartRefusesAnOlderBackup(t *testing.T) {
	t.Parallel()
	cfg := settings(t, t.TempDir(), "")
	c := lived(t, cfg, nil)
	backup, held := readDatabase(t, cfg), published(t, cfg)
	lived(t, cfg, c)
	newest, size := readDatabase(t, cfg), published(t, cfg)
	restore(t, cfg, backup)
	refuses(t, cfg, held+" entries", "checkpoint of "+size, "older backup", "--accept-rollback")
	if out, err := command(t, "check", cfg).CombinedOutput(); err == nil || !strings.Contains(string(out), "rollback") {
		t.Errorf("check of an older backup says %v:\n%s", err, out)
	}
	restore(t, cfg, newest)
	starts(t, cfg, nothing)

	restore(t, cfg, backup)
	told := fresh(cfg)
	told.AcceptRollback = true
	lived(t, told, c)
	other := readDatabase(t, cfg)
	// From here on the log goes its own way: coming back with the entries that were given
	// up is a fork, as long as the log is, and is refused.
	restore(t, cfg, newest)
	refuses(t, cfg, "first "+published(t, cfg)+" entries", "not those that this server published")
	restore(t, cfg, other)
	lived(t, cfg, c)
	checked(t, cfg)
}

// published is the size of the newest checkpoint that the server remembers.
func published(t *testing.T, cfg *config.Config) string {
	t.Helper()
	lines := strings.Split(readFile(t, cfg.File("log.checkpoint")), "\n")
	if len(lines) < 3 {
		t.Fatalf("the remembered checkpoint is %q", lines)
	}
	return lines[1]
}

func readDatabase(t *testing.T, cfg *config.Config) []byte {
	t.Helper()
	if left, _ := filepath.Glob(cfg.File("liandan.sqlite-*")); len(left) > 0 {
		t.Fatalf("a stopped server leaves %v", left)
	}
	b, err := os.ReadFile(cfg.File("liandan.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func restore(t *testing.T, cfg *config.Config, b []byte) {
	t.Helper()
	if err := os.WriteFile(cfg.File("liandan.sqlite"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestStartRefusesASchemaOfAnotherVersion makes the database older and newer than the
// program; the step from one to the other is the operator's.
func TestStartRefusesASchemaOfAnotherVersion(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		starts(t, cfg, nothing)
		driver, where := "sqlite", "file:"+cfg.File("liandan.sqlite")
		if cfg.Database != "" {
			driver, where = "pgx", cfg.Database
		}
		db, err := sql.Open(driver, where)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var newest int64
		if err := db.QueryRow("SELECT max(version_id) FROM goose_db_version").Scan(&newest); err != nil || newest < 2 {
			t.Fatalf("the schema is at %d: %v", newest, err)
		}
		for _, c := range []struct{ change, advice string }{
			{"DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)", "liandan migrate"},
			{"INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)", "run the newer program"},
		} {
			if _, err := db.Exec(c.change); err != nil {
				t.Fatal(err)
			}
			refuses(t, cfg, "schema", c.advice)
		}
	})
}

// TestStartThatFailsLeavesNothing starts on an address that is taken: no token is left for
// commands, and the next start on another address works.
func TestStartThatFailsLeavesNothing(t *testing.T) {
	both(t, func(t *testing.T, cfg *config.Config) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		taken := fresh(cfg)
		taken.Listen = ln.Addr().String()
		refuses(t, taken, "cannot listen on "+taken.Listen)
		if token := server.LocalToken(taken.Listen); token != "" {
			t.Error("a server that did not start left a token")
		}
		starts(t, cfg, nothing)
	})
}

func TestStartSaysWhereTheDatabaseIsNot(t *testing.T) {
	t.Parallel()
	cfg := settings(t, t.TempDir(), "postgres://sample:SAMPLE-secret@127.0.0.1:1/sample?sslmode=disable&connect_timeout=2")
	s, err := server.Start(t.Context(), cfg, server.Options{Env: nothing})
	if err == nil {
		stop(t, s)
		t.Fatal("the server started without a database")
	}
	if !strings.Contains(err.Error(), "PostgreSQL") || strings.Contains(err.Error(), "SAMPLE-secret") {
		t.Errorf("the server says %q", err)
	}
}
