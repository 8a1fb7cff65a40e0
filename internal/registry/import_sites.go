package registry

import (
	"liandan/internal/id"
	"liandan/internal/party"
)

// SiteKinds lists the kinds of site that a register may name.
func SiteKinds() []string {
	return []string{"hospital", "clinic", "workshop", "laboratory", "depot", "plant", "landfill", "office", "factory", "station"}
}

// maxBeds is above any hospital.
const maxBeds = 100_000

type siteImport struct {
	lines []siteLine
	put   []party.Site
}

type siteLine struct {
	line    int
	broken  bool
	code    party.CreditCode
	site    party.Site
	idGiven bool
	known   bool
	same    bool
}

func (*siteImport) columns() []column {
	return []column{{"credit_code", true}, {"name", true}, {"kind", true}, {"division", true}, {"built_up", true},
		{"beds", false}, {"valid_from", false}, {"valid_to", false}, {"id", false}}
}

func (in *siteImport) read(c *cells) {
	l := siteLine{line: c.line, code: c.creditCode()}
	l.site = party.Site{Name: c.text("name"), Kind: c.oneOf("kind", SiteKinds()...), Division: readDivision(c),
		BuiltUp: c.flag("built_up", true), Beds: c.number("beds", maxBeds), Valid: c.period(false)}
	l.site.ID, l.idGiven = readID(c, id.ParseSite)
	l.broken = c.bad
	in.lines = append(in.lines, l)
}

func readDivision(c *cells) string {
	s, ok := c.given("division")
	if !ok {
		return ""
	}
	switch divisionFault(s) {
	case "format":
		c.refuse("division", "format", "must be the six digits of a division (GB/T 2260)", "应为六位行政区划代码（GB/T 2260）")
	case "unknown_division":
		c.refuse("division", "unknown_division", "is no division of Baoding (1306…)", "保定（1306 开头）无此行政区划代码")
	}
	return s
}

// siteName is what a site is called by within its organisation.
type siteName struct {
	party id.Party
	name  string
}

// judge resolves every line first and looks for overlaps after, because a later line may
// end the validity that an earlier one would overlap.
func (in *siteImport) judge(r Reader, rep *Report, n *notes) error {
	orgs, err := readOwners(r)
	if err != nil {
		return err
	}
	sites, err := r.Sites()
	if err != nil {
		return err
	}
	have := make(map[id.Site]party.Site, len(sites))
	for _, v := range sites {
		have[v.ID] = v
	}
	seen := firstLines[id.Site]{}
	for i := range in.lines {
		l := &in.lines[i]
		l.resolve(orgs, have, seen, n)
	}
	broken := in.spans(sites).clashes(n)
	for _, l := range in.lines {
		if !l.broken && !broken[l.line] && rep.count(l.known, l.same) {
			in.put = append(in.put, l.site)
		}
	}
	return nil
}

// resolve finds the line's organisation and its place in the register.
func (l *siteLine) resolve(orgs owners, have map[id.Site]party.Site, seen firstLines[id.Site], n *notes) {
	org, ok := orgs.owner(n, l.line, l.code)
	if !ok {
		l.broken = true
		return
	}
	l.site.Party = org.ID
	if !l.idGiven {
		if l.site.Name == "" {
			return
		}
		l.site.ID = SiteID(org.ID, l.site.Name)
	}
	column := "name"
	if l.idGiven {
		column = "id"
	}
	if seen.repeated(n, l.line, column, l.site.ID) {
		l.broken, l.site.ID = true, id.Site{}
		return
	}
	known, there := have[l.site.ID]
	if there && known.Party != org.ID {
		c := cells{line: l.line, notes: n}
		c.refuse("id", "id_conflict", "is the id of another organisation's site", "该标识已属于其他单位的场所")
		l.broken = true
	}
	l.known, l.same = there, sameSite(known, l.site)
}

func (in *siteImport) spans(sites []party.Site) spans[siteName] {
	out, replaced := spans[siteName]{}, map[id.Site]bool{}
	for _, l := range in.lines {
		if l.site.ID.IsZero() || l.site.Party.IsZero() || l.site.Name == "" {
			continue
		}
		replaced[l.site.ID] = true
		out.add(siteName{l.site.Party, l.site.Name}, l.line, l.site.Valid)
	}
	for _, v := range sites {
		if !replaced[v.ID] {
			out.add(siteName{v.Party, v.Name}, 0, v.Valid)
		}
	}
	return out
}

func sameSite(a, b party.Site) bool {
	return a.ID == b.ID && a.Party == b.Party && a.Name == b.Name && a.Kind == b.Kind && a.Division == b.Division &&
		a.BuiltUp == b.BuiltUp && a.Beds == b.Beds && samePeriod(a.Valid, b.Valid)
}

func (in *siteImport) write(tx Tx) error { return tx.PutSites(in.put) }
