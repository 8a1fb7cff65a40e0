package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/measure"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/statement"
	"liandan/internal/testdb"
	"liandan/internal/waste"
)

// synthetic fills a store with the movements of so many events at 20,000 sites over a year,
// six events a batch. They are put in at the level of the store: no signatures, no tree.
func synthetic(b *testing.B, s *Store, events int64) (size int64) {
	b.Helper()
	h := &history{s: s, rnd: rand.New(rand.NewPCG(1, 2))}
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, calendar.Zone())
	put := func(g record.Group, moves []indicator.Move) {
		g.RecordedAt, g.Signer, g.Checkpoint = start.AddDate(1, 0, 0), "x+1", []byte("SAMPLE")
		g.Head = merkle.Head{Size: size, Root: sha256.Sum256(fmt.Append(nil, size))}
		err := s.Update(context.Background(), func(tx record.Tx) error {
			r := tx.(*reader)
			if err := r.bulkMoves(moves); err != nil {
				return err
			}
			return tx.Write(g)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	const sites = 20_000
	var said []record.Said
	state := func(kind indicator.FactKind, row any) {
		f := indicator.Fact{Kind: kind, By: "command", Row: row}
		body, _ := f.Bytes()
		e := ledger.Entry{Seq: size, RecordedAt: start, Kind: statement.KindFact, Hash: sha256.Sum256(body)}
		said = append(said, record.Said{Entry: e, Bytes: e.Bytes(), Leaf: ledger.LeafOf(e.Bytes()), Body: body})
		size++
	}
	for n := range sites {
		v := indicator.Site{Site: h.site(n), Party: h.firm(n), Kind: []string{"clinic", "workshop", "factory"}[n%3], Division: districts[n%len(districts)], BuiltUp: n%2 == 0, Span: indicator.Span{From: 0}}
		if n%3 == 1 {
			v.Social = "repair"
		}
		if n == 0 {
			v.Kind = "plant"
		}
		state(indicator.KindSite, v)
		if len(said) == 500 || n == sites-1 {
			put(record.Group{Statements: said}, nil)
			said = nil
		}
	}
	state(indicator.KindLicence, indicator.Licence{Party: h.firm(0), Number: "L", Kind: "operating", Codes: []string{"*"}, Span: indicator.Span{From: 0}})
	put(record.Group{Statements: said}, nil)
	var moves []indicator.Move
	for batch := int64(0); batch*6 < events; batch++ {
		at := start.UnixMilli() + batch*6*365*24*3600*1000/events
		n := 1 + h.rnd.IntN(sites-1)
		code := map[int]waste.Code{0: "841-001-01", 1: "900-214-08", 2: "900-041-49"}[n%3]
		m := indicator.Move{At: at, Batch: id.BatchOf(h.uuid('b', int(batch))), Origin: h.site(n), Site: h.site(n), Code: code}
		g := int64(500 + h.rnd.IntN(9000))
		for i, k := range []indicator.MoveKind{indicator.Generated, indicator.Collected, indicator.Treated} {
			x := m
			x.Seq, x.Kind, x.Grams, x.At = size+int64(2*i), k, g, at+int64(i)*9*3600*1000
			if i == 0 {
				x.Grams = -g
			} else if i == 2 {
				x.Site, x.Method = h.site(0), []waste.Method{"Y10", "R9", "D1"}[n%3]
			}
			moves = append(moves, x)
		}
		if size += 6; len(moves) > 5000 || (batch+1)*6 >= events {
			said = nil // a group of movements alone would not make the log longer
			state(indicator.KindBase, indicator.Base{Figure: "landfilled", Division: districts[0], Year: 2020, Amount: batch, Source: "SAMPLE"})
			put(record.Group{Statements: said}, moves)
			moves = nil
		}
	}
	return size
}

var districts = []string{"130602", "130606", "130607", "130608", "130609", "130623", "130624", "130626", "130627", "130628", "130630", "130631", "130633", "130634", "130635",
	"130636", "130637", "130671", "130672", "130681", "130683", "130684"}

// BenchmarkFigures measures any indicator for any month and district, a first page of
// evidence, and the derivation of all roll-ups against a bare reading of the same rows by
// the same driver. It does so over a tenth of LIANDAN_FIGURES synthetic events and over all
// of them (default 200,000), so that what grows with the log is seen. Of each query the
// processor time of this process is given too: the clock of a shared machine says less.
func BenchmarkFigures(b *testing.B) {
	events, _ := strconv.ParseInt(os.Getenv("LIANDAN_FIGURES"), 10, 64)
	if events == 0 {
		events = 200_000
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				few := figuresOf(b, kind, events/10)
				many := figuresOf(b, kind, events)
				for _, q := range []string{"figure", "evidence"} {
					b.ReportMetric(many[q+"-p50-ms"], q+"-p50-ms")
					b.ReportMetric(many[q+"-p99-ms"], q+"-p99-ms")
					b.ReportMetric(many[q+"-cpu-ms"], q+"-cpu-ms")
					b.ReportMetric(many[q+"-cpu-ms"]/few[q+"-cpu-ms"], q+"-cpu/tenth")
					b.ReportMetric(many[q+"-p99-ms"]/few[q+"-p99-ms"], q+"-p99/tenth")
					b.ReportMetric(many[q+"-p50-ms"]/few[q+"-p50-ms"], q+"-p50/tenth")
				}
				b.ReportMetric(many["rebuild"], "rebuild/read")
				if kind == "sqlite" { // of PostgreSQL's server the processor time is not seen
					b.ReportMetric(many["rebuild-cpu"], "rebuild/read-cpu")
				}
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// figuresOf fills a store of its own and measures it.
func figuresOf(b *testing.B, kind string, events int64) map[string]float64 {
	b.Helper()
	where := testdb.SQLite(b)
	if kind == "postgres" {
		where = testdb.Postgres(b)
	}
	s, err := Open(where)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	if _, err := s.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	began, cpu := time.Now(), processor()
	size := synthetic(b, s, events)
	if kind == "postgres" { // as autovacuum does in time
		if err := s.db.Exec("ANALYZE").Error; err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%s: %d entries filled in %s (%s of processor)", kind, size, time.Since(began).Round(time.Millisecond), (processor() - cpu).Round(time.Millisecond))
	city := func(d string) bool { return slices.Contains(districts, d) }
	fresh := func() *measure.Service {
		return measure.New(measure.Config{Store: s, Divisions: districts, City: city, Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }})
	}
	out := map[string]float64{}
	out["rebuild"], out["rebuild-cpu"] = rebuilt(b, s, fresh())
	svc := fresh()
	began = time.Now()
	rnd := rand.New(rand.NewPCG(3, 4))
	query := func() measure.Query {
		p, _ := indicator.ParsePeriod(fmt.Sprintf("2025-%02d", 1+rnd.IntN(12)))
		return measure.Query{Indicator: []int{2, 19, 35, 36, 37, 38, 59}[rnd.IntN(7)], Period: p, District: districts[rnd.IntN(len(districts))]}
	}
	figure := func(q measure.Query) error { _, err := svc.Indicator(ctx, q); return err }
	if err := figure(query()); err != nil { // reads the registers, once for a process
		b.Fatal(err)
	}
	b.Logf("%s: the first figure of a process took %s", kind, time.Since(began).Round(time.Millisecond))
	whole := query()
	whole.District = ""
	for _, whole.Indicator = range []int{36, 37} {
		for _, name := range []string{"2025-06", "2025"} {
			whole.Period, _ = indicator.ParsePeriod(name)
			began = time.Now()
			if err := figure(whole); err != nil {
				b.Fatal(err)
			}
			b.Logf("%s: indicator %d of the whole city for %s took %s", kind, whole.Indicator, name, time.Since(began).Round(time.Millisecond))
		}
	}
	asked := func(name string, n int, ask func(measure.Query) error) {
		took, of := make([]time.Duration, n), map[int][]time.Duration{}
		cpu := processor()
		for i := range took {
			q := query()
			t := time.Now()
			if err := ask(q); err != nil {
				b.Fatal(err)
			}
			took[i] = time.Since(t)
			of[q.Indicator] = append(of[q.Indicator], took[i])
		}
		cpu = processor() - cpu
		slices.Sort(took)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		for _, n := range slices.Sorted(maps.Keys(of)) {
			list := of[n]
			slices.Sort(list)
			b.Logf("%s: %s of %d: p50 %.2f, p90 %.2f, the longest %.2f ms", kind, name, n, ms(list[len(list)/2]), ms(list[len(list)*9/10]), ms(list[len(list)-1]))
		}
		out[name+"-p50-ms"], out[name+"-p99-ms"], out[name+"-cpu-ms"] = ms(took[n/2]), ms(took[n*99/100]), ms(cpu)/float64(n)
	}
	asked("figure", 1000, figure)
	asked("evidence", 500, func(q measure.Query) error { _, err := svc.Evidence(ctx, q, "", 100); return err })
	b.Logf("%s: %d entries: %v", kind, size, out)
	return out
}

// processor is the time that this process has had of all processors.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rebuilt is the speed of deriving all roll-ups as a share of that of a bare reading of the
// same rows, which are the register facts and the movements: what the driver gives, looked at by nobody. The better of two readings counts.
// Of processor time it says the same, as far as this process has it.
func rebuilt(b *testing.B, s *Store, svc *measure.Service) (speed, effort float64) {
	b.Helper()
	ctx := context.Background()
	bare, spent := time.Duration(1<<62), time.Duration(1<<62)
	for range 2 {
		began, cpu := time.Now(), processor()
		n := 0
		err := s.view(ctx, func(r *reader) error {
			err := r.query(sqlFacts, func(rows *sql.Rows) error {
				columns, err := rows.Columns()
				cells := make([]any, len(columns))
				for i := range cells {
					cells[i] = new(sql.RawBytes)
				}
				if err == nil {
					err = rows.Scan(cells...)
				}
				return err
			}, 0, int64(1)<<60)
			if err != nil {
				return err
			}
			return r.query(sqlMoveRows, func(rows *sql.Rows) error {
				n++
				var seq, line, at, grams, mixed int64
				var kind, batch, origin, site, code, method sql.NullString
				return rows.Scan(&seq, &line, &at, &kind, &batch, &origin, &site, &code, &method, &grams, &mixed)
			})
		})
		if err != nil || n == 0 {
			b.Fatal(n, err)
		}
		bare, spent = min(bare, time.Since(began)), min(spent, processor()-cpu)
	}
	began, cpu := time.Now(), processor()
	blocks, err := svc.Roll(ctx, 1<<30)
	if err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	cpu = processor() - cpu
	b.Logf("%d blocks rolled up in %s (%s of processor), read bare in %s (%s)", blocks, took.Round(time.Millisecond), cpu.Round(time.Millisecond), bare.Round(time.Millisecond), spent.Round(time.Millisecond))
	return float64(bare) / float64(took), float64(spent) / float64(cpu)
}
