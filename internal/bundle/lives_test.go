package bundle_test

import (
	"slices"
	"testing"
	"time"

	"liandan/internal/bundle"
	"liandan/internal/device"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/ledger"
	"liandan/internal/party"
	"liandan/internal/signature"
	"liandan/internal/statement"
)

// town is a log that has the lives of keys, with an authority that rules.
type town struct {
	*logbook
	bureau *device.Device
}

func newTown(t testing.TB, seed byte) *town {
	l := newLog(t, seed)
	return &town{l, l.w.Enrol(l.w.Org("SAMPLE bureau", party.Authority), false)}
}

// enrolled tells of the devices' keys as a registry does.
func (l *town) enrolled(devices ...*device.Device) {
	l.w.T.Helper()
	for _, d := range devices {
		proof, err := d.SignEnrolment("SAMPLE challenge")
		l.must(err)
		l.begin(d, statement.Key{What: statement.Enrolled, Proof: string(proof)})
	}
}

// all tells of everybody's.
func (l *town) all() *town {
	l.enrolled(l.w.Hospital, l.w.Porter, l.w.Carrier, l.w.Plant, l.w.Stranger, l.bureau)
	return l
}

// begin tells the first chapter of a device's key.
func (l *town) begin(d *device.Device, c statement.Key) {
	l.w.T.Helper()
	jwk, err := d.JWK()
	l.must(err)
	c.Party, c.Person, c.Device, c.JWK = d.Party, d.Person, "SAMPLE device", jwk
	c.From, c.To = intaketest.Start.AddDate(0, -1, 0), intaketest.Start.AddDate(1, 0, 0)
	l.tell(d.Kid(), c)
}

// tell records the next chapter of a key's life, whatever it says.
func (l *logbook) tell(kid string, c statement.Key) {
	l.w.T.Helper()
	life := l.told[kid]
	c.Kid, c.N, c.At, c.By = kid, int64(len(life))+1, l.w.Now(), "account:SAMPLE"
	if len(life) > 0 {
		st, err := life[len(life)-1].Statement()
		l.must(err)
		c.Prev = st.Hash()
	}
	st, err := c.Statement()
	l.must(err)
	l.told[kid] = append(life, c)
	l.append(ledger.Entry{Seq: int64(len(l.lines)), RecordedAt: l.w.Now(), Kind: statement.KindKey, Hash: st.Hash()}, st.Body)
	l.w.Advance(time.Minute)
}

func (l *logbook) revoke(d *device.Device, effective time.Time) {
	l.w.T.Helper()
	l.tell(d.Kid(), statement.Key{What: statement.Revoked, Effective: effective, Reason: "SAMPLE loss"})
}

// rule makes the bureau decide on an event.
func (l *town) rule(on intaketest.Signed, v event.RulingVerdict) intaketest.Signed {
	l.w.T.Helper()
	return l.w.Sign(l.bureau, event.RulingRecorded, event.Ruling{Event: on.Event.ID, Hash: sum(on.JWS), Verdict: v, Reason: "SAMPLE reason"},
		func(e *event.Event) { e.Refs = []id.Event{on.Event.ID} })
}

// cutWithLives fills a bundle as package audit does of a log that has the lives of keys.
func (l *logbook) cutWithLives(b bundle.Bundle, batches []id.Batch) bundle.Bundle {
	l.w.T.Helper()
	hashes, kids, lives := map[id.Hash]bool{}, map[string]bool{}, map[string]bundle.Life{}
	prove := func(seq int) []id.Hash {
		path, err := l.tree.Prove(b.Size, int64(seq))
		l.must(err)
		return path
	}
	signer := func(jws []byte) {
		signed, err := signature.Open(jws, signature.TypEvent)
		l.must(err)
		kids[signed.Kid] = true
	}
	for seq, k := range l.lines {
		if slices.ContainsFunc(batches, func(x id.Batch) bool { _, names := k.entry.LinkOf(x); return names }) {
			b.Entries = append(b.Entries, bundle.Entry{Index: int64(seq), Entry: k.entry.Bytes(), Event: k.jws, Proof: prove(seq)})
			hashes[k.entry.Hash] = true
			signer(k.jws)
		}
	}
	for seq, k := range l.lines {
		if k.entry.Kind != ledger.KindEvent || len(k.entry.Links) > 0 {
			continue
		}
		_, e, err := ledger.OpenEvent(k.jws)
		l.must(err)
		if r, ok := e.Data.(event.Ruling); ok && hashes[r.Hash] {
			b.Rulings = append(b.Rulings, bundle.Entry{Index: int64(seq), Entry: k.entry.Bytes(), Event: k.jws, Proof: prove(seq)})
			signer(k.jws)
		}
	}
	for seq, k := range l.lines {
		if k.entry.Kind != statement.KindKey {
			continue
		}
		c, err := statement.ParseKey(k.jws)
		l.must(err)
		if !kids[c.Kid] {
			continue
		}
		b.Statements = append(b.Statements, bundle.Statement{Index: int64(seq), Entry: k.entry.Bytes(), Body: k.jws, Proof: prove(seq)})
		lives[c.Kid], err = lives[c.Kid].Extend(int64(seq), k.jws)
		l.must(err)
	}
	for kid := range kids {
		b.Keys = append(b.Keys, lives[kid].Key())
	}
	return b
}

// bag closes a bag and stores it: two events of one batch, by nurse and porter.
func (l *town) bag() (made, stored intaketest.Signed) {
	l.w.T.Helper()
	made = l.put(l.w.Generate(5_000))
	return made, l.put(l.store(made))
}

func (l *town) store(made intaketest.Signed) intaketest.Signed {
	return l.w.Sign(l.w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{l.w.Porter.On(made.Event.Batches[0].ID, 0)}
	})
}

func (l *town) of(made intaketest.Signed) bundle.Bundle {
	x := made.Event.Batches[0].ID
	return l.cut(bundle.OfBatch, x.UUID(), x)
}
