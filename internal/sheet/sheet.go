// Package sheet writes and reads tables as people exchange them: xlsx workbooks and csv
// files. What it writes is the same bytes for the same cells, is made in bounded memory
// and holds no cell that a spreadsheet would run. What it reads is bounded in rows,
// columns and size, whatever the file claims.
//
// It must not know what a table means: no domain type, no unit, no rule.
package sheet

import (
	"io"
	"strings"
	"unicode/utf8"

	"liandan/internal/fault"
)

// Format is a form of file.
type Format string

// The forms.
const (
	XLSX Format = "xlsx" // Office Open XML (ISO/IEC 29500)
	CSV  Format = "csv"  // RFC 4180, UTF-8 with a byte order mark: Excel in Chinese takes a file without one for GBK
)

// ParseFormat reads a format by name. The fault is invalid-request.
func ParseFormat(s string) (Format, error) {
	if f := Format(strings.ToLower(s)); f == XLSX || f == CSV {
		return f, nil
	}
	return "", fault.New(fault.InvalidRequest, "A table is given as xlsx or csv.")
}

// MediaType is what the format is called in HTTP.
func (f Format) MediaType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Cell is one cell. The zero value is an empty one.
type Cell struct {
	text   string
	number bool
}

// Text is a cell of text. It is never read as a formula, a number or a date.
func Text(s string) Cell { return Cell{text: s} }

// Number is a cell of a number, given as decimal digits with at most one point and a
// leading minus: "0.0125", so that no float comes between. Anything else becomes text.
func Number(decimal string) Cell { return Cell{decimal, plainDecimal(decimal)} }

// plainDecimal keeps to fifteen digits, which is all that a spreadsheet holds.
func plainDecimal(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, frac, point := strings.Cut(s, ".")
	digits := func(t string) bool { return t != "" && strings.Trim(t, "0123456789") == "" }
	return digits(whole) && (!point || digits(frac)) && len(whole)+len(frac) <= 15 && (whole == "0" || whole[0] != '0')
}

// Writer makes one file of one or more tables.
type Writer interface {
	// Table begins a table. Several may be written in turns. A csv file holds one only:
	// the second is refused with invalid-request.
	Table(name string, header ...string) (Table, error)
	// Close finishes the file. Nothing of an xlsx reaches the reader before.
	Close() error
	// Discard gives up what was written so far; after Close it does nothing.
	Discard()
}

// Table takes rows.
type Table interface {
	Row(cells ...Cell) error
}

// New begins a file that is written to w.
func New(w io.Writer, f Format) Writer {
	if f == XLSX {
		return newBook(w)
	}
	return &csvFile{w: w}
}

// MaxCell is the most characters of a cell that is written; Excel reads no more.
const MaxCell = 32767

// Safe is s as it may stand in a cell: without characters that XML or csv readers choke
// on, cut to MaxCell, and with an apostrophe before a beginning that a spreadsheet takes
// for a formula (= + - @ tab, carriage return, or their full-width forms), also where
// that beginning hides behind blanks or an apostrophe.
func Safe(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s)
	if runs(s) {
		s = "'" + s
	}
	if utf8.RuneCountInString(s) > MaxCell {
		s = string([]rune(s)[:MaxCell])
	}
	return s
}

// Plain undoes what Safe put before a formula's beginning.
func Plain(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && runs(rest) {
		return rest
	}
	return s
}

// runs says that s begins like a formula, or like one that was made safe before.
func runs(s string) bool {
	if s == "" {
		return false
	}
	if strings.ContainsRune("\t\r\n", rune(s[0])) || s[0] == '\'' && runs(s[1:]) {
		return true
	}
	t := strings.TrimLeft(s, " '\u00a0\u3000\ufeff\t\r\n")
	first, _ := utf8.DecodeRuneInString(t)
	return t != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}
