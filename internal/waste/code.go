package waste

import "regexp"

// Code is a waste code: a national one, or one of another country's system with
// its prefix. Values made by ParseCode are well-formed; whether the catalogue
// knows the code is another question (Catalog.Lookup).
type Code string

var (
	// nationalCode: industry (GB/T 4754) – order – category, 国家危险废物名录 notes.
	nationalCode = regexp.MustCompile(`^[0-9]{3}-[0-9]{3}-[0-9]{2}$`)
	// categoryCode: a category as a word of its own; whether an edition has it is another question.
	categoryCode = regexp.MustCompile(`^HW[0-9]{2}$`)
	// foreignWord: ISO 3166 country in lower case, then that system's own word.
	foreignWord = regexp.MustCompile(`^[a-z]{2}:[A-Za-z0-9][A-Za-z0-9.-]{0,15}$`)
)

// ParseCode accepts NNN-NNN-CC and foreign codes such as "us:D009". The prefix
// "cn:" is refused: a second spelling of a national code would escape the catalogue.
func ParseCode(s string) (Code, error) {
	if nationalCode.MatchString(s) || isForeign(s) {
		return Code(s), nil
	}
	return "", refused("malformed_waste_code",
		"a waste code is NNN-NNN-NN, or a foreign code with its country such as us:D009",
		"废物代码应为 NNN-NNN-NN，或带国别前缀的境外代码（如 us:D009）", s)
}

func isForeign(s string) bool {
	return foreignWord.MatchString(s) && s[:3] != "cn:"
}

// Category is "HW08" for NNN-NNN-08, "" for a foreign code.
func (c Code) Category() string {
	if c.Foreign() || len(c) != 10 {
		return ""
	}
	return "HW" + string(c[8:])
}

// Foreign reports a code of another country's system.
func (c Code) Foreign() bool { return len(c) > 2 && c[2] == ':' }

// String is the code as written on labels and manifests.
func (c Code) String() string { return string(c) }
