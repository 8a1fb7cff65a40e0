package contract

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	samplecity "liandan/internal/sample"
	"liandan/internal/server"
)

// studio is one Chromium in which everybody of a story has a browser of their own: contexts
// share no cookie, no store and no worker. One film is what all cameras see.
type studio struct {
	t      *testing.T
	ctx    context.Context
	film   string
	people []walker
}

func newStudio(t *testing.T) *studio {
	t.Helper()
	film := filepath.Join(t.TempDir(), "camera.y4m")
	ctx := browser(t, chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film))
	s := &studio{t: t, ctx: ctx, film: film}
	s.dark()
	return s
}

// somebody opens a browser of their own, so many pixels wide.
func (s *studio) somebody(width int64) walker {
	s.t.Helper()
	ctx, end := chromedp.NewContext(s.ctx, chromedp.WithNewBrowserContext())
	s.t.Cleanup(end)
	w := walker{s.t, ctx}
	// The life of the tab is that of the context of its first step, so that this one has no end.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 844)); err != nil {
		s.t.Fatal(err)
	}
	w.before(`(() => { const m = navigator.mediaDevices, on = m?.getUserMedia; window.lenses = []
		if (on) m.getUserMedia = async (...a) => { const s = await on.apply(m, a); lenses.push(s); return s } })()`)
	s.people = append(s.people, w)
	return w
}

// atRest waits until no camera is on. A film is read when the first camera goes on, and all that go on after it see the
// same one: a phone that has just left a page with a camera would have the next see what was there before.
func (s *studio) atRest() {
	s.t.Helper()
	for _, w := range s.people {
		w.until("the camera is off", `!window.lenses?.some((s) => s.active)`)
	}
}

// dark is a camera that sees nothing.
func (s *studio) dark() { s.shoot(image.NewGray(image.Rect(0, 0, 64, 64))) }

// sees has the cameras see a picture as it was on a screen or on paper.
func (s *studio) sees(picture []byte) {
	s.t.Helper()
	s.shoot(must(png.Decode(bytes.NewReader(picture)))(s.t))
}

// shoot writes the film: one grey picture, in the middle, as YUV4MPEG2.
func (s *studio) shoot(of image.Image) {
	s.t.Helper()
	const width, height = 960, 720
	b := of.Bounds()
	w, h := width, b.Dy()*width/b.Dx()
	if h > height {
		w, h = b.Dx()*height/b.Dy(), height
	}
	left, top := (width-w)/2, (height-h)/2
	frame := slices.Concat(bytes.Repeat([]byte{200}, width*height), bytes.Repeat([]byte{128}, width*height/2)) // no colour
	for y := range h {
		for x := range w {
			r, g, bl, _ := of.At(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h).RGBA()
			frame[(top+y)*width+left+x] = byte(16 + (299*r+587*g+114*bl)/1000*219/0xffff)
		}
	}
	film := fmt.Appendf(nil, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height)
	for range 3 {
		film = append(append(film, "FRAME\n"...), frame...)
	}
	if err := os.WriteFile(s.film, film, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// code is a picture of the one QR code on the page, and what a reader that we did not write
// reads from that picture.
func (w walker) code(selector string) (picture []byte, reads string) {
	w.t.Helper()
	w.until("a code", `document.querySelector("`+selector+`")`)
	picture = must(chromedp.Run(w.ctx, chromedp.Screenshot(selector)))(w.t)
	file := filepath.Join(w.t.TempDir(), "code.png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		w.t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if err != nil {
		w.t.Fatalf("zbarimg (make test installs it): %v", err)
	}
	found := strings.Fields(string(out))
	if len(found) != 1 {
		w.t.Fatalf("the picture reads %q", found)
	}
	return picture, found[0]
}

// reads has the phone's camera see a picture.
func (p phone) reads(in *studio, picture []byte, until string) {
	p.t.Helper()
	p.open("#queue", "h1")
	in.atRest()
	in.sees(picture)
	defer in.dark()
	p.open("#scan", "video")
	p.until("what was scanned", until)
}

// phoneFrom enrols a phone by the code that its camera would read off the administrator's
// screen.
func phoneFrom(in *studio, s *server.Server, who samplecity.Somebody, code string, width int64) phone {
	in.t.Helper()
	if !strings.HasPrefix(code, s.URL+"/m/#enrol=") {
		in.t.Fatalf("the enrolment code reads %q", code)
	}
	p := phone{in.somebody(width), s, who}
	p.listen()
	p.arrives("the app", "#code", chromedp.Navigate(code))
	p.tap("登记 Enrol")
	p.until("the home page", `document.querySelector('a[href="#scan"].main')`)
	p.until("the app kept on the phone", `document.querySelector("#kept")?.textContent.includes("可离线使用")`)
	return p
}
