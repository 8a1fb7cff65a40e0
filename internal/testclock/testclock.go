// Package testclock is what the suites of tests have in common beside a database: a clock
// that stands still until it is moved, and a source of randomness that several share.
//
// Nothing but tests may import it, and it must not know any of our own packages.
package testclock

import (
	"io"
	"sync"
	"time"
)

// Clock stands still until it is moved. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// At is a clock that stands at a time.
func At(t time.Time) *Clock { return &Clock{now: t} }

// Now is the time at which it stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves it.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Shared makes a source safe for concurrent use.
func Shared(r io.Reader) io.Reader { return &shared{r: r} }

type shared struct {
	mu sync.Mutex
	r  io.Reader
}

func (s *shared) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}
