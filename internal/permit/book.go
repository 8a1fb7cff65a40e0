package permit

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/event"
	"liandan/internal/rule"
)

// Effect is what a rule does to an event that breaks it.
type Effect string

// The effects. Refuse is for what can be seen from registers and parties alone, before
// anything is on the road: a load in mid-trip is never trapped.
const (
	Tell   Effect = "finding"
	Refuse Effect = "refuse"
)

// The rules, by their codes.
const (
	CarrierUnlicensed   rule.Code = "carrier-unlicensed"
	CarrierScope        rule.Code = "carrier-scope"
	VehicleUnpermitted  rule.Code = "vehicle-unpermitted"
	VehicleOverloaded   rule.Code = "vehicle-overloaded"
	VehicleNotMedical   rule.Code = "vehicle-not-medical"
	ConsigneeUnlicensed rule.Code = "consignee-unlicensed"
	ConsigneeScope      rule.Code = "consignee-scope"
	LicenceQuantity     rule.Code = "licence-quantity"
	LicenceTerm         rule.Code = "licence-term"
	PlanMissing         rule.Code = "plan-missing"
	PlanTerms           rule.Code = "plan-terms"
	PlanQuantity        rule.Code = "plan-quantity"
	PlanGenerated       rule.Code = "plan-generated"
	ProvinceUnapproved  rule.Code = "province-unapproved"
	ProvinceScope       rule.Code = "province-scope"
	ProvinceQuantity    rule.Code = "province-quantity"
	TreatmentUnlicensed rule.Code = "treatment-unlicensed"
)

// Codes lists them.
func Codes() []rule.Code {
	return []rule.Code{CarrierUnlicensed, CarrierScope, VehicleUnpermitted, VehicleOverloaded, VehicleNotMedical, ConsigneeUnlicensed, ConsigneeScope,
		LicenceQuantity, LicenceTerm, PlanMissing, PlanTerms, PlanQuantity, PlanGenerated, ProvinceUnapproved, ProvinceScope, ProvinceQuantity, TreatmentUnlicensed}
}

// refusable are the rules that need no waste code and no sum: those are known only inside
// the log's transaction.
var refusable = []rule.Code{CarrierUnlicensed, ConsigneeUnlicensed, ProvinceUnapproved}

// Rule is one dated row: what is asked when, by which law, with which effect.
type Rule struct {
	Code       rule.Code      `json:"code"`
	At         []event.Type   `json:"at"`
	Profiles   []string       `json:"profiles,omitempty"` // of manifests; empty: every one
	Effect     Effect         `json:"effect"`
	Instrument string         `json:"instrument"`
	Article    string         `json:"article"` // "": not known
	ValidFrom  string         `json:"valid_from"`
	ValidTo    string         `json:"valid_to,omitempty"` // the first day on which it no longer holds
	Certainty  string         `json:"certainty"`          // C, C2, L or U as in the regulation notes; own: our choice
	Figures    map[string]int `json:"figures,omitempty"`
	ZH         string         `json:"zh"`
	EN         string         `json:"en"`

	from, to time.Time
}

// Source is the rule's law and article, for people.
func (r Rule) Source() string {
	if r.Article == "" {
		return r.Instrument
	}
	return r.Instrument + " " + r.Article
}

// Book is the rules.
type Book []Rule

//go:embed rules.json
var rulesFile []byte

// DefaultBook reads the rules in the program.
func DefaultBook() (Book, error) { return ReadBook(rulesFile) }

// ReadBook reads rules and refuses a file in which a rule could trap a load: one that
// refuses at or after collection, or by what is not certain.
func ReadBook(file []byte) (Book, error) {
	var b Book
	if err := json.Unmarshal(file, &b); err != nil {
		return nil, fmt.Errorf("permit rules: %w", err)
	}
	for i := range b {
		if err := b[i].check(); err != nil {
			return nil, fmt.Errorf("permit rules: %s: %w", b[i].Code, err)
		}
	}
	return b, nil
}

func (r *Rule) check() (err error) {
	if r.from, err = dayOf(r.ValidFrom); err != nil {
		return err
	}
	if r.ValidTo != "" {
		if r.to, err = dayOf(r.ValidTo); err != nil {
			return err
		}
	}
	switch {
	case !slices.Contains(Codes(), r.Code):
		return fmt.Errorf("there is no such rule")
	case r.Effect != Tell && r.Effect != Refuse:
		return fmt.Errorf("the effect %q is neither finding nor refuse", r.Effect)
	case r.Instrument == "" || r.Certainty == "" || r.ZH == "" || r.EN == "":
		return fmt.Errorf("it names no source, no certainty or no words")
	case r.Effect == Refuse && (len(r.At) != 1 || r.At[0] != event.ManifestIssued):
		return fmt.Errorf("a rule refuses at manifest.issued alone: what is on the road is let through with a finding")
	case r.Effect == Refuse && r.Certainty != "C":
		return fmt.Errorf("a rule that is not certain does not refuse")
	case r.Effect == Refuse && !slices.Contains(refusable, r.Code):
		return fmt.Errorf("a rule about amounts or codes does not refuse")
	}
	return nil
}

func dayOf(s string) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, s, calendar.Zone())
}

// rule finds the row that judges a type of event at a time, on a manifest of a profile.
func (b Book) rule(c rule.Code, e event.Event, profile string) (Rule, bool) {
	for _, r := range b {
		if r.Code == c && slices.Contains(r.At, e.Type) && !e.At.Before(r.from) && (r.to.IsZero() || e.At.Before(r.to)) &&
			(len(r.Profiles) == 0 || slices.Contains(r.Profiles, profile)) {
			return r, true
		}
	}
	return Rule{}, false
}
