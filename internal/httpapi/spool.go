package httpapi

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"

	"liandan/internal/fault"
)

// Limits of an upload of many lines.
const (
	maxLines = 10_000
	// maxUpload bounds the whole body: so many lines of the greatest length.
	maxUpload = int64(maxLines) * maxLine
	// inMemory is how much of an upload waits in memory; the rest waits in a file.
	inMemory = 1 << 20
	// maxSpooled bounds the files of all uploads that wait at one time.
	maxSpooled = int64(1 << 30)
)

// budget is the bytes that may still be spooled.
type budget struct {
	mu   sync.Mutex
	left int64
}

func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
}

// spool is an upload of a known length that waits until its lines are counted, so that
// one with too many is refused before any of it is recorded.
type spool struct {
	io.Reader // the upload from its beginning; ends in error when its connection did
	lines     lineCount
	close     func()
}

// lineCount counts the lines that hold something, as lineReader does.
type lineCount struct {
	number int  // of the line that the reader is in, from 1
	last   int  // of the last line that holds something
	within bool // something was met in this line
}

func (c *lineCount) Write(p []byte) (int, error) {
	if c.number == 0 {
		c.number = 1
	}
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		line := rest
		if i >= 0 {
			line = rest[:i]
		}
		if !c.within && len(bytes.Trim(line, " \t\r")) > 0 {
			c.within, c.last = true, c.number
		}
		if i < 0 {
			break
		}
		c.number, c.within, rest = c.number+1, false, rest[i+1:]
	}
	return len(p), nil
}

// take reads an upload of size bytes to its end or to its first line too many. Faults:
// too-many-lines, overloaded.
func (f *face) take(r io.Reader, size int64) (*spool, error) {
	s := &spool{close: func() {}}
	in := io.TeeReader(io.LimitReader(r, maxUpload+1), &s.lines)
	head := bytes.NewBuffer(make([]byte, 0, min(size, inMemory)+bytes.MinRead))
	_, err := io.CopyN(head, in, inMemory)
	s.Reader = head
	switch {
	case errors.Is(err, io.EOF):
		err = nil
	case err == nil && size > inMemory:
		err = f.takeRest(s, head, in, size-inMemory)
	}
	if fault.As(err) != nil || s.lines.last > maxLines {
		s.close()
		if err == nil {
			err = tooMany()
		}
		return nil, err
	}
	if err != nil {
		s.Reader = io.MultiReader(s.Reader, broken{err})
	}
	return s, nil
}

// broken ends a spool where its upload broke off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func tooMany() error {
	return fault.New(fault.TooManyLines, "An upload has at most %d lines; send the rest in another one.", maxLines)
}

// takeRest spools what does not fit into memory. The file has no name any more while it
// is in use, so that nothing is left behind however the process ends.
func (f *face) takeRest(s *spool, head io.Reader, in io.Reader, size int64) error {
	if !f.spooled.take(size) {
		return fault.New(fault.Overloaded, "Too many large uploads wait at the moment. Nothing was recorded; send the same lines again later.")
	}
	file, err := os.CreateTemp(f.SpoolDir, "liandan-upload-*")
	if err != nil {
		f.spooled.give(size)
		return fault.Wrap(err, fault.Unavailable, "The upload cannot be kept while it is counted. Nothing was recorded; send fewer lines at a time.")
	}
	s.close = func() {
		_ = file.Close()
		_ = os.Remove(file.Name())
		f.spooled.give(size)
	}
	_ = os.Remove(file.Name()) // not possible everywhere; close removes it there
	_, cut := io.Copy(file, &untilTooMany{in, &s.lines})
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fault.Wrap(err, fault.Unavailable, "The upload cannot be kept while it is counted. Nothing was recorded; send fewer lines at a time.")
	}
	s.Reader = io.MultiReader(head, file)
	return cut
}

// untilTooMany ends once a line too many is met: the upload is refused anyway.
type untilTooMany struct {
	io.Reader
	lines *lineCount
}

func (u *untilTooMany) Read(p []byte) (int, error) {
	if u.lines.last > maxLines {
		return 0, io.EOF
	}
	return u.Reader.Read(p)
}
