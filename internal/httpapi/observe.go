package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"liandan/internal/fault"
	"liandan/internal/problem"
)

// trace is what the request's log line gathers on the way.
type trace struct {
	id    string
	kind  fault.Kind
	err   error
	actor string
}

type traceKey struct{}

// traceOf is the request's trace; outside a request an empty one.
func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return &trace{}
}

func newRequestID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// observe gives the request its id, turns a panic into an internal fault, writes the
// problem of a failed handler, and tells Observe what was answered.
func (f *face) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		t := &trace{id: newRequestID()}
		r := c.Request()
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), traceKey{}, t)))
		c.Response().Header().Set("X-Request-Id", t.id)
		c.Response().Header().Set("X-Content-Type-Options", "nosniff")
		if err := guarded(next, c); err != nil {
			f.fail(err, c)
		}
		route := c.Path()
		if !f.paths[route] { // Echo gives the bare path of what it has no route for
			route = "none"
		}
		f.Observe(r.Context(), Observed{ID: t.id, Method: r.Method, Route: route, Status: c.Response().Status,
			Bytes: c.Response().Size, Duration: time.Since(start), Kind: string(t.kind), Actor: t.actor, Err: t.err})
		if t.err != nil && c.Response().Status < http.StatusInternalServerError {
			panic(http.ErrAbortHandler) // the answer had begun; it must not look whole
		}
		return nil
	}
}

func guarded(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(v) // the server's own way to drop a connection
		}
		err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	}()
	return next(c)
}

// fail writes the problem of an error. It is Echo's error handler too, but errors of
// handlers are answered inside observe, so that the log line has their status.
func (f *face) fail(err error, c echo.Context) {
	t := traceOf(c.Request().Context())
	fl := faultOf(err)
	t.kind = fl.Kind
	p := problem.Body(fl, t.id)
	if p.Status >= http.StatusInternalServerError {
		t.err = err
	}
	if c.Response().Committed {
		return // the answer has begun; it ends short and the log has the cause
	}
	if held, ok := errors.AsType[heldError](err); ok {
		p.Retained = held.held
	}
	problem.Send(c.Response(), p)
}

// heldError is a fault whose event is kept in quarantine.
type heldError struct {
	error
	held bool
}

func (h heldError) Unwrap() error { return h.error }

// faultOf reads Echo's own errors and the body reader's as faults.
func faultOf(err error) *fault.Error {
	if f := fault.As(err); f != nil {
		return f
	}
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.Wrap(err, fault.TooLarge, "The body has more than the %d bytes that are taken here.", tooBig.Limit)
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch he.Code {
		case http.StatusNotFound:
			return fault.Wrap(err, fault.NotFound, "There is nothing at this address.")
		case http.StatusMethodNotAllowed:
			return fault.Wrap(err, fault.MethodNotAllowed, "This address does not take that method; see the Allow header.")
		case http.StatusRequestEntityTooLarge:
			return fault.Wrap(err, fault.TooLarge, "The body is too large.")
		}
	}
	return problem.From(err)
}
