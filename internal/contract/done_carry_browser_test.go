package contract

import (
	"fmt"
	"strconv"

	"github.com/chromedp/chromedp"

	"liandan/internal/event"
)

// ward closes a bag, prints its label, and hands it over to the porter, who reads the label as
// it was printed and puts the bag into the store.
func (x *tale) ward() {
	x.t.Helper()
	x.nurse.signIn()
	l := x.nurse.bag("内科 SAMPLE", "2.5", "")
	x.nurse.unsent(0)
	x.holds(1)
	x.nurse.until("the label's printable page", `document.querySelector('a[href^="/print/labels"]')`)
	x.page(x.nurse, "label", "标签", "2.5 kg", "打印正式标签")

	batch := x.nurse.batchOf(l)
	paper := x.in.tab(x.nurse.walker, x.width)
	paper.arrives("the printed label", "svg.qr, svg", chromedp.Navigate(x.s.URL+"/print/labels?batch="+batch.State.ID.String()))
	x.desk(paper, "printed-label", "医疗废物", "841-001-01", "SAMPLE")
	printed, reads := paper.code("main svg")
	if reads != x.s.URL+"/q/"+string(l) {
		x.t.Fatalf("the printed label reads %q", reads)
	}

	x.nurse.open("#act/"+batch.State.ID.String(), "input.weight")
	x.page(x.nurse, "release", "交出", "Hand over")
	x.signs(x.nurse, "交出，签名")
	x.nurse.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	x.nurse.unsent(0)
	x.holds(1)
	screen, _ := x.nurse.code("svg.qr")
	x.porter.reads(x.in, screen, `document.querySelectorAll("[data-batch]").length === 1`)
	x.page(x.porter, "take", "接收 1 袋", "Take over")
	x.signs(x.porter, "接收，签名")
	x.porter.until("what is held", `location.hash === "#bags"`)
	x.porter.unsent(0)
	x.holds(1) // the code on the screen names the giver's event, so nothing is unseen
	if v := x.nurse.batchOf(l); v.State.Stage != "received" || v.State.Department != "内科 SAMPLE" {
		x.t.Errorf("taken over: %+v", v.State)
	}

	x.porter.reads(x.in, printed, `location.hash === "#act/`+batch.State.ID.String()+`"`)
	x.page(x.porter, "store", "入暂存间", "Put into store")
	x.signs(x.porter, "入暂存间，签名")
	x.porter.until("what is held", `location.hash === "#bags"`)
	x.porter.unsent(0)
	x.holds(1)
	if v := x.nurse.batchOf(l); v.State.Stage != "stored" || v.State.Room != "医疗废物暂存间" {
		x.t.Errorf("stored: %+v", v.State)
	}
	x.stops = []stop{{&x.porter, l, 2500, 2500}}
}

// tab is another tab of somebody's browser, so many pixels wide.
func (s *studio) tab(w walker, width int64) walker {
	s.t.Helper()
	ctx, end := chromedp.NewContext(w.ctx)
	s.t.Cleanup(end)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 844)); err != nil {
		s.t.Fatal(err)
	}
	return walker{s.t, ctx}
}

// issue hands a bag out to the carrier, and gives the picture of the code on the screen.
func (x *tale) issue(p *phone, l event.Label) []byte {
	x.t.Helper()
	plant := x.plant.who.Appointment
	p.open("#many/manifest.issued", "#typed")
	p.tap("加入本机全部 1 袋")
	p.until("the bag", `document.querySelectorAll("[data-batch]").length === 1`)
	way := []string{x.driver.who.Appointment.Party.String(), plant.Party.String(), plant.Sites[0].String()}
	for i, v := range way {
		js[bool](p.walker, `((document.querySelectorAll('input[placeholder^="0000"]')[`+strconv.Itoa(i)+`] ?? {}).value = "`+v+`", true)`)
	}
	if p == &x.porter {
		x.page(*p, "issue", "出库交承运人：1 袋")
	}
	p.tap("出库交承运人 1 袋，签名")
	p.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	picture, _ := p.code("svg.qr")
	return picture
}

// trip is five stops. At the last three nobody has network: neither the source's phone nor the
// driver's, which comes back first, before what it answers is in the log.
func (x *tale) trip() {
	x.t.Helper()
	x.driver.signIn()
	x.driver.open("#trip", "#plate")
	x.page(x.driver, "trip-begin", "开始行程", "Begin a trip")
	x.driver.fill("#plate", "样例-driver-1")
	x.driver.tap("开始")
	x.driver.until("the trip", `document.querySelector("#onboard")`)
	load := func(screen []byte, bags int, kg string) {
		x.t.Helper()
		x.driver.reads(x.in, screen, `document.querySelectorAll("[data-batch]").length === 1`)
		if bags == 1 {
			x.page(x.driver, "load", "装车 1 袋", "Load 1")
		}
		x.driver.tap("装车，签名")
		x.driver.until("loaded", `document.querySelector("#onboard")?.textContent.includes("`+fmt.Sprintf("%d 袋 · %s kg", bags, kg)+`")`)
	}
	load(x.issue(&x.porter, x.stops[0].label), 1, "2.5")
	x.porter.unsent(0)
	x.driver.unsent(0)
	x.holds(2)
	second := &x.others[0]
	l := second.bag("外科 SAMPLE", "1.25", "")
	x.stops = append(x.stops, stop{second, l, 1250, 1250})
	load(x.issue(second, l), 2, "3.75")
	second.unsent(0)
	x.driver.unsent(0)
	x.holds(3)

	x.driver.cut(true)
	for i, b := range []struct {
		kg, sum string
		grams   int64
	}{{"3", "6.75", 3000}, {"0.75", "7.5", 750}, {"0.5", "8", 500}} {
		p := &x.others[1+i]
		p.cut(true)
		l := p.bag("门诊 SAMPLE", b.kg, "")
		x.stops = append(x.stops, stop{p, l, b.grams, b.grams})
		load(x.issue(p, l), 3+i, b.sum)
		p.unsent(2)
	}
	x.driver.unsent(3)
	x.driver.open("#queue", `[data-state="waiting"]`)
	x.page(x.driver, "unsent", "未发送 (3)", "not yet sent (3)")
	x.holds(0)
	x.driver.open("#trip", "#onboard")
	x.page(x.driver, "trip", "车上", "5 袋 · 8 kg")
	x.comeBack()
}

// comeBack gives the network back: to the driver first, whose events wait at the server for
// what they answer; then to the sources, the last one first.
func (x *tale) comeBack() {
	x.t.Helper()
	x.driver.cut(false)
	x.driver.open("#queue", "ul.list")
	x.driver.until("the server keeps what came too early", `document.querySelectorAll('[data-state="held"]').length === 3`)
	x.page(x.driver, "held", "已到服务器，等前一步")
	for i := range 3 {
		p := x.stops[4-i].from
		p.cut(false)
		p.unsent(0)
	}
	x.holds(9) // three closed and issued in one go without network, three taken over
	x.driver.tap("现在发送")
	x.driver.unsent(0)
	x.holds(0) // asked again, nothing is there twice
	for _, st := range x.stops {
		if v := x.driver.batchOf(st.label); v.State.Stage != "in_transit" || int64(v.State.Grams) != st.grams || v.State.Vehicle != "样例-DRIVER-1" {
			x.t.Errorf("on board: %+v", v.State)
		}
	}
}

// unloads signs at the plant's gate.
func (x *tale) unloads() {
	x.t.Helper()
	x.driver.open("#trip", "#onboard")
	x.driver.tap("到站卸车 5 袋")
	x.driver.until("what to unload", `document.querySelectorAll("[data-batch]").length === 5`)
	x.page(x.driver, "unload", "卸车 5 袋")
	x.signs(x.driver, "卸车，签名")
	x.driver.until("empty", `document.querySelector("#onboard")?.textContent.includes("0 袋")`)
	x.driver.unsent(0)
	x.holds(5)
	for _, st := range x.stops {
		if v := x.driver.batchOf(st.label); v.State.Stage != "delivered" || int64(v.State.Grams) != st.grams {
			x.t.Errorf("unloaded: %+v", v.State)
		}
	}
}
