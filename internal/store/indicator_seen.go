package store

import (
	"database/sql"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/waste"
)

// Sightings implements measure.Reader.
func (r *reader) Sightings(into indicator.Sightings, first, after, before int64, sites []id.Site) error {
	if len(sites) == 0 {
		return nil
	}
	return r.query(sqlSeenOf, func(rows *sql.Rows) error {
		k, seq, err := scanSeen(rows)
		into[k] = seq
		return err
	}, r.s.say.ids(spell(sites)), first, after, before)
}

// Reported implements measure.Reader.
func (r *reader) Reported(sites []id.Site, from, to, before int64) (out []id.Site, err error) {
	if len(sites) == 0 {
		return nil, nil
	}
	err = r.query(sqlReported, func(rows *sql.Rows) error {
		var s id.Site
		err := rows.Scan(name(&s, id.SiteOf))
		out = append(out, s)
		return err
	}, r.s.say.ids(spell(sites)), from, to, before)
	return out, err
}

// Firsts implements measure.Reader.
func (r *reader) Firsts(sites []id.Site, month, before int64, proofs bool) (reported []id.Site, seen []indicator.Seen, err error) {
	if len(sites) == 0 {
		return nil, nil, nil
	}
	q := sqlFirsts
	if proofs {
		q = sqlFirstProofs
	}
	err = r.query(q, func(rows *sql.Rows) error {
		var keys, found sql.NullString
		if err := rows.Scan(&keys, &found); err != nil {
			return err
		}
		for word := range strings.SplitSeq(keys.String, " ") {
			if n, err := strconv.Atoi(word); err == nil {
				reported = append(reported, sites[n])
			}
		}
		for row := range strings.SplitSeq(found.String, ",") {
			key, row, _ := strings.Cut(row, " ")
			if n, err := strconv.Atoi(key); err == nil {
				seen = append(seen, treatedAs(sites[n], row)...)
			}
		}
		return nil
	}, r.s.say.ids(spell(sites)), month, before)
	return reported, seen, err
}

// treatedAs reads a treatment that a query spelled as day, day of the collection, plant,
// code and method; none where a row is not sound.
func treatedAs(site id.Site, row string) []indicator.Seen {
	words := strings.Split(row, " ")
	if len(words) != 5 {
		return nil
	}
	k := indicator.Seen{Site: site, What: indicator.Treated, Code: waste.Code(words[3]), Method: waste.Method(words[4])}
	k.Day, _ = strconv.ParseInt(words[0], 10, 64)
	k.CollectedAt, _ = strconv.ParseInt(words[1], 10, 64)
	plant, _ := uuid.Parse(words[2]) // with dashes or without
	k.Plant = id.SiteOf(plant)
	return []indicator.Seen{k}
}

// ProofByBatch implements measure.Reader.
func (r *reader) ProofByBatch(sites []id.Site, w measure.Window) ([]indicator.Seen, error) {
	return r.proofs(sqlProof, sites, indicator.DayOf, w.From, w.To, w.Before, w.CollectedFrom, w.CollectedTo)
}

// ProofRolledUp implements measure.Reader.
func (r *reader) ProofRolledUp(sites []id.Site, first, after, collectedFirst, collectedAfter, before int64) ([]indicator.Seen, error) {
	return r.proofs(sqlProofRolled, sites, func(day int64) int64 { return day }, first, after, collectedFirst, collectedAfter, before)
}

func (r *reader) proofs(q string, sites []id.Site, day func(int64) int64, args ...any) (out []indicator.Seen, err error) {
	if len(sites) == 0 {
		return nil, nil
	}
	err = r.query(q, func(rows *sql.Rows) error {
		var site id.Site
		var found sql.NullString
		if err := rows.Scan(name(&site, id.SiteOf), &found); err != nil || !found.Valid {
			return err
		}
		for _, k := range treatedAs(site, found.String) {
			k.Day, k.CollectedAt = day(k.Day), day(k.CollectedAt)
			out = append(out, k)
		}
		return nil
	}, append(args, r.s.say.ids(spell(sites)))...)
	return out, err
}

// Treatments implements measure.Reader.
func (r *reader) Treatments(sites []id.Site, w measure.Window) (out []indicator.Seen, err error) {
	if len(sites) == 0 {
		return nil, nil
	}
	err = r.query(sqlTreatments, func(rows *sql.Rows) error {
		k := indicator.Seen{What: indicator.Treated}
		var at int64
		var taken sql.NullInt64
		if err := rows.Scan(name(&k.Site, id.SiteOf), whole(&at), &taken, name(&k.Plant, id.SiteOf), word(&k.Code), word(&k.Method)); err != nil || !taken.Valid {
			return err
		}
		k.Day, k.CollectedAt = indicator.DayOf(at), indicator.DayOf(taken.Int64)
		out = append(out, k)
		return nil
	}, r.s.say.ids(spell(sites)), w.From, w.To, w.Before)
	return out, err
}

func scanSeen(rows *sql.Rows) (k indicator.Seen, seq int64, err error) {
	var site, plant string
	if err = rows.Scan(word(&site), word(&k.What), whole(&k.Day), whole(&k.CollectedAt), word(&plant), word(&k.Code), word(&k.Method), whole(&seq)); err != nil {
		return k, seq, err
	}
	k.Site, _ = id.ParseSite(site) // one that is none is no sound row's
	k.Plant, _ = id.ParseSite(plant)
	return k, seq, nil
}
