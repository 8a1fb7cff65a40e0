package httpapi

import (
	"net/http"
	"time"
)

// Time limits of a connection. An upload of many lines moves its own deadlines on as it
// goes; see rolling.
const (
	headerWithin = 10 * time.Second
	bodyWithin   = 30 * time.Second
	answerWithin = 60 * time.Second
	idleWithin   = 120 * time.Second
	maxHeader    = 16 << 10
	maxStreams   = 64 // requests at one time on one HTTP/2 connection
	// leastRate is the bytes a second below which a long exchange is given up. A telephone
	// on a bad line does ten times as much.
	leastRate = 128
)

// Server is an http.Server with every limit set; the zero ones would let a slow client
// hold a connection for ever.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: headerWithin, ReadTimeout: bodyWithin,
		WriteTimeout: answerWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeader,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams}}
}

// rolling gives a long exchange more time while it moves: every read or every write gets
// a deadline of its own, no later than span ahead. Bytes earn that time: all the waiting
// together may be span and one second for each leastRate bytes, so that a client that
// drips a byte a second is cut like one that sends nothing. Only the time spent waiting
// for the client counts, not what the server takes in between.
//
// Deadlines are set at most once a second, by the machine's own clock: that is the one
// they expire by.
type rolling struct {
	set  func(time.Time) error
	span time.Duration

	last   time.Time // when the deadline was set
	waited time.Duration
	moved  int64
}

// during runs one read or write under a deadline.
func (r *rolling) during(move func() (int, error)) (int, error) {
	start := time.Now()
	r.touch(start)
	n, err := move()
	r.waited += time.Since(start)
	r.moved += int64(n)
	return n, err
}

func (r *rolling) touch(now time.Time) {
	if now.Sub(r.last) <= min(time.Second, r.span/4) {
		return
	}
	r.last = now
	earned := time.Duration(float64(r.moved) / leastRate * float64(time.Second))
	_ = r.set(now.Add(min(r.span, r.span+earned-r.waited))) // a test's recorder has no deadlines
}
