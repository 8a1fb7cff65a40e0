package registry

import (
	"crypto/sha256"
	"strings"

	"liandan/internal/id"
)

// A one-time code is ten of Crockford's base-32 digits (50 bits) and his check symbol
// modulo 37, short enough to read out over a telephone.
const (
	codeDigits   = 10
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeChecks   = codeAlphabet + "*~$=U"
)

// newCode writes five bits of each random byte.
func newCode(random [codeDigits]byte) string {
	b := make([]byte, 0, codeDigits+1)
	for _, v := range random {
		b = append(b, codeAlphabet[v&31])
	}
	return string(append(b, checkSymbol(b)))
}

// parseCode reads a code as a person means it: lower case, spaces, hyphens, O for 0, I
// and L for 1.
func parseCode(s string) (code string, ok bool) {
	if len(s) > 4*codeDigits {
		return "", false
	}
	b := make([]byte, 0, codeDigits+1)
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		switch c {
		case '-', ' ':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		b = append(b, c)
	}
	if len(b) != codeDigits+1 {
		return "", false
	}
	for _, c := range b[:codeDigits] {
		if strings.IndexByte(codeAlphabet, c) < 0 {
			return "", false
		}
	}
	return string(b), checkSymbol(b[:codeDigits]) == b[codeDigits]
}

// checkSymbol takes digits of the alphabet.
func checkSymbol(digits []byte) byte {
	sum := 0
	for _, c := range digits {
		sum = (sum*32 + strings.IndexByte(codeAlphabet, c)) % 37
	}
	return codeChecks[sum]
}

func codeHash(code string) id.Hash { return sha256.Sum256([]byte(code)) }
