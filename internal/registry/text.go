package registry

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// textFault says what is wrong with a text for people: "length", "characters", or
// nothing. The rule is that of the texts in events.
func textFault(s string, most int) string {
	switch {
	case s == "" || utf8.RuneCountInString(s) > most:
		return "length"
	case !utf8.ValidString(s) || strings.ContainsFunc(s, misleading):
		return "characters"
	}
	return ""
}

// misleading tells control characters, line and paragraph separators, the marks that turn
// the direction of text or are not seen at all (Unicode category Cf), with which one name
// can be made to look like another, and the sign of a text decoded wrongly.
func misleading(c rune) bool {
	return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || c == utf8.RuneError
}
