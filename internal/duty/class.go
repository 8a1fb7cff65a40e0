package duty

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"liandan/internal/waste"
)

// ClassRule says by how much a generator is of which class, between two dates.
type ClassRule struct {
	Edition    string      `json:"edition"`
	ValidFrom  string      `json:"valid_from"`
	ValidTo    string      `json:"valid_to"`
	Key        waste.Grams `json:"key_grams"`        // a year, from which a unit is a key one
	Simplified waste.Grams `json:"simplified_grams"` // a year, from which it is under simplified management
	Instrument string      `json:"instrument"`
	Article    string      `json:"article"`
	Certainty  string      `json:"certainty"`
	Reading    string      `json:"reading"`

	from, to time.Time
}

//go:embed classes.json
var classes []byte

// ClassRules reads the editions in the program.
func ClassRules() ([]ClassRule, error) {
	var out []ClassRule
	if err := json.Unmarshal(classes, &out); err != nil {
		return nil, fmt.Errorf("classes: %w", err)
	}
	for i := range out {
		r := &out[i]
		var err error
		if r.from, err = dayOr(r.ValidFrom, always); err == nil {
			r.to, err = dayOr(r.ValidTo, never)
		}
		if err != nil {
			return nil, fmt.Errorf("classes: edition %s: %w", r.Edition, err)
		}
		if r.Simplified < 1 || r.Key <= r.Simplified || r.Instrument == "" {
			return nil, fmt.Errorf("classes: edition %s: two amounts, one above the other, and an instrument are needed", r.Edition)
		}
	}
	return out, nil
}

// Source names the instrument and article for a reader.
func (r ClassRule) Source() string { return r.Instrument + " " + r.Article }

// Generation is what a class rests on.
type Generation struct {
	Most     waste.Grams // of the years that count
	Own      bool        // it used or disposed of waste itself: it has a facility
	Licensed bool        // it holds a licence to take waste in
}

// ClassOf is the class of a generator at a time; ok: a rule was in force.
func ClassOf(rules []ClassRule, g Generation, at time.Time) (c Class, r ClassRule, ok bool) {
	for _, r := range rules {
		if at.Before(r.from) || !at.Before(r.to) {
			continue
		}
		switch {
		case g.Own, g.Licensed, g.Most >= r.Key:
			return Key, r, true
		case g.Most >= r.Simplified:
			return Simplified, r, true
		}
		return Registered, r, true
	}
	return "", ClassRule{}, false
}
