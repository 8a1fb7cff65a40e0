// Package fault is the one error vocabulary of Liandan: a kind for machines, a
// sentence a person can act on, and JSON pointers to the members at fault.
//
// It must not know HTTP: the table in package problem turns kinds into statuses.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind names a sort of fault. Kinds are part of the public contract: they are the
// last path segment of the problem type and never change their meaning.
type Kind string

// Field is one thing that is wrong inside a document.
type Field struct {
	// Pointer is an RFC 6901 JSON pointer, "" for the whole document.
	Pointer string `json:"pointer"`
	// Code is a stable machine word such as "required" or "out_of_range".
	Code string `json:"code"`
	// Detail is the sentence for a person, English.
	Detail string `json:"detail"`
	// DetailZH is the same sentence in Chinese.
	DetailZH string `json:"detail_zh,omitempty"`
}

// Error is a fault. Two errors with the same Kind are the same to errors.Is.
type Error struct {
	Kind     Kind
	Sentence string         // what happened and what to do, English
	Fields   []Field        // everything that is wrong, in document order
	Facts    map[string]any // further members for the caller, for example the chain's head
	Cause    error          // for logs only, never shown
}

// New makes a fault of a kind with a formatted sentence.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Sentence: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault that keeps its cause for the log.
func Wrap(cause error, k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Sentence: fmt.Sprintf(format, args...), Cause: cause}
}

// With adds a fact and returns the same fault.
func (e *Error) With(name string, value any) *Error {
	if e.Facts == nil {
		e.Facts = map[string]any{}
	}
	e.Facts[name] = value
	return e
}

// At adds a field and returns the same fault.
func (e *Error) At(pointer, code, format string, args ...any) *Error {
	e.Fields = append(e.Fields, Field{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...)})
	return e
}

// Error is for logs: kind, sentence, fields, cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	b.WriteString(": ")
	b.WriteString(e.Sentence)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s %s: %s]", f.Pointer, f.Code, f.Detail)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, " (%v)", e.Cause)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports the same kind.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Kind == e.Kind && t.Sentence == ""
}

// Of is the kind of the outermost fault in err, or "" when there is none.
func Of(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// As is the outermost fault in err, or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Missing is the one answer to what is not there and to what is not the caller's to see:
// the two must not be told apart.
func Missing(what string) *Error {
	return New(NotFound, "There is no such %s, or it is not yours to see.", what)
}

// UnknownLabel is the same for a label.
func UnknownLabel() *Error {
	return New(LabelUnknown, "This label is not known here; it may be a copy or belong to another system.")
}
