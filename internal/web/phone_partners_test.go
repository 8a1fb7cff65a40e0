package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
)

// Whom a phone may name comes by names: those with whom its site has an agreement first, others by
// a part of the name; nobody who takes no waste, and nothing for somebody else's site.
func TestPhonePartners(t *testing.T) {
	w := newWorld(t)
	code := func(n int) string { return string(registrytest.Code(n)) }
	load := func(kind, csv string) {
		t.Helper()
		if rep := must1(w.reg.Import(t.Context(), kind, strings.NewReader(csv), false))(t); !rep.Applied {
			t.Fatalf("%s: %+v", kind, rep)
		}
	}
	orgs, sites := "credit_code,name,roles\n", "credit_code,name,kind,division,built_up\n"
	for i, o := range []string{"样例收集点 SAMPLE,collector;carrier", "样例处置厂 SAMPLE,operator", "样例运输 SAMPLE,carrier", "样例门诊 SAMPLE,medical"} {
		orgs += code(41+i) + "," + o + "\n"
		sites += fmt.Sprintf("%s,样例场所 %d,plant,130602,1\n", code(41+i), i)
	}
	load(registry.KindOrganisations, orgs)
	load(registry.KindSites, sites)
	load(registry.KindMembers, "credit_code,site_name,collector,basis,number,valid_from\n"+code(1)+",一院本部,"+code(41)+",contract,SAMPLE-M,2020-01-01\n")
	load(registry.KindPlans, "credit_code,site_name,year,code,planned_t,number,consignee\n"+fmt.Sprintf("%s,一院本部,%d,841-001-01,100,SAMPLE-P,%s\n", code(1), w.clock().Year(), code(42)))

	site := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0]
	b := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{site}, Person: porter(1, "N-1")})
	type told struct {
		Partners []phonePartner
		More     bool
	}
	ask := func(q string) (out told) {
		t.Helper()
		if err := json.Unmarshal([]byte(b.get("/m/partners?site="+site.String()+"&q="+q, 200)), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	names := func(x told) string {
		var s []string
		for _, p := range x.Partners {
			s = append(s, fmt.Sprintf("%s/%v/%v/%d", p.Name, p.Roles, p.Agreed, len(p.Sites)))
		}
		return strings.Join(s, " | ")
	}
	if got := names(ask("")); !strings.Contains(got, "样例收集点 SAMPLE/[carrier collector]/true/1") || !strings.Contains(got, "样例处置厂 SAMPLE/[operator]/true/1") || strings.Count(got, "|") != 1 {
		t.Errorf("agreed with: %s", got)
	}
	if got := names(ask("样例运输")); got != "样例运输 SAMPLE/[carrier]/false/1" {
		t.Errorf("found: %s", got)
	}
	if got := ask("SAMPLE"); len(got.Partners) != 3 || !got.Partners[0].Agreed || !got.Partners[1].Agreed || got.Partners[2].Agreed || strings.Contains(names(got), "院") || strings.Contains(names(got), "门诊") {
		t.Errorf("found: %s", names(got))
	}
	if got := ask("%25"); len(got.Partners) != 0 {
		t.Errorf("a pattern found %s", names(got))
	}
	other := must1(w.reg.SitesOf(t.Context(), hospital(2)))(t)[0]
	b.get("/m/partners?site="+other.String(), 404)
	b.get("/m/partners?site="+id.SiteOf(hospital(1).UUID()).String(), 404)
	b.get("/m/partners", 422)
	b.get("/m/partners?site=x", 422)
	b.get("/m/partners?site="+site.String()+"&q="+strings.Repeat("x", 101), 422)
	if kept := b.last.Get("Cache-Control"); kept != "no-store" {
		t.Errorf("kept: %q", kept)
	}
}
