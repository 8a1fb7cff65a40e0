package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/problem"
)

// note tells a person what did not work and what to do.
type note struct {
	status int
	title  line
	Words  line
	Fields []line            // everything that is wrong with what was sent
	At     map[string][]line // the same beside its field: by the first name of its pointer
}

// sentences are what pages say of a fault, Chinese; English comes from the fault itself or,
// where that speaks to programs or hides a cause, from here.
var sentences = map[fault.Kind]line{
	fault.SignInRefused: {ZH: "登录名、密码或动态口令不对。请核对后再试；忘记了请找管理员重发一次性码。"},
	fault.SecondFactorNeeded: {ZH: "密码正确。请再输入一次密码，并填写验证器应用显示的6位动态口令，或一个恢复码。",
		EN: "The password is right. Enter it again, with the six digits that your authenticator app shows or one of your recovery codes."},
	fault.InvitationRefused: {ZH: "一次性码输入有误、已用过、已换新码或已过期。请核对，或找管理员重发。"},
	fault.ForgedRequest: {ZH: "这次操作没有执行：页面已过期，或请求不是从本站页面发出的。请重新打开页面再做一次。",
		EN: "Nothing was done: the page is too old, or the request did not come from a page of this site. Open the page again and repeat it."},
	fault.WeakPassword:    {ZH: "密码太弱，没有保存。"},
	fault.TooManyAttempts: {ZH: "尝试次数过多。"},
	fault.Conflict:        {ZH: "与现有内容冲突，没有执行。"},
	fault.InvalidRequest:  {ZH: "没有执行；下面列出哪里不对。", EN: "Nothing was done; what is wrong is listed."},
	fault.MediaType:       {ZH: "这不是本站页面发出的表单。", EN: "This is not a form of this site's pages."},
	fault.TooLarge:        {ZH: "内容过长，没有处理。"},
	fault.Unauthorized:    {ZH: "登录已结束，请重新登录。", EN: "Your session has ended. Sign in again."},
	fault.Forbidden: {ZH: "您的职务不能进行此操作。如有需要，请联系单位管理员。",
		EN: "None of your appointments allows this. Ask your organisation's administrator if you need it."},
	fault.NotFound:         {ZH: "这里没有这个内容，或您无权查看。请检查地址。"},
	fault.MethodNotAllowed: {ZH: "此页面不接受这种请求。请从页面上的按钮操作。"},
	fault.Unavailable:      {ZH: "暂时无法使用，没有改动任何内容。请稍后再试。", EN: "This cannot be reached now. Try again in a moment."},
	fault.Overloaded:       {ZH: "现在太忙。请稍后再试。", EN: "Too busy now. Try again in a moment."},
}

var unknownTrouble = line{"系统出了问题。请稍后再试；仍不行请告知管理员。", "Something went wrong here. Try again later; tell your administrator if it stays."}

// noteOf reads an error for a person, with words of the page's own before the usual ones.
// Causes go to the log, once, here.
func (s *Site) noteOf(w http.ResponseWriter, r *http.Request, err error, own map[fault.Kind]line) note {
	f := problem.From(err)
	row := problem.Of(f.Kind)
	if row.Status >= http.StatusInternalServerError {
		s.Logger.ErrorContext(r.Context(), "page failed", "kind", string(f.Kind), "error", err)
	}
	n := note{status: row.Status, title: line{row.ZH, row.EN}, At: map[string][]line{}}
	var ok bool
	if n.Words, ok = own[f.Kind]; !ok {
		n.Words, ok = sentences[f.Kind]
	}
	switch {
	case !ok && row.Status >= http.StatusInternalServerError:
		n.Words = unknownTrouble
	case !ok:
		n.Words = line{row.ZH + "。", f.Sentence}
	case n.Words.EN == "":
		n.Words.EN = f.Sentence
	}
	for _, x := range f.Fields {
		x.Pointer = strings.TrimPrefix(x.Pointer, "/appointments/0") // the one that a form gives
		l := fieldLine(x)
		n.Fields = append(n.Fields, l)
		name, _, _ := strings.Cut(strings.TrimPrefix(x.Pointer, "/"), "/")
		n.At[name] = append(n.At[name], l)
	}
	if wait := seconds(f.Facts["retry_after_seconds"]); wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(wait, 10))
		at := s.Now().Add(time.Duration(wait) * time.Second).Add(time.Minute - 1).In(calendar.Zone()).Format("15:04")
		n.Words = line{n.Words.ZH + "请在 " + at + " 之后再试。", "There were too many attempts. Try again after " + at + "."}
	}
	return n
}

func seconds(fact any) int64 {
	switch n := fact.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// fieldLine is one thing that is wrong with a form. Where the service has no Chinese of its
// own the code has.
func fieldLine(f fault.Field) line {
	zh := f.DetailZH
	if zh == "" {
		zh = codes[f.Code]
	}
	if zh == "" {
		zh = "内容有误"
	}
	top, rest, _ := strings.Cut(strings.TrimPrefix(f.Pointer, "/"), "/")
	name, ok := fieldNames["/"+top]
	if ok && rest != "" { // one of several
		name.ZH, name.EN = name.ZH+"（"+rest+"）", name.EN+" ("+rest+")"
	}
	if !ok {
		return line{zh + "。", f.Detail + "."}
	}
	return line{name.ZH + "：" + zh + "。", name.EN + " " + f.Detail + "."}
}

var codes = map[string]string{
	"required":     "必须填写",
	"format":       "格式不对",
	"length":       "长度不对",
	"characters":   "含有不允许的字符",
	"out_of_range": "超出范围",
	"unknown":      "不是该单位现有的人员",
	"value":        "不是可选的内容",
	"repeated":     "重复",
	"taken":        "已被使用",
	"not_allowed":  "此处不能填写",
}

var fieldNames = map[string]line{
	"/password":   {"密码", "Password"},
	"/new":        {"新密码", "New password"},
	"/old":        {"原密码", "Old password"},
	"/again":      {"再输一次", "Repeated password"},
	"/code":       {"口令", "Code"},
	"/party":      {"单位", "Organisation"},
	"/person":     {"人员", "Person"},
	"/device":     {"设备名称", "Device name"},
	"/valid_days": {"有效天数", "Days of validity"},
	"/login":      {"登录名", "Login"},
	"/name":       {"名称", "Name"},
	"/role":       {"职务", "Appointment"},
	"/sites":      {"场所", "Sites"},
	"/divisions":  {"辖区", "Districts"},
	"/to":         {"至", "Until"},
	"/scopes":     {"授权范围", "Scopes"},
	"/per_minute": {"每分钟请求数", "Requests a minute"},
	"/expires":    {"到期日", "Expiry"},
	"/client":     {"对接程序", "API client"},
	"/kind":       {"登记册", "Register"},
	"/file":       {"文件", "File"},
	"/actor":      {"操作者", "Actor"},
	"/subject":    {"对象", "Subject"},
	"/own":        {"时间", "Time"},
	"/from":       {"时间", "Time"},
	"/vehicle":    {"车辆", "Vehicle"},
	"/driver":     {"驾驶员", "Driver"},
	"/day":        {"日期", "Day"},
	"/stops":      {"站点", "Stop"},
	"/note":       {"备注", "Note"},
	"/reason":     {"原因", "Reason"},
	"/collector":  {"收运单位", "Collector"},
	"/site":       {"场所", "Site"},
	"/until":      {"最迟", "Latest day"},
	"/lines":      {"废物", "Waste"},
}

// clock writes a time for a person: local, to the minute.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(calendar.Zone()).Format("2006-01-02 15:04")
}
