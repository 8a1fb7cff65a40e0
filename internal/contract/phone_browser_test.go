package contract

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	views "liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/label"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
	"liandan/internal/worklist"
)

// phone is one person's phone with the app.
type phone struct {
	walker
	s   *server.Server
	who samplecity.Somebody
}

// waits is how long anything may take to come. Only what never comes takes that long, so it is long enough for a machine on
// which ten others are at work.
const waits = 90 * time.Second

// js runs an expression, which may be a promise.
func js[T any](w walker, expression string) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		text, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		w.t.Fatalf("%.300s: %.1000s; the page:\n%s", expression, err.Error(), text)
	}
	return v
}

// until waits for an expression to hold. A page that is just being left answers nothing; it is asked again.
func (w walker) until(what, expression string) {
	w.t.Helper()
	for end := time.Now().Add(waits); ; time.Sleep(50 * time.Millisecond) {
		holds, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`))
		if err == nil && holds {
			return
		}
		if time.Now().After(end) {
			text, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
			w.t.Fatalf("%s: never came (%v); the page:\n%s", what, err, text)
		}
	}
}

// tap presses the button or link that says so.
func (w walker) tap(says string) {
	w.t.Helper()
	quoted := string(must(json.Marshal(says))(w.t))
	w.until("something to tap that says "+says, `((found) => found && (found.click(), true))([...document.querySelectorAll("button,a")].find((x) => x.textContent.includes(`+quoted+`) && !x.disabled))`)
}

// fill types into a field, as a person or a scale does; who is interrupted by a page that is drawn again begins again.
func (w walker) fill(field, text string) {
	w.t.Helper()
	quoted := string(must(json.Marshal(field))(w.t))
	for range 5 {
		w.until("the field "+field, `(window.typing = document.querySelector(`+quoted+`)) && ((typing.value = ""), typing.focus(), document.activeElement === typing)`)
		w.run("the field "+field, chromedp.KeyEvent(text))
		if text == "" || strings.HasSuffix(text, "\n") || js[bool](w, `typing.isConnected && typing.value !== ""`) {
			return
		}
	}
	w.t.Fatalf("the field %s is drawn again whenever it is typed into", field)
}

// cut takes the network away, or gives it back.
func (w walker) cut(off bool) {
	w.t.Helper()
	conditions := network.Conditions{Latency: 0, DownloadThroughput: -1, UploadThroughput: -1, Offline: off}
	if _, err := chromedp.Call(w.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&conditions}}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := chromedp.Call(w.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
		w.t.Fatal(err)
	}
	w.until("the page knows of the network", `navigator.onLine === `+map[bool]string{true: "false", false: "true"}[off])
	// A document that is loaded anew while the network is cut can be quicker than Chromium is in cutting it off; what the
	// worker of the app gives it is no network.
	guard := cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `if (sessionStorage.cut) { const real = fetch; fetch = (...a) => sessionStorage.cut && String(a[0]?.url ?? a[0]).includes("/v1/") ? Promise.reject(new TypeError("cut off")) : real(...a) }`}
	if _, err := chromedp.Call(w.ctx, cdpage.AddScriptToEvaluateOnNewDocument, guard); err != nil {
		w.t.Fatal(err)
	}
	js[bool](w, `(sessionStorage.cut = "`+map[bool]string{true: "1"}[off]+`", true)`)
}

// axe is what an accessibility checker that we did not write finds, as "rule: where".
func (w walker) axe(name string) {
	w.t.Helper()
	source := must(os.ReadFile("../web/testdata/axe.min.js"))(w.t)
	js[bool](w, `if (!window.axe) {`+string(source)+`}; true`)
	found := js[string](w, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
		.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join("; ")).join("\n"))`)
	if found != "" {
		w.t.Errorf("%s: %s", name, found)
	}
}

// page checks what holds for every page of the app, and keeps a picture of it.
func (p phone) page(name string, words ...string) {
	p.t.Helper()
	p.sees("phone-"+name, words...)
	p.axe(name)
	p.forThumbs(name)
}

// forThumbs fails unless all that can be touched is large enough for it.
func (p phone) forThumbs(name string) {
	p.t.Helper()
	if small := js[string](p.walker, `[...document.querySelectorAll("main button, main a, main input:not([type=radio]):not([type=checkbox]), nav a")]
		.filter((x) => x.offsetParent && x.getBoundingClientRect().height < 44).map((x) => x.outerHTML).join("\n")`); small != "" {
		p.t.Errorf("%s: too small for a thumb: %s", name, small)
	}
}

// decoded reads the codes on the page by a program that we did not write.
func (w walker) decoded() []string {
	w.t.Helper()
	picture := filepath.Join(w.t.TempDir(), "codes.png")
	if err := os.WriteFile(picture, must(chromedp.Run(w.ctx, chromedp.FullScreenshot(100)))(w.t), 0o600); err != nil {
		w.t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture).Output()
	if err != nil {
		w.t.Fatalf("zbarimg (make test installs it): %v", err)
	}
	return strings.Fields(string(out))
}

// newPhone is a browser with the app, enrolled for a person of the city by a one-time code.
func newPhone(t *testing.T, s *server.Server, city *samplecity.City, login string, options ...chromedp.ExecAllocatorOption) phone {
	t.Helper()
	return phoneOf(t, s, somebody(t, city, login), options...)
}

// phoneOf is a phone of anybody in the register.
func phoneOf(t *testing.T, s *server.Server, who samplecity.Somebody, options ...chromedp.ExecAllocatorOption) phone {
	t.Helper()
	login := who.Login
	code, _, err := s.Registry.NewEnrolment(t.Context(), "test", who.Appointment.Party, who.Appointment.Person, "样例手机 SAMPLE "+login, 30)
	if err != nil {
		t.Fatal(err)
	}
	p := phone{walker{t, browser(t, options...)}, s, who}
	p.listen()
	p.arrives("the app", "#code", chromedp.Navigate(s.URL+"/m/#enrol="+code))
	if at := js[string](p.walker, `location.href + " " + document.getElementById("code").value`); at != s.URL+"/m/#enrol "+code {
		t.Errorf("the code is in the address: %q", at)
	}
	p.page("enrol-"+login, "登记本机", "never sees it", "丢失")
	p.tap("登记 Enrol")
	p.until("the home page", `document.querySelector('a[href="#scan"].main')`)
	p.until("the app kept on the phone", `document.querySelector("#kept")?.textContent.includes("可离线使用")`)
	return p
}

// listen tells what the browser's console said beside refused connections and what the test
// provokes, for it should say nothing.
func (w walker) listen(provoked ...string) {
	messages := chromedp.Console(w.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return // the browser is gone
			}
			if strings.Contains(m.Text, "navigator.vibrate") { // which a browser does for a finger, not for a script
				continue
			}
			if !slices.ContainsFunc(provoked, func(x string) bool { return strings.Contains(m.Text, x) }) && !strings.Contains(m.Text, "ERR_INTERNET_DISCONNECTED") && !strings.Contains(m.Text, "status of 401") && !strings.Contains(m.Text, "status of 409") {
				w.t.Errorf("the console: %s", m)
			}
		}
	}()
}

// unsent waits until the app says so many are not yet sent.
func (p phone) unsent(n int) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Log(js[string](p.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
				const k = r.result.transaction("events").objectStore("events").getAll(); k.onsuccess = () => { r.result.close(); done(JSON.stringify(k.result.map((e) => [e.type, e.state, e.problem]))) } } })`))
		}
	}()
	p.until("not yet sent", `document.getElementById("unsent").textContent.includes("not yet sent (`+strconv.Itoa(n)+`)")`)
}

// world is what the log holds: so many events, sound.
func (p phone) world(events int64) {
	p.t.Helper()
	if err := p.s.Record.Flush(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	r, err := p.s.Audit.Check(p.t.Context(), views.Options{})
	if err != nil || !r.Sound() || int64(r.Events) != events {
		p.t.Fatalf("the log holds %d events, expected %d; %+v %v", r.Events, events, r, err)
	}
}

// bag closes one, and gives its label by the picture of its code.
func (p phone) bag(department, kg, shot string) event.Label {
	p.t.Helper()
	p.arrives("home", "#weight", chromedp.Navigate(p.s.URL+"/m/#bag"))
	p.fill("#department", department)
	p.fill("#weight", kg)
	if shot != "" {
		p.page("bag", "封袋", "Close a bag", "感染")
	}
	p.tap("签名并出标签")
	p.until("the label", `document.querySelector("#token")`)
	if shot != "" {
		p.page(shot, "标签", "medical waste", department, kg+" kg")
	}
	codes := p.decoded()
	if len(codes) != 1 || !strings.HasPrefix(codes[0], p.s.URL+"/q/") {
		p.t.Fatalf("the label's code reads %q", codes)
	}
	l, err := event.ParseLabel(strings.TrimPrefix(codes[0], p.s.URL+"/q/"))
	if err != nil || !strings.HasPrefix(js[string](p.walker, `document.querySelector("#token").textContent.replaceAll(" ", "")`), string(l)) {
		p.t.Fatalf("label %q: %v", codes[0], err)
	}
	return l
}

// batchOf finds the batch of a label in the store.
func (p phone) batchOf(l event.Label) views.BatchView {
	p.t.Helper()
	var b id.Batch
	err := p.s.Store.Read(p.t.Context(), func(r views.Reader) (err error) {
		b, _, err = r.Label(l)
		return err
	})
	if err != nil {
		p.t.Fatalf("the label %s: %v", l, err)
	}
	return must(p.s.Audit.Batch(p.t.Context(), b))(p.t)
}

// TestAPhoneWithoutNetwork closes bags and hands them over with the network cut, across a
// reload; nothing is lost, each event is in the log once, and the taker's phone takes over what
// the giver's screen shows.
func TestAPhoneWithoutNetwork(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	nurse := newPhone(t, s, city, "nurse.sample")
	nurse.page("home", "封袋", "扫码", "not yet sent (0)")
	if out := js[string](nurse.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const k = r.result.transaction("meta").objectStore("meta").get("key"); k.onsuccess = async () => {
			const open = await crypto.subtle.exportKey("jwk", k.result.keys.privateKey).then(() => "exported", () => "locked"); r.result.close(); done(open + " " + k.result.alg + " " + k.result.kid) } } })`); !strings.HasPrefix(out, "locked EdDSA ") {
		t.Errorf("the key is %s", out)
	}

	nurse.cut(true)
	first := nurse.bag("内科 SAMPLE", "1.25", "label")
	nurse.unsent(1)
	second := nurse.bag("内科 SAMPLE", "0.875", "")
	nurse.arrives("a reload without network", "#token", chromedp.Reload())
	nurse.unsent(2)
	nurse.world(0)
	nurse.arrives("many", "#typed", chromedp.Navigate(s.URL+"/m/#many/batch.released"))
	nurse.fill("#typed", strings.ToLower(string(first[:20]))+" "+string(first[20:]))
	nurse.tap("确定")
	nurse.until("one bag on the list", `document.querySelectorAll("[data-batch]").length === 1`)
	nurse.fill("#typed", string(first[:26])+wrong(first[26]))
	nurse.tap("确定")
	nurse.until("a mistyped code is said to be none", `document.querySelector('[role=alert]')?.textContent.includes("不是袋上的标签码")`)
	nurse.tap("加入本机全部 1 袋")
	nurse.until("two bags on the list", `document.querySelectorAll("[data-batch]").length === 2`)
	nurse.page("many", "交出：2 袋")
	nurse.tap("交出 2 袋，签名")
	nurse.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	nurse.page("give", "交接码", "Neither phone needs network")
	code := nurse.decoded()
	if len(code) != 1 || !strings.HasPrefix(code[0], s.URL+"/m/#take=") {
		t.Fatalf("the hand-over code reads %q", code)
	}
	nurse.unsent(3)
	nurse.arrives("the queue", `[data-state="waiting"]`, chromedp.Navigate(s.URL+"/m/#queue"))
	nurse.page("queue", "未发送 (3)", "产生", "内部交出")
	nurse.world(0)

	nurse.cut(false)
	nurse.unsent(0)
	nurse.world(3)
	for l, grams := range map[event.Label]int64{first: 1250, second: 875} {
		v := nurse.batchOf(l)
		if v.State.Stage != "released" || int64(v.State.Grams) != grams || v.State.Custodian != nurse.who.Appointment.Party || v.State.N != 2 || v.State.Department != "内科 SAMPLE" {
			t.Errorf("%s is %+v", l, v.State)
		}
	}
	// All again, as after a lost answer: the bytes are known, and nothing is added.
	if again := js[string](nurse.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const k = r.result.transaction("events").objectStore("events").getAll(); k.onsuccess = async () => { r.result.close()
			const body = k.result.map((e) => e.jws).reverse().join("\n") + "\n"
			const a = await fetch("/v1/events", {method: "POST", headers: {"content-type": "application/x-ndjson"}, body})
			done((await a.text()).trim().split("\n").map((l) => JSON.parse(l).status).join()) } } })`); again != "200,200,200" {
		t.Errorf("sent again: %s", again)
	}
	nurse.world(3)

	porter := newPhone(t, s, city, "porter.sample")
	porter.arrives("scan", "#typed", chromedp.Navigate(s.URL+"/m/#scan"))
	porter.cut(true)
	porter.fill("#typed", code[0])
	porter.tap("确定")
	porter.until("what to take over", `document.querySelectorAll("[data-batch]").length === 2`)
	porter.page("take", "接收 2 袋")
	if w := js[string](porter.walker, `[...document.querySelectorAll("input.weight")].map((x) => x.value).sort().join()`); w != "0.875,1.25" {
		t.Errorf("the weights come as %s", w)
	}
	porter.tap("接收，签名")
	porter.unsent(1)
	porter.page("held", "在管 2 袋", "2 held")
	porter.cut(false)
	porter.unsent(0)
	porter.world(4)
	for _, l := range []event.Label{first, second} {
		if v := nurse.batchOf(l); v.State.Stage != "received" || v.State.N != 3 {
			t.Errorf("%s is %+v", l, v.State)
		}
	}
}

// signIn gives the phone's person an account and signs in on the phone, as somebody who wants to
// look things up does.
func (p phone) signIn() { p.signInTo(`a[href="#scan"].main`) }

// signInTo signs in and waits for what the person's home page begins with.
func (p phone) signInTo(home string) {
	p.t.Helper()
	member(p.t, p.s, p.who.Login, p.who.Appointment)
	p.arrives("the form", "#login", chromedp.Navigate(p.s.URL+"/signin?next=/m/"))
	p.entersAs(p.who.Login, home)
	p.until("the app knows who is signed in", `!document.body.innerText.includes("Not signed in")`)
}

// open goes to a page of the app.
func (p phone) open(to, waitFor string) {
	p.t.Helper()
	js[bool](p.walker, `(location.hash = "`+to+`", true)`)
	p.until(to, `document.querySelector(`+strconv.Quote(waitFor)+`)`)
}

// TestBagsStoreAndTripOnPhones takes two bags from the ward through the store onto a vehicle and
// to the plant's gate: the nurse signed in, the driver without network from stop to depot.
func TestBagsStoreAndTripOnPhones(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	plant := somebody(t, city, "plant.sample").Appointment
	nurse := newPhone(t, s, city, "nurse.sample")
	nurse.signIn()
	first := nurse.bag("外科 SAMPLE", "2.5", "")
	second := nurse.bag("外科 SAMPLE", "0.75", "")
	nurse.unsent(0)
	nurse.world(2)
	nurse.open("#many/batch.stored", "#typed")
	nurse.tap("加入本机全部")
	nurse.until("two bags", `document.querySelectorAll("[data-batch]").length === 2`)
	nurse.tap("入暂存间 2 袋，签名")
	nurse.until("the list", `location.hash === "#bags"`)
	nurse.unsent(0)
	nurse.page("bags", "在管 2 袋", "医疗废物暂存间", "in time", "48 小时")
	if v := nurse.batchOf(first); v.State.Stage != "stored" || v.State.Room != "医疗废物暂存间" || int64(v.State.Grams) != 2500 {
		t.Errorf("stored: %+v", v.State)
	}
	// What another device signed comes in by itself, and a bag that is gone from here goes.
	nurse.arrives("opened anew", `[data-batch]`, chromedp.Reload())
	nurse.until("the bags as the server has them", `document.querySelectorAll("[data-band=fresh]").length === 2`)

	nurse.open("#many/manifest.issued", "#typed")
	nurse.tap("加入本机全部 2 袋")
	nurse.until("two bags", `document.querySelectorAll("[data-batch]").length === 2`)
	camera := filepath.Join(t.TempDir(), "camera.y4m")
	driver := newPhone(t, s, city, "driver.sample", chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", camera))
	choose := func(part string, p id.Party) {
		t.Helper()
		org, _, err := s.Registry.Organisation(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		nurse.fill("#"+part+"search", org.Name)
		js[bool](nurse.walker, `(document.querySelector("#`+part+`search").closest(".picker").querySelector(":scope > button").click(), true)`)
		nurse.until("the name of the "+part, `document.querySelector("#`+part+`search").closest(".picker").querySelector(":checked")?.value === "`+p.String()+`"`)
	}
	nurse.until("whom the register's plan names is offered first", `document.querySelector(".picker :checked")?.closest("label").textContent.includes("登记有协议")`)
	choose("carrier", driver.who.Appointment.Party)
	choose("consignee", plant.Party)
	nurse.until("and its places", `document.querySelector("#consigneesite :checked")?.value === "`+plant.Sites[0].String()+`"`)
	nurse.page("issue", "出库交承运人：2 袋", "查找承运人", "送到", "查不到名称？填编号")
	nurse.tap("出库交承运人 2 袋，签名")
	nurse.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	nurse.unsent(0)
	codes := nurse.decoded()
	if len(codes) != 1 {
		t.Fatalf("codes %q", codes)
	}
	if v := nurse.batchOf(first); v.State.Stage != "issued" || v.State.Carrier != driver.who.Appointment.Party {
		t.Errorf("issued: %+v", v.State)
	}

	driver.cut(true)
	driver.open("#trip", "#plate")
	driver.fill("#plate", "冀F·00001")
	driver.tap("开始")
	driver.until("the trip", `document.querySelector("#onboard")`)
	show(t, camera, codes[0])
	driver.open("#scan", "video")
	driver.until("what to load", `document.querySelectorAll("[data-batch]").length === 2`)
	js[bool](driver.walker, `([...document.querySelectorAll("input.weight")].find((x) => x.value === "2.5").value = "2.48", true)`)
	driver.page("load", "装车 2 袋", "车牌")
	driver.tap("装车，签名")
	driver.until("loaded", `document.querySelector("#onboard")?.textContent.includes("2 袋 · 3.23 kg")`)
	driver.page("trip", "行程", "冀F·00001", "车上")
	driver.tap("到站卸车 2 袋")
	driver.until("what to unload", `document.querySelectorAll("[data-batch]").length === 2`)
	driver.tap("卸车，签名")
	driver.until("empty", `document.querySelector("#onboard")?.textContent.includes("0 袋")`)
	driver.unsent(2)
	nurse.world(4)
	driver.cut(false)
	driver.unsent(0)
	nurse.world(6)
	for l, grams := range map[event.Label]int64{first: 2480, second: 750} {
		v := nurse.batchOf(l)
		if v.State.Stage != "delivered" || int64(v.State.Grams) != grams || v.State.Vehicle != "冀F·00001" || v.State.Consignee != plant.Party {
			t.Errorf("delivered: %+v", v.State)
		}
	}
	nurse.run("the bags are gone from the store", chromedp.Navigate(s.URL+"/m/#bags"), chromedp.Reload())
	nurse.until("nothing is held", `document.querySelector("h1").textContent.includes("在管 0 袋")`)
}

// show has the camera see a code: one grey picture, as a YUV4MPEG2 film.
func show(t *testing.T, file, code string) {
	t.Helper()
	const width, height = 960, 720
	rows := must(label.Modules(code))(t)
	scale := height / (len(rows) + 8)
	left, top := (width-scale*len(rows))/2, (height-scale*len(rows))/2
	picture := bytes.Repeat([]byte{200}, width*height)
	for y := range scale * len(rows) {
		for x := range scale * len(rows) {
			picture[(top+y)*width+left+x] = 220
			if rows[y/scale][x/scale] {
				picture[(top+y)*width+left+x] = 40
			}
		}
	}
	frame := append(picture, bytes.Repeat([]byte{128}, width*height/2)...) // no colour
	film := fmt.Appendf(nil, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height)
	for range 3 {
		film = append(append(film, "FRAME\n"...), frame...)
	}
	if err := os.WriteFile(file, film, 0o600); err != nil {
		t.Fatal(err)
	}
}

// registered finds a person of the city's register by organisation and name, as holder of a role
// at the organisation's place.
func registered(t *testing.T, city *samplecity.City, organisation, person, login string, role access.Role) samplecity.Somebody {
	t.Helper()
	rows := func(kind string) [][]string {
		return must(csv.NewReader(bytes.NewReader(city.Registers()[kind])).ReadAll())(t)
	}
	find := func(kind, credit, text string) []string {
		for _, r := range rows(kind) {
			if (credit == "" || r[0] == credit) && strings.Contains(r[1], text) {
				return r
			}
		}
		t.Fatalf("%s has no %s", kind, text)
		return nil
	}
	org := find("organisations", "", organisation)
	g := access.Appointment{Role: role, Party: must(id.ParseParty(org[len(org)-1]))(t)}
	p := find("people", org[0], person)
	g.Person = must(id.ParsePerson(p[len(p)-1]))(t)
	if role == access.SiteStaff {
		site := find("sites", org[0], "")
		g.Sites = []id.Site{must(id.ParseSite(site[len(site)-1]))(t)}
	}
	return samplecity.Somebody{Login: login, Name: "样例 SAMPLE " + login, Appointment: g}
}

// TestPickUpByOneTimeCode: a repair shop shows its code after the weighing, the collector signs in
// its place; a code works once.
func TestPickUpByOneTimeCode(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	shop := phoneOf(t, s, registered(t, city, "汽修厂一", "workshop", "shop.sample", access.SiteStaff))
	shop.signIn()
	shop.tap("出示收运码")
	shop.tap("出示新码")
	shop.until("the digits", `document.querySelector("#digits")`)
	shop.page("stopcode", "出示即表示同意", "15 minutes")
	shown := shop.decoded()
	if len(shown) != 1 || !strings.HasPrefix(shown[0], s.URL+"/m/#source=") {
		t.Fatalf("the source shows %q", shown)
	}

	driver := phoneOf(t, s, registered(t, city, "收集点", "driver-1", "round.sample", access.Driver))
	lab := registered(t, city, "检测实验室一", "bench", "lab.sample", access.SiteStaff).Appointment.Sites[0]
	// What a dispatcher plans at the desk is what the phone shows as today's trip, in that order.
	planOnPage(t, s, driver.who.Appointment.Party, driver.who.Appointment.Person, "冀F00009", time.Now().In(calendar.Zone()).Format(time.DateOnly), lab, shop.who.Appointment.Sites[0])
	driver.signIn()
	driver.open("#trip", "#plate")
	driver.tap("今日车次 冀F00009")
	driver.until("the trip", `document.querySelector("#onboard")`)
	driver.page("plan", "计划 2 站", "样例汽修厂一", "样例检测实验室一", "待收")
	driver.keeps("plan", `x?.stops[0].site === "`+shop.who.Appointment.Sites[0].String()+`"`)
	driver.open("#skip/"+lab.String(), "#reason")
	driver.fill("#reason", "样例 SAMPLE 闭门")
	driver.tap("跳过，签名")
	driver.until("skipped", `document.querySelector("#onboard") && document.body.innerText.includes("已跳过：样例 SAMPLE 闭门")`)
	driver.unsent(0)
	driver.world(1)
	load := func(digits string) {
		driver.open("#scan", "#typed")
		driver.fill("#typed", shown[0])
		driver.tap("确定")
		driver.until("the form", `document.querySelector("#stopdigits")`)
		driver.fill("input.wastecode", "900-214-08")
		driver.fill("input.weight", "18")
		if digits != "" {
			driver.fill("#stopdigits", digits)
		}
		driver.page("pickup", "小源收运", "第 1 桶")
		driver.tap("确认、装车，签名")
	}
	right := shown[0][len(shown[0])-6:]
	load(strings.Map(func(r rune) rune { return '0' + ('9'-r+1)%10 }, right))
	driver.until("wrong digits are said to be wrong", `document.querySelector(".trouble")?.textContent.includes("收运码不对")`)
	driver.world(1)
	load("")
	driver.until("what was signed, for the source's eyes", `document.querySelector("#toldsum")?.textContent.includes("1 桶 · 18 kg")`)
	driver.tap("回到行程")
	driver.until("loaded", `document.querySelector("#onboard")?.textContent.includes("1 袋 · 18 kg")`)
	driver.unsent(0)
	driver.world(4)
	load("")
	driver.until("a code works once", `document.querySelector(".trouble")?.textContent.includes("已用过")`)
	driver.world(4)
	p, err := s.Audit.Work(t.Context(), views.Moving, views.Filter{Kind: worklist.Batch, Party: shop.who.Appointment.Party}, time.Now(), "", 10)
	if err != nil || len(p.Items) != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	if b := p.Items[0].Batch; b.Stage != "in_transit" || b.Generator != shop.who.Appointment.Party || b.Agent != driver.who.Appointment.Party || int64(b.Grams) != 18_000 {
		t.Errorf("the drum is %+v", b)
	}
}

// plan makes a trip, as the collector's administrator.
func plan(t *testing.T, s *server.Server, token, body string) {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/trips", strings.NewReader(body)))(t)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp := must(http.DefaultClient.Do(r))(t)
	defer resp.Body.Close()
	if told := must(io.ReadAll(resp.Body))(t); resp.StatusCode != http.StatusCreated {
		t.Fatalf("the plan: %d %s", resp.StatusCode, told)
	}
}
