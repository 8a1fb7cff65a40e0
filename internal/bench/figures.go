package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// figures runs the store's benchmark of indicators over so many synthetic events, and over
// a tenth of them, and prints what it found against the aims. It is a Go benchmark because
// the events are filled in below the intake, which takes hours for two million.
func figures(ctx context.Context, dsn string, events int) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-run=^$", "-bench=Figures", "-benchtime=1x", "-timeout=0", "./internal/store")
	cmd.Env = append(os.Environ(), "LIANDAN_TEST_POSTGRES="+dsn, "LIANDAN_FIGURES="+strconv.Itoa(events))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("the benchmark of figures: %w: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		line, ours := strings.CutPrefix(line, "BenchmarkFigures/")
		name, rest, ok := strings.Cut(line, "\t")
		if !ours || !ok {
			continue
		}
		name, _, _ = strings.Cut(strings.TrimSpace(name), "-")
		fmt.Printf("%s, figures over %d events and 20,000 sites\n", name, events)
		m := metrics(rest)
		at := func(what, key string, aim float64) { bound(what, m[key], aim) }
		at("any indicator, month and district, p99 ms", "figure-p99-ms", 50)
		at("  as many times what a tenth takes", "figure-p99/tenth", 1.5)
		at("first page of evidence, p99 ms", "evidence-p99-ms", 100)
		mark := "meets"
		if m["rebuild/read"] < 0.3 {
			mark = "SHORT"
		}
		fmt.Printf("  %-42s %9.2f   (aim ≥ 0.3) %s\n", "roll-ups anew, against a bare reading", m["rebuild/read"], mark)
		if effort, seen := m["rebuild/read-cpu"]; seen {
			fmt.Printf("  %-42s %9.2f\n", "  the same in processor time", effort)
		}
		fmt.Printf("  %-42s %9.2f and %.2f\n\n", "  processor ms a figure, a page of evidence", m["figure-cpu-ms"], m["evidence-cpu-ms"])
	}
	return nil
}

// metrics reads "1  1.5 p50-ms  2 p99-ms" of a benchmark's line.
func metrics(line string) map[string]float64 {
	out := map[string]float64{}
	words := strings.Fields(line)
	for i := 1; i+1 < len(words); i += 2 {
		if v, err := strconv.ParseFloat(words[i], 64); err == nil {
			out[words[i+1]] = v
		}
	}
	return out
}

// bound prints what must not be above an aim.
func bound(what string, got, aim float64) {
	mark := "meets"
	if got > aim {
		mark = "SHORT"
	}
	fmt.Printf("  %-42s %9.2f   (aim ≤ %.1f) %s\n", what, got, aim, mark)
}
