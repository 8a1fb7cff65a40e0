package event

import (
	"encoding/json"
	"fmt"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

type wire struct {
	V        int          `json:"v"`
	ID       id.Event     `json:"id"`
	Type     Type         `json:"type"`
	At       string       `json:"at"`
	Party    id.Party     `json:"party"`
	Site     id.Site      `json:"site"`
	Person   id.Person    `json:"person"`
	Manifest *id.Manifest `json:"manifest,omitempty"`
	Trip     *id.Trip     `json:"trip,omitempty"`
	Batches  []wireBatch  `json:"batches,omitempty"`
	Refs     []id.Event   `json:"refs,omitempty"`
	Data     members      `json:"data"`
}

type wireBatch struct {
	ID           id.Batch    `json:"id"`
	Seen         *id.Hash    `json:"seen"`
	Grams        waste.Grams `json:"grams,omitempty"`
	Packages     int         `json:"packages,omitempty"`
	Verdict      Verdict     `json:"verdict,omitempty"`
	RefusedGrams waste.Grams `json:"refused_grams,omitempty"`
	Reason       string      `json:"reason,omitempty"`
	ResidueGrams waste.Grams `json:"residue_grams,omitempty"`
	Rest         *id.Batch   `json:"rest,omitempty"`
}

// Payload writes an event as JSON for a signer. It returns what Parse would say of
// the result, so that nobody signs what the intake refuses.
func (e Event) Payload() ([]byte, error) {
	if e.Data == nil || e.Data.of() != e.Type {
		return nil, fault.New(fault.InvalidEvent, "The data do not belong to the type %q.", e.Type)
	}
	w := wire{V: 1, ID: e.ID, Type: e.Type, At: e.At.Format(TimeForm), Party: e.Party, Site: e.Site, Person: e.Person,
		Refs: e.Refs, Data: membersOf(e.Data)}
	if !e.Manifest.IsZero() {
		w.Manifest = &e.Manifest
	}
	if !e.Trip.IsZero() {
		w.Trip = &e.Trip
	}
	for _, b := range e.Batches {
		wb := wireBatch{ID: b.ID, Grams: b.Grams, Packages: b.Packages, Verdict: b.Verdict,
			RefusedGrams: b.RefusedGrams, Reason: b.Reason, ResidueGrams: b.ResidueGrams}
		if !b.Seen.IsZero() {
			wb.Seen = &b.Seen
		}
		if !b.Rest.IsZero() {
			wb.Rest = &b.Rest
		}
		w.Batches = append(w.Batches, wb)
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write event: %w", err)
	}
	if _, err := Parse(b); err != nil {
		return nil, err
	}
	return b, nil
}

// members are the data of a type by name; empty optional members are left out.
type members map[string]any

func membersOf(d Data) members {
	m := members{}
	d.write(m)
	return m
}

func (m members) text(name, v string) {
	if v != "" {
		m[name] = v
	}
}

func (d Use) write(m members) {
	m.text("item", d.Item)
	m.text("kind", d.Kind)
	m["quantity"] = d.Quantity
	m.text("unit", d.Unit)
	m.text("department", d.Department)
	m.text("expects_code", string(d.ExpectsCode))
	if d.ExpectsGrams > 0 {
		m["expects_grams"] = d.ExpectsGrams
	}
}

func (d Generated) write(m members) {
	m.text("code", string(d.Code))
	m.text("form", string(d.Form))
	m.text("packaging", string(d.Packaging))
	m.text("measured", string(d.Measured))
	m.text("scale", d.Scale)
	m.text("department", d.Department)
	m.text("container", d.Container)
	m.text("label", string(d.Label))
	m.text("name", d.Name)
	if d.Isolation {
		m["isolation"] = true
	}
	if d.Layers > 0 {
		m["layers"] = d.Layers
	}
	d.Behalf.write(m)
}

func (d Released) write(m members) {
	m.text("to", d.To.String())
	m.text("to_site", d.ToSite.String())
	m.text("from", d.From)
}

func (d Received) write(m members) { m.text("place", d.Place) }

func (d Stored) write(m members) {
	m.text("place", d.Place)
	if d.HasTemperature {
		m["temperature_dc"] = d.TemperatureDC
	}
}

func (d Issued) write(m members) {
	m.text("profile", d.Profile)
	m.text("carrier", d.Carrier.String())
	m.text("consignee", d.Consignee.String())
	m.text("consignee_site", d.ConsigneeSite.String())
	m.text("method", string(d.Method))
	m.text("number", d.Number)
	m.text("from", d.From)
	m.text("exempt_collection", string(d.Exempt.Collection))
	m.text("exempt_transport", string(d.Exempt.Transport))
	d.Behalf.write(m)
}

func (d Collected) write(m members) {
	m.text("vehicle", d.Vehicle)
	m.text("permit", d.Permit)
	m.text("measured", string(d.Measured))
	m.text("scale", d.Scale)
	d.Reservation.write(m)
}

func (d Delivered) write(m members) {
	m.text("vehicle", d.Vehicle)
	d.Reservation.write(m)
}

func (d Accepted) write(m members) {
	m.text("measured", string(d.Measured))
	m.text("scale", d.Scale)
}

func (d Treated) write(m members) {
	m.text("method", string(d.Method))
	m.text("facility", d.Facility)
	m.text("measured", string(d.Measured))
	m.text("scale", d.Scale)
	if len(d.Residues) > 0 {
		m["residues"] = childMembers(d.Residues)
	}
}

func (d Outcome) write(m members) { m.text("result", d.Result) }

func (d Ruling) write(m members) {
	m.text("event", d.Event.String())
	m.text("hash", d.Hash.String())
	m.text("verdict", string(d.Verdict))
	m.text("reason", d.Reason)
}
