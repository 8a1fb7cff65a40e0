package contract

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"liandan/internal/client"
	"liandan/internal/label"
	samplecity "liandan/internal/sample"
)

// filmed gives a browser a camera that sees a QR code: the browser plays a film in place of its
// camera, and nothing of the page knows.
func filmed(t *testing.T, text string) []chromedp.ExecAllocatorOption {
	t.Helper()
	const wide, high = 640, 480
	modules := must(label.Modules(text))(t)
	size := high / len(modules) // pixels of a module
	left, top := (wide-size*len(modules))/2, (high-size*len(modules))/2
	grey := bytes.Repeat([]byte{200}, wide*high)
	for y, row := range modules {
		for x, dark := range row {
			level := byte(235)
			if dark {
				level = 30
			}
			for i := range size * size {
				grey[(top+y*size+i/size)*wide+left+x*size+i%size] = level
			}
		}
	}
	name := filepath.Join(t.TempDir(), "code.y4m")
	f := must(os.Create(name))(t)
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", wide, high)
	for range 5 {
		fmt.Fprint(w, "FRAME\n")
		w.Write(grey)
		w.Write(bytes.Repeat([]byte{128}, wide*high/2)) // no colour
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return []chromedp.ExecAllocatorOption{chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", name)}
}

// before runs a script in every page before its own.
func (w walker) before(script string) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		w.t.Fatal(err)
	}
}

// TestTheInspectorsCamera reads a label on the desk's search page: by the reader in JavaScript
// from a real film, by the browser's own reader where there is one, and not at all where the
// camera is refused.
func TestTheInspectorsCamera(t *testing.T) {
	t.Parallel()
	s, city, told := playedDay(t)
	who := somebody(t, city, "inspector.sample")
	member(t, s, who.Login, who.Appointment)
	holder := must(s.Registry.NewToken(t.Context(), somebody(t, city, "plant.sample").Appointment, "SAMPLE", time.Time{}))(t)
	url := s.URL + "/q/" + newLabel(t, s.URL+"/v1/batches/"+told.Batch.String()+"/labels", holder)
	loaded := func(w walker, file string) bool {
		return js[bool](w, `performance.getEntriesByType("resource").some((r) => r.name.endsWith("`+file+`"))`)
	}
	found := func(w walker) {
		t.Helper()
		w.until("the batch of the label", `location.pathname === "/inspect/batch/`+told.Batch.String()+`" && document.readyState === "complete"`)
	}

	t.Run("its own reader", func(t *testing.T) {
		w := walker{t, browser(t, filmed(t, url)...)}
		w.before(`delete window.BarcodeDetector`)
		w.signIn(s.URL+"/inspect", who.Login, "#scan")
		for _, px := range []int64{390, 820, 1280} {
			w.across(px)
			w.sees(fmt.Sprintf("inspect-scan-%d", px), "扫码", "Scan with the camera")
		}
		w.axe("the search page")
		if loaded(w, "scan.js") || loaded(w, "decode.js") {
			t.Error("the reader is loaded before anybody asks for it")
		}
		w.tap("扫码")
		found(w)
	})
	t.Run("the browser's reader", func(t *testing.T) {
		w := walker{t, browser(t, filmed(t, "nothing of ours")...)}
		w.before(`window.BarcodeDetector = class { static async getSupportedFormats() { return ["qr_code"] } constructor(o) { this.formats = o.formats }
			async detect(v) { window.looks = (window.looks ?? 0) + 1; return window.looks > 2 && v.videoWidth === 640 && this.formats.join() === "qr_code" ? [{rawValue: "` + url + `"}] : [] } }`)
		w.signIn(s.URL+"/inspect", who.Login, "#scan")
		w.before(`addEventListener("pagehide", () => sessionStorage.setItem("decoder", performance.getEntriesByType("resource").some((r) => r.name.endsWith("decode.js"))))`)
		w.arrives("again", "#scan", chromedp.Reload())
		w.tap("扫码")
		found(w)
		if got := js[string](w, `sessionStorage.getItem("decoder")`); got != "false" {
			t.Errorf("the reader in JavaScript was loaded beside the browser's own: %s", got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		w := walker{t, browser(t)}
		w.before(`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))`)
		w.signIn(s.URL+"/inspect", who.Login, "#scan")
		w.tap("扫码")
		w.until("what to do", `document.querySelector(".seen [role=alert]")?.innerText.includes("允许相机")`)
		w.across(820)
		w.sees("inspect-scan-refused", "No camera")
		w.axe("the search page without a camera")
		w.tap("关闭相机")
		w.until("closed", `document.querySelector(".seen").childElementCount === 0`)
	})
	t.Run("no camera at all", func(t *testing.T) {
		w := walker{t, browser(t)}
		w.before(`Object.defineProperty(navigator, "mediaDevices", {value: undefined})`)
		w.signIn(s.URL+"/inspect", who.Login, "#q")
		if js[bool](w, `Boolean(document.querySelector("#scan"))`) {
			t.Error("a button for a camera that is not there")
		}
	})
}

// TestAPhoneIsEnrolledByItsCamera reads the one-time code from the administrator's screen.
func TestAPhoneIsEnrolledByItsCamera(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	who := somebody(t, city, "nurse.sample")
	code, _, err := s.Registry.NewEnrolment(t.Context(), "test", who.Appointment.Party, who.Appointment.Person, "样例手机 SAMPLE", 30)
	if err != nil {
		t.Fatal(err)
	}
	p := phone{walker{t, browser(t, filmed(t, s.URL+"/m/#enrol="+code)...)}, s, who}
	p.before(`delete window.BarcodeDetector`)
	p.listen()
	p.arrives("the app", "#code", chromedp.Navigate(s.URL+"/m/#enrol"))
	p.until("the code was read", `document.getElementById("code").value === "`+code+`"`)
	if strings.Contains(js[string](p.walker, `location.href`), code) {
		t.Error("the code is in the address")
	}
	p.tap("登记 Enrol")
	p.until("the home page", `document.querySelector('a[href="#scan"].main')`)
}
