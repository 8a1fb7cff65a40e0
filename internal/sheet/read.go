package sheet

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"strings"

	"liandan/internal/fault"
)

// Limits bound what is read.
type Limits struct {
	Bytes    int64 // of the file as it is
	Unpacked int64 // of an xlsx, all parts together
	Rows     int   // the header not counted
	Columns  int
	Cell     int // bytes of one cell
}

// Usual is enough for a ledger of years and harmless to a small server.
var Usual = Limits{Bytes: 128 << 20, Unpacked: 1 << 30, Rows: 500_000, Columns: 200, Cell: 8 << 10}

// Posted is for a file that comes over HTTP: larger ones are for the command line.
var Posted = Limits{Bytes: 16 << 20, Unpacked: 256 << 20, Rows: 200_000, Columns: 200, Cell: 8 << 10}

// Row is one row of a file. Its cells are good until the next.
type Row struct {
	Line  int // in a csv the line of the file that the row begins on, in an xlsx the row's number; from 1
	Cells []string
}

// Reader gives the rows of a file's first table, the header among them, empty rows not.
type Reader interface {
	// Next gives io.EOF after the last row. Faults: invalid-import for a file that is no table,
	// too-large for one beyond its limits. After a fault there is no more to read.
	Next() (Row, error)
	// Format is xlsx or csv.
	Format() Format
	// Encoding is UTF-8, GB18030 or UTF-16; an xlsx has none.
	Encoding() string
	Close() error
}

// Open reads a table from in, whose beginning tells its format: an xlsx is a zip, an old
// xls is refused by name, everything else is csv, whose encoding is found out by reading
// it through once. A csv in GBK is read as GB18030, which holds it.
func Open(in io.ReadSeeker, l Limits) (Reader, error) {
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if size > l.Bytes {
		return nil, fault.New(fault.TooLarge, "The file has %d bytes; at most %d are read. 文件过大。", size, l.Bytes)
	}
	head := make([]byte, 8)
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	switch head = head[:n]; {
	case len(bytes.TrimSpace(head)) == 0 && n < 8:
		return nil, fault.New(fault.InvalidImport, "The file is empty. 文件为空。")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return openBook(in, size, l)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return nil, fault.New(fault.InvalidImport, "This is an old .xls file or an encrypted workbook; save it as .xlsx without a password, or as csv. 请另存为不加密的 xlsx 或 csv。")
	}
	return openCSV(in, l)
}

// Lines is a reader whose rows come as line number and cells.
type Lines struct{ Reader }

// Next is Reader.Next, taken apart.
func (l Lines) Next() (int, []string, error) {
	row, err := l.Reader.Next()
	return row.Line, row.Cells, err
}

// trim cuts the empty cells at a row's end and says whether anything is left.
func trim(cells []string) ([]string, bool) {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells, len(cells) > 0
}

func (l Limits) check(line, rows int, cells []string) error {
	if rows > l.Rows+1 {
		return fault.New(fault.TooLarge, "The table has more than %d rows; split it. 行数过多，请拆分。", l.Rows)
	}
	if len(cells) > l.Columns {
		return fault.New(fault.TooLarge, "Line %d has %d columns; at most %d are read. 列数过多。", line, len(cells), l.Columns)
	}
	for i, c := range cells {
		if len(c) > l.Cell {
			return fault.New(fault.TooLarge, "Line %d, column %d holds %d bytes; at most %d are read. 单元格内容过长。", line, i+1, len(c), l.Cell)
		}
	}
	return nil
}

// maxExponent bounds the exponent of a workbook's number: 1E999999999 is a few bytes.
const maxExponent = 400

// Decimal is the number of a workbook's cell as its reader saw it on the screen. A
// workbook keeps binary floats in as many as seventeen digits, so that 0.3 may stand there
// as 0.30000000000000004 or 3.0000000000000004E-1; rounded to the fifteen digits that
// Excel shows it is 0.3 again. What is not such a number is given back as it is.
func Decimal(cell string) string {
	mantissa, exponent, hasExp := strings.Cut(strings.ToUpper(cell), "E")
	digits := strings.Trim(mantissa, "0123456789.") == "" && strings.Count(mantissa, ".") <= 1
	if !digits || len(cell) > 40 || (!hasExp && len(strings.Trim(strings.Replace(mantissa, ".", "", 1), "0")) <= 15) {
		return cell
	}
	if hasExp {
		n, ok := new(big.Int).SetString(exponent, 10)
		if !ok || !n.IsInt64() || n.Int64() > maxExponent || n.Int64() < -maxExponent {
			return cell
		}
	}
	v, ok := new(big.Rat).SetString(mantissa + expPart(hasExp, exponent))
	if !ok || v.Sign() == 0 {
		return cell
	}
	return fifteen(v)
}

func expPart(has bool, exponent string) string {
	if has {
		return "E" + exponent
	}
	return ""
}

// fifteen writes v, which is above zero, with fifteen significant digits and no exponent.
func fifteen(v *big.Rat) string {
	const significant = 15
	// The number of digits before the point, or minus the zeros behind it.
	whole := len(new(big.Int).Quo(v.Num(), v.Denom()).String())
	if v.Cmp(big.NewRat(1, 1)) < 0 {
		whole = 0
		for ten := new(big.Rat).SetInt64(10); new(big.Rat).Mul(v, ten).Cmp(big.NewRat(1, 1)) < 0; ten.Mul(ten, big.NewRat(10, 1)) {
			whole--
		}
	}
	if decimals := significant - whole; decimals > 0 {
		s := v.FloatString(decimals)
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return v.FloatString(0)
}
