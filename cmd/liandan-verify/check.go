package main

import (
	"bytes"
	"io"

	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/fault"
	"liandan/internal/logfile"
	"liandan/internal/merkle"
	"liandan/internal/rule"
	"liandan/internal/sampling"
	"liandan/internal/waste"
)

// kind is what a file is. The program on the command line and the one in the browser tell the
// kinds apart, check and answer by the code of this file.
type kind string

// The kinds. What is none of the others is treated as an evidence file, whose reader says
// what is wrong with it.
const (
	ofEvidence   kind = "evidence" // of a batch or a manifest
	ofDraw       kind = "draw"
	ofStatement  kind = "statement"
	ofLog        kind = "log"
	ofSuccession kind = "succession"
)

// sniffed is how much of a file says what it is.
const sniffed = 512

// kindOf tells what a file is by how it begins. It may be wrong about a damaged one: the
// reader of that kind then says so.
func kindOf(file []byte) kind {
	head := file[:min(len(file), sniffed)]
	has := func(text string) bool { return bytes.Contains(head, []byte(text)) }
	switch {
	case bytes.HasPrefix(head, []byte(attest.Title+"\n")):
		return ofStatement
	case bytes.HasPrefix(head, []byte(merkle.SuccessionTitle+"\n")):
		return ofSuccession
	case has(`"`+logfile.Format+`"`) && has(`"root"`):
		return ofLog
	case has(`"` + sampling.Format + `"`), has(`"` + sampling.FirstForm + `"`), has(`"announcement"`):
		return ofDraw
	}
	return ofEvidence
}

// asked is how files are to be checked.
type asked struct {
	trusted    string   // the log's verifier key as the reader has it
	succession [][]byte // notes that lead to or from it
	rules      rule.Book
	each       func(n int, do func(i int))
	progress   func(done, all int64) // of an export; nil: nobody hears
}

// checkFile judges one file that needs no other beside it.
func checkFile(file []byte, is kind, q asked) answer {
	switch is {
	case ofDraw:
		d, err := redrawn(file, q.trusted, q.succession)
		if err != nil {
			return refused(err)
		}
		return answer{Exit: d.Verdict.ExitCode(), Draw: d}
	case ofStatement:
		r, err := attest.VerifyAlone(file, attest.Options{Trusted: q.trusted, Succession: q.succession})
		if err != nil {
			return refused(err)
		}
		return answer{Exit: r.Verdict.ExitCode(), Figures: &r}
	case ofLog:
		return refused(fault.New(fault.InvalidRequest, "This is the export of a log. Check it with --log, and with --statement beside a statement of figures."))
	case ofSuccession:
		return refused(fault.New(fault.InvalidRequest, "These are successions of a log's key. They are no evidence by themselves: give them with --succession beside the file to check."))
	}
	b, err := bundle.Decode(file)
	if err != nil {
		return refused(err)
	}
	r := bundle.Check(b, bundle.Options{Trusted: q.trusted, Succession: q.succession, Rules: q.rules, Catalog: waste.DefaultCatalog(), Each: q.each})
	return answer{Exit: r.Verdict.ExitCode(), Report: &r}
}

func refused(err error) answer { return answer{Exit: couldNotCheck, Error: problem(err)} }

// most is what a file of the kind may have at most, in bytes; an export has no bound here.
func most(is kind) int {
	switch is {
	case ofDraw:
		return sampling.MaxFile
	case ofStatement:
		return attest.MaxSize
	case ofSuccession:
		return merkle.MaxSuccessions * (merkle.MaxSuccession + 1)
	}
	return bundle.MaxSize
}

// checkLog judges the export of a log, and computes a statement anew from it where one is given.
func checkLog(log io.ReaderAt, size int64, signed []byte, q asked) (attest.Report, error) {
	f, err := logfile.Open(log, size)
	if err != nil {
		return attest.Report{}, err
	}
	return attest.Verify(signed, f, attest.Options{Trusted: q.trusted, Succession: q.succession, Each: q.each, Progress: q.progress})
}

// splitSuccessions reads the reader's own notes. Ones that do not hold, or are of another
// log, are an error like a key that cannot be used.
func splitSuccessions(file []byte, trusted string) ([][]byte, error) {
	notes, err := merkle.SplitSuccessions(file)
	if err == nil {
		_, err = merkle.Verifiers(trusted, notes)
	}
	return notes, err
}
