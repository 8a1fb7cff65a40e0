package main

import (
	"os"
	"regexp"
	"testing"
)

// TestReadmeNamesEveryCommand: what the program can do stands in the README, and nothing
// stands there that it cannot.
func TestReadmeNamesEveryCommand(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^liandan ([a-z-]+(?:(?: /|,) [a-z-]+)*) `).FindAllSubmatch(readme, -1) {
		for _, word := range regexp.MustCompile(`[a-z-]+`).FindAllString(string(line[1]), -1) {
			listed[word] = true
		}
	}
	for _, c := range commands() {
		if !listed[c.name] {
			t.Errorf("the README does not list liandan %s", c.name)
		}
		delete(listed, c.name)
	}
	delete(listed, "keep") // what `liandan report` takes
	delete(listed, "list")
	delete(listed, "get")
	for word := range listed {
		t.Errorf("the README lists liandan %s, which there is not", word)
	}
}
