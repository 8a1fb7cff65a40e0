package replay

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"liandan/internal/fault"
	"liandan/internal/waste"
)

// Line is one line that could be read. Exactly one of Grams, Volume or Zero says how much,
// but that a volume of zero is both.
type Line struct {
	At        int // line of the file, the header being 1
	Manifest  string
	Item      string // the line's number on the manifest
	Code      waste.Code
	Name      string // UN number and all codes as in the file
	Method    waste.Method
	Packaging waste.Packaging
	Form      waste.Form
	Packages  int
	Quantity  string // as in the file
	Unit      waste.Unit
	Grams     waste.Grams
	Volume    bool
	Zero      bool
}

func (l Line) note() Note { return Note{Line: l.At, Manifest: l.Manifest, Item: l.Item} }

// prefix tells codes of the file's system from national ones.
const prefix = "us:"

// A container is a kind of EPA form 8700-22, table I. The file does not say the physical
// form of the waste and an event must, so what cannot be liquid or gas in such a container
// is solid, tanks hold liquid, cylinders gas; drums are put down as solid for want of
// anything better. No figure depends on it.
var containers = map[string]struct {
	packaging waste.Packaging
	form      waste.Form
}{
	"BA": {"bag", waste.Solid},
	"CF": {"box", waste.Solid}, // fibre or plastic
	"CM": {"box_metal", waste.Solid},
	"CW": {"box_wood", waste.Solid},
	"CY": {"cylinder", waste.Gas},
	"DF": {"drum_fibre", waste.Solid}, // fibre or plastic
	"DM": {"drum_steel", waste.Solid}, // any metal
	"DT": {"tipper", waste.Solid},
	"DW": {"other", waste.Solid}, // wooden drum
	"HG": {"bulk", waste.Solid},  // hopper or gondola car
	"TC": {"tanker", waste.Liquid},
	"TP": {"tank_portable", waste.Liquid},
	"TT": {"tanker", waste.Liquid},
}

// units of EPA form 8700-22, table II.
var units = map[string]waste.Unit{
	"P": waste.UnitPound, "T": waste.UnitShortTon, "K": waste.UnitKilogram, "M": waste.UnitTonne,
	"G": waste.UnitGallon, "L": waste.UnitLitre, "Y": waste.UnitCubicYard, "N": waste.UnitCubicMetre,
}

var (
	itemNumber = regexp.MustCompile(`^[1-9][0-9]{0,5}$`)
	unNumber   = regexp.MustCompile(`^(UN|NA|ID)[0-9]{4}$`)
)

const (
	maxNumber   = 32 // characters of a manifest number: it stands in a text of 64 with the line's
	maxName     = 64 // characters of a batch's name in an event
	maxPackages = 100_000
)

// cells is one line being read. What is wrong is noted; the reading goes on.
type cells struct {
	line           int
	at             map[string]int
	cell           []string
	bad            *[]Note
	number, itemNo string // as soon as they are known, for notes
	faulty         bool
}

func (c *cells) refuse(column, code, en, zh string) {
	c.faulty = true
	if column != "" {
		en, zh = column+": "+en, column+"："+zh
	}
	*c.bad = append(*c.bad, Note{Line: c.line, Manifest: c.number, Item: c.itemNo, Code: code, Detail: en, DetailZH: zh})
}

func (c *cells) raw(column string) string { return c.cell[c.at[column]] }

// manifest reads the number, whatever its form, "" if it cannot be one at all.
func (c *cells) manifest() string {
	s := c.raw("manifest")
	if s == "" || utf8.RuneCountInString(s) > maxNumber || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		c.refuse("manifest", "manifest", fmt.Sprintf("must have 1 to %d printable characters", maxNumber), fmt.Sprintf("应为 1 至 %d 个可见字符", maxNumber))
		return ""
	}
	c.number = s
	return s
}

// read takes the line apart; whether it is good, c.faulty says.
func (c *cells) read(manifest string) Line {
	l := Line{At: c.line, Manifest: manifest, Item: c.raw("line"), Quantity: c.raw("quantity")}
	if !itemNumber.MatchString(l.Item) {
		c.refuse("line", "line_number", "must be a whole number from 1 to 999999", "应为 1 至 999999 的整数")
		l.Item = ""
	}
	c.itemNo = l.Item
	c.packages(&l)
	c.codes(&l)
	if s := c.raw("method"); s != "" {
		m, err := waste.ParseMethod(prefix + s)
		if err != nil {
			c.word("method", "malformed_method", err)
		}
		l.Method = m
	}
	c.quantity(&l)
	return l
}

func (c *cells) packages(l *Line) {
	s := c.raw("container_count")
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxPackages || s[0] == '+' || s[0] == '0' {
		c.refuse("container_count", "out_of_range", fmt.Sprintf("must be a whole number from 1 to %d", maxPackages), fmt.Sprintf("应为 1 至 %d 的整数", maxPackages))
	}
	kind, ok := containers[c.raw("container_type")]
	if !ok {
		c.refuse("container_type", "unknown_container", fmt.Sprintf("%q is no container of EPA form 8700-22", clip(c.raw("container_type"))), "不是 EPA 8700-22 表的容器代码")
	}
	l.Packages, l.Packaging, l.Form = n, kind.packaging, kind.form
}

// codes reads the UN number and the waste codes. An event carries the first code as its
// code and all of them in the batch's name.
func (c *cells) codes(l *Line) {
	var words []string
	if un := c.raw("un_number"); un != "" {
		if !unNumber.MatchString(un) {
			c.refuse("un_number", "un_number", "must be UN, NA or ID and four digits, or empty", "应为 UN、NA 或 ID 加四位数字，或空")
		}
		words = append(words, un)
	}
	codes := strings.Split(c.raw("codes"), " ")
	for i, s := range codes {
		code, err := waste.ParseCode(prefix + s)
		if err != nil {
			c.word("codes", "malformed_waste_code", err)
			return
		}
		if i == 0 {
			l.Code = code
		}
	}
	l.Name = strings.Join(append(words, codes...), " ")
	if len(l.Name) > maxName {
		c.refuse("codes", "length", fmt.Sprintf("UN number and codes must have at most %d characters together", maxName), fmt.Sprintf("UN 编号与代码合计不得超过 %d 个字符", maxName))
	}
}

// quantity gives grams, or says why there are none.
func (c *cells) quantity(l *Line) {
	unit, ok := units[c.raw("unit")]
	if !ok {
		c.refuse("unit", "unknown_unit", fmt.Sprintf("%q is no unit; they are P, T, K, M by mass and G, L, Y, N by volume", clip(c.raw("unit"))), "单位应为 P、T、K、M（质量）或 G、L、Y、N（体积）")
		return
	}
	l.Unit = unit
	g, err := waste.ToGrams(l.Quantity, unit)
	l.Volume, l.Zero = errors.Is(err, waste.ErrVolume), errors.Is(err, waste.ErrZero)
	switch {
	case err != nil && !l.Volume && !l.Zero:
		c.word("quantity", "malformed_quantity", err)
	case g > waste.MaxBatch:
		c.refuse("quantity", "out_of_range", fmt.Sprintf("is %s kg; a batch has at most %s kg", g.Kilograms(), waste.MaxBatch.Kilograms()), fmt.Sprintf("合 %s 千克，一个批次至多 %s 千克", g.Kilograms(), waste.MaxBatch.Kilograms()))
	default:
		l.Grams = g
	}
}

// word notes what package waste says of a word.
func (c *cells) word(column, code string, err error) {
	en, zh := err.Error(), err.Error()
	if f := fault.As(err); f != nil && len(f.Fields) > 0 {
		code, en, zh = f.Fields[0].Code, f.Fields[0].Detail, f.Fields[0].DetailZH
	}
	c.refuse(column, code, en, zh)
}
