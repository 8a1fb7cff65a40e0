package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"liandan/internal/fault"
	"liandan/internal/sheet"
)

// write makes one table of text cells.
func write(t testing.TB, f sheet.Format, header []string, rows [][]sheet.Cell) []byte {
	t.Helper()
	var out bytes.Buffer
	w := sheet.New(&out, f)
	table, err := w.Table("样例", header...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := table.Row(r...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(file []byte, l sheet.Limits) (rows [][]string, encoding string, err error) {
	r, err := sheet.Open(bytes.NewReader(file), l)
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, r.Encoding(), nil
		} else if err != nil {
			return rows, r.Encoding(), err
		}
		rows = append(rows, append([]string(nil), row.Cells...))
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	cells := []sheet.Cell{sheet.Text("医疗废物"), sheet.Number("0.012345"), sheet.Number("-12"), sheet.Text("00123"), sheet.Text(""), sheet.Text("a,\"b\"\nc"),
		sheet.Text("=HYPERLINK(\"http://sample.invalid\")"), sheet.Text("+1"), sheet.Text("-1"), sheet.Text("@a"), sheet.Text("\tx"), sheet.Text("  =1"), sheet.Text("'=1"), sheet.Text("＝1"), sheet.Number("999999999999.123")}
	want := []string{"医疗废物", "0.012345", "-12", "00123", "", "a,\"b\"\nc", "=HYPERLINK(\"http://sample.invalid\")", "+1", "-1", "@a", "\tx", "  =1", "'=1", "＝1", "999999999999.123"}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		head := make([]string, len(cells))
		for i := range head {
			head[i] = fmt.Sprint("列", i)
		}
		file := write(t, f, head, [][]sheet.Cell{cells, {sheet.Text("")}, cells[:1]})
		rows, _, err := read(file, sheet.Usual)
		if err != nil || !reflect.DeepEqual(rows, [][]string{head, want, want[:1]}) {
			t.Errorf("%s: %v\n%q", f, err, rows)
		}
		if again := write(t, f, head, [][]sheet.Cell{cells, {sheet.Text("")}, cells[:1]}); !bytes.Equal(file, again) {
			t.Errorf("%s: the same cells are not the same bytes", f)
		}
		if f == sheet.CSV && (!bytes.HasPrefix(file, []byte("\xef\xbb\xbf")) || !bytes.Contains(file, []byte(`"'=HYPERLINK(`)) || !bytes.Contains(file, []byte(",-12,"))) {
			t.Errorf("csv: %q", file)
		}
	}
}

// No cell of text may begin a formula, whatever a person was called.
func TestNothingRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if rapid.Bool().Draw(t, "prefix") {
			s = rapid.SampledFrom([]string{"=", "+", "-", "@", "\t", "\r", " =", "'", "'=", "＝", "\ufeff="}).Draw(t, "p") + s
		}
		safe := sheet.Safe(s)
		if strings.IndexAny(safe, "=+-@\t\r\n") == 0 || strings.IndexAny(strings.TrimLeft(safe, " \u3000"), "=+-@＝＋－＠") == 0 {
			t.Fatalf("%q may run", safe)
		}
		if kept := strings.Map(func(r rune) rune {
			if r == 0xfffd || r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
				return 0xfffd
			}
			return r
		}, s); sheet.Plain(safe) != kept {
			t.Fatalf("%q comes back as %q", s, sheet.Plain(safe))
		}
	})
}

func TestSeveralTables(t *testing.T) {
	make := func() []byte {
		var out bytes.Buffer
		w := sheet.New(&out, sheet.XLSX)
		var tables []sheet.Table
		for i := range 6 {
			table, err := w.Table(fmt.Sprintf("表[%d]/很长很长很长很长很长很长很长很长很长很长很长", i), "号", "重量")
			if err != nil {
				t.Fatal(err)
			}
			tables = append(tables, table)
		}
		for n := range 500 {
			if err := tables[n%6].Row(sheet.Text(fmt.Sprint("x", n)), sheet.Number(fmt.Sprint(n))); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	one := make()
	for range 5 {
		if !bytes.Equal(one, make()) {
			t.Fatal("six tables are not the same bytes twice")
		}
	}
	var out bytes.Buffer
	w := sheet.New(&out, sheet.CSV)
	if _, err := w.Table("a", "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Table("b", "x"); fault.Of(err) != fault.InvalidRequest {
		t.Errorf("a second table in a csv: %v", err)
	}
}

func TestEncodings(t *testing.T) {
	text := "联单编号,重量\r\n" + strings.Repeat("甲乙丙,1\r\n", 30_000) // characters across every buffer's edge
	gbk, _ := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text))
	gb18030, _ := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text + "𠮷,2\r\n"))
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(strings.ReplaceAll(text, ",", "\t")))
	for _, c := range []struct {
		name, encoding string
		file           []byte
		rows           int
	}{{"utf-8", "UTF-8", []byte(text), 30_001}, {"utf-8 marked", "UTF-8", []byte("\xef\xbb\xbf" + text), 30_001}, {"gbk", "GB18030", gbk, 30_001}, {"gb18030", "GB18030", gb18030, 30_002}, {"utf-16, tabs", "UTF-16", utf16, 30_001}} {
		rows, encoding, err := read(c.file, sheet.Usual)
		if err != nil || len(rows) != c.rows || encoding != c.encoding || rows[0][0] != "联单编号" || rows[30_000][0] != "甲乙丙" || rows[1][1] != "1" {
			t.Errorf("%s: %v, %d rows, %s, %.3q", c.name, err, len(rows), encoding, rows)
		}
	}
	for name, file := range map[string]string{"marked UTF-8 that is none": "\xef\xbb\xbfa\xff", "neither": "a,\xff\xff\xff\n", "binary": "a\x00b\n", "empty": "", "blank": "\n", "old xls": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx", "a zip that is none": "PK\x03\x04xxxxxxxxxxxxxxxxx"} {
		if _, _, err := read([]byte(file), sheet.Usual); fault.Of(err) != fault.InvalidImport {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := read([]byte("a,b\n1,\"2\n3\"x\"\n"), sheet.Usual); fault.Of(err) != fault.InvalidImport || !strings.Contains(err.Error(), "ine 3") {
		t.Errorf("a bad quotation mark: %v", err)
	}
}

func TestLimits(t *testing.T) {
	small := sheet.Limits{Bytes: 1 << 20, Unpacked: 1 << 20, Rows: 3, Columns: 4, Cell: 10}
	for name, c := range map[string]struct {
		rows [][]string
		ok   bool
	}{
		"at every limit": {[][]string{{"a", "b", "c", "d"}, {"1"}, {"2"}, {"1234567890"}}, true},
		"rows":           {[][]string{{"a"}, {"1"}, {"2"}, {"3"}, {"4"}}, false},
		"columns":        {[][]string{{"a", "b", "c", "d", "e"}}, false},
		"a cell":         {[][]string{{"a"}, {"12345678901"}}, false},
	} {
		for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			var cells [][]sheet.Cell
			for _, r := range c.rows[1:] {
				var row []sheet.Cell
				for _, s := range r {
					row = append(row, sheet.Text(s))
				}
				cells = append(cells, row)
			}
			_, _, err := read(write(t, f, c.rows[0], cells), small)
			if (err == nil) != c.ok || (!c.ok && fault.Of(err) != fault.TooLarge) {
				t.Errorf("%s as %s: %v", name, f, err)
			}
		}
	}
	if _, _, err := read(make([]byte, 2<<20), small); fault.Of(err) != fault.TooLarge {
		t.Errorf("a big file: %v", err)
	}
	endless := []byte("a\n\"" + strings.Repeat("x", 900_000))
	if _, _, err := read(endless, small); fault.Of(err) != fault.TooLarge {
		t.Errorf("a quotation mark without its twin: %v", err)
	}
}

// bomb is a workbook whose parts are small packed and large unpacked.
func bomb(t *testing.T, part string) []byte {
	var out bytes.Buffer
	old, err := zip.NewReader(bytes.NewReader(write(t, sheet.XLSX, []string{"a"}, nil)), int64(len(write(t, sheet.XLSX, []string{"a"}, nil))))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(&out)
	for _, f := range old.File {
		if f.Name != "xl/worksheets/sheet1.xml" {
			z.Copy(f)
		}
	}
	w, _ := z.Create("xl/worksheets/sheet1.xml")
	io.WriteString(w, part)
	z.Close()
	return out.Bytes()
}

func TestHostileWorkbooks(t *testing.T) {
	head := `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	tail := `</sheetData></worksheet>`
	l := sheet.Usual
	l.Unpacked = 8 << 20
	for name, c := range map[string]struct {
		part string
		kind fault.Kind
	}{
		"rows without end":  {head + strings.Repeat(`<row><c t="inlineStr"><is><t>a</t></is></c></row>`, 300_000) + tail, fault.TooLarge},
		"one endless cell":  {head + `<row><c t="inlineStr"><is><t>` + strings.Repeat("a", 3<<20) + `</t></is></c></row>` + tail, fault.TooLarge},
		"a far column":      {head + `<row r="1"><c r="XFD1"><v>1</v></c></row>` + tail, fault.TooLarge},
		"cut short":         {head + `<row r="1"><c r="A1"><v>1</v></c></row><row`, ""},
		"a far row":         {head + `<row r="1048576"><c r="A1048576"><v>1</v></c></row>` + tail, ""},
		"beyond all rows":   {head + `<row r="99999999"><c r="A99999999"><v>1</v></c></row>` + tail, fault.InvalidImport},
		"a formula's value": {head + `<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>` + tail, ""},
	} {
		rows, _, err := read(bomb(t, c.part), l)
		if fault.Of(err) != c.kind || (c.kind == "" && err != nil) {
			t.Errorf("%s: %v %.5q", name, err, rows)
		}
	}
	rows, _, err := read(bomb(t, head+`<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>`+tail), l)
	if err != nil || len(rows) != 1 || rows[0][0] != "2" {
		t.Errorf("a formula is read as its last value: %q %v", rows, err)
	}
}

func TestDecimal(t *testing.T) {
	for in, want := range map[string]string{"0.30000000000000004": "0.3", "3.0000000000000004E-1": "0.3", "1.2300000000000001E-2": "0.0123", "12": "12", "12.50": "12.50", "1E3": "1000", "1e+20": "100000000000000000000",
		"0.1234567890123456": "0.123456789012346", "123456789012345678": "123456789012346000", "1E999999999": "1E999999999", "abc": "abc", "": "", "1.5吨": "1.5吨", "-1": "-1", "1E-7": "0.0000001", "9.9999999999999999E-1": "1"} {
		if in == "123456789012345678" {
			want = "123456789012345678" // sixteen and more digits before the point: rounding to whole numbers keeps them
		}
		if got := sheet.Decimal(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestNumbersStayExact: fifteen digits go into a workbook and come out the same.
func TestNumbersStayExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 999_999_999_999_999).Draw(t, "n")
		s := fmt.Sprintf("%d.%06d", n/1_000_000, n%1_000_000)
		var out bytes.Buffer
		w := sheet.New(&out, sheet.XLSX)
		table, _ := w.Table("a", "n")
		table.Row(sheet.Number(s))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		rows, _, err := read(out.Bytes(), sheet.Usual)
		trimmed := strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
		if err != nil || len(rows) != 2 || sheet.Decimal(rows[1][0]) != trimmed {
			t.Fatalf("%s: %q %v", s, rows, err)
		}
	})
}

func TestNoTemporaryFileStays(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	w := sheet.New(io.Discard, sheet.XLSX)
	table, _ := w.Table("a", "n")
	long := sheet.Text(strings.Repeat("样例", 2000))
	for range 3000 {
		if err := table.Row(long); err != nil {
			t.Fatal(err)
		}
	}
	w.Discard()
	w = sheet.New(io.Discard, sheet.XLSX)
	table, _ = w.Table("a", "n")
	for range 3000 {
		table.Row(long)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d temporary files stay", len(left))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("\xef\xbb\xbf联单编号\t重量\n\"1\n\t2"))
	f.Add(write(f, sheet.XLSX, []string{"a"}, [][]sheet.Cell{{sheet.Text("=1")}}))
	l := sheet.Limits{Bytes: 1 << 20, Unpacked: 4 << 20, Rows: 100, Columns: 20, Cell: 1000}
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, _, err := read(file, l)
		if err != nil && fault.Of(err) == "" {
			t.Fatalf("not a fault: %v", err)
		}
		if len(rows) > l.Rows+1 {
			t.Fatalf("%d rows", len(rows))
		}
	})
}
