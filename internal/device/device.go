// Package device is the signing side: a phone, PDA or program that holds a private key,
// remembers what it has seen of each batch, and makes signed events of version 1.
//
// It must not send anything or reach the server's packages; `liandan sign`, the demo,
// the replay and the tests all sign with it.
package device

import (
	"crypto"
	"fmt"
	"io"
	"time"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/signature"
	"liandan/internal/waste"
)

// Device signs for one person at one site. It is not safe for concurrent use.
type Device struct {
	Party  id.Party
	Site   id.Site
	Person id.Person
	signer *signature.Signer
	random io.Reader
	seen   map[id.Batch]id.Hash
}

// New makes a device of a private key (ed25519.PrivateKey or P-256 *ecdsa.PrivateKey).
// random feeds the ids that it makes.
func New(p id.Party, s id.Site, who id.Person, key crypto.Signer, random io.Reader) (*Device, error) {
	signer, err := signature.NewSigner(key)
	if err != nil {
		return nil, err
	}
	return &Device{Party: p, Site: s, Person: who, signer: signer, random: random, seen: map[id.Batch]id.Hash{}}, nil
}

// Kid is the key's thumbprint.
func (d *Device) Kid() string { return d.signer.Kid() }

// JWK is the public key as a JSON Web Key.
func (d *Device) JWK() ([]byte, error) { return signature.FormatJWK(d.signer.Public()) }

// Public is the public key.
func (d *Device) Public() crypto.PublicKey { return d.signer.Public() }

// NewID makes a version 7 UUID at that time, to be wrapped as a batch, a manifest or a trip.
func (d *Device) NewID(at time.Time) (id.UUID, error) {
	var r [10]byte
	if _, err := io.ReadFull(d.random, r[:]); err != nil {
		return id.UUID{}, fmt.Errorf("make an id: %w", err)
	}
	return id.V7(at.UnixMilli(), r), nil
}

// NewLabel makes the token of a printed label.
func (d *Device) NewLabel() (event.Label, error) {
	var r [26]byte
	if _, err := io.ReadFull(d.random, r[:]); err != nil {
		return "", fmt.Errorf("make a label: %w", err)
	}
	return event.NewLabel(r), nil
}

// Event begins an event of this device: id, time, party, site and person are filled.
func (d *Device) Event(t event.Type, at time.Time, data event.Data) (event.Event, error) {
	u, err := d.NewID(at)
	if err != nil {
		return event.Event{}, err
	}
	return event.Event{ID: id.EventOf(u), Type: t, At: at.Truncate(time.Millisecond), Party: d.Party, Site: d.Site, Person: d.Person, Data: data}, nil
}

// On names a batch in an event, with what this device has seen of it. Grams of zero
// mean that nothing was weighed.
func (d *Device) On(b id.Batch, g waste.Grams) event.Batch {
	return event.Batch{ID: b, Seen: d.seen[b], Grams: g, Weighed: g > 0}
}

// Sign makes the compact JWS of an event. It refuses what the intake would refuse.
func (d *Device) Sign(e event.Event) ([]byte, error) {
	payload, err := e.Payload()
	if err != nil {
		return nil, err
	}
	return d.signer.Sign(payload, signature.TypEvent)
}

// SignEnrolment answers a challenge with this device's key.
func (d *Device) SignEnrolment(challenge string) ([]byte, error) {
	return d.signer.Sign([]byte(fmt.Sprintf(`{"challenge":%q}`, challenge)), signature.TypEnrolment)
}

// SignRotation hands over to the same person's next device or key, at that time by this
// device's clock: what `POST /v1/keys/rotate` takes. The next key signs for itself inside.
func (d *Device) SignRotation(next *Device, at time.Time) ([]byte, error) {
	jwk, err := next.JWK()
	if err != nil {
		return nil, err
	}
	proof, err := next.SignEnrolment(d.Kid())
	if err != nil {
		return nil, err
	}
	payload := fmt.Sprintf(`{"jwk":%s,"proof":%q,"at":%q}`, jwk, proof, at.Format(event.TimeForm))
	return d.signer.Sign([]byte(payload), signature.TypRotation)
}

// Learn remembers an entry that the log gave back, so that the next event can say what
// its signer had seen.
func (d *Device) Learn(entry []byte) error {
	e, err := ledger.ParseEntry(entry)
	if err != nil {
		return err
	}
	for _, l := range e.Links {
		d.seen[l.Batch] = ledger.LeafOf(entry)
	}
	return nil
}

// See remembers a head that was read with a batch.
func (d *Device) See(b id.Batch, head id.Hash) { d.seen[b] = head }
