// Package telemetry is what the operator sees of a running server: one structured log
// line a request, and Prometheus metrics.
//
// It must not log bodies, tokens, labels or paths (they hold identifiers): a request is
// named by its route's pattern and its id.
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewLogger writes to w as "json" or "text", from a level on ("debug", "info", "warn",
// "error").
func NewLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("the log level must be debug, info, warn or error, not %q", level)
	}
	o := &slog.HandlerOptions{Level: l}
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	}
	return nil, fmt.Errorf("the log format must be json or text, not %q", format)
}

// Request is one answered request. It has the members of httpapi.Observed, so that the
// wiring converts one into the other.
type Request struct {
	ID       string
	Method   string
	Route    string
	Status   int
	Bytes    int64
	Duration time.Duration
	Kind     string
	Actor    string // opaque word for who asked, such as "client:" and an id; "" for nobody
	Err      error
}

// Telemetry counts and logs.
type Telemetry struct {
	log      *slog.Logger
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	events   *prometheus.CounterVec
	group    prometheus.Histogram
	size     prometheus.Gauge
}

// New makes a registry of its own, so that several servers can live in one process.
func New(log *slog.Logger) *Telemetry {
	t := &Telemetry{
		log:      log,
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "liandan_http_requests_total",
			Help: "Requests answered, by method, route, status and kind of problem."}, []string{"method", "route", "status", "kind"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "liandan_http_request_seconds",
			Help: "Time to the end of the answer.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60}}, []string{"method", "route"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "liandan_intake_events_total",
			Help: "Events sent to the intake, by result: recorded, repeat, held, or the kind of the refusal."}, []string{"result"}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "liandan_commit_group_events",
			Help: "Events of one commit group.", Buckets: prometheus.ExponentialBuckets(1, 2, 10)}),
		size: prometheus.NewGauge(prometheus.GaugeOpts{Name: "liandan_log_entries",
			Help: "Entries of the log at the last group that this process committed."}),
	}
	t.registry.MustRegister(t.requests, t.seconds, t.events, t.group, t.size,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t
}

// known bounds the methods that make a label of their own: a stranger can send any word.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch:
		return method
	}
	return "other"
}

// Request counts one request and writes its line: an error for 5xx, with its cause, and
// info for the rest.
func (t *Telemetry) Request(ctx context.Context, r Request) {
	method := known(r.Method)
	t.requests.WithLabelValues(method, r.Route, strconv.Itoa(r.Status), r.Kind).Inc()
	t.seconds.WithLabelValues(method, r.Route).Observe(r.Duration.Seconds())
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("request_id", r.ID), slog.String("method", method), slog.String("route", r.Route),
		slog.Int("status", r.Status), slog.Int64("bytes", r.Bytes), slog.Float64("ms", float64(r.Duration.Microseconds())/1000)}
	if r.Kind != "" {
		attrs = append(attrs, slog.String("kind", r.Kind))
	}
	if r.Actor != "" {
		attrs = append(attrs, slog.String("actor", r.Actor))
	}
	if r.Err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", r.Err.Error()))
	}
	t.log.LogAttrs(ctx, level, "request", attrs...)
}

// Event counts one event sent to the intake.
func (t *Telemetry) Event(result string) { t.events.WithLabelValues(result).Inc() }

// Committed notes a durable commit group: the log's size after it and its events.
func (t *Telemetry) Committed(size int64, events int) {
	if events > 0 { // a group of statements alone says nothing of how events gather
		t.group.Observe(float64(events))
	}
	t.size.Set(float64(size))
}

// Handler serves the metrics in the text format of Prometheus.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry})
}
