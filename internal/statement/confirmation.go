package statement

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json"

	"liandan/internal/id"
	"liandan/internal/waste"
)

// KindConfirmation is the log's word that a small source confirmed a pick-up by a one-time
// code. It is the server's word and not the source's signature, and audits weigh it so.
const KindConfirmation = "confirmation"

// MaxConfirmed bounds the lines of a confirmation.
const MaxConfirmed = 100

// Confirmed is one batch as it was weighed in front of the source.
type Confirmed struct {
	Batch id.Batch    `json:"batch"`
	Code  waste.Code  `json:"code"`
	Grams waste.Grams `json:"grams"`
}

// Confirmation says that somebody at a source's site gave the code for these batches to a
// collector. The code itself is nowhere in it.
type Confirmation struct {
	At        time.Time // when the server compared the code, UTC to the millisecond
	Code      string    // opaque id of the code that was used up
	Party     id.Party  // the source
	Site      id.Site
	Collector id.Party
	Person    id.Person // who collects; the signer of the events that name this
	Trip      id.Trip   // zero: none
	Lines     []Confirmed
}

type wireConfirmation struct {
	V         int         `json:"v"`
	At        string      `json:"at"`
	Code      string      `json:"code"`
	Party     id.Party    `json:"party"`
	Site      id.Site     `json:"site"`
	Collector id.Party    `json:"collector"`
	Person    id.Person   `json:"person"`
	Trip      *id.Trip    `json:"trip,omitempty"`
	Lines     []Confirmed `json:"lines"`
}

// Statement writes the confirmation in its one spelling.
func (c Confirmation) Statement() (Statement, error) {
	return spell(KindConfirmation, wireConfirmation{1, spellTime(c.At), c.Code, c.Party, c.Site, c.Collector, c.Person, pointer(c.Trip), c.Lines})
}

// ParseConfirmation reads a confirmation and insists on its one spelling. The fault is damaged.
func ParseConfirmation(b []byte) (Confirmation, error) {
	var w wireConfirmation
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.V != 1 {
		return Confirmation{}, damaged(err)
	}
	bad := w.At == "" || w.Code == "" || w.Party.IsZero() || w.Site.IsZero() || w.Collector.IsZero() || w.Person.IsZero() ||
		len(w.Lines) == 0 || len(w.Lines) > MaxConfirmed || len(b) > MaxBody || !plain(w.Code)
	for _, l := range w.Lines {
		bad = bad || l.Batch.IsZero() || l.Grams <= 0 || l.Code == "" || !plain(string(l.Code))
	}
	c := Confirmation{At: readTime(w.At, &bad), Code: w.Code, Party: w.Party, Site: w.Site, Collector: w.Collector, Person: w.Person,
		Trip: value(w.Trip), Lines: w.Lines}
	again, err := c.Statement()
	if bad || err != nil || !bytes.Equal(again.Body, b) {
		return Confirmation{}, damaged(err)
	}
	return c, nil
}
