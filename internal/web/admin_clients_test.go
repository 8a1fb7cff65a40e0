package web

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"liandan/internal/access"
	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/registry"
)

// A client is registered, gets a secret that is shown once, is granted something by an
// organisation, and is shut out again, secret by secret and whole.
func TestAPIClients(t *testing.T) {
	w := newWorld(t)
	s := w.system()
	contains(t, s.get("/admin/clients", 200), "还没有对接程序")
	contains(t, s.post("/admin/clients", 422, "name", "", "per_minute", "x"), "名称：应为 1 至", "授权范围：必须填写", "每分钟请求数")
	contains(t, s.post("/admin/clients", 422, "name", "<b>HIS</b>", "per_minute", "60", "scope.root", "1"), "授权范围（0）", "&lt;b&gt;HIS")
	s.post("/admin/clients", 303, "name", "<b>HIS</b> SAMPLE", "per_minute", "60", "scope.chains:read", "1")
	path, _, _ := strings.Cut(s.last.Get("Location"), "?")
	client := path[strings.LastIndexByte(path, '/')+1:]
	lacks(t, s.get(path+"?done=created", 200), "<b>HIS")
	contains(t, s.post(path+"/secrets", 422, "expires", "2020-01-01"), "到期日：")
	contains(t, s.post(path+"/secrets", 422, "expires", "x"), "到期日：应为日期")
	body := s.post(path+"/secrets", 201, "expires", "")
	secret := find(t, body, `<code>(ls_[a-z2-7]{52})</code>`)
	lacks(t, s.get(path, 200), secret)
	s.post(path+"/secrets", 201)
	contains(t, s.post(path+"/secrets", 409), "已有两个可用的密钥")
	a := w.signedIn("admin.one", administrator(1))
	one := hospital(1).String()
	a.get("/admin/clients", 403)
	a.post(path+"/disable", 403)
	contains(t, a.get("/admin/grants", 200), "样例一院", "还没有授权")
	contains(t, a.post("/admin/grants", 422, "party", one, "client", "x", "scope.chains:read", "1"), "请填对接方告知的")
	contains(t, a.post("/admin/grants", 422, "party", one, "client", client, "scope.labels:write", "1"), "授权范围")
	contains(t, a.post("/admin/grants", 404, "party", one, "client", "01900000-0000-4000-8000-000000000001", "scope.chains:read", "1"), "没有这个对接程序")
	foreign := a.post("/admin/grants", 404, "party", hospital(2).String(), "client", client, "scope.chains:read", "1")
	if foreign != a.post("/admin/grants", 404, "party", hospital(7).String(), "client", client, "scope.chains:read", "1") {
		t.Error("another's organisation is told from none")
	}
	a.post("/admin/grants", 303, "party", one, "client", client, "scope.chains:read", "1")
	contains(t, a.get("/admin/grants?party="+one+"&done=granted", 200), "已授权", "查看批次", "现行有效", "&lt;b&gt;HIS")
	a.get("/admin/grants?party="+hospital(2).String(), 404)
	a.post("/admin/grants/withdraw", 303, "party", one, "client", client)
	contains(t, a.post("/admin/grants/withdraw", 404, "party", one, "client", client), "没有给它授权")
	contains(t, a.get("/admin/grants", 200), "已失效")
	s.get("/admin/grants", 403)

	first := find(t, s.get(path, 200), `/secrets/([0-9a-f-]{36})/revoke`)
	s.post(path+"/secrets/"+first+"/revoke", 303)
	contains(t, s.get(path, 200), "已作废")
	s.post(path+"/secrets/01900000-0000-4000-8000-000000000001/revoke", 404)
	s.post(path+"/disable", 303)
	contains(t, s.get(path+"?done=disabled", 200), "该程序已停用", "已停用")
	s.post(path+"/disable", 303) // again: nothing happens
	s.get("/admin/clients/01900000-0000-4000-8000-000000000001", 404)
	s.post("/admin/clients/x/disable", 404)
	acts := w.recorded()
	for _, want := range []string{"createClient client", "createClientSecret " + client, "putGrant " + client, "deleteGrant " + client, "revokeClientSecret " + client, "disableClient " + client} {
		if !slices.Contains(acts, want) {
			t.Errorf("no act %q in %v", want, acts)
		}
	}
}

// The access record says who did what in words, to whom it may concern alone.
func TestAccessRecord(t *testing.T) {
	w := newWorld(t)
	s := w.system()
	a := w.signedIn("admin.one", administrator(1))
	other := w.signedIn("admin.two", administrator(2))
	a.post("/devices/enrolment", 201, "party", hospital(1).String(), "person", porter(1, "N-1").String(), "device", "PDA", "valid_days", "9")
	body := a.get("/admin/acts", 200)
	contains(t, body, "发放设备登记码", "make an enrolment code", "样例 admin.one（admin.one）", "单位管理员", "样例一院 SAMPLE")
	lacks(t, other.get("/admin/acts", 200), "发放设备登记码")
	other.get("/admin/acts?party="+hospital(1).String(), 404)
	contains(t, s.get("/admin/acts", 200), "发放设备登记码")
	lacks(t, s.get("/admin/acts?subject=%3Cscript%3E", 200), "<script>")
	contains(t, s.get("/admin/acts?from=x", 422), "应为日期")
	contains(t, s.get("/admin/acts?actor="+strings.Repeat("x", 101), 422), "操作者：过长")
	w.signedIn("district.one", access.Appointment{Role: access.DistrictInspector, Divisions: []string{"130602"}}).get("/admin/acts", 403)
	for range atATime + 1 {
		a.post("/devices/enrolment", 201, "party", hospital(1).String(), "person", porter(1, "N-1").String(), "device", "PDA", "valid_days", "9")
	}
	more := find(t, a.get("/admin/acts", 200), `href="(/admin/acts\?after=[^"]+)"`)
	contains(t, a.get(strings.ReplaceAll(more, "&amp;", "&"), 200), "发放设备登记码")
}

func TestQuarantinePage(t *testing.T) {
	w := newWorld(t)
	a := w.signedIn("admin.one", administrator(1))
	contains(t, a.get("/admin/quarantine", 200), "没有待核的事件")
	w.held = []audit.Held{{Kind: string(fault.WrongStage), Detail: "<b>x</b>", State: "waiting", Body: []byte("not an event"), ReceivedAt: w.clock(), Seq: -1}}
	lacks(t, a.get("/admin/quarantine", 200), "前一步的事件还没有到") // nobody's that can be told
	_, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	d, err := device.New(hospital(1), registry.SiteID(hospital(1), "一院本部"), porter(1, "N-1"), private, rand.Reader)
	w.must(err)
	e, err := d.Event(event.BatchStored, w.clock(), event.Stored{Place: "S-1"})
	w.must(err)
	b, err := d.NewID(w.clock())
	w.must(err)
	e.Batches = []event.Batch{d.On(id.BatchOf(b), 1200)}
	jws, err := d.Sign(e)
	w.must(err)
	w.held[0].Body, w.held[0].Event = jws, e.ID
	body := a.get("/admin/quarantine", 200)
	contains(t, body, "前一步的事件还没有到", "此时不能发生这一步", "&lt;b&gt;x", "样例一院 SAMPLE", "等待", e.ID.String())
	lacks(t, w.signedIn("admin.two", administrator(2)).get("/admin/quarantine", 200), e.ID.String())
	w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst}).get("/admin/quarantine", 403)
}

// Everything that the server computes by is on the page, with its source and certainty, and
// an answer that the city changed is there with who and why.
func TestRulesAreShown(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst})
	body := b.get("/rules", 200)
	for _, d := range indicator.Definitions() {
		contains(t, body, d.NameZH)
		for _, c := range d.Choices {
			contains(t, body, strings.NewReplacer("<", "&lt;", "'", "&#39;", `"`, "&#34;", "+", "&#43;").Replace(c.ZH))
		}
	}
	contains(t, body, "接受人确认联单", "危险废物转移管理办法", "医疗废物暂存", "48 h", "国家危险废物名录", "节假日历", "凭记忆，未核实", "本系统选择，无条文规定", "已读原文")
	d := indicator.Definitions()[0]
	i := slices.IndexFunc(d.Choices, func(c indicator.Choice) bool { return len(c.Allowed) > 1 })
	if i < 0 {
		t.Fatal("no choice of the first indicator has words")
	}
	other := d.Choices[i].Allowed[0]
	if other == d.Choices[i].Value {
		other = d.Choices[i].Allowed[1]
	}
	rep, err := w.reg.ImportBy(t.Context(), "command", registry.KindChoices, strings.NewReader("indicator,choice,value,reason\n"+
		number(int64(d.Indicator))+","+d.Choices[i].Key+","+other+",样例决定 <i>\n"), false)
	if err != nil || !rep.Applied {
		t.Fatalf("%+v %v", rep, err)
	}
	contains(t, b.get("/rules", 200), "样例决定 &lt;i&gt;", "服务器命令行", "<code>"+other+"</code>")
	w.browser().get("/rules", 303)
}
