package siteledger

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/journal"
	"liandan/internal/manifest"
	"liandan/internal/rule"
	"liandan/internal/sheet"
	"liandan/internal/standbook"
	"liandan/internal/tabular"
	"liandan/internal/term"
	"liandan/internal/waste"
)

// Filled is one manifest with all that its form shows.
type Filled struct {
	Paper       journal.Paper
	Batches     map[id.Batch]batch.State
	Provisional string // number that serves until the national one comes
	Corrections []batch.Correction
	Findings    []rule.Finding
}

// Form writes one manifest as the fields of the national form: as a workbook with the lines,
// who signed, what was corrected and what the rules say; as csv the lines alone, in the
// columns of the table of manifests. What no register here has, addresses, telephones and
// drivers' names, is not there.
func (m Maker) Form(ctx context.Context, w io.Writer, f sheet.Format, x Filled) error {
	n, err := m.names(ctx)
	if err != nil {
		return err
	}
	tables := []tabular.Sheet{n.head(x), n.lines(x), n.signed(x)}
	if f == sheet.CSV {
		tables = []tabular.Sheet{{Name: "联单 manifests", Header: formHeader()}}
		for i, l := range x.Paper.State.Lines {
			tables[0].Row(n.formLine(x.Paper.State, i, l)...)
		}
	}
	if len(x.Corrections) > 0 {
		tables = append(tables, n.corrected(x))
	}
	if len(x.Findings) > 0 {
		tables = append(tables, n.found(x))
	}
	if n.err != nil {
		return n.err
	}
	return sheet.WriteBook(w, f, tables...)
}

// weaker is what stands beside evidence that is less than the signature of each actor.
const (
	onPaper     = "纸质联单补录，弱于各方电子签名 filled in from paper, weaker than a signature of each party"
	electronic  = "各环节由当事人设备电子签名 each step signed by its actor's device"
	provisional = "本地临时编号，国家编号待登记 provisional: the national number is yet to come"
	estimated   = "估算 estimated"
	weighed     = "称重 weighed"
)

// head is the form's parts that are said once.
func (n *names) head(x Filled) tabular.Sheet {
	s := x.Paper.State
	n.at = time.UnixMilli(s.IssuedAt)
	t := tabular.Sheet{Name: "联单 form", Header: []string{"部分 part", "项目 item", "内容 content", "说明 remark"}}
	row := func(part, item, content, remark string) {
		if content != "" {
			t.Row(tabular.Text(part), tabular.Text(item), tabular.Text(content), tabular.Text(remark))
		}
	}
	number, remark := s.Number, ""
	if number == "" {
		number, remark = x.Provisional, provisional
	}
	grade := electronic
	if s.Grade != "" {
		grade = onPaper
	}
	const top, first, second, third = "联单 manifest", "移出人 consignor", "承运人 carrier", "接受人 consignee"
	row(top, "联单编号 number", number, remark)
	row(top, "联单标识 id", s.ID.String(), "")
	row(top, "转移模式 profile", s.Profile, "")
	row(top, "状态 stage", term.Stage(s.Stage).String(), s.Reason)
	row(top, "证据等级 evidence", grade, "")
	row(top, "纸质联单号 slip", s.Slip, "")
	if !s.Scan.IsZero() {
		row(top, "扫描件散列 SHA-256 of the scan", s.Scan.String(), "")
	}
	n.unit(row, first, s.Consignor, s.ConsignorSite)
	row(first, "填写时间 issued", clock(s.IssuedAt), "")
	row(first, "豁免：收集 exempt collection", string(s.Exempt.Collection), "")
	row(first, "豁免：运输 exempt transport", string(s.Exempt.Transport), "")
	n.unit(row, second, s.Carrier, id.Site{})
	row(second, "营运证件号 permit", s.Permit, "")
	row(second, "牌号 vehicle", s.Vehicle, "")
	row(second, "车次 trip", s.Trip.String(), "")
	row(second, "实际起运时间 collected", clock(s.CollectedAt), "")
	row(second, "实际到达时间 delivered", clock(s.DeliveredAt), "")
	for i, l := range s.Legs {
		n.leg(row, "第"+strconv.Itoa(i+1)+"次转交 hand-over "+strconv.Itoa(i+1), l)
	}
	n.unit(row, third, s.Consignee, s.ConsigneeSite)
	row(third, "许可证编号 licence", n.licence(s.Consignee), "")
	row(third, "接受时间 accepted", clock(s.AcceptedAt), "")
	row(third, "拒收时间 refused", clock(s.RefusedAt), "")
	row(third, "拟利用处置方式 method", string(s.Method), methodName(s.Method))
	row(third, "结果回告时间 outcome reported", clock(s.ReportedAt), "")
	return t
}

func methodName(m waste.Method) string {
	info, _ := m.Info()
	return strings.TrimSpace(info.Name + " " + info.NameEN)
}

func (n *names) unit(row func(part, item, content, remark string), part string, p id.Party, s id.Site) {
	row(part, "单位名称 name", n.party(p), "")
	o, ok, err := n.m.Register.Organisation(n.ctx, p)
	if n.hear(err); ok {
		row(part, "统一社会信用代码 credit code", string(o.CreditCode), "")
	}
	row(part, "场所 site", n.site(s), "")
}

func (n *names) leg(row func(part, item, content, remark string), part string, l manifest.Leg) {
	row(part, "交出 from", n.party(l.From), clock(l.HandedAt))
	taken := clock(l.TakenAt)
	if taken == "" {
		taken = "尚未接收 not taken over yet"
	}
	row(part, "接收 to", n.party(l.To), taken)
	row(part, "周转点 transfer point", n.site(l.Site), "")
	row(part, "牌号 vehicle", l.Vehicle, "")
}

// lines are the form's lines: of each part of the form what it says of the line.
func (n *names) lines(x Filled) tabular.Sheet {
	s := x.Paper.State
	at := time.UnixMilli(s.IssuedAt)
	t := tabular.Sheet{Name: "废物 lines", Header: []string{"序号 line", "废物名称 waste", "废物类别 category", "废物代码 code", "危险特性 hazards", "形态 form", "包装方式 packaging",
		"包装数量 packages", "移出量(吨) issued t", "计量方式 measured", "起运量(吨) collected t", "接受量(吨) accepted t", "拒收量(吨) refused t", "接受与起运之差(吨) difference t",
		"处理意见 verdict", "理由 reason", "状态 stage", "容器编号 container", "批次标识 batch"}}
	for i, l := range s.Lines {
		b := x.Batches[l.Batch]
		var hazards []string
		if e, ok := n.m.Catalog.Lookup(l.Code, at); ok {
			for _, h := range e.Hazards {
				hazards = append(hazards, string(h))
			}
		}
		measured := weighed
		if b.Measured == event.Estimated {
			measured = estimated
		}
		difference := tabular.Cell{}
		if got := l.Accepted + l.Refused; l.Verdict != "" && l.Collected > 0 && got != l.Collected {
			difference = standbook.Tonnes(got - l.Collected)
		}
		t.Row(tabular.Number(i+1), tabular.Text(n.waste(l.Code, at)), tabular.Text(l.Code.Category()), tabular.Text(string(l.Code)), tabular.Text(strings.Join(hazards, ",")),
			tabular.Text(strings.TrimSpace(b.Form.Name()+" "+string(b.Form))), tabular.Text(strings.TrimSpace(b.Packaging.Name()+" "+b.Packaging.NameEN())), some(int64(l.Packages)),
			mass(l.Issued), tabular.Text(measured), mass(l.Collected), mass(l.Accepted), mass(l.Refused), difference, tabular.Text(verdicts[l.Verdict]), tabular.Text(l.Reason),
			tabular.Text(term.Stage(l.Stage).String()), tabular.Text(b.Container), tabular.Text(l.Batch.String()))
	}
	return t
}

// signed is who signed what, with what makes a signature weaker evidence.
func (n *names) signed(x Filled) tabular.Sheet {
	t := tabular.Sheet{Name: "签名 signatures", Header: []string{"序号 no", "事项 what", "单位 organisation", "场所 site", "经办人标识 person", "时间 time", "日志序号 log entry", "事件标识 event", "说明 remark"}}
	row := func(e event.Event, told journal.Told, remark string) {
		t.Row(tabular.Number(len(t.Rows)+1), tabular.Text(term.Type(e.Type).String()), tabular.Text(n.party(e.Party)), tabular.Text(n.site(e.Site)), tabular.Text(e.Person.String()),
			tabular.Text(clock(e.At.UnixMilli())), tabular.Number(told.Seq), tabular.Text(told.Event.ID.String()), tabular.Text(remark))
	}
	for _, told := range x.Paper.Events {
		e, remark := told.Event, ""
		switch b := e.Behalf(); {
		case b.IsZero():
		case b.Authorisation.IsZero():
			remark = "凭一次性码代签 signed in its place, by one-time code: " + n.party(b.Party)
		default:
			remark = "凭授权代签 signed in its place, under an authorisation: " + n.party(b.Party)
		}
		row(e, told, remark)
		for _, v := range e.Attests() {
			row(v, told, onPaper)
		}
	}
	return t
}

// corrected are the corrections, old and new side by side.
func (n *names) corrected(x Filled) tabular.Sheet {
	t := tabular.Sheet{Name: "更正 corrections", Header: []string{"被更正事件 event", "字段 field", "原值 old", "新值 new", "状态 status", "提议单位 by", "提议时间 at", "理由 reason"}}
	for _, c := range x.Corrections {
		for _, v := range c.Changes {
			t.Row(tabular.Text(c.Event.String()), tabular.Text(v.Pointer), tabular.Text(string(v.Old)), tabular.Text(string(v.New)), tabular.Text(statuses[c.Status]), tabular.Text(n.party(c.By)),
				tabular.Text(clock(c.At)), tabular.Text(c.Reason))
		}
	}
	return t
}

var statuses = map[batch.CorrectionStatus]string{batch.CorrectionOpen: "待各方同意 open", batch.CorrectionAgreed: "已更正 agreed", batch.CorrectionDeclined: "未同意 declined"}

// found is what the rules say.
func (n *names) found(x Filled) tabular.Sheet {
	t := tabular.Sheet{Name: "规则意见 findings", Header: []string{"规则 rule", "程度 severity", "说明", "remark", "应作说明的单位 owner", "依据 source", "日志序号 log entry"}}
	for _, f := range x.Findings {
		t.Row(tabular.Text(string(f.Rule)), tabular.Text(string(f.Severity)), tabular.Text(f.ZH), tabular.Text(f.EN), tabular.Text(n.party(f.Owner.Party)), tabular.Text(f.Source), tabular.Number(f.Seq))
	}
	return t
}
