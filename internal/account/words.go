package account

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"liandan/internal/crockford"
	"liandan/internal/fault"
	"liandan/internal/id"
)

const (
	codeDigits     = 12 // of a one-time code: 60 bits, short enough to read out over a telephone
	recoveryDigits = 10 // of a recovery code: 50 bits, behind a password
	maxName        = 64 // characters
	tokenPrefix    = "lw_"
)

// secretWords is lower-case base 32 (RFC 4648) without padding.
var secretWords = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// code draws a one-time code. What is shown has hyphens between groups of four.
func (s *Service) code(digits int) (shown string, hash id.Hash, err error) {
	random := make([]byte, digits)
	if err := s.draw(random); err != nil {
		return "", hash, err
	}
	plain := crockford.Write(random)
	var b strings.Builder
	for i := range len(plain) {
		if i > 0 && i%4 == 0 && i < digits {
			b.WriteByte('-')
		}
		b.WriteByte(plain[i])
	}
	return b.String(), hashOf("code", plain[:digits]), nil
}

func parseCode(s string, digits int) (id.Hash, bool) {
	code, ok := crockford.Read(s, digits)
	if !ok || len(code) < digits {
		return id.Hash{}, false
	}
	return hashOf("code", code[:digits]), true
}

// token draws 256 bits.
func (s *Service) token() (string, error) {
	var b [32]byte
	err := s.draw(b[:])
	return tokenPrefix + secretWords.EncodeToString(b[:]), err
}

// parseToken keeps from the database what cannot be a token.
func parseToken(t string) (id.Hash, bool) {
	rest, ok := strings.CutPrefix(t, tokenPrefix)
	if raw, err := secretWords.DecodeString(rest); !ok || len(rest) != 52 || err != nil || len(raw) != 32 {
		return id.Hash{}, false
	}
	return hashOf("token", t), true
}

// hashOf keeps hashes for one use from being of any other.
func hashOf(use, text string) id.Hash { return sha256.Sum256([]byte(use + "\n" + text)) }

// foldLogin reads a login as it was meant: telephones begin with a capital and end with a
// space. Only ASCII is folded: Unicode has capitals whose small letters are ASCII.
func foldLogin(s string) string {
	s = strings.Trim(s, " \t\r\n")
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func isLogin(s string) bool {
	if len(s) < 3 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("._@-", rune(c)) {
			return false
		}
	}
	return true
}

func checkLogin(bad *fault.Error, login string) {
	if !isLogin(login) {
		field(bad, "/login", "format", "must have 3 to 64 of the characters a-z, 0-9, point, underscore, @ and hyphen", "应为 3 至 64 个小写字母、数字、点、下划线、@ 或连字符")
	}
}

// checkName notes a display name that is empty, too long, or holds characters that are not
// seen or turn the direction of text, with which one name can look like another.
func checkName(bad *fault.Error, name string) {
	switch {
	case strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > maxName:
		field(bad, "/name", "length", fmt.Sprintf("must have 1 to %d characters", maxName), fmt.Sprintf("应为 1 至 %d 个字符", maxName))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, misleading):
		field(bad, "/name", "characters", "must be valid UTF-8 without control or direction-changing characters", "不得含控制字符或改变文字方向的字符")
	}
}

func misleading(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || c == utf8.RuneError
}

// field notes one thing that is wrong, in both languages.
func field(bad *fault.Error, pointer, code, en, zh string) *fault.Error {
	bad.Fields = append(bad.Fields, fault.Field{Pointer: pointer, Code: code, Detail: en, DetailZH: zh})
	return bad
}
