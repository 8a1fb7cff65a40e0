package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/bundle"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// hard is a day with everything that goes wrong: two bags packed into a box, two carriers,
// the box accepted in part, a bag refused, both brought back.
type hard struct {
	events         []intaketest.Signed
	box, bag, rest id.Batch
	sheet          id.Manifest
}

func (p *place) hardDay() hard {
	p.t.Helper()
	var h hard
	second := p.Enrol(p.Org("SAMPLE second carrier", party.Carrier), false)
	sign := func(d *device.Device, t event.Type, data event.Data, after id.Event, bs ...event.Batch) event.Event {
		p.Advance(time.Minute)
		s := p.Sign(d, t, data, func(e *event.Event) {
			e.Batches = bs
			if !after.IsZero() {
				e.Refs = []id.Event{after}
			}
			if t != event.BatchReceived && t != event.BatchTreated && t != event.BatchRepacked {
				e.Manifest = h.sheet
			}
		})
		h.events = append(h.events, s)
		return s.Event
	}
	line := func(b id.Batch, g waste.Grams) event.Batch { return event.Batch{ID: b, Grams: g, Weighed: g > 0} }
	fresh := func(d *device.Device) id.UUID {
		u, err := d.NewID(p.Now())
		if err != nil {
			p.t.Fatal(err)
		}
		return u
	}
	first, other := p.Generate(5_000), p.Generate(3_000)
	h.events = append(h.events, first, other)
	a := first.Event.Batches[0].ID
	h.box, h.bag, h.rest = id.BatchOf(fresh(p.Hospital)), other.Event.Batches[0].ID, id.BatchOf(fresh(p.Plant))
	h.sheet = id.ManifestOf(fresh(p.Hospital))
	label, err := p.Hospital.NewLabel()
	if err != nil {
		p.t.Fatal(err)
	}
	sign(p.Hospital, event.BatchRepacked, event.Repacked{Children: []event.Child{{ID: h.box, Grams: 6_000, Code: "841-001-01", Form: "S", Packaging: "box", Label: label}}},
		id.Event{}, line(a, 5_000), line(h.bag, 1_000))
	issued := sign(p.Hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: p.Carrier.Party, Consignee: p.Plant.Party, ConsigneeSite: p.Plants},
		id.Event{}, line(h.box, 6_000), line(h.bag, 2_000))
	got := sign(p.Carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, issued.ID, line(h.box, 6_000), line(h.bag, 2_000))
	offered := sign(p.Carrier, event.TransportHandedOver, event.HandedOver{To: second.Party}, got.ID, line(h.box, 0), line(h.bag, 0))
	got = sign(second, event.TransportCollected, event.Collected{Vehicle: "冀F00002"}, offered.ID, line(h.box, 6_000), line(h.bag, 2_000))
	there := sign(second, event.TransportDelivered, event.Delivered{Vehicle: "冀F00002"}, got.ID, line(h.box, 0), line(h.bag, 0))
	part := line(h.box, 5_000)
	part.Verdict, part.RefusedGrams, part.Reason, part.Rest = event.Part, 1_000, "破损", h.rest
	accepted := sign(p.Plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, there.ID, part)
	no := line(h.bag, 2_000)
	no.Reason = "破损"
	refused := sign(p.Plant, event.ManifestRefused, event.Refused{Measured: event.OnScale}, there.ID, no)
	backA := sign(second, event.TransportReturned, event.Returned{}, accepted.ID, line(h.rest, 0))
	backB := sign(second, event.TransportReturned, event.Returned{}, refused.ID, line(h.bag, 0))
	sign(p.Hospital, event.BatchReceived, event.Received{}, backA.ID, line(h.rest, 0))
	sign(p.Hospital, event.BatchReceived, event.Received{}, backB.ID, line(h.bag, 0))
	burnt := sign(p.Plant, event.BatchTreated, event.Treated{Method: "D10"}, id.Event{}, line(h.box, 5_000))
	sign(p.Plant, event.OutcomeReported, event.Outcome{Result: "焚烧完成"}, burnt.ID, line(h.box, 0))
	return h
}

// ends holds the stored world against what the day must come to.
func (p *place) ends(h hard) {
	p.t.Helper()
	for b, want := range map[id.Batch]struct {
		stage  batch.Stage
		grams  waste.Grams
		holder id.Party
	}{
		h.events[0].Event.Batches[0].ID: {batch.Repacked, 0, p.Hospital.Party},
		h.box:                           {batch.Reported, 0, p.Plant.Party},
		h.bag:                           {batch.Received, 2_000, p.Hospital.Party},
		h.rest:                          {batch.Received, 1_000, p.Hospital.Party},
	} {
		v, err := p.audit.Batch(ctx, b)
		if err != nil || v.State.Stage != want.stage || v.State.Grams != want.grams || v.State.Custodian != want.holder {
			p.t.Errorf("batch %s: %v, %+v", b, err, v.State)
		}
		if c, err := p.audit.Chain(ctx, b); err != nil || len(c.Broken) > 0 || int64(len(c.Steps)) != v.State.N {
			p.t.Errorf("chain of %s: %v, %v", b, err, c.Broken)
		}
	}
	m, err := p.audit.Manifest(ctx, h.sheet)
	if err != nil || m.State.Stage != batch.Reported || len(m.State.Missing()) > 0 || len(m.State.Lines) != 3 || len(m.State.Legs) != 1 || m.State.Legs[0].Taken.IsZero() {
		p.t.Errorf("manifest: %v, %+v", err, m.State)
	}
	p.sound("after a hard day")
}

func TestAHardDay(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := empty(t, kind)
			h := p.hardDay()
			p.send(h.events...)
			p.ends(h)
			p.files(h)
			p.disarm()
			before := p.dump()
			gone := `DELETE FROM batches; DELETE FROM manifests; DELETE FROM postings; DELETE FROM tally_steps; DELETE FROM tallies; DELETE FROM entry_links; DELETE FROM labels`
			for _, damage := range []string{gone, `UPDATE labels SET source = 'server'`} { // the box has a label of its own
				for _, q := range strings.Split(damage, ";") {
					p.exec(q)
				}
				if _, err := p.audit.Rebuild(ctx, audit.Options{}); err != nil {
					t.Fatalf("%s: %v", damage, err)
				}
				if after := p.dump(); after != before {
					t.Errorf("%s: rebuilt, another store: %s", damage, difference(before, after))
				}
			}
		})
	}
}

// The files of a box, of what was refused of it and of the manifest carry the chains of
// what they were made of, and verify with no server.
func (p *place) files(h hard) {
	p.t.Helper()
	book, err := rule.DefaultBook()
	if err != nil {
		p.t.Fatal(err)
	}
	a := h.events[0].Event.Batches[0].ID
	for name, c := range map[string]struct {
		make   func() ([]byte, error)
		finals []id.Batch
	}{
		"box":      {func() ([]byte, error) { return p.audit.BatchBundle(ctx, h.box) }, []id.Batch{a, h.box, h.bag}},
		"rest":     {func() ([]byte, error) { return p.audit.BatchBundle(ctx, h.rest) }, []id.Batch{a, h.box, h.bag, h.rest}},
		"parent":   {func() ([]byte, error) { return p.audit.BatchBundle(ctx, a) }, []id.Batch{a}},
		"manifest": {func() ([]byte, error) { return p.audit.ManifestBundle(ctx, h.sheet) }, []id.Batch{a, h.box, h.bag, h.rest}},
	} {
		file, err := c.make()
		if err != nil {
			p.t.Errorf("%s: %v", name, err)
			continue
		}
		b, err := bundle.Decode(file)
		if err != nil {
			p.t.Fatal(err)
		}
		r := bundle.Check(b, bundle.Options{Trusted: p.VKey, Rules: book, Catalog: waste.DefaultCatalog()})
		var of []id.Batch
		for _, f := range r.Finals {
			of = append(of, f.State.ID)
			v, err := p.audit.Batch(ctx, f.State.ID)
			if err != nil || f.State.Grams != v.State.Grams || f.State.Stage != v.State.Stage || f.State.Head != v.State.Head {
				p.t.Errorf("%s: %+v, the log says %+v, %v", name, f.State, v.State, err)
			}
		}
		for _, want := range c.finals {
			if !slices.Contains(of, want) {
				p.t.Errorf("%s does not tell of %s", name, want)
			}
		}
		if len(r.Broken) > 0 || len(of) != len(c.finals) {
			p.t.Errorf("%s: %d batches, broken %+v", name, len(of), r.Broken)
		}
	}
}

// TestAHardDayBackwards: the last event comes first, all wait in quarantine, and the day
// ends as it did.
func TestAHardDayBackwards(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			p := empty(t, kind)
			h := p.hardDay()
			for i := len(h.events) - 1; i >= 0; i-- {
				p.Advance(time.Millisecond)
				p.intake.Accept(ctx, h.events[i].JWS) // most are held; what came of them is asked below
			}
			p.ends(h)
		})
	}
}
