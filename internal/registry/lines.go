package registry

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"liandan/internal/fault"
)

// Bounds of one imported file.
const (
	MaxLines     = 200_000
	MaxLineBytes = 64 << 10
	MaxFileBytes = 64 << 20
)

// Line codes: what can be wrong with a line before its cells are looked at.
const (
	lineTooLong = "line_too_long"
	lineNotUTF8 = "not_utf8"
	lineQuote   = "quote"
)

// lines reads a file line by line, so that one damaged line (an open quotation mark, say)
// does not swallow the next. A cell can therefore hold no line break.
type lines struct {
	r      *bufio.Reader
	number int // of the line given last, from 1
	bytes  int
	count  int // lines given that are not blank
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(io.LimitReader(r, MaxFileBytes+1), MaxLineBytes+2)}
}

// next gives the cells of the next line that is not blank, or the line's code. It ends
// with io.EOF. Faults: too-large, too-many-lines, upload-cut-short.
func (l *lines) next() (cells []string, code string, err error) {
	for {
		line, long, err := l.read()
		if err != nil {
			return nil, "", err
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // spreadsheets mark UTF-8 so
		}
		if !long && len(bytes.Trim(line, ", \t")) == 0 {
			continue // a spreadsheet leaves lines of bare commas behind
		}
		if l.count++; l.count > MaxLines+1 {
			return nil, "", fault.New(fault.TooManyLines, "The file has more than %d lines below its header; split it.", MaxLines)
		}
		switch {
		case long:
			return nil, lineTooLong, nil
		case !utf8.Valid(line):
			return nil, lineNotUTF8, nil
		}
		cells, ok := splitLine(string(line))
		if !ok {
			return nil, lineQuote, nil
		}
		return cells, "", nil
	}
}

// read gives one line without its end. Of a line that is too long it gives nothing and
// reads on to its end.
func (l *lines) read() (line []byte, long bool, err error) {
	line, err = l.r.ReadSlice('\n')
	l.number++
	l.bytes += len(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		var more []byte
		long = true
		more, err = l.r.ReadSlice('\n')
		l.bytes += len(more)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fault.Wrap(err, fault.UploadCutShort, "The file could not be read to its end. Nothing was imported; send it again.")
	}
	if l.bytes > MaxFileBytes {
		return nil, false, fault.New(fault.TooLarge, "The file has more than %d MiB; split it.", MaxFileBytes>>20)
	}
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return nil, false, io.EOF
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if long || len(line) > MaxLineBytes {
		return nil, true, nil
	}
	return line, false, nil
}

// splitLine reads the cells of one line (RFC 4180): a cell that begins with a quotation
// mark ends with one, and has them doubled inside; no other cell has one.
func splitLine(line string) (cells []string, ok bool) {
	for {
		if !strings.HasPrefix(line, `"`) {
			cell, rest, more := strings.Cut(line, ",")
			if strings.Contains(cell, `"`) {
				return nil, false
			}
			cells = append(cells, cell)
			if !more {
				return cells, true
			}
			line = rest
			continue
		}
		cell, rest, closed := quoted(line[1:])
		if !closed {
			return nil, false
		}
		cells = append(cells, cell)
		if rest == "" {
			return cells, true
		}
		if rest[0] != ',' {
			return nil, false
		}
		line = rest[1:]
	}
}

// quoted reads up to the closing quotation mark.
func quoted(s string) (cell, rest string, closed bool) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}
