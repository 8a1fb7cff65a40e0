package indicator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// FactKind is a sort of register fact.
type FactKind string

// The facts that figures are computed from. Each is a statement of the log, so that it has
// a place in it: a figure at a log size knows the facts before that and no others.
const (
	KindSite    FactKind = "site"    // Site
	KindMember  FactKind = "member"  // Member
	KindBase    FactKind = "base"    // Base
	KindLicence FactKind = "licence" // Licence
	KindChoice  FactKind = "choice"  // ChoiceMade
	KindSheet   FactKind = "sheet"   // Sheet
	KindFactor  FactKind = "factor"  // Factor
	KindOffice  FactKind = "office"  // Office; no figure is computed from it
)

// Span is a stretch of validity in Unix milliseconds; To is exclusive, 0 open.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to,omitzero"`
}

// Holds says whether a moment lies in the span.
func (s Span) Holds(ms int64) bool { return s.From <= ms && (s.To == 0 || ms < s.To) }

// Site says what a site was from a day on. A later day's fact takes over from it; the same
// day's, further on in the log, corrects it.
type Site struct {
	Site     id.Site  `json:"site"`
	Party    id.Party `json:"party"`
	Kind     string   `json:"kind"`     // hospital, clinic, factory …
	Division string   `json:"division"` // six digits
	BuiltUp  bool     `json:"built_up"`
	Beds     int      `json:"beds,omitzero"`
	Social   string   `json:"social,omitzero"` // type of a social source; "": none
	Span
}

// Member says that a site is in a collection and disposal system, by contract or plan.
type Member struct {
	Site   id.Site  `json:"site"`
	By     id.Party `json:"by"`     // who collects or disposes
	Basis  string   `json:"basis"`  // contract or plan
	Number string   `json:"number"` // of the contract or plan
	Span
}

// Figures lists the figures that no event gives.
func Figures() []string {
	return []string{Landfilled, ValueAdded, RecyclablesGenerated, RecyclablesRecycled}
}

// The figures of Base.
const (
	Landfilled           = "landfilled"            // grams of industrial hazardous waste in the base year
	ValueAdded           = "value_added"           // yuan
	RecyclablesGenerated = "recyclables_generated" // grams of clean infusion bottles and bags, which are no hazardous waste
	RecyclablesRecycled  = "recyclables_recycled"  // grams of those
)

// Base is a figure that no event can give: the base year's landfill, the value added.
type Base struct {
	Figure   string `json:"figure"`
	Division string `json:"division"` // 130600: what no district is named for
	Year     int    `json:"year"`
	Amount   int64  `json:"amount"`
	Source   string `json:"source"`
}

// Licence is a permit in force for a time.
type Licence struct {
	Party   id.Party `json:"party"`
	Number  string   `json:"number"`
	Site    id.Site  `json:"site,omitzero"` // zero: all sites of the party
	Kind    string   `json:"kind"`
	Codes   []string `json:"codes"` // *, HWnn or codes
	Methods []string `json:"methods"`
	Span
}

// ChoiceMade is another answer to an open question of a definition.
type ChoiceMade struct {
	Indicator int    `json:"indicator"`
	Key       string `json:"key"`
	Value     string `json:"value"`
}

// Office says which roles an organisation has that is, or was, an authority: that whoever
// announces a draw may do so can then be shown to a stranger. A later fact takes over from
// an earlier one whole.
type Office struct {
	Party id.Party `json:"party"`
	Roles []string `json:"roles"` // of package party, in its order
	Span
}

// Fact is one of the kinds above, with who stated it, when and why.
type Fact struct {
	Kind   FactKind
	At     int64 // Unix milliseconds
	By     string
	Reason string
	Row    any // Site, Member, Base, Licence, ChoiceMade, Sheet, Factor or Office
}

type wireFact struct {
	Kind   FactKind        `json:"fact"`
	At     int64           `json:"at"`
	By     string          `json:"by"`
	Reason string          `json:"reason,omitzero"`
	Row    json.RawMessage `json:"row"`
}

// Bytes writes the fact in its one spelling.
func (f Fact) Bytes() ([]byte, error) {
	row, err := json.Marshal(f.Row)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The fact cannot be written.")
	}
	return json.Marshal(wireFact{f.Kind, f.At, f.By, f.Reason, row})
}

// ParseFact reads a fact and insists on its one spelling. The fault is damaged.
func ParseFact(b []byte) (Fact, error) {
	var w wireFact
	damaged := func(err error) (Fact, error) {
		return Fact{}, fault.Wrap(err, fault.Damaged, "A register fact in the log is damaged; run `liandan check`.")
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return damaged(err)
	}
	f := Fact{Kind: w.Kind, At: w.At, By: w.By, Reason: w.Reason}
	var err error
	switch w.Kind {
	case KindSite:
		f.Row, err = row[Site](w.Row)
	case KindMember:
		f.Row, err = row[Member](w.Row)
	case KindBase:
		f.Row, err = row[Base](w.Row)
	case KindLicence:
		f.Row, err = row[Licence](w.Row)
	case KindChoice:
		f.Row, err = row[ChoiceMade](w.Row)
	case KindSheet:
		f.Row, err = row[Sheet](w.Row)
	case KindFactor:
		f.Row, err = row[Factor](w.Row)
	case KindOffice:
		f.Row, err = row[Office](w.Row)
	default:
		return damaged(nil)
	}
	if err != nil || w.By == "" {
		return damaged(err)
	}
	if again, err := f.Bytes(); err != nil || !bytes.Equal(again, b) {
		return damaged(err)
	}
	return f, nil
}

func row[T any](b []byte) (v T, err error) {
	err = json.Unmarshal(b, &v)
	return v, err
}

// Covers says whether the licence lets its holder treat a code by a method. An empty list
// of methods lets every method.
func (l Licence) Covers(code, method string) bool {
	codes := slices.ContainsFunc(l.Codes, func(c string) bool {
		return c == "*" || c == code || (strings.HasPrefix(c, "HW") && strings.HasSuffix(code, "-"+c[2:]))
	})
	return codes && (len(l.Methods) == 0 || slices.Contains(l.Methods, method))
}

// Key names a fact: another of the same key corrects it.
func (f Fact) Key() string {
	switch r := f.Row.(type) {
	case Site:
		return fmt.Sprintf("site %s %d", r.Site, r.From)
	case Member:
		return fmt.Sprintf("member %s %s %d %s", r.Site, r.By, r.From, r.Number)
	case Licence:
		return fmt.Sprintf("licence %s %d %s", r.Party, r.From, r.Number)
	case Base:
		return fmt.Sprintf("base %s %s %d", r.Figure, r.Division, r.Year)
	case ChoiceMade:
		return fmt.Sprintf("choice %d %s", r.Indicator, r.Key)
	case Sheet:
		return fmt.Sprintf("sheet %s %s", r.Version, r.Name)
	case Factor:
		return fmt.Sprintf("factor %s %s %d %s", r.Method, r.Code, r.From, r.Set)
	case Office:
		return fmt.Sprintf("office %s", r.Party)
	}
	return ""
}

// Subject is what facts must not contradict one another about.
func (f Fact) Subject() string {
	switch r := f.Row.(type) {
	case Site:
		return "site " + r.Site.String()
	case Member:
		return "member " + r.Site.String()
	case Factor:
		return "factor " + r.Method + " " + r.Code + " " + r.Set
	}
	return f.Key()
}
