package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"liandan/internal/fault"
	"liandan/internal/record"
)

// Lines are taken in as chunks: while the results of one are awaited, the next is being
// prepared and the one after it read.
const (
	chunkLines = 256
	inFlight   = 3
)

// chunk is a run of lines on their way in.
type chunk struct {
	items []item
	block *record.Block
	ctx   context.Context
}

// item is one line: its place in the block, or what is wrong with it as a line.
type item struct {
	line  int
	place int
	err   error
}

// submitMany is POST /v1/events with many lines. An upload whose length is known is
// counted before any of it is recorded, and refused whole when it has too many lines. One
// that streams without a known length is taken in as it comes, and its results go out as
// they are known; there the line after the last allowed one ends it.
//
// A connection that breaks leaves every whole line recorded that had arrived, and
// nothing of the line without its end: each line is a whole signed fact of its own.
func (f *face) submitMany(c echo.Context) error {
	r, w := c.Request(), c.Response()
	rc := http.NewResponseController(w)
	_ = rc.EnableFullDuplex() // HTTP/2 and a test's recorder need none
	// With full duplex net/http starts watching the connection once it meets the body's
	// end, and stops when the handler returns, but closes the body only after that: a body
	// that was not read to its end would leave the watcher running into the next request.
	defer r.Body.Close()
	in := &patient{r.Body, &rolling{set: rc.SetReadDeadline, span: bodyWithin}}
	up := upload{f: f, w: w, out: &rolling{set: rc.SetWriteDeadline, span: answerWithin}, flush: rc.Flush,
		id: traceOf(r.Context()).id,
		// The lines outlive their connection: a fact that arrived whole is recorded.
		ctx: context.WithoutCancel(r.Context())}
	switch {
	case r.ContentLength > maxUpload:
		return &http.MaxBytesError{Limit: maxUpload}
	case r.ContentLength >= 0:
		s, err := f.take(in, r.ContentLength)
		if err != nil {
			return err
		}
		defer s.close()
		up.lines = newLineReader(s)
		up.patient = true // all that is to come is here
	default:
		up.lines = newLineReader(http.MaxBytesReader(w, io.NopCloser(in), maxUpload))
	}
	return up.run()
}

// patient reads a body with a new deadline for each read.
type patient struct {
	io.Reader
	limit *rolling
}

func (p *patient) Read(b []byte) (int, error) {
	return p.limit.during(func() (int, error) { return p.Reader.Read(b) })
}

// upload is one body of many lines. The goroutine of run reads and prepares; the one of
// answer waits and writes, and is the only one to touch w after begun.
type upload struct {
	f       *face
	ctx     context.Context
	w       *echo.Response
	out     *rolling
	flush   func() error
	id      string
	lines   *lineReader
	patient bool // no need to send a chunk on before it is full
}

func (u *upload) run() error {
	ch := make(chan chunk, inFlight-2) // one more is being waited for, one being prepared
	done := make(chan error, 1)
	var begun, closed bool
	defer func() {
		if begun && !closed { // a panic is on its way up: let the answering goroutine end
			close(ch)
		}
	}()
	begin := func() {
		if !begun {
			begun = true
			u.w.Header().Set("Content-Type", typeNDJSON)
			u.w.WriteHeader(http.StatusOK)
			go u.answer(ch, done)
		}
	}
	for ended := false; !ended; {
		var lines [][]byte
		var items []item
		var last error
		items, lines, last = u.gather()
		ended = last != nil
		if ended && !errors.Is(last, io.EOF) {
			if len(items) == 0 && !begun {
				return last // nothing was recorded and nothing answered: a problem of the whole
			}
			items = append(items, item{line: u.lines.number, err: last})
		}
		begin()
		if len(items) > 0 {
			ch <- chunk{items: items, block: u.f.Intake.Begin(u.ctx, lines), ctx: u.ctx}
		}
	}
	closed = true
	close(ch)
	return <-done
}

// gather reads one chunk. The error ends the upload: io.EOF in order, otherwise a fault.
func (u *upload) gather() (items []item, lines [][]byte, err error) {
	arena := make([]byte, 0, 64<<10)
	for len(items) < chunkLines {
		line, err := u.lines.next()
		switch {
		case err == nil && u.lines.number > maxLines:
			return items, lines, tooMany()
		case err == nil:
			if len(arena)+len(line) > cap(arena) {
				arena = make([]byte, 0, max(64<<10, len(line))) // lines keep the one before alive
			}
			start := len(arena)
			arena = append(arena, line...)
			items = append(items, item{line: u.lines.number, place: len(lines)})
			lines = append(lines, arena[start:len(arena):len(arena)])
		case fault.Of(err) == fault.TooLarge && u.lines.number <= maxLines:
			items = append(items, item{line: u.lines.number, err: err})
		default:
			return items, lines, u.ending(err)
		}
		if !u.patient && len(items) > 0 && u.lines.waiting() {
			break
		}
	}
	return items, lines, nil
}

// ending names the way in which the lines ended.
func (u *upload) ending(err error) error {
	if big, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.Wrap(err, fault.TooLarge, "An upload has at most %d bytes; send the rest in another one.", big.Limit)
	}
	if fault.Of(err) == fault.TooLarge {
		return tooMany()
	}
	if errors.Is(err, errCut) {
		return cutShort(err)
	}
	return err
}

// answer writes the results in order, flushed chunk by chunk. When the client is gone it
// still waits for every chunk, so that run can end.
func (u *upload) answer(ch <-chan chunk, done chan<- error) {
	var gone error
	defer func() {
		if v := recover(); v != nil {
			for range ch { // let run end
				continue
			}
			gone = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
		done <- gone
	}()
	var b []byte
	for c := range ch {
		b = b[:0]
		for _, it := range c.items {
			res := record.Result{Err: it.err}
			if it.err == nil {
				res = c.block.Wait(c.ctx, it.place)
			}
			u.f.Count(resultOf(res))
			b = appendLine(b, it.line, res, u.id)
		}
		if gone != nil {
			continue
		}
		_, err := u.out.during(func() (int, error) {
			n, err := u.w.Write(b)
			if err == nil {
				err = u.flush()
			}
			return n, err
		})
		if err != nil {
			gone = cutShort(err)
		}
	}
}
