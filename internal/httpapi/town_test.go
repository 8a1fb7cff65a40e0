package httpapi

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/gate"
	"liandan/internal/machine"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/rule"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// town is a city with its readers, its registry, its people and its programs: everything
// behind HTTP is real.
type town struct {
	*city
	registry *registry.Service
	people   *account.Service
	machines *machine.Service
	audit    *audit.Service
	seen     []Observed

	operator  string // token of a system administrator
	inspector string // of a city inspector
	hospital  string // of the hospital's administrator
	stranger  string // of another organisation's
}

func newTown(t *testing.T) *town {
	t.Helper()
	x := &town{}
	x.city = newCity(t, func(c *city, cfg *Config) {
		book, err := rule.DefaultBook()
		if err != nil {
			t.Fatal(err)
		}
		x.audit = audit.New(audit.Config{Store: c.store, Keys: c.Registry, Verifier: c.Verifier, VKey: c.VKey, Rules: book,
			Catalog: waste.DefaultCatalog(), Now: c.Now, Random: rand.Reader})
		x.registry = registry.New(registry.Config{Store: c.store, Now: c.Now, Random: rand.Reader})
		x.people = account.New(account.Config{Store: c.store, Registry: x.registry, Now: c.Now, Random: rand.Reader, Seal: seal(t)})
		x.machines = machine.New(machine.Config{Store: c.store, Organisations: x.registry, Now: c.Now, Random: rand.Reader})
		cfg.Reader, cfg.Log, cfg.Registry, cfg.People, cfg.Machines, cfg.Now = x.audit, x.audit, x.registry, x.people, x.machines, c.Now
		cfg.Gate = x.gate(c)
		observe := cfg.Observe
		cfg.Observe = func(ctx context.Context, o Observed) { x.seen = append(x.seen, o); observe(ctx, o) }
	})
	x.operator = x.token(access.Appointment{Role: access.SystemAdministrator})
	x.settle()
	x.inspector = x.token(access.Appointment{Role: access.CityInspector})
	x.hospital = x.token(access.Appointment{Role: access.OrganisationAdministrator, Party: x.Hospital.Party})
	x.stranger = x.token(access.Appointment{Role: access.OrganisationAdministrator, Party: x.Stranger.Party})
	return x
}

func seal(t testing.TB) cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func (x *town) gate(c *city) *gate.Gate {
	return gate.New(gate.Config{Policy: policy(), Registry: x.registry, Token: x.registry.Authenticate, Client: x.machines.Actor, Now: c.Now,
		Session: func(ctx context.Context, token string) (access.Actor, string, error) {
			s, err := x.people.Session(ctx, token)
			return s.Actor(), s.CSRF, err
		},
		Quota: func(_ context.Context, a access.Actor) error { return x.machines.Admit(a) },
		Record: func(ctx context.Context, s statement.Statement, at time.Time) error {
			defer c.intake.Poke()
			return c.store.AddStatement(ctx, s, at)
		}})
}

func (x *town) token(a access.Appointment) string {
	x.t.Helper()
	token, err := x.registry.NewToken(context.Background(), a, "SAMPLE", x.Now().AddDate(1, 0, 0))
	if err != nil {
		x.t.Fatal(err)
	}
	return token
}

// settle brings the world's organisations into the register, past HTTP and its record.
func (x *town) settle() {
	orgs, sites, people := "credit_code,name,roles,valid_from,id\n", "credit_code,name,kind,division,built_up,valid_from,id\n", "credit_code,person,valid_from,id\n"
	for i, o := range []struct {
		device      *device.Device
		roles, kind string
	}{{x.Hospital, "medical;generator", "hospital"}, {x.Carrier, "carrier", "office"}, {x.Plant, "operator", "plant"}, {x.Stranger, "generator;carrier;operator", "factory"}} {
		code := string(registrytest.Code(20 + i))
		orgs += fmt.Sprintf("%s,样例单位%d SAMPLE,%s,2020-01-01,%s\n", code, i, o.roles, o.device.Party)
		sites += fmt.Sprintf("%s,样例场所%d SAMPLE,%s,130602,1,2020-01-01,%s\n", code, i, o.kind, o.device.Site)
		people += fmt.Sprintf("%s,SAMPLE-%d,2020-01-01,%s\n", code, i, o.device.Person)
	}
	for _, r := range [][2]string{{"organisations", orgs}, {"sites", sites}, {"people", people}} {
		rep, err := x.registry.Import(context.Background(), r[0], strings.NewReader(r[1]), false)
		if err != nil || !rep.Applied {
			x.t.Fatalf("%s: %+v %v", r[0], rep, err)
		}
	}
}

// browser is somebody signed in.
type browser struct {
	x      *town
	cookie *http.Cookie
	view   api.Session
}

const samplePassword = "样例 SAMPLE 长口令 passphrase"

// person makes an account with appointments and signs it in by its one-time code.
func (x *town) person(login string, appointments ...access.Appointment) *browser {
	x.t.Helper()
	made, err := x.people.Invite(context.Background(), login, "样例 SAMPLE", appointments)
	if err != nil {
		x.t.Fatal(err)
	}
	a := x.ask("POST", "/v1/welcome", "", typeJSON, fmt.Sprintf(`{"code":%q,"password":%q}`, made.Code, samplePassword))
	return x.signedIn(a)
}

// signedIn reads the answer to a sign-in.
func (x *town) signedIn(a answer) *browser {
	x.t.Helper()
	b := &browser{x: x}
	if a.status != 201 {
		x.t.Fatalf("not signed in: %d %s", a.status, a.body)
	}
	strictly(x.t, a.body, &b.view)
	cookies := (&http.Response{Header: a.header}).Cookies()
	if len(cookies) != 1 {
		x.t.Fatalf("cookies %v", cookies)
	}
	b.cookie = cookies[0]
	return b
}

// do asks with the cookie; changes carry the CSRF token.
func (b *browser) do(method, path, body string) answer {
	b.x.t.Helper()
	return b.send(method, path, body, b.view.CSRF)
}

func (b *browser) send(method, path, body, csrf string, more ...string) answer {
	b.x.t.Helper()
	req, err := http.NewRequest(method, b.x.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.x.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: b.cookie.Name, Value: b.cookie.Value})
	if body != "" {
		req.Header.Set("Content-Type", typeJSON)
	}
	if csrf != "" && method != "GET" {
		req.Header.Set("X-CSRF-Token", csrf)
	}
	for i := 0; i < len(more); i += 2 {
		req.Header.Set(more[i], more[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.x.t.Fatal(err)
	}
	return b.x.read(resp)
}

// acts are the lines of the access record, oldest first, once all are in the log.
func (x *town) acts() (out []audit.ActLine) {
	x.t.Helper()
	if err := x.intake.Flush(context.Background()); err != nil {
		x.t.Fatal(err)
	}
	lines, next, err := x.audit.Acts(context.Background(), audit.ActFilter{}, "", 500)
	if err != nil || next != "" {
		x.t.Fatalf("%v %q", err, next)
	}
	for i := range lines {
		out = append(out, lines[len(lines)-1-i])
	}
	return out
}
