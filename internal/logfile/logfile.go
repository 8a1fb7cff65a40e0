// Package logfile is a whole log as one file, for use without a server: every entry in the
// log's order, with the bytes that it stands for, and the signed checkpoint of exactly that
// many entries. The entries are the leaves of the tree that C2SP tlog-tiles serves, so the
// root is computed from them and no proof is needed; bodies are as in an evidence file.
//
// The file is lines of JSON: a header, one line for each entry, and a last line that says
// how many there were, so that a file cut short is seen. Writer and Walk hold one line at a
// time, whatever the log's size.
//
// It must not judge what the lines say: readers hash, verify and fold.
package logfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
)

// Format names version 1 of the file; MediaType is what it is served as.
const (
	Format    = "liandan-log-1"
	MediaType = "application/vnd.liandan.log+jsonl"
)

// MaxLine bounds a line, in bytes: the largest entry with the largest body, escaped, is well
// below.
const MaxLine = 4 << 20

// Header is the first line. Nothing in it is believed before its checkpoint is verified.
type Header struct {
	Format     string  `json:"format"`
	Origin     string  `json:"origin"` // name of the log
	VKey       string  `json:"vkey"`   // the log's verifier key
	Size       int64   `json:"size"`   // entries in the file
	Root       id.Hash `json:"root"`
	Checkpoint string  `json:"checkpoint"` // signed note of exactly that size
}

// Line is one entry with what it stands for: exact bytes both.
type Line struct {
	Entry []byte
	Body  []byte // a compact JWS of an event, or a statement
}

type wireLine struct {
	Entry string `json:"entry"`
	Body  string `json:"body"`
}

type wireEnd struct {
	End int64 `json:"end"`
}

// Writer writes a file, entry by entry.
type Writer struct {
	out  *bufio.Writer
	size int64
	n    int64
}

// NewWriter writes the header.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	h.Format = Format
	out := &Writer{out: bufio.NewWriterSize(w, 1<<16), size: h.Size}
	return out, out.line(h)
}

func (w *Writer) line(v any) error {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return fault.Wrap(err, fault.Damaged, "Entry %d holds bytes that are no text; run `liandan check`.", w.n)
	}
	if _, err := w.out.Write(append(b, '\n')); err != nil {
		return err
	}
	return nil
}

// Add writes the next entry. The fault is damaged for one that is not the next.
func (w *Writer) Add(k ledger.Kept) error {
	if k.Seq != w.n || w.n >= w.size {
		return fault.New(fault.Damaged, "The log gave entry %d where %d of %d was due; run `liandan check`.", k.Seq, w.n, w.size)
	}
	if err := w.line(wireLine{string(k.Entry), string(k.Body)}); err != nil {
		return err
	}
	w.n++
	return nil
}

// Close writes the end. The fault is damaged when entries are missing.
func (w *Writer) Close() error {
	if w.n != w.size {
		return fault.New(fault.Damaged, "The log gave %d entries of %d; run `liandan check`.", w.n, w.size)
	}
	if err := w.line(wireEnd{w.n}); err != nil {
		return err
	}
	return w.out.Flush()
}

// File is a file that is read.
type File struct {
	Header
	in    io.ReaderAt
	bytes int64
	first int64 // where the first entry's line begins
}

// Open reads the header of a file of so many bytes. The fault is invalid-request.
func Open(in io.ReaderAt, bytes int64) (*File, error) {
	f := &File{in: in, bytes: bytes}
	r := f.reader(0)
	b, err := r.next()
	if err == nil {
		err = json.Unmarshal(b, &f.Header, json.RejectUnknownMembers(true))
	}
	if err == nil && (f.Format != Format || f.Origin == "" || f.VKey == "" || f.Checkpoint == "" || f.Size < 1) {
		err = errors.New("its first line is not a header of " + Format)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.InvalidRequest, "This is not the export of a log: %s.", err)
	}
	f.first = r.at
	return f, nil
}

// lines reads line after line and knows where it is.
type lines struct {
	in *bufio.Reader
	at int64
}

func (f *File) reader(from int64) *lines {
	return &lines{bufio.NewReaderSize(io.NewSectionReader(f.in, from, f.bytes-from), 1<<16), from}
}

// next is the next line without its end. io.EOF where no byte is left.
func (l *lines) next() ([]byte, error) {
	var out []byte
	for {
		part, err := l.in.ReadSlice('\n')
		out = append(out, part...)
		l.at += int64(len(part))
		switch {
		case len(out) > MaxLine:
			return nil, fmt.Errorf("a line has more than %d bytes", MaxLine)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(out) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		return out[:len(out)-1], nil
	}
}

// Walk calls each with every entry's line, in order, and where it stands in the file. What
// each returns ends the walk. The fault is damaged for a file that is not whole.
func (f *File) Walk(each func(seq, at int64, l Line) error) error {
	r := f.reader(f.first)
	for seq := range f.Size {
		at := r.at
		b, err := r.next()
		if err != nil {
			return short(err, seq, f.Size)
		}
		l, err := parseLine(b)
		if err != nil {
			return fault.Wrap(err, fault.Damaged, "Line %d of the export of the log, for entry %d, is not one of version 1.", seq+2, seq)
		}
		if err := each(seq, at, l); err != nil {
			return err
		}
	}
	var end wireEnd
	b, err := r.next()
	if err != nil {
		return short(err, f.Size, f.Size)
	}
	if err := json.Unmarshal(b, &end, json.RejectUnknownMembers(true)); err != nil || end.End != f.Size {
		return fault.Wrap(err, fault.Damaged, "The export of the log has more lines than the %d entries that it announces.", f.Size)
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Damaged, "Something stands behind the end of the export of the log.")
	}
	return nil
}

func short(err error, seq, size int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Wrap(err, fault.Damaged, "The export of the log is cut short: it announces %d entries and ends after %d.", size, seq)
	}
	return fault.Wrap(err, fault.Damaged, "The export of the log cannot be read at entry %d: %s.", seq, err)
}

func parseLine(b []byte) (Line, error) {
	var w wireLine
	err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true))
	if err == nil && w.Entry == "" {
		err = errors.New("no entry")
	}
	return Line{[]byte(w.Entry), []byte(w.Body)}, err
}

// At reads one line again, by where Walk said that it stands.
func (f *File) At(at int64) (Line, error) {
	b, err := f.reader(at).next()
	if err != nil {
		return Line{}, fault.Wrap(err, fault.Damaged, "The export of the log cannot be read again at byte %d.", at)
	}
	return parseLine(b)
}
