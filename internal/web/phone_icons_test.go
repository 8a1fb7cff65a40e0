package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

// The icons of home screens are icon.svg drawn at their sizes, without a transparent corner that
// a phone would fill with black, and whatever names them names the size that they have.
func TestPhoneIcons(t *testing.T) {
	drawing := string(must1(assets.ReadFile("assets/phone/icon.svg"))(t))
	// What the pixels below are taken from: whoever changes the drawing draws the icons anew.
	if !strings.Contains(drawing, `viewBox="0 0 128 128"`) || !strings.Contains(drawing, `fill="#0b3d91"`) || !strings.Contains(drawing, `stroke-width="10"`) ||
		!strings.Contains(drawing, `<rect x="24" y="48" width="44" height="32" rx="16"/><rect x="60" y="48" width="44" height="32" rx="16"/>`) {
		t.Fatalf("icon.svg is another drawing; draw the icons anew: %s", drawing)
	}
	blue, white := color.RGBA{0x0b, 0x3d, 0x91, 255}, color.RGBA{255, 255, 255, 255}
	for _, n := range []int{180, 192, 512} {
		m, err := png.Decode(bytes.NewReader(must1(assets.ReadFile(fmt.Sprintf("assets/phone/icon-%d.png", n)))(t)))
		if err != nil || m.Bounds().Dx() != n || m.Bounds().Dy() != n {
			t.Fatalf("icon-%d.png: %v %v", n, err, m.Bounds())
		}
		for _, p := range []struct {
			x, y float64 // of 128
			want color.RGBA
		}{{0.5, 0.5, blue}, {127.5, 0.5, blue}, {0.5, 127.5, blue}, {127.5, 127.5, blue}, {64, 20, blue}, {46, 64, blue}, {82, 64, blue}, {24, 64, white}, {104, 64, white}, {46, 48, white}, {82, 80, white}} {
			at := func(v float64) int { return int(v * float64(n) / 128) }
			if got := color.RGBAModel.Convert(m.At(at(p.x), at(p.y))); got != p.want {
				t.Errorf("icon-%d.png at %v,%v of 128: %v, want %v", n, p.x, p.y, got, p.want)
			}
		}
	}
	var about struct {
		Icons []struct{ Src, Sizes, Type, Purpose string }
	}
	if err := json.Unmarshal(phone().about.plain, &about); err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for _, i := range about.Icons {
		name := strings.TrimPrefix(i.Src, "/m/a/"+phone().version+"/")
		f, ok := phone().files[name]
		if !ok || f.kind != i.Type {
			t.Errorf("the manifest names %+v", i)
		}
		if n, _, _ := strings.Cut(i.Sizes, "x"); i.Type == "image/png" && name != "icon-"+n+".png" {
			t.Errorf("%s is said to have %s", name, i.Sizes)
		}
		met[i.Sizes+" "+i.Purpose] = true
	}
	if !met["192x192 any"] || !met["512x512 any"] || !met["512x512 maskable"] || !strings.Contains(string(phone().shell.plain), `<link rel="apple-touch-icon" sizes="180x180" href="/m/a/`+phone().version+`/icon-180.png">`) {
		t.Errorf("the manifest has %v", met)
	}
}
