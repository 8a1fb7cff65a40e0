package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/go-json-experiment/json"

	"liandan/internal/attest"
	"liandan/internal/bundle"
	"liandan/internal/division"
)

// wholeLog checks the export of a log, with a statement of figures where one is given, and
// answers the exit status.
func wholeLog(s settings, stdout, stderr io.Writer) int {
	r, err := attested(s, stderr)
	out := bufio.NewWriter(stdout)
	exit := couldNotCheck
	switch {
	case err != nil && s.json:
		writeLogJSON(out, logAnswer{Log: s.log, Statement: s.statement, Exit: exit, Error: problem(err)})
	case err != nil:
		printer{out, s.lang}.unreadable(s.log, problem(err))
	default:
		exit = r.Verdict.ExitCode()
		if s.json {
			writeLogJSON(out, logAnswer{Log: s.log, Statement: s.statement, Exit: exit, Report: &r})
		} else {
			printer{out, s.lang}.attested(s.log, s.statement, r)
		}
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(stderr, "liandan-verify:", err)
		return couldNotCheck
	}
	return exit
}

func attested(s settings, stderr io.Writer) (attest.Report, error) {
	in, err := os.Open(s.log)
	if err != nil {
		return attest.Report{}, err
	}
	defer in.Close()
	about, err := in.Stat()
	if err != nil {
		return attest.Report{}, err
	}
	var signed []byte
	if s.statement != "" {
		if signed, err = readStatement(s.statement); err != nil {
			return attest.Report{}, err
		}
	}
	q := asked{trusted: s.trusted, succession: s.succession, each: each}
	if !s.json {
		q.progress = func(done, all int64) {
			if done > 0 && done%(1<<18) == 0 {
				fmt.Fprintf(stderr, "… %d / %d\n", done, all)
			}
		}
	}
	return checkLog(in, about.Size(), signed, q)
}

func readStatement(name string) ([]byte, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, attest.MaxSize+1))
}

// logAnswer is the line of JSON about an export.
type logAnswer struct {
	Log       string         `json:"log"`
	Statement string         `json:"statement_file,omitempty"`
	Exit      int            `json:"exit"`
	Error     *refusal       `json:"error,omitempty"`
	Report    *attest.Report `json:"report,omitempty"`
}

func writeLogJSON(out io.Writer, a logAnswer) {
	b, err := json.Marshal(a, json.Deterministic(true))
	if err != nil { // a file name that is not UTF-8
		a.Log, a.Statement = plain(a.Log), plain(a.Statement)
		b, _ = json.Marshal(a, json.Deterministic(true))
	}
	fmt.Fprintf(out, "%s\n", b)
}

// attested writes a report of an export, of a statement, or of both, for people. The names are
// those of the files, "" where there is none.
func (p printer) attested(log, statement string, r attest.Report) {
	if log != "" {
		p.line("%s: %s", p.say("日志导出文件", "export of a log"), plain(log))
		p.line("%s: %s, %d %s", p.say("日志", "log"), plain(r.Origin), r.Size, p.say("条", "entries"))
	}
	if st := r.Stated; st != nil {
		where := p.say("全市", "the whole city")
		if st.District != "" {
			where = division.Name(st.District)
		}
		p.line("%s: %s", p.say("指标陈述", "statement of figures"), plain(statement))
		p.line("%s: %s, %s; %s %s; %s %d", p.say("期间和范围", "period and scope"), plain(st.Period), plain(where), p.say("截止", "cut-off"), plain(st.CutOff),
			p.say("日志条数", "log size"), st.Size)
	}
	p.line("\n%s", p.say("核对", "Checks"))
	for _, l := range r.Lines {
		mark := p.say("通过", "ok")
		switch {
		case !l.Could:
			mark = p.say("未能核对", "COULD NOT CHECK")
		case !l.OK:
			mark = p.say("不符", "NO")
		}
		p.pair(fmt.Sprintf("  [%s] %d ", mark, l.Count), l.ZH, l.EN)
		if l.Wrong != "" {
			p.pair("      → ", l.WrongZH, l.Wrong)
		}
	}
	p.mismatches(r.Mismatches)
	p.notes(p.say("说明", "Notes"), r.Notes)
	p.recomputed(r)
	switch r.Verdict {
	case bundle.Sound:
		p.line("\n%s\n", p.say("结论: 无误", "VERDICT: SOUND"))
	case bundle.Findings:
		p.line("\n%s\n", p.say("结论: 有不符之处", "VERDICT: FINDINGS"))
	default:
		p.line("\n%s\n", p.say("结论: 未能全部核对", "VERDICT: COULD NOT CHECK EVERYTHING"))
	}
}

func (p printer) mismatches(list []attest.Mismatch) {
	if len(list) == 0 {
		return
	}
	p.line("\n%s", p.say("与日志不符的数值", "What is stated otherwise than the log gives it"))
	for _, m := range list[:min(len(list), maxListed)] {
		at := p.say("陈述", "statement")
		if m.Indicator > 0 {
			at = fmt.Sprintf("%s %d", p.say("指标", "indicator"), m.Indicator)
		}
		if m.District != "" {
			at += " " + division.Name(m.District)
		}
		if m.Variant != "" {
			at += " " + m.Variant
		}
		p.line("  %s %s: %s %s, %s %s", plain(at), plain(m.What), p.say("陈述为", "stated"), plain(m.Stated), p.say("日志为", "the log gives"), plain(m.Computed))
	}
	p.more(len(list))
}

// recomputed lists the figures of the statement's own scope, as they were computed.
func (p printer) recomputed(r attest.Report) {
	if len(r.Computed) == 0 {
		return
	}
	p.line("\n%s", p.say("由日志算得", "Computed from the log"))
	for _, i := range r.Computed {
		for _, f := range i.Rows[0].Figures {
			value := f.Value + " " + i.Unit
			if f.Value == "" {
				value = p.say("无法计算", "not computable") + " (" + f.Because + ")"
			}
			p.line("  %d %s %s  %d / %d  %s %s", i.Indicator, f.Variant, value, f.Numerator, f.Denominator, p.say("定义版本", "definition"), i.Version)
		}
	}
}
