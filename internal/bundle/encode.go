package bundle

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/party"
)

// TimeForm spells the times of a bundle: RFC 3339, UTC, milliseconds.
const TimeForm = "2006-01-02T15:04:05.000Z"

// wire is the file. Pointers tell a member that is missing from an empty one.
type wire struct {
	V          int          `json:"v"`
	Kind       Kind         `json:"kind"`
	Subject    string       `json:"subject"`
	MadeAt     string       `json:"made_at"`
	Origin     string       `json:"origin"`
	VKey       string       `json:"vkey"`
	Checkpoint string       `json:"checkpoint"`
	Size       int64        `json:"size"`
	Succession *[]string    `json:"succession,omitempty"`
	Entries    *[]wireEntry `json:"entries"`
	Keys       *[]wireKey   `json:"keys"`

	Statements *[]wireStatement `json:"statements,omitempty"`
	Rulings    *[]wireEntry     `json:"rulings,omitempty"`

	Grounds       *[]wireEntry     `json:"grounds,omitempty"`
	Confirmations *[]wireStatement `json:"confirmations,omitempty"`

	Lineage *[]string `json:"lineage"`
}

type wireEntry struct {
	Index int64     `json:"index"`
	Entry string    `json:"entry"`
	Event string    `json:"event"`
	Proof []id.Hash `json:"proof"`
}

type wireKey struct {
	Kid       string         `json:"kid"`
	Party     id.Party       `json:"party"`
	Person    id.Person      `json:"person"`
	Device    string         `json:"device"`
	JWK       jsontext.Value `json:"jwk"`
	ValidFrom string         `json:"valid_from"`
	ValidTo   *string        `json:"valid_to,omitempty"`
	RevokedAt *string        `json:"revoked_at,omitempty"`
}

// Encode writes the file: the same bundle gives the same bytes, one entry and one key a
// line for human eyes. It refuses what Decode would refuse. The fault is
// invalid-request, or too-large.
func Encode(b Bundle) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("{\n")
	w := lines{out: &out}
	w.member(" ", "v", 1)
	w.member(" ", "kind", b.Kind)
	w.member(" ", "subject", b.Subject.String())
	w.member(" ", "made_at", b.MadeAt.UTC().Format(TimeForm))
	w.member(" ", "origin", b.Origin)
	w.member(" ", "vkey", b.VKey)
	w.member(" ", "checkpoint", string(b.Checkpoint))
	w.member(" ", "size", b.Size)
	w.succession(b)
	out.WriteString(" \"entries\": [\n")
	for i, e := range b.Entries {
		w.item(wireEntry{e.Index, string(e.Entry), string(e.Event), append([]id.Hash{}, e.Proof...)}, i == len(b.Entries)-1)
	}
	out.WriteString(" ],\n \"keys\": [\n")
	keys := slices.Clone(b.Keys)
	slices.SortStableFunc(keys, func(x, y Key) int { return strings.Compare(x.Kid, y.Kid) })
	for i, k := range keys {
		w.item(wireKey{k.Kid, k.Party, k.Person, k.Device, k.JWK, k.Valid.From.UTC().Format(TimeForm),
			optional(k.Valid.To), optional(k.RevokedAt)}, i == len(keys)-1)
	}
	out.WriteString(" ],\n")
	w.history(b)
	w.grounds(b)
	out.WriteString(" \"lineage\": []\n}\n")
	if w.err != nil {
		return nil, fault.Wrap(w.err, fault.InvalidRequest, "The bundle cannot be written: a text in it is not UTF-8 or a key is not JSON.")
	}
	if _, err := Decode(out.Bytes()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func optional(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(TimeForm)
	return &s
}

// lines writes JSON values one a line and keeps the first error.
type lines struct {
	out *bytes.Buffer
	err error
}

func (l *lines) value(v any) {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil && l.err == nil {
		l.err = err
	}
	l.out.Write(b)
}

func (l *lines) member(indent, name string, v any) {
	l.out.WriteString(indent + `"` + name + `": `)
	l.value(v)
	l.out.WriteString(",\n")
}

func (l *lines) item(v any, last bool) {
	l.out.WriteString("  ")
	l.value(v)
	if !last {
		l.out.WriteByte(',')
	}
	l.out.WriteByte('\n')
}

// period reads the dates of a key.
func (k wireKey) period() (p party.Period, revoked time.Time, err error) {
	if p.From, err = parseTime(k.ValidFrom); err != nil {
		return p, revoked, err
	}
	if k.ValidTo != nil {
		if p.To, err = parseTime(*k.ValidTo); err != nil {
			return p, revoked, err
		}
	}
	if k.RevokedAt != nil {
		revoked, err = parseTime(*k.RevokedAt)
	}
	return p, revoked, err
}
