package web

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/registry"
)

func TestWhoseDevicesAreListed(t *testing.T) {
	w := newWorld(t)
	w.load(registry.KindPeople, "credit_code,person\n%s,N-2\n%s,N-2\n")
	one, two := w.enrol(1, "一院 PDA"), w.enrol(2, "二院 PDA")
	nurse := access.Appointment{Role: access.SiteStaff, Party: hospital(1), Person: porter(1, "N-1"), Sites: []id.Site{registry.SiteID(hospital(1), "一院本部")}}
	colleague := access.Appointment{Role: access.Porter, Party: hospital(1), Person: porter(1, "N-2")}
	for name, c := range map[string]struct {
		holds           []access.Appointment
		one, two        bool
		revokes, enrols bool
	}{
		"admin.one":     {[]access.Appointment{administrator(1)}, true, false, true, true},
		"admin.two":     {[]access.Appointment{administrator(2)}, false, true, true, true},
		"admin.both":    {[]access.Appointment{administrator(1), administrator(2), nurse}, true, true, true, true},
		"nurse.one":     {[]access.Appointment{nurse}, true, false, true, false},
		"colleague.one": {[]access.Appointment{colleague}, false, false, false, false},
		"district.one":  {[]access.Appointment{{Role: access.DistrictInspector, Divisions: []string{"130602"}}}, true, false, false, false},
		"city.one":      {[]access.Appointment{{Role: access.CityInspector}}, true, true, false, false},
		"system.one":    {[]access.Appointment{{Role: access.SystemAdministrator}}, true, true, true, true},
	} {
		b := w.signedIn(name, c.holds...)
		body := b.get("/devices", 200)
		if strings.Contains(body, one.Kid) != c.one || strings.Contains(body, two.Kid) != c.two ||
			strings.Contains(body, "样例一院") != c.one || strings.Contains(body, "样例二院") != c.two {
			t.Errorf("%s sees the wrong devices: %s", name, body)
		}
		if strings.Contains(body, "/lost\"") != c.revokes || strings.Contains(body, "/devices/enrolment") != c.enrols {
			t.Errorf("%s is offered the wrong things: %s", name, body)
		}
		if c.one && strings.Count(body, one.Kid) > 3 {
			t.Errorf("%s sees a device twice", name)
		}
	}
	want := []string{"listKeys ", "listKeys "} // the two inspectors, once each
	if got := w.recorded(); !slices.Equal(got, want) {
		t.Errorf("recorded %q", got)
	}
	b := w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst})
	contains(t, b.get("/devices", 403), "您的职务不能")
	lacks(t, b.get("/account", 200), `href="/devices"`)
}

func TestSearchingDevices(t *testing.T) {
	w := newWorld(t)
	ward, store, other := w.enrol(1, "病区 PDA 2"), w.enrol(1, "暂存间 PDA"), w.enrol(2, "病区 PDA 9")
	b := w.signedIn("admin.one", administrator(1))
	for q, want := range map[string][]string{
		"病区":                        {ward.Kid},
		"pda":                       {ward.Kid, store.Kid},
		store.Kid[:10]:              {store.Kid},
		porter(1, "N-1").String():   {ward.Kid, store.Kid},
		porter(2, "N-1").String():   {},
		other.Kid:                   {},
		"没有":                        {},
		"%":                         {},
		"' OR 1=1 --":               {},
		"<script>alert(1)</script>": {},
		strings.Repeat("x", 5000):   {},
		" " + "暂存间" + " ":           {store.Kid},
	} {
		body := b.get("/devices?q="+url.QueryEscape(q), 200)
		for _, k := range []string{ward.Kid, store.Kid, other.Kid} {
			if strings.Contains(body, `<code title="`+k+`">`) != slices.Contains(want, k) {
				t.Errorf("%.40q: %s is wrongly there or not", q, k)
			}
		}
		lacks(t, body, "<script>alert")
	}
	for _, after := range []string{"x", "-1.", "7.", "0.x", "0." + strings.Repeat("x", 500), "9223372036854775808."} {
		b.get("/devices?after="+url.QueryEscape(after), 422)
	}
	b.get("/devices?q=%00", 422) // one database would look for it, the other refuses
	// An organisation that is another's, unknown or no id answers alike.
	var bodies []string
	for _, p := range []string{hospital(2).String(), hospital(7).String(), "x", "' OR 1=1"} {
		bodies = append(bodies, b.get("/devices?party="+url.QueryEscape(p), 404))
	}
	for _, body := range bodies {
		if body != bodies[0] {
			t.Error("another's organisation is told from none")
		}
	}
	contains(t, b.get("/devices?party="+hospital(1).String(), 200), ward.Kid)
	inspector := w.signedIn("district.two", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130606"}})
	contains(t, inspector.get("/devices?party="+hospital(2).String(), 200), other.Kid)
	inspector.get("/devices?party="+hospital(1).String(), 404)
	if got := w.recorded(); !slices.Equal(got, []string{"listKeys " + hospital(2).String()}) {
		t.Errorf("recorded %q", got)
	}
}

func TestManyDevicesComeInPages(t *testing.T) {
	w := newWorld(t)
	want := map[string]bool{}
	for i := range 2*atATime + 3 {
		want[w.enrol(1, fmt.Sprint("PDA ", i)).Kid] = true
	}
	want[w.enrol(2, "PDA").Kid] = true
	b := w.signedIn("admin.both", administrator(1), administrator(2))
	met, pages := map[string]int{}, 0
	for path := "/devices?q=pda"; path != ""; pages++ {
		body := b.get(path, 200)
		for _, m := range regexp.MustCompile(`<dd><code title="([^"]{43})">`).FindAllStringSubmatch(body, -1) {
			met[m[1]]++
		}
		path = ""
		if m := regexp.MustCompile(`href="(/devices\?[^"]*after=[^"]*)"`).FindStringSubmatch(body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	for kid := range want {
		if met[kid] != 1 {
			t.Errorf("%s was met %d times", kid, met[kid])
		}
	}
	if len(met) != len(want) || pages < 3 {
		t.Errorf("%d devices on %d pages", len(met), pages)
	}
}

// The lost phone in two taps.
func TestLostInTwoTaps(t *testing.T) {
	w := newWorld(t)
	k := w.enrol(1, "病区 PDA 2")
	b := w.signedIn("admin.one", administrator(1))
	w.pass(24 * time.Hour) // to 2026-03-03 16:00
	b.post("/signin", 303, "login", "admin.one", "password", password)
	b.csrf = find(t, b.get("/account", 200), `name="csrf" value="([^"]+)"`)
	lost := find(t, b.get("/devices", 200), `href="(/devices/[^"]+/lost)"`)
	if lost != "/devices/"+k.Kid+"/lost" {
		t.Fatalf("tap 1 leads to %s", lost)
	}
	body := b.get(lost, 200)
	contains(t, body, "不能撤销", "照常有效", "由执法人员裁定", "一律拒收", "病区 PDA 2", "2026-03-03 15:00", "2026-03-03 00:00", "2026-03-02 00:00", `max="2026-03-03T16:00"`)
	lacks(t, body, "/devices/enrolment")
	if now, _, _ := w.reg.Key(t.Context(), k.Kid); !now.RevokedAt.IsZero() || len(w.recorded()) != 0 {
		t.Error("tap 1 changed something")
	}
	since := find(t, body, `name="since" value="([^"]+)">今天 0 点`)
	w.pass(10 * time.Hour) // the page is answered after midnight and means the same
	b.post("/signin", 303, "login", "admin.one", "password", password)
	b.csrf = find(t, b.get("/account", 200), `name="csrf" value="([^"]+)"`)
	b.post(lost, 303, "since", since)
	b.goes(lost)
	now, _, err := w.reg.Key(t.Context(), k.Kid)
	w.must(err)
	if !now.RevokedAt.Equal(time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC)) || !now.RefusedFrom.Equal(w.clock()) {
		t.Errorf("revoked from %v, refused from %v", now.RevokedAt, now.RefusedFrom)
	}
	if fault.Of(now.Sound(now.RevokedAt)) != fault.KeyContested || now.Sound(now.RevokedAt.Add(-time.Millisecond)) != nil {
		t.Error("the times mean something else than the page says")
	}
	if got := w.recorded(); !slices.Equal(got, []string{"revokeKey " + k.Kid}) {
		t.Errorf("recorded %q", got)
	}
	body = b.get(lost, 200)
	contains(t, body, "已吊销", "2026-03-03 00:00", "2026-03-04 02:00", "/devices/enrolment")
	lacks(t, body, "今天 0 点", "刚才还在") // those would take nothing away
	contains(t, b.get("/devices", 200), "已吊销", "挂失情况")

	// The new phone, from the same page.
	body = b.post("/devices/enrolment", 201, "party", hospital(1).String(), "person", porter(1, "N-1").String(), "device", "病区 PDA 2", "valid_days", "365")
	contains(t, body, "只显示这一次", "2026-03-05 02:00")
	find(t, body, `<p class="code"><code>[0-9A-Z*~$=-]{11,13}</code>`)
}

func TestLostAtAnotherTime(t *testing.T) {
	w := newWorld(t)
	k := w.enrol(1, "PDA")
	b := w.signedIn("admin.one", administrator(1))
	path := "/devices/" + k.Kid + "/lost"
	for _, c := range [][2]string{
		{"own", ""}, {"own", "yesterday"}, {"own", "2026-03-02T16:30"}, {"own", "2027-01-01T00:00"}, {"own", "1999-12-31T00:00"},
		{"own", "0001-01-01T08:00"}, {"own", "2026-02-30T00:00"}, {"own", `"><script>1</script>`}, {"", ""}, {"now", ""},
		{"2026-03-02T09:00:00.000Z", ""}, {"2026-03-02T16:00:00+08:00", ""}, {strings.Repeat("9", 3000), ""},
	} {
		body := b.post(path, 422, "since", c[0], "own", c[1])
		contains(t, body, "时间：", "不能撤销")
		lacks(t, body, "<script>")
		if c[1] != "" && !strings.Contains(body, html.EscapeString(c[1])) && !strings.Contains(body, "&#34;") {
			t.Errorf("what was typed is lost: %q", c[1])
		}
	}
	if now, _, _ := w.reg.Key(t.Context(), k.Kid); !now.RevokedAt.IsZero() || len(w.recorded()) != 0 {
		t.Error("a refused form changed something")
	}
	b.post(path, 303, "since", "own", "own", "2026-03-01T09:30")
	now, _, _ := w.reg.Key(t.Context(), k.Kid)
	if !now.RevokedAt.Equal(time.Date(2026, 3, 1, 1, 30, 0, 0, time.UTC)) {
		t.Errorf("revoked from %v", now.RevokedAt)
	}
	// Earlier still is possible, later is not.
	b.post(path, 303, "since", "own", "own", "2026-02-28T09:30")
	b.post(path, 303, "since", "own", "own", "2026-03-02T09:30")
	again, _, _ := w.reg.Key(t.Context(), k.Kid)
	if !again.RevokedAt.Equal(time.Date(2026, 2, 28, 1, 30, 0, 0, time.UTC)) || !again.RefusedFrom.Equal(now.RefusedFrom) {
		t.Errorf("revoked from %v, refused from %v", again.RevokedAt, again.RefusedFrom)
	}
}

// Another organisation's key answers to the byte like one that is not there.
func TestForeignKeysAreUnknown(t *testing.T) {
	w := newWorld(t)
	k := w.enrol(1, "PDA")
	nurse := access.Appointment{Role: access.Porter, Party: hospital(1), Person: porter(1, "N-1")}
	w.load(registry.KindPeople, "credit_code,person\n%s,N-2\n%s,N-2\n")
	colleague := access.Appointment{Role: access.Porter, Party: hospital(1), Person: porter(1, "N-2")}
	for name, g := range map[string]access.Appointment{"admin.two": administrator(2), "colleague.one": colleague} {
		b := w.signedIn(name, g)
		unknown := strings.Repeat("A", 43)
		for _, kid := range []string{k.Kid, "x", "%3Cscript%3E", "%00", strings.Repeat("A", 3000)} {
			if b.get("/devices/"+kid+"/lost", 404) != b.get("/devices/"+unknown+"/lost", 404) {
				t.Errorf("%s: GET tells %.20q from none", name, kid)
			}
			for _, since := range []string{"own", ""} { // a bad form too
				a := b.post("/devices/"+kid+"/lost", 404, "since", since, "own", "2026-03-01T00:00")
				if a != b.post("/devices/"+unknown+"/lost", 404, "since", since, "own", "2026-03-01T00:00") {
					t.Errorf("%s: POST tells %.20q from none", name, kid)
				}
			}
		}
	}
	inspector := w.signedIn("city.one", access.Appointment{Role: access.CityInspector})
	inspector.get("/devices/"+k.Kid+"/lost", 403)
	inspector.post("/devices/"+k.Kid+"/lost", 403, "since", "own", "own", "2026-03-01T00:00")
	if now, _, _ := w.reg.Key(t.Context(), k.Kid); !now.RevokedAt.IsZero() || len(w.recorded()) != 0 {
		t.Errorf("somebody else revoked it; recorded %v", w.recorded())
	}
	own := w.signedIn("nurse.one", nurse) // one's own phone needs no administrator
	body := own.get("/devices/"+k.Kid+"/lost", 200)
	own.post("/devices/"+k.Kid+"/lost", 303, "since", find(t, body, `name="since" value="([^"]+)">刚才还在`))
	lacks(t, own.get("/devices/"+k.Kid+"/lost", 200), "/devices/enrolment")
	if now, _, _ := w.reg.Key(t.Context(), k.Kid); !now.RevokedAt.Equal(w.clock()) {
		t.Errorf("revoked from %v", now.RevokedAt)
	}
}

func TestEnrolmentCodes(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin.one", administrator(1))
	body := b.get("/devices/enrolment?person="+porter(1, "N-1").String()+"&device=%3Cb%3E&valid_days=%22", 200)
	contains(t, body, "<select", "样例一院 SAMPLE", porter(1, "N-1").String(), "&lt;b&gt;")
	lacks(t, body, "样例二院", "<b>")
	send := func(b *browser, status int, party, person, device, days string) string {
		return b.post("/devices/enrolment", status, "party", party, "person", person, "device", device, "valid_days", days)
	}
	one, n1 := hospital(1).String(), porter(1, "N-1").String()
	contains(t, send(b, 422, "", "", "", ""), "单位：格式不对", "人员：格式不对", "有效天数：超出范围")
	contains(t, send(b, 422, one, n1, "", "365"), "设备名称：应为 1 至 64 个字符")
	contains(t, send(b, 422, one, n1, strings.Repeat("长", 65), "365"), "设备名称：应为 1 至 64 个字符")
	contains(t, send(b, 422, one, porter(2, "N-1").String(), "PDA", "365"), "不是该单位现有的人员", `value="PDA"`)
	for _, days := range []string{"0", "-1", "1827", "1e3", "9999999999999999999", "x"} {
		contains(t, send(b, 422, one, n1, "PDA", days), "有效天数：超出范围")
	}
	before := len(w.recorded())
	foreign := send(b, 404, hospital(2).String(), porter(2, "N-1").String(), "PDA", "365")
	unknown := send(b, 404, hospital(7).String(), porter(2, "N-1").String(), "PDA", "365")
	if foreign != unknown || len(w.recorded()) != before {
		t.Error("another's organisation is told from none")
	}
	body = send(b, 201, one, n1, "<i>PDA</i>", "30")
	lacks(t, body, "<i>")
	code := find(t, body, `<p class="code"><code>([^<]+)</code>`)
	if _, _, err := w.reg.Challenge(t.Context(), code, []byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`)); err != nil {
		t.Errorf("the code does not work: %v", err)
	}
	if got := w.recorded(); got[len(got)-1] != "createEnrolment "+one {
		t.Errorf("recorded %q", got)
	}
	system := w.signedIn("system.one", access.Appointment{Role: access.SystemAdministrator})
	contains(t, system.get("/devices/enrolment", 200), `<input id="party"`)
	send(system, 201, hospital(2).String(), porter(2, "N-1").String(), "PDA", "30")
	nurse := w.signedIn("nurse.one", access.Appointment{Role: access.Porter, Party: hospital(1), Person: porter(1, "N-1")})
	nurse.get("/devices/enrolment", 403)
	send(nurse, 403, one, n1, "PDA", "30")
}
