package contract

import (
	"fmt"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/party"
	"liandan/internal/registry/registrytest"
	"liandan/internal/waste"
)

func init() { done["listAuthorisations"] = 200 }

// leaves: what a source signed its collector may take along, until it is withdrawn.
func (r *rounds) leaves() {
	round := r.Enrol(r.Org("SAMPLE collection point", party.Collector, party.Carrier), true)
	code := string(registrytest.Code(31))
	r.register("organisations", "credit_code,name,roles,sample,valid_from,id", fmt.Sprintf("%s,样例收集点 SAMPLE,collector;carrier,1,2020-01-01,%s", code, round.Party))
	r.register("sites", "credit_code,name,kind,division,built_up,valid_from,id", fmt.Sprintf("%s,样例收集库 SAMPLE,depot,130602,1,2020-01-01,%s", code, round.Site))
	r.register("people", "credit_code,person,valid_from,id", fmt.Sprintf("%s,SAMPLE-round,2020-01-01,%s", code, round.Person))
	path := "/v1/authorisations?collector=" + round.Party.String()
	driver := ask{token: r.token(access.Appointment{Role: access.Driver, Party: round.Party, Person: round.Person})}
	admin := ask{token: r.administrator(round.Party)}
	list := func(by ask) []api.CollectorAuthorisation {
		by.path = path
		return into[api.AuthorisationList](r.ask(by).is(200, "")).Items
	}
	if got := list(driver); len(got) != 0 {
		r.t.Errorf("before any was given there are %+v", got)
	}
	data := event.Authorisation{To: round.Party, From: r.Now().UTC(), Until: r.Now().UTC().AddDate(0, 0, 30), Codes: []waste.Code{"900-214-08", "900-249-08"}}
	given := r.Sign(r.Hospital, event.AuthorisationGiven, data, nil)
	r.send(given.JWS).is(201, "")
	later := data
	later.From, later.Until = data.Until, data.Until.AddDate(0, 0, 30)
	next := r.Sign(r.Hospital, event.AuthorisationGiven, later, nil)
	r.send(next.JWS).is(201, "")
	for _, by := range []ask{driver, admin, {token: r.inspector}} {
		got := list(by)
		if len(got) != 2 || got[0].Event != given.Event.ID.String() || got[0].Party != r.Hospital.Party.String() || got[0].Site != r.Hospital.Site.String() ||
			len(got[0].Codes) != 2 || got[0].Codes[0] != "900-214-08" || got[1].Event != next.Event.ID.String() {
			r.t.Errorf("given are %+v", got)
		}
	}
	r.send(r.Sign(r.Hospital, event.AuthorisationWithdrawn, event.Withdrawal{Authorisation: next.Event.ID}, nil).JWS).is(201, "")
	if got := list(driver); len(got) != 1 || got[0].Event != given.Event.ID.String() {
		r.t.Errorf("after the withdrawal %+v", got)
	}
	for _, bad := range []string{"/v1/authorisations", "/v1/authorisations?collector=x"} {
		r.ask(ask{path: bad, token: admin.token}).is(422, "invalid-request")
	}
	r.ask(ask{path: path, token: r.stranger}).is(404, "not-found")
}
