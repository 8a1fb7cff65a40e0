package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // driver "sqlite", the one the product uses
)

// verifications is V: how many Ed25519 checks of a 600-byte message one core does a second.
func verifications() float64 {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	msg := make([]byte, 600)
	sig := ed25519.Sign(key, msg)
	n, began := 0, time.Now()
	for time.Since(began) < 2*time.Second {
		for range 100 {
			if !ed25519.Verify(pub, msg, sig) {
				panic("a good signature was refused")
			}
		}
		n += 100
	}
	return rate(n, time.Since(began))
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench is P: raw single-row inserts, 32 clients, on the same server.
func pgbench(ctx context.Context, dsn string) (float64, error) {
	dir, err := os.MkdirTemp("", "liandan-bench-*")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "insert.sql")
	const insert = "INSERT INTO bench_rows (body) VALUES (repeat('x', 700));\n"
	if err := os.WriteFile(script, []byte(insert), 0o600); err != nil {
		return 0, err
	}
	bin := "pgbench"
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench"); len(found) > 0 {
		slices.Sort(found)
		bin = found[len(found)-1]
	}
	psql := exec.CommandContext(ctx, "psql", dsn, "-qc", "CREATE TABLE IF NOT EXISTS bench_rows (id bigserial PRIMARY KEY, body text NOT NULL)")
	if out, err := psql.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("psql: %w: %s", err, out)
	}
	out, err := exec.CommandContext(ctx, bin, "-n", "-M", "prepared", "-c", "32", "-j", "2", "-T", "8", "-f", script, dsn).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench said no tps: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// sqliteInserts is S: raw single-row inserts, each its own commit, synchronous=FULL.
func sqliteInserts() (float64, error) {
	dir, err := os.MkdirTemp("", "liandan-bench-*")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "s.sqlite")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE r (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"); err != nil {
		return 0, err
	}
	st, err := db.Prepare("INSERT INTO r (body) VALUES (?)")
	if err != nil {
		return 0, err
	}
	body := string(make([]byte, 700))
	n, began := 0, time.Now()
	for time.Since(began) < 4*time.Second {
		if _, err := st.Exec(body); err != nil {
			return 0, err
		}
		n++
	}
	return rate(n, time.Since(began)), nil
}
