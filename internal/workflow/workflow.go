// Package workflow plays named workflows of the field on a real intake and store, checks the
// whole ledger after every step, and writes each as a page: its steps, who signed, the states
// they left, and where the grams are. The pages are docs/workflows; a test compares them.
//
// It must only be imported by tests, and it must not know a database: the test brings the
// store. A step is what a phone would do: it knows the batch's state as the phone saw it,
// names the event that it answers, and signs.
package workflow

import "liandan/internal/waste"

// Text is a sentence in Chinese and English.
type Text struct{ ZH, EN string }

// Flow is one named workflow.
type Flow struct {
	Name  string // of its page: lower-case words
	Title Text
	Why   Text   // what day of whose this is
	Law   string // what it follows, as the regulation notes name it
	Play  func(s *Stage)
}

// Kilograms makes grams of whole kilograms.
func Kilograms(kg int64) waste.Grams { return waste.Grams(kg * 1000) }

// All lists the workflows in the order of their pages.
func All() []Flow {
	var out []Flow
	for _, chapter := range [][]Flow{hospital(), manifests(), refusals(), legs(), packing(), collectors(), smallSources(), outages(), corrections(), papers(), incidents(), pipelines()} {
		out = append(out, chapter...)
	}
	return out
}
