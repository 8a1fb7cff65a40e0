package registry

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// tokenPrefix makes a token that leaked recognisable to people and to secret scanners.
const tokenPrefix = "lt_"

// tokenWords is lower-case base 32 (RFC 4648) without padding.
var tokenWords = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// maxName bounds a token's name, in characters.
const maxName = 100

// NewToken makes a bearer token for a principal; Party zero means the operator. The
// plaintext is given this once and not kept. A zero expires is never. The caller decides
// who may make one. Faults: invalid-request, unavailable.
func (s *Service) NewToken(ctx context.Context, p Principal, name string, expires time.Time) (string, error) {
	now := s.clock()
	if !expires.IsZero() {
		expires = expires.UTC().Truncate(time.Millisecond)
	}
	bad := fault.New(fault.InvalidRequest, "No token was made; what is wrong is listed.")
	if p.Operator && !p.Party.IsZero() {
		bad.At("/party", "value", "an operator's token names no party")
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
	t := Token{Hash: sha256.Sum256([]byte(plain)), Party: p.Party, Name: name, Made: now, Expires: expires}
	err := s.update(ctx, func(tx Tx) error {
		if !p.Party.IsZero() {
			_, ok, err := tx.Organisation(p.Party)
			if err != nil {
				return err
			}
			if !ok {
				return bad.At("/party", "unknown", "must be an organisation of the register")
			}
		}
		return tx.AddToken(t)
	})
	if err != nil {
		return "", err
	}
	return plain, nil
}

// Authenticate finds the principal of a bearer token. Faults: unauthorized, and it never
// says why; unavailable.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if raw, err := tokenWords.DecodeString(rest); !ok || err != nil || len(raw) != 32 {
		return Principal{}, unauthorized()
	}
	hash := id.Hash(sha256.Sum256([]byte(token)))
	t, ok, err := s.token(ctx, hash)
	if err != nil {
		return Principal{}, err
	}
	if !ok || (!t.Expires.IsZero() && !s.now().Before(t.Expires)) {
		return Principal{}, unauthorized()
	}
	return Principal{Party: t.Party, Name: t.Name, Operator: t.Party.IsZero()}, nil
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
