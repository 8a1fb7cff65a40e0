package event

import (
	"fmt"
	"slices"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// Backfilled is paper.backfilled: a slip that was written while the system was down
// (Order 23 art. 20), told as one event. It says what the slip attests and who signed it
// on paper; none of them has signed here but the one who fills it in.
type Backfilled struct {
	Scan          id.Hash // SHA-256 of the scan's bytes
	Slip          string  // printed number, where it has one
	Reason        string  // why there was no electronic manifest
	Profile       string
	Consignor     id.Party
	ConsignorSite id.Site
	Carrier       id.Party
	CarrierSite   id.Site
	Consignee     id.Party
	ConsigneeSite id.Site
	Method        waste.Method
	Vehicle       string
	Permit        string
	Number        string
	Measured      Measured
	Scale         string
	Signed        []Signature
}

// PaperRole is the part in which somebody signed on paper.
type PaperRole string

// The signatures that a slip may have, in their order.
const (
	ByConsignor PaperRole = "consignor" // issued
	ByCarrier   PaperRole = "carrier"   // collected
	AtGate      PaperRole = "gate"      // the carrier again, at the consignee's site: delivered
	ByConsignee PaperRole = "consignee" // accepted
)

var paperOrder = []PaperRole{ByConsignor, ByCarrier, AtGate, ByConsignee}

// Signature is one signature on the slip and the time beside it.
type Signature struct {
	Role PaperRole
	At   time.Time
}

func (Backfilled) of() Type { return PaperBackfilled }

func readBackfilled(r *reader) Data {
	defer r.close()
	d := Backfilled{
		Scan:          parsed(r, "scan", true, id.ParseHash),
		Slip:          r.text("slip", false, 32),
		Reason:        r.text("reason", true, 200),
		Profile:       parsed(r, "profile", true, ParseProfile),
		Consignor:     parsed(r, "consignor", true, id.ParseParty),
		ConsignorSite: parsed(r, "consignor_site", true, id.ParseSite),
		Carrier:       parsed(r, "carrier", true, id.ParseParty),
		CarrierSite:   parsed(r, "carrier_site", true, id.ParseSite),
		Consignee:     parsed(r, "consignee", true, id.ParseParty),
		ConsigneeSite: parsed(r, "consignee_site", true, id.ParseSite),
		Method:        parsed(r, "method", false, waste.ParseMethod),
		Vehicle:       r.text("vehicle", true, 16),
		Permit:        r.text("permit", false, 32),
		Number:        parsed(r, "number", false, ParseNumber),
		Measured:      oneOf(r, "measured", false, OnScale, Estimated),
		Scale:         r.text("scale", false, 32),
	}
	d.Signed = readSigned(r)
	return d
}

func readSigned(r *reader) []Signature {
	n, ok := r.take("signed", true)
	if !ok {
		return nil
	}
	if n.kind != '[' {
		r.note("signed", "type", "must be an array of signatures")
		return nil
	}
	if len(n.items) < 2 || len(n.items) > len(paperOrder) {
		r.note("signed", "length", "must have 2 to %d signatures: consignor and carrier, then gate, then consignee", len(paperOrder))
	}
	if len(n.items) > len(paperOrder) {
		return nil // whose each would be cannot be told
	}
	out := make([]Signature, 0, len(n.items))
	for i, item := range n.items {
		at := fmt.Sprintf("%s/signed/%d", r.at, i)
		if item.kind != '{' {
			*r.notes = append(*r.notes, fault.Field{Pointer: at, Code: "type", Detail: "must be an object"})
			continue
		}
		sr := newReader(item, at, r.notes)
		s := Signature{Role: oneOf(sr, "role", true, paperOrder...), At: parsed(sr, "at", true, ParseTime)}
		sr.close()
		if s.Role != "" && s.Role != paperOrder[i] {
			sr.note("role", "order", "must be %q: a slip is signed by consignor, carrier, carrier at the gate, consignee", paperOrder[i])
		}
		if n := len(out); n > 0 && !s.At.IsZero() && s.At.Before(out[n-1].At) {
			sr.note("at", "order", "must not be before the signature above it")
		}
		out = append(out, s)
	}
	return out
}

func readPaperLine(r *reader, b *Batch) {
	b.Verdict = oneOf(r, "verdict", false, Whole, Part)
	b.Reason = r.text("reason", b.Verdict == Part, 200)
	g, given := r.integer("refused_grams", b.Verdict == Part, 1, int64(waste.MaxBatch))
	b.RefusedGrams = waste.Grams(g)
	if b.Verdict == Whole && given {
		r.note("refused_grams", "not_allowed", "belongs to a line accepted in part only")
	}
}

// attested holds who fills the slip in against who signed it: the consignor, whose waste
// it was, or the consignee once it has signed for the load. A carrier that could fill in
// alone would put waste into the hands of two others.
func attested(r *reader, e *Event) {
	d, _ := e.Data.(Backfilled)
	say := func(pointer, code, text string) {
		*r.notes = append(*r.notes, fault.Field{Pointer: r.at + pointer, Code: code, Detail: text})
	}
	accepted := len(d.Signed) == len(paperOrder)
	switch {
	case e.Party.IsZero() || e.Site.IsZero() || d.Consignor.IsZero() || d.ConsignorSite.IsZero() || d.Consignee.IsZero() || d.ConsigneeSite.IsZero() || len(d.Signed) == 0:
	case e.Party == d.Consignor && e.Site != d.ConsignorSite:
		say("/site", "other", "must be the consignor's site on the slip")
	case e.Party == d.Consignor:
	case e.Party != d.Consignee:
		say("/party", "other", "a slip is filled in by its consignor or its consignee")
	case !accepted:
		say("/party", "other", "the consignee may fill in a slip that it has signed; this one it has not")
	case e.Site != d.ConsigneeSite:
		say("/site", "other", "must be the consignee's site on the slip")
	}
	if n := len(d.Signed); n > 0 && !e.At.IsZero() && d.Signed[n-1].At.After(e.At) {
		say(fmt.Sprintf("/data/signed/%d/at", n-1), "order", "must not be after the back-fill")
	}
	for i, b := range e.Batches {
		switch {
		case len(d.Signed) == 0:
		case accepted && b.Verdict == "":
			say(fmt.Sprintf("/batches/%d/verdict", i), "required", "is given on every line of a slip that the consignee signed")
		case !accepted && (b.Verdict != "" || b.RefusedGrams > 0):
			say(fmt.Sprintf("/batches/%d/verdict", i), "not_allowed", "is the consignee's word, who has not signed this slip")
		}
	}
}

// Last is the time of the last signature on the slip; zero where there is none.
func (d Backfilled) Last() (t time.Time) {
	if n := len(d.Signed); n > 0 {
		t = d.Signed[n-1].At
	}
	return t
}

// Attests lists what a slip stands for, as the events that were not sent, in order. They
// are never entries of the log: folds apply them one after another in the place of one.
func (e Event) Attests() []Event {
	d, ok := e.Data.(Backfilled)
	if !ok {
		return nil
	}
	var out []Event
	for _, s := range d.Signed {
		v := e
		v.At, v.Batches = s.At, slices.Clone(e.Batches)
		for i := range v.Batches {
			b := &v.Batches[i]
			if s.Role != ByConsignee {
				b.Grams, b.RefusedGrams, b.Verdict, b.Reason = b.Grams+b.RefusedGrams, 0, "", ""
			}
		}
		switch s.Role {
		case ByConsignor:
			v.Type, v.Party, v.Site = ManifestIssued, d.Consignor, d.ConsignorSite
			v.Data = Issued{Profile: d.Profile, Carrier: d.Carrier, Consignee: d.Consignee, ConsigneeSite: d.ConsigneeSite, Method: d.Method, Number: d.Number}
		case ByCarrier:
			v.Type, v.Party, v.Site = TransportCollected, d.Carrier, d.CarrierSite
			v.Data = Collected{Vehicle: d.Vehicle, Permit: d.Permit}
		case AtGate:
			v.Type, v.Party, v.Site = TransportDelivered, d.Carrier, d.CarrierSite
			v.Data = Delivered{Vehicle: d.Vehicle}
		default:
			v.Type, v.Party, v.Site = ManifestAccepted, d.Consignee, d.ConsigneeSite
			v.Data = Accepted{Measured: d.Measured, Scale: d.Scale}
		}
		out = append(out, v)
	}
	return out
}

func (d Backfilled) write(m members) {
	m.text("scan", d.Scan.String())
	m.text("slip", d.Slip)
	m.text("reason", d.Reason)
	m.text("profile", d.Profile)
	m.text("consignor", d.Consignor.String())
	m.text("consignor_site", d.ConsignorSite.String())
	m.text("carrier", d.Carrier.String())
	m.text("carrier_site", d.CarrierSite.String())
	m.text("consignee", d.Consignee.String())
	m.text("consignee_site", d.ConsigneeSite.String())
	m.text("method", string(d.Method))
	m.text("vehicle", d.Vehicle)
	m.text("permit", d.Permit)
	m.text("number", d.Number)
	m.text("measured", string(d.Measured))
	m.text("scale", d.Scale)
	signed := make([]members, 0, len(d.Signed))
	for _, s := range d.Signed {
		signed = append(signed, members{"role": string(s.Role), "at": s.At.Format(TimeForm)})
	}
	m["signed"] = signed
}
