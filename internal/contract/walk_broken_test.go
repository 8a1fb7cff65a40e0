package contract

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
	views "liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/gate"
	"liandan/internal/httpapi"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/server"
	"liandan/internal/web"
)

// gone closes the store under the running server: every operation that says so must
// answer 503, whatever it is asked, and what needs no database goes on.
func (p *place) gone(x *town) {
	bags := [][]byte{x.Generate(1).JWS, x.Generate(2).JWS}
	if err := x.server.Store.Close(); err != nil {
		x.t.Fatal(err)
	}
	for _, c := range x.referee.calls {
		q := p.sound(x, c)
		switch {
		case c.op.Responses.Status(http.StatusServiceUnavailable) == nil:
			x.ask(q).is(200, "")
		case c.op.OperationID == "createToken":
			x.ask(q).refused(503, "temporarily_unavailable")
		case c.op.OperationID == "getMetrics": // a token that is known needs no database
			q.token = "la_" + strings.Repeat("a", 52)
			x.ask(q).is(503, "unavailable")
		case c.op.OperationID == "findBatchByLabel": // a page
			if a := x.ask(q).is(503, ""); a.header.Get("Retry-After") == "" {
				x.t.Errorf("%s: 503 without Retry-After", a.at)
			}
		default:
			x.ask(q).is(503, "unavailable")
		}
	}
	for _, r := range x.many(bags...) {
		if r.Status != 503 || r.Problem.Kind != "unavailable" {
			x.t.Errorf("line %d: %+v", r.Line, r)
		}
	}
	bare := ask{method: "POST", path: "/v1/events/validate", token: x.hospital, mediaType: "application/json", body: string(must(x.Generate(1).Event.Payload())(x.t))}
	x.ask(bare).is(503, "unavailable")
}

// secret is what no answer may show.
const secret = "SAMPLE-password"

// everybody is who may do anything; the gate has nothing else behind it.
func everybody() *gate.Gate {
	var all access.Actor
	for _, r := range access.Roles() {
		all.Appointments = append(all.Appointments, access.Appointment{Role: r, Party: id.PartyOf(id.UUID{1})})
	}
	as := func(k access.Kind) access.Actor {
		return access.Actor{Kind: k, ID: "sample", Appointments: all.Appointments}
	}
	return gate.New(gate.Config{Policy: rules, Now: time.Now,
		Token:   func(context.Context, string) (access.Actor, error) { return as(access.ByToken), nil },
		Session: func(context.Context, string) (access.Actor, string, error) { return as(access.ByPerson), "x", nil }})
}

// lostFinder cannot find anything, for a reason that is no fault of the caller's.
type lostFinder struct{}

func (lostFinder) Finder(context.Context, event.Label) (views.LabelView, error) {
	return views.LabelView{}, errors.New(secret)
}

// walkBroken asks a face behind which everything panics: each operation must answer 500
// with a problem that says nothing of the cause.
func walkBroken(t *testing.T, j *referee) {
	s := httptest.NewServer(httpapi.Handler(httpapi.Config{Gate: everybody(), Pages: web.New(web.Config{Finder: lostFinder{}})}))
	defer s.Close()
	x := &town{World: intaketest.New(t, 1), t: t, referee: j, url: s.URL, client: &http.Client{Transport: j, Timeout: time.Minute},
		server: &server.Server{Token: "lt_SAMPLE"}, hospital: "lt_SAMPLE", plant: "lt_SAMPLE", inspector: "lt_SAMPLE",
		nurse: sitting{cookie: "lw_SAMPLE", Session: api.Session{CSRF: "x"}}}
	const some = "019ca000-0000-7000-8000-0000000000b1"
	label := string(event.NewLabel([26]byte{9}))
	p := &place{known: map[string]string{"period": "2026-01", "kind": "organisations", "level": "0", "path": "000.p/1", "batch": some, "manifest": some, "event": some, "site": some, "table": "ledger", "records": "manifests", "trip": some, "draw": some, "draft": some,
		"account": some, "appointment": some, "party": some, "client": some, "secret": some, "client secret": "lw_SAMPLE", "rotation": "x.x.x",
		"label": label, "kid": x.Hospital.Kid(), "signed challenge": string(must(x.Hospital.SignEnrolment("x"))(t)),
		"challenge request": `{"code":"7K3M-9QXA-T2VD","jwk":` + string(must(x.Hospital.JWK())(t)) + `}`}}
	p.known["booking"], p.known["report"] = some, some
	for _, c := range j.calls {
		if c.op.Responses.Status(http.StatusInternalServerError) == nil {
			continue
		}
		a := x.ask(p.sound(x, c))
		if a.status != 500 {
			t.Errorf("%s: is answered with %d: %s", a.at, a.status, a.body)
		}
		for _, hint := range []string{secret, "nil pointer", ".go:"} {
			if bytes.Contains(a.body, []byte(hint)) {
				t.Errorf("%s: shows the cause: %s", a.at, a.body)
			}
		}
		if c.op.OperationID == "findBatchByLabel" {
			continue
		}
		if v := into[api.Problem](a); v.Kind != "internal" || v.Detail == "" {
			t.Errorf("%s: %s", a.at, a.body)
		}
	}
}
