package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"liandan/internal/fault"
)

type csvReader struct {
	csv      *csv.Reader
	guard    *guard
	limits   Limits
	rows     int
	encoding string
}

func openCSV(in io.ReadSeeker, l Limits) (Reader, error) {
	decoded, encoding, err := decode(in)
	if err != nil {
		return nil, err
	}
	g := &guard{in: decoded, most: int64(l.Columns+1) * int64(l.Cell)}
	buffered := bufio.NewReader(g)
	c := csv.NewReader(buffered)
	c.FieldsPerRecord, c.ReuseRecord, c.LazyQuotes = -1, true, false
	start, _ := buffered.Peek(1 << 10)
	c.Comma = comma(start)
	return &csvReader{csv: c, guard: g, limits: l, encoding: encoding}, nil
}

// comma is the sign that divides the first line: tab and semicolon where there are more of
// them than of commas.
func comma(start []byte) rune {
	line, _, _ := bytes.Cut(start, []byte("\n"))
	best := ','
	for _, c := range "\t;" {
		if bytes.Count(line, []byte(string(c))) > bytes.Count(line, []byte(string(best))) {
			best = c
		}
	}
	return best
}

func (r *csvReader) Format() Format   { return CSV }
func (r *csvReader) Encoding() string { return r.encoding }
func (r *csvReader) Close() error     { return nil }

func (r *csvReader) Next() (Row, error) {
	for {
		r.guard.since = 0
		cells, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok && !errors.Is(err, errLong) {
			return Row{}, fault.New(fault.InvalidImport, "Line %d, column %d is no csv: %v. 第 %d 行引号有误。", bad.Line, bad.Column, bad.Err, bad.Line)
		} else if err != nil {
			return Row{}, err
		}
		line, _ := r.csv.FieldPos(0)
		cells, any := trim(cells)
		if !any {
			continue
		}
		r.rows++
		for i, c := range cells {
			cells[i] = Plain(c)
		}
		return Row{line, cells}, r.limits.check(line, r.rows, cells)
	}
}

// errLong ends a row that has no end: an open quotation mark makes the rest of a file one
// cell.
var errLong = fault.New(fault.TooLarge, "A row of the file is too long; a quotation mark may be missing its twin. 单行过长，可能缺少配对的引号。")

// guard counts what was read since the row began.
type guard struct {
	in          io.Reader
	since, most int64
}

func (g *guard) Read(p []byte) (int, error) {
	if g.since > g.most {
		return 0, errLong
	}
	n, err := g.in.Read(p)
	g.since += int64(n)
	return n, err
}

// decode finds the encoding out and gives the text as UTF-8 without a byte order mark.
func decode(in io.ReadSeeker) (io.Reader, string, error) {
	head := make([]byte, 3)
	n, _ := io.ReadFull(in, head)
	head = head[:n]
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return nil, "", err
		}
		return transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), "UTF-16", nil
	}
	marked := bytes.Equal(head, []byte(byteOrderMark))
	start := int64(0)
	if marked {
		start = int64(len(byteOrderMark))
	}
	for _, e := range []string{"UTF-8", "GB18030"} {
		if _, err := in.Seek(start, io.SeekStart); err != nil {
			return nil, "", err
		}
		text := io.Reader(in)
		if e == "GB18030" {
			text = transform.NewReader(in, simplifiedchinese.GB18030.NewDecoder())
		}
		ok, err := readable(text)
		if err != nil {
			return nil, "", err
		}
		if ok {
			if _, err := in.Seek(start, io.SeekStart); err != nil {
				return nil, "", err
			}
			if e == "GB18030" {
				return transform.NewReader(in, simplifiedchinese.GB18030.NewDecoder()), e, nil
			}
			return in, e, nil
		}
		if marked {
			break // says that it is UTF-8 and is not
		}
	}
	return nil, "", fault.New(fault.InvalidImport, "The file is neither UTF-8 nor GB18030 (GBK) text. 文件既不是 UTF-8 也不是 GBK 文本。")
}

// readable reads a text through: whether all of it is UTF-8 without NUL and without the
// sign that stands for what could not be decoded.
func readable(in io.Reader) (bool, error) {
	buf, kept := make([]byte, 64<<10), 0
	for {
		n, err := in.Read(buf[kept:])
		chunk := buf[:kept+n]
		if err == nil {
			// A character may be cut at the end: it waits for its rest.
			cut := len(chunk)
			for i := 1; i < utf8.UTFMax && i <= len(chunk); i++ {
				if c := chunk[len(chunk)-i]; utf8.RuneStart(c) {
					if !utf8.FullRune(chunk[len(chunk)-i:]) {
						cut = len(chunk) - i
					}
					break
				}
			}
			chunk = chunk[:cut]
		}
		if !utf8.Valid(chunk) || bytes.IndexByte(chunk, 0) >= 0 || bytes.Contains(chunk, []byte("\ufffd")) {
			return false, nil
		}
		kept = copy(buf, buf[len(chunk):kept+n])
		if errors.Is(err, io.EOF) {
			return true, nil
		} else if err != nil {
			return false, err
		}
	}
}
