package device_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	chacha "math/rand/v2"
	"strings"
	"testing"
	"time"

	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/signature"
)

var (
	day    = time.Date(2026, 3, 2, 8, 30, 0, 123_456_789, time.FixedZone("", 8*3600))
	party  = id.PartyOf(id.V7(1, [10]byte{1}))
	site   = id.SiteOf(id.V7(1, [10]byte{2}))
	person = id.PersonOf(id.V7(1, [10]byte{3}))
	bag    = id.BatchOf(id.V7(1, [10]byte{4}))
)

func random(seed byte) io.Reader { return chacha.NewChaCha8([32]byte{seed}) }

func edDevice(t *testing.T, seed byte) *device.Device {
	t.Helper()
	_, key, err := ed25519.GenerateKey(random(seed))
	if err != nil {
		t.Fatal(err)
	}
	d, err := device.New(party, site, person, key, random(seed+100))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ecDevice(t *testing.T) *device.Device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, err := device.New(party, site, person, key, random(9))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func stored(t *testing.T, d *device.Device) event.Event {
	t.Helper()
	e, err := d.Event(event.BatchStored, day, event.Stored{Place: "暂存间"})
	if err != nil {
		t.Fatal(err)
	}
	e.Batches = []event.Batch{d.On(bag, 5000)}
	return e
}

func TestWhatItSignsVerifies(t *testing.T) {
	for alg, d := range map[string]*device.Device{"EdDSA": edDevice(t, 1), "ES256": ecDevice(t)} {
		e := stored(t, d)
		jws, err := d.Sign(e)
		if err != nil {
			t.Fatal(err)
		}
		s, err := signature.Open(jws, signature.TypEvent)
		if err != nil || s.Alg != alg || s.Kid != d.Kid() {
			t.Fatalf("%s: opened as %s by %s, %v", alg, s.Alg, s.Kid, err)
		}
		if err := s.Verify(d.Public()); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		jwk, err := d.JWK()
		if err != nil {
			t.Fatal(err)
		}
		pub, err := signature.ParseJWK(jwk)
		if err != nil || s.Verify(pub) != nil {
			t.Errorf("%s: the enrolled key does not verify: %v, %v", alg, err, s.Verify(pub))
		}
		if strings.Contains(string(jwk), `"d"`) {
			t.Errorf("%s: the private part is in the JWK: %s", alg, jwk)
		}
		read, err := event.Parse(s.Payload)
		if err != nil || read.ID != e.ID || read.Party != party || read.Site != site || read.Person != person || read.Batches[0] != e.Batches[0] {
			t.Errorf("%s: %+v, %v", alg, read, err)
		}
		if !read.At.Equal(day.Truncate(time.Millisecond)) || !e.ID.IsV7() || e.ID.UUID().Time() == 0 {
			t.Errorf("%s: dated %s, id %s", alg, read.At, e.ID)
		}
	}
}

func TestItSignsNothingThatTheIntakeRefuses(t *testing.T) {
	d := edDevice(t, 1)
	for name, spoil := range map[string]func(*event.Event){
		"no batch":             func(e *event.Event) { e.Batches = nil },
		"negative grams":       func(e *event.Event) { e.Batches[0].Grams = -1 },
		"absurd grams":         func(e *event.Event) { e.Batches[0].Grams = 1 << 40 },
		"data of another type": func(e *event.Event) { e.Data = event.Received{} },
		"no place":             func(e *event.Event) { e.Data = event.Stored{} },
		"year 1970":            func(e *event.Event) { e.At = time.Unix(0, 0) },
	} {
		e := stored(t, d)
		spoil(&e)
		if jws, err := d.Sign(e); fault.Of(err) != fault.InvalidEvent || jws != nil {
			t.Errorf("%s: %s, %v", name, jws, err)
		}
	}
}

func TestLearn(t *testing.T) {
	d := edDevice(t, 1)
	if b := d.On(bag, 0); b.Seen != (id.Hash{}) || b.Weighed || b.Grams != 0 {
		t.Errorf("before it has seen anything: %+v", b)
	}
	other := id.BatchOf(id.V7(1, [10]byte{5}))
	entry := ledger.Entry{Seq: 3, RecordedAt: day, Kind: ledger.KindEvent, Hash: id.Hash{7}, Links: []ledger.Link{{Batch: bag, N: 1}, {Batch: other, N: 2, Prev: id.Hash{8}}}}
	if err := d.Learn(entry.Bytes()); err != nil {
		t.Fatal(err)
	}
	for _, b := range []id.Batch{bag, other} {
		if got := d.On(b, 7); got.Seen != entry.Leaf() || !got.Weighed || got.Grams != 7 || got.ID != b {
			t.Errorf("after the entry: %+v", got)
		}
	}
	spoilt := append(entry.Bytes(), ' ')
	if err := d.Learn(spoilt); fault.Of(err) != fault.Damaged {
		t.Errorf("a damaged entry: %v", err)
	}
	if got := d.On(bag, 0); got.Seen != entry.Leaf() {
		t.Errorf("a damaged entry was learnt: %+v", got)
	}
	d.See(bag, id.Hash{42})
	if got := d.On(bag, 0); got.Seen != (id.Hash{42}) || d.On(other, 0).Seen != entry.Leaf() {
		t.Errorf("after See: %+v", got)
	}
	// What it has seen goes into what it signs.
	e := stored(t, d)
	jws, err := d.Sign(e)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signature.Open(jws, signature.TypEvent)
	if err != nil || !strings.Contains(string(s.Payload), (id.Hash{42}).String()) {
		t.Errorf("%s, %v", s.Payload, err)
	}
}

// The same seed makes the same device, ids, labels and bytes; another seed another.
func TestSeedDeterminism(t *testing.T) {
	run := func(seed byte) string {
		d := edDevice(t, seed)
		u, err := d.NewID(day)
		if err != nil {
			t.Fatal(err)
		}
		l, err := d.NewLabel()
		if err != nil {
			t.Fatal(err)
		}
		jws, err := d.Sign(stored(t, d))
		if err != nil {
			t.Fatal(err)
		}
		return d.Kid() + " " + u.String() + " " + string(l) + " " + string(jws)
	}
	a, b, c := run(1), run(1), run(2)
	if a != b {
		t.Errorf("one seed, two runs:\n%s\n%s", a, b)
	}
	for i, x := range strings.Fields(a) {
		if strings.Fields(c)[i] == x {
			t.Errorf("two seeds, one value: %s", x)
		}
	}
	d := edDevice(t, 1)
	seen := map[string]bool{}
	for range 100 {
		u, err := d.NewID(day)
		if err != nil || seen[u.String()] {
			t.Fatalf("%s twice, %v", u, err)
		}
		seen[u.String()] = true
		l, err := d.NewLabel()
		if err != nil || seen[string(l)] {
			t.Fatalf("%s twice, %v", l, err)
		}
		if got, err := event.ParseLabel(string(l)); err != nil || got != l {
			t.Fatalf("%s: %v", l, err)
		}
		seen[string(l)] = true
	}
}

func TestEnrolment(t *testing.T) {
	d := edDevice(t, 1)
	jws, err := d.SignEnrolment("challenge-123_abc")
	if err != nil {
		t.Fatal(err)
	}
	s, err := signature.Open(jws, signature.TypEnrolment)
	if err != nil || s.Verify(d.Public()) != nil {
		t.Fatalf("%v, %v", err, s.Verify(d.Public()))
	}
	var got map[string]string
	if err := json.Unmarshal(s.Payload, &got); err != nil || len(got) != 1 || got["challenge"] != "challenge-123_abc" {
		t.Errorf("%s, %v", s.Payload, err)
	}
	if _, err := signature.Open(jws, signature.TypEvent); fault.Of(err) != fault.HeaderMember {
		t.Errorf("an enrolment passes as an event: %v", err)
	}
}

func TestRotation(t *testing.T) {
	old, next := edDevice(t, 1), edDevice(t, 2)
	jws, err := old.SignRotation(next, day)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := signature.Open(jws, signature.TypRotation)
	if err != nil || outer.Kid != old.Kid() || outer.Verify(old.Public()) != nil {
		t.Fatalf("%s %v", outer.Kid, err)
	}
	var said struct {
		JWK   json.RawMessage
		Proof string
		At    string
	}
	if err := json.Unmarshal(outer.Payload, &said); err != nil {
		t.Fatalf("%v: %s", err, outer.Payload)
	}
	pub, err := signature.ParseJWK(said.JWK)
	if err != nil {
		t.Fatal(err)
	}
	if kid, err := signature.Thumbprint(pub); err != nil || kid != next.Kid() {
		t.Errorf("the new key is %s, want %s (%v)", kid, next.Kid(), err)
	}
	inner, err := signature.Open([]byte(said.Proof), signature.TypEnrolment)
	if err != nil || inner.Kid != next.Kid() || inner.Verify(pub) != nil || string(inner.Payload) != `{"challenge":"`+old.Kid()+`"}` {
		t.Errorf("the proof: %s %v", inner.Payload, err)
	}
	if at, err := event.ParseTime(said.At); err != nil || !at.Equal(day.Truncate(time.Millisecond)) {
		t.Errorf("the time %s: %v", said.At, err)
	}
	for _, typ := range []string{signature.TypEvent, signature.TypEnrolment} {
		if _, err := signature.Open(jws, typ); fault.Of(err) != fault.HeaderMember {
			t.Errorf("a rotation passes as %s: %v", typ, err)
		}
	}
}

func TestDevicesThatCannotBe(t *testing.T) {
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}}
	if d, err := device.New(party, site, person, key, random(1)); err == nil {
		t.Errorf("an RSA key: %+v", d)
	}
	_, ed, err := ed25519.GenerateKey(random(1))
	if err != nil {
		t.Fatal(err)
	}
	dry, err := device.New(party, site, person, ed, strings.NewReader("short"))
	if err != nil {
		t.Fatal(err)
	}
	if u, err := dry.NewID(day); !errors.Is(err, io.ErrUnexpectedEOF) || u != (id.UUID{}) {
		t.Errorf("an id without randomness: %s, %v", u, err)
	}
	if l, err := dry.NewLabel(); !errors.Is(err, io.EOF) || l != "" {
		t.Errorf("a label without randomness: %s, %v", l, err)
	}
	if _, err := dry.Event(event.BatchStored, day, event.Stored{Place: "x"}); err == nil {
		t.Error("an event without randomness")
	}
}
