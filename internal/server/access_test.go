package server_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/server"
)

const passphrase = "sample-pass-phrase-19"

// asker speaks to servers as a browser or a program would.
type asker struct{ t *testing.T }

// ask answers with the status, and the body for who wants it.
func (a asker) ask(s *server.Server, method, path string, head map[string]string, body string) (int, string, *http.Response) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for k, v := range head {
		r.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp
}

// Sessions and tokens live in the database: the server that knows nothing of them yet, a
// second one and one that was started again, takes them; what ends on one ends on all.
func TestSessionsAndTokensOutliveAServer(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	do := asker{t}
	i, err := a.Accounts.Invite(t.Context(), "inspector.sample", "样例 SAMPLE", []access.Appointment{{Role: access.CityInspector}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Accounts.Accept(t.Context(), account.Acceptance{Code: i.Code, Password: passphrase}); err != nil {
		t.Fatal(err)
	}
	status, body, resp := do.ask(a, "POST", "/v1/session", map[string]string{"Content-Type": "application/json"},
		`{"login":"inspector.sample","password":"`+passphrase+`"}`)
	if status != http.StatusCreated || len(resp.Cookies()) != 1 {
		t.Fatalf("signing in: %d %s", status, body)
	}
	cookie := map[string]string{"Cookie": resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value}

	client, err := a.Machines.Create(t.Context(), "样例 SAMPLE", []access.Scope{access.ReadMetrics}, 600)
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := a.Machines.AddSecret(t.Context(), client.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client.ID.String()}, "client_secret": {secret}}
	status, body, _ = do.ask(a, "POST", "/oauth/token", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form.Encode())
	if status != http.StatusOK {
		t.Fatalf("a token: %d %s", status, body)
	}
	_, rest, _ := strings.Cut(body, `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	bearer := map[string]string{"Authorization": "Bearer " + token}
	plain, err := a.Registry.NewToken(t.Context(), access.Appointment{Role: access.CityInspector}, "SAMPLE", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	line := map[string]string{"Authorization": "Bearer " + plain}

	good := func(what string, s *server.Server, want int) {
		t.Helper()
		for path, head := range map[string]map[string]string{"/v1/session": cookie, "/metrics": bearer, "/v1/quarantine": line} {
			if status, body, _ := do.ask(s, "GET", path, head, ""); status != want {
				t.Errorf("%s: GET %s is answered with %d, want %d: %.200s", what, path, status, want, body)
			}
		}
	}
	good("the server that gave them", a, http.StatusOK)
	good("the other server", b, http.StatusOK)
	again := start(t, a.Config, server.Options{})
	stop(t, a)
	good("a server started later", again, http.StatusOK)

	if err := b.Accounts.Disable(t.Context(), i.Account.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Machines.Disable(t.Context(), client.ID); err != nil {
		t.Fatal(err)
	}
	list, err := b.Registry.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range list {
		if tok.Name == "SAMPLE" {
			if err := b.Registry.RevokeToken(t.Context(), tok.ID()); err != nil {
				t.Fatal(err)
			}
		}
	}
	good("where they ended", b, http.StatusUnauthorized)
	time.Sleep(time.Second)
	good("a second later on the other", again, http.StatusUnauthorized)
}

// The first administrator's code is printed once for each start, is needed no more when
// somebody has taken it up, and the older one is void.
func TestTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, t.TempDir(), ""), server.Options{})
	first, _, err := s.AdministratorCode(t.Context(), "")
	if err != nil || first == "" {
		t.Fatalf("%q %v", first, err)
	}
	second, _, err := s.AdministratorCode(t.Context(), "")
	if err != nil || second == "" || second == first {
		t.Fatalf("%q %v", second, err)
	}
	accept := func(code string) error {
		_, _, err := s.Accounts.Accept(context.Background(), account.Acceptance{Code: code, Password: passphrase})
		return err
	}
	if accept(first) == nil {
		t.Error("the older code works")
	}
	if err := accept(second); err != nil {
		t.Error(err)
	}
	if code, _, err := s.AdministratorCode(t.Context(), ""); code != "" || err != nil {
		t.Errorf("there is an administrator, and a code is made: %q %v", code, err)
	}
	if code, _, err := s.AdministratorCode(t.Context(), "ADMIN"); code == "" || err != nil {
		t.Errorf("who is locked out gets no code: %v", err)
	}
	if _, _, err := s.AdministratorCode(t.Context(), "nobody"); err == nil {
		t.Error("nobody gets a code")
	}
}
