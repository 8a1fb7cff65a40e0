package term

import (
	"testing"
	"unicode"

	"liandan/internal/event"
	"liandan/internal/party"
)

// Every type and role has a word of its own in each language, and the Chinese one is Chinese.
func TestEverythingHasAWord(t *testing.T) {
	check := func(what string, x Term, known bool) {
		chinese := false
		for _, r := range x.ZH {
			chinese = chinese || unicode.Is(unicode.Han, r)
		}
		if !known || !chinese || x.EN == "" {
			t.Errorf("%s has no word: %+v", what, x)
		}
	}
	for _, typ := range event.Types() {
		_, known := types[typ]
		check(string(typ), Type(typ), known)
	}
	for _, r := range party.Roles() {
		_, known := roles[r]
		check(string(r), Role(r), known)
	}
	for s, x := range stages {
		check("stage "+string(s), x, true)
	}
	for k, x := range accounts {
		check("account "+string(k), x, true)
	}
}

func TestWhatIsUnknownIsShown(t *testing.T) {
	if x := Stage("new_stage"); x.ZH != "new_stage" || x.EN != "new_stage" {
		t.Errorf("%+v", x)
	}
}
