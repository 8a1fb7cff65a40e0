// Package profile holds the kinds of transfer as data over one engine: which events belong
// to a hazardous manifest, a medical hand-over, a small-source pick-up or a battery
// take-back, which roles take which part, what each signature must say, what it seals and
// what of that may be corrected, which waste codes it takes and which deadlines run.
//
// It must not judge the order of events (packages batch and manifest do), resolve a
// deadline, or look a party up. Another stream is another profile in the table, not code.
package profile

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
	"liandan/internal/waste"
)

// Class says what becomes of a field once it is signed.
type Class string

// The classes. All of them are sealed: nobody changes what was signed.
const (
	Frame   Class = "frame"   // who, when, where, about what: another event says it otherwise
	Fixed   Class = "fixed"   // cannot be corrected: other facts hang on it
	Correct Class = "correct" // may be corrected when every party that it touches agrees
)

// Part is what a party does in a transfer, or whose signature seals an event.
type Part string

// The parts. A profile gives the roles of the first three.
const (
	Consignor Part = "consignor" // 移出人
	Carrier   Part = "carrier"   // 承运人
	Consignee Part = "consignee" // 接受人

	Generator Part = "generator" // who closed the container
	Custodian Part = "custodian" // who holds the batch
	Authority Part = "authority"
	Party     Part = "party" // any party of the chain
)

// Book is the editions of the table in the order of their first days.
type Book []Edition

// Edition is the table as it is in force for a time.
type Edition struct {
	Name       string
	ValidFrom  time.Time
	ValidTo    time.Time // zero: open
	Source     string
	Certainty  string // C, C2, L or U as in the regulation notes; own: our choice
	Correction CorrectionLimit
	Frame      []string // pointers of the members that every type has
	Types      map[event.Type]Sealed
	Profiles   []Profile
}

// CorrectionLimit says how long a proposed correction may wait for its answers.
type CorrectionLimit struct {
	AnswerWithin time.Duration
	Source       string
	Certainty    string
}

// Sealed says who seals an event of a type by signing it, and what becomes of each field.
type Sealed struct {
	By     Part
	Fields map[string]Class // by pointer, with * for the items of an array; frame members left out
}

// Profile is one kind of transfer.
type Profile struct {
	Name      string
	ZH, EN    string
	ValidFrom time.Time // zero: with its edition
	ValidTo   time.Time
	Source    string
	Certainty string
	Events    []event.Type
	Parts     map[Part][]party.Role
	Requires  map[event.Type][]string // pointers that must be given
	Fields    map[event.Type]map[string]Class
	Deadlines []string // names; the calendar's rules resolve them
	Codes     Codes
}

// Codes says which waste a profile takes.
type Codes struct {
	Take            []string // categories (HW01), codes with ? and *, or * for all
	Refuse          []string // of those
	UnlessConsignor []party.Role
	Foreign         bool // codes of other countries are taken
}

//go:embed data/profiles.json
var file []byte

var embedded = sync.OnceValue(func() Book {
	b, err := Parse(file)
	if err != nil {
		panic("profile: embedded table: " + err.Error())
	}
	return b
})

// Default is the table that ships with Liandan. It may be shared.
func Default() Book { return embedded() }

// At is the edition in force at a time; the first one judges what came before it.
func (b Book) At(t time.Time) Edition {
	for _, e := range b {
		if !t.Before(e.ValidFrom) && (e.ValidTo.IsZero() || t.Before(e.ValidTo)) {
			return e
		}
	}
	if len(b) > 0 {
		return b[0]
	}
	return Edition{}
}

// Named finds a profile in force at a time. The fault is unknown-profile.
func (b Book) Named(name string, at time.Time) (Profile, error) {
	var names []string
	for _, p := range b.At(at).Profiles {
		in := (p.ValidFrom.IsZero() || !at.Before(p.ValidFrom)) && (p.ValidTo.IsZero() || at.Before(p.ValidTo))
		if in && p.Name == name {
			return p, nil
		}
		if in {
			names = append(names, p.Name)
		}
	}
	return Profile{}, fault.New(fault.UnknownProfile, "There is no transfer profile %q at that date; the profiles are %s.", name, strings.Join(names, ", ")).
		At("/data/profile", "unknown_profile", "must be one of %s", strings.Join(names, ", "))
}

// Rule is the pointer with * in the place of array indexes, as the table has it.
func Rule(pointer string) string {
	names := strings.Split(pointer, "/")
	for i, n := range names {
		if n != "" && strings.Trim(n, "0123456789") == "" {
			names[i] = "*"
		}
	}
	return strings.Join(names, "/")
}

// Class is what the table says of a field of a type; "" when it has no rule. The zero
// Profile is for events that belong to no transfer.
func (e Edition) Class(p Profile, t event.Type, pointer string) Class {
	at := Rule(pointer)
	if c, ok := p.Fields[t][at]; ok {
		return c
	}
	if slices.Contains(e.Frame, at) {
		return Frame
	}
	return e.Types[t].Fields[at]
}

// Roles are those that may take a part.
func (p Profile) Roles(of Part) []party.Role { return p.Parts[of] }

// Takes says whether waste of a code may be moved under the profile by a consignor.
func (p Profile) Takes(code waste.Code, consignor []party.Role) bool {
	if code.Foreign() {
		return p.Codes.Foreign
	}
	if !matches(p.Codes.Take, code) {
		return false
	}
	if !matches(p.Codes.Refuse, code) {
		return true
	}
	return slices.ContainsFunc(consignor, func(r party.Role) bool { return slices.Contains(p.Codes.UnlessConsignor, r) })
}

func matches(patterns []string, c waste.Code) bool {
	return slices.ContainsFunc(patterns, func(s string) bool {
		ok, err := path.Match(s, string(c))
		return err == nil && ok || s == c.Category()
	})
}

// Check says what the profile has against an event of a transfer, all at once: a type that
// does not belong to it, and fields that must be given. The fault is invalid-event.
func (p Profile) Check(e event.Event) error {
	bad := fault.New(fault.InvalidEvent, "The event is not what the transfer profile %q asks for; each member is listed.", p.Name)
	if !slices.Contains(p.Events, e.Type) {
		bad.At("/type", "profile", "%s does not belong to the profile %s", e.Type, p.Name)
	}
	for _, at := range e.Lacks(p.Requires[e.Type]) {
		bad.At(at, "required", "is required by the profile %s (%s)", p.Name, p.Source)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Correctable says whether a field may be corrected. The fault is invalid-event, for
// /data/changes/<i>/pointer.
func (e Edition) Correctable(p Profile, t event.Type, changes []event.Change) error {
	bad := fault.New(fault.InvalidEvent, "What was signed there is sealed for ever; each field is listed.")
	for i, c := range changes {
		at := fmt.Sprintf("/data/changes/%d/pointer", i)
		switch e.Class(p, t, c.Pointer) {
		case Correct:
		case "":
			bad.At(at, "unknown", "%s has no field %s", t, c.Pointer)
		default:
			bad.At(at, "sealed", "%s of %s cannot be corrected; another event must say it otherwise", c.Pointer, t)
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}
