package standbook

import (
	"strconv"
	"strings"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/tabular"
	"liandan/internal/waste"
)

// Names are what a reader wants in the place of ids and codes. A name that is not known is
// the id itself, or nothing.
type Names struct {
	Party   func(id.Party) string
	Site    func(id.Site) string
	Licence func(id.Party) string // number of the licence to receive waste; "" when none is known
	Waste   func(Line) string     // the catalogue's name at the time
}

// Value is one cell.
type Value = tabular.Cell

func text(s string) Value   { return tabular.Text(s) }
func number(s string) Value { return tabular.Decimal(s) }

// Tonnes is the standard's unit, exact to the gram.
func Tonnes(g waste.Grams) Value { return decimal(g, 1_000_000) }

// Kilograms is what papers of medical waste are written in, exact to the gram.
func Kilograms(g waste.Grams) Value { return decimal(g, 1_000) }

func decimal(g waste.Grams, unit int64) Value {
	sign, n := "", int64(g)
	if n < 0 {
		sign, n = "-", -n
	}
	frac := strconv.FormatInt(n%unit+unit, 10)[1:]
	return number(sign + strconv.FormatInt(n/unit, 10) + "." + frac)
}

// column is one column of a table.
type column struct {
	zh, en string
	of     func(Line, Names) Value
}

func (c column) title() string { return c.zh + " " + c.en }

// The columns of annex B, and behind them the evidence.
var (
	opening = []column{
		{"批次编码", "batch code", func(l Line, _ Names) Value { return text(l.Code) }},
		{"时间", "time", func(l Line, _ Names) Value { return text(l.At.In(calendar.Zone()).Format("2006-01-02 15:04:05")) }},
		{"容器编码", "container", func(l Line, _ Names) Value { return text(l.Container) }},
		{"容器类型", "packaging", func(l Line, _ Names) Value { return text(string(l.Packaging)) }},
		{"容器数量", "packages", func(l Line, _ Names) Value {
			if l.Packages == 0 {
				return text("")
			}
			return number(strconv.Itoa(l.Packages))
		}},
		{"单位内部名称", "own name", func(l Line, _ Names) Value { return text(l.Name) }},
		{"名录名称", "catalogue name", func(l Line, n Names) Value { return text(n.Waste(l)) }},
		{"废物类别", "category", func(l Line, _ Names) Value { return text(l.Waste.Category()) }},
		{"废物代码", "code", func(l Line, _ Names) Value { return text(string(l.Waste)) }},
		{"形态", "form", func(l Line, _ Names) Value { return text(string(l.Form)) }},
		{"数量", "quantity", func(l Line, _ Names) Value { return Tonnes(l.Grams) }},
		{"计量单位", "unit", func(Line, Names) Value { return text("吨 t") }},
		{"计量方式", "measured", func(l Line, _ Names) Value {
			if l.Estimated {
				return text("估算 estimated")
			}
			return text("称重 weighed")
		}},
	}
	evidence = []column{
		{"更正批次编码", "corrects", func(l Line, _ Names) Value { return text(l.Corrects) }},
		{"更正前", "before", func(l Line, _ Names) Value { return text(l.Old) }},
		{"更正后", "after", func(l Line, _ Names) Value { return text(l.New) }},
		{"经办人标识", "handler", func(l Line, _ Names) Value { return text(l.Person.String()) }},
		{"批次标识", "batch", func(l Line, _ Names) Value { return text(l.Batch.String()) }},
		{"事件标识", "event", func(l Line, _ Names) Value { return text(l.Event.String()) }},
		{"日志序号", "log entry", func(l Line, _ Names) Value { return number(strconv.FormatInt(l.Seq, 10)) }},
	}
	place      = column{"贮存地点", "storage place", func(l Line, _ Names) Value { return text(l.Place) }}
	department = column{"产生部门", "department", func(l Line, _ Names) Value { return text(l.Department) }}
	method     = column{"利用处置方式", "method", func(l Line, _ Names) Value { return text(string(l.Method)) }}
	kind       = column{"类别", "kind", func(l Line, _ Names) Value { return text(l.Kind.Name()) }}
)

func refs(zh, en string) column {
	return column{zh, en, func(l Line, _ Names) Value { return text(strings.Join(l.Refs, " ")) }}
}

var own = map[Table][]column{
	Generated: {department},
	Stored:    {place, refs("产生批次编码", "generated under")},
	Drawn:     {place, refs("入库批次编码", "stored under")},
	Own: {kind, {"设施", "facility", func(l Line, _ Names) Value { return text(l.Facility) }}, method,
		refs("产生/出库批次编码", "generated or drawn under")},
	Outsourced: {kind, method,
		{"接收单位名称", "receiver", func(l Line, n Names) Value { return text(n.Party(l.To)) }},
		{"许可证编码", "licence", func(l Line, n Names) Value { return text(n.Licence(l.To)) }},
		{"联单", "manifest", func(l Line, _ Names) Value { return text(l.Manifest.String()) }},
		{"联单编号", "manifest number", func(l Line, _ Names) Value { return text(l.Number) }},
		refs("产生/出库批次编码", "generated or drawn under")},
}

func columns(t Table) []column {
	out := append(append([]column(nil), opening...), own[t]...)
	return append(out, evidence...)
}

// Title is a table's name, Chinese first.
func (t Table) Title() string {
	return map[Table]string{Generated: "产生 generated", Stored: "入库 stored", Drawn: "出库 drawn", Own: "自行利用处置 own", Outsourced: "委外利用处置 outsourced"}[t]
}

// Header is the first line of a table.
func (t Table) Header() []string {
	var out []string
	for _, c := range columns(t) {
		out = append(out, c.title())
	}
	return out
}

// Values are a line's cells in its table.
func (l Line) Values(n Names) []Value {
	cs := columns(TableOf(l.Kind))
	out := make([]Value, len(cs))
	for i, c := range cs {
		out[i] = c.of(l, n)
	}
	return out
}

// BalanceTitle and BalanceHeader are those of the balances.
const BalanceTitle = "平衡 balance"

// BalanceHeader is the first line of the balances; all in tonnes.
func BalanceHeader() []string {
	return []string{"废物代码 code", "期初 opening", "产生 generated", "收入 taken in", "自行利用处置 own", "委外 outsourced", "移至其他场所 moved on",
		"计量差异 corrected", "改包装 repacked", "期末 closing", "平衡 balanced"}
}

// Values are an account's cells.
func (a Account) Values() []Value {
	word := "是 yes"
	if !a.Balanced() {
		word = "否 no"
	}
	return []Value{text(string(a.Waste)), Tonnes(a.Opening), Tonnes(a.Generated), Tonnes(a.TakenIn), Tonnes(a.Own), Tonnes(a.Outsourced), Tonnes(a.MovedOn),
		Tonnes(a.Corrected), Tonnes(a.Repacked), Tonnes(a.Closing), text(word)}
}
