package record_test

import (
	"errors"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/intaketest"
	"liandan/internal/record"
)

// stored puts a bag into a store; a bag may be stored any number of times.
func (d *desk) stored(bag intaketest.Signed, place string, change func(*event.Event)) intaketest.Signed {
	return d.Sign(d.Porter, event.BatchStored, event.Stored{Place: place}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID}}
		if change != nil {
			change(e)
		}
	})
}

// upload sends events as one group and gives what was answered, line by line.
func (d *desk) upload(events ...intaketest.Signed) []record.Result {
	d.t.Helper()
	lines := make([][]byte, len(events))
	for i, e := range events {
		lines[i] = e.JWS
	}
	b := d.svc.Begin(d.t.Context(), lines)
	out := make([]record.Result, len(events))
	for i := range out {
		out[i] = b.Wait(d.t.Context(), i)
	}
	return out
}

// waits says how many events wait in quarantine.
func (d *desk) waits() (n int) {
	for _, h := range d.held() {
		if h.State == "waiting" {
			n++
		}
	}
	return n
}

// TestKeptThenSentAgainWithWhatItWaitedFor resends a kept event in one upload with the
// event it waited for, twice over. It gets its receipts and leaves the quarantine, and
// what happens to the bag later is not in its way.
func TestKeptThenSentAgainWithWhatItWaitedFor(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag := d.Generate(2500)
		first := d.stored(bag, "SAMPLE one", nil)
		if r := d.refused(first.JWS, fault.WrongStage); !r.Held {
			t.Fatal("the event was not kept")
		}
		for i, r := range d.upload(first, first, bag, first) {
			// A line whose group was committed before the bag's came along is kept again; one in
			// the bag's own group has its receipt at once.
			if r.Err != nil && !(i < 2 && r.Held && fault.Of(r.Err) == fault.WrongStage) {
				t.Fatalf("line %d: %v", i, r.Err)
			}
			if r.Err == nil {
				d.verified(r.Receipt)
			}
		}
		if r := d.svc.Accept(t.Context(), first.JWS); r.Err != nil || !r.Repeat {
			t.Fatalf("sent once more: %+v", r)
		}
		if n := d.waits(); n != 0 {
			t.Errorf("%d events still wait", n)
		}
		d.Advance(time.Minute)
		d.taken(d.stored(bag, "SAMPLE two", nil))
		if times, _ := d.log(); times[first.Event.ID] != 1 || d.size() != 3 {
			t.Errorf("the log has %d entries, the kept event %d times", d.size(), times[first.Event.ID])
		}
		d.sound()
	})
}

// TestKeptUnderAnIDThatOthersTook keeps an event for a bag that nobody knows, lets other
// bytes take its id, and then brings the bag: the kept bytes stay where they are.
func TestKeptUnderAnIDThatOthersTook(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag, known := d.Generate(2500), d.Generate(1000)
		kept := d.stored(bag, "SAMPLE one", nil)
		d.refused(kept.JWS, fault.WrongStage)
		d.taken(known)
		d.taken(d.stored(known, "SAMPLE two", func(e *event.Event) { e.ID = kept.Event.ID }))
		d.taken(bag)
		d.taken(d.stored(bag, "SAMPLE three", nil))
		d.refused(kept.JWS, fault.IDReused)
		if n := d.waits(); n != 1 || d.size() != 4 {
			t.Errorf("%d events wait and the log has %d entries, want 1 and 4", n, d.size())
		}
		d.sound()
	})
}

// TestKeptUnderOneID keeps two events of one id; the first that may come is taken, and its
// sender gets the receipt even where both came in one upload.
func TestKeptUnderOneID(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag, other := d.Generate(2500), d.Generate(1000)
		a := d.stored(bag, "SAMPLE one", nil)
		b := d.stored(other, "SAMPLE two", func(e *event.Event) { e.ID = a.Event.ID })
		results := d.upload(a, b, bag, other)
		for i, want := range []fault.Kind{"", fault.WrongStage, "", ""} {
			// Line 0 was answered before the bag was there where its group was committed first.
			if got := fault.Of(results[i].Err); got != want && !(i == 0 && got == fault.WrongStage) {
				t.Errorf("line %d: %v, want %q", i, results[i].Err, want)
			}
		}
		again := d.svc.Accept(t.Context(), a.JWS)
		if again.Err != nil || !again.Repeat {
			t.Fatalf("sent once more: %+v", again)
		}
		d.verified(again.Receipt)
		d.taken(d.stored(other, "SAMPLE three", nil))
		if n := d.waits(); n != 1 {
			t.Errorf("%d events wait, want the other one of the id", n)
		}
		d.sound()
	})
}

// TestOneArrivalFreesAChainOfWaitingOnes keeps a whole story but its first event, in
// which each event waits for another subject than the one before it.
func TestOneArrivalFreesAChainOfWaitingOnes(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := d.tell(3, true, true, true)
		for i := len(s.events) - 1; i > 0; i-- {
			// The manifest is never there before what happened inside the house: it waits
			// for the one bag that is missing.
			if r := d.svc.Accept(t.Context(), s.events[i].JWS); r.Err != nil && !r.Held {
				t.Fatalf("%s: %v", s.events[i].Event.Type, r.Err)
			}
		}
		d.taken(s.events[0])
		times, _ := d.log()
		for _, e := range s.events {
			if times[e.Event.ID] != 1 {
				t.Errorf("%s is %d times in the log", e.Event.Type, times[e.Event.ID])
			}
		}
		d.sound()
	})
}

// TestRegisterGoneWhileOneWaits loses the register between an event that waits and the one
// that lets it in: nothing is half done, and the next try takes both.
func TestRegisterGoneWhileOneWaits(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag := d.Generate(2500)
		kept := d.stored(bag, "SAMPLE", nil)
		d.refused(kept.JWS, fault.WrongStage)
		d.Registry.Fail = errors.New("SAMPLE: the register cannot be read")
		d.refused(bag.JWS, fault.Unavailable)
		if _, err := d.svc.Validate(t.Context(), bag.JWS); fault.Of(err) != fault.Unavailable {
			t.Errorf("the dry run says %v", err)
		}
		d.Registry.Fail = nil
		d.taken(bag)
		if n := d.waits(); n != 0 || d.size() != 2 {
			t.Errorf("%d events wait and the log has %d entries, want 0 and 2", n, d.size())
		}
		d.sound()
	})
}

// TestKeptOfAKeyThatWasRevoked lets a key be revoked while its event waits: it is not let
// in any more, and what it waited for is.
func TestKeptOfAKeyThatWasRevoked(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag := d.Generate(2500)
		kept := d.stored(bag, "SAMPLE", nil)
		d.refused(kept.JWS, fault.WrongStage)
		k, _, err := d.Registry.Key(t.Context(), d.Porter.Kid())
		if err != nil {
			t.Fatal(err)
		}
		d.Registry.Put(k.Revoke(kept.Event.At, kept.Event.At))
		d.taken(bag)
		if n := d.waits(); n != 1 || d.size() != 1 {
			t.Errorf("%d events wait and the log has %d entries, want 1 and 1", n, d.size())
		}
		d.sound()
	})
}
