package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/machine"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/store"
	"liandan/internal/waste"
)

// admin is what the pages of administration stand on; acts are those that the world heard.
func (w *world) admin(st *store.Store) Admin {
	return Admin{Accounts: w.people, Registers: st, Imports: w.reg, Record: records{w}, Catalog: waste.DefaultCatalog(),
		Machines: machine.New(machine.Config{Store: st, Organisations: w.reg, Now: w.clock, Random: rand.Reader})}
}

type records struct{ *world }

// Acts pages through what was heard, newest first, by the position in it.
func (r records) Acts(_ context.Context, f audit.ActFilter, cursor string, limit int) (out []audit.ActLine, next string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.acts)
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d", &before); err != nil {
			return nil, "", invalid()
		}
	}
	for i := before - 1; i >= 0; i-- {
		a := r.acts[i]
		if (!f.Party.IsZero() && !strings.Contains(fmt.Sprint(a.Parties), f.Party.String())) || (f.Actor != "" && a.Actor != f.Actor) || (f.Subject != "" && a.Subject != f.Subject) ||
			(!f.Quiet.IsZero() && !a.At.Before(f.Quiet) && strings.Contains(a.Role, "inspector")) {
			continue
		}
		if len(out) == limit {
			return out, fmt.Sprint(i + 1), nil
		}
		out = append(out, audit.ActLine{Seq: int64(i), Act: a})
	}
	return out, "", nil
}

func (r records) Quarantine(context.Context, string, int) ([]audit.Held, string, error) {
	return r.held, "", nil
}

func (w *world) system() *browser {
	w.Helper()
	return w.signedIn("system.one", access.Appointment{Role: access.SystemAdministrator})
}

// upload sends a form with a file.
func (b *browser) upload(path string, status int, file string, fields ...string) string {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		b.must(m.WriteField(fields[i], fields[i+1]))
	}
	b.must(m.WriteField("csrf", b.csrf))
	part, err := m.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="x.csv"`}, "Content-Type": {"text/csv"}})
	b.must(err)
	_, err = part.Write([]byte(file))
	b.must(err)
	b.must(m.Close())
	return b.do("POST", path, m.FormDataContentType(), body.String(), status)
}

// A file is tried, reported line by line, and applied once; what it changed is in the
// organisation's history with who said so.
func TestImportingARegister(t *testing.T) {
	w := newWorld(t)
	b := w.system()
	contains(t, b.get("/admin/imports", 200), "先试算", "credit_code", "必有")
	contains(t, b.get("/admin/imports/templates/organisations", 200), "credit_code,name,roles")
	contains(t, b.upload("/admin/imports", 422, "", "kind", "organisations"), "文件：请选择一个非空的 CSV 文件")
	contains(t, b.upload("/admin/imports", 422, "x", "kind", "<b>"), "登记册：请从列表中选择")

	bad := fmt.Sprintf("credit_code,name,roles\n%s,样例三院 SAMPLE,medical\n123,=cmd|' /C calc'!A0,medical\n%s,<script>alert(1)</script>,wizard\n", registrytest.Code(3), registrytest.Code(4))
	b.upload("/admin/imports", 303, bad, "kind", "organisations")
	tried := b.last.Get("Location")
	body := b.get(tried, 200)
	contains(t, body, "有问题的文件不能写入", "<td>3</td>", "<td>4</td>", "&lt;script&gt;", "统一社会信用代码有误", "<dd>3</dd>")
	lacks(t, body, "<script>alert", tried+"/apply")
	report := b.get(tried+"/report.csv", 200)
	contains(t, report, "credit_code", "roles")
	for row := range strings.Lines(report) {
		if strings.Contains(row, ",=") || strings.HasPrefix(row, "=") {
			t.Errorf("a formula in the report: %s", row)
		}
	}
	b.post(tried+"/apply", 409) // sent all the same
	if _, ok, _ := w.reg.Organisation(t.Context(), registry.PartyID(registrytest.Code(3))); ok {
		t.Error("a file with faults was applied")
	}

	good := fmt.Sprintf("credit_code,name,roles\n%s,样例三院 <i>SAMPLE</i>,medical\n%s,一院新名 SAMPLE,medical\n", registrytest.Code(3), registrytest.Code(1))
	b.upload("/admin/imports", 303, good, "kind", "organisations")
	b.get(tried, 404) // replaced
	b.upload("/admin/imports", 303, good, "kind", "organisations")
	tried = b.last.Get("Location")
	contains(t, b.get(tried, 200), "新增 1 条，修改 1 条", tried+"/apply")
	other := w.signedIn("system.two", access.Appointment{Role: access.SystemAdministrator})
	other.get(tried, 404)
	other.post(tried+"/apply", 404)
	b.post(tried+"/apply", 303)
	b.goes("/admin/imports?added=1&changed=1&done=organisations")
	contains(t, b.get("/admin/imports?added=1&changed=1&done=organisations", 200), "新增 1 条，修改 1 条")
	b.post(tried+"/apply", 404) // twice
	acts := w.recorded()
	if acts[len(acts)-1] != "importRegistry organisations" {
		t.Errorf("recorded %v", acts)
	}
	body = b.get("/admin/registers/"+hospital(1).String(), 200)
	contains(t, body, "一院新名 SAMPLE", "样例一院 SAMPLE → 一院新名 SAMPLE", "样例 system.one（system.one）", "命令行", "一院本部", porter(1, "N-1").String())
	contains(t, body, "场所沿革", "登记于", "2026-03-02 16:00")
	lacks(t, b.get("/admin/registers?q=三院", 200), "<i>")
	// A workbook is no CSV, and says so line by line instead of failing.
	b.upload("/admin/imports", 303, "PK\x03\x04\xff\xfe\x00binary", "kind", "sites")
	contains(t, b.get(b.last.Get("Location"), 200), "有问题的文件不能写入")
	// What sites were from days on has its place in the history too.
	b.upload("/admin/imports", 303, fmt.Sprintf("credit_code,site_name,valid_from,kind,division,built_up,beds\n%s,一院本部,2026-03-01,hospital,130606,1,77\n", registrytest.Code(1)), "kind", "site_history")
	tried = b.last.Get("Location")
	b.post(tried+"/apply", 303)
	contains(t, b.get("/admin/registers/"+hospital(1).String(), 200), "77", "样例 system.one（system.one）")
}

// Whoever may not import reaches nothing of it, and a file that is too big is refused.
func TestImportsAreForTheSystemAdministrator(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin.one", administrator(1))
	b.get("/admin/imports", 403)
	b.upload("/admin/imports", 403, "x", "kind", "organisations")
	b.get("/admin/imports/templates/sites", 403)
	lacks(t, b.get("/admin", 200), "/admin/imports")
	s := w.system()
	contains(t, s.upload("/admin/imports", 413, strings.Repeat("x", maxFile+1), "kind", "organisations"), "没有处理")
	s.do("POST", "/admin/imports", "multipart/form-data; boundary=x", "--x\r\nbroken", 400)
	s.do("POST", "/admin/imports", "multipart/form-data", "x", 422)
	s.do("POST", "/admin/imports", "application/json", "{}", 415)
	mine := s.csrf
	s.csrf = "forged"
	s.upload("/admin/imports", 403, "x", "kind", "organisations")
	s.csrf = mine
	s.get("/admin/imports/templates/nothing", 404)
	s.get("/admin/imports/0000", 404)
}

// Each sees of the register what is theirs; another's organisation answers like none.
func TestBrowsingRegisters(t *testing.T) {
	w := newWorld(t)
	for login, c := range map[string]struct {
		g    access.Appointment
		sees []int
	}{
		"admin.one":    {administrator(1), []int{1}},
		"system.one":   {access.Appointment{Role: access.SystemAdministrator}, []int{1, 2}},
		"district.one": {access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}}, []int{1}},
		"city.one":     {access.Appointment{Role: access.CityInspector}, []int{1, 2}},
		"health.one":   {access.Appointment{Role: access.HealthCommission}, []int{1, 2}},
	} {
		b := w.signedIn(login, c.g)
		list := b.get("/admin/registers", 200)
		for n := 1; n <= 2; n++ {
			path := "/admin/registers/" + hospital(n).String()
			if strings.Contains(fmt.Sprint(c.sees), fmt.Sprint(n)) {
				contains(t, list, path)
				b.get(path, 200)
				continue
			}
			lacks(t, list, path)
			if b.get(path, 404) != b.get("/admin/registers/"+hospital(7).String(), 404) {
				t.Errorf("%s: another's is told from none", login)
			}
		}
		b.get("/admin/registers/x", 404)
		b.get("/admin/registers?after=x", 422)
		contains(t, b.get("/admin/registers?q=%25%27%3Cb%3E", 200), "没有找到")
	}
	w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst}).get("/admin/registers", 403)
	acts := strings.Join(w.recorded(), "\n")
	if !strings.Contains(acts, "page:registers "+hospital(1).String()) {
		t.Errorf("what authorities read is not recorded: %s", acts)
	}
}

// An administrator invites, appoints, dismisses and disables people of their own
// organisation, and nobody else's.
func TestPeopleOfAnOrganisation(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin.one", administrator(1))
	site := registry.SiteID(hospital(1), "一院本部").String()
	contains(t, b.get("/admin/people", 200), "admin.one", "/admin/people/new")
	first := b.get("/admin/people/new", 200)
	contains(t, first, "院内转运人员", "样例一院")
	lacks(t, first, "系统管理员", "样例二院")
	contains(t, b.get("/admin/people/new?role=system_administrator", 422), "职务：请从列表中选择")
	contains(t, b.get("/admin/people/new?role=porter&party="+hospital(2).String(), 422), "归您管理的单位")
	second := b.get("/admin/people/new?role=site_staff&party="+hospital(1).String(), 200)
	contains(t, second, "一院本部", porter(1, "N-1").String(), `name="login"`)

	one := hospital(1).String()
	send := func(status int, fields ...string) string {
		return b.post("/admin/people", status, append([]string{"role", "site_staff", "party", one}, fields...)...)
	}
	contains(t, send(422, "login", "A B", "name", ""), "登录名：应为 3 至 64", "名称：应为 1 至", "场所：该职务须指明场所")
	contains(t, send(422, "login", "nurse.one", "name", "<b>甲</b>", "site."+site, "1", "to", "2020-01-01"), "应晚于现在", "&lt;b&gt;", `checked=""`)
	contains(t, send(404, "login", "nurse.one", "name", "甲", "site."+site, "1", "party", hospital(2).String()), "不能授予此职务")
	send(404, "login", "nurse.one", "name", "甲", "role", "system_administrator", "party", "")
	body := send(201, "login", "nurse.one", "name", "<b>甲</b>", "site."+site, "1", "person", porter(1, "N-1").String())
	code := find(t, body, `<p class="code"><code>([^<]+)</code>`)
	path := find(t, body, `href="(/admin/people/[0-9a-f-]{36})"`)
	contains(t, send(409, "login", "nurse.one", "name", "乙", "site."+site, "1"), "已被使用")
	nurse := w.browser()
	nurse.post("/welcome", 303, "code", code, "password", password, "again", password)
	nurse.get("/home", 200)

	body = b.get(path, 200)
	contains(t, body, "&lt;b&gt;甲", "一院本部", "科室、场所人员", "确认停用", "可登录")
	b.post(path+"/appoint", 303, "role", "porter", "party", one, "person", porter(1, "N-1").String())
	contains(t, b.get(path, 200), "院内转运人员")
	contains(t, b.post(path+"/appoint", 404, "role", "city_inspector"), "不能授予此职务")
	grant := find(t, b.get(path, 200), `/dismiss/([0-9a-f-]{36})`)
	other := w.signedIn("admin.two", administrator(2))
	for _, act := range []string{"", "/appoint"} {
		other.get(path+act, 404)
	}
	for _, act := range []string{"/appoint", "/invitation", "/disable", "/dismiss/" + grant} {
		a := other.post(path+act, 404, "role", "porter", "party", hospital(2).String(), "person", porter(2, "N-1").String())
		u := "/admin/people/01900000-0000-7000-8000-000000000001" + act
		if a != other.post(u, 404, "role", "porter", "party", hospital(2).String(), "person", porter(2, "N-1").String()) {
			t.Errorf("%s: another's account is told from none", act)
		}
	}
	b.post(path+"/dismiss/"+grant, 303)
	contains(t, b.get(path, 200), "已结束")
	nurse.get("/home", 200)
	b.post(path+"/disable", 303)
	contains(t, b.get(path+"?done=disabled", 200), "账号已停用", "已停用")
	nurse.get("/home", 303)
	fresh := find(t, b.post(path+"/invitation", 201), `<p class="code"><code>([^<]+)</code>`)
	nurse.post("/welcome", 303, "code", fresh, "password", password, "again", password)
	lacks(t, other.get("/admin/people", 200), "nurse.one")
	contains(t, b.get("/admin/people?q=NURSE", 200), path)
	lacks(t, b.get("/admin/people?q=zzz", 200), path)
	b.get("/admin/people?party="+hospital(2).String(), 404)
	want := []string{"inviteAccount account", "appointAccount ", "dismissAccount ", "disableAccount ", "renewInvitation "}
	acts := strings.Join(w.recorded(), "\n")
	for _, x := range want {
		if !strings.Contains(acts, x) {
			t.Errorf("no act %q in\n%s", x, acts)
		}
	}
}

// The last system administrator stays, and an account that another organisation's
// administrator shares is theirs to see in part and not to take over.
func TestWhatAnAdministratorCannotTake(t *testing.T) {
	w := newWorld(t)
	s := w.system()
	body := s.get("/admin/people?q=system.one", 200)
	path := find(t, body, `href="(/admin/people/[0-9a-f-]{36})"`)
	contains(t, s.post(path+"/disable", 409), "最后一位系统管理员")
	body = s.get("/admin/people/new?role=district_inspector", 200)
	contains(t, body, "division.130602")
	s.post("/admin/people", 201, "role", "district_inspector", "login", "district.two", "name", "丙", "division.130602", "1")
	contains(t, s.post("/admin/people", 422, "role", "district_inspector", "login", "district.three", "name", "丙"), "辖区：该职务须指明辖区")

	site := registry.SiteID(hospital(1), "一院本部")
	w.signedIn("both.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{site}},
		access.Appointment{Role: access.OrganisationAdministrator, Party: hospital(2)})
	a := w.signedIn("admin.one", administrator(1))
	both := find(t, a.get("/admin/people?q=both", 200), `href="(/admin/people/[0-9a-f-]{36})"`)
	body = a.get(both, 200)
	contains(t, body, "一院本部", "/dismiss/")
	lacks(t, body, "样例二院", "/disable", "/invitation", both+"/appoint")
	a.post(both+"/disable", 404)
	a.post(both+"/invitation", 404)
	grant := find(t, body, `/dismiss/([0-9a-f-]{36})`)
	a.post(both+"/dismiss/"+grant, 303)
	a.goes("/admin/people") // not theirs any more
	a.get(both, 404)
	lacks(t, a.get("/admin/people?q=both", 200), both)
}

// Every register that can be imported has words on the page, and so has everything that an
// import may change.
func TestRegistersHaveWords(t *testing.T) {
	w := newWorld(t)
	for _, kind := range registry.Kinds() {
		if l := registerWords[kind]; l.ZH == "" || l.EN == "" {
			t.Errorf("%s has no words", kind)
		}
		if len(w.reg.Columns(kind)) == 0 {
			t.Errorf("%s has no columns", kind)
		}
	}
	for _, x := range access.Scopes() {
		if scopeWords[x].ZH == "" {
			t.Errorf("the scope %s has no words", x)
		}
	}
}
