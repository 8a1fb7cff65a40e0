package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/chromedp"

	"liandan/internal/id"
	"liandan/internal/web"
)

// opens has the office look at a page.
func (x *tale) opens(name, path string, words ...string) {
	x.t.Helper()
	x.office.arrives(name, "main", chromedp.Navigate(x.s.URL+path))
	x.desk(x.office, name, words...)
}

// inspects finds the first bag by its label, reads its chain, saves the evidence and has the
// browser check it.
func (x *tale) inspects() {
	x.t.Helper()
	first := x.nurse.batchOf(x.stops[0].label).State.ID
	if err := chromedp.Do(x.office.ctx, chromedp.Navigate(x.s.URL+"/inspect?q="+url.QueryEscape(x.s.URL+"/q/"+string(x.stops[0].label)))); err != nil {
		x.t.Fatal(err)
	}
	if at := js[string](x.office, `location.pathname`); at != "/inspect/batch/"+first.String() {
		x.t.Errorf("the label leads to %s", at)
	}
	x.opens("chain", "/inspect/batch/"+first.String(), "产生", "内部交出", "贮存", "转移", "2.500 kg")
	steps := must(x.s.Audit.Chain(x.t.Context(), first))(x.t).Steps
	if drawn := js[int](x.office, `document.querySelectorAll(".steps-list > li").length`); drawn != len(steps) {
		x.t.Errorf("%d steps on the page, %d in the log", drawn, len(steps))
	}
	if !web.HasVerifier() {
		if os.Getenv("LIANDAN_WASM") != "" {
			x.t.Error("the build was to have the verifier for the browser and has it not")
		}
		return
	}
	x.verdict(first, "", `"verdict":"sound"`)
	x.verdict(first, `t = t.replace(/"recorded_at\\":\\"20/, '"recorded_at\\":\\"21')`, `"verdict":"findings"`)
}

// verdict is what the program in the browser says of the bundle that the browser saved, with
// one change or none.
func (x *tale) verdict(b id.Batch, change, want string) {
	x.t.Helper()
	w := x.office
	w.arrives("the verifier", "#verdict", chromedp.Navigate(x.s.URL+"/inspect/verify?batch="+b.String()))
	if change == "" {
		x.desk(w, "verdict", "无误", "Sound")
	}
	folder := x.t.TempDir()
	file := filepath.Join(folder, "evidence.json")
	saved := js[string](w, `fetch(document.querySelector('a.button[href$="/bundle"]').href).then((r) => r.text())`)
	if change != "" {
		changed := js[string](w, `(() => { let t = `+string(must(json.Marshal(saved))(x.t))+`; `+change+`; return t })()`)
		if changed == saved {
			x.t.Fatal("nothing was changed")
		}
		saved = changed
	}
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		x.t.Fatal(err)
	}
	w.run("the key from elsewhere", chromedp.SetValue("#key", x.s.VKey))
	w.run("the file", chromedp.SetUploadFiles("#file", []string{file}))
	ctx, cancel := context.WithTimeout(w.ctx, waits)
	defer cancel()
	said := must(chromedp.Run(ctx, chromedp.Evaluate[string](`liandanVerify(new TextEncoder().encode(`+string(must(json.Marshal(saved))(x.t))+`), `+strconv.Quote(x.s.VKey)+`)`, chromedp.EvalAwaitPromise)))(x.t)
	if !strings.Contains(said, want) {
		x.t.Errorf("the browser says %.400s", said)
	}
}

// covered is how many there are, and how many of them a contract has.
type covered struct{ of, declared int64 }

func (c *covered) add(declared bool) {
	if c.of++; declared {
		c.declared++
	}
}

// cell is a share as the city's page writes it, with its numerator and denominator.
func cell(n, of int64) string {
	return fmt.Sprintf("%s|%d|%d", big.NewRat(100*n, of).FloatString(2), n, of)
}

// figure reads a variant of an indicator, the whole before its types, from the city's page, as its reader sees it: on a phone its card is opened first.
func (x *tale) figure(indicator int, variant string) string {
	x.t.Helper()
	card := `section[aria-label="指标 ` + strconv.Itoa(indicator) + `"]`
	return js[string](x.office, `(document.querySelector('`+card+` > .fold').open = true, [...document.querySelectorAll('`+card+` .scroll tbody tr')]
		.filter((r) => r.querySelector("th").innerText.includes("`+variant+`")).map((r) => [...r.querySelectorAll("td")].map((d) => d.innerText.trim()).join("|"))[0] ?? "not there")`)
}

func (x *tale) figures(when string, want map[string]string) {
	x.t.Helper()
	x.opens("city-"+when, "/city?period="+x.period, "医疗废物收集处置体系覆盖率", "2026")
	for name, value := range want {
		number, variant, _ := strings.Cut(name, " ")
		if got := x.figure(must(strconv.Atoi(number))(x.t), variant); got != value {
			x.t.Errorf("%s: %s is %q, expected %q", when, name, got, value)
		}
	}
}

// expected are the figures with so many institutions proven and so much treated.
func (x *tale) expected(proven int64, treated string) map[string]string {
	return map[string]string{"36 declared": cell(x.institutions.declared, x.institutions.of), "36 proven": cell(proven, x.institutions.of), "37 ": treated,
		"38 declared": cell(x.sources.declared, x.sources.of), "38 proven": cell(0, x.sources.of)}
}

func (x *tale) figuresBefore() {
	x.t.Helper()
	x.office = x.in.somebody(x.width)
	x.office.listen()
	x.office.signIn(x.s.URL+"/signin", "inspector.sample", ".doors")
	x.figures("before", x.expected(0, "—|0.000 kg|0.000 kg"))
}

// figuresAfter are those of the story: five more institutions are proven to be in the system; of
// the 6.75 kg that arose in built-up areas 0.5 kg was refused and the rest steamed; no social
// source had any part in it. Behind them are this story's events and no others.
func (x *tale) figuresAfter() {
	x.t.Helper()
	x.figures("after", x.expected(5, "92.59|6.250 kg|6.750 kg"))
	x.office.tap("92.59")
	x.office.until("what is behind it", `location.pathname === "/city/37"`)
	x.opens("evidence", js[string](x.office, `location.pathname + location.search`), "产生", "generated", "2.500 kg")
	ours := map[string]bool{}
	for _, st := range x.stops[:3] {
		ours[x.driver.batchOf(st.label).State.ID.String()] = true
	}
	behind := js[[]string](x.office, `[...document.querySelectorAll('a[href^="/inspect/batch/"]')].map((a) => a.getAttribute("href"))`)
	seen := map[string]bool{}
	for _, href := range behind {
		b, _, _ := strings.Cut(strings.TrimPrefix(href, "/inspect/batch/"), "#")
		if seen[b] = true; !ours[b] {
			x.t.Errorf("behind the figure is %s, which is not of the story", href)
		}
	}
	if len(seen) != 3 {
		x.t.Errorf("behind the figure are %q", behind)
	}
	x.office.tap("查看 open")
	x.office.until("the event in its chain", `location.pathname.startsWith("/inspect/batch/") && document.getElementById(location.hash.slice(1))?.innerText.includes("kg")`)
}
