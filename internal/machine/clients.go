package machine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Create registers a client with the scopes that it may be granted at most and the
// requests that it may make each minute. It has no secret yet and may act for nobody.
// Faults: invalid-request with all that is wrong, unavailable.
func (s *Service) Create(ctx context.Context, name string, scopes []access.Scope, perMinute int) (Client, error) {
	bad := fault.New(fault.InvalidRequest, "No API client was made; what is wrong is listed.")
	checkName(bad, name)
	checkScopes(bad, scopes)
	checkQuota(bad, perMinute)
	if len(bad.Fields) > 0 {
		return Client{}, bad
	}
	u, err := s.newID()
	if err != nil {
		return Client{}, err
	}
	c := Client{ID: id.ClientOf(u), Name: name, Scopes: ordered(scopes), PerMinute: perMinute, Made: s.clock()}
	err = s.store.UpdateMachines(ctx, func(tx Tx) error { return tx.AddClient(c) })
	if err != nil {
		return Client{}, unavailable(err)
	}
	return c, nil
}

// List gives all clients with their secrets' dates, the oldest client first. Fault:
// unavailable.
func (s *Service) List(ctx context.Context) ([]Client, error) {
	list, err := s.store.MachineReader(ctx).Clients()
	return list, unavailable(err)
}

// SetQuota changes how many requests a client may make each minute. It holds from the
// client's next request on, on every server. Faults: invalid-request, not-found,
// unavailable.
func (s *Service) SetQuota(ctx context.Context, c id.Client, perMinute int) (Client, error) {
	bad := fault.New(fault.InvalidRequest, "The quota was not changed.")
	if checkQuota(bad, perMinute); len(bad.Fields) > 0 {
		return Client{}, bad
	}
	return s.change(ctx, c, func(tx Tx, k *Client) error {
		k.PerMinute = perMinute
		return tx.PutClient(*k)
	})
}

// Disable shuts a client out for good: its secrets and tokens are worth nothing from now
// on. Doing it again changes nothing. Faults: not-found, unavailable.
func (s *Service) Disable(ctx context.Context, c id.Client) (Client, error) {
	return s.change(ctx, c, func(tx Tx, k *Client) error {
		if !k.Disabled.IsZero() {
			return nil
		}
		k.Disabled = s.clock()
		if err := tx.PutClient(*k); err != nil {
			return err
		}
		return tx.DropTokens(c, id.Grant{})
	})
}

// AddSecret makes a secret for a client; a zero expires is DefaultSecretLife from now. The
// plaintext is given this once and not kept. A second one beside the first is how a client
// changes its secret: make it, move the program over, revoke the old one. Faults:
// invalid-request, not-found; conflict when the client is disabled or two secrets are live;
// unavailable.
func (s *Service) AddSecret(ctx context.Context, c id.Client, expires time.Time) (Secret, string, error) {
	now := s.clock()
	if expires.IsZero() {
		expires = now.Add(DefaultSecretLife)
	}
	expires = expires.UTC().Truncate(time.Millisecond)
	if !expires.After(now) || expires.After(now.Add(MaxSecretLife)) {
		return Secret{}, "", fault.New(fault.InvalidRequest, "No secret was made.").
			At("/expires", "out_of_range", "must lie in the future, at most %d days ahead", int(MaxSecretLife.Hours())/24)
	}
	plain, err := s.plain(secretPrefix)
	if err != nil {
		return Secret{}, "", err
	}
	u, err := s.newID()
	if err != nil {
		return Secret{}, "", err
	}
	secret := Secret{ID: id.GrantOf(u), Client: c, Hash: sha256.Sum256([]byte(plain)), Made: now, Expires: expires}
	_, err = s.change(ctx, c, func(tx Tx, k *Client) error {
		if !k.Disabled.IsZero() {
			return disabled()
		}
		live := 0
		for _, old := range k.Secrets {
			if old.Live(now) {
				live++
			}
		}
		if live >= MaxSecrets {
			return fault.New(fault.Conflict, "This client has %d live secrets. Revoke the one that is no longer in use, then make a new one.", live)
		}
		return tx.AddSecret(secret)
	})
	if err != nil {
		return Secret{}, "", err
	}
	return secret, plain, nil
}

// RevokeSecret makes a client's secret worthless from now on, and with it the tokens that
// were got by it. Doing it again changes nothing. Faults: not-found, for another client's
// secret as for one that is not there; unavailable.
func (s *Service) RevokeSecret(ctx context.Context, c id.Client, secret id.Grant) error {
	_, err := s.change(ctx, c, func(tx Tx, k *Client) error {
		i := slices.IndexFunc(k.Secrets, func(v Secret) bool { return v.ID == secret })
		if i < 0 || secret.IsZero() {
			return fault.New(fault.NotFound, "This client has no such secret.")
		}
		if !k.Secrets[i].Revoked.IsZero() {
			return nil
		}
		if err := tx.RevokeSecret(secret, s.clock()); err != nil {
			return err
		}
		return tx.DropTokens(c, secret)
	})
	return err
}

// change runs fn on a client that nobody else changes meanwhile.
func (s *Service) change(ctx context.Context, c id.Client, fn func(Tx, *Client) error) (Client, error) {
	if c.IsZero() {
		return Client{}, unknownClient()
	}
	var k Client
	err := s.store.UpdateMachines(ctx, func(tx Tx) (err error) {
		var ok bool
		if k, ok, err = tx.Lock(c); err != nil {
			return err
		}
		if !ok {
			return unknownClient()
		}
		return fn(tx, &k)
	})
	if err != nil {
		return Client{}, unavailable(err)
	}
	return k, nil
}

func disabled() error {
	return fault.New(fault.Conflict, "This API client is disabled; register a new one.")
}

// checkName notes a name that is empty, too long, or could pass for another: it is what an
// organisation's administrator sees before granting. The rule is that of other texts for
// people.
func checkName(f *fault.Error, name string) {
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxName:
		f.Fields = append(f.Fields, fault.Field{Pointer: "/name", Code: "length",
			Detail: fmt.Sprintf("must have 1 to %d characters", maxName), DetailZH: fmt.Sprintf("应为 1 至 %d 个字符", maxName)})
	case !utf8.ValidString(name) || slices.ContainsFunc([]rune(name), misleading):
		f.Fields = append(f.Fields, fault.Field{Pointer: "/name", Code: "characters",
			Detail: "must be valid UTF-8 without control or direction-changing characters", DetailZH: "不得含控制字符或改变文字方向的字符"})
	}
}

func misleading(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || c == utf8.RuneError
}

// checkScopes notes an empty list and scopes that are unknown or repeated.
func checkScopes(f *fault.Error, scopes []access.Scope) {
	if len(scopes) == 0 {
		f.At("/scopes", "required", "must name at least one scope")
	}
	if most := len(access.Scopes()); len(scopes) > most {
		f.At("/scopes", "length", "must have at most %d scopes", most)
		return
	}
	for i, v := range scopes {
		switch {
		case !v.Known():
			f.At(scopeAt(i), "value", "must be one of %v", access.Scopes())
		case slices.Contains(scopes[:i], v):
			f.At(scopeAt(i), "repeated", "is there already")
		}
	}
}

func scopeAt(i int) string { return fmt.Sprintf("/scopes/%d", i) }

func checkQuota(f *fault.Error, perMinute int) {
	if perMinute < 1 || perMinute > MaxPerMinute {
		f.At("/per_minute", "out_of_range", "must be from 1 to %d", MaxPerMinute)
	}
}

// ordered gives known scopes in the order of access.Scopes, each once, so that equal sets
// are kept alike.
func ordered(scopes []access.Scope) []access.Scope {
	var out []access.Scope
	for _, v := range access.Scopes() {
		if slices.Contains(scopes, v) {
			out = append(out, v)
		}
	}
	return out
}
