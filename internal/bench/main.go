// Command bench measures the product against the machine's own limits in one run and
// prints ratios (`make bench`). It starts the built server as a process of its own, on
// SQLite and on PostgreSQL, and loads it over HTTP from this process on the same machine.
//
// It must not be a test: figures vary with the machine, ratios much less.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"liandan/internal/testdb"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	binary := flag.String("binary", "bin/liandan", "the built server")
	chains := flag.Int("chains", 1500, "chains of 8 events for the single-event load")
	bulk := flag.Int("bulk", 12500, "chains of 8 events for the bulk load (12,500 are 100,000 events)")
	events := flag.Int("figures", 400_000, "synthetic events for the figures of indicators; 0: none")
	only := flag.Bool("only-figures", false, "measure those and nothing else")
	profile := flag.String("profile", "", "folder for CPU profiles of the server")
	flag.Parse()
	ctx := context.Background()
	pg, err := testdb.Start()
	if err != nil {
		return err
	}
	defer pg.Stop()
	cores := float64(runtime.GOMAXPROCS(0))
	fmt.Printf("cores %.0f, %s\n\n", cores, runtime.Version())
	if *only {
		return figures(ctx, pg.DSN(), *events)
	}
	v := verifications()
	fmt.Printf("V  Ed25519 verifications/s, one core        %9.0f\n", v)
	p, err := pgbench(ctx, pg.DSN())
	if err != nil {
		return err
	}
	fmt.Printf("P  pgbench single-row inserts/s, 32 clients  %9.0f\n", p)
	s, err := sqliteInserts()
	if err != nil {
		return err
	}
	fmt.Printf("S  SQLite single-row inserts/s, FULL         %9.0f\n\n", s)
	for _, db := range []struct {
		name, dsn string
		base      float64
		unit      string
		aim       float64
	}{{"sqlite", "", s, "S", 1.5}, {"postgres", pg.DSN(), p, "P", 0.4}} {
		r, err := measure(ctx, *binary, db.dsn, *chains, *bulk, *profile, db.name)
		if err != nil {
			return fmt.Errorf("%s: %w", db.name, err)
		}
		fmt.Printf("%s\n", db.name)
		ratio("durable events/s over HTTP, 32 clients", r.single, db.base, db.unit, db.aim)
		fmt.Printf("  %-40s %9.1f\n", "  events a commit group", r.group)
		ratio("bulk upload, events/s", r.bulk, v*cores, "V×cores", 0.35)
		ratio("whole-store check, events/s", r.check, v*cores, "V×cores", 0.6)
		ratio("bundle verification, events/s", r.bundle, v*cores, "V×cores", 0.6)
		fmt.Printf("  resident memory after %d events          %6.0f MiB   (aim < 150)\n\n", r.events, r.rss)
	}
	if *events == 0 {
		return nil
	}
	return figures(ctx, pg.DSN(), *events)
}

func ratio(what string, got, base float64, unit string, aim float64) {
	mark := "meets"
	if got < aim*base {
		mark = "SHORT"
	}
	fmt.Printf("  %-40s %9.0f = %5.2f × %-8s (aim ≥ %.2f) %s\n", what, got, got/base, unit, aim, mark)
}

// rate is how many a second.
func rate(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }
