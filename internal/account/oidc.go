package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Provider is an OpenID Connect provider that this service relies on. All but HTTPClient
// are required.
type Provider struct {
	Issuer      string // the address under which it publishes its configuration
	ClientID    string
	Secret      string
	RedirectURL string       // ours, where it sends browsers back to
	HTTPClient  *http.Client // nil: one that gives up after ten seconds
}

// FlowLife is how long somebody may take at the provider.
const FlowLife = 10 * time.Minute

// relying is a provider with what it publishes, which is read when it is first needed: a
// provider that is down must not keep the server from starting.
type relying struct {
	Provider
	mu        sync.Mutex
	published *oidc.Provider
}

func newRelying(p Provider) *relying {
	if p.HTTPClient == nil {
		p.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	return &relying{Provider: p}
}

// discover gives what the provider publishes. Faults: not-found when there is no provider,
// unavailable.
func (s *Service) discover(ctx context.Context) (*oidc.Provider, error) {
	r := s.relying
	if r == nil {
		return nil, fault.New(fault.NotFound, "No provider for sign-in is set up here. Sign in with login and password.")
	}
	r.mu.Lock()
	p := r.published
	r.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, r.HTTPClient), r.Issuer)
	if err != nil {
		return nil, providerDown(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.published = p
	return p, nil
}

func providerDown(err error) error {
	return fault.Wrap(err, fault.Unavailable, "Your organisation's sign-in provider cannot be reached now. Try again in a moment, or sign in with login and password.")
}

func (s *Service) oauth(p *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: s.relying.ClientID, ClientSecret: s.relying.Secret, Endpoint: p.Endpoint(),
		RedirectURL: s.relying.RedirectURL, Scopes: []string{oidc.ScopeOpenID}}
}

// HasProvider says whether there is a provider to sign in with.
func (s *Service) HasProvider() bool { return s.relying != nil }

// Start is a sign-in that goes to the provider. At most one of Code and Account is set.
type Start struct {
	Code     string     // take up the account of this one-time code and link it
	Account  id.Account // link the account that is signed in
	Address  string     // of whoever asks, "" when unknown
	Remember bool
}

// flow is what a browser keeps while it is at the provider, sealed. State, nonce and PKCE
// verifier are derived from Token, so that nothing of them is kept on the server.
type flow struct {
	Token    []byte     `json:"token"`
	Expires  int64      `json:"expires"` // Unix milliseconds
	Code     id.Hash    `json:"code"`
	Account  id.Account `json:"account"`
	Remember bool       `json:"remember"`
}

func (f flow) derive(what string) string {
	h := sha256.Sum256(append([]byte("liandan oidc "+what+"\n"), f.Token...))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

var flowFor = []byte("liandan oidc flow")

// BeginOIDC gives the address at the provider to send the browser to, and the value of a
// cookie (HttpOnly, SameSite=Lax, for FlowLife) that it must bring back: authorization code
// with PKCE, state and nonce. Faults: not-found when there is no provider;
// invitation-refused and too-many-attempts for a code; unavailable.
func (s *Service) BeginOIDC(ctx context.Context, in Start) (location, cookie string, err error) {
	p, err := s.discover(ctx)
	if err != nil {
		return "", "", err
	}
	f := flow{Token: make([]byte, 32), Expires: s.clock().Add(FlowLife).UnixMilli(), Account: in.Account, Remember: in.Remember}
	if in.Code != "" {
		inv, err := s.invitation(ctx, in.Code, in.Address)
		if err != nil {
			return "", "", err
		}
		f.Code, f.Account = inv.Code, id.Account{}
	}
	nonce := make([]byte, s.seal.NonceSize())
	if err := errors.Join(s.draw(f.Token), s.draw(nonce)); err != nil {
		return "", "", err
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return "", "", fault.Wrap(err, fault.Internal, "The sign-in cannot be begun.")
	}
	cookie = base64.RawURLEncoding.EncodeToString(s.seal.Seal(nonce, nonce, plain, flowFor))
	c := s.oauth(p)
	return c.AuthCodeURL(f.derive("state"), oidc.Nonce(f.derive("nonce")), oauth2.S256ChallengeOption(f.derive("verifier"))), cookie, nil
}

// Return is a browser that comes back from the provider.
type Return struct {
	Cookie  string // of BeginOIDC
	Query   url.Values
	Account id.Account // who is signed in now; zero: nobody
	Address string
}

// Entered is what came of it: a session and its token, given this once, or an account that
// is now linked, whose session stays.
type Entered struct {
	Session Session
	Token   string
	Linked  bool
}

// FinishOIDC checks what the provider answered and signs in, takes up the invited account,
// or links the account that is signed in. A flow counts once, whatever comes of it. A
// second factor of our own is not asked for: the provider vouches, and nobody but the
// person linked it.
//
// Faults: forged-request when the answer does not belong to this browser;
// sign-in-refused when the flow is old or used, the provider did not vouch, or nobody here
// is linked to whom it vouches for; invitation-refused; conflict when somebody else is;
// unauthorized; too-many-attempts, not-found, unavailable.
func (s *Service) FinishOIDC(ctx context.Context, in Return) (Entered, error) {
	p, err := s.discover(ctx)
	if err != nil {
		return Entered{}, err
	}
	f, err := s.openFlow(in)
	if err != nil {
		return Entered{}, err
	}
	if err := s.count(ctx, limit{addressKey(in.Address), AddressTries}); err != nil {
		return Entered{}, err
	}
	err = s.update(ctx, func(tx Tx) error {
		fresh, err := tx.UseFlow(sha256.Sum256(f.Token), time.UnixMilli(f.Expires).UTC())
		if err == nil && !fresh {
			err = startAgain(nil)
		}
		return err
	})
	if err != nil {
		return Entered{}, err
	}
	link, err := s.vouched(ctx, p, f, in.Query)
	if err != nil {
		return Entered{}, err
	}
	switch {
	case !f.Code.IsZero():
		out := Entered{}
		out.Session, out.Token, err = s.accept(ctx, f.Code, in.Address, f.Remember, func(tx Tx, k *Kept) error { return attach(tx, k, link) })
		return out, err
	case !f.Account.IsZero():
		if f.Account != in.Account {
			return Entered{}, unauthorized()
		}
		return Entered{Linked: true}, s.link(ctx, f.Account, link, in.Address)
	}
	return s.enterLinked(ctx, link, f.Remember, in.Address)
}

// openFlow checks that the answer belongs to the browser that asked.
func (s *Service) openFlow(in Return) (f flow, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(in.Cookie)
	n := s.seal.NonceSize()
	if err != nil || len(in.Cookie) > 4096 || len(sealed) <= n {
		return f, forgedReturn()
	}
	plain, err := s.seal.Open(nil, sealed[:n], sealed[n:], flowFor)
	if err != nil || json.Unmarshal(plain, &f) != nil {
		return f, forgedReturn()
	}
	if subtle.ConstantTimeCompare([]byte(in.Query.Get("state")), []byte(f.derive("state"))) != 1 {
		return f, forgedReturn()
	}
	if s.clock().UnixMilli() >= f.Expires {
		return f, startAgain(nil)
	}
	return f, nil
}

func forgedReturn() error {
	return fault.New(fault.ForgedRequest, "The provider's answer does not belong to a sign-in that this browser began. Begin again from the sign-in page.")
}

func startAgain(cause error) error {
	return fault.Wrap(cause, fault.SignInRefused, "The sign-in through your provider took too long, was used already, or was not confirmed by it. Begin again from the sign-in page.")
}

// vouched trades the provider's code for an ID token and reads whom it names.
func (s *Service) vouched(ctx context.Context, p *oidc.Provider, f flow, q url.Values) (Link, error) {
	ctx = oidc.ClientContext(ctx, s.relying.HTTPClient)
	if iss := q.Get("iss"); iss != "" && iss != s.relying.Issuer { // RFC 9207
		return Link{}, forgedReturn()
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return Link{}, startAgain(errors.New("the provider sent no code"))
	}
	c := s.oauth(p)
	t, err := c.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(f.derive("verifier")))
	if err != nil {
		// The provider's own words may repeat what we sent: its error's code is enough.
		var answer *oauth2.RetrieveError
		if errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode < 500 {
			return Link{}, startAgain(errors.New("the provider refused the code"))
		}
		if errors.As(err, &answer) {
			return Link{}, providerDown(errors.New("the provider's token endpoint failed"))
		}
		return Link{}, providerDown(err)
	}
	raw, ok := t.Extra("id_token").(string)
	if !ok {
		return Link{}, startAgain(errors.New("the provider sent no ID token"))
	}
	token, err := p.Verifier(&oidc.Config{ClientID: s.relying.ClientID, Now: s.now}).Verify(ctx, raw)
	if err != nil {
		return Link{}, startAgain(err)
	}
	var claims struct {
		Party string `json:"azp"`
	}
	if err := token.Claims(&claims); err != nil {
		return Link{}, startAgain(err)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.derive("nonce"))) != 1:
		return Link{}, startAgain(errors.New("the ID token is not for this sign-in"))
	case (len(token.Audience) > 1 || claims.Party != "") && claims.Party != s.relying.ClientID:
		return Link{}, startAgain(errors.New("the ID token was made for another client"))
	case !isSubject(token.Subject):
		return Link{}, startAgain(errors.New("the ID token names nobody"))
	}
	return Link{Issuer: token.Issuer, Subject: token.Subject}, nil
}

// isSubject keeps from the database what OpenID Connect Core section 2 does not allow: a
// subject has at most 255 ASCII characters.
func isSubject(s string) bool {
	return s != "" && len(s) <= 255 && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < ' ' || c > '~' })
}

// attach links an account that nobody else's link is taken from.
func attach(tx Tx, k *Kept, l Link) error {
	other, ok, err := tx.AccountOfSubject(l)
	if err != nil {
		return err
	}
	if ok && other.ID != k.ID {
		return fault.New(fault.Conflict, "Your provider's account is linked to another account here. Sign in with that one, or ask your administrator.")
	}
	k.Link, k.Linked = l, true
	return nil
}

func (s *Service) link(ctx context.Context, a id.Account, l Link, address string) error {
	return s.update(ctx, func(tx Tx) error {
		k, ok, err := tx.Account(a)
		if err != nil {
			return err
		}
		if !ok || k.State != Active {
			return unauthorized()
		}
		if err := attach(tx, &k, l); err != nil {
			return err
		}
		if err := tx.PutAccount(k); err != nil {
			return err
		}
		return giveBack(tx, addressKey(address))
	})
}

// Unlink ends the link to a provider. Faults: conflict when the account has no password to
// sign in with; not-found, unavailable.
func (s *Service) Unlink(ctx context.Context, a id.Account) error {
	return s.update(ctx, func(tx Tx) error {
		k, err := known(tx, a)
		if err != nil || !k.Linked {
			return err
		}
		if k.Password == "" {
			return fault.New(fault.Conflict, "This account has no password: without the provider you could not sign in. Ask your administrator for a new one-time code.")
		}
		k.Link, k.Linked = Link{}, false
		return tx.PutAccount(k)
	})
}

// enterLinked opens a session for whom the provider vouches.
func (s *Service) enterLinked(ctx context.Context, l Link, remember bool, address string) (Entered, error) {
	now := s.clock()
	token, err := s.token()
	if err != nil {
		return Entered{}, err
	}
	out := Entered{Token: token}
	err = s.update(ctx, func(tx Tx) error {
		k, ok, err := tx.AccountOfSubject(l)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.SignInRefused, "Your provider knows you, but your account with it is not linked to an account here. Sign in with login and password and link it, or use the one-time code from your administrator.").
				With("reason", "unlinked")
		}
		if k.State != Active {
			return signInRefused()
		}
		if err := giveBack(tx, addressKey(address)); err != nil {
			return err
		}
		out.Session, err = s.sit(tx, k, token, remember, now)
		return err
	})
	if err != nil {
		return Entered{}, err
	}
	return out, nil
}
