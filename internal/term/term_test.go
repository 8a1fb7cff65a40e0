package term

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"liandan/internal/event"
	"liandan/internal/party"
	"liandan/internal/rule"
)

// Every code that the sources of rules and permits declare has a word.
func TestEveryRuleHasAWord(t *testing.T) {
	declared, n := regexp.MustCompile(`(?m)^\s+\w+\s+(?:rule\.)?Code\s+= "([a-z-]+)"`), 0
	for _, dir := range []string{"../rule", "../permit"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
				n++
				if x, known := rules[rule.Code(m[1])]; !known || x.ZH == "" || x.EN == "" {
					t.Errorf("rule %s has no word", m[1])
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d rules were found in the sources", n)
	}
}

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
