// Package calendar counts working days, calendar days and hours as the law of the
// PRC does, in local days of Asia/Shanghai, from embedded facts of the State
// Council's holiday notices.
//
// It is pure: it must not read a clock or a time-zone database, and it does not
// know which duty has which deadline (package rule does). Where a count needs a day
// that no notice has settled yet it takes Monday to Friday and says "provisional".
package calendar

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// zone is fixed at +08:00 so that no deployment depends on tzdata; China has had
// no summer time since 1991.
var zone = time.FixedZone("Asia/Shanghai", 8*60*60)

// Zone is Asia/Shanghai, the zone in which every day here begins and ends.
func Zone() *time.Location { return zone }

// StartOfDay is 00:00 local of the day that contains t.
func StartOfDay(t time.Time) time.Time { return dayOf(t).start() }

// EndOfDay is 00:00 local of the following day: the first moment outside the day.
func EndOfDay(t time.Time) time.Time { return (dayOf(t) + 1).start() }

// day counts local days from 1970-01-01, day 0.
type day int64

const secondsPerDay = 24 * 60 * 60

func dayOf(t time.Time) day {
	_, offset := t.In(zone).Zone()
	s := t.Unix() + int64(offset)
	d := s / secondsPerDay
	if s%secondsPerDay < 0 {
		d--
	}
	return day(d)
}

func (d day) start() time.Time {
	return time.Date(1970, time.January, 1+int(d), 0, 0, 0, 0, zone)
}

// Calendar is one version of the holiday facts. It does not change after it is
// made and may be shared.
type Calendar struct {
	version, source string
	from, to        day          // settled, both inclusive
	special         map[day]bool // true = a working day by notice, false = off by notice
}

// Version names the snapshot of facts, to be kept with every deadline counted by it.
func (c *Calendar) Version() string { return c.version }

// Source says where the facts are from.
func (c *Calendar) Source() string { return c.source }

// Settled is the first and the last local day that no future notice will change.
func (c *Calendar) Settled() (first, last time.Time) { return c.from.start(), c.to.start() }

// IsWorkday tells of the local day that contains t whether it is a working day and
// whether that is settled by a published notice. Unsettled days go by weekday.
func (c *Calendar) IsWorkday(t time.Time) (work, published bool) { return c.at(dayOf(t)) }

func (c *Calendar) at(d day) (work, published bool) {
	published = d >= c.from && d <= c.to
	if work, ok := c.special[d]; ok {
		return work, published
	}
	wd := d.start().Weekday()
	return wd != time.Saturday && wd != time.Sunday, published
}

//go:embed data/holidays_cn.tsv
var holidaysTSV string

var defaultCalendar = sync.OnceValue(func() *Calendar {
	c, err := Parse(holidaysTSV)
	if err != nil {
		panic("calendar: embedded holidays: " + err.Error())
	}
	return c
})

// Default is the calendar that ships with Liandan.
func Default() *Calendar { return defaultCalendar() }

// IsWorkday asks the default calendar.
func IsWorkday(t time.Time) (work, published bool) { return Default().IsWorkday(t) }

// columns of the table of notices.
const columns = "kind\tfirst\tlast\tname\tnotice"

// maxRange bounds one row: no holiday is longer, so a longer range is a slip.
const maxRange = 31

// Parse reads a table of notices in the form of data/holidays_cn.tsv, so that a
// new year's notice can be loaded without a new build. Header lines "# key: value"
// must give version, source, settled_from and settled_to; rows are "off" or "work"
// with a first and last day. A day that two rows claim is refused. A "work"
// row may name a weekday: the extension of 2020 did so for Monday 3 February.
func Parse(text string) (*Calendar, error) {
	c := &Calendar{special: map[day]bool{}}
	head := map[string]string{}
	named := false
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			if key, value, ok := strings.Cut(rest, ": "); ok && !named {
				head[key] = value
			}
			continue
		}
		if !named {
			if line != columns {
				return nil, fmt.Errorf("line %d: want the columns %q", i+1, columns)
			}
			named = true
			continue
		}
		if err := c.addRow(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if !named {
		return nil, errors.New("no column line")
	}
	if err := c.setHeader(head); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Calendar) addRow(cells []string) error {
	if len(cells) != 5 {
		return fmt.Errorf("%d cells, want 5", len(cells))
	}
	if cells[0] != "off" && cells[0] != "work" {
		return fmt.Errorf("kind is off or work, not %q", cells[0])
	}
	work := cells[0] == "work"
	first, err := parseDay(cells[1])
	if err != nil {
		return err
	}
	last, err := parseDay(cells[2])
	if err != nil {
		return err
	}
	if last < first || last-first >= maxRange {
		return fmt.Errorf("the range %s to %s is backwards or over %d days", cells[1], cells[2], maxRange)
	}
	for d := first; d <= last; d++ {
		if _, dup := c.special[d]; dup {
			return fmt.Errorf("%s is listed twice", d.start().Format(time.DateOnly))
		}
		c.special[d] = work
	}
	return nil
}

func (c *Calendar) setHeader(head map[string]string) (err error) {
	c.version, c.source = head["version"], head["source"]
	if c.version == "" || c.source == "" {
		return errors.New("the header lacks version or source")
	}
	if c.from, err = parseDay(head["settled_from"]); err != nil {
		return fmt.Errorf("settled_from: %w", err)
	}
	if c.to, err = parseDay(head["settled_to"]); err != nil {
		return fmt.Errorf("settled_to: %w", err)
	}
	if c.to < c.from {
		return errors.New("settled_to is before settled_from")
	}
	return nil
}

func parseDay(s string) (day, error) {
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date YYYY-MM-DD", s)
	}
	return dayOf(t), nil
}
