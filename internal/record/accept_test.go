package record_test

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/record"
	"liandan/internal/rule"
)

// TestSameBytesAtOnce sends the same bytes fifty times side by side, alone and in bulk:
// one entry, and everybody gets the first receipt.
func TestSameBytesAtOnce(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		jws := s.stores(s.Hospital, nil)
		results := make([]record.Result, 50)
		var wg sync.WaitGroup
		for i := range 25 {
			wg.Go(func() { results[i] = d.svc.Accept(t.Context(), jws) })
		}
		wg.Go(func() {
			lines := slices.Repeat([][]byte{jws}, 25)
			b := d.svc.Begin(t.Context(), lines)
			for i := range lines {
				results[25+i] = b.Wait(t.Context(), i)
			}
		})
		wg.Wait()
		fresh := 0
		for i, r := range results {
			if r.Err != nil {
				t.Fatalf("%d: %v", i, r.Err)
			}
			d.verified(r.Receipt)
			if !r.Repeat {
				fresh++
			}
			if r.Receipt.Seq != 1 || !bytes.Equal(r.Receipt.Proof, results[0].Receipt.Proof) || !bytes.Equal(r.Receipt.Entry, results[0].Receipt.Entry) {
				t.Errorf("%d: another receipt than the first: entry %d", i, r.Receipt.Seq)
			}
		}
		if n := d.size(); fresh != 1 || n != 2 {
			t.Errorf("%d answers say that the event is new, the log has %d entries; want 1 and 2", fresh, n)
		}
		// Much later, after the log has grown, it is still the first receipt.
		for _, e := range d.tell(3, true, true, true).events {
			d.taken(e)
		}
		if r := d.svc.Accept(t.Context(), jws); r.Err != nil || !r.Repeat || !bytes.Equal(r.Receipt.Proof, results[0].Receipt.Proof) {
			t.Errorf("later: %+v", r)
		}
		d.sound()
	})
}

// TestOtherBytesUnderAKnownID races two events of one id: one is taken, the other refused,
// and the refusal stays.
func TestOtherBytesUnderAKnownID(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		first := d.Sign(s.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE one"}, s.on)
		other := d.Sign(s.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE other"}, func(e *event.Event) {
			s.on(e)
			e.ID = first.Event.ID
		})
		b := d.svc.Begin(t.Context(), [][]byte{first.JWS, other.JWS, first.JWS, other.JWS})
		for i, want := range []fault.Kind{"", fault.IDReused, "", fault.IDReused} {
			if r := b.Wait(t.Context(), i); fault.Of(r.Err) != want {
				t.Errorf("line %d: %v, want %q", i, r.Err, want)
			}
		}
		d.refused(other.JWS, fault.IDReused)
		if n := d.size(); n != 2 || len(d.held()) != 0 {
			t.Errorf("the log has %d entries, the quarantine %d", n, len(d.held()))
		}
		d.sound()
	})
}

// TestTakenWithAFinding holds what the design accepts and notes: a signer who did not know
// what had happened to the batch, a clock ahead, a clock behind, a code that is in no catalogue.
func TestTakenWithAFinding(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		has := func(name string, r *record.Receipt, want rule.Code) {
			t.Helper()
			if !slices.ContainsFunc(r.Findings, func(f rule.Finding) bool { return f.Rule == want }) {
				t.Errorf("%s: findings %v, want %s", name, r.Findings, want)
			}
		}
		by := func(who *device.Device, change func(*event.Event)) *record.Receipt {
			t.Helper()
			d.Advance(time.Minute)
			r := d.svc.Accept(t.Context(), s.stores(who, change))
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			return d.verified(r.Receipt)
		}
		stored := func(change func(*event.Event)) *record.Receipt { t.Helper(); return by(s.Hospital, change) }
		var seen []*record.Receipt
		if err := s.Hospital.Learn(d.taken(d.Generate(100)).Entry); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, stored(nil))
		if err := s.Hospital.Learn(seen[0].Entry); err != nil {
			t.Fatal(err)
		}
		head := s.Hospital.On(s.bag.Event.Batches[0].ID, 0).Seen
		if r := stored(func(e *event.Event) { e.Batches[0].Seen = head }); len(r.Findings) > 0 {
			t.Errorf("a signer who saw the newest entry gets findings: %v", r.Findings)
		}
		behind := map[string]func(*event.Event){"two behind": func(e *event.Event) { e.Batches[0].Seen = head }, "nothing": nil}
		for what, change := range behind {
			if r := stored(change); len(r.Findings) > 0 {
				t.Errorf("one's own are known, seen is %s: %v", what, r.Findings)
			}
		}
		has("a colleague who saw nothing", by(s.Porter, nil), rule.Unseen)
		for what, change := range behind {
			has("a colleague was there since, seen is "+what, stored(change), rule.Unseen)
		}
		has("clock a day ahead", stored(func(e *event.Event) { e.At = e.At.AddDate(0, 0, 1) }), rule.ClockAhead)
		has("clock back", stored(nil), rule.ClockBack)
		r := d.taken(d.Sign(s.Hospital, event.BatchGenerated, event.Generated{Code: "999-999-99", Form: "S", Packaging: "bag", Measured: event.Estimated},
			func(e *event.Event) { e.Batches = d.Generate(700).Event.Batches }))
		has("code in no catalogue", r, rule.Unverified)
		has("estimate", r, rule.Estimate)
		d.sound()
	})
}

// TestTheLogsClockNeverGoesBack sets the server's clock back between two events.
func TestTheLogsClockNeverGoesBack(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		before := d.taken(d.Generate(10))
		d.Advance(-48 * time.Hour)
		after := d.svc.Accept(t.Context(), s.unknown.JWS)
		if after.Err != nil || !after.Receipt.RecordedAt.Equal(before.RecordedAt) {
			t.Errorf("recorded at %v after %v (%v)", after.Receipt, before.RecordedAt, after.Err)
		}
		d.sound()
	})
}
