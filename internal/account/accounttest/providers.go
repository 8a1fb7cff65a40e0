package accounttest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
)

const (
	clientID     = "sample-client"
	clientSecret = "sample & secret"
	redirect     = "https://liandan.example/signin/provider"
)

// serviceKey signs the provider's tokens, strangerKey is not among its keys.
var serviceKey, strangerKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

// idp is a small provider: its discovery and keys are the library's, its token endpoint
// is here. One browser at a time is there.
type idp struct {
	b *bench
	*httptest.Server
	mu        sync.Mutex
	codes     map[string]string           // authorization codes, each with its PKCE challenge
	nonce     string                      // of the browser that is there
	lie       func(claims map[string]any) // changes the claims of the next tokens
	signer    *rsa.PrivateKey
	broken    int // a status to answer the token endpoint with; 0: none
	exchanges int
}

func (b *bench) withProvider() *idp {
	p := &idp{b: b, codes: map[string]string{}, signer: serviceKey()}
	published := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: serviceKey().Public(), KeyID: "k", Algorithm: "RS256"}}}
	mux := http.NewServeMux()
	mux.Handle("/", published)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	b.Cleanup(p.Close)
	published.SetIssuer(p.URL)
	b.with = func(c *account.Config) {
		c.OIDC = &account.Provider{Issuer: p.URL, ClientID: clientID, Secret: clientSecret, RedirectURL: redirect, HTTPClient: p.Client()}
	}
	b.Service = b.server()
	return p
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exchanges++
	if p.broken != 0 {
		http.Error(w, "broken by the test", p.broken)
		return
	}
	user, secret, _ := r.BasicAuth()
	user, _ = url.QueryUnescape(user)
	secret, _ = url.QueryUnescape(secret)
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	challenge, known := p.codes[r.FormValue("code")]
	if user != clientID || secret != clientSecret || !known || challenge != base64.RawURLEncoding.EncodeToString(sum[:]) || r.FormValue("redirect_uri") != redirect {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	now := p.b.clock.Now()
	claims := map[string]any{"iss": p.URL, "aud": clientID, "sub": "subject-1", "nonce": p.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
	if p.lie != nil {
		p.lie(claims)
	}
	answer := map[string]any{"access_token": "a", "token_type": "Bearer"}
	if len(claims) > 0 {
		text, _ := json.Marshal(claims)
		answer["id_token"] = oidctest.SignIDToken(p.signer, "k", "RS256", string(text))
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// visit lets the browser at a location agree, and gives the query that it comes back with.
func (p *idp) visit(location string) url.Values {
	p.b.Helper()
	u, err := url.Parse(location)
	p.b.must(err)
	q := u.Query()
	if u.Path != "/auth" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != clientID ||
		q.Get("redirect_uri") != redirect || len(q.Get("state")) != 43 || len(q.Get("nonce")) != 43 || q.Get("state") == q.Get("nonce") {
		p.b.Fatalf("sent to %s", location)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := fmt.Sprint("code-", len(p.codes))
	p.codes[code], p.nonce = q.Get("code_challenge"), q.Get("nonce")
	return url.Values{"state": {q.Get("state")}, "code": {code}, "iss": {p.URL}}
}

// through goes to the provider and back.
func (p *idp) through(start account.Start) (account.Entered, error) {
	p.b.Helper()
	location, cookie, err := p.b.BeginOIDC(p.b.Context(), start)
	if err != nil {
		return account.Entered{}, err
	}
	return p.b.FinishOIDC(p.b.Context(), account.Return{Cookie: cookie, Query: p.visit(location), Account: start.Account})
}

func (p *idp) set(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

func provider(b *bench) {
	ctx := b.Context()
	if b.HasProvider() {
		b.Error("there is a provider that nobody set up")
	}
	_, _, err := b.BeginOIDC(ctx, account.Start{})
	b.wants(err, fault.NotFound)
	_, err = b.FinishOIDC(ctx, account.Return{})
	b.wants(err, fault.NotFound)
	p := b.withProvider()
	if !b.HasProvider() {
		b.Error("no provider")
	}
	_, err = p.through(account.Start{})
	if f := b.wants(err, fault.SignInRefused); f.Facts["reason"] != "unlinked" { // known there, not here
		b.Errorf("%v", f)
	}
	v, err := b.Invite(ctx, "sample", "样例 SAMPLE", []access.Appointment{{Role: access.CityInspector}})
	b.must(err)
	_, err = p.through(account.Start{Code: "0000-0000-00000"})
	b.wants(err, fault.InvitationRefused)
	in, err := p.through(account.Start{Code: v.Code})
	if b.must(err); in.Linked || in.Session.Account.ID != v.Account.ID || !in.Session.Account.Linked || in.Session.Account.State != account.Active {
		b.Errorf("%+v", in)
	}
	s, err := b.Session(ctx, in.Token)
	if b.must(err); !s.Actor().Has(b.clock.Now(), access.CityInspector) || s.CSRF != in.Session.CSRF {
		b.Errorf("%+v", s)
	}
	_, err = p.through(account.Start{Code: v.Code}) // used up
	b.wants(err, fault.InvitationRefused)
	in, err = p.through(account.Start{Remember: true})
	if b.must(err); in.Session.Account.ID != v.Account.ID || !in.Session.Remember {
		b.Errorf("%+v", in)
	}
	b.wants(b.signIn("sample", ""), fault.SignInRefused) // there is no password
	b.wants(b.ChangePassword(ctx, s, "", good), fault.Conflict)
	b.wants(b.Unlink(ctx, v.Account.ID), fault.Conflict)
	b.must(b.Disable(ctx, v.Account.ID))
	_, err = p.through(account.Start{})
	b.wants(err, fault.SignInRefused)
	newer, err := b.RenewInvitation(ctx, v.Account.ID) // the link is void with everything else
	b.must(err)
	_, err = p.through(account.Start{})
	b.wants(err, fault.SignInRefused)
	_, _, err = b.Accept(ctx, account.Acceptance{Code: newer.Code, Password: good})
	b.must(err)
	_, err = p.through(account.Start{})
	b.wants(err, fault.SignInRefused)
}

func providerLies(b *bench) {
	ctx := b.Context()
	p := b.withProvider()
	v, err := b.Invite(ctx, "sample", "样例 SAMPLE", nil)
	b.must(err)
	_, err = p.through(account.Start{Code: v.Code})
	b.must(err)
	for name, lie := range map[string]func(map[string]any){
		"another nonce":      func(c map[string]any) { c["nonce"] = "another" },
		"no nonce":           func(c map[string]any) { delete(c, "nonce") },
		"expired":            func(c map[string]any) { c["exp"] = b.clock.Now().Add(-time.Hour).Unix() },
		"another audience":   func(c map[string]any) { c["aud"] = "another-client" },
		"several audiences":  func(c map[string]any) { c["aud"] = []string{clientID, "another-client"} },
		"for another client": func(c map[string]any) { c["azp"] = "another-client" },
		"another issuer":     func(c map[string]any) { c["iss"] = "https://elsewhere.example" },
		"nobody":             func(c map[string]any) { delete(c, "sub") },
		"a hostile subject":  func(c map[string]any) { c["sub"] = "subject-1\x00" },
		"no token at all":    func(c map[string]any) { clear(c) },
	} {
		p.set(func() { p.lie = lie })
		_, err := p.through(account.Start{})
		b.Log(name)
		b.wants(err, fault.SignInRefused)
	}
	p.set(func() { p.lie, p.signer = nil, strangerKey() })
	_, err = p.through(account.Start{})
	b.wants(err, fault.SignInRefused)
}

func forgedReturns(b *bench) {
	ctx := b.Context()
	p := b.withProvider()
	v, err := b.Invite(ctx, "sample", "样例 SAMPLE", nil)
	b.must(err)
	_, err = p.through(account.Start{Code: v.Code})
	b.must(err)
	location, cookie, err := b.BeginOIDC(ctx, account.Start{})
	b.must(err)
	q := p.visit(location)
	before := p.exchanges
	_, others, err := b.BeginOIDC(ctx, account.Start{})
	b.must(err)
	changed := func(key, value string) url.Values {
		c := maps.Clone(q)
		c.Set(key, value)
		return c
	}
	for _, r := range []account.Return{
		{Query: q}, {Cookie: "x", Query: q}, {Cookie: cookie}, {Cookie: others, Query: q}, {Cookie: cookie, Query: changed("state", "another")},
		{Cookie: cookie[:len(cookie)-2], Query: q}, {Cookie: "A" + cookie[1:] + "A", Query: q}, {Cookie: cookie + cookie + cookie, Query: q},
	} {
		_, err := b.FinishOIDC(ctx, r)
		b.wants(err, fault.ForgedRequest)
	}
	if p.exchanges != before {
		b.Error("a forged return reached the provider")
	}
	_, err = b.server().FinishOIDC(ctx, account.Return{Cookie: cookie, Query: q}) // another server takes it on
	b.must(err)
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: q}) // replayed
	b.wants(err, fault.SignInRefused)
	for _, r := range []url.Values{{"error": {"access_denied"}}, {}, {"code": {"made-up"}}} { // declined; nothing; a code of others
		location, cookie, err = b.BeginOIDC(ctx, account.Start{})
		b.must(err)
		r.Set("state", p.visit(location).Get("state"))
		_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: r})
		b.wants(err, fault.SignInRefused)
	}
	location, cookie, err = b.BeginOIDC(ctx, account.Start{})
	b.must(err)
	q = p.visit(location)
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: changed("iss", "https://elsewhere.example")})
	b.wants(err, fault.ForgedRequest)
	location, cookie, err = b.BeginOIDC(ctx, account.Start{})
	b.must(err)
	q = p.visit(location)
	b.clock.Add(account.FlowLife)
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: q})
	b.wants(err, fault.SignInRefused)
	if got, err := b.Sweep(ctx, b.clock.Now()); err != nil || got.Flows != 6 {
		b.Errorf("%+v %v", got, err)
	}
}

func links(b *bench) {
	ctx := b.Context()
	p := b.withProvider()
	one, _ := b.person("one")
	two, _ := b.person("two")
	location, cookie, err := b.BeginOIDC(ctx, account.Start{Account: one.Account.ID})
	b.must(err)
	q := p.visit(location)
	// Signed out meanwhile, or another one is signed in: nothing is linked.
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: q})
	b.wants(err, fault.Unauthorized)
	location, cookie, err = b.BeginOIDC(ctx, account.Start{Account: one.Account.ID})
	b.must(err)
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: p.visit(location), Account: two.Account.ID})
	b.wants(err, fault.Unauthorized)
	if a, err := b.Account(ctx, one.Account.ID); err != nil || a.Linked {
		b.Errorf("%+v %v", a, err)
	}
	in, err := p.through(account.Start{Account: one.Account.ID})
	if b.must(err); !in.Linked || in.Token != "" {
		b.Errorf("%+v", in)
	}
	_, err = p.through(account.Start{Account: two.Account.ID})
	b.wants(err, fault.Conflict)
	v, err := b.Invite(ctx, "three", "样例 SAMPLE", nil)
	b.must(err)
	_, err = p.through(account.Start{Code: v.Code})
	b.wants(err, fault.Conflict) // and the code is not used up
	p.set(func() { p.lie = func(c map[string]any) { c["sub"] = "subject-3" } })
	in, err = p.through(account.Start{Code: v.Code})
	if b.must(err); in.Session.Account.ID != v.Account.ID {
		b.Errorf("%+v", in)
	}
	p.set(func() { p.lie = nil })
	in, err = p.through(account.Start{})
	if b.must(err); in.Session.Account.ID != one.Account.ID {
		b.Errorf("%+v", in)
	}
	b.must(b.signIn("one", good)) // the password still is one
	b.must(b.Unlink(ctx, one.Account.ID))
	b.must(b.Unlink(ctx, one.Account.ID))
	_, err = p.through(account.Start{})
	b.wants(err, fault.SignInRefused)
	_, err = p.through(account.Start{Account: two.Account.ID})
	b.must(err)
}

func providerDown(b *bench) {
	ctx := b.Context()
	p := b.withProvider()
	s, _ := b.person("sample")
	location, cookie, err := b.BeginOIDC(ctx, account.Start{Account: s.Account.ID})
	b.must(err)
	q := p.visit(location)
	p.set(func() { p.broken = http.StatusBadGateway })
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: q, Account: s.Account.ID})
	b.wants(err, fault.Unavailable)
	p.set(func() { p.broken = 0 })
	_, err = p.through(account.Start{Account: s.Account.ID})
	b.must(err)
	late := b.server() // has not read what the provider publishes
	p.Close()
	_, _, err = late.BeginOIDC(ctx, account.Start{})
	b.wants(err, fault.Unavailable)
	location, cookie, err = b.BeginOIDC(ctx, account.Start{})
	b.must(err)
	_, err = b.FinishOIDC(ctx, account.Return{Cookie: cookie, Query: p.visit(location)})
	b.wants(err, fault.Unavailable)
	b.must(b.signIn("sample", good)) // passwords do without
}
