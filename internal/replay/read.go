package replay

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"liandan/internal/event"
	"liandan/internal/fault"
)

// Bounds of a file.
const (
	MaxLines     = 200_000 // below the header
	MaxLineBytes = 4 << 10
	MaxFileBytes = 64 << 20
)

// Columns are those that a file must have, in any order, and no others.
func Columns() []string {
	return []string{"manifest", "line", "un_number", "container_count", "container_type", "quantity", "unit", "codes", "method"}
}

// File is what was read.
type File struct {
	Lines     int        // below the header, blank ones not counted
	Manifests []Manifest // in the order of their first lines
	Bad       []Note     // every fault of every bad line, in the order of lines
}

// Manifest is the lines that name one manifest, wherever they stand in the file.
type Manifest struct {
	Number    string
	At        int  // line of the file that names it first
	Malformed bool // the number is not nine digits and three letters
	Lines     []Line
}

// trackingNumber is the form of a US manifest tracking number (40 CFR 262.21).
var trackingNumber = regexp.MustCompile(`^[0-9]{9}[A-Z]{3}$`)

// Read reads a CSV (RFC 4180, UTF-8, first line the names of the columns) line by line, so
// that a damaged line does not swallow the next. A cell can hold no line break; blank lines
// are passed over. A bad line is no error but is in Bad, and its manifest has it not.
//
// Faults: invalid-import (the header), too-many-lines, too-large, upload-cut-short.
func Read(r io.Reader) (File, error) {
	rows := &rows{r: bufio.NewReaderSize(io.LimitReader(r, MaxFileBytes+1), MaxLineBytes+2)}
	at, err := readHeader(rows)
	if err != nil {
		return File{}, err
	}
	g := &gathering{at: map[string]int{}, items: map[[2]string]int{}}
	for {
		cell, code, err := rows.next()
		if errors.Is(err, io.EOF) {
			return g.file()
		}
		if err != nil {
			return File{}, err
		}
		if g.f.Lines++; g.f.Lines > MaxLines {
			return File{}, fault.New(fault.TooManyLines, "The file has more than %d lines below its header; split it.", MaxLines)
		}
		c := &cells{line: rows.number, at: at, cell: cell, bad: &g.f.Bad}
		switch {
		case code != "":
			c.refuse("", code, rowFaults[code][0], rowFaults[code][1])
		case len(cell) != len(at):
			c.refuse("", "cell_count", fmt.Sprintf("has %d cells, and the header %d", len(cell), len(at)), fmt.Sprintf("有 %d 格，而表头有 %d 格", len(cell), len(at)))
		default:
			g.take(c)
		}
	}
}

// gathering puts lines to their manifests.
type gathering struct {
	f     File
	at    map[string]int    // manifest → place in f.Manifests
	items map[[2]string]int // manifest and line number → line of the file
}

func (g *gathering) take(c *cells) {
	number := c.manifest()
	if number == "" {
		c.read("")
		return
	}
	i, met := g.at[number]
	if !met {
		i = len(g.f.Manifests)
		g.at[number] = i
		g.f.Manifests = append(g.f.Manifests, Manifest{Number: number, At: c.line, Malformed: !trackingNumber.MatchString(number)})
	}
	l := c.read(number)
	key := [2]string{number, l.Item}
	if first, twice := g.items[key]; twice && l.Item != "" {
		c.refuse("line", "repeated", fmt.Sprintf("this line of the manifest is in line %d of the file already", first), fmt.Sprintf("该联单的这一行已见于文件第 %d 行", first))
	}
	if c.faulty {
		return
	}
	g.items[key] = c.line
	g.f.Manifests[i].Lines = append(g.f.Manifests[i].Lines, l)
}

// file refuses the manifests that no single event could name.
func (g *gathering) file() (File, error) {
	for i := range g.f.Manifests {
		m := &g.f.Manifests[i]
		mass := 0
		for _, l := range m.Lines {
			if l.Grams > 0 {
				mass++
			}
		}
		if mass <= event.MaxBatches {
			continue
		}
		for _, l := range m.Lines {
			n := l.note()
			n.Code = "too_many_lines"
			n.Detail, n.DetailZH = fmt.Sprintf("its manifest has %d lines of mass; an event names at most %d batches", mass, event.MaxBatches), fmt.Sprintf("该联单有 %d 行质量，一个事件至多 %d 个批次", mass, event.MaxBatches)
			g.f.Bad = append(g.f.Bad, n)
		}
		m.Lines = nil
	}
	slices.SortStableFunc(g.f.Bad, func(a, b Note) int { return a.Line - b.Line })
	return g.f, nil
}

// readHeader finds where each column is.
func readHeader(r *rows) (map[string]int, error) {
	cell, code, err := r.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fault.New(fault.InvalidImport, "The file is empty; its first line must name the columns %s.", strings.Join(Columns(), ","))
	case err != nil:
		return nil, err
	case code != "":
		return nil, fault.New(fault.InvalidImport, "The first line %s; it must name the columns %s.", rowFaults[code][0], strings.Join(Columns(), ","))
	}
	bad := fault.New(fault.InvalidImport, "The first line must name these columns, in any order, and no others: %s.", strings.Join(Columns(), ","))
	at := map[string]int{}
	for i, name := range cell {
		if !slices.Contains(Columns(), name) {
			bad.At(fmt.Sprintf("/%d", i), "unknown_column", "%q is no column of this file", clip(name))
		} else if _, twice := at[name]; twice {
			bad.At(fmt.Sprintf("/%d", i), "repeated_column", "%s is named twice", name)
		}
		at[name] = i
	}
	for _, name := range Columns() {
		if _, ok := at[name]; !ok {
			bad.At("", "missing_column", "%s is missing", name)
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return at, nil
}

// rows reads a file line by line.
type rows struct {
	r      *bufio.Reader
	number int // of the line given last, from 1
	bytes  int
}

var rowFaults = map[string][2]string{
	"line_too_long": {"is longer than 4 KiB", "超过 4 KiB"},
	"not_utf8":      {"is not UTF-8", "不是 UTF-8 编码"},
	"quote":         {"has a quotation mark that is not closed, or not at both ends of its cell", "引号不成对，或不在单元格两端"},
}

// next gives the cells of the next line that is not blank, or the line's code. It ends
// with io.EOF.
func (r *rows) next() (cell []string, code string, err error) {
	for {
		line, long, err := r.read()
		if err != nil {
			return nil, "", err
		}
		if r.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // spreadsheets mark UTF-8 so
		}
		switch {
		case long:
			return nil, "line_too_long", nil
		case len(line) == 0:
			continue
		case !utf8.Valid(line):
			return nil, "not_utf8", nil
		}
		one := csv.NewReader(bytes.NewReader(line))
		one.FieldsPerRecord = -1
		cell, err := one.Read()
		if err != nil {
			return nil, "quote", nil
		}
		return cell, "", nil
	}
}

// read gives one line without its end. Of a line that is too long it gives nothing and
// reads on to its end.
func (r *rows) read() (line []byte, long bool, err error) {
	line, err = r.r.ReadSlice('\n')
	r.number++
	r.bytes += len(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		var more []byte
		long = true
		more, err = r.r.ReadSlice('\n')
		r.bytes += len(more)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fault.Wrap(err, fault.UploadCutShort, "The file could not be read to its end; nothing was played.")
	}
	if r.bytes > MaxFileBytes {
		return nil, false, fault.New(fault.TooLarge, "The file has more than %d MiB; split it.", MaxFileBytes>>20)
	}
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return nil, false, io.EOF
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	return line, long || len(line) > MaxLineBytes, nil
}

// clip shortens a text from a file for a report.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
