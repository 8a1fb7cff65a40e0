package record_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"liandan/internal/calendar"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/party"
	"liandan/internal/record"
)

// spelled is everything that an answer says, with the ids of the thing asked about taken
// out.
func spelled(t *testing.T, err error, rest any, ids ...string) string {
	t.Helper()
	f := fault.As(err)
	facts := map[string]any{}
	if f != nil {
		facts["kind"], facts["sentence"], facts["fields"], facts["facts"] = f.Kind, f.Sentence, f.Fields, f.Facts
	}
	facts["rest"] = rest
	b, jerr := json.Marshal(facts)
	if jerr != nil {
		t.Fatal(jerr)
	}
	s := string(b)
	for _, one := range ids {
		s = strings.ReplaceAll(s, one, "ID")
	}
	return s
}

// TestNoOracle: a party that has nothing to do with a batch or manifest is answered about
// it as about one that does not exist, by the intake and by the dry run, at every stage.
func TestNoOracle(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		stranger := d.Enrol(d.Org("SAMPLE everything", party.Roles()...), false)
		for _, s := range d.tell(1, true, false, true).events {
			r := d.taken(s)
			bag, m := s.Event.Batches[0].ID, s.Event.Manifest
			if m.IsZero() {
				m = id.ManifestOf(d.unknown(t))
			}
			d.sameAsUnknown(t, string(s.Event.Type), stranger, bag, m, id.Hash{}, s.Event.ID)
			d.sameAsUnknown(t, string(s.Event.Type)+", seen", stranger, bag, m, ledger.LeafOf(r.Entry), s.Event.ID)
		}
		d.sound()
	})
}

func (d *desk) unknown(t *testing.T) id.UUID {
	t.Helper()
	u, err := d.Hospital.NewID(d.Now())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// sameAsUnknown asks about a batch on a manifest with every type that touches one, and
// about a batch and a manifest that do not exist.
func (d *desk) sameAsUnknown(t *testing.T, after string, by *device.Device, bag id.Batch, m id.Manifest, seen id.Hash, ref id.Event) {
	t.Helper()
	for _, c := range []struct {
		data event.Data
		typ  event.Type
		on   bool // names the manifest
	}{
		{event.Stored{Place: "SAMPLE"}, event.BatchStored, false},
		{event.Released{To: by.Person}, event.BatchReleased, false},
		{event.Received{Place: "SAMPLE"}, event.BatchReceived, false},
		{event.Treated{Method: "D10"}, event.BatchTreated, false},
		{event.Collected{Vehicle: "冀F00001"}, event.TransportCollected, true},
		{event.Delivered{Vehicle: "冀F00001"}, event.TransportDelivered, true},
		{event.Accepted{Measured: event.OnScale}, event.ManifestAccepted, true},
		{event.Outcome{Result: "SAMPLE"}, event.OutcomeReported, true},
		{event.Repacked{Children: []event.Child{{ID: id.BatchOf(d.unknown(t)), Grams: 5, Code: "841-001-01", Form: "S", Packaging: "box"}}}, event.BatchRepacked, false},
		{event.Cancelled{Reason: "SAMPLE"}, event.ManifestCancelled, true},
		{event.HandedOver{To: d.Carrier.Party}, event.TransportHandedOver, true},
		{event.Refused{Measured: event.OnScale}, event.ManifestRefused, true},
		{event.Returned{}, event.TransportReturned, true},
		{event.Metered{Meter: "M-1", Day: time.Date(2026, 3, 1, 0, 0, 0, 0, calendar.Zone())}, event.MeterRecorded, true},
		{event.Incident{Kind: event.Spill, Place: "SAMPLE", Measures: "SAMPLE"}, event.IncidentReported, false},
	} {
		ask := func(b id.Batch, m id.Manifest) string {
			s := d.Sign(by, c.typ, c.data, func(e *event.Event) {
				e.Batches = []event.Batch{{ID: b, Seen: seen}}
				switch c.typ {
				case event.TransportCollected, event.TransportDelivered, event.ManifestAccepted, event.BatchTreated, event.BatchRepacked, event.ManifestRefused, event.MeterRecorded:
					e.Batches[0].Grams, e.Batches[0].Weighed = 5, true
				}
				if c.typ == event.ManifestAccepted {
					e.Batches[0].Verdict = event.Whole
				}
				if c.typ == event.ManifestRefused {
					e.Batches[0].Reason = "SAMPLE"
				}
				if c.on {
					e.Manifest = m
				}
				if c.on || c.typ == event.BatchReceived {
					e.Refs = []id.Event{ref}
				}
			})
			ids := []string{b.String(), m.String()}
			dry, err := d.svc.Validate(t.Context(), s.JWS)
			if err != nil {
				t.Fatal(err)
			}
			forged := bytes.Clone(s.JWS)
			i := bytes.LastIndexByte(forged, '.') + 10
			forged[i] = map[bool]byte{true: 'B', false: 'A'}[forged[i] == 'A']
			lie, err := d.svc.Validate(t.Context(), forged)
			if err != nil {
				t.Fatal(err)
			}
			r := d.svc.Accept(t.Context(), s.JWS)
			if r.Err == nil {
				t.Fatalf("after %s the stranger's %s was let in", after, c.typ)
			}
			return spelled(t, r.Err, []any{r.Held, r.Receipt, dry, lie}, ids...)
		}
		there, gone := ask(bag, m), ask(id.BatchOf(d.unknown(t)), id.ManifestOf(d.unknown(t)))
		if there != gone {
			t.Errorf("after %s a stranger's %s is answered\n%s\nand of what does not exist\n%s", after, c.typ, there, gone)
		}
	}
}

// TestForgedDryRun: an event that names the hospital, but whose signature is not good,
// learns nothing of the hospital's bag either.
func TestForgedDryRun(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		ask := func(b id.Batch) string {
			jws := s.Sign(s.Stranger, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
				e.Party, e.Site, e.Person = s.Hospital.Party, s.Hospital.Site, s.Hospital.Person
				e.Batches = []event.Batch{{ID: b}}
			}).JWS
			v, err := d.svc.Validate(t.Context(), jws)
			if err != nil || v.Would != record.WouldRefuse || kinds(v)[0] != fault.KeyOfOther {
				t.Fatalf("%+v %v", v, err)
			}
			return spelled(t, nil, v, b.String())
		}
		if there, gone := ask(s.bag.Event.Batches[0].ID), ask(id.BatchOf(d.unknown(t))); there != gone {
			t.Errorf("of the hospital's bag\n%s\nof none\n%s", there, gone)
		}
	})
}

// TestPartiesAreToldMore: whoever has a part in a batch's chain is told where it stands.
func TestPartiesAreToldMore(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := d.tell(1, false, false, false).events
		for _, e := range s[:5] {
			d.taken(e)
		}
		for _, by := range []*device.Device{d.Hospital, d.Plant} { // not the custodian, and the one named
			e := d.Sign(by, event.BatchTreated, event.Treated{Method: "D10"}, func(e *event.Event) {
				e.Batches = []event.Batch{{ID: s[0].Event.Batches[0].ID, Grams: 5, Weighed: true}}
			})
			r := d.refused(e.JWS, fault.WrongStage)
			f := fault.As(r.Err)
			if f.Facts["head"] == nil || f.Facts["stage"] == "unknown" || !strings.Contains(f.Sentence, fmt.Sprint(f.Facts["stage"])) {
				t.Errorf("%+v", f)
			}
			v, err := d.svc.Validate(t.Context(), e.JWS)
			if err != nil || len(v.Faults) != 1 || !reflect.DeepEqual(v.Faults[0].Facts, f.Facts) || len(v.Next) == 0 {
				t.Errorf("the dry run says %+v %v", v, err)
			}
		}
		d.Advance(time.Minute)
		d.sound()
	})
}

// TestAnIDThatOthersTook: that an id is taken cannot be hidden from whoever begins
// something under it, but no more than that is said.
func TestAnIDThatOthersTook(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		chain := d.tell(1, false, false, false).events
		for _, e := range chain[:3] {
			d.taken(e)
		}
		bag, issued := chain[0], chain[2]
		stranger := d.Enrol(d.Org("SAMPLE other hospital", party.Medical), false)
		gen := bag.Event.Data.(event.Generated)
		gen.Label = ""
		own := d.Sign(stranger, event.BatchGenerated, gen, func(e *event.Event) {
			e.Batches = []event.Batch{{ID: id.BatchOf(d.unknown(t)), Grams: 5, Weighed: true}}
		})
		d.taken(own)
		for _, jws := range [][]byte{
			d.Sign(stranger, event.BatchGenerated, gen, func(e *event.Event) {
				e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID, Grams: 5, Weighed: true}}
			}).JWS,
			d.Sign(stranger, event.ManifestIssued, issued.Event.Data, func(e *event.Event) {
				e.Manifest, e.Batches = issued.Event.Manifest, []event.Batch{{ID: own.Event.Batches[0].ID, Grams: 5, Weighed: true}}
			}).JWS,
		} {
			r := d.refused(jws, fault.WrongStage)
			if f := fault.As(r.Err); len(f.Facts) > 0 || len(f.Fields) > 0 || !strings.Contains(f.Sentence, "in use already") {
				t.Errorf("%+v", f)
			}
		}
		d.sound()
	})
}
