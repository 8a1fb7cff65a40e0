package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"liandan/internal/record"
)

// BenchmarkUpload sends many signed lines over HTTP to a real intake on SQLite; events/s
// is the whole way, signing and verifying apart by the caller.
func BenchmarkUpload(b *testing.B) {
	const lines = 5000
	for name, wrap := range map[string]func([]byte) io.Reader{
		"counted":  func(x []byte) io.Reader { return bytes.NewReader(x) },
		"streamed": func(x []byte) io.Reader { return chunked(x) },
	} {
		b.Run(name, func(b *testing.B) {
			c := newCity(b, nil)
			for b.Loop() {
				b.StopTimer()
				body := linesOf(c.bags(lines)...)
				b.StartTimer()
				if a := c.post("/v1/events", typeNDJSON, wrap(body)); bytes.Count(a.body, []byte(`"status":201`)) != lines {
					b.Fatalf("%d: %.300s", a.status, a.body)
				}
			}
			b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkSingle sends one event a request from 32 clients.
func BenchmarkSingle(b *testing.B) {
	c := newCity(b, nil)
	bags := c.bags(b.N)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var next atomic.Int64
	b.SetParallelism(16) // times the processors
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			resp, err := client.Post(c.server.URL+"/v1/events", typeJOSE, bytes.NewReader(bags[next.Add(1)-1].JWS))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 201 {
				b.Errorf("status %d", resp.StatusCode)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkLineResult is the writing of one result.
func BenchmarkLineResult(b *testing.B) {
	c := newCity(b, nil)
	res := c.intake.Accept(b.Context(), c.Generate(1).JWS)
	if res.Err != nil {
		b.Fatal(res.Err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendLine(buf[:0], 1, record.Result{Receipt: res.Receipt}, "")
	}
	b.SetBytes(int64(len(buf)))
}
