package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/report"
	"liandan/internal/statement"
)

func reportOf(t *testing.T, n byte, period, district, by string, body []byte) (report.Kept, statement.Statement) {
	t.Helper()
	p, err := indicator.ParsePeriod(period)
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(1_772_000_000_000 + int64(n)).UTC()
	k := report.Kept{ID: id.ReportOf(id.V7(at.UnixMilli(), [10]byte{n})), Period: p, District: district, Definitions: id.Hash{1}, Size: 7, Root: id.Hash{2}, MadeAt: at, By: by, Hash: sha256.Sum256(body)}
	act, err := statement.Act{At: at, Actor: by, Operation: report.Act, Subject: k.ID.String() + " " + k.Hash.String()}.Statement()
	if err != nil {
		t.Fatal(err)
	}
	return k, act
}

// What is kept comes back as it was, in order; of two by the calendar one is kept, whoever
// is first; nothing can be changed or taken away.
func TestReportsAreKept(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		body := []byte(strings.Repeat(`{"样例":"SAMPLE"}`, 1000))
		keep := func(n byte, period, district, by string) bool {
			k, act := reportOf(t, n, period, district, by, body)
			kept, err := s.KeepReport(ctx, k, body, act)
			if err != nil {
				t.Fatal(err)
			}
			return kept
		}
		if !keep(1, "2026-03", "", report.BySchedule) || keep(2, "2026-03", "", report.BySchedule) || !keep(3, "2026-03", "", "account:SAMPLE") || !keep(4, "2026-03", "", "account:SAMPLE") ||
			!keep(5, "2026-03", "130602", report.BySchedule) || !keep(6, "2026-W10", "", report.BySchedule) {
			t.Fatal("of two by the calendar the first is kept, and all on request")
		}
		k, _ := reportOf(t, 1, "2026-03", "", report.BySchedule, body)
		got, b, ok, err := s.Report(ctx, k.ID)
		if err != nil || !ok || string(b) != string(body) || fmt.Sprint(got) != fmt.Sprint(k) {
			t.Errorf("%v %v %+v, %d bytes; want %+v", ok, err, got, len(b), k)
		}
		if _, _, ok, err := s.Report(ctx, id.ReportOf(id.V7(9, [10]byte{9}))); ok || err != nil {
			t.Errorf("one that is not there: %v %v", ok, err)
		}
		whole := ""
		for want, f := range map[string]report.Filter{"6 5 4 3 1": {}, "5 4 3 1": {Period: "2026-03"}, "6 4 3 1": {District: &whole}, "6": {Grain: indicator.Weekly}, "": {Period: "2026"}} {
			var said []string
			before := id.Report{}
			for {
				list, err := s.Reports(ctx, f, before, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range list {
					said = append(said, fmt.Sprint(k.MadeAt.UnixMilli()-1_772_000_000_000))
					before = k.ID
				}
				if len(list) < 2 {
					break
				}
			}
			if strings.Join(said, " ") != want {
				t.Errorf("%+v: %v, want %s", f, said, want)
			}
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		n := 0
		for i := range byte(6) { // as many servers
			wg.Go(func() {
				k, act := reportOf(t, 20+i, "2026-Q1", "", report.BySchedule, body)
				kept, err := s.KeepReport(ctx, k, body, act)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if kept {
					n++
				}
			})
		}
		wg.Wait()
		if list, err := s.Reports(ctx, report.Filter{Period: "2026-Q1"}, id.Report{}, 10); n != 1 || err != nil || len(list) != 1 {
			t.Errorf("%d were kept, %d are there: %v", n, len(list), err)
		}
		acts := 0
		err = s.view(ctx, func(r *reader) error {
			return r.OutboxRows(func(int64, int64, statement.Statement) error { acts++; return nil })
		})
		if err != nil || acts != 6 {
			t.Errorf("%d acts wait for the log: %v", acts, err)
		}
		refused(t, s, "reports", []string{`UPDATE reports SET made_by = 'x'`, `UPDATE reports SET body = hash`, `UPDATE reports SET size = size + 1`, `DELETE FROM reports`,
			`INSERT INTO reports SELECT * FROM reports WHERE period = '2026-Q1'`}, []string{`TRUNCATE reports`}, []string{`REPLACE INTO reports SELECT * FROM reports WHERE period = '2026-Q1'`})
	})
}

// The lists of random inspections are evidence.
func TestSampleListsRefuseChanges(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		for i := range byte(2) {
			if _, err := s.AddSampleList(context.Background(), id.Hash{1 + i}, []byte("SAMPLE"), time.UnixMilli(1_772_000_000_000)); err != nil {
				t.Fatal(err)
			}
		}
		refused(t, s, "sample_lists", []string{`UPDATE sample_lists SET made_at = 0`, `UPDATE sample_lists SET body = hash`, `DELETE FROM sample_lists`,
			`INSERT INTO sample_lists SELECT hash, hash, made_at FROM sample_lists`}, []string{`TRUNCATE sample_lists`},
			[]string{`REPLACE INTO sample_lists SELECT hash, hash, made_at FROM sample_lists`, `UPDATE OR REPLACE sample_lists SET rowid = 1 WHERE rowid = 2`})
	})
}

// refused says that changes are, and that what was there stays.
func refused(t *testing.T, s *Store, table string, all, postgres, sqlite []string) {
	t.Helper()
	db, err := s.db.DB()
	if err != nil {
		t.Fatal(err)
	}
	count := func() string {
		var n, sum int64
		if err := db.QueryRow("SELECT count(*), sum(made_at) FROM "+table).Scan(&n, &sum); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(n, sum)
	}
	before := count()
	changes := append(all, sqlite...)
	if s.postgres {
		changes = append(all, postgres...)
	}
	for _, q := range changes {
		if _, err := db.Exec(q); err == nil {
			t.Errorf("%s is not refused", q)
		}
	}
	if after := count(); after != before {
		t.Errorf("%s had %s, has %s", table, before, after)
	}
}
