package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeOf has axe-core judge the page at hand, and gives what is serious or worse.
func axeOf(t *testing.T, w walker) []string {
	t.Helper()
	script, err := os.ReadFile("../web/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	// Through the debugger, which the page's own policy does not bind.
	raw, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](string(script)+`; axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(
		r.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | '))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("axe: %v", err)
	}
	var out []string
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatal(fmt.Errorf("axe: %w", err))
	}
	return out
}
