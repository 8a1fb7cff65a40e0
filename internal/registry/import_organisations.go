package registry

import (
	"context"
	"slices"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
)

type organisationImport struct {
	lines []organisationLine
	put   []party.Organisation
	were  map[id.Party]bool // authorities before the import
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
	in.were = map[id.Party]bool{}
	for code, o := range have {
		codeOf[o.ID] = code
		in.were[o.ID] = o.Has(party.Authority)
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

// facts of the authorities among what an import adds or changes, and of those that are
// authorities no more.
func (in *organisationImport) facts() (out []indicator.Fact) {
	for _, o := range in.put {
		if o.Has(party.Authority) || in.were[o.ID] {
			out = append(out, officeOf(o))
		}
	}
	return out
}

// officeOf is what the log is told of an authority.
func officeOf(o party.Organisation) indicator.Fact {
	v := indicator.Office{Party: o.ID, Roles: make([]string, len(o.Roles)), Span: spanOf(o.Valid)}
	if o.Valid.From.IsZero() {
		v.From = 0
	}
	for i, r := range o.Roles {
		v.Roles[i] = string(r)
	}
	return indicator.Fact{Kind: indicator.KindOffice, Row: v}
}

// StateOffices tells the log of the authorities that it was not told of: those that were in
// the register before the log had such facts. It says by whose word. Faults: unavailable.
func (s *Service) StateOffices(ctx context.Context) error {
	untold := func(r Reader) (out []indicator.Fact, err error) {
		orgs, err := r.Organisations()
		if err != nil {
			return nil, err
		}
		for _, o := range orgs {
			if o.Has(party.Authority) {
				out = append(out, officeOf(o))
			}
		}
		if len(out) == 0 {
			return nil, nil
		}
		facts, err := r.Facts(indicator.KindOffice)
		if err != nil {
			return nil, err
		}
		told := map[string]bool{}
		for _, f := range facts {
			told[f.Key()] = true
		}
		return slices.DeleteFunc(out, func(f indicator.Fact) bool { return told[f.Key()] }), nil
	}
	if missing, err := untold(s.store.RegistryReader(ctx)); err != nil || len(missing) == 0 {
		return unavailable(err)
	}
	return s.update(ctx, func(tx Tx) error {
		missing, err := untold(tx)
		if err != nil || len(missing) == 0 {
			return err
		}
		return s.stateFacts(tx, "server", missing)
	})
}
