package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/duty"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/record"
	"liandan/internal/rule"
	"liandan/internal/store"
	"liandan/internal/store/storetest"
	"liandan/internal/waste"
)

var ctx = context.Background()

// place is a filled store with its audit and a way past the database's refusals: a
// connection for which triggers do not fire, and a backup of every table.
type place struct {
	*intaketest.World
	t       *testing.T
	kind    string
	address string
	store   *store.Store
	intake  *record.Service
	audit   *audit.Service
	db      *sql.DB // of a superuser without triggers

	checkpoint []byte      // published last
	whole      id.Manifest // accepted whole
	parted     id.Batch    // accepted in part
	reprinted  id.Batch    // has a label of the server's
	withdrawn  event.Label // of another batch
	remade     event.Label // the server's
	columns    map[string][]string
}

// tables in the order in which a check believes them, with their keys.
var tables = []struct {
	name string
	key  []string
	area audit.Area
}{
	{"entries", []string{"seq"}, audit.AreaEntry},
	{"heads", []string{"size"}, audit.AreaHead},
	{"log_state", []string{"id"}, audit.AreaHead},
	{"tiles", []string{"level", "idx"}, audit.AreaTile},
	{"entry_links", []string{"batch", "n"}, audit.AreaLink},
	{"event_index", []string{"seq"}, audit.AreaIndex},
	{"batches", []string{"id"}, audit.AreaBatch},
	{"manifests", []string{"id"}, audit.AreaManifest},
	{"postings", []string{"seq", "line"}, audit.AreaPosting},
	{"movements", []string{"seq", "line"}, audit.AreaPosting},
	{"site_months", []string{"month", "site", "treated"}, audit.AreaPosting},
	{"tally_steps", []string{"seq", "line"}, audit.AreaTally},
	{"tallies", []string{"party", "kind", "day", "site", "other", "code", "method"}, audit.AreaTally},
	{"labels", []string{"token"}, audit.AreaLabel},
	{"statements", []string{"subject", "n"}, audit.AreaStatement},
	{"acts", []string{"seq"}, audit.AreaAct},
	{"act_parties", []string{"party", "seq"}, audit.AreaAct},
	{"rulings", []string{"hash"}, audit.AreaRuling},
	{"worklist", []string{"subject", "slot"}, audit.AreaWorklist},
	{"involved", []string{"subject", "who"}, audit.AreaInvolved},
	{"terms", []string{"term", "subject"}, audit.AreaTerm},
	{"topics", []string{"kind", "subject", "seq"}, audit.AreaTopic},
	{"candidates", []string{"seq", "subject"}, audit.AreaCandidate},
	{"register_facts", []string{"key"}, audit.AreaFact},
	{"quarantine", []string{"hash"}, audit.AreaQuarantine},
	{"quarantine_subjects", []string{"subject", "hash"}, audit.AreaQuarantine},
	{"device_keys", []string{"kid"}, audit.AreaDeviceKey},
}

// onBoth runs a test on a store of each kind with a few dozen entries.
func onBoth(t *testing.T, run func(t *testing.T, p *place)) { onEach(t, 4, run) }

// onBothFull does so with more entries than a tile holds.
func onBothFull(t *testing.T, run func(t *testing.T, p *place)) { onEach(t, 80, run) }

func onEach(t *testing.T, batches int, run func(t *testing.T, p *place)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			run(t, filled(t, kind, batches))
		})
	}
}

// empty opens a fresh store with its intake and audit.
func empty(t *testing.T, kind string) *place {
	t.Helper()
	p := &place{World: intaketest.New(t, 7), t: t, kind: kind}
	driver := "sqlite"
	if kind == "postgres" {
		driver, p.address = "pgx", storetest.Ready.Postgres(t)
	} else {
		p.address = storetest.Ready.SQLite(t)
	}
	p.open()
	if _, err := p.store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	p.intake = p.Intake(p.store)
	p.db = openSQL(t, driver, p.address)
	return p
}

// openSQL opens one connection past the store.
func openSQL(t *testing.T, driver, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // what is set for the session holds
	t.Cleanup(func() { db.Close() })
	return db
}

func (p *place) open() {
	p.t.Helper()
	s, err := store.Open(p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	p.store = s
	p.audit = p.over(s)
}

func (p *place) over(s audit.Store) *audit.Service {
	p.t.Helper()
	book, err := rule.DefaultBook()
	if err != nil {
		p.t.Fatal(err)
	}
	duties, err := duty.DefaultBook()
	if err != nil {
		p.t.Fatal(err)
	}
	return audit.New(audit.Config{Store: s, Keys: p.Registry, Verifier: p.Verifier, VKey: p.VKey, Rules: book,
		Catalog: waste.DefaultCatalog(), Now: p.Now, Random: p.Random, Duties: duties, Calendars: audit.DefaultCalendars(), Organisation: p.Registry.Organisation})
}

// filled is a store with three commit groups of single batches, whole chains, one
// accepted in part, events held and let in, labels made and withdrawn.
func filled(t *testing.T, kind string, batches int) *place {
	t.Helper()
	p := empty(t, kind)
	p.send(p.Sign(p.Hospital, event.UseRecorded, event.Use{Item: "SAMPLE gloves", Kind: "product", Quantity: 3, Unit: "piece"}, nil))
	for range 3 {
		var lines [][]byte
		for i := range batches {
			lines = append(lines, p.Generate(waste.Grams(500+i)).JWS)
		}
		p.block(lines)
	}
	chain := p.Chain(12_345)
	p.send(chain...)
	p.whole = chain[2].Event.Manifest
	p.reprinted = chain[0].Event.Batches[0].ID
	p.parts()
	late := p.Chain(2_222)
	p.hold(late[1])
	p.send(late[0])
	p.hold(late[4])
	for _, beds := range []int{40, 60} { // the second corrects the first
		p.fact(indicator.KindSite, indicator.Site{Site: p.Hospital.Site, Party: p.Hospital.Party, Kind: "hospital", Division: "130602", Beds: beds})
		p.fact(indicator.KindChoice, indicator.ChoiceMade{Indicator: 59, Key: "passes", Value: []string{"pass", "pass_or_basic"}[beds/60]})
	}
	withdrawn := p.Generate(900)
	p.send(withdrawn)
	p.withdrawn = withdrawn.Event.Data.(event.Generated).Label
	p.lose()
	var err error
	if p.remade, err = p.audit.NewLabel(ctx, p.reprinted); err != nil {
		t.Fatal(err)
	}
	if err := p.audit.RevokeLabel(ctx, p.withdrawn); err != nil {
		t.Fatal(err)
	}
	if p.checkpoint, err = p.audit.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	p.disarm()
	return p
}

// lose states keys, of which one is lost and reported, and has an authority rule on what was
// signed between; and it puts acts into the log.
func (p *place) lose() {
	p.t.Helper()
	bureau, deputy := p.Enrol(p.Org("SAMPLE bureau", party.Authority), true), p.Enrol(p.Hospital.Party, false)
	deputy.Site = p.Hospital.Site
	for _, d := range []*device.Device{p.Hospital, bureau, deputy} {
		p.Advance(time.Millisecond)
		p.Tell(p.store, d)
	}
	bag := p.Generate(800)
	p.send(bag)
	stored := func(place string) intaketest.Signed {
		return p.Sign(deputy, event.BatchStored, event.Stored{Place: place}, func(e *event.Event) { e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID}} })
	}
	p.send(stored("SAMPLE before"))
	p.Advance(time.Minute)
	p.send(stored("SAMPLE open"))
	admitted, rejected, waits := stored("SAMPLE admitted"), stored("SAMPLE rejected"), stored("SAMPLE waits")
	p.Advance(time.Minute)
	p.Revoke(p.store, deputy, p.Now().Add(-time.Minute-time.Second))
	p.Limit(p.store, p.Hospital, p.Now().AddDate(0, 6, 0))
	for _, s := range []intaketest.Signed{admitted, rejected, waits} {
		p.Advance(time.Millisecond)
		if r := p.intake.Accept(ctx, s.JWS); !r.Held || fault.Of(r.Err) != fault.KeyContested {
			p.t.Fatalf("a contested event gave %+v", r)
		}
	}
	p.send(p.Rule(bureau, admitted, event.Admit), p.Rule(bureau, rejected, event.Reject))
	for i, subject := range []string{"SAMPLE bag", "SAMPLE key"} {
		p.Advance(time.Millisecond)
		st := p.Act("account:SAMPLE", "readBatch", subject, []id.Party{p.Hospital.Party, p.Plant.Party}[i:]...)
		if err := p.store.AddStatement(ctx, st, p.Now()); err != nil {
			p.t.Fatal(err)
		}
		if err := p.intake.Flush(ctx); err != nil {
			p.t.Fatal(err)
		}
	}
}

// send hands events over one by one, a moment apart, so that each group has its own time.
func (p *place) send(events ...intaketest.Signed) {
	p.t.Helper()
	for _, e := range events {
		p.Advance(time.Millisecond)
		p.Send(p.intake, e)
	}
}

// block sends lines together; they become one or a few commit groups.
func (p *place) block(lines [][]byte) {
	p.t.Helper()
	p.Advance(time.Millisecond)
	b := p.intake.Begin(ctx, lines)
	for i := range lines {
		if r := b.Wait(ctx, i); r.Err != nil {
			p.t.Fatal(r.Err)
		}
	}
}

func (p *place) hold(s intaketest.Signed) {
	p.t.Helper()
	p.Advance(time.Millisecond)
	if r := p.intake.Accept(ctx, s.JWS); !r.Held || fault.Of(r.Err) != fault.WrongStage {
		p.t.Fatalf("an event out of order gave %+v", r)
	}
}

// parts walks a manifest of two batches of which one is accepted in part.
func (p *place) parts() {
	a, b := p.Generate(10_000), p.Generate(7_000)
	issued := p.Issue(a.Event.Batches[0], b.Event.Batches[0])
	collected := p.Collect(issued)
	delivered := p.Deliver(collected)
	p.parted = a.Event.Batches[0].ID
	accepted := p.Sign(p.Plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, func(e *event.Event) {
		e.Manifest, e.Refs = issued.Event.Manifest, []id.Event{delivered.Event.ID}
		for i, g := range []waste.Grams{9_400, 7_000} {
			line := p.Plant.On(issued.Event.Batches[i].ID, g)
			line.Verdict = event.Whole
			if i == 0 {
				line.Verdict, line.RefusedGrams, line.Reason = event.Part, 600, "SAMPLE wet"
			}
			e.Batches = append(e.Batches, line)
		}
	})
	p.send(a, b, issued, collected, delivered, accepted, p.Treat(accepted))
}

// disarm takes the database's own refusals away, as a superuser or the owner of the file
// can, and keeps a copy of every table.
func (p *place) disarm() {
	p.t.Helper()
	p.columns = map[string][]string{}
	if p.kind == "postgres" {
		p.exec(`SET session_replication_role = replica`)
	} else {
		p.exec(`PRAGMA busy_timeout = 10000`)
		for _, row := range p.rows(`SELECT name FROM sqlite_master WHERE type = 'trigger'`) {
			p.exec(`DROP TRIGGER ` + row[0].(string))
		}
	}
	for _, t := range tables {
		p.exec(`CREATE TABLE backup_` + t.name + ` AS SELECT * FROM ` + t.name)
		rows, err := p.db.Query(`SELECT * FROM ` + t.name)
		if err != nil {
			p.t.Fatal(err)
		}
		if p.columns[t.name], err = rows.Columns(); err != nil {
			p.t.Fatal(err)
		}
		rows.Close()
	}
}

// restore puts tables back as they were.
func (p *place) restore(names ...string) {
	p.t.Helper()
	if len(names) == 0 {
		for _, t := range tables {
			names = append(names, t.name)
		}
	}
	for _, name := range names {
		p.exec(`DELETE FROM ` + name)
		p.exec(`INSERT INTO ` + name + ` SELECT * FROM backup_` + name)
	}
}

func (p *place) exec(q string, args ...any) {
	p.t.Helper()
	if err := p.try(q, args...); err != nil {
		p.t.Fatalf("%s: %v", q, err)
	}
}

// try runs a statement with ? for its arguments.
func (p *place) try(q string, args ...any) error {
	if p.kind == "postgres" {
		for i := range args {
			q = strings.Replace(q, "?", fmt.Sprintf("$%d", i+1), 1)
		}
	}
	_, err := p.db.Exec(q, args...)
	return err
}

// rows reads a whole answer.
func (p *place) rows(q string) (out [][]any) {
	p.t.Helper()
	rows, err := p.db.Query(q)
	if err != nil {
		p.t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		p.t.Fatal(err)
	}
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// dump spells every cell with its type, but for the columns left out.
func (p *place) dump(without ...string) string {
	p.t.Helper()
	var b strings.Builder
	for _, t := range tables {
		for _, row := range p.rows(`SELECT * FROM ` + t.name + ` ORDER BY ` + strings.Join(t.key, ", ")) {
			for i, v := range row {
				if name := t.name + "." + p.columns[t.name][i]; !slices.Contains(without, name) {
					fmt.Fprintf(&b, "%s=%T:%v ", name, v, v)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// check runs a check that must be able to read the store.
func (p *place) check(o audit.Options) *audit.Report {
	p.t.Helper()
	r, err := p.audit.Check(ctx, o)
	if err != nil {
		p.t.Fatalf("the store could not be checked: %v", err)
	}
	return r
}

// sound fails the test when a check finds anything.
func (p *place) sound(when string) *audit.Report {
	p.t.Helper()
	var o audit.Options
	if p.checkpoint != nil {
		o.Remembered = [][]byte{p.checkpoint}
	}
	r := p.check(o)
	if !r.Sound() {
		p.t.Fatalf("%s: %d damages, the first %+v", when, r.Damages, r.Named[:min(3, len(r.Named))])
	}
	return r
}
