package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"liandan/internal/audit"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/registry"
	"liandan/internal/statement"
)

// rung is the smallest block of these roll-ups: a few hundred entries fill levels of them.
const rung indicator.Ladder = 16

var rollUpTables = []string{"roll_up", "rollups", "sightings", "site_months"}

// measured is a store with roll-ups of all whole blocks of its log, with facts in it.
func measured(t *testing.T, kind string) (*place, *measure.Service) {
	t.Helper()
	p := filled(t, kind, 60)
	for i, d := range []string{"130602", "130606"} { // the second corrects the first: what was rolled up moves
		p.fact(indicator.KindSite, indicator.Site{Site: p.Hospital.Site, Party: p.Hospital.Party, Kind: "hospital", Division: d, BuiltUp: i > 0, Span: indicator.Span{From: 0}})
		p.fact(indicator.KindSite, indicator.Site{Site: p.Plant.Site, Party: p.Plant.Party, Kind: "plant", Division: "130609", Span: indicator.Span{From: 0}})
		p.fact(indicator.KindLicence, indicator.Licence{Party: p.Plant.Party, Number: "L", Kind: "operating", Codes: []string{"*"}, Span: indicator.Span{From: 0}})
		p.send(p.Chain(4_000)...)
		var lines [][]byte
		for range 20 {
			lines = append(lines, p.Generate(700).JWS)
		}
		p.block(lines)
	}
	p.send(p.hardDay().events...) // with a box of several bags, which leaves sightings
	var lines [][]byte
	for range 20 {
		lines = append(lines, p.Generate(700).JWS)
	}
	p.block(lines)
	p.audit.Block = rung
	return p, p.measures()
}

func (p *place) measures() *measure.Service {
	return measure.New(measure.Config{Store: p.store, Divisions: registry.DivisionCodes(), City: registry.RunByCity, Now: p.Now, Block: rung})
}

// fact keeps a register fact and puts it on its way into the log.
func (p *place) fact(kind indicator.FactKind, row any) {
	p.t.Helper()
	f := indicator.Fact{Kind: kind, At: 1, By: "command", Reason: "SAMPLE", Row: row}
	b, err := f.Bytes()
	if err != nil {
		p.t.Fatal(err)
	}
	err = p.store.UpdateRegistry(ctx, func(tx registry.Tx) error {
		if err := tx.State(statement.Statement{Kind: statement.KindFact, Body: b}); err != nil {
			return err
		}
		return tx.PutFacts([]indicator.Fact{f})
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// keep copies the roll-ups, and back puts them back.
func (p *place) keep() {
	for _, t := range rollUpTables {
		p.exec(`CREATE TABLE kept_` + t + ` AS SELECT * FROM ` + t)
	}
}

func (p *place) back() {
	for _, t := range rollUpTables {
		p.exec(`DELETE FROM ` + t)
		p.exec(`INSERT INTO ` + t + ` SELECT * FROM kept_` + t)
	}
}

func (p *place) rolledRows() string {
	var b strings.Builder
	for _, q := range []string{
		`SELECT upto FROM roll_up`, // what came to nothing may stand or not
		`SELECT level, block, day, division, built_up, sector, plant_at, licensed, kind, code, method, grams FROM rollups WHERE grams <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11`,
		`SELECT site, what, day, collected, plant, code, method, seq FROM sightings ORDER BY 1, 2, 3, 4, 5, 6, 7`,
		`SELECT month, site, treated, seq, day, collected, plant, code, method FROM site_months ORDER BY 1, 2, 3`,
	} {
		for _, row := range p.rows(q) {
			fmt.Fprintln(&b, row...)
		}
	}
	return b.String()
}

// The check holds roll-ups of many blocks against the fold of the log, names each row that
// was damaged, and a rebuild brings them back.
func TestRollUpsAreChecked(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p, m := measured(t, kind)
			done, err := m.Roll(ctx, 1_000)
			if err != nil || done < 17 {
				t.Fatalf("%d blocks, %v", done, err)
			}
			before := p.rolledRows()
			if n := strings.Count(before, "\n"); n < 40 || !strings.Contains(before, "130606") || !strings.Contains(before, "130602") {
				t.Fatalf("%d rows:\n%s", n, before)
			}
			p.sound("rolled up")
			p.keep()
			for what, d := range map[string]struct{ exec, place string }{
				"grams of days":        {`UPDATE rollups SET grams = grams + 1 WHERE level = 0 AND block = 3`, "roll-up 0/3/"},
				"grams of months":      {`UPDATE rollups SET grams = grams - 1 WHERE level = 2`, "roll-up 2/"},
				"a place of months":    {`UPDATE rollups SET division = '130684' WHERE level = 1 AND block = 2`, "roll-up 1/2/130684/"},
				"a flag of months":     {`UPDATE rollups SET built_up = 1 - built_up WHERE level = 2 AND block = 0`, "roll-up 2/0/"},
				"a block taken away":   {`DELETE FROM rollups WHERE level = 0 AND block = 4`, "roll-up 0/4/"},
				"a block made up":      {`UPDATE rollups SET block = block + 1000 WHERE level = 1 AND block = 1`, "roll-up 1/1001/"},
				"first entry of one":   {`UPDATE sightings SET seq = seq + 1`, "sighting "},
				"a site's month":       {`UPDATE site_months SET seq = seq + 1`, "site month "},
				"a report lost":        {`DELETE FROM site_months WHERE treated = 0`, "site month "},
				"a sighting lost":      {`DELETE FROM sightings WHERE what = 'treated'`, "sighting "},
				"a day of one":         {`UPDATE sightings SET day = day + 1`, "sighting "},
				"further than they go": {`UPDATE roll_up SET upto = upto - 16`, "roll-up 0/"},
				"beyond the log":       {`UPDATE roll_up SET upto = 16000`, "roll_up"},
				"to no block's end":    {`UPDATE roll_up SET upto = 17`, "roll_up"},
			} {
				p.exec(d.exec)
				r := p.check(audit.Options{})
				if !slices.ContainsFunc(r.Named, func(x audit.Damage) bool { return x.Area == audit.AreaPosting && strings.HasPrefix(x.Place, d.place) }) {
					t.Errorf("%s: %d damages, the first %+v", what, r.Damages, r.Named[:min(3, len(r.Named))])
				}
				if _, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil {
					t.Fatal(err)
				}
				if _, err := p.measures().Roll(ctx, 1_000); err != nil {
					t.Fatal(err)
				}
				if after := p.rolledRows(); after != before {
					t.Errorf("%s: rebuilt, but not as it was:\n%s", what, difference(before, after))
				}
				p.back()
			}
			p.sound("after all")
		})
	}
}
