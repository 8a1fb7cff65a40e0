package indicator

import (
	"math/big"
	"slices"
	"strings"

	"liandan/internal/id"
)

// Because says why there is no figure.
type Because struct {
	Code string // a stable machine word
	ZH   string
	EN   string
}

// Status compares a figure with the plan's target.
type Status string

// The statuses.
const (
	Met           Status = "met"
	NotMet        Status = "not_met"
	NotComputable Status = "not_computable"
)

// Figure is one value of an indicator: whole numbers, and their ratio as the definition
// rounds it. Variants stand side by side: declared and proven, generators and operators.
type Figure struct {
	Variant     string // "" where there is one only
	Value       string // decimal; "" when not computable
	Status      Status
	Numerator   int64
	Denominator int64
	Because     *Because // why not, with no value
	// Parts of the numerator and denominator that a reader may ask for: the amount of the
	// period and of the base of 35, say.
	Parts []Part
}

// Part is one named amount.
type Part struct {
	Name   string
	Amount int64
}

// Exclusion is what was left out, and why.
type Exclusion struct {
	Code  string
	ZH    string
	EN    string
	Count int   // things; 0 where grams are meant
	Grams int64 // mass
}

// Work is one line of a work list: a site that is declared and not proven, or the other
// way round, or in the register and neither.
type Work struct {
	Site     id.Site
	Party    id.Party
	Division string
	Type     string // kind of institution, or type of social source
	Declared bool
	Proven   bool
}

// Why says in both languages why a unit is on the list: what it lacks.
func (w Work) Why() (zh, en string) {
	switch {
	case w.Declared && w.Proven:
		return "已纳入，且已证实", "in the system, and proven"
	case w.Declared:
		return "有合同或计划，本期无一批次证实：没有收集并经持证单位处置的记录", "contract or plan only: no batch of the period was collected and treated by a licensed plant"
	case w.Proven:
		return "有收集处置的记录，登记册中无合同或计划", "collected and treated, with no contract or plan in the register"
	}
	return "登记册中无合同或计划，本期也无一批次证实", "neither a contract or plan, nor a batch of the period that was collected and treated"
}

// Coverage says what share of the sites that should report did.
type Coverage struct {
	Sites    int
	Reported int
}

// Row is an indicator for one district or the whole city.
type Row struct {
	District   string // "" the whole city
	Figures    []Figure
	Exclusions []Exclusion
	Coverage   Coverage
	Stock      int64    // grams of 37 in stores and on vehicles at the cut-off
	Flags      []string // above_100, unregistered_mass, base_incomplete …
	Work       []Work
}

// rounded writes n/d with a fixed number of decimals, half away from zero.
func rounded(n, d *big.Int, decimals int) string {
	scaled := new(big.Int).Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
	negative := scaled.Sign()*d.Sign() < 0
	scaled.Abs(scaled)
	den := new(big.Int).Abs(d)
	q, r := new(big.Int).QuoRem(scaled, den, new(big.Int))
	if r.Lsh(r, 1).Cmp(den) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	s := q.String()
	if len(s) <= decimals {
		s = strings.Repeat("0", decimals+1-len(s)) + s
	}
	if decimals > 0 {
		s = s[:len(s)-decimals] + "." + s[len(s)-decimals:]
	}
	if negative && strings.Trim(s, "0.") != "" {
		s = "-" + s
	}
	return s
}

// percent is a figure that is a share of a hundred.
func percent(d Definition, n, of int64) Figure {
	f := Figure{Numerator: n, Denominator: of}
	return f.valued(d, new(big.Int).Mul(big.NewInt(n), big.NewInt(100)), big.NewInt(of))
}

func (f Figure) valued(d Definition, n, of *big.Int) Figure {
	f.Value = rounded(n, of, d.Decimals)
	target, ok := new(big.Rat).SetString(d.Target)
	if !ok {
		return f
	}
	// The unrounded ratio is judged.
	switch cmp := new(big.Rat).SetFrac(n, of).Cmp(target); {
	case cmp == 0, (cmp > 0) == (d.Better == "up"):
		f.Status = Met
	default:
		f.Status = NotMet
	}
	return f
}

func because(f Figure, code, zh, en string) Figure {
	f.Status, f.Value, f.Because = NotComputable, "", &Because{code, zh, en}
	return f
}

func (r *Row) flag(word string) {
	if !slices.Contains(r.Flags, word) {
		r.Flags = append(r.Flags, word)
	}
}

// exclude notes what was left out; nothing is no exclusion.
func (r *Row) exclude(code, zh, en string, count int, grams int64) {
	if count == 0 && grams == 0 {
		return
	}
	for i := range r.Exclusions {
		if e := &r.Exclusions[i]; e.Code == code {
			e.Count, e.Grams = e.Count+count, e.Grams+grams
			return
		}
	}
	r.Exclusions = append(r.Exclusions, Exclusion{code, zh, en, count, grams})
}
