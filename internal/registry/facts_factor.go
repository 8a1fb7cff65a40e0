package registry

import (
	"regexp"

	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/party"
)

// factorNumber is what a factor looks like: kilograms of CO2e a tonne, below zero where a
// route costs more than it avoids.
var factorNumber = regexp.MustCompile(`^-?[0-9]{1,7}(\.[0-9]{1,6})?$`)

// newFactorImport reads a set of factors of use routes. A factor may be empty: then the
// route is a question that no source answers, and its effect is not computed.
func newFactorImport() intake {
	return &factImport{cols: []column{{"set", true}, {"method", true}, {"code", true}, {"kg_per_t", false}, {"source", true}, {"certainty", true}, {"valid_from", true}, {"valid_to", false},
		{"reason", true}},
		clashes: func(a, b any) bool { return bounded(a.(indicator.Factor).Span, b.(indicator.Factor).Span) },
		of: func(c *cells) factLine {
			v := indicator.Factor{Set: c.text("set"), Source: c.text("source"), Certainty: c.oneOf("certainty", "C", "C2", "L", "U"), KgPerT: c.raw("kg_per_t")}
			v.Method, v.Code = wordOf(c, "method", methodFault), wordOf(c, "code", codeFault)
			if v.KgPerT != "" && !factorNumber.MatchString(v.KgPerT) {
				c.refuse("kg_per_t", "format", "must be kilograms of CO2e a tonne, such as -12.5, or empty for what is not known", "应为每吨千克 CO2e，如 -12.5；未知则留空")
			}
			v.Span = spanOf(c.period(true))
			return factLine{reason: c.text("reason"), fill: func(_, _ party.Organisation, _ id.Site) (indicator.FactKind, any) { return indicator.KindFactor, v }}
		}}
}

// wordOf is a cell with one word of a vocabulary.
func wordOf(c *cells, column string, wrong func(string) (code, en, zh string)) string {
	s, ok := c.given(column)
	if !ok {
		return ""
	}
	if code, en, zh := wrong(s); code != "" {
		c.refuse(column, code, en, zh)
	}
	return s
}
