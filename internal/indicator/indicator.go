// Package indicator says what indicators 2, 19, 32, 35, 36, 37, 38 and 59 of the city's
// “无废城市” table are, as dated and versioned data, and computes them as pure folds over the
// log: movements of mass, dated facts of the registers, and inspections.
//
// It must not read a clock or a database, use floating point, or guess: what is missing
// makes a figure "not computable, because …", never zero. Roll-ups in a store are a fast
// way to the same sums; this package is the definition.
package indicator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choice is a question that no text which was read settles; its answer is data.
type Choice struct {
	Key       string   `json:"key"`
	Value     string   `json:"value"`
	Allowed   []string `json:"allowed,omitempty"` // empty: a list or number in the form of Form
	Form      string   `json:"form,omitempty"`    // year, codes, methods, kinds
	Certainty string   `json:"certainty"`         // of the answer: C, C2, L or U
	ZH        string   `json:"zh"`
	EN        string   `json:"en"`
}

// Definition is one indicator in one version.
type Definition struct {
	Indicator    int      `json:"indicator"`
	Version      string   `json:"version"` // "1" as shipped; "1.K" after K changed choices
	ValidFrom    string   `json:"valid_from"`
	NameZH       string   `json:"name_zh"`
	NameEN       string   `json:"name_en"`
	FormulaZH    string   `json:"formula_zh"`
	FormulaEN    string   `json:"formula_en"`
	Source       string   `json:"source"`
	Certainty    string   `json:"certainty"`
	Unit         string   `json:"unit"`
	AmountUnit   string   `json:"amount_unit"` // of numerator and denominator
	Decimals     int      `json:"decimals"`    // of the value, rounded half away from zero
	Better       string   `json:"better"`      // up or down
	PlanBase     string   `json:"plan_base"`   // status of 2020 in the plan; "/" where it has none
	Target       string   `json:"target"`      // of 2025
	PlanSource   string   `json:"plan_source"`
	Experimental bool     `json:"experimental"`
	Choices      []Choice `json:"choices"`
}

//go:embed data/definitions.json
var definitionsJSON []byte

var shipped = mustDefinitions(definitionsJSON)

func mustDefinitions(b []byte) []Definition {
	var out []Definition
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		panic("indicator: embedded definitions: " + err.Error())
	}
	return out
}

// Definitions lists the definitions as shipped, in the order of their numbers.
func Definitions() []Definition {
	out := slices.Clone(shipped)
	for i := range out {
		out[i].Choices = slices.Clone(out[i].Choices)
	}
	return out
}

// Shipped finds a definition as shipped.
func Shipped(indicator int) (Definition, bool) {
	all := Definitions()
	i := slices.IndexFunc(all, func(d Definition) bool { return d.Indicator == indicator })
	if i < 0 {
		return Definition{}, false
	}
	return all[i], true
}

// Choice is the answer to one question; "" for a question that the definition has not.
func (d Definition) Choice(key string) string {
	i := slices.IndexFunc(d.Choices, func(c Choice) bool { return c.Key == key })
	if i < 0 {
		return ""
	}
	return d.Choices[i].Value
}

// words is the answer to a question whose form is a list.
func (d Definition) words(key string) []string {
	return strings.FieldsFunc(d.Choice(key), func(r rune) bool { return r == ';' })
}

// Check says what is wrong with another answer to one of the definition's questions: the
// code and sentence of a field, or nothing.
func (d Definition) Check(key, value string) (code, en, zh string) {
	i := slices.IndexFunc(d.Choices, func(c Choice) bool { return c.Key == key })
	if i < 0 {
		return "unknown_choice", fmt.Sprintf("is no choice of indicator %d", d.Indicator), fmt.Sprintf("不是指标 %d 的选项", d.Indicator)
	}
	c := d.Choices[i]
	if len(c.Allowed) > 0 {
		if !slices.Contains(c.Allowed, value) {
			list := strings.Join(c.Allowed, ", ")
			return "value", "must be one of " + list, "应为以下之一：" + list
		}
		return "", "", ""
	}
	if c.Form == "year" {
		if n, err := strconv.Atoi(value); err != nil || n < 2000 || n > 2199 || len(value) != 4 {
			return "value", "must be a year of four digits", "应为四位年份"
		}
		return "", "", ""
	}
	if value == "" || strings.ContainsAny(value, " \t,") || len(value) > 400 {
		return "value", "must be words parted by semicolons", "应为以分号分隔的词"
	}
	return "", "", ""
}

// With gives the definition in its next version, with another answer.
func (d Definition) With(key, value string) Definition {
	d.Choices = slices.Clone(d.Choices)
	for i := range d.Choices {
		if d.Choices[i].Key == key {
			d.Choices[i].Value = value
		}
	}
	major, minor, _ := strings.Cut(d.Version, ".")
	n, _ := strconv.Atoi(minor)
	d.Version = fmt.Sprintf("%s.%d", major, n+1)
	return d
}
