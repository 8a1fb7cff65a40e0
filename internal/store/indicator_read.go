package store

import (
	"context"
	"database/sql"
	"math"
	"strconv"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/ledger"
	"liandan/internal/measure"
	"liandan/internal/merkle"
)

const (
	moveColumns = `seq, line, at, kind, batch, origin, site, code, method, grams, mixed`

	sqlRollMark = `SELECT upto FROM roll_up WHERE id = 1`
	sqlFacts    = `SELECT ` + keptColumns + ` FROM entries WHERE kind = 'fact' AND seq >= ? AND seq < ? ORDER BY seq`
	sqlChecks   = `SELECT ` + keptColumns + ` FROM entries WHERE seq IN (SELECT seq FROM inspections WHERE seq >= ? AND seq < ?) ORDER BY seq`
	sqlMoves    = `SELECT ` + moveColumns + ` FROM movements WHERE seq >= ? AND seq < ? ORDER BY seq, line`
	sqlMovesAt  = `SELECT ` + moveColumns + ` FROM movements WHERE origin {ids} AND at >= ? AND seq < ?
		UNION SELECT ` + moveColumns + ` FROM movements WHERE site {ids} AND kind IN ('treated', 'residue') AND at >= ? AND seq < ?`
	sqlTaken     = `SELECT batch, seq, at FROM movements WHERE kind = 'collected' AND batch {ids} ORDER BY seq`
	sqlSumGroup  = `SELECT division, built_up, sector, plant_at, licensed, kind, code, method, CAST(SUM(grams) AS bigint) FROM rollups WHERE `
	sqlSumBy     = ` GROUP BY division, built_up, sector, plant_at, licensed, kind, code, method`
	sqlSumDays   = sqlSumGroup + `level = 0 AND day >= ? AND day < ? AND block < ?` + sqlSumBy
	sqlSumDaysIn = sqlSumGroup + `level = 0 AND day {numbers} AND division {texts} AND block < ?` + sqlSumBy
	sqlSumMonths = sqlSumGroup + `level = ? AND block >= ? AND block < ? AND day >= ? AND day < ?` + sqlSumBy
	sqlSumMonIn  = sqlSumGroup + `level = ? AND block {numbers} AND division {texts} AND day >= ? AND day < ?` + sqlSumBy
	sqlSeenOf    = `SELECT site, what, day, collected, plant, code, method, seq FROM sightings WHERE site {texts} AND what = 'treated' AND day >= ? AND day < ? AND seq < ?`
	// One row of each site: a scalar subquery, so that every database looks into the index
	// for each site and stops at the first.
	sqlReported = `SELECT e.value FROM {each} WHERE (SELECT 1 FROM movements m
		WHERE m.origin = e.value AND m.kind = 'generated' AND m.at >= ? AND m.at < ? AND m.seq < ? LIMIT 1) IS NOT NULL`
	sqlTakenAt = `(SELECT c.at FROM movements c WHERE c.batch = m.batch AND c.kind = 'collected' AND c.seq < m.seq ORDER BY c.seq, c.line LIMIT 1)`
	sqlTreated = `m.kind IN ('treated', 'residue') AND m.at >= ? AND m.at < ? AND m.seq < ? AND m.mixed = 0`
	// The limit keeps SQLite from looking for the collection at every mention of it.
	sqlProof = `SELECT e.value, (SELECT x.at || ' ' || x.taken || ' ' || x.site || ' ' || x.code || ' ' || x.method
		FROM (SELECT m.at, m.site, m.code, m.method, ` + sqlTakenAt + ` AS taken FROM movements m WHERE m.origin = e.value AND ` + sqlTreated + ` LIMIT 9223372036854775807) x
		WHERE x.taken >= ? AND x.taken < ? LIMIT 1) FROM {each}`
	sqlProofRolled = `SELECT e.value, (SELECT s.day || ' ' || s.collected || ' ' || s.plant || ' ' || s.code || ' ' || s.method FROM sightings s
		WHERE s.site = CAST(e.value AS text) AND s.what = 'treated' AND s.day >= ? AND s.day < ? AND s.collected <> 0 AND s.collected >= ? AND s.collected < ? AND s.seq < ? LIMIT 1) FROM {each}`
	// One row of all sites, for a row costs more than looking for it.
	sqlFirsts = `SELECT string_agg(CAST(e.key AS text), ' '), NULL FROM {numbered} CROSS JOIN site_months m
		WHERE m.month = ? AND m.site = e.value AND m.treated = 0 AND m.seq < ?`
	sqlFirstProofs = `SELECT string_agg(CAST(e.key AS text), ' ') FILTER (WHERE m.treated = 0),
		string_agg(e.key || ' ' || m.day || ' ' || m.collected || ' ' || {plant} || ' ' || m.code || ' ' || m.method, ',') FILTER (WHERE m.treated = 1)
		FROM {numbered} CROSS JOIN site_months m WHERE m.month = ? AND m.site = e.value AND m.seq < ?`
	sqlTreatments   = `SELECT m.origin, m.at, ` + sqlTakenAt + `, m.site, m.code, m.method FROM movements m WHERE m.origin {ids} AND ` + sqlTreated
	sqlHeadUpTo     = `SELECT size, root, recorded_at, checkpoint FROM heads WHERE size <= ? ORDER BY size DESC LIMIT 1`
	sqlHeadBy       = `SELECT size, root, recorded_at, checkpoint FROM heads WHERE recorded_at <= ? ORDER BY size DESC LIMIT 1`
	sqlEvidence     = `SELECT ` + moveColumns + ` FROM movements WHERE at >= ? AND at < ? AND seq < ? AND kind {texts}` + sqlOfMethod + sqlAfter
	sqlEvidenceOf   = `SELECT ` + moveColumns + ` FROM movements WHERE at >= ? AND at < ? AND seq < ? AND kind {texts} AND origin {ids}` + sqlOfMethod + sqlAfter
	sqlOfMethod     = ` AND (kind NOT IN ('treated', 'residue') OR method {texts})`
	sqlFirstMove    = `SELECT seq FROM movements ORDER BY seq, line LIMIT 1`
	sqlAfter        = ` AND (at > ? OR (at = ? AND (seq > ? OR (seq = ? AND line > ?)))) ORDER BY at, seq, line LIMIT ?`
	sqlMoveRows     = `SELECT ` + moveColumns + ` FROM movements ORDER BY seq, line`
	sqlCheckRows    = `SELECT seq FROM inspections ORDER BY seq`
	sqlFirstRows    = `SELECT month, site, treated, day, collected, plant, code, method, seq FROM site_months`
	sqlRollUpRows   = `SELECT level, block, day, division, built_up, sector, plant_at, licensed, kind, code, method, grams FROM rollups`
	sqlSightingRows = `SELECT site, what, day, collected, plant, code, method, seq FROM sightings`
)

// Measure implements measure.Store.
func (s *Store) Measure(ctx context.Context, fn func(measure.Reader) error) error {
	return s.view(ctx, func(r *reader) error { return fn(r) })
}

// RollMark implements measure.Reader.
func (r *reader) RollMark() (upto int64, err error) {
	err = r.query(sqlRollMark, func(rows *sql.Rows) error { return rows.Scan(&upto) })
	return upto, err
}

// Facts implements measure.Reader.
func (r *reader) Facts(from, to int64, each func(ledger.Kept) error) error {
	for _, q := range []string{sqlFacts, sqlChecks} {
		err := r.query(q, func(rows *sql.Rows) error {
			var k ledger.Kept
			if err := scanKept(rows, &k); err != nil {
				return err
			}
			return each(k)
		}, from, to)
		if err != nil {
			return err
		}
	}
	return nil
}

// moveScan reads row after row; its destinations are made once, for a reading has many rows.
type moveScan struct {
	m           indicator.Move
	line, mixed int64
	to          []any
}

func newMoveScan() *moveScan {
	c := &moveScan{}
	m := &c.m
	c.to = []any{whole(&m.Seq), whole(&c.line), whole(&m.At), word(&m.Kind), name(&m.Batch, id.BatchOf), name(&m.Origin, id.SiteOf), name(&m.Site, id.SiteOf),
		word(&m.Code), word(&m.Method), whole(&m.Grams), whole(&c.mixed)}
	return c
}

func (c *moveScan) read(rows *sql.Rows) (indicator.Move, error) {
	err := rows.Scan(c.to...)
	c.m.Line, c.m.Mixed = int(c.line), c.mixed != 0
	return c.m, err
}

// moves reads movements, about so many.
func (r *reader) moves(about int64, q string, args ...any) (out []indicator.Move, err error) {
	out = make([]indicator.Move, 0, about)
	c := newMoveScan()
	err = r.query(q, func(rows *sql.Rows) error {
		m, err := c.read(rows)
		out = append(out, m)
		return err
	}, args...)
	return out, err
}

// Moves implements measure.Reader.
func (r *reader) Moves(from, to int64) ([]indicator.Move, error) {
	const most = 1 << 16 // of room that is made before anything was read
	return r.moves(max(0, min(to-from, most)), sqlMoves, from, to)
}

// MovesAt implements measure.Reader.
func (r *reader) MovesAt(sites []id.Site, since, before int64) ([]indicator.Move, error) {
	if len(sites) == 0 {
		return nil, nil
	}
	list := r.s.say.ids(spell(sites))
	return r.moves(0, sqlMovesAt, list, since, before, list, since, before)
}

// FirstMove implements measure.Reader.
func (r *reader) FirstMove() (int64, error) {
	first := int64(math.MaxInt64)
	err := r.query(sqlFirstMove, func(rows *sql.Rows) error { return rows.Scan(whole(&first)) })
	return first, err
}

// Evidence implements measure.Reader.
func (r *reader) Evidence(p indicator.Period, cut int64, w measure.Wanted, before int64, after measure.Cursor, limit int) ([]indicator.Move, error) {
	q, args := sqlEvidence, []any{max(p.From.UnixMilli(), after.At), min(p.To.UnixMilli(), cut+1), before, r.s.say.ids(w.Kinds)}
	if w.Origins != nil {
		q, args = sqlEvidenceOf, append(args, r.s.say.ids(spell(w.Origins)))
	}
	return r.moves(int64(limit), q, append(args, r.s.say.ids(words(w.Methods)), after.At, after.At, after.Seq, after.Seq, after.Line, limit)...)
}

// Taken implements measure.Reader.
func (r *reader) Taken(batches []id.Batch) (map[id.Batch][]measure.Taking, error) {
	out := map[id.Batch][]measure.Taking{}
	if len(batches) == 0 {
		return out, nil
	}
	err := r.query(sqlTaken, func(rows *sql.Rows) error {
		var b id.Batch
		var t measure.Taking
		if err := rows.Scan(name(&b, id.BatchOf), whole(&t.Seq), whole(&t.At)); err != nil {
			return err
		}
		out[b] = append(out[b], t)
		return nil
	}, r.s.say.ids(spell(batches)))
	return out, err
}

// Days implements measure.Reader.
func (r *reader) Days(into indicator.Sums, first, after, blocks int64, divisions []string) error {
	if divisions == nil {
		return r.sums(into, sqlSumDays, first, after, blocks)
	}
	var days []int64
	for d := first; d < after; d++ {
		days = append(days, d)
	}
	return r.sums(into, sqlSumDaysIn, r.s.say.numbers(days), r.s.say.ids(divisions), blocks)
}

// Months implements measure.Reader.
func (r *reader) Months(into indicator.Sums, level, from, to, first, after int64, divisions []string) error {
	if divisions == nil {
		return r.sums(into, sqlSumMonths, level, from, to, first, after)
	}
	var blocks []int64
	for b := from; b < to; b++ {
		blocks = append(blocks, b)
	}
	return r.sums(into, sqlSumMonIn, level, r.s.say.numbers(blocks), r.s.say.ids(divisions), first, after)
}

func (r *reader) sums(into indicator.Sums, q string, args ...any) error {
	return r.query(q, func(rows *sql.Rows) error {
		var k indicator.Key
		var built, licensed, grams int64
		if err := rows.Scan(word(&k.Division), whole(&built), word(&k.Sector), word(&k.PlantAt), whole(&licensed), word(&k.Kind), word(&k.Code), word(&k.Method), &grams); err != nil {
			return err
		}
		k.BuiltUp, k.Licensed = built != 0, licensed != 0
		if into[k] += grams; into[k] == 0 {
			delete(into, k)
		}
		return nil
	}, args...)
}

// HeadUpTo implements measure.Reader.
func (r *reader) HeadUpTo(size int64) (measure.Sealed, error) { return r.sealed(sqlHeadUpTo, size) }

// HeadBy implements measure.Reader.
func (r *reader) HeadBy(ms int64) (measure.Sealed, error) { return r.sealed(sqlHeadBy, ms) }

func (r *reader) sealed(q string, arg int64) (h measure.Sealed, err error) {
	h.Root = merkle.EmptyRoot()
	err = r.query(q, func(rows *sql.Rows) error {
		var ms int64
		err := rows.Scan(&h.Size, &h.Root, &ms, &h.Checkpoint)
		h.RecordedAt = unstamp(ms)
		return err
	}, arg)
	return h, err
}

// MoveRows implements audit.Rows.
func (r *reader) MoveRows(each func(indicator.Move) error) error {
	c := newMoveScan()
	return r.query(sqlMoveRows, func(rows *sql.Rows) error {
		m, err := c.read(rows)
		if err != nil {
			return err
		}
		return each(m)
	})
}

// SiteMonthRows implements audit.Rows.
func (r *reader) SiteMonthRows(each func(month int64, f indicator.First) error) error {
	return r.query(sqlFirstRows, func(rows *sql.Rows) error {
		var month, treated int64
		var f indicator.First
		if err := rows.Scan(whole(&month), r.packedName(&f.Site), whole(&treated), whole(&f.Day), whole(&f.CollectedAt), r.packedName(&f.Plant), word(&f.Code), word(&f.Method), whole(&f.Seq)); err != nil {
			return err
		}
		switch treated {
		case 0:
			f.What = indicator.Generated
		case 1:
			f.What = indicator.Treated
		default:
			f.What = indicator.MoveKind(strconv.FormatInt(treated, 10)) // no sound row
		}
		return each(month, f)
	})
}

// InspectionRows implements audit.Rows.
func (r *reader) InspectionRows(each func(int64) error) error {
	return r.query(sqlCheckRows, func(rows *sql.Rows) error {
		var seq int64
		if err := rows.Scan(whole(&seq)); err != nil {
			return err
		}
		return each(seq)
	})
}

// RollUpRows implements audit.Rows.
func (r *reader) RollUpRows(each func(level, block int64, k indicator.Key, grams int64) error) error {
	return r.query(sqlRollUpRows, func(rows *sql.Rows) error {
		var k indicator.Key
		var level, block, built, licensed, grams int64
		if err := rows.Scan(whole(&level), whole(&block), whole(&k.Day), word(&k.Division), whole(&built), word(&k.Sector), word(&k.PlantAt), whole(&licensed),
			word(&k.Kind), word(&k.Code), word(&k.Method), whole(&grams)); err != nil {
			return err
		}
		k.BuiltUp, k.Licensed = built != 0, licensed != 0
		return each(level, block, k, grams)
	})
}

// SightingRows implements audit.Rows.
func (r *reader) SightingRows(each func(indicator.Seen, int64) error) error {
	return r.query(sqlSightingRows, func(rows *sql.Rows) error {
		k, seq, err := scanSeen(rows)
		if err != nil {
			return err
		}
		return each(k, seq)
	})
}
