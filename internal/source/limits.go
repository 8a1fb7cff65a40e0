package source

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Limits are the figures of one edition.
type Limits struct {
	Version     string      `json:"version"`
	ValidFrom   string      `json:"valid_from"` // local day
	ValidTo     string      `json:"valid_to"`   // first day that it does not hold; "": open
	Source      string      `json:"source"`
	Certainty   string      `json:"certainty"`    // C, C2, L or U as in the regulation notes
	YearGrams   waste.Grams `json:"year_grams"`   // of one source in one calendar year; more is no small source
	NearPercent int64       `json:"near_percent"` // from this share on the limit is near
	PairPieces  int64       `json:"pair_pieces"`  // batteries that may be unmatched
	PairPercent int64       `json:"pair_percent"` // or this share of those sold, whichever is more
	PairSource  string      `json:"pair_source"`

	from, to time.Time
}

// Book is the editions, one after the other.
type Book []Limits

//go:embed limits.json
var limits []byte

// DefaultBook reads the editions in the program.
func DefaultBook() (Book, error) { return ParseBook(limits) }

// ParseBook reads editions and refuses gaps, overlaps and figures that make no sense.
func ParseBook(data []byte) (Book, error) {
	var b Book
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("limits of small sources: %w", err)
	}
	for i := range b {
		l := &b[i]
		var err error
		if l.from, err = day(l.ValidFrom); err != nil {
			return nil, fmt.Errorf("limits of small sources, %s: %w", l.Version, err)
		}
		if l.ValidTo != "" {
			if l.to, err = day(l.ValidTo); err != nil {
				return nil, fmt.Errorf("limits of small sources, %s: %w", l.Version, err)
			}
		}
		switch {
		case l.YearGrams <= 0 || l.NearPercent < 1 || l.NearPercent > 100 || l.PairPieces < 0 || l.PairPercent < 0:
			return nil, fmt.Errorf("limits of small sources, %s: a figure is out of range", l.Version)
		case l.Source == "" || l.Certainty == "":
			return nil, fmt.Errorf("limits of small sources, %s: its source is missing", l.Version)
		case i > 0 && !b[i-1].to.Equal(l.from), (i == len(b)-1) != l.to.IsZero():
			return nil, fmt.Errorf("limits of small sources, %s: editions must follow one another, the last one open", l.Version)
		}
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("limits of small sources: there is no edition")
	}
	return b, nil
}

func day(s string) (time.Time, error) { return time.ParseInLocation("2006-01-02", s, calendar.Zone()) }

// At is the edition in force at a time; the first one judges what came before it.
func (b Book) At(t time.Time) Limits {
	for i := len(b) - 1; i > 0; i-- {
		if !t.Before(b[i].from) {
			return b[i]
		}
	}
	return b[0]
}

// Code names a finding of this package.
type Code string

// The findings.
const (
	NearLimit   Code = "source-year-near"  // one source comes near to what a small source may give in a year
	OverLimit   Code = "source-year-over"  // one source gave more
	OverLoad    Code = "trip-over-load"    // more on the vehicle than it may carry
	OtherTruck  Code = "trip-other-truck"  // collected with another vehicle than planned
	OtherDriver Code = "trip-other-driver" // collected by another person than planned
	Unplanned   Code = "trip-unplanned"    // collected or skipped at a stop that was not planned
	Unmatched   Code = "battery-unmatched" // sold and taken back do not match

	NoPermit   Code = "trip-vehicle-unpermitted" // the register has no transport permit of the vehicle for the day
	OverPlan   Code = "trip-plan-over-load"      // more is planned than the vehicle may carry
	StopsMoved Code = "trip-booking-withdrawn"   // a stop whose booking was withdrawn is still to come
)

// Finding is what a rule has to say; it changes nothing and is never stored.
type Finding struct {
	Rule    Code
	Owner   id.Party // who has to see to it; zero: whoever runs the trip
	Site    id.Site  // where it is about one
	Grams   waste.Grams
	Pieces  int64
	ZH, EN  string
	Version string // of the limits; "" where no figure was used
}
