package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"liandan/internal/fault"
	"liandan/internal/signature"
)

// lineReader takes an upload apart. Blank lines are counted and passed over.
type lineReader struct {
	in     *bufio.Reader
	number int // of the line that was read last, from 1
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, 64<<10)}
}

// errCut says that the body ended in error inside a line or between two.
var errCut = errors.New("cut short")

// next gives the next line that holds something, without its end. The bytes are valid
// until the next call. A line that is too long is a fault, and reading can go on behind
// it. Other errors are io.EOF, which ends the upload in order, and errCut with its cause;
// the bytes of a line that was cut are dropped. A last line without a line feed counts
// as whole when the body ended in order.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil, io.EOF
		}
		l.number++
		if errors.Is(err, bufio.ErrBufferFull) {
			err = l.skip()
			if err == nil || errors.Is(err, io.EOF) {
				return nil, tooLong()
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(errCut, err)
		}
		line = bytes.Trim(line, " \t\r\n")
		if len(line) > signature.MaxCompact {
			return nil, tooLong()
		}
		if len(line) > 0 {
			return line, nil
		}
	}
}

// skip passes over the rest of a line.
func (l *lineReader) skip() error {
	for {
		_, err := l.in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

func tooLong() error {
	return fault.New(fault.TooLarge, "The line has more than the %d bytes that a signed event may have.", signature.MaxCompact)
}

// waiting says that the next line is not here yet: reading on may take as long as the
// client likes.
func (l *lineReader) waiting() bool {
	b, _ := l.in.Peek(l.in.Buffered())
	return bytes.IndexByte(b, '\n') < 0
}
