package contract

import (
	"crypto/ed25519"
	"fmt"
	"strings"

	"liandan/api"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/registry/registrytest"
	"liandan/internal/signature"
)

// registers imports what the walk needs, and what no register may hold.
func registers(x *town) {
	x.settle()
	csv := func(path, token, body string) answer {
		return x.ask(ask{method: "POST", path: "/v1/registry/" + path, token: token, mediaType: "text/csv", body: body})
	}
	const head = "credit_code,name,roles\n"
	good := head + string(registrytest.Code(9)) + ",样例单位9 SAMPLE,generator\n"
	if r := into[api.ImportReport](csv("organisations?dry_run=true", x.server.Token, good).is(200, "")); r.Applied || r.Added != 1 {
		x.t.Errorf("the dry run reports %+v", r)
	}
	for _, again := range []int{1, 0} { // nothing was written by the dry run; then it is there
		if r := into[api.ImportReport](csv("organisations?dry_run=false", x.server.Token, good).is(200, "")); !r.Applied || r.Added != again {
			x.t.Errorf("the import reports %+v", r)
		}
	}
	for _, body := range []string{head + "x,,nurse\n", head + string(registrytest.Code(9)) + ",\xff,generator\n", head + "a,b\n", "nothing\n"} {
		if r := into[api.ImportReport](csv("organisations", x.server.Token, body).is(200, "")); r.Applied || len(r.Bad) == 0 {
			x.t.Errorf("%q: the report is %+v", body, r)
		}
	}
	csv("organisations", x.hospital, good).is(403, "forbidden")
	csv("sites?dry_run=yes", x.server.Token, good).is(422, "invalid-request")
	one := ask{method: "POST", path: "/v1/registry/sites?dry_run=1", token: x.server.Token, mediaType: "text/csv", body: good, blind: "kin-openapi reads 1 as true"}
	x.ask(one).is(422, "invalid-request")
}

// enrolments enrols every device of the world, and refuses what must not be enrolled.
func enrolments(x *town) {
	for _, d := range []*device.Device{x.Hospital, x.Porter, x.Carrier, x.Plant, x.Stranger} {
		x.enrol(d, 365)
	}
	fresh := x.device()
	request := fmt.Sprintf(`{"party":%q,"person":%q,"device":"样例 SAMPLE"`, fresh.Party, fresh.Person)
	a := x.ask(ask{method: "POST", path: "/v1/enrolments", token: x.hospital, mediaType: "application/json", body: request + "}"}).is(201, "")
	code := into[api.Enrolment](a).Code
	x.ask(ask{method: "POST", path: "/v1/enrolments", token: x.stranger, mediaType: "application/json", body: request + "}"}).is(404, "not-found")
	for _, body := range []string{"{", "[]", "null", "{}", request + `,"valid_days":0}`, request + `,"valid_days":1827}`, request + `,"valid_days":1.5}`,
		request + `,"colour":"red"}`, strings.Replace(request, "样例 SAMPLE", "", 1) + "}", strings.Replace(request, "样例 SAMPLE", strings.Repeat("样", 65), 1) + "}",
		strings.Replace(request, "样例", "样\u202e例", 1) + "}", strings.Replace(request, fresh.Party.String(), "x", 1) + "}",
		strings.Replace(request, fresh.Person.String(), strings.ToUpper(fresh.Person.String()), 1) + "}"} {
		x.post("/v1/enrolments", body).is(422, "invalid-request")
	}
	for body, why := range map[string]string{request + `,"device":"样例"}`: "a member stands there twice", request + "}{}": "data follow the object",
		strings.Replace(request, fresh.Person.String(), x.Plant.Person.String(), 1) + "}": "the person is another organisation's"} {
		x.ask(ask{method: "POST", path: "/v1/enrolments", token: x.server.Token, mediaType: "application/json", body: body, blind: why}).is(422, "invalid-request")
	}
	challenges(x, fresh, code)
	proofs(x, fresh, code)
}

// device is one more of the hospital, not enrolled.
func (x *town) device() *device.Device {
	x.t.Helper()
	_, key, err := ed25519.GenerateKey(x.Random)
	if err != nil {
		x.t.Fatal(err)
	}
	return must(device.New(x.Hospital.Party, x.Hospital.Site, x.Hospital.Person, key, x.Random))(x.t)
}

func challenges(x *town, d *device.Device, code string) {
	jwk := string(must(d.JWK())(x.t))
	trade := func(code, jwk, blind string) answer {
		return x.ask(ask{method: "POST", path: "/v1/enrolments/challenge", mediaType: "application/json", body: fmt.Sprintf(`{"code":%q,"jwk":%s}`, code, jwk), blind: blind})
	}
	for _, wrong := range []string{"7K3M-9QXA-T2VD", "x", strings.Repeat("0", 64)} {
		trade(wrong, jwk, "").is(403, "enrolment-refused")
	}
	member := func(more string) string { return strings.TrimSuffix(jwk, "}") + more + "}" }
	for _, wrong := range []string{"{}", `"x"`, "null", member(`,"d":"AAAA"`), strings.Replace(jwk, "Ed25519", "X25519", 1), strings.Replace(jwk, "OKP", "RSA", 1)} {
		trade(code, wrong, "").is(422, "invalid-request")
	}
	trade("", jwk, "").is(422, "invalid-request")
	ec := `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`
	trade(code, ec, "the point is not on the curve").is(422, "invalid-request")
	trade(code, strings.Replace(jwk, "OKP", "EC", 1), "the curve is not of that type").is(422, "invalid-request")
}

func proofs(x *town, d *device.Device, code string) {
	jws := x.challenge(d, code)
	payload := func(p string) []byte {
		_, key, err := ed25519.GenerateKey(x.Random)
		if err != nil {
			x.t.Fatal(err)
		}
		return must(must(signature.NewSigner(key))(x.t).Sign([]byte(p), signature.TypEnrolment))(x.t)
	}
	for _, wrong := range []string{`{}`, `{"challenge":""}`, `{"challenge":"x","more":1}`, `[]`} {
		a := x.ask(ask{method: "POST", path: "/v1/keys", mediaType: "application/jose", body: string(payload(wrong)), blind: "the payload is inside a JWS"})
		a.is(422, "invalid-request")
	}
	x.enrolKey(payload(`{"challenge":"x"}`)).is(403, "enrolment-refused")
	x.enrolKey(jws[:len(jws)-2]).is(403, "enrolment-refused")
	x.enrolKey(jws[:len(jws)/3]).is(400, "malformed-jws")
	x.enrolKey(x.Generate(1).JWS).is(400, "header-member") // signed as an event
	forged := &forger{x: x, d: d, key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	x.enrolKey(forged.sign(`{"alg":"none","kid":"x","typ":"liandan-enrolment"}`, `{}`)).is(400, "alg-not-allowed")
	x.enrolKey(jws).is(201, "")
	x.enrolKey(jws).is(409, "conflict")
}

// keys are looked at and revoked by who may.
func (p *place) keys(x *town) {
	d := x.device()
	x.enrol(d, 30)
	at := "/v1/keys/" + d.Kid()
	for token, status := range map[string]int{x.server.Token: 200, x.hospital: 200, x.stranger: 404} {
		if a := x.ask(ask{path: at, token: token}); a.status != status {
			x.t.Errorf("%s: is answered with %d, expected %d", a.at, a.status, status)
		}
	}
	revoke := func(token, body string) answer {
		return x.ask(ask{method: "POST", path: at + "/revoke", token: token, mediaType: "application/json", body: body})
	}
	revoke(x.stranger, `{"reason":"样例 SAMPLE"}`).is(404, "not-found")
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"样例","from":"yesterday"}`, `{"reason":"样例","from":"2026-02-30T08:00:00.000+08:00"}`,
		`{"reason":"样例","more":1}`, `{"reason":"` + strings.Repeat("样", 201) + `"}`, `{"reason":1}`} {
		revoke(x.hospital, body).is(422, "invalid-request")
	}
	for _, from := range []string{`"from":"2026-03-01T08:00:00.000+08:00",`, ""} { // the earlier revocation stays
		if k := into[api.Key](revoke(x.hospital, `{`+from+`"reason":"样例丢失 SAMPLE lost"}`).is(200, "")); k.RevokedAt != "2026-03-01T00:00:00.000Z" {
			x.t.Errorf("the revoked key is %+v", k)
		}
	}
	if k := into[api.Key](x.get(at).is(200, "")); k.RevokedAt == "" {
		x.t.Errorf("the revoked key is %+v", k)
	}
	// For the parts that come after: a code and a signed challenge that are still good.
	code := x.code(d, 1)
	p.known["challenge request"] = fmt.Sprintf(`{"code":%q,"jwk":%s}`, code, must(d.JWK())(x.t))
	other := x.device()
	p.known["signed challenge"] = string(x.challenge(other, x.code(other, 1)))
}

// labels: one batch's label is shown, replaced and revoked; each code reads in its own way.
func (p *place) labels(x *town) {
	b, label := "/v1/batches/"+p.known["batch"], p.known["label"]
	for _, size := range []string{"", "?size=small", "?size=medium", "?size=large"} {
		x.ask(ask{path: b + "/label.png" + size, token: x.plant}).is(200, "")
	}
	for _, size := range []string{"huge", "Small", "1"} {
		x.ask(ask{path: b + "/label.png?size=" + size, token: x.plant}).is(422, "invalid-request")
	}
	page := func(label string, status int) {
		if a := x.ask(ask{path: "/q/" + label}).is(status, ""); strings.Contains(string(a.body), x.Hospital.Party.String()) {
			x.t.Errorf("%s: the page names the party", a.at)
		}
	}
	unknown := string(event.NewLabel([26]byte{9}))
	mistyped := label[:26] + "0"
	if mistyped == label {
		mistyped = label[:26] + "1"
	}
	page(label, 200)
	page(strings.ToLower(label), 200)
	page(mistyped, 400)
	page("x", 400)
	page(unknown, 404)
	made := into[api.BatchLabel](x.ask(ask{method: "POST", path: b + "/labels", token: x.plant}).is(201, ""))
	if made.URL != x.url+"/q/"+made.Label || made.Label == label {
		x.t.Errorf("the new label is %+v", made)
	}
	page(label, 410)
	page(made.Label, 200)
	for range 2 {
		x.ask(ask{method: "POST", path: "/v1/labels/" + made.Label + "/revoke", token: x.plant}).is(204, "")
	}
	page(made.Label, 410)
	x.ask(ask{path: b + "/label.png", token: x.plant}).is(404, "not-found")
	x.ask(ask{path: b + "/label.png", token: x.stranger}).is(404, "not-found")
	x.ask(ask{method: "POST", path: "/v1/labels/" + mistyped + "/revoke", token: x.plant}).is(400, "label-mistyped")
	x.ask(ask{method: "POST", path: "/v1/labels/" + unknown + "/revoke", token: x.plant}).is(404, "label-unknown")
}
