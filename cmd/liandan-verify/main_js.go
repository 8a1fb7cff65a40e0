//go:build js

// In the browser the same verifier is three functions, which ask nobody anything:
//
//	liandanKind(file)                         what a file is, as kindOf says
//	liandanVerify(file, logKey[, notes])      checks one file; the line of JSON that --json prints
//	liandanVerifyLog(export, statement|null, logKey, notes, progress)
//	                                          a promise of the line that --json prints of an export
//
// liandanMaxExport is how many bytes an export may have here.
//
// Files are a Uint8Array; logKey is the log's key as the reader has it, "" for none; notes are
// the text of the log's successions, "" for none.
package main

import (
	"bytes"
	"fmt"
	"strings"
	"syscall/js"
	"time"

	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/rule"
)

// maxExport bounds an export in a browser, which has it in memory twice and one thread: about
// a hundred thousand entries. Larger ones are for the program on the command line.
const maxExport = 128 << 20

func main() {
	rules, err := rule.DefaultBook()
	if err != nil {
		js.Global().Get("console").Call("error", err.Error()) // embedded: cannot happen
		return
	}
	js.Global().Set("liandanMaxExport", maxExport)
	js.Global().Set("liandanKind", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) != 1 || args[0].Type() != js.TypeObject {
			return ""
		}
		head := make([]byte, min(args[0].Get("length").Int(), sniffed))
		js.CopyBytesToGo(head, args[0].Call("subarray", 0, len(head)))
		return string(kindOf(head))
	}))
	js.Global().Set("liandanVerify", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return text(answerOf(args, rules))
	}))
	js.Global().Set("liandanVerifyLog", js.FuncOf(func(_ js.Value, args []js.Value) any { return promised(args) }))
	select {}
}

func answerOf(args []js.Value, rules rule.Book) answer {
	if len(args) == 2 {
		args = append(args, js.ValueOf(""))
	}
	if len(args) != 3 || args[0].Type() != js.TypeObject || args[1].Type() != js.TypeString || args[2].Type() != js.TypeString {
		return answer{Exit: couldNotCheck, Error: &refusal{Sentence: "liandanVerify takes the bytes of a file, a key and notes."}}
	}
	head := make([]byte, min(args[0].Get("length").Int(), sniffed))
	js.CopyBytesToGo(head, args[0].Call("subarray", 0, len(head)))
	is := kindOf(head)
	if is == ofLog { // only says that it is one
		return checkFile(head, is, asked{})
	}
	file, err := bytesOf(args[0], most(is))
	if err != nil {
		return refused(err)
	}
	q, err := askedBy(args[1], args[2])
	if err != nil {
		return refused(err)
	}
	q.rules = rules
	return checkFile(file, is, q)
}

// bytesOf copies a file out of the browser, of at most so many bytes.
func bytesOf(v js.Value, most int) ([]byte, error) {
	n := v.Get("length").Int()
	if n > most {
		return nil, fault.New(fault.TooLarge, "The file has %d bytes; one of its kind has at most %d here.", n, most)
	}
	out := make([]byte, n)
	js.CopyBytesToGo(out, v)
	return out, nil
}

// askedBy reads what the reader brings beside the files.
func askedBy(key, notes js.Value) (q asked, err error) {
	if q.trusted = strings.TrimSpace(key.String()); q.trusted != "" {
		if err = bundle.CheckVKey(q.trusted); err != nil {
			return q, err
		}
	}
	if notes.String() == "" {
		return q, nil
	}
	if q.trusted == "" {
		return q, fault.New(fault.InvalidRequest, "Successions lead from or to a key that you trust: give the log's key too.")
	}
	q.succession, err = splitSuccessions([]byte(notes.String()), q.trusted)
	return q, err
}

// promised works on an export beside the page, which hears of its progress and stays alive.
func promised(args []js.Value) js.Value {
	work := js.FuncOf(func(_ js.Value, settle []js.Value) any {
		go func() {
			a := logAnswer{Exit: couldNotCheck}
			if r, err := ofExport(args); err != nil {
				a.Error = problem(err)
			} else {
				a.Exit, a.Report = r.Verdict.ExitCode(), &r
			}
			var b strings.Builder
			writeLogJSON(&b, a)
			settle[0].Invoke(b.String())
		}()
		return nil
	})
	defer work.Release()
	return js.Global().Get("Promise").New(work)
}

func ofExport(args []js.Value) (attest.Report, error) {
	if len(args) != 5 || args[0].Type() != js.TypeObject || args[2].Type() != js.TypeString || args[3].Type() != js.TypeString {
		return attest.Report{}, fault.New(fault.InvalidRequest, "liandanVerifyLog takes an export, a statement or null, a key, notes and a function.")
	}
	q, err := askedBy(args[2], args[3])
	if err != nil {
		return attest.Report{}, err
	}
	if q.trusted == "" {
		return attest.Report{}, fault.New(fault.InvalidRequest, "An export is checked with the log's key as you have it from elsewhere: give it.")
	}
	if n := args[0].Get("length").Int(); n > maxExport {
		return attest.Report{}, fault.New(fault.TooLarge, "This export has %d MiB; a browser takes %d. Check it with the program: liandan-verify --log-key VKEY --log EXPORT --statement FILE", n>>20, maxExport>>20)
	}
	log, err := bytesOf(args[0], maxExport)
	if err != nil {
		return attest.Report{}, err
	}
	var signed []byte
	if args[1].Type() == js.TypeObject {
		if signed, err = bytesOf(args[1], attest.MaxSize+1); err != nil {
			return attest.Report{}, err
		}
	}
	q.progress = func(done, all int64) {
		args[4].Invoke(fmt.Sprintf("%d", done), fmt.Sprintf("%d", all))
		time.Sleep(time.Millisecond) // lets the page draw
	}
	return checkLog(bytes.NewReader(log), int64(len(log)), signed, q)
}

func text(a answer) string {
	var b strings.Builder
	writeJSON(&b, a)
	return b.String()
}
