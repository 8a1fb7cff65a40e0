package web

import (
	"encoding/json"
	"maps"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/problem"
	"liandan/internal/rule"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// phoneProblem is a sort of problem with what a person does about it.
type phoneProblem struct {
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	DoZH string `json:"do_zh"`
	DoEN string `json:"do_en"`
}

// phoneClass is a waste code that a bag may have.
type phoneClass struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// phoneDwell is the dated rule by which a bag's clock runs, for the time without network.
type phoneDwell struct {
	Source     string      `json:"source"`
	LimitMS    int64       `json:"limit_ms"`
	Categories []string    `json:"categories"`
	Stages     []string    `json:"stages"`
	Bands      []rule.Band `json:"bands"`
}

// phoneWords is the phone's share of the message catalogue, as JSON: terms, problems, classes
// of medical waste, packagings and the clock's rule, all from where the server has them.
func phoneWords() []byte {
	out := struct {
		Stages    map[string]term.Term    `json:"stages"`
		Types     map[string]term.Term    `json:"types"`
		Problems  map[string]phoneProblem `json:"problems"`
		Classes   []phoneClass            `json:"classes"`
		Packaging []phoneClass            `json:"packaging"`
		Dwell     *phoneDwell             `json:"dwell"`
		phoneWorks
	}{Stages: map[string]term.Term{}, Types: map[string]term.Term{}, Problems: phoneProblems(), Dwell: phoneClock(), phoneWorks: worksWords()}
	for _, s := range []batch.Stage{batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit, batch.HandedOver,
		batch.AtPoint, batch.Delivered, batch.Accepted, batch.Refused, batch.Returned, batch.Repacked, batch.Treated, batch.Reported, batch.Cancelled, batch.Lost} {
		out.Stages[string(s)] = term.Stage(s)
	}
	for _, t := range event.Types() {
		out.Types[string(t)] = term.Type(t)
	}
	for _, code := range []waste.Code{"841-001-01", "841-002-01", "841-003-01", "841-004-01", "841-005-01"} {
		if e, ok := waste.DefaultCatalog().Lookup(code, phoneDay); ok {
			out.Classes = append(out.Classes, phoneClass{string(code), e.Name, e.NameEN})
		}
	}
	for _, p := range []waste.Packaging{"bag", "sharps_box", "turnover_box", "drum_plastic"} {
		out.Packaging = append(out.Packaging, phoneClass{string(p), p.Name(), p.NameEN()})
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic("web: " + err.Error()) // of strings and numbers: cannot happen
	}
	return b
}

// phoneDay chooses the editions of catalogue and rules that the app carries along: those in
// force when it was made. The server judges by the edition of each event's own day.
var phoneDay = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func phoneClock() *phoneDwell {
	book, err := rule.DefaultBook()
	if err != nil {
		panic("web: " + err.Error()) // embedded: its own tests read it
	}
	d := book.At(phoneDay).Dwell
	if d == nil || d.Start != rule.FromClosing {
		return nil // the phone knows when a bag was closed, not when it was first stored
	}
	out := &phoneDwell{Source: d.Source, LimitMS: d.LimitMS, Categories: d.Categories, Bands: d.Bands}
	for _, s := range rule.Waiting() {
		out.Stages = append(out.Stages, string(s))
	}
	return out
}

// phoneProblems says of every sort of problem what it is, and of those that a signed event can
// meet what to do.
func phoneProblems() map[string]phoneProblem {
	out := map[string]phoneProblem{}
	for _, k := range fault.Kinds() {
		row := problem.Of(k)
		out[string(k)] = phoneProblem{ZH: row.ZH, EN: row.EN, DoZH: "请找单位管理员，并出示这一页。", DoEN: "Show this page to your administrator."}
	}
	for k, do := range maps.All(phoneAdvice) {
		p := out[string(k)]
		p.DoZH, p.DoEN = do.ZH, do.EN
		out[string(k)] = p
	}
	return out
}

// phoneAdvice is what to do about what the intake says of a signed event.
var phoneAdvice = map[fault.Kind]line{
	fault.WrongStage:       {"别人已先办了下一步，或前一步还没到。请重新扫这个袋子，按页面提示办。", "Somebody did the next step first, or the one before has not arrived. Scan the bag again and do what the page says."},
	fault.NotCustodian:     {"袋子现在不归本单位。请让现在的保管人先交出，再扫一次。", "The bag is not in your organisation's hands. Have whoever holds it hand it over, then scan again."},
	fault.SeenUnknown:      {"所见记录还在别的手机上未发送。请等那台手机联网；本条已保存。", "What you saw is still on another phone. It goes in once that phone has network; nothing is lost."},
	fault.LabelTaken:       {"这个标签已在别的袋上。请撕下，重新封袋，用新标签。", "The label is on another bag. Take it off and close the bag again with a new one."},
	fault.IDReused:         {"同一编号已有另一条记录。请重新做这一步。", "Another event has this id. Do the step again."},
	fault.KeyRevoked:       {"本机已挂失或吊销。请向管理员要新的登记码，重新登记。", "This phone was reported lost or revoked. Ask your administrator for a new code and enrol again."},
	fault.KeyExpired:       {"本机的密钥已过期。请向管理员要新的登记码，重新登记。", "This phone's key has expired. Ask your administrator for a new code and enrol again."},
	fault.KeyNotYetValid:   {"本机时间可能不对。请把手机时间设为自动，再重做这一步。", "This phone's clock may be wrong. Set it to automatic and do the step again."},
	fault.UnknownKey:       {"服务器不认识本机。请重新登记本机。", "The server does not know this phone. Enrol it again."},
	fault.KeyOfOther:       {"本机登记在别人或别的单位名下。请核对登录的人，或重新登记。", "This phone is enrolled for somebody else. Check who you are here, or enrol again."},
	fault.KeyContested:     {"本机曾报失，这条由执法人员裁定；已保存，不必重做。", "The phone had been reported lost; an inspector decides on this one. It is kept, do not repeat it."},
	fault.UnknownSite:      {"所选场所不是本单位的。请在“本机”里重选场所。", "The place is not your organisation's. Choose it again under Device."},
	fault.RoleMissing:      {"本单位没有办这一步的身份。请找单位管理员。", "Your organisation may not do this step. Ask your administrator."},
	fault.InvalidEvent:     {"内容有误，服务器没有收。请重新填写这一步。", "Something in it is wrong and it was not taken. Fill in the step again."},
	fault.UnknownType:      {"服务器不认识这一步。请刷新本应用。", "The server does not know this step. Load the app again."},
	fault.UnknownProfile:   {"服务器没有这种转移模式。请重新选择联单种类。", "The server has no such transfer profile. Choose the kind of manifest again."},
	fault.BadSignature:     {"签名不符。请重新登记本机，再重做这一步。", "The signature does not fit. Enrol this phone again and repeat the step."},
	fault.EnrolmentRefused: {"登记码不对、已用过或已过期。请向管理员要一个新的码。", "The code is wrong, used or too old. Ask your administrator for a new one."},
	fault.TooManyAttempts:  {"试得太多了，请过一会儿再试。", "Too many tries. Wait a while and try again."},
	fault.Unavailable:      {"服务器暂时不能用。内容已保存在本机，会自动再发。", "The server is away for now. It is kept here and sent again by itself."},
	fault.Overloaded:       {"服务器正忙。内容已保存在本机，会自动再发。", "The server is busy. It is kept here and sent again by itself."},
	fault.Unauthorized:     {"请登录后再查看。签名和发送不需要登录。", "Sign in to look things up. Signing and sending need no sign-in."},
	fault.NotFound:         {"没有找到，或不归您查看。", "There is none, or it is not yours to see."},
}
