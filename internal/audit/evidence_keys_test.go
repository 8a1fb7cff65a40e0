package audit_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"liandan/internal/audit"
	"liandan/internal/bundle"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/record"
	"liandan/internal/registry"
	"liandan/internal/registry/registrytest"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// ward is a store with a real register: devices enrol by one-time codes, and what happens
// to their keys goes through the outbox into the log.
type ward struct {
	*place
	registry              *registry.Service
	nurse, porter, bureau *device.Device
}

func newWard(t *testing.T, kind string) *ward {
	w := &ward{place: empty(t, kind)}
	w.registry = registry.New(registry.Config{Store: w.store, Now: w.Now, Random: w.Random})
	book, err := rule.DefaultBook()
	w.must(err)
	w.intake = record.New(record.Config{Store: w.store, Registry: w.registry, Signer: w.Signer, Rules: book, Catalog: waste.DefaultCatalog(), Now: w.Now})
	t.Cleanup(w.intake.Close)
	w.audit = audit.New(audit.Config{Store: w.store, Keys: w.registry, Verifier: w.Verifier, VKey: w.VKey, Rules: book, Catalog: waste.DefaultCatalog(), Now: w.Now, Random: w.Random})
	hospital, bureau := registrytest.Code(1), registrytest.Code(2)
	w.load(registry.KindOrganisations, fmt.Sprintf("credit_code,name,roles,sample\n%s,SAMPLE hospital,medical,1\n%s,SAMPLE bureau,authority,1\n", hospital, bureau))
	w.load(registry.KindSites, fmt.Sprintf("credit_code,name,kind,division,built_up\n%s,ward,hospital,130602,1\n%s,ward,office,130602,1\n", hospital, bureau))
	w.load(registry.KindPeople, fmt.Sprintf("credit_code,person\n%s,N-1\n%s,N-2\n%s,N-1\n", hospital, hospital, bureau))
	w.nurse, w.porter, w.bureau = w.enrol(1, "N-1", false), w.enrol(1, "N-2", true), w.enrol(2, "N-1", false)
	return w
}

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) load(kind, csv string) {
	w.t.Helper()
	rep, err := w.registry.Import(ctx, kind, strings.NewReader(csv), false)
	w.must(err)
	if !rep.Applied {
		w.t.Fatalf("%+v", rep)
	}
}

// made is a new device of a person, not enrolled yet.
func (w *ward) made(org int, person string, p256 bool) *device.Device {
	w.t.Helper()
	p := registry.PartyID(registrytest.Code(org))
	site, who := registry.SiteID(p, "ward"), registry.PersonID(p, person)
	var d *device.Device
	var err error
	if p256 {
		var key *ecdsa.PrivateKey
		key, err = ecdsa.GenerateKey(elliptic.P256(), w.Random)
		w.must(err)
		d, err = device.New(p, site, who, key, w.Random)
	} else {
		var key ed25519.PrivateKey
		_, key, err = ed25519.GenerateKey(w.Random)
		w.must(err)
		d, err = device.New(p, site, who, key, w.Random)
	}
	w.must(err)
	return d
}

func (w *ward) enrol(org int, person string, p256 bool) *device.Device {
	w.t.Helper()
	d := w.made(org, person, p256)
	code, _, err := w.registry.NewEnrolment(ctx, "account:SAMPLE", d.Party, d.Person, "SAMPLE device", 365)
	w.must(err)
	jwk, err := d.JWK()
	w.must(err)
	challenge, _, err := w.registry.Challenge(ctx, code, jwk)
	w.must(err)
	proof, err := d.SignEnrolment(challenge)
	w.must(err)
	_, err = w.registry.Complete(ctx, proof)
	w.must(err)
	return d
}

func (w *ward) generate(by *device.Device) intaketest.Signed {
	u, err := by.NewID(w.Now())
	w.must(err)
	return w.Sign(by, event.BatchGenerated, event.Generated{Code: "841-001-01", Form: "S", Packaging: "bag", Measured: event.OnScale},
		func(e *event.Event) { e.Batches = []event.Batch{by.On(id.BatchOf(u), 5_000)} })
}

func (w *ward) stored(by *device.Device, made intaketest.Signed) intaketest.Signed {
	return w.Sign(by, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: made.Event.Batches[0].ID}}
	})
}

func (w *ward) ruling(on intaketest.Signed, v event.RulingVerdict) intaketest.Signed {
	return w.Sign(w.bureau, event.RulingRecorded, event.Ruling{Event: on.Event.ID, Hash: sha256.Sum256(on.JWS), Verdict: v, Reason: "SAMPLE reason"},
		func(e *event.Event) { e.Refs = []id.Event{on.Event.ID} })
}

// put sends an event and wants it taken in, or held for that reason.
func (w *ward) put(s intaketest.Signed, want fault.Kind) {
	w.t.Helper()
	r := w.intake.Accept(ctx, s.JWS)
	if fault.Of(r.Err) != want || (want == "") != (r.Receipt != nil) {
		w.t.Fatalf("%s: %v, want %q", s.Event.Type, r.Err, want)
	}
	w.World.Advance(time.Minute)
}

func (w *ward) file(made intaketest.Signed) bundle.Bundle {
	w.t.Helper()
	file, err := w.audit.BatchBundle(ctx, made.Event.Batches[0].ID)
	w.must(err)
	b, err := bundle.Decode(file)
	w.must(err)
	return b
}

// wants checks a file and compares the verdict with what was found of the keys' lives.
func (w *ward) wants(b bundle.Bundle, verdict bundle.Verdict, want string) {
	w.t.Helper()
	r := bundle.Check(b, bundle.Options{Trusted: w.VKey})
	var got []string
	for _, f := range append(r.Findings, r.Remarks...) {
		got = append(got, string(f.Rule))
	}
	if r.Verdict != verdict || strings.Join(got, " ") != want || len(r.Broken) > 0 {
		w.t.Errorf("%s, %v, broken %+v; want %s, %s", r.Verdict, got, r.Broken, verdict, want)
	}
}

func onWards(t *testing.T, run func(w *ward)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			run(newWard(t, kind))
		})
	}
}

// TestALostPhoneInEvidence: files made before the report of a loss, after it, and after
// an authority has ruled.
func TestALostPhoneInEvidence(t *testing.T) {
	onWards(t, func(w *ward) {
		made := w.generate(w.nurse)
		w.put(made, "")
		w.put(w.stored(w.porter, made), "")
		before := w.file(made)
		if len(before.Statements) != 2 || len(before.Keys) != 2 {
			w.t.Errorf("%d statements, %d keys", len(before.Statements), len(before.Keys))
		}
		w.wants(before, bundle.Sound, "")
		w.World.Advance(time.Hour)
		lost := w.Now()
		w.World.Advance(time.Minute)
		doubtful := w.stored(w.porter, made)
		w.World.Advance(time.Hour)
		_, err := w.registry.RevokeKey(ctx, "account:SAMPLE", w.porter.Kid(), lost, "SAMPLE loss")
		w.must(err)
		w.World.Advance(time.Minute)
		w.put(doubtful, fault.KeyContested)
		w.put(w.stored(w.porter, made), fault.KeyRevoked)
		w.wants(before, bundle.Sound, "")
		w.must(w.intake.Flush(ctx))
		w.wants(w.file(made), bundle.Sound, "key-revoked-later")
		w.put(w.ruling(doubtful, event.Admit), "")
		after := w.file(made)
		if len(after.Entries) != 3 || len(after.Rulings) != 1 || len(after.Keys) != 3 || len(after.Statements) != 4 {
			w.t.Errorf("%d entries, %d rulings, %d keys, %d statements", len(after.Entries), len(after.Rulings), len(after.Keys), len(after.Statements))
		}
		w.wants(after, bundle.Sound, "key-revoked-later ruling-admitted")
		w.wants(before, bundle.Sound, "")
	})
}

// TestALossNoticedLateInEvidence: the log took in what was signed with a lost key, and
// hears of the loss afterwards.
func TestALossNoticedLateInEvidence(t *testing.T) {
	onWards(t, func(w *ward) {
		early := w.generate(w.nurse)
		w.put(early, "")
		lost := w.Now()
		counts, not, open := w.generate(w.nurse), w.generate(w.nurse), w.generate(w.nurse)
		for _, s := range []intaketest.Signed{counts, not, open} {
			w.put(s, "")
		}
		_, err := w.registry.RevokeKey(ctx, "account:SAMPLE", w.nurse.Kid(), lost, "SAMPLE loss")
		w.must(err)
		w.put(w.ruling(counts, event.Admit), "")
		w.put(w.ruling(not, event.Reject), "")
		w.wants(w.file(early), bundle.Sound, "key-revoked-later")
		w.wants(w.file(counts), bundle.Sound, "ruling-admitted")
		w.wants(w.file(not), bundle.Findings, "key-contested")
		w.wants(w.file(open), bundle.Findings, "key-contested")
	})
}

// TestHandoverInEvidence: a key that took over from another; and a person who leaves.
func TestHandoverInEvidence(t *testing.T) {
	onWards(t, func(w *ward) {
		made := w.generate(w.nurse)
		w.put(made, "")
		w.put(w.stored(w.porter, made), "")
		next := w.made(1, "N-2", false)
		jws, err := w.porter.SignRotation(next, w.Now())
		w.must(err)
		_, err = w.registry.Rotate(ctx, jws)
		w.must(err)
		w.World.Advance(time.Minute)
		w.put(w.stored(next, made), "")
		w.put(w.stored(w.porter, made), "") // still in its week
		b := w.file(made)
		w.wants(b, bundle.Sound, "")
		if len(b.Keys) != 3 || len(b.Statements) != 4 {
			w.t.Errorf("%d keys, %d statements", len(b.Keys), len(b.Statements))
		}
		w.World.Advance(8 * 24 * time.Hour)
		w.put(w.stored(w.porter, made), fault.KeyExpired)
		w.load(registry.KindPeople, fmt.Sprintf("credit_code,person,valid_to\n%s,N-1,2026-02-01\n", registrytest.Code(1)))
		w.must(w.intake.Flush(ctx))
		w.wants(w.file(made), bundle.Sound, "key-ended-later") // the nurse's, signed while the register knew no end
	})
}

// TestKeysWithoutALifeInEvidence: a log that has nothing of its keys gives files as before.
func TestKeysWithoutALifeInEvidence(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		file, err := p.audit.BatchBundle(ctx, p.parted)
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Decode(file)
		if err != nil || len(b.Keys) == 0 || len(b.Statements)+len(b.Rulings) > 0 {
			t.Errorf("%d keys, %d statements, %d rulings, %v", len(b.Keys), len(b.Statements), len(b.Rulings), err)
		}
		if strings.Contains(string(file), `"statements"`) {
			t.Error("an empty member is written")
		}
	})
}
