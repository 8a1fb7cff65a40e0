package event

import (
	"fmt"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// Inspection is inspection.recorded: a site was inspected by a sheet (双随机抽查). It says the
// points of every item; what they come to is the sheet's to say, whose version it names.
type Inspection struct {
	Inspected id.Site // the site that was inspected; the event's own site is the inspectors'
	Class     string  // generator or operator: which rate it counts in
	Sheet     string
	Version   string
	Items     []Scored
	Total     int // of the items' points, as the inspector added them up
	Accidents int // pollution accidents of the year
	Major     int // major accidents, or such with casualties
	Note      string
	With      []id.Person // who inspected beside the signer
}

// Scored is one item of the sheet.
type Scored struct {
	No           int
	Points       int
	Inapplicable bool
}

func (Inspection) of() Type { return InspectionRecorded }

// Bounds of an inspection.
const (
	maxItems      = 200
	maxCompanions = 8
)

func readInspection(r *reader) Data {
	defer r.close()
	d := Inspection{Inspected: parsed(r, "inspected", true, id.ParseSite), Class: oneOf(r, "class", true, "generator", "operator"),
		Sheet: r.text("sheet", true, 32), Version: r.text("version", true, 32), Note: r.text("note", false, 400)}
	n, _ := r.integer("accidents", false, 0, 100)
	major, _ := r.integer("major_accidents", false, 0, 100)
	total, added := r.integer("total", true, 0, 100_000)
	d.Accidents, d.Major, d.Total = int(n), int(major), int(total)
	d.Items = readScored(r)
	d.With = readCompanions(r)
	sum := 0
	for _, it := range d.Items {
		sum += it.Points
	}
	if added && len(d.Items) > 0 && sum != d.Total {
		r.note("total", "sum", "the items have %d points together, not %d", sum, d.Total)
	}
	return d
}

func (d Inspection) write(m members) {
	m.text("inspected", d.Inspected.String())
	m.text("class", d.Class)
	m.text("sheet", d.Sheet)
	m.text("version", d.Version)
	m.text("note", d.Note)
	m["total"] = d.Total
	if d.Accidents > 0 {
		m["accidents"] = d.Accidents
	}
	if d.Major > 0 {
		m["major_accidents"] = d.Major
	}
	if len(d.With) > 0 {
		with := make([]string, len(d.With))
		for i, p := range d.With {
			with[i] = p.String()
		}
		m["with"] = with
	}
	items := make([]members, 0, len(d.Items))
	for _, it := range d.Items {
		x := members{"no": it.No}
		if !it.Inapplicable {
			x["points"] = it.Points
		}
		items = append(items, x)
	}
	m["items"] = items
}

func readScored(r *reader) []Scored {
	n, ok := r.take("items", true)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note("items", "type", "must be an array")
		return nil
	}
	if len(n.items) == 0 || len(n.items) > maxItems {
		r.note("items", "length", "must have 1 to %d items", maxItems)
	}
	out := make([]Scored, 0, len(n.items))
	met := map[int]bool{}
	for i, item := range n.items {
		at := fmt.Sprintf("%s/items/%d", r.at, i)
		if item.kind != '{' {
			*r.notes = append(*r.notes, fault.Field{Pointer: at, Code: "type", Detail: "must be an object"})
			continue
		}
		ir := newReader(item, at, r.notes)
		no, named := ir.integer("no", true, 1, 1000)
		points, given := ir.integer("points", false, 0, 1000)
		ir.close()
		if met[int(no)] && named {
			ir.note("no", "repeated", "the item is named twice")
		}
		met[int(no)] = true
		// An item without points does not apply here.
		out = append(out, Scored{No: int(no), Points: int(points), Inapplicable: !given})
	}
	return out
}

func readCompanions(r *reader) []id.Person {
	n, ok := r.take("with", false)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note("with", "type", "must be an array of ids of persons")
		return nil
	}
	if len(n.items) == 0 || len(n.items) > maxCompanions {
		r.note("with", "length", "must have 1 to %d ids", maxCompanions)
	}
	out := make([]id.Person, 0, len(n.items))
	met := map[id.Person]bool{}
	for i, item := range n.items {
		p, err := id.ParsePerson(item.text)
		name := fmt.Sprintf("with/%d", i)
		switch {
		case item.kind != '"' || err != nil:
			r.below(name, "format", "must be a lower-case hyphenated UUID")
		case met[p]:
			r.below(name, "repeated", "the person is named twice")
		}
		met[p] = true
		out = append(out, p)
	}
	return out
}
