package event

import (
	"fmt"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// The types of small sources: a repair shop, a laboratory, a shop that sells batteries. They
// belong to no batch's chain.

// MaxCodes bounds the waste codes of one authorisation.
const MaxCodes = 50

// Behalf says in whose place a collector signs what a small source has no device for, and
// by what right: a standing authorisation, or a one-time code that the source gave. One of
// the two is set.
type Behalf struct {
	Party         id.Party
	Authorisation id.Event // the authorisation.given
	Confirmation  id.Hash  // of the log's statement that the code was used
}

// IsZero reports that the signer acts for its own party.
func (b Behalf) IsZero() bool { return b == Behalf{} }

// Authorisation is authorisation.given: a source lets a collector sign generation and
// issue at its site (the event's site) in its place.
type Authorisation struct {
	To    id.Party
	From  time.Time // UTC
	Until time.Time // UTC, exclusive
	Codes []waste.Code
}

// Withdrawal is authorisation.withdrawn: from its time on the right is gone.
type Withdrawal struct {
	Authorisation id.Event
	Reason        string
}

// Skipped is stop.skipped: the vehicle of a trip did not collect at a planned stop.
type Skipped struct {
	Stop   id.Site // the site that was passed by
	Reason string
}

// Sold is battery.sold: what a shop sold, in pieces (销一收一, sell one, take one).
type Sold struct {
	Code   waste.Code // of the waste that it will be
	Pieces int64
	Grams  waste.Grams
}

// TakenBack is battery.taken_back: the other half of the pair.
type TakenBack struct {
	Code   waste.Code
	Pieces int64
	Grams  waste.Grams
}

func (Authorisation) of() Type { return AuthorisationGiven }
func (Withdrawal) of() Type    { return AuthorisationWithdrawn }
func (Skipped) of() Type       { return StopSkipped }
func (Sold) of() Type          { return BatterySold }
func (TakenBack) of() Type     { return BatteryTakenBack }

// Behalf gives in whose place the event was signed; zero: for the signer's own party.
func (e Event) Behalf() Behalf {
	switch d := e.Data.(type) {
	case Generated:
		return d.Behalf
	case Issued:
		return d.Behalf
	case Cancelled:
		return d.Behalf
	}
	return Behalf{}
}

// For is the party that the event speaks for: the signer's own, or the source's in whose
// place it was signed.
func (e Event) For() id.Party {
	if b := e.Behalf(); !b.IsZero() {
		return b.Party
	}
	return e.Party
}

// Bound lists the events that this one is bound to beside its batches and its manifest:
// what it waits for, and, of an authorisation, itself, since others wait for it.
func (e Event) Bound() (out []id.Event) {
	switch d := e.Data.(type) {
	case Ruling:
		out = append(out, d.Event)
	case Authorisation:
		out = append(out, e.ID)
	case Withdrawal:
		out = append(out, d.Authorisation)
	}
	if b := e.Behalf(); !b.Authorisation.IsZero() {
		out = append(out, b.Authorisation)
	}
	return out
}

func readBehalf(r *reader) (b Behalf) {
	n, ok := r.take("behalf", false)
	if !ok {
		return b
	}
	if n.kind != '{' {
		r.note("behalf", "type", "must be an object")
		return b
	}
	br := newReader(n, r.at+"/behalf", r.notes)
	b.Party = parsed(br, "party", true, id.ParseParty)
	b.Authorisation = parsed(br, "authorisation", false, id.ParseEvent)
	b.Confirmation = parsed(br, "confirmation", false, id.ParseHash)
	if br.taken["authorisation"] == br.taken["confirmation"] {
		r.note("behalf", "one_of", "must name an authorisation or a confirmation, and not both")
	}
	br.close()
	return b
}

func readAuthorisation(r *reader) Data {
	defer r.close()
	d := Authorisation{To: parsed(r, "to", true, id.ParseParty), From: parsed(r, "from", true, ParseTime).UTC(),
		Until: parsed(r, "until", true, ParseTime).UTC(), Codes: readCodes(r)}
	if !d.From.IsZero() && !d.Until.IsZero() && !d.From.Before(d.Until) {
		r.note("until", "out_of_range", "must be after from")
	}
	return d
}

func readCodes(r *reader) []waste.Code {
	n, ok := r.take("codes", true)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note("codes", "type", "must be an array of waste codes")
		return nil
	}
	if len(n.items) == 0 || len(n.items) > MaxCodes {
		r.note("codes", "length", "must have 1 to %d codes", MaxCodes)
	}
	out := make([]waste.Code, 0, len(n.items))
	met := map[waste.Code]bool{}
	for i, item := range n.items {
		say := func(code, text string) {
			*r.notes = append(*r.notes, fault.Field{Pointer: fmt.Sprintf("%s/codes/%d", r.at, i), Code: code, Detail: text})
		}
		c, err := waste.ParseCode(item.text)
		switch {
		case item.kind != '"':
			say("type", "must be a string")
		case err != nil:
			say("format", reason(err))
		case met[c]:
			say("repeated", "the code is named twice")
		}
		met[c] = true
		out = append(out, c)
	}
	return out
}

func readWithdrawal(r *reader) Data {
	defer r.close()
	return Withdrawal{Authorisation: parsed(r, "authorisation", true, id.ParseEvent), Reason: r.text("reason", false, 200)}
}

func readSkipped(r *reader) Data {
	defer r.close()
	return Skipped{Stop: parsed(r, "stop", true, id.ParseSite), Reason: r.text("reason", true, 200)}
}

func readPieces(r *reader) (c waste.Code, pieces int64, g waste.Grams) {
	defer r.close()
	c = parsed(r, "code", true, waste.ParseCode)
	pieces, _ = r.integer("pieces", true, 1, 100_000)
	n, _ := r.integer("grams", true, 1, int64(waste.MaxBatch))
	return c, pieces, waste.Grams(n)
}

func readSold(r *reader) Data {
	c, n, g := readPieces(r)
	return Sold{c, n, g}
}

func readTakenBack(r *reader) Data {
	c, n, g := readPieces(r)
	return TakenBack{c, n, g}
}

func (b Behalf) write(m members) {
	if b.IsZero() {
		return
	}
	x := members{}
	x.text("party", b.Party.String())
	x.text("authorisation", b.Authorisation.String())
	if !b.Confirmation.IsZero() {
		x.text("confirmation", b.Confirmation.String())
	}
	m["behalf"] = x
}

func (d Authorisation) write(m members) {
	m.text("to", d.To.String())
	m["from"], m["until"] = d.From.Format(TimeForm), d.Until.Format(TimeForm)
	m["codes"] = d.Codes
}

func (d Withdrawal) write(m members) {
	m.text("authorisation", d.Authorisation.String())
	m.text("reason", d.Reason)
}

func (d Skipped) write(m members) {
	m.text("stop", d.Stop.String())
	m.text("reason", d.Reason)
}

func writePieces(m members, c waste.Code, pieces int64, g waste.Grams) {
	m.text("code", string(c))
	m["pieces"], m["grams"] = pieces, g
}

func (d Sold) write(m members)      { writePieces(m, d.Code, d.Pieces, d.Grams) }
func (d TakenBack) write(m members) { writePieces(m, d.Code, d.Pieces, d.Grams) }
