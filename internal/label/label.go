// Package label draws what is stuck on a container: the QR code of the finder's page and
// the token below it, so that it can also be typed.
//
// It must not know what a token means or where it leads; it draws what it is given.
package label

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// Size is one of the three sizes of HJ 1276-2022 table 1.
type Size string

// The sizes, for containers of up to 50 L, up to 450 L, and above.
const (
	Small  Size = "small"  // 100 mm
	Medium Size = "medium" // 150 mm
	Large  Size = "large"  // 200 mm
)

// ParseSize reads a size.
func ParseSize(s string) (Size, error) {
	if _, ok := pixels[Size(s)]; !ok {
		return "", fmt.Errorf("must be one of small, medium, large")
	}
	return Size(s), nil
}

// pixels is the width of the image: 8 pixels a millimetre, the 203 dpi of common label
// printers.
var pixels = map[Size]int{Small: 800, Medium: 1200, Large: 1600}

// PNG draws a QR code (ISO/IEC 18004, error correction M) that holds address, and the
// token below it in groups of five.
func PNG(address, token string, size Size) ([]byte, error) {
	width, ok := pixels[size]
	if !ok {
		return nil, fmt.Errorf("label: unknown size %q", size)
	}
	code, err := qrcode.New(address, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	qr := code.Image(width) // with the quiet zone of four modules
	lines := inLines(token)
	dot := width / (columns(lines) + 2)
	step := (glyphHeight + 3) * dot
	out := image.NewPaletted(image.Rect(0, 0, width, width+len(lines)*step), color.Palette{color.White, color.Black})
	draw.Draw(out, qr.Bounds(), qr, qr.Bounds().Min, draw.Src)
	for i, line := range lines {
		left := (width - columns([]string{line})*dot) / 2
		write(out, line, left, width+i*step, dot)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, out); err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	return b.Bytes(), nil
}

// inLines puts a token into groups of five, three groups a line.
func inLines(token string) []string {
	var groups []string
	for len(token) > 0 {
		n := min(5, len(token))
		groups, token = append(groups, token[:n]), token[n:]
	}
	var lines []string
	for len(groups) > 0 {
		n := min(3, len(groups))
		lines, groups = append(lines, strings.Join(groups[:n], " ")), groups[n:]
	}
	return lines
}
