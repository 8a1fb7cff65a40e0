package event

import (
	"fmt"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// The types of custody beyond the straight way: packing over, further carriers, refusal,
// return, cancellation.

// Child is a batch that batch.repacked begins.
type Child struct {
	ID        id.Batch
	Grams     waste.Grams
	Code      waste.Code
	Form      waste.Form
	Packaging waste.Packaging
	Packages  int // 0: not given
	Container string
	Label     Label
}

// Repacked is batch.repacked: merged or split. The lines of the event say how much is
// taken out of each parent; the children have it all, to the gram.
type Repacked struct{ Children []Child }

// HandedOver is transport.handed_over: offered to the next carrier, or to a transfer
// point when a site is named (Order 23 art. 17). It is theirs when they take it over.
type HandedOver struct {
	To          id.Party
	ToSite      id.Site // zero: to a carrier
	Reservation Reservation
}

// Refused is manifest.refused: lines refused whole; each line has its reason.
type Refused struct {
	Measured Measured
	Scale    string
}

// Returned is transport.returned: the carrier is back at the consignor's with what was refused.
type Returned struct{ Vehicle string }

// Cancelled is manifest.cancelled, before anything was collected.
type Cancelled struct {
	Reason string
	Behalf Behalf
}

func (Repacked) of() Type   { return BatchRepacked }
func (HandedOver) of() Type { return TransportHandedOver }
func (Refused) of() Type    { return ManifestRefused }
func (Returned) of() Type   { return TransportReturned }
func (Cancelled) of() Type  { return ManifestCancelled }

func readRepacked(r *reader) Data {
	defer r.close()
	return Repacked{Children: readChildren(r, "children", true)}
}

func readChildren(r *reader, name string, required bool) []Child {
	n, ok := r.take(name, required)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note(name, "type", "must be an array")
		return nil
	}
	if len(n.items) == 0 || len(n.items) > MaxBatches {
		r.note(name, "length", "must have 1 to %d batches", MaxBatches)
	}
	out := make([]Child, 0, len(n.items))
	for i, item := range n.items {
		at := fmt.Sprintf("%s/%s/%d", r.at, name, i)
		if item.kind != '{' {
			*r.notes = append(*r.notes, fault.Field{Pointer: at, Code: "type", Detail: "must be an object"})
			continue
		}
		cr := newReader(item, at, r.notes)
		out = append(out, readChild(cr))
		cr.close()
	}
	return out
}

func readChild(r *reader) Child {
	c := Child{
		ID:        parsed(r, "id", true, id.ParseBatch),
		Code:      parsed(r, "code", true, waste.ParseCode),
		Form:      parsed(r, "form", true, waste.ParseForm),
		Packaging: parsed(r, "packaging", true, waste.ParsePackaging),
		Container: r.text("container", false, maxText),
		Label:     parsed(r, "label", false, ParseLabel),
	}
	g, _ := r.integer("grams", true, 1, int64(waste.MaxBatch))
	c.Grams = waste.Grams(g)
	if p, ok := r.integer("packages", false, 1, 100_000); ok {
		c.Packages = int(p)
	}
	return c
}

// balanced holds the children of a repacking against its lines: new and distinct ids, one
// waste code, and the grams that were taken out, all of them.
func balanced(r *reader, e *Event) {
	d, _ := e.Data.(Repacked)
	put, whole := begun(r, e, "children", d.Children, true)
	var taken waste.Grams
	for _, b := range e.Batches {
		taken += b.Grams
		whole = whole && b.Weighed
	}
	if whole && len(e.Batches) > 0 && len(d.Children) > 0 && taken != put {
		*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/data/children", Code: "sum",
			Detail: fmt.Sprintf("the children have %d g, but %d g are taken out of their parents", put, taken)})
	}
}

// residueWhole holds the batches of residue against the residue of the lines. Unlike what
// is packed over they may have any code: ash is another waste than what was burned.
func residueWhole(r *reader, e *Event) {
	d, _ := e.Data.(Treated)
	if len(d.Residues) == 0 {
		return
	}
	put, whole := begun(r, e, "residues", d.Residues, false)
	var left waste.Grams
	for _, b := range e.Batches {
		left += b.ResidueGrams
	}
	if whole && len(e.Batches) > 0 && left != put {
		*r.notes = append(*r.notes, fault.Field{Pointer: r.at + "/data/residues", Code: "sum",
			Detail: fmt.Sprintf("the batches of residue have %d g, but the lines leave %d g of residue", put, left)})
	}
}

// begun adds up the batches that an event begins; each has an id and a label of its own.
// whole: every mass could be read.
func begun(r *reader, e *Event, list string, children []Child, oneCode bool) (put waste.Grams, whole bool) {
	met := map[id.Batch]bool{}
	for _, b := range e.Batches {
		met[b.ID] = true
	}
	marks := map[Label]bool{}
	whole = true
	for i, c := range children {
		say := func(name, code, text string) {
			*r.notes = append(*r.notes, fault.Field{Pointer: fmt.Sprintf("%s/data/%s/%d/%s", r.at, list, i, name), Code: code, Detail: text})
		}
		if met[c.ID] && !c.ID.IsZero() {
			say("id", "repeated", "the batch is named twice in this event; a child has an id of its own")
		}
		if c.Label != "" && marks[c.Label] {
			say("label", "repeated", "the label's code is on two children")
		}
		if oneCode && c.Code != "" && children[0].Code != "" && c.Code != children[0].Code {
			say("code", "mixed", "must be the waste code of the other children")
		}
		met[c.ID], marks[c.Label] = true, true
		put += c.Grams
		whole = whole && c.Grams > 0
	}
	return put, whole
}

func readHandedOver(r *reader) Data {
	defer r.close()
	return HandedOver{To: parsed(r, "to", true, id.ParseParty), ToSite: parsed(r, "to_site", false, id.ParseSite), Reservation: readReservation(r)}
}

func readRefused(r *reader) Data {
	defer r.close()
	return Refused{Measured: oneOf(r, "measured", true, OnScale, Estimated), Scale: r.text("scale", false, 32)}
}

func readReturned(r *reader) Data {
	defer r.close()
	return Returned{Vehicle: r.text("vehicle", false, 16)}
}

func readCancelled(r *reader) Data {
	defer r.close()
	return Cancelled{Reason: r.text("reason", true, 200), Behalf: readBehalf(r)}
}

func readReason(r *reader, b *Batch) { b.Reason = r.text("reason", true, 200) }

// distinctRests sees to it that what is left of a line accepted in part gets an id of its own.
func distinctRests(r *reader, e *Event) {
	met := map[id.Batch]bool{}
	for _, b := range e.Batches {
		met[b.ID] = true
	}
	for i, b := range e.Batches {
		if b.Rest.IsZero() {
			continue
		}
		if met[b.Rest] {
			*r.notes = append(*r.notes, fault.Field{Pointer: fmt.Sprintf("%s/batches/%d/rest", r.at, i), Code: "repeated",
				Detail: "the batch is named twice in this event; the rest has an id of its own"})
		}
		met[b.Rest] = true
	}
}

// Birth is a batch that an event begins out of others, which it names as batches.
type Birth struct {
	ID      id.Batch
	Parents []Batch // as the event speaks of them
	Pointer string  // to its id in the payload
}

// Births lists the batches that an event begins beside those it names, in the order of
// their links: children of a repacking, rests of lines accepted in part.
func (e Event) Births() []Birth {
	var out []Birth
	switch d := e.Data.(type) {
	case Repacked:
		for i, c := range d.Children {
			out = append(out, Birth{c.ID, e.Batches, fmt.Sprintf("/data/children/%d/id", i)})
		}
	case Treated:
		var parents []Batch // those that left residue
		for _, b := range e.Batches {
			if b.ResidueGrams > 0 {
				parents = append(parents, b)
			}
		}
		for i, c := range d.Residues {
			out = append(out, Birth{c.ID, parents, fmt.Sprintf("/data/residues/%d/id", i)})
		}
	case Accepted:
		for i := range e.Batches {
			if b := e.Batches[i]; !b.Rest.IsZero() {
				out = append(out, Birth{b.Rest, e.Batches[i : i+1], fmt.Sprintf("/batches/%d/rest", i)})
			}
		}
	}
	return out
}

// Touched lists every batch that an event has to do with, in the order of the entry's
// links: those it names, then those it begins.
func (e Event) Touched() []id.Batch {
	out := make([]id.Batch, 0, len(e.Batches))
	for _, b := range e.Batches {
		out = append(out, b.ID)
	}
	for _, b := range e.Births() {
		out = append(out, b.ID)
	}
	return out
}

// Mark is a label that an event puts on a batch.
type Mark struct {
	Label   Label
	Batch   id.Batch
	Pointer string
}

// Marks lists the labels of an event.
func (e Event) Marks() []Mark {
	var out []Mark
	switch d := e.Data.(type) {
	case Generated:
		if d.Label != "" && len(e.Batches) > 0 {
			out = append(out, Mark{d.Label, e.Batches[0].ID, "/data/label"})
		}
	case Repacked:
		for i, c := range d.Children {
			if c.Label != "" {
				out = append(out, Mark{c.Label, c.ID, fmt.Sprintf("/data/children/%d/label", i)})
			}
		}
	case Treated:
		for i, c := range d.Residues {
			if c.Label != "" {
				out = append(out, Mark{c.Label, c.ID, fmt.Sprintf("/data/residues/%d/label", i)})
			}
		}
	}
	return out
}

func (d Repacked) write(m members) { m["children"] = childMembers(d.Children) }

func childMembers(list []Child) []members {
	children := make([]members, 0, len(list))
	for _, c := range list {
		x := members{"grams": c.Grams}
		x.text("id", c.ID.String())
		x.text("code", string(c.Code))
		x.text("form", string(c.Form))
		x.text("packaging", string(c.Packaging))
		x.text("container", c.Container)
		x.text("label", string(c.Label))
		if c.Packages > 0 {
			x["packages"] = c.Packages
		}
		children = append(children, x)
	}
	return children
}

func (d HandedOver) write(m members) {
	m.text("to", d.To.String())
	m.text("to_site", d.ToSite.String())
	d.Reservation.write(m)
}

func (d Refused) write(m members) {
	m.text("measured", string(d.Measured))
	m.text("scale", d.Scale)
}

func (d Returned) write(m members) { m.text("vehicle", d.Vehicle) }

func (d Cancelled) write(m members) {
	m.text("reason", d.Reason)
	d.Behalf.write(m)
}
