package web

import (
	"context"
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/draft"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/record"
	"liandan/internal/rule"
)

// rehearse finds a draft ready that names a batch.
func (w *world) rehearse(_ context.Context, d draft.Draft) (r record.Rehearsal, err error) {
	r.Would = record.WouldAccept
	if !strings.Contains(string(d.Content), `"batches"`) {
		r.Would = record.WouldRefuse
		r.Faults = []*fault.Error{fault.New(fault.MalformedEvent, "x").At("/batches", "required", "is required").At("/data/carrier", "required", "is required")}
	}
	r.Findings = []rule.Finding{{ZH: hostileText, EN: hostileText}}
	return r, nil
}

// Custody has one bag at the first hospital.
func (r *roundReader) Custody(_ context.Context, site id.Site, _ string, _ int) ([]audit.Bag, string, error) {
	if site != r.h.sites[0] {
		return nil, "", nil
	}
	return []audit.Bag{{State: batch.State{ID: oneBatch, Code: "841-001-01", Grams: 2_500, Stage: batch.Stored, Container: hostileText}}}, "", nil
}

// A draft is begun, completed in a form, checked, discarded and restored; what the form does
// not know of it stays.
func TestDrafts(t *testing.T) {
	h := newHaul(t)
	drafts := h.site.Desk.Drafts
	n := h.nurse()
	contains(t, n.get("/home", 200), `<a href="/drafts">`)
	site := h.sites[0].String()
	contains(t, n.get("/drafts", 200), "没有这样的草稿", site)
	n.post("/drafts", 303, "party", hospital(1).String(), "site", site)
	to := n.last.Get("Location")
	m := must1(id.ParseManifest(strings.TrimPrefix(to, "/drafts/")))(t)
	read := func() draft.Draft {
		t.Helper()
		d, ok, err := drafts.Get(t.Context(), m)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		return d
	}
	body := n.get(to, 200)
	contains(t, body, "样例收集三 SAMPLE", "三号贮存点", "batch."+oneBatch.String(), `value="2.500"`, "样例 nurse.one")
	lacks(t, body, hostileText)
	contains(t, n.post(to+"/check", 200), "现在签发还不行", "批次：必须填写", "承运单位：必须填写", "&lt;script&gt;")
	_, err := drafts.Replace(t.Context(), read(), 1, draft.Content(`{"site":"`+site+`","data":{"from":"样例 SAMPLE","exempt_collection":"2021-2.1"}}`))
	h.must(err)
	depot := must1(h.reg.SitesOf(t.Context(), hospital(3)))(t)[0].String()
	fields := []string{"site", site, "person", porter(1, "N-1").String(), "profile", "", "way", "D10", "carrier", hospital(3).String(), "consignee", hospital(3).String() + "." + depot, "batch." + oneBatch.String(), "1"}
	body = n.post(to, 422, append(fields, "version", "2", "kg."+oneBatch.String(), "zwei", "packages."+oneBatch.String(), "1.5")...)
	contains(t, body, "重量应为千克数", "件数应为整数", `value="zwei"`, `value="1.5"`)
	contains(t, n.post(to, 409, append(fields, "version", "1", "kg."+oneBatch.String(), "2.5")...), "草稿已被别人改过", `name="version" value="2"`)
	contains(t, n.post(to, 422, append(fields, "version", "2", "carrier_code", "nobody")...), "登记册中没有这个单位", `value="nobody"`)
	contains(t, n.post(to, 422, append(fields, "version", "2", "number", "12")...), "国家联单编号")
	n.post(to, 303, append(fields, "version", "2", "kg."+oneBatch.String(), "2.5", "packages."+oneBatch.String(), "2")...)
	for _, part := range []string{`"from":"样例 SAMPLE"`, `"exempt_collection":"2021-2.1"`, `"carrier":"` + hospital(3).String(), `"consignee_site":"` + depot, `"method":"D10"`, `"grams":2500`, `"packages":2`, `"person":"` + porter(1, "N-1").String()} {
		if got := string(read().Content); !strings.Contains(got, part) {
			t.Errorf("%s lacks %s", got, part)
		}
	}
	contains(t, n.get(to+"?done=saved", 200), "已保存", "2.500 kg", `checked=""`)
	contains(t, n.post(to+"/check", 200), "可以签发了")
	contains(t, n.get("/drafts", 200), "一院本部 → 样例收集三 SAMPLE", "1 批，2.500 kg")
	contains(t, n.post(to+"/discard", 409, "version", "9"), "草稿已被别人改过")
	n.post(to+"/discard", 303, "version", "3")
	body = n.get(to, 200)
	contains(t, body, "已丢弃", "恢复草稿", "2026-04-01")
	lacks(t, body, "/check")
	n.post(to+"/check", 409)
	n.post(to, 409, append(fields, "version", "4")...)
	contains(t, n.get("/drafts?state=discarded", 200), to)
	n.post(to+"/restore", 303, "version", "4")

	// Another organisation's draft is not there; an authority reads none.
	other := h.dispatcher(2)
	want := other.get("/drafts/"+id.ManifestOf(id.UUID{1}).String(), 404)
	for _, path := range []string{to, "/drafts/nonsense"} {
		if other.get(path, 404) != want {
			t.Errorf("%s is told from none", path)
		}
	}
	other.get("/drafts?party="+hospital(1).String(), 404)
	for _, path := range []string{to, to + "/check", to + "/discard", to + "/restore"} {
		other.post(path, 404, "version", "5")
	}
	other.post("/drafts", 404, "party", hospital(1).String(), "site", site)
	h.signedIn("inspector.one", access.Appointment{Role: access.CityInspector}).get("/drafts", 403)
	if d := read(); d.Version != 5 || d.State() != draft.Open {
		t.Errorf("%+v", d)
	}
}
