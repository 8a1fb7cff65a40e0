package report

import (
	"fmt"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/indicator"
)

// Grains are the lengths of periods that reports are made of by the calendar.
var Grains = []indicator.Grain{indicator.Weekly, indicator.Monthly, indicator.Quarterly, indicator.HalfYear, indicator.Yearly}

// Hour is the local hour of the day after a period's end at which its report is due: early
// enough for the morning, late enough for phones that came home in the evening.
const Hour = 6

// Due is when the report of a period is made.
func Due(p indicator.Period) time.Time { return p.To.Add(Hour * time.Hour) }

// Of is the period of a grain that a moment lies in (Asia/Shanghai).
func Of(g indicator.Grain, t time.Time) (indicator.Period, error) {
	t = t.In(calendar.Zone())
	name := t.Format(time.DateOnly)
	switch g {
	case indicator.Weekly:
		y, w := t.ISOWeek()
		name = fmt.Sprintf("%04d-W%02d", y, w)
	case indicator.Monthly:
		name = t.Format("2006-01")
	case indicator.Quarterly:
		name = fmt.Sprintf("%04d-Q%d", t.Year(), (int(t.Month())+2)/3)
	case indicator.HalfYear:
		name = fmt.Sprintf("%04d-H%d", t.Year(), (int(t.Month())+5)/6)
	case indicator.Yearly:
		name = t.Format("2006")
	}
	return indicator.ParsePeriod(name)
}

// Before is the period of the same length before one.
func Before(p indicator.Period) (indicator.Period, error) { return Of(p.Grain, p.From.Add(-time.Hour)) }

// catchUp is how many periods of a grain are made after a time without a server, the newest
// included. What is older is made on request.
var catchUp = map[indicator.Grain]int{indicator.Weekly: 8, indicator.Monthly: 6, indicator.Quarterly: 4, indicator.HalfYear: 2, indicator.Yearly: 2}

// due lists the periods of a grain whose reports are due, oldest first: those that ended
// after the log began, and no more than are caught up with.
func due(g indicator.Grain, began, now time.Time) (out []indicator.Period, err error) {
	p, err := Of(g, now)
	for err == nil && Due(p).After(now) {
		p, err = Before(p)
	}
	for n := 0; err == nil && n < catchUp[g] && p.To.After(began); n++ {
		out = append([]indicator.Period{p}, out...)
		p, err = Before(p)
	}
	return out, err
}
