package party

import (
	"strings"

	"liandan/internal/fault"
)

// CreditCode is a unified social credit code: 17 characters and a check character
// (GB 32100-2015).
type CreditCode string

// creditAlphabet leaves out I, O, S, V and Z (GB 32100-2015 table of characters).
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckCharacter computes the 18th character over the first 17: weights 3^(i-1)
// modulo 31. ok is false when a character is outside the alphabet.
func CheckCharacter(first17 string) (c byte, ok bool) {
	if len(first17) != 17 {
		return 0, false
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(creditAlphabet, first17[i])
		if v < 0 {
			return 0, false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-sum%31)%31], true
}

// ParseCreditCode reads a code and checks its last character.
func ParseCreditCode(s string) (CreditCode, error) {
	refuse := func(format string, args ...any) (CreditCode, error) {
		return "", fault.New(fault.InvalidCreditCode, format, args...)
	}
	if len(s) != 18 {
		return refuse("A unified social credit code has 18 characters; this has %d.", len(s))
	}
	c, ok := CheckCharacter(s[:17])
	if !ok {
		return refuse("A unified social credit code has digits and capital letters without I, O, S, V, Z only.")
	}
	if s[17] != c {
		return refuse("The code's check character does not fit: one of its characters is mistyped.")
	}
	return CreditCode(s), nil
}
