package registry

import (
	"strings"

	"liandan/internal/division"
)

// Division is a row of our table of divisions.
type Division = division.Division

// baodingPrefix begins every code that the table is complete for.
const baodingPrefix = "1306"

// Divisions is the table, in the order of codes. The slice is the caller's.
func Divisions() []Division { return division.All() }

// LookupDivision finds a division of the table.
func LookupDivision(code string) (Division, bool) { return division.Lookup(code) }

// DivisionCodes lists the codes of the table.
func DivisionCodes() []string { return division.Codes() }

// RunByCity says whether Baoding runs a division, by the table.
func RunByCity(code string) bool { return division.RunByCity(code) }

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
