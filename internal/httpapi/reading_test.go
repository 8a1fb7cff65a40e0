package httpapi

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/registry/registrytest"
	"liandan/internal/signature"
)

// ask sends a request with a token; "" is none.
func (x *town) ask(method, path, token, contentType, body string) answer {
	x.t.Helper()
	req, err := http.NewRequest(method, x.server.URL+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	return x.read(resp)
}

// fetch reads one thing as the inspector, strictly in the contract's form.
func fetch[T any](x *town, path string) (v T) {
	x.t.Helper()
	a := x.ask("GET", path, x.inspector, "", "")
	if a.status != 200 {
		x.t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	strictly(x.t, a.body, &v)
	return v
}

func TestReadingOneChain(t *testing.T) {
	x := newTown(t)
	chain := x.Chain(12_345)
	for _, e := range chain {
		x.send(e.JWS).receipt(t, 201)
	}
	b, m := chain[0].Event.Batches[0].ID.String(), chain[2].Event.Manifest.String()
	batch := fetch[api.BatchView](x, "/v1/batches/"+b)
	if batch.ID != b || batch.Stage != "reported" || batch.Code != "841-001-01" || !batch.CodeVerified || batch.InitialGrams != 12_345 ||
		batch.TreatedGrams != 12_345 || batch.Grams != 0 || batch.Entries != 8 || len(batch.Missing) != 0 || batch.CodeNameZH == "" {
		t.Errorf("batch %+v", batch)
	}
	links := fetch[api.Chain](x, "/v1/batches/"+b+"/chain")
	if !links.Sound || len(links.Steps) != 8 || links.Steps[7].Type != "outcome.reported" || links.Steps[0].Grams != 12_345 || links.Steps[0].JWS != string(chain[0].JWS) {
		t.Errorf("chain %+v", links)
	}
	sheet := fetch[api.ManifestView](x, "/v1/manifests/"+m)
	if sheet.ID != m || sheet.Stage != "reported" || len(sheet.Lines) != 1 || sheet.Lines[0].AcceptedGrams != 12_345 || sheet.ReportedAt == "" {
		t.Errorf("manifest %+v", sheet)
	}
	one := fetch[api.EventRecord](x, "/v1/events/"+chain[4].Event.ID.String())
	if one.JWS != string(chain[4].JWS) || one.Seq != links.Steps[4].Seq || one.Type != "transport.delivered" {
		t.Errorf("event %+v", one)
	}
	for _, path := range []string{"/v1/batches/" + b, "/v1/manifests/" + m} {
		a := x.ask("GET", path+"/bundle", x.inspector, "", "")
		if a.status != 200 || !json.Valid(a.body) || !strings.Contains(a.header.Get("Content-Disposition"), ".liandan.json") {
			t.Errorf("%s/bundle: %d %v", path, a.status, a.header)
		}
	}
}

func TestReadingNeedsATokenAndWhatIsNotThereIsNot(t *testing.T) {
	x := newTown(t)
	x.send(x.Generate(1).JWS).receipt(t, 201)
	nothing := "01900000-0000-7000-8000-000000000001"
	for _, path := range []string{"/v1/batches/%s", "/v1/batches/%s/chain", "/v1/batches/%s/bundle", "/v1/batches/%s/label.png",
		"/v1/manifests/%s", "/v1/manifests/%s/bundle", "/v1/events/%s"} {
		for _, token := range []string{"", "lt_wrong", x.operator + "x", strings.ToUpper(x.operator)} {
			a := x.ask("GET", fmt.Sprintf(path, nothing), token, "", "")
			if a.problem(t, "unauthorized"); a.status != 401 || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s with %.6q: %d %v", path, token, a.status, a.header)
			}
		}
		for _, what := range []string{nothing, "x", strings.ToUpper(nothing), "00000000-0000-0000-0000-000000000000", "%2e%2e"} {
			if a := x.ask("GET", fmt.Sprintf(path, what), x.hospital, "", ""); a.status != 404 {
				t.Errorf(path+": status %d", what, a.status)
			} else {
				a.problem(t, "not-found")
			}
		}
	}
}

func TestLabels(t *testing.T) {
	x := newTown(t)
	bag := x.Generate(1)
	x.send(bag.JWS).receipt(t, 201)
	b := bag.Event.Batches[0].ID.String()
	for size, width := range map[string]int{"": 1200, "?size=small": 800, "?size=large": 1600} {
		a := x.ask("GET", "/v1/batches/"+b+"/label.png"+size, x.hospital, "", "")
		img, err := png.Decode(bytes.NewReader(a.body))
		if err != nil || a.header.Get("Content-Type") != "image/png" || img.Bounds().Dx() != width {
			t.Errorf("%s: %v %d", size, err, a.status)
		}
	}
	x.ask("GET", "/v1/batches/"+b+"/label.png?size=huge", x.hospital, "", "").problem(t, "invalid-request")
	a := x.ask("POST", "/v1/batches/"+b+"/labels", x.hospital, "", "")
	var made api.BatchLabel
	strictly(t, a.body, &made)
	if a.status != 201 || made.Batch != b || made.URL != "http://sample.test/q/"+made.Label || made.Label == string(bag.Event.Data.(event.Generated).Label) {
		t.Errorf("%d %+v", a.status, made)
	}
	if now := fetch[api.BatchView](x, "/v1/batches/"+b); now.Label != made.Label {
		t.Errorf("the label in force is %q", now.Label)
	}
	for range 2 {
		if a := x.ask("POST", "/v1/labels/"+made.Label+"/revoke", x.hospital, "", ""); a.status != 204 || len(a.body) != 0 {
			t.Errorf("revoked with %d %s", a.status, a.body)
		}
	}
	if now := fetch[api.BatchView](x, "/v1/batches/"+b); now.Label != "" {
		t.Errorf("after the revocation the label in force is %q", now.Label)
	}
	x.ask("GET", "/v1/batches/"+b+"/label.png", x.hospital, "", "").problem(t, "not-found")
	if a := x.ask("POST", "/v1/labels/"+made.Label[:26]+"0/revoke", x.hospital, "", ""); made.Label[26] != '0' {
		a.problem(t, "label-mistyped")
	}
	x.ask("POST", "/v1/labels/"+string(event.NewLabel([26]byte{9}))+"/revoke", x.hospital, "", "").problem(t, "label-unknown")
}

func TestQuarantine(t *testing.T) {
	x := newTown(t)
	bag := x.Generate(1000)
	issued := x.Issue(bag.Event.Batches...)
	for _, e := range [][]byte{issued.JWS, x.Collect(issued).JWS} {
		x.send(e).problem(t, "wrong-stage")
		x.Advance(1_000_000_000)
	}
	page := fetch[api.QuarantinePage](x, "/v1/quarantine?limit=1")
	if len(page.Items) != 1 || page.Items[0].State != "waiting" || page.Items[0].Seq != nil || page.NextCursor == "" {
		t.Fatalf("page %+v", page)
	}
	rest := fetch[api.QuarantinePage](x, "/v1/quarantine?cursor="+page.NextCursor)
	if len(rest.Items) != 1 || rest.Items[0].EventID == page.Items[0].EventID || rest.NextCursor != "" {
		t.Errorf("the rest %+v", rest)
	}
	x.send(bag.JWS).receipt(t, 201)
	for _, it := range fetch[api.QuarantinePage](x, "/v1/quarantine").Items {
		if it.State != "admitted" || it.Seq == nil || *it.Seq < 1 {
			t.Errorf("after what they waited for: %+v", it)
		}
	}
	for _, q := range []string{"limit=0", "limit=501", "limit=x", "cursor=" + strings.Repeat("x", 201)} {
		x.ask("GET", "/v1/quarantine?"+q, x.inspector, "", "").problem(t, "invalid-request")
	}
}

// organisation brings one into the register by the API and makes its administrator's token.
func (x *town) organisation(code, name string) (party, person, token string) {
	x.t.Helper()
	imp := func(kind, csv string) {
		a := x.ask("POST", "/v1/registry/"+kind, x.operator, "text/csv", csv)
		var rep api.ImportReport
		strictly(x.t, a.body, &rep)
		if a.status != 200 || !rep.Applied || rep.Lines != 1 || len(rep.Bad) != 0 {
			x.t.Fatalf("%s: %d %s", kind, a.status, a.body)
		}
	}
	u := x.uuid()
	who := x.uuid()
	imp("organisations", "credit_code,name,roles,id\n"+code+","+name+",medical,"+u+"\n")
	imp("people", "id,credit_code,person\n"+who+","+code+",1\n")
	p, err := id.ParseParty(u)
	if err != nil {
		x.t.Fatal(err)
	}
	return u, who, x.token(access.Appointment{Role: access.OrganisationAdministrator, Party: p})
}

func (x *town) uuid() string {
	u, err := x.Hospital.NewID(x.Now())
	if err != nil {
		x.t.Fatal(err)
	}
	return u.String()
}

func TestEnrolmentByHTTP(t *testing.T) {
	x := newTown(t)
	org, who, token := x.organisation(string(registrytest.Code(1)), "样例医院 SAMPLE")
	_, _, otherToken := x.organisation(string(registrytest.Code(2)), "样例诊所 SAMPLE")
	request := fmt.Sprintf(`{"party":%q,"person":%q,"device":"SAMPLE phone"}`, org, who)
	x.ask("POST", "/v1/enrolments", otherToken, typeJSON, request).problem(t, "not-found")
	x.ask("POST", "/v1/enrolments", "", typeJSON, request).problem(t, "unauthorized")
	a := x.ask("POST", "/v1/enrolments", token, typeJSON, request)
	var made api.Enrolment
	if strictly(t, a.body, &made); a.status != 201 || made.Code == "" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := signature.FormatJWK(pub)
	if err != nil {
		t.Fatal(err)
	}
	a = x.ask("POST", "/v1/enrolments/challenge", "", typeJSON, fmt.Sprintf(`{"code":%q,"jwk":%s}`, made.Code, jwk))
	var ch api.Challenge
	if strictly(t, a.body, &ch); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	signer, err := signature.NewSigner(priv)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(fmt.Appendf(nil, `{"challenge":%q}`, ch.Challenge), signature.TypEnrolment)
	if err != nil {
		t.Fatal(err)
	}
	x.ask("POST", "/v1/keys", "", typeJOSE, string(jws[:len(jws)-2])).problem(t, "enrolment-refused")
	a = x.ask("POST", "/v1/keys", "", typeJOSE, string(jws))
	var key api.Key
	if strictly(t, a.body, &key); a.status != 201 || key.Kid != signer.Kid() || key.Party != org || key.Alg != "EdDSA" || key.RevokedAt != "" || key.ValidTo == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	x.ask("POST", "/v1/keys", "", typeJOSE, string(jws)).problem(t, "conflict")
	revoke := "/v1/keys/" + key.Kid + "/revoke"
	x.ask("POST", revoke, otherToken, typeJSON, `{"reason":"SAMPLE"}`).problem(t, "not-found")
	x.ask("POST", revoke, token, typeJSON, `{"from":"yesterday","reason":"SAMPLE"}`).problem(t, "invalid-request")
	a = x.ask("POST", revoke, token, typeJSON, `{"from":"2026-03-01T08:00:00.000+08:00","reason":"SAMPLE lost"}`)
	if strictly(t, a.body, &key); a.status != 200 || key.RevokedAt != "2026-03-01T00:00:00.000Z" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestRequestsThatAreWrong(t *testing.T) {
	x := newTown(t)
	_, _, token := x.organisation(string(registrytest.Code(1)), "样例医院 SAMPLE")
	for body, pointer := range map[string]string{
		`{`: "", `[]`: "", `null`: "/party", `{"party":"x","person":"x","device":"d"}`: "/party",
		`{"party":"01900000-0000-7000-8000-000000000001","person":"01900000-0000-7000-8000-000000000001","device":"d","more":1}`: "/more",
		`{"party":1}`: "/party", `{"party":"a","party":"b"}`: "/party", `{} {}`: "", "{\"party\":\"\xff\"}": "/party",
	} {
		a := x.ask("POST", "/v1/enrolments", x.operator, typeJSON, body)
		p := a.problem(t, "invalid-request")
		if len(p.Errors) == 0 || p.Errors[0].Pointer != pointer {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	x.ask("POST", "/v1/enrolments", x.operator, "text/plain", "{}").problem(t, "media-type")
	x.ask("POST", "/v1/enrolments", x.operator, typeJSON, strings.Repeat(" ", maxRequest+1)).problem(t, "too-large")
	x.ask("POST", "/v1/enrolments/challenge", "", typeJSON, `{}`).problem(t, "invalid-request")
	x.ask("POST", "/v1/registry/organisations", token, "text/csv", "x").problem(t, "forbidden")
	x.ask("GET", "/v1/quarantine", x.operator, "", "").problem(t, "forbidden")
	x.ask("POST", "/v1/registry/ghosts", x.operator, "text/csv", "x").problem(t, "not-found")
	x.ask("POST", "/v1/registry/sites?dry_run=1", x.operator, "text/csv", "x").problem(t, "invalid-request")
	a := x.ask("POST", "/v1/registry/organisations", x.operator, "text/csv", "credit_code,name,roles\nx,,nurse\n")
	var rep api.ImportReport
	if strictly(t, a.body, &rep); a.status != 200 || rep.Applied || len(rep.Bad) != 3 || rep.Bad[0].Line != 2 || rep.Bad[0].DetailZH == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
