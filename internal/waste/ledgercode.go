package waste

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LedgerKind is what a line of the HJ 1259 ledger is about, by the prefix of the batch
// code that the standard's annex B suggests.
type LedgerKind string

// The nine kinds.
const (
	LedgerGenerated  LedgerKind = "HWCS"   // 产生
	LedgerStocked    LedgerKind = "HWRK"   // 入库
	LedgerDrawn      LedgerKind = "HWCK"   // 出库
	LedgerOwnUse     LedgerKind = "HWZXLY" // 自行利用
	LedgerOwnDispose LedgerKind = "HWZXCZ" // 自行处置
	LedgerOutUse     LedgerKind = "HWWWLY" // 委外利用
	LedgerOutDispose LedgerKind = "HWWWCZ" // 委外处置
	LedgerExportUse  LedgerKind = "HWCKLY" // 出口利用
	LedgerExportDisp LedgerKind = "HWCKCZ" // 出口处置
)

var ledgerNames = map[LedgerKind][2]string{
	LedgerGenerated:  {"产生", "generated"},
	LedgerStocked:    {"入库", "into storage"},
	LedgerDrawn:      {"出库", "out of storage"},
	LedgerOwnUse:     {"自行利用", "used by the unit itself"},
	LedgerOwnDispose: {"自行处置", "disposed of by the unit itself"},
	LedgerOutUse:     {"委外利用", "used by another unit"},
	LedgerOutDispose: {"委外处置", "disposed of by another unit"},
	LedgerExportUse:  {"出口利用", "used abroad"},
	LedgerExportDisp: {"出口处置", "disposed of abroad"},
}

// LedgerKinds is all nine, in the order of the ledger's tables.
func LedgerKinds() []LedgerKind {
	return []LedgerKind{LedgerGenerated, LedgerStocked, LedgerDrawn, LedgerOwnUse, LedgerOwnDispose,
		LedgerOutUse, LedgerOutDispose, LedgerExportUse, LedgerExportDisp}
}

// longestFirst is the order in which prefixes are tried: HWCK begins HWCKLY and HWCKCZ.
var longestFirst = []LedgerKind{LedgerOwnUse, LedgerOwnDispose, LedgerOutUse, LedgerOutDispose, LedgerExportUse, LedgerExportDisp,
	LedgerGenerated, LedgerStocked, LedgerDrawn}

// Name is the Chinese name, "" for an unknown kind.
func (k LedgerKind) Name() string { return ledgerNames[k][0] }

// NameEN is the English name, "" for an unknown kind.
func (k LedgerKind) NameEN() string { return ledgerNames[k][1] }

// LedgerCode is the batch code of a ledger line. The standard's codes are a suggestion,
// so a code of another form is kept as it is: Foreign, with its text alone.
type LedgerCode struct {
	Kind     LedgerKind // "" in a foreign code
	Day      time.Time  // start of the local day
	Sequence int        // of the kind and day, 1 to 999
	text     string     // of a foreign code
}

// Foreign reports a code of another form than the standard's.
func (c LedgerCode) Foreign() bool { return c.Kind == "" }

// String is the code as written.
func (c LedgerCode) String() string {
	if c.Foreign() {
		return c.text
	}
	return fmt.Sprintf("%s%s%03d", c.Kind, c.Day.In(zone).Format(compactDate), c.Sequence)
}

// MaxLedgerCode is the most characters of a code.
const MaxLedgerCode = 64

// ParseLedgerCode reads a batch code. What is not the standard's form, a month 13 say, is
// foreign and kept to the byte. Refused: nothing at all, more than MaxLedgerCode
// characters, blanks at either end, characters that are not printed or that turn the
// direction of text, and a beginning that a spreadsheet takes for a formula.
func ParseLedgerCode(s string) (LedgerCode, error) {
	for _, k := range longestFirst {
		rest, ok := strings.CutPrefix(s, string(k))
		if !ok {
			continue
		}
		if !digitsOnly(rest, len(compactDate)+sequenceDigits) {
			break
		}
		day, ok := parseDay(rest[:len(compactDate)])
		n := int(rest[8]-'0')*100 + int(rest[9]-'0')*10 + int(rest[10]-'0')
		if !ok || n == 0 {
			break
		}
		return LedgerCode{Kind: k, Day: day, Sequence: n}, nil
	}
	if !keepable(s) {
		return LedgerCode{}, refused("malformed_ledger_code",
			fmt.Sprintf("a batch code is 1 to %d printed characters without blanks at its ends, and does not begin like a formula", MaxLedgerCode),
			fmt.Sprintf("批次编码为1至%d个可见字符，首尾无空格，不得以公式符号开头", MaxLedgerCode), s)
	}
	return LedgerCode{text: s}, nil
}

func keepable(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= MaxLedgerCode && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, misleading) && !formula(s)
}

// NextLedgerCode makes the code after the so-many of that kind on the local day of at.
// Faults: invalid-event, for an unknown kind, a count below nothing, a year outside 2000
// to 2099; or sequence_overflow when 999 are counted already.
func NextLedgerCode(k LedgerKind, at time.Time, counted int) (LedgerCode, error) {
	if counted >= MaxSequence {
		return LedgerCode{}, overflow("batch", "批次", "ledger's batch code", "台账批次编码", counted)
	}
	day := startOfDay(at)
	var f faults
	if _, known := ledgerNames[k]; !known {
		f.add("kind", "not a kind of ledger line", "不是台账类别", string(k))
	}
	if !inCentury(day.Year()) {
		f.add("day", "the day is outside 2000 to 2099", "日期不在 2000 至 2099 年", day.Format(time.DateOnly))
	}
	if counted < 0 {
		f.add("sequence", "a count is not below nothing", "计数不得为负", fmt.Sprint(counted))
	}
	if err := f.err(); err != nil {
		return LedgerCode{}, err
	}
	return LedgerCode{Kind: k, Day: day, Sequence: counted + 1}, nil
}

// misleading tells control characters, line ends, and the marks that turn the direction
// of text or are not seen at all: with them one text can be made to look like another.
func misleading(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}

// formula reports a text that a spreadsheet would run: one that begins with = + - @ or
// one of their full-width forms.
func formula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return s != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}
