package past

import (
	"fmt"
	"slices"
	"strings"

	"liandan/internal/fault"
)

// Field is a member of a record that a column may hold.
type Field string

// The fields.
const (
	Number   Field = "number"
	Item     Field = "item"
	Day      Field = "day"
	Code     Field = "code"
	Name     Field = "name"
	Quantity Field = "quantity"
	UnitOf   Field = "unit"
	Carrier  Field = "carrier"
	Vehicle  Field = "vehicle"
	Other    Field = "other"
	Method   Field = "method"
)

// Fields lists them.
func Fields() []Field {
	return []Field{Number, Item, Day, Code, Name, Quantity, UnitOf, Carrier, Vehicle, Other, Method}
}

// titles are what columns are called in the spreadsheets of offices and in our own
// exports, in the order in which they are preferred where a file has several.
var titles = map[Kind]map[Field][]string{
	Manifests: {
		Number:   {"联单编号", "转移联单编号", "电子联单编号", "联单号", "转移联单号", "manifest number", "manifest_number", "manifest", "number"},
		Item:     {"序号", "行号", "明细序号", "line", "item"},
		Day:      {"转移时间", "转移日期", "移出时间", "移出日期", "填写时间", "交付时间", "运输日期", "接收日期", "接受时间", "日期", "时间", "date", "day"},
		Quantity: {"转移量", "转移数量", "移出量", "接受量", "接收量", "实际接收量", "重量", "数量", "quantity", "weight"},
		Other:    {"接受人", "接收单位", "接受单位", "接收单位名称", "经营单位", "处置单位", "consignee", "receiver"},
	},
	Ledger: {
		Number:   {"批次编码", "批次编号", "产生批次编码", "台账编号", "batch code", "batch_code", "number"},
		Item:     {"line", "item"},
		Day:      {"时间", "产生时间", "入库时间", "出库时间", "出厂时间", "完毕时间", "日期", "date", "day"},
		Quantity: {"数量", "产生量", "产生数量", "入库数量", "出库数量", "利用处置数量", "重量", "quantity", "weight"},
		Other:    {"接收单位名称", "接收单位", "单位名称", "委外单位", "receiver"},
	},
}

var shared = map[Field][]string{
	Code:    {"废物代码", "危险废物代码", "危废代码", "waste code", "waste_code", "code"},
	Name:    {"单位内部名称", "废物名称", "危险废物名称", "危废名称", "名录名称", "行业俗称", "name"},
	UnitOf:  {"计量单位", "单位", "数量单位", "unit"},
	Carrier: {"承运人", "承运单位", "运输单位", "运输单位名称", "carrier"},
	Vehicle: {"牌号", "车牌号", "车牌号码", "车牌", "运输车辆", "plate", "vehicle"},
	Method:  {"利用处置方式", "拟利用处置方式", "处置方式", "利用/处置方式", "method"},
}

// required are the fields without which there is no record.
var required = []Field{Number, Day, Code, Quantity}

// Layout says where each field stands.
type Layout struct {
	at   map[Field]int
	name map[Field]string // as the file calls the column
	unit string           // that the title of the quantity states
}

// Column is the title of a field's column, "" for none.
func (l Layout) Column(f Field) string { return l.name[f] }

// Mapping names columns that are not called as usual.
type Mapping map[Field]string

// ParseMapping reads "field=title" lines or, on one line, pairs with commas between; blank
// lines and those that begin with # are skipped. The fault is invalid-import.
func ParseMapping(text string) (Mapping, error) {
	m := Mapping{}
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == '，' }) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		field, title, ok := strings.Cut(line, "=")
		f, title := Field(strings.TrimSpace(field)), strings.TrimSpace(title)
		switch {
		case !ok || title == "":
			return nil, fault.New(fault.InvalidImport, "A mapping is lines of field=column, such as number=联单号. 映射应为“字段=列名”。")
		case !slices.Contains(Fields(), f):
			return nil, fault.New(fault.InvalidImport, "There is no field %q; the fields are %v. 没有此字段。", clip(string(f)), Fields())
		case m[f] != "":
			return nil, fault.New(fault.InvalidImport, "The field %s is mapped twice. 字段重复映射。", f)
		}
		m[f] = title
	}
	return m, nil
}

// Find reads the header: mapped columns first, then those of the usual names. Everything
// that is missing is noted; without notes the layout can be used.
func Find(k Kind, header []string, m Mapping) (Layout, []Note) {
	l := Layout{at: map[Field]int{}, name: map[Field]string{}}
	var notes []Note
	for f, title := range m {
		i := slices.IndexFunc(header, func(h string) bool { return strings.TrimSpace(h) == title || plain(h) == plain(title) })
		if i < 0 {
			notes = append(notes, Note{1, title, "missing_column", fmt.Sprintf("the mapping of %s names a column that the file has not", f), "映射所指的列不在文件中"})
			continue
		}
		l.put(f, i, header[i])
	}
	for _, f := range Fields() {
		if _, mapped := m[f]; mapped {
			continue
		}
		for _, name := range append(slices.Clone(titles[k][f]), shared[f]...) {
			if i := slices.IndexFunc(header, func(h string) bool { return plain(h) == name }); i >= 0 {
				l.put(f, i, header[i])
				break
			}
		}
	}
	for _, f := range required {
		if _, ok := l.at[f]; !ok && m[f] == "" {
			names := append(slices.Clone(titles[k][f]), shared[f]...)
			notes = append(notes, Note{1, "", "missing_column", fmt.Sprintf("no column for %s; it may be called %s, or map it: %s=TITLE", f, names[0], f),
				fmt.Sprintf("缺少“%s”列，可用映射 %s=列名 指定", names[0], f)})
		}
	}
	slices.SortFunc(notes, func(a, b Note) int { return strings.Compare(a.Column+a.Detail, b.Column+b.Detail) })
	return l, notes
}

func (l *Layout) put(f Field, i int, title string) {
	l.at[f], l.name[f] = i, strings.TrimSpace(title)
	if f == Quantity {
		l.unit = bracketed(title)
	}
}

// brackets are written narrow and wide.
var brackets = strings.NewReplacer("（", "(", "）", ")", "／", "/")

// bracketed is the unit in a title such as 转移量(吨).
func bracketed(title string) string {
	_, rest, ok := strings.Cut(brackets.Replace(title), "(")
	unit, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(unit, "单位:"))
}

// plain is a title without its unit, its stars and the English beside the Chinese, in
// lower case.
func plain(title string) string {
	t := strings.ToLower(strings.Trim(brackets.Replace(title), " \t\r\n*＊\ufeff\u3000"))
	t, _, _ = strings.Cut(t, "(")
	t = strings.TrimSpace(t)
	if zh, _, ok := strings.Cut(t, " "); ok && zh != "" && zh[0] >= 0x80 {
		return zh
	}
	return t
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
