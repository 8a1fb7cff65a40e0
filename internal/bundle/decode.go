package bundle

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Decode reads a file strictly: UTF-8, no unknown, repeated or missing member, nothing
// after the object, and the bounds of this package. It believes nothing yet: Check does
// the judging. Faults: too-large, invalid-request.
func Decode(file []byte) (Bundle, error) {
	if len(file) > MaxSize {
		return Bundle{}, fault.New(fault.TooLarge, "The file has %d bytes; a bundle has at most %d.", len(file), MaxSize)
	}
	var w wire
	if err := json.Unmarshal(file, &w, json.RejectUnknownMembers(true)); err != nil {
		return Bundle{}, malformed(err)
	}
	f := fault.New(fault.InvalidRequest, "The file is not a bundle of version 1 that can be read.")
	b := w.bundle(f)
	if len(f.Fields) > 0 {
		return Bundle{}, f
	}
	return b, nil
}

func malformed(err error) error {
	f := fault.Wrap(err, fault.InvalidRequest, "The file is not a bundle: not strict JSON with the members of version 1. It may be cut short or altered.")
	var syn *jsontext.SyntacticError
	var sem *json.SemanticError
	switch {
	case errors.As(err, &syn):
		return f.At(string(syn.JSONPointer), "syntax", "not valid JSON at byte %d", syn.ByteOffset)
	case errors.As(err, &sem):
		return f.At(string(sem.JSONPointer), "value", "this member does not belong here or has a wrong value (byte %d)", sem.ByteOffset)
	}
	return f.At("", "syntax", "not valid JSON")
}

// bundle converts the file and notes in f all that is wrong with it.
func (w wire) bundle(f *fault.Error) Bundle {
	if w.V != 1 {
		f.At("/v", "version", "must be 1; a newer program may read this file")
	}
	b := Bundle{Kind: w.Kind, Origin: w.Origin, VKey: w.VKey, Checkpoint: []byte(w.Checkpoint), Size: w.Size}
	var err error
	switch w.Kind {
	case OfBatch:
		var v id.Batch
		v, err = id.ParseBatch(w.Subject)
		b.Subject = v.UUID()
	case OfManifest:
		var v id.Manifest
		v, err = id.ParseManifest(w.Subject)
		b.Subject = v.UUID()
	default:
		f.At("/kind", "value", "must be batch or manifest; a newer program may know other kinds")
	}
	if err != nil {
		f.At("/subject", "format", "%v", err)
	}
	if b.MadeAt, err = parseTime(w.MadeAt); err != nil {
		f.At("/made_at", "format", "%v", err)
	}
	for _, m := range [][2]string{{"/origin", w.Origin}, {"/vkey", w.VKey}, {"/checkpoint", w.Checkpoint}} {
		if m[1] == "" {
			f.At(m[0], "required", "is required")
		}
	}
	if w.Size < 1 {
		f.At("/size", "out_of_range", "must be at least 1")
	}
	// Later versions bring the batches that this one came from; no event of version 1 makes any.
	if w.Lineage == nil || len(*w.Lineage) > 0 {
		f.At("/lineage", "value", "must be an empty array in version 1")
	}
	w.succession(&b, f)
	w.entries(&b, f)
	w.keys(&b, f)
	w.history(&b, f)
	w.grounds(&b, f)
	return b
}

func (w wire) entries(b *Bundle, f *fault.Error) {
	if w.Entries == nil || len(*w.Entries) == 0 || len(*w.Entries) > MaxEntries {
		f.At("/entries", "length", "must have 1 to %d entries", MaxEntries)
		return
	}
	b.Entries = make([]Entry, len(*w.Entries))
	for i, e := range *w.Entries {
		b.Entries[i] = Entry{Index: e.Index, Entry: []byte(e.Entry), Event: []byte(e.Event), Proof: e.Proof}
	}
}

func (w wire) keys(b *Bundle, f *fault.Error) {
	if w.Keys == nil || len(*w.Keys) == 0 || len(*w.Keys) > MaxKeys {
		f.At("/keys", "length", "must have 1 to %d keys", MaxKeys)
		return
	}
	b.Keys = make([]Key, len(*w.Keys))
	for i, k := range *w.Keys {
		valid, revoked, err := k.period()
		if err != nil {
			f.At(fmt.Sprintf("/keys/%d", i), "format", "%v", err)
		}
		if k.Kid == "" || k.JWK.Kind() != '{' {
			f.At(fmt.Sprintf("/keys/%d", i), "required", "must have a kid and a jwk")
		}
		b.Keys[i] = Key{Kid: k.Kid, Party: k.Party, Person: k.Person, Device: k.Device, JWK: compact(k.JWK), Valid: valid, RevokedAt: revoked}
	}
}

// compact takes white space out of a JSON value; what it means does not change.
func compact(v jsontext.Value) []byte {
	c := v.Clone()
	if err := c.Compact(); err != nil {
		return v
	}
	return c
}

var errTime = errors.New("must be a time such as 2026-03-01T00:30:00.000Z, in UTC with milliseconds")

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(TimeForm, s)
	if err != nil || t.Format(TimeForm) != s {
		return time.Time{}, errTime
	}
	return t.UTC(), nil
}
