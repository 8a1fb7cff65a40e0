package profile

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/party"
)

// The file. Strict: no unknown and no repeated member.
type (
	wireEdition struct {
		Edition    string                   `json:"edition"`
		ValidFrom  string                   `json:"valid_from"`
		ValidTo    string                   `json:"valid_to,omitempty"`
		Source     string                   `json:"source"`
		Certainty  string                   `json:"certainty"`
		Correction wireLimit                `json:"correction"`
		Frame      []string                 `json:"frame"`
		Types      map[event.Type]wireTyped `json:"types"`
		Profiles   []wireProfile            `json:"profiles"`
	}
	wireLimit struct {
		Days      int    `json:"answer_within_days"`
		Source    string `json:"source"`
		Certainty string `json:"certainty"`
	}
	wireTyped struct {
		SealedBy Part             `json:"sealed_by"`
		Fields   map[string]Class `json:"fields"`
	}
	wireProfile struct {
		Name      string                          `json:"name"`
		ZH        string                          `json:"zh"`
		EN        string                          `json:"en"`
		ValidFrom string                          `json:"valid_from,omitempty"`
		ValidTo   string                          `json:"valid_to,omitempty"`
		Source    string                          `json:"source"`
		Certainty string                          `json:"certainty"`
		Events    []event.Type                    `json:"events"`
		Parts     map[Part][]party.Role           `json:"parts"`
		Requires  map[event.Type][]string         `json:"requires"`
		Fields    map[event.Type]map[string]Class `json:"fields,omitempty"`
		Deadlines []string                        `json:"deadlines"`
		Codes     wireCodes                       `json:"codes"`
	}
	wireCodes struct {
		Take            []string     `json:"take"`
		Refuse          []string     `json:"refuse"`
		UnlessConsignor []party.Role `json:"unless_consignor,omitempty"`
		Foreign         bool         `json:"foreign"`
	}
)

// china is where the days of the table begin.
var china = time.FixedZone("+08:00", 8*3600)

// Parse reads a table strictly and says everything that is wrong with it. The fault is
// invalid-import.
func Parse(b []byte) (Book, error) {
	var in []wireEdition
	if err := json.Unmarshal(b, &in, json.RejectUnknownMembers(true)); err != nil {
		return nil, fault.Wrap(err, fault.InvalidImport, "The table of profiles is not the JSON that is asked for: %v", err)
	}
	c := &check{bad: fault.New(fault.InvalidImport, "The table of profiles is not sound; each place is listed.")}
	if len(in) == 0 {
		c.say("", "empty", "must have an edition")
	}
	var out Book
	for i, w := range in {
		e := c.edition(fmt.Sprintf("/%d", i), w)
		if i > 0 && !e.ValidFrom.After(out[i-1].ValidFrom) {
			c.say(fmt.Sprintf("/%d/valid_from", i), "order", "must be after that of the edition before")
		}
		out = append(out, e)
	}
	if len(c.bad.Fields) > 0 {
		return nil, c.bad
	}
	return out, nil
}

type check struct{ bad *fault.Error }

func (c *check) say(at, code, format string, args ...any) { c.bad.At(at, code, format, args...) }

func (c *check) day(at, s string, required bool) time.Time {
	if s == "" && !required {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, s, china)
	if err != nil {
		c.say(at, "date", "must be a day such as 2026-01-01")
	}
	return t
}

func (c *check) word(at, s string) {
	if s == "" {
		c.say(at, "required", "must not be empty")
	}
}

func (c *check) certainty(at, s string) {
	if !slices.Contains([]string{"C", "C2", "L", "U", "own"}, s) {
		c.say(at, "certainty", "must be one of C, C2, L, U, own")
	}
}

func (c *check) edition(at string, w wireEdition) Edition {
	e := Edition{Name: w.Edition, ValidFrom: c.day(at+"/valid_from", w.ValidFrom, true), ValidTo: c.day(at+"/valid_to", w.ValidTo, false),
		Source: w.Source, Certainty: w.Certainty, Frame: w.Frame, Types: map[event.Type]Sealed{},
		Correction: CorrectionLimit{time.Duration(w.Correction.Days) * 24 * time.Hour, w.Correction.Source, w.Correction.Certainty}}
	c.word(at+"/edition", w.Edition)
	c.word(at+"/source", w.Source)
	c.certainty(at+"/certainty", w.Certainty)
	if !e.ValidTo.IsZero() && !e.ValidTo.After(e.ValidFrom) {
		c.say(at+"/valid_to", "order", "must be after valid_from")
	}
	if w.Correction.Days < 1 || w.Correction.Days > 366 {
		c.say(at+"/correction/answer_within_days", "out_of_range", "must be from 1 to 366")
	}
	c.word(at+"/correction/source", w.Correction.Source)
	c.certainty(at+"/correction/certainty", w.Correction.Certainty)
	for t, s := range w.Types {
		c.typed(at+"/types/"+string(t), t, s)
		e.Types[t] = Sealed{s.SealedBy, s.Fields}
	}
	names := map[string]bool{}
	for i, p := range w.Profiles {
		at := fmt.Sprintf("%s/profiles/%d", at, i)
		if names[p.Name] {
			c.say(at+"/name", "repeated", "there is a profile %q already", p.Name)
		}
		names[p.Name] = true
		e.Profiles = append(e.Profiles, c.profile(at, p))
	}
	return e
}

// typed leaves it to a test that every field has a rule: one that has none is sealed.
func (c *check) typed(at string, t event.Type, s wireTyped) {
	fields := event.Fields(t)
	if fields == nil {
		c.say(at, "unknown_type", "there is no event type %q", t)
		return
	}
	if !slices.Contains([]Part{Consignor, Carrier, Consignee, Generator, Custodian, Authority, Party}, s.SealedBy) {
		c.say(at+"/sealed_by", "part", "must be a part")
	}
	for p, class := range s.Fields {
		c.field(at+"/fields", t, p, class, fields)
	}
}

func (c *check) field(at string, t event.Type, pointer string, class Class, fields []string) {
	if !slices.Contains(fields, pointer) {
		c.say(at, "unknown_field", "%s has no field %s", t, pointer)
	}
	if class != Fixed && class != Correct {
		c.say(at, "class", "the field %s must be fixed or correct", pointer)
	}
}

var profileName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,31}$`)
var deadlineName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,47}$`)
var category = regexp.MustCompile(`^HW[0-9]{2}$`)

func (c *check) profile(at string, w wireProfile) Profile {
	p := Profile{Name: w.Name, ZH: w.ZH, EN: w.EN, ValidFrom: c.day(at+"/valid_from", w.ValidFrom, false), ValidTo: c.day(at+"/valid_to", w.ValidTo, false),
		Source: w.Source, Certainty: w.Certainty, Events: w.Events, Parts: w.Parts, Requires: w.Requires, Fields: w.Fields, Deadlines: w.Deadlines,
		Codes: Codes{w.Codes.Take, w.Codes.Refuse, w.Codes.UnlessConsignor, w.Codes.Foreign}}
	if !profileName.MatchString(w.Name) {
		c.say(at+"/name", "format", "must be 2 to 32 lower-case letters, digits and hyphens")
	}
	c.word(at+"/zh", w.ZH)
	c.word(at+"/en", w.EN)
	c.word(at+"/source", w.Source)
	c.certainty(at+"/certainty", w.Certainty)
	for i, t := range w.Events {
		if event.Fields(t) == nil {
			c.say(fmt.Sprintf("%s/events/%d", at, i), "unknown_type", "there is no event type %q", t)
		}
	}
	for _, part := range []Part{Consignor, Carrier, Consignee} {
		if len(w.Parts[part]) == 0 {
			c.say(at+"/parts", "missing", "must say which roles may be the %s", part)
		}
	}
	for _, part := range slices.Sorted(maps.Keys(w.Parts)) { // the same file gives the same faults
		c.roles(at+"/parts/"+string(part), w.Parts[part])
	}
	for _, t := range slices.Sorted(maps.Keys(w.Requires)) {
		fields := event.Fields(t)
		for _, x := range w.Requires[t] {
			if !slices.Contains(fields, x) {
				c.say(at+"/requires/"+string(t), "unknown_field", "%s has no field %s", t, x)
			}
		}
		if !slices.Contains(w.Events, t) {
			c.say(at+"/requires/"+string(t), "foreign", "%s does not belong to the profile", t)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(w.Fields)) {
		for _, x := range slices.Sorted(maps.Keys(w.Fields[t])) {
			c.field(at+"/fields/"+string(t), t, x, w.Fields[t][x], event.Fields(t))
		}
	}
	for i, d := range w.Deadlines {
		if !deadlineName.MatchString(d) {
			c.say(fmt.Sprintf("%s/deadlines/%d", at, i), "format", "must be the name of a deadline")
		}
	}
	c.codes(at+"/codes", w.Codes)
	return p
}

func (c *check) roles(at string, roles []party.Role) {
	for i, r := range roles {
		if !slices.Contains(party.Roles(), r) {
			c.say(fmt.Sprintf("%s/%d", at, i), "role", "there is no role %q", r)
		}
	}
}

func (c *check) codes(at string, w wireCodes) {
	if len(w.Take) == 0 {
		c.say(at+"/take", "required", "must name a code")
	}
	for _, s := range slices.Concat(w.Take, w.Refuse) {
		if _, err := path.Match(s, "000-000-00"); err != nil || s != "*" && len(s) != 10 && !category.MatchString(s) {
			c.say(at, "code", "%q must be a category, a code with ? for single digits, or *", s)
		}
	}
	c.roles(at+"/unless_consignor", w.UnlessConsignor)
}
