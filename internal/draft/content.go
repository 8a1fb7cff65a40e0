package draft

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// Content is what is written so far, as members of the payload to come: site, person,
// batches with id, grams and packages, and the data of manifest.issued. Each may be left
// out; what is there must be well-formed. The text is kept as it was read, without spaces.
type Content jsontext.Value

// MaxContent bounds a content, in bytes.
const MaxContent = event.MaxPayload

// ReadContent reads a content strictly: an object, no unknown and no repeated member.
// Faults: invalid-request, with pointers under at.
func ReadContent(raw []byte, at string) (Content, error) {
	bad := fault.New(fault.InvalidRequest, "The draft was not kept; what is malformed in it is listed. What is missing may be missing.")
	if len(raw) > MaxContent {
		return nil, bad.At(at, "length", "must have %d bytes at most", MaxContent)
	}
	top := object(bad, raw, at, "site", "person", "batches", "data")
	if b, ok := top["batches"]; ok {
		if b.Kind() != '[' {
			bad.At(at+"/batches", "type", "must be an array")
		} else {
			var lines []jsontext.Value
			if err := json.Unmarshal(b, &lines); err != nil {
				bad.At(at+"/batches", "syntax", "cannot be read")
			}
			for i, l := range lines {
				object(bad, l, fmt.Sprintf("%s/batches/%d", at, i), "id", "grams", "packages")
			}
		}
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	v := jsontext.Value(slices.Clone(raw))
	if err := v.Compact(); err != nil {
		return nil, bad.At(at, "syntax", "cannot be read")
	}
	return Content(v), nil
}

// object reads the members of an object that may have some and no other.
func object(bad *fault.Error, raw jsontext.Value, at string, may ...string) map[string]jsontext.Value {
	if raw.Kind() != '{' {
		bad.At(at, "type", "must be an object")
		return nil
	}
	var m map[string]jsontext.Value
	if err := json.Unmarshal(raw, &m); err != nil {
		bad.At(at, "syntax", "cannot be read: a member appears twice, or it is not valid JSON")
		return nil
	}
	for name := range m {
		if !slices.Contains(may, name) {
			bad.At(at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), "unknown_member", "is not a member of this object")
		}
	}
	slices.SortFunc(bad.Fields, func(a, b fault.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
	return m
}

// Payload writes the event that the draft would be, were it signed at a time under an id.
// What is not written yet is not in it. The content must have been read by ReadContent.
func (d Draft) Payload(e id.Event, at time.Time) ([]byte, error) {
	m := map[string]any{}
	if len(d.Content) > 0 {
		var top map[string]jsontext.Value
		if err := json.Unmarshal(d.Content, &top); err != nil {
			return nil, fault.Wrap(err, fault.Damaged, "The draft cannot be read; run `liandan check`.")
		}
		for name, v := range top {
			m[name] = v
		}
	}
	if b, ok := m["batches"].(jsontext.Value); ok && string(b) == "[]" {
		delete(m, "batches") // none is named yet
	}
	m["v"], m["id"], m["type"], m["at"] = 1, e.String(), string(event.ManifestIssued), at.Format(event.TimeForm)
	m["party"], m["manifest"] = d.Party.String(), d.ID.String()
	b, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, "The draft cannot be written as an event.")
	}
	return b, nil
}

// sound says what is malformed in a draft; what is missing is not.
func (d Draft) sound(at time.Time) error {
	b, err := d.Payload(id.EventOf(id.V7(at.UnixMilli(), [10]byte{})), at)
	if err != nil {
		return err
	}
	_, wrong, err := event.Read(b)
	bad := fault.New(fault.InvalidRequest, "The draft was not kept; what is malformed in it is listed. What is missing may be missing.")
	if f := fault.As(err); f != nil {
		wrong = f.Fields
		if len(wrong) == 0 {
			return bad.At("/content", string(f.Kind), "%s", f.Sentence)
		}
	}
	for _, f := range wrong {
		if f.Code != "required" && f.Code != "one_of" { // one of several is yet to be given
			f.Pointer = "/content" + f.Pointer
			bad.Fields = append(bad.Fields, f)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}
