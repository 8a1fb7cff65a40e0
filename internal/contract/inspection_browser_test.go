package contract

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/client"
	"liandan/internal/id"
	"liandan/internal/measure"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
)

// tablet is an inspector's device with the app, enrolled for the authority; 820 px wide.
func tablet(t *testing.T, s *server.Server, city *samplecity.City, options ...chromedp.ExecAllocatorOption) phone {
	t.Helper()
	who := city.Inspector()
	code, _, err := s.Registry.NewEnrolment(t.Context(), "test", who.Appointment.Party, who.Appointment.Person, "样例平板 SAMPLE", 30)
	if err != nil {
		t.Fatal(err)
	}
	p := phone{walker{t, browser(t, options...)}, s, who}
	p.across(820)
	p.listen("status of 404") // of a site that nobody has
	p.arrives("the app", "#code", chromedp.Navigate(s.URL+"/m/#enrol="+code))
	p.tap("登记 Enrol")
	p.until("the inspector's home page", `document.querySelector('a[href="#inspect"].main')`)
	p.until("the app kept on the tablet", `document.querySelector("#kept")?.textContent.includes("可离线使用")`)
	return p
}

// across makes the window so wide.
func (w walker) across(px int64) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, chromedp.EmulateViewport(px, 1180)); err != nil {
		w.t.Fatal(err)
	}
}

// enter signs in on the tablet.
func (p phone) enter() { p.signInTo(`a[href="#inspect"].main`) }

// answer chooses the points of an item: a number or na.
func (p phone) answer(no int, value string) {
	p.t.Helper()
	js[bool](p.walker, fmt.Sprintf(`(document.querySelector('#item-%d input[value="%s"]').click(), true)`, no, value))
}

func (p phone) checked(site id.Site, n int) []measure.Checked {
	p.t.Helper()
	if err := p.s.Record.Flush(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	found := must(p.s.Measures.InspectionsOf(p.t.Context(), site))(p.t)
	if len(found) != n {
		p.t.Fatalf("%d inspections, expected %d: %+v", len(found), n, found)
	}
	return found
}

// TestAnInspectionOnATablet fills a sheet in without network, across a reload, is told all that
// is wrong at once, signs it and its follow-up, and both are in the log once with the verdict
// that the tablet showed.
func TestAnInspectionOnATablet(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	site := somebody(t, city, "nurse.sample").Appointment.Sites[0]
	p := tablet(t, s, city)
	p.page("inspector-home", "检查场所", "Inspect a site", "not yet sent (0)")
	form := s.URL + "/m/#inspect/" + site.String()
	p.arrives("a site, not signed in", "#tally", chromedp.Navigate(form))
	p.sees("inspect-unknown", "还没有与登记册核对", "was not checked against the register")
	p.enter()

	p.arrives("a site of nobody", "#tally", chromedp.Navigate(s.URL+"/m/#inspect/019ca000-0000-7000-8000-00000000dead"))
	p.tap("签名 Sign")
	p.until("all that is wrong", `document.querySelectorAll("#wrong li").length === 31`)
	p.page("inspect-wrong", "登记册里没有这个场所", "第 1 项没有填", "第 30 项没有填", "31 处要改")
	p.arrives("a site", "#tally", chromedp.Navigate(form))
	p.until("its name", `document.querySelector("#site").innerText.includes("SAMPLE")`)
	p.page("inspect", "检查表", "竞秀区 Jingxiu", "第 1 项", "否决项", "已填 0/30", "达标 ≥ 50")

	p.cut(true)
	p.answer(1, "2")
	p.answer(2, "na")
	p.answer(3, "1")
	p.until("the running total", `document.querySelector("#tally").innerText.includes("已填 3/30") && document.querySelector("#tally").innerText.includes("3 / 58")`)
	p.fill("#note", "台账缺页 SAMPLE")
	for end := time.Now().Add(waits); !js[bool](p.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const k = r.result.transaction("meta").objectStore("meta").get("draft/`+site.String()+`"); k.onsuccess = () => { r.result.close(); done(k.result?.note === "台账缺页 SAMPLE") } } })`); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the draft is not kept")
		}
	}
	p.arrives("a reload without network", "#tally", chromedp.Reload())
	p.until("the draft came back", `document.querySelector("#tally").innerText.includes("已填 3/30") && document.querySelector("#note").value === "台账缺页 SAMPLE"`)
	p.answer(1, "1")
	p.until("a veto is final", `document.querySelector("#tally").innerText.includes("不达标")`)
	p.answer(1, "2")
	companion := id.PersonOf(city.Inspector().Appointment.Party.UUID())
	p.tap("添加同行人员")
	p.until("the page of companions", `document.querySelector("#person")`)
	p.fill("#person", "li")
	p.tap("添加 Add")
	p.until("no id", `document.querySelector("[role=alert]")?.innerText.includes("人员编号写法不对")`)
	p.fill("#person", companion.String())
	p.fill("#name", "同事甲 SAMPLE")
	p.page("colleagues", "同行人员", "My id")
	p.tap("添加 Add")
	p.until("back at the sheet", `document.querySelector("#with input:checked")`)
	for no := 4; no <= 30; no++ {
		p.answer(no, "2")
	}
	p.until("complete", `document.querySelector("#tally").innerText.includes("已填 30/30") && document.querySelector("#tally .verdict.pass")`)
	p.page("inspect-full", "57 / 58", "达标 ≥ 49", "暂定", "同事甲 SAMPLE")
	p.tap("签名 Sign")
	p.until("signed", `location.hash.startsWith("#inspected/")`)
	p.unsent(1)
	p.page("inspected", "已签名，未发送", "57 / 58", "台账缺页 SAMPLE", "同事甲 SAMPLE")
	first := js[string](p.walker, `location.hash.slice("#inspected/".length)`)

	// The follow-up, at the width of a phone.
	p.across(390)
	p.tap("复查这个场所")
	p.until("the first is named", `[...document.querySelectorAll("input[type=radio]:checked")].some((x) => x.value === "`+first+`")`)
	p.page("inspect-narrow", "复查", "已填 0/30")
	for no := 1; no <= 30; no++ {
		p.answer(no, map[bool]string{true: "1", false: "2"}[no == 18])
	}
	p.fill("#accidents", "1")
	p.until("failed", `document.querySelector("#tally .verdict.fail")`)
	p.tap("签名 Sign")
	p.unsent(2)
	p.world(0)

	p.cut(false)
	p.unsent(0)
	p.world(2)
	found := p.checked(site, 2)
	again, before := found[0], found[1]
	if before.Event.String() != first || before.Verdict != "pass" || before.Points != 57 || before.Total != 57 || before.Note != "台账缺页 SAMPLE" || len(before.With) != 1 || before.With[0] != companion ||
		!before.Items[1].Inapplicable || before.Items[2].Points != 1 || len(before.Again) != 0 {
		t.Errorf("the first is %+v", before)
	}
	if again.Verdict != "fail" || again.Points != 49 || again.Total != 59 || again.Accidents != 1 || len(again.Again) != 1 || again.Again[0] != before.Event {
		t.Errorf("the second is %+v", again)
	}
	p.across(1280)
	p.arrives("the site's page", "h2", chromedp.Navigate(s.URL+"/inspect/site/"+site.String()))
	p.sees("inspect-site", "检查记录", "57 / 60", "达标", "不达标", "复查", "填写检查表")
	p.axe("the site's page")
	p.across(820)
	p.sees("inspect-site-820", "检查记录")
}

// TestANursesPhoneCannotInspect: a nurse's phone is told so, and the intake refuses what it signs.
func TestANursesPhoneCannotInspect(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	nurse := newPhone(t, s, city, "nurse.sample")
	site := somebody(t, city, "plant.sample").Appointment.Sites[0]
	nurse.run("a sheet", chromedp.Navigate(s.URL+"/m/#inspect/"+site.String()))
	nurse.until("a refusal", `document.body.innerText.includes("不是主管部门")`)
	// A patched app that signs all the same.
	said := js[string](nurse.walker, `(async () => {
		const base = document.querySelector('script[type=module]').src.replace(/[^/]*$/, "")
		const [{ app }, { recorded }, { pullSheets }] = await Promise.all(["app.js", "sheet.js", "inspections.js"].map((f) => import(base + f)))
		const sheet = (await pullSheets(app))[0]
		const answers = Object.fromEntries(sheet.items.map((x) => [x.no, { points: x.max }]))
		await app.sign(recorded(app.me, app.at(), { id: app.id(), site: "`+site.String()+`", answers, with: [] }, sheet), [])
		await app.queue.flush()
		return (await app.queue.list()).map((e) => e.state + " " + e.problem?.kind).join()
	})()`)
	if said != "refused role-missing" {
		t.Errorf("the nurse's inspection: %s", said)
	}
	nurse.world(0)
	nurse.run("the site's page", chromedp.Navigate(s.URL+"/inspect/site/"+site.String()))
	if strings.Contains(js[string](nurse.walker, `document.body.innerText`), "检查表") {
		t.Error("a stranger is offered a sheet")
	}
}

// TestASheetOfManyPointsAndItsNewVersion: points that are typed, one above its maximum among
// them; a sheet that was begun is finished by its version unless the inspector chooses the new one.
func TestASheetOfManyPointsAndItsNewVersion(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	c := client.New(s.URL, s.Token)
	settleCity(t, city, c)
	site := somebody(t, city, "plant.sample").Appointment.Sites[0]
	name := ""
	for _, x := range must(s.Measures.Sheets(t.Context()))(t) {
		if x.Class == "operator" {
			name = x.Name
		}
	}
	p := tablet(t, s, city)
	p.enter()
	form := s.URL + "/m/#inspect/" + site.String()
	p.arrives("the plant", "#tally", chromedp.Navigate(form))
	p.page("inspect-operator", "经营单位", "样例检查项 1 SAMPLE", name+" 1")
	p.answer(1, "5")
	p.until("an answer", `document.querySelector("#tally").innerText.includes("已填 1/")`)

	report := must(c.Import(t.Context(), "inspection_sheets", []byte("sheet,version,class,total,pass,basic,accident,item,max,veto,text\n"+
		name+",2,operator,30,24,18,2,1,10,1,<b>台账</b> SAMPLE\n"+name+",2,operator,30,24,18,2,2,20,0,危废间 SAMPLE\n")))(t)
	if !strings.Contains(string(report), `"applied":true`) {
		t.Fatalf("%s", report)
	}
	p.until("the new sheet is here", `(fetch("/m/sheets").then((r) => r.json()).then((x) => { window.newer = x.sheets.some((s) => s.version === "2") }), window.newer)`)
	p.arrives("again", "#tally", chromedp.Reload())
	for end := time.Now().Add(waits); !js[bool](p.walker, `document.body.innerText.includes("这张表已有新版")`); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody says that there is a newer version")
		}
		p.arrives("again", "#tally", chromedp.Reload())
	}
	if !js[bool](p.walker, `document.querySelector("#tally").innerText.includes("已填 1/")`) {
		t.Error("what was begun is gone")
	}
	js[bool](p.walker, `(document.querySelector('input[type=radio][value="`+name+` 2"]').click(), true)`)
	p.until("the new version", `document.querySelector("#points-2") && document.querySelector("#tally").innerText.includes("已填 0/2")`)
	p.fill("#points-1", "11")
	p.fill("#points-2", "many")
	p.tap("签名 Sign")
	p.until("both are wrong", `document.querySelectorAll("#wrong li").length === 2`)
	p.page("inspect-typed", "第 1 项超过满分 10", "第 2 项不是整数分", "<b>台账</b> SAMPLE")
	p.answer(1, "10")
	p.fill("#points-2", "14")
	p.until("complete", `document.querySelector("#tally .verdict.pass") && document.querySelector("#tally").innerText.includes("24 / 30")`)
	p.tap("签名 Sign")
	p.until("signed", `location.hash.startsWith("#inspected/")`)
	p.unsent(0)
	if got := p.checked(site, 1)[0]; got.Verdict != "pass" || got.Points != 24 || got.Version != "2" || got.Class != "operator" {
		t.Errorf("recorded is %+v", got)
	}
	p.across(1280)
	p.arrives("the rules", "#sheets", chromedp.Navigate(s.URL+"/rules#sheets"))
	p.sees("rules-sheets", name+" 2", "generator 2021")
}

// TestARefusedInspectionIsFilledInAgain: what was signed for a site that nobody has, without
// network, comes back in words, and its answers are not lost.
func TestARefusedInspectionIsFilledInAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	p := tablet(t, s, city)
	p.until("the sheets are here", `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => { const k = r.result.transaction("meta").objectStore("meta").get("sheets"); k.onsuccess = () => { window.sheets = Boolean(k.result); r.result.close(); done() } } }), window.sheets`)
	p.cut(true)
	const nobody = "019ca000-0000-7000-8000-00000000dead"
	p.arrives("a site of nobody", "#tally", chromedp.Navigate(s.URL+"/m/#inspect/"+nobody))
	for no := 1; no <= 30; no++ {
		p.answer(no, map[bool]string{true: "na", false: "2"}[no == 7])
	}
	p.fill("#note", "门牌看不清 SAMPLE")
	p.tap("签名 Sign")
	p.unsent(1)
	p.cut(false)
	p.until("it comes back", `document.querySelector("#unsent").textContent.includes("退回 (1)")`)
	p.arrives("why", ".state.refused", chromedp.Reload())
	p.page("inspect-refused", "没有收这次检查", "登记册里当时没有这个场所", "must be a site of another party", "照此重填再签")
	p.checked(must(id.ParseSite(nobody))(t), 0)
	p.tap("照此重填再签")
	p.until("nothing is lost", `document.querySelector("#tally")?.innerText.includes("已填 30/30") && document.querySelector("#item-7 input[value=na]").checked && document.querySelector("#note").value === "门牌看不清 SAMPLE"`)
}
