package event

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// What was signed is sealed. A wrong field is mended beside it: a party proposes, every
// party that relied on the field agrees, and both values stay in the chain (Order 23 art. 29:
// a filling that is not to standard is corrected promptly).

// Limits of a correction.
const (
	MaxChanges = 20
	MaxParties = 20
)

// Correction is correction.proposed. refs names the one event that is corrected.
type Correction struct {
	Changes []Change
	Parties []id.Party // all others that the field touches: each must agree; none: it stands at once
	Until   time.Time  // an answer after that does not count
	Reason  string
}

// Change is one field of the corrected event.
type Change struct {
	Pointer string `json:"pointer"` // JSON pointer in the corrected event's payload
	Old     Value  `json:"old"`     // as it stands, corrections before this one included
	New     Value  `json:"new"`
}

// Value is a JSON string, a whole number or null for a member that is not given; its text
// as encoding/json writes it.
type Value string

// NoValue is a member that is not given.
const NoValue Value = "null"

// MarshalJSON writes the value as it is.
func (v Value) MarshalJSON() ([]byte, error) {
	if v == "" {
		return []byte("null"), nil
	}
	return []byte(v), nil
}

// UnmarshalJSON keeps the value's text.
func (v *Value) UnmarshalJSON(b []byte) error { *v = Value(b); return nil }

// Consent is correction.agreed; refs names the proposal.
type Consent struct{ Remark string }

// Dissent is correction.declined; refs names the proposal.
type Dissent struct{ Reason string }

// Numbered is manifest.numbered: the national number has come (Order 23 art. 15).
type Numbered struct{ Number string }

// Reservation is what a carrier says who takes a load over but not the data about it.
type Reservation struct {
	Text       string // what the carrier does not vouch for
	Unverified bool   // nothing was checked: carried as handed over
}

// IsZero reports that the carrier has none.
func (v Reservation) IsZero() bool { return v == Reservation{} }

func (Correction) of() Type { return CorrectionProposed }
func (Consent) of() Type    { return CorrectionAgreed }
func (Dissent) of() Type    { return CorrectionDeclined }
func (Numbered) of() Type   { return ManifestNumbered }

// Mends says whether a type speaks about another event's fields and moves nothing.
func (t Type) Mends() bool {
	return t == CorrectionProposed || t == CorrectionAgreed || t == CorrectionDeclined
}

var pointerForm = regexp.MustCompile(`^(/[a-z0-9_]{1,32}){1,6}$`)

func readPointer(s string) (string, error) {
	if !pointerForm.MatchString(s) {
		return "", fmt.Errorf("must be a JSON pointer into an event's payload, such as /data/vehicle or /batches/0/grams")
	}
	return s, nil
}

func readCorrection(r *reader) Data {
	defer r.close()
	d := Correction{Until: parsed(r, "until", true, ParseTime), Reason: r.text("reason", true, 200)}
	d.Changes = readList(r, "changes", 1, MaxChanges, readChange)
	n, ok := r.take("parties", true)
	if !ok {
		return d
	}
	if n.kind != '[' {
		r.note("parties", "type", "must be an array")
		return d
	}
	if len(n.items) > MaxParties {
		r.note("parties", "length", "must have 0 to %d parties", MaxParties)
	}
	met := map[id.Party]bool{}
	for i, item := range n.items {
		p, err := id.ParseParty(item.text)
		name := fmt.Sprintf("parties/%d", i)
		switch {
		case item.kind != '"' || err != nil:
			r.below(name, "format", "must be a lower-case hyphenated UUID")
		case met[p]:
			r.below(name, "repeated", "the party is named twice")
		}
		met[p] = true
		d.Parties = append(d.Parties, p)
	}
	return d
}

// below notes what is wrong with an item of an array.
func (r *reader) below(path, code, detail string) {
	*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/" + path, Code: code, Detail: detail})
}

// readList reads an array of objects.
func readList[T any](r *reader, name string, min, max int, read func(*reader) T) []T {
	n, ok := r.take(name, true)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note(name, "type", "must be an array")
		return nil
	}
	if len(n.items) < min || len(n.items) > max {
		r.note(name, "length", "must have %d to %d items", min, max)
	}
	var out []T
	for i, item := range n.items {
		at := fmt.Sprintf("%s/%s/%d", r.at, name, i)
		if item.kind != '{' {
			r.below(fmt.Sprintf("%s/%d", name, i), "type", "must be an object")
			continue
		}
		ir := newReader(item, at, r.notes)
		out = append(out, read(ir))
		ir.close()
	}
	return out
}

func readChange(r *reader) Change {
	c := Change{Pointer: parsed(r, "pointer", true, readPointer), Old: r.value("old"), New: r.value("new")}
	if c.Old != "" && c.Old == c.New {
		r.note("new", "same", "must differ from old")
	}
	return c
}

// value reads a string, a whole number or null.
func (r *reader) value(name string) Value {
	n, ok := r.take(name, true)
	if !ok {
		return ""
	}
	switch n.kind {
	case 'n':
		return NoValue
	case '0':
		if v, ok := r.integer(name, true, -1<<53, 1<<53); ok {
			return Value(strconv.FormatInt(v, 10))
		}
		return ""
	case '"':
		if s := r.text(name, true, 200); s != "" {
			return quoted(s)
		}
		return ""
	}
	r.note(name, "type", "must be a string, a whole number or null")
	return ""
}

func quoted(s string) Value {
	b, _ := json.Marshal(s) // a string: cannot fail
	return Value(b)
}

func readConsent(r *reader) Data {
	defer r.close()
	return Consent{Remark: r.text("remark", false, 200)}
}

func readDissent(r *reader) Data {
	defer r.close()
	return Dissent{Reason: r.text("reason", true, 200)}
}

func readNumbered(r *reader) Data {
	defer r.close()
	return Numbered{Number: parsed(r, "number", true, ParseNumber)}
}

func readReservation(r *reader) Reservation {
	return Reservation{Text: r.text("reservation", false, 200), Unverified: r.flag("unverified")}
}

// single holds a correction to the one event that it speaks about, and its fields and
// parties to being named once.
func single(r *reader, e *Event) {
	if len(e.Refs) > 1 {
		r.note("refs", "length", "must name one event, the one that this is about")
	}
	d, ok := e.Data.(Correction)
	if !ok {
		return
	}
	met := map[string]bool{}
	for i, c := range d.Changes {
		if met[c.Pointer] && c.Pointer != "" {
			r.below(fmt.Sprintf("data/changes/%d/pointer", i), "repeated", "the field is named twice")
		}
		met[c.Pointer] = true
	}
	for i, p := range d.Parties {
		if p == e.Party && !p.IsZero() {
			r.below(fmt.Sprintf("data/parties/%d", i), "signer", "must be another party: who proposes agrees by proposing")
		}
	}
	if !d.Until.IsZero() && !e.At.IsZero() && !d.Until.After(e.At) {
		r.below("data/until", "out_of_range", "must be after the time of the event")
	}
}

func (d Correction) write(m members) {
	changes := make([]members, 0, len(d.Changes))
	for _, c := range d.Changes {
		changes = append(changes, members{"pointer": c.Pointer, "old": c.Old, "new": c.New})
	}
	m["changes"] = changes
	m["parties"] = append([]id.Party{}, d.Parties...)
	m["until"] = d.Until.Format(TimeForm)
	m.text("reason", d.Reason)
}

func (d Consent) write(m members)  { m.text("remark", d.Remark) }
func (d Dissent) write(m members)  { m.text("reason", d.Reason) }
func (d Numbered) write(m members) { m.text("number", d.Number) }

func (v Reservation) write(m members) {
	m.text("reservation", v.Text)
	if v.Unverified {
		m["unverified"] = true
	}
}
