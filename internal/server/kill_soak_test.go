//go:build soak

package server_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"liandan/internal/config"
)

// TestSoakKill is TestKill for LIANDAN_SOAK, by default ten minutes. The data begins anew
// every twenty rounds, so that the time goes into killing and not into reading a long log.
func TestSoakKill(t *testing.T) {
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
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			both(t, func(t *testing.T, cfg *config.Config) {
				k := newKilling(t, cfg)
				for r := 0; r < 20 && time.Now().Before(end) && !t.Failed(); r++ {
					k.round()
				}
				k.srv.kill()
			})
		})
	}
}
