package httpapi

import (
	"context"
	"encoding/json"
	"fmt"

	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"liandan/api"
)

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		peer   string
		said   []string
		proto  []string
		want   string
		secure bool
	}{
		"nobody in between":             {"198.51.100.1:1", nil, nil, "198.51.100.1", false},
		"a client's own word":           {"198.51.100.1:1", []string{"203.0.113.9"}, []string{"https"}, "198.51.100.1", false},
		"one proxy":                     {"10.0.0.1:1", []string{"203.0.113.9"}, []string{"https"}, "203.0.113.9", true},
		"a lie to the left":             {"10.0.0.1:1", []string{"1.1.1.1, 203.0.113.9"}, []string{"https"}, "203.0.113.9", true},
		"a trusted address as a lie":    {"10.0.0.1:1", []string{"10.9.9.9, 203.0.113.9"}, nil, "203.0.113.9", false},
		"two proxies":                   {"10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, []string{"https"}, "203.0.113.9", true},
		"two headers":                   {"10.0.0.1:1", []string{"1.1.1.1", "203.0.113.9,10.0.0.2"}, nil, "203.0.113.9", false},
		"proxies alone":                 {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, nil, "10.0.0.3", false},
		"rubbish":                       {"10.0.0.1:1", []string{"203.0.113.9, unknown"}, nil, "10.0.0.1", false},
		"rubbish behind a proxy":        {"10.0.0.1:1", []string{"<script>, 10.0.0.2"}, nil, "10.0.0.2", false},
		"an empty header":               {"10.0.0.1:1", []string{""}, []string{""}, "10.0.0.1", false},
		"a port":                        {"10.0.0.1:1", []string{"203.0.113.9:4711"}, nil, "203.0.113.9", false},
		"IPv6":                          {"[fd00::1]:1", []string{"2001:db8::7"}, []string{"HTTPS"}, "2001:db8::7", true},
		"IPv6 with a port":              {"[fd00::1]:1", []string{"[2001:db8::7]:443"}, nil, "2001:db8::7", false},
		"IPv4 in IPv6":                  {"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, nil, "203.0.113.9", false},
		"a zone":                        {"[fe80::1%eth0]:1", nil, nil, "fe80::1", false},
		"the nearest proxy's scheme":    {"10.0.0.1:1", []string{"203.0.113.9"}, []string{"https, http"}, "203.0.113.9", false},
		"the client's scheme in a list": {"10.0.0.1:1", []string{"203.0.113.9"}, []string{"http", "https"}, "203.0.113.9", true},
		"no address at all":             {"@", []string{"203.0.113.9"}, []string{"https"}, "invalid IP", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"], r.Header["X-Forwarded-Proto"] = c.said, c.proto
		Edge{Trusted: trusted}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if addr, secure := ClientOf(r.Context()); addr.String() != c.want || secure != c.secure {
				t.Errorf("%s: %s %v, want %s %v", name, addr, secure, c.want, c.secure)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	if addr, secure := ClientOf(context.Background()); addr.IsValid() || secure {
		t.Error("there is a client outside of any request")
	}
}

func TestOnlySoManyRequests(t *testing.T) {
	hold, begun := make(chan struct{}), make(chan struct{}, 8)
	seen := make(chan Observed, 8)
	edge := Edge{Requests: 2, Observe: func(_ context.Context, o Observed) { seen <- o }}
	s := httptest.NewServer(edge.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if aboutServer(r.URL.Path) {
			return
		}
		begun <- struct{}{}
		<-hold
		if r.URL.Path == "/panic" {
			panic(http.ErrAbortHandler)
		}
	})))
	defer s.Close()
	get := func(path string) (*http.Response, error) { return http.Get(s.URL + path) }
	var wg sync.WaitGroup
	for _, path := range []string{"/v1/events", "/panic"} {
		wg.Go(func() {
			if r, err := get(path); err == nil {
				r.Body.Close()
			} else if path != "/panic" {
				t.Error(err)
			}
		})
		<-begun
	}
	r, err := get("/v1/events/SECRET")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil || r.StatusCode != 503 || p.Kind != "overloaded" || r.Header.Get("Retry-After") == "" ||
		r.Header.Get("X-Request-Id") != p.RequestID || p.RequestID == "" || r.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%d %+v %v %v", r.StatusCode, p, r.Header, err)
	}
	if o := <-seen; o.Route != "none" || o.Status != 503 || o.Kind != "overloaded" || o.ID != p.RequestID {
		t.Errorf("observed %+v", o)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if r, err := get(path); err != nil || r.StatusCode != 200 {
			t.Errorf("%s on a busy server: %v %v", path, r, err)
		}
	}
	close(hold)
	wg.Wait()
	for range 4 { // the slots came back, that of the panic too
		if r, err := get("/"); err != nil || r.StatusCode != 200 {
			t.Errorf("afterwards: %v %v", r, err)
		}
	}
}

func TestWatchersAreBoundedToo(t *testing.T) {
	hold, begun := make(chan struct{}), make(chan struct{}, maxWatchers)
	h := Edge{Requests: 1}.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { begun <- struct{}{}; <-hold }))
	var wg sync.WaitGroup
	for range maxWatchers {
		wg.Go(func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/readyz", nil)) })
		<-begun
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	if w.Code != 503 {
		t.Errorf("one more: %d", w.Code)
	}
	close(hold)
	wg.Wait()
}

func TestShapeOfRequests(t *testing.T) {
	h := Edge{}.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, c := range map[string]struct {
		target string
		fields int
		status int
	}{
		"as usual":                {"/v1/batches/x?a=b", 3, 200},
		"the longest address":     {"/" + strings.Repeat("a", maxAddress-1), 0, 200},
		"one byte more":           {"/" + strings.Repeat("a", maxAddress), 0, 413},
		"a long query":            {"/?" + strings.Repeat("a", maxAddress), 0, 413},
		"the most header fields":  {"/", maxFields, 200},
		"one field more":          {"/", maxFields + 1, 413},
		"a hundred values of one": {"/", -maxFields - 1, 413},
	} {
		r := httptest.NewRequest("GET", c.target, nil)
		for i := range max(c.fields, -c.fields) {
			if c.fields < 0 {
				r.Header.Add("X-Sample", "x")
			} else {
				r.Header.Set(fmt.Sprintf("X-Sample-%d", i), "x")
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || (c.status != 200 && !strings.Contains(w.Body.String(), `"too-large"`)) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := Edge{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		case "/v1/kept":
			w.Header().Set("Cache-Control", "private, max-age=60")
		case "/gone":
			http.NotFound(w, r)
		}
	}))
	get := func(path string, secure bool) http.Header {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "10.0.0.1:1"
		if secure {
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Header()
	}
	for _, path := range []string{"/v1/batches/x", "/log/checkpoint", "/healthz", "/gone", "/"} {
		got := get(path, false)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Content-Security-Policy": defaultPolicy, "Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": ""} {
			if got.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Get(name), want)
			}
		}
		if !strings.Contains(got.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("%s: %q", path, got.Get("Permissions-Policy"))
		}
		if get(path, true).Get("Strict-Transport-Security") != strictTransport {
			t.Errorf("%s over TLS has no HSTS", path)
		}
	}
	for path, want := range map[string][3]string{
		"/v1/x":           {"no-store", "same-origin", defaultPolicy},
		"/oauth/token":    {"no-store", "same-origin", defaultPolicy},
		"/v1/kept":        {"private, max-age=60", "same-origin", defaultPolicy},
		"/log/checkpoint": {"", "cross-origin", defaultPolicy},
		"/page":           {"", "same-origin", "default-src 'self'"},
	} {
		got := get(path, false)
		if have := [3]string{got.Get("Cache-Control"), got.Get("Cross-Origin-Resource-Policy"), got.Get("Content-Security-Policy")}; have != want {
			t.Errorf("%s: %q, want %q", path, have, want)
		}
	}
}

func TestNesting(t *testing.T) {
	for text, want := range map[string]int{
		``: 0, `1`: 0, `"[[[["`: 0, `"\"[[["`: 0, `"\\"[`: 1, `{}`: 1, `[]`: 1, `{"a":[{"b":1}]}`: 3, `[[],[],[[]]]`: 3, `]]]]`: 0, `"[`: 0,
		`{"[":"]","{":[]}`: 2, "\xff[": 1, `"\`: 0, strings.Repeat("[", 100_000): 100_000,
	} {
		if got := nesting([]byte(text)); got != want {
			t.Errorf("%.40q: %d, want %d", text, got, want)
		}
	}
}

func TestDeepBodiesAreRefused(t *testing.T) {
	for depth, want := range map[int]bool{maxNesting: true, maxNesting + 1: false, maxRequest / 3: false} {
		text := `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
		r := httptest.NewRequest("POST", "/", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		var into struct {
			A any `json:"a"`
		}
		err := decode(echo.New().NewContext(r, httptest.NewRecorder()), &into)
		if want != (err == nil) || (err != nil && !strings.Contains(err.Error(), "too_deep")) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

func FuzzNesting(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":"\"["}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if json.Unmarshal(b, &v) != nil {
			return
		}
		if got, want := nesting(b), deep(v); got < want {
			t.Errorf("%q: %d, want %d or more", b, got, want)
		}
	})
}

// deep is nesting the slow way. Of two members with one name json keeps the last, so
// nesting may say more.
func deep(v any) (most int) {
	switch x := v.(type) {
	case map[string]any:
		for _, w := range x {
			most = max(most, deep(w))
		}
		return most + 1
	case []any:
		for _, w := range x {
			most = max(most, deep(w))
		}
		return most + 1
	}
	return 0
}
