package indicator

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/fault"
)

// Grain is the length of a period.
type Grain string

// The grains.
const (
	Daily     Grain = "day"
	Weekly    Grain = "week"
	Monthly   Grain = "month"
	Quarterly Grain = "quarter"
	HalfYear  Grain = "half_year"
	Yearly    Grain = "year"
)

// Period is a stretch of whole local days (Asia/Shanghai): From inclusive, To exclusive.
type Period struct {
	Name  string // 2026-03-02, 2026-W10, 2026-03, 2026-Q1, 2026-H1 or 2026
	Grain Grain
	From  time.Time
	To    time.Time
}

var periodForms = []struct {
	grain Grain
	form  *regexp.Regexp
}{
	{Daily, regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)$`)}, {Weekly, regexp.MustCompile(`^(\d{4})-W(\d\d)$`)},
	{Monthly, regexp.MustCompile(`^(\d{4})-(\d\d)$`)}, {Quarterly, regexp.MustCompile(`^(\d{4})-Q([1-4])$`)},
	{HalfYear, regexp.MustCompile(`^(\d{4})-H([12])$`)}, {Yearly, regexp.MustCompile(`^(\d{4})$`)},
}

// ParsePeriod reads a period's name. Weeks are those of ISO 8601: from Monday, the first
// with four days in the year. The fault is invalid-request.
func ParsePeriod(s string) (Period, error) {
	for _, f := range periodForms {
		m := f.form.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		n := [4]int{}
		for i, digits := range m[1:] {
			n[i], _ = strconv.Atoi(digits)
		}
		p := Period{Name: s, Grain: f.grain}
		if n[0] >= 2000 && n[0] <= 2199 && p.span(n[0], n[1], n[2]) {
			return p, nil
		}
	}
	return Period{}, fault.New(fault.InvalidRequest, "There is no such period.").
		At("/period", "format", "must be a day 2026-03-02, week 2026-W10, month 2026-03, quarter 2026-Q1, half-year 2026-H1 or year 2026")
}

func (p *Period) span(year, n, day int) bool {
	first := func(month int) time.Time { return time.Date(year, time.Month(month), 1, 0, 0, 0, 0, calendar.Zone()) }
	switch p.Grain {
	case Daily:
		p.From = time.Date(year, time.Month(n), day, 0, 0, 0, 0, calendar.Zone())
		p.To = p.From.AddDate(0, 0, 1)
		return p.From.Format(time.DateOnly) == p.Name
	case Weekly:
		fourth := time.Date(year, 1, 4, 0, 0, 0, 0, calendar.Zone()) // lies in week 1
		p.From = fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7+7*(n-1))
		p.To = p.From.AddDate(0, 0, 7)
		y, w := p.From.ISOWeek()
		return y == year && w == n
	case Monthly:
		p.From, p.To = first(n), first(n+1)
		return n >= 1 && n <= 12
	case Quarterly:
		p.From, p.To = first(3*n-2), first(3*n+1)
	case HalfYear:
		p.From, p.To = first(6*n-5), first(6*n+1)
	case Yearly:
		p.From, p.To = first(1), first(13)
	}
	return true
}

// Holds says whether a moment, in Unix milliseconds, lies in the period.
func (p Period) Holds(ms int64) bool { return p.From.UnixMilli() <= ms && ms < p.To.UnixMilli() }

// Days are the numbers of its first day and of the day after its last.
func (p Period) Days() (first, after int64) {
	return DayOf(p.From.UnixMilli()), DayOf(p.To.UnixMilli())
}

// Whole says whether the period is made of whole months.
func (p Period) Whole() bool { return p.Grain != Daily && p.Grain != Weekly }

const (
	dayMillis = 24 * 60 * 60 * 1000
	zoneShift = 8 * 60 * 60 * 1000
)

// DayOf numbers the local day of a moment: days since 1970-01-01.
func DayOf(ms int64) int64 { return floorDiv(ms+zoneShift, dayMillis) }

// MonthOf is the number of the first day of a day's month.
func MonthOf(day int64) int64 {
	return day - int64(time.Unix(day*dayMillis/1000, 0).UTC().Day()) + 1
}

// SpellDay writes a day's number as a date.
func SpellDay(day int64) string { return time.Unix(day*dayMillis/1000, 0).UTC().Format(time.DateOnly) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Baoding's own row: what is registered at the city itself and in none of its districts.
const cityCode = "130600"

func (p Period) String() string { return fmt.Sprintf("%s %s", p.Grain, p.Name) }
