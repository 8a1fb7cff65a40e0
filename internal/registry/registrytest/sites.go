package registrytest

import (
	"liandan/internal/id"
	"liandan/internal/registry"
)

// sitesAsOfADay: a site is what its history says of that day, and today's line of the register
// only where the history says nothing.
func sitesAsOfADay(b *bench) {
	p := registry.PartyID(Code(1))
	ward := registry.SiteID(p, "门诊")
	b.load(registry.KindOrganisations, "credit_code,name,roles\n"+string(Code(1))+",样例诊所 SAMPLE,medical\n")
	b.load(registry.KindSites, "credit_code,name,kind,division,built_up,beds,valid_from,valid_to\n"+string(Code(1))+",门诊,clinic,130602,1,19,2021-01-01,\n")
	ask := func(d string, beds int, kind, division string, known bool) {
		b.Helper()
		for range 2 { // from the store, from the cache
			s, ok, err := b.SiteAt(b.Context(), ward, day(d))
			if err != nil || ok != known || ok && (s.Beds != beds || s.Kind != kind || s.Division != division || s.ID != ward) {
				b.Errorf("%s: %+v %v %v, want %d beds, %s in %s", d, s, ok, err, beds, kind, division)
			}
		}
	}
	ask("2026-03-01", 19, "clinic", "130602", true)
	history := func(rows string) {
		b.load(registry.KindHistory, "credit_code,site_name,valid_from,valid_to,kind,division,built_up,beds\n"+rows)
	}
	history(string(Code(1)) + ",门诊,2026-03-01,,hospital,130606,1,40\n")
	ask("2020-12-31", 0, "", "", false)
	ask("2021-01-01", 19, "clinic", "130602", true)
	ask("2026-02-28", 19, "clinic", "130602", true)
	ask("2026-03-01", 40, "hospital", "130606", true)
	// A correction of the first day reaches back to it and leaves the later day alone.
	b.load(registry.KindSites, "credit_code,name,kind,division,built_up,beds,valid_from,valid_to\n"+string(Code(1))+",门诊,clinic,130602,1,20,2021-01-01,\n")
	ask("2026-02-28", 20, "clinic", "130602", true)
	ask("2026-03-01", 40, "hospital", "130606", true)
	if _, ok, err := b.SiteAt(b.Context(), id.Site{}, day("2026-03-01")); ok || err != nil {
		b.Errorf("the zero site: %v %v", ok, err)
	}
}
