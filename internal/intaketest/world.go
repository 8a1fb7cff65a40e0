// Package intaketest is a small world for tests of the intake: a hospital, a carrier and
// a plant with their devices, a registry in memory, and a way to walk a batch through
// its chain. It must only be imported by tests.
package intaketest

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/permit"
	"liandan/internal/record"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// World is the parties of a test and a clock that the test moves.
type World struct {
	T        testing.TB
	Random   *rand.ChaCha8
	Hospital *device.Device
	Porter   *device.Device
	Carrier  *device.Device
	Plant    *device.Device
	Stranger *device.Device // of an organisation without a part in the chain
	Plants   id.Site        // the plant's site
	Registry *Registry
	Signer   note.Signer
	Verifier note.Verifier
	VKey     string

	mu  sync.Mutex
	now time.Time
}

// Start is the first moment of every test.
var Start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// New makes a world; seed makes it another one.
func New(t testing.TB, seed byte) *World {
	t.Helper()
	w := &World{T: t, Random: rand.NewChaCha8([32]byte{seed}), now: Start}
	w.Registry = &Registry{keys: map[string]party.Key{}, sites: map[id.Site]party.Site{}, orgs: map[id.Party]party.Organisation{}}
	w.Hospital = w.Enrol(w.Org("SAMPLE hospital", party.Medical, party.Generator), false)
	w.Porter = w.Enrol(w.Hospital.Party, true)
	w.Porter.Site = w.Hospital.Site
	w.Carrier = w.Enrol(w.Org("SAMPLE carrier", party.Carrier), true)
	w.Plant = w.Enrol(w.Org("SAMPLE plant", party.Operator), false)
	w.Plants = w.Plant.Site
	w.Stranger = w.Enrol(w.Org("SAMPLE stranger", party.Generator, party.Carrier, party.Operator), false)
	skey, vkey, err := note.GenerateKey(w.Random, "log.sample.test")
	w.must(err)
	w.VKey = vkey
	w.Signer, err = note.NewSigner(skey)
	w.must(err)
	w.Verifier, err = note.NewVerifier(vkey)
	w.must(err)
	return w
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Now is the test's clock; Advance moves it.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Advance moves the clock.
func (w *World) Advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *World) uuid() id.UUID {
	var r [10]byte
	_, _ = w.Random.Read(r[:])
	return id.V7(w.Now().UnixMilli(), r)
}

// Org registers an organisation with one site.
func (w *World) Org(name string, roles ...party.Role) id.Party {
	p := id.PartyOf(w.uuid())
	from := party.Period{From: Start.AddDate(-1, 0, 0)}
	w.Registry.orgs[p] = party.Organisation{ID: p, Name: name, Roles: roles, Sample: true, Valid: from}
	s := id.SiteOf(w.uuid())
	w.Registry.sites[s] = party.Site{ID: s, Party: p, Name: name, Valid: from}
	return p
}

// Enrol makes a device of an organisation, with a P-256 key when p256 is set.
func (w *World) Enrol(p id.Party, p256 bool) *device.Device {
	var site id.Site
	for _, s := range w.Registry.sites {
		if s.Party == p {
			site = s.ID
		}
	}
	var d *device.Device
	who := id.PersonOf(w.uuid())
	if p256 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), w.Random)
		w.must(err)
		d, err = device.New(p, site, who, key, w.Random)
		w.must(err)
	} else {
		_, key, err := ed25519.GenerateKey(w.Random)
		w.must(err)
		d, err = device.New(p, site, who, key, w.Random)
		w.must(err)
	}
	w.Registry.Put(party.Key{Kid: d.Kid(), Party: p, Person: who, Public: d.Public(), Valid: party.Period{From: Start.AddDate(0, -1, 0), To: Start.AddDate(1, 0, 0)}})
	return d
}

// Intake opens a record.Service over a store with this world's registry and clock.
func (w *World) Intake(s record.Store) *record.Service {
	book, err := rule.DefaultBook()
	w.must(err)
	svc := record.New(record.Config{Store: s, Registry: w.Registry, Signer: w.Signer, Rules: book, Catalog: waste.DefaultCatalog(), Now: w.Now})
	w.T.Cleanup(svc.Close)
	return svc
}

// Signed is an event and its bytes.
type Signed struct {
	By    *device.Device
	Event event.Event
	JWS   []byte
}

// Sign makes an event of a device now.
func (w *World) Sign(d *device.Device, t event.Type, data event.Data, fill func(*event.Event)) Signed {
	w.T.Helper()
	e, err := d.Event(t, w.Now(), data)
	w.must(err)
	if fill != nil {
		fill(&e)
	}
	jws, err := d.Sign(e)
	w.must(err)
	return Signed{d, e, jws}
}

// Generate closes a bag of infectious waste.
func (w *World) Generate(g waste.Grams) Signed {
	label, err := w.Hospital.NewLabel()
	w.must(err)
	return w.Sign(w.Hospital, event.BatchGenerated, event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag",
		Measured: event.OnScale, Department: "SAMPLE ward", Label: label}, func(e *event.Event) {
		e.Batches = []event.Batch{w.Hospital.On(id.BatchOf(w.uuid()), g)}
	})
}

// Issue puts batches on a manifest.
func (w *World) Issue(bs ...event.Batch) Signed {
	return w.Sign(w.Hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: w.Carrier.Party,
		Consignee: w.Plant.Party, ConsigneeSite: w.Plants, Method: "D10"}, func(e *event.Event) {
		e.Manifest = id.ManifestOf(w.uuid())
		e.Batches = w.on(w.Hospital, bs)
	})
}

func (w *World) on(d *device.Device, bs []event.Batch) []event.Batch {
	out := make([]event.Batch, len(bs))
	for i, b := range bs {
		out[i] = d.On(b.ID, b.Grams)
	}
	return out
}

// Collect, Deliver, Accept, Treat and Report walk a manifest on.
func (w *World) Collect(issued Signed) Signed {
	return w.Sign(w.Carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, w.follow(issued))
}

// Deliver stands at the plant's gate.
func (w *World) Deliver(collected Signed) Signed {
	return w.Sign(w.Carrier, event.TransportDelivered, event.Delivered{Vehicle: "冀F00001"}, w.follow(collected))
}

// Accept takes every line whole.
func (w *World) Accept(delivered Signed) Signed {
	return w.Sign(w.Plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, func(e *event.Event) {
		w.follow(delivered)(e)
		for i := range e.Batches {
			e.Batches[i].Verdict = event.Whole
		}
	})
}

// Treat burns everything.
func (w *World) Treat(accepted Signed) Signed {
	return w.Sign(w.Plant, event.BatchTreated, event.Treated{Method: "D10"}, func(e *event.Event) {
		e.Batches = w.on(w.Plant, accepted.Event.Batches)
	})
}

// Report tells the consignor.
func (w *World) Report(m id.Manifest, treated Signed) Signed {
	return w.Sign(w.Plant, event.OutcomeReported, event.Outcome{Result: "焚烧完成"}, func(e *event.Event) {
		w.follow(treated)(e)
		e.Manifest = m
		for i := range e.Batches {
			e.Batches[i].Grams, e.Batches[i].Weighed = 0, false
		}
	})
}

func (w *World) follow(s Signed) func(*event.Event) {
	return func(e *event.Event) {
		e.Manifest = s.Event.Manifest
		e.Refs = []id.Event{s.Event.ID}
		var d *device.Device
		for _, known := range []*device.Device{w.Hospital, w.Carrier, w.Plant} {
			if known.Party == e.Party {
				d = known
			}
		}
		e.Batches = w.on(d, s.Event.Batches)
	}
}

// Chain walks one batch from generation to the report and gives all eight events.
func (w *World) Chain(g waste.Grams) []Signed {
	a := w.Generate(g)
	w.Advance(time.Minute)
	stored := w.Sign(w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: a.Event.Batches[0].ID}}
	})
	w.Advance(time.Minute)
	b := w.Issue(a.Event.Batches...)
	w.Advance(time.Minute)
	c := w.Collect(b)
	w.Advance(time.Minute)
	d := w.Deliver(c)
	w.Advance(time.Minute)
	e := w.Accept(d)
	w.Advance(time.Minute)
	f := w.Treat(e)
	w.Advance(time.Minute)
	h := w.Report(b.Event.Manifest, f)
	return []Signed{a, stored, b, c, d, e, f, h}
}

// Send hands events to an intake one by one; every device of the world learns from each
// receipt. It fails the test when one is refused.
func (w *World) Send(svc *record.Service, events ...Signed) []*record.Receipt {
	w.T.Helper()
	var out []*record.Receipt
	for _, s := range events {
		r := svc.Accept(context.Background(), s.JWS)
		if r.Err != nil {
			w.T.Fatalf("%s: %v", s.Event.Type, r.Err)
		}
		out = append(out, r.Receipt)
	}
	return out
}

// Registry is a record.Registry in memory. Fail, when set, is what every lookup says.
type Registry struct {
	mu    sync.RWMutex
	keys  map[string]party.Key
	sites map[id.Site]party.Site
	orgs  map[id.Party]party.Organisation
	holds map[id.Party]permit.Holding
	Fail  error
}

// Put adds or replaces a key.
func (r *Registry) Put(k party.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[k.Kid] = k
}

// Key implements record.Registry.
func (r *Registry) Key(_ context.Context, kid string) (party.Key, bool, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.keys[kid]
	return k, ok, r.Fail
}

// Site implements record.Registry.
func (r *Registry) Site(_ context.Context, s id.Site) (party.Site, bool, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	v, ok := r.sites[s]
	return v, ok, r.Fail
}

// SiteAt is the site, which is the same on every day on which it is valid.
func (r *Registry) SiteAt(ctx context.Context, s id.Site, at time.Time) (party.Site, bool, error) {
	v, ok, err := r.Site(ctx, s)
	return v, ok && v.Valid.Holds(at), err
}

// Organisation implements record.Registry.
func (r *Registry) Organisation(_ context.Context, p id.Party) (party.Organisation, bool, error) {
	v, ok := r.orgs[p]
	return v, ok, r.Fail
}

// Hold says what an organisation may do by its permits.
func (r *Registry) Hold(p id.Party, h permit.Holding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holds == nil {
		r.holds = map[id.Party]permit.Holding{}
	}
	r.holds[p] = h
}

// Holding implements record.Registry.
func (r *Registry) Holding(_ context.Context, p id.Party) (permit.Holding, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.holds[p], r.Fail
}

// Move puts an organisation's site into another division.
func (r *Registry) Move(s id.Site, division string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.sites[s]
	v.Division = division
	r.sites[s] = v
}

// String names the world's parties for failures.
func (w *World) String() string {
	return fmt.Sprintf("hospital %s carrier %s plant %s", w.Hospital.Party, w.Carrier.Party, w.Plant.Party)
}
