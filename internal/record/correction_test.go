package record_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
)

func (d *desk) correct(by *device.Device, of intaketest.Signed, changes []event.Change, parties ...id.Party) intaketest.Signed {
	return d.Sign(by, event.CorrectionProposed, event.Correction{Changes: changes, Parties: parties, Until: d.Now().Add(72 * time.Hour), Reason: "SAMPLE mistyped"}, func(e *event.Event) {
		e.Manifest, e.Refs = of.Event.Manifest, []id.Event{of.Event.ID}
		for _, b := range of.Event.Batches {
			e.Batches = append(e.Batches, event.Batch{ID: b.ID})
		}
	})
}

func (d *desk) answer(by *device.Device, of intaketest.Signed, data event.Data) intaketest.Signed {
	typ := event.CorrectionAgreed
	if _, no := data.(event.Dissent); no {
		typ = event.CorrectionDeclined
	}
	return d.Sign(by, typ, data, func(e *event.Event) {
		e.Manifest, e.Refs, e.Batches = of.Event.Manifest, []id.Event{of.Event.ID}, of.Event.Batches
	})
}

// TestCorrection: what was signed is corrected when every party that it touches agrees, and
// not before; whatever the order of arrival, and whoever else tries.
func TestCorrection(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := d.tell(1, false, false, false).events
		bag, issued, collected := s[0], s[2], s[3]
		heavier := []event.Change{{Pointer: "/batches/0/grams", Old: event.Value(fmt.Sprint(int64(bag.Event.Batches[0].Grams))), New: "2500"}}
		asked := d.correct(d.Carrier, collected, heavier, d.Hospital.Party, d.Plant.Party)
		d.Advance(time.Minute)
		first, second := d.answer(d.Hospital, asked, event.Consent{Remark: "SAMPLE"}), d.answer(d.Plant, asked, event.Consent{})
		d.Advance(time.Minute)
		twice := d.answer(d.Hospital, asked, event.Dissent{Reason: "SAMPLE second thoughts"})
		foreign := d.answer(d.Stranger, asked, event.Consent{})

		// Everything of the correction comes before what it is about, and waits.
		for _, x := range []intaketest.Signed{second, asked, first} {
			if r := d.refused(x.JWS, fault.WrongStage); !r.Held {
				t.Fatalf("%s was not kept", x.Event.Type)
			}
		}
		for _, r := range d.upload(s[:5]...) { // up to the gate
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		if n := d.waits(); n != 0 {
			t.Fatalf("%d wait still, though all that they are about has come", n)
		}
		for _, x := range []intaketest.Signed{asked, first, second} {
			if r := d.svc.Accept(t.Context(), x.JWS); r.Err != nil || !r.Repeat {
				t.Fatalf("%s is not in the log: %+v", x.Event.Type, r)
			}
		}
		d.refused(twice.JWS, fault.WrongStage)
		d.refused(foreign.JWS, fault.WrongStage) // who has no part in it hears of nothing
		for _, r := range d.upload(s[5:]...) {
			if r.Err != nil {
				t.Fatalf("a correction was in the way: %v", r.Err)
			}
		}

		plate := []event.Change{{Pointer: "/data/vehicle", Old: `"冀F00001"`, New: `"冀F00002"`}}
		for _, c := range []struct {
			name    string
			signed  intaketest.Signed
			kind    fault.Kind
			pointer string
		}{
			{"a party left out", d.correct(d.Carrier, collected, plate, d.Hospital.Party), fault.WrongStage, "/data/parties"},
			{"a party that has no part in it", d.correct(d.Carrier, collected, plate, d.Hospital.Party, d.Plant.Party, d.Stranger.Party), fault.WrongStage, "/data/parties/2"},
			{"another old value", d.correct(d.Carrier, collected, []event.Change{{Pointer: "/data/vehicle", Old: `"冀F99999"`, New: `"冀F00002"`}}, d.Hospital.Party, d.Plant.Party), fault.WrongStage, "/data/changes/0/old"},
			{"what is sealed for ever", d.correct(d.Hospital, issued, []event.Change{{Pointer: "/data/carrier", Old: `"x"`, New: `"y"`}}, d.Carrier.Party, d.Plant.Party), fault.InvalidEvent, "/data/changes/0/pointer"},
			{"a field of nothing", d.correct(d.Hospital, issued, []event.Change{{Pointer: "/data/colour", Old: event.NoValue, New: `"y"`}}, d.Carrier.Party, d.Plant.Party), fault.InvalidEvent, "/data/changes/0/pointer"},
			{"a value that the type refuses", d.correct(d.Carrier, collected, []event.Change{{Pointer: "/data/vehicle", Old: `"冀F00001"`, New: "7"}}, d.Hospital.Party, d.Plant.Party), fault.InvalidEvent, ""},
			{"a correction of a correction", d.correct(d.Carrier, asked, []event.Change{{Pointer: "/data/reason", Old: `"SAMPLE mistyped"`, New: `"x"`}}, d.Hospital.Party, d.Plant.Party), fault.InvalidEvent, ""},
			{"grams of what is treated", d.correct(d.Plant, s[5], []event.Change{{Pointer: "/batches/0/grams", Old: event.Value(fmt.Sprint(int64(s[5].Event.Batches[0].Grams))), New: "9"}}, d.Hospital.Party, d.Carrier.Party), fault.WrongStage, ""},
		} {
			r := d.refused(c.signed.JWS, c.kind)
			f := fault.As(r.Err)
			if c.pointer != "" && !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Pointer == c.pointer }) {
				t.Errorf("%s: %v", c.name, f)
			}
			if v, err := d.svc.Validate(t.Context(), c.signed.JWS); err != nil || v.Would == "accept" {
				t.Errorf("%s: a dry run says %s, %v", c.name, v.Would, err)
			}
		}
		late := d.correct(d.Carrier, collected, plate, d.Hospital.Party, d.Plant.Party)
		d.Advance(100 * time.Hour)
		tooLate := d.answer(d.Hospital, late, event.Consent{})
		if r := d.svc.Accept(t.Context(), late.JWS); r.Err != nil {
			t.Fatal(r.Err)
		}
		d.refused(tooLate.JWS, fault.WrongStage)

		// A rebuild gives the same states, though it has taken away the links by which a correction finds its chain.
		if r, err := d.audit.Rebuild(t.Context(), audit.Options{}); err != nil || !r.Sound() {
			t.Fatalf("before the rebuild: %v %+v", err, r)
		}
		d.sound()
	})
}

// TestNumbered: the national number comes late, from consignor or consignee, and once.
func TestNumbered(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := d.tell(1, false, false, false).events
		number := func(by *device.Device, n string) intaketest.Signed {
			return d.Sign(by, event.ManifestNumbered, event.Numbered{Number: n}, func(e *event.Event) {
				e.Manifest, e.Batches = s[2].Event.Manifest, []event.Batch{{ID: s[0].Event.Batches[0].ID}}
			})
		}
		early := number(d.Plant, "20261306000123")
		if r := d.refused(early.JWS, fault.WrongStage); !r.Held {
			t.Fatal("a number that came before its manifest was not kept")
		}
		d.upload(s...)
		if d.waits() != 0 {
			t.Fatal("the number waits still")
		}
		if r := d.svc.Accept(t.Context(), number(d.Hospital, "20261306000123").JWS); r.Err != nil {
			t.Errorf("the same number told by the other party: %v", r.Err)
		}
		d.refused(number(d.Hospital, "20261306000124").JWS, fault.WrongStage)
	})
}

// TestProfileAtIntake: an unknown profile and waste that a profile does not take are faults
// of their own, and change nothing.
func TestProfileAtIntake(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag := d.Generate(2500)
		if r := d.svc.Accept(t.Context(), bag.JWS); r.Err != nil {
			t.Fatal(r.Err)
		}
		issue := func(profile string, packages int) intaketest.Signed {
			return d.Sign(d.Hospital, event.ManifestIssued, event.Issued{Profile: profile, Carrier: d.Carrier.Party, Consignee: d.Plant.Party, ConsigneeSite: d.Plants}, func(e *event.Event) {
				e.Manifest = id.ManifestOf(e.ID.UUID())
				line := d.Hospital.On(bag.Event.Batches[0].ID, 2500)
				line.Packages = packages
				e.Batches = []event.Batch{line}
			})
		}
		for _, c := range []struct {
			profile, pointer string
			packages         int
			kind             fault.Kind
		}{
			{"radioactive", "/data/profile", 1, fault.UnknownProfile},
			{"hazardous", "/batches/0", 1, fault.InvalidEvent},
			{"battery", "/batches/0/packages", 0, fault.InvalidEvent},
			{"small-source", "/batches/0", 2, fault.InvalidEvent},
		} {
			x := issue(c.profile, c.packages)
			r := d.refused(x.JWS, c.kind)
			if f := fault.As(r.Err); r.Held || !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Pointer == c.pointer }) {
				t.Errorf("%s: held %v, %v", c.profile, r.Held, f)
			}
		}
		if r := d.svc.Accept(t.Context(), issue("medical", 0).JWS); r.Err != nil {
			t.Error(r.Err)
		}
	})
}
