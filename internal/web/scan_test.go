package web

import (
	"encoding/base64"
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/id"
)

// What a scanned code leads to when its whole text is looked for.
func TestScannedCodesAreUnderstood(t *testing.T) {
	site, party := id.SiteOf(hospital(1).UUID()).UUID(), hospital(2).UUID()
	code := base64.RawURLEncoding.EncodeToString(append(site[:], party[:]...))
	for given, want := range map[string][2]string{
		"https://x.test/q/ABC":                                {"ABC", ""},
		"https://x.test/inspect/manifest/" + party.String():   {party.String(), ""},
		"https://x.test/inspect/batch/" + party.String():      {party.String(), ""},
		"https://x.test/m/#source=" + code:                    {"", "/inspect/site/" + site.String()},
		"https://x.test/m/#source=" + code + "123456":         {"", "/inspect/site/" + site.String()},
		"https://x.test/m/#source=" + code[:40]:               {"https://x.test/m/#source=" + code[:40], ""},
		"https://x.test/m/#source=" + strings.Repeat("_", 42): {"https://x.test/m/#source=" + strings.Repeat("_", 42), ""},
		"https://x.test/other/#source=" + code:                {"https://x.test/other/#source=" + code, ""},
		"冀FA12345":                                            {"冀FA12345", ""},
		"%zz":                                                 {"%zz", ""},
	} {
		text, to := scannedIn(given)
		if to != want[1] || (to == "" && text != want[0]) {
			t.Errorf("%s: %q %q, want %q", given, text, to, want)
		}
	}
	w := newWorld(t)
	b := w.signedIn("district.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	contains(t, b.get("/inspect", 200), `data-scanner="/m/a/`+phone().version+`/scan.js"`)
	b.get("/inspect?q=https%3A%2F%2Fx.test%2Fm%2F%23source%3D"+code, 303)
	if to := b.last.Get("Location"); to != "/inspect/site/"+site.String() {
		t.Errorf("a site's code leads to %q", to)
	}
}
