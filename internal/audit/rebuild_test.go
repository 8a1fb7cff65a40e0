package audit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/indicator"
)

// rebuild damages nothing itself; it wants the rebuild to report damage in an area and to
// leave a sound store.
func (p *place) rebuild(what string, area audit.Area) {
	p.t.Helper()
	r, err := p.audit.Rebuild(ctx, audit.Options{Remembered: [][]byte{p.checkpoint}})
	if err != nil {
		p.t.Fatalf("%s: the rebuild failed: %v", what, err)
	}
	if first, _ := r.First(); first.Area != area {
		p.t.Errorf("%s: the rebuild reported %+v first, want %s", what, first, area)
	}
	p.sound(what + ", rebuilt")
}

// TestRebuild: whatever is done to a projection, the log brings it back to the byte.
// Labels have a test of their own: not all of them is in the log.
func TestRebuild(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		random := rand.New(rand.NewPCG(5, uint64(len(p.kind))))
		before := p.dump()
		p.each([]string{"entry_links", "event_index", "batches", "manifests", "postings", "tally_steps", "tallies", "statements", "acts", "act_parties", "rulings", "worklist", "involved", "terms", "topics", "candidates", "register_facts"}, 1, random, nil, func(d damage) {
			p.rebuild(d.what, areaOf(d.table))
			if after := p.dump(); after != before {
				t.Errorf("%s: rebuilt, but not as it was:\n%s", d.what, difference(before, after))
			}
		})
		for _, q := range []string{
			`DELETE FROM entry_links; DELETE FROM batches; DELETE FROM manifests; DELETE FROM postings; DELETE FROM tallies`,
			`DELETE FROM statements; DELETE FROM acts; DELETE FROM act_parties; DELETE FROM rulings; DELETE FROM postings; DELETE FROM topics`,
			`UPDATE batches SET state = entry FROM entries WHERE entries.seq = 0; UPDATE manifests SET number = 'x'; UPDATE postings SET grams = -grams`,
			`DELETE FROM worklist; DELETE FROM involved; DELETE FROM terms; DELETE FROM candidates`,
			`UPDATE entry_links SET n = n + 1000; DELETE FROM postings WHERE seq < 20; UPDATE manifests SET number = NULL`,
		} {
			for _, one := range strings.Split(q, ";") {
				p.exec(one)
			}
			r, err := p.audit.Rebuild(ctx, audit.Options{})
			if err != nil || r.Damages < 20 {
				t.Fatalf("%s: %v, %d damages", q, err, r.Damages)
			}
			p.sound(q)
			if after := p.dump(); after != before {
				t.Errorf("%s: rebuilt, but not as it was:\n%s", q, difference(before, after))
			}
		}
		r, err := p.audit.Rebuild(ctx, audit.Options{})
		if err != nil || !r.Sound() || p.dump() != before {
			t.Errorf("the rebuild of a sound store: %v, %+v", err, r)
		}
	})
}

// TestRebuildLabels: the labels of events come back, what was withdrawn stays withdrawn,
// and what the server made stays.
func TestRebuildLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		before := p.dump()
		token := string(p.withdrawn)
		for _, q := range []string{
			`UPDATE labels SET made_at = 5 WHERE source = 'event'`,
			`UPDATE labels SET batch = (SELECT batch FROM labels WHERE source = 'server') WHERE token = '` + token + `'`,
			`UPDATE labels SET source = 'server' WHERE token = '` + token + `'`,
			`UPDATE labels SET source = 'server' WHERE source = 'event'`,
			`UPDATE labels SET source = 'evenu' WHERE token = '` + token + `'`,
			`UPDATE labels SET source = 'servex' WHERE source = 'server'`,
			`DELETE FROM labels WHERE source = 'event' AND revoked_at IS NULL`,
			`INSERT INTO labels SELECT 'SAMPLE', batch, 'event', made_at, NULL FROM labels WHERE source = 'server'`,
		} {
			p.exec(q)
			p.rebuild(q, audit.AreaLabel)
			if after := p.dump(); after != before {
				t.Errorf("%s: rebuilt, but not as it was:\n%s", q, difference(before, after))
			}
			if _, err := p.audit.Finder(ctx, p.withdrawn); fault.Of(err) != fault.LabelRevoked {
				t.Errorf("%s: the withdrawn label is answered with %v", q, err)
			}
			if v, err := p.audit.Finder(ctx, p.remade); err != nil || v.Form == "" {
				t.Errorf("%s: the server's label is answered with %+v, %v", q, v, err)
			}
		}
	})
}

// TestRebuildFacts: the newest of each register fact comes back, from the log or from what is
// on its way into it, and every server forgets what it had read of the register.
func TestRebuildFacts(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		p.fact(indicator.KindChoice, indicator.ChoiceMade{Indicator: 59, Key: "passes", Value: "pass"}) // waits in the outbox
		before := p.dump()
		for _, q := range []string{
			`DELETE FROM register_facts`,
			`UPDATE register_facts SET fact = (SELECT fact FROM register_facts WHERE kind = 'choice') WHERE kind = 'site'`,
			`UPDATE register_facts SET fact = (SELECT body FROM entries WHERE kind = 'fact' ORDER BY seq LIMIT 1) WHERE kind = 'site'`, // an older one
			`UPDATE register_facts SET kind = 'base' WHERE kind = 'choice'`,
			`INSERT INTO register_facts SELECT 'SAMPLE', kind, fact FROM register_facts WHERE kind = 'site'`,
		} {
			p.exec(q)
			version := p.rows(`SELECT version FROM registry_version`)[0][0].(int64)
			p.rebuild(q, audit.AreaFact)
			if after := p.dump(); after != before {
				t.Errorf("%s: rebuilt, but not as it was:\n%s", q, difference(before, after))
			}
			if now := p.rows(`SELECT version FROM registry_version`)[0][0].(int64); now <= version {
				t.Errorf("%s: the register's version was %d and is %d", q, version, now)
			}
		}
	})
}

// TestRebuildRefused: with damaged evidence nothing is rebuilt, however many projections
// are damaged as well.
func TestRebuildRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		for what, q := range map[string]string{
			"an entry is gone":           `DELETE FROM entries WHERE seq = 20`,
			"a column was changed":       `UPDATE entries SET recorded_at = recorded_at + 1 WHERE seq = 20`,
			"an event was exchanged":     `UPDATE entries SET body = (SELECT body FROM entries WHERE seq = 19) WHERE seq = 20`,
			"a head is gone":             `DELETE FROM heads WHERE size = (SELECT max(size) FROM heads)`,
			"the current head was moved": `UPDATE log_state SET size = size - 1`,
			"the current head is gone":   `DELETE FROM log_state`,
		} {
			p.exec(q)
			p.exec(`UPDATE postings SET grams = grams + 1`)
			p.exec(`DELETE FROM batches`)
			before := p.dump()
			r, err := p.audit.Rebuild(ctx, audit.Options{})
			if err != nil || r.Sound() {
				t.Errorf("%s: %v, %+v", what, err, r)
			}
			if after := p.dump(); after != before {
				t.Errorf("%s: the rebuild changed something:\n%s", what, difference(before, after))
			}
			p.restore()
		}
		p.sound("after all")
	})
}

// TestRebuildBesideTiles: damaged tiles and quarantine do not keep the projections from
// being rebuilt, and are still named afterwards: a rebuild never touches them.
func TestRebuildBesideTiles(t *testing.T) {
	onBothFull(t, func(t *testing.T, p *place) {
		p.exec(`DELETE FROM tiles WHERE level = 1`)
		p.exec(`DELETE FROM quarantine_subjects`)
		p.exec(`DELETE FROM manifests`)
		if r, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil || r.Sound() {
			t.Fatalf("%v, %+v", err, r)
		}
		r := p.check(audit.Options{})
		var areas []audit.Area
		for _, d := range r.Named {
			areas = append(areas, d.Area)
		}
		if want := []audit.Area{audit.AreaTile, audit.AreaQuarantine}; !slices.Equal(slices.Compact(areas), want) {
			t.Errorf("still damaged: %v, want %v", areas, want)
		}
		p.restore()
		p.sound("tiles and quarantine restored")
	})
}

// TestIntakeAfterRebuild: the intake continues on a rebuilt store as if nothing had been.
func TestIntakeAfterRebuild(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := empty(t, kind)
			chain := p.Chain(5_000)
			p.send(chain[:4]...)
			p.disarm()
			p.exec(`DELETE FROM batches`)
			p.exec(`DELETE FROM entry_links`)
			if _, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil {
				t.Fatal(err)
			}
			p.send(chain[4:]...)
			v, err := p.audit.Chain(ctx, chain[0].Event.Batches[0].ID)
			if err != nil || len(v.Broken) > 0 || len(v.Steps) != 8 || v.Steps[7].Event.Type != event.OutcomeReported {
				t.Errorf("%v, %d steps, %v", err, len(v.Steps), v.Broken)
			}
			if r := p.check(audit.Options{}); !r.Sound() {
				t.Errorf("%+v", r.Named)
			}
		})
	}
}

func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("was %.400s\nnow %.400s", x[i], y[i])
		}
	}
	return fmt.Sprintf("%d rows were, %d are", len(x), len(y))
}
