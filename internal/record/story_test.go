package record_test

import (
	"time"

	"liandan/internal/event"
	"liandan/internal/intaketest"
	"liandan/internal/waste"
)

// story is the events of one manifest in the order in which they happened. The first
// inner ones happened inside the consignor's house: the manifest may be issued without
// any of them, so the log can take one that arrives after the manifest for a mistake.
type story struct {
	events []intaketest.Signed
	inner  int
}

// tell signs a story that walks one or more batches the whole way.
func (d *desk) tell(batches int, moved, part, halves bool) story {
	var s story
	add := func(e intaketest.Signed) intaketest.Signed {
		s.events = append(s.events, e)
		d.Advance(time.Minute)
		return e
	}
	var bags []event.Batch
	for n := range batches {
		bag := add(d.Generate(waste.Grams(2000 + 100*n))).Event.Batches[0]
		bags = append(bags, bag)
		unweighed := func(e *event.Event) { e.Batches = []event.Batch{{ID: bag.ID}} }
		if moved {
			given := add(d.Sign(d.Hospital, event.BatchReleased, event.Released{To: d.Porter.Person}, unweighed))
			add(d.Sign(d.Porter, event.BatchReceived, event.Received{Place: "SAMPLE lift"}, func(e *event.Event) {
				unweighed(e)
				e.Refs = append(e.Refs, given.Event.ID)
			}))
		}
		add(d.Sign(d.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, unweighed))
	}
	s.inner = len(s.events)
	issued := add(d.Issue(bags...))
	accepted := add(d.accept(add(d.Deliver(add(d.Collect(issued)))), part))
	// What the plant does with one bag has nothing to do with the next one.
	for _, b := range accepted.Event.Batches {
		one := accepted
		one.Event.Batches = []event.Batch{b}
		if !halves {
			add(d.Report(issued.Event.Manifest, add(d.Treat(one))))
			continue
		}
		first, second := one, one
		first.Event.Batches = []event.Batch{{ID: b.ID, Grams: b.Grams / 2, Weighed: true}}
		second.Event.Batches = []event.Batch{{ID: b.ID, Grams: b.Grams - b.Grams/2, Weighed: true}}
		x, y := add(d.Treat(first)), add(d.Treat(second))
		add(d.report(issued, one, x, y))
	}
	return s
}

// accept takes the lines whole, or leaves 300 g of the first one with the carrier.
func (d *desk) accept(delivered intaketest.Signed, part bool) intaketest.Signed {
	if !part {
		return d.Accept(delivered)
	}
	return d.Sign(d.Plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, func(e *event.Event) {
		e.Manifest = delivered.Event.Manifest
		e.Refs = append(e.Refs, delivered.Event.ID)
		for i, b := range delivered.Event.Batches {
			line := d.Plant.On(b.ID, b.Grams)
			line.Verdict = event.Whole
			if i == 0 {
				line = d.Plant.On(b.ID, b.Grams-300)
				line.Verdict, line.RefusedGrams, line.Reason = event.Part, 300, "SAMPLE broken bag"
			}
			e.Batches = append(e.Batches, line)
		}
	})
}

// report names both treatments, so that it answers whichever of them came last.
func (d *desk) report(issued, of intaketest.Signed, treated ...intaketest.Signed) intaketest.Signed {
	return d.Sign(d.Plant, event.OutcomeReported, event.Outcome{Result: "SAMPLE"}, func(e *event.Event) {
		e.Manifest = issued.Event.Manifest
		e.Batches = []event.Batch{{ID: of.Event.Batches[0].ID}}
		for _, s := range treated {
			e.Refs = append(e.Refs, s.Event.ID)
		}
	})
}
