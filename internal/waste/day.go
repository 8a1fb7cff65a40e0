package waste

import "time"

// compactDate is how codes spell a day: yyyymmdd.
const compactDate = "20060102"

// The years that codes of this century carry. A year outside is a slip of the pen, and
// "0001" or "9999" would be taken for a day by the calendar alone.
const (
	firstYear = 2000
	lastYear  = 2099
)

// parseDay reads yyyymmdd as the start of the local day; 30 February is none.
func parseDay(s string) (time.Time, bool) {
	t, err := time.ParseInLocation(compactDate, s, zone)
	if err != nil || len(s) != len(compactDate) || !inCentury(t.Year()) {
		return time.Time{}, false
	}
	return t, true
}

// startOfDay is the start of the local day that t falls on.
func startOfDay(t time.Time) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

func inCentury(year int) bool { return year >= firstYear && year <= lastYear }

// digitsOnly reports n ASCII digits and nothing else.
func digitsOnly(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
