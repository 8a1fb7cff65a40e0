// Package waste holds the words of hazardous and medical waste: mass in integer
// grams, waste codes and the dated national catalogue with its exemptions per stage,
// hazards, physical forms, packaging, treatment methods, the numbers that manifests,
// containers and ledger lines bear, and what a stranger who finds a container should do.
//
// It is pure and knows facts only. It must not read a clock, a file or the network,
// must not decide what an event may do or whether an exemption's condition holds, must
// never carry mass as a float, and ships no official sentence: those are imported. The
// facts are embedded files under data/, each with its source and how certain it is:
// C = read in an official text, C2 = read second-hand, L = likely, from memory,
// U = unknown, kept visible instead of guessed.
package waste

import (
	"strings"
	"unicode/utf8"

	"liandan/internal/fault"
)

// maxShown bounds how much of a caller's bad text an error repeats, in bytes.
const maxShown = 40

// shown cuts a caller's text so that an error message stays short, and puts ? for what is
// not printed or turns the direction of text: messages end in terminals and on pages.
func shown(s string) string {
	tail := ""
	if len(s) > maxShown {
		cut := maxShown
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s, tail = s[:cut], "…"
	}
	return strings.Map(func(r rune) rune {
		if misleading(r) {
			return '?'
		}
		return r
	}, s) + tail
}

// refused makes the fault of a word that does not belong to a vocabulary. The one
// field has the pointer "": the caller, who knows the document, sets it.
func refused(word, en, zh, given string) *fault.Error {
	e := fault.New(fault.InvalidEvent, "%s: %q", en, shown(given))
	e.Fields = []fault.Field{{Code: word, Detail: e.Sentence, DetailZH: zh + "：" + shown(given)}}
	return e
}

// faults collects everything that is wrong with one word, part by part.
type faults struct{ fields []fault.Field }

func (f *faults) add(word, en, zh, given string) {
	f.fields = append(f.fields, refused(word, en, zh, given).Fields...)
}

// err is one fault with all the parts, nil when there is none.
func (f *faults) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	e := fault.New(fault.InvalidEvent, "%s", f.fields[0].Detail)
	e.Fields = f.fields
	return e
}
