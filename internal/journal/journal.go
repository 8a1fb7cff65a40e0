// Package journal makes the papers that people are used to out of signed events: the
// monthly manifest of a medical institution, the card of a vehicle's trip, and what a
// department used against what waste it closed. Each line names the events behind it.
//
// It must not store a paper, read a clock, or hold a figure that somebody typed: the same
// events give the same papers for ever.
package journal

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/waste"
)

// Told is a signed event and its place in the log.
type Told struct {
	Seq   int64
	Event event.Event
}

// Paper is one manifest with its own events, in the order of the log.
type Paper struct {
	State  manifest.State
	Events []Told
}

// Signature is who signed what.
type Signature struct {
	Event  id.Event
	Type   event.Type
	Party  id.Party
	Site   id.Site
	Person id.Person
	At     time.Time
}

func signatureOf(e event.Event) Signature {
	return Signature{e.ID, e.Type, e.Party, e.Site, e.Person, e.At}
}

// Class is the bags and grams of one waste code.
type Class struct {
	Code  waste.Code
	Bags  int
	Grams waste.Grams
}

// Stop is one hand-over to a vehicle: the giver's signature and the taker's.
type Stop struct {
	Manifest id.Manifest
	Number   string // national, where it is known
	From     id.Party
	FromSite id.Site
	Giver    Signature
	Taker    Signature
	Vehicle  string
	Trip     id.Trip
	Classes  []Class
	Batches  []id.Batch
	Exempt   event.Exempt
	Grade    batch.Grade // paper: a slip that was filled in later says so, no device signed it
}

// Form says which papers are derived for which manifests, by whose rule.
type Form struct {
	Paper     string    `json:"paper"`
	Profiles  []string  `json:"profiles"`
	ValidFrom time.Time `json:"valid_from"`
	ValidTo   time.Time `json:"valid_to,omitzero"`
	Source    string    `json:"source"`
	Certainty string    `json:"certainty"`
}

//go:embed forms.json
var formsFile []byte

// The papers of the table.
const (
	MonthlyPaper = "monthly"
	CardPaper    = "trip_card"
)

// Forms reads the table in the program.
func Forms() ([]Form, error) {
	var out []Form
	if err := json.Unmarshal(formsFile, &out); err != nil {
		return nil, fmt.Errorf("journal forms: %w", err)
	}
	return out, nil
}

// formOf finds the form of a paper for a manifest on a day.
func formOf(forms []Form, paper, profile string, at time.Time) (Form, bool) {
	for _, f := range forms {
		if f.Paper == paper && slices.Contains(f.Profiles, profile) && !at.Before(f.ValidFrom) && (f.ValidTo.IsZero() || at.Before(f.ValidTo)) {
			return f, true
		}
	}
	return Form{}, false
}

// stops lists the hand-overs of a manifest to vehicles.
func (p Paper) stops() []Stop {
	codes := map[id.Batch]waste.Code{}
	packages := map[id.Batch]int{}
	for _, l := range p.State.Lines {
		codes[l.Batch], packages[l.Batch] = l.Code, l.Packages
	}
	var out []Stop
	for _, t := range p.Events {
		e := t.Event
		if told := e.Attests(); len(told) > 0 {
			out = append(out, p.onPaper(e, told, codes, packages)...)
			continue
		}
		d, ok := e.Data.(event.Collected)
		if !ok {
			continue
		}
		s := Stop{Manifest: p.State.ID, Number: p.State.Number, Taker: signatureOf(e), Vehicle: d.Vehicle, Trip: e.Trip, Exempt: p.State.Exempt,
			From: p.State.Consignor, FromSite: p.State.ConsignorSite}
		if g, ok := p.answered(e, event.ManifestIssued, event.TransportHandedOver); ok {
			s.Giver, s.From, s.FromSite = signatureOf(g), g.Party, g.Site
		}
		s.load(e.Batches, codes, packages)
		out = append(out, s)
	}
	return out
}

func (s *Stop) load(batches []event.Batch, codes map[id.Batch]waste.Code, packages map[id.Batch]int) {
	for _, b := range batches {
		s.Batches = append(s.Batches, b.ID)
		s.Classes = count(s.Classes, Class{codes[b.ID], cmp.Or(b.Packages, packages[b.ID], 1), b.Grams})
	}
}

// onPaper is the hand-over that a slip attests. Both signatures are the slip's, at the times
// beside them; the event and the person are those of whoever filled it in.
func (p Paper) onPaper(e event.Event, told []event.Event, codes map[id.Batch]waste.Code, packages map[id.Batch]int) (out []Stop) {
	s := Stop{Manifest: p.State.ID, Number: p.State.Number, From: p.State.Consignor, FromSite: p.State.ConsignorSite, Exempt: p.State.Exempt, Grade: batch.OnPaper}
	for _, v := range told {
		at := signatureOf(v)
		at.Type = e.Type
		switch d := v.Data.(type) {
		case event.Issued:
			s.Giver = at
		case event.Collected:
			s.Taker, s.Vehicle = at, d.Vehicle
			s.load(v.Batches, codes, packages)
			out = append(out, s)
		}
	}
	return out
}

// answered finds the event of some types that another one names.
func (p Paper) answered(e event.Event, types ...event.Type) (event.Event, bool) {
	for _, t := range p.Events {
		if slices.Contains(e.Refs, t.Event.ID) && slices.Contains(types, t.Event.Type) {
			return t.Event, true
		}
	}
	return event.Event{}, false
}

// answers lists the events of some types that name another one.
func (p Paper) answers(to id.Event, types ...event.Type) (out []event.Event) {
	for _, t := range p.Events {
		if slices.Contains(t.Event.Refs, to) && slices.Contains(types, t.Event.Type) {
			out = append(out, t.Event)
		}
	}
	return out
}

// count adds bags and grams to their code's line, in the order of the codes.
func count(list []Class, c Class) []Class {
	i, there := slices.BinarySearchFunc(list, c, func(x, y Class) int { return strings.Compare(string(x.Code), string(y.Code)) })
	if !there {
		return slices.Insert(list, i, c)
	}
	list[i].Bags += c.Bags
	list[i].Grams += c.Grams
	return list
}

func total(stops []Stop) (out []Class) {
	for _, s := range stops {
		for _, c := range s.Classes {
			out = count(out, c)
		}
	}
	return out
}

func inTime(x, y Stop) int {
	return cmp.Or(x.Taker.At.Compare(y.Taker.At), strings.Compare(x.Taker.Event.String(), y.Taker.Event.String()))
}
