package registry

import (
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
)

type peopleImport struct {
	lines []personLine
	put   []Person

	now     time.Time
	changed map[id.Person]change // whose time is another than before
}

type personLine struct {
	line    int
	broken  bool
	code    party.CreditCode
	ref     string
	person  Person
	idGiven bool
}

func (*peopleImport) columns() []column {
	return []column{{"credit_code", true}, {"person", true}, {"valid_from", false}, {"valid_to", false}, {"id", false}}
}

func (in *peopleImport) read(c *cells) {
	l := personLine{line: c.line, code: c.creditCode(), ref: c.reference(), person: Person{Valid: c.period(false)}}
	l.person.ID, l.idGiven = readID(c, id.ParsePerson)
	if c.raw("person") == "" && c.raw("id") == "" {
		c.refuse("person", "required", "must not be empty where there is no id", "无 id 时不得为空")
	}
	l.broken = c.bad
	in.lines = append(in.lines, l)
}

func (in *peopleImport) judge(r Reader, rep *Report, n *notes) error {
	orgs, err := readOwners(r)
	if err != nil {
		return err
	}
	people, err := r.People()
	if err != nil {
		return err
	}
	have := make(map[id.Person]Person, len(people))
	for _, p := range people {
		have[p.ID] = p
	}
	in.changed = map[id.Person]change{}
	seen := firstLines[id.Person]{}
	for _, l := range in.lines {
		org, ok := orgs.owner(n, l.line, l.code)
		if !ok || (!l.idGiven && l.ref == "") {
			continue
		}
		column := "id"
		l.person.Party = org.ID
		if !l.idGiven {
			column, l.person.ID = "person", PersonID(org.ID, l.ref)
		}
		if seen.repeated(n, l.line, column, l.person.ID) {
			continue
		}
		known, there := have[l.person.ID]
		if there && known.Party != org.ID {
			c := cells{line: l.line, notes: n}
			c.refuse("id", "id_conflict", "is the id of another organisation's person", "该标识已属于其他单位的人员")
			continue
		}
		if !l.broken && rep.count(there, there && samePeriod(known.Valid, l.person.Valid)) {
			in.put = append(in.put, l.person)
			if there {
				in.changed[l.person.ID] = change{known.Valid, l.person.Valid}
			}
		}
	}
	return nil
}

// write tells of the keys whose time changes with their person's, before it changes that.
func (in *peopleImport) write(tx Tx) error {
	if err := limit(tx, in.changed, in.now); err != nil {
		return err
	}
	return tx.PutPeople(in.put)
}
