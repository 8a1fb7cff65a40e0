package web

import (
	"testing"

	"liandan/internal/access"
	"liandan/internal/id"
)

// A name is shown to the administrators of the very organisation that the person is of, and to
// nobody else: not to a colleague, another organisation, an inspector or the city.
func TestWhoIsShownByName(t *testing.T) {
	w, c := chainWorld(t)
	w.enrol(1, "PDA 1")
	w.enrol(2, "PDA 2")
	nurse := access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{c.site}, Person: porter(1, "N-1")}
	w.account("nurse.one", nurse)
	w.account("nurse.two", access.Appointment{Role: access.SiteStaff, Party: hospital(2), Sites: must1(w.reg.SitesOf(t.Context(), hospital(2)))(t), Person: porter(2, "N-1")})
	const one, two = "样例 nurse.one（nurse.one）", "样例 nurse.two（nurse.two）"
	chain := "/inspect/batch/" + oneBatch.String()
	short := uid(porter(1, "N-1").String()).Short()

	own := w.signedIn("admin.one", administrator(1))
	contains(t, own.get("/devices", 200), one, short)
	contains(t, own.get("/devices?q=NURSE.one", 200), one)
	lacks(t, own.get("/devices?q=nurse.two", 200), "PDA 1", "PDA 2", two)
	contains(t, own.get(chain, 200), one)

	other := w.signedIn("admin.two", administrator(2))
	body := other.get("/devices", 200)
	contains(t, body, two)
	lacks(t, body, one)
	other.get(chain, 404)

	for login, g := range map[string]access.Appointment{"inspector.one": {Role: access.DistrictInspector, Divisions: []string{"130602"}}, "city.one": {Role: access.CityInspector}} {
		b := w.signedIn(login, g)
		for _, path := range []string{"/devices", chain} {
			body := b.get(path, 200)
			contains(t, body, short)
			lacks(t, body, "nurse.one", "本人")
		}
		lacks(t, b.get("/devices?q=nurse.one", 200), "PDA 1")
	}
	// Their own devices, and nobody's name.
	self := w.signedIn("nurse.too", nurse)
	body = self.get("/devices", 200)
	contains(t, body, "本人", short)
	lacks(t, body, "nurse.one", "PDA 2")
}
