package machine

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Codes of RFC 6749 section 5.2. A fault of Token that has one carries it as the code of
// its first field; OAuthCode finds it.
const (
	InvalidClient = "invalid_client"
	InvalidScope  = "invalid_scope"
)

// OAuthCode is the RFC 6749 section 5.2 code of a fault of Token: "invalid_client" (to be
// answered with 401) or "invalid_scope" (400); "" when the fault has none there, such as
// too-many-attempts, quota-exceeded or unavailable.
func OAuthCode(err error) string {
	f := fault.As(err)
	if f == nil || len(f.Fields) == 0 {
		return ""
	}
	if c := f.Fields[0].Code; c == InvalidClient || c == InvalidScope {
		return c
	}
	return ""
}

// Issued is a new access token.
type Issued struct {
	Token   string // given this once, not kept
	Made    time.Time
	Expires time.Time      // TokenLife from Made, or when the secret ends if that is sooner
	Scopes  []access.Scope // what the token carries
}

// Token trades a client's credentials for an access token. Without scopes it carries all
// of the client's. There is no refresh token: the credentials are there to be used again.
//
// The attempt is counted before anything is compared. Faults: unauthorized with the code
// invalid_client, which never says which part was wrong; too-many-attempts for this id or
// this server; invalid-request with the code invalid_scope; quota-exceeded; unavailable.
func (s *Service) Token(ctx context.Context, clientID, secret string, scopes []access.Scope) (Issued, error) {
	now := s.clock()
	c, badID := id.ParseClient(clientID)
	try, wait := s.attempts.begin(c, now)
	if wait > 0 {
		return Issued{}, tooManyAttempts(wait)
	}
	if badID != nil || !wellFormed(secret, secretPrefix) {
		return Issued{}, invalidClient()
	}
	hash := id.Hash(sha256.Sum256([]byte(secret)))
	k, held, err := s.credentials(s.store.MachineReader(ctx), c, hash, now)
	if fault.Of(err) == fault.Unauthorized {
		return Issued{}, err // the attempt stays counted
	}
	s.attempts.giveBack(try, err == nil)
	if err != nil {
		return Issued{}, err
	}
	granted, err := asked(k, scopes)
	if err != nil {
		return Issued{}, err
	}
	if wait := s.meters.issue(c, s.now()); wait > 0 {
		return Issued{}, quotaExceeded(wait)
	}
	plain, err := s.plain(tokenPrefix)
	if err != nil {
		return Issued{}, err
	}
	t := Token{Hash: sha256.Sum256([]byte(plain)), Client: c, Secret: held.ID, Scopes: granted, Made: now, Expires: now.Add(TokenLife)}
	if held.Expires.Before(t.Expires) {
		t.Expires = held.Expires
	}
	_, err = s.change(ctx, c, func(tx Tx, _ *Client) error {
		// Once more, now that nobody else can change the client: a revocation that came
		// between must not leave a token behind.
		if _, _, err := s.credentials(tx, c, hash, now); err != nil {
			return err
		}
		if err := tx.AddToken(t); err != nil {
			return err
		}
		return tx.TrimTokens(c, MaxTokens)
	})
	if fault.Of(err) == fault.NotFound {
		return Issued{}, invalidClient()
	}
	if err != nil {
		return Issued{}, err
	}
	return Issued{Token: plain, Made: t.Made, Expires: t.Expires, Scopes: granted}, nil
}

// credentials finds the secret by its hash, which tells nothing by the time it takes, and
// says whether it is live and this client's.
func (s *Service) credentials(r Reader, c id.Client, hash id.Hash, now time.Time) (Client, Secret, error) {
	secret, k, ok, err := r.Secret(hash)
	if err != nil {
		return k, secret, unavailable(err)
	}
	if !ok || k.ID != c || !secret.Live(now) || !k.Disabled.IsZero() {
		return k, secret, invalidClient()
	}
	return k, secret, nil
}

// asked is the scopes that a token gets.
func asked(k Client, scopes []access.Scope) ([]access.Scope, error) {
	if len(scopes) == 0 {
		return k.Scopes, nil
	}
	for _, v := range scopes {
		if !slices.Contains(k.Scopes, v) {
			return nil, fault.New(fault.InvalidRequest, "No token was given: a scope that was asked for is not this client's. Ask for some of its own, or for none to have them all.").
				At("/scope", InvalidScope, "must name only scopes of this client: %v", k.Scopes)
		}
	}
	return ordered(scopes), nil
}

func invalidClient() error {
	return fault.New(fault.Unauthorized, "The client's id or secret is not good. Check both with whoever runs this server; an expired secret must be replaced.").
		At("", InvalidClient, "client authentication failed")
}

// Actor finds who holds an access token: one appointment for each organisation that grants
// the client something now, within the token's scopes, and one over no organisation for the
// scopes that are the server's. One query, and none for what cannot be a token. Faults:
// unauthorized, and it never says why; unavailable.
func (s *Service) Actor(ctx context.Context, token string) (access.Actor, error) {
	if !wellFormed(token, tokenPrefix) {
		return access.Actor{}, unauthorized()
	}
	b, ok, err := s.store.MachineReader(ctx).Bearer(sha256.Sum256([]byte(token)), s.clock())
	if err != nil {
		return access.Actor{}, unavailable(err)
	}
	if !ok {
		return access.Actor{}, unauthorized()
	}
	s.meters.set(b.Client, b.PerMinute, s.now())
	a := access.Actor{Kind: access.ByClient, ID: actorPrefix + b.Client.String()}
	own := both(b.Allowed, b.Scopes)
	for _, g := range b.Grants {
		if scopes := slices.DeleteFunc(both(own, g.Scopes), access.Scope.OfServer); len(scopes) > 0 {
			a.Appointments = append(a.Appointments, access.Appointment{ID: g.ID, Role: access.APIClient, Party: g.Party, Scopes: scopes, Valid: g.Valid})
		}
	}
	server := slices.DeleteFunc(own, func(v access.Scope) bool { return !v.OfServer() })
	if len(server) > 0 {
		a.Appointments = append(a.Appointments, access.Appointment{Role: access.APIClient, Scopes: server})
	}
	return a, nil
}

const actorPrefix = "client:"

// ClientOf is the client that an actor is, if it is one.
func ClientOf(a access.Actor) (id.Client, bool) {
	rest, ok := strings.CutPrefix(a.ID, actorPrefix)
	if !ok || a.Kind != access.ByClient {
		return id.Client{}, false
	}
	c, err := id.ParseClient(rest)
	return c, err == nil
}

// both is the scopes in a and in b, in a list of its own.
func both(a, b []access.Scope) []access.Scope {
	var out []access.Scope
	for _, v := range a {
		if slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	return out
}

func unauthorized() error {
	return fault.New(fault.Unauthorized, "This access token is not good. Get a new one with your client's credentials; tokens live an hour.")
}

// Sweep deletes expired tokens, whose rows nothing needs. It also lets go of what this
// process remembers of clients that have been quiet. Fault: unavailable.
func (s *Service) Sweep(ctx context.Context) (deleted int, err error) {
	s.meters.forget(s.now().Add(-time.Hour))
	err = s.store.UpdateMachines(ctx, func(tx Tx) error {
		deleted, err = tx.Sweep(s.clock())
		return err
	})
	return deleted, unavailable(err)
}
