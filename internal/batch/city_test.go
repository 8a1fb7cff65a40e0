package batch_test

import (
	"fmt"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// uuid numbers the things of a test, so that failures can be read.
func uuid(kind byte, n int) id.UUID { return id.V7(1_772_000_000_000, [10]byte{9: byte(n), 8: kind}) }

// The parties of a chain, a stranger, and the things they handle.
var (
	generator, carrier, plant, stranger = id.PartyOf(uuid('p', 1)), id.PartyOf(uuid('p', 2)), id.PartyOf(uuid('p', 3)), id.PartyOf(uuid('p', 9))
	ward, garage, gate, elsewhere       = id.SiteOf(uuid('s', 1)), id.SiteOf(uuid('s', 2)), id.SiteOf(uuid('s', 3)), id.SiteOf(uuid('s', 9))
	second, point, yard                 = id.PartyOf(uuid('p', 4)), id.PartyOf(uuid('p', 5)), id.SiteOf(uuid('s', 5))
	box, tray                           = id.BatchOf(uuid('b', 2)), id.BatchOf(uuid('b', 3))
	bag, sheet, otherSheet              = id.BatchOf(uuid('b', 1)), id.ManifestOf(uuid('m', 1)), id.ManifestOf(uuid('m', 2))
)

// build makes an event of a type as the right party would sign it for that state.
func build(n int, typ event.Type, s batch.State) event.Event {
	e := event.Event{ID: id.EventOf(uuid('e', n)), Type: typ, At: time.Date(2026, 3, 2, 8, n, 0, 0, time.UTC), Party: generator, Site: ward,
		Person: id.PersonOf(uuid('h', 1)), Batches: []event.Batch{{ID: bag, Seen: s.Head}}}
	weigh := func(g waste.Grams) { e.Batches[0].Grams, e.Batches[0].Weighed = g, true }
	answer := func() {
		if !s.Answer.IsZero() {
			e.Refs = []id.Event{s.Answer}
		} else {
			e.Refs = []id.Event{id.EventOf(uuid('e', 250))}
		}
	}
	if !s.Custodian.IsZero() {
		e.Party = s.Custodian
	}
	if !s.Site.IsZero() {
		e.Site = s.Site
	}
	switch typ {
	case event.UseRecorded:
		e.Batches, e.Data = nil, event.Use{Item: "x", Kind: "product", Quantity: 1, Unit: "piece"}
	case event.BatchGenerated:
		weigh(5000)
		e.Data = event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale}
	case event.BatchReleased:
		e.Data = event.Released{}
	case event.BatchRepacked:
		weigh(max(s.Grams, 1))
		e.Data = event.Repacked{Children: []event.Child{{ID: box, Grams: max(s.Grams, 1), Code: "841-001-01", Form: "S", Packaging: "box"}}}
	case event.BatchReceived:
		answer()
		switch s.Stage {
		case batch.HandedOver:
			e.Party, e.Site = s.To, s.ToSite
		case batch.Returned:
			e.Party, e.Site = s.Consignor, ward
		}
		e.Data = event.Received{}
	case event.BatchStored:
		e.Data = event.Stored{Place: "store"}
	case event.ManifestIssued:
		weigh(max(s.Grams, 1))
		e.Manifest, e.Data = sheet, event.Issued{Profile: "medical", Carrier: carrier, Consignee: plant, ConsigneeSite: gate, Method: "D10"}
	case event.ManifestCancelled:
		answer()
		e.Party, e.Manifest, e.Data = generator, sheet, event.Cancelled{Reason: "x"}
	case event.TransportCollected:
		answer()
		weigh(max(s.Grams, 1))
		e.Party, e.Site, e.Manifest, e.Data = carrier, garage, sheet, event.Collected{Vehicle: "冀F00001"}
		if s.Stage == batch.HandedOver {
			e.Party = s.To
		}
	case event.TransportHandedOver:
		answer()
		e.Manifest, e.Data = sheet, event.HandedOver{To: second}
		if n == 6 { // on the way to the transfer point
			e.Data = event.HandedOver{To: point, ToSite: yard}
		}
	case event.ManifestRefused:
		answer()
		weigh(max(s.Grams, 1))
		e.Party, e.Site, e.Manifest, e.Data = plant, gate, sheet, event.Refused{Measured: event.OnScale}
	case event.TransportReturned:
		answer()
		e.Site, e.Manifest, e.Data = garage, sheet, event.Returned{}
	case event.TransportDelivered:
		answer()
		e.Party, e.Site, e.Manifest, e.Data = carrier, garage, sheet, event.Delivered{Vehicle: "冀F00001"}
	case event.ManifestAccepted:
		answer()
		weigh(max(s.Grams, 1))
		e.Party, e.Site, e.Manifest, e.Data = plant, gate, sheet, event.Accepted{Measured: event.OnScale}
		e.Batches[0].Verdict = event.Whole
	case event.BatchTreated:
		weigh(max(s.Grams, 1))
		e.Data = event.Treated{Method: "D10"}
	case event.OutcomeReported:
		answer()
		e.Party, e.Site, e.Manifest, e.Data = plant, gate, sheet, event.Outcome{Result: "焚烧完成"}
	}
	return e
}

// paths lead to every stage.
var paths = map[batch.Stage][]event.Type{
	batch.None:       {},
	batch.Generated:  {event.BatchGenerated},
	batch.Released:   {event.BatchGenerated, event.BatchReleased},
	batch.Received:   {event.BatchGenerated, event.BatchReleased, event.BatchReceived},
	batch.Stored:     {event.BatchGenerated, event.BatchStored},
	batch.Issued:     {event.BatchGenerated, event.ManifestIssued},
	batch.InTransit:  {event.BatchGenerated, event.ManifestIssued, event.TransportCollected},
	batch.HandedOver: {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportHandedOver},
	batch.AtPoint: {event.BatchGenerated, event.BatchReleased, event.BatchReceived, event.ManifestIssued, event.TransportCollected,
		event.TransportHandedOver, event.BatchReceived},
	batch.Refused: {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestRefused},
	batch.Returned: {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestRefused,
		event.TransportReturned},
	batch.Repacked:  {event.BatchGenerated, event.BatchRepacked},
	batch.Delivered: {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered},
	batch.Accepted:  {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestAccepted},
	batch.Treated: {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestAccepted,
		event.BatchTreated},
	batch.Reported: {event.BatchGenerated, event.ManifestIssued, event.TransportCollected, event.TransportDelivered, event.ManifestAccepted,
		event.BatchTreated, event.OutcomeReported},
}

var stages = []batch.Stage{batch.None, batch.Generated, batch.Released, batch.Received, batch.Stored, batch.Issued, batch.InTransit,
	batch.Delivered, batch.Accepted, batch.Treated, batch.Reported, batch.HandedOver, batch.AtPoint, batch.Refused, batch.Returned, batch.Repacked}

// leaf is the n-th made-up leaf hash.
func leaf(n int) (h id.Hash) {
	h[0], h[31] = 0xff, byte(n)
	return h
}

// walk folds events of these types, each as its right party signs it.
func walk(t *testing.T, types ...event.Type) batch.State {
	t.Helper()
	var s batch.State
	for i, typ := range types {
		s = step(t, s, i+1, build(i+1, typ, s))
	}
	return s
}

func step(t *testing.T, s batch.State, n int, e event.Event) batch.State {
	t.Helper()
	if err := s.Check(e, e.Batches[0]); err != nil {
		t.Fatalf("%s after %q: %v", e.Type, s.Stage, err)
	}
	return s.Apply(e, e.Batches[0], batch.Place{Seq: int64(100 + n), N: int64(n), Leaf: leaf(n)})
}

func describe(s batch.State) string { return fmt.Sprintf("%q, entry %d", s.Stage, s.N) }
