package party

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/fault"
)

// published are codes that public bodies and listed companies print on their own papers.
// Every one of them was given out by an authority, none was computed by this program.
var published = map[string]string{
	"12100000400000624D": "清华大学",
	"12100000400002259P": "北京大学",
	"12100000470095016Q": "浙江大学",
	"12100000425006117P": "复旦大学",
	"12100000400010056C": "北京师范大学",
	"91110000710926094P": "中国石油化工股份有限公司",
	"91110000710925462X": "中国石油天然气股份有限公司",
	"91100000100003962T": "中国工商银行股份有限公司",
	"9144030071526726XG": "深圳市腾讯计算机系统有限公司",
	"914403001922038216": "华为技术有限公司",
}

func TestPublishedCodes(t *testing.T) {
	for s, of := range published {
		if c, err := ParseCreditCode(s); err != nil || string(c) != s {
			t.Errorf("%s of %s: %q, %v", s, of, c, err)
		}
		if c, ok := CheckCharacter(s[:17]); !ok || c != s[17] {
			t.Errorf("%s of %s: check character %c", s, of, c)
		}
	}
}

func TestParseCreditCodeRefuses(t *testing.T) {
	const good = "12100000400000624D"
	for _, s := range []string{
		"", good[:17], good + "D", " " + good, good + "\n", strings.ToLower(good), "1210000040000062 D",
		"12100000400000624\x00", "1210000040000062４", "统一社会信用", "12100000400000624I", "1210000040000O624D", "SVZ00000400000624D",
		"12100000400000624C", "21100000400000624D",
	} {
		c, err := ParseCreditCode(s)
		if fault.Of(err) != fault.InvalidCreditCode || c != "" {
			t.Errorf("%q: %q, %v", s, c, err)
		}
	}
	for _, s := range []string{"", good, good[:16], "1210000040000062i", "1210000040000062I"} {
		if c, ok := CheckCharacter(s); ok || c != 0 {
			t.Errorf("%q has the check character %c", s, c)
		}
	}
}

// The alphabet is the standard's: 31 characters, which is prime, so that every weight has
// an inverse and every single error shows.
func TestAlphabet(t *testing.T) {
	if len(creditAlphabet) != 31 || strings.ContainsAny(creditAlphabet, "IOSVZ") {
		t.Errorf("%q", creditAlphabet)
	}
	for c := byte('0'); c <= 'Z'; c++ {
		wanted := c <= '9' || (c >= 'A' && !strings.ContainsRune("IOSVZ", rune(c)))
		if n := strings.Count(creditAlphabet, string(c)); (n == 1) != wanted || n > 1 {
			t.Errorf("%c stands %d times in the alphabet", c, n)
		}
	}
}

func drawCode(t *rapid.T) string {
	b := rapid.SliceOfN(rapid.SampledFrom([]byte(creditAlphabet)), 17, 17).Draw(t, "first17")
	c, ok := CheckCharacter(string(b))
	if !ok {
		t.Fatalf("%q has no check character", b)
	}
	return string(b) + string(c)
}

func TestEveryCodeWithItsCheckCharacterIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawCode(t)
		if c, err := ParseCreditCode(s); err != nil || string(c) != s {
			t.Fatalf("%q: %q, %v", s, c, err)
		}
	})
}

// Every other character in any one place is noticed, those outside the alphabet included.
func TestAnySingleChangeIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawCode(t)
		at := rapid.IntRange(0, 17).Draw(t, "at")
		for c := range 256 {
			if byte(c) == s[at] {
				continue
			}
			b := []byte(s)
			b[at] = byte(c)
			if _, err := ParseCreditCode(string(b)); fault.Of(err) != fault.InvalidCreditCode {
				t.Fatalf("%q for %q: %v", b, s, err)
			}
		}
	})
}

// So are two characters in each other's place, the typing error next in number, because
// the weights are powers of 3 and all different. Only the first character and the check
// character weigh the same: that the standard cannot see.
func TestAnySwapIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(drawCode(t))
		i, j := rapid.IntRange(0, 17).Draw(t, "i"), rapid.IntRange(0, 17).Draw(t, "j")
		if b[i] == b[j] || i+j == 17 && (i == 0 || j == 0) {
			return
		}
		b[i], b[j] = b[j], b[i]
		if _, err := ParseCreditCode(string(b)); fault.Of(err) != fault.InvalidCreditCode {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

func FuzzParseCreditCode(f *testing.F) {
	for s := range published {
		f.Add(s)
	}
	f.Add("１２100000400000624D")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCreditCode(s)
		if err != nil {
			if c != "" || fault.Of(err) != fault.InvalidCreditCode {
				t.Errorf("%q: %q, %v", s, c, err)
			}
			return
		}
		if string(c) != s || len(s) != 18 || strings.Trim(s, creditAlphabet) != "" {
			t.Errorf("%q became %q", s, c)
		}
	})
}
