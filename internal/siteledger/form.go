package siteledger

import (
	"context"
	"strconv"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/manifest"
	"liandan/internal/past"
	"liandan/internal/sheet"
	"liandan/internal/standbook"
	"liandan/internal/tabular"
	"liandan/internal/waste"
)

// formHeader are the fields of the manifest's form (Order 23 art. 6; the document of 2021
// was not read, the list is from third-party systems). What only the register or nobody
// knows, addresses and drivers' names, is left out rather than left blank.
func formHeader() []string {
	return []string{"联单编号 number", "联单标识 manifest", "状态 stage", "移出人 consignor", "移出场所 consignor's site", "填写时间 issued",
		"承运人 carrier", "营运证件号 permit", "牌号 vehicle", "起运时间 collected", "到达时间 delivered",
		"接受人 consignee", "接受场所 consignee's site", "许可证编号 licence", "接受时间 accepted",
		"序号 line", "废物名称 waste", "废物类别 category", "废物代码 code", "包装数量 packages", "移出量(吨) issued t", "起运量(吨) collected t", "接受量(吨) accepted t",
		"拒收量(吨) refused t", "处理意见 verdict", "理由 reason", "拟利用处置方式 method", "批次标识 batch", "更新于日志序号 log entry"}
}

var verdicts = map[event.Verdict]string{event.Whole: "接受 whole", event.Part: "部分接受 part", event.None: "拒收 none"}

func (m Maker) manifests(ctx context.Context, out sheet.Writer, q Query, n *names) error {
	table, err := out.Table("联单 manifests", formHeader()...)
	if err != nil {
		return err
	}
	return m.Source.ManifestsOf(ctx, q.Scope.Party, q.Scope.Site, func(s manifest.State) error {
		at := time.UnixMilli(s.IssuedAt)
		if at.Before(q.Scope.From) || !at.Before(q.Scope.To) {
			return nil
		}
		for i, l := range s.Lines {
			if err := table.Row(sheet.Cells(n.formLine(s, i, l))...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n *names) formLine(s manifest.State, i int, l manifest.Line) []standbook.Value {
	n.at = time.UnixMilli(s.IssuedAt)
	text, count := tabular.Text, some
	return []standbook.Value{text(s.Number), text(s.ID.String()), text(string(s.Stage)), text(n.party(s.Consignor)), text(n.site(s.ConsignorSite)), text(clock(s.IssuedAt)),
		text(n.party(s.Carrier)), text(s.Permit), text(s.Vehicle), text(clock(s.CollectedAt)), text(clock(s.DeliveredAt)),
		text(n.party(s.Consignee)), text(n.site(s.ConsigneeSite)), text(n.licence(s.Consignee)), text(clock(s.AcceptedAt)),
		count(int64(i + 1)), text(n.waste(l.Code, n.at)), text(l.Code.Category()), text(string(l.Code)), count(int64(l.Packages)), mass(l.Issued), mass(l.Collected), mass(l.Accepted),
		mass(l.Refused), text(verdicts[l.Verdict]), text(l.Reason), text(string(s.Method)), text(l.Batch.String()), count(s.Seq)}
}

// some is a number, and an empty cell for none.
func some(n int64) tabular.Cell {
	if n == 0 {
		return tabular.Cell{}
	}
	return tabular.Number(n)
}

// mass is in tonnes, and an empty cell for none.
func mass(g waste.Grams) tabular.Cell {
	if g == 0 {
		return tabular.Cell{}
	}
	return standbook.Tonnes(g)
}

// clock writes a time of a state, "" for none.
func clock(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(calendar.Zone()).Format("2006-01-02 15:04:05")
}

// importedHeader begins with what the reader must know first.
func importedHeader() []string {
	return []string{"来源 source", "联单编号/批次编码 number", "行 item", "台账类型 table", "日期 day", "废物代码 code", "废物名称 name", "数量(吨) quantity t", "原文数量 as written",
		"原文单位 unit", "承运人 carrier", "牌号 vehicle", "对方单位 other party", "利用处置方式 method", "导入声明 import statement", "文件行号 file line"}
}

// imported writes the records of the past. Each line says that it was imported.
func (m Maker) imported(ctx context.Context, out sheet.Writer, q Query, k past.Kind) error {
	table, err := out.Table("导入 imported", importedHeader()...)
	if err != nil {
		return err
	}
	text := tabular.Text
	return m.Source.Imported(ctx, q.Scope, k, func(r past.Kept) error {
		return table.Row(sheet.Cells([]standbook.Value{text("导入，未签名 imported, unsigned"), text(r.Number), text(r.Item), text(r.Table), text(r.Day), text(string(r.Code)), text(r.Name),
			standbook.Tonnes(r.Grams), text(r.Quantity), text(r.Unit), text(r.Carrier), text(r.Vehicle), text(r.Other), text(r.Method), text(r.Import.String()),
			{Text: strconv.FormatInt(r.Line, 10), Number: true}})...)
	})
}
