package web

import (
	"net/http"
	"slices"
	"strings"
)

// handler is the code of one page. An error becomes a page that says so.
type handler func(w http.ResponseWriter, r *http.Request, v *visit) error

// route is one page: where it is, what the policy calls it, and its code. In a pattern
// {name} stands for one segment that is not empty, {name...} for all the rest.
type route struct {
	method, pattern, operation string
	run                        handler
	private                    bool // has forms or is behind sign-in
	upload                     bool // its form may have a file
}

// anybody makes a handler of a page that need not know who asks.
func anybody(run http.HandlerFunc) handler {
	return func(w http.ResponseWriter, r *http.Request, _ *visit) error {
		run(w, r)
		return nil
	}
}

// table is every page there is. What a form does is the same operation as in the API, so
// that one row of the policy judges and records both.
func (s *Site) table() []route {
	private := slices.Concat(s.signInRoutes(), s.accountRoutes(), s.deviceRoutes(), s.deskRoutes(), s.dutyRoutes(), s.tripRoutes(), s.bookingRoutes(), s.draftRoutes(), s.adminRoutes())
	for i := range private {
		private[i].private = true
	}
	return slices.Concat(s.openRoutes(), s.docsRoutes(), s.phoneRoutes(), private)
}

func (s *Site) openRoutes() []route {
	return []route{
		{method: "GET", pattern: "/", operation: "page:start", run: anybody(s.start)},
		{method: "GET", pattern: "/q", operation: "page:finder", run: anybody(s.lookUp)},
		{method: "GET", pattern: "/q/{label...}", operation: "page:finder", run: anybody(s.find)},
		{method: "GET", pattern: "/verify", operation: "page:check", run: anybody(s.verifyOpen)},
		{method: "GET", pattern: "/problems/{kind...}", operation: "page:problem", run: anybody(s.explain)},
		{method: "GET", pattern: "/assets/{name}", operation: "page:asset", run: s.asset},
		{method: "GET", pattern: "/favicon.ico", operation: "page:asset", run: anybody(icon)},
		{method: "GET", pattern: "/openapi.yaml", operation: "page:openapi", run: anybody(contract)},
	}
}

func (s *Site) signInRoutes() []route {
	return []route{
		{method: "GET", pattern: "/signin", operation: "page:signin", run: s.askedToSignIn},
		{method: "POST", pattern: "/signin", operation: "page:signin", run: s.signIn},
		{method: "GET", pattern: "/signin/oidc", operation: "page:oidc", run: s.toProvider},
		{method: "GET", pattern: "/signin/oidc/callback", operation: "page:oidc", run: s.fromProvider},
		{method: "GET", pattern: "/welcome", operation: "page:welcome", run: s.welcome},
		{method: "POST", pattern: "/welcome", operation: "page:welcome", run: s.accept},
		{method: "POST", pattern: "/signout", operation: "page:signout", run: s.signOut},
	}
}

func (s *Site) accountRoutes() []route {
	return []route{
		{method: "GET", pattern: "/home", operation: "page:home", run: s.home},
		{method: "GET", pattern: "/account", operation: "page:account", run: s.account},
		{method: "POST", pattern: "/account/password", operation: "changePassword", run: s.changePassword},
		{method: "POST", pattern: "/account/totp", operation: "beginTOTP", run: s.beginTOTP},
		{method: "POST", pattern: "/account/totp/confirm", operation: "confirmTOTP", run: s.confirmTOTP},
		{method: "POST", pattern: "/account/totp/remove", operation: "removeTOTP", run: s.removeTOTP},
		{method: "POST", pattern: "/account/sessions/end", operation: "deleteSessions", run: s.signOutEverywhere},
		{method: "POST", pattern: "/account/provider", operation: "page:account", run: s.linkProvider},
		{method: "POST", pattern: "/account/provider/remove", operation: "page:account", run: s.unlinkProvider},
	}
}

func (s *Site) deviceRoutes() []route {
	return []route{
		{method: "GET", pattern: "/devices", operation: "page:devices", run: s.devices},
		{method: "GET", pattern: "/devices/enrolment", operation: "createEnrolment", run: s.askEnrolment},
		{method: "POST", pattern: "/devices/enrolment", operation: "createEnrolment", run: s.enrol},
		{method: "GET", pattern: "/devices/{kid}/lost", operation: "page:lost", run: s.askLost},
		{method: "POST", pattern: "/devices/{kid}/lost", operation: "revokeKey", run: s.revoke},
	}
}

// Route is the address of one page, as its row of the table has it.
type Route struct{ Method, Pattern string }

// Routes lists every address there is, in the order in which they are tried.
func (s *Site) Routes() []Route {
	out := make([]Route, len(s.routes))
	for i, r := range s.routes {
		out[i] = Route{r.method, r.pattern}
	}
	return out
}

// match says whether a path is the route's, and what stands for its names.
func (rt route) match(path string) (map[string]string, bool) {
	var values map[string]string
	want := strings.Split(rt.pattern, "/")
	given := strings.Split(path, "/")
	for i, w := range want {
		if i >= len(given) {
			return nil, false
		}
		name, named := strings.CutPrefix(w, "{")
		name = strings.TrimSuffix(name, "}")
		rest, all := strings.CutSuffix(name, "...")
		switch {
		case named && all:
			if values == nil {
				values = map[string]string{}
			}
			values[rest] = strings.Join(given[i:], "/")
			return values, true
		case named && given[i] != "":
			if values == nil {
				values = map[string]string{}
			}
			values[name] = given[i]
		case w != given[i]:
			return nil, false
		}
	}
	return values, len(given) == len(want)
}
