package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestLinesAndMetrics(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLogger(&out, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	tel := New(log)
	tel.Request(context.Background(), Request{ID: "a1", Method: "POST", Route: "/v1/events", Status: 201, Bytes: 900, Duration: 1500 * time.Microsecond})
	tel.Request(context.Background(), Request{ID: "b2", Method: "SAMPLE", Route: "none", Status: 503, Kind: "unavailable", Actor: "client:SAMPLE", Err: errors.New("the cause")})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), out.String())
	}
	var first, second map[string]any
	for i, m := range []*map[string]any{&first, &second} {
		if err := json.Unmarshal([]byte(lines[i]), m); err != nil {
			t.Fatal(err)
		}
	}
	if first["level"] != "INFO" || first["request_id"] != "a1" || first["ms"] != 1.5 || first["status"] != 201.0 || first["bytes"] != 900.0 || first["route"] != "/v1/events" {
		t.Errorf("first line %v", first)
	}
	if _, there := first["kind"]; there {
		t.Error("a line without a problem names a kind")
	}
	if _, there := first["actor"]; there {
		t.Error("a line about nobody names an actor")
	}
	if second["actor"] != "client:SAMPLE" || second["level"] != "ERROR" || second["error"] != "the cause" || second["kind"] != "unavailable" || second["method"] != "other" {
		t.Errorf("second line %v", second)
	}
	tel.Event("recorded")
	tel.Event("recorded")
	tel.Event("wrong-stage")
	tel.Committed(42, 3)
	w := httptest.NewRecorder()
	tel.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`liandan_http_requests_total{kind="",method="POST",route="/v1/events",status="201"} 1`,
		`liandan_http_request_seconds_count{method="POST",route="/v1/events"} 1`,
		`liandan_intake_events_total{result="recorded"} 2`,
		`liandan_intake_events_total{result="wrong-stage"} 1`,
		`liandan_http_requests_total{kind="unavailable",method="other",route="none",status="503"} 1`, // no label of the actor: there are many
		`liandan_commit_group_events_sum 3`, `liandan_log_entries 42`, `go_goroutines`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	New(log) // a second one in the same process must not clash
}

func TestLoggerSettings(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLogger(&out, "text", "warn")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("hidden")
	log.Warn("shown")
	if s := out.String(); strings.Contains(s, "hidden") || !strings.Contains(s, "msg=shown") {
		t.Errorf("got %q", s)
	}
	for _, bad := range [][2]string{{"xml", "info"}, {"json", "loud"}, {"", "info"}} {
		if _, err := NewLogger(&out, bad[0], bad[1]); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
