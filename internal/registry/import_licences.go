package registry

import (
	"regexp"
	"slices"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// LicenceKinds lists the kinds of licence that a register may name.
func LicenceKinds() []string { return []string{"operating", "collecting", "transport", "discharge"} }

// anyCode in a licence's codes means every waste.
const anyCode = "*"

var categoryWord = regexp.MustCompile(`^HW(0[1-9]|[1-4][0-9]|50)$`)

type licenceImport struct {
	lines []licenceLine
	put   []party.Licence
}

type licenceLine struct {
	line     int
	broken   bool
	code     party.CreditCode
	siteName string
	licence  party.Licence
}

// licenceNumber is what a licence is called by. A licence that is renewed under its old
// number has one row for each of its periods, so that what was allowed on a day stays known.
type licenceNumber struct {
	party  id.Party
	number string
}

func (*licenceImport) columns() []column {
	return []column{{"credit_code", true}, {"number", true}, {"kind", true}, {"codes", true}, {"valid_from", true},
		{"site_name", false}, {"methods", false}, {"valid_to", false}, {"yearly_t", false}, {"scopes", false}}
}

func (in *licenceImport) read(c *cells) {
	l := licenceLine{line: c.line, code: c.creditCode()}
	l.licence = party.Licence{Number: c.text("number"), Kind: c.oneOf("kind", LicenceKinds()...),
		Codes: readCodes(c), Methods: c.list("methods", methodFault), Valid: c.period(true),
		Yearly: c.mass("yearly_t", waste.UnitTonne, false, false), Scopes: c.scopes("scopes")}
	if c.raw("site_name") != "" {
		l.siteName = c.text("site_name")
	}
	l.broken = c.bad
	in.lines = append(in.lines, l)
}

func readCodes(c *cells) []string {
	out := c.words("codes", codeFault)
	if len(out) > 1 && slices.Contains(out, anyCode) {
		c.refuse("codes", "value", "* means every waste and must stand alone", "* 表示全部类别，须单独填写")
	}
	return out
}

// codeFault takes *, a category of the catalogue, or a waste code.
func codeFault(word string) (code, en, zh string) {
	if word == anyCode || categoryWord.MatchString(word) {
		return "", "", ""
	}
	_, err := waste.ParseCode(word)
	return worded(err)
}

func methodFault(word string) (code, en, zh string) {
	_, err := waste.ParseMethod(word)
	return worded(err)
}

// worded gives the words of a vocabulary's refusal.
func worded(err error) (code, en, zh string) {
	f := fault.As(err)
	if f == nil {
		return "", "", ""
	}
	if len(f.Fields) == 0 {
		return "value", f.Sentence, f.Sentence
	}
	return f.Fields[0].Code, f.Fields[0].Detail, f.Fields[0].DetailZH
}

func (in *licenceImport) judge(r Reader, rep *Report, n *notes) error {
	orgs, sites, err := readNames(r)
	if err != nil {
		return err
	}
	licences, err := r.Licences()
	if err != nil {
		return err
	}
	have := make(map[licencePeriod]party.Licence, len(licences))
	for _, v := range licences {
		have[periodOf(v)] = v
	}
	broken := in.resolve(orgs, sites, have, n).clashes(n)
	for _, l := range in.lines {
		known, there := have[periodOf(l.licence)]
		if !l.broken && !broken[l.line] && rep.count(there, sameLicence(known, l.licence)) {
			in.put = append(in.put, l.licence)
		}
	}
	return nil
}

// licencePeriod is what a row of the register is found by.
type licencePeriod struct {
	licenceNumber
	from int64
}

func periodOf(l party.Licence) licencePeriod {
	return licencePeriod{licenceNumber{l.Party, l.Number}, l.Valid.From.UnixMilli()}
}

// resolve finds the organisation and the site of every line, and gives the validities of
// each number after the import.
func (in *licenceImport) resolve(orgs owners, sites map[siteName][]party.Site, have map[licencePeriod]party.Licence, n *notes) spans[licenceNumber] {
	out, seen := spans[licenceNumber]{}, firstLines[licencePeriod]{}
	for i := range in.lines {
		l := &in.lines[i]
		org, ok := orgs.owner(n, l.line, l.code)
		if !ok {
			l.broken = true
			continue
		}
		l.licence.Party = org.ID
		if l.siteName != "" {
			l.findSite(sites[siteName{org.ID, l.siteName}], n)
		}
		if l.licence.Number == "" || l.licence.Valid.From.IsZero() {
			continue
		}
		k := periodOf(l.licence)
		if seen.repeated(n, l.line, "number", k) {
			l.broken = true
			continue
		}
		out.add(k.licenceNumber, l.line, l.licence.Valid)
	}
	for k, v := range have {
		if _, replaced := seen[k]; !replaced {
			out.add(k.licenceNumber, 0, v.Valid)
		}
	}
	return out
}

// findSite takes the one site of that name that is valid at some time of the licence.
func (l *licenceLine) findSite(named []party.Site, n *notes) {
	if l.licence.Valid.From.IsZero() { // when the time is not known, neither is the site
		return
	}
	named = slices.DeleteFunc(slices.Clone(named), func(v party.Site) bool { return !overlap(v.Valid, l.licence.Valid) })
	c := cells{line: l.line, notes: n}
	switch len(named) {
	case 0:
		c.refuse("site_name", "unknown_site", "is no site of the organisation in that time; import sites first", "该单位在此期间无此场所；请先导入场所")
		l.broken = true
	case 1:
		l.licence.Site = named[0].ID
	default:
		c.refuse("site_name", "ambiguous_site", "names several sites in that time; divide the licence's validity between them", "在此期间有多个同名场所；请按场所拆分许可有效期")
		l.broken = true
	}
}

func sitesByName(r Reader) (map[siteName][]party.Site, error) {
	list, err := r.Sites()
	if err != nil {
		return nil, err
	}
	out := map[siteName][]party.Site{}
	for _, v := range list {
		k := siteName{v.Party, v.Name}
		out[k] = append(out[k], v)
	}
	return out, nil
}

func sameLicence(a, b party.Licence) bool {
	return a.Number == b.Number && a.Party == b.Party && a.Site == b.Site && a.Kind == b.Kind &&
		slices.Equal(a.Codes, b.Codes) && slices.Equal(a.Methods, b.Methods) && samePeriod(a.Valid, b.Valid) &&
		a.Yearly == b.Yearly && slices.Equal(a.Scopes, b.Scopes)
}

func (in *licenceImport) write(tx Tx) error { return tx.PutLicences(in.put) }
