package machine

import (
	"math"
	"sync"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Limits of failed attempts in a minute, on each server. A secret has 256 bits, so nobody
// guesses one: the limits keep wrong tries cheap for the server.
const (
	MaxFailures      = 10  // for one client id, known or not
	MaxFailuresInAll = 300 // for all ids together
)

// attempts counts tries of the running minute. Each try is counted before anything is
// compared and given back only when it was right, so that tries at the same time cannot
// get past a limit together.
//
// The limit in all would let a stranger who sends rubbish shut every client out; so it
// does not bind ids that this process has seen the right secret of. Such an id is known to
// few, and its own limit binds it still.
type attempts struct {
	mu    sync.Mutex
	since time.Time
	all   int
	by    map[id.Client]int // no more than the limit in all, and the proven
	// proven is bounded by the number of clients there are.
	proven map[id.Client]bool
}

func newAttempts() attempts {
	return attempts{by: map[id.Client]int{}, proven: map[id.Client]bool{}}
}

// try is one attempt on its way.
type try struct {
	client id.Client
	since  time.Time // the minute it was counted in
	inAll  bool
}

// begin counts a try, or says how long to wait. The zero client is an id that is none.
func (a *attempts) begin(c id.Client, now time.Time) (try, time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roll(now)
	rest := a.since.Add(time.Minute).Sub(now)
	t := try{client: c, since: a.since, inAll: !a.proven[c]}
	if a.by[c] >= MaxFailures || (t.inAll && a.all >= MaxFailuresInAll) {
		return t, rest
	}
	if t.inAll {
		a.all++
	}
	if !c.IsZero() {
		a.by[c]++
	}
	return t, 0
}

// giveBack takes a try off the count: it was right, or nothing could be compared.
func (a *attempts) giveBack(t try, right bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.since.Equal(a.since) { // else the count began anew meanwhile
		a.by[t.client]--
		if t.inAll {
			a.all--
		}
	}
	if right {
		a.proven[t.client] = true
	}
}

// roll begins a new minute. A clock that was set back does too.
func (a *attempts) roll(now time.Time) {
	if ago := now.Sub(a.since); ago < 0 || ago >= time.Minute {
		a.since, a.all = now, 0
		clear(a.by)
	}
}

func tooManyAttempts(wait time.Duration) error {
	return fault.New(fault.TooManyAttempts, "Too many attempts with wrong credentials. Wait, check the client's id and secret, and try again.").
		With(retryAfter, seconds(wait))
}

// retryAfter is the fact that says how many whole seconds to wait, as an int64.
const retryAfter = "retry_after_seconds"

func seconds(d time.Duration) int64 { return max(1, int64(math.Ceil(d.Seconds()))) }
