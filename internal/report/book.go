package report

import (
	"strconv"

	"liandan/internal/tabular"
)

var text = tabular.Text

func num[T int | int64](n T) tabular.Cell { return tabular.Number(n) }

func value(f Figure) tabular.Cell {
	if f.Value == "" {
		return text(f.Why)
	}
	return tabular.Cell{Text: f.Value, Number: true}
}

// Book lays the report out as a workbook: what it stands on, then a sheet for each
// indicator with figures, trend, districts, changes and the list behind.
func (d Document) Book() []tabular.Sheet {
	out := []tabular.Sheet{{Name: "报告", Header: []string{"项目 item", "值 value"}, Rows: [][]tabular.Cell{
		{text("期间 period"), text(d.Period)}, {text("起 from"), text(d.From)}, {text("止 to"), text(d.To)}, {text("县区 district"), text(place(d.District))},
		{text("日志大小 log size"), num(d.Size)}, {text("根 root"), text(d.Root.String())}, {text("检查点 checkpoint"), text(d.Checkpoint)}, {text("前次报告的日志大小 compared with log size"), num(d.Since)}, {text("前次报告的期间 the last report was of"), text(d.Last)}}}}
	for _, s := range d.Sections {
		sh := tabular.Sheet{Name: "指标" + strconv.Itoa(s.Indicator), Header: []string{"部分 part", "期间或县区 period or district", "口径 variant", "值 value", "状态 status", "分子 numerator", "分母 denominator", "说明 remark"}}
		add := func(part, where string, list []Figure) {
			for _, f := range list {
				sh.Rows = append(sh.Rows, []tabular.Cell{text(part), text(where), text(variant(f.Variant)), value(f), text(status(f.Status)), num(f.Numerator), num(f.Denominator), text(f.Why)})
			}
		}
		sh.Rows = append(sh.Rows, []tabular.Cell{text("定义 definition"), text(s.NameZH + " " + s.NameEN), text(s.Version), {Text: s.Target, Number: number(s.Target) != nil}, text(s.Unit)})
		add("数值 figures", d.Period, s.Row.Figures)
		for _, p := range s.Trend {
			add("趋势 trend", p.Period, p.Figures)
		}
		for _, r := range s.League {
			add("县区 districts", place(r.District), r.Figures)
		}
		for _, c := range s.Changes {
			sh.Rows = append(sh.Rows, []tabular.Cell{text("变化 changes"), text(c.Period), text(variant(c.Variant)), text(c.Before + " → " + c.After), {}, {}, {}, text(c.Why)})
		}
		for _, c := range s.Causes {
			sh.Rows = append(sh.Rows, []tabular.Cell{text("变化原因 causes"), {}, text(c.Kind), {}, {}, num(c.Count), num(c.Grams), text(c.Why)})
		}
		for _, e := range s.Row.Exclusions {
			sh.Rows = append(sh.Rows, []tabular.Cell{text("未计入 left out"), {}, {}, {}, {}, num(e.Count), num(e.Grams), text(e.Why)})
		}
		out = append(out, sh)
	}
	for _, s := range d.Sections {
		if len(s.Row.Work) > 0 {
			out = append(out, s.list())
		}
	}
	return out
}

// list is the list behind an indicator: whom to ask, and why.
func (s Section) list() tabular.Sheet {
	sh := tabular.Sheet{Name: "名单" + strconv.Itoa(s.Indicator), Header: []string{"县区 district", "单位 organisation", "场所 site", "类别 type", "已申报 declared", "已证实 proven", "原因 why", "单位编号 organisation id", "场所编号 site id"}}
	for _, w := range s.Row.Work {
		sh.Rows = append(sh.Rows, []tabular.Cell{text(place(w.District)), text(named(w.PartyName)), text(named(w.SiteName)), text(kind(w.Type)), text(yes(w.Declared)), text(yes(w.Proven)), text(w.Why),
			text(w.Party.String()), text(w.Site.String())})
	}
	return sh
}

// named is a name, or that the register had none.
func named(s string) string {
	if s == "" {
		return "（登记册中无名称 no name in the register）"
	}
	return s
}

func yes(is bool) string {
	if is {
		return "是 yes"
	}
	return "否 no"
}
