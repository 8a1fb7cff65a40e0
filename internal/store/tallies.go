package store

import (
	"database/sql"

	"liandan/internal/id"
	"liandan/internal/permit"
	"liandan/internal/record"
)

var (
	tableSteps = table{name: "tally_steps", columns: []column{{"seq", integers}, {"line", integers}, {"kind", texts}, {"day", integers},
		{"party", uuids}, {"site", uuids}, {"other", texts}, {"code", texts}, {"method", texts}, {"grams", integers}}}
	tableTallies = table{name: "tallies", columns: []column{{"kind", texts}, {"day", integers}, {"party", uuids}, {"site", uuids},
		{"other", texts}, {"code", texts}, {"method", texts}, {"grams", integers}},
		suffix: "ON CONFLICT (party, kind, day, site, other, code, method) DO UPDATE SET grams = tallies.grams + excluded.grams"}
)

const (
	sqlStepRows  = `SELECT seq, line, kind, day, party, site, other, code, method, grams FROM tally_steps ORDER BY seq, line`
	sqlTallyRows = `SELECT kind, day, party, site, other, code, method, grams FROM tallies`
	// A sum as it stood before an entry is the sum less the steps from that entry on: of a new
	// entry there are next to none, however many came before.
	sqlTalliesBefore = `SELECT day, site, other, code, method, CAST(SUM(grams) AS bigint) FROM (
		SELECT day, site, other, code, method, grams FROM tallies WHERE party = ? AND kind = ? AND day BETWEEN ? AND ?
		UNION ALL
		SELECT day, site, other, code, method, -grams FROM tally_steps WHERE party = ? AND kind = ? AND seq >= ? AND day BETWEEN ? AND ?
		) AS t GROUP BY day, site, other, code, method ORDER BY day, site, other, code, method`
)

// writeTallies writes the steps of a group and moves the sums by them, one row a sum.
func (r *reader) writeTallies(g record.Group) error {
	var seqs, lines, days, grams []int64
	var kinds, others, codes, methods []string
	var parties, sites []*string
	sums := map[permit.Key]int64{}
	var order []permit.Key
	for _, rec := range g.Records {
		for i, t := range rec.Placed.Tallies {
			seqs, lines, days, grams = append(seqs, rec.Placed.Entry.Seq), append(lines, int64(i)), append(days, int64(t.Day)), append(grams, int64(t.Grams))
			kinds, others, codes, methods = append(kinds, string(t.Kind)), append(others, t.Other.String()), append(codes, string(t.Code)), append(methods, string(t.Method))
			parties, sites = append(parties, text(t.Party)), append(sites, text(t.Site))
			if _, met := sums[t.Key]; !met {
				order = append(order, t.Key)
			}
			sums[t.Key] += int64(t.Grams)
		}
	}
	if err := r.bulk(tableSteps, len(seqs), seqs, lines, kinds, days, parties, sites, others, codes, methods, grams); err != nil {
		return err
	}
	return r.moveSums(order, sums)
}

func (r *reader) moveSums(order []permit.Key, sums map[permit.Key]int64) error {
	n := len(order)
	kinds, others, codes, methods := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	days, grams := make([]int64, n), make([]int64, n)
	parties, sites := make([]*string, n), make([]*string, n)
	for i, k := range order {
		kinds[i], days[i], parties[i], sites[i] = string(k.Kind), int64(k.Day), text(k.Party), text(k.Site)
		others[i], codes[i], methods[i], grams[i] = k.Other.String(), string(k.Code), string(k.Method), sums[k]
	}
	return r.bulk(tableTallies, n, kinds, days, parties, sites, others, codes, methods, grams)
}

// Tallies implements record.Reader and audit.Reader.
func (r *reader) Tallies(q permit.Query, before int64) ([]permit.Tally, error) {
	var out []permit.Tally
	err := r.query(sqlTalliesBefore, func(rows *sql.Rows) error {
		t := permit.Tally{Key: permit.Key{Kind: q.Kind, Party: q.Party}}
		var day int64
		if err := rows.Scan(whole(&day), name(&t.Site, id.SiteOf), other(&t.Other), word(&t.Code), word(&t.Method), whole(&t.Grams)); err != nil {
			return err
		}
		t.Day = int(day)
		out = append(out, t)
		return nil
	}, q.Party.String(), string(q.Kind), q.From, q.To, q.Party.String(), string(q.Kind), before, q.From, q.To)
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

// TallyRows implements audit.Rows.
func (r *reader) TallyRows(each func(seq int64, line int, t permit.Tally) error) error {
	return r.query(sqlStepRows, func(rows *sql.Rows) error {
		var seq, line, day int64
		var t permit.Tally
		if err := rows.Scan(whole(&seq), whole(&line), word(&t.Kind), whole(&day), name(&t.Party, id.PartyOf), name(&t.Site, id.SiteOf),
			other(&t.Other), word(&t.Code), word(&t.Method), whole(&t.Grams)); err != nil {
			return err
		}
		t.Day = int(day)
		return each(seq, int(line), t)
	})
}

// TallySums implements audit.Rows.
func (r *reader) TallySums(each func(permit.Tally) error) error {
	return r.query(sqlTallyRows, func(rows *sql.Rows) error {
		var day int64
		var t permit.Tally
		if err := rows.Scan(word(&t.Kind), whole(&day), name(&t.Party, id.PartyOf), name(&t.Site, id.SiteOf), other(&t.Other),
			word(&t.Code), word(&t.Method), whole(&t.Grams)); err != nil {
			return err
		}
		t.Day = int(day)
		return each(t)
	})
}

// notAnID is what no sound row has.
var notAnID = id.PartyOf(id.V7(1, [10]byte{0xff}))

// other reads the id of a party, or the empty text that stands for none.
func other(to *id.Party) sql.Scanner {
	return unbelieved[id.Party]{to, notAnID, func(src any) (id.Party, bool) {
		s, ok := src.(string)
		if !ok || s == "" {
			return id.Party{}, ok
		}
		v, err := id.ParseParty(s)
		return v, err == nil
	}}
}
