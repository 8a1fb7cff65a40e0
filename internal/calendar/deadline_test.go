package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWorkingDayDeadlines(t *testing.T) {
	cases := []struct {
		why, from   string
		n           int
		last        string
		provisional bool
	}{
		// The worked example: Saturday 14th is a make-up day, 15th-23rd are off.
		{"accepted before Spring Festival", "2026-02-13 10:30", 5, "2026-02-27", false},
		{"the start day is not counted", "2026-03-02 00:00", 1, "2026-03-03", false},
		{"nor its last second", "2026-03-02 23:59", 1, "2026-03-03", false},
		{"accepted on a Sunday", "2026-03-08 12:00", 5, "2026-03-13", false},
		{"accepted in the holiday", "2026-10-03 12:00", 2, "2026-10-09", false},
		{"over the National Day make-up Saturday", "2026-10-08 12:00", 2, "2026-10-10", false},
		{"back-fill of paper, ten days", "2025-09-26 12:00", 10, "2025-10-16", false},
		{"zero days end with the day", "2026-02-15 08:00", 0, "2026-02-15", false},
		{"into a year without a notice", "2026-12-25 12:00", 5, "2027-01-01", true},
		{"only settled days", "2026-12-21 12:00", 4, "2026-12-25", false},
		{"ninety working days", "2025-12-31 12:00", 90, "2026-05-18", false},
	}
	for _, c := range cases {
		d := AddWorkingDays(local(t, c.from), c.n)
		if !d.LastDay().Equal(date(t, c.last)) || d.Provisional != c.provisional {
			t.Errorf("%s: last day %s provisional %v, want %s %v", c.why,
				d.LastDay().Format(time.DateOnly), d.Provisional, c.last, c.provisional)
		}
		if !d.At.Equal(EndOfDay(date(t, c.last))) || d.Rule.Count != c.n || d.Rule.Unit != WorkingDays || d.Calendar != Default().Version() {
			t.Errorf("%s: %+v", c.why, d)
		}
	}
}

func TestCalendarDayDeadlinesRoll(t *testing.T) {
	cases := []struct {
		why, from           string
		n                   int
		last                string
		rolled, provisional bool
	}{
		{"ends on a working day", "2026-03-02 12:00", 3, "2026-03-05", false, false},
		{"ends on a Saturday", "2026-03-02 12:00", 5, "2026-03-09", true, false},
		{"ends on a make-up Saturday", "2026-02-12 12:00", 2, "2026-02-14", false, false},
		{"ends in Spring Festival", "2026-02-14 12:00", 2, "2026-02-24", true, false},
		{"ends after the settled days", "2026-12-30 12:00", 2, "2027-01-01", false, true},
		{"passes settled days only", "2026-12-01 12:00", 20, "2026-12-21", false, false},
		{"rolls from a settled into an unsettled day", "2026-12-25 12:00", 1, "2026-12-28", true, true},
	}
	for _, c := range cases {
		d := AddCalendarDays(local(t, c.from), c.n)
		if !d.LastDay().Equal(date(t, c.last)) || d.Rolled != c.rolled || d.Provisional != c.provisional || d.Rule.Unit != CalendarDays {
			t.Errorf("%s: %+v, want %s", c.why, d, c.last)
		}
	}
}

func TestMetAtTheEdge(t *testing.T) {
	d := AddWorkingDays(local(t, "2026-02-13 10:30"), 5)
	end := local(t, "2026-02-28 00:00")
	if !d.Met(end.Add(-time.Millisecond)) || d.Met(end) {
		t.Errorf("the day's end is exclusive: %s", d.At)
	}
	stored := local(t, "2026-02-14 22:15") // hours run on through the holiday
	h := AddHours(stored, 48)
	if !h.At.Equal(local(t, "2026-02-16 22:15")) || h.Provisional || h.Calendar != "" {
		t.Errorf("48 h: %+v", h)
	}
	if !h.Met(h.At) || h.Met(h.At.Add(time.Millisecond)) {
		t.Error("48 h exactly is in time, a moment more is late")
	}
	if !h.LastDay().Equal(date(t, "2026-02-16")) {
		t.Errorf("last day of 48 h: %s", h.LastDay())
	}
}

func TestAbsurdCountsPanic(t *testing.T) {
	at := date(t, "2026-03-02")
	for name, f := range map[string]func(){
		"working":  func() { AddWorkingDays(at, -1) },
		"calendar": func() { AddCalendarDays(at, -1) },
		"hours":    func() { AddHours(at, -1) },
		"overflow": func() { AddHours(at, 1<<40) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// moments from before the first notice to after the last.
func moments() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1_540_000_000, 1_860_000_000).Draw(t, "unix"), 0).In(zone)
	})
}

func TestWorkingDayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := moments().Draw(t, "from")
		n := rapid.IntRange(0, 120).Draw(t, "n")
		m := rapid.IntRange(0, 120).Draw(t, "m")
		a, whole := AddWorkingDays(from, n), AddWorkingDays(from, n+m)

		if work, _ := IsWorkday(a.LastDay()); n > 0 && !work {
			t.Fatalf("%s + %d ends on a day off, %s", from, n, a.LastDay())
		}
		if b := AddWorkingDays(a.LastDay(), m); !b.At.Equal(whole.At) || (a.Provisional || b.Provisional) != whole.Provisional {
			t.Fatalf("%s + %d + %d = %s, + %d = %s", from, n, m, b.At, n+m, whole.At)
		}
		if whole.At.Before(a.At) || (m > 0 && !whole.At.After(a.At)) {
			t.Fatalf("more days end earlier: %s, %s", a.At, whole.At)
		}
		later := from.Add(time.Duration(rapid.Int64Range(0, 40*24*3600).Draw(t, "later")) * time.Second)
		if l := AddWorkingDays(later, n); l.At.Before(a.At) {
			t.Fatalf("a later start ends earlier: %s, %s", a.At, l.At)
		}
		count := 0 // by definition: the working days in (start day, last day]
		for d := EndOfDay(from); d.Before(a.At); d = EndOfDay(d) {
			if work, _ := IsWorkday(d); work {
				count++
			}
		}
		if count != n {
			t.Fatalf("%d working days between, want %d", count, n)
		}
	})
}

func TestCalendarDayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := moments().Draw(t, "from")
		n := rapid.IntRange(0, 400).Draw(t, "n")
		d := AddCalendarDays(from, n)
		work, _ := IsWorkday(d.LastDay())
		plain := StartOfDay(from).AddDate(0, 0, n)
		if !work || d.LastDay().Before(plain) || d.Rolled != d.LastDay().After(plain) {
			t.Fatalf("%s + %d = %+v", from, n, d)
		}
		for x := plain; x.Before(d.LastDay()); x = EndOfDay(x) {
			if work, _ := IsWorkday(x); work {
				t.Fatalf("rolled over the working day %s", x)
			}
		}
		if later := AddCalendarDays(from.Add(time.Hour), n); later.At.Before(d.At) {
			t.Fatalf("a later start ends earlier")
		}
	})
}
