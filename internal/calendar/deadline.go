package calendar

import (
	"fmt"
	"time"
)

// Unit is what a period is counted in.
type Unit string

// The units.
const (
	WorkingDays  Unit = "working_days"
	CalendarDays Unit = "calendar_days"
	Hours        Unit = "hours"
)

// Rule says how a deadline was counted. Which duty it belongs to, and by which
// instrument and article, is the business of package rule.
type Rule struct {
	Unit  Unit
	Count int
	Basis string // the law of counting, for the reader
}

// The laws of counting. Civil Code (民法典) articles 200-204 govern periods where
// no special law does; Administrative Licensing Law (行政许可法) article 82 says
// that days of a period are working days without statutory holidays.
const (
	basisWorking  = "start day not counted (民法典 201); working days without statutory holidays (行政许可法 82)"
	basisCalendar = "start day not counted (民法典 201); a last day off moves to the next working day (民法典 203)"
	basisHours    = "hours counted from the moment itself (民法典 201)"
)

// Deadline is when a period ends.
type Deadline struct {
	// At ends the period. For days it is 00:00 local after the last day and itself
	// too late (exclusive); for hours it is the last moment in time (inclusive).
	// Met knows the difference.
	At   time.Time
	Rule Rule
	// Rolled: the last day was off and moved (calendar days only).
	Rolled bool
	// Provisional: the count needed a day that no notice has settled. Count again
	// with a later calendar, and keep both values.
	Provisional bool
	// Calendar is the version of the facts counted with, "" for hours.
	Calendar string
}

// Met reports that an act at t is in time.
func (d Deadline) Met(t time.Time) bool {
	if d.Rule.Unit == Hours {
		return !t.After(d.At)
	}
	return t.Before(d.At)
}

// LastDay is 00:00 local of the last day on which an act is in time.
func (d Deadline) LastDay() time.Time {
	if d.Rule.Unit == Hours {
		return StartOfDay(d.At)
	}
	return (dayOf(d.At) - 1).start()
}

// AddWorkingDays ends on the n-th working day after the local day of from, which is
// not counted itself. With n = 0 it ends with that day, working or not. An n
// below 0 or over 100,000 is a slip of the program and panics.
func (c *Calendar) AddWorkingDays(from time.Time, n int) Deadline {
	mustCount(n)
	out := Deadline{Rule: Rule{WorkingDays, n, basisWorking}, Calendar: c.version}
	d := dayOf(from)
	for left := n; left > 0; {
		d++
		work, published := c.at(d)
		out.Provisional = out.Provisional || !published
		if work {
			left--
		}
	}
	out.At = (d + 1).start()
	return out
}

// AddCalendarDays ends with the n-th day after the local day of from; when that
// last day is off (a weekend without make-up work, or a statutory holiday) it moves
// to the next working day. An n below 0 or over 100,000 panics.
func (c *Calendar) AddCalendarDays(from time.Time, n int) Deadline {
	mustCount(n)
	out := Deadline{Rule: Rule{CalendarDays, n, basisCalendar}, Calendar: c.version}
	d := dayOf(from) + day(n)
	for {
		work, published := c.at(d)
		out.Provisional = out.Provisional || !published
		if work {
			break
		}
		out.Rolled = true
		d++
	}
	out.At = (d + 1).start()
	return out
}

// AddWorkingDays counts with the default calendar.
func AddWorkingDays(from time.Time, n int) Deadline { return Default().AddWorkingDays(from, n) }

// AddCalendarDays counts with the default calendar.
func AddCalendarDays(from time.Time, n int) Deadline { return Default().AddCalendarDays(from, n) }

// AddHours ends n hours after the moment itself; no day off prolongs it, because
// what it guards (waste in a store) does not rest. An n below 0 or over 100,000
// panics.
func AddHours(from time.Time, n int) Deadline {
	mustCount(n)
	return Deadline{At: from.Add(time.Duration(n) * time.Hour).In(zone), Rule: Rule{Hours, n, basisHours}}
}

// maxCount bounds a period: 100,000 hours are eleven years. Nothing in law is near
// it, and within it no duration overflows.
const maxCount = 100_000

func mustCount(n int) {
	if n < 0 || n > maxCount {
		panic(fmt.Sprintf("calendar: a period of %d", n))
	}
}
