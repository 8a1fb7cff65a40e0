//go:build js

// In the browser the same verifier is one function, liandanVerify(file, logKey): the bytes
// of an evidence file and the log's key as the reader has it, "" for the file's own. It
// answers the line of JSON that --json prints, and asks nobody anything.
package main

import (
	"strings"
	"syscall/js"

	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

func main() {
	rules, err := rule.DefaultBook()
	if err != nil {
		js.Global().Get("console").Call("error", err.Error()) // embedded: cannot happen
		return
	}
	js.Global().Set("liandanVerify", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return answerOf(args, rules)
	}))
	select {}
}

func answerOf(args []js.Value, rules rule.Book) string {
	if len(args) != 2 || args[0].Type() != js.TypeObject || args[1].Type() != js.TypeString {
		return text(answer{Exit: couldNotCheck, Error: &refusal{Sentence: "liandanVerify takes the bytes of a file and a key."}})
	}
	n := args[0].Get("length").Int()
	if n > bundle.MaxSize {
		return text(answer{Exit: couldNotCheck, Error: problem(fault.New(fault.TooLarge, "An evidence file has at most %d bytes.", bundle.MaxSize))})
	}
	file := make([]byte, n)
	js.CopyBytesToGo(file, args[0])
	key := strings.TrimSpace(args[1].String())
	if key != "" {
		if err := bundle.CheckVKey(key); err != nil {
			return text(answer{Exit: couldNotCheck, Error: problem(err)})
		}
	}
	b, err := bundle.Decode(file)
	if err != nil {
		return text(answer{Exit: couldNotCheck, Error: problem(err)})
	}
	r := bundle.Check(b, bundle.Options{Trusted: key, Rules: rules, Catalog: waste.DefaultCatalog()})
	return text(answer{Exit: r.Verdict.ExitCode(), Report: &r})
}

func text(a answer) string {
	var b strings.Builder
	writeJSON(&b, a)
	return b.String()
}
