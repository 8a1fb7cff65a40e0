package term

import "strings"

// Words of figures and of what they rest on. They are strings, as the documents have them.

// Status says how a figure stands to its target.
func Status(s string) Term { return of(statuses, s) }

// Variant names one of the values of an indicator that stand side by side; one of the units of
// one type names that type too.
func Variant(v string) Term {
	name, kind, split := strings.Cut(v, ":")
	t := of(variants, name)
	if split {
		k := Unit(kind)
		t.ZH, t.EN = t.ZH+"："+k.ZH, t.EN+": "+k.EN
	}
	return t
}

// Unit names a type of the units that an indicator counts: of a social source, or else a kind of
// site.
func Unit(kind string) Term {
	if t, ok := socials[kind]; ok {
		return t
	}
	return of(siteKinds, kind)
}

// Unit of a value: a percent sign, or words.
var units = map[string]Term{
	"t/10^4 CNY": {"吨/万元", "t/10⁴ CNY"},
}

// Measure writes the unit of a value for people; what has no words stays as it is.
func Measure(unit string) string {
	if t, ok := units[unit]; ok {
		return t.String()
	}
	return unit
}

// Flag names what should be known of a figure.
func Flag(f string) Term { return of(flags, f) }

var statuses = map[string]Term{
	"met":            {"达到目标", "meets the target"},
	"not_met":        {"未达目标", "misses the target"},
	"not_computable": {"无法计算", "not computable"},
}

var variants = map[string]Term{
	"":           {"数值", "value"},
	"declared":   {"申报", "declared"},
	"proven":     {"证实", "proven"},
	"all":        {"全部", "all"},
	"generators": {"产生单位", "generators"},
	"operators":  {"经营单位", "operators"},
}

var flags = map[string]Term{
	"above_100":         {"超过 100%：本期处置了以前产生的废物", "above 100 %: waste of earlier periods was treated"},
	"base_incomplete":   {"基准数据不全", "base figures are missing"},
	"unregistered_mass": {"有废物产自未登记的场所", "some waste is of sites that the register lacks"},
}
