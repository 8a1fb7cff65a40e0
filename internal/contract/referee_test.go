package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// A referee stands between a real HTTP client and the real server and holds every exchange
// against the contract as kin-openapi reads it. What it has seen is the ledger at the end.

// seen is one way in which an operation was answered.
type seen struct {
	operation string
	status    int
	kind      string // of the problem, "" for none
}

// referee is an http.RoundTripper. One goroutine at a time may use it.
type referee struct {
	t     *testing.T // the test that runs at the moment
	doc   *openapi3.T
	calls []call
	base  http.RoundTripper
	seen  map[seen]int
	// heard takes the complaints instead of t; for the referee's own test.
	heard func(string)
}

func (j *referee) complain(format string, args ...any) {
	j.t.Helper()
	if j.heard != nil {
		j.heard(fmt.Sprintf(format, args...))
		return
	}
	j.t.Errorf(format, args...)
}

func newReferee(t *testing.T) *referee {
	doc := load(t)
	// Of a parameter whose schema has a "not" kin-openapi says "not implemented". Bodies
	// still see that the nil id is none.
	bare := func(p *openapi3.ParameterRef) {
		if s := p.Value.Schema.Value; s.Not != nil {
			plain := *s
			plain.Not = nil
			p.Value.Schema = openapi3.NewSchemaRef("", &plain)
		}
	}
	for _, p := range doc.Components.Parameters {
		bare(p)
	}
	all := calls(doc)
	for _, c := range all {
		for _, p := range c.op.Parameters {
			bare(p)
		}
	}
	return &referee{t: t, doc: doc, calls: all, base: &http.Transport{}, seen: map[seen]int{}}
}

func init() {
	text := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		b, err := io.ReadAll(body)
		return string(b), err
	}
	for _, mediaType := range []string{"application/jose", "application/x-ndjson", "text/html", "text/csv", "image/png", "image/jpeg", "application/pdf"} {
		openapi3filter.RegisterBodyDecoder(mediaType, text)
	}
}

// blind marks a request whose fault no schema can see; the value is the reason.
type blind struct{}

// RoundTrip implements http.RoundTripper.
func (j *referee) RoundTrip(r *http.Request) (*http.Response, error) {
	j.t.Helper()
	var sent []byte
	out := r.Clone(r.Context())
	if r.Body != nil {
		var err error
		sent, err = io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
		out.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := j.base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(got))
	j.hold(r, sent, resp, got)
	return resp, nil
}

// hold holds one exchange against the contract.
func (j *referee) hold(r *http.Request, sent []byte, resp *http.Response, got []byte) {
	j.t.Helper()
	at := r.Method + " " + r.URL.Path
	kind := j.problem(at, resp, got)
	c, params := j.find(r.Method, r.URL.EscapedPath())
	var declared *openapi3.ResponseRef
	if c.op != nil {
		declared = c.op.Responses.Status(resp.StatusCode)
	}
	if c.op == nil || declared == nil && kind == "upload-cut-short" {
		// The contract's conventions: what is not named is not found or takes other
		// methods, and any body may end early.
		if !slices.Contains([]string{"not-found", "method-not-allowed", "upload-cut-short"}, kind) {
			j.complain("%s: is not in the contract, and is answered with %d %s", at, resp.StatusCode, kind)
		}
		return
	}
	if declared == nil { // kin-openapi passes redirects and 304
		j.complain("%s: answers %d, which is not declared: %.1000s", at, resp.StatusCode, got)
		return
	}
	j.seen[seen{c.op.OperationID, resp.StatusCode, kind}]++
	in := &openapi3filter.RequestValidationInput{Request: withBody(r, sent), PathParams: params, QueryParams: r.URL.Query(),
		Route:   &routers.Route{Spec: j.doc, Path: c.path, PathItem: c.item, Method: c.method, Operation: c.op},
		Options: &openapi3filter.Options{SkipSettingDefaults: true, AuthenticationFunc: hasToken}}
	j.agree(at, r.Context(), in, resp.StatusCode, kind, got)
	err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{RequestValidationInput: in,
		Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(got)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}})
	if err != nil {
		j.complain("%s: the answer breaks the contract: %v\n%.2000s", at, err, got)
		return
	}
	j.beyond(at, declared.Value, resp, kind, got)
}

func withBody(r *http.Request, sent []byte) *http.Request {
	out := r.Clone(context.Background())
	out.Body = http.NoBody
	if len(sent) > 0 {
		out.Body = io.NopCloser(bytes.NewReader(sent))
	}
	return out
}

// hasToken is what the contract can say about a token or a session: that there is one.
func hasToken(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if in.SecuritySchemeName == "session" {
		_, err := in.RequestValidationInput.Request.Cookie("liandan") // the name without TLS
		return err
	}
	if token, ok := strings.CutPrefix(in.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer "); ok && token != "" {
		return nil
	}
	return errors.New("there is no bearer token")
}

// problem gives the kind of a problem and holds what every answer and every problem has.
func (j *referee) problem(at string, resp *http.Response, got []byte) string {
	j.t.Helper()
	id := resp.Header.Get("X-Request-Id")
	if id == "" {
		j.complain("%s: the answer has no X-Request-Id", at)
	}
	if resp.StatusCode == http.StatusMethodNotAllowed && resp.Header.Get("Allow") == "" {
		j.complain("%s: 405 without Allow", at)
	}
	if resp.Header.Get("Content-Type") != "application/problem+json" {
		return ""
	}
	var p struct {
		Kind, Type string
		Status     int
		RequestID  string `json:"request_id"`
	}
	if err := json.Unmarshal(got, &p); err != nil || p.Status != resp.StatusCode || p.RequestID != id || p.Type != "/problems/"+p.Kind {
		j.complain("%s: status %d, request %s, and the problem says %s (%v)", at, resp.StatusCode, id, got, err)
	}
	if err := visit(schema(j.t, j.doc, "Problem"), got); err != nil {
		j.complain("%s: the problem breaks its schema: %v\n%s", at, err, got)
	}
	return p.Kind
}

func visit(s *openapi3.Schema, text []byte) error {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	return s.VisitJSON(v, openapi3.VisitAsResponse())
}

// agree: what the contract forbids is refused, and what is refused for its form is
// forbidden by the contract, unless no schema can say so.
func (j *referee) agree(at string, ctx context.Context, in *openapi3filter.RequestValidationInput, status int, kind string, got []byte) {
	j.t.Helper()
	err := openapi3filter.ValidateRequest(context.Background(), in)
	taken := status < 300
	if in.Route.Operation.OperationID == "validateEvent" && taken { // its verdict is the refusal
		taken = !bytes.Contains(got, []byte(`"would":"refuse"`))
	}
	if err != nil && taken {
		j.complain("%s: is answered with %d, and the contract forbids the request: %v", at, status, err)
	}
	reason, _ := ctx.Value(blind{}).(string)
	forForm := slices.Contains([]string{"invalid-request", "media-type", "unauthorized"}, kind)
	if err == nil && forForm && reason == "" {
		j.complain("%s: is refused as %s, and the contract allows the request: %s", at, kind, got)
	}
	if err != nil && forForm && reason != "" {
		j.complain("%s: the contract can see the fault, contrary to %q: %v", at, reason, err)
	}
}

// beyond checks what the schemas of kin-openapi do not: that a problem is of a kind that
// the answer names, that the generated types lose nothing, and each line of many.
func (j *referee) beyond(at string, declared *openapi3.Response, resp *http.Response, kind string, got []byte) {
	j.t.Helper()
	mediaType, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case resp.StatusCode == http.StatusNoContent:
		if len(got) > 0 {
			j.complain("%s: 204 with a body: %s", at, got)
		}
	case mediaType == "application/problem+json":
		if !slices.Contains(kindsOf(*declared.Description), kind) {
			j.complain("%s: %d %s is answered, and the contract names only: %s", at, resp.StatusCode, kind, *declared.Description)
		}
	case mediaType == "application/json":
		name := strings.TrimPrefix(declared.Content[mediaType].Schema.Ref, "#/components/schemas/")
		if back := reread(j.t, name, got); !sameJSON(j.t, back, got) {
			j.complain("%s: through the generated type the answer\n%s\nbecomes\n%s", at, got, back)
		}
	case mediaType == "application/x-ndjson":
		for line := range bytes.Lines(got) {
			if err := visit(schema(j.t, j.doc, "LineResult"), line); err != nil {
				j.complain("%s: the line breaks LineResult: %v\n%s", at, err, line)
			}
		}
	}
}

// kindsOf reads the kinds at the beginning of an answer's description.
func kindsOf(description string) []string {
	list, _, _ := strings.Cut(description, "：")
	list, _, _ = strings.Cut(list, "；")
	return strings.Split(list, ", ")
}

// find gives the operation of a request: the path that fits with the most literal
// segments. A last {path} takes all the segments that are left, as the contract says.
func (j *referee) find(method, escaped string) (best call, params map[string]string) {
	most := -1
	given := strings.Split(escaped, "/")
	for _, c := range j.calls {
		if c.method != method {
			continue
		}
		if literal, values, ok := fit(strings.Split(c.path, "/"), given); ok && literal > most {
			best, params, most = c, values, literal
		}
	}
	return best, params
}

func fit(pattern, given []string) (literal int, values map[string]string, ok bool) {
	values = map[string]string{}
	if last := len(pattern) - 1; pattern[last] == "{path}" && len(given) > last {
		given = append(slices.Clone(given[:last]), strings.Join(given[last:], "/"))
	}
	if len(pattern) != len(given) {
		return 0, nil, false
	}
	for i, p := range pattern {
		name, isParameter := strings.CutPrefix(p, "{")
		v, err := url.PathUnescape(given[i])
		switch {
		case isParameter && err == nil && v != "":
			values[strings.TrimSuffix(name, "}")] = v
		case p == given[i]:
			literal++
		default:
			return 0, nil, false
		}
	}
	return literal, values, true
}
