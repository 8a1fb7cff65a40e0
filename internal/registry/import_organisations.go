package registry

import (
	"slices"

	"liandan/internal/id"
	"liandan/internal/party"
)

type organisationImport struct {
	lines []organisationLine
	put   []party.Organisation
}

type organisationLine struct {
	line    int
	broken  bool
	org     party.Organisation
	idGiven bool
}

func (*organisationImport) columns() []column {
	return []column{{"credit_code", true}, {"name", true}, {"roles", true},
		{"sample", false}, {"valid_from", false}, {"valid_to", false}, {"id", false}}
}

func (in *organisationImport) read(c *cells) {
	l := organisationLine{line: c.line}
	l.org = party.Organisation{CreditCode: c.creditCode(), Name: c.text("name"), Roles: readRoles(c),
		Sample: c.flag("sample", false), Valid: c.period(false)}
	l.org.ID, l.idGiven = readID(c, id.ParseParty)
	l.broken = c.bad
	in.lines = append(in.lines, l)
}

// readRoles gives the roles in the order of party.Roles.
func readRoles(c *cells) []party.Role {
	words := c.words("roles", func(word string) (code, en, zh string) {
		if slices.Contains(party.Roles(), party.Role(word)) {
			return "", "", ""
		}
		return "value", clip(word) + " is no role; roles are generator, medical, collector, carrier, operator, authority",
			clip(word) + " 不是角色；角色为 generator、medical、collector、carrier、operator、authority"
	})
	var out []party.Role
	for _, r := range party.Roles() {
		if slices.Contains(words, string(r)) {
			out = append(out, r)
		}
	}
	return out
}

func (in *organisationImport) judge(r Reader, rep *Report, n *notes) error {
	have, err := readOwners(r)
	if err != nil {
		return err
	}
	codeOf := make(map[id.Party]party.CreditCode, len(have))
	for code, o := range have {
		codeOf[o.ID] = code
	}
	codes := firstLines[party.CreditCode]{}
	for _, l := range in.lines {
		if l.org.CreditCode == "" || codes.repeated(n, l.line, "credit_code", l.org.CreditCode) {
			continue
		}
		known, there := have[l.org.CreditCode]
		c := cells{line: l.line, notes: n}
		switch {
		case there && !l.idGiven:
			l.org.ID = known.ID
		case there && known.ID != l.org.ID:
			c.refusef("id", "id_conflict", "the organisation has the id %s already, which cannot change", "该单位已有标识 %s，不可更改", known.ID)
		case !there && !l.idGiven:
			l.org.ID = PartyID(l.org.CreditCode)
		}
		if other, taken := codeOf[l.org.ID]; taken && other != l.org.CreditCode {
			c.refuse("id", "id_conflict", "is the id of another organisation", "该标识已属于其他单位")
		}
		codeOf[l.org.ID] = l.org.CreditCode
		if !l.broken && !c.bad && rep.count(there, sameOrganisation(known, l.org)) {
			in.put = append(in.put, l.org)
		}
	}
	return nil
}

func sameOrganisation(a, b party.Organisation) bool {
	return a.ID == b.ID && a.Name == b.Name && slices.Equal(a.Roles, b.Roles) && a.Sample == b.Sample && samePeriod(a.Valid, b.Valid)
}

func (in *organisationImport) write(tx Tx) error { return tx.PutOrganisations(in.put) }
