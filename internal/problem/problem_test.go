package problem

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"liandan/api"
	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/fault"
)

func TestEveryKindHasItsRow(t *testing.T) {
	titles := map[string]fault.Kind{}
	for _, k := range fault.Kinds() {
		row, ok := table[k]
		if !ok {
			t.Errorf("kind %s has no row", k)
			continue
		}
		if row.Status < 400 || row.Status > 599 || http.StatusText(row.Status) == "" {
			t.Errorf("kind %s has status %d", k, row.Status)
		}
		if !strings.ContainsFunc(row.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || row.EN == "" {
			t.Errorf("kind %s lacks a title in Chinese or English", k)
		}
		if other, met := titles[row.EN]; met {
			t.Errorf("kinds %s and %s have one title", k, other)
		}
		titles[row.EN] = k
		if !strings.Contains(string(api.Spec), string(k)) {
			t.Errorf("the contract does not name kind %s", k)
		}
	}
	if len(table) != len(fault.Kinds()) {
		t.Errorf("%d rows for %d kinds", len(table), len(fault.Kinds()))
	}
}

func write(t *testing.T, f *fault.Error) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	Write(w, f, "req1")
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return w, m
}

func TestWrite(t *testing.T) {
	f := fault.New(fault.WrongStage, "Not now.").At("/type", "stage", "too early").
		With("stage", "issued").With("entries", int64(3)).With("head", "ab").With("secret", "x").
		With("allowed", []batch.Step{{Type: event.BatchStored}})
	w, m := write(t, f)
	if w.Code != 409 || w.Header().Get("Content-Type") != ContentType {
		t.Errorf("got %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	want := map[string]any{"type": "/problems/wrong-stage", "kind": "wrong-stage", "status": 409.0, "detail": "Not now.",
		"stage": "issued", "entries": 3.0, "head": "ab", "request_id": "req1"}
	for name, v := range want {
		if m[name] != v {
			t.Errorf("%s = %v, want %v", name, m[name], v)
		}
	}
	if _, there := m["secret"]; there {
		t.Error("a fact that the contract does not name was shown")
	}
	steps, _ := m["allowed"].([]any)
	if len(steps) != 1 || steps[0].(map[string]any)["type"] != "batch.stored" {
		t.Errorf("allowed = %v", m["allowed"])
	}
	errs, _ := m["errors"].([]any)
	if len(errs) != 1 || errs[0].(map[string]any)["pointer"] != "/type" {
		t.Errorf("errors = %v", m["errors"])
	}
}

func TestHeadersOfStatuses(t *testing.T) {
	if w, _ := write(t, fault.New(fault.Unauthorized, "x")); w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Error("401 without WWW-Authenticate")
	}
	if w, _ := write(t, fault.New(fault.Overloaded, "x")); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
}

func TestUnknownErrorsAreWithheld(t *testing.T) {
	cause := errors.New("password=SAMPLE")
	f := From(cause)
	w, m := write(t, f)
	if w.Code != 500 || m["kind"] != "internal" {
		t.Errorf("got %d %v", w.Code, m["kind"])
	}
	if strings.Contains(w.Body.String(), "SAMPLE") {
		t.Error("the cause was shown")
	}
	if !errors.Is(f, cause) {
		t.Error("the cause is lost for the log")
	}
	if Of("no-such-kind").Status != 500 || Known("no-such-kind") {
		t.Error("an unknown kind must read as internal")
	}
}
