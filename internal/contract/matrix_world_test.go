package contract

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/collection"
	"liandan/internal/device"
	"liandan/internal/draft"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/intaketest"
	"liandan/internal/machine"
	"liandan/internal/registry/registrytest"
	"liandan/internal/report"
)

// Whose things are asked about.
const (
	own       = "own"       // a medical institution of district 130602, the first site and person
	sibling   = "sibling"   // its other site and person
	neighbour = "neighbour" // another organisation of that district
	faraway   = "far"       // a medical institution of district 130607
	nowhere   = "nowhere"   // ids that name nothing
	carter    = "carter"    // who fetches from all of them, of that other district; nothing of it is asked about
)

// target is what one organisation has.
type target struct {
	division, report                         string
	party, site, person                      string
	batch, event, manifest, label, kid, held string
	trip, plate, draft, booking, round       string
	client, secret, account, appointment     string
}

// actor is somebody who asks; nobody has no role.
type actor struct {
	name    string
	role    access.Role
	login   string
	token   string
	session sitting
}

// matrix is a real server with three organisations that have the same things, and somebody
// of every role, all of the first organisation.
type matrix struct {
	*town
	targets  map[string]target
	devices  map[string]*device.Device
	actors   []actor
	expected map[string]int // lines of the access record, by operation and role
	draw     string         // an announced one
	asked    int
	fresh    int
}

func newMatrix(t *testing.T, database string) *matrix {
	x := &town{World: intaketest.New(t, 1), t: t}
	x.server = serve(t, database, x.Now)
	x.url, x.client = x.server.URL, &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
	m := &matrix{town: x, targets: map[string]target{}, devices: map[string]*device.Device{}, expected: map[string]int{}}
	m.settleAll()
	for _, name := range []string{own, sibling, neighbour, faraway} {
		x := m.furnish(m.devices[name])
		x.booking = must(m.server.Collection.Ask(t.Context(), collection.Booking{Site: m.devices[name].Site, Collector: m.devices[carter].Party, By: collection.BySource,
			Why: collection.Regular, From: m.Now(), Until: m.Now().AddDate(0, 0, 9), Lines: []collection.Line{{Code: "900-214-08", Grams: 1}}}))(t).ID.String()
		x.round = m.round(m.devices[name])
		m.targets[name] = x
	}
	announced := m.Sign(m.devices[faraway], event.SampleDrawn, event.Sample{Period: "2026-Q1", List: id.Hash{1}, Sites: 2, People: 2, DrawSites: 1, DrawPeople: 1, Size: 1 << 40, Round: 1}, nil)
	m.send(announced.JWS).is(201, "")
	m.draw = announced.Event.ID.String()
	for name, division := range map[string]string{own: "130602", sibling: "130602", neighbour: "130602", faraway: "130607"} {
		p := must(indicator.ParsePeriod("2026-01"))(t)
		k := must(m.server.Reports.Create(t.Context(), report.Order{Period: p, District: division}, "command", ""))(t)
		x := m.targets[name]
		x.division, x.report = division, k.ID.String()
		m.targets[name] = x
	}
	const none = "019ca000-0000-7000-8000-00000000ffff"
	m.targets[nowhere] = target{party: none, site: none, person: none, batch: none, event: none, manifest: none, trip: none, plate: "冀F00009", booking: none, round: none, division: "130699", report: none, kid: strings.Repeat("A", 43),
		label: string(event.NewLabel([26]byte{9})), client: none, secret: none, account: none, appointment: none}
	m.appointAll()
	return m
}

// settleAll brings three organisations into the register that differ by district and by
// whether they are medical; the first has two sites.
func (m *matrix) settleAll() {
	orgs, sites, people := []string{"credit_code,name,roles,sample,valid_from,id"}, []string{"credit_code,name,kind,division,built_up,valid_from,id"}, []string{"credit_code,person,valid_from,id"}
	var party id.Party
	var code string
	for i, o := range []struct{ name, roles, division string }{{own, "medical;generator;carrier;operator", "130602"}, {sibling, "", "130602"},
		{neighbour, "generator;carrier;operator", "130602"}, {faraway, "medical;generator;carrier;operator;authority", "130607"}, {carter, "collector;carrier", "130607"}} {
		_, key, err := ed25519.GenerateKey(m.Random)
		if err != nil {
			m.t.Fatal(err)
		}
		if o.roles != "" { // an organisation of its own
			party, code = id.PartyOf(m.uuid()), string(registrytest.Code(i+1))
			orgs = append(orgs, fmt.Sprintf("%s,样例单位%d SAMPLE,%s,1,2020-01-01,%s", code, i, o.roles, party))
		}
		d := must(device.New(party, id.SiteOf(m.uuid()), id.PersonOf(m.uuid()), key, m.Random))(m.t)
		m.devices[o.name] = d
		sites = append(sites, fmt.Sprintf("%s,样例场所%d SAMPLE,factory,%s,1,2020-01-01,%s", code, i, o.division, d.Site))
		people = append(people, fmt.Sprintf("%s,SAMPLE-%d,2020-01-01,%s", code, i, d.Person))
	}
	m.register("organisations", orgs...)
	m.register("sites", sites...)
	m.register("people", people...)
}

func (m *matrix) uuid() id.UUID {
	m.t.Helper()
	return must(m.Hospital.NewID(m.Now()))(m.t)
}

// furnish gives an organisation three batches, one of them on a manifest and one on a trip, a device key to be
// lost, and an event in quarantine.
func (m *matrix) furnish(d *device.Device) target {
	m.t.Helper()
	m.enrol(d, 365)
	bag := func() intaketest.Signed {
		data := event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale, Label: must(d.NewLabel())(m.t)}
		s := m.Sign(d, event.BatchGenerated, data, func(e *event.Event) {
			e.Batches = []event.Batch{{ID: id.BatchOf(e.ID.UUID()), Grams: 1000, Weighed: true}}
		})
		m.send(s.JWS).is(201, "")
		return s
	}
	loose, packed := bag(), bag()
	issued := m.Sign(d, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: d.Party, Consignee: d.Party, ConsigneeSite: d.Site, Method: "D10"}, func(e *event.Event) {
		e.Manifest = id.ManifestOf(e.ID.UUID())
		e.Batches = []event.Batch{{ID: packed.Event.Batches[0].ID, Grams: 1000, Weighed: true}}
	})
	m.send(issued.JWS).is(201, "")
	moved := bag()
	second := m.Sign(d, event.ManifestIssued, issued.Event.Data, func(e *event.Event) {
		e.Manifest = id.ManifestOf(e.ID.UUID())
		e.Batches = []event.Batch{{ID: moved.Event.Batches[0].ID, Grams: 1000, Weighed: true}}
	})
	m.send(second.JWS).is(201, "")
	taken := m.Sign(d, event.TransportCollected, event.Collected{Vehicle: vehicleOf(d)}, func(e *event.Event) {
		e.Manifest, e.Trip, e.Refs = second.Event.Manifest, id.TripOf(e.ID.UUID()), []id.Event{second.Event.ID}
		e.Batches = []event.Batch{{ID: moved.Event.Batches[0].ID, Grams: 1000, Weighed: true}}
	})
	m.send(taken.JWS).is(201, "")
	early := m.Sign(d, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: id.BatchOf(m.uuid())}}
	})
	m.send(early.JWS).is(409, "wrong-stage")
	_, key, err := ed25519.GenerateKey(m.Random)
	if err != nil {
		m.t.Fatal(err)
	}
	lost := must(device.New(d.Party, d.Site, d.Person, key, m.Random))(m.t)
	m.enrol(lost, 30)
	return target{party: d.Party.String(), site: d.Site.String(), person: d.Person.String(), batch: loose.Event.Batches[0].ID.String(),
		event: loose.Event.ID.String(), manifest: issued.Event.Manifest.String(), trip: taken.Event.Trip.String(), plate: vehicleOf(d), label: string(packed.Event.Data.(event.Generated).Label),
		kid: lost.Kid(), held: early.Event.ID.String()}
}

// vehicleOf is the plate of the vehicle that took an organisation's batch: each site has one.
func vehicleOf(d *device.Device) string { return "冀F" + strings.ToUpper(d.Site.String()[28:]) }

// round plans a trip of an organisation to the carter's yard.
func (m *matrix) round(d *device.Device) string {
	m.t.Helper()
	return must(m.server.Collection.PlanTrip(m.t.Context(), collection.Plan{Collector: d.Party, Vehicle: "冀F00001", Driver: d.Person, Day: planDay,
		Stops: []collection.Stop{{Site: m.devices[carter].Site}}}))(m.t).ID.String()
}

// appointAll makes somebody of every role, of the first organisation and its district.
func (m *matrix) appointAll() {
	d := m.devices[own]
	for _, role := range access.Roles() {
		g := access.Appointment{Role: role}
		if _, _, division, organisation := role.Needs(); organisation {
			g.Party, g.Person = d.Party, d.Person
		} else if division {
			g.Divisions = []string{"130602"}
		}
		if site, _, _, _ := role.Needs(); site {
			g.Sites = []id.Site{d.Site}
		}
		a := actor{name: string(role), role: role, login: "sample." + strings.ReplaceAll(string(role), "_", ".")}
		if role == access.APIClient {
			a.token = m.program(d.Party)
		} else {
			made := must(m.server.Accounts.Invite(m.t.Context(), a.login, "样例 SAMPLE", []access.Appointment{g}))(m.t)
			a.session = m.welcome(made.Code)
		}
		m.actors = append(m.actors, a)
	}
	m.actors = append(m.actors, actor{name: "nobody"})
}

// program is the token of an API client that an organisation has granted all that it can.
func (m *matrix) program(p id.Party) string {
	m.t.Helper()
	ctx, machines := m.t.Context(), m.server.Machines
	c := must(machines.Create(ctx, "样例 SAMPLE", access.Scopes(), machine.MaxPerMinute))(m.t)
	_, secret, err := machines.AddSecret(ctx, c.ID, time.Time{})
	if err != nil {
		m.t.Fatal(err)
	}
	grantable := slices.DeleteFunc(access.Scopes(), access.Scope.OfServer)
	must(machines.Grant(ctx, p, c.ID, grantable))(m.t)
	return must(machines.Token(ctx, c.ID.String(), secret, nil))(m.t).Token
}

// renew signs somebody in anew whose sessions have ended.
func (m *matrix) renew(a actor) {
	m.t.Helper()
	for i := range m.actors {
		if m.actors[i].name == a.name {
			m.actors[i].session = m.signedIn(m.signIn(a.login, password, ""))
		}
	}
}

// target is what an organisation has, with an account, a client, a secret and a grant that
// nothing has been done to yet.
func (m *matrix) target(name string) target {
	m.t.Helper()
	x := m.targets[name]
	if name == nowhere {
		x.client = m.targets[own].client // a client is no organisation's
		return x
	}
	return x
}

// furnished adds what an operation uses up.
func (m *matrix) furnished(op string, x target) target {
	m.t.Helper()
	ctx := m.t.Context()
	p, err := id.ParseParty(x.party)
	there := err == nil && x.party != m.targets[nowhere].party
	switch {
	case op == "changeTrip" && there:
		for _, d := range m.devices {
			if d.Person.String() == x.person {
				x.round = m.round(d)
			}
		}
	case strings.HasSuffix(op, "Account") || op == "renewInvitation":
		if !there || op == "inviteAccount" {
			break
		}
		m.fresh++
		g := access.Appointment{Role: access.OrganisationAdministrator, Party: p}
		made := must(m.server.Accounts.Invite(ctx, fmt.Sprintf("sample.fresh.%d", m.fresh), "样例 SAMPLE", []access.Appointment{g}))(m.t)
		x.account, x.appointment = made.Account.ID.String(), made.Account.Appointments[0].ID.String()
	case strings.HasSuffix(op, "Draft") && op != "createDraft":
		if x.draft = m.uuid().String(); !there {
			break
		}
		d := must(m.server.Drafts.Create(ctx, p, draft.Content("{}")))(m.t)
		if op == "restoreDraft" {
			d = must(m.server.Drafts.Discard(ctx, d, 1))(m.t)
		}
		x.draft = d.ID.String()
	case strings.Contains(op, "Client") || strings.HasSuffix(op, "Grant"):
		c := must(m.server.Machines.Create(ctx, "样例 SAMPLE", access.Scopes(), 60))(m.t)
		s, _, err := m.server.Machines.AddSecret(ctx, c.ID, time.Time{})
		if err != nil {
			m.t.Fatal(err)
		}
		x.client, x.secret = c.ID.String(), s.ID.String()
		if there && op == "deleteGrant" {
			must(m.server.Machines.Grant(ctx, p, c.ID, []access.Scope{access.ReadChains}))(m.t)
		}
	}
	return x
}

// done is how an operation is answered to who may do it.
var done = map[string]int{"validateUnsigned": 200, "getEvent": 200, "getBatch": 200, "getBatchChain": 200, "getManifest": 200, "getBatchBundle": 200,
	"getManifestBundle": 200, "getManifestForm": 200, "getBatchLabel": 200, "createBatchLabel": 201, "revokeLabel": 204, "listQuarantine": 200, "getSiteTable": 200, "listCustody": 200, "compareUse": 200, "getMonthlyManifest": 200, "getTripCards": 200, "getVehicleLoad": 200, "listWork": 200, "countWork": 200, "searchWaste": 200, "listFindings": 200, "countFindings": 200, "putManifestScan": 409, "getManifestScan": 404, "createDraft": 201, "listDrafts": 200, "getDraft": 200, "replaceDraft": 200, "discardDraft": 200, "restoreDraft": 200, "checkDraft": 200, "createStopCode": 201, "importPast": 200, "getSiteDuties": 200, "getSourceStanding": 200, "confirmStop": 409, "importRegistry": 200,
	"createEnrolment": 201, "getPermits": 200, "listKeys": 200, "getKey": 200, "getKeyHistory": 200, "revokeKey": 200, "listActs": 200, "getMetrics": 200, "listIndicators": 200, "getIndicator": 200,
	"getIndicatorEvidence": 200, "getCarbonEffect": 200, "createSampleList": 201, "getReport": 200, "listReports": 200, "createReport": 201, "getStatement": 200, "listDraws": 200, "getDraw": 200,
	"listAccounts": 200, "inviteAccount": 201, "renewInvitation": 201, "disableAccount": 200, "appointAccount": 201, "dismissAccount": 204,
	"createClient": 201, "listClients": 200, "createClientSecret": 201, "revokeClientSecret": 204, "disableClient": 200,
	"listGrants": 200, "putGrant": 200, "deleteGrant": 204}

// absent is how it is answered to who may do it to everything, about what is not there.
var absent = map[string]int{"createEnrolment": 404, "listKeys": 200, "getKey": 404, "getKeyHistory": 404, "revokeKey": 404, "listActs": 200, "listAccounts": 200,
	"inviteAccount": 422, "renewInvitation": 404, "disableAccount": 404, "appointAccount": 404, "dismissAccount": 404}

// recordedFirst are recorded before it is known that there is no such organisation: nothing
// happens unrecorded.
var recordedFirst = []string{"createEnrolment", "inviteAccount"}

// request is a sound request of an operation about a target.
func (m *matrix) request(op string, x target) ask {
	m.t.Helper()
	x = m.furnished(op, x)
	post := func(path, body string) ask {
		return ask{method: "POST", path: path, mediaType: "application/json", body: body}
	}
	account, client := "/v1/accounts/"+x.account, "/v1/clients/"+x.client
	grants := "/v1/organisations/" + x.party + "/grants"
	admin := fmt.Sprintf(`{"role":"organisation_administrator","party":%q}`, x.party)
	m.fresh++
	switch op {
	case "validateUnsigned":
		e := must(m.devices[own].Event(event.UseRecorded, m.Now(), event.Use{Item: "SAMPLE", Kind: "product", Quantity: 1, Unit: "piece"}))(m.t)
		return post("/v1/events/validate", strings.Replace(string(must(e.Payload())(m.t)), m.targets[own].party, x.party, 1))
	case "createEnrolment":
		return post("/v1/enrolments", fmt.Sprintf(`{"party":%q,"person":%q,"device":"样例 SAMPLE"}`, x.party, x.person))
	case "confirmStop": // nobody is a source for itself
		return post("/v1/confirmations", fmt.Sprintf(`{"site":%q,"person":%q,"code":"000000","lines":[{"batch":%q,"code":"900-214-08","grams":1}]}`, x.site, x.person, x.batch))
	case "createDraft":
		return post("/v1/drafts", fmt.Sprintf(`{"party":%q}`, x.party))
	case "replaceDraft":
		return ask{method: "PUT", path: "/v1/drafts/" + x.draft, mediaType: "application/json", body: `{"version":1,"content":{}}`}
	case "createBooking":
		return post("/v1/bookings", fmt.Sprintf(`{"site":%q,"collector":%q,"reason":"regular","from":"2026-03-02T00:00:00.000+08:00","until":"2026-03-20T00:00:00.000+08:00","lines":[{"code":"900-214-08","grams":%d}]}`,
			x.site, m.devices[carter].Party, m.fresh+1))
	case "setBookingState": // it is so already
		return ask{method: "PUT", path: "/v1/bookings/" + x.booking + "/state", mediaType: "application/json", body: `{"state":"asked","version":1}`}
	case "createTrip":
		return post("/v1/trips", fmt.Sprintf(`{"collector":%q,"vehicle":"冀F00001","driver":%q,"day":%q,"stops":[{"site":%q}]}`, x.party, x.person, planDay, m.devices[carter].Site))
	case "changeTrip":
		return ask{method: "PUT", path: "/v1/trips/" + x.round, mediaType: "application/json", body: fmt.Sprintf(`{"version":1,"vehicle":"冀F00002","driver":%q,"day":%q,"stops":[{"site":%q}]}`,
			x.person, planDay, m.devices[carter].Site)}
	case "listBookings", "getBooking", "listTrips", "getTrip":
		return ask{path: map[string]string{"listBookings": "/v1/bookings?site=" + x.site, "getBooking": "/v1/bookings/" + x.booking,
			"listTrips": "/v1/trips?collector=" + x.party + "&person=" + x.person, "getTrip": "/v1/trips/" + x.round}[op]}
	case "listAuthorisations":
		return ask{path: "/v1/authorisations?collector=" + x.party}
	case "setTripState": // it is so already
		return ask{method: "PUT", path: "/v1/trips/" + x.round + "/state", mediaType: "application/json", body: `{"state":"planned","version":1}`}
	case "revokeKey":
		return post("/v1/keys/"+x.kid+"/revoke", `{"reason":"样例 SAMPLE"}`)
	case "inviteAccount":
		return post("/v1/accounts", fmt.Sprintf(`{"login":"sample.fresh.%d","name":"样例 SAMPLE","appointments":[%s]}`, m.fresh, admin))
	case "appointAccount":
		return post(account+"/appointments", admin)
	case "dismissAccount":
		return ask{method: "DELETE", path: account + "/appointments/" + x.appointment}
	case "createClient":
		return post("/v1/clients", `{"name":"样例 SAMPLE","scopes":["chains:read"],"per_minute":60}`)
	case "createClientSecret":
		return post(client+"/secrets", `{}`)
	case "revokeClientSecret":
		return ask{method: "DELETE", path: client + "/secrets/" + x.secret}
	case "putGrant":
		return ask{method: "PUT", path: grants + "/" + x.client, mediaType: "application/json", body: `{"scopes":["chains:read"]}`}
	case "deleteGrant":
		return ask{method: "DELETE", path: grants + "/" + x.client}
	case "putManifestScan":
		return ask{method: "PUT", path: "/v1/manifests/" + x.manifest + "/scan", mediaType: "application/pdf", body: "%PDF-SAMPLE"}
	case "createReport":
		return post("/v1/reports", fmt.Sprintf(`{"period":"2026-01","district":%q}`, x.division))
	case "createSampleList":
		return post("/v1/sample-lists", fmt.Sprintf(`{"sites":[%q],"people":[%q]}`, m.uuid(), m.uuid()))
	case "importPast":
		return ask{method: "POST", path: "/v1/sites/" + x.site + "/past/manifests?dry_run=true", mediaType: "text/csv", body: pastFile}
	case "importRegistry":
		return ask{method: "POST", path: "/v1/registry/organisations?dry_run=true", mediaType: "text/csv", body: "credit_code,name,roles\n"}
	case "changePassword":
		return ask{method: "PUT", path: "/v1/session/password", mediaType: "application/json", body: fmt.Sprintf(`{"old":%q,"new":%q}`, password, password)}
	case "confirmTOTP":
		return ask{method: "PUT", path: "/v1/session/totp", mediaType: "application/json", body: `{"code":"nothing"}`}
	case "removeTOTP":
		return post("/v1/session/totp/remove", fmt.Sprintf(`{"password":%q}`, password))
	case "submitEvents", "validateEvent", "enrolKey", "rotateKey":
		path := map[string]string{"submitEvents": "/v1/events", "validateEvent": "/v1/events/validate", "enrolKey": "/v1/keys", "rotateKey": "/v1/keys/rotation"}[op]
		return ask{method: "POST", path: path, mediaType: "application/jose", body: "x"}
	case "createToken":
		return ask{method: "POST", path: "/oauth/token", mediaType: "application/x-www-form-urlencoded", body: "grant_type=client_credentials&scope=x&scope=y"}
	}
	return m.plainRequest(op, x)
}

// whose names all that a list can be of, so that each role finds what is theirs.
func whose(x target) string { return "party=" + x.party + "&site=" + x.site + "&person=" + x.person }

// plainRequest is one without a body of its own.
func (m *matrix) plainRequest(op string, x target) ask {
	m.t.Helper()
	account, client := "/v1/accounts/"+x.account, "/v1/clients/"+x.client
	path, ok := map[string][2]string{"getEvent": {"GET", "/v1/events/" + x.event}, "getBatch": {"GET", "/v1/batches/" + x.batch},
		"getBatchChain": {"GET", "/v1/batches/" + x.batch + "/chain"}, "getBatchBundle": {"GET", "/v1/batches/" + x.batch + "/bundle"},
		"getManifest": {"GET", "/v1/manifests/" + x.manifest}, "getManifestBundle": {"GET", "/v1/manifests/" + x.manifest + "/bundle"}, "getManifestForm": {"GET", "/v1/manifests/" + x.manifest + "/form"},
		"getBatchLabel": {"GET", "/v1/batches/" + x.batch + "/label.png?size=small"}, "createBatchLabel": {"POST", "/v1/batches/" + x.batch + "/labels"},
		"revokeLabel": {"POST", "/v1/labels/" + x.label + "/revoke"}, "listQuarantine": {"GET", "/v1/quarantine"}, "listCustody": {"GET", "/v1/sites/" + x.site + "/custody"},
		"compareUse": {"GET", "/v1/sites/" + x.site + "/use?" + march}, "getMonthlyManifest": {"GET", "/v1/sites/" + x.site + "/monthly-manifest?month=2026-03"},
		"getTripCards": {"GET", "/v1/trips/" + x.trip + "/cards"}, "getVehicleLoad": {"GET", "/v1/vehicles/" + url.PathEscape(x.plate) + "/load"}, "listKeys": {"GET", "/v1/keys?party=" + x.party},
		"getManifestScan": {"GET", "/v1/manifests/" + x.manifest + "/scan"},
		"listFindings":    {"GET", "/v1/findings?" + whose(x)}, "countFindings": {"GET", "/v1/findings/counts?" + whose(x)},
		"listWork": {"GET", "/v1/worklist?" + whose(x)}, "countWork": {"GET", "/v1/worklist/counts?" + whose(x)}, "searchWaste": {"GET", "/v1/search?" + whose(x)},
		"getKey": {"GET", "/v1/keys/" + x.kid}, "getKeyHistory": {"GET", "/v1/keys/" + x.kid + "/history"}, "listActs": {"GET", "/v1/acts?party=" + x.party},
		"listDraws": {"GET", "/v1/draws"}, "getReport": {"GET", "/v1/reports/" + x.report}, "listReports": {"GET", "/v1/reports?district=" + x.division}, "getStatement": {"GET", "/v1/statements/2026-01"}, "getDraw": {"GET", "/v1/draws/" + m.draw},
		"getSourceStanding": {"GET", "/v1/sites/" + x.site + "/source?year=2026"},
		"getSiteDuties":     {"GET", "/v1/sites/" + x.site + "/duties"},
		"listDrafts":        {"GET", "/v1/drafts?party=" + x.party}, "getDraft": {"GET", "/v1/drafts/" + x.draft}, "discardDraft": {"DELETE", "/v1/drafts/" + x.draft + "?version=1"},
		"restoreDraft": {"POST", "/v1/drafts/" + x.draft + "/restore?version=2"}, "checkDraft": {"POST", "/v1/drafts/" + x.draft + "/check"},
		"createStopCode": {"POST", "/v1/sites/" + x.site + "/stop-codes"},
		"getPermits":     {"GET", "/v1/organisations/" + x.party + "/permits"},
		"listIndicators": {"GET", "/v1/indicators"}, "getIndicator": {"GET", "/v1/indicators/37?period=2026-01&rows=true"},
		"getIndicatorEvidence": {"GET", "/v1/indicators/36/evidence?period=2026-01&district=" + x.division}, "getCarbonEffect": {"GET", "/v1/carbon?period=2026-01"},
		"getSiteTable": {"GET", "/v1/sites/" + x.site + "/tables/ledger?from=2026-01-01&to=2026-12-31"},
		"getMetrics":   {"GET", "/metrics"}, "listAccounts": {"GET", "/v1/accounts?party=" + x.party}, "renewInvitation": {"POST", account + "/invitation"},
		"disableAccount": {"POST", account + "/disable"}, "listClients": {"GET", "/v1/clients"}, "disableClient": {"POST", client + "/disable"},
		"listGrants": {"GET", "/v1/organisations/" + x.party + "/grants"}, "getSession": {"GET", "/v1/session"}, "deleteSession": {"DELETE", "/v1/session"},
		"deleteSessions": {"DELETE", "/v1/sessions"}, "beginTOTP": {"POST", "/v1/session/totp"}, "findBatchByLabel": {"GET", "/q/" + x.label},
		"getCheckpoint": {"GET", "/log/checkpoint"}, "getTile": {"GET", "/log/tile/0/000.p/1"}, "getEntryBundle": {"GET", "/log/tile/entries/000.p/1"},
		"getVerifierKey": {"GET", "/log/vkey"}, "getSuccession": {"GET", "/log/succession"}, "getHealth": {"GET", "/healthz"}, "getReadiness": {"GET", "/readyz"},
		"challengeEnrolment": {"POST", "/v1/enrolments/challenge"}, "createSession": {"POST", "/v1/session"}, "acceptInvitation": {"POST", "/v1/welcome"}}[op]
	if !ok {
		m.t.Fatalf("the matrix knows no request of %s", op)
	}
	return ask{method: path[0], path: path[1]}
}
