package contract

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/calendar"
	"liandan/internal/client"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
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
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
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

// signedIn signs one of the city's people in at a browser.
func (w walker) signedIn(s *server.Server, who samplecity.Somebody) {
	w.t.Helper()
	const password = "sample-pass-phrase-19"
	invitee, err := s.Accounts.Invite(w.t.Context(), who.Login, who.Name, []access.Appointment{who.Appointment})
	if err == nil {
		_, _, err = s.Accounts.Accept(w.t.Context(), account.Acceptance{Code: invitee.Code, Password: password})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.run("signing in", chromedp.Navigate(s.URL+"/signin"), chromedp.WaitVisible("#login"), chromedp.SendKeys("#login", who.Login),
		chromedp.SendKeys("#password", password), chromedp.Click("button.main"), chromedp.WaitVisible(`form[action="/signout"]`))
}

// The desk's pages over one sample day: the city's figures, drawn, down to what is behind
// them.
func TestTheDeskInABrowser(t *testing.T) {
	date := samplecity.Day{Date: time.Date(2026, 3, 2, 0, 0, 0, 0, calendar.Zone()), Run: 1}
	clock := &hourglass{}
	clock.set(date.Opens().Add(-10 * time.Minute))
	s := serve(t, "", clock.now)
	c := client.New(s.URL, s.Token)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, c)
	must(city.Play(t.Context(), date, c, func(at samplecity.Progress) { clock.set(at.At) }))(t)
	w := walker{t, browser(t)}
	w.signedIn(s, somebody(t, city, "inspector.sample"))

	w.glance("city", s.URL+"/city?period=2026-03", "医疗废物收集处置体系覆盖率", "not computable", "meets the target", "Jingxiu")
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
	w.glance("city-evidence", s.URL+"/city/37?period=2026-03", "产生", "generated", "kg", "竞秀区")
}
