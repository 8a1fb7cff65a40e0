package label

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

func TestModulesAreReadByAnotherProgram(t *testing.T) {
	text := "otpauth://totp/Liandan:sample?secret=JBSWY3DPEHPK3PXP&issuer=Liandan"
	rows, err := Modules(text)
	if err != nil {
		t.Fatal(err)
	}
	const dot = 6
	out := image.NewGray(image.Rect(0, 0, len(rows)*dot, len(rows)*dot))
	for y := range out.Rect.Max.Y {
		for x := range out.Rect.Max.X {
			out.SetGray(x, y, color.Gray{255})
			if rows[y/dot][x/dot] {
				out.SetGray(x, y, color.Gray{0})
			}
		}
	}
	for i := range rows {
		if len(rows[i]) != len(rows) || rows[0][i] || rows[i][0] {
			t.Fatal("no square with a quiet zone")
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	if got := scan(t, b.Bytes()); got != text {
		t.Errorf("read %q", got)
	}
	if _, err := Modules(strings.Repeat("x", 10_000)); err == nil {
		t.Error("more than a QR code holds was taken")
	}
}
