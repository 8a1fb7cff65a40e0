package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"liandan/api"
)

// program is an API client with a live secret.
type program struct{ id, secret, secretID string }

func (x *town) program(perMinute int, scopes ...string) program {
	x.t.Helper()
	list, err := json.Marshal(scopes)
	if err != nil {
		x.t.Fatal(err)
	}
	var c api.Client
	a := x.ask("POST", "/v1/clients", x.operator, typeJSON, fmt.Sprintf(`{"name":"样例 SAMPLE system","scopes":%s,"per_minute":%d}`, list, perMinute))
	if strictly(x.t, a.body, &c); a.status != 201 || len(c.Secrets) != 0 {
		x.t.Fatalf("%d %s", a.status, a.body)
	}
	var s api.NewClientSecret
	a = x.ask("POST", "/v1/clients/"+c.ID+"/secrets", x.operator, typeJSON, `{}`)
	if strictly(x.t, a.body, &s); a.status != 201 || a.header.Get("Cache-Control") != "no-store" {
		x.t.Fatalf("%d %s", a.status, a.body)
	}
	return program{c.ID, s.Secret, s.ID}
}

// tokenOf asks for a token by HTTP Basic, with each part form-encoded first.
func (x *town) tokenOf(p program, form string) answer {
	x.t.Helper()
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(p.id) + ":" + url.QueryEscape(p.secret)))
	return x.oauth("/oauth/token", typeForm, form, "Basic "+basic)
}

func (x *town) oauth(path, contentType, form, authorization string) answer {
	x.t.Helper()
	req, err := http.NewRequest("POST", x.server.URL+path, strings.NewReader(form))
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	return x.read(resp)
}

func (x *town) granted(a answer) api.TokenAnswer {
	x.t.Helper()
	var out api.TokenAnswer
	if strictly(x.t, a.body, &out); a.status != 200 || a.header.Get("Cache-Control") != "no-store" || out.TokenType != "Bearer" || out.ExpiresIn != 3600 {
		x.t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	return out
}

// oauthError reads an answer strictly as an error of RFC 6749 section 5.2.
func (a answer) oauthError(t testing.TB, status int, code string) {
	t.Helper()
	var e api.TokenError
	if strictly(t, a.body, &e); a.status != status || string(e.Error) != code || e.ErrorDescription == "" ||
		!strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v %s, want %d %s", a.status, a.header, a.body, status, code)
	}
	if status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("401 without a Basic challenge: %v", a.header)
	}
}

const byClient = "grant_type=client_credentials"

func TestAProgramActsForWhoGrantedIt(t *testing.T) {
	x := newTown(t)
	bag := x.Generate(1)
	x.send(bag.JWS).receipt(t, 201)
	batch, grants := "/v1/batches/"+bag.Event.Batches[0].ID.String(), "/v1/organisations/"+x.Hospital.Party.String()+"/grants"
	p := x.program(6000, "chains:read", "keys:manage")
	token := x.granted(x.tokenOf(p, byClient))
	if token.Scope != "chains:read keys:manage" || !strings.HasPrefix(token.AccessToken, "la_") {
		t.Errorf("%+v", token)
	}
	read := func(token api.TokenAnswer, path string) answer { return x.ask("GET", path, token.AccessToken, "", "") }
	read(token, batch).problem(t, "forbidden") // nobody has granted it anything
	var g api.Grant
	a := x.ask("PUT", grants+"/"+p.id, x.hospital, typeJSON, `{"scopes":["chains:read"]}`)
	if strictly(t, a.body, &g); a.status != 200 || g.Party != x.Hospital.Party.String() || len(g.Scopes) != 1 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := read(token, batch); a.status != 200 {
		t.Errorf("with the grant: %d %s", a.status, a.body)
	}
	read(token, "/v1/keys").problem(t, "forbidden") // a scope of its own that was not granted
	narrow := x.granted(x.oauth("/oauth/token", typeForm, byClient+"&scope=keys:manage&client_id="+p.id+"&client_secret="+p.secret, ""))
	read(narrow, batch).problem(t, "forbidden")
	alike(t, read(token, "/v1/batches/"+nothingHere), read(token, "/v1/batches/x"), "not-found")
	var list api.GrantList
	if strictly(t, x.ask("GET", grants, x.hospital, "", "").body, &list); len(list.Items) != 1 || list.Items[0].Client != p.id || list.Items[0].To != "" {
		t.Errorf("%+v", list)
	}
	for _, op := range [][3]string{{"GET", "", ""}, {"PUT", "/" + p.id, `{"scopes":["chains:read"]}`}, {"DELETE", "/" + p.id, ""}} {
		kind := map[bool]string{true: typeJSON}[op[2] != ""]
		none := strings.Replace(grants, x.Hospital.Party.String(), nothingHere, 1)
		alike(t, x.ask(op[0], grants+op[1], x.stranger, kind, op[2]), x.ask(op[0], none+op[1], x.stranger, kind, op[2]), "not-found")
		x.ask(op[0], grants+op[1], x.operator, kind, op[2]).problem(t, "forbidden") // the organisation's to give, not the operator's
	}
	if a := x.ask("DELETE", grants+"/"+p.id, x.hospital, "", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	read(token, batch).problem(t, "forbidden")
	x.ask("DELETE", grants+"/"+p.id, x.hospital, "", "").problem(t, "not-found")
}

func TestClientSecretsChangeWithOverlap(t *testing.T) {
	x := newTown(t)
	p := x.program(600, "chains:read")
	at := "/v1/clients/" + p.id
	old := x.granted(x.tokenOf(p, byClient))
	var s api.NewClientSecret
	strictly(t, x.ask("POST", at+"/secrets", x.operator, typeJSON, `{"expires_at":"2026-04-01T00:00:00.000+08:00"}`).body, &s)
	x.ask("POST", at+"/secrets", x.operator, typeJSON, `{}`).problem(t, "conflict")
	x.granted(x.tokenOf(p, byClient))
	x.granted(x.tokenOf(program{id: p.id, secret: s.Secret}, byClient))
	if a := x.ask("DELETE", at+"/secrets/"+p.secretID, x.operator, "", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	x.tokenOf(p, byClient).oauthError(t, 401, "invalid_client")
	x.ask("GET", "/v1/keys", old.AccessToken, "", "").problem(t, "unauthorized") // it died with its secret
	var list api.ClientList
	if strictly(t, x.ask("GET", "/v1/clients", x.operator, "", "").body, &list); len(list.Items) != 1 || len(list.Items[0].Secrets) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, one := range list.Items[0].Secrets { // made in one millisecond, they come in any order
		if (one.RevokedAt != "") != (one.ID == p.secretID) {
			t.Errorf("%+v", list)
		}
	}
	var off api.Client
	if strictly(t, x.ask("POST", at+"/disable", x.operator, "", "").body, &off); off.DisabledAt == "" {
		t.Errorf("%+v", off)
	}
	x.tokenOf(program{id: p.id, secret: s.Secret}, byClient).oauthError(t, 401, "invalid_client")
	x.ask("POST", at+"/secrets", x.operator, typeJSON, `{}`).problem(t, "conflict")
	x.ask("PUT", "/v1/organisations/"+x.Hospital.Party.String()+"/grants/"+p.id, x.hospital, typeJSON, `{"scopes":["chains:read"]}`).problem(t, "conflict")
	for _, bad := range []string{"x", nothingHere, strings.ToUpper(p.id)} {
		x.ask("POST", "/v1/clients/"+bad+"/disable", x.operator, "", "").problem(t, "not-found")
		x.ask("POST", "/v1/clients/"+bad+"/secrets", x.operator, typeJSON, `{}`).problem(t, "not-found")
		x.ask("DELETE", at+"/secrets/"+bad, x.operator, "", "").problem(t, "not-found")
	}
	for _, l := range x.acts() {
		if strings.Contains(fmt.Sprint(l), p.secret) || strings.Contains(fmt.Sprint(l), "SAMPLE") {
			t.Errorf("the record holds a secret or a name: %+v", l)
		}
	}
}

func TestClientsThatAreAskedForWrongly(t *testing.T) {
	x := newTown(t)
	for body, pointer := range map[string]string{`{`: "", `{}`: "/name", `{"name":"x","scopes":[],"per_minute":1}`: "/scopes", `{"name":"x","scopes":["all"],"per_minute":1}`: "/scopes/0",
		`{"name":"x","scopes":["chains:read","chains:read"],"per_minute":1}`: "/scopes/1", `{"name":"x","scopes":["chains:read"],"per_minute":0}`: "/per_minute",
		`{"name":"x","scopes":["chains:read"],"per_minute":60001}`: "/per_minute", `{"name":"x","scopes":["chains:read"],"per_minute":1.5}`: "/per_minute",
		`{"name":"x\u0000","scopes":["chains:read"],"per_minute":1}`: "/name", `{"name":"x","scopes":"chains:read","per_minute":1}`: "/scopes"} {
		p := x.ask("POST", "/v1/clients", x.operator, typeJSON, body).problem(t, "invalid-request")
		if len(p.Errors) == 0 || p.Errors[0].Pointer != pointer {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	p := x.program(600, "chains:read", "metrics:read")
	for _, body := range []string{`{"expires_at":"tomorrow"}`, `{"expires_at":"2020-01-01T00:00:00.000Z"}`, `{"expires_at":"2199-01-01T00:00:00.000Z"}`, `{"expires_at":1}`, `[]`} {
		x.ask("POST", "/v1/clients/"+p.id+"/secrets", x.operator, typeJSON, body).problem(t, "invalid-request")
	}
	grant := "/v1/organisations/" + x.Hospital.Party.String() + "/grants/" + p.id
	for _, body := range []string{`{}`, `{"scopes":[]}`, `{"scopes":["metrics:read"]}`, `{"scopes":["keys:manage"]}`, `{"scopes":["chains:read","chains:read"]}`, `{"scopes":["x"]}`} {
		x.ask("PUT", grant, x.hospital, typeJSON, body).problem(t, "invalid-request")
	}
	x.ask("PUT", "/v1/organisations/x/grants/"+p.id, x.hospital, typeJSON, `{"scopes":["chains:read"]}`).problem(t, "not-found")
	x.ask("PUT", strings.Replace(grant, p.id, "x", 1), x.hospital, typeJSON, `{"scopes":["chains:read"]}`).problem(t, "not-found")
	for _, token := range []string{x.hospital, x.inspector} {
		x.ask("POST", "/v1/clients", token, typeJSON, `{"name":"x","scopes":["chains:read"],"per_minute":1}`).problem(t, "forbidden")
		x.ask("GET", "/v1/clients", token, "", "").problem(t, "forbidden")
	}
}

func TestTokenRequestsThatAreWrong(t *testing.T) {
	x := newTown(t)
	p := x.program(600, "chains:read")
	good := byClient + "&client_id=" + p.id + "&client_secret=" + p.secret
	for name, c := range map[string]struct {
		path, kind, form, auth string
		status                 int
		code                   string
	}{
		"secret in the address":  {"/oauth/token?client_secret=" + p.secret, typeForm, good, "", 400, "invalid_request"},
		"grant type missing":     {"/oauth/token", typeForm, "client_id=" + p.id, "", 400, "invalid_request"},
		"another grant type":     {"/oauth/token", typeForm, strings.Replace(good, "client_credentials", "password", 1), "", 400, "unsupported_grant_type"},
		"JSON":                   {"/oauth/token", typeJSON, `{"grant_type":"client_credentials"}`, "", 400, "invalid_request"},
		"a parameter twice":      {"/oauth/token", typeForm, good + "&scope=a&scope=b", "", 400, "invalid_request"},
		"no form":                {"/oauth/token", typeForm, "%zz;", "", 400, "invalid_request"},
		"too large":              {"/oauth/token", typeForm, good + "&x=" + strings.Repeat("x", maxRequest), "", 400, "invalid_request"},
		"authenticated twice":    {"/oauth/token", typeForm, good, "Basic " + base64.StdEncoding.EncodeToString([]byte(p.id+":"+p.secret)), 400, "invalid_request"},
		"nobody":                 {"/oauth/token", typeForm, byClient, "", 401, "invalid_client"},
		"a bearer token":         {"/oauth/token", typeForm, byClient, "Bearer " + x.operator, 401, "invalid_client"},
		"no base 64":             {"/oauth/token", typeForm, byClient, "Basic %%%", 401, "invalid_client"},
		"another id beside":      {"/oauth/token", typeForm, byClient + "&client_id=" + nothingHere, "Basic " + base64.StdEncoding.EncodeToString([]byte(p.id+":"+p.secret)), 401, "invalid_client"},
		"wrong secret":           {"/oauth/token", typeForm, good + "x", "", 401, "invalid_client"},
		"unknown client":         {"/oauth/token", typeForm, strings.Replace(good, p.id, nothingHere, 1), "", 401, "invalid_client"},
		"an id that is none":     {"/oauth/token", typeForm, strings.Replace(good, p.id, "'%20OR%201=1", 1), "", 401, "invalid_client"},
		"a scope that is none":   {"/oauth/token", typeForm, good + "&scope=everything", "", 400, "invalid_scope"},
		"a scope of another":     {"/oauth/token", typeForm, good + "&scope=chains:read%20keys:manage", "", 400, "invalid_scope"},
		"a scope that is hostil": {"/oauth/token", typeForm, good + "&scope=%00%ff", "", 400, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			a := x.oauth(c.path, c.kind, c.form, c.auth)
			a.oauthError(t, c.status, c.code)
			if strings.Contains(string(a.body), p.secret) {
				t.Error("the secret comes back")
			}
		})
	}
	x.granted(x.oauth("/oauth/token", typeForm, good, "")) // the wrong ones did no harm
	for range 10 {
		x.oauth("/oauth/token", typeForm, good+"x", "")
	}
	a := x.oauth("/oauth/token", typeForm, good+"x", "")
	a.oauthError(t, 429, "temporarily_unavailable")
	if a.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	x.Advance(2 * time.Minute)
	x.granted(x.oauth("/oauth/token", typeForm, good, ""))
	if err := x.store.Close(); err != nil {
		t.Fatal(err)
	}
	x.oauth("/oauth/token", typeForm, good, "").oauthError(t, 503, "temporarily_unavailable")
	for _, o := range x.seen {
		if strings.Contains(fmt.Sprint(o), p.secret) {
			t.Errorf("what is observed holds the secret: %+v", o)
		}
	}
}

func TestAQuotaEndsARun(t *testing.T) {
	x := newTown(t)
	p := x.program(2, "chains:read")
	token := x.granted(x.tokenOf(p, byClient)).AccessToken
	x.ask("GET", "/v1/batches/"+nothingHere, token, "", "").problem(t, "forbidden")
	a := x.ask("GET", "/v1/batches/"+nothingHere, token, "", "")
	if pr := a.problem(t, "quota-exceeded"); a.status != 429 || pr.RetryAfter < 2 || a.header.Get("Retry-After") != fmt.Sprint(pr.RetryAfter) {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	x.Advance(time.Minute)
	x.ask("GET", "/v1/batches/"+nothingHere, token, "", "").problem(t, "forbidden")
}
