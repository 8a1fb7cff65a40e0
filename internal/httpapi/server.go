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
)

// Server is an http.Server with every limit set; the zero ones would let a slow client
// hold a connection for ever.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: headerWithin, ReadTimeout: bodyWithin,
		WriteTimeout: answerWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeader}
}

// rolling gives a long exchange more time while it moves: every read and every write gets
// a deadline of its own. Deadlines are set at most once a second, by the machine's own
// clock: that is the one they expire by.
type rolling struct {
	set  func(time.Time) error
	span time.Duration
	last time.Time
}

func (r *rolling) touch() {
	if now := time.Now(); now.Sub(r.last) > time.Second {
		r.last = now
		_ = r.set(now.Add(r.span)) // a test's recorder has no deadlines
	}
}
