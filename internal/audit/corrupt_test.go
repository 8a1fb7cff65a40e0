package audit_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/store"
)

// TestBeyondReading: what cannot be read at all is named like any other damage.
func TestBeyondReading(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		junk := `(SELECT hash FROM entries WHERE seq = 3)` // bytes that are neither JSON nor a JWS
		for q, want := range map[string]audit.Area{
			`DELETE FROM log_state`:                                              audit.AreaHead,
			`UPDATE log_state SET root = ''`:                                     audit.AreaHead,
			`UPDATE log_state SET size = -1`:                                     audit.AreaHead,
			`UPDATE log_state SET size = 9000000000000000000`:                    audit.AreaHead,
			`UPDATE heads SET checkpoint = ` + junk:                              audit.AreaHead,
			`UPDATE heads SET checkpoint = '' WHERE size = 1`:                    audit.AreaHead,
			`UPDATE heads SET root = '' WHERE size = 1`:                          audit.AreaHead,
			`DELETE FROM heads`:                                                  audit.AreaHead,
			`DELETE FROM entries`:                                                audit.AreaEntry,
			`UPDATE entries SET entry = ` + junk:                                 audit.AreaEntry,
			`UPDATE entries SET entry = '' WHERE seq = 20`:                       audit.AreaEntry,
			`UPDATE entries SET body = ` + junk + ` WHERE seq = 5`:               audit.AreaEntry,
			`UPDATE entries SET body = ''`:                                       audit.AreaEntry,
			`UPDATE entries SET hash = '' WHERE seq = 7`:                         audit.AreaEntry,
			`UPDATE entries SET leaf_hash = entry WHERE seq = 7`:                 audit.AreaEntry,
			`UPDATE tiles SET hashes = '' WHERE level = 0`:                       audit.AreaTile,
			`UPDATE tiles SET hashes = ` + junk + ` WHERE level = 0 AND idx = 0`: audit.AreaTile,
			`UPDATE entry_links SET leaf_hash = ''`:                              audit.AreaLink,
			`UPDATE batches SET state = ` + junk:                                 audit.AreaBatch,
			`UPDATE batches SET state = ''`:                                      audit.AreaBatch,
			`UPDATE manifests SET state = ` + junk:                               audit.AreaManifest,
			`UPDATE quarantine SET body = ''`:                                    audit.AreaQuarantine,
			`UPDATE quarantine SET state = ''`:                                   audit.AreaQuarantine,
			`UPDATE quarantine SET seq = -7`:                                     audit.AreaQuarantine,
			`UPDATE quarantine_subjects SET hash = ''`:                           audit.AreaQuarantine,
		} {
			if err := p.try(q); err != nil {
				if q != `UPDATE quarantine_subjects SET hash = ''` { // two rows of one subject may stand in the way
					t.Errorf("%s: %v", q, err)
				}
				continue
			}
			r := p.check(audit.Options{})
			if first, _ := r.First(); first.Area != want {
				t.Errorf("%s: %d damages, the first %+v", q, r.Damages, first)
			}
			p.readAll(q)
			p.restore()
		}
		p.sound("after all")
	})
}

// TestOtherTypes: SQLite keeps a value of any type in any column. None of them stops the
// check, and none is overlooked.
func TestOtherTypes(t *testing.T) {
	p := filled(t, "sqlite", 4)
	random := rand.New(rand.NewPCG(11, 1))
	n := 0
	for _, table := range tables {
		for _, column := range p.columns[table.name] {
			if name := table.name + "." + column; unsaid[name] || name == "log_state.id" {
				continue
			}
			for _, v := range []any{nil, "", "x", int64(7), 1.5, []byte{}} {
				where := "1 = 1"
				if column == "seq" && table.name == "quarantine" && v == nil {
					where = "state = 'admitted'"
				}
				r, _ := p.pick(table.name, where, random)
				if spell(v) == spell(r.cells[column]) || v == nil && r.cells[column] == nil || !p.put(r, column, v) {
					continue // it stands there already, or the table refuses it
				}
				n++
				what := fmt.Sprintf("%s %s: %s is %T %v", table.name, r.key(), column, v, v)
				report := p.check(audit.Options{})
				if first, _ := report.First(); first.Area != table.area {
					t.Errorf("%s: %d damages, the first %+v", what, report.Damages, first)
				}
				p.restore(table.name)
			}
		}
	}
	if n < 150 {
		t.Errorf("only %d values could be put in", n)
	}
	p.sound("after all")
}

// TestTableGone: a table that is not there is a fault, never a sound store.
func TestTableGone(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		for _, table := range tables {
			p.exec(`ALTER TABLE ` + table.name + ` RENAME TO gone`)
			if r, err := p.audit.Check(ctx, audit.Options{}); fault.Of(err) != fault.Unavailable {
				t.Errorf("without %s: %v, %+v", table.name, err, r.Named)
			}
			if _, err := p.audit.Rebuild(ctx, audit.Options{}); err == nil {
				t.Errorf("without %s the store was rebuilt", table.name)
			}
			p.exec(`ALTER TABLE gone RENAME TO ` + table.name)
		}
		p.sound("after all")
	})
}

// TestDamagedFile flips bytes of the SQLite file itself. A check may fail or find; when it
// calls the store sound, every cell is as it was.
func TestDamagedFile(t *testing.T) {
	p := filled(t, "sqlite", 20)
	for _, table := range tables {
		p.exec(`DROP TABLE backup_` + table.name)
	}
	p.exec(`DELETE FROM labels WHERE source = 'server'`)
	p.exec(`VACUUM`)
	p.exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	before := p.dump(slices.Collect(maps.Keys(unsaid))...)
	whole, err := os.ReadFile(p.address)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(13, 1))
	for _, index := range []string{"sqlite_autoindex_entries_1", "labels_batch", "sqlite_autoindex_quarantine_1"} {
		at := p.page(index)
		file := append([]byte{}, whole...)
		file[at+4095] ^= 1 // the last byte of the first cell
		path := filepath.Join(t.TempDir(), "index.sqlite")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if verdict := p.judge(path, before); verdict == "sound" {
			t.Errorf("a damaged index %s was %s", index, verdict)
		}
	}
	dir := t.TempDir()
	verdicts := map[string]int{}
	for i := range 40 {
		file := append([]byte{}, whole...)
		for range 1 << random.IntN(6) {
			file[random.IntN(len(file))] ^= 1 << random.IntN(8)
		}
		path := filepath.Join(dir, fmt.Sprint(i, ".sqlite"))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		verdicts[p.judge(path, before)]++
	}
	if verdicts["found"]+verdicts["unreadable"] < 20 {
		t.Errorf("verdicts %v", verdicts)
	}
}

// page is where the root page of an index begins in the file.
func (p *place) page(index string) int64 {
	p.t.Helper()
	size := p.rows(`PRAGMA page_size`)[0][0].(int64)
	root := p.rows(`SELECT rootpage FROM sqlite_master WHERE name = '` + index + `'`)[0][0].(int64)
	if size != 4096 {
		p.t.Fatalf("pages of %d bytes", size)
	}
	return (root - 1) * size
}

// judge checks a damaged copy and says what came of it.
func (p *place) judge(path, before string) string {
	p.t.Helper()
	s, err := store.Open(path)
	if err != nil {
		return "unreadable"
	}
	defer s.Close()
	r, err := p.over(s).Check(ctx, audit.Options{})
	switch {
	case err != nil:
		return "unreadable"
	case !r.Sound():
		return "found"
	}
	copied := *p
	copied.db = openSQL(p.t, "sqlite", path)
	if after := copied.dump(slices.Collect(maps.Keys(unsaid))...); after != before {
		p.t.Errorf("%s: called sound, but\n%s", path, difference(before, after))
	}
	return "sound"
}
