package indicator

import (
	_ "embed"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
)

// Factor is what a tonne of a code treated by a method saves or costs in carbon dioxide. A
// factor without a value is a question that no source answers: "not computed".
type Factor struct {
	Set       string `json:"set"`               // the data set; part of every result
	Method    string `json:"method"`            // route
	Code      string `json:"code"`              // a code, HWnn or *
	KgPerT    string `json:"kg_per_t,omitzero"` // avoided less process, kg CO2e per tonne, decimal; "" none
	Source    string `json:"source"`
	Certainty string `json:"certainty"`
	Span
}

//go:embed data/factors.json
var factorsJSON []byte

var factorsShipped = mustFactors(factorsJSON)

func mustFactors(b []byte) []Factor {
	var out []Factor
	if err := json.Unmarshal(b, &out); err != nil {
		panic("indicator: embedded factors: " + err.Error())
	}
	return out
}

// Route is the carbon effect of one use route in a period.
type Route struct {
	Method string
	Code   string
	Grams  int64
	Set    string // "" no factor is known
	Source string
	Factor string // kg per tonne
	Kg     string // net effect in kg CO2e, two decimals; "" not computed
}

// Factors are the shipped factors and those that the log states: the newest row of each
// set, route and first day, in the order in which they were last stated.
func (v View) Factors() []Factor {
	out := slices.Clone(factorsShipped)
	type key struct {
		set, method, code string
		from              int64
	}
	newest(before(v.b.factors, v.size), func(f Factor) key { return key{f.Set, f.Method, f.Code, f.From} }, func(f Factor) { out = append(out, f) })
	return out
}

// factor finds that of a route at a moment: the one for the code before one for its
// category before one for all, and of those the one that was stated last.
func factor(all []Factor, method, code string, ms int64) (found Factor, ok bool) {
	rank := func(c string) int {
		switch {
		case c == code:
			return 3
		case c == "*":
			return 1
		}
		return 2
	}
	for _, f := range all {
		if f.Method == method && f.Holds(ms) && (Licence{Codes: []string{f.Code}}).Covers(code, "") && (!ok || rank(f.Code) >= rank(found.Code)) {
			found, ok = f, true
		}
	}
	return found, ok
}

// Carbon gives the effect of the use routes of a period for a district, or the city for "".
func Carbon(in Input, district string) []Route {
	r := Row{District: district}
	type key struct{ method, code string }
	sums := map[key]int64{}
	for k, grams := range in.Sums {
		if (k.Kind == Treated || k.Kind == Residue) && k.Sector != Unregistered && in.mine(&r, k.Division) {
			sums[key{string(k.Method), string(k.Code)}] += grams
		}
	}
	factors := in.View.Factors()
	out := make([]Route, 0, len(sums))
	for k, grams := range sums {
		t := Route{Method: k.method, Code: k.code, Grams: grams}
		if f, ok := factor(factors, k.method, k.code, in.CutOff); ok {
			t.Set, t.Source, t.Factor = f.Set, f.Source, f.KgPerT
			if rat, ok := new(big.Rat).SetString(f.KgPerT); ok {
				n := new(big.Int).Mul(rat.Num(), big.NewInt(grams))
				t.Kg = rounded(n, new(big.Int).Mul(rat.Denom(), big.NewInt(1_000_000)), 2)
			}
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Route) int {
		if c := strings.Compare(a.Method, b.Method); c != 0 {
			return c
		}
		return strings.Compare(a.Code, b.Code)
	})
	return out
}
