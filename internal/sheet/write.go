package sheet

import (
	"archive/zip"
	"encoding/csv"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"liandan/internal/fault"
)

// csvFile writes one table as it comes.
type csvFile struct {
	w   io.Writer
	csv *csv.Writer
}

const byteOrderMark = "\xef\xbb\xbf"

func (f *csvFile) Table(_ string, header ...string) (Table, error) {
	if f.csv != nil {
		return nil, fault.New(fault.InvalidRequest, "A csv file holds one table; ask for one kind, or for xlsx.")
	}
	if _, err := io.WriteString(f.w, byteOrderMark); err != nil {
		return nil, err
	}
	f.csv = csv.NewWriter(f.w)
	f.csv.UseCRLF = true // RFC 4180
	cells := make([]Cell, len(header))
	for i, h := range header {
		cells[i] = Text(h)
	}
	return f, f.Row(cells...)
}

func (f *csvFile) Row(cells ...Cell) error {
	row := make([]string, len(cells))
	for i, c := range cells {
		if row[i] = c.text; !c.number {
			// The csv writer would turn a lone line feed into CRLF and so change the text on
			// its way through; within a cell a line end is one line feed.
			row[i] = Safe(strings.ReplaceAll(c.text, "\r\n", "\n"))
		}
	}
	return f.csv.Write(row)
}

func (f *csvFile) Close() error {
	if f.csv == nil {
		return nil
	}
	f.csv.Flush()
	return f.csv.Error()
}

func (f *csvFile) Discard() {}

// book is a workbook. Rows go to temporary files as they come.
type book struct {
	w      io.Writer
	file   *excelize.File
	tables []*bookTable
	head   int // style of the header
	done   bool
}

type bookTable struct {
	rows   *excelize.StreamWriter
	name   string
	header int
	n      int
}

func newBook(w io.Writer) *book { return &book{w: w, file: excelize.NewFile()} }

// first is the sheet that a new workbook comes with.
const first = "Sheet1"

func (b *book) Table(name string, header ...string) (Table, error) {
	name = sheetName(name)
	if slices.ContainsFunc(b.tables, func(t *bookTable) bool { return strings.EqualFold(t.name, name) }) {
		return nil, fault.New(fault.Internal, "Two tables of one workbook are called %s.", name)
	}
	var err error
	if len(b.tables) == 0 {
		if err = b.file.SetSheetName(first, name); err == nil {
			b.head, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
		}
	} else {
		_, err = b.file.NewSheet(name)
	}
	if err != nil {
		return nil, err
	}
	rows, err := b.file.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	t := &bookTable{rows: rows, name: name, header: b.head}
	if err := rows.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	cells := make([]any, len(header))
	for i, h := range header {
		cells[i] = excelize.Cell{StyleID: b.head, Value: Safe(h)}
		if err := rows.SetColWidth(i+1, i+1, float64(min(max(12, 2*len([]rune(h))+2), 40))); err != nil {
			return nil, err
		}
	}
	b.tables = append(b.tables, t)
	return t, t.write(cells)
}

func (t *bookTable) Row(cells ...Cell) error {
	row := make([]any, len(cells))
	for i, c := range cells {
		switch {
		case c.text == "":
		case c.number:
			row[i] = number(c.text)
		default:
			row[i] = Safe(c.text)
		}
	}
	return t.write(row)
}

// number goes through a float because excelize has no other way in. Fifteen digits come out
// of a float64 as they went in (C11 DBL_DIG), and the test holds it to that.
func number(decimal string) any {
	v, err := strconv.ParseFloat(decimal, 64)
	if err != nil {
		return decimal
	}
	return v
}

func (t *bookTable) write(row []any) error {
	if t.n++; t.n > excelize.TotalRows {
		return fault.New(fault.TooLarge, "A workbook's table has at most %d rows; ask for a shorter period, or for csv.", excelize.TotalRows-1)
	}
	cell, err := excelize.CoordinatesToCellName(1, t.n)
	if err != nil {
		return err
	}
	return t.rows.SetRow(cell, row)
}

func (b *book) Close() error {
	if b.done {
		return nil
	}
	defer b.Discard()
	for _, t := range b.tables {
		if err := t.rows.Flush(); err != nil {
			return err
		}
	}
	var failed error
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter {
		z, err := newSorted(b.w)
		failed = err
		return z
	})
	_, err := b.file.WriteToBuffer() // the buffer stays empty: the sorted zip has its own way out
	if failed != nil {
		return failed
	}
	return err
}

func (b *book) Discard() {
	if !b.done {
		b.done = true
		b.file.Close() // removes the temporary files
	}
}

// sheetName is name as Excel allows it.
func sheetName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) || r < 0x20 {
			return ' '
		}
		return r
	}, name)
	if r := []rune(strings.TrimSpace(name)); len(r) > 0 {
		return string(r[:min(len(r), 31)])
	}
	return first
}

// sorted is a zip whose parts come out in the order of their names, whatever the order
// they came in: excelize hands its streams over in the order of a map. They wait, packed,
// in a temporary file.
type sorted struct {
	out  io.Writer
	file *os.File
	*zip.Writer
}

func newSorted(out io.Writer) (*sorted, error) {
	f, err := os.CreateTemp("", "liandan-sheet-")
	if err != nil {
		return &sorted{out: out, Writer: zip.NewWriter(io.Discard)}, err
	}
	return &sorted{out, f, zip.NewWriter(f)}, nil
}

func (s *sorted) Close() error {
	if s.file == nil {
		return nil
	}
	defer os.Remove(s.file.Name())
	defer s.file.Close()
	if err := s.Writer.Close(); err != nil {
		return err
	}
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	in, err := zip.NewReader(s.file, size)
	if err != nil {
		return err
	}
	slices.SortFunc(in.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	out := zip.NewWriter(s.out)
	for _, part := range in.File {
		if err := out.Copy(part); err != nil {
			return err
		}
	}
	return out.Close()
}
