package web

import (
	"slices"
	"strings"
	"testing"

	"liandan/internal/access"
)

// Every entry of the menu is a page that is there, behind sign-in or open, and judged by
// the same operation as the page itself.
func TestMenuLeadsToPages(t *testing.T) {
	s, _ := site(t)
	for _, e := range menu {
		if !slices.ContainsFunc(s.routes, func(rt route) bool {
			_, ok := rt.match(e.path)
			return ok && rt.method == "GET" && rt.operation == e.operation
		}) {
			t.Errorf("no page %s of %s", e.path, e.operation)
		}
		for _, l := range []line{e.name, e.hint, areas[e.area]} {
			if l.ZH == "" || l.EN == "" {
				t.Errorf("%s lacks words: %+v", e.path, l)
			}
		}
	}
}

// A person sees exactly the entries whose pages their roles open.
func TestMenuShowsWhatRolesOpen(t *testing.T) {
	w := newWorld(t)
	for _, g := range []access.Appointment{administrator(1), {Role: access.CityAnalyst}, {Role: access.CityInspector}, {Role: access.SystemAdministrator},
		{Role: access.HealthCommission}, {Role: access.Porter, Party: hospital(1), Person: porter(1, "N-1")}} {
		b := w.signedIn(strings.ReplaceAll(string(g.Role), "_", "."), g)
		body := b.get("/home", 200)
		for _, e := range menu {
			status := 200
			if !strings.Contains(body, `<li><a href="`+e.path+`">`) {
				status = 403
			}
			b.get(e.path, status)
		}
	}
	w.browser().get("/home", 303)
}
