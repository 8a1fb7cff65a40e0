package event

import (
	"encoding/json"
	"fmt"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

type wire struct {
	V        int            `json:"v"`
	ID       id.Event       `json:"id"`
	Type     Type           `json:"type"`
	At       string         `json:"at"`
	Party    id.Party       `json:"party"`
	Site     id.Site        `json:"site"`
	Person   id.Person      `json:"person"`
	Manifest *id.Manifest   `json:"manifest,omitempty"`
	Trip     *id.Trip       `json:"trip,omitempty"`
	Batches  []wireBatch    `json:"batches,omitempty"`
	Refs     []id.Event     `json:"refs,omitempty"`
	Data     map[string]any `json:"data"`
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
}

// Payload writes an event as JSON for a signer. It returns what Parse would say of
// the result, so that nobody signs what the intake refuses.
func (e Event) Payload() ([]byte, error) {
	if e.Data == nil || e.Data.of() != e.Type {
		return nil, fault.New(fault.InvalidEvent, "The data do not belong to the type %q.", e.Type)
	}
	w := wire{V: 1, ID: e.ID, Type: e.Type, At: e.At.Format(TimeForm), Party: e.Party, Site: e.Site, Person: e.Person,
		Refs: e.Refs, Data: members(e.Data)}
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

// members names the data of a type; empty optional members are left out.
func members(d Data) map[string]any {
	m := map[string]any{}
	put := func(name string, v fmt.Stringer) {
		if s := v.String(); s != "" {
			m[name] = s
		}
	}
	text := func(name, v string) {
		if v != "" {
			m[name] = v
		}
	}
	switch d := d.(type) {
	case Use:
		text("item", d.Item)
		text("kind", d.Kind)
		m["quantity"] = d.Quantity
		text("unit", d.Unit)
		text("department", d.Department)
		text("expects_code", string(d.ExpectsCode))
		if d.ExpectsGrams > 0 {
			m["expects_grams"] = d.ExpectsGrams
		}
	case Generated:
		text("code", string(d.Code))
		text("form", string(d.Form))
		text("packaging", string(d.Packaging))
		text("measured", string(d.Measured))
		text("scale", d.Scale)
		text("department", d.Department)
		text("container", d.Container)
		text("label", string(d.Label))
		text("name", d.Name)
	case Released:
		put("to", d.To)
		put("to_site", d.ToSite)
	case Received:
		text("place", d.Place)
	case Stored:
		text("place", d.Place)
		if d.HasTemperature {
			m["temperature_dc"] = d.TemperatureDC
		}
	case Issued:
		text("profile", d.Profile)
		put("carrier", d.Carrier)
		put("consignee", d.Consignee)
		put("consignee_site", d.ConsigneeSite)
		text("method", string(d.Method))
		text("number", d.Number)
	case Collected:
		text("vehicle", d.Vehicle)
		text("permit", d.Permit)
	case Delivered:
		text("vehicle", d.Vehicle)
	case Accepted:
		text("measured", string(d.Measured))
		text("scale", d.Scale)
	case Treated:
		text("method", string(d.Method))
		text("facility", d.Facility)
	case Outcome:
		text("result", d.Result)
	}
	return m
}
