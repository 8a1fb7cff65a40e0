package web

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/account"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
)

// faulty is a service of accounts with a defect and a store that is away.
type faulty struct{ People }

var errSample = errors.New("SAMPLE secret")

func (faulty) Session(context.Context, string) (account.Session, error) {
	return account.Session{}, errSample
}

func (faulty) SignIn(context.Context, account.SignIn) (account.Session, string, error) {
	return account.Session{}, "", fault.Wrap(errSample, fault.Unavailable, "away")
}

func TestAccountPage(t *testing.T) {
	w := newWorld(t)
	site := registry.SiteID(hospital(1), "一院本部")
	b := w.signedIn("nurse.one",
		access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{site}, Person: porter(1, "N-1")},
		access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}, Valid: party.Period{To: w.clock().Add(48 * time.Hour)}})
	body := b.get("/account", 200)
	contains(t, body, "样例 nurse.one", "科室、场所人员", "ward and site staff", "样例一院 SAMPLE", "一院本部", porter(1, "N-1").String(),
		"区县执法人员", "2026-03-04 16:00", "这台设备")
	lacks(t, body, "样例二院", "130602") // the district has a name
	w.pass(49 * time.Hour)
	again := w.browser()
	again.post("/signin", 303, "login", "nurse.one", "password", password)
	lacks(t, again.get("/account", 200), "区县执法人员") // it has ended
}

func TestNamesAreEscaped(t *testing.T) {
	w := newWorld(t)
	in, err := w.people.Invite(t.Context(), "evil.one", `<img src=x onerror=alert(1)>"'&`, nil)
	w.must(err)
	_, token, err := w.people.Accept(t.Context(), account.Acceptance{Code: in.Code, Password: password})
	w.must(err)
	b := w.browser()
	b.jar["liandan"] = token
	body := b.get("/account", 200)
	lacks(t, body, "<img")
	contains(t, body, "&lt;img", "没有职务")
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("nurse.one")
	other := w.browser()
	other.post("/signin", 303, "login", "nurse.one", "password", password)
	const fresh = "another-Horse-8-样例"
	change := func(status int, old, fresh, again string) string {
		body := b.post("/account/password", status, "old", old, "new", fresh, "again", again)
		for _, secret := range []string{old, fresh, again} {
			if len(secret) > 5 {
				lacks(t, body, secret)
			}
		}
		return body
	}
	contains(t, change(401, "wrong-one-here", fresh, fresh), "密码不对", "没有改动")
	contains(t, change(422, password, fresh, fresh+"x"), "两次输入不一致")
	contains(t, change(422, password, "123", "123"), "密码太弱")
	contains(t, change(422, password, "nurse.one!", "nurse.one!"), "密码太弱")
	other.get("/account", 200) // nothing has changed
	change(303, password, fresh, fresh)
	b.goes("/account?done=password")
	contains(t, b.get("/account?done=password", 200), "密码已更改")
	other.get("/account", 303) // others have ended
	w.browser().post("/signin", 401, "login", "nurse.one", "password", password)
	w.browser().post("/signin", 303, "login", "nurse.one", "password", fresh)
}

func TestSignOutEverywhere(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("nurse.one")
	other, stranger := w.browser(), w.signedIn("nurse.two")
	other.post("/signin", 303, "login", "nurse.one", "password", password, "remember", "1")
	body := b.get("/account", 200)
	if strings.Count(body, "这台设备") != 1 || strings.Count(body, "另一台设备") != 1 || !strings.Contains(body, "已记住") {
		t.Errorf("the sessions read wrong: %s", body)
	}
	b.post("/account/sessions/end", 303)
	b.goes("/signin?done=everywhere")
	other.get("/account", 303)
	stranger.get("/account", 200)
}

// Disabling acts on the very next page, wherever it happened.
func TestDisabledInTheMiddle(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin.one", administrator(1))
	b.get("/devices", 200)
	session, err := w.people.Session(t.Context(), b.jar["liandan"])
	w.must(err)
	w.must(w.people.Dismiss(t.Context(), session.Account.ID, session.Account.Appointments[0].ID))
	contains(t, b.get("/devices", 403), "您的职务不能进行此操作")
	w.must(w.people.Disable(t.Context(), session.Account.ID))
	b.get("/devices", 303)
}
