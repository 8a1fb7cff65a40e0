package contract

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	views "liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/client"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
	"liandan/internal/waste"
)

// hand is somebody of the city with a device of their own, beside the phones in browsers.
type hand struct {
	t *testing.T
	c *client.Client
	*device.Device
}

func handOf(t *testing.T, s *server.Server, city *samplecity.City, login string) hand {
	t.Helper()
	g := somebody(t, city, login).Appointment
	site := append(g.Sites, must(s.Registry.SitesOf(t.Context(), g.Party))(t)...)[0]
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := hand{t, client.New(s.URL, s.Token), must(device.New(g.Party, site, g.Person, key, rand.Reader))(t)}
	if err := h.c.Enrol(t.Context(), g.Party.String(), g.Person.String(), "SAMPLE hand of "+login, 30, h); err != nil {
		t.Fatal(err)
	}
	return h
}

// sign makes an event that is sent later.
func (h hand) sign(kind event.Type, data event.Data, fill func(*event.Event)) (event.Event, []byte) {
	h.t.Helper()
	e := must(h.Event(kind, time.Now(), data))(h.t)
	if fill != nil {
		fill(&e)
	}
	return e, must(h.Sign(e))(h.t)
}

func (h hand) tell(kind event.Type, data event.Data, fill func(*event.Event)) event.Event {
	h.t.Helper()
	e, jws := h.sign(kind, data, fill)
	if _, err := h.c.Send(h.t.Context(), jws); err != nil {
		h.t.Fatalf("%s: %v", kind, err)
	}
	return e
}

// box is a container on its way to the plant.
type box struct {
	id    id.Batch
	label event.Label
	grams waste.Grams
}

func (b box) line() event.Batch {
	return event.Batch{ID: b.id, Grams: b.grams, Weighed: true, Packages: 1}
}

// close begins containers of infectious waste at the hand's site.
func (h hand) close(grams ...waste.Grams) (out []box) {
	h.t.Helper()
	for _, g := range grams {
		b := box{id.BatchOf(must(h.NewID(time.Now()))(h.t)), must(h.NewLabel())(h.t), g}
		h.tell(event.BatchGenerated, event.Generated{Code: "841-001-01", Form: waste.Solid, Packaging: "bag", Measured: event.OnScale, Department: "内科 SAMPLE", Label: b.label},
			func(e *event.Event) { e.Batches = []event.Batch{b.line()} })
		out = append(out, b)
	}
	return out
}

// send issues a manifest to the plant and has the driver load it.
func send(t *testing.T, from, driver hand, plant samplecity.Somebody, number string, boxes []box) (m id.Manifest, loaded event.Event) {
	t.Helper()
	m = id.ManifestOf(must(from.NewID(time.Now()))(t))
	fill := func(refs ...id.Event) func(*event.Event) {
		return func(e *event.Event) {
			e.Manifest, e.Refs = m, refs
			for _, b := range boxes {
				e.Batches = append(e.Batches, b.line())
			}
		}
	}
	issued := from.tell(event.ManifestIssued, event.Issued{Profile: "medical", Carrier: driver.Party, Consignee: plant.Appointment.Party, ConsigneeSite: plant.Appointment.Sites[0], Method: "Y10", Number: number}, fill())
	return m, driver.tell(event.TransportCollected, event.Collected{Vehicle: "冀F·00007", Measured: event.OnScale}, fill(issued.ID))
}

func arrival(m id.Manifest, loaded event.Event, boxes []box) func(*event.Event) {
	return func(e *event.Event) {
		e.Manifest, e.Refs = m, []id.Event{loaded.ID}
		for _, b := range boxes {
			e.Batches = append(e.Batches, event.Batch{ID: b.id})
		}
	}
}

// scan types a code on the scan page, as the camera would read it.
func (p phone) scan(code, what, expression string) {
	p.t.Helper()
	p.open("#scan", "#typed")
	p.fill("#typed", code)
	p.tap("确定")
	p.until(what, expression)
}

// trouble waits for an error sentence beside what was pressed or scanned.
func (p phone) trouble(says string) {
	p.t.Helper()
	p.until("it says "+says, `[...document.querySelectorAll(".note.bad")].some((x) => x.textContent.includes("`+says+`"))`)
}

// in runs an expression on the line of a batch, as x.
func (p phone) in(b id.Batch, does string) {
	p.t.Helper()
	js[bool](p.walker, `((x) => { `+does+`; return true })(document.querySelector('[data-batch="`+b.String()+`"]'))`)
}

const put = `((e, v) => { e.value = v; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})) })`

// wide looks at the page as on a desk too.
func (p phone) wide(name string) {
	p.t.Helper()
	p.run("a wide window", chromedp.EmulateViewport(1280, 800))
	p.sees("phone-" + name + "-1280")
	p.run("a phone again", chromedp.EmulateViewport(390, 844))
}

// TestAPlantOnThePhone accepts a load whole, in part and not at all, puts it into store, treats it
// with the network cut, packs the residue and tells the outcome.
func TestAPlantOnThePhone(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	ward, driver, who := handOf(t, s, city, "nurse.sample"), handOf(t, s, city, "driver.sample"), somebody(t, city, "plant.sample")
	boxes := ward.close(2500, 800, 900, 4000)
	m, loaded := send(t, ward, driver, who, "20261306000123", boxes[:3])
	driver.tell(event.TransportDelivered, event.Delivered{Vehicle: "冀F·00007"}, arrival(m, loaded, boxes[:3]))
	other, onRoad := send(t, ward, driver, who, "", boxes[3:])
	kept := ward.close(1000)[0] // never sent to the plant
	before := int64(5 + 2 + 1 + 2)

	plant := newPhone(t, s, city, "plant.sample")
	plant.signIn()
	plant.until("what is at the gate", `document.querySelector('a[href="#gate"]')?.textContent.includes("门口 3 件，在路上 1 件")`)
	plant.page("plant-home", "到货", "库存 0 件", "扫码")
	plant.open("#gate", `[data-at="gate"]`)
	plant.page("gate", "20261306000123", "冀F·00007", "3 件 · 4.2 kg", "在路上 1 单")
	plant.wide("gate")
	plant.scan(string(kept.label), "another's container is not known", `document.querySelector(".note.bad")?.textContent.includes("本机不认识")`)
	plant.scan("20261306000999", "an unknown number", `document.body.innerText.includes("不认识这张联单")`)
	plant.scan(s.URL+"/inspect/manifest/"+other.String(), "the load on the road", `document.body.innerText.includes("承运人还没有签“送达”")`)

	plant.scan(s.URL+"/inspect/manifest/"+m.String(), "the load", `document.querySelectorAll("select.verdict").length === 3`)
	a, b, c := boxes[0].id, boxes[1].id, boxes[2].id
	plant.in(a, put+`(x.querySelector("input.weight"), "2.48")`)
	plant.until("a small difference is within the tolerance", `document.querySelector('[data-batch="`+a.String()+`"] [data-within="true"]')?.textContent.includes("−0.02 kg")`)
	plant.in(a, put+`(x.querySelector("input.weight"), "2.2")`)
	plant.until("a large one is beyond", `document.querySelector('[data-batch="`+a.String()+`"] [data-within="false"]')?.textContent.includes("超出容差 0.025 kg（1%）")`)
	plant.in(a, put+`(x.querySelector("input.weight"), "25")`)
	plant.tap("签名 Sign")
	plant.trouble("重一倍以上")
	plant.in(a, put+`(x.querySelector("input.weight"), "2.48")`)
	plant.in(b, put+`(x.querySelector("select.verdict"), "part"); `+put+`(x.querySelector("input.refused"), "0.8")`)
	plant.tap("签名 Sign")
	plant.trouble("全部不要请选“拒收”")
	plant.in(b, put+`(x.querySelector("input.refused"), "0.3"); `+put+`(x.querySelector("input.packages"), "1")`)
	plant.in(c, put+`(x.querySelector("select.verdict"), "none"); `+put+`(x.querySelector("select.reason"), "9")`)
	plant.tap("签名 Sign")
	plant.trouble("请写明原因")
	plant.in(c, put+`(x.querySelector("input.words"), "样例：袋内有液体 SAMPLE")`)
	plant.page("check", "验收 3 件", "容差", "部分接受")
	plant.wide("check")
	plant.world(before)
	plant.tap("签名 Sign")
	plant.until("the stock", `location.hash === "#stock" && document.querySelectorAll("[data-batch]").length === 2`)
	plant.unsent(0)
	plant.world(before + 2)
	state := func(b id.Batch) batch.State { return must(s.Audit.Batch(t.Context(), b))(t).State }
	if x := state(a); x.Stage != batch.Accepted || x.Grams != 2480 || x.Custodian != who.Appointment.Party {
		t.Errorf("accepted whole: %+v", x)
	}
	if x := state(b); x.Stage != batch.Accepted || x.Grams != 500 || x.Packages != 1 {
		t.Errorf("accepted in part: %+v", x)
	}
	if x := state(c); x.Stage != batch.Refused || x.Custodian != driver.Party {
		t.Errorf("refused: %+v", x)
	}
	sheet := must(s.Audit.Manifest(t.Context(), m))(t).State
	if len(sheet.Lines) != 4 || sheet.Lines[1].Verdict != event.Part || sheet.Lines[1].Refused != 300 || !strings.Contains(sheet.Lines[1].Reason, "包装破损") ||
		sheet.Lines[2].Reason != "样例：袋内有液体 SAMPLE" || state(sheet.Lines[1].Rest).Grams != 300 {
		t.Errorf("the manifest: %+v", sheet)
	}
	plant.scan("20261306000123", "it was accepted already", `document.body.innerText.includes("已经验收过了")`)

	// Everything from here on without network.
	plant.cut(true)
	plant.open("#put", "#place")
	plant.tap("入库，签名")
	plant.trouble("请填写库房")
	plant.fill("#place", "样例一号库 SAMPLE")
	plant.tap("入库，签名")
	plant.until("in store", `location.hash === "#stock" && document.body.innerText.includes("样例一号库 SAMPLE")`)
	plant.page("stock", "库存 2 件", "2.98 kg", "利用处置")
	plant.wide("stock")
	plant.open("#treat", "#typed")
	plant.fill("#typed", string(boxes[0].label))
	plant.tap("确定")
	plant.until("one on the list", `document.querySelectorAll("[data-batch]").length === 1`)
	plant.fill("#typed", string(boxes[0].label))
	plant.tap("确定")
	plant.trouble("已在单子里")
	plant.fill("#typed", string(boxes[2].label))
	plant.tap("确定")
	plant.trouble("不在本单位手里")
	plant.tap("加入在库全部 1 件")
	plant.until("two on the list", `document.querySelectorAll("[data-batch]").length === 2`)
	if method := js[string](plant.walker, `document.querySelector("#method").value`); method != "Y10" {
		t.Errorf("the manifest's method is offered as %s", method)
	}
	plant.in(b, put+`(x.querySelector("input.weight"), "0.6")`)
	plant.tap("处置 2 件，签名")
	plant.trouble("只有 0.5 kg 在库")
	plant.in(b, put+`(x.querySelector("input.weight"), "0.5")`)
	js[bool](plant.walker, `(document.querySelector('input[value="kept"]').click(), true)`)
	plant.fill("input.wastecode", "772-003-18")
	js[bool](plant.walker, `(`+put+`(document.querySelector('[data-residue="1"] input.weight'), "3"), true)`)
	plant.tap("处置 2 件，签名")
	plant.trouble("残渣比投入的还重")
	js[bool](plant.walker, `(`+put+`(document.querySelector('[data-residue="1"] input.weight'), "0.41"), true)`)
	plant.fill("#facility", "样例焚烧炉 SAMPLE")
	plant.page("treat", "利用处置：2 件", "残渣 1", "Y10")
	plant.wide("treat")
	plant.tap("处置 2 件，签名")
	plant.until("the residue's label", `location.hash.startsWith("#labels/") && document.querySelector(".label svg.qr")`)
	plant.page("residue-label", "危险废物", "772-003-18", "0.41 kg")
	codes := plant.decoded()
	if len(codes) != 1 || !strings.HasPrefix(codes[0], s.URL+"/q/") {
		t.Fatalf("the label of the residue reads %q", codes)
	}
	plant.open("#outcome", "input.result")
	plant.page("outcome", "告知移出人结果", "20261306000123", "2 件")
	plant.tap("告知移出人，签名")
	plant.until("nothing more to tell", `document.body.innerText.includes("没有等着告知的")`)
	plant.unsent(3)
	plant.world(before + 2)
	plant.cut(false)
	plant.unsent(0)
	plant.world(before + 5)
	for _, x := range []id.Batch{a, b} {
		if st := state(x); st.Stage != batch.Reported || st.Grams != 0 || len(st.Methods) != 1 || st.Methods[0] != "Y10" {
			t.Errorf("treated: %+v", st)
		}
	}
	if ra, rb := state(a).Residue, state(b).Residue; ra+rb != 410 || ra < 300 {
		t.Errorf("the residue is shared as %d and %d", ra, rb)
	}
	ash := plant.batchOf(must(event.ParseLabel(strings.TrimPrefix(codes[0], s.URL+"/q/")))(t)).State
	if ash.Code != "772-003-18" || ash.Grams != 410 || ash.Stage != batch.Generated || ash.Generator != who.Appointment.Party {
		t.Errorf("the ash: %+v", ash)
	}

	// The driver's code alone, at a gate without network: the load on the road arrives.
	plant.cut(true)
	at, jws := driver.sign(event.TransportDelivered, event.Delivered{Vehicle: "冀F·00007"}, arrival(other, onRoad, boxes[3:]))
	plant.scan(s.URL+"/m/#take="+deliveryCode(at, boxes[3:]), "the load by the driver's code", `document.querySelectorAll("select.verdict").length === 1`)
	plant.tap("签名 Sign")
	plant.unsent(1)
	if _, err := driver.c.Send(t.Context(), jws); err != nil {
		t.Fatal(err)
	}
	plant.cut(false)
	plant.unsent(0)
	if x := state(boxes[3].id); x.Stage != batch.Accepted || x.Grams != 4000 {
		t.Errorf("by the driver's code: %+v", x)
	}
	if f := must(s.Audit.Findings(t.Context(), views.FindingFilter{Filter: views.Filter{Party: who.Appointment.Party}}, time.Now(), "", 50))(t); len(f.Items) == 0 {
		t.Error("no finding tells of the difference")
	}
}

// deliveryCode is what the driver's screen shows after the delivery was signed (world.js).
func deliveryCode(e event.Event, boxes []box) string {
	eid, mid := e.ID.UUID(), e.Manifest.UUID()
	b := append(append([]byte{1, 3}, eid[:]...), mid[:]...)
	b = append(b, byte(len(boxes)))
	for _, x := range boxes {
		bid := x.id.UUID()
		b = append(b, bid[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(x.grams))
		b = append(b, make([]byte, 4+1+17)...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// TestTwoGatesAcceptOneLoad has a colleague accept what a phone without network accepts too: the
// phone says so in plain words, and takes the log's word when it is told to.
func TestTwoGatesAcceptOneLoad(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	ward, driver, who := handOf(t, s, city, "nurse.sample"), handOf(t, s, city, "driver.sample"), somebody(t, city, "plant.sample")
	boxes := ward.close(2500)
	m, loaded := send(t, ward, driver, who, "", boxes)
	arrived := driver.tell(event.TransportDelivered, event.Delivered{Vehicle: "冀F·00007"}, arrival(m, loaded, boxes))
	plant := newPhone(t, s, city, "plant.sample")
	plant.signIn()
	plant.until("what is at the gate", `document.querySelector('a[href="#gate"]')?.textContent.includes("门口 1 件")`)
	plant.cut(true)
	plant.open("#check/"+m.String(), "select.verdict")
	plant.in(boxes[0].id, put+`(x.querySelector("input.weight"), "2.4")`)
	plant.tap("签名 Sign")
	plant.unsent(1)
	handOf(t, s, city, "plant.sample").tell(event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, func(e *event.Event) {
		line := boxes[0].line()
		line.Grams, line.Verdict = 2450, event.Whole
		e.Manifest, e.Refs, e.Batches = m, []id.Event{arrived.ID}, []event.Batch{line}
	})
	plant.cut(false)
	plant.open("#queue", `[data-state="held"]`)
	plant.page("conflict", "同事可能已经验收", "A colleague may have accepted it", "以服务器为准")
	plant.tap("不等了，以服务器为准")
	plant.trouble("再按一次")
	plant.tap("不等了，以服务器为准")
	plant.unsent(0)
	plant.open("#stock", "[data-batch]")
	plant.until("the log's weight", `document.querySelector("#stockgrams").textContent === "2.45 kg"`)
	if x := must(s.Audit.Batch(t.Context(), boxes[0].id))(t).State; x.Grams != 2450 || x.Stage != batch.Accepted {
		t.Errorf("accepted: %+v", x)
	}
}
