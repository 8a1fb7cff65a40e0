package contract

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/crockford"
	"liandan/internal/id"
	"liandan/internal/signature"
)

// password is a good one; no answer may show it.
const password = "样例 SAMPLE 长口令 passphrase"

// identify gives a sound request somebody who may make it.
func (p *place) identify(x *town, c call, q *ask) {
	rule, _ := rules.Rule(c.op.OperationID)
	if slices.Contains([]string{"listWork", "countWork", "searchWaste", "listDrafts", "listFindings", "countFindings"}, c.op.OperationID) {
		q.path += "?party=" + x.Hospital.Party.String()
	}
	switch c.op.OperationID {
	case "listBookings":
		q.path += "?site=" + x.Hospital.Site.String()
	case "listTrips", "listAuthorisations":
		q.path += "?collector=" + x.Carrier.Party.String()
	}
	switch _, inspects := rule.Who[access.CityInspector]; {
	case rule.Public:
	case rule.SignedIn:
		q.session = x.nurse
	case strings.HasSuffix(c.op.OperationID, "Label"):
		q.token = x.plant
	case slices.Contains(planning, c.op.OperationID):
		q.token = x.hospital
	case strings.HasSuffix(c.op.OperationID, "Grant"), strings.Contains(c.op.OperationID, "Draft"), c.op.OperationID == "createStopCode", c.op.OperationID == "importPast", c.op.OperationID == "putManifestScan", c.op.OperationID == "listGrants":
		q.token = x.hospital
	case c.op.OperationID == "confirmStop" && p.driver != "":
		q.token = p.driver
	case inspects && rule.Who[access.SystemAdministrator] == access.None:
		q.token = x.inspector
	default:
		q.token = x.server.Token
	}
}

// planning are the operations on bookings and trips that change something.
var planning = []string{"createBooking", "setBookingState", "createTrip", "changeTrip", "setTripState"}

// rules is the policy's table, to find operations in.
var rules = access.Policy{Rules: access.Table()}

// json posts or puts JSON.
func (x *town) json(method, path string, by ask, body string) answer {
	x.t.Helper()
	by.method, by.path, by.mediaType, by.body = method, path, "application/json", body
	return x.ask(by)
}

// signedIn is the session of a 201.
func (x *town) signedIn(a answer) sitting {
	x.t.Helper()
	s := sitting{Session: into[api.Session](a.is(201, ""))}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if s.cookie = c.Value; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Name != "liandan" {
			x.t.Errorf("the cookie is %+v", c)
		}
	}
	return s
}

func (x *town) welcome(code string) sitting {
	x.t.Helper()
	return x.signedIn(x.json("POST", "/v1/welcome", ask{}, fmt.Sprintf(`{"code":%q,"password":%q,"remember":true}`, code, password)))
}

func (x *town) invite(login, appointment string) api.Invitation {
	x.t.Helper()
	body := fmt.Sprintf(`{"login":%q,"name":"样例 SAMPLE","appointments":[%s]}`, login, appointment)
	return into[api.Invitation](x.json("POST", "/v1/accounts", ask{token: x.server.Token}, body).is(201, ""))
}

// people: the first administrator, invitations, sessions, passwords, second factors.
func (p *place) people(x *town) {
	code, _, err := x.server.AdministratorCode(x.t.Context(), "")
	if err != nil {
		x.t.Fatal(err)
	}
	root := ask{session: x.welcome(code)}
	staff := fmt.Sprintf(`{"role":"site_staff","party":%q,"sites":[%q]}`, x.Hospital.Party, x.Hospital.Site)
	made := x.invite("sample.nurse", staff)
	entrancesOf(x, made.Code)
	x.nurse = x.welcome(made.Code)
	p.known["account"], p.known["appointment"], p.known["party"] = made.Account.ID, made.Account.Appointments[0].ID, x.Hospital.Party.String()
	x.accounts(root, staff)
	x.secondFactor()
	x.passwords()
	for _, path := range []string{"/v1/session", "/v1/sessions"} {
		s := x.signedIn(x.signIn("sample.nurse", password, ""))
		x.ask(ask{path: "/v1/session", session: s}).is(200, "")
		x.ask(ask{method: "DELETE", path: path, session: s}).is(204, "")
		x.ask(ask{path: "/v1/session", session: s, blind: "the session has ended"}).is(401, "unauthorized")
	}
	x.nurse = x.signedIn(x.signIn("sample.nurse", password, ""))
}

func (x *town) signIn(login, password, code string) answer {
	x.t.Helper()
	return x.json("POST", "/v1/session", ask{}, fmt.Sprintf(`{"login":%q,"password":%q,"code":%q,"remember":true}`, login, password, code))
}

// entrancesOf refuses who must not come in.
func entrancesOf(x *town, code string) {
	for _, body := range []string{"{", "[]", "{}", `{"login":"x"}`, `{"login":"x","password":1}`, `{"login":"x","password":"x","more":1}`} {
		x.json("POST", "/v1/session", ask{}, body).is(422, "invalid-request")
	}
	x.signIn("sample.nurse", password, "").is(401, "sign-in-refused") // invited, and no more
	x.json("POST", "/v1/session", ask{origin: "https://elsewhere.example"}, `{"login":"x","password":"x"}`).is(403, "forged-request")
	for range account.LoginTries {
		x.signIn("sample.guessed", "wrong", "").is(401, "sign-in-refused")
	}
	x.signIn("sample.guessed", "wrong", "").is(429, "too-many-attempts")
	accept := func(by ask, code, password string) answer {
		return x.json("POST", "/v1/welcome", by, fmt.Sprintf(`{"code":%q,"password":%q}`, code, password))
	}
	accept(ask{}, "", password).is(422, "invalid-request")
	accept(ask{}, code, "1234567890").is(422, "weak-password")
	accept(ask{origin: "https://elsewhere.example"}, code, password).is(403, "forged-request")
	wrong := crockford.Write(make([]byte, 12))
	a := accept(ask{}, wrong, password).is(403, "invitation-refused")
	for range account.AddressTries {
		if a = accept(ask{}, wrong, password); a.status == 429 {
			break
		}
	}
	a.is(429, "too-many-attempts")
	x.Advance(30 * time.Minute)
}

// accounts are managed by whom they concern.
func (x *town) accounts(root ask, staff string) {
	by := ask{token: x.server.Token}
	other := x.invite("sample.other", staff)
	at := "/v1/accounts/" + other.Account.ID
	same := `{"login":"sample.other","name":"样例 SAMPLE","appointments":[` + staff + `]}`
	x.json("POST", "/v1/accounts", by, same).is(409, "conflict")
	x.json("POST", "/v1/accounts", ask{token: x.stranger}, same).is(404, "not-found")
	for _, body := range []string{"{", "{}", strings.Replace(same, staff, "", 1), strings.Replace(same, "site_staff", "api_client", 1), strings.Replace(same, "sample.other", "样例", 1)} {
		x.json("POST", "/v1/accounts", by, body).is(422, "invalid-request")
	}
	for _, q := range []string{"limit=0", "limit=201", "party=x", "cursor=" + strings.Repeat("x", 201)} {
		x.ask(ask{path: "/v1/accounts?" + q, token: x.server.Token}).is(422, "invalid-request")
	}
	hospital := "/v1/accounts?party=" + x.Hospital.Party.String()
	if l := into[api.AccountPage](x.ask(ask{path: hospital, token: x.hospital}).is(200, "")); len(l.Items) != 2 {
		x.t.Errorf("the accounts are %+v", l)
	}
	x.ask(ask{path: hospital, token: x.stranger}).is(404, "not-found")
	given := into[api.Appointment](x.json("POST", at+"/appointments", by, `{"role":"district_inspector","divisions":["130602"]}`).is(201, ""))
	x.json("POST", at+"/appointments", by, `{"role":"district_inspector","divisions":["x"]}`).is(422, "invalid-request")
	x.ask(ask{method: "DELETE", path: at + "/appointments/" + given.ID, token: x.server.Token}).is(204, "")
	x.ask(ask{method: "POST", path: at + "/invitation", token: x.hospital}).is(201, "")
	x.ask(ask{method: "POST", path: at + "/disable", token: x.hospital}).is(200, "")
	own := root.session.Account
	root.method, root.path = "POST", "/v1/accounts/"+own.ID+"/disable"
	x.ask(root).is(409, "conflict")
	root.method, root.path = "DELETE", "/v1/accounts/"+own.ID+"/appointments/"+own.Appointments[0].ID
	x.ask(root).is(409, "conflict")
}

func (x *town) secondFactor() {
	by := ask{session: x.nurse}
	const at = "/v1/session/totp"
	x.json("PUT", at, by, `{"code":"123456"}`).is(409, "conflict")
	setup := into[api.TOTPSetup](x.json("POST", at, by, "").is(201, ""))
	x.json("PUT", at, by, `{"code":""}`).is(422, "invalid-request")
	x.json("PUT", at, ask{session: x.nurse, blind: "the code is of another moment"}, `{"code":"nothing"}`).is(422, "invalid-request")
	code := func() string { return must(totp.GenerateCode(setup.Secret, x.Now()))(x.t) }
	if codes := into[api.RecoveryCodes](x.json("PUT", at, by, fmt.Sprintf(`{"code":%q}`, code())).is(200, "")); len(codes.Codes) != account.RecoveryCodes {
		x.t.Errorf("the recovery codes are %+v", codes)
	}
	x.json("POST", at, by, "").is(409, "conflict")
	x.signIn("sample.nurse", password, "").is(401, "second-factor-needed")
	x.Advance(time.Minute)
	x.signedIn(x.signIn("sample.nurse", password, code()))
	x.json("POST", at+"/remove", by, `{}`).is(422, "invalid-request")
	x.json("POST", at+"/remove", by, `{"password":"wrong"}`).is(401, "sign-in-refused")
	x.json("POST", at+"/remove", by, fmt.Sprintf(`{"password":%q}`, password)).is(204, "")
	x.json("POST", at+"/remove", by, fmt.Sprintf(`{"password":%q}`, password)).is(409, "conflict")
}

func (x *town) passwords() {
	const at, fresh = "/v1/session/password", "另一个 SAMPLE 长口令 other"
	change := func(by sitting, old, fresh string) answer {
		return x.json("PUT", at, ask{session: by}, fmt.Sprintf(`{"old":%q,"new":%q}`, old, fresh))
	}
	change(x.nurse, "", fresh).is(422, "invalid-request")
	change(x.nurse, password, "short").is(422, "weak-password")
	change(x.nurse, "wrong", fresh).is(401, "sign-in-refused")
	change(x.nurse, password, fresh).is(204, "")
	change(x.nurse, fresh, password).is(204, "")
	// Who came by the organisation's provider has no password to change.
	linked := x.welcome(x.invite("sample.linked", `{"role":"city_analyst"}`).Code)
	own := must(id.ParseAccount(linked.Account.ID))(x.t)
	err := x.server.Store.UpdateAccounts(x.t.Context(), func(tx account.Tx) error {
		k, _, err := tx.Account(own)
		k.Password = ""
		if err == nil {
			err = tx.PutAccount(k)
		}
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	change(linked, password, fresh).is(409, "conflict")
}

// client registers an API client with a secret.
func (x *town) client1(perMinute int, scopes string) (clientID, secretID, secret string) {
	x.t.Helper()
	by := ask{token: x.server.Token}
	c := into[api.Client](x.json("POST", "/v1/clients", by, fmt.Sprintf(`{"name":"样例 SAMPLE","scopes":[%s],"per_minute":%d}`, scopes, perMinute)).is(201, ""))
	s := into[api.NewClientSecret](x.json("POST", "/v1/clients/"+c.ID+"/secrets", by, `{}`).is(201, ""))
	return c.ID, s.ID, s.Secret
}

// oauth asks for a token.
func (x *town) oauth(form string) answer {
	x.t.Helper()
	return x.ask(ask{method: "POST", path: "/oauth/token", mediaType: "application/x-www-form-urlencoded", body: form})
}

// refused holds an error of RFC 6749.
func (a answer) refused(status int, code string) {
	a.t.Helper()
	if e := into[api.TokenError](a.is(status, "")); string(e.Error) != code {
		a.t.Errorf("%s: says %s, expected %s", a.at, a.body, code)
	}
}

const byCredentials = "grant_type=client_credentials"

// programs: API clients, what they are granted, and their tokens.
func (p *place) programs(x *town) {
	client, secretID, secret := x.client1(600, `"chains:read","metrics:read"`)
	p.known["client"], p.known["secret"], p.known["client secret"] = client, secretID, secret
	by, at := ask{token: x.server.Token}, "/v1/clients/"+client
	for _, body := range []string{"{", "{}", `{"name":"x","scopes":[],"per_minute":1}`, `{"name":"x","scopes":["all"],"per_minute":1}`, `{"name":"x","scopes":["chains:read"],"per_minute":0}`} {
		x.json("POST", "/v1/clients", by, body).is(422, "invalid-request")
	}
	second := into[api.NewClientSecret](x.json("POST", at+"/secrets", by, `{"expires_at":"2026-06-01T00:00:00.000+08:00"}`).is(201, ""))
	x.json("POST", at+"/secrets", by, `{}`).is(409, "conflict")
	x.json("POST", at+"/secrets", by, `{"expires_at":"soon"}`).is(422, "invalid-request")
	x.ask(ask{method: "DELETE", path: at + "/secrets/" + second.ID, token: x.server.Token}).is(204, "")
	if l := into[api.ClientList](x.ask(ask{path: "/v1/clients", token: x.server.Token}).is(200, "")); len(l.Items) != 1 || len(l.Items[0].Secrets) != 2 {
		x.t.Errorf("the clients are %+v", l)
	}
	form := byCredentials + "&client_id=" + client + "&client_secret=" + secret
	token := into[api.TokenAnswer](x.oauth(form+"&scope=chains:read+metrics:read").is(200, "")).AccessToken
	x.ask(ask{path: "/metrics", token: token}).is(200, "")
	x.grants(client, token)
	x.oauth(form+"&scope=keys:manage").refused(400, "invalid_scope")
	x.oauth(strings.Replace(form, "client_credentials", "password", 1)).refused(400, "unsupported_grant_type")
	x.json("POST", "/oauth/token", ask{}, "{}").refused(400, "invalid_request")
	x.ask(ask{method: "POST", path: "/oauth/token?client_secret=" + secret, mediaType: "application/x-www-form-urlencoded", body: form}).refused(400, "invalid_request")
	x.oauth(byCredentials).refused(401, "invalid_client")
	unknown := byCredentials + "&client_id=019ca000-0000-7000-8000-00000000ffff&client_secret=" + secret
	for range 10 {
		x.oauth(unknown).refused(401, "invalid_client")
	}
	x.oauth(unknown).refused(429, "temporarily_unavailable")
	x.Advance(2 * time.Minute)
	off, _, _ := x.client1(1, `"chains:read"`)
	x.ask(ask{method: "POST", path: "/v1/clients/" + off + "/disable", token: x.server.Token}).is(200, "")
	x.json("PUT", "/v1/organisations/"+x.Hospital.Party.String()+"/grants/"+off, ask{token: x.hospital}, `{"scopes":["chains:read"]}`).is(409, "conflict")
}

func (x *town) grants(client, token string) {
	at := "/v1/organisations/" + x.Hospital.Party.String() + "/grants"
	by := ask{token: x.hospital}
	x.ask(ask{path: "/v1/batches/019ca000-0000-7000-8000-00000000ffff", token: token}).is(403, "forbidden")
	x.json("PUT", at+"/"+client, by, `{"scopes":["chains:read"]}`).is(200, "")
	x.json("PUT", at+"/"+client, by, `{"scopes":[]}`).is(422, "invalid-request")
	x.ask(ask{path: "/v1/batches/019ca000-0000-7000-8000-00000000ffff", token: token}).is(404, "not-found")
	if l := into[api.GrantList](x.ask(ask{path: at, token: x.hospital}).is(200, "")); len(l.Items) != 1 {
		x.t.Errorf("the grants are %+v", l)
	}
	x.ask(ask{path: at, token: x.stranger}).is(404, "not-found")
	x.ask(ask{method: "DELETE", path: at + "/" + client, token: x.hospital}).is(204, "")
	x.ask(ask{path: "/v1/batches/019ca000-0000-7000-8000-00000000ffff", token: token}).is(403, "forbidden")
}

// exhaust makes an API client that has no request left at this moment.
func (x *town) exhaust() {
	x.t.Helper()
	client, _, secret := x.client1(1, `"chains:read"`)
	x.spent = into[api.TokenAnswer](x.oauth(byCredentials+"&client_id="+client+"&client_secret="+secret).is(200, "")).AccessToken
	x.ask(ask{path: "/v1/clients", token: x.spent}).is(403, "forbidden")
}

// handOvers: a key gives way to a new one, and the log tells its life.
func (p *place) handOvers(x *town) {
	d, fresh := x.device(), x.device()
	x.enrol(d, 30)
	hand := func(jws []byte, blind string) answer {
		return x.ask(ask{method: "POST", path: "/v1/keys/rotation", mediaType: "application/jose", body: string(jws), blind: blind})
	}
	jws := must(d.SignRotation(fresh, x.Now()))(x.t)
	hand(jws[:len(jws)/3], "").is(400, "malformed-jws")
	hand(jws[:len(jws)-2], "").is(403, "bad-signature")
	hand(x.Generate(1).JWS, "").is(400, "header-member")
	enc := base64.RawURLEncoding.EncodeToString
	hand([]byte(enc([]byte(`{"alg":"none","kid":"x","typ":"`+signature.TypRotation+`"}`))+"."+enc([]byte("{}"))+"."+enc([]byte("x"))), "").is(400, "alg-not-allowed")
	hand(must(d.SignRotation(fresh, x.Now().Add(-time.Hour)))(x.t), "the time is inside the JWS").is(422, "invalid-request")
	hand(jws, "").is(201, "")
	hand(jws, "").is(409, "conflict")
	x.size() // all is in the log
	h := into[api.KeyHistory](x.ask(ask{path: "/v1/keys/" + d.Kid() + "/history", token: x.hospital}).is(200, ""))
	if len(h.Chapters) != 2 || h.Chapters[1].What != "limited" {
		x.t.Errorf("the history is %+v", h)
	}
	mine := "/v1/keys?party=" + x.Hospital.Party.String()
	l := into[api.KeyPage](x.ask(ask{path: mine, token: x.hospital}).is(200, ""))
	if !slices.ContainsFunc(l.Items, func(k api.Key) bool { return k.Kid == fresh.Kid() && k.Replaces == d.Kid() }) {
		x.t.Errorf("the keys are %+v", l)
	}
	x.ask(ask{path: mine, token: x.stranger}).is(404, "not-found")
	for _, q := range []string{"limit=201", "party=x", "person=x"} {
		x.ask(ask{path: "/v1/keys?" + q, token: x.server.Token}).is(422, "invalid-request")
	}
	other, next := x.device(), x.device()
	x.enrol(other, 30)
	p.known["rotation"] = string(must(other.SignRotation(next, x.Now()))(x.t))
}

// accessRecord: what was done is told to whom it concerns.
func accessRecord(x *town) {
	x.size()
	all := into[api.ActPage](x.ask(ask{path: "/v1/acts?limit=500", token: x.server.Token}).is(200, ""))
	told := map[string]int{}
	for _, a := range all.Items {
		told[string(a.Operation)]++
	}
	for _, want := range []string{"importRegistry", "createEnrolment", "revokeKey", "inviteAccount", "disableAccount", "createClient", "putGrant", "deleteGrant", "getBatch", "createBatchLabel"} {
		if told[want] == 0 {
			x.t.Errorf("no %s among %v", want, told)
		}
	}
	if n := x.kinds()["act"]; n != len(all.Items) {
		x.t.Errorf("the log has %d acts, the record %d lines", n, len(all.Items))
	}
	x.ask(ask{path: "/v1/acts", token: x.hospital}).is(200, "")
	x.ask(ask{path: "/v1/acts?party=" + x.Hospital.Party.String(), token: x.stranger}).is(404, "not-found")
	for _, q := range []string{"from=x", "to=2026", "party=x", "limit=501"} {
		x.ask(ask{path: "/v1/acts?" + q, token: x.server.Token}).is(422, "invalid-request")
	}
	for _, q := range []string{"actor=a%00", "subject=%ff"} {
		x.ask(ask{path: "/v1/acts?" + q, token: x.server.Token, blind: "no schema knows which texts a database keeps"}).is(422, "invalid-request")
	}
}
