package access

// Words are a reach in both languages, for the policy as a document.
func (r Reach) Words() (zh, en string) {
	w := reachWords[r]
	return w[0], w[1]
}

var reachWords = map[Reach][2]string{
	None:            {"–", "–"},
	OwnPerson:       {"本人经手", "own"},
	OwnTrips:        {"本人车次", "own trips"},
	OwnSites:        {"本场所", "own sites"},
	OwnOrganisation: {"本单位", "own organisation"},
	OwnDistricts:    {"本辖区", "own districts"},
	MedicalInCity:   {"全市医疗废物", "medical waste of the city"},
	City:            {"全市", "the city"},
	Everything:      {"全部", "all"},
}

// Words are a role in both languages.
func (r Role) Words() (zh, en string) {
	w := roleWords[r]
	return w[0], w[1]
}

var roleWords = map[Role][2]string{
	SiteStaff:                 {"科室、场所人员", "ward and site staff"},
	Porter:                    {"院内转运人员", "porter"},
	Driver:                    {"运输、收集人员", "driver"},
	FacilityOperator:          {"利用处置设施人员", "facility operator"},
	OrganisationAdministrator: {"单位管理员", "organisation administrator"},
	DistrictInspector:         {"区县执法人员", "district inspector"},
	CityInspector:             {"市级执法人员", "city inspector"},
	HealthCommission:          {"卫生健康部门", "health commission"},
	CityAnalyst:               {"统计分析人员", "city analyst"},
	SystemAdministrator:       {"系统管理员", "system administrator"},
	APIClient:                 {"对接程序", "API client"},
}
