package contract

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	views "liandan/internal/audit"
	"liandan/internal/calendar"
	"liandan/internal/client"
	"liandan/internal/event"
	samplecity "liandan/internal/sample"
	"liandan/internal/server"
)

// TestTheWholeStoryInBrowsers is issue 7's: from a nurse's new phone to the city's figures, by the pages alone; once with
// everybody at the width of a phone, once with everybody at the width of a desk's screen. The registers and the accounts
// are given; their pages have their test.
func TestTheWholeStoryInBrowsers(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{390, 1280} {
		t.Run(strconv.FormatInt(width, 10), func(t *testing.T) {
			t.Parallel()
			x := newTale(t, width)
			x.thorough = width == 390
			x.settle()
			x.figuresBefore()
			x.enrolments()
			x.ward()
			x.trip()
			x.unloads()
			x.accepts()
			x.treats()
			x.inspects()
			x.figuresAfter()
			if x.thorough {
				x.phones()
			}
		})
	}
}

func newTale(t *testing.T, width int64) *tale {
	return &tale{t: t, s: serve(t, "", time.Now), city: samplecity.NewCity(1, 2), in: newStudio(t), width: width, period: time.Now().In(calendar.Zone()).Format("2006-01")}
}

// tale is the story so far.
type tale struct {
	t                     *testing.T
	s                     *server.Server
	city                  *samplecity.City
	in                    *studio
	width                 int64 // of everybody's window
	thorough              bool  // axe-core judges too, for which one story is enough
	period                string
	institutions, sources covered // of the registers
	events                int64   // in the log, by now
	found                 []string

	office walker // of the city

	nurse, porter, driver, plant phone
	others                       []phone // who signs for the stops after the first
	stops                        []stop
}

// stop is one consignor's bag on the trip.
type stop struct {
	from  *phone
	label event.Label
	grams int64
	kept  int64 // by the plant
}

// settle gives the server what stands before the story: registers, and who may sign in.
func (x *tale) settle() {
	x.t.Helper()
	c := client.New(x.s.URL, x.s.Token)
	registers := x.city.Registers()
	for _, kind := range samplecity.Kinds() {
		var r struct{ Applied bool }
		report := must(c.Import(x.t.Context(), kind, registers[kind]))(x.t)
		if err := json.Unmarshal(report, &r); err != nil || !r.Applied {
			x.t.Fatalf("register %s was not taken in: %s", kind, report)
		}
	}
	x.count(registers)
	for _, login := range []string{"admin.sample", "inspector.sample"} {
		member(x.t, x.s, login, somebody(x.t, x.city, login).Appointment)
	}
}

// count adds the registers up by itself: who should be in the system, and who is by a contract.
func (x *tale) count(registers map[string][]byte) {
	x.t.Helper()
	rows := func(kind string, each func(row map[string]string)) {
		all := must(csv.NewReader(bytes.NewReader(registers[kind])).ReadAll())(x.t)
		for _, r := range all[1:] {
			row := map[string]string{}
			for i, name := range all[0] {
				row[name] = r[i]
			}
			each(row)
		}
	}
	medical, social := map[string]bool{}, map[string]bool{} // whether a contract has them
	rows("sites", func(r map[string]string) {
		if r["kind"] == "hospital" || r["kind"] == "clinic" {
			medical[r["credit_code"]] = false
		}
	})
	rows("site_history", func(r map[string]string) {
		if r["social"] != "" {
			social[r["site_name"]] = false
		}
	})
	rows("memberships", func(r map[string]string) {
		if _, counts := medical[r["credit_code"]]; counts {
			medical[r["credit_code"]] = true
		}
		if _, counts := social[r["site_name"]]; counts {
			social[r["site_name"]] = true
		}
	})
	for _, in := range medical {
		x.institutions.add(in)
	}
	for _, in := range social {
		x.sources.add(in)
	}
}

// holds is the state of the world after a step: so many more events, all of them sound, every
// gram booked, nothing that waits to come in, and no finding but those named, which stay.
func (x *tale) holds(more int64, findings ...string) {
	x.t.Helper()
	x.events += more
	x.found = append(x.found, findings...)
	x.nurseOrAny().world(x.events)
	r := must(x.s.Audit.Check(x.t.Context(), views.Options{}))(x.t)
	waiting, _, err := x.s.Audit.Quarantine(x.t.Context(), "", 10)
	waiting = slices.DeleteFunc(waiting, func(h views.Held) bool { return h.State == "admitted" })
	if err != nil || r.GramsTotal != 0 || len(waiting) != 0 || r.Contested != (views.Contested{}) {
		x.t.Fatalf("the books: %+v, waiting %+v %v", r, waiting, err)
	}
	page := must(x.s.Audit.Findings(x.t.Context(), views.FindingFilter{}, time.Now(), "", 100))(x.t)
	var found []string
	for _, f := range page.Items {
		found = append(found, string(f.Rule))
	}
	slices.Sort(found)
	slices.Sort(x.found)
	if !slices.Equal(found, x.found) {
		x.t.Errorf("findings %q, expected %q", found, x.found)
	}
}

func (x *tale) nurseOrAny() phone { return phone{walker{x.t, x.in.ctx}, x.s, samplecity.Somebody{}} }

// enrolments gives everybody a phone: the administrator's page shows a code, and the phone's
// camera is what a reader that we did not write reads of it.
func (x *tale) enrolments() {
	x.t.Helper()
	desk := x.registrar()
	enrol := func(who samplecity.Somebody) phone { return x.enrol(desk, who) }
	named := func(login string) samplecity.Somebody { return somebody(x.t, x.city, login) }
	x.nurse = enrol(named("nurse.sample"))
	x.page(x.nurse, "home", "封袋", "Close a bag", "扫码")
	x.porter = enrol(named("porter.sample"))
	x.driver = enrol(named("driver.sample"))
	x.plant = enrol(named("plant.sample"))
	for _, o := range []struct{ org, person, login string }{{"第二医院", "store-keeper", "second.sample"}, {"第三医院", "store-keeper", "third.sample"},
		{"诊所一", "nurse", "clinic-1.sample"}, {"诊所二", "nurse", "clinic-2.sample"}} {
		x.others = append(x.others, enrol(registered(x.t, x.city, o.org, o.person, o.login, access.SiteStaff)))
	}
	x.holds(0)
}

// page looks at a page of somebody's phone: what it says, that it fits, and that a thumb can hit what is on it.
func (x *tale) page(p phone, name string, words ...string) {
	x.t.Helper()
	name = x.named("phone-story-" + name)
	p.sees(name, words...)
	p.forThumbs(name)
	if x.thorough {
		p.axe(name)
	}
}

// signs presses the button that says so: with a finger, or at a desk by the keys alone, from where the page begins.
func (x *tale) signs(p phone, says string) {
	x.t.Helper()
	if x.width < 1000 {
		p.tap(says)
		return
	}
	quoted := strconv.Quote(says)
	p.until("a button that says "+says, `[...document.querySelectorAll("main button")].some((b) => b.textContent.includes(`+quoted+`) && !b.disabled)`)
	js[bool](p.walker, `(document.querySelector("main").focus(), true)`)
	for range 40 {
		p.run("the next field", chromedp.KeyEvent("\t"))
		if js[bool](p.walker, `document.activeElement.matches("main button") && document.activeElement.textContent.includes(`+quoted+`)`) {
			if ring := js[string](p.walker, `getComputedStyle(document.activeElement).outlineStyle`); ring == "none" {
				x.t.Errorf("nobody sees that the keys are at %s", says)
			}
			p.run(says, chromedp.KeyEvent("\r"))
			return
		}
	}
	x.t.Fatalf("the keys do not come to %s; they are at %s", says, js[string](p.walker, `document.activeElement.outerHTML`))
}

// desk looks at the page that is open at somebody's desk.
func (x *tale) desk(w walker, name string, words ...string) {
	x.t.Helper()
	name = x.named("story-" + name)
	w.sees(name, words...)
	if x.thorough {
		w.axe(name)
	}
}

// named is what a picture of the story is called.
func (x *tale) named(name string) string { return name + "-" + strconv.FormatInt(x.width, 10) }

// registrar is the administrator.
func (x *tale) registrar() walker {
	x.t.Helper()
	admin := x.in.somebody(x.width)
	admin.listen()
	admin.signIn(x.s.URL+"/signin", "admin.sample", ".doors")
	return admin
}

// enrol gives somebody a phone by the code on the administrator's page.
func (x *tale) enrol(admin walker, who samplecity.Somebody) phone {
	x.t.Helper()
	find := `a[href*="person=` + who.Appointment.Person.String() + `"]`
	admin.arrives("the organisation", find, chromedp.Navigate(x.s.URL+"/admin/registers/"+who.Appointment.Party.String()))
	admin.arrives("enrolment", "#person", chromedp.Click(find))
	if who.Login == "nurse.sample" {
		x.desk(admin, "enrolment", "登记新设备", "Enrol a device")
	}
	admin.arrives("the code", ".code", chromedp.SendKeys("#device", "样例手机 SAMPLE "+who.Login), chromedp.Click("main form button.main"))
	if who.Login == "nurse.sample" {
		x.desk(admin, "enrolment-code", "一次性码", "One-time code")
	}
	_, code := admin.code("svg.qr")
	return phoneFrom(x.in, x.s, who, code, x.width)
}
