package contract

import (
	"fmt"
	"slices"
	"strings"

	"liandan/api"
	"liandan/internal/draft"
	"liandan/internal/event"
	"liandan/internal/id"
)

// drafts: a manifest is drafted, checked, mended and issued; nothing of it is in the log
// before it is signed, and nobody else sees it.
func (p *place) drafts(x *town) {
	hospital, party := ask{token: x.hospital}, x.Hospital.Party.String()
	create := func(rest string) answer {
		return x.json("POST", "/v1/drafts", hospital, fmt.Sprintf(`{"party":%q%s}`, party, rest))
	}
	bag := x.Generate(7_000)
	x.send(bag.JWS).is(201, "")
	before := x.size()

	empty := into[api.Draft](create("").is(201, ""))
	p.known["draft"] = empty.ID
	if empty.Version != 1 || empty.State != "open" || empty.Party != party {
		x.t.Errorf("a new draft is %+v", empty)
	}
	path := "/v1/drafts/" + empty.ID
	check := func(path string) api.DraftCheck {
		return into[api.DraftCheck](x.ask(ask{method: "POST", path: path + "/check", token: x.hospital}).is(200, ""))
	}
	c := check(path)
	x.lacks("an empty draft", c, "/batches required", "/data/carrier required", "/data/consignee required", "/data/consignee_site required", "/data/profile required",
		"/data required", "/person required", "/site required")
	put := func(version int64, content string) answer {
		return x.json("PUT", path, hospital, fmt.Sprintf(`{"version":%d,"content":%s}`, version, content))
	}
	// All at once: a site and a person that are others', a carrier that carries nothing, a batch that nobody made.
	wrong := fmt.Sprintf(`{"site":%q,"person":%q,"batches":[{"id":%q,"grams":7000},{"grams":5}],"data":{"profile":"medical","carrier":%q,"consignee":%q,"consignee_site":%q}}`,
		x.Plants, x.Carrier.Person, id.BatchOf(x.UUID()), x.Plant.Party, x.Plant.Party, x.Plants)
	if d := into[api.Draft](put(1, wrong).is(200, "")); d.Version != 2 || d.Content.Batches[1].Grams != 5 {
		x.t.Errorf("the draft is %+v", d)
	}
	c = check(path)
	x.lacks("a wrong draft", c, "/batches/0 wrong-stage", "/batches/1/id required", "/data/carrier role", "/person unknown", "/site unknown")
	x.finds("a wrong draft", c.Validation.Findings, "carrier-unlicensed")
	put(1, "{}").is(409, "conflict") // somebody read it before

	good := fmt.Sprintf(`{"site":%q,"person":%q,"batches":[{"id":%q,"grams":7000}],"data":{"profile":"medical","carrier":%q,"consignee":%q,"consignee_site":%q,"method":"D10"}}`,
		x.Hospital.Site, x.Hospital.Person, bag.Event.Batches[0].ID, x.Carrier.Party, x.Plant.Party, x.Plants)
	put(2, good).is(200, "")
	c = check(path)
	if !c.Ready || c.Version != 3 || len(c.Validation.Errors) > 0 || c.Validation.Would != "accept" {
		x.t.Fatalf("the whole draft: %+v", c)
	}
	e := must(event.Parse([]byte(c.Payload)))(x.t)
	if e.Manifest.String() != empty.ID || e.Batches[0].Seen.IsZero() {
		x.t.Errorf("the payload to sign is %s", c.Payload)
	}
	p.badDrafts(x, path)
	if n := x.size(); n != before {
		x.t.Errorf("drafts made the log grow from %d to %d", before, n)
	}

	// Discarded, restored; then signed as it is, byte for byte.
	x.ask(ask{method: "DELETE", path: path + "?version=2", token: x.hospital}).is(409, "conflict")
	if d := into[api.Draft](x.ask(ask{method: "DELETE", path: path + "?version=3", token: x.hospital}).is(200, "")); d.State != "discarded" || d.KeptUntil == "" {
		x.t.Errorf("discarded: %+v", d)
	}
	x.ask(ask{method: "POST", path: path + "/check", token: x.hospital}).is(409, "conflict")
	put(4, good).is(409, "conflict")
	if d := into[api.Draft](x.ask(ask{method: "POST", path: path + "/restore?version=4", token: x.hospital}).is(200, "")); d.State != "open" || d.Version != 5 || d.Content.Site != x.Hospital.Site.String() {
		x.t.Errorf("restored: %+v", d)
	}
	x.ask(ask{method: "POST", path: path + "/restore?version=5", token: x.hospital}).is(409, "conflict")
	e = must(event.Parse([]byte(check(path).Payload)))(x.t)
	signed := must(x.Hospital.Sign(e))(x.t)
	x.send(signed).is(201, "")
	if d := into[api.Draft](x.ask(ask{path: path, token: x.hospital}).is(200, "")); d.State != "issued" {
		x.t.Errorf("its manifest is issued: %+v", d)
	}
	put(5, good).is(409, "conflict")
	p.sameAgain(x, empty.ID)
	p.tooMany(x)
}

// lacks holds the errors of a check, and that there is nothing to sign.
func (x *town) lacks(what string, c api.DraftCheck, want ...string) {
	x.t.Helper()
	var got []string
	for _, e := range c.Validation.Errors {
		if e.Pointer != "" {
			got = append(got, e.Pointer+" "+e.Code)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if c.Ready || c.Payload != "" || c.Validation.Would != "refuse" || !slices.Equal(got, want) {
		x.t.Errorf("%s: ready %v, %s, payload %q, errors\n%v\nexpected\n%v", what, c.Ready, c.Validation.Would, c.Payload, got, want)
	}
}

// badDrafts: each is refused for what it is and changes nothing.
func (p *place) badDrafts(x *town, path string) {
	was := x.ask(ask{path: path, token: x.hospital}).is(200, "").body
	hospital, party := ask{token: x.hospital}, x.Hospital.Party.String()
	for _, content := range []string{`[]`, `7`, `{"party":"x"}`, `{"site":"x"}`, `{"batches":[{"grams":1.5}]}`, `{"batches":[{"grams":0}]}`, `{"batches":[{"grams":-1}]}`,
		`{"batches":[{"seen":null}]}`, `{"batches":[` + strings.Repeat(`{},`, 100) + `{}]}`, `{"data":{"profile":"<script>"}}`, `{"data":{"from":""}}`, `{"data":{"number":"x"}}`,
		`{"data":{"method":"D10'; DROP TABLE manifests; --"}}`, `{"data":{"exempt_transport":"all"}}`} {
		x.json("PUT", path, hospital, `{"version":3,"content":`+content+`}`).is(422, "invalid-request")
		x.json("POST", "/v1/drafts", hospital, fmt.Sprintf(`{"party":%q,"content":%s}`, party, content)).is(422, "invalid-request")
	}
	for _, body := range []string{`{}`, `{"version":3}`, `{"content":{}}`, `{"version":0,"content":{}}`, `{"version":"3","content":{}}`, `{"version":3,"content":{},"party":"x"}`, `[]`} {
		x.json("PUT", path, hospital, body).is(422, "invalid-request")
	}
	blind := hospital
	blind.blind = "the schema does not see which members exclude each other, or whose a manifest is"
	for _, rest := range []string{fmt.Sprintf(`,"like":%q,"content":{}`, p.known["manifest"]), `,"like":"019ca000-0000-7000-8000-00000000dead"`} {
		x.json("POST", "/v1/drafts", blind, fmt.Sprintf(`{"party":%q%s}`, party, rest)).is(422, "invalid-request")
	}
	x.json("POST", "/v1/drafts", ask{token: x.plant, blind: blind.blind}, fmt.Sprintf(`{"party":%q,"like":%q}`, x.Plant.Party, p.known["manifest"])).is(422, "invalid-request")
	twice := hospital
	twice.blind = "a schema sees no repeated member and no direction of text"
	for _, content := range []string{fmt.Sprintf(`{"site":%q,"site":%q}`, p.known["site"], p.known["site"]), `{"data":{"from":"a\u202eb"}}`,
		fmt.Sprintf(`{"batches":[{"id":%q},{"id":%q}]}`, p.known["batch"], p.known["batch"])} {
		x.json("PUT", path, twice, `{"version":3,"content":`+content+`}`).is(422, "invalid-request")
	}
	for _, q := range []string{"", "?version=0", "?version=x", "?version=1.5"} {
		x.ask(ask{method: "DELETE", path: path + q, token: x.hospital}).is(422, "invalid-request")
		x.ask(ask{method: "POST", path: path + "/restore" + q, token: x.hospital}).is(422, "invalid-request")
	}
	for _, q := range []string{"", "party=x", "party=" + party + "&state=signed", "party=" + party + "&limit=0"} {
		x.ask(ask{path: "/v1/drafts?" + q, token: x.hospital}).is(422, "invalid-request")
	}
	x.ask(ask{path: "/v1/drafts?party=" + party + "&cursor=x", token: x.hospital, blind: "a cursor is any text"}).is(422, "invalid-request")
	for _, q := range []ask{{path: path}, {method: "DELETE", path: path + "?version=3"}, {method: "POST", path: path + "/check"}, {method: "POST", path: path + "/restore?version=3"},
		{path: "/v1/drafts?party=" + party}} {
		q.token = x.stranger
		x.ask(q).is(404, "not-found")
		if q.token = x.inspector; q.path != "" { // a draft is no evidence: no authority's
			x.ask(q).is(403, "forbidden")
		}
	}
	x.json("PUT", path, ask{token: x.stranger}, `{"version":3,"content":{}}`).is(404, "not-found")
	x.json("POST", "/v1/drafts", ask{token: x.stranger}, fmt.Sprintf(`{"party":%q}`, party)).is(404, "not-found")
	if now := x.ask(ask{path: path, token: x.hospital}).is(200, "").body; string(now) != string(was) {
		x.t.Errorf("bad input changed\n%s\nto\n%s", was, now)
	}
}

// sameAgain: a draft like an earlier manifest, and the lists by state.
func (p *place) sameAgain(x *town, issued string) {
	hospital, party := ask{token: x.hospital}, x.Hospital.Party.String()
	d := into[api.Draft](x.json("POST", "/v1/drafts", hospital, fmt.Sprintf(`{"party":%q,"like":%q}`, party, issued)).is(201, ""))
	if c := d.Content; c.Data.Profile != "medical" || c.Data.Carrier != x.Carrier.Party.String() || c.Data.ConsigneeSite != x.Plants.String() || c.Site != x.Hospital.Site.String() || len(c.Batches) > 0 {
		x.t.Errorf("the same again is %+v", d)
	}
	p.known["draft"] = d.ID
	x.ask(ask{method: "DELETE", path: "/v1/drafts/" + into[api.Draft](x.json("POST", "/v1/drafts", hospital, fmt.Sprintf(`{"party":%q,"content":{"batches":[]}}`, party)).is(201, "")).ID + "?version=1", token: x.hospital}).is(200, "")
	for state, want := range map[string]int{"": 1, "open": 1, "issued": 1, "discarded": 1, "all": 3} {
		seen := map[string]bool{}
		for cursor := ""; ; {
			q := "/v1/drafts?limit=1&party=" + party + "&cursor=" + cursor
			if state != "" {
				q += "&state=" + state
			}
			page := into[api.DraftPage](x.ask(ask{path: q, token: x.hospital}).is(200, ""))
			for _, d := range page.Items {
				seen[d.ID] = true
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if len(seen) != want {
			x.t.Errorf("%d drafts with state %q, expected %d", len(seen), state, want)
		}
	}
}

// tooMany: open drafts do not grow without end.
func (p *place) tooMany(x *town) {
	for range draft.MaxOpen {
		must(x.server.Drafts.Create(x.t.Context(), x.Plant.Party, draft.Content("{}")))(x.t)
	}
	x.json("POST", "/v1/drafts", ask{token: x.plant}, fmt.Sprintf(`{"party":%q}`, x.Plant.Party)).is(409, "conflict")
}
