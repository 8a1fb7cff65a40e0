package web

import (
	"fmt"
	"strconv"
	"strings"
)

// spark is a trend as a line that is small enough to stand beside its value, drawn by the
// server, so that it is there without a script. What it says in words is its label.
type spark struct {
	Lines []string // points of a line; a gap begins another
	DotX  string   // the newest value
	DotY  string
	Aim   string // height of the target; "" where it lies outside or there is none
	Label string
}

const (
	sparkWide = 96
	sparkHigh = 28
	sparkEdge = 4
)

// sparkOf draws points; nil where there are not two to draw a line of.
func sparkOf(points []point, target string) *spark {
	var said []string
	at := make([]float64, len(points))
	known := make([]bool, len(points))
	n, low, high := 0, 0.0, 0.0
	take := func(v float64) {
		if n == 0 {
			low, high = v, v
		}
		n, low, high = n+1, min(low, v), max(high, v)
	}
	for i, p := range points {
		v, err := strconv.ParseFloat(p.Value, 64)
		if err != nil {
			continue
		}
		at[i], known[i] = v, true
		take(v)
		said = append(said, p.Period+" "+p.Value)
	}
	if n < 2 {
		return nil
	}
	aim, err := strconv.ParseFloat(target, 64)
	if err == nil {
		take(aim)
	}
	y := func(v float64) string {
		if high == low {
			return strconv.Itoa(sparkHigh / 2)
		}
		return fmt.Sprintf("%.1f", sparkEdge+(high-v)/(high-low)*(sparkHigh-2*sparkEdge))
	}
	s := spark{Label: "趋势 Trend: " + strings.Join(said, ", ")}
	if err == nil {
		s.Aim = y(aim)
	}
	var run []string
	for i := range points {
		if !known[i] {
			s.Lines, run = append(s.Lines, strings.Join(run, " ")), nil
			continue
		}
		s.DotX, s.DotY = fmt.Sprintf("%.1f", sparkEdge+float64(i)*(sparkWide-2*sparkEdge)/float64(len(points)-1)), y(at[i])
		run = append(run, s.DotX+","+s.DotY)
	}
	s.Lines = append(s.Lines, strings.Join(run, " "))
	return &s
}
