package event

import (
	"fmt"

	"liandan/internal/fault"
	"liandan/internal/waste"
)

// IncidentKind is what went wrong.
type IncidentKind string

// The kinds of incident.reported.
const (
	Spill IncidentKind = "spill"
	Leak  IncidentKind = "leak"
	Loss  IncidentKind = "loss"
	Theft IncidentKind = "theft"
	Fire  IncidentKind = "fire"
	Found IncidentKind = "found" // a drum or bag whose batch may not be known
)

// Incident is incident.reported. The grams of a line are those that are gone; a line
// without grams says that the batch is concerned. Where no batch is known there is no line.
type Incident struct {
	Kind       IncidentKind
	Place      string
	Measures   string // taken at once
	Code       waste.Code
	ReportedTo string // the authorities that were told, in the reporter's words
}

func (Incident) of() Type { return IncidentReported }

func readIncident(r *reader) Data {
	defer r.close()
	return Incident{
		Kind:       oneOf(r, "kind", true, Spill, Leak, Loss, Theft, Fire, Found),
		Place:      r.text("place", true, 200),
		Measures:   r.text("measures", true, 500),
		Code:       parsed(r, "code", false, waste.ParseCode),
		ReportedTo: r.text("reported_to", false, 200),
	}
}

// nothingFound refuses grams lost by finding something.
func nothingFound(r *reader, e *Event) {
	d, _ := e.Data.(Incident)
	for i, b := range e.Batches {
		if d.Kind == Found && b.Weighed {
			*r.notes = append(*r.notes, fault.Field{Pointer: fmt.Sprintf("%s/batches/%d/grams", r.at, i), Code: "not_allowed",
				Detail: "what is found is not lost; begin a batch for it with batch.generated"})
		}
	}
}

func (d Incident) write(m members) {
	m.text("kind", string(d.Kind))
	m.text("place", d.Place)
	m.text("measures", d.Measures)
	m.text("code", string(d.Code))
	m.text("reported_to", d.ReportedTo)
}
