package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/id"
)

const nothingHere = "01900000-0000-7000-8000-000000000001"

// staff is an appointment to the hospital's site, as it is asked for.
func (x *town) staff() string {
	return fmt.Sprintf(`{"role":"site_staff","party":%q,"sites":[%q]}`, x.Hospital.Party, x.Hospital.Site)
}

func (x *town) invitation(token, login, appointments string) answer {
	return x.ask("POST", "/v1/accounts", token, typeJSON, fmt.Sprintf(`{"login":%q,"name":"样例 SAMPLE","appointments":[%s]}`, login, appointments))
}

func (x *town) invited(token, login, appointments string) api.Invitation {
	x.t.Helper()
	var i api.Invitation
	a := x.invitation(token, login, appointments)
	if strictly(x.t, a.body, &i); a.status != 201 || a.header.Get("Cache-Control") != "no-store" {
		x.t.Fatalf("%d %s", a.status, a.body)
	}
	return i
}

func TestAnAdministratorManagesTheirOwnPeople(t *testing.T) {
	x := newTown(t)
	made := x.invited(x.hospital, "sample.nurse", x.staff())
	at := "/v1/accounts/" + made.Account.ID
	b := x.signedIn(x.ask("POST", "/v1/welcome", "", typeJSON, fmt.Sprintf(`{"code":%q,"password":%q}`, made.Code, samplePassword)))
	if b.view.Account.ID != made.Account.ID || b.view.Account.Appointments[0].Sites[0] != x.Hospital.Site.String() {
		t.Errorf("%+v", b.view)
	}
	var page api.AccountPage
	if strictly(t, x.ask("GET", "/v1/accounts", x.hospital, "", "").body, &page); len(page.Items) != 1 || page.Items[0].Login != "sample.nurse" {
		t.Errorf("%+v", page)
	}
	if strictly(t, x.ask("GET", "/v1/accounts", x.stranger, "", "").body, &page); len(page.Items) != 0 {
		t.Errorf("a stranger sees %+v", page)
	}
	a := x.ask("POST", at+"/appointments", x.hospital, typeJSON, fmt.Sprintf(`{"role":"porter","party":%q,"person":%q}`, x.Hospital.Party, x.Hospital.Person))
	var given api.Appointment
	if strictly(t, a.body, &given); a.status != 201 || given.Role != "porter" || given.Person != x.Hospital.Person.String() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := x.ask("DELETE", at+"/appointments/"+given.ID, x.hospital, "", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	renewed := x.ask("POST", at+"/invitation", x.hospital, "", "")
	var i api.Invitation
	if strictly(t, renewed.body, &i); renewed.status != 201 || i.Code == made.Code || i.Account.State != "invited" {
		t.Errorf("%d %s", renewed.status, renewed.body)
	}
	b.do("GET", "/v1/session", "").problem(t, "unauthorized") // a fresh start
	var off api.Account
	if strictly(t, x.ask("POST", at+"/disable", x.hospital, "", "").body, &off); off.State != "disabled" {
		t.Errorf("%+v", off)
	}
	x.ask("POST", "/v1/welcome", "", typeJSON, fmt.Sprintf(`{"code":%q,"password":%q}`, i.Code, samplePassword)).problem(t, "invitation-refused")
	var told []string
	for _, l := range x.acts() {
		told = append(told, l.Operation)
		if strings.Contains(l.Subject, "nurse") || !strings.HasPrefix(l.Actor, "token:") || l.Role != "organisation_administrator" || len(l.Parties) != 1 {
			t.Errorf("the act is %+v", l)
		}
	}
	if got := strings.Join(told, " "); got != "inviteAccount appointAccount dismissAccount renewInvitation disableAccount" {
		t.Errorf("recorded: %s", got)
	}
}

// Whose account it is not learns nothing, and nothing is recorded or changed.
func TestOthersAccountsAreNotThere(t *testing.T) {
	x := newTown(t)
	own := x.invited(x.hospital, "sample.nurse", x.staff()).Account
	both := x.invited(x.operator, "sample.both", x.staff()+`,{"role":"organisation_administrator","party":"`+x.Stranger.Party.String()+`"}`).Account
	root := x.invited(x.operator, "sample.root", `{"role":"system_administrator"}`).Account
	size := len(x.acts())
	before := x.dump()
	more := fmt.Sprintf(`{"role":"organisation_administrator","party":%q}`, x.Stranger.Party)
	for name, target := range map[string]api.Account{"another organisation's": own, "of two organisations": both, "a system administrator's": root} {
		at, none := "/v1/accounts/"+target.ID, "/v1/accounts/"+nothingHere
		for _, op := range [][3]string{{"POST", "/invitation", ""}, {"POST", "/disable", ""}, {"POST", "/appointments", more},
			{"DELETE", "/appointments/" + own.Appointments[0].ID, ""}, {"DELETE", "/appointments/x", ""}} {
			kind := ""
			if op[2] != "" {
				kind = typeJSON
			}
			t.Run(name+" "+op[0]+op[1], func(t *testing.T) {
				alike(t, x.ask(op[0], at+op[1], x.stranger, kind, op[2]), x.ask(op[0], none+op[1], x.stranger, kind, op[2]), "not-found")
				alike(t, x.ask(op[0], at+op[1], x.stranger, kind, op[2]), x.ask(op[0], "/v1/accounts/x"+op[1], x.stranger, kind, op[2]), "not-found")
			})
		}
	}
	for _, foreign := range []string{fmt.Sprintf(`{"role":"driver","party":%q,"person":%q}`, x.Hospital.Party, x.Hospital.Person), `{"role":"city_inspector"}`,
		`{"role":"system_administrator"}`, fmt.Sprintf(`{"role":"site_staff","party":%q,"sites":[%q]}`, nothingHere, x.Hospital.Site), more + "," + x.staff()} {
		x.invitation(x.stranger, "sample.x", foreign).problem(t, "not-found")
	}
	alike(t, x.invitation(x.stranger, "sample.x", x.staff()), x.invitation(x.stranger, "sample.x", strings.ReplaceAll(x.staff(), x.Hospital.Party.String(), nothingHere)), "not-found")
	alike(t, x.ask("GET", "/v1/accounts?party="+x.Hospital.Party.String(), x.stranger, "", ""), x.ask("GET", "/v1/accounts?party="+nothingHere, x.stranger, "", ""), "not-found")
	for _, token := range []string{x.inspector, x.token(access.Appointment{Role: access.CityAnalyst})} {
		x.ask("GET", "/v1/accounts", token, "", "").problem(t, "forbidden")
	}
	if n := len(x.acts()); n != size {
		t.Errorf("%d refusals were recorded", n-size)
	}
	unchanged(t, before, x.dump(), "tokens", "registry_version")
	// The stranger may end what is the stranger's own, and no more of the same account.
	mine := both.Appointments[1].ID
	if a := x.ask("DELETE", "/v1/accounts/"+both.ID+"/appointments/"+mine, x.stranger, "", ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	x.ask("DELETE", "/v1/accounts/"+both.ID+"/appointments/"+both.Appointments[0].ID, x.stranger, "", "").problem(t, "not-found")
}

func TestAccountsThatAreAskedForWrongly(t *testing.T) {
	x := newTown(t)
	at := "/v1/accounts/" + x.invited(x.operator, "sample.nurse", x.staff()).Account.ID + "/appointments"
	x.invitation(x.hospital, "sample.nurse", x.staff()).problem(t, "conflict")
	for body, pointer := range map[string]string{
		`{"login":"sample.a","name":"x"}`: "/appointments", `{"login":"sample.a","name":"x","appointments":[]}`: "/appointments",
		`{"login":"sample.a","name":"x","appointments":[{}]}`:                                                      "/appointments/0/role",
		`{"login":"sample.a","name":"x","appointments":[{"role":"api_client"}]}`:                                   "/appointments/0/role",
		`{"login":"sample.a","name":"x","appointments":[{"role":"nurse"}]}`:                                        "/appointments/0/role",
		`{"login":"sample.a","name":"x","appointments":[{"role":"driver","party":"x"}]}`:                           "/appointments/0/party",
		`{"login":"sample.a","name":"x","appointments":[{"role":"city_inspector","from":"today"}]}`:                "/appointments/0/from",
		`{"login":"sample.a","name":"x","appointments":[{"role":"city_inspector","sites":["x"]}]}`:                 "/appointments/0/sites/0",
		`{"login":"样例","name":"x","appointments":[{"role":"city_inspector"}]}`:                                     "/login",
		`{"login":"sample.a","name":"","appointments":[{"role":"city_inspector"}]}`:                                "/name",
		`{"login":"sample.a","name":"x","appointments":[{"role":"district_inspector"}]}`:                           "/appointments/0/divisions",
		`{"login":"sample.a","name":"x","appointments":[{"role":"district_inspector","divisions":["13"]}]}`:        "/appointments/0/divisions/0",
		`{"login":"sample.a","name":"x","appointments":[{"role":"driver","party":"` + nothingHere + `"}]}`:         "/appointments/0/person",
		`{"login":"sample.a","name":"x","appointments":{"role":"driver"}}`:                                         "/appointments",
		`{"login":"sample.a","login":"sample.b","name":"x","appointments":[{"role":"city_inspector"}]}`:            "/login",
		`{"login":"sample.a","name":"x\u202e","appointments":[{"role":"city_inspector"}]}`:                         "/name",
		`{"login":"sample.a","name":"x","appointments":[{"role":"city_inspector","colour":"red"}]}`:                "/appointments/0/colour",
		`{"login":"sample.a","name":"` + strings.Repeat("样", 65) + `","appointments":[{"role":"city_inspector"}]}`: "/name",
	} {
		p := x.ask("POST", "/v1/accounts", x.operator, typeJSON, body).problem(t, "invalid-request")
		if len(p.Errors) == 0 || p.Errors[0].Pointer != pointer {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	for _, body := range []string{"{", "[]", "{}", `{"role":1}`, `{"role":"driver","role":"porter"}`} {
		x.ask("POST", at, x.operator, typeJSON, body).problem(t, "invalid-request")
	}
	for _, q := range []string{"limit=0", "limit=201", "limit=x", "cursor=x", "cursor=" + strings.Repeat("x", 201), "party=x"} {
		x.ask("GET", "/v1/accounts?"+q, x.operator, "", "").problem(t, "invalid-request")
	}
	x.ask("POST", "/v1/accounts", x.operator, typeJSON, strings.Repeat(" ", maxRequest+1)).problem(t, "too-large")
}

func TestAccountsComeInPages(t *testing.T) {
	x := newTown(t)
	for i := range 3 {
		x.invited(x.hospital, fmt.Sprintf("sample.%d.nurse", i), x.staff())
		x.Advance(time.Second)
	}
	var seen []string
	for cursor := ""; ; {
		var page api.AccountPage
		strictly(t, x.ask("GET", "/v1/accounts?limit=2&cursor="+cursor, x.operator, "", "").body, &page)
		for _, a := range page.Items {
			seen = append(seen, a.Login)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if got := strings.Join(seen, " "); got != "sample.0.nurse sample.1.nurse sample.2.nurse" {
		t.Errorf("the pages hold %s", got)
	}
}

// Who administers two organisations names the one that they mean.
func TestTwoOrganisationsOfOneAdministrator(t *testing.T) {
	x := newTown(t)
	b := x.person("sample.group", access.Appointment{Role: access.OrganisationAdministrator, Party: x.Hospital.Party},
		access.Appointment{Role: access.OrganisationAdministrator, Party: x.Plant.Party})
	for _, path := range []string{"/v1/accounts", "/v1/acts"} {
		if p := b.do("GET", path, "").problem(t, "invalid-request"); p.Errors[0].Pointer != "/party" {
			t.Errorf("%+v", p)
		}
		for _, p := range []id.Party{x.Hospital.Party, x.Plant.Party} {
			if a := b.do("GET", path+"?party="+p.String(), ""); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		b.do("GET", path+"?party="+x.Carrier.Party.String(), "").problem(t, "not-found")
	}
	var page api.AccountPage
	a := b.do("GET", "/v1/accounts?party="+x.Hospital.Party.String(), "")
	if strictly(t, a.body, &page); len(page.Items) != 1 || len(page.Items[0].Appointments) != 1 {
		t.Errorf("of one organisation: %s", a.body)
	}
	b.do("POST", "/v1/accounts/"+b.view.Account.ID+"/disable", "") // their own: allowed, for both are theirs
	b.do("GET", "/v1/session", "").problem(t, "unauthorized")
}

func TestTheLastSystemAdministratorStays(t *testing.T) {
	x := newTown(t)
	b := x.person("sample.root", access.Appointment{Role: access.SystemAdministrator})
	at := "/v1/accounts/" + b.view.Account.ID
	b.do("POST", at+"/disable", "").problem(t, "conflict")
	b.do("DELETE", at+"/appointments/"+b.view.Account.Appointments[0].ID, "").problem(t, "conflict")
	if a := b.do("GET", "/v1/session", ""); a.status != 200 {
		t.Errorf("%d", a.status)
	}
}
