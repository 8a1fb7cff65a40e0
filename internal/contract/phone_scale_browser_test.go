package contract

import (
	"testing"
	"time"

	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"liandan/internal/client"
	"liandan/internal/event"
	samplecity "liandan/internal/sample"
)

// wire is a scale on a serial port as the browser gives it: window.says are its lines, sent anew
// whenever the port is opened; a port that says nothing is a cable that hangs loose.
const wire = `(() => {
	window.says = []; window.opened = []
	const port = { async open(o) { window.opened.push(o.baudRate); let timer
			this.readable = new ReadableStream({ start(c) { const list = [...window.says]; const e = new TextEncoder()
				timer = setInterval(() => { const l = list.shift(); if (l !== undefined) for (const half of [l.slice(0, 5), l.slice(5) + "\r\n"]) c.enqueue(e.encode(half)) }, 40) }, cancel() { clearInterval(timer) } })
			this.stop = () => clearInterval(timer) },
		async close() { this.stop() } }
	let chosen = false
	Object.defineProperty(navigator, "serial", { configurable: true, value: { async getPorts() { return chosen ? [port] : [] }, async requestPort() {
		if (window.nobody) throw new DOMException("none", "NotFoundError"); chosen = true; return port } } })
	Object.defineProperty(navigator, "bluetooth", { configurable: true, value: undefined })
})()`

// before has a script run in every page before its own; giving none takes away what the browser has.
func (p phone) before(script string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, devtools.AddScriptToEvaluateOnNewDocument, devtools.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		p.t.Fatal(err)
	}
}

// TestAScaleOnThePhone: one button beside the weight where the browser reaches a scale, and none
// where it does not; only a reading at rest is taken, to the gram; typing goes on working.
func TestAScaleOnThePhone(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	nurse := newPhone(t, s, city, "nurse.sample")
	nurse.before(wire)
	nurse.arrives("a bag", "button.scale", chromedp.Navigate(s.URL+"/m/#bag"), chromedp.Reload())
	js[bool](nurse.walker, `(window.nobody = true)`)
	nurse.tap("读秤")
	nurse.until("nobody chose one", `document.body.innerText.includes("没有选秤") && !document.querySelector("button.scale").disabled`)
	js[bool](nurse.walker, `(window.nobody = false, window.says = ["US,GS,+   1.100kg", "<b>9.9kg", "ST,GS,+  99", "OL,GS,+99.999kg", "US,GS,+   1.240kg", "ST,GS,+   1.245kg", "ST,GS,+   9.000kg"], true)`)
	nurse.tap("读秤")
	nurse.until("the reading at rest", `document.querySelector("#weight").value === "1.245" && document.querySelector("button.scale").textContent.includes("读秤")`)
	nurse.page("scale-button", "封袋", "读秤")
	js[bool](nurse.walker, `(window.says = Array(30).fill("ST,GS,-   0.500kg"), true)`)
	nurse.fill("#department", "内科 SAMPLE")
	nurse.tap("签名并出标签")
	nurse.until("the label", `document.querySelector("#token")`)
	nurse.unsent(0)
	nurse.world(1)
	token := js[string](nurse.walker, `document.querySelector("#token").textContent.replaceAll(" ", "")`)
	if v := nurse.batchOf(must(event.ParseLabel(token))(t)); int64(v.State.Grams) != 1245 || v.State.Measured != "weighed" {
		t.Errorf("the bag is %+v", v.State)
	}
	nurse.open("#scale", "#reading")
	nurse.page("scale", "秤", "波特率", "只取稳定的读数")
	js[bool](nurse.walker, `(window.says = ["7.5 kg", "7.5 kg", "7.6 kg", "7.6 kg", "7.6 kg"], [...document.querySelectorAll("input")].find((x) => x.value === "4800").click(), true)`)
	nurse.tap("保存并试读")
	nurse.until("three alike", `document.querySelector("#reading").textContent === "7.6 kg" && window.opened.at(-1) === 4800`)

	nurse.before(`Object.defineProperty(navigator, "serial", { configurable: true, value: undefined })`)
	nurse.arrives("a browser without", "#weight", chromedp.Navigate(s.URL+"/m/#bag"), chromedp.Reload())
	if js[bool](nurse.walker, `Boolean(document.querySelector("button.scale"))`) {
		t.Error("a button for a scale that cannot be reached")
	}
	nurse.fill("#weight", "ST,GS,+ 2.5kg\n")
	nurse.open("#scale", ".note")
	nurse.page("scale-none", "没有串口和蓝牙")
}
