// Package waste holds the words of hazardous and medical waste: mass in integer
// grams, waste codes and the dated national catalogue, hazards, physical forms,
// packaging, treatment methods, and what a stranger who finds a container should do.
//
// It is pure and knows facts only. It must not read a clock, a file or the network,
// must not decide what an event may do, and must never carry mass as a float. The
// facts are embedded files under data/, each with its source and how certain it is:
// C = read in an official text, C2 = read second-hand, L = likely, from memory,
// U = unknown, kept visible instead of guessed.
package waste

import (
	"unicode/utf8"

	"liandan/internal/fault"
)

// maxShown bounds how much of a caller's bad text an error repeats, in bytes.
const maxShown = 40

// shown cuts a caller's text so that an error message stays short and printable.
func shown(s string) string {
	if len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// refused makes the fault of a word that does not belong to a vocabulary. The one
// field has the pointer "": the caller, who knows the document, sets it.
func refused(word, en, zh, given string) *fault.Error {
	e := fault.New(fault.InvalidEvent, "%s: %q", en, shown(given))
	e.Fields = []fault.Field{{Code: word, Detail: e.Sentence, DetailZH: zh + "：" + shown(given)}}
	return e
}
