package calendar

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// local is a moment of a local day.
func local(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func date(t testing.TB, s string) time.Time { return local(t, s+" 00:00") }

// The number of days off and of make-up days in each calendar year, counted from
// the source list by another program: a lost or doubled row changes one of them.
func TestNoticesHaveTheirDays(t *testing.T) {
	off, work := map[int]int{}, map[int]int{}
	total := 0
	for d, isWork := range Default().special {
		year := d.start().Year()
		total++
		if isWork {
			work[year]++
		} else {
			off[year]++
		}
	}
	if total != 286 {
		t.Errorf("%d special days, want 286", total)
	}
	for year, want := range map[int]int{2024: 8, 2025: 5, 2026: 6} {
		if work[year] != want {
			t.Errorf("%d: %d make-up workdays, want %d", year, work[year], want)
		}
	}
	for year, want := range map[int]int{2018: 2, 2019: 22, 2020: 30, 2021: 31, 2022: 32, 2023: 26, 2024: 28, 2025: 28, 2026: 33} {
		if off[year] != want {
			t.Errorf("%d: %d days off by notice, want %d", year, off[year], want)
		}
	}
}

func TestIsWorkday(t *testing.T) {
	cases := []struct {
		day             string
		work, published bool
	}{
		{"2026-02-13 09:00", true, true},   // Friday
		{"2026-02-14 00:00", true, true},   // Saturday, make-up
		{"2026-02-15 23:59", false, true},  // Spring Festival
		{"2026-02-23 12:00", false, true},  // Monday, still the festival
		{"2026-02-24 12:00", true, true},   // Tuesday
		{"2026-03-01 12:00", false, true},  // plain Sunday
		{"2024-02-29 12:00", true, true},   // leap day, Thursday
		{"2018-12-29 12:00", true, true},   // make-up in the notice of 2019
		{"2018-12-28 12:00", true, false},  // before the first notice held
		{"2026-12-27 12:00", false, true},  // last settled Sunday
		{"2026-12-28 12:00", true, false},  // the 2027 notice may touch it
		{"2027-01-01 12:00", true, false},  // Friday; no notice held, so by weekday
		{"2027-01-02 12:00", false, false}, // Saturday
		{"1969-12-31 12:00", true, false},  // Wednesday before the epoch
	}
	for _, c := range cases {
		work, published := IsWorkday(local(t, c.day))
		if work != c.work || published != c.published {
			t.Errorf("%s: work %v published %v, want %v %v", c.day, work, published, c.work, c.published)
		}
	}
}

// A day is the local one, whatever zone the instant is written in.
func TestDaysAreLocal(t *testing.T) {
	utc := time.Date(2026, 2, 13, 16, 0, 0, 0, time.UTC) // 2026-02-14 00:00 local
	if got := StartOfDay(utc); !got.Equal(date(t, "2026-02-14")) {
		t.Errorf("start of %s = %s", utc, got)
	}
	if got := StartOfDay(utc.Add(-time.Nanosecond)); !got.Equal(date(t, "2026-02-13")) {
		t.Errorf("a nanosecond before: %s", got)
	}
	if got := EndOfDay(utc); !got.Equal(date(t, "2026-02-15")) {
		t.Errorf("end of %s = %s", utc, got)
	}
	old := time.Date(1969, 12, 31, 15, 59, 59, 999_000_000, time.UTC) // 23:59:59.999 local
	if got := StartOfDay(old); !got.Equal(date(t, "1969-12-31")) {
		t.Errorf("start of %s = %s", old, got)
	}
	if name, offset := utc.In(Zone()).Zone(); offset != 8*3600 || name != "Asia/Shanghai" {
		t.Errorf("zone %s %d", name, offset)
	}
}

// dayOf and start agree with the standard library's calendar for any moment.
func TestDayAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-4e9, 8e9).Draw(t, "unix"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		y, m, d := at.In(zone).Date()
		if want := time.Date(y, m, d, 0, 0, 0, 0, zone); !StartOfDay(at).Equal(want) {
			t.Fatalf("StartOfDay(%s) = %s, want %s", at, StartOfDay(at), want)
		}
	})
}

const goodHeader = "# version: v\n# settled_from: 2030-01-01\n# settled_to: 2030-12-31\n# source: SAMPLE\n" + columns + "\n"

func TestParseRefusesDamage(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":           {"", "columns"},
		"header only":     {"# version: v", "no column line"},
		"no version":      {"# source: SAMPLE\n" + columns, "version"},
		"no settled":      {"# version: v\n# source: s\n" + columns, "settled_from"},
		"settled reverse": {"# version: v\n# source: s\n# settled_from: 2030-01-02\n# settled_to: 2030-01-01\n" + columns, "before"},
		"other columns":   {"# version: v\na\tb\n", "columns"},
		"short row":       {goodHeader + "off\t2030-01-01\n", "cells"},
		"kind":            {goodHeader + "maybe\t2030-01-01\t2030-01-01\tx\t2030\n", "off or work"},
		"no such day":     {goodHeader + "off\t2030-02-30\t2030-02-30\tx\t2030\n", "not a date"},
		"bad last day":    {goodHeader + "off\t2030-02-01\tsoon\tx\t2030\n", "not a date"},
		"backwards":       {goodHeader + "off\t2030-01-03\t2030-01-01\tx\t2030\n", "backwards"},
		"a year off":      {goodHeader + "off\t2030-01-01\t2030-12-31\tx\t2030\n", "over 31"},
		"twice":           {goodHeader + "off\t2030-01-01\t2030-01-03\tx\t2030\noff\t2030-01-03\t2030-01-03\ty\t2030\n", "twice"},
	} {
		got, err := Parse(c.text)
		if err == nil || got != nil {
			t.Errorf("%s: accepted", name)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %q", name, err, c.says)
		}
	}
}

// A newer notice settles what was provisional, and both answers can be compared.
func TestANewNoticeSettlesADeadline(t *testing.T) {
	next, err := Parse(goodHeader + "off\t2030-01-01\t2030-01-01\t元旦\t2030\nwork\t2030-01-05\t2030-01-05\t元旦\t2030\n")
	if err != nil {
		t.Fatal(err)
	}
	from := date(t, "2029-12-31") // Monday
	before, after := AddWorkingDays(from, 4), next.AddWorkingDays(from, 4)
	if !before.Provisional || !before.LastDay().Equal(date(t, "2030-01-04")) {
		t.Errorf("without the notice: %+v", before)
	}
	if after.Provisional || !after.LastDay().Equal(date(t, "2030-01-05")) || after.Calendar != "v" {
		t.Errorf("with the notice: %+v", after)
	}
	first, last := next.Settled()
	if !first.Equal(date(t, "2030-01-01")) || !last.Equal(date(t, "2030-12-31")) || next.Source() != "SAMPLE" || next.Version() != "v" {
		t.Errorf("header: %s %s %s %s", first, last, next.Source(), next.Version())
	}
}

func FuzzParse(f *testing.F) {
	f.Add(holidaysTSV)
	f.Add(goodHeader + "off\t2030-01-01\t2030-01-03\tx\t2030\n")
	f.Add("# version: v\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if (c == nil) != (err != nil) {
			t.Fatalf("calendar %v with error %v", c, err)
		}
		if err != nil {
			return
		}
		if d := c.AddWorkingDays(c.from.start(), 3); !d.At.After(c.from.start()) {
			t.Fatalf("a deadline that does not move on: %+v", d)
		}
	})
}
