package collection

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"liandan/internal/fault"
)

// checkText notes what is wrong with a text for people, by the rule of the texts in events:
// no control characters, and no marks that turn its direction or are not seen at all.
func checkText(bad *fault.Error, pointer, s string, most int, required bool) {
	switch {
	case s == "" && required:
		bad.At(pointer, "required", "is required")
	case utf8.RuneCountInString(s) > most:
		bad.At(pointer, "length", "must have at most %d characters", most)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool {
		return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || c == utf8.RuneError
	}):
		bad.At(pointer, "characters", "must have no control characters or invisible marks")
	}
}
