package store

import (
	"database/sql"
	"math"

	"liandan/internal/audit"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/record"
)

var tableCandidates = table{name: "candidates", columns: []column{{"seq", integers}, {"subject", uuids}, {"loose", integers}, {"grave", integers}, {"at", integers}}}

const sqlCandidateRows = `SELECT seq, subject, loose, grave, at FROM candidates ORDER BY seq, subject`

// writeCandidates notes the entries of a group of which a rule may have something to say.
func (r *reader) writeCandidates(g record.Group) error {
	var subjects []*string
	var seqs, loose, grave, at []int64
	for i := range g.Records {
		for _, c := range g.Records[i].Placed.Candidates() {
			seqs, subjects, loose = append(seqs, c.Seq), append(subjects, text(c.Subject)), append(loose, bit(c.Loose))
			grave, at = append(grave, bit(c.Grave)), append(at, c.At)
		}
	}
	return r.bulk(tableCandidates, len(seqs), seqs, subjects, loose, grave, at)
}

// CandidateRows implements audit.Rows.
func (r *reader) CandidateRows(each func(chain.Candidate) error) error {
	return r.query(sqlCandidateRows, func(rows *sql.Rows) error {
		c, err := scanCandidate(rows)
		if err != nil {
			return err
		}
		return each(c)
	})
}

func scanCandidate(rows *sql.Rows, more ...any) (c chain.Candidate, err error) {
	var loose, grave int64
	err = rows.Scan(append([]any{whole(&c.Seq), name(&c.Subject, same), whole(&loose), whole(&grave), whole(&c.At)}, more...)...)
	c.Loose, c.Grave = loose == 1, grave == 1
	if loose>>1 != 0 || grave>>1 != 0 {
		c.At = math.MinInt64 // no sound row has it
	}
	return c, err
}

// candidateWindow bounds how many rows of the index one answer looks through, most of which may
// be others'.
const candidateWindow = 10_000

// candidates is a run of the index, newest first.
func (r *reader) candidates(f audit.FindingFilter, before int64) (string, []any) {
	var run, pick choice
	run.add(true, `x.seq < ?`, before)
	run.add(f.Grave(), `x.grave = 1`)
	pick.add(!f.From.IsZero(), `x.at >= ?`, stamp(f.From))
	pick.add(!f.To.IsZero(), `x.at < ?`, stamp(f.To))
	for _, v := range []string{f.Party.String(), f.Site.String()} {
		pick.add(v != "", `(SELECT 1 FROM involved v WHERE v.subject = x.subject AND v.who = ? LIMIT 1) = 1`, v)
	}
	pick.add(f.Division != "", `(SELECT 1 FROM involved d JOIN sites s ON s.id = d.who WHERE d.subject = x.subject AND s.division = ? LIMIT 1) = 1`, f.Division)
	r.common(&pick, f.Filter)
	return `SELECT x.seq, x.subject, x.loose, x.grave, x.at, CASE WHEN ` + pick.text() + ` THEN 1 ELSE 0 END FROM candidates x WHERE ` + run.text() +
		` ORDER BY x.seq DESC, x.subject DESC LIMIT ?`, append(append(pick.args, run.args...), candidateWindow)
}

// Candidates implements audit.Reader.
func (r *reader) Candidates(f audit.FindingFilter, before int64, limit int) (out []chain.Candidate, looked int64, err error) {
	q, args := r.candidates(f, before)
	n, last := 0, int64(0)
	err = r.query(q, func(rows *sql.Rows) error {
		var yes int
		c, err := scanCandidate(rows, &yes)
		if n++; err == nil && yes == 1 && len(out) <= limit {
			out = append(out, c)
		}
		last = c.Seq
		return err
	}, args...)
	if n == candidateWindow {
		looked = last + 1 // the last entry may have more rows
	}
	if len(out) > limit {
		looked = out[limit].Seq + 1
	}
	for len(out) > 0 && out[len(out)-1].Seq < looked {
		out = out[:len(out)-1]
	}
	return out, looked, err
}

// permitTypes are the events that rules about permits look at.
var permitTypes = []event.Type{event.ManifestIssued, event.TransportCollected, event.ManifestAccepted, event.BatchTreated, event.BatchGenerated}

// permitted is a run of the log's events that rules about permits look at, newest first. Of an
// event on a manifest everybody in the manifest is meant, of another its signer alone.
func (r *reader) permitted(f audit.FindingFilter, before int64) (string, []any) {
	var run, pick choice
	run.add(true, `x.seq < ?`, before)
	run.add(true, `x.type {texts}`, r.s.say.ids(words(permitTypes)))
	pick.add(!f.From.IsZero(), `x.at >= ?`, stamp(f.From))
	pick.add(!f.To.IsZero(), `x.at < ?`, stamp(f.To))
	const involved = `(SELECT 1 FROM involved v WHERE v.subject = x.subject AND v.who = ? LIMIT 1) = 1`
	p, v := f.Party.String(), f.Site.String()
	pick.add(p != "", `(x.subject IS NULL AND x.party = ? OR `+involved+`)`, p, p)
	pick.add(v != "", `(x.subject IS NULL AND x.site = ? OR `+involved+`)`, v, v)
	pick.add(f.Division != "", `(x.subject IS NULL AND (SELECT 1 FROM sites s WHERE s.id = x.site AND s.division = ? LIMIT 1) = 1
		OR (SELECT 1 FROM involved d JOIN sites s ON s.id = d.who WHERE d.subject = x.subject AND s.division = ? LIMIT 1) = 1)`, f.Division, f.Division)
	r.common(&pick, f.Filter)
	from := `(SELECT seq, type, party, site, manifest AS subject, at FROM event_index)`
	return `SELECT x.seq, CASE WHEN ` + pick.text() + ` THEN 1 ELSE 0 END FROM ` + from + ` x WHERE ` + run.text() + ` ORDER BY x.seq DESC LIMIT ?`,
		append(append(pick.args, run.args...), candidateWindow)
}

// Permitted implements audit.Reader.
func (r *reader) Permitted(f audit.FindingFilter, before int64, limit int) (out []int64, looked int64, err error) {
	q, args := r.permitted(f, before)
	n, last := 0, int64(0)
	err = r.query(q, func(rows *sql.Rows) error {
		var yes int
		err := rows.Scan(&last, &yes)
		if n++; err == nil && yes == 1 && len(out) <= limit {
			out = append(out, last)
		}
		return err
	}, args...)
	if n == candidateWindow {
		looked = last
	}
	if len(out) > limit {
		out = out[:limit]
		looked = out[limit-1]
	}
	return out, looked, err
}
