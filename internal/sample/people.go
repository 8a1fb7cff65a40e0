package sample

import (
	"liandan/internal/access"
	"liandan/internal/id"
)

// Somebody is a person of the city who can sign in. They have no password: whoever plays
// the city gives each a random one.
type Somebody struct {
	Login       string
	Name        string
	ZH, EN      string // what they are
	Appointment access.Appointment
}

// Inspector is who signs inspections on the authority's device: the register's person, whose
// appointment is the city inspector's.
func (c *City) Inspector() Somebody {
	return Somebody{"inspector.sample", "样例市执法人员 SAMPLE", "市级执法人员", "city inspector",
		access.Appointment{Role: access.CityInspector, Party: c.authority.party, Person: c.authority.hand.Person}}
}

// People is one person for each role that people hold.
func (c *City) People() []Somebody {
	h, clinic := c.hospitals[0], c.clinics[0]
	at := func(u *unit, role access.Role, who *hand) access.Appointment {
		g := access.Appointment{Role: role, Party: u.party}
		if who != nil {
			g.Person = who.Person
		}
		if role == access.SiteStaff || role == access.FacilityOperator {
			g.Sites = []id.Site{u.site}
		}
		return g
	}
	over := func(role access.Role, divisions ...string) access.Appointment {
		return access.Appointment{Role: role, Divisions: divisions}
	}
	return []Somebody{
		{"nurse.sample", "样例护士 SAMPLE", "医院病区护士", "ward nurse of a hospital", at(h.unit, access.SiteStaff, h.wards[0].nurse)},
		{"porter.sample", "样例转运员 SAMPLE", "医院转运人员", "porter of a hospital", at(h.unit, access.Porter, h.porter)},
		{"hospital.sample", "样例医院管理员 SAMPLE", "医院管理员", "administrator of a hospital", at(h.unit, access.OrganisationAdministrator, nil)},
		{"clinic.sample", "样例诊所管理员 SAMPLE", "诊所管理员", "administrator of a clinic", at(clinic.unit, access.OrganisationAdministrator, nil)},
		{"driver.sample", "样例司机 SAMPLE", "医废运输司机", "driver of medical waste", at(c.medical.unit, access.Driver, c.medical.drivers[0])},
		{"collector.sample", "样例收集点管理员 SAMPLE", "小微收集点管理员", "administrator of the collection point", at(c.collector.unit, access.OrganisationAdministrator, nil)},
		{"plant.sample", "样例处置厂人员 SAMPLE", "处置设施人员", "operator of the plant", at(c.plant.unit, access.FacilityOperator, c.plant.gate)},
		{"district.sample", "样例区执法人员 SAMPLE", "竞秀区执法人员", "district inspector", over(access.DistrictInspector, "130602")},
		{"inspector.sample", "样例市执法人员 SAMPLE", "市级执法人员", "city inspector", over(access.CityInspector)},
		{"health.sample", "样例卫健委人员 SAMPLE", "卫生健康部门人员", "health commission", over(access.HealthCommission)},
		{"analyst.sample", "样例统计人员 SAMPLE", "市级统计分析人员", "city analyst", over(access.CityAnalyst)},
		{"admin.sample", "样例系统管理员 SAMPLE", "系统管理员（不见废物数据）", "system administrator, who sees no waste data", over(access.SystemAdministrator)},
	}
}
