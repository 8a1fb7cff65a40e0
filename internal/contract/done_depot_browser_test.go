package contract

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// TestASmallSourcesStoryInBrowsers is the part of issue 7's that goes by a depot: from two repair
// shops, without network, through the collector's store to the plant, and to indicator 38.
func TestASmallSourcesStoryInBrowsers(t *testing.T) {
	t.Parallel()
	x := &depotTale{tale: *newTale(t, 390)}
	x.thorough = true
	x.settle()
	x.figuresBefore()
	x.phonesForAll()
	x.gives()
	x.round()
	x.atDepot()
	x.onward()
	x.atPlant()
	x.told()
	x.seen()
	x.proven()
}

// depotTale is a tale with the collector's people in it.
type depotTale struct {
	tale
	absent, signing        phone // a shop that lets the collector sign, and one that signs itself
	driving, keeper, trunk phone // the collector's: who drives from shop to shop, who keeps the store, who drives to the plant
	drums                  []given
	second                 id.Manifest // the depot's own
}

// given is what one shop gives.
type given struct {
	from  *phone
	id    id.Batch
	sheet id.Manifest // to the depot
	grams waste.Grams // by the scale of the depot
}

func (x *depotTale) phonesForAll() {
	x.t.Helper()
	desk := x.registrar()
	enrol := func(org, person, login string, role access.Role) phone {
		return x.enrol(desk, registered(x.t, x.city, org, person, login, role))
	}
	x.absent = enrol("汽修厂一", "workshop", "shop-1.sample", access.SiteStaff)
	x.signing = enrol("汽修厂二", "workshop", "shop-2.sample", access.SiteStaff)
	x.driving = enrol("收集点", "driver-1", "round.sample", access.Driver)
	x.keeper = enrol("收集点", "keeper", "depot.sample", access.SiteStaff)
	x.trunk = enrol("收集点", "driver-2", "trunk.sample", access.Driver)
	x.plant = x.enrol(desk, somebody(x.t, x.city, "plant.sample"))
	x.holds(0)
}

// names chooses an organisation of the way by its name.
func (p phone) names(part, name, site string) {
	p.t.Helper()
	p.fill("#"+part+"search", name)
	js[bool](p.walker, `(document.querySelector("#`+part+`search").closest(".picker").querySelector(":scope > button").click(), true)`)
	p.until("the name of the "+part, `document.querySelector("#`+part+`search").closest(".picker").querySelector(":checked")?.value === "`+site+`"`)
}

// gives is the leave that the first shop gives to its collector.
func (x *depotTale) gives() {
	x.t.Helper()
	x.absent.signIn()
	x.absent.open("#leave", "#partnersearch")
	x.absent.names("partner", "收集点", x.driving.who.Appointment.Party.String())
	x.absent.fill("#leavecodes", "900-214-08, 900-249-08")
	x.absent.page("depot-leave", "授权收集单位代签", "收集点")
	x.absent.tap("授权，签名")
	x.absent.until("the leave is listed", `document.querySelector("[data-leave]")?.textContent.includes("900-249-08")`)
	x.absent.unsent(0)
	x.holds(1)
}

// round is the collector's way from shop to shop and back to its store, all of it without
// network: the first shop's drum is signed by its leave, the second's by its own phone, which has
// no network either. The driver is back first; nothing is sent twice.
func (x *depotTale) round() {
	x.t.Helper()
	d, shop := &x.driving, &x.signing
	d.signIn()
	d.keeps("leaves", `x?.items.length === 1`)
	d.keeps("names", `x?.["900-249-08"]`)
	shop.signIn()
	shop.keeps("partners", `x?.some((p) => p.id === "`+d.who.Appointment.Party.String()+`")`)
	d.cut(true)
	shop.cut(true)

	d.open("#trip", "#plate")
	d.fill("#plate", "样例-小DRIVER-1")
	d.tap("开始")
	d.until("the trip", `document.querySelector("#onboard")`)
	d.open("#at/"+x.absent.who.Appointment.Sites[0].String(), `a[href$="/leave"]`)
	d.tap("凭授权代签")
	d.until("the form", `document.querySelector("select.wastecode")`)
	d.fill("input.weight", "18.5")
	d.page("depot-pickup", "凭授权代签", "没有网络也可以")
	d.tap("代签、装车")
	d.until("what was signed, for the source's eyes", `location.hash.startsWith("#told/") && document.querySelector("#toldsum")?.textContent.includes("1 桶 · 18.5 kg")`)
	byLeave := must(id.ParseBatch(js[string](d.walker, `document.querySelector("[data-batch]").dataset.batch`)))(x.t)
	d.unsent(3)

	shop.open("#drum", "input.wastecode")
	shop.fill("input.wastecode", "900-214-08")
	shop.fill("input.weight", "20.5")
	shop.tap("签名并出标签")
	shop.until("the label", `document.querySelector("#token")`)
	label := must(event.ParseLabel(js[string](shop.walker, `document.querySelector("#token").textContent.replaceAll(" ", "")`)))(x.t)
	shop.open("#many/manifest.issued", "#typed")
	shop.tap("加入本机全部 1 袋")
	shop.until("whom the register names, without network", `document.querySelector("#consigneesite :checked") && [...document.querySelectorAll(".picker :checked")].every((x) => x.value === "`+d.who.Appointment.Party.String()+`")`)
	shop.tap("出库交承运人 1 袋，签名")
	shop.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	shop.unsent(2)
	screen, _ := shop.code("svg.qr")
	d.reads(x.in, screen, `document.querySelector("input.weight")?.value === "20.5"`)
	d.tap("装车，签名")
	d.until("both drums", `document.querySelector("#onboard")?.textContent.includes("2 袋 · 39 kg")`)
	d.page("depot-trip", "车上", "900-214-08")
	d.unsent(4)
	x.holds(0)

	d.tap("到站卸车 2 袋")
	d.until("what to unload", `document.querySelectorAll("[data-batch]").length === 2`)
	d.tap("卸车，签名")
	d.until("empty", `document.querySelector("#onboard")?.textContent.includes("0 袋")`)
	d.unsent(6)
	x.holds(0)
	d.cut(false)
	d.open("#queue", "ul.list")
	d.until("the server keeps what came too early", `document.querySelectorAll('[data-state="held"]').length === 2`)
	shop.cut(false)
	shop.unsent(0)
	// Signed in the shop's place: the drum and its manifest. Nobody acted on what they had not been told.
	x.holds(8, "by-authorisation", "by-authorisation")
	d.tap("现在发送")
	d.unsent(0)
	x.holds(0) // asked again, nothing is there twice
	x.drums = []given{{from: &x.absent, id: byLeave, grams: 18_400}, {from: shop, id: shop.batchOf(label).State.ID, grams: 20_500}}
	for i, grams := range []int64{18_500, 20_500} {
		b := &x.drums[i]
		v := must(x.s.Audit.Batch(x.t.Context(), b.id))(x.t)
		b.sheet = v.State.Manifest
		if v.State.Stage != "delivered" || int64(v.State.Grams) != grams || v.State.Generator != b.from.who.Appointment.Party || v.State.Consignee != x.keeper.who.Appointment.Party {
			x.t.Errorf("at the depot: %+v", v.State)
		}
	}
}

// states is what the log holds of both drums: their stage, whose they are, on which manifest.
func (x *depotTale) states(stage batch.Stage, holder phone, sheet func(given) id.Manifest) {
	x.t.Helper()
	for _, b := range x.drums {
		v := must(x.s.Audit.Batch(x.t.Context(), b.id))(x.t).State
		if v.Stage != stage || v.Grams != b.grams || v.Custodian != holder.who.Appointment.Party || v.Manifest != sheet(b) {
			x.t.Errorf("%s: %+v", stage, v)
		}
	}
}

func (b given) toDepot() id.Manifest { return b.sheet }

func (x *depotTale) toPlant(given) id.Manifest { return x.second }

// atDepot weighs both drums at the collector's gate, the first of them 100 g lighter than at the
// shop, and puts them into the store.
func (x *depotTale) atDepot() {
	x.t.Helper()
	k := &x.keeper
	k.signIn()
	k.open("#gate", `[data-at="gate"]`)
	k.until("two loads", `document.querySelectorAll('[data-at="gate"]').length === 2`)
	k.page("depot-gate", "到货", "门口 2 单", "18.5 kg")
	for i, b := range x.drums {
		k.open("#check/"+b.sheet.String(), "select.verdict")
		k.until("its one drum", `document.querySelector('[data-batch="`+b.id.String()+`"] select.verdict')`)
		k.in(b.id, put+`(x.querySelector("input.weight"), "`+waste.Grams(b.grams).Kilograms()+`")`)
		k.page("depot-check", "验收 1 件", "容差")
		k.tap("签名 Sign")
		k.until("the stock", `location.hash === "#stock" && document.querySelectorAll("[data-batch]").length === `+strconv.Itoa(i+1))
		k.unsent(0)
		x.holds(1, []string{"grams-differ"}[i:]...) // of the first alone
	}
	k.page("depot-stock", "库存 2 件", "38.9 kg")
	x.states(batch.Accepted, *k, given.toDepot)
	k.tap("入库 2 件")
	k.fill("#place", "样例油品库 SAMPLE")
	k.tap("入库，签名")
	k.until("in store", `location.hash === "#stock" && document.body.innerText.includes("样例油品库 SAMPLE")`)
	k.unsent(0)
	x.holds(1)
	x.states(batch.Stored, *k, given.toDepot)
}

// onward is the depot's own manifest: both drums to the plant, by the collector's other driver.
func (x *depotTale) onward() {
	x.t.Helper()
	k, d := &x.keeper, &x.trunk
	k.open("#many/manifest.issued", "#typed")
	k.tap("加入本机全部 2 袋")
	k.until("both drums", `document.querySelectorAll("[data-batch]").length === 2`)
	k.names("carrier", "收集点", k.who.Appointment.Party.String())
	k.names("consignee", "处置中心", x.plant.who.Appointment.Party.String())
	k.until("its place", `document.querySelector("#consigneesite :checked")?.value === "`+x.plant.who.Appointment.Sites[0].String()+`"`)
	k.page("depot-issue", "出库交承运人：2 袋")
	k.tap("出库交承运人 2 袋，签名")
	k.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	k.unsent(0)
	x.holds(1)
	x.second = must(x.s.Audit.Batch(x.t.Context(), x.drums[0].id))(x.t).State.Manifest
	x.states(batch.Issued, *k, x.toPlant)
	screen, _ := k.code("svg.qr")

	d.signIn()
	d.open("#trip", "#plate")
	d.fill("#plate", "样例-小DRIVER-2")
	d.tap("开始")
	d.until("the trip", `document.querySelector("#onboard")`)
	d.reads(x.in, screen, `document.querySelectorAll("[data-batch]").length === 2`)
	d.tap("装车，签名")
	d.until("loaded", `document.querySelector("#onboard")?.textContent.includes("2 袋 · 38.9 kg")`)
	d.unsent(0)
	x.holds(1) // two drums by the code on the screen
	x.states(batch.InTransit, *d, x.toPlant)
	d.tap("到站卸车 2 袋")
	d.until("what to unload", `document.querySelectorAll("[data-batch]").length === 2`)
	d.tap("卸车，签名")
	d.until("empty", `document.querySelector("#onboard")?.textContent.includes("0 袋")`)
	d.unsent(0)
	x.holds(1)
	x.states(batch.Delivered, *d, x.toPlant)
}

// atPlant accepts, stores and treats both, and tells the depot, whose waste it is by its manifest.
func (x *depotTale) atPlant() {
	x.t.Helper()
	p := &x.plant
	p.signIn()
	p.run("at a desk", chromedp.EmulateViewport(1280, 844))
	p.open("#gate", `[data-at="gate"]`)
	p.until("who sends it", `document.querySelector("#page").textContent.includes("收集")`)
	p.page("depot-plant-gate", "门口 1 单", "2 件 · 38.9 kg", "收集")
	p.open("#check/"+x.second.String(), "select.verdict")
	p.until("two lines", `document.querySelectorAll("select.verdict").length === 2`)
	p.tap("签名 Sign")
	p.until("the stock", `location.hash === "#stock" && document.querySelectorAll("[data-batch]").length === 2`)
	p.unsent(0)
	x.holds(1)
	x.states(batch.Accepted, *p, x.toPlant)
	p.open("#treat", "#typed")
	p.tap("加入在库全部 2 件")
	p.until("all on the list", `document.querySelectorAll("[data-batch]").length === 2`)
	js[bool](p.walker, `(`+put+`(document.querySelector("#method"), "D10"), true)`)
	p.fill("#facility", "样例焚烧炉 SAMPLE")
	p.page("depot-treat", "利用处置：2 件", "D10")
	p.tap("处置 2 件，签名")
	p.until("whom to tell", `location.hash === "#outcome" && document.querySelectorAll("[data-manifest]").length === 1`)
	p.unsent(0)
	x.holds(1)
	for i := range x.drums {
		v := must(x.s.Audit.Batch(x.t.Context(), x.drums[i].id))(x.t).State
		if v.Stage != batch.Treated || v.Grams != 0 || v.TreatedSum != x.drums[i].grams || !slices.Equal(v.Methods, []waste.Method{"D10"}) {
			x.t.Errorf("treated: %+v", v)
		}
	}
}

// told is the outcome on its way back: from the plant to the depot, from the depot to each shop.
func (x *depotTale) told() {
	x.t.Helper()
	x.plant.tap("告知移出人，签名")
	x.plant.until("nobody more to tell", `document.querySelectorAll("[data-manifest]").length === 0`)
	x.plant.unsent(0)
	x.holds(1)
	k := &x.keeper
	k.run("the depot looks again", chromedp.Navigate(x.s.URL+"/m/#"), chromedp.Reload())
	k.tap("告知移出人结果 2 件")
	k.until("both shops are to be told", `document.querySelectorAll("[data-manifest]").length === 2`)
	k.page("depot-outcome", "告知移出人结果")
	for left := 1; left >= 0; left-- {
		k.tap("告知移出人，签名")
		k.until("one less to tell", `document.querySelectorAll("[data-manifest]").length === `+strconv.Itoa(left))
		k.unsent(0)
		x.holds(1)
	}
	for _, m := range []id.Manifest{x.drums[0].sheet, x.drums[1].sheet, x.second} {
		if v := must(x.s.Audit.Manifest(x.t.Context(), m))(x.t).State; v.Stage != batch.Reported {
			x.t.Errorf("the manifest stands at %s", v.Stage)
		}
	}
}

// widths has the office look at a page as on a phone and as at a desk.
func (x *depotTale) widths(name, path string, words ...string) {
	x.t.Helper()
	x.office.glance("story-"+name, x.s.URL+path, words...)
}

// seen is the chain as the inspector sees it: the depot stands between the shop and the plant.
func (x *depotTale) seen() {
	x.t.Helper()
	for _, b := range x.drums {
		x.widths("depot-chain", "/inspect/batch/"+b.id.String(), "样例小微企业危险废物收集点", "样例危险废物处置中心")
		steps := must(x.s.Audit.Chain(x.t.Context(), b.id))(x.t).Steps
		if drawn := js[int](x.office, `document.querySelectorAll(".steps-list > li").length`); drawn != len(steps) || len(steps) != 13 {
			x.t.Errorf("%d steps on the page, %d in the log", drawn, len(steps))
		}
		said := js[string](x.office, `document.querySelector(".steps-list").innerText`)
		for _, word := range []string{"产生", "开单", "装车", "运达", "接受人接受", "样例收集库", "入暂存", "开单", "装车", "运达", "接受人接受", "样例处置厂区", "利用处置", "结果回告", "样例处置厂区", "结果回告", "样例收集库"} {
			_, after, ok := strings.Cut(said, word)
			if !ok {
				x.t.Fatalf("the chain does not go on to %s: %s", word, said)
			}
			said = after
		}
	}
}

// proven is what the story makes of the city's figures: two more social sources, and nothing of
// medical waste. Behind the figure stand the two shops, and behind each its drum.
func (x *depotTale) proven() {
	x.t.Helper()
	want := x.expected(0, "—|0.000 kg|0.000 kg")
	want["38 proven"] = cell(2, x.sources.of)
	x.figures("depot-after", want)
	js[bool](x.office, `([...document.querySelectorAll('section[aria-label="指标 38"] tbody tr')].find((r) => r.querySelector("th").innerText.includes("proven")).querySelector("a").click(), true)`)
	x.office.until("what is behind it", `location.pathname === "/city/38" && document.readyState === "complete"`)
	x.widths("depot-evidence", js[string](x.office, `location.pathname + location.search`), "已证实", "样例汽修厂一")
	shops := js[[]string](x.office, `[...document.querySelectorAll("tbody tr")].filter((r) => r.innerText.includes("已证实")).map((r) => r.querySelector('a[href^="/inspect/site/"]').getAttribute("href"))`)
	var ours []string
	for _, b := range x.drums {
		ours = append(ours, "/inspect/site/"+b.from.who.Appointment.Sites[0].String())
	}
	slices.Sort(shops)
	slices.Sort(ours)
	if !slices.Equal(shops, ours) {
		x.t.Fatalf("behind the figure are %q, expected %q", shops, ours)
	}
	for _, b := range x.drums {
		site := b.from.who.Appointment.Sites[0].String()
		x.widths("depot-evidence", "/city/38?period="+x.period)
		js[bool](x.office, `(document.querySelector('a[href="/inspect?q=`+site+`"]').click(), true)`)
		x.office.until("what passed the shop", `location.search === "?q=`+site+`" && document.readyState === "complete"`)
		x.widths("depot-shop", "/inspect?q="+site, "900-214-08", "样例小微企业危险废物收集点")
		if to := js[[]string](x.office, `[...document.querySelectorAll('a[href^="/inspect/batch/"]')].map((a) => a.getAttribute("href"))`); !slices.Equal(to, []string{"/inspect/batch/" + b.id.String()}) {
			x.t.Fatalf("the shop leads to %q", to)
		}
		js[bool](x.office, `(document.querySelector('a[href^="/inspect/batch/"]').click(), true)`)
		x.office.until("the treatment in its chain", `location.pathname === "/inspect/batch/`+b.id.String()+`" && document.querySelector(".steps-list")?.innerText.includes("利用处置")`)
	}
}
