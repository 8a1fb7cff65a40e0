package event

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Value is what stands at a pointer of the event's payload; false: there is no such place.
func (e Event) Value(pointer string) (Value, bool) {
	doc, err := e.document()
	if err != nil {
		return "", false
	}
	in, name, ok := reach(doc, pointer)
	if !ok {
		return "", false
	}
	switch v := in[name].(type) {
	case nil:
		return NoValue, true
	case string:
		return quoted(v), true
	case json.Number:
		return Value(v.String()), true
	}
	return "", false
}

// With is the event as it reads with changes made. The fault is invalid-event, or
// malformed-event, with pointers into the changed payload.
func (e Event) With(changes []Change) (Event, error) {
	doc, err := e.document()
	if err != nil {
		return Event{}, err
	}
	for _, c := range changes {
		in, name, ok := reach(doc, c.Pointer)
		if !ok {
			return Event{}, fault.New(fault.InvalidEvent, "The corrected event has no such field.").At(c.Pointer, "unknown", "is not a field of %s", e.Type)
		}
		if c.New == NoValue {
			delete(in, name)
		} else {
			in[name] = json.RawMessage(c.New)
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return Event{}, fault.Wrap(err, fault.InvalidEvent, "The correction's values cannot be written.")
	}
	return Parse(b)
}

func (e Event) document() (map[string]any, error) {
	b, err := e.Payload()
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	doc := map[string]any{}
	return doc, dec.Decode(&doc)
}

// reach finds the object that a pointer's last name is in.
func reach(doc map[string]any, pointer string) (map[string]any, string, bool) {
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	var at any = doc
	for _, n := range names[:len(names)-1] {
		switch v := at.(type) {
		case map[string]any:
			at = v[n]
		case []any:
			i, err := strconv.Atoi(n)
			if err != nil || i < 0 || i >= len(v) {
				return nil, "", false
			}
			at = v[i]
		default:
			return nil, "", false
		}
	}
	in, ok := at.(map[string]any)
	return in, names[len(names)-1], ok
}

// Owners lists the batches that a field of the event speaks of: the line's or child's own,
// else all that the event names.
func (e Event) Owners(pointer string) []id.Batch {
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if names[0] == "batches" && len(names) == 3 {
		if i, err := strconv.Atoi(names[1]); err == nil && i >= 0 && i < len(e.Batches) {
			return []id.Batch{e.Batches[i].ID}
		}
		return nil
	}
	for _, b := range e.Births() {
		if of := strings.TrimSuffix(b.Pointer, "id"); strings.HasPrefix(of, "/data/") && strings.HasPrefix(pointer, of) {
			return []id.Batch{b.ID}
		}
	}
	if len(names) == 4 { // an item that is not there
		return nil
	}
	var out []id.Batch
	for _, b := range e.Batches {
		out = append(out, b.ID)
	}
	return out
}

// Lacks lists which of the pointers the event does not give; * stands for every item of
// the array before it.
func (e Event) Lacks(pointers []string) (out []string) {
	if len(pointers) == 0 {
		return nil
	}
	doc, err := e.document()
	if err != nil {
		return nil
	}
	for _, p := range pointers {
		out = append(out, lacks(doc, "", strings.Split(strings.TrimPrefix(p, "/"), "/"))...)
	}
	return out
}

func lacks(v any, at string, names []string) (out []string) {
	if len(names) == 0 {
		if v == nil {
			return []string{at}
		}
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		return lacks(v[names[0]], at+"/"+names[0], names[1:])
	case []any:
		for i, item := range v {
			out = append(out, lacks(item, at+"/"+strconv.Itoa(i), names[1:])...)
		}
		return out
	}
	return []string{at}
}
