package waste

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"liandan/internal/fault"
)

// IdentificationCode is the 数字识别码 of one container (HJ 1276-2022): 37 characters in
// four segments. That there are four segments and 37 characters was read second-hand
// (C2); their widths are IdentificationSegments, and likely only (L).
type IdentificationCode struct {
	// Unit is the unified social credit code of the unit that generated or collected the
	// waste. Only its form is checked here: 18 characters of GB 32100's alphabet, the
	// third to eighth of them digits. The check character is party.ParseCreditCode's.
	Unit string
	// Waste is a national code; a foreign one has no place in the form.
	Waste Code
	// Day is the start of the local day of generation or collection.
	Day time.Time
	// Sequence counts the unit's containers of that waste and day, 1 to 999.
	Sequence int
}

// MaxSequence is the last container that three digits can count.
const MaxSequence = 999

// Segment is one part of an identification code.
type Segment struct {
	Name, NameEN string
	Width        int    // characters
	Certainty    string // of the width
}

// IdentificationSegments is the four segments in order.
func IdentificationSegments() []Segment {
	return []Segment{
		{"产生或收集单位代码", "generating or collecting unit", unitWidth, "L"},
		{"废物代码（仅数字）", "waste code, its digits", codeDigits, "L"},
		{"产生或收集日期", "day of generation or collection", len(compactDate), "L"},
		{"顺序号", "sequence", sequenceDigits, "L"},
	}
}

const (
	unitWidth           = 18
	codeDigits          = 8
	sequenceDigits      = 3
	identificationWidth = 37

	// unitAlphabet is GB 32100-2015's, without I, O, S, V and Z.
	unitAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
)

// ParseIdentificationCode reads a code as printed: capital letters, no blanks. Every
// segment at fault is named.
func ParseIdentificationCode(s string) (IdentificationCode, error) {
	if len(s) != identificationWidth {
		return IdentificationCode{}, refused("malformed_identification_code",
			fmt.Sprintf("an identification code has %d characters; this has %d bytes", identificationWidth, len(s)),
			fmt.Sprintf("数字识别码为%d个字符", identificationWidth), s)
	}
	unit, digits, day, seq := s[:18], s[18:26], s[26:34], s[34:]
	c := IdentificationCode{Unit: unit}
	if digitsOnly(digits, codeDigits) {
		c.Waste = Code(digits[:3] + "-" + digits[3:6] + "-" + digits[6:])
	}
	c.Day, _ = parseDay(day)
	if digitsOnly(seq, sequenceDigits) {
		c.Sequence, _ = strconv.Atoi(seq)
	}
	if err := c.check(digits, day, seq); err != nil {
		return IdentificationCode{}, err
	}
	return c, nil
}

// check names every segment that is not as it must be, showing each as given.
func (c IdentificationCode) check(waste, day, sequence string) error {
	var f faults
	if !wellFormedUnit(c.Unit) {
		f.add("unit", "characters 1-18 are a unified social credit code: digits and capital letters without I, O, S, V, Z, the third to eighth digits",
			"第1–18位为统一社会信用代码：数字和大写字母（不含 I、O、S、V、Z），第3–8位为数字", c.Unit)
	}
	if !nationalCode.MatchString(string(c.Waste)) {
		f.add("waste", "characters 19-26 are the eight digits of a national waste code", "第19–26位为废物代码的8位数字", waste)
	}
	if c.Day.IsZero() || !inCentury(c.Day.Year()) {
		f.add("day", "characters 27-34 are a day, yyyymmdd", "第27–34位为日期 yyyymmdd", day)
	}
	if c.Sequence < 1 || c.Sequence > MaxSequence {
		f.add("sequence", "characters 35-37 count from 001 to 999", "第35–37位为顺序号 001 至 999", sequence)
	}
	return f.err()
}

func wellFormedUnit(s string) bool {
	if len(s) != unitWidth || !digitsOnly(s[2:8], 6) {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(unitAlphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}

// NewIdentificationCode makes the code of the container after the so-many that the unit
// has counted for that waste on the local day of at. Faults: invalid-event, with every
// segment that is wrong; or sequence_overflow when 999 are counted already.
func NewIdentificationCode(unit string, waste Code, at time.Time, counted int) (IdentificationCode, error) {
	if counted >= MaxSequence {
		return IdentificationCode{}, overflow("container", "容器", "identification code", "数字识别码", counted)
	}
	c := IdentificationCode{Unit: unit, Waste: waste, Day: startOfDay(at), Sequence: counted + 1}
	if err := c.check(string(waste), at.In(zone).Format(time.DateOnly), strconv.Itoa(counted+1)); err != nil {
		return IdentificationCode{}, err
	}
	return c, nil
}

// String is the code as printed, 37 characters for a value that was parsed or made here.
func (c IdentificationCode) String() string {
	return fmt.Sprintf("%s%s%s%03d", c.Unit, strings.ReplaceAll(string(c.Waste), "-", ""), c.Day.In(zone).Format(compactDate), c.Sequence)
}

// overflow is the fault of a count that three digits no longer hold. It says so rather
// than going on with a fourth digit that other systems would misread.
func overflow(what, whatZH, code, codeZH string, counted int) error {
	e := fault.New(fault.InvalidEvent,
		"The %s counts to %d a day, and %d are counted already; give the next %s the following day's date or put several together.", code, MaxSequence, counted, what)
	e.Fields = []fault.Field{{Code: "sequence_overflow", Detail: e.Sentence,
		DetailZH: fmt.Sprintf("%s每日最多 %d 个，已用 %d 个；请合并%s或使用次日日期。", codeZH, MaxSequence, counted, whatZH)}}
	return e
}
