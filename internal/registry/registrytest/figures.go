package registrytest

import (
	"liandan/internal/registry"
)

// importBadFigures: of the registers that figures are computed from, each fault is its own
// and nothing of the file is applied.
func importBadFigures(b *bench) {
	b.load(registry.KindOrganisations, whole()[registry.KindOrganisations])
	b.load(registry.KindSites, whole()[registry.KindSites])
	a, c := string(Code(1)), string(Code(2))
	const (
		history = "credit_code,site_name,valid_from,valid_to,kind,division,built_up\n"
		members = "credit_code,site_name,collector,basis,number,valid_from,valid_to\n"
		bases   = "figure,division,year,amount,source,reason\n"
		choices = "indicator,choice,value,reason\n"
		sheets  = "sheet,version,class,total,pass,basic,accident,item,max\n"
		factors = "set,method,code,kg_per_t,source,certainty,valid_from,valid_to,reason\n"
	)
	for name, x := range map[string]struct {
		kind, csv string
		want      []string
	}{
		"organisations twice":      {registry.KindOrganisations, "credit_code,name,roles\n" + string(Code(8)) + ",样例甲 SAMPLE,medical\n" + string(Code(8)) + ",样例乙 SAMPLE,medical\n", []string{"3 credit_code duplicate"}},
		"history overlaps":         {registry.KindHistory, history + a + ",本部,2026-01-01,2026-06-30,hospital,130602,1\n" + a + ",本部,2026-06-30,,hospital,130602,1\n", []string{"3 valid_from overlapping_validity"}},
		"history of no site":       {registry.KindHistory, history + a + ",别处,2026-01-01,,hospital,130602,1\n", []string{"2 site_name unknown_site"}},
		"membership overlaps":      {registry.KindMembers, members + a + ",本部," + c + ",contract,M,2026-01-01,2026-12-31\n" + a + ",本部," + c + ",contract,M,2026-12-31,\n", []string{"3 valid_from overlapping_validity"}},
		"base without a reason":    {registry.KindBases, bases + "landfilled,130602,2020,1,样例 SAMPLE,\n", []string{"2 reason required"}},
		"base of another city":     {registry.KindBases, bases + "landfilled,130682,2020,1,样例 SAMPLE,样例 SAMPLE\n", []string{"2 division not_ours"}},
		"base below zero":          {registry.KindBases, bases + "recyclables_generated,130602,2026,-1,样例 SAMPLE,样例 SAMPLE\n", []string{"2 amount out_of_range"}},
		"base of nothing known":    {registry.KindBases, bases + "gdp,130602,2026,1,样例 SAMPLE,样例 SAMPLE\n", []string{"2 figure value"}},
		"choice of no indicator":   {registry.KindChoices, choices + "36,passes,pass,样例 SAMPLE\n", []string{"2 choice unknown_choice"}},
		"choice not allowed":       {registry.KindChoices, choices + "32,part_year,guess,样例 SAMPLE\n", []string{"2 value value"}},
		"sheet does not add up":    {registry.KindSheets, sheets + "SAMPLE,1,operator,5,4,2,1,1,2\nSAMPLE,1,operator,5,4,2,1,2,2\n", []string{"3 sum"}},
		"sheet's thresholds":       {registry.KindSheets, sheets + "SAMPLE,1,operator,4,2,3,1,1,4\n", []string{"2 order"}},
		"sheet's items twice":      {registry.KindSheets, sheets + "SAMPLE,1,operator,4,3,2,1,1,2\nSAMPLE,1,operator,4,3,2,1,1,2\n", []string{"3 repeated"}},
		"a shipped sheet":          {registry.KindSheets, sheets + "generator,2021,generator,2,2,1,1,1,2\n", []string{"2 version version_taken"}},
		"factors overlap":          {registry.KindFactors, factors + "S,R9,HW08,1,样例 SAMPLE,U,2026-01-01,,样例 SAMPLE\nS,R9,HW08,,样例 SAMPLE,U,2025-01-01,2026-01-01,样例 SAMPLE\n", []string{"3 valid_from overlapping_validity"}},
		"factor's cells":           {registry.KindFactors, factors + "S,R99,HW77,1e3,样例 SAMPLE,X,2026-01-01,,样例 SAMPLE\n", []string{"2 certainty value", "2 method unknown_method", "2 code malformed_waste_code", "2 kg_per_t format"}},
		"factor without a source":  {registry.KindFactors, factors + "S,R9,*,1,,U,2026-01-01,,\n", []string{"2 source required", "2 reason required"}},
		"one bad factor of two":    {registry.KindFactors, factors + "S,R9,*,1,样例 SAMPLE,U,2026-01-01,,样例 SAMPLE\nS,R4,*,NaN,样例 SAMPLE,U,2026-01-01,,样例 SAMPLE\n", []string{"3 kg_per_t format"}},
		"factor that ends earlier": {registry.KindFactors, factors + "S,R9,*,1,样例 SAMPLE,U,2026-01-02,2026-01-01,样例 SAMPLE\n", []string{"2 valid_to reversed_validity"}},
	} {
		b.refuses(name, x.kind, x.csv, x.want...)
	}
}
