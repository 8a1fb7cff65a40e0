package rule

import (
	_ "embed"
	"encoding/json"
	"time"

	"liandan/internal/waste"
)

// Tolerance is what two weighings may differ by before somebody must explain it. Within
// it a difference is a remark: recorded, shown, and booked to the gram all the same.
type Tolerance struct {
	Profile          string      `json:"profile"` // of the manifest; "": every other
	Version          string      `json:"version"`
	ValidFrom        time.Time   `json:"valid_from"`
	ValidTo          time.Time   `json:"valid_to,omitzero"`
	Source           string      `json:"source"`
	Certainty        string      `json:"certainty"`         // as of Limits
	Permille         int64       `json:"permille"`          // of what was there, between two scales
	Grams            waste.Grams `json:"grams"`             // at least so much
	EstimatePermille int64       `json:"estimate_permille"` // where the mass before was an estimate
	MeterPermille    int64       `json:"meter_permille"`    // between the meters of a pipeline
}

//go:embed tolerances.json
var tolerancesFile []byte

var tolerances = func() (out []Tolerance) {
	if err := json.Unmarshal(tolerancesFile, &out); err != nil {
		panic("rule: embedded tolerances: " + err.Error())
	}
	return out
}()

// ToleranceAt is the edition for a profile at a time; the last of those that fit, and the
// one of no profile where none does.
func ToleranceAt(profile string, t time.Time) (found Tolerance) {
	for _, x := range tolerances {
		if t.Before(x.ValidFrom) || !x.ValidTo.IsZero() && !t.Before(x.ValidTo) {
			continue
		}
		if x.Profile == profile || x.Profile == "" && found.Profile != profile {
			found = x
		}
	}
	return found
}

// Within says whether a difference is small enough for two scales.
func (t Tolerance) Within(difference, of waste.Grams) bool {
	return abs(difference) <= max(t.Grams, part(of, t.Permille))
}

// WithinEstimate says whether a weight confirms an estimate.
func (t Tolerance) WithinEstimate(difference, of waste.Grams) bool {
	return abs(difference) <= max(t.Grams, part(of, t.EstimatePermille))
}

// WithinMeters says whether two meters of a pipeline agree.
func (t Tolerance) WithinMeters(difference, of waste.Grams) bool {
	return abs(difference) <= max(t.Grams, part(of, t.MeterPermille))
}

// part rounds down: a difference is within the tolerance or it is not.
func part(of waste.Grams, permille int64) waste.Grams {
	return of/1000*waste.Grams(permille) + of%1000*waste.Grams(permille)/1000
}

func abs(g waste.Grams) waste.Grams {
	if g < 0 {
		return -g
	}
	return g
}
