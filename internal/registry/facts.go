package registry

import (
	"bytes"
	"slices"
	"strconv"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
	"liandan/internal/statement"
)

// Register facts are what indicators are computed from. Each that is new or changed is a
// statement of the log, with who gave it and why, so that a figure as of a log size knows
// the registers as they were known then. The register keeps the newest of each as well.

// factual is a register whose changes are facts.
type factual interface{ facts() []indicator.Fact }

// stateFacts puts facts on their way into the log and keeps them.
func (s *Service) stateFacts(tx Tx, by string, facts []indicator.Fact) error {
	at := s.clock().UTC().UnixMilli()
	for i := range facts {
		facts[i].At, facts[i].By = at, by
		b, err := facts[i].Bytes()
		if err != nil {
			return err
		}
		if err := tx.State(statement.Statement{Kind: statement.KindFact, Body: b}); err != nil {
			return err
		}
	}
	return tx.PutFacts(facts)
}

func spanOf(p party.Period) indicator.Span {
	s := indicator.Span{From: p.From.UnixMilli()}
	if !p.To.IsZero() {
		s.To = p.To.UnixMilli()
	}
	return s
}

// facts of the sites that an import adds or changes: what each is from its first day on.
// What its history says of later days stays.
func (in *siteImport) facts() []indicator.Fact {
	out := make([]indicator.Fact, 0, len(in.put))
	for _, v := range in.put {
		out = append(out, indicator.Fact{Kind: indicator.KindSite, Row: indicator.Site{Site: v.ID, Party: v.Party, Kind: v.Kind, Division: v.Division,
			BuiltUp: v.BuiltUp, Beds: v.Beds, Span: spanOf(v.Valid)}})
	}
	return out
}

// facts of the licences that an import adds or changes.
func (in *licenceImport) facts() []indicator.Fact {
	out := make([]indicator.Fact, 0, len(in.put))
	for _, v := range in.put {
		out = append(out, indicator.Fact{Kind: indicator.KindLicence, Row: indicator.Licence{Party: v.Party, Number: v.Number, Site: v.Site, Kind: v.Kind,
			Codes: v.Codes, Methods: v.Methods, Span: spanOf(v.Valid)}})
	}
	return out
}

// factImport is a register that is facts and nothing else.
type factImport struct {
	cols  []column
	of    func(c *cells) factLine
	lines []factLine
	// clashes says whether two different facts cannot both stand.
	clashes func(a, b any) bool
	put     []indicator.Fact
}

type factLine struct {
	line   int
	broken bool
	code   party.CreditCode // of the site's organisation
	site   string           // its name
	by     party.CreditCode // of another organisation that the line names
	reason string
	fill   func(org, other party.Organisation, s id.Site) (indicator.FactKind, any)
}

func (in *factImport) columns() []column { return in.cols }

func (in *factImport) read(c *cells) {
	l := in.of(c)
	l.line, l.broken = c.line, c.bad
	in.lines = append(in.lines, l)
}

func (in *factImport) judge(r Reader, rep *Report, n *notes) error {
	orgs, sites, err := readNames(r)
	if err != nil {
		return err
	}
	have, err := r.Facts()
	if err != nil {
		return err
	}
	known := make(map[string]indicator.Fact, len(have))
	for _, f := range have {
		known[f.Key()] = f
	}
	lineOf := map[string]int{}
	var given []indicator.Fact
	for _, l := range in.lines {
		f, ok := l.fact(orgs, sites, n)
		if !ok {
			continue
		}
		c := cells{line: l.line, notes: n}
		if first, twice := lineOf[f.Key()]; twice {
			c.refusef("", "repeated", "says the same as line %d, or otherwise", "与第 %d 行重复或矛盾", first)
			continue
		}
		lineOf[f.Key()] = l.line
		given = append(given, f)
	}
	in.settle(rep, n, known, given, lineOf)
	return nil
}

// settle finds what clashes with what stands after the import, and counts the rest.
func (in *factImport) settle(rep *Report, n *notes, known map[string]indicator.Fact, given []indicator.Fact, lineOf map[string]int) {
	after := make(map[string][]indicator.Fact) // by subject
	for _, f := range given {
		after[f.Subject()] = append(after[f.Subject()], f)
	}
	for k, f := range known {
		if _, again := lineOf[k]; !again && len(after[f.Subject()]) > 0 {
			after[f.Subject()] = append(after[f.Subject()], f)
		}
	}
	for _, f := range given {
		clash := ""
		for _, o := range after[f.Subject()] {
			if o.Key() != f.Key() && in.clashes != nil && in.clashes(f.Row, o.Row) && lineOf[o.Key()] < lineOf[f.Key()] {
				clash = o.Key()
			}
		}
		if clash != "" {
			c := cells{line: lineOf[f.Key()], notes: n}
			c.refuse("valid_from", "overlapping_validity", "overlaps a validity that this file or the register gives; end that one first, as a line with its valid_to",
				"与本文件或登记中的有效期重叠；请先以 valid_to 结束该行")
			continue
		}
		old, there := known[f.Key()]
		if rep.count(there, there && sameRow(old, f)) {
			in.put = append(in.put, f)
		}
	}
}

// sameRow says whether two facts say the same, whoever stated them and when.
func sameRow(a, b indicator.Fact) bool {
	a.At, a.By, a.Reason, b.At, b.By, b.Reason = 0, "", "", 0, "", ""
	x, errX := a.Bytes()
	y, errY := b.Bytes()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// fact resolves what a line names.
func (l factLine) fact(orgs owners, sites map[siteName][]party.Site, n *notes) (f indicator.Fact, ok bool) {
	c := cells{line: l.line, notes: n}
	var org, other party.Organisation
	var site id.Site
	ok = !l.broken
	if l.code != "" {
		var found bool
		org, found = orgs.owner(n, l.line, l.code)
		ok = ok && found
		if list := sites[siteName{org.ID, l.site}]; found && l.site != "" {
			if len(list) == 0 {
				c.refuse("site_name", "unknown_site", "is no site of the organisation; import sites first", "该单位无此场所；请先导入场所")
				return f, false
			}
			site = slices.MaxFunc(list, func(a, b party.Site) int { return a.Valid.From.Compare(b.Valid.From) }).ID
		}
	}
	if l.by != "" {
		var found bool
		if other, found = orgs[l.by]; !found {
			c.refuse("collector", "unknown_organisation", "is not in the register; import organisations first", "登记中无此单位；请先导入单位")
			ok = false
		}
	}
	if !ok || l.fill == nil {
		return f, false
	}
	f.Kind, f.Row = l.fill(org, other, site)
	f.Reason = l.reason
	return f, true
}

func (in *factImport) write(Tx) error          { return nil }
func (in *factImport) facts() []indicator.Fact { return in.put }

func bounded(a, b indicator.Span) bool {
	if b.From < a.From {
		a, b = b, a
	}
	return a.To > b.From || a.From == b.From
}

// SocialTypes lists the types of social sources that a register may name.
func SocialTypes() []string {
	return []string{"repair", "laboratory", "school", "battery", "retail", "printing", "dry_cleaning", "property", "other"}
}

// newHistoryImport reads what sites were from days on: kind, district, built-up area, beds,
// type of social source. A later day's line takes over from an open one before it.
func newHistoryImport() intake {
	return &factImport{cols: []column{{"credit_code", true}, {"site_name", true}, {"valid_from", true}, {"kind", true}, {"division", true}, {"built_up", true},
		{"valid_to", false}, {"beds", false}, {"social", false}},
		clashes: func(a, b any) bool { return bounded(a.(indicator.Site).Span, b.(indicator.Site).Span) },
		of: func(c *cells) factLine {
			v := indicator.Site{Kind: c.oneOf("kind", SiteKinds()...), Division: readDivision(c), BuiltUp: c.flag("built_up", true), Beds: c.number("beds", maxBeds)}
			if c.raw("social") != "" {
				v.Social = c.oneOf("social", SocialTypes()...)
			}
			v.Span = spanOf(c.period(true))
			return factLine{code: c.creditCode(), site: c.text("site_name"), fill: func(org, _ party.Organisation, s id.Site) (indicator.FactKind, any) {
				v.Site, v.Party = s, org.ID
				return indicator.KindSite, v
			}}
		}}
}

// newMemberImport reads who is in a collection and disposal system, by contract or plan.
func newMemberImport() intake {
	return &factImport{cols: []column{{"credit_code", true}, {"site_name", true}, {"collector", true}, {"basis", true}, {"number", true}, {"valid_from", true}, {"valid_to", false}},
		clashes: func(a, b any) bool {
			x, y := a.(indicator.Member), b.(indicator.Member)
			return x.By == y.By && x.Number == y.Number && bounded(x.Span, y.Span)
		},
		of: func(c *cells) factLine {
			v := indicator.Member{Basis: c.oneOf("basis", "contract", "plan"), Number: c.text("number")}
			v.Span = spanOf(c.period(true))
			l := factLine{code: c.creditCode(), site: c.text("site_name"), fill: func(_, by party.Organisation, s id.Site) (indicator.FactKind, any) {
				v.Site, v.By = s, by.ID
				return indicator.KindMember, v
			}}
			if s, ok := c.given("collector"); ok {
				if code, err := party.ParseCreditCode(s); err == nil {
					l.by = code
				} else {
					c.refuse("collector", "invalid_credit_code", "must be a unified social credit code of 18 characters", "应为 18 位统一社会信用代码，且校验位相符")
				}
			}
			return l
		}}
}

// newBaseImport reads figures that no event gives: landfill of the base year, value added,
// recyclables of medical institutions.
func newBaseImport() intake {
	return &factImport{cols: []column{{"figure", true}, {"division", true}, {"year", true}, {"amount", true}, {"source", true}, {"reason", true}},
		of: func(c *cells) factLine {
			v := indicator.Base{Figure: c.oneOf("figure", indicator.Figures()...), Division: readDivision(c), Source: c.text("source")}
			if d, ok := LookupDivision(v.Division); v.Division != "" && (!ok || !d.Baoding) {
				c.refuse("division", "not_ours", "is not run by the city", "不属本市管辖")
			}
			v.Year = int(wholeNumber(c, "year", 2000, 2199))
			v.Amount = wholeNumber(c, "amount", 0, 1<<53)
			return factLine{reason: c.text("reason"), fill: func(_, _ party.Organisation, _ id.Site) (indicator.FactKind, any) { return indicator.KindBase, v }}
		}}
}

func wholeNumber(c *cells, column string, least, most int64) int64 {
	s, ok := c.given(column)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least || n > most || s[0] == '+' {
		c.refusef(column, "out_of_range", "must be a whole number from %d to %d", "应为 %d 至 %d 的整数", least, most)
	}
	return n
}

// newChoiceImport reads other answers to what the definitions leave open. Each makes a new
// version of its definition; what was computed before stays.
func newChoiceImport() intake {
	return &factImport{cols: []column{{"indicator", true}, {"choice", true}, {"value", true}, {"reason", true}},
		of: func(c *cells) factLine {
			v := indicator.ChoiceMade{Indicator: int(wholeNumber(c, "indicator", 1, 1000)), Key: c.text("choice"), Value: c.text("value")}
			d, ok := indicator.Shipped(v.Indicator)
			if !ok && v.Indicator > 0 {
				c.refuse("indicator", "unknown_indicator", "is no indicator that is computed here", "本系统不计算该指标")
			} else if code, en, zh := d.Check(v.Key, v.Value); ok && code != "" && v.Key != "" && v.Value != "" {
				c.refuse(map[bool]string{true: "choice", false: "value"}[code == "unknown_choice"], code, en, zh)
			}
			return factLine{reason: c.text("reason"), fill: func(_, _ party.Organisation, _ id.Site) (indicator.FactKind, any) { return indicator.KindChoice, v }}
		}}
}
