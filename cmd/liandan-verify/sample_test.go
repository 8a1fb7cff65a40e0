package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestADrawsFile: an honest file is sound; one without the announcer's key is said to be not
// proven, and one whose statements were changed does not hold.
func TestADrawsFile(t *testing.T) {
	honest, err := os.ReadFile("testdata/draw.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(map[string]any)) []byte {
		var f map[string]any
		if err := json.Unmarshal(honest, &f); err != nil {
			t.Fatal(err)
		}
		change(f)
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		exit int
		want []string
	}{
		"honest": {honest, 0, []string{"✓ the announcer's key was enrolled", "✓ the announcer was an authority then", "VERDICT: SOUND", "inspector "}},
		"old": {changed(func(f map[string]any) { f["format"] = "liandan-sample-1"; delete(f, "keys"); delete(f, "offices") }), 2,
			[]string{"? the announcer's key", "Not proven: the file does not have this key's life", "? the announcer was", "NOT ALL OF IT IS PROVEN", "inspector "}},
		"another's key": {changed(func(f map[string]any) { delete(f["keys"].([]any)[0].(map[string]any), "proof") }), 1, []string{"✗ the announcer's key", "Key ", "DOES NOT HOLD"}},
		"not a draw":    {[]byte("{}"), 2, []string{"This is not the file of a draw"}},
	} {
		name1 := filepath.Join(t.TempDir(), "draw.json")
		if err := os.WriteFile(name1, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if exit := run([]string{"--sample", "--lang", "en", "--log-key", "@testdata/draw.vkey", name1}, nil, &out, &errs); exit != c.exit {
			t.Errorf("%s: exit %d", name, exit)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not in\n%s%s", name, want, out.String(), errs.String())
			}
		}
	}
}
