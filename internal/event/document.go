package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
)

// node is one value of a strictly read JSON document.
type node struct {
	kind    jsontext.Kind
	text    string // of a string, or a number as written
	members []member
	items   []node
	probe   *probe // asked what it would read; nil for a document
}

type member struct {
	name string
	node node
}

// maxDepth is far above what any event needs; deeper documents are hostile.
const maxDepth = 8

// readDocument reads exactly one JSON value: valid UTF-8, no repeated member, no
// trailing data (RFC 7493 I-JSON's rules on names and encoding).
func readDocument(b []byte) (node, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(b))
	n, err := readNode(dec, 0)
	if err != nil {
		return node{}, malformed(dec, err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return node{}, fault.New(fault.MalformedEvent, "The payload goes on after its JSON object; send one object and nothing else.").
			At("", "trailing_data", "data after the end of the object")
	}
	return n, nil
}

func readNode(dec *jsontext.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, errTooDeep
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return node{}, err
	}
	n := node{kind: tok.Kind()}
	switch n.kind {
	case '"', '0':
		n.text = tok.String()
	case '{':
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return node{}, err
			}
			key := name.String()
			v, err := readNode(dec, depth+1)
			if err != nil {
				return node{}, err
			}
			n.members = append(n.members, member{key, v})
		}
		_, err = dec.ReadToken()
	case '[':
		for dec.PeekKind() != ']' {
			v, err := readNode(dec, depth+1)
			if err != nil {
				return node{}, err
			}
			n.items = append(n.items, v)
		}
		_, err = dec.ReadToken()
	}
	return n, err
}

var errTooDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)

func malformed(dec *jsontext.Decoder, err error) error {
	f := fault.Wrap(err, fault.MalformedEvent, "The payload is not strict JSON: UTF-8, no repeated member, integers only, nothing after the object.")
	code, detail := "syntax", "not valid JSON"
	var syn *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooDeep):
		code, detail = "too_deep", err.Error()
	case errors.Is(err, jsontext.ErrDuplicateName):
		code, detail = "repeated_member", "the member appears twice"
	case errors.As(err, &syn) && strings.Contains(syn.Error(), "UTF-8"):
		code, detail = "invalid_utf8", "not valid UTF-8"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		code, detail = "truncated", "the document ends too early"
	}
	return f.At(string(dec.StackPointer()), code, "%s", detail)
}

// reader takes members out of an object one by one and notes all that is wrong.
type reader struct {
	at    string // JSON pointer of the object
	obj   node
	taken map[string]bool
	notes *[]fault.Field
}

func newReader(n node, at string, notes *[]fault.Field) *reader {
	return &reader{at: at, obj: n, taken: make(map[string]bool, len(n.members)), notes: notes}
}

func (r *reader) note(name, code, format string, args ...any) {
	*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/" + escape(name), Code: code, Detail: fmt.Sprintf(format, args...)})
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func escape(s string) string { return pointerEscapes.Replace(s) }

// take finds a member; JSON null counts as given, so that "seen": null is a statement.
func (r *reader) take(name string, required bool) (node, bool) {
	if p := r.obj.probe; p != nil {
		return p.take(r.at + "/" + escape(name)), true
	}
	for _, m := range r.obj.members {
		if m.name == name {
			r.taken[name] = true
			return m.node, true
		}
	}
	if required {
		r.note(name, "required", "is required")
	}
	return node{}, false
}

// close notes every member that nobody took.
func (r *reader) close() {
	for _, m := range r.obj.members {
		if !r.taken[m.name] {
			r.note(m.name, "unknown_member", "is not a member of this object")
		}
	}
}

// object opens a member that is an object; a missing or mistyped one reads as empty.
func (r *reader) object(name string) *reader {
	n, ok := r.take(name, true)
	if ok && n.kind != '{' {
		r.note(name, "type", "must be an object")
		n = node{}
	}
	return newReader(n, r.at+"/"+escape(name), r.notes)
}

// text reads a string of 1 to max characters without control characters.
func (r *reader) text(name string, required bool, max int) string {
	n, ok := r.take(name, required)
	if !ok {
		return ""
	}
	if n.kind != '"' {
		r.note(name, "type", "must be a string")
		return ""
	}
	if n.text == "" || len([]rune(n.text)) > max {
		r.note(name, "length", "must have 1 to %d characters", max)
		return ""
	}
	if strings.ContainsFunc(n.text, func(c rune) bool {
		return c < 0x20 || c == 0x7f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)
	}) {
		r.note(name, "characters", "must not have control or direction-changing characters")
		return ""
	}
	return n.text
}

// parsed reads a string and hands it to a parser.
func parsed[T any](r *reader, name string, required bool, parse func(string) (T, error)) (v T) {
	n, ok := r.take(name, required)
	if !ok {
		return v
	}
	if n.kind != '"' {
		r.note(name, "type", "must be a string")
		return v
	}
	v, err := parse(n.text)
	if err != nil {
		r.note(name, "format", "%s", reason(err))
	}
	return v
}

func reason(err error) string {
	if f := fault.As(err); f != nil {
		return f.Sentence
	}
	return err.Error()
}

// flag reads true or false; a member that is not given is false.
func (r *reader) flag(name string) bool {
	n, ok := r.take(name, false)
	if ok && n.kind != 't' && n.kind != 'f' {
		r.note(name, "type", "must be true or false")
	}
	return ok && n.kind == 't'
}

// integer reads a whole number written without fraction or exponent.
func (r *reader) integer(name string, required bool, min, max int64) (int64, bool) {
	n, ok := r.take(name, required)
	if !ok {
		return 0, false
	}
	if n.kind != '0' {
		r.note(name, "type", "must be a whole number")
		return 0, false
	}
	if strings.ContainsAny(n.text, ".eE") {
		r.note(name, "not_integer", "must be a whole number without fraction or exponent")
		return 0, false
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || v < min || v > max || n.text == "-0" {
		r.note(name, "out_of_range", "must be from %d to %d", min, max)
		return 0, false
	}
	return v, true
}

// oneOf reads a word from a closed list.
func oneOf[T ~string](r *reader, name string, required bool, words ...T) T {
	return parsed(r, name, required, func(s string) (T, error) {
		for _, w := range words {
			if s == string(w) {
				return w, nil
			}
		}
		return "", fmt.Errorf("must be one of %v", words)
	})
}
