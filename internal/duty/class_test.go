package duty

import (
	"testing"
	"time"
)

func TestClassOf(t *testing.T) {
	rules, err := ClassRules()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for g, want := range map[Generation]Class{{}: Registered, {Most: 9_999_999}: Registered, {Most: 10_000_000}: Simplified, {Most: 99_999_999}: Simplified, {Most: 100_000_000}: Key,
		{Own: true}: Key, {Licensed: true}: Key} {
		if c, r, ok := ClassOf(rules, g, at); !ok || c != want || r.Source() != "HJ 1259-2022 4.2" {
			t.Errorf("%+v is %s by %q", g, c, r.Source())
		}
	}
	if _, _, ok := ClassOf(nil, Generation{}, at); ok {
		t.Error("a class without a rule")
	}
}
