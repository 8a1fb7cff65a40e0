package contract

import (
	"strings"
	"testing"

	"liandan/internal/httpapi"
)

// TestRoutesAreTheContracts compares the routes that Echo serves with the contract's
// paths and methods, both ways.
func TestRoutesAreTheContracts(t *testing.T) {
	declared := map[string]bool{}
	for _, c := range calls(load(t)) {
		declared[c.method+" "+c.path] = true
	}
	served := map[string]bool{}
	for _, r := range httpapi.New(httpapi.Config{Gate: everybody()}).Routes() {
		segments := strings.Split(r.Path, "/")
		for i, s := range segments {
			if name, ok := strings.CutPrefix(s, ":"); ok {
				segments[i] = "{" + name + "}"
			}
			if s == "*" { // Echo names no wildcard; the contract calls the rest of a path so
				segments[i] = "{path}"
			}
		}
		at := r.Method + " " + strings.Join(segments, "/")
		if served[at] {
			t.Errorf("%s is served twice", at)
		}
		served[at] = true
		if !declared[at] {
			t.Errorf("%s is served and not in the contract", at)
		}
	}
	for at := range declared {
		if !served[at] {
			t.Errorf("%s is in the contract and not served", at)
		}
	}
	if len(declared) < 20 {
		t.Errorf("the contract has only %d operations", len(declared))
	}
}
