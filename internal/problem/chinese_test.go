package problem

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"liandan/internal/fault"
)

// Whatever is wrong with a member is said in Chinese too, with the member's name and row.
func TestFieldsInChinese(t *testing.T) {
	for want, f := range map[string]fault.Field{
		"重量（第 2 项）：超出范围。": {Pointer: "/batches/1/grams", Code: "out_of_range"},
		"接受人：该单位没有这一身份。":  {Pointer: "/data/consignee", Code: "role"},
		"第 1 项：没有这一项。":    {Pointer: "/unheard/0", Code: "unknown_member"},
		"不是有效的 JSON。":     {Code: "syntax"},
		"内容有误。":           {Code: "unheard_of"},
		"自己的一句":           {Pointer: "/data/code", Code: "format", DetailZH: "自己的一句"},
	} {
		if got := Errors(&fault.Error{Fields: []fault.Field{f}})[0].DetailZH; got != want {
			t.Errorf("%+v: %s, want %s", f, got, want)
		}
	}
}

// Every code that the reader of events and the intake give has its words: a phone shows them.
func TestCodesOfTheIntakeHaveWords(t *testing.T) {
	said := regexp.MustCompile(`(?:\.At\((?:[^()"]|"[^"]*"|\([^()]*\))*?, |note\((?:[^()"]|"[^"]*")*?, |below\([^,]*, |Code: )"([a-z_]+)"`)
	n := 0
	for _, dir := range []string{"event", "record", "profile", "source"} {
		files, err := filepath.Glob("../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, m := range said.FindAllStringSubmatch(string(b), -1) {
				n++
				if codeWords[m[1]] == "" {
					t.Errorf("%s: the code %q has no Chinese", file, m[1])
				}
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d codes were found", n)
	}
}
