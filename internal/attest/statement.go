// Package attest is the signed statement of figures: the indicators of a period as a log of
// a size gave them, with the log's checkpoint, in one file that the log's key signs; and the
// check of it, which folds an export of the log anew and compares figure by figure.
//
// It must not define a figure (package indicator does), read a clock, a network or a
// database, or believe a word of either file that no signature carries.
package attest

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"liandan/internal/division"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/indicator"
	"liandan/internal/merkle"
)

// Title is the first line of a statement's text: what says that a note which a log's key
// signed is one of these, and neither a checkpoint nor a succession.
const Title = "liandan statement of figures v1"

// MediaType is what a statement is served as; MaxSize bounds it, in bytes.
const (
	MediaType = "text/plain; charset=utf-8"
	MaxSize   = 4 << 20
)

// TimeForm spells times: UTC, milliseconds.
const TimeForm = "2006-01-02T15:04:05.000Z"

// Statement is what is signed. The same period, district and log size give the same bytes.
type Statement struct {
	V          int         `json:"v"`
	Period     string      `json:"period"`
	District   string      `json:"district"` // "" the whole city, with a row for each district
	CutOff     string      `json:"cut_off"`  // the last moment that counts
	Size       int64       `json:"size"`     // entries of the log that it knows
	Root       id.Hash     `json:"root"`
	RecordedAt string      `json:"recorded_at"` // of the newest of them
	Checkpoint string      `json:"checkpoint"`  // of exactly that size
	Divisions  id.Hash     `json:"divisions"`   // digest of the table of what the city runs
	Indicators []Indicator `json:"indicators"`
}

// Indicator is one indicator of the statement.
type Indicator struct {
	Indicator  int     `json:"indicator"`
	Version    string  `json:"version"`    // of the definition
	Definition id.Hash `json:"definition"` // digest of what its figures rest on: unit, rounding, target, choices
	Unit       string  `json:"unit"`
	AmountUnit string  `json:"amount_unit"`
	Rows       []Row   `json:"rows"`
}

// Row is a district's figures, or the whole city's for "".
type Row struct {
	District   string      `json:"district"`
	Figures    []Figure    `json:"figures"`
	Exclusions []Exclusion `json:"exclusions,omitempty"`
	Flags      []string    `json:"flags,omitempty"`
	Sites      int         `json:"sites"`
	Reported   int         `json:"reported"`
	Stock      int64       `json:"stock,omitzero"` // grams
}

// Figure is one value. Value is "" where there is none, and Because says why.
type Figure struct {
	Variant     string `json:"variant"`
	Value       string `json:"value"`
	Status      string `json:"status"`
	Numerator   int64  `json:"numerator"`
	Denominator int64  `json:"denominator"`
	Because     string `json:"because,omitempty"`
	Parts       []Part `json:"parts,omitempty"`
}

// Part is one named amount of a figure.
type Part struct {
	Name   string `json:"name"`
	Amount int64  `json:"amount"`
}

// Exclusion is what was left out.
type Exclusion struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
	Grams int64  `json:"grams"`
}

// Known is the head of the log that figures were computed at.
type Known struct {
	merkle.Head
	RecordedAt time.Time
	Checkpoint []byte
}

// New begins a statement without indicators.
func New(p indicator.Period, district string, cutOff int64, k Known) Statement {
	return Statement{V: 1, Period: p.Name, District: district, CutOff: spell(time.UnixMilli(cutOff)), Size: k.Size, Root: k.Root,
		RecordedAt: spell(k.RecordedAt), Checkpoint: string(k.Checkpoint), Divisions: division.Digest()}
}

func spell(t time.Time) string { return t.UTC().Format(TimeForm) }

// IndicatorOf writes an indicator's rows in their one spelling.
func IndicatorOf(d indicator.Definition, rows ...indicator.Row) Indicator {
	out := Indicator{Indicator: d.Indicator, Version: d.Version, Definition: sha256.Sum256(d.Bytes()), Unit: d.Unit, AmountUnit: d.AmountUnit, Rows: make([]Row, len(rows))}
	for i, r := range rows {
		out.Rows[i] = rowOf(r)
	}
	return out
}

func rowOf(r indicator.Row) Row {
	out := Row{District: r.District, Figures: make([]Figure, len(r.Figures)), Flags: slices.Sorted(slices.Values(r.Flags)), Sites: r.Coverage.Sites, Reported: r.Coverage.Reported, Stock: r.Stock}
	for i, f := range r.Figures {
		v := Figure{Variant: f.Variant, Value: f.Value, Status: string(f.Status), Numerator: f.Numerator, Denominator: f.Denominator}
		if f.Because != nil {
			v.Because = f.Because.Code
		}
		for _, p := range f.Parts {
			v.Parts = append(v.Parts, Part(p))
		}
		out.Figures[i] = v
	}
	for _, e := range r.Exclusions {
		out.Exclusions = append(out.Exclusions, Exclusion{e.Code, e.Count, e.Grams})
	}
	slices.SortFunc(out.Exclusions, func(a, b Exclusion) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

func (s Statement) text(origin string) (string, error) {
	b, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "The statement cannot be written.")
	}
	return strings.Join([]string{Title, origin, string(b), ""}, "\n"), nil
}

// Sign signs the statement with the log's key: a C2SP signed note of three lines.
func (s Statement) Sign(signer note.Signer) ([]byte, error) {
	text, err := s.text(signer.Name())
	if err != nil {
		return nil, err
	}
	b, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The statement cannot be signed.")
	}
	return b, nil
}

// Signed is a statement that was read and whose signature is good.
type Signed struct {
	Statement
	VKey string // by which of the log's keys
}

// Open verifies that one of a log's keys signed a statement and reads it strictly: in its
// one spelling and no other. The fault is damaged, or too-large.
func Open(signed []byte, keys merkle.Keys) (Signed, error) {
	bad := func(err error, format string, args ...any) (Signed, error) {
		return Signed{}, fault.Wrap(err, fault.Damaged, "The statement does not hold: "+format, args...)
	}
	if len(signed) > MaxSize {
		return Signed{}, fault.New(fault.TooLarge, "The file has %d bytes; a statement has at most %d.", len(signed), MaxSize)
	}
	n, err := note.Open(signed, keys)
	if err != nil {
		return bad(err, "no key of the log that you trust signed it.")
	}
	parts := strings.Split(n.Text, "\n")
	if len(parts) != 4 || parts[0] != Title {
		return bad(nil, "what the log's key signed is no statement of figures.")
	}
	out, err := parse(parts[2])
	if err != nil {
		return bad(err, "its figures cannot be read.")
	}
	origin := n.Sigs[0].Name
	if again, err := out.text(origin); err != nil || again != n.Text || len(n.Sigs) != 1 || len(n.UnverifiedSigs) > 0 ||
		!bytes.Equal(signed, merkle.SpellNote(n.Text, n.Sigs)) {
		return bad(err, "it is not in its one spelling.")
	}
	for _, k := range keys.VKeys() {
		if v, err := merkle.ParseVKey(k); err == nil && v.KeyHash() == n.Sigs[0].Hash {
			return Signed{out, k}, nil
		}
	}
	return bad(nil, "it names no key.")
}

// Read reads a statement without verifying anything, to say what it claims.
func Read(signed []byte) (Statement, error) {
	if len(signed) > MaxSize {
		return Statement{}, fault.New(fault.TooLarge, "The file has %d bytes; a statement has at most %d.", len(signed), MaxSize)
	}
	parts := strings.SplitN(string(signed), "\n", 4)
	if len(parts) != 4 || parts[0] != Title {
		return Statement{}, fault.New(fault.InvalidRequest, "This is not a statement of figures: its first line is not %q.", Title)
	}
	s, err := parse(parts[2])
	if err != nil {
		return s, fault.Wrap(err, fault.InvalidRequest, "The statement of figures cannot be read: its third line is not what version 1 has there. It may be cut short or altered.")
	}
	return s, nil
}

func parse(text string) (s Statement, err error) {
	if err = json.Unmarshal([]byte(text), &s, json.RejectUnknownMembers(true)); err != nil {
		return s, err
	}
	if s.V != 1 || s.Size < 1 || len(s.Indicators) == 0 {
		return s, fmt.Errorf("version %d, size %d, %d indicators", s.V, s.Size, len(s.Indicators))
	}
	return s, nil
}
