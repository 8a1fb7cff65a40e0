package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"liandan/internal/access"
	"liandan/internal/client"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	samplecity "liandan/internal/sample"
)

// A system administrator finds everything from the home page: brings a register in, invites
// somebody who then signs in, makes a program's secret, and reads all of it in the access
// record. What is on the pages is what the server has.
func TestAdministrationInABrowser(t *testing.T) {
	t.Parallel()
	s := serve(t, "", time.Now)
	city := samplecity.NewCity(1, 1)
	settleCity(t, city, client.New(s.URL, s.Token))
	member(t, s, "system.sample", access.Appointment{Role: access.SystemAdministrator})
	w := walker{t, browser(t)}
	open := func(path string) chromedp.Action[chromedp.Void] {
		return chromedp.Navigate(s.URL + path)
	}
	w.signIn(s.URL+"/signin", "system.sample", ".doors")
	w.judged("home", "首页", "登记册", "对接程序", "定义与规则")
	w.run("administration", open("/admin"))
	w.judged("admin", "导入登记册", "Import registers")

	code, p := registrytest.Code(71), registry.PartyID(registrytest.Code(71))
	file := filepath.Join(t.TempDir(), "sample.csv")
	choose := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.arrives("trying a file", "dl", open("/admin/imports"), chromedp.SetUploadFiles("#file", []string{file}), chromedp.Click("main button.main"))
	}
	w.run("imports", open("/admin/imports"))
	w.judged("imports", "先试算", "Columns")
	choose(fmt.Sprintf("credit_code,name,roles\n%s,样例医院 <b>SAMPLE</b>,medical\n123,样例 SAMPLE,wizard\n", code))
	w.judged("tried-bad", "有问题的文件不能写入", "统一社会信用代码有误", "123,样例 SAMPLE,wizard")
	choose(fmt.Sprintf("credit_code,name,roles\n%s,样例医院 <b>SAMPLE</b>,medical\n", code))
	w.judged("tried", "将新增", "写入")
	if _, ok, err := s.Registry.Organisation(t.Context(), p); ok || err != nil {
		t.Errorf("a file that was tried is in the register: %v %v", ok, err)
	}
	w.arrives("applying", ".done", chromedp.Click("main button.main"))
	w.sees("imported", "新增 1 条")
	if o, ok, err := s.Registry.Organisation(t.Context(), p); !ok || err != nil || o.Name != "样例医院 <b>SAMPLE</b>" {
		t.Errorf("the register has %+v %v %v", o, ok, err)
	}
	w.run("registers", open("/admin/registers?q="+string(code)))
	w.judged("registers", "样例医院 <b>SAMPLE</b>", "medical")
	w.arrives("an organisation", "#history", chromedp.Click(".list a"))
	w.judged("organisation", "登记变更记录", "system.sample", "现行有效")

	w.run("people", open("/admin/people"))
	w.judged("people", "人员账号", "system.sample")
	w.arrives("the first question", "#login", open("/admin/people/new?role=organisation_administrator&party="+string(code)))
	w.judged("appoint", "样例医院", "单位管理员", "登录名")
	w.arrives("inviting", ".code", chromedp.SendKeys("#login", "new.sample"), chromedp.SendKeys("#name", "样例 SAMPLE"), chromedp.Click("main button.main"))
	w.judged("invited", "一次性码", "new.sample")
	one := must(chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.querySelector(".code code").innerText`)))(t)
	w.arrives("the account", "details.act", chromedp.Click(`main a.button`))
	w.judged("person", "待启用", "停用账号", "免除此职务")

	w.run("clients", open("/admin/clients"))
	w.judged("clients", "登记对接程序", "Scopes")
	w.arrives("a client", "#expires", chromedp.SendKeys("#name", "样例系统 SAMPLE"), chromedp.Click(`input[name="scope.chains:read"]`), chromedp.Click("main button.main"))
	w.arrives("a secret", ".secret", chromedp.Click("main form button.main"))
	w.judged("secret", "只显示这一次", "ls_")
	w.arrives("the client", "#expires", chromedp.Click("main a.button"))
	w.judged("client", "作废此密钥", "停用此程序")

	w.run("the record", open("/admin/acts"))
	w.judged("acts", "导入登记册", "开设账号", "增发客户端密钥", "system.sample")

	// Who was invited takes the account up and sees their organisation alone.
	w.arrives("signing out", "#login", chromedp.Click(`form[action="/signout"] button`))
	w.arrives("taking it up", "#code", chromedp.Navigate(s.URL+"/welcome#"+one))
	w.arrives("taking it up", `form[action="/signout"]`, chromedp.SendKeys("#password", samplePassword),
		chromedp.SendKeys("#again", samplePassword), chromedp.Click("button.main"))
	w.run("their registers", open("/admin/registers"))
	theirs := w.sees("registers-own", "样例医院")
	if n := strings.Count(theirs.Text, "统一社会信用代码"); n != 2 { // the field's label and one organisation
		t.Errorf("%d organisations on the page:\n%s", n-1, theirs.Text)
	}
	w.run("grants", open("/admin/grants"))
	w.judged("grants", "对接授权", "还没有授权")
	w.run("the quarantine", open("/admin/quarantine"))
	w.judged("quarantine", "待核事件", "没有待核的事件")
	w.run("what is not theirs", open("/admin/imports"))
	w.sees("not-theirs", "您的职务不能进行此操作")
	w.run("the rules", open("/rules"))
	w.judged("rules", "指标定义", "待定口径", "接受人确认联单", "凭记忆")
}
