package contract

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/client"
	samplecity "liandan/internal/sample"
)

// TestADrawAnnouncedOnATablet freezes the register's list, signs the announcement, waits for
// the log and shows who was drawn: the very ones that the server draws. Drawn again it needs a
// reason, and both draws stay visible.
func TestADrawAnnouncedOnATablet(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	p := tablet(t, s, city)
	p.run("not signed in", chromedp.Navigate(s.URL+"/m/#draw"))
	p.until("sign in first", `document.body.innerText.includes("请先登录并联网")`)
	p.enter()
	p.arrives("the draws", `a[href="/m/#draw"]`, chromedp.Navigate(s.URL+"/inspect/draws"))
	p.tap("在本机公告一次抽取")
	p.until("the form", `document.querySelector("#draw-sites")`)
	listed := js[int](p.walker, `Number(/(\d+) sites/.exec(document.querySelector("#listed").innerText)[1])`)
	if listed < 10 || js[bool](p.walker, `[...document.querySelectorAll("#kinds label")].some((x) => x.innerText.includes("办公") && x.querySelector(":checked"))`) {
		t.Errorf("%d sites are listed, offices among them", listed)
	}
	p.page("draw-form", "公告抽取", "Announce a draw", "竞秀区 Jingxiu", "封存名单")
	p.fill("#people", "x y")
	p.fill("#draw-people", "9")
	p.tap("封存名单并签名公告")
	p.until("all that is wrong", `document.querySelectorAll("#wrong li").length === 4`)
	p.page("draw-wrong", "4 处要改", "检查人员编号写法不对", "抽取场所数应为")
	me := city.Inspector().Appointment.Person.String()
	mate := city.Inspector().Appointment.Party.String() // any id that is no inspector's yet
	p.fill("#people", me+" "+mate)
	p.fill("#draw-people", "1")
	p.fill("#draw-sites", "3")
	js[bool](p.walker, `(document.querySelector('#ahead input[value="20"]').click(), true)`)
	p.tap("封存名单并签名公告")
	p.until("the announcement waits", `location.hash.startsWith("#drawn/") && document.body.innerText.includes("等待种子")`)
	p.page("draw-waits", "还差", "3 of", "等待种子")
	event := js[string](p.walker, `location.hash.slice("#drawn/".length)`)
	p.arrives("the page of the draw", ".facts", chromedp.Navigate(s.URL+"/inspect/draws/"+event))
	p.sees("draw-waits-desk", "日志尚未到达所定条数", "还差")
	p.axe("a draw that waits")

	// What an authority reads is recorded in the log, which grows by it.
	p.run("back", chromedp.Navigate(s.URL+"/m/#drawn/"+event))
	grow := `Promise.all(Array.from({length: 24}, () => fetch("/v1/draws?limit=1"))).then(() => true)`
	js[bool](p.walker, grow)
	p.until("drawn", `document.querySelectorAll("#sites li").length === 3`)
	p.page("drawn", "已抽出", "Inspectors drawn")
	shown := js[string](p.walker, `[...document.querySelectorAll("#sites a")].map((x) => x.hash.slice("#inspect/".length)).join()`)
	page, _, err := s.Audit.Draws(t.Context(), "", 10)
	if err != nil || len(page) != 1 || page[0].Event.ID.String() != event || page[0].Sites != listed || page[0].People != 2 || page[0].Round != 1 || page[0].Unexplained {
		t.Fatalf("the draws are %+v %v", page, err)
	}
	_, file, err := s.Audit.DrawFile(t.Context(), page[0].Event.ID)
	if err != nil || file.Drawn == nil {
		t.Fatalf("%+v %v", file, err)
	}
	var drawn []string
	for _, x := range file.Drawn.Sites {
		drawn = append(drawn, x.String())
	}
	if shown != strings.Join(drawn, ",") {
		t.Errorf("the tablet shows %s, drawn were %s", shown, drawn)
	}

	// Again, over the same period: a reason is asked for.
	p.tap("再公告一次")
	p.until("the form", `document.querySelector("#draw-sites")`)
	p.fill("#people", me)
	p.fill("#draw-people", "1")
	p.fill("#draw-sites", "2")
	p.tap("封存名单并签名公告")
	p.until("why again", `document.querySelectorAll("#wrong li").length === 1 && document.querySelector("#wrong").innerText.includes("为什么重抽")`)
	p.fill("#reason", "漏列一名检查人员 SAMPLE")
	p.tap("封存名单并签名公告")
	p.until("the second waits", `location.hash.startsWith("#drawn/") && document.body.innerText.includes("第 2 次")`)
	page, _, err = s.Audit.Draws(t.Context(), "", 10)
	if err != nil || len(page) != 2 || page[0].Round != 2 || page[0].Reason != "漏列一名检查人员 SAMPLE" || len(page[0].Before) != 1 || page[0].Unexplained {
		t.Fatalf("the draws are %+v %v", page, err)
	}
	p.across(1280)
	p.arrives("all draws", ".list", chromedp.Navigate(s.URL+"/inspect/draws"))
	p.sees("draws-desk", "第 2 次", "漏列一名检查人员", "已抽出", "entries to go")
	p.axe("the draws")

	// The drawn sites come along without network.
	p.across(820)
	p.arrives("the app", `a[href="#inspect"].main`, chromedp.Navigate(s.URL+"/m/"))
	p.until("the drawn list is kept", `document.querySelector("#top")`)
	p.arrives("which site", "#typed", chromedp.Navigate(s.URL+"/m/#inspect"))
	for end := time.Now().Add(waits); js[int](p.walker, `document.querySelectorAll('main a[href^="#inspect/"]').length`) != 3; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the drawn sites are not listed")
		}
		p.arrives("again", "#typed", chromedp.Reload())
	}
	p.cut(true)
	p.arrives("without network", "#typed", chromedp.Reload())
	p.page("inspect-start", "抽中", "SAMPLE")
	p.arrives("the first", "#tally", chromedp.Navigate(s.URL+"/m/#inspect/"+drawn[0]))
	p.until("its name is known", `document.querySelector("#site").innerText.includes("SAMPLE")`)
}
