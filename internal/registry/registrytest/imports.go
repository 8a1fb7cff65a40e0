package registrytest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/registry"
)

// world is the whole register, in an order of its own.
type world struct {
	Organisations []party.Organisation
	Sites         []party.Site
	Licences      []party.Licence
	People        []registry.Person
	Vehicles      []permit.Vehicle
	Plans         []permit.PlanLine
	Approvals     []permit.Approval
}

func (b *bench) world() (w world) {
	b.Helper()
	r := b.Store.Store.RegistryReader(b.Context())
	var err error
	w.Organisations, err = r.Organisations()
	b.must(err)
	w.Sites, err = r.Sites()
	b.must(err)
	w.Licences, err = r.Licences()
	b.must(err)
	w.People, err = r.People()
	b.must(err)
	w.Vehicles, err = r.Vehicles()
	b.must(err)
	w.Plans, err = r.Plans()
	b.must(err)
	w.Approvals, err = r.Approvals()
	b.must(err)
	w.sort()
	return w
}

func (w *world) sort() {
	sortBy(w.Organisations, func(v party.Organisation) string { return v.ID.String() })
	sortBy(w.Sites, func(v party.Site) string { return v.ID.String() })
	sortBy(w.Licences, func(v party.Licence) string {
		return v.Party.String() + v.Number + v.Valid.From.Format(time.RFC3339)
	})
	sortBy(w.People, func(v registry.Person) string { return v.ID.String() })
	sortBy(w.Vehicles, func(v permit.Vehicle) string { return v.Plate })
	sortBy(w.Plans, func(v permit.PlanLine) string {
		return string(v.Code) + string(v.Method) + v.Filed.Format(time.RFC3339)
	})
	sortBy(w.Approvals, func(v permit.Approval) string { return v.Number + string(v.Code) })
}

func sortBy[V any](list []V, key func(V) string) {
	slices.SortFunc(list, func(a, b V) int { return strings.Compare(key(a), key(b)) })
}

// day is midnight at +08:00.
func day(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s+"T00:00:00+08:00")
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// whole is a register with every column, a byte order mark, the columns in an order of
// their own, CRLF, quotation marks and full-width semicolons.
func whole() map[string]string {
	a, c := Code(1), Code(2)
	return map[string]string{
		registry.KindOrganisations: "\ufeffname,credit_code,valid_to,valid_from,sample,roles,id\r\n" +
			`"样例医院, ""一"" SAMPLE",` + string(a) + ",,2020-02-29,1, operator；medical ,\r\n" +
			"样例运输 SAMPLE," + string(c) + ",2027-12-31,,0,carrier;collector,019ca000-0000-7000-8000-0000000000a1\r\n\r\n,,,,,,\r\n",
		registry.KindSites: "credit_code,name,kind,division,built_up,beds,valid_from,valid_to,id\n" +
			string(a) + ",本部,hospital,130602,1,480,,,\n" +
			string(a) + ",暂存点,depot,130629,0,,2021-01-01,2026-06-30,019ca000-0000-7000-8000-0000000000b1\n" +
			string(c) + ",本部,station,110101,0,0,,,",
		registry.KindLicences: "credit_code,number,kind,site_name,codes,methods,valid_from,valid_to,yearly_t,scopes\n" +
			string(c) + ",SAMPLE-001,collecting,本部,HW49;HW08;900-052-31,,2024-01-01,2026-12-31,5000.5,HW08//3000；900-052-31/R4/\n" +
			string(c) + ",SAMPLE-002,transport,,*,,2024-01-01,,,\n" +
			string(a) + ",SAMPLE-001,operating,本部,us:D009,us:H141;D10;C1,2024-01-01,2024-01-01,,*/us:H141/0.000001\n",
		registry.KindVehicles: "credit_code,plate,permit,capacity_kg,medical,valid_from,valid_to\n" +
			string(c) + ",冀F·00001,SAMPLE-V1,4500.5,1,2024-01-01,2026-12-31\n" + string(c) + ",冀F00002,SAMPLE-V2,,,2024-01-01,\n",
		registry.KindPlans: "credit_code,site_name,year,code,method,consignee,planned_t,number,filed\n" +
			string(a) + ",本部,2026,841-001-01,,,120.5,SAMPLE-P1,2025-12-20\n" + string(a) + ",本部,2026,841-001-01,,,150,,2026-06-01\n" +
			string(a) + ",本部,2026,900-047-49,D10," + string(c) + ",0.000001,,\n",
		registry.KindApprovals: "credit_code,number,consignee,code,method,approved_t,valid_from,valid_to\n" +
			string(a) + ",SAMPLE-A1," + string(Code(7)) + ",900-047-49,D10,3,2026-01-01,2026-12-31\n",
		registry.KindHistory: "credit_code,site_name,valid_from,valid_to,kind,division,built_up,beds,social\n" +
			string(a) + ",本部,2026-03-01,,hospital,130606,1,500,\n" + string(c) + ",本部,2026-01-01,2026-06-30,workshop,130602,0,,repair\n",
		registry.KindMembers: "credit_code,site_name,collector,basis,number,valid_from\n" + string(a) + ",本部," + string(c) + ",contract,SAMPLE-M1,2026-01-01\n",
		registry.KindBases:   "figure,division,year,amount,source,reason\nlandfilled,130602,2020,123456789,样例 SAMPLE,样例 SAMPLE\n",
		registry.KindChoices: "indicator,choice,value,reason\n59,passes,pass_or_basic,样例 SAMPLE\n",
		registry.KindSheets:  "sheet,version,class,total,pass,basic,accident,item,max,veto\nSAMPLE,1,operator,3,3,2,1,1,2,1\nSAMPLE,1,operator,3,3,2,1,2,1,0\n",
		registry.KindFactors: "set,method,code,kg_per_t,source,certainty,valid_from,valid_to,reason\nSAMPLE,R9,HW08,-12.5,样例 SAMPLE,U,2026-01-01,2026-12-31,样例 SAMPLE\n" +
			"SAMPLE,R4,900-052-31,,样例 SAMPLE,U,2026-01-01,,样例 SAMPLE\n",
		registry.KindPeople: "credit_code,person,valid_from,valid_to,id\n" +
			string(a) + ",N-1,,,\n" + string(a) + ",,2025-01-01,,019ca000-0000-7000-8000-0000000000d1\n" + string(c) + ",N-1,,2026-12-31,\n",
	}
}

func wholeWorld() (w world) {
	p, q := registry.PartyID(Code(1)), id.Party{}
	q, _ = id.ParseParty("019ca000-0000-7000-8000-0000000000a1")
	depot, _ := id.ParseSite("019ca000-0000-7000-8000-0000000000b1")
	other, _ := id.ParsePerson("019ca000-0000-7000-8000-0000000000d1")
	w.Organisations = []party.Organisation{
		{ID: p, CreditCode: Code(1), Name: `样例医院, "一" SAMPLE`, Roles: []party.Role{party.Medical, party.Operator}, Sample: true, Valid: party.Period{From: day("2020-02-29")}},
		{ID: q, CreditCode: Code(2), Name: "样例运输 SAMPLE", Roles: []party.Role{party.Collector, party.Carrier}, Valid: party.Period{From: day("2000-01-01"), To: day("2028-01-01")}},
	}
	w.Sites = []party.Site{
		{ID: registry.SiteID(p, "本部"), Party: p, Name: "本部", Kind: "hospital", Division: "130602", BuiltUp: true, Beds: 480, Valid: since2000()},
		{ID: depot, Party: p, Name: "暂存点", Kind: "depot", Division: "130629", Valid: party.Period{From: day("2021-01-01"), To: day("2026-07-01")}},
		{ID: registry.SiteID(q, "本部"), Party: q, Name: "本部", Kind: "station", Division: "110101", Valid: since2000()},
	}
	w.Licences = []party.Licence{
		{Number: "SAMPLE-001", Party: q, Site: registry.SiteID(q, "本部"), Kind: "collecting", Codes: []string{"900-052-31", "HW08", "HW49"}, Yearly: 5_000_500_000,
			Scopes: []party.Scope{{Code: "900-052-31", Method: "R4"}, {Code: "HW08", Yearly: 3_000_000_000}}, Valid: party.Period{From: day("2024-01-01"), To: day("2027-01-01")}},
		{Number: "SAMPLE-002", Party: q, Kind: "transport", Codes: []string{"*"}, Valid: party.Period{From: day("2024-01-01")}},
		{Number: "SAMPLE-001", Party: p, Site: registry.SiteID(p, "本部"), Kind: "operating", Codes: []string{"us:D009"}, Methods: []string{"C1", "D10", "us:H141"},
			Scopes: []party.Scope{{Code: "*", Method: "us:H141", Yearly: 1}}, Valid: party.Period{From: day("2024-01-01"), To: day("2024-01-02")}},
	}
	w.People = []registry.Person{
		{ID: registry.PersonID(p, "N-1"), Party: p, Valid: since2000()},
		{ID: other, Party: p, Valid: party.Period{From: day("2025-01-01")}},
		{ID: registry.PersonID(q, "N-1"), Party: q, Valid: party.Period{From: day("2000-01-01"), To: day("2027-01-01")}},
	}
	w.Vehicles = []permit.Vehicle{
		{Party: q, Plate: "冀F·00001", Permit: "SAMPLE-V1", Capacity: 4_500_500, Medical: true, Valid: party.Period{From: day("2024-01-01"), To: day("2027-01-01")}},
		{Party: q, Plate: "冀F00002", Permit: "SAMPLE-V2", Valid: party.Period{From: day("2024-01-01")}},
	}
	ward := registry.SiteID(p, "本部")
	w.Plans = []permit.PlanLine{
		{Party: p, Site: ward, Year: 2026, Filed: day("2026-01-01"), Code: "841-001-01", Planned: 120_500_000, Number: "SAMPLE-P1"},
		{Party: p, Site: ward, Year: 2026, Filed: day("2026-06-01"), Code: "841-001-01", Planned: 150_000_000},
		{Party: p, Site: ward, Year: 2026, Filed: day("2026-01-01"), Code: "900-047-49", Method: "D10", Consignee: Code(2), Planned: 1},
	}
	w.Approvals = []permit.Approval{
		{Number: "SAMPLE-A1", Party: p, Consignee: Code(7), Code: "900-047-49", Method: "D10", Approved: 3_000_000, Valid: party.Period{From: day("2026-01-01"), To: day("2027-01-01")}},
	}
	w.sort()
	return w
}

func importWhole(b *bench) {
	for i, kind := range registry.Kinds() {
		want := registry.Report{Kind: kind, Lines: []int{2, 3, 3, 3, 2, 3, 1, 2, 1, 1, 1, 2, 2}[i], Applied: true}
		want.Added = want.Lines
		if rep := b.load(kind, whole()[kind]); !reflect.DeepEqual(rep, want) {
			b.Errorf("%+v, want %+v", rep, want)
		}
	}
	if got, want := b.world(), wholeWorld(); !reflect.DeepEqual(got, want) {
		b.Errorf("\n%+v, want\n%+v", got, want)
	}
}

func importAgain(b *bench) {
	for _, kind := range registry.Kinds() {
		b.load(kind, whole()[kind])
	}
	before := b.version()
	for _, kind := range registry.Kinds() {
		rep := b.load(kind, whole()[kind])
		if rep.Unchanged != rep.Lines || rep.Added+rep.Changed != 0 {
			b.Errorf("again: %+v", rep)
		}
	}
	if v := b.version(); v != before {
		b.Errorf("imports that change nothing moved the version from %d to %d", before, v)
	}
	// One of each is changed in one place: only that is written.
	for kind, swap := range map[string][2]string{
		registry.KindOrganisations: {"operator；", "generator；"}, registry.KindSites: {",480,", ",481,"},
		registry.KindLicences: {",HW49;", ",HW48;"}, registry.KindPeople: {",2026-12-31,", ",2026-12-30,"},
		registry.KindVehicles: {",4500.5,", ",4500.6,"}, registry.KindPlans: {",150,", ",151,"}, registry.KindApprovals: {",3,", ",3.5,"},
		registry.KindHistory: {",500,", ",501,"}, registry.KindMembers: {",contract,", ",plan,"}, registry.KindBases: {"123456789", "123456788"}, registry.KindChoices: {",pass_or_basic,", ",pass,"}, registry.KindFactors: {",-12.5,", ",-12.6,"},
	} {
		csv := strings.Replace(whole()[kind], swap[0], swap[1], 1)
		rep := b.load(kind, csv)
		if rep.Changed != 1 || rep.Unchanged != rep.Lines-1 || rep.Added != 0 {
			b.Errorf("%s with %s: %+v", kind, swap[1], rep)
		}
		if rep := b.load(kind, whole()[kind]); rep.Changed != 1 {
			b.Errorf("%s back again: %+v", kind, rep)
		}
	}
	if got, want := b.world(), wholeWorld(); !reflect.DeepEqual(got, want) {
		b.Errorf("\n%+v, want\n%+v", got, want)
	}
}

func importDryRun(b *bench) {
	before := b.version()
	for _, kind := range registry.Kinds() {
		rep, err := b.Import(b.Context(), kind, strings.NewReader(whole()[kind]), true)
		b.must(err)
		if rep.Applied || (kind == registry.KindOrganisations && (rep.Added != 2 || len(rep.Bad) != 0)) {
			b.Errorf("%+v", rep)
		}
		refers := !slices.Contains([]string{registry.KindOrganisations, registry.KindBases, registry.KindChoices, registry.KindSheets, registry.KindFactors}, kind)
		if refers && len(rep.Bad) < rep.Lines { // nothing is there to belong to
			b.Errorf("%+v", rep)
		}
	}
	if v := b.version(); v != before || !reflect.DeepEqual(b.world(), world{Organisations: []party.Organisation{}, Sites: []party.Site{}, Licences: []party.Licence{}, People: []registry.Person{},
		Vehicles: []permit.Vehicle{}, Plans: []permit.PlanLine{}, Approvals: []permit.Approval{}}) {
		b.Errorf("a dry run wrote: version %d to %d, %+v", before, v, b.world())
	}
}

// refuses imports a file with bad lines, compares every fault, and checks that nothing
// changed. A fault is written "line column code".
func (b *bench) refuses(name, kind, csv string, want ...string) registry.Report {
	b.Helper()
	before, version := b.world(), b.version()
	var rep registry.Report
	for _, dry := range []bool{true, false} {
		var err error
		if rep, err = b.Import(b.Context(), kind, strings.NewReader(csv), dry); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, bad := range rep.Bad {
			got = append(got, strings.Join(strings.Fields(fmt.Sprintf("%d %s %s", bad.Line, bad.Column, bad.Code)), " "))
			if bad.Detail == "" || bad.DetailZH == "" || strings.Contains(bad.Detail+bad.DetailZH, "%!") {
				b.Errorf("%s: %+v", name, bad)
			}
		}
		if !slices.Equal(got, want) {
			b.Errorf("%s (dry run: %v):\ngot  %q\nwant %q", name, dry, got, want)
		}
		if rep.Applied {
			b.Errorf("%s: applied", name)
		}
	}
	if v := b.version(); v != version || !reflect.DeepEqual(b.world(), before) {
		b.Errorf("%s: a refused file changed the register (version %d to %d)", name, version, v)
	}
	return rep
}
