package registrytest

import (
	"reflect"
	"slices"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/registry"
)

// importBadPermits holds every way in which a line of the permits can be wrong.
func importBadPermits(b *bench) {
	b.load(registry.KindOrganisations, "credit_code,name,roles\n"+string(Code(1))+",样例一 SAMPLE,medical\n"+string(Code(2))+",样例二 SAMPLE,carrier\n")
	b.load(registry.KindSites, "credit_code,name,kind,division,built_up,valid_to\n"+string(Code(1))+",本部,hospital,130602,1,2026-12-31\n")
	one, two, three := string(Code(1)), string(Code(2)), string(Code(3))
	const vehicles = "credit_code,plate,permit,capacity_kg,medical,valid_from,valid_to\n"
	const plans = "credit_code,site_name,year,code,planned_t,method,consignee,filed\n"
	const approvals = "credit_code,number,consignee,code,approved_t,valid_from,valid_to\n"
	const licences = "credit_code,number,kind,codes,valid_from,yearly_t,scopes\n"
	for name, c := range map[string]struct {
		kind, csv string
		want      []string
	}{
		"vehicle of nobody":       {registry.KindVehicles, vehicles + three + ",冀F00001,P,,,2024-01-01,\n", []string{"2 credit_code unknown_organisation"}},
		"vehicle of no carrier":   {registry.KindVehicles, vehicles + one + ",冀F00001,P,,,2024-01-01,\n", []string{"2 credit_code role"}},
		"vehicle's cells":         {registry.KindVehicles, vehicles + two + ",冀F0000100001000010,=P,-1,2,2024-13-01,2024-01-01\n", []string{"2 permit formula", "2 capacity_kg malformed_quantity", "2 medical value", "2 valid_from date", "2 plate length"}},
		"vehicle without a mass":  {registry.KindVehicles, vehicles + two + ",冀F00001,P,0,,2024-01-01,\n", []string{"2 capacity_kg zero_mass"}},
		"vehicle twice at a time": {registry.KindVehicles, vehicles + two + ",冀F00001,P,,,2024-01-01,\n" + two + ",冀F·00001,Q,,,2025-01-01,\n", []string{"3 valid_from overlapping_validity"}},
		"the same vehicle":        {registry.KindVehicles, vehicles + two + ",冀F00001,P,,,2024-01-01,\n" + two + ",冀F00001,P,,,2024-01-01,\n", []string{"3 plate duplicate"}},
		"plan's cells": {registry.KindPlans, plans + one + ",本部,26,HW01,x,D2,abc,nie\n", []string{"2 code malformed_waste_code", "2 method unknown_method", "2 consignee invalid_credit_code",
			"2 planned_t malformed_quantity", "2 year out_of_range"}},
		"plan filed too late":     {registry.KindPlans, plans + one + ",本部,2026,841-001-01,1,,,2027-01-01\n", []string{"2 filed out_of_range"}},
		"plan of another site":    {registry.KindPlans, plans + one + ",别处,2026,841-001-01,1,,,\n", []string{"2 site_name unknown_site"}},
		"plan of a site that was": {registry.KindPlans, plans + one + ",本部,2027,841-001-01,1,,,\n", []string{"2 site_name unknown_site"}},
		"the same plan line":      {registry.KindPlans, plans + one + ",本部,2026,841-001-01,1,,,\n" + one + ",本部,2026,841-001-01,2,,,2025-11-01\n", []string{"3 code duplicate"}},
		"plan beyond reason":      {registry.KindPlans, plans + one + ",本部,2026,841-001-01,1000000001,,,\n", []string{"2 planned_t out_of_range"}},
		"approval's cells": {registry.KindApprovals, approvals + one + ",,,841,0,2026-01-01,\n", []string{"2 number required", "2 consignee required", "2 code malformed_waste_code",
			"2 approved_t zero_mass", "2 valid_to required"}},
		"approvals overlap": {registry.KindApprovals, approvals + one + ",A," + three + ",841-001-01,1,2026-01-01,2026-06-30\n" + one + ",A," + three + ",841-001-01,1,2026-06-30,2026-12-31\n", []string{"3 valid_from overlapping_validity"}},
		"scopes": {registry.KindLicences, licences + one + ",L,operating,*,2024-01-01,-1,HW08;HW00//;HW08/D2/;HW08/R9/x;HW08/R9/1;HW08/R9/1\n", []string{"2 yearly_t malformed_quantity",
			"2 scopes format", "2 scopes malformed_waste_code", "2 scopes unknown_method", "2 scopes malformed_quantity", "2 scopes repeated"}},
	} {
		b.refuses(name, c.kind, c.csv, c.want...)
	}
}

// holdings reads what one organisation may do, of all times, and sees a change at once.
func holdings(b *bench) {
	for _, kind := range registry.Kinds() {
		b.load(kind, whole()[kind])
	}
	w := wholeWorld()
	for _, o := range w.Organisations {
		got, err := b.Holding(b.Context(), o.ID)
		b.must(err)
		var want permit.Holding
		want.Licences = only(w.Licences, func(l party.Licence) bool { return l.Party == o.ID })
		want.Vehicles = only(w.Vehicles, func(l permit.Vehicle) bool { return l.Party == o.ID })
		want.Plans = only(w.Plans, func(l permit.PlanLine) bool { return l.Party == o.ID })
		want.Approvals = only(w.Approvals, func(l permit.Approval) bool { return l.Party == o.ID })
		if !reflect.DeepEqual(got, want) {
			b.Errorf("%s holds\n%+v, want\n%+v", o.Name, got, want)
		}
	}
	hospital := w.Organisations[0].ID
	if w.Organisations[0].CreditCode != Code(1) {
		hospital = w.Organisations[1].ID
	}
	b.load(registry.KindPlans, "credit_code,site_name,year,code,planned_t\n"+string(Code(1))+",本部,2027,841-002-01,3\n")
	if h, err := b.Holding(b.Context(), hospital); err != nil || len(h.Plans) != 4 {
		b.Errorf("after one more line: %+v %v", h.Plans, err)
	}
	if h, err := b.Holding(b.Context(), id.Party{}); err != nil || !reflect.DeepEqual(h, permit.Holding{}) {
		b.Errorf("nobody holds %+v %v", h, err)
	}
}

func only[V any](list []V, keep func(V) bool) (out []V) {
	for _, v := range list {
		if keep(v) {
			out = append(out, v)
		}
	}
	return slices.Clip(out)
}
