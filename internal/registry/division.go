package registry

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// Division is a row of our table of divisions.
type Division struct {
	Code          string // six digits
	Name, NameEN  string
	Kind          string // prefecture, district, county, city, zone
	Statistical   bool   // a statistical code, no unit of GB/T 2260
	Baoding       bool   // run by Baoding, whatever its code begins with
	RunBy         string
	CodeCertainty string // of code and name: C or L
	RunCertainty  string // of who runs it: C or L
}

// baodingPrefix begins every code that the table is complete for.
const baodingPrefix = "1306"

//go:embed data/divisions.tsv
var divisionsTSV string

var divisionTable = sync.OnceValue(func() []Division { return parseDivisions(divisionsTSV) })

// Divisions is the table, in the order of codes. The slice is the caller's.
func Divisions() []Division { return slices.Clone(divisionTable()) }

// LookupDivision finds a division of the table.
func LookupDivision(code string) (Division, bool) {
	t := divisionTable()
	i, ok := slices.BinarySearchFunc(t, code, func(d Division, code string) int { return strings.Compare(d.Code, code) })
	if !ok {
		return Division{}, false
	}
	return t[i], true
}

// DivisionCodes lists the codes of the table.
func DivisionCodes() []string {
	var out []string
	for _, d := range divisionTable() {
		out = append(out, d.Code)
	}
	return out
}

// RunByCity says whether Baoding runs a division, by the table.
func RunByCity(code string) bool {
	d, ok := LookupDivision(code)
	return ok && d.Baoding
}

// divisionFault says what is wrong with a site's division: "format", "unknown_division"
// for a code of Baoding's that the table lacks, or nothing. Of other cities we have no
// table, so their codes need only be well-formed.
func divisionFault(code string) string {
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" || code[0] == '0' {
		return "format"
	}
	if _, ok := LookupDivision(code); !ok && strings.HasPrefix(code, baodingPrefix) {
		return "unknown_division"
	}
	return ""
}

// parseDivisions reads the embedded table. Damage there is a broken build, which the
// tests of this package find.
func parseDivisions(text string) []Division {
	var out []Division
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "code\t") {
			continue
		}
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 9 || (len(out) > 0 && out[len(out)-1].Code >= c[0]) {
			panic("registry: embedded divisions: " + line)
		}
		out = append(out, Division{Code: c[0], Name: c[1], NameEN: c[2], Kind: c[3], Statistical: c[4] == "0",
			Baoding: c[5] == "1", RunBy: c[6], CodeCertainty: c[7], RunCertainty: c[8]})
	}
	return out
}
