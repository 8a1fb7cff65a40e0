package web

import (
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/archive"
	"liandan/internal/audit"
	"liandan/internal/id"
	"liandan/internal/store"
	"liandan/internal/waste"
)

// TestRecordsOfThePast: an administrator tries a file, mends it and keeps it; whoever may see
// the site's tables sees what was brought, by whom and why, and that it proves nothing.
func TestRecordsOfThePast(t *testing.T) {
	w := newWorld(t)
	st := w.site.Admin.Registers.(*store.Store)
	w.site.Admin.Past = &archive.Service{Store: st, Catalog: waste.DefaultCatalog(), Now: w.clock}
	w.site.Desk.Reader.(*chains).before = audit.New(audit.Config{Store: st, Now: w.clock})
	one := must1(w.reg.SitesOf(t.Context(), hospital(1)))(t)[0]
	here := "/past/" + one.String()
	b := w.signedIn("admin.one", administrator(1))
	contains(t, b.get("/past", 200), "一院本部", "没有往期记录", "没有人签名", "no proven events", "试算")
	const head = "联单编号,转移日期,废物代码,转移量（吨）,废物名称,接收单位\n"
	good := head + "20241306000001,2024-03-05,900-249-08,1.25,废油<b>,样例处置 SAMPLE\n20251306000002,2025-04-06,900-249-08,0.5,废油,样例处置 SAMPLE\n"
	contains(t, b.upload(here, 422, good, "kind", "manifests"), "请写明来源和补录原因")
	contains(t, b.upload(here, 422, "", "kind", "manifests", "reason", "x"), "请选择一个非空的")
	contains(t, b.upload(here, 422, good, "kind", "<b>", "reason", "x"), "请从列表中选择")
	contains(t, b.upload(here, 422, good, "kind", "manifests", "reason", strings.Repeat("长", 201)), "最多 200 个字")
	contains(t, b.upload(here, 422, "PK\x03\x04\xff\xfe\x00binary", "kind", "manifests", "reason", "x"), "trouble")
	why := []string{"kind", "manifests", "reason", "2024 年纸质台账补录 <样例>"}

	b.upload(here, 303, head+"A,2024-13-05,900-249-08,1.25,废油,SAMPLE\nB,2024-03-05,xx,-1,\x01<b>,SAMPLE\n", why...)
	tried := b.last.Get("Location")
	body := b.get(tried, 200)
	contains(t, body, "有问题的文件不能写入", "report.csv", "转移日期", "废物代码")
	lacks(t, body, "/apply\"", "<b>")
	contains(t, b.get(strings.Replace(tried, "?", "/report.csv?", 1), 200), "行 line", "转移日期")
	path, _, _ := strings.Cut(tried, "?")
	contains(t, b.post(path+"/apply", 409, "reason", "x"), "有问题的文件不能写入")
	contains(t, b.get(here, 200), "没有往期记录")

	b.upload(here, 303, good, why...)
	path, query, _ := strings.Cut(b.last.Get("Location"), "?")
	contains(t, b.get(path+"?"+query, 200), "写入 2 条", "1,750.000 kg", "2024 年纸质台账补录 &lt;样例&gt;")
	// Nobody else's file, no register's, no other site's.
	w.signedIn("admin.two", administrator(2)).get(path+"?"+query, 404)
	b.get(strings.Replace(path, one.String(), must1(w.reg.SitesOf(t.Context(), hospital(2)))(t)[0].String(), 1)+"?"+query, 404)
	w.signedIn("system", access.Appointment{Role: access.SystemAdministrator}).get("/admin/imports/"+path[strings.LastIndex(path, "/")+1:], 404)
	b.post(path+"/apply", 303, "reason", "2024 年纸质台账补录 <样例>", "unit", "", "map", "")
	b.post(path+"/apply", 404, "reason", "x") // once
	body = b.get(here+"?added=2", 200)
	contains(t, body, "已导入 2 条", ">2024</a>", ">2025</a>", "谁导入的", "2024 年纸质台账补录 &lt;样例&gt;", "样例 admin.one", "2 / 2", "tables/imported-manifests?", "from=2024-01-01")
	body = b.get(here+"?kind=manifests&year=2024", 200)
	contains(t, body, "20241306000001", "废油&lt;b&gt;", "1,250.000 kg", "imported, unsigned")
	lacks(t, body, "20251306000002", "<b>")
	lacks(t, b.get(here+"?kind=manifests&year=2024%27", 200), "imported, unsigned")

	b.upload(here, 303, good, why...) // the same again
	contains(t, b.get(b.last.Get("Location"), 200), "都已导入")

	nurse := w.signedIn("nurse.one", access.Appointment{Role: access.SiteStaff, Party: hospital(1), Sites: []id.Site{one}, Person: porter(1, "N-1")})
	body = nurse.get(here, 200)
	contains(t, body, ">2024</a>")
	lacks(t, body, "试算")
	nurse.get("/past", 403)
	nurse.upload(here, 403, good, why...)
	inspector := w.signedIn("district.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}})
	before := len(w.recorded())
	lacks(t, inspector.get(here, 200), "试算")
	if now := w.recorded(); len(now) != before+1 || now[before] != "getSiteTable "+one.String() {
		t.Errorf("an authority's reading is recorded as %v", now[before:])
	}
	w.signedIn("district.two", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130606"}}).get(here, 404)
	w.signedIn("admin.three", administrator(2)).get(here, 404)
	w.browser().get(here, 303)
}
