//go:build jdk

package clients

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestJDK(t *testing.T) {
	b := start(t)
	dir := copied(t, "../../docs/clients/java")
	source, key := filepath.Join(dir, "Liandan.java"), filepath.Join(dir, "device.key")
	output(t, "", 0, "java", source, "keygen", key)
	output(t, "", 0, "java", source, "enrol", b.URL, b.code(), key)
	lines := b.payloads(true)
	out := output(t, lines, 1, "java", source, "send", b.URL, key)
	if strings.Count(out, `"status":201`) != 3 || strings.Count(out, "invalid-event") == 0 {
		t.Fatalf("answers: %s", out)
	}
	b.recorded()
	again := output(t, lines, 1, "java", source, "send", b.URL, key)
	if strings.Count(again, `"status":200`) != 3 {
		t.Fatalf("the same bytes again: %s", again)
	}
	b.recorded()
}
