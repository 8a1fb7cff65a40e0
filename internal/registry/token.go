package registry

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// tokenPrefix makes a token that leaked recognisable to people and to secret scanners.
const tokenPrefix = "lt_"

// tokenWords is lower-case base 32 (RFC 4648) without padding.
var tokenWords = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// maxName bounds a token's name, in characters.
const maxName = 100

// NewToken makes a bearer token that carries one appointment. The plaintext is given this
// once and not kept. A zero expires is never. The caller decides who may make one. Faults:
// invalid-request, unavailable.
func (s *Service) NewToken(ctx context.Context, holds access.Appointment, name string, expires time.Time) (string, error) {
	now := s.clock()
	if !expires.IsZero() {
		expires = expires.UTC().Truncate(time.Millisecond)
	}
	bad := fault.New(fault.InvalidRequest, "No token was made; what is wrong is listed.")
	holds.Check(bad, "")
	if holds.Role == access.APIClient {
		bad.At("/role", "not_allowed", "a program has credentials of its own; register it as an API client")
	}
	checkText(bad, "/name", name, maxName)
	if !expires.IsZero() && !expires.After(now) {
		bad.At("/expires", "value", "must lie in the future")
	}
	if len(bad.Fields) > 0 {
		return "", bad
	}
	var secret [32]byte
	if err := s.draw(secret[:]); err != nil {
		return "", err
	}
	plain := tokenPrefix + tokenWords.EncodeToString(secret[:])
	t := Token{Hash: sha256.Sum256([]byte(plain)), Holds: holds, Name: name, Made: now, Expires: expires}
	err := s.update(ctx, func(tx Tx) error {
		if err := known(tx, holds, bad); err != nil {
			return err
		}
		if len(bad.Fields) > 0 {
			return bad
		}
		return tx.AddToken(t)
	})
	if err != nil {
		return "", err
	}
	return plain, nil
}

// known notes what an appointment names that the register does not have.
func known(r Reader, holds access.Appointment, bad *fault.Error) error {
	if !holds.Party.IsZero() {
		if _, ok, err := r.Organisation(holds.Party); err != nil {
			return err
		} else if !ok {
			bad.At("/party", "unknown", "must be an organisation of the register")
		}
	}
	for i, v := range holds.Sites {
		if site, ok, err := r.Site(v); err != nil {
			return err
		} else if !ok || site.Party != holds.Party {
			bad.At(fmt.Sprintf("/sites/%d", i), "unknown", "must be a site of the organisation")
		}
	}
	if !holds.Person.IsZero() {
		if p, ok, err := r.Person(holds.Person); err != nil {
			return err
		} else if !ok || p.Party != holds.Party {
			bad.At("/person", "unknown", "must be a person of the organisation")
		}
	}
	return nil
}

// Tokens lists the tokens in force. Faults: unavailable.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	list, err := s.store.RegistryReader(ctx).Tokens(s.clock())
	return list, unavailable(err)
}

// RevokeToken ends a token by its public name, at once on every server. Faults:
// not-found, unavailable.
func (s *Service) RevokeToken(ctx context.Context, name string) error {
	now := s.clock()
	return s.update(ctx, func(tx Tx) error {
		list, err := tx.Tokens(now)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.ID() == name {
				return tx.RevokeToken(t.Hash, now)
			}
		}
		return fault.New(fault.NotFound, "There is no token of that name in force.")
	})
}

// Authenticate finds who bears a token. Faults: unauthorized, and it never says why;
// unavailable.
func (s *Service) Authenticate(ctx context.Context, token string) (access.Actor, error) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if raw, err := tokenWords.DecodeString(rest); !ok || err != nil || len(raw) != 32 {
		return access.Actor{}, unauthorized()
	}
	hash := id.Hash(sha256.Sum256([]byte(token)))
	t, ok, err := s.token(ctx, hash)
	if err != nil {
		return access.Actor{}, err
	}
	if !ok || (!t.Expires.IsZero() && !s.now().Before(t.Expires)) {
		return access.Actor{}, unauthorized()
	}
	return access.Actor{Kind: access.ByToken, ID: "token:" + t.ID(), Appointments: []access.Appointment{t.Holds}}, nil
}

func unauthorized() error {
	return fault.New(fault.Unauthorized, "This needs a valid bearer token. Ask your administrator for one, and send it as \"Authorization: Bearer lt_…\".")
}

// token looks in memory only: the table is small and is read whole when the version has
// changed, so made-up tokens do not reach the database.
func (s *Service) token(ctx context.Context, hash id.Hash) (Token, bool, error) {
	version, err := s.fresh(ctx, staleAfter)
	if err != nil {
		return Token{}, false, err
	}
	t, ok, at := s.inTokens(hash)
	if ok && at == version {
		return t, true, nil
	}
	if version, err = s.fresh(ctx, unknownAfter); err != nil {
		return Token{}, false, err
	}
	if t, ok, at = s.inTokens(hash); at == version {
		return t, ok, nil
	}
	if err := s.cache.take(ctx); err != nil {
		return Token{}, false, err
	}
	defer s.cache.give()
	if t, ok, at = s.inTokens(hash); at == version {
		return t, ok, nil
	}
	list, err := s.store.RegistryReader(ctx).Tokens(s.clock())
	if err != nil {
		return Token{}, false, unavailable(err)
	}
	tokens := make(map[id.Hash]Token, len(list))
	for _, t := range list {
		tokens[t.Hash] = t
	}
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.cache.tokens, s.cache.tokensAt = tokens, version
	t, ok = tokens[hash]
	return t, ok, nil
}

func (s *Service) inTokens(hash id.Hash) (t Token, ok bool, at int64) {
	s.cache.mu.RLock()
	defer s.cache.mu.RUnlock()
	t, ok = s.cache.tokens[hash]
	return t, ok, s.cache.tokensAt
}

// checkText notes a text that is empty, too long, or holds control or
// direction-changing characters.
func checkText(f *fault.Error, pointer, text string, most int) {
	if code := textFault(text, most); code == "length" {
		f.Fields = append(f.Fields, fault.Field{Pointer: pointer, Code: code,
			Detail: fmt.Sprintf("must have 1 to %d characters", most), DetailZH: fmt.Sprintf("应为 1 至 %d 个字符", most)})
	} else if code != "" {
		f.Fields = append(f.Fields, fault.Field{Pointer: pointer, Code: code,
			Detail: "must be valid UTF-8 without control or direction-changing characters", DetailZH: "不得含控制字符或改变文字方向的字符"})
	}
}
