package record_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/record"
)

// scene is a desk with one stored bag and another one that nobody knows yet.
type scene struct {
	*desk
	bag     intaketest.Signed
	unknown intaketest.Signed
}

func set(d *desk) *scene {
	s := &scene{desk: d, bag: d.Generate(5000)}
	s.taken(s.bag)
	d.Advance(time.Minute)
	s.unknown = d.Generate(4000)
	return s
}

// on names the bag without weighing it.
func (s *scene) on(e *event.Event) { e.Batches = []event.Batch{{ID: s.bag.Event.Batches[0].ID}} }

// stores is a sound event of the hospital.
func (s *scene) stores(by *device.Device, change func(*event.Event)) []byte {
	return s.Sign(by, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
		s.on(e)
		if change != nil {
			change(e)
		}
	}).JWS
}

// key enrols one more device of the hospital with that key.
func (s *scene) key(change func(*party.Key)) *device.Device {
	d := s.Enrol(s.Hospital.Party, false)
	d.Site = s.Hospital.Site
	k, _, err := s.Registry.Key(context.Background(), d.Kid())
	if err != nil {
		s.t.Fatal(err)
	}
	change(&k)
	s.Registry.Put(k)
	return d
}

func (s *scene) issues(change func(*event.Issued)) []byte {
	d := event.Issued{Profile: "medical", Carrier: s.Carrier.Party, Consignee: s.Plant.Party, ConsigneeSite: s.Plants, Method: "D10"}
	change(&d)
	m, err := s.Hospital.NewID(s.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return s.Sign(s.Hospital, event.ManifestIssued, d, func(e *event.Event) {
		e.Manifest = id.ManifestOf(m)
		e.Batches = []event.Batch{s.Hospital.On(s.bag.Event.Batches[0].ID, 5000)}
	}).JWS
}

func (s *scene) unknownID() id.UUID {
	u, err := s.Hospital.NewID(s.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// hands offers the bag, which is on no manifest, to somebody.
func (s *scene) hands(d event.HandedOver) []byte {
	return s.Sign(s.Carrier, event.TransportHandedOver, d, func(e *event.Event) {
		s.on(e)
		e.Manifest, e.Refs = id.ManifestOf(s.unknownID()), []id.Event{s.bag.Event.ID}
	}).JWS
}

// packs puts a kilogram of the bag into a child.
func (s *scene) packs(c event.Child) []byte {
	c.Grams, c.Form, c.Packaging = 1000, "S", "box"
	if c.Code == "" {
		c.Code = "841-001-01"
	}
	return s.Sign(s.Hospital, event.BatchRepacked, event.Repacked{Children: []event.Child{c}}, func(e *event.Event) {
		s.on(e)
		e.Batches[0].Grams, e.Batches[0].Weighed = 1000, true
	}).JWS
}

// refusals are uploads that change nothing: how they are made, what they are called, and
// which of them are kept for an inspector.
var refusals = []struct {
	name string
	kind fault.Kind
	held bool
	make func(*scene) []byte
}{
	{"not a JWS", fault.MalformedJWS, false, func(*scene) []byte { return []byte("SAMPLE") }},
	{"bad signature", fault.BadSignature, false, func(s *scene) []byte {
		b := s.stores(s.Hospital, nil)
		i := bytes.LastIndexByte(b, '.') + 10
		b[i] = map[bool]byte{true: 'B', false: 'A'}[b[i] == 'A']
		return b
	}},
	{"key that nobody enrolled", fault.UnknownKey, false, func(s *scene) []byte {
		_, key, err := ed25519.GenerateKey(s.Random)
		if err != nil {
			s.t.Fatal(err)
		}
		d, err := device.New(s.Hospital.Party, s.Hospital.Site, s.Hospital.Person, key, s.Random)
		if err != nil {
			s.t.Fatal(err)
		}
		return s.stores(d, nil)
	}},
	{"revoked key", fault.KeyRevoked, false, func(s *scene) []byte {
		return s.stores(s.key(func(k *party.Key) { *k = k.Revoke(s.Now(), s.Now()) }), nil)
	}},
	{"expired key", fault.KeyExpired, false, func(s *scene) []byte {
		return s.stores(s.key(func(k *party.Key) { k.Valid.To = s.Now() }), nil)
	}},
	{"key not yet valid", fault.KeyNotYetValid, false, func(s *scene) []byte {
		return s.stores(s.key(func(k *party.Key) { k.Valid.From = s.Now().Add(time.Millisecond) }), nil)
	}},
	{"key of another party", fault.KeyOfOther, false, func(s *scene) []byte {
		return s.stores(s.Stranger, func(e *event.Event) { e.Party, e.Site, e.Person = s.Hospital.Party, s.Hospital.Site, s.Hospital.Person })
	}},
	{"key of another person", fault.KeyOfOther, false, func(s *scene) []byte {
		return s.stores(s.Porter, func(e *event.Event) { e.Person = s.Hospital.Person })
	}},
	{"site of another party", fault.UnknownSite, false, func(s *scene) []byte {
		return s.stores(s.Hospital, func(e *event.Event) { e.Site = s.Plants })
	}},
	{"site that does not exist", fault.UnknownSite, false, func(s *scene) []byte {
		u, err := s.Hospital.NewID(s.Now())
		if err != nil {
			s.t.Fatal(err)
		}
		return s.stores(s.Hospital, func(e *event.Event) { e.Site = id.SiteOf(u) })
	}},
	{"role missing", fault.RoleMissing, false, func(s *scene) []byte {
		return s.Sign(s.Carrier, event.BatchReleased, event.Released{}, s.on).JWS
	}},
	{"manifest to a carrier that is none", fault.InvalidEvent, false, func(s *scene) []byte {
		return s.issues(func(d *event.Issued) { d.Carrier = s.Plant.Party })
	}},
	{"manifest to nobody known", fault.InvalidEvent, false, func(s *scene) []byte {
		return s.issues(func(d *event.Issued) {
			d.Consignee, d.ConsigneeSite = id.PartyOf(id.UUID{6: 0x70, 8: 0x80, 15: 1}), s.Hospital.Site
		})
	}},
	{"manifest to a site of another", fault.InvalidEvent, false, func(s *scene) []byte {
		return s.issues(func(d *event.Issued) { d.ConsigneeSite = s.Hospital.Site })
	}},
	{"id used for other bytes", fault.IDReused, false, func(s *scene) []byte {
		return s.stores(s.Hospital, func(e *event.Event) { e.ID = s.bag.Event.ID })
	}},
	{"handed over to nobody that carries", fault.InvalidEvent, false, func(s *scene) []byte { return s.hands(event.HandedOver{To: s.Plant.Party}) }},
	{"handed over to a site of another", fault.InvalidEvent, false, func(s *scene) []byte {
		return s.hands(event.HandedOver{To: s.Plant.Party, ToSite: s.Hospital.Site})
	}},
	{"packed into a bag that is there", fault.WrongStage, true, func(s *scene) []byte {
		other := s.Generate(100)
		s.taken(other)
		return s.packs(event.Child{ID: other.Event.Batches[0].ID})
	}},
	{"packed under a label that is on another bag", fault.LabelTaken, false, func(s *scene) []byte {
		return s.packs(event.Child{ID: id.BatchOf(s.unknownID()), Label: s.bag.Event.Data.(event.Generated).Label})
	}},
	{"packed as another waste", fault.WrongStage, true, func(s *scene) []byte {
		return s.packs(event.Child{ID: id.BatchOf(s.unknownID()), Code: "900-249-08"})
	}},
	{"label on another bag", fault.LabelTaken, false, func(s *scene) []byte {
		d := s.unknown.Event.Data.(event.Generated)
		d.Label = s.bag.Event.Data.(event.Generated).Label
		return s.Sign(s.Hospital, event.BatchGenerated, d, func(e *event.Event) { e.Batches = s.unknown.Event.Batches }).JWS
	}},
	{"bag that nobody knows", fault.WrongStage, true, func(s *scene) []byte {
		return s.stores(s.Hospital, func(e *event.Event) { e.Batches[0].ID = s.unknown.Event.Batches[0].ID })
	}},
	{"bag generated twice", fault.WrongStage, true, func(s *scene) []byte {
		return s.Sign(s.Hospital, event.BatchGenerated, s.unknown.Event.Data, func(e *event.Event) { e.Batches = s.bag.Event.Batches }).JWS
	}},
	{"bag of others", fault.WrongStage, true, func(s *scene) []byte { return s.stores(s.Stranger, nil) }},
	{"entry that the log does not have", fault.SeenUnknown, true, func(s *scene) []byte {
		return s.stores(s.Hospital, func(e *event.Event) { e.Batches[0].Seen = id.Hash{1, 2, 3} })
	}},
}

// TestRefusals sends every refusal to the dry run and to the intake: both give it the same
// name, and of the log nothing changes.
func TestRefusals(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		for _, r := range refusals {
			jws := r.make(s)
			size, held := d.size(), len(d.held())
			v, err := d.svc.Validate(t.Context(), jws)
			if err != nil || !slices.Contains(kinds(v), r.kind) {
				t.Errorf("%s: the dry run says %v %v, want %s", r.name, kinds(v), err, r.kind)
			}
			if want := map[bool]record.Would{true: record.WouldHold, false: record.WouldRefuse}[r.held]; v.Would != want {
				t.Errorf("%s: the dry run would %s, want %s", r.name, v.Would, want)
			}
			if n := len(d.held()); n != held {
				t.Errorf("%s: the dry run kept something in quarantine", r.name)
			}
			for range 2 { // the second time it is known already
				res := d.refused(jws, r.kind)
				if res.Held != r.held {
					t.Errorf("%s: held %v, want %v", r.name, res.Held, r.held)
				}
			}
			if n := d.size(); n != size {
				t.Errorf("%s: the log grew from %d to %d", r.name, size, n)
			}
			kept := d.held()
			if want := held + map[bool]int{true: 1}[r.held]; len(kept) != want {
				t.Errorf("%s: %d events in quarantine, want %d", r.name, len(kept), want)
			}
		}
		d.sound()
	})
}

func kinds(v record.Validation) (out []fault.Kind) {
	for _, f := range v.Faults {
		out = append(out, f.Kind)
	}
	return out
}

// TestDryRunSaysAllAtOnce sends an event with faults of the key, the site and the chain.
func TestDryRunSaysAllAtOnce(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		s := set(d)
		bad := func(e *event.Event) {
			e.Site = s.Plants
			e.Batches[0].ID = s.unknown.Event.Batches[0].ID
			e.Batches[0].Seen = id.Hash{9}
		}
		late := s.key(func(k *party.Key) { k.Valid.To = s.Now() })
		v, err := d.svc.Validate(t.Context(), s.stores(late, bad))
		if want := []fault.Kind{fault.KeyExpired, fault.UnknownSite, fault.WrongStage, fault.SeenUnknown}; err != nil || !slices.Equal(kinds(v), want) || v.Would != record.WouldRefuse {
			t.Errorf("the dry run says %v (%v, %v), want %v", kinds(v), v.Would, err, want)
		}
		if want := []event.Type{event.BatchGenerated}; len(v.Missing) == 0 || v.Missing[0] != want[0] {
			t.Errorf("missing %v, want it to begin with %v", v.Missing, want)
		}
		e, err := s.Hospital.Event(event.BatchStored, s.Now(), event.Stored{Place: "SAMPLE"})
		if err != nil {
			t.Fatal(err)
		}
		s.on(&e)
		bad(&e)
		payload, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		v, err = d.svc.ValidatePayload(t.Context(), payload)
		if want := []fault.Kind{fault.UnknownSite, fault.WrongStage, fault.SeenUnknown}; err != nil || !slices.Equal(kinds(v), want) || v.Would != record.WouldRefuse {
			t.Errorf("of the payload the dry run says %v (%v, %v), want %v", kinds(v), v.Would, err, want)
		}
		v, err = d.svc.ValidatePayload(t.Context(), []byte(`{"v":1,"type":"batch.stored","v":1}`))
		if err != nil || len(v.Faults) != 1 || v.Faults[0].Kind != fault.MalformedEvent {
			t.Errorf("of a repeated member the dry run says %v %v", kinds(v), err)
		}
	})
}

// TestDryRunOfTheWholeWay asks before every step of a chain what the log would do, and
// who is next after it; then takes the step.
func TestDryRunOfTheWholeWay(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		chain := d.tell(1, false, false, false).events
		for i, s := range chain {
			v, err := d.svc.Validate(t.Context(), s.JWS)
			if err != nil || v.Would != record.WouldAccept || len(v.Faults) > 0 {
				t.Fatalf("%s: %+v %v", s.Event.Type, v, err)
			}
			payload, err := s.Event.Payload()
			if err != nil {
				t.Fatal(err)
			}
			p, err := d.svc.ValidatePayload(t.Context(), payload)
			if err != nil || p.Would != record.WouldAccept || !slices.Equal(p.Missing, v.Missing) {
				t.Errorf("%s: of the payload alone %+v %v", s.Event.Type, p, err)
			}
			last := i == len(chain)-1
			if (len(v.Missing) == 0) != last || (len(v.Next) == 0) != last {
				t.Errorf("after %s missing %v, next %v", s.Event.Type, v.Missing, v.Next)
			}
			if !last && i > 0 && !slices.ContainsFunc(v.Next, func(n batch.Step) bool {
				return n.Type == chain[i+1].Event.Type && n.Party == chain[i+1].Event.Party
			}) {
				t.Errorf("after %s comes %v, which has no %s", s.Event.Type, v.Next, chain[i+1].Event.Type)
			}
			if n := d.size(); n != int64(i) {
				t.Fatalf("after the dry run the log has %d entries, want %d", n, i)
			}
			if r := d.taken(s); !slices.EqualFunc(r.Next, v.Next, func(a, b batch.Step) bool { return a == b }) {
				t.Errorf("after %s the receipt says %v, the dry run said %v", s.Event.Type, r.Next, v.Next)
			}
			if v, err := d.svc.Validate(t.Context(), s.JWS); err != nil || v.Would != record.WouldRepeat || len(v.Faults) > 0 {
				t.Errorf("%s again: %+v %v", s.Event.Type, v, err)
			}
		}
	})
}
