package httpapi

import (
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/duty"
)

// What runs and what was done late stands; what was done in time does not.
func TestStanding(t *testing.T) {
	due := time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC)
	owe := func(ended time.Time) duty.Duty {
		d := duty.Duty{Due: calendar.Deadline{At: due}}
		if !ended.IsZero() {
			d.Ended = ended.UnixMilli()
		}
		return d
	}
	running, late, done := owe(time.Time{}), owe(due.Add(time.Hour)), owe(due.Add(-time.Hour))
	for _, now := range []time.Time{due.Add(-time.Minute), due.AddDate(1, 0, 0)} {
		if got := standing([]duty.Duty{done, running, late, done}, now); len(got) != 2 || !got[0].Open() || got[1].Ended != late.Ended {
			t.Errorf("at %s: %+v", now, got)
		}
	}
}
