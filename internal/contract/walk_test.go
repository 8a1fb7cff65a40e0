package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/crockford"
	"liandan/internal/event"
	"liandan/internal/intaketest"
)

// TestEveryAnswerOfTheContractIsGiven walks every operation on the real server, with good
// and with bad input, on both databases. At the end the ledger must hold every declared
// pair of operation and status.
func TestEveryAnswerOfTheContractIsGiven(t *testing.T) {
	j := newReferee(t)
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			j.t = t
			walk(newTown(t, j, db.open(t)))
		})
	}
	j.t = t
	t.Run("errors of ours", func(t *testing.T) { j.t = t; walkBroken(t, j) })
	if missing := j.unseen(); len(missing) > 0 && !t.Failed() {
		t.Errorf("declared and never answered: %s", strings.Join(missing, ", "))
	}
}

// place is what the walk leaves for its later parts.
type place struct {
	bag, issued, collected intaketest.Signed   // a bag on a trip
	chain                  []intaketest.Signed // a batch's eight events, all recorded
	driver                 string              // the token of the carrier's driver
	known                  map[string]string   // values of path parameters that name something
}

func walk(x *town) {
	p := &place{known: map[string]string{"period": "2026-01", "kind": "organisations", "level": "0", "path": "000.p/1",
		"site": x.Hospital.Site.String(), "table": "ledger", "records": "manifests"}}
	x.run("before anything is there", emptyLog)
	x.run("registers", registers)
	x.run("enrolment", enrolments)
	x.run("people", func(x *town) { p.people(x) })
	x.run("programs", func(x *town) { p.programs(x) })
	x.run("events", func(x *town) { p.events(x) })
	x.run("many lines", manyLines)
	x.run("bad input", badInput)
	x.run("dry runs", dryRuns)
	x.run("reading", func(x *town) { p.reading(x) })
	x.run("permits", func(x *town) { p.permits(x) })
	x.run("random inspection", func(x *town) { p.draws(x) })
	x.run("the hospital's house", func(x *town) { p.house(x) })
	x.run("drafts", func(x *town) { p.drafts(x) })
	x.run("one-time codes", func(x *town) { p.stopCodes(x) })
	x.run("bookings and trips", func(x *town) { p.trips(x) })
	x.run("figures", measured)
	x.run("records of the past", func(x *town) { p.past(x) })
	x.run("tables", func(x *town) { p.tables(x) })
	x.run("labels", func(x *town) { p.labels(x) })
	x.run("keys", func(x *town) { p.keys(x) })
	x.run("hand-overs", func(x *town) { p.handOvers(x) })
	x.run("lists", func(x *town) { p.lists(x) })
	x.run("scans of slips", func(x *town) { p.scans(x) })
	x.run("findings", func(x *town) { p.findingLists(x) })
	x.run("the access record", accessRecord)
	x.run("without a token", func(x *town) { p.tokens(x) })
	x.run("names of nothing", func(x *town) { p.nothing(x) })
	x.run("wrong bodies", func(x *town) { p.bodies(x) })
	x.run("cut uploads", cutUploads)
	x.run("other addresses and methods", otherAddresses)
	x.run("the database is gone", func(x *town) { p.gone(x) })
}

// unseen lists what the ledger lacks: declared pairs that were never answered, and kinds
// that an operation's own answers name and that were never provoked. That nothing besides
// was answered, the referee has held exchange by exchange.
func (j *referee) unseen() (out []string) {
	answered, provoked := map[string]bool{}, map[string]bool{}
	for s := range j.seen {
		answered[fmt.Sprint(s.operation, " ", s.status)] = true
		provoked[s.operation+" "+s.kind] = true
	}
	for _, c := range j.calls {
		for status, r := range c.op.Responses.Map() {
			if !answered[c.op.OperationID+" "+status] {
				out = append(out, c.op.OperationID+" "+status)
			}
			if r.Ref != "" || r.Value.Content["application/problem+json"] == nil {
				continue // several operations share it: not each has each kind
			}
			for _, kind := range kindsOf(*r.Value.Description) {
				if !provoked[c.op.OperationID+" "+kind] {
					out = append(out, c.op.OperationID+" "+status+" "+kind)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// sound is a request of the operation that is as the contract wants it.
func (p *place) sound(x *town, c call) ask {
	x.t.Helper()
	q := ask{method: c.method, path: c.path}
	q.path += asked[c.op.OperationID]
	for name, value := range p.known {
		q.path = strings.ReplaceAll(q.path, "{"+name+"}", value)
	}
	if strings.HasPrefix(c.path, "/v1/indicators/") || c.path == "/v1/carbon" {
		q.path = strings.ReplaceAll(q.path, "{indicator}", "37") + "?period=2026-01"
	}
	p.identify(x, c, &q)
	if c.op.RequestBody == nil {
		return q
	}
	q.mediaType, q.body = "application/json", map[string]string{
		"createSession":      `{"login":"sample.nobody","password":"样例 SAMPLE"}`,
		"acceptInvitation":   fmt.Sprintf(`{"code":%q,"password":"样例 SAMPLE passphrase"}`, crockford.Write(make([]byte, 12))),
		"changePassword":     `{"old":"样例 SAMPLE old","new":"样例 SAMPLE passphrase"}`,
		"confirmTOTP":        `{"code":"123456"}`,
		"removeTOTP":         `{"password":"样例 SAMPLE old"}`,
		"inviteAccount":      `{"login":"sample.one.more","name":"样例 SAMPLE","appointments":[{"role":"city_analyst"}]}`,
		"appointAccount":     `{"role":"city_analyst"}`,
		"createClient":       `{"name":"样例 SAMPLE","scopes":["chains:read"],"per_minute":60}`,
		"createClientSecret": `{}`,
		"putGrant":           `{"scopes":["chains:read"]}`,
		"createToken":        "grant_type=client_credentials&client_id=" + p.known["client"] + "&client_secret=" + p.known["client secret"],
		"rotateKey":          p.known["rotation"],
		"createBooking": fmt.Sprintf(`{"site":%q,"collector":%q,"reason":"regular","from":"2026-03-02T00:00:00.000+08:00","until":"2026-03-20T00:00:00.000+08:00","lines":[{"code":"900-214-08","grams":1}]}`,
			x.Hospital.Site, x.Carrier.Party),
		"setBookingState": `{"state":"withdrawn","version":1,"reason":"样例 SAMPLE"}`,
		"createTrip":      fmt.Sprintf(`{"collector":%q,"vehicle":"冀F00001","driver":%q,"day":%q,"stops":[{"site":%q}]}`, x.Hospital.Party, x.Hospital.Person, planDay, x.Plants),
		"changeTrip":      fmt.Sprintf(`{"version":1,"vehicle":"冀F00001","driver":%q,"day":%q,"stops":[{"site":%q}]}`, x.Hospital.Person, planDay, x.Plants),
		"setTripState":    `{"state":"cancelled","version":1,"reason":"样例 SAMPLE"}`,
		"confirmStop": fmt.Sprintf(`{"site":%q,"person":%q,"code":"000000","lines":[{"batch":%q,"code":"841-001-01","grams":1}]}`,
			x.Hospital.Site, x.Carrier.Person, p.known["batch"]),
		"createEnrolment":    fmt.Sprintf(`{"party":%q,"person":%q,"device":"样例 SAMPLE"}`, x.Hospital.Party, x.Hospital.Person),
		"challengeEnrolment": p.known["challenge request"],
		"revokeKey":          `{"reason":"样例 SAMPLE"}`,
		"importPast":         pastFile,
		"importRegistry":     "credit_code,name,roles\n",
		"putManifestScan":    "%PDF-SAMPLE",
		"createDraft":        fmt.Sprintf(`{"party":%q}`, x.Hospital.Party),
		"replaceDraft":       `{"version":1,"content":{}}`,
		"createReport":       `{"period":"2026-01"}`,
		"createSampleList":   fmt.Sprintf(`{"sites":[%q],"people":[%q]}`, x.Hospital.Site, x.Hospital.Person),
		"submitEvents":       string(x.Generate(1000).JWS),
		"validateEvent":      string(x.Generate(1000).JWS),
		"enrolKey":           p.known["signed challenge"],
	}[c.op.OperationID]
	switch c.op.OperationID {
	case "importRegistry", "importPast":
		q.mediaType = "text/csv"
	case "putManifestScan":
		q.mediaType = "application/pdf"
	case "createToken":
		q.mediaType = "application/x-www-form-urlencoded"
	case "submitEvents", "validateEvent", "enrolKey", "rotateKey":
		q.mediaType = "application/jose"
	}
	if q.body == "" {
		x.t.Fatalf("the walk knows no body for %s", c.op.OperationID)
	}
	return q
}

func emptyLog(x *town) {
	x.ask(ask{path: "/log/checkpoint"}).is(404, "not-found")
	if a := x.ask(ask{path: "/log/vkey"}).is(200, ""); string(a.body) != x.server.VKey+"\n" {
		x.t.Errorf("the verifier key is %q", a.body)
	}
	for _, path := range []string{"/healthz", "/readyz", "/log/succession"} {
		x.ask(ask{path: path}).is(200, "")
	}
	x.ask(ask{path: "/metrics", token: x.server.Token}).is(200, "")
}

// events walks a batch through its chain and keeps the names of what comes of it.
func (p *place) events(x *town) {
	before := x.events()
	p.chain = x.Chain(12_345)
	for _, e := range p.chain {
		r := into[api.Receipt](x.send(e.JWS).is(201, ""))
		if again := into[api.Receipt](x.send(e.JWS).is(200, "")); again.Seq != r.Seq || again.Entry != r.Entry {
			x.t.Errorf("the repeat's receipt is %+v, the first was %+v", again, r)
		}
	}
	generated := p.chain[0].Event
	p.known["batch"] = generated.Batches[0].ID.String()
	p.known["event"] = generated.ID.String()
	p.known["label"] = string(generated.Data.(event.Generated).Label)
	p.known["manifest"] = p.chain[2].Event.Manifest.String()
	p.known["kid"], p.known["site"] = x.Hospital.Kid(), x.Hospital.Site.String()
	if n := x.events(); n != before+len(p.chain) {
		x.t.Errorf("the log has %d more events after %d", n-before, len(p.chain))
	}
	p.known["trip"] = x.trip(p).String()
}

// reading: what was recorded can be read, by whom it concerns.
func (p *place) reading(x *town) {
	b, m := "/v1/batches/"+p.known["batch"], "/v1/manifests/"+p.known["manifest"]
	for _, token := range []string{x.inspector, x.hospital, x.plant} {
		if v := into[api.BatchView](x.ask(ask{path: b, token: token}).is(200, "")); v.Stage != "reported" || v.InitialGrams != 12_345 {
			x.t.Errorf("the batch is %+v", v)
		}
	}
	if v := into[api.Chain](x.get(b+"/chain").is(200, "")); !v.Sound || len(v.Steps) != len(p.chain) {
		x.t.Errorf("the chain is %+v", v)
	}
	if v := into[api.ManifestView](x.get(m).is(200, "")); v.Stage != "reported" {
		x.t.Errorf("the manifest is %+v", v)
	}
	for _, path := range []string{b, m} {
		if a := x.get(path+"/bundle").is(200, ""); len(into[api.Bundle](a).Entries) == 0 {
			x.t.Errorf("%s: the evidence is empty", a.at)
		}
	}
	for _, e := range p.chain {
		if v := into[api.EventRecord](x.get("/v1/events/"+e.Event.ID.String()).is(200, "")); v.JWS != string(e.JWS) {
			x.t.Errorf("%s: other bytes are kept than were sent", e.Event.Type)
		}
	}
	first := into[api.QuarantinePage](x.get("/v1/quarantine?limit=1").is(200, ""))
	if len(first.Items) != 1 || first.NextCursor == "" {
		x.t.Fatalf("the first page is %+v", first)
	}
	if rest := into[api.QuarantinePage](x.get("/v1/quarantine?limit=500&cursor="+first.NextCursor).is(200, "")); slices.Contains(rest.Items, first.Items[0]) {
		x.t.Error("the second page begins with the first one's item")
	}
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "limit=1.5", "cursor=" + strings.Repeat("x", 201)} {
		x.get("/v1/quarantine?"+query).is(422, "invalid-request")
	}
	x.ask(ask{path: "/v1/quarantine", token: x.server.Token}).is(403, "forbidden")
	for _, token := range []string{x.server.Token, x.analyst} { // who runs the server sees no waste data
		x.ask(ask{path: b, token: token}).is(403, "forbidden")
	}
	for _, path := range []string{"0/000.p/8", "entries/000.p/8"} {
		x.ask(ask{path: "/log/tile/" + path}).is(200, "")
	}
	for _, path := range []string{"0/000", "0/001.p/1", "0/000.p/256", "1/000.p/1", "6/000.p/1", "entries/000", "entries/x001/x234/067"} {
		x.ask(ask{path: "/log/tile/" + path}).is(404, "not-found")
	}
}

// tokens: without a token, or with one that is none, nothing that needs one is answered;
// nor to a browser whose form is not ours, whom no appointment allows it, or over a quota.
func (p *place) tokens(x *town) {
	x.exhaust()
	for _, c := range x.referee.calls {
		if c.op.Security == nil || len(*c.op.Security) == 0 {
			continue
		}
		q := p.sound(x, c)
		if c.op.OperationID == "validateEvent" {
			q.mediaType, q.body = "application/json", string(must(x.Generate(1).Event.Payload())(x.t))
			q.blind = "a bare payload needs a caller of its party"
		}
		q.token, q.session = "", sitting{}
		x.ask(q).is(401, "unauthorized")
		q.token, q.blind = "lt_SAMPLE", "the token is of no one"
		if rule, _ := rules.Rule(c.op.OperationID); rule.SignedIn { // the contract asks for a session
			q.blind = ""
		}
		x.ask(q).is(401, "unauthorized")
		q.blind = ""
		if q.token = x.analyst; mayAnalyst(c.op.OperationID) { // an analyst may see figures
			q.token = x.stranger
		}
		x.ask(q).is(403, "forbidden")
		q.token = x.spent
		x.ask(q).is(429, "quota-exceeded")
		if c.method == http.MethodGet {
			continue
		}
		q.token, q.session = "", x.nurse
		for _, csrf := range []string{"", "x"} {
			q.session.CSRF = csrf
			x.ask(q).is(403, "forged-request")
		}
	}
}

func mayAnalyst(operation string) bool {
	r, _ := rules.Rule(operation)
	return r.Who[access.CityAnalyst] != access.None
}

// nothing: ids that name nothing, and texts that are no ids.
func (p *place) nothing(x *town) {
	names := map[string][]string{"kind": {"ghosts"}, "records": {"ghosts"}, "label": {string(event.NewLabel([26]byte{9}))}, "level": {"5", "6", "x"}}
	id := []string{"019ca000-0000-7000-8000-00000000ffff", "x", "00000000-0000-0000-0000-000000000000", strings.ToUpper(p.known["batch"]), "%2e%2e"}
	for _, name := range []string{"batch", "manifest", "event", "site", "trip"} {
		names[name] = id
	}
	names["account"], names["client"], names["party"], names["draw"], names["draft"], names["booking"] = id, id, id, id, id, id
	names["kid"] = []string{strings.Repeat("A", 43), "x"}
	for _, c := range x.referee.calls {
		_, after, _ := strings.Cut(c.path, "{")
		name, _, _ := strings.Cut(after, "}")
		if strings.HasPrefix(c.path, "/q/") {
			continue // a page; see labels
		}
		for _, value := range names[name] {
			q := p.sound(x, c)
			q.path = strings.ReplaceAll(c.path+asked[c.op.OperationID], "{"+name+"}", value)
			for other, known := range p.known {
				q.path = strings.ReplaceAll(q.path, "{"+other+"}", known)
			}
			if a := x.ask(q); a.status != 404 {
				x.t.Errorf("%s: is answered with %d", a.at, a.status)
			}
		}
	}
}

// otherAddresses are not the contract's: they are not found, or take another method.
func otherAddresses(x *town) {
	for _, path := range []string{"/v1/", "/v1/nothing", "/v1/batches", "/v1/batches/a/b", "/log/", "/log/nothing", "/log/tile", "/v1/events/a/b"} {
		x.get(path).is(404, "not-found")
	}
	for _, q := range []ask{{method: "PUT", path: "/v1/keys"}, {path: "/oauth/token"}, {method: "DELETE", path: "/v1/events"}, {method: "PUT", path: "/v1/batches/x"},
		{method: "POST", path: "/log/checkpoint"}, {method: "PATCH", path: "/log/tile/0/000"}, {method: "POST", path: "/healthz"}} {
		x.ask(q).is(http.StatusMethodNotAllowed, "method-not-allowed")
	}
}
