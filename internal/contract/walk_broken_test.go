package contract

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"liandan/api"
	views "liandan/internal/audit"
	"liandan/internal/event"
	"liandan/internal/httpapi"
	"liandan/internal/intaketest"
	"liandan/internal/registry"
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
	bare := ask{method: "POST", path: "/v1/events/validate", mediaType: "application/json", body: string(must(x.Generate(1).Event.Payload())(x.t))}
	x.ask(bare).is(503, "unavailable")
}

// secret is what no answer may show.
const secret = "SAMPLE-password"

// tokensOnly is a registry that knows every token, and has nothing else behind it: its
// other methods panic.
type tokensOnly struct{ httpapi.Registry }

func (tokensOnly) Authenticate(context.Context, string) (registry.Principal, error) {
	return registry.Principal{Operator: true}, nil
}

// lostFinder cannot find anything, for a reason that is no fault of the caller's.
type lostFinder struct{}

func (lostFinder) Finder(context.Context, event.Label) (views.LabelView, error) {
	return views.LabelView{}, errors.New(secret)
}

// walkBroken asks a face behind which everything panics: each operation must answer 500
// with a problem that says nothing of the cause.
func walkBroken(t *testing.T, j *referee) {
	s := httptest.NewServer(httpapi.Handler(httpapi.Config{Registry: tokensOnly{}, Pages: web.New(web.Config{Finder: lostFinder{}})}))
	defer s.Close()
	x := &town{World: intaketest.New(t, 1), t: t, referee: j, url: s.URL, client: &http.Client{Transport: j, Timeout: time.Minute},
		server: &server.Server{Token: "lt_SAMPLE"}}
	const some = "019ca000-0000-7000-8000-0000000000b1"
	label := string(event.NewLabel([26]byte{9}))
	p := &place{known: map[string]string{"kind": "organisations", "level": "0", "path": "000.p/1", "batch": some, "manifest": some, "event": some,
		"label": label, "kid": x.Hospital.Kid(), "signed challenge": string(must(x.Hospital.SignEnrolment("x"))(t)),
		"challenge request": `{"code":"7K3M-9QXA-T2VD","jwk":` + string(must(x.Hospital.JWK())(t)) + `}`}}
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
