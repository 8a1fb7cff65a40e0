package contract

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
	views "liandan/internal/audit"
	"liandan/internal/config"
	"liandan/internal/device"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/registry/registrytest"
	"liandan/internal/server"
	"liandan/internal/store/storetest"
)

// databases are where a server can keep its log. An empty address is the SQLite file.
var databases = []struct {
	name string
	open func(*testing.T) string
}{
	{"SQLite", func(*testing.T) string { return "" }},
	{"PostgreSQL", func(t *testing.T) string { return storetest.Ready.Postgres(t) }},
}

// serve starts the whole server, as `liandan serve` does.
func serve(t *testing.T, database string, now func() time.Time) *server.Server {
	t.Helper()
	return serveFrom(t, t.TempDir(), database, now)
}

// serveFrom does with a data folder that is given.
func serveFrom(t *testing.T, data, database string, now func() time.Time) *server.Server {
	t.Helper()
	cfg := &config.Config{Data: data, Database: database, Listen: "127.0.0.1:0", Origin: logName, LogFormat: "text", LogLevel: "error"}
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	s := must(server.Start(t.Context(), cfg, server.Options{Env: func(string) string { return "" }, Now: now}))(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	return s
}

// town is a small world whose organisations and devices are brought into a real server by
// the contract's own operations. Every request passes the referee.
type town struct {
	*intaketest.World
	t         *testing.T // the test that runs at the moment
	referee   *referee
	server    *server.Server
	client    *http.Client
	url       string
	hospital  string  // the token of the hospital's administrator
	stranger  string  // of another organisation's
	plant     string  // of the plant's, who holds what was treated
	inspector string  // of a city inspector
	analyst   string  // of a city analyst, whom no operation of the contract lets in
	spent     string  // of an API client that has used up its quota
	nurse     sitting // somebody signed in
}

// sitting is a session in a browser.
type sitting struct {
	cookie string
	api.Session
}

func newTown(t *testing.T, j *referee, database string) *town {
	x := &town{World: intaketest.New(t, 1), t: t, referee: j}
	x.server = serve(t, database, x.Now)
	x.url = x.server.URL
	x.client = &http.Client{Transport: j, Timeout: time.Minute}
	return x
}

// run is a part of the walk.
func (x *town) run(name string, part func(*town)) {
	outer := x.t
	outer.Run(name, func(t *testing.T) {
		x.t, x.referee.t, x.T = t, t, t
		part(x)
	})
	x.t, x.referee.t, x.T = outer, outer, outer
}

// ask is one request.
type ask struct {
	method, path string  // method "" is GET
	token        string  // "" is none
	session      sitting // sent with its CSRF token; the zero one is none
	mediaType    string  // "" is none
	body         string
	streamed     bool   // no length is stated
	origin       string // of the page that has a browser ask, "" for none
	accept       string // a media type that is asked for, "" for none
	blind        string // why no schema can see what is wrong with it
}

// answer is what came back.
type answer struct {
	t      *testing.T
	at     string
	status int
	header http.Header
	body   []byte
}

func (x *town) ask(q ask) answer {
	x.t.Helper()
	var body io.Reader
	if q.body != "" || q.mediaType != "" {
		body = strings.NewReader(q.body)
		if q.streamed {
			body = io.MultiReader(body)
		}
	}
	if q.method == "" {
		q.method = http.MethodGet
	}
	r := must(http.NewRequestWithContext(context.WithValue(x.t.Context(), blind{}, q.blind), q.method, x.url+q.path, body))(x.t)
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.session.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "liandan", Value: q.session.cookie})
		if q.method != http.MethodGet && q.session.CSRF != "" {
			r.Header.Set("X-CSRF-Token", q.session.CSRF)
		}
	}
	if q.mediaType != "" {
		r.Header.Set("Content-Type", q.mediaType)
	}
	if q.accept != "" {
		r.Header.Set("Accept", q.accept)
	}
	if q.origin != "" {
		r.Header.Set("Origin", q.origin)
	}
	resp := must(x.client.Do(r))(x.t)
	defer resp.Body.Close()
	return answer{x.t, q.method + " " + q.path, resp.StatusCode, resp.Header, must(io.ReadAll(resp.Body))(x.t)}
}

// is fails unless the answer has that status and, with a kind, is that problem.
func (a answer) is(status int, kind string) answer {
	a.t.Helper()
	var p api.Problem
	if a.header.Get("Content-Type") == "application/problem+json" {
		p = into[api.Problem](a)
	}
	if a.status != status || string(p.Kind) != kind {
		a.t.Fatalf("%s: is answered with %d, expected %d %s: %.1000s", a.at, a.status, status, kind, a.body)
	}
	return a
}

func into[T any](a answer) (v T) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("%s: %v: %.1000s", a.at, err, a.body)
	}
	return v
}

// get asks as the city's inspector.
func (x *town) get(path string) answer {
	x.t.Helper()
	return x.ask(ask{path: path, token: x.inspector})
}

// send sends one event.
func (x *town) send(jws []byte) answer {
	x.t.Helper()
	return x.ask(ask{method: "POST", path: "/v1/events", mediaType: "application/jose", body: string(jws)})
}

// post sends JSON as the operator.
func (x *town) post(path, body string) answer {
	x.t.Helper()
	return x.ask(ask{method: "POST", path: path, token: x.server.Token, mediaType: "application/json", body: body})
}

// register imports a register, of which every line must be good.
func (x *town) register(kind string, lines ...string) {
	x.t.Helper()
	a := x.ask(ask{method: "POST", path: "/v1/registry/" + kind, token: x.server.Token, mediaType: "text/csv", body: strings.Join(lines, "\n") + "\n"}).is(200, "")
	if r := into[api.ImportReport](a); !r.Applied || r.Added != len(lines)-1 {
		x.t.Fatalf("%s: %s", kind, a.body)
	}
}

// settle brings the world's organisations into the register.
func (x *town) settle() {
	orgs, sites, people := []string{"credit_code,name,roles,sample,valid_from,id"}, []string{"credit_code,name,kind,division,built_up,valid_from,id"}, []string{"credit_code,person,valid_from,id"}
	for i, o := range []struct {
		device *device.Device
		roles  string
		kind   string
	}{{x.Hospital, "medical;generator", "hospital"}, {x.Carrier, "carrier", "office"}, {x.Plant, "operator", "plant"}, {x.Stranger, "generator;carrier;operator;authority", "factory"}} {
		code := string(registrytest.Code(i + 1))
		orgs = append(orgs, fmt.Sprintf("%s,样例单位%d SAMPLE,%s,1,2020-01-01,%s", code, i, o.roles, o.device.Party))
		sites = append(sites, fmt.Sprintf("%s,样例场所%d SAMPLE,%s,130602,1,2020-01-01,%s", code, i, o.kind, o.device.Site))
		people = append(people, fmt.Sprintf("%s,SAMPLE-%d,2020-01-01,%s", code, i, o.device.Person))
		if i == 0 {
			people = append(people, fmt.Sprintf("%s,SAMPLE-porter,2020-01-01,%s", code, x.Porter.Person))
		}
	}
	x.register("organisations", orgs...)
	x.register("sites", sites...)
	x.register("people", people...)
	hospital, carrier, plant := string(registrytest.Code(1)), string(registrytest.Code(2)), string(registrytest.Code(3))
	x.register("licences", "credit_code,number,kind,site_name,codes,methods,valid_from,valid_to,yearly_t,scopes",
		plant+",SAMPLE-OP-1,operating,样例场所2 SAMPLE,HW01,D10,2024-01-01,2028-12-31,3000,HW01/D10/2000",
		carrier+",SAMPLE-T-1,transport,,*,,2024-01-01,,,")
	x.register("vehicles", "credit_code,plate,permit,capacity_kg,medical,valid_from,valid_to", carrier+",冀F·00001,SAMPLE-V-1,5000,1,2024-01-01,")
	x.register("plans", "credit_code,site_name,year,code,planned_t,number", hospital+",样例场所0 SAMPLE,2026,841-001-01,100,SAMPLE-P-1")
	x.register("approvals", "credit_code,number,consignee,code,approved_t,valid_from,valid_to",
		hospital+",SAMPLE-A-1,"+string(registrytest.Code(8))+",841-001-01,5,2026-01-01,2027-12-31")
	x.hospital, x.stranger, x.plant = x.administrator(x.Hospital.Party), x.administrator(x.Stranger.Party), x.administrator(x.Plant.Party)
	x.inspector = x.token(access.Appointment{Role: access.CityInspector})
	x.analyst = x.token(access.Appointment{Role: access.CityAnalyst})
}

func (x *town) administrator(p id.Party) string {
	return x.token(access.Appointment{Role: access.OrganisationAdministrator, Party: p})
}

func (x *town) token(a access.Appointment) string {
	x.t.Helper()
	return must(x.server.Registry.NewToken(x.t.Context(), a, "SAMPLE", time.Time{}))(x.t)
}

// code makes an enrolment code for a device's person.
func (x *town) code(d *device.Device, days int) string {
	x.t.Helper()
	a := x.post("/v1/enrolments", fmt.Sprintf(`{"party":%q,"person":%q,"device":"样例设备 SAMPLE device","valid_days":%d}`, d.Party, d.Person, days)).is(201, "")
	return into[api.Enrolment](a).Code
}

// challenge trades a code for a challenge and signs it.
func (x *town) challenge(d *device.Device, code string) []byte {
	x.t.Helper()
	body := fmt.Sprintf(`{"code":%q,"jwk":%s}`, code, must(d.JWK())(x.t))
	a := x.ask(ask{method: "POST", path: "/v1/enrolments/challenge", mediaType: "application/json", body: body}).is(201, "")
	return must(d.SignEnrolment(into[api.Challenge](a).Challenge))(x.t)
}

// enrolKey hands in a signed challenge.
func (x *town) enrolKey(jws []byte) answer {
	x.t.Helper()
	return x.ask(ask{method: "POST", path: "/v1/keys", mediaType: "application/jose", body: string(jws)})
}

// enrol enrols a device's key, valid from five minutes ago for so many days.
func (x *town) enrol(d *device.Device, days int) {
	x.t.Helper()
	if k := into[api.Key](x.enrolKey(x.challenge(d, x.code(d, days))).is(201, "")); k.Kid != d.Kid() || k.Party != d.Party.String() {
		x.t.Fatalf("the enrolled key is %+v", k)
	}
}

// forger signs any bytes under any header with a key of the hospital.
type forger struct {
	x   *town
	d   *device.Device
	key ed25519.PrivateKey
}

// forger enrols one.
func (x *town) forger(days int) *forger {
	x.t.Helper()
	_, key, err := ed25519.GenerateKey(x.Random)
	if err != nil {
		x.t.Fatal(err)
	}
	d := must(device.New(x.Hospital.Party, x.Hospital.Site, x.Hospital.Person, key, x.Random))(x.t)
	x.enrol(d, days)
	return &forger{x, d, key}
}

// header is the right one.
func (f *forger) header() string {
	return fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"liandan-event"}`, f.d.Kid())
}

func (f *forger) sign(header, payload string) []byte {
	enc := base64.RawURLEncoding.EncodeToString
	body := enc([]byte(header)) + "." + enc([]byte(payload))
	return []byte(body + "." + enc(ed25519.Sign(f.key, []byte(body))))
}

// payload is that of a new bag of 1,000 g with one text replaced by another.
func (f *forger) payload(from, to string) string {
	f.x.t.Helper()
	p := string(must(f.x.Generate(1000).Event.Payload())(f.x.t))
	if !strings.Contains(p, from) {
		f.x.t.Fatalf("%s is not in %s", from, p)
	}
	return strings.Replace(p, from, to, 1)
}

// bag signs a new bag with one text of its payload replaced.
func (f *forger) bag(from, to string) []byte { return f.sign(f.header(), f.payload(from, to)) }

// size is the size of the log by its checkpoint, once what was done is in it.
func (x *town) size() int64 {
	x.t.Helper()
	if err := x.server.Record.Flush(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(x.ask(ask{path: "/log/checkpoint"}).is(200, "").body), "\n")
	var n int64
	if _, err := fmt.Sscan(rest, &n); err != nil {
		x.t.Fatal(err)
	}
	return n
}

// kinds counts the log's entries of each kind.
func (x *town) kinds() map[string]int {
	x.t.Helper()
	out, size := map[string]int{}, x.size()
	err := x.server.Store.Read(x.t.Context(), func(r views.Reader) error {
		return r.Entries(0, size, func(k ledger.Kept) error {
			e, err := ledger.ParseEntry(k.Entry)
			out[e.Kind]++
			return err
		})
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

// events counts the events of the log; statements come beside them.
func (x *town) events() int {
	x.t.Helper()
	return x.kinds()[ledger.KindEvent]
}
