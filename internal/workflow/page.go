package workflow

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"liandan/internal/mass"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// beijing is the zone of the pages; China has one, without summer time.
var beijing = time.FixedZone("UTC+8", 8*3600)

// Page writes a workflow that was played as Markdown; picture is the file name of its drawing.
func (s *Stage) Page(f Flow, picture string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s · %s\n\n", f.Title.ZH, f.Title.EN)
	fmt.Fprintf(&b, "%s %s\n\n依据 · Follows: %s\n\n", f.Why.ZH, f.Why.EN, f.Law)
	fmt.Fprintf(&b, "![%s](%s)\n\n", f.Title.ZH, picture)
	b.WriteString("| | 时间 time (UTC+8) | 谁签名 who signs | 事件 event | 做什么 what | 之后 after it |\n|---|---|---|---|---|---|\n")
	for _, st := range s.Steps {
		fmt.Fprintf(&b, "| %d | %s | %s · %s | %s | %s | %s |\n", st.N, st.At.In(beijing).Format("01-02 15:04"), st.By.ZH, st.By.EN, st.event(), s.what(st), s.after(st))
	}
	b.WriteString("\n## 最后 · In the end\n\n| 批次 batch | 阶段 stage | 在谁手里 with | 克 grams |\n|---|---|---|---|\n")
	for _, x := range s.Things {
		v := s.state(x.ID)
		with := "—"
		if v.N > 0 {
			with = s.who(v.Custodian)
		}
		fmt.Fprintf(&b, "| %s · %s | %s | %s | %d |\n", x.ZH, x.EN, term.Stage(v.Stage), with, v.Grams)
	}
	b.WriteString("\n账目 · The books, in grams (they sum to zero):\n\n| 账户 account | 单位 party | 克 grams |\n|---|---|---|\n")
	for _, line := range s.balances() {
		b.WriteString(line)
	}
	return b.String()
}

// event names the event and, where the log has none, says why.
func (st *Step) event() string {
	if st.Signed.JWS == nil {
		return "—"
	}
	return "`" + string(st.Signed.Event.Type) + "`"
}

func (s *Stage) what(st *Step) string {
	var parts []string
	for _, l := range st.Lines {
		p := l.ZH
		if l.Grams > 0 {
			p += fmt.Sprintf(" %d g", l.Grams)
		}
		parts = append(parts, p)
	}
	out := st.Text.ZH
	if st.Sheet != "" {
		out += "（" + st.Sheet + "）"
	}
	if len(parts) > 0 {
		out += "：" + strings.Join(parts, "，")
	}
	return out + "<br>" + st.Text.EN
}

func (s *Stage) after(st *Step) string {
	var parts []string
	switch {
	case st.Refused != "":
		parts = append(parts, "拒绝 refused: "+string(st.Refused))
	case st.Held != "" && st.LetIn > 0:
		parts = append(parts, fmt.Sprintf("留置 held: %s；第 %d 步后入链 let in after step %d", st.Held, st.LetIn, st.LetIn))
	case st.Held != "":
		parts = append(parts, "拒绝并留证 turned away, kept as evidence: "+string(st.Held))
	default:
		for _, v := range st.After {
			parts = append(parts, fmt.Sprintf("%s %s", s.name(v.ID), term.Stage(v.Stage)))
		}
	}
	if st.Offline {
		parts = append(parts, "离线签名 signed offline")
	}
	for _, f := range st.Findings {
		parts = append(parts, "⚑ "+string(f))
	}
	return strings.Join(parts, "<br>")
}

func (s *Stage) name(b interface{ String() string }) string {
	for _, x := range s.Things {
		if x.ID.String() == b.String() {
			return x.ZH
		}
	}
	return "?"
}

// balances adds the books up by account and party.
func (s *Stage) balances() []string {
	sums := map[string]waste.Grams{}
	for _, p := range s.books {
		name := term.Account(p.Account.Kind).String()
		if p.Account.Method != "" {
			name += " " + string(p.Account.Method)
		}
		sums[fmt.Sprintf("| %s %s | %s |", name, p.Account.Code, s.who(p.Account.Party))] += p.Grams
	}
	var out []string
	for k, g := range sums {
		if g != 0 {
			out = append(out, fmt.Sprintf("%s %d |\n", k, g))
		}
	}
	sort.Strings(out)
	return out
}

// Book is all the postings of a workflow that was closed.
func (s *Stage) Book() []mass.Posting { return s.books }
