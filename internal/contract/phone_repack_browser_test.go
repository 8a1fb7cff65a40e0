package contract

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/batch"
	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
	samplecity "liandan/internal/sample"
)

// label reads the one label on the screen by its picture.
func (p phone) label() event.Label {
	p.t.Helper()
	l, err := event.ParseLabel(strings.TrimPrefix(p.shown("/q/"), p.s.URL+"/q/"))
	if err != nil {
		p.t.Fatal(err)
	}
	return l
}

// child sets the weight of a new container.
func (p phone) child(n, kg string) {
	p.t.Helper()
	js[bool](p.walker, `(`+put+`(document.querySelector('[data-child="`+n+`"] input.weight'), "`+kg+`"), true)`)
}

// TestPackingOverOnThePhone packs a torn bag into a sound one and that with another into a third,
// without network; grams neither come nor go, and the clock of the oldest goes on.
func TestPackingOverOnThePhone(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	nurse := newPhone(t, s, city, "nurse.sample")
	nurse.cut(true)
	torn := nurse.bag("内科 SAMPLE", "1.25", "")
	other := nurse.bag("外科 SAMPLE", "0.875", "")
	nurse.scan(string(torn), "the bag", `location.hash.startsWith("#act/")`)
	nurse.tap("重新包装")
	nurse.until("packing over", `document.querySelectorAll("[data-batch]").length === 1 && document.querySelector('[data-child="1"]')`)
	nurse.tap("再加一件老容器")
	nurse.fill("#typed", string(torn))
	nurse.tap("确定")
	nurse.trouble("已在单子里")
	nurse.child("1", "1.5")
	nurse.tap("重新包装，签名")
	nurse.trouble("重 0.25 kg")
	nurse.child("1", "1")
	js[bool](nurse.walker, `(document.querySelector('input[value="gone"]').click(), true)`)
	nurse.tap("重新包装，签名")
	nurse.trouble("洒漏的 0.25 kg 要先报告事故")
	nurse.child("1", "1.25")
	nurse.page("repack", "重新包装", "老容器 1 件", "还在老容器里")
	nurse.wide("repack")
	nurse.tap("重新包装，签名")
	nurse.until("the new label", `location.hash.startsWith("#labels/") && document.querySelector(".label svg.qr")`)
	sound := nurse.label()
	nurse.page("repack-label", "医疗废物", "1.25 kg", "内科 SAMPLE")
	nurse.scan(string(torn), "the old bag is done with", `document.body.innerText.includes("没有下一步了")`)

	nurse.arrives("packing", "#typed", chromedp.Navigate(s.URL+"/m/#repack"))
	for i, l := range []event.Label{sound, other} {
		if i > 0 {
			nurse.tap("再加一件老容器")
		}
		nurse.fill("#typed", string(l))
		nurse.tap("确定")
		nurse.until("on the list", `document.querySelectorAll("[data-batch]").length === `+string(rune('1'+i)))
	}
	nurse.child("1", "2")
	nurse.tap("重新包装，签名")
	nurse.trouble("少了 0.125 kg")
	nurse.child("1", "2.125")
	nurse.tap("重新包装，签名")
	nurse.until("the new label", `location.hash.startsWith("#labels/") && document.querySelector(".label svg.qr")`)
	both := nurse.label()
	nurse.unsent(4)
	nurse.cut(false)
	nurse.unsent(0)
	nurse.world(4)
	for _, l := range []event.Label{torn, sound, other} {
		if x := nurse.batchOf(l).State; x.Stage != batch.Repacked || x.Grams != 0 {
			t.Errorf("%s: %+v", l, x)
		}
	}
	x, old := nurse.batchOf(both).State, nurse.batchOf(torn).State
	if x.Stage != batch.Generated || x.Grams != 2125 || len(x.Parents) != 2 || x.BornAt != old.BornAt || x.Packages != 1 {
		t.Errorf("the third: %+v, born %d", x, old.BornAt)
	}
	nurse.open("#bags", "[data-batch]")
	if n := js[int](nurse.walker, `document.querySelectorAll("[data-batch]").length`); n != 1 {
		t.Errorf("%d bags are held", n)
	}
}

// TestMendingOnThePhone corrects a weight that was typed wrong: at once while nobody else relies
// on it, and with the agreement of carrier and plant once they do.
func TestMendingOnThePhone(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	nurse := newPhone(t, s, city, "nurse.sample")
	l := nurse.bag("内科 SAMPLE", "12.5", "")
	nurse.unsent(0)
	mend := func(kg, why string) {
		t.Helper()
		nurse.open("#queue", `[data-state="sent"]`)
		nurse.tap("改正 Mend")
		nurse.until("the fields", `document.querySelector("#mendreason")`)
		if kg != "" {
			js[bool](nurse.walker, `(`+put+`(document.querySelector('[data-pointer="/batches/0/grams"]'), "`+kg+`"), true)`)
		}
		nurse.fill("#mendreason", why)
	}
	mend("", "")
	nurse.tap("改正，签名")
	nurse.trouble("没有改动")
	mend("1.25", "")
	nurse.tap("改正，签名")
	nurse.trouble("请写明为什么改")
	nurse.fill("#mendreason", "输错数字 SAMPLE")
	nurse.page("mend", "改正已签的记录", "新旧都看得见", "科室")
	nurse.wide("mend")
	nurse.cut(true)
	nurse.tap("改正，签名")
	nurse.trouble("有网络的地方再签")
	nurse.cut(false)
	nurse.tap("改正，签名")
	nurse.until("it counts at once", `location.hash.startsWith("#mended/") && document.body.innerText.includes("即时算数")`)
	nurse.unsent(0)
	if x := nurse.batchOf(l).State; x.Grams != 1250 || len(x.Corrections) != 1 || x.Corrections[0].Reason != "输错数字 SAMPLE" {
		t.Errorf("mended: %+v", x)
	}

	ward, driver, plant := handOf(t, s, city, "nurse.sample"), handOf(t, s, city, "driver.sample"), somebody(t, city, "plant.sample").Appointment
	send(t, ward, driver, somebody(t, city, "plant.sample"), "", []box{{nurse.batchOf(l).State.ID, l, 1250}})
	mend("1.2", "看错秤 SAMPLE")
	// The value in the entry itself is mended already, so the old value is not what it says.
	nurse.tap("改正，签名")
	nurse.until("others must agree", `location.hash === "#mended/2" && document.body.innerText.includes("等 2 家单位同意")`)
	nurse.unsent(0)
	x := nurse.batchOf(l).State
	if x.Grams != 1250 || len(x.Corrections) != 2 || x.Corrections[1].Status != batch.CorrectionOpen {
		t.Fatalf("proposed: %+v", x)
	}
	if w := x.Corrections[1].Waiting(); len(w) != 2 || !(has(w, driver.Party) && has(w, plant.Party)) {
		t.Errorf("it waits for %v", w)
	}

	gate := newPhone(t, s, city, "plant.sample")
	gate.signIn()
	gate.tap("有 1 项更正等本单位答复")
	gate.until("the proposal", `document.querySelectorAll("[data-correction]").length === 1`)
	gate.page("answers", "提议更正", "1.25 kg → 1.2 kg", "看错秤 SAMPLE")
	gate.tap("不同意，签名")
	gate.trouble("请写明为什么不同意")
	gate.tap("同意，签名")
	gate.until("nothing more to answer", `document.body.innerText.includes("没有等着答复的")`)
	gate.unsent(0)
	driver.tell(event.CorrectionAgreed, event.Consent{}, func(e *event.Event) {
		e.Refs, e.Batches = []id.Event{x.Corrections[1].ID}, []event.Batch{{ID: x.ID}}
	})
	if x := nurse.batchOf(l).State; x.Corrections[1].Status != batch.CorrectionAgreed || x.Initial != 1200 || x.Grams != 1250 { // the driver weighed after
		t.Errorf("agreed: %+v", x)
	}
}

func has(list []id.Party, p id.Party) bool {
	for _, x := range list {
		if x == p {
			return true
		}
	}
	return false
}
