//go:build soak

package record_test

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestSoakStoreBreaks is TestStoreBreaksUnderLoad on new data again and again, for
// LIANDAN_SOAK, by default ten minutes.
func TestSoakStoreBreaks(t *testing.T) {
	length := 10 * time.Minute
	if v := os.Getenv("LIANDAN_SOAK"); v != "" {
		var err error
		if length, err = time.ParseDuration(v); err != nil {
			t.Fatalf("LIANDAN_SOAK: %v", err)
		}
	}
	end := time.Now().Add(length)
	for n := 0; time.Now().Before(end) && !t.Failed(); n++ {
		// A test of its own waits for its parallel parts.
		t.Run(fmt.Sprint(n), func(t *testing.T) { both(t, breakUnderLoad) })
	}
}
