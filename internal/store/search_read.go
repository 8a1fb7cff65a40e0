package store

import (
	"database/sql"
	"strings"
	"time"

	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/worklist"
)

// What stands in a list or is found is named by its own events; a withdrawn part of a name
// is compared letter by letter on both databases.
const sqlOrganisationsNamed = `SELECT id FROM organisations WHERE credit_code = ? OR replace(name, CAST(? AS text), '') <> name ORDER BY id LIMIT ?`

// OrganisationsNamed implements audit.Reader. The register is read whole: it is small.
func (r *reader) OrganisationsNamed(word string, most int) (out []id.Party, err error) {
	err = r.query(sqlOrganisationsNamed, func(rows *sql.Rows) error {
		var p id.Party
		if err := rows.Scan(name(&p, id.PartyOf)); err != nil {
			return err
		}
		out = append(out, p)
		return nil
	}, strings.ToUpper(word), word, most)
	return out, err
}

// A plate in the register is spelled as worklist.ByPlate spells one.
const sqlVehicleHolders = `SELECT DISTINCT party FROM vehicles WHERE 'plate:' || replace(replace(replace(replace(replace(upper(plate), ' ', ''), '　', ''), '·', ''), '•', ''), '.', '') = ?
	AND valid_from <= ? AND (valid_to IS NULL OR valid_to > ?) ORDER BY party`

// VehicleHolders implements audit.Reader. The register of vehicles is small.
func (r *reader) VehicleHolders(term string, at time.Time) (out []id.Party, err error) {
	err = r.query(sqlVehicleHolders, func(rows *sql.Rows) error {
		var p id.Party
		if err := rows.Scan(name(&p, id.PartyOf)); err != nil {
			return err
		}
		out = append(out, p)
		return nil
	}, term, stamp(at), stamp(at))
	return out, err
}

// Searched implements audit.Reader.
func (r *reader) Searched(f audit.Filter, after worklist.Key, limit int) ([]audit.Hit, *worklist.Key, error) {
	q, args := r.searched(f, after)
	return r.walk(q, args, limit, "")
}

// searched is a run of whatever index names the fewest things, newest first: those of one
// label, of a number, plate or container, of a person, site or organisation.
func (r *reader) searched(f audit.Filter, after worklist.Key) (string, []any) {
	var run, pick choice
	table := "involved"
	rest := f
	narrow := ""
	for _, t := range f.Terms {
		if !strings.HasPrefix(t, "code:") {
			narrow = t
		}
	}
	viewers := []string{f.Person.String(), f.Site.String(), f.Party.String()}
	switch {
	case f.Subject != id.UUID{}:
		run.add(true, `x.subject = ?`, f.Subject.String())
	case narrow != "":
		table = "terms"
		run.add(true, `x.term = ?`, narrow)
	case f.Party.IsZero() && len(f.With) > 0:
		run.add(true, `x.who = ?`, f.With[0].String())
	default:
		for i, v := range viewers {
			if v != "" {
				run.add(true, `x.who = ?`, v)
				viewers[i] = ""
				break
			}
		}
	}
	run.add(true, `x.kind = ?`, string(f.Kind))
	run.add(true, `x.at <= ?`, after.Ord)
	run.add(true, `(x.at < ? OR x.subject < ?)`, after.Ord, after.Subject.String())
	run.add(!f.From.IsZero(), `x.at >= ?`, stamp(f.From))
	run.add(!f.To.IsZero(), `x.at < ?`, stamp(f.To))
	for _, v := range viewers {
		pick.add(v != "", `(SELECT 1 FROM involved v WHERE v.subject = x.subject AND v.who = ? LIMIT 1) = 1`, v)
	}
	pick.add(f.Division != "", `(SELECT 1 FROM involved d JOIN sites s ON s.id = d.who WHERE d.subject = x.subject AND s.division = ? LIMIT 1) = 1`, f.Division)
	rest.Person = id.Person{} // among the viewers already
	r.common(&pick, rest)
	return `SELECT x.at, x.subject, CASE WHEN ` + pick.text() + ` THEN 1 ELSE 0 END FROM ` + table + ` x WHERE ` + run.text() +
		` ORDER BY x.at DESC, x.subject DESC LIMIT ?`, append(append(pick.args, run.args...), window)
}
