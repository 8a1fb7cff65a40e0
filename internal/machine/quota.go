package machine

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"liandan/internal/access"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// MaxIssues is how many tokens a client gets in a minute, on each server. A token lives an
// hour; whoever asks more often forgets to keep it.
const MaxIssues = 30

// meter is what one client has used. Guarded by the meters' lock.
type meter struct {
	perMinute int // 0: not known yet
	requests  *rate.Limiter
	issues    *rate.Limiter
	used      time.Time
}

// meters are the quotas as this process counts them. There is one for each client that has
// shown good credentials here, so strangers cannot make the map grow.
type meters struct {
	mu sync.Mutex
	of map[id.Client]*meter
}

// get makes or finds a meter. The caller holds mu.
func (m *meters) get(c id.Client, now time.Time) *meter {
	v, ok := m.of[c]
	if !ok {
		v = &meter{issues: rate.NewLimiter(rate.Limit(MaxIssues)/60, MaxIssues)}
		m.of[c] = v
	}
	v.used = now
	return v
}

// set makes a quota hold from now on. What was used stays used.
func (m *meters) set(c id.Client, perMinute int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.get(c, now)
	if v.perMinute == perMinute {
		return
	}
	v.perMinute = perMinute
	each, burst := rate.Limit(perMinute)/60, max(1, perMinute/2)
	if v.requests == nil {
		v.requests = rate.NewLimiter(each, burst)
		return
	}
	v.requests.SetLimitAt(now, each)
	v.requests.SetBurstAt(now, burst)
}

func (m *meters) issue(c id.Client, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return takeOne(m.get(c, now).issues, now)
}

// takeOne takes one, or says how long until there is one and takes none.
func takeOne(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// forget drops the meters not used since: they are full again by then.
func (m *meters) forget(since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, v := range m.of {
		if v.used.Before(since) {
			delete(m.of, c)
		}
	}
}

// Allow takes one request off a client's quota, or says how long to wait. The quota is the
// one that the client's latest call of Actor read, so a changed one acts at once; a client
// that Actor has not met here gets nothing.
//
// The quota is per server: each process counts for itself, and a client that spreads its
// requests over two servers gets twice the quota. A count that all servers share would
// cost every request a write. Half the quota may come at once.
func (s *Service) Allow(c id.Client) (ok bool, wait time.Duration) {
	now := s.now()
	s.meters.mu.Lock()
	defer s.meters.mu.Unlock()
	m, known := s.meters.of[c]
	if !known || m.requests == nil {
		return false, time.Minute
	}
	m.used = now
	wait = takeOne(m.requests, now)
	return wait == 0, wait
}

// Admit is Allow for whoever asks, as a fault: nil for those who are no client. Fault:
// quota-exceeded with the fact retry_after_seconds.
func (s *Service) Admit(a access.Actor) error {
	c, isClient := ClientOf(a)
	if !isClient {
		return nil
	}
	if ok, wait := s.Allow(c); !ok {
		return quotaExceeded(wait)
	}
	return nil
}

func quotaExceeded(wait time.Duration) error {
	return fault.New(fault.QuotaExceeded, "This API client has used up its requests for now. Wait as long as Retry-After says; ask whoever runs this server if you need more.").
		With(retryAfter, seconds(wait))
}
