// Package division is our table of administrative divisions: their names, and which of them
// the city runs, by table and not by prefix of the code.
//
// It must not judge a code that the table does not have: other cities' are not in it.
package division

import (
	"crypto/sha256"
	_ "embed"
	"slices"
	"strings"

	"liandan/internal/id"
)

// Division is a row of the table.
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

//go:embed data/divisions.tsv
var tsv string

var table = parse(tsv)

// All is the table, in the order of codes. The slice is the caller's.
func All() []Division { return slices.Clone(table) }

// Lookup finds a division of the table.
func Lookup(code string) (Division, bool) {
	i, ok := slices.BinarySearchFunc(table, code, func(d Division, code string) int { return strings.Compare(d.Code, code) })
	if !ok {
		return Division{}, false
	}
	return table[i], true
}

// Codes lists the codes of the table.
func Codes() []string {
	out := make([]string, len(table))
	for i, d := range table {
		out[i] = d.Code
	}
	return out
}

// RunByCity says whether Baoding runs a division, by the table.
func RunByCity(code string) bool {
	d, ok := Lookup(code)
	return ok && d.Baoding
}

// Name is a division's name with its English one; the code itself where the table has none.
func Name(code string) string {
	d, ok := Lookup(code)
	if !ok {
		return code
	}
	return d.Name + " " + d.NameEN
}

// Digest is the hash of which divisions the city runs: what figures rest on of the table.
func Digest() id.Hash {
	var run []string
	for _, d := range table {
		if d.Baoding {
			run = append(run, d.Code)
		}
	}
	return sha256.Sum256([]byte(strings.Join(run, "\n")))
}

// parse reads the embedded table. Damage there is a broken build, which the tests find.
func parse(text string) []Division {
	var out []Division
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "code\t") {
			continue
		}
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 9 || (len(out) > 0 && out[len(out)-1].Code >= c[0]) {
			panic("division: embedded table: " + line)
		}
		out = append(out, Division{Code: c[0], Name: c[1], NameEN: c[2], Kind: c[3], Statistical: c[4] == "0",
			Baoding: c[5] == "1", RunBy: c[6], CodeCertainty: c[7], RunCertainty: c[8]})
	}
	return out
}
