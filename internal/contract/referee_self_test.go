package contract

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The referee is a judge too, so it is tried first: on answers that the contract does not
// allow, each of which it must find.

// canned answers every request alike.
type canned struct {
	status int
	header http.Header
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: c.header, Body: io.NopCloser(strings.NewReader(c.body)), Request: r}, nil
}

// headers makes headers of an answer with a request id.
func headers(more ...string) http.Header {
	h := http.Header{"X-Request-Id": {"1"}}
	for i := 0; i < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

func TestRefereeFindsBrokenAnswers(t *testing.T) {
	const (
		notThere = `{"type":"/problems/not-found","title":"x","title_zh":"x","status":404,"detail":"x","kind":"not-found","request_id":"1"}`
		gone     = `{"type":"/problems/unavailable","title":"x","title_zh":"x","status":503,"detail":"x","kind":"unavailable","request_id":"1"}`
		label    = `{"label":"0123456789ABCDEFGHJKMNPQRS9","url":"http://sample.test/q/x","batch":"019ca000-0000-7000-8000-0000000000b1"}`
		batch    = "/v1/batches/019ca000-0000-7000-8000-0000000000b1"
	)
	problem := headers("Content-Type", "application/problem+json")
	json, text, page := headers("Content-Type", "application/json"), headers("Content-Type", "text/plain"), headers("Content-Type", "text/html")
	lines := headers("Content-Type", "application/x-ndjson")
	good, other := ask{path: batch, token: "x"}, func(s, from, to string) string { return strings.Replace(s, from, to, 1) }
	make1, revoke := ask{method: "POST", path: batch + "/labels", token: "x"}, ask{method: "POST", path: "/v1/labels/x/revoke", token: "x"}
	upload := ask{method: "POST", path: "/v1/events", mediaType: "application/x-ndjson", body: "x.x.x\n"}
	for name, c := range map[string]struct {
		asked  ask
		answer canned
		sound  bool
	}{
		"a problem":                        {good, canned{404, problem, notThere}, true},
		"a label":                          {make1, canned{201, json, label}, true},
		"a line":                           {upload, canned{200, lines, `{"line":1,"status":400,"problem":` + notThere + "}\n"}, true},
		"nothing":                          {revoke, canned{204, headers(), ""}, true},
		"an undeclared status":             {good, canned{418, text, "x"}, false},
		"an undeclared problem":            {good, canned{409, problem, other(other(notThere, "404", "409"), "not-found", "conflict")}, false},
		"a redirect":                       {good, canned{301, headers("Location", "/"), ""}, false},
		"another content type":             {good, canned{404, json, notThere}, false},
		"a page":                           {good, canned{200, page, "<p>"}, false},
		"no request id":                    {good, canned{404, http.Header{"Content-Type": problem["Content-Type"]}, notThere}, false},
		"another request's id":             {good, canned{404, problem, other(notThere, `"request_id":"1"`, `"request_id":"2"`)}, false},
		"another status than the problem":  {good, canned{404, problem, other(notThere, "404", "400")}, false},
		"a member too many":                {good, canned{404, problem, other(notThere, "{", `{"secret":1,`)}, false},
		"a member missing":                 {make1, canned{201, json, other(label, "batch", "bunch")}, false},
		"a wrong label":                    {make1, canned{201, json, other(label, "S9", "S")}, false},
		"cut JSON":                         {make1, canned{201, json, label[:30]}, false},
		"a kind that the answer lacks":     {revoke, canned{400, problem, other(other(notThere, "404", "400"), "not-found", "malformed-jws")}, false},
		"503 without Retry-After":          {good, canned{503, problem, gone}, false},
		"401 without WWW-Authenticate":     {ask{path: batch}, canned{401, problem, other(other(notThere, "404", "401"), "not-found", "unauthorized")}, false},
		"a body that should be none":       {revoke, canned{204, headers(), "x"}, false},
		"a bad line":                       {upload, canned{200, lines, `{"line":0,"status":200}` + "\n"}, false},
		"what the contract forbids":        {ask{path: batch}, canned{200, json, "{}"}, false},
		"a refusal of what it allows":      {ask{path: "/v1/quarantine", token: "x"}, canned{422, problem, other(other(notThere, "404", "422"), "not-found", "invalid-request")}, false},
		"an answer outside the contract":   {ask{path: "/v1/nothing"}, canned{200, text, "x"}, false},
		"405 without Allow":                {ask{path: "/v1/nothing"}, canned{405, problem, other(other(notThere, "404", "405"), "not-found", "method-not-allowed")}, false},
		"a problem of the wrong type name": {good, canned{404, problem, other(notThere, "/problems/not-found", "/problems/x")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var complaints []string
			j := newReferee(t)
			j.base, j.heard = c.answer, func(s string) { complaints = append(complaints, s) }
			(&town{t: t, referee: j, url: "http://sample.test", client: &http.Client{Transport: j, CheckRedirect: noRedirect}}).ask(c.asked)
			if sound := len(complaints) == 0; sound != c.sound {
				t.Errorf("sound: %v, the referee says %q", c.sound, complaints)
			}
		})
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// TestRefereeFindsTheOperation: the path that fits best, with its parameters.
func TestRefereeFindsTheOperation(t *testing.T) {
	j := newReferee(t)
	for _, c := range []struct{ method, path, operation, parameter, value string }{
		{"POST", "/v1/events/validate", "validateEvent", "", ""},
		{"GET", "/v1/events/validate", "getEvent", "event", "validate"},
		{"GET", "/log/tile/0/x001/x234/067", "getTile", "path", "x001/x234/067"},
		{"GET", "/log/tile/entries/000.p/3", "getEntryBundle", "path", "000.p/3"},
		{"GET", "/q/a%2Fb", "findBatchByLabel", "label", "a/b"},
		{"GET", "/v1/batches/", "", "", ""},
		{"DELETE", "/v1/events", "", "", ""},
		{"GET", "/v1/events/a/b", "", "", ""},
	} {
		got, params := j.find(c.method, c.path)
		operation := ""
		if got.op != nil {
			operation = got.op.OperationID
		}
		if operation != c.operation || params[c.parameter] != c.value {
			t.Errorf("%s %s: %q with %v", c.method, c.path, operation, params)
		}
	}
}

// TestLedgerMissesWhatWasNotSeen: of what was seen one pair less is one pair missing.
func TestLedgerMissesWhatWasNotSeen(t *testing.T) {
	j := newReferee(t)
	all := j.unseen()
	if len(all) < 150 || !slices.Contains(all, "submitEvents 409 label-taken") || !slices.Contains(all, "getReadiness 503") {
		t.Errorf("a walk that saw nothing lacks %d: %v", len(all), all)
	}
	j.seen[seen{"getReadiness", 503, "unavailable"}]++
	j.seen[seen{"submitEvents", 409, "label-taken"}]++
	less := j.unseen()
	if len(less) != len(all)-3 || slices.Contains(less, "getReadiness 503") || !slices.Contains(less, "submitEvents 409 id-reused") {
		t.Errorf("two answers took %d from what is missing", len(all)-len(less))
	}
}
