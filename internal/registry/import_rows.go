package registry

import (
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// rowsImport is a register of rows that an organisation has and that are found by words of
// their own: vehicles, plan lines, approvals.
type rowsImport[V any] struct {
	cols  []column
	named string // the column that a repeated line is reported under
	parse func(*cells) V
	// place gives the row to its organisation and resolves what else it names.
	place func(row *V, siteName string, org party.Organisation, at *places, c *cells)
	key   func(V) string // what a row is found by
	// span is what must not overlap in time, and its period; nil: nothing of these.
	span  func(V) (string, party.Period)
	same  func(a, b V) bool
	have  func(Reader) ([]V, error)
	store func(Tx, []V) error

	lines []rowLine[V]
	put   []V
}

type rowLine[V any] struct {
	line     int
	broken   bool
	code     party.CreditCode
	siteName string
	row      V
}

// places is the sites by their names.
type places struct{ sites map[siteName][]party.Site }

func (in *rowsImport[V]) columns() []column { return in.cols }

func (in *rowsImport[V]) read(c *cells) {
	l := rowLine[V]{line: c.line, code: c.creditCode(), row: in.parse(c)}
	if _, there := c.at["site_name"]; there {
		l.siteName = c.text("site_name")
	}
	l.broken = c.bad
	in.lines = append(in.lines, l)
}

func (in *rowsImport[V]) judge(r Reader, rep *Report, n *notes) error {
	orgs, err := readOwners(r)
	if err != nil {
		return err
	}
	at := &places{}
	if at.sites, err = sitesByName(r); err != nil {
		return err
	}
	list, err := in.have(r)
	if err != nil {
		return err
	}
	have := make(map[string]V, len(list))
	for _, v := range list {
		have[in.key(v)] = v
	}
	seen := firstLines[string]{}
	for i := range in.lines {
		l := &in.lines[i]
		org, ok := orgs.owner(n, l.line, l.code)
		if !ok || l.broken {
			l.broken = true
			continue
		}
		c := &cells{line: l.line, notes: n}
		in.place(&l.row, l.siteName, org, at, c)
		l.broken = c.bad || seen.repeated(n, l.line, in.named, in.key(l.row))
	}
	clash := in.clashes(have, seen, n)
	for _, l := range in.lines {
		if l.broken || clash[l.line] {
			continue
		}
		known, there := have[in.key(l.row)]
		if rep.count(there, there && in.same(known, l.row)) {
			in.put = append(in.put, l.row)
		}
	}
	return nil
}

func (in *rowsImport[V]) clashes(have map[string]V, replaced firstLines[string], n *notes) map[int]bool {
	if in.span == nil {
		return nil
	}
	out := spans[string]{}
	for _, l := range in.lines {
		if !l.broken {
			k, p := in.span(l.row)
			out.add(k, l.line, p)
		}
	}
	for key, v := range have {
		if _, there := replaced[key]; !there {
			k, p := in.span(v)
			out.add(k, 0, p)
		}
	}
	return out.clashes(n)
}

func (in *rowsImport[V]) write(tx Tx) error { return in.store(tx, in.put) }

// mass reads a decimal amount in a unit as whole grams; an empty cell is 0 where it may be.
func (c *cells) mass(column string, u waste.Unit, required, zero bool) waste.Grams {
	s := c.raw(column)
	if s == "" && !required {
		return 0
	}
	if s == "" {
		c.given(column)
		return 0
	}
	return c.amount(column, s, u, zero)
}

func (c *cells) amount(column, s string, u waste.Unit, zero bool) waste.Grams {
	g, err := waste.ToGrams(s, u)
	switch {
	case zero && isZero(s):
		return 0
	case err != nil:
		code, en, zh := worded(err)
		c.refuse(column, code, en, zh)
		return 0
	case g > maxYearly:
		c.refusef(column, "out_of_range", "must be at most %s t", "不得超过 %s 吨", (maxYearly / 1000).Kilograms())
		return 0
	}
	return g
}

// maxYearly is above what the whole country generates in a year.
const maxYearly = waste.Grams(1_000_000_000_000_000)

func isZero(s string) bool {
	digit := false
	for _, r := range s {
		if r != '0' && r != '.' {
			return false
		}
		digit = digit || r == '0'
	}
	return digit
}

// wasteCode reads one code of the catalogue's form.
func (c *cells) wasteCode(column string) waste.Code {
	s, ok := c.given(column)
	if !ok {
		return ""
	}
	v, err := waste.ParseCode(s)
	if err != nil {
		code, en, zh := worded(err)
		c.refuse(column, code, en, zh)
	}
	return v
}

// method reads a method code that may be left out.
func (c *cells) method(column string) waste.Method {
	s := c.raw(column)
	if s == "" {
		return ""
	}
	v, err := waste.ParseMethod(s)
	if err != nil {
		code, en, zh := worded(err)
		c.refuse(column, code, en, zh)
	}
	return v
}

// otherCode reads the credit code of an organisation that need not be in the register.
func (c *cells) otherCode(column string, required bool) party.CreditCode {
	s := c.raw(column)
	if s == "" {
		if required {
			c.given(column)
		}
		return ""
	}
	v, err := party.ParseCreditCode(s)
	if err != nil {
		c.refuse(column, "invalid_credit_code", "is no unified social credit code (GB 32100-2015)", "统一社会信用代码有误（GB 32100-2015）")
	}
	return v
}

// site finds the one site of that name that is valid at some time of a period.
func (a *places) site(c *cells, org id.Party, name string, p party.Period) id.Site {
	var found []party.Site
	for _, s := range a.sites[siteName{org, name}] {
		if overlap(s.Valid, p) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		c.refuse("site_name", "unknown_site", "is no site of the organisation in that time; import sites first", "该单位在此期间无此场所；请先导入场所")
	case 1:
		return found[0].ID
	default:
		c.refuse("site_name", "ambiguous_site", "names several sites in that time", "在此期间有多个同名场所")
	}
	return id.Site{}
}

func dayKey(t time.Time) string { return t.UTC().Format(time.RFC3339) }
