package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/waste"
)

func localDay(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.ParseInLocation(time.DateOnly, s, calendar.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const sampleEdition = `废物类别,行业来源,废物代码,危险废物,危险特性
HW08 样例矿物油,样例行业,900-214-08,样例：维修废油 SAMPLE,"T，I"
,,900-249-08,"样例：其他废油, ""包装"" SAMPLE",T/I
HW48 样例冶炼废物,样例冶炼,321-099-48,样例：新增的锡渣 SAMPLE,T
`

func readSample(t *testing.T, text, id, from string) waste.EditionText {
	t.Helper()
	e, _, bad, err := waste.ReadEditionFile(strings.NewReader(text), waste.EditionText{ID: id, ValidFrom: localDay(t, from), Source: "样例 SAMPLE"})
	if err != nil || len(bad) > 0 {
		t.Fatalf("%v %v", err, bad)
	}
	return e
}

// One suite judges imported editions on both databases.
func TestCatalog(t *testing.T) {
	for kind, where := range map[string]func(testing.TB) string{"sqlite": ready.SQLite, "postgres": ready.Postgres} {
		t.Run(kind, func(t *testing.T) {
			for name, test := range map[string]func(*testing.T, *Store){
				"ImportAndRead": catalogImportAndRead, "Revisions": catalogRevisions, "Refusals": catalogRefusals,
				"ShippedEdition": catalogShipped, "Append": catalogAppendOnly, "Damage": catalogDamage, "Race": catalogRace, "Large": catalogLarge, "Migration": catalogMigration,
			} {
				t.Run(name, func(t *testing.T) {
					s, err := Open(where(t))
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { s.Close() })
					if _, err := s.Migrate(context.Background()); err != nil {
						t.Fatal(err)
					}
					test(t, s)
				})
			}
		})
	}
}

func mustCatalog(t *testing.T, s *Store) *waste.Catalog {
	t.Helper()
	c, err := s.Catalog(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// counts says how many rows each table holds.
func counts(t *testing.T, s *Store) string {
	t.Helper()
	var n [3]int64
	for i, table := range []string{"catalog_editions", "catalog_categories", "catalog_entries"} {
		if err := s.db.Raw("SELECT count(*) FROM " + table).Scan(&n[i]).Error; err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprint(n)
}

func catalogImportAndRead(t *testing.T, s *Store) {
	ctx, day := context.Background(), localDay(t, "2025-06-01")
	if x, ok := mustCatalog(t, s).Lookup("900-214-08", day); !ok || !x.Carried || x.Edition != "2021" {
		t.Fatalf("before: %v %+v", ok, x)
	}
	text := readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01")
	out, err := s.ImportEdition(ctx, text, CatalogImport{DryRun: true, At: day})
	if err != nil || out.Revision != 1 || out.Known || out.Before != nil || counts(t, s) != "[0 0 0]" {
		t.Fatalf("dry run: %+v %v %s", out, err, counts(t, s))
	}
	out, err = s.ImportEdition(ctx, text, CatalogImport{At: day})
	if err != nil || out.Revision != 1 || out.Known || counts(t, s) != "[1 2 3]" {
		t.Fatalf("import: %+v %v %s", out, err, counts(t, s))
	}
	for range 2 { // again, with and without --replace, from another source: nothing
		again := text
		again.Source = "elsewhere"
		out, err = s.ImportEdition(ctx, again, CatalogImport{Replace: true, At: day.AddDate(0, 1, 0)})
		if err != nil || out.Revision != 1 || !out.Known || counts(t, s) != "[1 2 3]" {
			t.Fatalf("again: %+v %v %s", out, err, counts(t, s))
		}
	}
	c := mustCatalog(t, s)
	x, ok := c.Lookup("900-249-08", day)
	if !ok || x.Carried || x.Edition != "SAMPLE-2025" || x.Description != `样例：其他废油, "包装" SAMPLE` || !x.HazardsOr || x.IndustryName != "样例行业" || x.Name == "" {
		t.Errorf("%v %+v", ok, x)
	}
	if x, ok := c.Lookup("321-099-48", day); !ok || x.Description != "样例：新增的锡渣 SAMPLE" {
		t.Errorf("added code: %v %+v", ok, x)
	}
	if x, ok := c.Lookup("321-099-48", localDay(t, "2024-12-31")); ok {
		t.Errorf("known before its edition: %+v", x)
	}
	if x, ok := c.Lookup("841-001-01", day); ok {
		t.Errorf("a code of 2021 that the new edition dropped lives on: %+v", x)
	}
	if x, ok := c.Lookup("841-001-01", localDay(t, "2024-12-31")); !ok || x.Carried || x.Edition != "2021" || x.Description != "" {
		t.Errorf("the past changed: %v %+v", ok, x)
	}
	e, carried := c.EditionOn(day)
	if e.Source != "样例 SAMPLE" || carried || !e.ValidFrom.Equal(localDay(t, "2025-01-01")) || !e.ValidTo.IsZero() || e.Categories()[0].Title != "样例矿物油" {
		t.Errorf("%+v", e)
	}
}

func catalogRevisions(t *testing.T, s *Store) {
	ctx, day := context.Background(), localDay(t, "2025-06-01")
	if _, err := s.ImportEdition(ctx, readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01"), CatalogImport{At: day}); err != nil {
		t.Fatal(err)
	}
	other := readSample(t, strings.Replace(sampleEdition, "T/I", "I", 1), "SAMPLE-2025", "2025-01-01")
	if _, err := s.ImportEdition(ctx, other, CatalogImport{At: day}); fault.Of(err) != fault.Conflict || counts(t, s) != "[1 2 3]" {
		t.Fatalf("another content: %v %s", err, counts(t, s))
	}
	out, err := s.ImportEdition(ctx, other, CatalogImport{Replace: true, DryRun: true, At: day})
	if err != nil || out.Revision != 2 || counts(t, s) != "[1 2 3]" {
		t.Fatalf("dry replacement: %+v %v %s", out, err, counts(t, s))
	}
	out, err = s.ImportEdition(ctx, other, CatalogImport{Replace: true, At: day})
	if err != nil || out.Revision != 2 || counts(t, s) != "[2 4 6]" { // the old rows are kept
		t.Fatalf("replacement: %+v %v %s", out, err, counts(t, s))
	}
	if d := waste.Diff(out.Before, out.After); !slices.Equal(d.Hazards, []waste.Code{"900-249-08"}) || len(d.Added)+len(d.Gone) > 0 {
		t.Errorf("difference %+v", d)
	}
	c := mustCatalog(t, s)
	if x, _ := c.Lookup("900-249-08", day); x.HazardsOr || !slices.Equal(x.Hazards, []waste.Hazard{waste.Ignitable}) {
		t.Errorf("%+v", x)
	}
	if n := len(c.Editions()); n != 2 {
		t.Errorf("%d editions, want the shipped one and one imported", n)
	}
	back := readSample(t, sampleEdition, "SAMPLE-2025", "2025-02-01") // the first text with another first day
	if out, err = s.ImportEdition(ctx, back, CatalogImport{Replace: true, At: day}); err != nil || out.Revision != 3 {
		t.Fatalf("third: %+v %v", out, err)
	}
	if x, _ := mustCatalog(t, s).Lookup("900-249-08", localDay(t, "2025-01-15")); !x.Carried || x.Edition != "2021" {
		t.Errorf("between the editions: %+v", x)
	}
}

func catalogRefusals(t *testing.T, s *Store) {
	ctx, day := context.Background(), localDay(t, "2025-06-01")
	if _, err := s.ImportEdition(ctx, readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01"), CatalogImport{At: day}); err != nil {
		t.Fatal(err)
	}
	good := readSample(t, sampleEdition, "SAMPLE-2026", "2026-01-01")
	for name, c := range map[string]struct {
		change func(*waste.EditionText)
		want   fault.Kind
	}{
		"the day of an imported one": {func(e *waste.EditionText) { e.ValidFrom = localDay(t, "2025-01-01") }, fault.Conflict},
		"the day of the shipped one": {func(e *waste.EditionText) { e.ValidFrom = localDay(t, "2021-01-01") }, fault.Conflict},
		"an id with a blank":         {func(e *waste.EditionText) { e.ID = "SAMPLE 2026" }, fault.InvalidImport},
		"no day":                     {func(e *waste.EditionText) { e.ValidFrom = time.Time{} }, fault.InvalidImport},
		"not a day's start":          {func(e *waste.EditionText) { e.ValidFrom = e.ValidFrom.Add(time.Hour) }, fault.InvalidImport},
		"ends before it begins":      {func(e *waste.EditionText) { e.ValidTo = e.ValidFrom }, fault.InvalidImport},
		"no codes":                   {func(e *waste.EditionText) { e.Entries = nil }, fault.InvalidImport},
		"a code without category":    {func(e *waste.EditionText) { e.Categories = e.Categories[:1] }, fault.InvalidImport},
	} {
		bad := good
		c.change(&bad)
		for _, dry := range []bool{true, false} {
			if _, err := s.ImportEdition(ctx, bad, CatalogImport{DryRun: dry, Replace: true, At: day}); fault.Of(err) != c.want {
				t.Errorf("%s (dry %v): %v", name, dry, err)
			}
		}
	}
	if counts(t, s) != "[1 2 3]" {
		t.Errorf("rows %s", counts(t, s))
	}
}

// The official text of an edition that ships takes its facts' place, with the same days.
func catalogShipped(t *testing.T, s *Store) {
	ctx, day := context.Background(), localDay(t, "2023-06-01")
	text := readSample(t, sampleEdition, "2021", "2021-01-01")
	if _, err := s.ImportEdition(ctx, text, CatalogImport{At: day}); fault.Of(err) != fault.Conflict {
		t.Fatalf("open end for an edition that has ended: %v", err)
	}
	text.ValidTo = localDay(t, "2025-01-01")
	out, err := s.ImportEdition(ctx, text, CatalogImport{At: day})
	if err != nil || out.Before == nil || len(waste.Diff(out.Before, out.After).Gone) != 465 {
		t.Fatalf("%+v %v", out, err)
	}
	c := mustCatalog(t, s)
	if x, ok := c.Lookup("900-214-08", day); !ok || x.Description == "" || len(c.Editions()) != 1 {
		t.Errorf("%v %+v, %d editions", ok, x, len(c.Editions()))
	}
	if x, _ := c.Lookup("900-214-08", localDay(t, "2026-06-01")); !x.Carried {
		t.Error("an ended edition is not carried")
	}
}

func catalogAppendOnly(t *testing.T, s *Store) {
	if _, err := s.ImportEdition(context.Background(), readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01"), CatalogImport{At: localDay(t, "2025-06-01")}); err != nil {
		t.Fatal(err)
	}
	statements := []string{
		"UPDATE catalog_editions SET source = ''", "DELETE FROM catalog_editions",
		"UPDATE catalog_categories SET title = ''", "DELETE FROM catalog_categories",
		"UPDATE catalog_entries SET description = ''", "DELETE FROM catalog_entries",
	}
	if s.postgres {
		statements = append(statements, "TRUNCATE catalog_entries", "TRUNCATE catalog_editions CASCADE")
	} else {
		statements = append(statements, "INSERT OR REPLACE INTO catalog_editions SELECT edition, revision, 0, NULL, '', hash, 0 FROM catalog_editions",
			"INSERT OR REPLACE INTO catalog_categories SELECT edition, revision, position, code, '' FROM catalog_categories",
			"INSERT OR REPLACE INTO catalog_entries SELECT edition, revision, position, code, '', '', hazards FROM catalog_entries")
	}
	for _, q := range statements {
		if err := s.db.Exec(q).Error; err == nil {
			t.Errorf("%s was allowed", q)
		}
	}
	if x, ok := mustCatalog(t, s).Lookup("321-099-48", localDay(t, "2025-06-01")); !ok || x.Description == "" {
		t.Errorf("%v %+v", ok, x)
	}
}

// Rows that are not what was imported are found, and only --replace mends them.
func catalogDamage(t *testing.T, s *Store) {
	ctx, day := context.Background(), localDay(t, "2025-06-01")
	text := readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01")
	if _, err := s.ImportEdition(ctx, text, CatalogImport{At: day}); err != nil {
		t.Fatal(err)
	}
	drop := "DROP TRIGGER catalog_entries_no_update"
	if s.postgres {
		drop = "DROP TRIGGER catalog_entries_keep ON catalog_entries"
	}
	for _, q := range []string{drop, "UPDATE catalog_entries SET hazards = 'I' WHERE code = '321-099-48'"} {
		if err := s.db.Exec(q).Error; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Catalog(ctx); fault.Of(err) != fault.Damaged || !strings.Contains(err.Error(), "SAMPLE-2025") {
		t.Fatalf("the damage was not found: %v", err)
	}
	if _, err := s.ImportEdition(ctx, text, CatalogImport{At: day}); fault.Of(err) != fault.Damaged {
		t.Fatalf("the same text over damaged rows: %v", err)
	}
	out, err := s.ImportEdition(ctx, text, CatalogImport{Replace: true, At: day})
	if err != nil || out.Known || out.Revision != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	if x, ok := mustCatalog(t, s).Lookup("321-099-48", day); !ok || !slices.Equal(x.Hazards, []waste.Hazard{waste.Toxic}) {
		t.Errorf("%v %+v", ok, x)
	}
}

// Of several imports at once one adds the edition and the others find it there.
func catalogRace(t *testing.T, s *Store) {
	text := readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01")
	outs, errs := make([]CatalogOutcome, 6), make([]error, 6)
	var wg sync.WaitGroup
	for i := range outs {
		wg.Go(func() {
			outs[i], errs[i] = s.ImportEdition(context.Background(), text, CatalogImport{At: localDay(t, "2025-06-01")})
		})
	}
	wg.Wait()
	added := 0
	for i, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
		if !outs[i].Known {
			added++
		}
	}
	if added != 1 || counts(t, s) != "[1 2 3]" {
		t.Errorf("%d added, rows %s", added, counts(t, s))
	}
}

// An edition of real size, longer than one statement carries, keeps its order.
func catalogLarge(t *testing.T, s *Store) {
	var b strings.Builder
	b.WriteString("code,description,hazards\n")
	var want []waste.Code
	for i := range 1_200 {
		code := fmt.Sprintf("900-%03d-%02d", 999-i%1000, 1+i%46)
		want = append(want, waste.Code(code))
		fmt.Fprintf(&b, "%s,样例 SAMPLE %d,T\n", code, i)
	}
	if _, err := s.ImportEdition(context.Background(), readSample(t, b.String(), "SAMPLE-2025", "2025-01-01"), CatalogImport{At: localDay(t, "2025-06-01")}); err != nil {
		t.Fatal(err)
	}
	e, _ := mustCatalog(t, s).EditionOn(localDay(t, "2025-06-01"))
	var have []waste.Code
	for _, x := range e.Entries() {
		have = append(have, x.Code)
	}
	if !slices.Equal(have, want) || len(e.Categories()) != 46 {
		t.Errorf("%d codes in %d categories", len(have), len(e.Categories()))
	}
}

// The tables go and come back whole.
func catalogMigration(t *testing.T, s *Store) {
	ctx, text := context.Background(), readSample(t, sampleEdition, "SAMPLE-2025", "2025-01-01")
	if _, err := s.ImportEdition(ctx, text, CatalogImport{At: localDay(t, "2025-06-01")}); err != nil {
		t.Fatal(err)
	}
	p, err := s.provider()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ApplyVersion(ctx, 10, false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Catalog(ctx); fault.Of(err) != fault.Unavailable {
		t.Errorf("the tables are still there: %v", err)
	}
	if _, err := p.ApplyVersion(ctx, 10, true); err != nil {
		t.Fatal(err)
	}
	if n := len(mustCatalog(t, s).Editions()); n != 1 {
		t.Errorf("%d editions in empty tables", n)
	}
	if out, err := s.ImportEdition(ctx, text, CatalogImport{At: localDay(t, "2025-06-01")}); err != nil || out.Revision != 1 {
		t.Errorf("%+v %v", out, err)
	}
}
