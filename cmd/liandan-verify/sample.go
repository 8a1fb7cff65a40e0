package main

import (
	"fmt"
	"io"
	"os"

	"liandan/internal/fault"
	"liandan/internal/sampling"
)

// redraw checks the file of a draw, draws again, and answers its exit status.
func redraw(s settings, name string, stdin io.Reader, out io.Writer) int {
	p := printer{out, s.lang}
	fmt.Fprintln(out, plain(name))
	cannot := func(err error) int {
		fmt.Fprintf(out, "  %s: %s\n", p.say("未能核对", "could not check"), plain(fault.As(err).Sentence))
		return couldNotCheck
	}
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return cannot(fault.Wrap(err, fault.InvalidRequest, "%s", err))
		}
		defer f.Close()
		in = f
	}
	f, err := sampling.Read(in)
	if err != nil {
		return cannot(err)
	}
	r, err := sampling.Verify(f, s.trusted)
	if err != nil {
		return cannot(err)
	}
	for _, l := range r.Lines {
		mark := "✓"
		if l.Wrong != "" {
			mark = "✗"
		}
		fmt.Fprintf(out, "  %s %s\n", mark, p.say(l.ZH, l.EN))
		if l.Wrong != "" {
			fmt.Fprintf(out, "    %s\n", plain(l.Wrong))
		}
	}
	if !r.Sound() {
		return 1
	}
	for _, v := range r.Drawn.Sites {
		fmt.Fprintf(out, "  %s %s\n", p.say("场所", "site"), v)
	}
	for _, v := range r.Drawn.People {
		fmt.Fprintf(out, "  %s %s\n", p.say("检查人员", "inspector"), v)
	}
	return 0
}
