package web

import (
	"fmt"
	"html/template"
	"iter"
	"strings"
)

// safeURL is an address of a scheme that templates would refuse, made by this server.
type safeURL = template.URL

// drawing is a QR code for an inline SVG: no second request carries what it holds, and no
// image of another origin need be allowed.
type drawing struct {
	Size int    // modules from edge to edge, the quiet zone included
	Path string // of the dark modules
}

func draw(modules [][]bool) drawing {
	var b strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return drawing{len(modules), b.String()}
}

// inGroups cuts a text for reading aloud.
func inGroups(text string, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			k := min(n, len(text))
			if !yield(text[:k]) {
				return
			}
			text = text[k:]
		}
	}
}
