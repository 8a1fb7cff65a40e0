package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
	"liandan/internal/party"
)

// cells is one line being read. What is wrong is noted; the reading goes on.
type cells struct {
	line  int
	at    map[string]int // column → place, shared by all lines
	cell  []string
	notes *notes
	bad   bool
}

func (c *cells) refuse(column, code, en, zh string) {
	c.bad = true
	c.notes.bad = append(c.notes.bad, BadLine{Line: c.line, Column: column, Code: code, Detail: en, DetailZH: zh})
}

// refusef gives the same values to both sentences.
func (c *cells) refusef(column, code, en, zh string, args ...any) {
	c.refuse(column, code, fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...))
}

// raw is a cell without the spaces around it; "" where the file has no such column.
func (c *cells) raw(column string) string {
	i, ok := c.at[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(c.cell[i])
}

// given is raw of a cell that must not be empty.
func (c *cells) given(column string) (string, bool) {
	s := c.raw(column)
	if s == "" {
		c.refuse(column, "required", "must not be empty", "不得为空")
	}
	return s, s != ""
}

// maxCell bounds a text cell, in characters.
const maxCell = 120

var plainNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// formula tells a cell that a spreadsheet would compute when the register is shown in one
// (CSV injection). Chinese input methods write the signs in full width, and spreadsheets
// take those too.
func formula(s string) bool {
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			return !plainNumber.MatchString(rest)
		}
	}
	return false
}

// text reads a text for people: a name or a licence number.
func (c *cells) text(column string) string {
	s, ok := c.given(column)
	if !ok {
		return ""
	}
	switch textFault(s, maxCell) {
	case "length":
		c.refusef(column, "length", "must have at most %d characters", "不得超过 %d 个字符", maxCell)
		return ""
	case "characters":
		c.refuse(column, "characters", "must not have control or invisible characters", "不得含控制字符或不可见字符")
		return ""
	}
	if formula(s) {
		c.refuse(column, "formula", "must not begin with = + - or @, which a spreadsheet takes for a formula", "不得以 = + - @ 开头（会被电子表格当作公式）")
		return ""
	}
	return s
}

func (c *cells) creditCode() party.CreditCode {
	s, ok := c.given("credit_code")
	if !ok {
		return ""
	}
	code, err := party.ParseCreditCode(s)
	if err != nil {
		c.refuse("credit_code", "invalid_credit_code", fault.As(err).Sentence, "统一社会信用代码有误：须为 18 位，且校验位相符（GB 32100-2015）")
		return ""
	}
	return code
}

func (c *cells) oneOf(column string, words ...string) string {
	s, ok := c.given(column)
	if !ok || slices.Contains(words, s) {
		return s
	}
	list := strings.Join(words, ", ")
	c.refusef(column, "value", "must be one of %s", "应为以下之一：%s", list)
	return ""
}

// words is list of a column that must name at least one.
func (c *cells) words(column string, check func(word string) (code, en, zh string)) []string {
	if _, ok := c.given(column); !ok {
		return nil
	}
	before := len(c.notes.bad)
	out := c.list(column, check)
	if len(out) == 0 && len(c.notes.bad) == before {
		c.refuse(column, "required", "must name at least one", "至少填写一项")
	}
	return out
}

// list reads words parted by semicolons; full-width ones count, as input methods write
// them. The result is sorted, so that an order that means nothing changes nothing.
func (c *cells) list(column string, check func(word string) (code, en, zh string)) []string {
	var out []string
	for word := range strings.SplitSeq(strings.ReplaceAll(c.raw(column), "；", ";"), ";") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		if code, en, zh := check(word); code != "" {
			c.refuse(column, code, en, zh)
		} else if slices.Contains(out, word) {
			c.refuse(column, "repeated", clip(word)+" is there twice", clip(word)+" 重复")
		} else {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return out
}

// flag reads 0 or 1; an empty cell is 0 where it may be empty.
func (c *cells) flag(column string, required bool) bool {
	switch s := c.raw(column); {
	case s == "1":
		return true
	case s == "0", s == "" && !required:
		return false
	case s == "":
		c.given(column)
	default:
		c.refuse(column, "value", "must be 0 or 1", "应为 0 或 1")
	}
	return false
}

func (c *cells) number(column string, most int) int {
	s := c.raw(column)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most || s[0] == '+' {
		c.refusef(column, "out_of_range", "must be a whole number from 0 to %d", "应为 0 至 %d 的整数", most)
		return 0
	}
	return n
}

// openSince is what an empty valid_from means where that is allowed: longer than any
// event can have been signed.
const openSince = "2000-01-01"

// period reads valid_from and valid_to; it is zero when anything is wrong with them. The
// last day belongs to the period, as on a licence; inside, a period ends at the first
// moment after it.
func (c *cells) period(fromRequired bool) party.Period {
	first, last := c.raw("valid_from"), c.raw("valid_to")
	if first == "" && !fromRequired {
		first = openSince
	}
	var p party.Period
	ok, fine := false, true
	if first != "" {
		p.From, ok = c.day("valid_from", first)
	} else {
		c.given("valid_from")
	}
	if last != "" {
		p.To, fine = c.day("valid_to", last)
	}
	if !ok || !fine {
		return party.Period{}
	}
	if last == "" {
		return p
	}
	if p.To.Before(p.From) {
		c.refuse("valid_to", "reversed_validity", "must not be before valid_from", "不得早于 valid_from")
		return party.Period{}
	}
	p.To = calendar.EndOfDay(p.To).UTC()
	return p
}

// day reads a date and gives its first moment in Asia/Shanghai.
func (c *cells) day(column, s string) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, s, calendar.Zone())
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		c.refuse(column, "date", "must be a date written YYYY-MM-DD, from 1900 to 2199", "应为 YYYY-MM-DD 格式的日期（1900 至 2199 年）")
		return time.Time{}, false
	}
	return t.UTC(), true
}

// readID reads the optional column id.
func readID[T any](c *cells, parse func(string) (T, error)) (v T, given bool) {
	s := c.raw("id")
	if s == "" {
		return v, false
	}
	v, err := parse(s)
	if err != nil {
		c.refuse("id", "id", "must be a lower-case UUID with hyphens, other than zero", "应为小写带连字符的 UUID，且非全零")
		return v, false
	}
	return v, true
}

// reference reads the opaque word by which an organisation knows a person. A name or a
// number that finds the person anywhere else has no place in a register (个人信息保护法).
func (c *cells) reference() string {
	s := c.raw("person")
	switch {
	case s == "":
	case !opaqueWord.MatchString(s):
		c.refuse("person", "reference", "must be an opaque word of 1 to 64 letters, digits, dots, hyphens and underscores; never a name", "应为 1 至 64 个字母、数字、点、连字符或下划线组成的内部代号，不得填姓名")
		return ""
	case personalNumber(s):
		c.refuse("person", "personal_data", "looks like a mobile or identity number; use a reference that means nothing elsewhere", "疑似手机号或身份证号；请改用无含义的内部代号")
		return ""
	}
	return s
}

var (
	opaqueWord   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	mobileNumber = regexp.MustCompile(`^(86)?1[3-9][0-9]{9}$`)
	identityCard = regexp.MustCompile(`^[1-9][0-9]{16}[0-9Xx]$`)
)

// personalNumber tells a mobile number, or an identity number by its check character
// (GB 11643-1999: weights 2^(18-i) modulo 11).
func personalNumber(s string) bool {
	digits := strings.NewReplacer(".", "", "-", "", "_", "").Replace(s)
	if mobileNumber.MatchString(digits) {
		return true
	}
	if !identityCard.MatchString(digits) {
		return false
	}
	sum := 0
	for i, weight := 16, 2; i >= 0; i, weight = i-1, weight*2%11 {
		sum += int(digits[i]-'0') * weight
	}
	return "10X98765432"[sum%11] == strings.ToUpper(digits)[17]
}
