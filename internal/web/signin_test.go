package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"liandan/internal/access"
)

func TestSignInAndOut(t *testing.T) {
	w := newWorld(t)
	w.signedIn("nurse.one", administrator(1))
	b := w.browser()
	body := b.get("/signin?next=%2Fdevices", 200)
	contains(t, body, "登录", "Sign in", `value="/devices"`, "/welcome")
	lacks(t, body, "/signin/oidc", `id="code"`)
	b.post("/signin", 303, "login", " Nurse.One ", "password", password, "next", "/devices")
	b.goes("/devices")
	c := b.set["liandan"]
	if c == nil || !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 0 || c.Domain != "" {
		t.Fatalf("the cookie is %+v", c)
	}
	first := b.jar["liandan"]
	body = b.get("/devices", 200)
	b.csrf = find(t, body, `name="csrf" value="([^"]+)"`)
	if strings.Contains(body, first) {
		t.Error("the session's token is on a page")
	}
	// Signing in once more ends the session that the browser had.
	b.post("/signin", 303, "login", "nurse.one", "password", password)
	b.goes("/home")
	again := b.jar["liandan"]
	old := w.browser()
	old.jar["liandan"] = first
	old.get("/account", 303)
	b.csrf = find(t, b.get("/account", 200), `name="csrf" value="([^"]+)"`)
	b.post("/signout", 303)
	b.goes("/signin?done=out")
	if b.jar["liandan"] != "" {
		t.Error("the cookie is still there")
	}
	old.jar["liandan"] = again
	old.get("/account", 303)
	contains(t, b.get("/signin?done=out", 200), "已退出")
	lacks(t, b.get("/signin?done=%3Cb%3E", 200), "<b>")
}

func TestRememberedAndOverTLS(t *testing.T) {
	w := newWorld(t)
	w.secure = true
	w.signedIn("driver.one", administrator(1))
	b := w.browser()
	b.post("/signin", 303, "login", "driver.one", "password", password, "remember", "1")
	c := b.set["__Host-liandan"]
	if c == nil || !c.Secure || !c.HttpOnly || c.MaxAge < 60*60*24*30 || c.Path != "/" || c.Domain != "" {
		t.Fatalf("the cookie is %+v", c)
	}
	b.get("/account", 200)
	// Over TLS the cookie that the network's owner could plant does not count.
	planted := w.browser()
	planted.jar["liandan"] = c.Value
	planted.get("/account", 303)
	w.pass(20 * 24 * time.Hour)
	b.get("/account", 200)
}

// Whatever is wrong, the answer is the same; what was typed stays but for the secrets.
func TestRefusalsReadAlike(t *testing.T) {
	w := newWorld(t)
	w.signedIn("nurse.one")
	w.account("invited.one")
	gone, err := w.people.Invite(t.Context(), "gone.one", "样例", nil)
	w.must(err)
	w.must(w.people.Disable(t.Context(), gone.Account.ID))
	var first string
	for _, login := range []string{"nurse.one", "nobody.here", "invited.one", "gone.one", "x", "", "a b", "<script>1</script>", "'; DROP TABLE accounts; --", "ｎｕｒｓｅ"} {
		b := w.browser()
		body := b.post("/signin", 401, "login", login, "password", "wrong-secret-SAMPLE", "next", "/account", "remember", "1")
		contains(t, body, "登录名、密码或动态口令不对", `checked=""`, `value="/account"`)
		lacks(t, body, "wrong-secret-SAMPLE", "<script>")
		if len(b.set) != 0 {
			t.Errorf("%q: cookies %v", login, b.set)
		}
		shown := find(t, body, `id="login" name="login" value="([^"]*)"`)
		if shown == "" && login != "" {
			t.Errorf("the login %q is lost", login)
		}
		body = strings.Replace(body, `value="`+shown+`"`, "", 1)
		if first == "" {
			first = body
		}
		if body != first {
			t.Errorf("%q is answered in its own way", login)
		}
	}
}

func TestThrottledSignInSaysWhen(t *testing.T) {
	w := newWorld(t)
	w.signedIn("nurse.one")
	b := w.browser()
	for range 5 {
		b.post("/signin", 401, "login", "nurse.one", "password", "wrong")
	}
	body := b.post("/signin", 429, "login", "nurse.one", "password", password)
	contains(t, body, "请在 16:01 之后再试", "after 16:01", `value="nurse.one"`)
	if s := b.last.Get("Retry-After"); s == "" || s == "0" {
		t.Errorf("Retry-After %q", s)
	}
	w.pass(2 * time.Minute)
	b.post("/signin", 303, "login", "nurse.one", "password", password)
}

func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("nurse.one")
	body := b.post("/account/totp", 200)
	secret := strings.ReplaceAll(strings.TrimSpace(find(t, body, `<p class="secret"><code>([^<]+)</code>`)), " ", "")
	contains(t, body, `href="otpauth://totp/`, "<svg", "M", "验证器")
	if strings.Contains(b.last.Get("Location"), secret) {
		t.Error("the secret is in an address")
	}
	body = b.post("/account/totp/confirm", 422, "code", "000000")
	contains(t, body, "口令", "/account/totp/confirm")
	lacks(t, body, secret)
	code := func() string {
		c, err := totp.GenerateCode(secret, w.clock())
		w.must(err)
		return c
	}
	body = b.post("/account/totp/confirm", 200, "code", code())
	contains(t, body, "只显示这一次")
	recovery := find(t, body, `<li><code>([^<]+)</code>`)
	if n := strings.Count(body, "<li><code>"); n != 10 {
		t.Errorf("%d recovery codes", n)
	}
	body = b.get("/account", 200)
	contains(t, body, "已启用", "/account/totp/remove")
	lacks(t, body, recovery, secret)
	contains(t, b.post("/account/totp", 409), "没有改动") // on already

	w.pass(time.Minute)
	s := w.browser()
	body = s.post("/signin", 401, "login", "nurse.one", "password", password)
	contains(t, body, `id="code"`, "6位")
	lacks(t, body, password)
	if len(s.set) != 0 {
		t.Error("half a sign-in sets a cookie")
	}
	contains(t, s.post("/signin", 401, "login", "nurse.one", "password", password, "code", "000000"), `id="code"`, "不对")
	s.post("/signin", 303, "login", "nurse.one", "password", password, "code", " "+code()+" ")
	w.browser().post("/signin", 401, "login", "nurse.one", "password", password, "code", code()) // once
	w.browser().post("/signin", 303, "login", "nurse.one", "password", password, "code", strings.ToLower(recovery))

	contains(t, b.post("/account/totp/remove", 401, "password", "wrong"), "密码不对")
	b.post("/account/totp/remove", 303, "password", password)
	b.goes("/account?done=totp-off")
	contains(t, b.get("/account?done=totp-off", 200), "动态口令已停用", "未启用")
	contains(t, b.post("/account/totp/confirm", 409, "code", "123456"), "没有启用")
}

func TestNextIsOurs(t *testing.T) {
	w := newWorld(t)
	w.signedIn("nurse.one", access.Appointment{Role: access.CityAnalyst})
	for next, want := range map[string]string{
		"/devices":                    "/devices",
		"/devices?q=a&after=0.":       "/devices?q=a&after=0.",
		"/devices/abc/lost":           "/devices/abc/lost",
		"":                            "/home",
		"https://evil.test/":          "/home",
		"//evil.test/devices":         "/home",
		"/\\evil.test":                "/home",
		"\\\\evil.test":               "/home",
		"/%2Fevil.test":               "/home",
		"/\t/evil.test":               "/home",
		" //evil.test":                "/home",
		"javascript:alert(1)":         "/home",
		"/devices\r\nSet-Cookie: x=y": "/home",
		"/devices#x":                  "/home",
		"/signout":                    "/home",
		"/signin":                     "/home",
		"/v1/keys":                    "/home",
		"/account/../../evil":         "/home",
		"http:/devices":               "/home",
		"/devices/" + strings.Repeat("x", 600) + "/lost": "/home",
		"/@evil.test": "/home",
	} {
		b := w.browser()
		b.post("/signin", 303, "login", "nurse.one", "password", password, "next", next)
		if got := b.last.Get("Location"); got != want {
			t.Errorf("next=%q leads to %q", next, got)
		}
		lacks(t, w.browser().get("/signin?next="+url.QueryEscape(next), 200), "evil")
	}
}

func TestWelcome(t *testing.T) {
	w := newWorld(t)
	code := w.account("nurse.one", administrator(1))
	b := w.browser()
	body := b.get("/welcome", 200)
	contains(t, body, "一次性码", welcomeScript.path)
	contains(t, b.get(welcomeScript.path, 200), "location.hash", "replaceState")
	if b.last.Get("Content-Type") != "text/javascript; charset=utf-8" || !strings.Contains(b.last.Get("Cache-Control"), "immutable") {
		t.Errorf("the script comes with %v", b.last)
	}
	send := func(status int, code, password, again string) string {
		body := b.post("/welcome", status, "code", code, "password", password, "again", again)
		if password != "" {
			lacks(t, body, password)
		}
		return body
	}
	contains(t, send(422, code, password, password+"x"), "两次输入不一致", `value="`+code+`"`)
	contains(t, send(422, code, "short", "short"), "密码太弱", `value="`+code+`"`)
	contains(t, send(422, code, "", ""), "密码太弱")
	for _, wrong := range []string{"", "x", "0000-0000-0000-0", strings.Repeat("0", 4000), "<script>", "' OR ''='"} {
		body := send(403, wrong, password, password)
		contains(t, body, "一次性码输入有误")
		lacks(t, body, "<script>")
	}
	if len(b.set) != 0 || len(b.jar) != 0 {
		t.Error("somebody came in without a code")
	}
	send(303, " "+strings.ToLower(code)+" ", password, password)
	b.goes("/account?done=welcome")
	contains(t, b.get("/account?done=welcome", 200), "账号已启用", "nurse.one", "单位管理员", "样例一院 SAMPLE")
	w.browser().post("/welcome", 403, "code", code, "password", password, "again", password) // used up
	if strings.Contains(w.logged.String(), code) || strings.Contains(w.logged.String(), password) {
		t.Error("a secret is in the log")
	}
}

func TestTroubleBehindThePages(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("nurse.one", administrator(1))
	w.site.People = faulty{w.site.People}
	for _, path := range []string{"/account"} {
		body := b.get(path, 500)
		contains(t, body, "系统出了问题")
		lacks(t, body, "SAMPLE secret")
	}
	contains(t, b.post("/signin", 503, "login", "x", "password", "y"), "暂时无法使用", `name="login"`)
	if !strings.Contains(w.logged.String(), "SAMPLE secret") || strings.Count(w.logged.String(), "level=ERROR") != 2 {
		t.Errorf("logged: %s", w.logged.String())
	}
	if n := fmt.Sprint(b.last["Retry-After"]); n != "[1]" {
		t.Errorf("Retry-After %s", n)
	}
}
