package waste

import (
	_ "embed"
	"sync"
)

// Method is a use or disposal method code: one of the national table (HJ 1033
// annex F as used in practice), or a foreign one with its prefix such as "us:H141".
type Method string

// Flag is an answer that may not be known. Unset is the zero value and is neither yes
// nor no: what counts by a flag must leave such mass out and say so.
type Flag int8

// The three answers.
const (
	Unset Flag = iota // no text that was read settles it
	No
	Yes
)

// Yes reports a known yes.
func (f Flag) Yes() bool { return f == Yes }

// Known reports a yes or a no.
func (f Flag) Known() bool { return f != Unset }

// String is "yes", "no" or "unset".
func (f Flag) String() string {
	switch f {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unset"
}

// MethodInfo is what the table knows of a national method. The flags steer
// indicators, so FlagsCertainty says how sure the set ones are ("U": not settled by any
// text that was read; do not rely on them without saying so).
type MethodInfo struct {
	Code     Method
	Use      Flag // counts as use 利用
	Disposal Flag // counts as disposal 处置
	Landfill Flag // the mass goes into a landfill (indicator 35)
	// Final: the mass put in leaves the hazardous-waste chain, residue aside. No
	// where the treated matter is still hazardous waste and must be followed on.
	Final          Flag
	Name, NameEN   string // short names of our own
	Source         string // where the code was read
	Certainty      string // of the code and its meaning: C, C2, L or U
	FlagsCertainty string // of the four flags
}

//go:embed data/methods.tsv
var methodsTSV string

var methodTable = sync.OnceValue(func() *methodIndex { return mustMethods(methodsTSV) })

type methodIndex struct {
	order []MethodInfo
	by    map[Method]MethodInfo
}

// ParseMethod accepts a national code of the table or a well-formed foreign code.
// A national-looking code that the table does not hold is refused: unlike waste
// codes, a method steers mass accounts and cannot be left unverified.
func ParseMethod(s string) (Method, error) {
	if isForeign(s) {
		return Method(s), nil
	}
	if _, ok := methodTable().by[Method(s)]; ok {
		return Method(s), nil
	}
	return "", refused("unknown_method",
		"not a use or disposal method code; foreign codes carry their country such as us:H141",
		"不是已知的利用处置方式代码；境外代码须带国别前缀（如 us:H141）", s)
}

// Foreign reports a method code of another country's system.
func (m Method) Foreign() bool { return len(m) > 2 && m[2] == ':' }

// String is the code.
func (m Method) String() string { return string(m) }

// Info is the table's row; false for a foreign or unknown method.
func (m Method) Info() (MethodInfo, bool) {
	i, ok := methodTable().by[m]
	return i, ok
}

// Methods is the whole national table in the file's order. The slice is the caller's.
func Methods() []MethodInfo {
	return append([]MethodInfo(nil), methodTable().order...)
}

func mustMethods(text string) *methodIndex {
	idx := &methodIndex{by: map[Method]MethodInfo{}}
	for _, r := range mustTable(text, "code", "use", "disposal", "landfill", "final", "zh", "en", "source", "certainty", "flags_certainty") {
		m := MethodInfo{
			Code: Method(r[0]), Use: flag(r[1]), Disposal: flag(r[2]), Landfill: flag(r[3]), Final: flag(r[4]),
			Name: r[5], NameEN: r[6], Source: r[7], Certainty: r[8], FlagsCertainty: r[9],
		}
		if _, dup := idx.by[m.Code]; dup {
			panic("waste: method twice in its table: " + r[0])
		}
		idx.by[m.Code] = m
		idx.order = append(idx.order, m)
	}
	return idx
}
