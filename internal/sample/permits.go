package sample

import (
	"slices"
	"strconv"
	"strings"

	"liandan/internal/party"
)

// planYears are the years for which the city's sites have management plans. They and the
// codes keep the register of the largest city below what one import takes.
var planYears = []int{2024, 2025, 2026, 2027, 2028}

// vehicles gives every driver's vehicle its transport permit.
func (c *City) vehicles() [][]string {
	out := [][]string{{"credit_code", "plate", "permit", "capacity_kg", "medical", "valid_from"}}
	for _, u := range c.units {
		if !slices.Contains(u.roles, party.Carrier) {
			continue
		}
		medical := "0"
		if u == c.medical.unit {
			medical = "1"
		}
		for _, h := range u.people {
			if strings.HasPrefix(h.name, "driver") {
				out = append(out, []string{string(u.credit), vehicleOf(h), "SAMPLE-RT-" + h.name, "25000", medical, registered})
			}
		}
	}
	return out
}

// plans gives every site that sends waste a line for each code it has.
func (c *City) plans() [][]string {
	out := [][]string{{"credit_code", "site_name", "year", "code", "planned_t", "number"}}
	for _, u := range c.units {
		for _, year := range planYears {
			for _, k := range c.planned(u) {
				y := strconv.Itoa(year)
				out = append(out, []string{string(u.credit), u.siteName, y, string(k.code), "20000", "SAMPLE-MP-" + y})
			}
		}
	}
	return out
}

func (c *City) planned(u *unit) []kind {
	switch {
	case slices.Contains(u.roles, party.Medical):
		return []kind{infectious, sharps, pathological, chemical, drugs}
	case u == c.collector.unit, u.siteKind == "workshop":
		return []kind{oil, filters, rags, batteries}
	case u.siteKind == "laboratory":
		return []kind{solvents, identified}
	case u == c.plating.unit:
		return []kind{sludge}
	case u == c.plant.unit:
		return []kind{bottomAsh}
	}
	return nil
}
