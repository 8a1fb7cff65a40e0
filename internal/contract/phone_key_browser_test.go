package contract

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/client"
	samplecity "liandan/internal/sample"
)

// kid is the key that the app holds.
func (p phone) kid() string {
	p.t.Helper()
	return js[string](p.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const k = r.result.transaction("meta").objectStore("meta").get("key"); k.onsuccess = () => { r.result.close(); done(k.result.kid) } } })`)
}

// TestAPhoneRenewsItsKey: on demand and by itself near its end; what the old key signed without
// network still goes in; a phone that was reported lost is told so, plainly, and signs in vain.
func TestAPhoneRenewsItsKey(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	nurse := newPhone(t, s, city, "nurse.sample")
	first := nurse.kid()
	nurse.cut(true)
	nurse.bag("内科 SAMPLE", "1.5", "")
	nurse.unsent(1)
	nurse.open("#device", `a[href="#scale"]`)
	nurse.tap("更换密钥")
	nurse.until("no network is said", `document.querySelector(".trouble")?.textContent.includes("没有网络")`)
	// Given the network back, what waits is sent by the page's own clock; the key is changed before.
	js[bool](nurse.walker, `(window.posting = fetch, window.fetch = (path, ...x) => path === "/v1/events" ? Promise.reject(new TypeError("SAMPLE")) : window.posting(path, ...x), true)`)
	nurse.cut(false)
	nurse.tap("更换密钥")
	nurse.until("no trouble", `!document.querySelector(".trouble") && document.querySelector("main .card")`)
	for end := time.Now().Add(waits); nurse.kid() == first; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the key is the old one")
		}
	}
	nurse.page("device", "本机", "更换密钥", "旧密钥一周后失效", "手机丢失")
	nurse.world(0)
	js[bool](nurse.walker, `(window.fetch = window.posting, true)`)
	nurse.bag("内科 SAMPLE", "2.5", "")
	nurse.unsent(0)
	nurse.world(2)
	second := nurse.kid()
	old, known, err := s.Registry.Key(t.Context(), first)
	if err != nil || !known || old.Valid.To.After(time.Now().AddDate(0, 0, 8)) {
		t.Errorf("the old key is %+v, %v", old.Valid, err)
	}
	if out := js[string](nurse.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const k = r.result.transaction("meta").objectStore("meta").get("key"); k.onsuccess = async () => { r.result.close()
			done(await crypto.subtle.exportKey("jwk", k.result.keys.privateKey).then(() => "exported", () => "locked")) } } })`); out != "locked" {
		t.Errorf("the new key is %s", out)
	}

	// As if its end were near: the app renews it by itself when it is opened.
	js[bool](nurse.walker, `new Promise((done) => { const r = indexedDB.open("liandan-phone"); r.onsuccess = () => {
		const store = r.result.transaction("meta", "readwrite").objectStore("meta"); const k = store.get("key"); k.onsuccess = () => {
			store.put({...k.result, valid_from: new Date(Date.now() - 300 * 86400000).toISOString(), valid_to: new Date(Date.now() + 3 * 86400000).toISOString()}, "key").onsuccess = () => { r.result.close(); done(true) } } } })`)
	nurse.cut(true)
	nurse.arrives("home without network", `a[href="#scan"].main`, chromedp.Navigate(s.URL+"/m/#"), chromedp.Reload())
	nurse.page("key-near-its-end", "本机密钥还有", "自动更换")
	if nurse.kid() != second {
		t.Error("renewed without network")
	}
	nurse.cut(false)
	for end := time.Now().Add(waits); nurse.kid() == second; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the key near its end was not renewed")
		}
	}
	third := nurse.kid()

	if _, err := s.Registry.RevokeKey(t.Context(), "test", third, time.Now().Add(-time.Second), "lost"); err != nil {
		t.Fatal(err)
	}
	nurse.bag("内科 SAMPLE", "3.5", "")
	nurse.arrives("what came back", `[data-state=refused]`, chromedp.Navigate(s.URL+"/m/#queue"))
	nurse.arrives("home", `.note.bad`, chromedp.Navigate(s.URL+"/m/#"))
	nurse.page("lost", "本机已被挂失或吊销", "请交还单位", "重新登记本机")
	nurse.world(2)
	nurse.open("#device", `a[href="#scale"]`)
	// The registry's own tests have the refusal; here are its words, without the browser's remark on a 403.
	js[bool](nurse.walker, `(window.fetch = async () => new Response(JSON.stringify({kind: "key-revoked", status: 403}), {status: 403}), true)`)
	nurse.tap("更换密钥")
	nurse.until("it cannot hand over", `document.querySelector(".trouble")?.textContent.includes("挂失")`)
	if nurse.kid() != third {
		t.Error("a revoked key handed over")
	}
}
