package httpapi

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"liandan/api"
	"liandan/internal/batch"
	"liandan/internal/problem"
	"liandan/internal/record"
	"liandan/internal/rule"
)

// Receipts are written by hand: they are the answer to every event, and reflection
// would cost as much as a third of a signature check. A test holds the bytes against
// the generated types.

// instant is the contract's spelling of a time of ours.
const instant = "2006-01-02T15:04:05.000Z"

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	// Only invalid UTF-8 is an error, and that is replaced in the output.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// appendPlain quotes a string of our own that needs no escaping.
func appendPlain(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendID[T interface {
	IsZero() bool
	String() string
}](b []byte, name string, v T) []byte {
	if v.IsZero() {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendPlain(b, v.String())
}

func appendReceipt(b []byte, r *record.Receipt) []byte {
	b = append(b, `{"id":`...)
	b = appendPlain(b, r.Event.String())
	b = append(b, `,"hash":`...)
	b = appendPlain(b, r.Hash.String())
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, r.Seq, 10)
	b = append(b, `,"recorded_at":"`...)
	b = r.RecordedAt.UTC().AppendFormat(b, instant)
	b = append(b, `","entry":`...)
	b = appendText(b, r.Entry)
	b = append(b, `,"proof":`...)
	b = appendText(b, r.Proof)
	b = append(b, `,"findings":[`...)
	for i, f := range r.Findings {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFinding(b, f)
	}
	b = append(b, `],"next":[`...)
	for i, s := range r.Next {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendStep(b, s)
	}
	return append(b, "]}"...)
}

func appendFinding(b []byte, f rule.Finding) []byte {
	b = append(b, `{"rule":`...)
	b = appendText(b, string(f.Rule))
	b = append(b, `,"severity":`...)
	b = appendText(b, string(f.Severity))
	if !f.Owner.Party.IsZero() {
		b = append(b, `,"owner":{"party":`...)
		b = appendPlain(b, f.Owner.Party.String())
		b = append(b, `,"part":`...)
		b = appendText(b, string(f.Owner.Part))
		b = append(b, '}')
	}
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, f.Seq, 10)
	b = appendID(b, "event", f.Event)
	b = appendID(b, "batch", f.Batch)
	if f.Grams != 0 {
		b = append(b, `,"grams":`...)
		b = strconv.AppendInt(b, int64(f.Grams), 10)
	}
	b = append(b, `,"zh":`...)
	b = appendText(b, f.ZH)
	b = append(b, `,"en":`...)
	b = appendText(b, f.EN)
	b = append(b, `,"rule_version":`...)
	b = appendText(b, f.Version)
	for _, m := range [3][2]string{{"pointer", f.Pointer}, {"source", f.Source}, {"certainty", f.Certainty}} {
		if m[1] != "" {
			b = append(append(append(b, `,"`...), m[0]...), `":`...)
			b = appendText(b, m[1])
		}
	}
	return append(b, '}')
}

func appendStep(b []byte, s batch.Step) []byte {
	b = append(b, `{"type":`...)
	b = appendText(b, string(s.Type))
	b = appendID(b, "party", s.Party)
	if s.Role != "" {
		b = append(b, `,"role":`...)
		b = appendText(b, string(s.Role))
	}
	b = appendID(b, "refs", s.Refs)
	return append(b, '}')
}

// appendLine writes the LineResult of one line, with its line feed.
func appendLine(b []byte, line int, res record.Result, requestID string) []byte {
	b = append(b, `{"line":`...)
	b = strconv.AppendInt(b, int64(line), 10)
	b = append(b, `,"status":`...)
	if res.Err == nil {
		b = strconv.AppendInt(b, int64(statusOf(res)), 10)
		b = append(b, `,"receipt":`...)
		b = appendReceipt(b, res.Receipt)
		return append(b, "}\n"...)
	}
	p := problem.Body(faultOf(res.Err), requestID)
	p.Retained = res.Held
	b = strconv.AppendInt(b, int64(p.Status), 10)
	b = append(b, `,"problem":`...)
	doc, err := json.Marshal(p)
	if err != nil { // strings and numbers only: cannot happen
		doc = []byte("{}")
	}
	b = append(b, doc...)
	return append(b, "}\n"...)
}

func statusOf(res record.Result) int {
	if res.Repeat {
		return 200
	}
	return 201
}

// resultOf names a result for the metrics.
func resultOf(res record.Result) string {
	switch {
	case res.Held:
		return "held"
	case res.Err != nil:
		return string(faultOf(res.Err).Kind)
	case res.Repeat:
		return "repeat"
	}
	return "recorded"
}

// The same shapes for the answers that are not on the hot path.

func findings(fs []rule.Finding) []api.Finding {
	out := make([]api.Finding, len(fs))
	for i, f := range fs {
		out[i] = findingOf(f)
	}
	return out
}

func findingOf(f rule.Finding) api.Finding {
	out := api.Finding{Rule: string(f.Rule), Severity: api.Severity(f.Severity), Seq: f.Seq, Event: f.Event.String(), Batch: f.Batch.String(),
		Grams: int64(f.Grams), ZH: f.ZH, EN: f.EN, RuleVersion: f.Version,
		Settled: f.Settled.String(), Arose: f.Arose.String(), Pointer: f.Pointer, Source: f.Source, Certainty: f.Certainty}
	if !f.Owner.Party.IsZero() {
		out.Owner = api.FindingOwner{Party: f.Owner.Party.String(), Part: api.FindingOwnerPart(f.Owner.Part)}
	}
	return out
}

// at writes a time; the zero time is absent.
func at(t time.Time) api.Instant {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(instant)
}

// atMillis writes Unix milliseconds; zero is absent.
func atMillis(ms int64) api.Instant {
	if ms == 0 {
		return ""
	}
	return at(time.UnixMilli(ms))
}
