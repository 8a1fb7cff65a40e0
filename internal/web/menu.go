package web

import (
	"context"
	"net/http"
)

// entry is one row of the menu: a page that somebody's daily work begins with. Whoever may
// do its operation by the policy sees it, nobody else.
type entry struct {
	area      area
	path      string
	operation string // of the policy, as in the page's route
	name      line
	hint      line // what one does there, one sentence; shown on the home page
}

// area is a heading of the home page.
type area int

// The areas, in the order in which they stand.
const (
	work   area = iota // what the day brings: phone pages
	watch              // inspectors and the city
	manage             // organisations, people, devices, registers
	help               // about the system itself
)

var areas = map[area]line{
	work:   {"日常作业", "Daily work"},
	watch:  {"监管与统计", "Inspection and figures"},
	manage: {"管理", "Administration"},
	help:   {"资料", "Reference"},
}

// menu is every entry, in the order in which they stand inside their area.
// A new page of daily work adds its row here.
var menu = []entry{
	{work, "/m/", "page:phone", line{"手机应用", "Phone app"}, line{"封袋、交接、收运：扫码签名，没有网络也能用", "Close bags, hand over, collect: scan and sign, without network too"}},
	{work, "/duties", "getSiteDuties", line{"待办与期限", "Duties"}, line{"本场所要办什么、最迟何时、谁来办", "What your site has to do, by when, and by whom"}},
	{work, "/trips", "listTrips", line{"收运车次", "Trips"}, line{"看谁等着收运，安排车次，看车到了哪一站", "Who waits for a pick-up; plan trips; see how far the vehicles are"}},
	{work, "/bookings", "listBookings", line{"收运预约", "Bookings"}, line{"预约收运，看安排在哪天、哪辆车，收走了没有", "Book a pick-up; see the day, the vehicle and what was collected"}},
	{work, "/drafts", "listDrafts", line{"联单草稿", "Drafts"}, line{"先起草联单，试查缺什么，再由经办人签发", "Draft a manifest, check what is missing, then let somebody sign it"}},
	{watch, "/city", "getIndicator", line{"指标", "Figures"}, line{"各指标与目标、趋势、各县区，逐项查到事件", "Indicators against target, trend, districts, down to the events"}},
	{watch, "/inspect", "searchWaste", line{"查验", "Inspect"}, line{"扫码或按编号、车牌、单位查找，看全链，在浏览器中核验", "Find by code, number, plate or name; see the whole chain; check it in the browser"}},
	{watch, "/inspect/findings", "listFindings", line{"异常", "Findings"}, line{"规则发现了什么，按县区和规则", "What the rules found, by district and rule"}},
	{watch, "/inspect/draws", "listDraws", line{"随机抽取", "Draws"}, line{"公告过的抽取、抽中的场所和人员，谁都能重算", "Announced draws, who was drawn; anybody can draw again"}},
	{watch, "/inspect/verify", "page:verify", line{"核验证据", "Check evidence"}, line{"在本浏览器中核验证据文件，不必信任服务器", "Check an evidence file in this browser, without trusting the server"}},
	{manage, "/admin/registers", "page:registers", line{"登记册", "Registers"}, line{"单位、场所、许可、车辆、计划及其变更", "Organisations, sites, permits, vehicles, plans, and what changed"}},
	{manage, "/admin/imports", "importRegistry", line{"导入登记册", "Import registers"}, line{"选 CSV，先试算，再写入", "Choose a CSV file, see what it would do, then apply it"}},
	{manage, "/past", "importPast", line{"往期记录", "Past records"}, line{"启用之前的联单和台账：查阅、导入；不是已证明的事件", "Manifests and ledgers from before: to read and import; no proven events"}},
	{manage, "/admin/people", "listAccounts", line{"人员账号", "People"}, line{"开设账号、任命、重发一次性码、停用", "Invite, appoint, make a new code, disable"}},
	{manage, "/admin/clients", "listClients", line{"对接程序", "API clients"}, line{"登记、密钥、停用", "Register, make secrets, disable"}},
	{manage, "/admin/grants", "listGrants", line{"对接授权", "Grants"}, line{"让哪个程序为本单位做什么", "What each program may do for your organisation"}},
	{manage, "/admin/quarantine", "listQuarantine", line{"待核事件", "Quarantine"}, line{"已签名但还不能入账的事件，等什么、怎么办", "Signed events that may not come yet: what they wait for, what to do"}},
	{manage, "/admin/acts", "listActs", line{"访问记录", "Access record"}, line{"谁何时看了、做了什么", "Who read and did what, and when"}},
	{manage, "/devices", "page:devices", line{"设备", "Devices"}, line{"登记新手机；手机丢了立即挂失", "Enrol a phone; report a lost one at once"}},
	{help, "/rules", "page:rules", line{"定义与规则", "Definitions and rules"}, line{"指标、时限、限值及其依据、可信程度与日期", "Indicators, deadlines and limits with source, certainty and dates"}},
	{help, "/docs", "page:docs", line{"接口文档", "API documentation"}, line{"每个操作、数据结构和示例，可直接试运行", "Every operation and schema, with examples to run here"}},
	{help, "/account", "page:account", line{"我的账号", "My account"}, line{"密码、动态口令、在哪里登录", "Password, second factor, where you are signed in"}},
}

// link is a menu's entry on a page.
type link struct {
	Path       string
	Name, Hint line
}

// chapter is an area's entries on a page.
type chapter struct {
	Name  line
	Links []link
}

// menuOf is what a person's roles open of the menu, area by area; no area is empty.
func (s *Site) menuOf(ctx context.Context, v *visit) []chapter {
	var out []chapter
	for a := work; a <= help; a++ {
		c := chapter{Name: areas[a]}
		for _, e := range menu {
			if e.area == a && s.Gate.May(v.Caller, e.operation) == nil && s.concerns(ctx, v, e) {
				c.Links = append(c.Links, link{e.path, e.name, e.hint})
			}
		}
		if len(c.Links) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// concerns leaves out of the menu what is for organisations of another kind: whose
// organisation collects nothing plans no trips. What cannot be read now is left out.
func (s *Site) concerns(ctx context.Context, v *visit, e entry) bool {
	if e.path != "/trips" || s.watches(v) {
		return true
	}
	own, err := s.haulers(ctx, v, e.operation)
	return err == nil && len(own) > 0
}

// home is GET /home: where sign-in leads, with what the person's roles are for.
func (s *Site) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	s.show(w, r, v, http.StatusOK, "home.html", page{Title: "首页", TitleEN: "Home"})
	return nil
}
