package web

import (
	"slices"
	"strconv"
	"strings"

	"liandan/internal/indicator"
	"liandan/internal/measure"
	"liandan/internal/registry"
	"liandan/internal/report"
	"liandan/internal/term"
)

// amount writes a numerator or denominator in the unit that the definition has for it.
func amount(n int64, unit string) string {
	if unit == "g" {
		return kilograms(n)
	}
	s := strconv.FormatInt(n, 10)
	if n < 0 {
		return "−" + thousands(s[1:])
	}
	return thousands(s)
}

// amountUnits are those of numerator and denominator, which differ for an intensity.
func amountUnits(unit string) (numerator, denominator string) {
	a, b, two := strings.Cut(unit, "; ")
	if !two {
		return a, a
	}
	return a, b
}

func figureOf(f report.Figure, unit string) figure {
	above, below := amountUnits(unit)
	return figure{Variant: line(term.Variant(f.Variant)), Part: strings.Contains(f.Variant, ":"), Value: f.Value, Status: f.Status, Words: line(term.Status(f.Status)),
		Numerator: amount(f.Numerator, above), Denominator: amount(f.Denominator, below), Why: f.Why}
}

// headOf is the figure that stands for a row: what is proven, where that is told apart.
func headOf(x report.Section, r report.Row) figure {
	if len(r.Figures) == 0 {
		return figure{Status: string(indicator.NotComputable), Words: line(term.Status(string(indicator.NotComputable)))}
	}
	i := max(slices.IndexFunc(r.Figures, func(f report.Figure) bool { return f.Variant == "proven" }), 0)
	return figureOf(r.Figures[i], x.AmountUnit)
}

func cardOf(x report.Section) card {
	c := card{Number: x.Indicator, Name: line{x.NameZH, x.NameEN}, Unit: term.Measure(x.Unit), Target: x.Target, Version: x.Version, Head: headOf(x, x.Row),
		Sites: x.Row.Sites, Reported: x.Row.Reported}
	c.fill(x.Row, x.AmountUnit)
	series, periods := map[string][]*string{}, []string{}
	for i, p := range x.Trend {
		periods = append(periods, p.Period)
		h := headOf(x, report.Row{Figures: p.Figures})
		c.Points = append(c.Points, point{p.Period, h.Value, h.Why})
		for _, f := range p.Figures {
			if strings.Contains(f.Variant, ":") {
				continue // the kinds of institution are in the table
			}
			name := line(term.Variant(f.Variant))
			key := name.ZH + " " + name.EN
			if series[key] == nil {
				series[key] = make([]*string, len(x.Trend))
			}
			if f.Value != "" {
				series[key][i] = &f.Value
			}
		}
	}
	c.Trend, c.Spark = trendJSON(c, series, periods), sparkOf(c.Points, c.Target)
	return c
}

// Parted says whether some figures are of units of one type alone.
func (c card) Parted() bool {
	return slices.ContainsFunc(c.Figures, func(f figure) bool { return f.Part })
}

func (c *card) fill(r report.Row, unit string) {
	for _, f := range r.Figures {
		c.Figures = append(c.Figures, figureOf(f, unit))
	}
	for _, e := range r.Exclusions {
		a := strconv.Itoa(e.Count)
		if e.Count == 0 {
			a = kilograms(e.Grams)
		}
		c.Exclusions = append(c.Exclusions, exclusion{e.Why, a})
	}
	for _, f := range r.Flags {
		c.Flags = append(c.Flags, line(term.Flag(f)))
	}
}

// trialOf is an indicator that is computed beside the plan's five.
func trialOf(res measure.Result) card {
	d := res.Definition
	c := card{Number: d.Indicator, Name: line{d.NameZH, d.NameEN}, Unit: term.Measure(d.Unit), Target: d.Target, Version: d.Version, Experimental: true,
		Sites: res.Row.Coverage.Sites, Reported: res.Row.Coverage.Reported}
	row := report.Row{Flags: res.Row.Flags}
	for _, f := range res.Row.Figures {
		g := report.Figure{Variant: f.Variant, Value: f.Value, Status: string(f.Status), Numerator: f.Numerator, Denominator: f.Denominator}
		if f.Because != nil {
			g.Why = f.Because.ZH + " · " + f.Because.EN
		}
		row.Figures = append(row.Figures, g)
	}
	for _, e := range res.Row.Exclusions {
		row.Exclusions = append(row.Exclusions, report.Exclusion{Why: e.ZH + " · " + e.EN, Count: e.Count, Grams: e.Grams})
	}
	c.fill(row, d.AmountUnit)
	if len(c.Figures) > 0 {
		c.Head = c.Figures[0]
	}
	return c
}

// divisionCodes are the divisions that the city runs.
func divisionCodes() []string {
	return indicator.Districts(registry.DivisionCodes(), registry.RunByCity)
}
