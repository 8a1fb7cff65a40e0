package httpapi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// slowServer is Server with limits small enough for a test. Its handler reads the body
// as the path says and reports how that ended.
func slowServer(t *testing.T, within time.Duration) (addr string, ended <-chan error) {
	t.Helper()
	ends := make(chan error, 4)
	s := httptest.NewUnstartedServer(nil)
	s.Config = Server("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		switch r.URL.Path {
		case "/many": // as submitMany reads
			_, err := io.Copy(io.Discard, &patient{r.Body, &rolling{set: rc.SetReadDeadline, span: within}})
			ends <- err
		case "/answer": // as an upload's results are written
			out, chunk := &rolling{set: rc.SetWriteDeadline, span: within}, make([]byte, 64<<10)
			var err error
			for range 1000 {
				if _, err = out.during(func() (int, error) { return w.Write(chunk) }); err != nil {
					break
				}
			}
			ends <- err
		default:
			_, err := io.Copy(io.Discard, r.Body)
			ends <- err
		}
	}))
	if s.Config.ReadHeaderTimeout <= 0 || s.Config.ReadTimeout <= 0 || s.Config.WriteTimeout <= 0 || s.Config.IdleTimeout <= 0 || s.Config.MaxHeaderBytes <= 0 {
		t.Fatalf("a limit is not set: %+v", s.Config)
	}
	s.Config.ReadHeaderTimeout, s.Config.ReadTimeout, s.Config.IdleTimeout = within, within, within
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), ends
}

// drip sends head at once and then piece after piece until the server has had enough, and
// says how long that took. A drip that is taken for ten times as long is a failure.
func drip(t *testing.T, addr, head, piece string, each, within time.Duration) time.Duration {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	start := time.Now()
	if _, err := io.WriteString(c, head); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, c) // ends when the server gives the connection up
	}()
	for time.Since(start) < 10*within {
		select {
		case <-closed:
			return time.Since(start)
		case <-time.After(each):
		}
		if _, err := io.WriteString(c, piece); err != nil {
			return time.Since(start)
		}
	}
	t.Errorf("%.20q is still being dripped after %s", head, 10*within)
	return 0
}

func TestDripsAreCut(t *testing.T) {
	const within = 300 * time.Millisecond
	for name, c := range map[string]struct{ head, piece string }{
		"a header":                   {"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", "a"},
		"header fields":              {"GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n"},
		"a request line":             {"GET /", "a"},
		"nothing at all":             {"", ""},
		"a body":                     {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "a"},
		"an upload":                  {"POST /many HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "a"},
		"an upload of chunks":        {"POST /many HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"},
		"an upload with much ado":    {"POST /many HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1;" + strings.Repeat("x", 100) + "\r\na\r\n"},
		"an upload that stands":      {"POST /many HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("a", 10), ""},
		"a second request that lags": {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, _ := slowServer(t, within)
			if took := drip(t, addr, c.head, c.piece, 20*time.Millisecond, within); took > 5*within {
				t.Errorf("cut after %s only", took)
			}
		})
	}
}

func TestAnHonestSlowUploadIsTaken(t *testing.T) {
	t.Parallel()
	const within = 300 * time.Millisecond
	addr, ended := slowServer(t, within)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const pieces, size = 60, 100 // 5 kB/s for 1.2 s: four times as long as a single read may take
	fmt.Fprintf(c, "POST /many HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", pieces*size)
	for range pieces {
		time.Sleep(20 * time.Millisecond)
		if _, err := io.WriteString(c, strings.Repeat("a", size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%v %v", r, err)
	}
}

func TestWhoDoesNotReadItsAnswerIsCut(t *testing.T) {
	t.Parallel()
	addr, ended := slowServer(t, 300*time.Millisecond)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /answer HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("64 MB are still being written to somebody who does not read")
	}
}

// Only the time spent waiting for the client counts: a server that is slow itself cuts
// nobody.
func TestRollingCountsTheClientsTimeAlone(t *testing.T) {
	t.Parallel()
	var until time.Time
	r := &rolling{set: func(u time.Time) error { until = u; return nil }, span: 400 * time.Millisecond}
	at := func() time.Duration { // the time given at the next read
		time.Sleep(110 * time.Millisecond) // the server is busy
		start := time.Now()
		if n, err := r.during(func() (int, error) { return 1, io.ErrNoProgress }); n != 1 || !errors.Is(err, io.ErrNoProgress) {
			t.Fatal(n, err)
		}
		return until.Sub(start)
	}
	for range 5 {
		if given := at(); given < 300*time.Millisecond {
			t.Fatalf("a client that is never waited for is given %s", given)
		}
	}
	if _, err := r.during(func() (int, error) { time.Sleep(time.Second); return 0, nil }); err != nil {
		t.Fatal(err)
	}
	if given := at(); given > 0 {
		t.Errorf("a client that was waited for for a second is given another %s", given)
	}
	r.moved = 1 << 20
	if given := at(); given < 300*time.Millisecond || given > 500*time.Millisecond {
		t.Errorf("a client that sent a megabyte is given %s", given)
	}
}
