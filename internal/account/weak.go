package account

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"liandan/internal/fault"
)

// Bounds of a password, in characters; no character has more than four bytes.
const (
	MinPassword      = 10
	MaxPassword      = 128
	maxPasswordBytes = 4 * MaxPassword
)

//go:embed data/common.txt
var commonText string

// common is the commonest passwords, in small letters.
var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			set[line] = true
		}
	}
	return set
})

// checkPassword gives weak-password with everything that is wrong with a new password. No
// mixture of kinds of characters is asked for: length and not being on a guesser's list is
// what helps (NIST SP 800-63B section 5.1.1.2).
func checkPassword(pointer, password, login string) error {
	bad := fault.New(fault.WeakPassword, "This password is too easy to guess, or cannot be used; what is wrong is listed. A few unrelated words make a good one.")
	if len(password) > maxPasswordBytes { // said before anything looks at a megabyte
		return field(bad, pointer, "length", lengthEN, lengthZH)
	}
	if !utf8.ValidString(password) {
		return field(bad, pointer, "characters", "must be valid UTF-8", "应为有效的 UTF-8 文本")
	}
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword {
		field(bad, pointer, "length", lengthEN, lengthZH)
	}
	folded := strings.ToLower(password)
	if login != "" && strings.Contains(folded, login) {
		field(bad, pointer, "contains_login", "must not contain the login", "不得包含登录名")
	}
	if isRepeated(folded) {
		field(bad, pointer, "repeated", "must not be the same few characters again and again", "不得是少数字符的反复")
	}
	if isRun(folded) {
		field(bad, pointer, "sequence", "must not be a run of neighbouring characters", "不得是连续的字符")
	}
	if common()[folded] || common()[strings.TrimRight(folded, "0123456789!@#$%.?*_-~")] {
		field(bad, pointer, "common", "is among the commonest passwords, or one of them with digits or signs behind it", "属于常见密码，或只在其后加了数字或符号")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

var (
	lengthEN = fmt.Sprintf("must have %d to %d characters", MinPassword, MaxPassword)
	lengthZH = fmt.Sprintf("应为 %d 至 %d 个字符", MinPassword, MaxPassword)
)

// isRepeated tells one to four characters that are repeated to the end.
func isRepeated(s string) bool {
	r := []rune(s)
	for n := 1; n <= 4 && n < len(r); n++ {
		same := true
		for i := n; i < len(r) && same; i++ {
			same = r[i] == r[i-n]
		}
		if same {
			return true
		}
	}
	return false
}

// isRun tells characters of which each is the one after, or each the one before, the last,
// such as 1234567890 and zyxwvutsrq; 9 and 0 are neighbours.
func isRun(s string) bool {
	r := []rune(s)
	for _, step := range []rune{1, -1} {
		same := len(r) > 1
		for i := 1; i < len(r) && same; i++ {
			d := r[i] - r[i-1]
			same = d == step || (step == 1 && r[i-1] == '9' && r[i] == '0') || (step == -1 && r[i-1] == '0' && r[i] == '9')
		}
		if same {
			return true
		}
	}
	return false
}
