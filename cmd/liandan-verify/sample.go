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
		p.checked(l)
	}
	if r.Broken() {
		p.line("%s\n", p.say("结论: 不成立", "VERDICT: DOES NOT HOLD"))
		return 1
	}
	for _, v := range r.Drawn.Sites {
		fmt.Fprintf(out, "  %s %s\n", p.say("场所", "site"), v)
	}
	for _, v := range r.Drawn.People {
		fmt.Fprintf(out, "  %s %s\n", p.say("检查人员", "inspector"), v)
	}
	if !r.Sound() {
		p.line("%s\n", p.say("结论: 抽取可重算，但未能全部证明（见 ? 各行）", "VERDICT: THE DRAW COMES OUT THE SAME, BUT NOT ALL OF IT IS PROVEN (see the lines with ?)"))
		return couldNotCheck
	}
	p.line("%s\n", p.say("结论: 无误", "VERDICT: SOUND"))
	return 0
}

// checked writes one line of a draw and what there is to say to it.
func (p printer) checked(l sampling.Line) {
	mark := "✓"
	switch {
	case len(l.Wrong) > 0:
		mark = "✗"
	case len(l.Unproven) > 0:
		mark = "?"
	}
	p.line("  %s %s", mark, p.say(l.ZH, l.EN))
	for _, list := range [][]sampling.Note{l.Wrong, l.Unproven, l.Remarks} {
		for _, n := range list {
			p.pair("    ", n.ZH, n.EN)
		}
	}
}
