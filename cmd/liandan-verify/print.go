package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"liandan/internal/batch"
	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/mass"
	"liandan/internal/rule"
)

// language is what the reader wants to see.
type language string

const (
	both    language = "both"
	chinese language = "zh"
	english language = "en"
)

// maxListed bounds each list of a report on paper; --json has all of it.
const maxListed = 50

// printer writes a report for people.
type printer struct {
	out  io.Writer
	lang language
}

// say picks the languages: Chinese first, English beside it.
func (p printer) say(zh, en string) string {
	switch p.lang {
	case chinese:
		return zh
	case english:
		return en
	}
	return zh + " " + en
}

func (p printer) line(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// pair writes two languages on a line, or on two when they are long.
func (p printer) pair(indent, zh, en string) {
	if p.lang != both || len(zh)+len(en) < 60 {
		p.line("%s%s", indent, plain(p.say(zh, en)))
		return
	}
	p.line("%s%s", indent, plain(zh))
	p.line("      %s", plain(en))
}

// plain makes a text from a file harmless on a terminal: control characters and those
// that change the direction of writing could rewrite the verdict above them.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			return '�'
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

func (p printer) unreadable(name string, f *refusal) {
	p.line("%s: %s", p.say("文件", "file"), plain(name))
	if f.Kind != "" {
		p.pair("  ", "不是可读的证据文件，未能核对。", f.Sentence)
		for _, x := range f.Fields {
			p.line("    %s %s", plain(x.Pointer), plain(x.Detail))
		}
	} else {
		p.pair("  ", "无法读取文件，未能核对。", f.Sentence)
	}
	p.line("%s\n", p.say("结论: 未能核对", "VERDICT: COULD NOT CHECK"))
}

func (p printer) report(name string, r bundle.Report) {
	p.line("%s: %s", p.say("文件", "file"), plain(name))
	subject := map[bundle.Kind]string{bundle.OfBatch: p.say("批次", "batch"), bundle.OfManifest: p.say("联单", "manifest")}
	p.line("%s: %s", subject[r.Kind], r.Subject)
	p.line("%s: %s, %d %s; %s: %d, %s: %d", p.say("日志", "log"), plain(r.Origin), r.Size, p.say("条", "entries"),
		p.say("本文件条目", "entries here"), r.Entries, p.say("公钥", "keys"), r.Keys)
	p.line("\n%s", p.say("核对", "Checks"))
	for _, l := range r.Lines {
		mark := p.say("通过", "ok")
		if !l.OK {
			mark = p.say("不符", "NO")
		}
		p.pair(fmt.Sprintf("  [%s] %d ", mark, l.Count), l.ZH, l.EN)
	}
	p.broken(r.Broken)
	p.findings(p.say("发现", "Findings"), r.Findings)
	p.findings(p.say("提示（不影响结论）", "Remarks (do not change the verdict)"), r.Remarks)
	p.notes(p.say("未检查", "Not checked"), r.Skipped)
	p.notes(p.say("说明", "Notes"), r.Notes)
	p.story(r)
	p.finals(r)
	p.corrections(r)
	p.verdict(r)
}

// more says how many items of a list were not printed.
func (p printer) more(n int) {
	if n > maxListed {
		p.line("  … %d %s", n-maxListed, p.say("项见 --json", "more, see --json"))
	}
}

func (p printer) broken(lines []bundle.Line) {
	if len(lines) == 0 {
		return
	}
	p.line("\n%s", p.say("不符之处", "What does not hold"))
	for _, l := range lines[:min(len(lines), maxListed)] {
		at := ""
		if l.Where != nil {
			at = fmt.Sprintf(" #%d %s", l.Where.Seq, l.Where.Event)
		}
		p.line("  [%s]%s", l.Check, strings.TrimRight(at, " "))
		p.pair("    ", l.ZH, l.EN)
	}
	p.more(len(lines))
}

func (p printer) findings(title string, fs []rule.Finding) {
	if len(fs) == 0 {
		return
	}
	p.line("\n%s", title)
	for _, f := range fs[:min(len(fs), maxListed)] {
		p.line("  [%s] #%d %s%s", f.Rule, f.Seq, short(f.Batch.String()), p.weight(f))
		p.pair("    ", f.ZH, f.EN)
	}
	p.more(len(fs))
}

var parts = map[rule.Part][2]string{rule.Signer: {"签名人", "signer"}, rule.Consignor: {"移出人", "consignor"}, rule.Carrier: {"承运人", "carrier"},
	rule.Consignee: {"接受人", "consignee"}, rule.Custodian: {"保管人", "custodian"}, rule.Treater: {"利用处置单位", "treater"}}

// weight says how much a finding weighs and who must explain it. A remark is nobody's.
func (p printer) weight(f rule.Finding) string {
	out := ""
	if f.Severity == rule.Serious {
		out = " " + p.say("严重", "serious")
	}
	if name, ok := parts[f.Owner.Part]; ok && f.Severity != rule.Remark {
		out += fmt.Sprintf(" %s %s", p.say("说明方："+name[0], "to explain: "+name[1]), short(f.Owner.Party.String()))
	}
	return out
}

func (p printer) notes(title string, ns []bundle.Note) {
	if len(ns) == 0 {
		return
	}
	p.line("\n%s", title)
	for _, n := range ns[:min(len(ns), maxListed)] {
		p.pair("  - ", n.ZH, n.EN)
	}
	p.more(len(ns))
}

// short is enough of an id to follow it through a story: version 7 ids begin with their
// time, so the end tells them apart.
func short(id string) string {
	if len(id) < 8 {
		return id
	}
	return "…" + id[len(id)-8:]
}

func (p printer) story(r bundle.Report) {
	if len(r.Story) == 0 {
		return
	}
	p.line("\n%s", p.say("经过", "Story"))
	for _, s := range r.Story[:min(len(r.Story), maxListed)] {
		note := ""
		if !s.Weighed {
			note = " " + p.say("（在手）", "(in custody)")
		}
		if !s.Proven {
			note += " " + p.say("（未证实）", "(not proven)")
		}
		if s.Batches > 1 {
			note = fmt.Sprintf(" ×%d", s.Batches) + note
		}
		p.line("  #%d %s %s %s %s %d g = %s kg%s", s.Seq, s.At.Format("2006-01-02 15:04:05 Z07:00"), p.typeName(s.Type),
			p.say("单位", "party"), short(s.Party.String()), s.Grams, s.Grams.Kilograms(), note)
	}
	p.more(len(r.Story))
}

func (p printer) finals(r bundle.Report) {
	if len(r.Finals) == 0 {
		return
	}
	title := p.say("现状", "Where it stands")
	if len(r.Broken) > 0 {
		title = p.say("现状（未证实）", "Where it stands (not proven)")
	}
	p.line("\n%s", title)
	for _, f := range r.Finals[:min(len(r.Finals), maxListed)] {
		s := f.State
		p.line("  %s %s: %s, %s %s, %s %s kg, %s %s kg", p.say("批次", "batch"), short(s.ID.String()), p.stageName(s.Stage),
			p.say("保管单位", "held by"), short(s.Custodian.String()), p.say("在手", "in custody"), s.Grams.Kilograms(),
			p.say("已利用处置", "treated"), s.TreatedSum.Kilograms())
		if s.Grade == batch.OnPaper {
			p.line("    %s", p.say("证据等级：部分环节凭纸质单据补录", "grade of evidence: a part was signed on paper and filled in later"))
		}
		if s.Lost > 0 {
			p.line("    %s %s kg", p.say("事故损失", "lost by incidents"), s.Lost.Kilograms())
		}
		if s.Refused > 0 {
			p.line("    %s %s kg", p.say("拒收后留在承运人处", "refused, left with the carrier"), s.Refused.Kilograms())
		}
		missing := []string{}
		for _, t := range f.Missing {
			missing = append(missing, p.typeName(t))
		}
		if len(missing) == 0 {
			p.line("    %s", p.say("链条已闭合", "The chain is closed."))
		} else {
			p.line("    %s: %s", p.say("尚缺", "still missing"), strings.Join(missing, ", "))
		}
	}
	p.more(len(r.Finals))
	for _, b := range r.Balances {
		if b.Kind == mass.Difference {
			p.line("  %s %s: %s kg", p.say("差额账户", "difference account of"), short(b.Party.String()), b.Grams.Kilograms())
		}
	}
}

// corrections shows what was signed beside what was proposed. Whether the time to answer is
// over this program, which has no clock, cannot say; it gives the day.
func (p printer) corrections(r bundle.Report) {
	if len(r.Corrections) == 0 {
		return
	}
	p.line("\n%s", p.say("更正", "Corrections"))
	status := map[batch.CorrectionStatus]string{batch.CorrectionOpen: p.say("未定", "open"), batch.CorrectionAgreed: p.say("各方同意，已生效", "agreed, it counts"),
		batch.CorrectionDeclined: p.say("被否决，不生效", "declined, it does not count")}
	for _, c := range r.Corrections[:min(len(r.Corrections), maxListed)] {
		p.line("  %s %s: %s", p.say("事件", "event"), short(c.Event.String()), status[c.Status])
		for _, x := range c.Changes[:min(len(c.Changes), maxListed)] {
			p.line("    %s: %s %s | %s %s", plain(x.Pointer), p.say("原", "signed"), plain(string(x.Old)), p.say("更正为", "proposed"), plain(string(x.New)))
		}
		p.line("    %s %s; %s %d/%d; %s %s", p.say("提议", "by"), short(c.By.String()), p.say("同意", "agreed"), len(c.Agreed), len(c.Parties),
			p.say("答复期限", "answers until"), time.UnixMilli(c.Until).UTC().Format("2006-01-02 15:04 UTC"))
	}
	p.more(len(r.Corrections))
}

func (p printer) verdict(r bundle.Report) {
	switch r.Verdict {
	case bundle.Sound:
		zh, en := "结论: 无误", "VERDICT: SOUND"
		if r.Grade == batch.OnPaper {
			zh, en = zh+"，部分为纸质证据", en+", IN PART BY PAPER"
		}
		if !r.Pinned {
			zh, en = zh+"（日志公钥未经核实，见说明）", en+" (the log's key is the file's own, see the notes)"
		}
		p.line("\n%s\n", p.say(zh, en))
	case bundle.Findings:
		n := len(r.Broken) + len(r.Findings)
		p.line("\n%s\n", p.say(fmt.Sprintf("结论: 有 %d 项发现", n), fmt.Sprintf("VERDICT: FINDINGS (%d)", n)))
	default:
		p.line("\n%s\n", p.say("结论: 未能全部核对", "VERDICT: COULD NOT CHECK EVERYTHING"))
	}
}

var typeNames = map[event.Type]string{
	event.UseRecorded: "使用", event.BatchGenerated: "产生", event.BatchReleased: "内部交出", event.BatchReceived: "内部接收",
	event.BatchStored: "入库贮存", event.ManifestIssued: "签发联单", event.TransportCollected: "承运人接收",
	event.TransportDelivered: "运抵", event.ManifestAccepted: "接受人接受", event.BatchTreated: "利用处置", event.OutcomeReported: "告知结果",
	event.BatchRepacked: "分装合并", event.ManifestCancelled: "撤销联单", event.TransportHandedOver: "转交承运", event.ManifestRefused: "接受人拒收",
	event.TransportReturned: "退运到达", event.RulingRecorded: "裁定", event.InspectionRecorded: "检查", event.SampleDrawn: "随机抽取",
	event.ManifestNumbered: "补录联单编号", event.CorrectionProposed: "提议更正", event.CorrectionAgreed: "同意更正", event.CorrectionDeclined: "不同意更正",
	event.MeterRecorded: "管道计量", event.PaperBackfilled: "纸质补录", event.IncidentReported: "事故报告",
	event.AuthorisationGiven: "授权代签", event.AuthorisationWithdrawn: "收回授权", event.StopSkipped: "未收运", event.BatterySold: "售出电池", event.BatteryTakenBack: "收回旧电池",
}

func (p printer) typeName(t event.Type) string { return p.say(typeNames[t], string(t)) }

var stageNames = map[batch.Stage]string{
	batch.Generated: "已产生", batch.Released: "内部交接中", batch.Received: "已内部接收", batch.Stored: "已贮存", batch.Issued: "已签发联单",
	batch.InTransit: "运输中", batch.Delivered: "已运抵", batch.Accepted: "已接受", batch.Treated: "已利用处置", batch.Reported: "已告知结果",
	batch.HandedOver: "转交中", batch.AtPoint: "中转贮存", batch.Refused: "已拒收", batch.Returned: "已退回待接收", batch.Repacked: "已分装合并",
	batch.Cancelled: "已撤销",
}

func (p printer) stageName(s batch.Stage) string { return p.say(stageNames[s], string(s)) }
