package audit_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"liandan/internal/archive"
	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/past"
	"liandan/internal/standbook"
	"liandan/internal/waste"
)

// lines is a file in memory.
type lines struct {
	rows [][]string
	n    int
}

func (l *lines) Next() (int, []string, error) {
	if l.n == len(l.rows) {
		return 0, nil, io.EOF
	}
	l.n++
	return l.n, l.rows[l.n-1], nil
}

func (l *lines) Close() error { return nil }

func table(text string) [][]string {
	var out [][]string
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		out = append(out, strings.Split(l, ","))
	}
	return out
}

const pastHead = "联单编号,序号,转移日期,废物代码,转移量(吨),接收单位\n"

func (p *place) bring(t *testing.T, rows [][]string, dry bool) (archive.Report, error) {
	t.Helper()
	s := &archive.Service{Store: p.store, Catalog: waste.DefaultCatalog(), Now: p.Now}
	return s.Import(ctx, archive.Request{Origin: past.Origin{Kind: past.Manifests, Party: p.Hospital.Party, Site: p.Hospital.Site}, By: "command",
		File: sha256.Sum256([]byte(fmt.Sprint(rows))), DryRun: dry, Open: func() (archive.Rows, error) { return &lines{rows: rows}, nil }})
}

func (p *place) pastRecords(t *testing.T) (out []past.Kept) {
	t.Helper()
	err := p.audit.Imported(ctx, standbook.Scope{Party: p.Hospital.Party, Site: p.Hospital.Site, From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		past.Manifests, func(r past.Kept) error { out = append(out, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPastRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		before := p.pastRecords(t)
		file := table(pastHead + "A1,1,2025-01-02,841-001-01,0.5,样例厂\nA1,2,2025-01-02,841-002-01,0.25,样例厂\nA2,1,2025-02-03,999-999-08,1,样例厂")
		rep, err := p.bring(t, file, true)
		if err != nil || rep.Added != 3 || rep.Applied || rep.Unverified != 1 || len(p.pastRecords(t)) != len(before) {
			t.Fatalf("a dry run: %+v %v", rep, err)
		}
		digest := rep.Digest
		if rep, err = p.bring(t, file, false); err != nil || !rep.Applied || rep.Added != 3 || rep.Grams != 1_750_000 || rep.Digest != digest || rep.Statement.IsZero() {
			t.Fatalf("%+v %v", rep, err)
		}
		first := rep.Statement
		sound := func(what string) {
			t.Helper()
			r, err := p.audit.Check(ctx, audit.Options{})
			if err != nil || !r.Sound() || r.Imported != int64(len(p.pastRecords(t))) {
				t.Fatalf("%s: %v %+v", what, err, r.Named)
			}
		}
		sound("the statement waits for the log")
		p.send(p.Generate(1000))
		sound("the statement is in the log")
		if r, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil || !r.Sound() {
			t.Fatalf("a rebuild: %v %+v", err, r.Named)
		}
		got := p.pastRecords(t)
		if len(got) != 3 || got[0].Grams != 500_000 || got[0].Import != first || got[0].Line != 2 || got[2].Number != "A2" {
			t.Fatalf("%+v", got)
		}

		// Again: nothing. With more: the rest. With other content: nothing at all.
		if rep, err = p.bring(t, file, false); err != nil || rep.Unchanged != 3 || rep.Added != 0 || !rep.Statement.IsZero() || !rep.Applied {
			t.Errorf("the same file again: %+v %v", rep, err)
		}
		if rep, err = p.bring(t, append(file, []string{"A3", "1", "2025-03-04", "841-001-01", "2"}), false); err != nil || rep.Unchanged != 3 || rep.Added != 1 || rep.Statement == first {
			t.Errorf("with one more: %+v %v", rep, err)
		}
		changed := table(pastHead + "A4,1,2025-01-02,841-001-01,0.5,样例厂\nA1,1,2025-01-02,841-001-01,0.6,样例厂")
		if rep, err = p.bring(t, changed, false); err != nil || rep.Applied || rep.Bad != 1 || rep.Notes[0].Code != "conflict" || rep.Notes[0].Line != 3 {
			t.Errorf("other content: %+v %v", rep, err)
		}
		bad := table(pastHead + "A5,1,2025-01-02,841-001-01,0.5,\nA5,1,2025-01-02,841-001-01,0.5,\nA6,1,2999-01-02,841-001-01,-1,\n")
		if rep, err = p.bring(t, bad, false); err != nil || rep.Applied || rep.Bad != 2 || len(rep.Notes) != 3 || rep.Notes[0].Code != "repeated" || rep.Notes[1].Code != "future_date" || rep.Notes[2].Code != "negative" {
			t.Errorf("bad lines: %+v %v", rep, err)
		}
		if rep, err = p.bring(t, [][]string{{"甲"}, {"1"}}, false); err != nil || rep.Applied || len(rep.Notes) != 4 {
			t.Errorf("no columns: %+v %v", rep, err)
		}
		if _, err = p.bring(t, nil, false); fault.Of(err) != fault.InvalidImport {
			t.Errorf("an empty file: %v", err)
		}
		sound("after all that was refused")
		if got := p.pastRecords(t); len(got) != 4 {
			t.Errorf("%d records", len(got))
		}
	})
}

// No signed thing changes by an import: no batch, no posting, no event.
func TestPastRecordsAreApart(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		counts := func() (out string) {
			for _, table := range []string{"batches", "postings", "manifests", "entry_links", "quarantine"} {
				var n int
				if err := p.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
					t.Fatal(err)
				}
				out += fmt.Sprint(table, n, " ")
			}
			return out
		}
		before := counts()
		if rep, err := p.bring(t, table(pastHead+"A1,1,2025-01-02,841-001-01,0.5,"), false); err != nil || !rep.Applied {
			t.Fatalf("%+v %v", rep, err)
		}
		if after := counts(); after != before {
			t.Errorf("%s became %s", before, after)
		}
	})
}

// Whatever is changed of an imported record, the check names it.
func TestTamperedPastRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		if _, err := p.bring(t, table(pastHead+"A1,1,2025-01-02,841-001-01,0.5,\nA1,2,2025-01-02,841-001-01,0.7,"), false); err != nil {
			t.Fatal(err)
		}
		p.send(p.Generate(1000))
		const of = " WHERE line = 2"
		for name, q := range map[string][2]string{
			"grams":    {"UPDATE imported_records SET grams = grams + 1" + of, "UPDATE imported_records SET grams = grams - 1" + of},
			"code":     {"UPDATE imported_records SET code = '900-214-08'" + of, "UPDATE imported_records SET code = '841-001-01'" + of},
			"day":      {"UPDATE imported_records SET day = '2024-01-02'" + of, "UPDATE imported_records SET day = '2025-01-02'" + of},
			"number":   {"UPDATE imported_records SET number = 'A2'" + of, "UPDATE imported_records SET number = 'A1'" + of},
			"kind":     {"UPDATE imported_records SET kind = 'ledger'" + of, "UPDATE imported_records SET kind = 'manifests'" + of},
			"line":     {"UPDATE imported_records SET line = 9" + of, "UPDATE imported_records SET line = 2 WHERE line = 9"},
			"party":    {"UPDATE imported_records SET party = site" + of, fmt.Sprintf("UPDATE imported_records SET party = '%s'"+of, p.Hospital.Party)},
			"time":     {"UPDATE imports SET at = at + 1", "UPDATE imports SET at = at - 1"},
			"the rows": {"DELETE FROM imported_records" + of, ""},
		} {
			if name == "the rows" {
				continue // last, for it cannot be undone
			}
			p.broken(t, name, q[0])
			if _, err := p.db.Exec(q[1]); err != nil {
				t.Fatal(err)
			}
			if r, err := p.audit.Check(ctx, audit.Options{}); err != nil || !r.Sound() {
				t.Fatalf("%s undone: %v %+v", name, err, r.Named)
			}
		}
		p.broken(t, "a row", "DELETE FROM imported_records"+of)
		p.broken(t, "all rows", "DELETE FROM imported_records")
		p.broken(t, "the import", "DELETE FROM imports")
	})
}

func (p *place) broken(t *testing.T, name, q string) {
	t.Helper()
	if _, err := p.db.Exec(q); err != nil {
		t.Fatal(err)
	}
	r, err := p.audit.Check(ctx, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if first, ok := r.First(); !ok || first.Area != audit.AreaImport {
		t.Errorf("%s: %+v", name, r.Named)
	}
}
