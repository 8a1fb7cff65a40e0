package bundle_test

import (
	"crypto/ed25519"
	"runtime"
	"sync"
	"testing"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/event"
)

// workers is an Each with a goroutine a core, as the command has it.
func workers(n int, do func(int)) {
	var wg sync.WaitGroup
	cores := runtime.GOMAXPROCS(0)
	for w := range cores {
		wg.Go(func() {
			for i := w; i < n; i += cores {
				do(i)
			}
		})
	}
	wg.Wait()
}

// BenchmarkVerify reads and checks a file of 2,000 entries and reports its events/s as
// a part of what the cores could do if an event were one Ed25519 verification.
func BenchmarkVerify(b *testing.B) {
	l := newLog(b, 50)
	x := l.put(l.w.Generate(1_000)).Event.Batches[0].ID
	for range 1_999 {
		l.put(l.w.Sign(l.w.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
			e.Batches = []event.Batch{l.w.Hospital.On(x, 0)}
		}))
	}
	file, err := bundle.Encode(l.cut(bundle.OfBatch, x.UUID(), x))
	l.must(err)
	o := l.options()
	o.Each = workers
	pub, key, _ := ed25519.GenerateKey(nil)
	message := make([]byte, 600)
	sig := ed25519.Sign(key, message)
	began := time.Now()
	for range 4_000 {
		if !ed25519.Verify(pub, message, sig) {
			b.Fatal("a good signature does not verify")
		}
	}
	v := 4_000 / time.Since(began).Seconds()
	b.ResetTimer()
	for range b.N {
		again, err := bundle.Decode(file)
		l.must(err)
		if r := bundle.Check(again, o); r.Verdict != bundle.Sound {
			b.Fatalf("%s: %+v", r.Verdict, r.Broken)
		}
	}
	rate := 2_000 * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "events/s")
	b.ReportMetric(rate/(v*float64(runtime.GOMAXPROCS(0))), "of_V×cores")
}
