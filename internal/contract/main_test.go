package contract

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestMain keeps what servers leave in the user's settings away from them, and ends the Chromium that the tests share.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	settings, err := os.MkdirTemp("", "liandan-contract-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(settings)
	if err := os.Setenv("XDG_CONFIG_HOME", settings); err != nil {
		panic(err)
	}
	defer func() { endChromium() }()
	return m.Run()
}

// endChromium ends the Chromium that the tests share, where one was started.
var endChromium = func() {}

// chromium is the one Chromium of this run of tests: to start one costs as much as a short test does. Whoever is in it has
// a browser context of their own, which shares no cookie, no store and no worker with any other.
var chromium = sync.OnceValues(func() (context.Context, error) {
	ctx, end := startChromium()
	endChromium = end
	return ctx, chromedp.Do(ctx)
})

// startChromium is a Chromium that is not yet started; its first step starts it.
func startChromium(options ...chromedp.ExecAllocatorOption) (context.Context, context.CancelFunc) {
	alloc, stop := chromedp.NewExecAllocator(context.Background(), slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true)}, options)...)
	ctx, end := chromedp.NewContext(alloc)
	return ctx, func() { end(); stop() }
}

// browser is somebody's own browser in a real Chromium, at the width of a phone; with options, which are those of a
// Chromium as a whole, it is a Chromium of its own.
func browser(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	var ctx context.Context
	var end context.CancelFunc
	if len(options) > 0 {
		ctx, end = startChromium(options...)
	} else {
		whole, err := chromium()
		if err != nil {
			t.Fatalf("no Chromium to test with (make test installs it): %v", err)
		}
		ctx, end = chromedp.NewContext(whole, chromedp.WithNewBrowserContext())
	}
	t.Cleanup(end)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(390, 844)); err != nil {
		t.Fatalf("no Chromium to test with (make test installs it): %v", err)
	}
	return ctx
}
