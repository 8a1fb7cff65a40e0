package intaketest

import (
	"context"
	"time"

	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/party"
	"liandan/internal/registry"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// A key's life needs rows in a real register, for the check compares them with the log.

// Tell states a device's key: its row in the register, and the first chapter of its life
// on its way into the log.
func (w *World) Tell(s registry.Store, d *device.Device) {
	w.T.Helper()
	k := w.key(d)
	org := w.Registry.orgs[k.Party]
	org.CreditCode = party.CreditCode(k.Party.String()) // unique, and no test here reads it
	jwk, err := signature.FormatJWK(k.Public)
	w.must(err)
	w.must(s.UpdateRegistry(context.Background(), func(tx registry.Tx) error {
		w.must(tx.PutOrganisations([]party.Organisation{org}))
		w.must(tx.PutPeople([]registry.Person{{ID: k.Person, Party: k.Party, Valid: org.Valid}}))
		r := registry.KeyRecord{Key: k}
		w.must(tx.AddKey(r))
		return w.chapter(tx, r, statement.Key{What: statement.Enrolled, Party: k.Party, Person: k.Person, Device: k.Device, JWK: jwk,
			From: k.Valid.From, To: k.Valid.To})
	}))
}

// Revoke revokes a key that was told, reported now, in the register of the database and in
// the one in memory.
func (w *World) Revoke(s registry.Store, d *device.Device, effective time.Time) {
	w.T.Helper()
	k := w.RevokeUnseen(s, d, effective)
	w.Registry.Put(k)
}

// RevokeUnseen leaves the register in memory as it was, like a server that has not heard
// of the revocation yet. It gives the key as it is.
func (w *World) RevokeUnseen(s registry.Store, d *device.Device, effective time.Time) party.Key {
	w.T.Helper()
	var k party.Key
	w.must(s.UpdateRegistry(context.Background(), func(tx registry.Tx) error {
		r, _, err := tx.Key(d.Kid())
		w.must(err)
		r.Key, r.Reason = r.Revoke(effective, w.Now()), "SAMPLE lost"
		k = r.Key
		return w.chapter(tx, r, statement.Key{What: statement.Revoked, Effective: effective, Reason: r.Reason})
	}))
	return k
}

// Limit ends a told key's time at another moment than before.
func (w *World) Limit(s registry.Store, d *device.Device, to time.Time) {
	w.T.Helper()
	k := w.key(d)
	k.Valid.To = to
	w.must(s.UpdateRegistry(context.Background(), func(tx registry.Tx) error {
		r, _, err := tx.Key(d.Kid())
		w.must(err)
		r.Valid.To = to
		return w.chapter(tx, r, statement.Key{What: statement.Limited, From: k.Valid.From, To: to})
	}))
	w.Registry.Put(k)
}

func (w *World) chapter(tx registry.Tx, r registry.KeyRecord, c statement.Key) error {
	w.T.Helper()
	c.Kid, c.N, c.Prev, c.At, c.By = r.Kid, r.Chapters+1, r.Newest, w.Now(), "account:SAMPLE"
	st, err := c.Statement()
	w.must(err)
	w.must(tx.State(st))
	r.Chapters, r.Newest = c.N, st.Hash()
	return tx.PutKey(r)
}

func (w *World) key(d *device.Device) party.Key {
	w.T.Helper()
	k, ok, err := w.Registry.Key(context.Background(), d.Kid())
	w.must(err)
	if !ok {
		w.T.Fatalf("key %s is not in the register", d.Kid())
	}
	return k
}

// Act is a line of the access record about some parties.
func (w *World) Act(actor, operation, subject string, parties ...id.Party) statement.Statement {
	w.T.Helper()
	st, err := statement.Act{At: w.Now(), Actor: actor, Role: "district_inspector", Operation: operation, Subject: subject, Parties: parties, Request: "SAMPLE"}.Statement()
	w.must(err)
	return st
}

// Rule signs a ruling on an event.
func (w *World) Rule(by *device.Device, on Signed, v event.RulingVerdict) Signed {
	w.T.Helper()
	signed, err := signature.Open(on.JWS, signature.TypEvent)
	w.must(err)
	return w.Sign(by, event.RulingRecorded, event.Ruling{Event: on.Event.ID, Hash: signed.Hash(), Verdict: v, Reason: "SAMPLE reason"},
		func(e *event.Event) { e.Refs = []id.Event{on.Event.ID} })
}
