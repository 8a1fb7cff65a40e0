package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"liandan/api"
	"liandan/internal/access"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/problem"
	"liandan/internal/record"
	"liandan/internal/signature"
)

// The media types of the contract.
const (
	typeJOSE   = "application/jose"
	typeNDJSON = "application/x-ndjson"
	typeJSON   = "application/json"
	typeCSV    = "text/csv"
)

// maxLine is a JWS with a carriage return and a line feed behind it.
const maxLine = signature.MaxCompact + 2

// mediaType is the request's content type, which must be one of those given.
func mediaType(r *http.Request, taken ...string) (string, error) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil {
		for _, t := range taken {
			if given == t {
				return t, nil
			}
		}
	}
	return "", fault.New(fault.MediaType, "Send the body with Content-Type %v.", taken)
}

// body reads a whole body of at most limit bytes. Faults: too-large, upload-cut-short.
func body(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	if r.ContentLength > limit { // said at once, before any of it is read
		return nil, &http.MaxBytesError{Limit: limit}
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	if err == nil {
		return b, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, err
	}
	return nil, cutShort(err)
}

func cutShort(cause error) error {
	return fault.Wrap(cause, fault.UploadCutShort, "The upload ended before its end; what had no end was not recorded. Send it again.")
}

// trimLine takes one line ending off.
func trimLine(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// submit is POST /v1/events.
func (f *face) submit(c echo.Context) error {
	t, err := mediaType(c.Request(), typeJOSE, typeNDJSON)
	if err != nil {
		return err
	}
	if t == typeNDJSON {
		return f.submitMany(c)
	}
	compact, err := body(c, maxLine)
	if err != nil {
		return err
	}
	res := f.Intake.Accept(c.Request().Context(), trimLine(compact))
	f.Count(resultOf(res))
	if res.Err != nil {
		return heldError{res.Err, res.Held}
	}
	b := scratch.Get().(*[]byte)
	defer scratch.Put(b)
	*b = append(appendReceipt((*b)[:0], res.Receipt), '\n')
	return c.Blob(statusOf(res), typeJSON, *b)
}

// scratch holds buffers for answers.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// unsigned lets in who may have an event checked before it is signed: whoever belongs to
// the party that it names. A signed one needs nobody's leave, as when it is sent.
func (f *face) unsigned(c echo.Context, payload []byte) error {
	caller, err := f.who(c)
	if err != nil {
		return err
	}
	v := visit{caller, "validateUnsigned"}
	if err := f.Gate.May(caller, v.operation); err != nil {
		return err
	}
	e, err := event.Parse(payload)
	if err != nil {
		return nil // the answer says what is wrong with the form, and nothing of the chain
	}
	return f.allow(c, v, access.Subject{Parties: []id.Party{e.Party}}, e.ID.String(), noParty())
}

// validate is POST /v1/events/validate.
func (f *face) validate(c echo.Context) error {
	t, err := mediaType(c.Request(), typeJOSE, typeJSON)
	if err != nil {
		return err
	}
	limit, judge := int64(maxLine), f.Intake.Validate
	if t == typeJSON {
		limit, judge = event.MaxPayload, f.Intake.ValidatePayload
	}
	b, err := body(c, limit)
	if err != nil {
		return err
	}
	if t == typeJOSE {
		b = trimLine(b)
	} else if err := f.unsigned(c, b); err != nil {
		return err
	}
	v, err := judge(c.Request().Context(), b)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, validation(v, traceOf(c.Request().Context()).id))
}

func validation(v record.Validation, requestID string) api.Validation {
	out := api.Validation{Would: api.ValidationWould(v.Would), Status: http.StatusCreated, Errors: []api.FieldError{},
		Missing: eventTypes(v.Missing), Next: problem.Steps(v.Next), Findings: findings(v.Findings)}
	if v.Would == record.WouldRepeat {
		out.Status = http.StatusOK
	}
	for i, fl := range v.Faults {
		if i == 0 {
			out.Problem = problem.Body(fl, requestID)
			out.Status = out.Problem.Status
		}
		if len(fl.Fields) == 0 { // every fault is among the errors, also one of the whole
			out.Errors = append(out.Errors, api.FieldError{Code: string(fl.Kind), Detail: fl.Sentence, DetailZH: problem.Of(fl.Kind).ZH})
		}
		out.Errors = append(out.Errors, problem.Errors(fl)...)
	}
	return out
}

func eventTypes(ts []event.Type) []api.EventType {
	out := make([]api.EventType, len(ts))
	for i, t := range ts {
		out[i] = api.EventType(t)
	}
	return out
}
