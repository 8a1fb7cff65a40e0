package audit_test

import (
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/manifest"
)

// A manifest issued in the first hours of a year in China has that year, though UTC has not.
func TestTheProvisionalNumbersYear(t *testing.T) {
	for at, year := range map[string]string{"2026-12-31T15:59:59Z": "2026", "2026-12-31T16:00:00Z": "2027"} {
		issued, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if n := audit.Provisional(manifest.State{IssuedAt: issued.UnixMilli()}); !strings.HasPrefix(n, "L-"+year+"-") {
			t.Errorf("%s: %q, expected the year %s", at, n, year)
		}
	}
}
