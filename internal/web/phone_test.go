package web

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/id"
	"liandan/internal/signature"
)

// phoneBudget is what the first page may load over the network, packed; wholeBudget is the whole
// app, which the worker keeps once the phone is idle.
const (
	phoneBudget = 100 << 10
	wholeBudget = 250 << 10
)

// The app is served packed, under one version, within its budget, and every file that the
// worker keeps is there.
func TestPhoneAppIsServedWithinItsBudget(t *testing.T) {
	s, _ := site(t)
	fetch := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", "br, gzip;q=1.0")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		csp := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		return w
	}
	lists := map[string][]string{}
	sums := map[string]int{}
	for _, name := range []string{"first", "files"} {
		var files []string
		_, rest, _ := strings.Cut(string(phone().worker.plain), "const "+name+" = ")
		list, _, _ := strings.Cut(rest, "\n")
		if err := json.Unmarshal([]byte(list), &files); err != nil || len(files) < 10 {
			t.Fatalf("%v %s", err, list)
		}
		lists[name], sums[name] = files, fetch("/m/worker.js").Body.Len()
		for _, path := range files {
			sums[name] += fetch(path).Body.Len()
		}
	}
	t.Logf("first page: %d bytes packed in %d files; all: %d in %d", sums["first"], len(lists["first"])+1, sums["files"], len(lists["files"])+1)
	if sums["first"] > phoneBudget || sums["files"] > wholeBudget {
		t.Errorf("the first page loads %d bytes (%d allowed), all %d (%d)", sums["first"], phoneBudget, sums["files"], wholeBudget)
	}
	for _, path := range lists["first"] {
		if !slices.Contains(lists["files"], path) {
			t.Errorf("%s is not among all", path)
		}
		for _, big := range []string{"ward.js", "gate.js", "inspect.js", "qr/"} {
			if strings.Contains(path, big) {
				t.Errorf("%s loads with the first page", path)
			}
		}
	}
	for path, status := range map[string]int{"/m/a/0123456789abcdef/app.js": 404, "/m/a/" + phone().version + "/shell.html": 404, "/m/a/" + phone().version + "/../../x": 404,
		"/m/a/" + phone().version + "/qr/LICENSE": 404, "/m/a/" + phone().version + "/qr/decode.js": 200, "/m": 303, "/m/x": 404} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != status || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: %d, want %d; %v", path, w.Code, status, w.Header())
		}
	}
}

// The modules' own tests run in Node, which `make test` installs.
func TestPhoneModules(t *testing.T) {
	files, err := filepath.Glob("testdata/phone/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of the modules: %v", err)
	}
	out, err := exec.Command("node", append([]string{"--test"}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("node --test: %v\n%s", err, out)
	}
}

// What the app says of a problem is there for every kind, in both languages.
func TestPhoneWords(t *testing.T) {
	var words struct {
		Problems map[string]phoneProblem
		Classes  []phoneClass
		Dwell    *phoneDwell
	}
	if err := json.Unmarshal(phoneWords(), &words); err != nil {
		t.Fatal(err)
	}
	for kind, p := range words.Problems {
		if p.ZH == "" || p.EN == "" || p.DoZH == "" || p.DoEN == "" {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	if len(words.Problems) < 40 || len(words.Classes) != 5 || words.Dwell == nil || words.Dwell.LimitMS != (48*time.Hour).Milliseconds() {
		t.Errorf("%d problems, %d classes, %+v", len(words.Problems), len(words.Classes), words.Dwell)
	}
}

// A device that signs a fresh request learns its own organisation's places, and nobody else does.
func TestPhoneHello(t *testing.T) {
	w := newWorld(t)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	k, signer := w.enrolWith(1, "样例手机", private)
	ask := func(authorization string) (int, string) {
		r := httptest.NewRequest("GET", "http://pages.sample.test/m/hello", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		rec := httptest.NewRecorder()
		w.site.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	hello := func(at time.Time, host, typ string) string {
		b, err := signer.Sign([]byte(`{"at":"`+at.Format("2006-01-02T15:04:05.000Z07:00")+`","host":"`+host+`"}`), typ)
		w.must(err)
		return "Liandan " + string(b)
	}
	good := hello(w.clock(), "pages.sample.test", signature.TypHello)
	code, body := ask(good)
	contains(t, body, "样例一院 SAMPLE", "一院本部", hospital(1).String())
	lacks(t, body, "二院", k.Person.String())
	if code != 200 {
		t.Errorf("status %d", code)
	}
	spoilt := good[:len(good)-8] + "AAAAAAAA"
	for name, given := range map[string]string{"none": "", "a token": "Bearer x", "no JWS": "Liandan x", "another scheme": strings.Replace(good, "Liandan", "Bearer", 1), "a spoilt signature": spoilt,
		"another type": hello(w.clock(), "pages.sample.test", signature.TypEnrolment), "another host": hello(w.clock(), "evil.test", signature.TypHello),
		"an old one": hello(w.clock().Add(-11*time.Minute), "pages.sample.test", signature.TypHello), "one of tomorrow": hello(w.clock().Add(24*time.Hour), "pages.sample.test", signature.TypHello)} {
		if code, body := ask(given); code != http.StatusUnauthorized || strings.Contains(body, "样例一院") {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	w.pass(time.Minute)
	_, err = w.reg.RevokeKey(t.Context(), "test", k.Kid, w.clock(), "lost")
	w.must(err)
	w.pass(time.Second)
	if code, body := ask(hello(w.clock(), "pages.sample.test", signature.TypHello)); code != http.StatusUnauthorized {
		t.Errorf("a lost phone: %d %s", code, body)
	}
}

// Who is signed in learns their own posts and places, and the names of what they ask for.
func TestPhoneWho(t *testing.T) {
	w := newWorld(t)
	site1 := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0]
	b := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{site1}, Person: porter(1, "N-1")})
	var told phoneWho
	w.must(json.Unmarshal([]byte(b.get("/m/who?id="+hospital(2).String()+"&id=x&id="+id.PartyOf(hospital(1).UUID()).String(), 200)), &told))
	if len(told.Posts) != 1 || told.Posts[0].Party.Name != "样例一院 SAMPLE" || len(told.Posts[0].Sites) != 1 || told.Posts[0].Sites[0].Name != "一院本部" ||
		told.Posts[0].Person != porter(1, "N-1").String() || told.CSRF != b.csrf || len(told.Names) != 2 || told.Names[hospital(2).String()] != "样例二院 SAMPLE" {
		t.Errorf("%+v", told)
	}
	b.get("/m/who?"+strings.Repeat("id=x&", 61), 422)
	if kept := b.last.Get("Cache-Control"); kept != "no-store" {
		t.Errorf("kept: %q", kept)
	}
}

func must1[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
