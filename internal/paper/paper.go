// Package paper makes what is printed: labels of containers and bags, and the manifest, as
// PDF with the font inside.
//
// It must not look anything up or decide who may print: it draws what it is given. A
// character that its font lacks is drawn as 〓 and named at the foot of the page, never
// left out in silence.
package paper

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"

	"liandan/internal/label"
	"liandan/internal/waste"
)

// fontFile is WenQuanYi Micro Hei, cut down to GB 2312 and Latin (see `make font`), used
// under Apache-2.0; font.copyright is its owners' word.
//
//go:embed font.ttf
var fontFile []byte

const family = "hei"

var letters = sync.OnceValue(func() func(rune) bool {
	f, err := sfnt.Parse(fontFile)
	if err != nil {
		panic("paper: embedded font: " + err.Error())
	}
	var mu sync.Mutex
	var buf sfnt.Buffer
	return func(r rune) bool {
		mu.Lock()
		defer mu.Unlock()
		g, err := f.GlyphIndex(&buf, r)
		return err == nil && g != 0
	}
})

// Missing lists the characters of a text that the font lacks, each once.
func Missing(text string) (out []rune) {
	for _, r := range text {
		if r >= ' ' && !letters()(r) && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// stands is what is drawn for a character that the font lacks.
const stands = '〓'

// sheetOf is a document under way.
type sheetOf struct {
	*fpdf.Fpdf
	missing []rune
}

func newSheet(width, height float64, made time.Time) *sheetOf {
	p := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: width, Ht: height}})
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	p.AddUTF8FontFromBytes(family, "", fontFile)
	p.SetCreationDate(made)
	p.SetModificationDate(made)
	p.SetCatalogSort(true)
	p.SetLang("zh-CN")
	return &sheetOf{Fpdf: p}
}

// plain makes a text drawable and notes what the font lacks.
func (s *sheetOf) plain(text string) string {
	for _, r := range Missing(text) {
		if !slices.Contains(s.missing, r) {
			s.missing = append(s.missing, r)
		}
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return ' '
		case !letters()(r):
			return stands
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// words writes a text in a box of some lines at most and gives the place below it; what does
// not fit is smaller, and then cut with an ellipsis.
func (s *sheetOf) words(x, y, width, size, leading float64, most int, text string) float64 {
	text = s.plain(text)
	for shrink := size; ; shrink *= 0.9 {
		s.SetFont(family, "", shrink)
		lines := s.wrap(text, width)
		if len(lines) > most && shrink > size*0.6 {
			continue
		}
		if len(lines) > most {
			lines = lines[:most]
			r := []rune(lines[most-1])
			lines[most-1] = string(r[:max(len(r)-1, 0)]) + "…"
		}
		for _, l := range lines {
			s.Text(x, y+shrink*0.3528*0.85, l)
			y += shrink * 0.3528 * leading
		}
		return y
	}
}

// wrap cuts a text into lines no wider than width: at blanks, before and after Chinese
// characters, and anywhere in a word that is wider than a line. No character is lost.
func (s *sheetOf) wrap(text string, width float64) (lines []string) {
	r := []rune(text)
	for from := 0; from < len(r); {
		to, cut, wide := from, -1, 0.0
		for ; to < len(r); to++ {
			if wide += s.GetStringWidth(string(r[to])); wide > width && to > from {
				break
			}
			if r[to] == ' ' || r[to] >= 0x2E80 || (to+1 < len(r) && r[to+1] >= 0x2E80) {
				cut = to + 1
			}
		}
		if to < len(r) && cut > from {
			to = cut
		}
		lines = append(lines, strings.TrimRight(string(r[from:to]), " "))
		from = to
	}
	return lines
}

// modules draws a QR code into a square.
func (s *sheetOf) modules(rows [][]bool, x, y, edge float64) {
	s.SetFillColor(255, 255, 255)
	s.Rect(x, y, edge, edge, "F")
	s.SetFillColor(0, 0, 0)
	dot := edge / float64(len(rows))
	for i, row := range rows {
		for from := 0; from < len(row); from++ {
			to := from
			for to < len(row) && row[to] {
				to++
			}
			if to > from {
				s.Rect(x+float64(from)*dot, y+float64(i)*dot, float64(to-from)*dot, dot, "F")
				from = to
			}
		}
	}
}

// pictogram draws a hazard's sign into a square.
func (s *sheetOf) pictogram(h waste.Hazard, x, y, edge float64) {
	k := edge / 100
	for _, part := range label.Pictogram(h) {
		s.SetFillColor(0, 0, 0)
		if part.White {
			s.SetFillColor(255, 255, 255)
		}
		if part.Radius > 0 {
			s.Circle(x+part.Points[0]*k, y+part.Points[1]*k, part.Radius*k, "F")
			continue
		}
		var corners []fpdf.PointType
		for i := 0; i < len(part.Points); i += 2 {
			corners = append(corners, fpdf.PointType{X: x + part.Points[i]*k, Y: y + part.Points[i+1]*k})
		}
		s.Polygon(corners, "F")
	}
	s.SetFillColor(0, 0, 0)
}

// foot names what the font lacks, if anything.
func (s *sheetOf) foot(x, y, width float64) {
	if len(s.missing) == 0 {
		return
	}
	var codes []string
	for _, r := range s.missing {
		codes = append(codes, fmt.Sprintf("U+%04X", r))
	}
	s.words(x, y, width, 6, 1.2, 2, "〓 处字库缺字，以系统记录为准 the font lacks: "+strings.Join(codes, " "))
	s.missing = nil
}

func (s *sheetOf) end(w io.Writer) error {
	if err := s.Output(w); err != nil {
		return fmt.Errorf("paper: %w", err)
	}
	return nil
}
