package web

import (
	"strings"
	"testing"
)

func TestATrendBesideItsValue(t *testing.T) {
	points := []point{{Period: "2026-01", Value: "10.00"}, {Period: "2026-02", Why: "x"}, {Period: "2026-03", Value: "20.00"}, {Period: "2026-04", Value: "30.00"}}
	s := sparkOf(points, "30")
	if s == nil || len(s.Lines) != 2 || s.Lines[0] != "4.0,24.0" || s.Lines[1] != "62.7,14.0 92.0,4.0" || s.DotX != "92.0" || s.DotY != "4.0" || s.Aim != "4.0" {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(s.Label, "2026-01 10.00, 2026-03 20.00, 2026-04 30.00") {
		t.Errorf("in words: %s", s.Label)
	}
	if flat := sparkOf([]point{{Value: "5"}, {Value: "5"}}, "none"); flat == nil || flat.Aim != "" || flat.DotY != "14" {
		t.Errorf("a flat one: %+v", flat)
	}
	for name, few := range map[string][]point{"none": nil, "one": {{Value: "1"}}, "one of two": {{Value: "1"}, {Why: "x"}}} {
		if sparkOf(few, "30") != nil {
			t.Errorf("%s makes a line", name)
		}
	}
}
