package label

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"liandan/internal/event"
)

// scan reads a QR code with a program that we did not write.
func scan(t *testing.T, file []byte) string {
	t.Helper()
	program, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Fatal("zbarimg is missing; install the package zbar-tools")
	}
	name := filepath.Join(t.TempDir(), "label.png")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", name).Output() // it speaks of a missing bus on the other stream
	if err != nil {
		t.Fatalf("zbarimg: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestQRIsReadByAnotherProgram(t *testing.T) {
	for n, size := range []Size{Small, Medium, Large} {
		token := string(event.NewLabel([26]byte{byte(n), 1, 2, 3, 31, 30, 29}))
		address := "https://sample.test/q/" + token
		file, err := PNG(address, token, size)
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, file); got != address {
			t.Errorf("%s: read %q, want %q", size, got, address)
		}
		img, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if img.Bounds().Dx() != pixels[size] {
			t.Errorf("%s is %d wide", size, img.Bounds().Dx())
		}
		if got := readText(t, img.(*image.Paletted), pixels[size]); got != token {
			t.Errorf("%s: below the code stands %q, want %q", size, got, token)
		}
	}
}

// readText compares the dots below the code with the glyphs.
func readText(t *testing.T, img *image.Paletted, width int) string {
	t.Helper()
	dot := width / (columns([]string{"00000 00000 00000"}) + 2)
	var text strings.Builder
	for i, length := range []int{17, 14} {
		left := (width - columns([]string{strings.Repeat("0", length)})*dot) / 2
		for k := range length {
			var rows [glyphHeight]byte
			for row := range rows {
				for col := range glyphWidth {
					x := left + (k*(glyphWidth+1)+col)*dot + dot/2
					y := width + i*(glyphHeight+3)*dot + row*dot + dot/2
					rows[row] = rows[row]<<1 | img.ColorIndexAt(x, y)
				}
			}
			for r, g := range glyphs {
				if g == rows {
					text.WriteRune(r)
				}
			}
		}
	}
	return text.String()
}

func TestEveryLetterOfATokenHasItsGlyph(t *testing.T) {
	met := map[[glyphHeight]byte]rune{}
	for _, r := range "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U" {
		g, ok := glyphs[r]
		if !ok {
			t.Errorf("%c has no glyph", r)
		}
		if other, taken := met[g]; taken {
			t.Errorf("%c and %c look the same", r, other)
		}
		met[g] = r
	}
}

func TestWrongSizeAndTooLong(t *testing.T) {
	if _, err := ParseSize("huge"); err == nil {
		t.Error("size huge was read")
	}
	if _, err := PNG("x", "x", "huge"); err == nil {
		t.Error("size huge was drawn")
	}
	if _, err := PNG(strings.Repeat("x", 5000), "x", Small); err == nil {
		t.Error("5,000 characters fit into a QR code")
	}
}
