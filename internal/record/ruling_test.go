package record_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/record"
)

// theft is a desk with a hospital bag in the log, an authority, and the porter's device:
// lost at a time, reported an hour later.
type theft struct {
	*desk
	bag    intaketest.Signed
	bureau *device.Device
	lost   time.Time
}

// lose tells the keys, takes a bag in, and lets the porter's device be lost and reported.
func lose(d *desk) *theft {
	d.t.Helper()
	th := &theft{desk: d, bureau: d.Enrol(d.Org("SAMPLE bureau", party.Authority), true)}
	for _, dev := range []*device.Device{d.Hospital, d.Porter, th.bureau} {
		d.Tell(d.store, dev)
	}
	th.bag = d.Generate(1000)
	d.taken(th.bag)
	d.Advance(time.Hour)
	th.lost = d.Now()
	return th
}

// report reports the loss an hour later.
func (th *theft) report() {
	th.Advance(time.Hour)
	th.Revoke(th.store, th.Porter, th.lost)
	th.Advance(time.Minute)
}

// dated is a store of the porter's, a while after the loss.
func (th *theft) dated(after time.Duration) intaketest.Signed {
	return th.stored(th.bag, "SAMPLE", func(e *event.Event) { e.At = th.lost.Add(after) })
}

func (th *theft) state(s intaketest.Signed) string { return th.held()[hashOf(th.desk, s)].State }

func (th *theft) kind(s intaketest.Signed) string { return th.held()[hashOf(th.desk, s)].Kind }

// TestContested: what is dated before the loss counts although it comes late, what is
// dated after the report is refused, what lies between is kept.
func TestContested(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		th.report()
		between := th.dated(time.Minute)
		v, err := d.svc.Validate(t.Context(), between.JWS)
		if err != nil || v.Would != record.WouldHold || !slices.Equal(kinds(v), []fault.Kind{fault.KeyContested}) {
			t.Errorf("the dry run says %v %v %v", v.Would, kinds(v), err)
		}
		for range 2 {
			if r := d.refused(between.JWS, fault.KeyContested); !r.Held {
				t.Error("a contested event was not kept")
			}
		}
		if r := d.refused(th.dated(2*time.Hour).JWS, fault.KeyRevoked); r.Held {
			t.Error("an event of a revoked key was kept")
		}
		d.taken(th.dated(-time.Minute))
		if len(d.held()) != 1 || th.state(between) != record.Waiting || th.kind(between) != string(fault.KeyContested) {
			t.Errorf("in quarantine is %+v", d.held())
		}
		d.sound()
	})
}

// TestAdmitted: an authority's ruling lets the kept event in, behind the ruling.
func TestAdmitted(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		th.report()
		kept := th.dated(time.Minute)
		d.refused(kept.JWS, fault.KeyContested)
		ruling := d.Rule(th.bureau, kept, event.Admit)
		v, err := d.svc.Validate(t.Context(), ruling.JWS)
		if err != nil || v.Would != record.WouldAccept || len(v.Faults) > 0 {
			t.Errorf("the dry run of the ruling says %+v %v", v, err)
		}
		d.taken(ruling)
		if want := []string{"key", "key", "key", "batch.generated", "key", "ruling.recorded", "batch.stored"}; !slices.Equal(d.entries(), want) || th.state(kept) != record.Admitted {
			t.Errorf("the log is %v, the event is %s", d.entries(), th.state(kept))
		}
		if r := d.svc.Accept(t.Context(), kept.JWS); r.Err != nil || !r.Repeat || d.verified(r.Receipt).Seq != 6 {
			t.Errorf("sent again: %+v", r)
		}
		if r := d.svc.Accept(t.Context(), ruling.JWS); r.Err != nil || !r.Repeat {
			t.Errorf("the ruling again: %+v", r)
		}
		view, err := d.audit.Event(t.Context(), ruling.Event.ID)
		if err != nil || view.Seq != 5 {
			t.Errorf("the ruling reads %+v, %v", view, err)
		}
		d.read(func(r audit.Reader) error {
			found, err := r.RulingsOf([]id.Hash{hashOf(d, kept), {1}})
			if len(found) != 1 || found[0].Seq != 5 {
				t.Errorf("the rulings on it are %+v", found)
			}
			return err
		})
		rep, err := d.audit.Check(t.Context(), audit.Options{})
		if err != nil || rep.Contested != (audit.Contested{Admitted: 1}) {
			t.Errorf("the check counts %+v, %v", rep.Contested, err)
		}
		d.sound()
	})
}

// TestRejected: a rejected event is never tried again, and whoever sends it again hears why.
func TestRejected(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		th.report()
		kept := th.dated(time.Minute)
		d.refused(kept.JWS, fault.KeyContested)
		d.taken(d.Rule(th.bureau, kept, event.Reject))
		again := d.refused(kept.JWS, fault.KeyContested)
		if again.Held || !strings.Contains(fault.As(again.Err).Sentence, "entry 5") {
			t.Errorf("sent again: %+v", again)
		}
		if v, err := d.svc.Validate(t.Context(), kept.JWS); err != nil || v.Would != record.WouldRefuse {
			t.Errorf("the dry run says %+v %v", v, err)
		}
		d.taken(d.Sign(d.Hospital, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) { e.Batches = []event.Batch{{ID: th.bag.Event.Batches[0].ID}} }))
		if times, _ := d.log(); times[kept.Event.ID] != 0 || th.state(kept) != record.Rejected {
			t.Errorf("the event is %d times in the log and %s", times[kept.Event.ID], th.state(kept))
		}
		for _, v := range []event.RulingVerdict{event.Admit, event.Reject} {
			d.refused(d.Rule(th.bureau, kept, v).JWS, fault.Conflict)
		}
		d.sound()
	})
}

// TestAdmittedBeforeItsChain: the ruling comes before the bag is known. The event waits on
// and is let in with the bag; so is one that only becomes contested while it waits.
func TestAdmittedBeforeItsChain(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		bag := d.Generate(500)
		at := func(e *event.Event) { e.At = th.lost.Add(time.Minute) }
		early, late := d.stored(bag, "SAMPLE early", at), d.stored(bag, "SAMPLE late", at)
		if r := d.refused(early.JWS, fault.WrongStage); !r.Held { // its key is sound still
			t.Fatal("not kept")
		}
		th.report()
		d.refused(late.JWS, fault.KeyContested)
		d.refused(early.JWS, fault.KeyContested)
		if th.kind(early) != string(fault.KeyContested) {
			t.Errorf("kept for its chain and contested since, it is listed as %s", th.kind(early))
		}
		d.sound()
		d.taken(d.Rule(th.bureau, early, event.Admit))
		d.taken(d.Rule(th.bureau, late, event.Admit))
		if n := d.waits(); n != 2 {
			t.Errorf("%d events wait for the bag", n)
		}
		d.sound()
		d.taken(bag)
		times, _ := d.log()
		if times[early.Event.ID] != 1 || times[late.Event.ID] != 1 || d.waits() != 0 {
			t.Errorf("the events are %d and %d times in the log", times[early.Event.ID], times[late.Event.ID])
		}
		d.sound()
	})
}

// TestContestedWhileItWaits: the bag comes, and what waited for it is contested by now. It
// is listed so, and a ruling lets it in.
func TestContestedWhileItWaits(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		bag := d.Generate(500)
		kept := d.stored(bag, "SAMPLE", func(e *event.Event) { e.At = th.lost.Add(time.Minute) })
		d.refused(kept.JWS, fault.WrongStage)
		th.report()
		d.taken(bag)
		if th.state(kept) != record.Waiting || th.kind(kept) != string(fault.KeyContested) {
			t.Errorf("it is %s for %s", th.state(kept), th.kind(kept))
		}
		d.sound()
		d.taken(d.Rule(th.bureau, kept, event.Admit))
		if times, _ := d.log(); times[kept.Event.ID] != 1 {
			t.Errorf("it is %d times in the log", times[kept.Event.ID])
		}
		d.sound()
	})
}

// TestRulingInOneUpload sends contested events and the rulings on them together.
func TestRulingInOneUpload(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		th.report()
		a, b := th.dated(time.Minute), th.dated(2*time.Minute)
		results := d.upload(a, b, d.Rule(th.bureau, a, event.Admit), d.Rule(th.bureau, b, event.Reject), b)
		for i, want := range []fault.Kind{"", fault.KeyContested, "", "", fault.KeyContested} {
			// Groups may have formed in between; then the first answer was given before the ruling.
			if got := fault.Of(results[i].Err); got != want && !(i == 0 && got == fault.KeyContested) {
				t.Errorf("line %d: %v, want %q", i, results[i].Err, want)
			}
		}
		times, _ := d.log()
		if times[a.Event.ID] != 1 || times[b.Event.ID] != 0 || th.state(b) != record.Rejected || th.state(a) == record.Waiting {
			t.Errorf("admitted: %d times, %q; rejected: %d times, %q", times[a.Event.ID], th.state(a), times[b.Event.ID], th.state(b))
		}
		d.sound()
	})
}

// TestRulingOnAnEntry: an event that is in the log before the loss is reported stays; the
// ruling on it is noted, and counted by the check.
func TestRulingOnAnEntry(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		var in []intaketest.Signed
		for i := range 3 {
			in = append(in, th.dated(time.Duration(i)*time.Minute))
			d.taken(in[i])
		}
		d.refused(d.Rule(th.bureau, in[0], event.Reject).JWS, fault.Conflict) // nobody has lost anything yet
		th.report()
		count := func() audit.Contested {
			r, err := d.audit.Check(t.Context(), audit.Options{})
			if err != nil || !r.Sound() {
				t.Fatalf("%v %+v", err, r.Named)
			}
			return r.Contested
		}
		d.taken(d.Rule(th.bureau, in[0], event.Reject))
		d.taken(d.Rule(th.bureau, in[1], event.Admit))
		if got := count(); got != (audit.Contested{Open: 1, Admitted: 1, Rejected: 1}) {
			t.Errorf("the check counts %+v", got)
		}
		d.refused(d.Rule(th.bureau, in[0], event.Admit).JWS, fault.Conflict)
		if r := d.svc.Accept(t.Context(), in[0].JWS); r.Err != nil || !r.Repeat {
			t.Errorf("an entry sent again: %+v", r)
		}
		if len(d.held()) != 0 {
			t.Errorf("in quarantine is %+v", d.held())
		}
	})
}

// TestRulingsRefused: of rulings that must not be, nothing is recorded and nothing kept.
func TestRulingsRefused(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		th.report()
		kept, sound := th.dated(time.Minute), th.dated(-time.Minute)
		waits := d.stored(d.Generate(3), "SAMPLE", func(e *event.Event) { e.At = th.lost.Add(-time.Minute) })
		d.refused(kept.JWS, fault.KeyContested)
		d.taken(sound)
		d.refused(waits.JWS, fault.WrongStage)
		size, held := d.size(), len(d.held())
		other := th.dated(2 * time.Minute) // never sent
		signed := func(change func(*event.Ruling, *event.Event)) []byte {
			r := event.Ruling{Event: kept.Event.ID, Hash: hashOf(d, kept), Verdict: event.Admit, Reason: "SAMPLE"}
			e := event.Event{Refs: []id.Event{kept.Event.ID}}
			change(&r, &e)
			return d.Sign(th.bureau, event.RulingRecorded, r, func(to *event.Event) { to.Refs = e.Refs }).JWS
		}
		for name, c := range map[string]struct {
			kind fault.Kind
			jws  []byte
		}{
			"by a generator":            {fault.RoleMissing, d.Rule(d.Hospital, kept, event.Admit).JWS},
			"by the stranger":           {fault.RoleMissing, d.Rule(d.Stranger, kept, event.Admit).JWS},
			"on an event never sent":    {fault.NotFound, d.Rule(th.bureau, other, event.Admit).JWS},
			"on a sound entry":          {fault.Conflict, d.Rule(th.bureau, sound, event.Reject).JWS},
			"on what waits uncontested": {fault.Conflict, d.Rule(th.bureau, waits, event.Admit).JWS},
			"with another hash":         {fault.NotFound, signed(func(r *event.Ruling, _ *event.Event) { r.Hash = hashOf(d, other) })},
			"with another's id": {fault.NotFound, signed(func(r *event.Ruling, e *event.Event) {
				r.Event, e.Refs = sound.Event.ID, []id.Event{sound.Event.ID}
			})},
			"with other refs":           {fault.InvalidEvent, signed(func(_ *event.Ruling, e *event.Event) { e.Refs = []id.Event{sound.Event.ID} })},
			"with too many refs":        {fault.InvalidEvent, signed(func(_ *event.Ruling, e *event.Event) { e.Refs = append(e.Refs, sound.Event.ID) })},
			"of a stolen device":        {fault.RoleMissing, d.Sign(d.Porter, event.RulingRecorded, event.Ruling{Event: kept.Event.ID, Hash: hashOf(d, kept), Verdict: event.Admit, Reason: "SAMPLE"}, func(e *event.Event) { e.Refs, e.At = []id.Event{kept.Event.ID}, th.lost.Add(time.Minute) }).JWS},
			"of a stolen device, later": {fault.KeyRevoked, d.Rule(d.Porter, kept, event.Admit).JWS},
		} {
			v, err := d.svc.Validate(t.Context(), c.jws)
			if err != nil || v.Would != record.WouldRefuse || !slices.Contains(kinds(v), c.kind) {
				t.Errorf("%s: the dry run says %v %v %v", name, v.Would, kinds(v), err)
			}
			if r := d.svc.Accept(t.Context(), c.jws); fault.Of(r.Err) != c.kind || r.Held {
				t.Errorf("%s: %+v, want %s", name, r, c.kind)
			}
		}
		if d.size() != size || len(d.held()) != held {
			t.Errorf("the log has %d entries and the quarantine %d, had %d and %d", d.size(), len(d.held()), size, held)
		}
		d.sound()
	})
}

// TestRulingByALostDevice: the authority's own device was lost. Its ruling is contested
// itself and takes effect when a sound key of the authority has admitted it.
func TestRulingByALostDevice(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		deputy := d.Enrol(th.bureau.Party, false)
		d.Tell(d.store, deputy)
		d.Advance(time.Hour)
		kept := th.dated(time.Minute)
		ruling := d.Rule(th.bureau, kept, event.Admit)
		th.report()
		d.Revoke(d.store, th.bureau, th.lost)
		d.Advance(time.Minute)
		d.refused(kept.JWS, fault.KeyContested)
		if r := d.refused(ruling.JWS, fault.KeyContested); !r.Held {
			t.Fatal("the contested ruling was not kept")
		}
		d.sound()
		d.taken(d.Rule(deputy, ruling, event.Admit))
		times, _ := d.log()
		if times[kept.Event.ID] != 1 || times[ruling.Event.ID] != 1 || d.waits() != 0 {
			t.Errorf("event %d times, ruling %d times, %d wait", times[kept.Event.ID], times[ruling.Event.ID], d.waits())
		}
		d.sound()
	})
}

// TestTheLogSaysSoFirst: the register that this server asks has not heard of a revocation
// or a limit. The log has, and what it says counts.
func TestTheLogSaysSoFirst(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		d.Advance(time.Hour)
		k := d.RevokeUnseen(d.store, d.Porter, th.lost)
		d.refused(th.dated(time.Minute).JWS, fault.KeyContested) // still in the outbox when it was sent
		d.refused(th.dated(2*time.Hour).JWS, fault.KeyRevoked)
		was, _, err := d.Registry.Key(t.Context(), d.Hospital.Kid())
		if err != nil {
			t.Fatal(err)
		}
		d.Limit(d.store, d.Hospital, d.Now())
		cut, _, err := d.Registry.Key(t.Context(), d.Hospital.Kid())
		if err != nil {
			t.Fatal(err)
		}
		d.Registry.Put(was)
		d.refused(d.Generate(3).JWS, fault.KeyExpired)
		for _, known := range []party.Key{k, cut} {
			d.Registry.Put(known)
		}
		d.sound()
	})
}

// TestRulingWhileTheStoreBreaks loses the store between a ruling and its receipt.
func TestRulingWhileTheStoreBreaks(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		th := lose(d)
		th.report()
		kept := th.dated(time.Minute)
		d.refused(kept.JWS, fault.KeyContested)
		f := broken(d)
		ruling := d.Rule(th.bureau, kept, event.Admit)
		for _, mode := range []int32{midway, unanswered} {
			f.mode.Store(mode)
			d.refused(ruling.JWS, fault.Unavailable)
		}
		f.mode.Store(works)
		if r := d.svc.Accept(t.Context(), ruling.JWS); r.Err != nil || !r.Repeat {
			t.Errorf("%+v", r)
		}
		if times, _ := d.log(); times[kept.Event.ID] != 1 || times[ruling.Event.ID] != 1 {
			t.Errorf("%v", times)
		}
		d.Registry.Fail = errors.New("SAMPLE: the register cannot be read")
		d.refused(ruling.JWS, fault.Unavailable)
		d.Registry.Fail = nil
		d.sound()
		if err := d.svc.Flush(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
