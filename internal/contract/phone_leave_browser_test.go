package contract

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	views "liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/client"
	samplecity "liandan/internal/sample"
	"liandan/internal/worklist"
)

// keeps waits until what the app keeps under a name is as it should be; x is its value.
func (p phone) keeps(name, holds string) {
	p.t.Helper()
	js[bool](p.walker, `new Promise((done, no) => { const end = Date.now() + 90000; const look = () => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const k = r.result.transaction("meta").objectStore("meta").get("`+name+`"); k.onsuccess = () => { r.result.close(); const x = k.result
			if (`+holds+`) done(true); else if (Date.now() > end) no(new Error("the app keeps `+name+` as " + JSON.stringify(x))); else setTimeout(look, 100) } } }; look() })`)
}

// TestPickUpUnderAuthorisationWithoutNetwork: a repair shop gives its leave on its own phone; the
// collector's phone, without network from the yard on, signs at the shop in its place, is warned of
// overload, unloads at the depot with a difference; the shop is told, and takes its leave back.
func TestPickUpUnderAuthorisationWithoutNetwork(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	shop := phoneOf(t, s, registered(t, city, "汽修厂一", "workshop", "shop.sample", access.SiteStaff))
	shop.signIn()
	round := registered(t, city, "收集点", "driver-1", "round.sample", access.Driver)
	shop.page("source-home", "装桶", "授权收集单位代签")
	shop.open("#leave", "#partnersearch")
	shop.fill("#partnersearch", "收集点")
	js[bool](shop.walker, `([...document.querySelectorAll(".picker button")].find((x) => x.textContent.includes("查找")).click(), true)`)
	shop.until("the collector is found", `document.querySelector(".picker input[type=radio]:checked")`)
	shop.fill("#leavecodes", "900-214-08, 900-249-08")
	shop.page("leave", "授权收集单位代签", "给新的授权", "收集点")
	shop.tap("授权，签名")
	shop.until("the leave is listed", `document.querySelector("[data-leave]")?.textContent.includes("900-249-08")`)
	shop.unsent(0)
	shop.world(1)

	site := shop.who.Appointment.Sites[0]
	lab := registered(t, city, "检测实验室一", "bench", "lab.sample", access.SiteStaff).Appointment.Sites[0]
	planner := must(s.Registry.NewToken(t.Context(), access.Appointment{Role: access.OrganisationAdministrator, Party: round.Appointment.Party}, "SAMPLE", time.Time{}))(t)
	plan(t, s, planner, fmt.Sprintf(`{"collector":%q,"vehicle":"冀F00009","driver":%q,"day":%q,"stops":[{"site":%q},{"site":%q}]}`, round.Appointment.Party,
		round.Appointment.Person, time.Now().In(calendar.Zone()).Format(time.DateOnly), site, lab))
	driver := phoneOf(t, s, round)
	driver.signIn()
	driver.keeps("plan", `x?.stops.length === 2`)
	driver.keeps("leaves", `x?.items.length === 1`)
	driver.keeps("names", `x?.["900-249-08"]`)
	driver.cut(true)
	driver.arrives("the yard", "#plate", chromedp.Navigate(s.URL+"/m/#trip"), chromedp.Reload())
	driver.tap("今日车次 冀F00009")
	driver.until("the line of the trip", `document.querySelector("svg.line circle.next") && document.querySelectorAll("svg.line circle").length === 2`)
	// The register of the sample city may know the vehicle or not: the driver's own figure stands here.
	js[bool](driver.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const store = r.result.transaction("meta", "readwrite").objectStore("meta"); const k = store.get("trip"); k.onsuccess = () => { store.put({...k.result, limit: 40000}, "trip").onsuccess = () => { r.result.close(); done(true) } } } })`)
	driver.open("#at/"+lab.String(), `a[href="#trip"].big`)
	driver.page("at-without", "没有网络或没有登录", "本机不知道这里给过本单位")
	driver.open("#pickup/"+lab.String(), ".note.bad")
	driver.page("pickup-without", "现在不能代签", "服务器的确认要写进所签的记录", "扫对方手机上的交接码")

	driver.open("#at/"+site.String(), `a[href$="/leave"]`)
	driver.page("at", "样例汽修厂一", "凭授权代签（2 种代码）")
	driver.tap("凭授权代签")
	driver.until("the form", `document.querySelector("select.wastecode")`)
	driver.fill("input.weight", "18.5")
	driver.tap("再加一桶")
	driver.until("two", `document.querySelectorAll("[data-drum]").length === 2`)
	js[bool](driver.walker, `(document.querySelectorAll("select.wastecode")[1].value = "900-249-08", document.querySelectorAll("input.weight")[1].value = "31", true)`)
	driver.tap("代签、装车")
	driver.until("overload is said before signing", `document.querySelector("#overload")?.closest(".note").textContent.includes("超过核定载重 9.5 千克")`)
	driver.page("pickup-leave", "凭授权代签", "没有网络也可以", "我知道超载")
	driver.unsent(0)
	js[bool](driver.walker, `(document.querySelectorAll("input.weight")[1].value = "20", true)`)
	driver.tap("代签、装车")
	driver.until("what was signed, for the source's eyes", `location.hash.startsWith("#told/") && document.querySelector("#toldsum")?.textContent.includes("2 桶 · 38.5 kg")`)
	driver.page("told", "已代签、已装车", "样例汽修厂一", "900-249-08")
	driver.unsent(4)
	driver.tap("回到行程")
	driver.until("the totals", `document.querySelector("#onboard")?.textContent.includes("2 袋 · 38.5 kg") && document.querySelector("#room")?.textContent.includes("1.5 kg")`)
	driver.until("by code, and the stop is done", `document.querySelector('[data-code="900-214-08"]')?.textContent.includes("18.5") && document.querySelector('svg.line circle.done')`)
	driver.tap("跳过")
	driver.fill("#reason", "样例 SAMPLE 闭门")
	driver.tap("跳过，签名")
	driver.until("skipped", `document.querySelector("svg.line circle.skipped")`)
	driver.page("trip-line", "车上", "余量", "900-214-08", "已跳过")
	driver.run("a tablet's width", chromedp.EmulateViewport(1280, 900))
	driver.page("trip-line-1280", "车上", "余量")
	driver.run("a phone's width", chromedp.EmulateViewport(390, 844))
	driver.tap("到站卸车 2 袋")
	driver.until("what to unload", `document.querySelectorAll("[data-batch]").length === 2`)
	js[bool](driver.walker, `(() => { const f = [...document.querySelectorAll("input.weight")].find((x) => x.value === "20"); f.value = "19.75"; f.dispatchEvent(new Event("input", {bubbles: true})); return true })()`)
	driver.until("the difference is named", `document.querySelector("#sums").textContent.includes("−0.25 kg") && document.querySelector("#sums").textContent.includes("20 → 19.75")`)
	driver.page("unload", "装车时", "差异")
	driver.tap("卸车，签名")
	driver.until("the summary", `document.querySelector("#onboard")?.textContent.includes("0 袋") && document.body.innerText.includes("装 38.5 kg，卸 38.25 kg")`)
	driver.unsent(6)
	shop.world(1)

	driver.cut(false)
	driver.unsent(0)
	driver.world(7)
	p, err := s.Audit.Work(t.Context(), views.Moving, views.Filter{Kind: worklist.Batch, Party: shop.who.Appointment.Party}, time.Now(), "", 10)
	if err != nil || len(p.Items) != 2 {
		t.Fatalf("%+v %v", p, err)
	}
	for _, i := range p.Items {
		if b := i.Batch; b.Stage != "delivered" || b.Generator != shop.who.Appointment.Party || b.Agent != round.Appointment.Party {
			t.Errorf("the drum is %+v", b)
		}
	}
	shop.arrives("the shop looks again", `a[href="#behalf"]`, chromedp.Navigate(s.URL+"/m/#"), chromedp.Reload())
	shop.tap("替本单位签的 2 桶")
	shop.until("what was signed in its place", `document.querySelectorAll("[data-batch]").length === 2`)
	shop.page("behalf", "替本单位签的", "凭长期授权", "900-214-08")

	// Taken back while the driver's phone is out of reach: what it signs then comes back with words.
	driver.cut(true)
	driver.arrives("out of reach", "select.wastecode", chromedp.Navigate(s.URL+"/m/#pickup/"+site.String()+"/leave"), chromedp.Reload())
	shop.open("#leave", "[data-leave] button")
	shop.tap("收回授权，签名")
	shop.until("taken back", `document.querySelector("[data-leave]").textContent.includes("已收回")`)
	shop.unsent(0)
	shop.world(8)
	driver.fill("input.weight", "5")
	driver.tap("代签、装车")
	driver.until("signed", `location.hash.startsWith("#told/")`)
	driver.unsent(3)
	driver.cut(false)
	driver.arrives("what became of it", `[data-state=held], [data-state=refused]`, chromedp.Navigate(s.URL+"/m/#queue"))
	driver.until("what to do is said", `document.body.innerText.includes("对方没有给过这样的授权、已收回") && document.body.innerText.includes("同一桶的前一条还没有收下")`)
	driver.page("leave-gone", "按纸质单补录")
	driver.world(8)
	r := must(http.Get(s.URL + "/m/"))(t)
	_ = r.Body.Close()
	if got := r.Header.Get("Permissions-Policy"); got != "camera=(self), serial=(self)" {
		t.Errorf("the app's permissions are %q", got)
	}
}
