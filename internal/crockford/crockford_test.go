package crockford

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReadAsMeant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(rt, "n")
		code := Write(rapid.SliceOfN(rapid.Byte(), n, n).Draw(rt, "random"))
		spoken := strings.ToLower(strings.NewReplacer("0", "o", "1", "l").Replace(code[:n])) + code[n:]
		spoken = spoken[:n/2] + " - " + spoken[n/2:]
		if len(spoken) <= 2*n+12 {
			if got, ok := Read(spoken, n); !ok || got != code {
				rt.Fatalf("%q read as %q %v, want %q", spoken, got, ok, code)
			}
		}
		at := rapid.IntRange(0, n).Draw(rt, "at")
		other := rapid.SampledFrom([]byte(checks+"!é")).Draw(rt, "other")
		if other != code[at] {
			if got, ok := Read(code[:at]+string(other)+code[at+1:], n); ok {
				rt.Fatalf("%q with %q at %d read as %q", code, other, at, got)
			}
		}
		if _, ok := Read(code[1:], n); ok {
			rt.Fatal("a code with a digit missing was read")
		}
	})
}
