package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"liandan/internal/server"
)

// marks are secrets and identifiers of each sort, none of which may be in a log.
var marks = map[string]string{
	"path":     "PATHSECRET7f3a",
	"id":       "0192f0c1-5ec0-7e75-8a11-deadbeef0001",
	"query":    "QUERYSECRET7f3b",
	"bearer":   "lt_" + strings.Repeat("bearersecret", 4) + "7f3c",
	"token":    "la_" + strings.Repeat("tokensecret2", 4) + "aaaa",
	"cookie":   "COOKIESECRET7f3d",
	"header":   "HEADERSECRET7f3e",
	"body":     "BODYSECRET7f3f",
	"password": "PASSWORDSECRET7f40",
	"name":     "样例姓名 SAMPLE NAME",
	"basic":    "BASICSECRET7f41",
	"address":  "203.0.113.77",
}

// Secrets in every place of a request, good and bad ones, with the database there and with
// it gone: the log says which route, how it went and who asked, and repeats none of them.
func TestNoSecretIsLogged(t *testing.T) {
	var out printed
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := start(t, settings(t, t.TempDir(), ""), server.Options{Log: log})
	marks := map[string]string{"the operator's token": s.Token}
	sent := provoke(t, s.URL, s.Token)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	sent += provoke(t, s.URL, s.Token)
	_ = s.Stop(t.Context()) // all lines are written then; that the database is gone is known
	said := out.String()
	lines := 0
	for _, line := range strings.Split(strings.TrimSpace(said), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if m["msg"] != "request" {
			continue
		}
		lines++
		for _, name := range []string{"request_id", "method", "route", "status", "ms"} {
			if m[name] == nil || m[name] == "" {
				t.Errorf("a line lacks %s: %s", name, line)
			}
		}
	}
	if lines != sent || sent < 100 {
		t.Errorf("%d requests were sent, %d lines written", sent, lines)
	}
	if !strings.Contains(said, `"status":503`) || !strings.Contains(said, `"level":"ERROR"`) {
		t.Error("no request failed inside, so causes were not looked at")
	}
	if !strings.Contains(said, `"actor":"`) {
		t.Error("no line says who asked")
	}
	for where, secret := range every(marks) {
		if strings.Contains(said, secret) {
			i := strings.Index(said, secret)
			t.Errorf("the log repeats what was sent as %s: %s", where, said[max(0, i-300):min(len(said), i+60)])
		}
	}
}

// every is the marks with more, each as it is, percent-encoded and in base 64.
func every(more map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{marks, more} {
		for where, v := range m {
			out[where] = v
			out[where+", escaped"] = url.QueryEscape(v)
			out[where+", in base 64"] = strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(v)), "=")
		}
	}
	return out
}

// provoke sends requests of every sort and says how many.
func provoke(t *testing.T, base, operator string) (sent int) {
	t.Helper()
	p := url.PathEscape
	paths := []string{"/", "/q/" + p(marks["path"]), "/" + p(marks["path"]) + "/" + p(marks["name"]), "/v1/" + p(marks["path"]), "/healthz", "/metrics", "/readyz"}
	for _, of := range []string{"events", "batches", "manifests", "keys", "labels", "registry", "accounts", "clients", "organisations", "enrolments"} {
		for _, v := range []string{marks["path"], marks["id"], marks["name"]} {
			paths = append(paths, "/v1/"+of+"/"+p(v))
		}
	}
	paths = append(paths, "/v1/events", "/v1/events/validate", "/v1/keys", "/v1/enrolments", "/v1/enrolments/challenge", "/v1/session", "/v1/session/password",
		"/v1/session/totp", "/v1/welcome", "/v1/accounts", "/v1/clients", "/oauth/token", "/v1/registry/people", "/signin", "/log/tile/0/"+p(marks["path"]))
	bodies := map[string]string{
		"application/json":                  fmt.Sprintf(`{"login":%q,"password":%q,"code":%q,"jwk":{"d":%q},"name":%q}`, marks["body"], marks["password"], marks["body"], marks["body"], marks["name"]),
		"application/x-www-form-urlencoded": url.Values{"client_id": {marks["id"]}, "client_secret": {marks["password"]}, "login": {marks["name"]}, "password": {marks["password"]}, "grant_type": {"client_credentials"}}.Encode(),
		"application/jose":                  base64.RawURLEncoding.EncodeToString([]byte(marks["body"])) + "." + marks["body"] + "." + marks["body"],
		"text/csv":                          "credit_code,person\n" + marks["body"] + "," + marks["name"] + "\n",
		"":                                  `{"` + marks["body"],
	}
	for i, path := range paths {
		for kind, body := range bodies {
			method := http.MethodPost
			if kind == "" {
				method = http.MethodGet
			}
			r, err := http.NewRequest(method, base+path+"?token="+url.QueryEscape(marks["query"])+"&cursor="+url.QueryEscape(marks["name"]), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range map[string]string{"Content-Type": kind, "X-CSRF-Token": marks["header"], "User-Agent": marks["header"], "Referer": "https://x/" + marks["header"],
				"X-Forwarded-For": marks["address"], "X-Request-Id": marks["header"], "Cookie": "__Host-liandan=" + marks["cookie"] + "; liandan=" + marks["cookie"]} {
				r.Header.Set(name, v)
			}
			switch i % 4 {
			case 0:
				r.Header.Set("Authorization", "Bearer "+marks["bearer"])
			case 1:
				r.Header.Set("Authorization", "Bearer "+operator)
			case 2:
				r.Header.Set("Authorization", "Bearer "+marks["token"])
			case 3:
				r.SetBasicAuth(marks["id"], marks["basic"])
			}
			answer, err := http.DefaultTransport.RoundTrip(r) // redirects are answers, too
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			sent++
		}
	}
	return sent
}
