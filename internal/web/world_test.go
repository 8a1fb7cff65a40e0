package web

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/draft"
	"liandan/internal/gate"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/signature"
	"liandan/internal/statement"
	"liandan/internal/store"
	"liandan/internal/store/storetest"
)

// world is the pages over the real services on SQLite: two hospitals in two districts.
type world struct {
	*testing.T
	site   *Site
	people *account.Service
	reg    *registry.Service
	desk   *figures
	logged bytes.Buffer
	secure bool

	mu   sync.Mutex
	now  time.Time
	acts []statement.Act
	held []audit.Held
}

const password = "correct-Horse-7-样例"

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// recorded lists the acts so far as "operation subject".
func (w *world) recorded() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, a := range w.acts {
		out = append(out, a.Operation+" "+a.Subject)
	}
	return out
}

func hospital(n int) id.Party { return registry.PartyID(registrytest.Code(n)) }

func porter(n int, name string) id.Person { return registry.PersonID(hospital(n), name) }

func newWorld(t *testing.T) *world {
	w := &world{T: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)} // 16:00 in Baoding
	st, err := store.Open(storetest.Ready.SQLite(t))
	w.must(err)
	t.Cleanup(func() { st.Close() })
	_, err = st.Migrate(t.Context())
	w.must(err)
	w.reg = registry.New(registry.Config{Store: st, Now: w.clock, Random: rand.Reader})
	w.load(registry.KindOrganisations, "credit_code,name,roles\n%s,样例一院 SAMPLE,medical\n%s,样例二院 SAMPLE,medical\n")
	w.load(registry.KindSites, "credit_code,name,kind,division,built_up\n%s,一院本部,hospital,130602,1\n%s,二院本部,hospital,130606,1\n")
	w.load(registry.KindPeople, "credit_code,person\n%s,N-1\n%s,N-1\n")
	block, err := aes.NewCipher(make([]byte, 32))
	w.must(err)
	seal, err := cipher.NewGCM(block)
	w.must(err)
	w.people = account.New(account.Config{Store: st, Registry: w.reg, Now: w.clock, Random: rand.Reader, Seal: seal})
	g := gate.New(gate.Config{Policy: access.Policy{Rules: access.Table(), City: func(d string) bool { return strings.HasPrefix(d, "1306") }},
		Registry: w.reg, Now: w.clock,
		Session: func(ctx context.Context, token string) (access.Actor, string, error) {
			s, err := w.people.Session(ctx, token)
			return s.Actor(), s.CSRF, err
		},
		Record: func(ctx context.Context, s statement.Statement, at time.Time) error {
			a, err := statement.ParseAct(s.Body)
			if err != nil {
				return err
			}
			w.mu.Lock()
			w.acts = append(w.acts, a)
			w.mu.Unlock()
			return st.AddStatement(ctx, s, at)
		}})
	w.desk = &figures{}
	w.site = New(Config{Finder: labels{t}, Log: labels{t}, Desk: &Desk{Figures: w.desk, Measures: w.desk, Reader: &chains{}, Collection: w.rounds(st, &roundLog{}), Drafts: draft.New(draft.Config{Store: st, Now: w.clock}), Rehearse: w.rehearse}, Gate: g, People: w.people, Registry: w.reg, Admin: w.admin(st), Now: w.clock, Base: "http://pages.sample.test",
		Cookie: func(secure bool) string {
			if secure {
				return "__Host-liandan"
			}
			return "liandan"
		},
		Secure: func(*http.Request) bool { return w.secure }, Logger: slog.New(slog.NewTextHandler(&w.logged, nil))})
	return w
}

func (w *world) load(kind, csv string) {
	w.Helper()
	rep, err := w.reg.Import(w.Context(), kind, strings.NewReader(fmt.Sprintf(csv, registrytest.Code(1), registrytest.Code(2))), false)
	w.must(err)
	if !rep.Applied {
		w.Fatalf("%s: %+v", kind, rep)
	}
}

// enrol gives a person of a hospital a device.
func (w *world) enrol(n int, name string) party.Key {
	w.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	k, _ := w.enrolWith(n, name, private)
	return k
}

// enrolWith does with a key that is given, and gives what signs with it.
func (w *world) enrolWith(n int, name string, private ed25519.PrivateKey) (party.Key, *signature.Signer) {
	w.Helper()
	d, err := device.New(hospital(n), id.Site{}, porter(n, "N-1"), private, rand.Reader)
	w.must(err)
	jwk, err := d.JWK()
	w.must(err)
	code, _, err := w.reg.NewEnrolment(w.Context(), "test", hospital(n), porter(n, "N-1"), name, 365)
	w.must(err)
	challenge, _, err := w.reg.Challenge(w.Context(), code, jwk)
	w.must(err)
	signed, err := d.SignEnrolment(challenge)
	w.must(err)
	k, err := w.reg.Complete(w.Context(), signed)
	w.must(err)
	signer, err := signature.NewSigner(private)
	w.must(err)
	return k, signer
}

// account makes one and gives its one-time code.
func (w *world) account(login string, g ...access.Appointment) string {
	w.Helper()
	in, err := w.people.Invite(w.Context(), login, "样例 "+login, g)
	w.must(err)
	return in.Code
}

func administrator(n int) access.Appointment {
	return access.Appointment{Role: access.OrganisationAdministrator, Party: hospital(n)}
}

// signedIn is the browser of a new account.
func (w *world) signedIn(login string, g ...access.Appointment) *browser {
	w.Helper()
	_, token, err := w.people.Accept(w.Context(), account.Acceptance{Code: w.account(login, g...), Password: password})
	w.must(err)
	b := w.browser()
	b.jar[w.site.Cookie(w.secure)] = token
	b.csrf = find(w, b.get("/account", 200), `name="csrf" value="([^"]+)"`)
	return b
}

// browser keeps cookies and goes where it is told; it does not follow redirects by itself.
type browser struct {
	*world
	jar    map[string]string
	set    map[string]*http.Cookie // of the newest answer
	csrf   string
	header http.Header
	last   http.Header
}

func (w *world) browser() *browser {
	return &browser{world: w, jar: map[string]string{}, header: http.Header{}}
}

func (b *browser) do(method, path, kind, body string, status int) string {
	b.Helper()
	r := httptest.NewRequest(method, "http://pages.sample.test"+path, strings.NewReader(body))
	for name, values := range b.header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.site.ServeHTTP(rec, r)
	b.set, b.last = map[string]*http.Cookie{}, rec.Result().Header
	for _, c := range rec.Result().Cookies() {
		b.set[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		} else {
			b.jar[c.Name] = c.Value
		}
	}
	if rec.Code != status {
		b.Errorf("%s %s: status %d, want %d\n%s", method, path, rec.Code, status, rec.Body)
	}
	sound(b, path, rec)
	return rec.Body.String()
}

func (b *browser) get(path string, status int) string { return b.do("GET", path, "", "", status) }

// post sends a form with the session's token, as a page does.
func (b *browser) post(path string, status int, fields ...string) string {
	b.Helper()
	form := url.Values{}
	if b.csrf != "" {
		form.Set("csrf", b.csrf)
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do("POST", path, "application/x-www-form-urlencoded", form.Encode(), status)
}

// goes checks where the newest answer leads.
func (b *browser) goes(to string) {
	b.Helper()
	if got := b.last.Get("Location"); got != to {
		b.Errorf("leads to %q, want %q", got, to)
	}
}

// find gives the first group of a pattern that must be on the page.
func find(t testing.TB, body, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the page lacks %s\n%s", pattern, body)
	}
	return m[len(m)-1]
}

func lacks(t testing.TB, body string, unwanted ...string) {
	t.Helper()
	for _, s := range unwanted {
		if strings.Contains(body, s) {
			t.Errorf("the page has %q", s)
		}
	}
}
