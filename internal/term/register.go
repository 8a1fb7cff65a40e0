package term

import "strings"

// Words of the register: kinds of site, of licence and of social source, figures that no event
// gives, columns. They are strings there, as a file has them.

// SiteKind names what a site is.
func SiteKind(kind string) Term { return of(siteKinds, kind) }

// LicenceKind names what a licence is for.
func LicenceKind(kind string) Term { return of(licenceKinds, kind) }

// Social names a type of social source.
func Social(kind string) Term { return of(socials, kind) }

// Basis names why somebody is in a collection and disposal system.
func Basis(b string) Term { return of(bases, b) }

// Figure names a base figure, with its unit.
func Figure(figure string) Term { return of(figures, figure) }

// Weighed names a base figure that is a mass, without the unit of the register's file, for who
// writes it in kilograms; not ok for one that is none.
func Weighed(figure string) (t Term, ok bool) {
	t = Figure(figure)
	zh, ok := strings.CutSuffix(t.ZH, "（克）")
	return Term{zh, strings.TrimSuffix(t.EN, " (g)")}, ok
}

// Class names whom an inspection sheet is for.
func Class(class string) Term { return of(classes, class) }

// Verdict names the result of an inspection, or why it has none.
func Verdict(v string) Term { return of(verdicts, v) }

// Column names a column of a register.
func Column(name string) Term { return of(columns, name) }

var siteKinds = map[string]Term{
	"hospital":   {"医院", "hospital"},
	"clinic":     {"诊所、卫生院（室）", "clinic"},
	"workshop":   {"门店车间", "workshop"},
	"laboratory": {"实验室", "laboratory"},
	"depot":      {"收集贮存点", "depot"},
	"plant":      {"利用处置厂", "plant"},
	"landfill":   {"填埋场", "landfill"},
	"office":     {"办公场所", "office"},
	"factory":    {"工厂", "factory"},
	"station":    {"转运站", "station"},
}

var licenceKinds = map[string]Term{
	"operating":  {"危险废物经营许可", "operating licence"},
	"collecting": {"危险废物收集许可", "collecting licence"},
	"transport":  {"危险货物道路运输许可", "transport licence"},
	"discharge":  {"排污许可", "discharge permit"},
}

var socials = map[string]Term{
	"repair":       {"机动车维修", "vehicle repair"},
	"laboratory":   {"实验检测机构", "laboratory"},
	"school":       {"学校", "school"},
	"battery":      {"蓄电池销售", "battery shop"},
	"retail":       {"零售", "retail"},
	"printing":     {"印刷", "printing"},
	"dry_cleaning": {"干洗", "dry cleaning"},
	"property":     {"物业小区", "property management"},
	"other":        {"其他", "other"},
}

var bases = map[string]Term{
	"contract": {"合同", "contract"},
	"plan":     {"收运方案", "plan"},
}

var figures = map[string]Term{
	"landfilled":            {"基准年填埋量（克）", "landfilled in the base year (g)"},
	"value_added":           {"工业增加值（元）", "industrial value added (yuan)"},
	"recyclables_generated": {"可回收输液瓶（袋）产生量（克）", "clean infusion bottles and bags generated (g)"},
	"recyclables_recycled":  {"可回收输液瓶（袋）回收量（克）", "of those, recycled (g)"},
}

var classes = map[string]Term{
	"generator": {"产生单位", "generator"},
	"operator":  {"经营单位", "operator"},
}

var verdicts = map[string]Term{
	"pass":  {"达标", "pass"},
	"basic": {"基本达标", "basic pass"},
	"fail":  {"不达标", "fail"},

	"unknown_sheet":        {"检查表未登记", "no such sheet"},
	"sheet_of_other_class": {"检查表类别不符", "a sheet of the other class"},
	"items_missing":        {"缺项", "items are missing"},
	"items_unknown":        {"有表外项", "items that the sheet has not"},
	"points_above_maximum": {"得分超过满分", "points above a maximum"},
}

var columns = map[string]Term{
	"name":           {"名称", "Name"},
	"credit_code":    {"统一社会信用代码", "Credit code"},
	"roles":          {"身份", "Roles"},
	"sample":         {"样例", "Sample"},
	"kind":           {"类型", "Kind"},
	"division":       {"辖区", "District"},
	"built_up":       {"建成区", "Built-up area"},
	"beds":           {"床位", "Beds"},
	"valid_from":     {"有效自", "Valid from"},
	"valid_to":       {"有效至", "Valid to"},
	"number":         {"编号", "Number"},
	"site":           {"场所", "Site"},
	"codes":          {"代码", "Codes"},
	"methods":        {"方式", "Methods"},
	"yearly_grams":   {"年核准量", "A year"},
	"permit":         {"运输证", "Permit"},
	"plate":          {"车牌", "Plate"},
	"capacity_grams": {"核定载质量", "Capacity"},
	"medical":        {"仅运医疗废物", "Medical waste alone"},
	"planned_grams":  {"计划量", "Planned"},
	"year":           {"年度", "Year"},
	"code":           {"代码", "Code"},
	"method":         {"方式", "Method"},
	"consignee":      {"接收单位", "Consignee"},
	"filed":          {"备案", "Filed"},
	"approved_grams": {"批准量", "Approved"},
}
