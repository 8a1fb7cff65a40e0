package store

import (
	"database/sql"
	"strings"

	"liandan/internal/audit"
	"liandan/internal/worklist"
)

// window bounds how many rows of an index are looked through for one answer where some of
// them may be others': a list whose rows mostly are not meant comes in short pages.
const window = 3000

// most is how many rows a thing may have side by side in one list: its parties' sites.
const most = 16

// choice is a condition on a row of an index, with what it binds.
type choice struct {
	where []string
	args  []any
}

func (c *choice) add(chosen bool, condition string, args ...any) {
	if chosen {
		c.where, c.args = append(c.where, condition), append(c.args, args...)
	}
}

func (c *choice) text() string {
	if len(c.where) == 0 {
		return "1 = 1"
	}
	return strings.Join(c.where, " AND ")
}

// A condition asks a scalar subquery, row by row by its key: PostgreSQL may answer EXISTS by
// reading a table whole into memory first.

// common are the conditions that lists and searches share, on a thing that the alias x has.
func (r *reader) common(c *choice, f audit.Filter) {
	c.add(!f.Person.IsZero(), `(SELECT 1 FROM involved p WHERE p.subject = x.subject AND p.who = ? LIMIT 1) = 1`, f.Person.String())
	c.add(f.With != nil, `(SELECT 1 FROM involved w WHERE w.subject = x.subject AND w.who {ids} LIMIT 1) = 1`, r.s.say.ids(spell(f.With)))
	for _, t := range f.Terms {
		c.add(true, `(SELECT 1 FROM terms t WHERE t.subject = x.subject AND t.term = ? LIMIT 1) = 1`, t)
	}
}

// listed is a run of worklist in its order: by a party's own index, or by the city's.
func (r *reader) listed(src audit.Source, f audit.Filter, after worklist.Key, limit int) (string, []any) {
	var run, pick choice
	run.add(!f.Party.IsZero(), `x.party = ?`, f.Party.String())
	run.add(true, `x.list = ?`, string(src.List))
	run.add(true, `x.kind = ?`, string(f.Kind))
	run.add(true, `x.ord >= ?`, max(src.Span.From, after.Ord))
	run.add(true, `x.ord < ?`, src.Span.To)
	run.add(true, `(x.ord > ? OR x.subject > ?)`, after.Ord, after.Subject.String())
	pick.add(!f.Site.IsZero(), `x.site = ?`, f.Site.String())
	pick.add(f.Division != "", `(SELECT 1 FROM sites s WHERE s.id = x.site AND s.division = ? LIMIT 1) = 1`, f.Division)
	r.common(&pick, f)
	if len(pick.where) == 0 {
		limit = limit*2 + most
	} else {
		limit = window
	}
	q := `SELECT x.ord, x.subject, CASE WHEN ` + pick.text() + ` THEN 1 ELSE 0 END FROM worklist x WHERE ` + run.text() + ` ORDER BY x.ord, x.subject LIMIT ?`
	return q, append(append(pick.args, run.args...), limit)
}

// Listed implements audit.Reader.
func (r *reader) Listed(src audit.Source, f audit.Filter, after worklist.Key, limit int) ([]audit.Hit, *worklist.Key, error) {
	q, args := r.listed(src, f, after, limit)
	return r.walk(q, args, limit, src.List)
}

// walk reads a run: at most limit things that are meant, and how far it looked when there
// may be more. When the rows end at the bound, the last thing may have more of them: it is
// left to the next page.
func (r *reader) walk(q string, args []any, limit int, list worklist.List) (out []audit.Hit, scanned *worklist.Key, err error) {
	bound := args[len(args)-1].(int)
	var keys []worklist.Key
	meant := map[int]bool{}
	n := 0
	err = r.query(q, func(rows *sql.Rows) error {
		var k worklist.Key
		var yes int
		if err := rows.Scan(&k.Ord, name(&k.Subject, same), &yes); err != nil {
			return err
		}
		n++
		if len(keys) == 0 || keys[len(keys)-1] != k {
			keys = append(keys, k)
		}
		if yes == 1 {
			meant[len(keys)-1] = true
		}
		return nil
	}, args...)
	if err != nil {
		return nil, nil, err
	}
	full := n == bound
	if full && len(keys) > 1 {
		keys = keys[:len(keys)-1]
	}
	for i, k := range keys {
		if !meant[i] {
			continue
		}
		if len(out) == limit {
			return out, &out[limit-1].Key, nil
		}
		out = append(out, audit.Hit{Key: k, List: list})
	}
	if full {
		scanned = &keys[len(keys)-1]
	}
	return out, scanned, nil
}
