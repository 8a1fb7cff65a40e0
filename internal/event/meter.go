package event

import (
	"time"

	"liandan/internal/calendar"
)

// Metered is meter.recorded: one day's total of a pipeline, read at one of its ends under
// a manifest (Order 23 art. 16). The day is a batch: its line has what the meter says. The
// consignor reads at its end first, then the consignee at the other.
type Metered struct {
	Meter string // the meter's own number
	Day   time.Time
}

func (Metered) of() Type { return MeterRecorded }

const dayForm = "2006-01-02"

func readMetered(r *reader) Data {
	defer r.close()
	return Metered{Meter: r.text("meter", true, 32), Day: parsed(r, "day", true, parseDay)}
}

func parseDay(s string) (time.Time, error) {
	return time.ParseInLocation(dayForm, s, calendar.Zone())
}

func (d Metered) write(m members) {
	m.text("meter", d.Meter)
	m.text("day", d.Day.Format(dayForm))
}
