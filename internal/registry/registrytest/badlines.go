package registrytest

import (
	"fmt"
	"strings"
	"time"

	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
)

func importBadOrganisations(b *bench) {
	b.sample()
	const head = "credit_code,name,roles,sample,valid_from,valid_to,id\n"
	line := func(n int, rest string) string { return string(Code(n)) + "," + rest + "\n" }
	for name, c := range map[string]struct {
		csv  string
		want []string
	}{
		"an empty file":       {"", []string{"1 header_missing"}},
		"blank lines only":    {"\n\r\n,,\n", []string{"1 header_missing"}},
		"columns of others":   {"credit_code,name,beds,naam,name\n", []string{"1 beds unknown_column", "1 naam unknown_column", "1 name repeated_column", "1 roles missing_column"}},
		"a header in quotes":  {"\"credit_code,name,roles\n", []string{"1 quote"}},
		"a trailing column":   {"credit_code,name,roles,\n" + line(3, "样例 SAMPLE,medical,"), []string{"1 unknown_column"}},
		"another encoding":    {"credit_code,name,roles\n" + line(3, "\xd1\xf9\xc0\xfd,medical"), []string{"2 not_utf8"}},
		"an open quote":       {head + line(3, `"样例 SAMPLE,medical,,,,`) + line(4, "样例 SAMPLE,medical,,,,"), []string{"2 quote"}},
		"cells missing":       {head + line(3, "样例 SAMPLE,medical"), []string{"2 cell_count"}},
		"a cell too many":     {head + line(3, "样例 SAMPLE,medical,,,,,"), []string{"2 cell_count"}},
		"a line too long":     {head + line(3, strings.Repeat("样", 30_000)+",medical,,,,") + line(4, "样例 SAMPLE,medical,,,,"), []string{"2 line_too_long"}},
		"everything empty":    {head + ",,,0,,,\n", []string{"2 credit_code required", "2 name required", "2 roles required"}},
		"a mistyped code":     {head + strings.Replace(line(3, "样例 SAMPLE,medical,,,,"), "1213", "1223", 1), []string{"2 credit_code invalid_credit_code"}},
		"a name too long":     {head + line(3, strings.Repeat("样", 121)+",medical,,,,"), []string{"2 name length"}},
		"a hidden character":  {head + line(3, "样例\u200bSAMPLE,medical,,,,") + line(4, "样\u202e例,medical,,,,"), []string{"2 name characters", "3 name characters"}},
		"formulas":            {head + line(3, "=1+1,medical,,,,") + line(4, "@SUM(A1),medical,,,,") + line(5, "-x,medical,,,,") + line(6, "＝x,medical,,,,") + line(7, `"+""x""",medical,,,,`), []string{"2 name formula", "3 name formula", "4 name formula", "5 name formula", "6 name formula"}},
		"roles":               {head + line(3, "样例 SAMPLE,medical;medical;nurse,,,,") + line(4, "样例 SAMPLE,;,,,,"), []string{"2 roles repeated", "2 roles value", "3 roles required"}},
		"a flag":              {head + line(3, "样例 SAMPLE,medical,yes,,,"), []string{"2 sample value"}},
		"dates":               {head + line(3, "样例 SAMPLE,medical,,2026/1/1,2026-02-30,") + line(4, "样例 SAMPLE,medical,,1899-12-31,2200-01-01,"), []string{"2 valid_from date", "2 valid_to date", "3 valid_from date", "3 valid_to date"}},
		"reversed":            {head + line(3, "样例 SAMPLE,medical,,2026-01-02,2026-01-01,"), []string{"2 valid_to reversed_validity"}},
		"ended before 2000":   {head + line(3, "样例 SAMPLE,medical,,,1999-12-31,"), []string{"2 valid_to reversed_validity"}},
		"ids":                 {head + line(3, "样例 SAMPLE,medical,,,,019CA000-0000-7000-8000-0000000000A1") + line(4, "样例 SAMPLE,medical,,,,00000000-0000-0000-0000-000000000000"), []string{"2 id id", "3 id id"}},
		"the same twice":      {head + line(3, "样例 SAMPLE,medical,,,,") + line(3, "样例 SAMPLE,nurse,,,,"), []string{"3 roles value", "3 credit_code duplicate"}},
		"another id":          {head + line(1, "样例 SAMPLE,medical,,,,019ca000-0000-7000-8000-0000000000a1"), []string{"2 id id_conflict"}},
		"the id of another":   {head + line(3, "样例 SAMPLE,medical,,,,"+registry.PartyID(Code(1)).String()), []string{"2 id id_conflict"}},
		"an id twice":         {head + line(3, "样例 SAMPLE,medical,,,,019ca000-0000-7000-8000-0000000000a1") + line(4, "样例 SAMPLE,medical,,,,019ca000-0000-7000-8000-0000000000a1"), []string{"3 id id_conflict"}},
		"all that is wrong":   {head + "x,,nurse,2,x,x,x\n" + line(4, "样例 SAMPLE,medical,,,,") + "y,样例,medical,,,,\n", []string{"2 credit_code invalid_credit_code", "2 name required", "2 roles value", "2 sample value", "2 valid_from date", "2 valid_to date", "2 id id", "4 credit_code invalid_credit_code"}},
		"lines between blank": {head + "\n,,,,,,\n" + line(3, "样例 SAMPLE,nurse,,,,"), []string{"4 roles value"}},
	} {
		b.refuses(name, registry.KindOrganisations, c.csv, c.want...)
	}
	rep := b.refuses("one good line among bad ones", registry.KindOrganisations,
		head+line(3, "样例 SAMPLE,medical,,,,")+line(1, "样例医院一 SAMPLE,medical,1,,,")+line(4, "样例 SAMPLE,nurse,,,,"), "4 roles value")
	if rep.Lines != 3 || rep.Added != 1 || rep.Unchanged != 1 || rep.Changed != 0 {
		b.Errorf("%+v", rep)
	}
	b.load(registry.KindOrganisations, "credit_code,name,roles\n"+string(Code(5))+",-5,medical\n") // a number is no formula
}

func importBadSites(b *bench) {
	b.sample()
	const head = "credit_code,name,kind,division,built_up,beds,valid_from,valid_to,id\n"
	const x, y = "019ca000-0000-7000-8000-0000000000b1", "019ca000-0000-7000-8000-0000000000b2"
	line := func(n int, rest string) string { return string(Code(n)) + "," + rest + "\n" }
	for name, c := range map[string]struct {
		csv  string
		want []string
	}{
		"an unknown organisation": {head + line(3, "本部,hospital,130602,1,,,,"), []string{"2 credit_code unknown_organisation"}},
		"an unknown kind":         {head + line(1, "新,ward,130602,1,,,,"), []string{"2 kind value"}},
		"divisions":               {head + line(1, "a,depot,130601,1,,,,") + line(1, "b,depot,13060,1,,,,") + line(1, "c,depot,１30602,1,,,,") + line(1, "d,depot,,1,,,,") + line(1, "e,depot,030602,1,,,,"), []string{"2 division unknown_division", "3 division format", "4 division format", "5 division required", "6 division format"}},
		"built up":                {head + line(1, "a,depot,130602,,,,,") + line(1, "b,depot,130602,2,,,,"), []string{"2 built_up required", "3 built_up value"}},
		"beds":                    {head + line(1, "a,hospital,130602,1,-1,,,") + line(1, "b,hospital,130602,1,1.5,,,") + line(1, "c,hospital,130602,1,100001,,,") + line(1, "d,hospital,130602,1,+1,,,"), []string{"2 beds out_of_range", "3 beds out_of_range", "4 beds out_of_range", "5 beds out_of_range"}},
		"the same twice":          {head + line(1, "新,depot,130602,1,,,,") + line(1, "新,depot,130606,1,,,,"), []string{"3 name duplicate"}},
		"the same id twice":       {head + line(1, "新,depot,130602,1,,,,"+x) + line(1, "旧,depot,130606,1,,,,"+x), []string{"3 id duplicate"}},
		"another's id":            {head + line(1, "新,depot,130602,1,,,,"+registry.SiteID(registry.PartyID(Code(2)), "本部").String()), []string{"2 id id_conflict"}},
		"one name at a time":      {head + line(1, "新,depot,130602,1,,2024-01-01,2024-12-31,"+x) + line(1, "新,depot,130602,1,,2024-12-31,,"+y), []string{"3 valid_from overlapping_validity"}},
		"the other way round":     {head + line(1, "新,depot,130602,1,,2024-12-31,,"+y) + line(1, "新,depot,130602,1,,2024-01-01,2024-12-31,"+x), []string{"3 valid_from overlapping_validity"}},
		"a name in the register":  {head + line(1, "本部,depot,130602,1,,2024-01-01,,"+x), []string{"2 valid_from overlapping_validity"}},
		"several at once":         {head + line(3, "=x,ward,130601,x,x,x,x,x"), []string{"2 name formula", "2 kind value", "2 division unknown_division", "2 built_up value", "2 beds out_of_range", "2 valid_from date", "2 valid_to date", "2 id id", "2 credit_code unknown_organisation"}},
	} {
		b.refuses(name, registry.KindSites, c.csv, c.want...)
	}
	// Adjacent validities of one name are fine, in one file and over several, and so is
	// ending the old one in the very file that brings the new one.
	b.load(registry.KindSites, head+line(1, "新,depot,130602,1,,2024-01-01,2024-12-31,"+x)+line(1, "新,depot,130606,1,,2025-01-01,,"+y))
	rep := b.load(registry.KindSites, head+line(1, "本部,hospital,130606,1,,2026-01-01,,019ca000-0000-7000-8000-0000000000b3")+line(1, "本部,hospital,130602,1,,,2025-12-31,"))
	if rep.Added != 1 || rep.Changed != 1 {
		b.Errorf("%+v", rep)
	}
}

func importBadLicences(b *bench) {
	b.sample()
	const head = "credit_code,number,kind,site_name,codes,methods,valid_from,valid_to\n"
	line := func(n int, rest string) string { return string(Code(n)) + "," + rest + "\n" }
	for name, c := range map[string]struct {
		csv  string
		want []string
	}{
		"an unknown organisation": {head + line(3, "S-1,operating,,*,,2024-01-01,"), []string{"2 credit_code unknown_organisation"}},
		"no first day":            {head + line(1, "S-1,operating,,*,,,"), []string{"2 valid_from required"}},
		"an unknown kind":         {head + line(1, "S-1,storing,,*,,2024-01-01,"), []string{"2 kind value"}},
		"an unknown site":         {head + line(1, "S-1,operating,别处,*,,2024-01-01,"), []string{"2 site_name unknown_site"}},
		"a site of that time":     {head + line(1, "S-1,operating,本部,*,,1990-01-01,1999-12-31"), []string{"2 site_name unknown_site"}},
		"codes":                   {head + line(1, "S-1,operating,,HW00;HW51;900-052-3;HW08;HW08,,2024-01-01,") + line(1, "S-2,operating,,*;HW08,,2024-01-01,") + line(1, "S-3,operating,,,,2024-01-01,"), []string{"2 codes malformed_waste_code", "2 codes malformed_waste_code", "2 codes malformed_waste_code", "2 codes repeated", "3 codes value", "4 codes required"}},
		"methods":                 {head + line(1, "S-1,operating,,*,D2;D10;X,2024-01-01,"), []string{"2 methods unknown_method", "2 methods unknown_method"}},
		"the same twice":          {head + line(1, "S-1,operating,,*,,2024-01-01,2024-12-31") + line(1, "S-1,operating,,*,,2024-01-01,"), []string{"3 number duplicate"}},
		"overlapping":             {head + line(1, "S-1,operating,,*,,2024-01-01,2024-12-31") + line(1, "S-1,operating,,*,,2024-12-31,") + line(2, "S-1,operating,,*,,2024-12-31,"), []string{"3 valid_from overlapping_validity"}},
		"reversed":                {head + line(1, "S-1,operating,,*,,2024-01-02,2024-01-01"), []string{"2 valid_to reversed_validity"}},
		"a formula":               {head + line(1, "=S,operating,@x,*,,2024-01-01,"), []string{"2 number formula", "2 site_name formula"}},
	} {
		b.refuses(name, registry.KindLicences, c.csv, c.want...)
	}
}

func importBadPeople(b *bench) {
	b.sample()
	const head = "credit_code,person,valid_from,valid_to,id\n"
	line := func(n int, rest string) string { return string(Code(n)) + "," + rest + "\n" }
	other := registry.PersonID(registry.PartyID(Code(2)), "N-1").String()
	for name, c := range map[string]struct {
		csv  string
		want []string
	}{
		"an unknown organisation": {head + line(3, "N-1,,,"), []string{"2 credit_code unknown_organisation"}},
		"names":                   {head + line(1, "样例,,,") + line(1, "A B,,,") + line(1, strings.Repeat("a", 65)+",,,"), []string{"2 person reference", "3 person reference", "4 person reference"}},
		"personal numbers":        {head + line(1, "13800138000,,,") + line(1, "86-138-0013-8000,,,") + line(1, "11010519491231002X,,,") + line(1, "110105194912310021,,,"), []string{"2 person personal_data", "3 person personal_data", "4 person personal_data"}},
		"nobody":                  {head + line(1, ",,,"), []string{"2 person required"}},
		"the same twice":          {head + line(1, "N-2,,,") + line(1, "N-2,,2026-12-31,"), []string{"3 person duplicate"}},
		"another's id":            {head + line(1, "N-2,,,"+other), []string{"2 id id_conflict"}},
		"a column for names":      {"credit_code,person,name\n", []string{"1 name unknown_column"}},
	} {
		b.refuses(name, registry.KindPeople, c.csv, c.want...)
	}
}

func importExplicitIDs(b *bench) {
	const given = "019ca000-0000-7000-8000-0000000000a1"
	p, err := id.ParseParty(given)
	b.must(err)
	b.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles,id\n%s,样例 SAMPLE,medical,%s\n", Code(1), given))
	// Without the column the organisation keeps its id: the credit code names it.
	rep := b.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles\n%s,样例二 SAMPLE,medical\n", Code(1)))
	if rep.Changed != 1 {
		b.Errorf("%+v", rep)
	}
	if o, ok, err := b.Organisation(b.Context(), p); err != nil || !ok || o.Name != "样例二 SAMPLE" {
		b.Errorf("%+v %v %v", o, ok, err)
	}
	if _, ok, err := b.Organisation(b.Context(), registry.PartyID(Code(1))); err != nil || ok {
		b.Errorf("a second organisation appeared: %v %v", ok, err)
	}
}

// importLicencePeriods renews a licence under its number: both periods stay known.
func importLicencePeriods(b *bench) {
	b.sample()
	const head = "credit_code,number,kind,codes,valid_from,valid_to\n"
	c := string(Code(1))
	b.load(registry.KindLicences, head+c+",S-1,operating,HW08,2020-01-01,\n")
	b.refuses("a renewal over an open one", registry.KindLicences, head+c+",S-1,operating,HW08;HW49,2025-01-01,\n", "2 valid_from overlapping_validity")
	rep := b.load(registry.KindLicences, head+c+",S-1,operating,HW08;HW49,2025-01-01,\n"+c+",S-1,operating,HW08,2020-01-01,2024-12-31\n")
	if rep.Added != 1 || rep.Changed != 1 {
		b.Errorf("%+v", rep)
	}
	list := b.world().Licences
	want := []party.Period{{From: day("2020-01-01"), To: day("2025-01-01")}, {From: day("2025-01-01"), To: time.Time{}}}
	if len(list) != 2 || list[0].Valid != want[0] || list[1].Valid != want[1] || len(list[0].Codes) != 1 || len(list[1].Codes) != 2 {
		b.Errorf("%+v", list)
	}
}

func importManyLines(b *bench) {
	const n = 2000 // more than any one statement carries
	var orgs, sites strings.Builder
	orgs.WriteString("credit_code,name,roles\n")
	sites.WriteString("credit_code,name,kind,division,built_up\n")
	for i := range n {
		fmt.Fprintf(&orgs, "%s,样例 SAMPLE %d,generator\n", Code(i), i)
		fmt.Fprintf(&sites, "%s,车间,workshop,130609,0\n", Code(i))
	}
	if rep := b.load(registry.KindOrganisations, orgs.String()); rep.Added != n {
		b.Errorf("%+v", rep)
	}
	if rep := b.load(registry.KindSites, sites.String()); rep.Added != n {
		b.Errorf("%+v", rep)
	}
	if rep := b.load(registry.KindSites, sites.String()); rep.Unchanged != n {
		b.Errorf("%+v", rep)
	}
	if w := b.world(); len(w.Organisations) != n || len(w.Sites) != n {
		b.Errorf("%d organisations, %d sites", len(w.Organisations), len(w.Sites))
	}
	last := registry.PartyID(Code(n - 1))
	if o, ok, err := b.Organisation(b.Context(), last); err != nil || !ok || o.CreditCode != Code(n-1) {
		b.Errorf("%+v %v %v", o, ok, err)
	}
}
