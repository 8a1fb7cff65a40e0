package contract

import (
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	views "liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/rule"
	samplecity "liandan/internal/sample"
)

// shown is the one code on the screen.
func (p phone) shown(begins string) string {
	p.t.Helper()
	codes := p.decoded()
	if len(codes) != 1 || !strings.HasPrefix(codes[0], p.s.URL+begins) {
		p.t.Fatalf("the screen shows %q, not %s", codes, begins)
	}
	return codes[0]
}

// TestALoadGoesFromCarrierToCarrier hands one container straight to the next carrier and one by way
// of a depot, all without network; nobody takes a load over that was not given to them.
func TestALoadGoesFromCarrierToCarrier(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	ward, road, who := handOf(t, s, city, "nurse.sample"), handOf(t, s, city, "driver.sample"), somebody(t, city, "plant.sample")
	boxes := ward.close(2500, 800)
	m, _ := send(t, ward, road, who, "20261306000124", boxes)
	first := newPhone(t, s, city, "driver.sample")
	first.signIn()
	first.until("the load is known", `document.body.innerText.includes("在管 2 袋")`)
	second := phoneOf(t, s, registered(t, city, "危险货物运输", "driver-1", "goods.sample", access.Driver))
	depot := phoneOf(t, s, registered(t, city, "收集点", "keeper", "depot.sample", access.SiteStaff))
	if err := s.Record.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []phone{first, second, depot} {
		p.cut(true)
	}

	second.open("#taker", "#takercode svg.qr")
	second.page("taker", "接车码", "扫对方的交接码")
	taker := second.shown("/m/#to=")
	first.open("#relay", "main")
	first.until("a taker is needed first", `document.body.innerText.includes("出示接车码")`)
	first.scan(s.URL+"/m/#to=AAAA", "a code of nobody", `document.querySelector(".note.bad")?.textContent.includes("读不懂")`)
	first.scan(taker, "what to hand on", `document.querySelectorAll("[data-batch]").length === 2`)
	first.page("relay", "转交 2 件", "样例危险货物运输公司", "保留意见")
	pick := func(p phone, keep ...int) {
		p.t.Helper()
		for i, b := range boxes {
			on := "false"
			for _, k := range keep {
				if k == i {
					on = "true"
				}
			}
			js[bool](p.walker, `((x) => { if (x && x.checked !== `+on+`) x.click(); return true })(document.querySelector('[data-batch="`+b.id.String()+`"] input'))`)
		}
	}
	pick(first)
	first.tap("转交，签名")
	first.trouble("一件也没有选")
	pick(first, 0)
	first.tap("转交，签名")
	first.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	given := first.shown("/m/#take=")
	second.scan(given, "what to load", `document.querySelectorAll("[data-batch]").length === 1`)
	second.tap("装车，签名")
	second.trouble("请填写车牌")
	second.fill("input[maxlength='16']", "冀F·00021")
	second.tap("装车，签名")
	second.until("on the trip", `location.hash === "#trip"`)

	depot.open("#taker", "#takercode svg.qr")
	place := depot.shown("/m/#to=")
	first.scan(place, "what is left", `document.querySelectorAll("[data-batch]").length === 2`) // the first was not taken over yet, for all this phone knows
	pick(first, 1)
	first.tap("转交，签名")
	first.until("the second code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	depot.scan(first.shown("/m/#take="), "what to take in", `document.querySelectorAll("[data-batch]").length === 1`)
	depot.page("depot-take", "接收 1 袋")
	depot.tap("接收，签名")
	depot.until("taken in", `location.hash === "#bags"`)
	depot.scan(taker, "what to hand on", `document.querySelectorAll("[data-batch]").length === 1`)
	depot.tap("转交，签名")
	depot.until("the depot's code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	second.scan(depot.shown("/m/#take="), "what to load", `document.querySelectorAll("[data-batch]").length === 1`)
	second.tap("装车，签名")
	second.until("on the trip", `location.hash === "#trip"`)
	second.unsent(2)

	for _, p := range []phone{first, depot, second} { // each answers the one before
		p.cut(false)
		p.unsent(0)
	}
	for _, b := range boxes {
		if x := must(s.Audit.Batch(t.Context(), b.id))(t).State; x.Stage != batch.InTransit || x.Custodian != second.who.Appointment.Party || x.Manifest != m {
			t.Errorf("handed on: %+v", x)
		}
	}
	sheet := must(s.Audit.Manifest(t.Context(), m))(t).State
	if len(sheet.Legs) != 3 {
		t.Fatalf("legs: %+v", sheet.Legs)
	}
	for _, l := range sheet.Legs {
		if l.Taken.IsZero() {
			t.Errorf("not taken over: %+v", l)
		}
	}
}

// TestIncidentsOnThePhone reports a spill on the road and a bag that somebody found, without
// network; the district has them in its list.
func TestIncidentsOnThePhone(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	ward, road, who := handOf(t, s, city, "nurse.sample"), handOf(t, s, city, "driver.sample"), somebody(t, city, "plant.sample")
	boxes := ward.close(2500, 800)
	send(t, ward, road, who, "", boxes[:1])
	driver := newPhone(t, s, city, "driver.sample")
	driver.signIn()
	driver.until("the load is known", `document.body.innerText.includes("在管 1 袋")`)
	driver.cut(true)
	driver.tap("报告事故")
	driver.until("the form", `document.querySelector("#mishapplace")`)
	driver.tap("报告，签名")
	driver.trouble("请写明在哪里")
	driver.fill("#mishapplace", "样例国道 12 公里处 SAMPLE")
	js[bool](driver.walker, `(`+put+`(document.querySelector("#mishaptime"), "`+time.Now().Add(2*time.Hour).Format("2006-01-02T15:04")+`"), true)`)
	driver.tap("报告，签名")
	driver.trouble("请写明已经采取的措施")
	driver.fill("#measures", "围堵、吸附、清理")
	driver.tap("报告，签名")
	driver.trouble("发生时间还没有到")
	js[bool](driver.walker, `(`+put+`(document.querySelector("#mishaptime"), ""), true)`)
	driver.tap("扫容器上的标签")
	driver.fill("#typed", string(boxes[1].label))
	driver.tap("确定")
	driver.trouble("照样可以报")
	driver.fill("#typed", string(boxes[0].label))
	driver.tap("确定")
	driver.until("the bag", `document.querySelector("[data-batch] input.gone")`)
	driver.in(boxes[0].id, put+`(x.querySelector("input.gone"), "3")`)
	driver.tap("报告，签名")
	driver.trouble("只有 2.5 kg")
	driver.in(boxes[0].id, put+`(x.querySelector("input.gone"), "0.4")`)
	driver.fill("#toldwhom", "样例区生态环境分局 SAMPLE")
	driver.page("mishap", "报告事故", "120 急救", "涉及的容器 1 件")
	driver.wide("mishap")
	driver.tap("报告，签名")
	driver.until("what became of it", `location.hash.startsWith("#reported/")`)
	driver.page("reported", "已签名，存在本机")
	driver.unsent(1)
	driver.cut(false)
	driver.unsent(0)
	driver.tap("刷新")
	driver.until("it has arrived", `document.body.innerText.includes("区县监管现在就能看到")`)
	if x := must(s.Audit.Batch(t.Context(), boxes[0].id))(t).State; x.Grams != 2100 || x.Lost != 400 || x.Stage != batch.InTransit {
		t.Errorf("spilled: %+v", x)
	}

	porter := newPhone(t, s, city, "porter.sample")
	porter.tap("报告事故")
	porter.until("the form", `document.querySelector("#mishapplace")`)
	js[bool](porter.walker, `(document.querySelector('input[value="found"]').click(), true)`)
	porter.fill("#mishapplace", "样例一院后门 SAMPLE")
	porter.fill("#measures", "派人看守")
	porter.fill("#mishapcode", "841")
	porter.tap("报告，签名")
	porter.trouble("废物代码写法不对")
	porter.fill("#mishapcode", "841-001-01")
	porter.tap("报告，签名")
	porter.until("what became of it", `location.hash.startsWith("#reported/")`)
	porter.unsent(0)
	list := func(f views.Filter) (out []views.Found) {
		return must(s.Audit.Findings(t.Context(), views.FindingFilter{Filter: f, Rule: rule.Incident}, time.Now(), "", 10))(t).Items
	}
	if got := list(views.Filter{Division: "130602"}); len(got) != 2 { // the hospital and the carrier stand there
		t.Errorf("the district has %d incidents: %+v", len(got), got)
	}
	if got := list(views.Filter{Party: who.Appointment.Party}); len(got) != 1 || got[0].Grams != 400 {
		t.Errorf("the consignee has %+v", got)
	}
	var none id.Batch
	for _, f := range list(views.Filter{Party: porter.who.Appointment.Party}) {
		if f.Batch == none && !strings.Contains(f.ZH, "样例一院后门") {
			t.Errorf("found: %+v", f)
		}
	}
}

// TestARefusedLoadGoesBack takes a container that the plant refused back to the hospital, by the
// driver's phone and the nurse's, without network.
func TestARefusedLoadGoesBack(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	ward, road, who := handOf(t, s, city, "nurse.sample"), handOf(t, s, city, "driver.sample"), somebody(t, city, "plant.sample")
	boxes := ward.close(2500)
	m, loaded := send(t, ward, road, who, "", boxes)
	arrived := road.tell(event.TransportDelivered, event.Delivered{Vehicle: "冀F·00007"}, arrival(m, loaded, boxes))
	handOf(t, s, city, "plant.sample").tell(event.ManifestRefused, event.Refused{Measured: event.OnScale}, func(e *event.Event) {
		line := boxes[0].line()
		line.Reason = "样例：标签缺失 SAMPLE"
		e.Manifest, e.Refs, e.Batches = m, []id.Event{arrived.ID}, []event.Batch{line}
	})
	driver, nurse := newPhone(t, s, city, "driver.sample"), newPhone(t, s, city, "nurse.sample")
	driver.signIn()
	driver.tap("退运：送回移出人 1 件")
	driver.until("what goes back", `document.querySelectorAll("[data-batch]").length === 1`)
	driver.cut(true)
	nurse.cut(true)
	driver.page("return", "退运 1 件", "到移出人门口再签")
	driver.tap("已送回，签名")
	driver.until("the code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	nurse.scan(driver.shown("/m/#take="), "what comes back", `document.querySelectorAll("[data-batch]").length === 1`)
	nurse.page("back", "接收 1 袋")
	nurse.tap("接收，签名")
	nurse.until("it is held again", `location.hash === "#bags" && document.querySelectorAll("[data-batch]").length === 1`)
	driver.cut(false)
	driver.unsent(0)
	nurse.cut(false)
	nurse.unsent(0)
	if x := must(s.Audit.Batch(t.Context(), boxes[0].id))(t).State; x.Stage != batch.Received || x.Custodian != ward.Party || !x.Manifest.IsZero() || x.Grams != 2500 {
		t.Errorf("back: %+v", x)
	}
}
