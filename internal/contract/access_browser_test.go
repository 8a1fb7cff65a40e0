package contract

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/client"
	samplecity "liandan/internal/sample"
)

// walker is one person at a browser.
type walker struct {
	t   *testing.T
	ctx context.Context
}

// run does steps, and fails with what the page says when one does not come to its end.
func (w walker) run(what string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, waits)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		text, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		w.t.Fatalf("%s: %v; the page:\n%s", what, err, text)
	}
}

// sees fails unless the page at hand says all of it, fits the phone, and draws Chinese.
func (w walker) sees(name string, words ...string) page {
	w.t.Helper()
	var p page
	lacks := func(word string) bool { return !strings.Contains(p.Text, word) }
	// A page that is being put up has a moment to say what it has to.
	for end := time.Now().Add(waits / 3); ; time.Sleep(50 * time.Millisecond) {
		raw, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](lookAtPage))
		if err == nil {
			err = json.Unmarshal([]byte(raw), &p)
		}
		if late := time.Now().After(end); err != nil && late {
			w.t.Fatalf("%s: %v", name, err)
		} else if late || err == nil && !slices.ContainsFunc(words, lacks) {
			break
		}
	}
	if dir := os.Getenv("LIANDAN_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), must(chromedp.Run(w.ctx, chromedp.FullScreenshot(100)))(w.t), 0o600); err != nil {
			w.t.Error(err)
		}
	}
	for _, word := range words {
		if lacks(word) {
			w.t.Errorf("%s: the page does not say %q:\n%s", name, word, p.Text)
		}
	}
	if !p.Glyphs || p.Overflow > 0 {
		w.t.Errorf("%s: glyphs %v, %v px too wide", name, p.Glyphs, p.Overflow)
	}
	return p
}

// The first administrator opens the link that the first start printed: the code leaves the
// address bar, the account is theirs, and the code is used up.
func TestTheFirstAdministratorInABrowser(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	code, _, err := s.AdministratorCode(t.Context(), "")
	if err != nil || code == "" {
		t.Fatalf("%q %v", code, err)
	}
	w := walker{t, browser(t)}
	w.arrives("the link", "#code", chromedp.Navigate(s.URL+"/welcome#"+code))
	where := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + " " + document.getElementById("code").value`)))(t)
	if where != s.URL+"/welcome "+code {
		t.Errorf("the page stands at %q", where)
	}
	w.sees("welcome", "一次性码", "One-time code")
	const password = "sample-pass-phrase-19"
	w.arrives("taking it up", `form[action="/signout"]`, chromedp.SendKeys("#password", password), chromedp.SendKeys("#again", password),
		chromedp.Click("button.main"))
	w.arrives("the account", `form[action="/account/password"]`, chromedp.Click(`a[href="/account"]`))
	w.sees("account", "系统管理员", "system administrator", "admin")
	if again, _, err := s.AdministratorCode(t.Context(), ""); err != nil || again != "" {
		t.Errorf("a second first administrator: %q %v", again, err)
	}
	if _, _, err := s.Accounts.Accept(t.Context(), account.Acceptance{Code: code, Password: password}); err == nil {
		t.Error("the code works twice")
	}
	w.arrives("signing out", "#login", chromedp.Click(`form[action="/signout"] button`))
	w.arrives("coming back", "#login", chromedp.Navigate(s.URL+"/account"))
	w.arrives("with the password", `form[action="/signout"]`, chromedp.SendKeys("#login", "admin"), chromedp.SendKeys("#password", password),
		chromedp.Click("button.main"))
	w.sees("account-again", "系统管理员")
}

// A hospital's administrator reports a nurse's phone in two taps, and from then on the
// phone's events are refused.
func TestALostPhoneInTwoTaps(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	admin, nurse := somebody(t, city, "hospital.sample"), somebody(t, city, "nurse.sample")
	invitee, err := s.Accounts.Invite(t.Context(), admin.Login, admin.Name, []access.Appointment{admin.Appointment})
	if err != nil {
		t.Fatal(err)
	}
	const password = "sample-pass-phrase-19"
	if _, _, err := s.Accounts.Accept(t.Context(), account.Acceptance{Code: invitee.Code, Password: password}); err != nil {
		t.Fatal(err)
	}
	w := walker{t, browser(t)}
	w.arrives("the devices", "#login", chromedp.Navigate(s.URL+"/devices?q="+nurse.Appointment.Person.String()))
	w.sees("signin", "登录", "Sign in")
	w.arrives("signing in", `a.danger[href$="/lost"]`, chromedp.SendKeys("#login", admin.Login), chromedp.SendKeys("#password", password), chromedp.Click("button.main"))
	w.sees("devices", "挂失", "Lost", "nurse")
	w.arrives("the first tap", `button.danger[name="since"]`, chromedp.Click(`a.danger[href$="/lost"]`))
	w.sees("lost", "挂失后不能撤销", "cannot be undone")
	w.arrives("the second tap", ".done", chromedp.Click(`button.danger[name="since"]`))
	w.sees("lost-done", "这台设备已吊销", "This device is revoked")
	kid := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.pathname.split("/")[2]`)))(t)
	k, ok, err := s.Registry.Key(t.Context(), kid)
	if err != nil || !ok || k.RevokedAt.IsZero() || k.Person != nurse.Appointment.Person {
		t.Errorf("the key is %+v %v %v", k, ok, err)
	}
	if err := k.Sound(time.Now().Add(time.Second)); err == nil {
		t.Error("the lost phone can sign")
	}
	w.arrives("a new phone", ".code", chromedp.Click(`form[action="/devices/enrolment"] button.main`))
	w.sees("new-phone", "一次性码", "One-time code")
}
