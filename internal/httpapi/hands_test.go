package httpapi

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/party"
	"liandan/internal/signature"
)

// What several tests take to hand: a forger of events, and comparisons.

// forger signs any bytes under any header with a key that is enrolled for the hospital.
type forger struct {
	c   *city
	key ed25519.PrivateKey
	kid string
}

func (c *city) forger(valid party.Period, revoked time.Time) *forger {
	c.t.Helper()
	pub, key, err := ed25519.GenerateKey(c.Random)
	if err != nil {
		c.t.Fatal(err)
	}
	kid, err := signature.Thumbprint(pub)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Registry.Put(party.Key{Kid: kid, Party: c.Hospital.Party, Person: c.Hospital.Person, Public: pub, Valid: valid, RevokedAt: revoked})
	return &forger{c, key, kid}
}

// revoke ends a key from one time on, reported at another.
func (c *city) revoke(f *forger, effective, reported time.Time) {
	c.t.Helper()
	k, ok, err := c.Registry.Key(context.Background(), f.kid)
	if err != nil || !ok {
		c.t.Fatal(ok, err)
	}
	c.Registry.Put(k.Revoke(effective, reported))
}

var always = party.Period{From: intaketest.Start.AddDate(-1, 0, 0)}

// header is the one header that is right.
func (f *forger) header() string {
	return fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"liandan-event"}`, f.kid)
}

func (f *forger) sign(header, payload string) []byte {
	enc := base64.RawURLEncoding.EncodeToString
	body := enc([]byte(header)) + "." + enc([]byte(payload))
	return []byte(body + "." + enc(ed25519.Sign(f.key, []byte(body))))
}

// payload is that of a new bag, with one text replaced by another.
func (f *forger) payload(from, to string) string {
	f.c.t.Helper()
	b, err := f.c.Generate(1000).Event.Payload()
	if err != nil {
		f.c.t.Fatal(err)
	}
	s := strings.Replace(string(b), from, to, 1)
	if s == string(b) && from != to {
		f.c.t.Fatalf("%s is not in %s", from, b)
	}
	return s
}

// bad signs a new bag with one text of its payload replaced.
func (f *forger) bad(from, to string) []byte { return f.sign(f.header(), f.payload(from, to)) }

// snatched is a collection by the consignee, who is not the manifest's carrier.
func (c *city) snatched() []byte {
	c.t.Helper()
	bag := c.Generate(1000)
	issued := c.Sign(c.Hospital, event.ManifestIssued, event.Issued{Profile: "medical", Carrier: c.Carrier.Party, Consignee: c.Stranger.Party,
		ConsigneeSite: c.Stranger.Site, Method: "D10"}, func(e *event.Event) {
		e.Manifest = id.ManifestOf(e.ID.UUID())
		e.Batches = []event.Batch{{ID: bag.Event.Batches[0].ID, Grams: 1000, Weighed: true}}
	})
	for _, e := range [][]byte{bag.JWS, issued.JWS} {
		c.send(e).receipt(c.t, 201)
	}
	return c.Sign(c.Stranger, event.TransportCollected, event.Collected{Vehicle: "冀F样例"}, func(e *event.Event) {
		e.Manifest, e.Refs, e.Batches = issued.Event.Manifest, []id.Event{issued.Event.ID}, issued.Event.Batches
	}).JWS
}

// alike holds two answers to be the same problem, word for word.
func alike(t testing.TB, a, b answer, kind string) {
	t.Helper()
	one, other := a.problem(t, kind), b.problem(t, kind)
	one.RequestID, other.RequestID = "", ""
	if a.status != b.status || !reflect.DeepEqual(one, other) || len(a.body) != len(b.body) {
		t.Errorf("the answers tell one from another:\n%s\n%s", a.body, b.body)
	}
}

// unchanged compares two dumps; tables named in but may differ.
func unchanged(t testing.TB, before, after map[string]string, but ...string) {
	t.Helper()
	for name := range after {
		if before[name] != after[name] && !strings.Contains(strings.Join(but, " ")+" ", name+" ") {
			t.Errorf("table %s changed from\n%.600s\nto\n%.600s", name, before[name], after[name])
		}
	}
	if len(before) != len(after) {
		t.Errorf("%d tables before, %d after", len(before), len(after))
	}
}
