package sample

import (
	"fmt"

	"liandan/internal/party"
)

// Units of which every city has the same few, whatever its scale: out in the counties, or
// with something of their own to show. Their credit codes are counted apart from the
// others', so that a city that was played before they were there goes on.

// settleApart makes them.
func (c *City) settleApart() {
	serial := authoritySerial
	apart := func(sort string, n int, u unit) *unit {
		serial++
		u.serial, u.builtUp = serial, builtUp(u.division)
		return c.found(sort, n, u)
	}
	for n, at := range []string{"130624", "130630"} { // 阜平, 涞源: in the hills
		u := apart("township", n, unit{name: "样例乡镇卫生院" + ordinal(n+1) + "（SAMPLE）", siteName: "样例乡镇卫生院" + ordinal(n+1) + "门诊（SAMPLE）", siteKind: "clinic",
			division: at, beds: 12, roles: []party.Role{party.Medical, party.Generator}})
		c.clinics = append(c.clinics, &shop{u, c.hire(u, "nurse", n == 0), 3})
	}
	// In no collection system, and with nothing collected: coverage is not complete.
	apart("village", 0, unit{name: "样例村卫生室（SAMPLE）", siteName: "样例村卫生室（SAMPLE）", siteKind: "clinic", division: "130636", beds: 2,
		roles: []party.Role{party.Medical, party.Generator}})
	for n, at := range []string{"130683", "130627"} {
		u := apart("battery", n, unit{name: "样例电动车店" + ordinal(n+1) + "（SAMPLE）", siteName: "样例电动车店" + ordinal(n+1) + "门店（SAMPLE）", siteKind: "workshop",
			division: at, social: "battery", roles: []party.Role{party.Generator}})
		c.batteries = append(c.batteries, &shop{u, c.hire(u, "counter", n == 1), 1})
	}
	u := apart("school", 0, unit{name: "样例职业学校（SAMPLE）", siteName: "样例职业学校汽修实训室（SAMPLE）", siteKind: "workshop", division: "130634", social: "school",
		roles: []party.Role{party.Generator}})
	c.school = &shop{u, c.hire(u, "teacher", true), 1}
	u = apart("closed", 0, unit{name: "样例干洗店（SAMPLE）", siteName: "样例干洗店门店（SAMPLE）", siteKind: "workshop", division: "130609", social: "dry_cleaning",
		roles: []party.Role{party.Generator}})
	c.closed = &shop{unit: u}
	u = apart("plating", 0, unit{name: "样例电镀厂（SAMPLE）", siteName: "样例电镀厂车间（SAMPLE）", siteKind: "factory", division: "130626", roles: []party.Role{party.Generator}})
	c.plating = &shop{u, c.hire(u, "workshop", false), 2}
}

// callers lists the shops at which the collector calls, in the order of its way.
func (c *City) callers() []*shop {
	out := append(append([]*shop{}, c.repairs...), c.batteries[0])
	return append(out, c.school)
}

// members says who is in which collection and disposal system, by contract.
func (c *City) members() [][]string {
	out := [][]string{{"credit_code", "site_name", "collector", "basis", "number", "valid_from"}}
	join := func(by *unit, n int, u *unit) {
		out = append(out, []string{string(u.credit), u.siteName, string(by.credit), "contract", fmt.Sprintf("SAMPLE-HT-%05d", n), "2025-01-01"})
	}
	for i, h := range c.hospitals {
		join(c.medical.unit, i+1, h.unit)
	}
	for i, k := range c.clinics {
		join(c.medical.unit, 10_000+i, k.unit)
	}
	for i, k := range append(append(append([]*shop{}, c.repairs...), c.batteries...), c.school) {
		join(c.collector.unit, 20_000+i, k.unit)
	}
	for i, l := range c.labs {
		join(c.goods.unit, 40_000+i, l.unit)
	}
	return out
}

// history gives the social sources their type.
func (c *City) history() [][]string {
	out := [][]string{{"credit_code", "site_name", "valid_from", "kind", "division", "built_up", "social"}}
	for _, u := range c.units {
		if u.social != "" {
			out = append(out, []string{string(u.credit), u.siteName, "2021-01-01", u.siteKind, u.division, digit(u.builtUp), u.social})
		}
	}
	return out
}

func digit(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}

// bases are figures that no event gives: made up, as small as the city is.
func (c *City) bases() [][]string {
	const source, reason = "样例 SAMPLE", "样例数据，非统计数 SAMPLE data, no statistics"
	out := [][]string{{"figure", "division", "year", "amount", "source", "reason"}}
	add := func(figure, division string, year int, amount int) {
		out = append(out, []string{figure, division, fmt.Sprint(year), fmt.Sprint(amount), source, reason})
	}
	add("landfilled", "130626", 2020, 6_000_000)
	add("landfilled", "130600", 2020, 1_500_000)
	for _, y := range planYears {
		add("value_added", "130600", y, 90_000_000)
		add("value_added", "130626", y, 30_000_000)
		add("recyclables_generated", "130602", y, 4_000_000)
		add("recyclables_recycled", "130602", y, 3_800_000)
		add("recyclables_generated", "130681", y, 1_500_000)
		add("recyclables_recycled", "130681", y, 1_200_000)
	}
	return out
}

// The sample city's own sheet for those who hold a licence: none is shipped.
const (
	operatorSheet  = "SAMPLE-operator"
	operatorItems  = 20
	operatorPoints = 5 // of an item
)

func operatorSheetRows() [][]string {
	out := [][]string{{"sheet", "version", "class", "total", "pass", "basic", "accident", "item", "max", "text", "source"}}
	for n := range operatorItems {
		out = append(out, []string{operatorSheet, "1", "operator", fmt.Sprint(operatorItems * operatorPoints), "80", "60", "10", fmt.Sprint(n + 1), fmt.Sprint(operatorPoints),
			fmt.Sprintf("样例检查项 %d SAMPLE item %d", n+1, n+1), "样例 SAMPLE"})
	}
	return out
}
