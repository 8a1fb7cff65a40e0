package web

import (
	"os"
	"strings"
	"testing"

	"liandan/internal/access"
)

// Every operation of the contract has its page, every schema too, and the pages have what
// the contract says of them.
func TestDocsHaveTheWholeContract(t *testing.T) {
	b, err := theDocs()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	guest := w.browser()
	index := guest.get("/docs", 200)
	policy := map[string]bool{}
	for _, r := range access.Table() {
		if !strings.HasPrefix(r.Operation, "page:") {
			policy[r.Operation] = true
		}
	}
	delete(policy, "validateUnsigned") // a way of validateEvent with a row of its own
	for id := range policy {
		o, ok := b.operations[id]
		if !ok {
			t.Errorf("%s of the policy is not in the documentation", id)
			continue
		}
		contains(t, index, `href="/docs/`+id+`"`)
		body := guest.get("/docs/"+id, 200)
		contains(t, body, id, `data-path="`+o.Path+`"`, o.Summary.ZH, "谁可以")
		if o.Summary.EN == "" {
			t.Errorf("%s has no English summary", id)
		}
		lacks(t, body, "ZgotmplZ", "<script>", "style=")
	}
	if len(policy) != len(b.operations) {
		t.Errorf("%d operations of the policy, %d of the documentation", len(policy), len(b.operations))
	}
	for _, name := range b.Names {
		contains(t, index, `href="/docs/schemas/`+name+`"`)
		contains(t, guest.get("/docs/schemas/"+name, 200), name)
	}
	guest.get("/docs/nothing", 404)
	guest.get("/docs/schemas/nothing", 404)
	if guest.get("/docs/getBatch", 200); !strings.Contains(guest.last.Get("Content-Security-Policy"), "connect-src 'self'") {
		t.Errorf("the policy is %q", guest.last.Get("Content-Security-Policy"))
	}
}

// An example is written as it would be sent.
func TestDocsExamples(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	contains(t, b.get("/docs/validateEvent", 200), `&#34;type&#34;: &#34;use.recorded&#34;`, `&#34;quantity&#34;: 120`)
	contains(t, b.get("/docs/getTile", 200), `value="000.p/3"`)
	contains(t, b.get("/docs/schemas/Problem", 200), `href="/docs/schemas/ProblemKind"`, "RFC 9457", "minimum 400", "用于")
	contains(t, b.get("/docs/schemas/Event", 200), `href="/docs/schemas/EventUseRecorded"`)
}

// What one may do is said by the policy, for whoever is signed in.
func TestDocsSayWhoMay(t *testing.T) {
	w := newWorld(t)
	guest := w.browser().get("/docs/importRegistry", 200)
	contains(t, guest, "系统管理员", "每次写入访问记录", `href="/signin"`, `data-csrf=""`, `id="sure"`)
	b := w.signedIn("admin.one", administrator(1))
	contains(t, b.get("/docs/importRegistry", 200), "您的职务不能做这个操作", `data-csrf="`+b.csrf+`"`, `action="/signout"`)
	contains(t, b.get("/docs/listAccounts", 200), "您可以做这个操作")
	lacks(t, b.get("/docs/listAccounts", 200), `id="sure"`) // it changes nothing
	contains(t, b.get("/docs/getHealth", 200), "任何人")
}

func TestDocsSearch(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	body := b.get("/docs?q=WASTE+search", 200)
	contains(t, body, "/docs/searchWaste")
	lacks(t, body, "/docs/getHealth")
	contains(t, b.get("/docs?q=%E9%9A%94%E7%A6%BB", 200), "找到")
	contains(t, b.get("/docs?q=%3Cscript%3Ealert(1)%3C/script%3E", 200), "找到 0 项", "&lt;script&gt;")
	contains(t, b.get("/docs?q=ProblemKind", 200), "/docs/schemas/ProblemKind")
}

// Every finder reads operations that are there and change nothing.
func TestFindersReadTheContract(t *testing.T) {
	b, err := theDocs()
	if err != nil {
		t.Fatal(err)
	}
	for name, steps := range docsFinders {
		for _, step := range strings.Split(steps, "\n") {
			if _, pointer, ok := strings.Cut(step, " "); !ok || b.reads(step) == "" || !strings.HasPrefix(pointer, "/") {
				t.Errorf("%s: %q reads no operation", name, step)
			}
		}
	}
}

// A finder searches where the visitor may, and is not there for who may not take its steps.
func TestFindersAreTheVisitors(t *testing.T) {
	w := newWorld(t)
	lacks(t, w.browser().get("/docs/getBatch", 200), "data-finder")
	own := "party=" + hospital(1).String()
	contains(t, w.signedIn("admin.one", administrator(1)).get("/docs/getBatch", 200), "limit=1&amp;"+own+" /items/0/id")
	nurse := access.Appointment{Role: access.Porter, Party: hospital(1), Person: porter(1, "N-1")}
	contains(t, w.signedIn("nurse.one", nurse).get("/docs/getBatch", 200), own+"&amp;person="+porter(1, "N-1").String())
	contains(t, w.signedIn("city.one", access.Appointment{Role: access.CityInspector}).get("/docs/getBatch", 200), "/items/*/party")
	lacks(t, w.signedIn("analyst.one", access.Appointment{Role: access.CityAnalyst}).get("/docs/getBatch", 200), "data-finder")
	contains(t, w.signedIn("admin.two", administrator(2)).get("/docs/getPermits", 200), `value="`+hospital(2).String()+`"`)
}

func TestDescriptionsArePieces(t *testing.T) {
	got := docsBlocks("甲\n乙 `c*` a\nb **strong** * x `open\n\n* one\n  two\n* three")
	if len(got) != 2 || len(got[0].Words) == 0 || got[0].Words[0].Text != "甲乙 " || !got[0].Words[1].Code || got[0].Words[1].Text != "c*" || len(got[1].Items) != 2 {
		t.Fatalf("%+v", got)
	}
	var all strings.Builder
	for _, p := range got[0].Words {
		all.WriteString(p.Text)
	}
	if all.String() != "甲乙 c* a b strong * x `open" {
		t.Errorf("%q", all.String())
	}
}

// A page of the documentation is light.
func TestDocsAreLight(t *testing.T) {
	w := newWorld(t)
	if n := len(w.browser().get("/docs", 200)); n > 100<<10 {
		t.Errorf("the first page has %d bytes", n)
	}
	if b, err := os.ReadFile("assets/docs.js"); err != nil || len(b) > 10<<10 {
		t.Errorf("the script has %d bytes: %v", len(b), err)
	}
}
