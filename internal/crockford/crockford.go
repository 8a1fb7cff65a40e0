// Package crockford writes random bits as Douglas Crockford's base 32 with his check
// symbol modulo 37, and reads them as a person means them: what stands on labels and in
// one-time codes is read out, typed and copied by hand.
//
// It must not draw randomness; callers bring it.
package crockford

import "strings"

const (
	digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	checks = digits + "*~$=U"
)

// Write makes one digit of the low five bits of each byte, and the check symbol.
func Write(random []byte) string {
	b := make([]byte, 0, len(random)+1)
	for _, v := range random {
		b = append(b, digits[v&31])
	}
	return string(append(b, check(b)))
}

// Read reads n digits and their check symbol: lower case, spaces and hyphens, and the
// letters O for 0, I and L for 1 are allowed. ok is false when anything else is wrong;
// a changed digit always is.
func Read(s string, n int) (code string, ok bool) {
	if len(s) > 2*n+12 { // room for separators, not for a page of them
		return "", false
	}
	b := make([]byte, 0, n+1)
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
	if len(b) != n+1 {
		return "", false
	}
	for _, c := range b[:n] {
		if strings.IndexByte(digits, c) < 0 {
			return "", false
		}
	}
	return string(b), check(b[:n]) == b[n]
}

func check(b []byte) byte {
	sum := 0
	for _, c := range b {
		sum = (sum*32 + strings.IndexByte(digits, c)) % 37
	}
	return checks[sum]
}
