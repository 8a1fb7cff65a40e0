package workflow

import (
	"fmt"
	"html"
	"strings"

	"liandan/internal/term"
)

// Sizes of the drawing, in pixels.
const (
	laneWide = 132
	rowHigh  = 34
	headHigh = 64
	timeWide = 84
	noteWide = 300
)

// Picture draws a workflow that was played as SVG: a lane for each person, a mark for each
// signature, and beside it what became of the batches. Offline signatures are hollow, what
// was turned away is crossed out.
func (s *Stage) Picture(f Flow) string {
	wide := timeWide + laneWide*len(s.Cast) + noteWide
	high := headHigh + rowHigh*len(s.Steps) + 20
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif" font-size="12">`+"\n", wide, high, wide, high)
	fmt.Fprintf(&b, `<title>%s %s</title><rect width="100%%" height="100%%" fill="#fff"/>`+"\n", html.EscapeString(f.Title.ZH), html.EscapeString(f.Title.EN))
	lane := map[*Actor]int{}
	for i, a := range s.Cast {
		x := timeWide + laneWide*i + laneWide/2
		lane[a] = x
		fmt.Fprintf(&b, `<text x="%d" y="22" text-anchor="middle" font-weight="bold">%s</text><text x="%d" y="38" text-anchor="middle" fill="#555">%s</text>`, x, html.EscapeString(a.ZH), x, html.EscapeString(a.EN))
		fmt.Fprintf(&b, `<line x1="%d" y1="48" x2="%d" y2="%d" stroke="#bbb"/>`+"\n", x, x, high-10)
	}
	before := 0
	for i, st := range s.Steps {
		x, y := lane[st.By], headHigh+rowHigh*i+rowHigh/2
		if i > 0 && before != x {
			fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#7a9cc6" stroke-dasharray="4 3"/>`, before, y-rowHigh, x, y)
		}
		before = x
		s.drawStep(&b, st, x, y)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (s *Stage) drawStep(b *strings.Builder, st *Step, x, y int) {
	fmt.Fprintf(b, `<text x="8" y="%d" fill="#555">%s</text>`, y+4, st.At.In(beijing).Format("01-02 15:04"))
	fill, stroke := "#1d5fa8", "#1d5fa8"
	switch {
	case st.Refused != "" || st.Held != "" && st.LetIn == 0:
		fill, stroke = "#fff", "#b3261e"
	case st.Signed.JWS == nil:
		fill, stroke = "#ddd", "#999"
	case st.Offline:
		fill = "#fff"
	}
	fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="9" fill="%s" stroke="%s" stroke-width="2"/>`, x, y, fill, stroke)
	if stroke == "#b3261e" {
		fmt.Fprintf(b, `<path d="M%d %dl10 10m0 -10l-10 10" stroke="#b3261e" stroke-width="2"/>`, x-5, y-5)
	}
	label := st.Text.ZH
	if st.Signed.JWS != nil {
		label = term.Type(st.Signed.Event.Type).ZH
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`, x+14, y+4, html.EscapeString(label))
	fmt.Fprintf(b, `<text x="%d" y="%d" fill="#333">%s</text>`+"\n", timeWide+laneWide*len(s.Cast)+30, y+4, html.EscapeString(s.short(st)))
}

// short says in a few words what a step left.
func (s *Stage) short(st *Step) string {
	switch {
	case st.Refused != "":
		return "拒绝"
	case st.Held != "" && st.LetIn == 0:
		return "拒绝，留存证据"
	}
	var parts []string
	for _, v := range st.After {
		parts = append(parts, s.name(v.ID)+" "+term.Stage(v.Stage).ZH)
	}
	out := strings.Join(parts, "，")
	if st.Held != "" {
		out = fmt.Sprintf("先留置，第 %d 步后入链", st.LetIn)
	}
	if r := []rune(out); len(r) > 23 {
		out = string(r[:22]) + "…"
	}
	return out
}
