package contract

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/server"
)

const samplePassword = "sample-pass-phrase-19"

// member makes an account that can sign in with samplePassword.
func member(t *testing.T, s *server.Server, login string, g ...access.Appointment) {
	t.Helper()
	in, err := s.Accounts.Invite(t.Context(), login, "样例 SAMPLE "+login, g)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Accounts.Accept(t.Context(), account.Acceptance{Code: in.Code, Password: samplePassword}); err != nil {
		t.Fatal(err)
	}
}

// arrives does steps and waits until the page that they lead to has something. It asks anew
// each time: a wait that began on the page before may never hear of this one.
func (w walker) arrives(what, selector string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	w.run(what, steps...)
	seen := fmt.Sprintf(`document.readyState === "complete" && [...document.querySelectorAll(%q)].some((e) => e.checkVisibility())`, selector)
	for end := time.Now().Add(waits); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](seen)); ok && err == nil {
			return
		}
	}
	text, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	w.t.Fatalf("%s: no %s; the page:\n%s", what, selector, text)
}

// signIn goes to a page by way of the form.
func (w walker) signIn(url, login, until string) {
	w.t.Helper()
	w.arrives("signing in as "+login, "#login", chromedp.Navigate(url))
	w.entersAs(login, until)
}

// entersAs fills the form at hand in.
func (w walker) entersAs(login, until string) {
	w.t.Helper()
	w.fill("#login", login)
	w.fill("#password", samplePassword)
	w.until("signing in as "+login, `document.querySelector("#login") && (document.querySelector("button.main").click(), true)`)
	w.arrives("signing in as "+login, until)
}

// until waits for something that no selector says.
func until(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void]("(" + expression + ") ? {} : null")
}

// judged is sees, at a phone's and at a desk's width, with nothing that axe finds serious.
func (w walker) judged(name string, words ...string) {
	w.t.Helper()
	for _, width := range []struct {
		name string
		w, h int64
	}{{"390", 390, 844}, {"1280", 1280, 900}} {
		w.run(name+" at "+width.name, chromedp.EmulateViewport(width.w, width.h))
		w.sees(name+"-"+width.name, words...)
	}
	for _, fault := range axeOf(w.t, w) {
		w.t.Errorf("%s: %s", name, fault)
	}
	w.run(name, chromedp.EmulateViewport(390, 844))
}

// The documentation runs its examples against the server that shows it: without a session,
// with one, and what changes something only after a word of consent.
func TestTheDocumentationInABrowser(t *testing.T) {
	t.Parallel()
	s, _, told := playedDay(t)
	member(t, s, "inspector.sample", access.Appointment{Role: access.CityInspector})
	w := walker{t, browser(t)}
	said := func() string {
		return must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.getElementById("said").innerText`)))(t)
	}

	w.arrives("the documentation", "#schemas", chromedp.Navigate(s.URL+"/docs"))
	w.judged("docs", "接口文档", "API documentation", "查询", "Operation")
	// Each group opens by a click, and all by a search.
	w.arrives("a group of the documentation", "#reading[open] a[href='/docs/getBatch']", chromedp.Navigate(s.URL+"/docs"), chromedp.Click("#reading > summary"))
	w.judged("docs-open", "getBatch", "批次现状")
	w.arrives("what a search finds", "a[href='/docs/listQuarantine']", chromedp.Navigate(s.URL+"/docs?q=listQuarantine"))
	w.judged("docs-found", "listQuarantine", "待核")
	w.arrives("an open operation", "#run", chromedp.Navigate(s.URL+"/docs/getCheckpoint"))
	w.arrives("an open operation", "#said", chromedp.Click("#run button.main"))
	want := must(s.Audit.Checkpoint(t.Context()))(t)
	if got := said(); strings.TrimSpace(got) != strings.TrimSpace(string(want)) {
		t.Errorf("the checkpoint on the page is %q, the server's %q", got, want)
	}
	w.arrives("without a session", "#run", chromedp.Navigate(s.URL+"/docs/getBatch"))
	w.arrives("without a session", "#said", chromedp.SendKeys("#p0", told.Batch.String()),
		chromedp.Click("#run button.main"))
	w.sees("docs-refused", "401", "unauthorized")

	w.signIn(s.URL+"/account", "inspector.sample", `form[action="/signout"]`)
	w.arrives("with a session", "#run", chromedp.Navigate(s.URL+"/docs/getBatch"))
	w.arrives("with a session", "#said", chromedp.Click("button[data-finder]"),
		until(`document.getElementById("p0").value !== ""`), chromedp.Click("#run button.main"))
	w.judged("docs-operation", "200", "您可以做这个操作", "BatchView", "谁可以")
	var got struct{ ID, Batch string }
	if err := json.Unmarshal([]byte(said()), &got); err != nil {
		t.Errorf("the answer on the page: %v", err)
	}
	asked := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.getElementById("p0").value`)))(t)
	if !strings.Contains(said(), asked) {
		t.Errorf("the answer is not of %s: %s", asked, said())
	}
	before := must(s.Accounts.Accounts(t.Context(), account.Filter{}))(t)
	w.arrives("a change without consent", "#run", chromedp.Navigate(s.URL+"/docs/deleteSessions"))
	w.arrives("a change without consent", "#answer .trouble", chromedp.Click("#run button.main"))
	w.sees("docs-consent", "先勾选")
	w.arrives("still signed in", "#status.done", chromedp.Click("#sure"), chromedp.Click("#run button.main"))
	w.sees("docs-changed", "204")
	w.arrives("signed out by it", "#login", chromedp.Navigate(s.URL+"/account"))
	if after := must(s.Accounts.Accounts(t.Context(), account.Filter{}))(t); len(after.Accounts) != len(before.Accounts) {
		t.Error("the accounts changed")
	}
	w.arrives("a schema", "h1", chromedp.Navigate(s.URL+"/docs/schemas/BatchView"))
	w.judged("docs-schema", "BatchView", "/v1/batches/{batch}")
}
