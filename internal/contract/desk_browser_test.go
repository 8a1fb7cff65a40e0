package contract

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/account"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
	"liandan/internal/web"
)

// glance opens a page of the desk at the width of a phone and of a desk's screen, keeps a
// picture of each in LIANDAN_SHOTS where that is set, and fails unless it says all of it in
// both, fits the screen, draws Chinese, and axe-core finds nothing serious.
func (w walker) glance(name, url string, words ...string) (p page) {
	w.t.Helper()
	for _, size := range []struct {
		name  string
		width int64
	}{{"phone", 390}, {"desk", 1280}} {
		p = w.glanceAt(name+"-"+size.name, url, size.width)
		for _, word := range words {
			if !strings.Contains(p.Text, word) {
				w.t.Errorf("%s: the page does not say %q:\n%s", name, word, p.Text)
			}
		}
	}
	return p
}

func (w walker) glanceAt(name, url string, width int64) (p page) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, waits)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(url))
	var raw string
	if err == nil {
		raw, err = chromedp.Run(ctx, chromedp.Evaluate[string](lookAtPage))
	}
	if err == nil {
		err = json.Unmarshal([]byte(raw), &p)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	if dir := os.Getenv("LIANDAN_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), must(chromedp.Run(ctx, chromedp.FullScreenshot(100)))(w.t), 0o600); err != nil {
			w.t.Error(err)
		}
	}
	if !p.Glyphs || p.Overflow > 0 {
		w.t.Errorf("%s: glyphs %v, %v px too wide", name, p.Glyphs, p.Overflow)
	}
	for _, bad := range axeOf(w.t, w) {
		w.t.Errorf("%s: axe: %s", name, bad)
	}
	return p
}

// The desk's pages over one sample day: the city's figures, drawn, down to what is behind
// them.
func TestTheDeskInABrowser(t *testing.T) {
	t.Parallel()
	s, city, told := playedDay(t)
	w := walker{t, browser(t)}
	member(t, s, "inspector.sample", somebody(t, city, "inspector.sample").Appointment)
	w.signIn(s.URL+"/signin", "inspector.sample", `form[action="/signout"]`)

	if p := w.glance("city", s.URL+"/city?period=2026-03", "医疗废物收集处置体系覆盖率", "not computable", "meets the target", "By district"); !strings.Contains(p.Text, "Jingxiu") {
		t.Errorf("the city at a desk does not say Jingxiu:\n%s", p.Text)
	}
	drawn := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`[document.querySelectorAll(".chart").length, document.querySelectorAll(".chart canvas").length].join(" ")`)))(t)
	if charts, canvases, _ := strings.Cut(drawn, " "); charts == "0" || charts != canvases {
		t.Errorf("charts and what is drawn of them: %s", drawn)
	}
	// Another district, by htmx: the address changes, the page is not loaded anew.
	moved := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`new Promise((done, failed) => {
		window.same = true
		document.addEventListener('htmx:afterSettle', () => done([location.search, window.same, document.querySelector('.asof').innerText].join(' ')))
		setTimeout(() => failed('nothing was swapped'), 10000)
		const d = document.getElementById('district'); d.value = '130602'; d.dispatchEvent(new Event('change', {bubbles: true}))
	})`, chromedp.EvalAwaitPromise)))(t)
	if !strings.Contains(moved, "district=130602") || !strings.Contains(moved, "true") || !strings.Contains(moved, "竞秀区") {
		t.Errorf("after choosing a district: %s", moved)
	}
	w.foldedCity(s.URL + "/city?period=2026-03")
	w.glance("city-evidence", s.URL+"/city/37?period=2026-03", "产生", "generated", "kg", "竞秀区")

	inspects(t, s, w, told)
	othersSeeNothing(t, s, city, told)

	holder := walker{t, browser(t)}
	member(t, s, "plant.sample", somebody(t, city, "plant.sample").Appointment)
	holder.signIn(s.URL+"/signin", "plant.sample", `form[action="/signout"]`)
	holder.glance("labels", s.URL+"/print/labels?batch="+told.Batch.String(), "医疗废物", "841-0", "SAMPLE", "PDF")
	holder.glance("duties", s.URL+"/duties", "等本场所办理", "Waiting for this site", "备案与申报", "样例处置厂区")
}

// foldedCity looks at the city's page on a phone: what is looked at first is there at once, the rest
// opens by a tap, and of a table that is wider than the screen the first column and the head stay.
func (w walker) foldedCity(url string) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, chromedp.EmulateViewport(390, 844), chromedp.Navigate(url)); err != nil {
		w.t.Fatal(err)
	}
	got := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`(() => {
		const high = document.documentElement.scrollHeight, sparks = document.querySelectorAll('summary svg.spark').length
		const shown = [...document.querySelectorAll('.indicator > .fold > summary .big')].filter((x) => x.offsetHeight > 0).length
		document.querySelector('#districts > summary').click()
		const box = document.querySelector('#districts .scroll'), name = box.querySelector('tbody th'), head = box.querySelector('thead th:last-child')
		const left = name.getBoundingClientRect().left, wide = box.scrollWidth - box.clientWidth
		box.scrollTo(200, 300)
		const stays = Math.abs(name.getBoundingClientRect().left - left) < 2, top = Math.abs(head.getBoundingClientRect().top - box.getBoundingClientRect().top) < 2
		return JSON.stringify([high < 3500, sparks > 0, shown >= 8, name.offsetHeight > 0, wide > 0, box.scrollLeft === 200, stays, top, box.tabIndex === 0, getComputedStyle(box, '::before').content.includes('swipe')])
	})()`)))(w.t)
	if got != "[true,true,true,true,true,true,true,true,true,true]" {
		w.t.Errorf("on a phone (short, trends, values, districts open, wide, scrolls, first column stays, head stays, by keyboard, says so): %s", got)
	}
}

// inspects looks a batch up, reads its chain and has the browser check its evidence.
func inspects(t *testing.T, s *server.Server, w walker, told samplecity.Story) {
	t.Helper()
	w.glance("inspect", s.URL+"/inspect?q="+url.QueryEscape("样例"), "联单", "Manifests", "Batches")
	// A scanned label leads to its batch.
	if err := chromedp.Do(w.ctx, chromedp.Navigate(s.URL+"/inspect?q="+url.QueryEscape(s.URL+"/q/"+string(told.Label)))); err != nil {
		t.Fatal(err)
	}
	if at := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.pathname`)))(t); at != "/inspect/batch/"+told.Batch.String() {
		t.Errorf("the label leads to %s", at)
	}
	w.glance("chain", s.URL+"/inspect/batch/"+told.Batch.String(), "产生", "collected", "SAMPLE", "kg")
	w.glance("manifest", s.URL+"/inspect/manifest/"+told.Manifest.String(), "移出人", "Consignee", "合计")
	plate := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.querySelector('a[href^="/inspect?q="]').search`)))(t)
	site := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.querySelector('a[href^="/inspect/site/"]').pathname`)))(t)
	w.glance("site", s.URL+site+"?period=2026-03", "在库", "Mass balance", "closes")
	w.glance("form", s.URL+"/print/manifest/"+told.Manifest.String(), "移出人", "Hazardous waste transfer manifest", "PDF")
	w.glance("roadside", s.URL+"/inspect"+plate, "现在车上应有", "on this vehicle now")

	w.glance("findings", s.URL+"/inspect/findings?severity=remark", "异常", "Jingxiu", "remarks too")
	w.glanceAt("findings-list", s.URL+"/inspect/findings?severity=remark&of=130602", 390)
	w.glanceAt("draws", s.URL+"/inspect/draws", 1280)
	w.glance("verify", s.URL+"/inspect/verify?batch="+told.Batch.String(), "核验", "liandan-verify")
	if !web.HasVerifier() {
		if os.Getenv("LIANDAN_WASM") != "" {
			t.Error("the build was to have the verifier for the browser and has it not")
		}
		w.glance("verify-without", s.URL+"/inspect/verify", "构建时没有附带", "was built without")
		return
	}
	said := func(script string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(w.ctx, waits)
		defer cancel()
		return must(chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)))(t)
	}
	verdict := said(`new Promise((done) => { const look = () => { const v = document.getElementById('verdict'); v ? done(v.innerText) : setTimeout(look, 100) }; look() })`)
	if !strings.Contains(verdict, "无误") || !strings.Contains(verdict, "Sound") {
		t.Errorf("the verdict in the browser: %s", verdict)
	}
	checksADraw(t, s, w)
	// The same with the log's key from elsewhere; one letter changed; another log's key.
	for name, x := range map[string]struct{ change, key, want string }{
		"pinned":   {``, s.VKey, `"verdict":"sound"`},
		"tampered": {`t = t.replace(/"recorded_at\\":\\"20/, '"recorded_at\\":\\"21')`, s.VKey, `"verdict":"findings"`},
		"no file":  {`t = 'x'`, s.VKey, `"exit":2`},
		"bad key":  {``, "nobody", `"exit":2`},
	} {
		got := said(`fetch("/v1/batches/` + told.Batch.String() + `/bundle").then((r) => r.text()).then((t) => { const was = t; ` + x.change + `
			if (` + strconv.FormatBool(x.change != "") + ` && was === t) return 'unchanged'
			return liandanVerify(new TextEncoder().encode(t), ` + strconv.Quote(x.key) + `) })`)
		if !strings.Contains(got, x.want) {
			t.Errorf("%s: the browser says %.400s", name, got)
		}
	}
}

// checksADraw has the page that is open to everybody draw again: a file that somebody was
// given, first without the log's key, then with it.
func checksADraw(t *testing.T, s *server.Server, w walker) {
	t.Helper()
	key := strings.TrimSpace(string(must(os.ReadFile("../../cmd/liandan-verify/testdata/draw.vkey"))(t)))
	w.run("the page for everybody", chromedp.Navigate(s.URL+"/verify"))
	w.until("the verifier is ready", `document.getElementById('status').innerText.includes('已就绪')`)
	w.run("the file", chromedp.SetUploadFiles("#file", []string{must(filepath.Abs("../../cmd/liandan-verify/testdata/draw.json"))(t)}))
	w.until("the key is asked for", `document.querySelector('.refused')?.innerText.includes('日志公钥')`)
	w.fill("#key", key+"\n")
	w.until("the verdict", `document.getElementById('verdict')?.innerText.includes('无误')`)
	for _, width := range []int64{390, 1280} {
		w.run("width", chromedp.EmulateViewport(width, 844))
		w.sees("verify-draw-"+strconv.FormatInt(width, 10), "抽中的场所", "Inspectors drawn", "frozen")
	}
}

// othersSeeNothing: an inspector of a district where the batch never was, and an analyst,
// hear of it what they hear of one that is not there.
func othersSeeNothing(t *testing.T, s *server.Server, city *samplecity.City, told samplecity.Story) {
	t.Helper()
	for login, want := range map[string]int{"analyst.sample": http.StatusForbidden, "clinic.sample": http.StatusNotFound, "inspector.sample": http.StatusOK} {
		who := somebody(t, city, login)
		invitee := must(s.Accounts.Invite(t.Context(), "other."+login, who.Name, []access.Appointment{who.Appointment}))(t)
		_, token, err := s.Accounts.Accept(t.Context(), account.Acceptance{Code: invitee.Code, Password: "sample-pass-phrase-19"})
		if err != nil {
			t.Fatal(err)
		}
		get := func(path string) (int, string) {
			req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil))(t)
			req.AddCookie(&http.Cookie{Name: "liandan", Value: token})
			resp := must(http.DefaultClient.Do(req))(t)
			defer resp.Body.Close()
			return resp.StatusCode, string(must(io.ReadAll(resp.Body))(t))
		}
		missing := strings.Repeat("0", 8) + "-0000-7000-8000-" + strings.Repeat("0", 12)
		for _, kind := range []string{"batch/" + told.Batch.String(), "manifest/" + told.Manifest.String()} {
			status, body := get("/inspect/" + kind)
			if status != want {
				t.Errorf("%s: /inspect/%s answers %d, want %d", login, kind, status, want)
			}
			word, _, _ := strings.Cut(kind, "/")
			if _, none := get("/inspect/" + word + "/" + missing); want == http.StatusNotFound && none != body {
				t.Errorf("%s: another's %s is told from none", login, word)
			}
		}
		if want == http.StatusNotFound {
			if _, body := get("/inspect?q=" + told.Batch.String()); strings.Contains(body, "/inspect/batch/") || !strings.Contains(body, "没有找到") {
				t.Errorf("%s finds another's batch", login)
			}
		}
	}
}
