package registry

import (
	"strconv"
	"strings"

	"liandan/internal/calendar"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/waste"
)

// maxPlate is what an event can say of a vehicle.
const maxPlate = 16

func newVehicleImport() intake {
	return &rowsImport[permit.Vehicle]{
		cols: []column{{"credit_code", true}, {"plate", true}, {"permit", true}, {"valid_from", true},
			{"capacity_kg", false}, {"medical", false}, {"valid_to", false}},
		named: "plate",
		parse: func(c *cells) permit.Vehicle {
			v := permit.Vehicle{Plate: c.text("plate"), Permit: c.text("permit"), Capacity: c.mass("capacity_kg", waste.UnitKilogram, false, false),
				Medical: c.flag("medical", false), Valid: c.period(true)}
			if len([]rune(v.Plate)) > maxPlate {
				c.refusef("plate", "length", "must have at most %d characters", "不得超过 %d 个字符", maxPlate)
			}
			return v
		},
		place: func(v *permit.Vehicle, _ string, org party.Organisation, _ *places, c *cells) {
			if v.Party = org.ID; !org.Has(party.Carrier) {
				c.refuse("credit_code", "role", "must be a carrier: a vehicle's permit belongs to one", "须为承运人：车辆运输证属承运人所有")
			}
		},
		key: func(v permit.Vehicle) string { return v.Party.String() + v.Plate + dayKey(v.Valid.From) },
		span: func(v permit.Vehicle) (string, party.Period) {
			return v.Party.String() + permit.PlateKey(v.Plate), v.Valid
		},
		same:  sameVehicle,
		have:  Reader.Vehicles,
		store: Tx.PutVehicles,
	}
}

func sameVehicle(a, b permit.Vehicle) bool {
	return a.Permit == b.Permit && a.Capacity == b.Capacity && a.Medical == b.Medical && samePeriod(a.Valid, b.Valid)
}

func newPlanImport() intake {
	return &rowsImport[permit.PlanLine]{
		cols: []column{{"credit_code", true}, {"site_name", true}, {"year", true}, {"code", true}, {"planned_t", true},
			{"method", false}, {"consignee", false}, {"number", false}, {"filed", false}},
		named: "code",
		parse: readPlanLine,
		place: func(v *permit.PlanLine, site string, org party.Organisation, at *places, c *cells) {
			from, to := permit.YearOf(v.Year)
			v.Party, v.Site = org.ID, at.site(c, org.ID, site, party.Period{From: from, To: to})
		},
		key: func(v permit.PlanLine) string {
			return strings.Join([]string{v.Site.String(), strconv.Itoa(v.Year), string(v.Code), string(v.Method), string(v.Consignee), dayKey(v.Filed)}, "\n")
		},
		same: func(a, b permit.PlanLine) bool {
			return a.Number == b.Number && a.Planned == b.Planned && a.Party == b.Party
		},
		have:  Reader.Plans,
		store: Tx.PutPlans,
	}
}

func readPlanLine(c *cells) permit.PlanLine {
	v := permit.PlanLine{Code: c.wasteCode("code"), Method: c.method("method"), Consignee: c.otherCode("consignee", false),
		Planned: c.mass("planned_t", waste.UnitTonne, true, true)}
	if c.raw("number") != "" {
		v.Number = c.text("number")
	}
	year, ok := c.given("year")
	if !ok {
		return v
	}
	n, err := strconv.Atoi(year)
	if err != nil || n < 2000 || n > 2199 || len(year) != 4 {
		c.refuse("year", "out_of_range", "must be a year from 2000 to 2199", "应为 2000 至 2199 的年份")
		return v
	}
	v.Year = n
	v.Filed, _ = permit.YearOf(n)
	if s := c.raw("filed"); s != "" {
		day, ok := c.day("filed", s)
		if ok && day.In(calendar.Zone()).Year() > n {
			c.refuse("filed", "out_of_range", "must not be after the plan's year", "不得晚于计划年度")
		}
		if day.After(v.Filed) { // a plan that was filed the year before holds from the year's first day
			v.Filed = day
		}
	}
	return v
}

func newApprovalImport() intake {
	return &rowsImport[permit.Approval]{
		cols: []column{{"credit_code", true}, {"number", true}, {"consignee", true}, {"code", true}, {"approved_t", true},
			{"valid_from", true}, {"valid_to", true}, {"method", false}},
		named: "number",
		parse: func(c *cells) permit.Approval {
			v := permit.Approval{Number: c.text("number"), Consignee: c.otherCode("consignee", true), Code: c.wasteCode("code"), Method: c.method("method"),
				Approved: c.mass("approved_t", waste.UnitTonne, true, false), Valid: c.period(true)}
			if c.raw("valid_to") == "" {
				c.given("valid_to")
			}
			return v
		},
		place: func(v *permit.Approval, _ string, org party.Organisation, _ *places, _ *cells) { v.Party = org.ID },
		key: func(v permit.Approval) string {
			return strings.Join([]string{v.Party.String(), v.Number, string(v.Code), dayKey(v.Valid.From)}, "\n")
		},
		span: func(v permit.Approval) (string, party.Period) {
			return v.Party.String() + v.Number + "\n" + string(v.Code), v.Valid
		},
		same: func(a, b permit.Approval) bool {
			return a.Consignee == b.Consignee && a.Method == b.Method && a.Approved == b.Approved && samePeriod(a.Valid, b.Valid)
		},
		have:  Reader.Approvals,
		store: Tx.PutApprovals,
	}
}

// scopes reads the lines of a licence, CODE/METHOD/TONNES parted by semicolons; method and
// tonnes may be left empty.
func (c *cells) scopes(column string) []party.Scope {
	var out []party.Scope
	for _, word := range c.list(column, scopeFault) {
		out = append(out, parseScope(word))
	}
	return out
}

func scopeFault(word string) (code, en, zh string) {
	parts := strings.Split(word, "/")
	if len(parts) != 3 {
		return "format", clip(word) + " must be CODE/METHOD/TONNES, such as HW08/R9/5000; method and tonnes may be empty",
			clip(word) + " 应写作 代码/方式/吨每年，例如 HW08/R9/5000；方式和数量可空"
	}
	if code, en, zh := codeFault(parts[0]); code != "" {
		return code, en, zh
	}
	if parts[1] != "" {
		if code, en, zh := methodFault(parts[1]); code != "" {
			return code, en, zh
		}
	}
	if parts[2] == "" {
		return "", "", ""
	}
	g, err := waste.ToGrams(parts[2], waste.UnitTonne)
	if err == nil && g > maxYearly {
		return "out_of_range", "the amount is beyond reason", "数量超出合理范围"
	}
	return worded(err)
}

func parseScope(word string) party.Scope {
	parts := strings.Split(word, "/")
	s := party.Scope{Code: parts[0], Method: waste.Method(parts[1])}
	if parts[2] != "" {
		s.Yearly, _ = waste.ToGrams(parts[2], waste.UnitTonne) // scopeFault let it through
	}
	return s
}
