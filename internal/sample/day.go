package sample

import (
	"fmt"
	"time"

	"liandan/internal/calendar"
)

// Day is one day that a city plays.
type Day struct {
	// Date is any moment of the day; only its local date counts (Asia/Shanghai).
	Date time.Time
	// Run tells apart plays of the same date with the same seed on the same data: ids
	// follow from seed, date and run. Whoever keeps the data counts the runs.
	Run int
}

// The first and the last moment at which anything happens, local time of the day.
const (
	opens  = 6*time.Hour + 30*time.Minute
	closes = 20*time.Hour + 30*time.Minute
)

// Opens is the day's first moment: no event is dated before it.
func (d Day) Opens() time.Time { return calendar.StartOfDay(d.Date).Add(opens) }

// Closes is the day's last moment: no event is dated after it.
func (d Day) Closes() time.Time { return calendar.StartOfDay(d.Date).Add(closes) }

// String is the local date.
func (d Day) String() string { return d.Date.In(calendar.Zone()).Format(time.DateOnly) }

func (d Day) word() string { return fmt.Sprintf("%s/%d", d, d.Run) }

// MaxDays bounds how many days Days lays out.
const MaxDays = 365

// EnrolAt is when a city's devices should be enrolled by the server's clock: before every
// day that Days can lay out at now, because a key signs nothing older than itself.
func EnrolAt(now time.Time) time.Time { return calendar.StartOfDay(now).AddDate(0, 0, -MaxDays-1) }

// Days lays out n consecutive days of one run, of which the last is over at now, so that
// nothing lies in the future. It gives none when n is less than one, and MaxDays when n is
// larger.
func Days(now time.Time, n, run int) []Day {
	last := calendar.StartOfDay(now)
	if now.Before(last.Add(closes)) {
		last = last.AddDate(0, 0, -1)
	}
	n = max(min(n, MaxDays), 0)
	var out []Day
	for i := range n {
		out = append(out, Day{Date: last.AddDate(0, 0, i+1-n), Run: run})
	}
	return out
}

// The hours of the day, in order; what follows begins when what was before has ended, so
// that no event is dated before the one that it answers.
var hours = struct {
	closing, releasing, receiving, storing, announcing, recalling, issuing, collecting, relaying, takingOver, delivering, accepting,
	onIssuing, onCollecting, onDelivering, onAccepting, returning, mending, watching, treating, reporting,
	ashIssuing, ashCollecting, ashDelivering, ashAccepting, ashTreating, ashReporting, proposing,
	lateUpload, lateAccepting, lateTreating, lateReporting, lateArrival, evening window
	answering [2]window
}{
	closing:       clock(6, 30, 9, 30),
	releasing:     clock(9, 30, 9, 50),
	receiving:     clock(9, 50, 10, 20),
	storing:       clock(10, 20, 10, 50),
	announcing:    clock(10, 50, 10, 51),
	recalling:     clock(10, 51, 10, 55),
	issuing:       clock(10, 56, 11, 10),
	collecting:    clock(11, 10, 13, 20),
	relaying:      clock(13, 20, 13, 30),
	takingOver:    clock(13, 30, 13, 40),
	delivering:    clock(13, 40, 14, 30),
	accepting:     clock(14, 30, 15, 0),
	onIssuing:     clock(15, 0, 15, 10),
	onCollecting:  clock(15, 10, 15, 20),
	onDelivering:  clock(15, 40, 15, 50),
	onAccepting:   clock(15, 50, 16, 0),
	returning:     clock(16, 0, 16, 5),
	mending:       clock(16, 5, 16, 20),
	watching:      clock(16, 20, 16, 40),
	treating:      clock(16, 0, 17, 10),
	reporting:     clock(17, 10, 17, 30),
	ashIssuing:    clock(17, 30, 17, 45),
	ashCollecting: clock(17, 45, 18, 0),
	ashDelivering: clock(18, 20, 18, 30),
	ashAccepting:  clock(18, 35, 18, 45),
	ashTreating:   clock(18, 50, 19, 5),
	ashReporting:  clock(19, 5, 19, 15),
	proposing:     clock(19, 15, 19, 17),
	answering:     [2]window{clock(19, 17, 19, 18), clock(19, 18, 19, 19)},
	evening:       clock(20, 10, 20, 30),
	lateArrival:   clock(18, 40, 19, 0),
	lateUpload:    clock(19, 15, 19, 20),
	lateAccepting: clock(19, 25, 19, 40),
	lateTreating:  clock(19, 40, 20, 10),
	lateReporting: clock(20, 10, 20, 30),
}

// window is a span of the day.
type window struct{ from, to time.Duration }

func clock(h1, m1, h2, m2 int) window {
	at := func(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }
	return window{at(h1, m1), at(h2, m2)}
}

// at is the moment of the i-th of n things that happen in a window one after the other.
func (s *script) at(w window, i, n int) time.Time {
	step := (w.to - w.from) / time.Duration(n+1)
	jitter := time.Duration(s.random.Int64N(int64(step)/2 + 1))
	return s.midnight.Add(w.from + step*time.Duration(i) + step/4 + jitter).Truncate(time.Millisecond)
}
