// Package problem turns faults into the problem documents of RFC 9457: one table from
// kind to status and title, one writer.
//
// It must not decide anything about a request or log; the handlers know what went wrong
// and what the operator has to learn of it.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"

	"liandan/api"
	"liandan/internal/batch"
	"liandan/internal/fault"
)

// ContentType is the media type of a problem (RFC 9457 section 3).
const ContentType = "application/problem+json"

// TypePrefix begins every problem type; the kind follows it.
const TypePrefix = "/problems/"

// From is the fault that the caller is told of. An error without a fault inside is
// internal: its words may hold secrets and stay in the log.
func From(err error) *fault.Error {
	if f := fault.As(err); f != nil {
		return f
	}
	return fault.Wrap(err, fault.Internal, "Something went wrong here. Tell the operator the request id.")
}

// Body is the problem document of a fault. requestID may be "".
func Body(f *fault.Error, requestID string) api.Problem {
	row := Of(f.Kind)
	p := api.Problem{Type: TypePrefix + string(f.Kind), Title: row.EN, TitleZH: row.ZH, Status: row.Status,
		Detail: f.Sentence, Kind: api.ProblemKind(f.Kind), Errors: Errors(f), RequestID: requestID}
	for name, value := range f.Facts {
		addFact(&p, name, value)
	}
	return p
}

// Errors lists a fault's fields.
func Errors(f *fault.Error) []api.FieldError {
	out := make([]api.FieldError, len(f.Fields))
	for i, x := range f.Fields {
		out[i] = api.FieldError{Pointer: x.Pointer, Code: x.Code, Detail: x.Detail, DetailZH: inChinese(x)}
	}
	return out
}

// addFact takes over the facts that the contract has a member for, and no others.
func addFact(p *api.Problem, name string, value any) {
	text, _ := value.(string)
	switch name {
	case "event":
		p.Event = text
	case "batch":
		p.Batch = text
	case "manifest":
		p.Manifest = text
	case "stage":
		p.Stage = text
	case "head":
		p.Head = text
	case "entries":
		p.Entries, _ = value.(int64)
	case "retry_after_seconds":
		p.RetryAfter = seconds(value)
	case "allowed":
		steps, _ := value.([]batch.Step)
		p.Allowed = Steps(steps)
	}
}

// seconds reads a number of whole seconds.
func seconds(value any) int64 {
	if n, ok := value.(int); ok {
		return int64(n)
	}
	n, _ := value.(int64)
	return n
}

// Steps writes what may come next; never nil.
func Steps(steps []batch.Step) []api.Step {
	out := make([]api.Step, len(steps))
	for i, s := range steps {
		out[i] = api.Step{Type: api.EventType(s.Type), Party: s.Party.String(), Role: api.Role(s.Role), Refs: s.Refs.String(), Manifest: s.Manifest.String()}
	}
	return out
}

// Write answers with a fault.
func Write(w http.ResponseWriter, f *fault.Error, requestID string) {
	Send(w, Body(f, requestID))
}

// Send answers with a problem document and the headers that its status calls for.
func Send(w http.ResponseWriter, p api.Problem) {
	b, err := json.Marshal(p)
	if err != nil { // strings and numbers only: cannot happen
		http.Error(w, p.Title, p.Status)
		return
	}
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.FormatInt(max(1, p.RetryAfter), 10))
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}
