package past

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/waste"
)

// maxText bounds a cell of text in characters.
const maxText = 200

// reading is one line being read; all that is wrong is noted.
type reading struct {
	l     Layout
	line  int
	cells []string
	notes []Note
}

func (r *reading) refuse(f Field, code, en, zh string) {
	r.notes = append(r.notes, Note{r.line, r.l.name[f], code, en, zh})
}

// cell is a field's text without the blanks around it.
func (r *reading) cell(f Field) string {
	i, ok := r.l.at[f]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return strings.Trim(r.cells[i], " \t\r\n\u00a0\u3000")
}

// text is a cell of text: printed, without marks that turn its direction.
func (r *reading) text(f Field) string {
	s := r.cell(f)
	switch {
	case utf8.RuneCountInString(s) > maxText:
		r.refuse(f, "length", fmt.Sprintf("must have at most %d characters", maxText), fmt.Sprintf("不得超过 %d 个字符", maxText))
		return ""
	case strings.ContainsFunc(s, func(c rune) bool {
		return c == utf8.RuneError || unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	}):
		r.refuse(f, "characters", "must have printed characters only, on one line", "只能含可见字符，且不得换行")
		return ""
	}
	return s
}

// Read reads one line. sheet says that cells may be numbers of a workbook, whose days are
// counted from 1899-12-30; decimal makes its floats into decimals. With notes there is no
// record.
func Read(o Origin, l Layout, line int, cells []string, sheet bool, decimal func(string) string) (Record, []Note) {
	r := &reading{l: l, line: line, cells: cells}
	out := Record{Kind: o.Kind, Party: o.Party, Site: o.Site, Number: r.text(Number), Item: r.text(Item), Name: r.text(Name),
		Carrier: r.text(Carrier), Vehicle: r.text(Vehicle), Other: r.text(Other), Method: r.text(Method)}
	if out.Number == "" && len(r.notes) == 0 {
		r.refuse(Number, "required", "is empty", "为空")
	}
	if o.Kind == Ledger {
		out.Item = ""
		if c, err := waste.ParseLedgerCode(out.Number); err == nil {
			out.Table = string(c.Kind)
		} else if out.Number != "" {
			r.word(Number, err)
		}
	}
	out.Day = r.day(o, sheet)
	out.Code = r.code()
	out.Quantity, out.Unit = r.cell(Quantity), r.unit(o)
	if sheet {
		out.Quantity = decimal(out.Quantity)
	}
	out.Grams = r.grams(&out)
	return out, r.notes
}

// dayForms are how days are written; a time of day may follow.
var dayForms = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

var serial = regexp.MustCompile(`^[2-7][0-9]{4}(\.[0-9]+)?$`)

func (r *reading) day(o Origin, sheet bool) string {
	s := r.cell(Day)
	if s == "" {
		r.refuse(Day, "required", "is empty", "为空")
		return ""
	}
	if sheet && serial.MatchString(s) {
		n, _ := strconv.Atoi(s[:5])
		return r.within(o, time.Date(1899, 12, 30, 0, 0, 0, 0, calendar.Zone()).AddDate(0, 0, n))
	}
	date, clock, _ := strings.Cut(strings.Replace(s, "T", " ", 1), " ")
	for _, form := range dayForms {
		if t, err := time.ParseInLocation(form, date, calendar.Zone()); err == nil && clockLike(clock) {
			return r.within(o, t)
		}
	}
	r.refuse(Day, "malformed_date", fmt.Sprintf("%q is no day such as 2025-03-01", clip(s)), "日期应如 2025-03-01")
	return ""
}

var clockForm = regexp.MustCompile(`^([01]?[0-9]|2[0-3])(:[0-5][0-9]){1,2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?$`)

func clockLike(s string) bool {
	return strings.TrimSpace(s) == "" || clockForm.MatchString(strings.TrimSpace(s))
}

func (r *reading) within(o Origin, t time.Time) string {
	switch {
	case t.Year() < 2000:
		r.refuse(Day, "date_out_of_range", "is before the year 2000", "早于 2000 年")
	case t.After(o.Today):
		r.refuse(Day, "future_date", "is in the future; past records are past", "日期在未来")
	}
	return t.Format(time.DateOnly)
}

var bareCode = regexp.MustCompile(`^[0-9]{8}$`)

// code reads 900-214-08, HW08 900-214-08 and 90021408. One that no edition knows is kept;
// one that is no code is not.
func (r *reading) code() waste.Code {
	s := strings.NewReplacer("－", "-", "—", "-", "–", "-").Replace(r.cell(Code))
	if words := strings.Fields(strings.ReplaceAll(s, "/", " ")); len(words) == 2 && strings.HasPrefix(strings.ToUpper(words[0]), "HW") {
		s = words[1]
	}
	if bareCode.MatchString(s) {
		s = s[:3] + "-" + s[3:6] + "-" + s[6:]
	}
	c, err := waste.ParseCode(s)
	if err != nil {
		r.word(Code, err)
	}
	return c
}

// unit is the line's, else that of the column's title, else the importer's.
func (r *reading) unit(o Origin) string {
	if u := r.cell(UnitOf); u != "" {
		return u
	}
	if r.l.unit != "" {
		return r.l.unit
	}
	return o.Unit
}

var (
	grouped = regexp.MustCompile(`^[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$`)
	suffix  = regexp.MustCompile(`^([0-9][0-9,.]*) *([^0-9,. ].*)$`)
)

// grams converts exactly. A cell may hold its unit (1.5吨) if that is the line's too.
func (r *reading) grams(out *Record) waste.Grams {
	q, unit := out.Quantity, out.Unit
	if m := suffix.FindStringSubmatch(q); m != nil && !strings.ContainsAny(q, "eE") {
		if q = m[1]; unit != "" && !sameUnit(unit, m[2]) {
			r.refuse(Quantity, "two_units", fmt.Sprintf("the cell says %s and the file %s", clip(m[2]), clip(unit)), "单元格与文件所示单位不一致")
			return 0
		}
		unit = m[2]
		out.Unit = unit
	}
	switch {
	case q == "":
		r.refuse(Quantity, "required", "is empty", "为空")
		return 0
	case strings.HasPrefix(q, "-") || strings.HasPrefix(q, "−"):
		r.refuse(Quantity, "negative", "is below zero", "为负数")
		return 0
	case unit == "":
		r.refuse(Quantity, "unit_missing", "has no unit: give a column for it, one in the title such as 数量(吨), or one for the file", "缺少计量单位")
		return 0
	}
	if grouped.MatchString(q) {
		q = strings.ReplaceAll(q, ",", "")
	}
	g, err := toGrams(q, unit)
	if err != nil {
		r.word(Quantity, err)
		return 0
	}
	if g > waste.MaxBatch {
		r.refuse(Quantity, "out_of_range", fmt.Sprintf("is %s kg; one line has at most %s kg", g.Kilograms(), waste.MaxBatch.Kilograms()), "超过单行上限 1000 吨")
		return 0
	}
	return g
}

func sameUnit(a, b string) bool {
	x, errX := named(a)
	y, errY := named(b)
	return errX == nil && errY == nil && x == y
}

// jin is 市斤, 500 g by the State Council's order of 1959 and so without doubt; a bare 斤 is
// not, and stays refused by package waste.
const jin waste.Unit = "市斤"

// named reads a unit, also one in two languages as our own exports write it: 吨 t.
func named(s string) (waste.Unit, error) {
	if strings.TrimSpace(s) == string(jin) {
		return jin, nil
	}
	u, err := waste.UnitNamed(s)
	if first, _, two := strings.Cut(strings.TrimSpace(s), " "); err != nil && two {
		return waste.UnitNamed(first)
	}
	return u, err
}

func toGrams(q, unit string) (waste.Grams, error) {
	u, err := named(unit)
	if err != nil {
		return 0, err
	}
	if u != jin {
		return waste.ToGrams(q, u)
	}
	if _, err := waste.ToGrams(q, waste.UnitTonne); err != nil { // its form, and not zero
		return 0, err
	}
	v, _ := new(big.Rat).SetString(q)
	v.Mul(v, big.NewRat(500, 1))
	return waste.ToGrams(v.FloatString(20), waste.UnitGram)
}

// word notes what package waste says.
func (r *reading) word(f Field, err error) {
	if x := fault.As(err); x != nil && len(x.Fields) > 0 {
		r.refuse(f, x.Fields[0].Code, x.Fields[0].Detail, x.Fields[0].DetailZH)
		return
	}
	r.refuse(f, "malformed", err.Error(), "格式有误")
}
