package contract

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/calendar"
	"liandan/internal/client"
	"liandan/internal/event"
	"liandan/internal/id"
	samplecity "liandan/internal/sample"
)

// plateOf is a vehicle of an organisation by the register, with its limit in kilograms.
func plateOf(t *testing.T, city *samplecity.City, name string) (plate, limit string) {
	t.Helper()
	rows := func(kind string) [][]string {
		return must(csv.NewReader(bytes.NewReader(city.Registers()[kind])).ReadAll())(t)
	}
	for _, o := range rows("organisations") {
		for _, v := range rows("vehicles") {
			if strings.Contains(o[1], name) && v[0] == o[0] {
				return v[1], v[3]
			}
		}
	}
	t.Fatalf("%s has no vehicle", name)
	return
}

// TestASmallSourceSignsItself: a repair shop closes a drum and hands it out on its own phone, the
// collector takes it over from the shop's screen; neither phone has network at the stop. The
// vehicle's limit is the register's.
func TestASmallSourceSignsItself(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	shop := phoneOf(t, s, registered(t, city, "汽修厂一", "workshop", "shop.sample", access.SiteStaff))
	round := registered(t, city, "收集点", "driver-1", "round.sample", access.Driver)
	plate, limit := plateOf(t, city, "收集点")
	planner := must(s.Registry.NewToken(t.Context(), access.Appointment{Role: access.OrganisationAdministrator, Party: round.Appointment.Party}, "SAMPLE", time.Time{}))(t)
	plan(t, s, planner, fmt.Sprintf(`{"collector":%q,"vehicle":%q,"driver":%q,"day":%q,"stops":[{"site":%q}]}`, round.Appointment.Party, plate,
		round.Appointment.Person, time.Now().In(calendar.Zone()).Format(time.DateOnly), shop.who.Appointment.Sites[0]))
	driver := phoneOf(t, s, round)
	driver.signIn()
	driver.keeps("plan", `x?.capacity_grams === `+limit+`000`)
	driver.cut(true)

	shop.signIn()
	shop.keeps("partners", `x?.some((p) => p.id === "`+round.Appointment.Party.String()+`")`)
	shop.cut(true)
	shop.open("#drum", "input.wastecode")
	shop.fill("input.wastecode", "900-214")
	shop.fill("input.weight", "20.5")
	shop.tap("签名并出标签")
	shop.until("a code is a code", `document.querySelector(".trouble")?.textContent.includes("废物代码写法不对")`)
	shop.fill("input.wastecode", "900-214-08")
	shop.page("drum", "装桶", "液态", "两边都可以没有网络")
	shop.tap("签名并出标签")
	shop.until("the label", `document.querySelector("#token")`)
	label := must(event.ParseLabel(js[string](shop.walker, `document.querySelector("#token").textContent.replaceAll(" ", "")`)))(t)
	shop.open("#many/manifest.issued", "#typed")
	shop.tap("加入本机全部 1 袋")
	shop.until("whom the register names, without network", `document.querySelector("#consigneesite :checked")`)
	shop.until("both the collector", `[...document.querySelectorAll(".picker :checked")].every((x) => x.value === "`+round.Appointment.Party.String()+`")`)
	shop.page("issue-own", "出库交承运人：1 袋", "登记有协议")
	shop.tap("出库交承运人 1 袋，签名")
	shop.until("the hand-over code", `location.hash.startsWith("#give/") && document.querySelector("svg.qr")`)
	codes := shop.decoded()
	if len(codes) != 1 {
		t.Fatalf("codes %q", codes)
	}
	shop.unsent(2)

	driver.arrives("the yard", "#plate", chromedp.Navigate(s.URL+"/m/#trip"), chromedp.Reload())
	driver.tap("今日车次 " + plate)
	driver.until("the limit is the register's", `document.querySelector("#room")?.textContent.includes("`+limit+` kg")`)
	driver.open("#scan", "#typed")
	driver.fill("#typed", codes[0])
	driver.tap("确定")
	driver.until("what to load", `document.querySelector("input.weight")?.value === "20.5"`)
	driver.tap("装车，签名")
	driver.until("loaded, by code, and the stop is done", `document.querySelector('[data-code="900-214-08"]')?.textContent.includes("20.5") && document.querySelector("svg.line circle.done")`)
	driver.page("trip-own", "900-214-08", "已收")
	driver.unsent(1)
	driver.cut(false) // the driver is back first: what they saw is not there yet
	driver.arrives("what waits", `[data-state=held]`, chromedp.Navigate(s.URL+"/m/#queue"))
	shop.cut(false)
	shop.unsent(0)
	driver.tap("现在发送")
	for end := time.Now().Add(waits); ; time.Sleep(100 * time.Millisecond) {
		var found bool
		if err := s.Record.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		v := shop.batchOf(label)
		if found = v.State.Stage == "in_transit"; found {
			if v.State.Code != "900-214-08" || int64(v.State.Grams) != 20_500 || v.State.Packages != 1 || v.State.Carrier != round.Appointment.Party || v.State.ConsigneeSite == (id.Site{}) || v.State.Agent != (id.Party{}) {
				t.Errorf("the drum is %+v", v.State)
			}
			m := must(s.Audit.Manifest(t.Context(), v.State.Manifest))(t)
			if m.State.Profile != "small-source" || m.State.Consignor != shop.who.Appointment.Party {
				t.Errorf("the manifest is %+v", m.State)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the drum is %+v", v.State)
		}
	}
	driver.world(3)
}
