package label

import (
	"fmt"
	"strings"

	"liandan/internal/waste"
)

// Shape is one filled part of a pictogram, in units of a hundredth of its edge: a polygon,
// or a disc when it has a radius.
type Shape struct {
	Points []float64 // x, y, x, y …; of a disc its middle
	Radius float64
	White  bool // cut out of what lies below
}

// Pictogram draws a hazard of the national catalogue (T, C, I, R, In) as a diamond with a
// sign of our own: HJ 1276-2022 wants a sign for each; its own drawings were not to be had.
func Pictogram(h waste.Hazard) []Shape {
	out := []Shape{{Points: []float64{50, 0, 100, 50, 50, 100, 0, 50}}, {Points: []float64{50, 5, 95, 50, 50, 95, 5, 50}, White: true}}
	return append(out, signs[h]...)
}

func bar(x1, y1, x2, y2, x3, y3, x4, y4 float64) Shape {
	return Shape{Points: []float64{x1, y1, x2, y2, x3, y3, x4, y4}}
}

func disc(x, y, r float64, white bool) Shape {
	return Shape{Points: []float64{x, y}, Radius: r, White: white}
}

var signs = map[waste.Hazard][]Shape{
	// A skull over crossed bones.
	waste.Toxic: {bar(26, 62, 30, 57, 74, 76, 70, 81), bar(74, 62, 70, 57, 26, 76, 30, 81), disc(50, 40, 18, false), bar(41, 52, 59, 52, 57, 66, 43, 66),
		disc(43, 40, 5, true), disc(57, 40, 5, true), {Points: []float64{50, 46, 53, 52, 47, 52}, White: true}},
	// A vessel that drips on what it eats away.
	waste.Corrosive: {{Points: []float64{28, 34, 34, 26, 66, 38, 60, 46}}, disc(54, 52, 3.5, false), disc(54, 60, 3, false),
		bar(22, 68, 78, 68, 78, 74, 22, 74), {Points: []float64{46, 68, 62, 68, 57, 72, 54, 70, 50, 73}, White: true}},
	// A flame over a line.
	waste.Ignitable: {{Points: []float64{50, 16, 58, 30, 66, 38, 70, 52, 64, 66, 36, 66, 30, 52, 35, 40, 42, 46, 44, 32}},
		{Points: []float64{50, 42, 57, 54, 54, 66, 46, 66, 43, 54}, White: true}, bar(26, 71, 74, 71, 74, 76, 26, 76)},
	// Something bursts.
	waste.Reactive: {{Points: []float64{50, 18, 55, 38, 70, 28, 62, 44, 82, 50, 62, 56, 70, 72, 55, 62, 50, 82, 45, 62, 30, 72, 38, 56, 18, 50, 38, 44, 30, 28, 45, 38}},
		disc(50, 50, 7, true)},
	// Three open rings around a middle.
	waste.Infectious: {disc(50, 36, 15, false), disc(50, 34, 10, true), disc(38, 56, 15, false), disc(36, 57, 10, true), disc(62, 56, 15, false), disc(64, 57, 10, true),
		disc(50, 50, 7, false), disc(50, 50, 3, true)},
}

// SVG is the pictogram as the inside of an SVG of 100 by 100; the classes ink and blank say
// which parts are dark.
func SVG(h waste.Hazard) []Mark {
	var out []Mark
	for _, s := range Pictogram(h) {
		m := Mark{Class: "ink", Radius: s.Radius, X: s.Points[0], Y: s.Points[1]}
		if s.White {
			m.Class = "blank"
		}
		if s.Radius == 0 {
			var b strings.Builder
			for i := 0; i < len(s.Points); i += 2 {
				fmt.Fprintf(&b, "%g,%g ", s.Points[i], s.Points[i+1])
			}
			m.Points = strings.TrimSpace(b.String())
		}
		out = append(out, m)
	}
	return out
}

// Mark is a part of an SVG: a polygon, or a circle when it has a radius.
type Mark struct {
	Class, Points string
	X, Y, Radius  float64
}
