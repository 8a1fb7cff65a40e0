package store

import (
	"context"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/record"
)

var (
	tableMovements = table{name: "movements", columns: []column{{"seq", integers}, {"line", integers}, {"at", integers}, {"kind", texts}, {"batch", uuids},
		{"origin", uuids}, {"site", uuids}, {"code", texts}, {"method", texts}, {"grams", integers}, {"mixed", integers}}}
	tableSiteMonths = table{name: "site_months", columns: []column{{"month", integers}, {"site", packed}, {"treated", integers}, {"seq", integers}, {"day", integers}, {"collected", integers},
		{"plant", packed}, {"code", texts}, {"method", texts}}, suffix: "ON CONFLICT (month, site, treated) DO NOTHING"}
	tableInspections = table{name: "inspections", columns: []column{{"seq", integers}}}
	tableRollUps     = table{name: "rollups", columns: []column{{"level", integers}, {"block", integers}, {"division", texts}, {"day", integers}, {"built_up", integers},
		{"sector", texts}, {"plant_at", texts}, {"licensed", integers}, {"kind", texts}, {"code", texts}, {"method", texts}, {"grams", integers}},
		suffix: "ON CONFLICT (level, block, division, day, built_up, sector, plant_at, licensed, kind, code, method) DO UPDATE SET grams = rollups.grams + excluded.grams"}
	tableSightings = table{name: "sightings", columns: []column{{"site", texts}, {"what", texts}, {"day", integers}, {"collected", integers}, {"plant", texts},
		{"code", texts}, {"method", texts}, {"seq", integers}}, suffix: "ON CONFLICT (site, what, day, collected, plant, code, method) DO NOTHING"}
)

const (
	sqlRollTo   = `UPDATE roll_up SET upto = ? WHERE id = 1`
	sqlRollLock = `SELECT upto FROM roll_up WHERE id = 1 FOR UPDATE`
)

// writeMovements writes the movements and inspections of a group's events.
func (r *reader) writeMovements(g record.Group) error {
	var moves []indicator.Move
	var checks []int64
	for i := range g.Records {
		rec := &g.Records[i]
		seq := rec.Placed.Entry.Seq
		moves = append(moves, indicator.MovesOf(seq, rec.Event, rec.Placed.Batches, rec.Placed.Postings)...)
		if _, ok := rec.Event.Data.(event.Inspection); ok {
			checks = append(checks, seq)
		}
	}
	if err := r.bulk(tableInspections, len(checks), checks); err != nil {
		return err
	}
	return r.bulkMoves(moves)
}

func (r *reader) bulkMoves(moves []indicator.Move) error {
	n := len(moves)
	seqs, lines, at, grams, mixed := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	kinds, codes, methods := make([]string, n), make([]string, n), make([]string, n)
	batches, origins, sites := make([]*string, n), make([]*string, n), make([]*string, n)
	for i, m := range moves {
		seqs[i], lines[i], at[i], grams[i], mixed[i] = m.Seq, int64(m.Line), m.At, m.Grams, bit(m.Mixed)
		kinds[i], codes[i], methods[i] = string(m.Kind), string(m.Code), string(m.Method)
		batches[i], origins[i], sites[i] = text(m.Batch), text(m.Origin), text(m.Site)
	}
	firsts, err := r.firstsOf(moves)
	if err != nil {
		return err
	}
	if err := r.bulk(tableMovements, n, seqs, lines, at, kinds, batches, origins, sites, codes, methods, grams, mixed); err != nil {
		return err
	}
	return r.bulkFirsts(firsts.Sorted())
}

// firstsOf finds what a group's movements say first of sites, with the collections of
// before. Those of earlier groups said it earlier: their rows stay.
func (r *reader) firstsOf(moves []indicator.Move) (indicator.Firsts, error) {
	var batches []id.Batch
	own := map[id.Batch][]measure.Taking{}
	for _, m := range moves {
		switch {
		case m.Kind == indicator.Collected:
			own[m.Batch] = append(own[m.Batch], measure.Taking{Seq: m.Seq, At: m.At})
		case (m.Kind == indicator.Treated || m.Kind == indicator.Residue) && !m.Mixed:
			batches = append(batches, m.Batch)
		}
	}
	taken, err := r.Taken(batches)
	firsts := indicator.Firsts{}
	for _, m := range moves {
		firsts.Note(m, func(b id.Batch, before int64) (int64, bool) {
			for _, list := range [][]measure.Taking{taken[b], own[b]} {
				if len(list) > 0 && list[0].Seq < before {
					return list[0].At, true
				}
			}
			return 0, false
		})
	}
	return firsts, err
}

func (r *reader) bulkFirsts(firsts []indicator.First) error {
	n := len(firsts)
	months, treated, seqs, days, collected := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	codes, methods := make([]string, n), make([]string, n)
	sites, plants := make([]*string, n), make([]*string, n)
	for i, f := range firsts {
		months[i], seqs[i], days[i], collected[i] = indicator.MonthOf(f.Day), f.Seq, f.Day, f.CollectedAt
		treated[i], codes[i], methods[i] = bit(f.What == indicator.Treated), string(f.Code), string(f.Method)
		sites[i], plants[i] = text(f.Site), text(f.Plant)
	}
	return r.bulk(tableSiteMonths, n, months, sites, treated, seqs, days, collected, plants, codes, methods)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// RollUp implements measure.Store.
func (s *Store) RollUp(ctx context.Context, fn func(measure.Roller) error) error {
	return s.transact(ctx, s.db, nil, func(r *reader) error {
		if s.postgres { // SQLite has one writer
			if err := r.exec(sqlRollLock); err != nil {
				return err
			}
		}
		return fn(r)
	})
}

// AddTallies implements measure.Roller.
func (r *reader) AddTallies(all []indicator.Tally) error {
	n := 0
	for _, t := range all {
		n += len(t.Sums)
	}
	levels, blocks, days, built, licensed, grams := make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	divisions, sectors, plants, kinds, codes, methods := make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n), make([]string, 0, n)
	for _, t := range all {
		for k, g := range t.Sums {
			levels, blocks, days, grams = append(levels, t.Level), append(blocks, t.Block), append(days, k.Day), append(grams, g)
			built, licensed = append(built, bit(k.BuiltUp)), append(licensed, bit(k.Licensed))
			divisions, sectors, plants = append(divisions, k.Division), append(sectors, string(k.Sector)), append(plants, k.PlantAt)
			kinds, codes, methods = append(kinds, string(k.Kind)), append(codes, string(k.Code)), append(methods, string(k.Method))
		}
	}
	if err := r.bulk(tableRollUps, n, levels, blocks, divisions, days, built, sectors, plants, licensed, kinds, codes, methods, grams); err != nil {
		return err
	}
	return r.flush()
}

// AddSightings implements measure.Roller.
func (r *reader) AddSightings(seen indicator.Sightings) error {
	n := len(seen)
	days, collected, seqs := make([]int64, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	var sites, whats, plants, codes, methods []string
	for k, seq := range seen {
		days, collected, seqs = append(days, k.Day), append(collected, k.CollectedAt), append(seqs, seq)
		sites, whats, plants = append(sites, k.Site.String()), append(whats, string(k.What)), append(plants, k.Plant.String())
		codes, methods = append(codes, string(k.Code)), append(methods, string(k.Method))
	}
	if err := r.bulk(tableSightings, n, sites, whats, days, collected, plants, codes, methods, seqs); err != nil {
		return err
	}
	return r.flush()
}

// RollTo implements measure.Roller.
func (r *reader) RollTo(upto int64) error { return r.exec(sqlRollTo, upto) }

// Unroll implements measure.Roller.
func (r *reader) Unroll() error {
	for _, q := range []string{"DELETE FROM rollups", "DELETE FROM sightings"} {
		if err := r.exec(q); err != nil {
			return err
		}
	}
	return r.RollTo(0)
}
