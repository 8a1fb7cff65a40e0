package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/calendar"
)

// docsFinders lead from a parameter to a value of it that exists and is the visitor's to
// see: steps, one a line, each an operation of this API that changes nothing and a pointer
// into its answer. {} stands for what the step before found, * in a pointer for any item,
// and WHERE for what the visitor may search in.
var docsFinders = map[string]string{
	"batch":     "/v1/search?kind=batch&limit=1&WHERE /items/0/id",
	"manifest":  "/v1/search?kind=manifest&limit=1&WHERE /items/0/id",
	"event":     "/v1/search?kind=batch&limit=1&WHERE /items/0/id\n/v1/batches/{}/chain /steps/0/event_id",
	"site":      "/v1/search?kind=batch&limit=1&WHERE /items/0/site",
	"party":     "/v1/keys?limit=1 /items/0/party",
	"person":    "/v1/keys?limit=1 /items/0/person",
	"kid":       "/v1/keys?limit=1 /items/0/kid",
	"account":   "/v1/accounts?limit=1 /items/0/id",
	"client":    "/v1/clients /items/0/id",
	"indicator": "/v1/indicators /items/0/indicator",
	"draw":      "/v1/draws?limit=1 /items/0/event",
}

// docsFinder is the finder of a parameter for a visitor; "" when one of its steps is not
// theirs to take.
func (s *Site) docsFinder(v *visit, b *docsBook, param string) string {
	steps := docsFinders[param]
	if steps == "" || v.Anonymous() {
		return ""
	}
	if strings.Contains(steps, "WHERE") {
		where := s.docsWhere(v)
		if where == "" { // an authority: whoever has a device may have waste
			where, steps = "party={}", "/v1/keys?limit=200 /items/*/party\n"+steps
		}
		steps = strings.ReplaceAll(steps, "WHERE", where)
	}
	for step := range strings.SplitSeq(steps, "\n") {
		if id := b.reads(step); id == "" || s.Gate.May(v.Caller, id) != nil {
			return ""
		}
	}
	return steps
}

// reads is the operation that a step of a finder reads; "" for none.
func (b *docsBook) reads(step string) string {
	path, _, _ := strings.Cut(step, " ")
	path, _, _ = strings.Cut(path, "?")
	for id, o := range b.operations {
		if _, ok := (route{pattern: o.Path}).match(path); ok && o.Method == http.MethodGet {
			return id
		}
	}
	return ""
}

// docsWhere is the part of the waste that a visitor's appointment lets them search; "" for
// those that are of no organisation.
func (s *Site) docsWhere(v *visit) string {
	i := slices.IndexFunc(v.Appointments, func(g access.Appointment) bool { return g.Valid.Holds(s.Now()) && !g.Party.IsZero() })
	if i < 0 {
		return ""
	}
	g := v.Appointments[i]
	where := "party=" + g.Party.String()
	switch {
	case len(g.Sites) > 0:
		where += "&site=" + g.Sites[0].String()
	case !g.Person.IsZero():
		where += "&person=" + g.Person.String()
	}
	return where
}

// docsFirst is a value to begin with: a time, or what the visitor is appointed to.
func (s *Site) docsFirst(v *visit, p docsParam) string {
	now := s.Now().In(calendar.Zone())
	switch p.Name {
	case "period", "year":
		return now.Format("2006")
	case "month":
		return now.Format("2006-01")
	case "from":
		now = time.Date(now.Year(), 1, 1, 0, 0, 0, 0, now.Location())
		fallthrough
	case "to":
		if p.Shape.Ref == "" {
			return now.Format("2006-01-02")
		}
		return now.Format("2006-01-02T15:04:05.000-07:00")
	}
	for _, g := range v.Appointments {
		if !g.Valid.Holds(s.Now()) {
			continue
		}
		switch {
		case p.Name == "party" && !g.Party.IsZero():
			return g.Party.String()
		case p.Name == "site" && len(g.Sites) > 0:
			return g.Sites[0].String()
		}
	}
	return ""
}
