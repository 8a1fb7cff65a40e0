package contract

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/intaketest"
	"liandan/internal/server"
)

// credentials are a session, a token of the command line and one of an API client.
type credentials struct {
	session       sitting
	token, client string
}

// open makes them by the contract's own operations.
func (x *town) open() credentials {
	x.t.Helper()
	client, _, secret := x.client1(600, `"chains:read","metrics:read"`)
	token := into[api.TokenAnswer](x.oauth(byCredentials+"&client_id="+client+"&client_secret="+secret).is(200, "")).AccessToken
	return credentials{x.welcome(x.invite("sample.nurse", `{"role":"city_analyst"}`).Code), x.token(access.Appointment{Role: access.CityInspector}), token}
}

// holds asks with each of them.
func (x *town) holds(c credentials) {
	x.t.Helper()
	x.ask(ask{path: "/v1/session", session: c.session}).is(200, "")
	x.ask(ask{path: "/v1/quarantine", token: c.token}).is(200, "")
	x.ask(ask{path: "/metrics", token: c.client}).is(200, "")
}

// at is the same test's view of another server.
func (x *town) at(s *server.Server) *town {
	return &town{World: x.World, t: x.t, server: s, url: s.URL, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}}
}

// TestSignInsOutliveARestart: who was let in before is let in after, on both databases.
func TestSignInsOutliveARestart(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			w := intaketest.New(t, 1)
			data, database := t.TempDir(), db.open(t)
			first := serveFrom(t, data, database, w.Now)
			x := (&town{World: w, t: t}).at(first)
			c := x.open()
			x.holds(c)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := first.Stop(ctx); err != nil {
				t.Fatal(err)
			}
			again := x.at(serveFrom(t, data, database, w.Now))
			again.holds(c)
			again.ask(ask{method: "DELETE", path: "/v1/session", session: c.session}).is(204, "")
			again.ask(ask{path: "/v1/session", session: c.session}).is(401, "unauthorized")
		})
	}
}

// TestASecondServerKnowsWhoIsSignedIn: what one server lets in the other does, and what one
// ends is ended on both.
func TestASecondServerKnowsWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	w := intaketest.New(t, 1)
	here, there, database := t.TempDir(), t.TempDir(), databases[1].open(t)
	a := (&town{World: w, t: t}).at(serveFrom(t, here, database, w.Now))
	for _, name := range []string{"log.key", "seal.key"} { // servers of one database share them
		key := must(os.ReadFile(filepath.Join(here, name)))(t)
		if err := os.WriteFile(filepath.Join(there, name), key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := a.at(serveFrom(t, there, database, w.Now))
	c := a.open()
	w.Advance(time.Second) // tokens of the command line are known elsewhere within a second
	for _, x := range []*town{a, b, a} {
		x.holds(c)
	}
	page := into[api.AccountPage](b.ask(ask{path: "/v1/accounts", token: b.server.Token}).is(200, ""))
	b.ask(ask{method: "POST", path: fmt.Sprintf("/v1/accounts/%s/disable", page.Items[0].ID), token: b.server.Token}).is(200, "")
	a.ask(ask{path: "/v1/session", session: c.session}).is(401, "unauthorized")
	clients := into[api.ClientList](b.ask(ask{path: "/v1/clients", token: b.server.Token}).is(200, ""))
	b.ask(ask{method: "POST", path: "/v1/clients/" + clients.Items[0].ID + "/disable", token: b.server.Token}).is(200, "")
	a.ask(ask{path: "/metrics", token: c.client}).is(401, "unauthorized")
}
