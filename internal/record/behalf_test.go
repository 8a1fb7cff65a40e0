package record_test

import (
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/rule"
	"liandan/internal/statement"
	"liandan/internal/waste"
)

// round is a repair shop without a device of its own at the stop, and its collector.
type round struct {
	*desk
	shop, collector *device.Device
}

func newRound(d *desk) *round {
	r := &round{desk: d, shop: d.Enrol(d.Org("SAMPLE repair shop", party.Generator), false)}
	r.collector = d.Enrol(d.Org("SAMPLE collector", party.Collector, party.Carrier), true)
	return r
}

func (r *round) leave(codes ...string) intaketest.Signed {
	data := event.Authorisation{To: r.collector.Party, From: r.Now().UTC(), Until: r.Now().UTC().AddDate(0, 0, 30)}
	data.Codes = codesOf(codes...)
	return r.Sign(r.shop, event.AuthorisationGiven, data, nil)
}

func codesOf(codes ...string) (out []waste.Code) {
	for _, c := range codes {
		out = append(out, waste.Code(c))
	}
	return out
}

// oil is a drum that the collector closes at the shop, in the shop's place.
func (r *round) oil(b event.Behalf, change func(*event.Event)) intaketest.Signed {
	return r.Sign(r.collector, event.BatchGenerated, event.Generated{Code: "900-214-08", Form: "L", Packaging: "box", Measured: event.OnScale, Behalf: b},
		func(e *event.Event) {
			e.Site = r.shop.Site
			e.Batches = []event.Batch{{ID: id.BatchOf(e.ID.UUID()), Grams: 18_000, Weighed: true}}
			if change != nil {
				change(e)
			}
		})
}

func (r *round) issue(b event.Behalf, of intaketest.Signed) intaketest.Signed {
	return r.Sign(r.collector, event.ManifestIssued, event.Issued{Profile: "small-source", Carrier: r.collector.Party, Consignee: r.collector.Party,
		ConsigneeSite: r.collector.Site, Behalf: b}, func(e *event.Event) {
		e.Site, e.Manifest = r.shop.Site, id.ManifestOf(e.ID.UUID())
		e.Batches = []event.Batch{{ID: of.Event.Batches[0].ID, Grams: 18_000, Weighed: true, Packages: 1}}
	})
}

func (r *round) batch(s intaketest.Signed) batch.State {
	r.t.Helper()
	v, err := r.audit.Batch(r.t.Context(), s.Event.Batches[0].ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return v.State
}

func (r *round) refuses(s intaketest.Signed, kind fault.Kind, held bool) {
	r.t.Helper()
	before := r.size()
	if got := r.svc.Accept(r.t.Context(), s.JWS); fault.Of(got.Err) != kind || got.Held != held {
		r.t.Errorf("answered %v (held %v), expected %s (%v)", got.Err, got.Held, kind, held)
	}
	if after := r.size(); after != before {
		r.t.Errorf("the log grew from %d to %d", before, after)
	}
}

// TestUnderAStandingAuthorisation: from the drum to the depot, all signed by the collector.
func TestUnderAStandingAuthorisation(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		r := newRound(d)
		leave := r.leave("900-214-08")
		b := event.Behalf{Party: r.shop.Party, Authorisation: leave.Event.ID}
		drum := r.oil(b, nil)
		r.refuses(drum, fault.NotCustodian, true) // the shop's phone is slower
		d.Send(d.svc, leave)
		if s := r.batch(drum); s.Generator != r.shop.Party || s.Custodian != r.shop.Party || s.Agent != r.collector.Party || s.Origin != r.shop.Site {
			t.Errorf("let in once the authorisation was there, the batch is %+v", s)
		}
		issued := r.issue(b, drum)
		d.Send(d.svc, issued)
		if s := r.batch(drum); s.Consignor != r.shop.Party || s.Stage != batch.Issued {
			t.Errorf("on the manifest the batch is %+v", s)
		}
		v, err := d.audit.Batch(t.Context(), drum.Event.Batches[0].ID)
		if err != nil || len(v.Findings) == 0 || v.Findings[0].Rule != rule.ByLeave && v.Findings[len(v.Findings)-1].Rule != rule.ByLeave {
			t.Errorf("nobody is told that the collector signed: %v %+v", err, v.Findings)
		}
		for name, change := range map[string]func(*event.Event){
			"another code":      func(e *event.Event) { x := e.Data.(event.Generated); x.Code = "900-249-08"; e.Data = x },
			"before it began":   func(e *event.Event) { e.At = e.At.Add(-time.Hour) },
			"after it was over": func(e *event.Event) { e.At = e.At.AddDate(0, 0, 31) },
		} {
			t.Log(name)
			r.refuses(r.oil(b, change), fault.NotCustodian, true)
		}
		r.refuses(r.oil(event.Behalf{Party: d.Stranger.Party, Authorisation: leave.Event.ID}, func(e *event.Event) { e.Site = d.Stranger.Site }), fault.NotCustodian, true)
		r.refuses(r.oil(b, func(e *event.Event) { e.Site = r.collector.Site }), fault.UnknownSite, false)
		r.refuses(r.oil(event.Behalf{}, nil), fault.UnknownSite, false) // at the shop, but for itself
		other := d.Sign(d.Stranger, event.AuthorisationWithdrawn, event.Withdrawal{Authorisation: leave.Event.ID}, nil)
		r.refuses(other, fault.Conflict, false)
		d.Advance(time.Minute)
		d.Send(d.svc, d.Sign(r.shop, event.AuthorisationWithdrawn, event.Withdrawal{Authorisation: leave.Event.ID}, nil))
		d.Advance(time.Minute)
		r.refuses(r.oil(b, nil), fault.NotCustodian, true)
		d.sound()
	})
}

// TestByConfirmation: what the source confirmed by code, and nothing besides.
func TestByConfirmation(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		r := newRound(d)
		drum := r.oil(event.Behalf{Party: r.shop.Party, Confirmation: id.Hash{1}}, nil)
		r.refuses(drum, fault.NotFound, false)
		st, err := statement.Confirmation{At: d.Now().UTC(), Code: "sample", Party: r.shop.Party, Site: r.shop.Site, Collector: r.collector.Party, Person: r.collector.Person,
			Lines: []statement.Confirmed{{Batch: drum.Event.Batches[0].ID, Code: "900-214-08", Grams: 18_000}}}.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.store.AddStatement(t.Context(), st, d.Now()); err != nil {
			t.Fatal(err)
		}
		if err := d.svc.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b := event.Behalf{Party: r.shop.Party, Confirmation: st.Hash()}
		same := func(e *event.Event) { e.Batches[0].ID = drum.Event.Batches[0].ID }
		r.refuses(r.oil(b, nil), fault.NotFound, false) // another batch
		r.refuses(r.oil(b, func(e *event.Event) { same(e); e.Batches[0].Grams++ }), fault.NotFound, false)
		d.Send(d.svc, r.oil(b, same))
		d.Send(d.svc, r.issue(b, drum))
		if s := r.batch(drum); s.Consignor != r.shop.Party || s.Agent != r.collector.Party {
			t.Errorf("the batch is %+v", s)
		}
		d.sound()
		if rep, err := d.audit.Rebuild(t.Context(), audit.Options{}); err != nil || rep.Damages != 0 {
			t.Errorf("rebuild: %v %+v", err, rep)
		}
	})
}

// TestEventsOfNoBatch: a skipped stop and batteries stand in the log; who may not sign
// them, or names what is not there, is refused.
func TestEventsOfNoBatch(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		r := newRound(d)
		skip := func(by *device.Device, stop id.Site) intaketest.Signed {
			return d.Sign(by, event.StopSkipped, event.Skipped{Stop: stop, Reason: "SAMPLE: nobody there"}, func(e *event.Event) { e.Trip = id.TripOf(e.ID.UUID()) })
		}
		d.Send(d.svc, skip(r.collector, r.shop.Site), d.Sign(r.shop, event.BatterySold, event.Sold{Code: "900-052-31", Pieces: 2, Grams: 36_000}, nil),
			d.Sign(r.shop, event.BatteryTakenBack, event.TakenBack{Code: "900-052-31", Pieces: 1, Grams: 17_000}, nil))
		r.refuses(skip(r.shop, r.shop.Site), fault.RoleMissing, false)
		r.refuses(skip(r.collector, id.SiteOf(id.UUID{7})), fault.InvalidEvent, false)
		r.refuses(d.Sign(r.shop, event.AuthorisationGiven, event.Authorisation{To: d.Plant.Party, From: d.Now(), Until: d.Now().Add(time.Hour), Codes: codesOf("900-214-08")}, nil), fault.InvalidEvent, false)
		r.refuses(d.Sign(r.shop, event.AuthorisationWithdrawn, event.Withdrawal{Authorisation: id.EventOf(id.UUID{7})}, nil), fault.WrongStage, true)
		d.sound()
	})
}
