package record_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"liandan/internal/audit"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/merkle"
	"liandan/internal/record"
	"liandan/internal/statement"
)

// entries lists the log as "kind" or, for events, their type.
func (d *desk) entries() (out []string) {
	d.t.Helper()
	d.read(func(r audit.Reader) error {
		return r.Entries(0, 1<<62, func(k ledger.Kept) error {
			word := k.Kind
			if k.Kind == ledger.KindEvent {
				_, e, err := ledger.OpenEvent(k.Body)
				if err != nil {
					return err
				}
				word = string(e.Type)
			}
			out = append(out, word)
			return nil
		})
	})
	return out
}

// posted counts what is in the outbox.
func (d *desk) posted() (n int) {
	d.t.Helper()
	d.read(func(r audit.Reader) error {
		return r.OutboxRows(func(int64, int64, statement.Statement) error { n++; return nil })
	})
	return n
}

func (d *desk) act(subject string) {
	d.t.Helper()
	if err := d.store.AddStatement(context.Background(), d.Act("account:SAMPLE", "readBatch", subject, d.Hospital.Party), d.Now()); err != nil {
		d.t.Fatal(err)
	}
}

// TestStatementsComeFirst: what is in the outbox goes into the log ahead of the events
// that were handed over with it, each statement once.
func TestStatementsComeFirst(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		d.Tell(d.store, d.Hospital)
		d.act("SAMPLE one")
		r := d.taken(d.Generate(1000))
		if want := []string{"key", "act", "batch.generated"}; !slices.Equal(d.entries(), want) || r.Seq != 2 {
			t.Fatalf("the log is %v and the receipt names entry %d, want %v and 2", d.entries(), r.Seq, want)
		}
		if n := d.posted(); n != 0 {
			t.Errorf("%d statements are still in the outbox", n)
		}
		d.act("SAMPLE two")
		if err := d.svc.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.svc.Flush(t.Context()); err != nil || d.size() != 4 {
			t.Errorf("a second flush gave %v, the log has %d entries", err, d.size())
		}
		d.act("SAMPLE three")
		d.svc.Poke()
		for end := time.Now().Add(20 * time.Second); d.size() < 5 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if d.size() != 5 || d.posted() != 0 {
			t.Errorf("poked, the log has %d entries and the outbox %d", d.size(), d.posted())
		}
		again := d.svc.Accept(t.Context(), d.Generate(7).JWS)
		if again.Err != nil || again.Receipt.Seq != 5 {
			t.Errorf("%+v", again)
		}
		d.sound()
	})
}

// TestManyStatements: more than one group takes. The event waits for all of them, and who
// counts commits hears of one event.
func TestManyStatements(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		const n = 600
		for i := range n {
			d.act(fmt.Sprint("SAMPLE ", i))
		}
		var mu sync.Mutex
		groups, events, size := 0, 0, int64(0)
		c := d.svc.Config
		c.OnCommit = func(h merkle.Head, _ []byte, e int) {
			mu.Lock()
			defer mu.Unlock()
			groups, events, size = groups+1, events+e, h.Size
		}
		svc := record.New(c)
		t.Cleanup(svc.Close)
		r := svc.Accept(t.Context(), d.Generate(1000).JWS)
		if r.Err != nil || d.verified(r.Receipt).Seq != n {
			t.Fatalf("%+v", r)
		}
		mu.Lock()
		defer mu.Unlock()
		if groups != 3 || events != 1 || size != n+1 {
			t.Errorf("heard of %d groups with %d events, up to %d entries", groups, events, size)
		}
		lines, next, err := d.audit.Acts(t.Context(), audit.ActFilter{}, "", n+1)
		if err != nil || next != "" || len(lines) != n || lines[0].Subject != fmt.Sprint("SAMPLE ", n-1) || lines[n-1].Subject != "SAMPLE 0" {
			t.Errorf("%d acts, next %q, %v", len(lines), next, err)
		}
		d.sound()
	})
}

// TestStoreBreaksBetween breaks the store in every way while statements wait: they stay in
// the outbox or are in the log, never both and never neither.
func TestStoreBreaksBetween(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		f := broken(d)
		d.Tell(d.store, d.Hospital)
		bag := d.Generate(1000)
		for i, mode := range []int32{unreached, midway} {
			f.mode.Store(mode)
			d.refused(bag.JWS, fault.Unavailable)
			if err := d.svc.Flush(t.Context()); fault.Of(err) != fault.Unavailable {
				t.Errorf("break %d: the flush gave %v", mode, err)
			}
			if d.size() != 0 || d.posted() != 1 {
				t.Fatalf("break %d: %d entries, %d in the outbox", i, d.size(), d.posted())
			}
		}
		f.mode.Store(unanswered)
		d.refused(bag.JWS, fault.Unavailable)
		f.mode.Store(works)
		if r := d.svc.Accept(t.Context(), bag.JWS); r.Err != nil || !r.Repeat {
			t.Errorf("%+v", r)
		}
		if want := []string{"key", "batch.generated"}; !slices.Equal(d.entries(), want) || d.posted() != 0 {
			t.Errorf("the log is %v, the outbox has %d", d.entries(), d.posted())
		}
		d.sound()
	})
}

// TestTwoServersOneOutbox: two servers take statements over from one outbox while others
// write into it. Each statement is in the log once.
func TestTwoServersOneOutbox(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		other := d.Intake(d.store)
		var wg sync.WaitGroup
		const writers, each = 3, 25
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					st := d.Act("account:SAMPLE", "readBatch", fmt.Sprintf("SAMPLE %d/%d", w, i))
					if err := d.store.AddStatement(context.Background(), st, d.Now()); err != nil {
						t.Error(err)
					}
					svc := []*record.Service{d.svc, other}[(w+i)%2]
					if i%5 == 0 {
						if err := svc.Flush(context.Background()); err != nil {
							t.Error(err)
						}
					} else {
						svc.Poke()
					}
				}
			})
		}
		wg.Wait()
		if err := errors.Join(d.svc.Flush(t.Context()), other.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
		met := map[string]int{}
		lines, _, err := d.audit.Acts(t.Context(), audit.ActFilter{}, "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			met[l.Subject]++
		}
		if len(met) != writers*each || len(lines) != len(met) || d.posted() != 0 {
			t.Errorf("%d acts of %d subjects, %d in the outbox", len(lines), len(met), d.posted())
		}
		d.sound()
	})
}

// TestUnfitStatements: what the log cannot take stays in the outbox, a flush and the check
// say so, and nothing else is held up.
func TestUnfitStatements(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		for _, st := range []statement.Statement{
			{Kind: statement.KindKey, Body: []byte(`{}`)}, {Kind: statement.KindAct, Body: nil}, {Kind: "SAMPLE", Body: []byte(`{}`)},
			{Kind: statement.KindLogKey}, d.Act("", "readBatch", "SAMPLE"), d.Act("account:SAMPLE", "read\x00Batch", "SAMPLE"),
		} {
			if err := d.store.AddStatement(t.Context(), st, d.Now()); err == nil {
				t.Errorf("%s %q went into the outbox", st.Kind, st.Body)
			}
		}
		// Each is sound by itself: a second chapter without a first, and a succession of
		// another log's key.
		second, err := statement.Key{Kid: d.Porter.Kid(), N: 2, Prev: id.Hash{1}, What: statement.Revoked, At: d.Now(), By: "account:SAMPLE", Effective: d.Now()}.Statement()
		if err != nil {
			t.Fatal(err)
		}
		_, _, succession := d.succeeds(t)
		for _, st := range []statement.Statement{second, {Kind: statement.KindLogKey, Body: succession}} {
			if err := d.store.AddStatement(t.Context(), st, d.Now()); err != nil {
				t.Fatal(err)
			}
		}
		d.act("SAMPLE")
		d.taken(d.Generate(1000))
		if err := d.svc.Flush(t.Context()); fault.Of(err) != fault.Damaged {
			t.Errorf("the flush gave %v", err)
		}
		if want := []string{"act", "batch.generated"}; !slices.Equal(d.entries(), want) || d.posted() != 2 {
			t.Errorf("the log is %v, the outbox has %d", d.entries(), d.posted())
		}
		r, err := d.audit.Check(t.Context(), audit.Options{})
		if first, _ := r.First(); err != nil || first.Area != audit.AreaOutbox || r.Posted != 2 {
			t.Errorf("the check says %v %+v", err, first)
		}
	})
}

// succeeds makes another key of a log of the same name and a succession from a third one.
func (d *desk) succeeds(t *testing.T) (note.Signer, string, []byte) {
	t.Helper()
	var signers [2]note.Signer
	var vkeys [2]string
	for i := range signers {
		skey, vkey, err := note.GenerateKey(d.Random, d.Signer.Name())
		if err != nil {
			t.Fatal(err)
		}
		if signers[i], err = note.NewSigner(skey); err != nil {
			t.Fatal(err)
		}
		vkeys[i] = vkey
	}
	body, err := merkle.SignSuccession(d.Signer.Name(), merkle.SigningKey{Signer: signers[0], VKey: vkeys[0]}, merkle.SigningKey{Signer: signers[1], VKey: vkeys[1]}, d.Now())
	if err != nil {
		t.Fatal(err)
	}
	return signers[1], vkeys[1], body
}

// TestLogKeySucceeded: once the log says that its key was succeeded, a server with the old
// key appends nothing more, and one with the new key goes on.
func TestLogKeySucceeded(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		first := d.Generate(1)
		d.taken(first)
		next, vkey, _ := d.succeeds(t)
		stranger := d.with(next)
		if r := stranger.Accept(t.Context(), d.Generate(2).JWS); fault.Of(r.Err) != fault.Unavailable {
			t.Errorf("a server with a key that the log does not know was answered %+v", r)
		}
		body, err := merkle.SignSuccession(d.Signer.Name(), merkle.SigningKey{Signer: d.Signer, VKey: d.VKey}, merkle.SigningKey{Signer: next, VKey: vkey}, d.Now())
		if err != nil {
			t.Fatal(err)
		}
		d.act("SAMPLE before")
		if err := d.store.AddStatement(t.Context(), statement.Statement{Kind: statement.KindLogKey, Body: body}, d.Now()); err != nil {
			t.Fatal(err)
		}
		d.act("SAMPLE after")
		bag := d.Generate(3)
		d.refused(bag.JWS, fault.Unavailable)
		d.refused(first.JWS, fault.Unavailable)
		if want := []string{"batch.generated", "act", "log-key"}; !slices.Equal(d.entries(), want) {
			t.Fatalf("the log is %v, want %v", d.entries(), want)
		}
		r := stranger.Accept(t.Context(), bag.JWS)
		if r.Err != nil || r.Receipt.Seq != 4 {
			t.Fatalf("%+v", r)
		}
		v, err := note.NewVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		d.audit.Verifier, d.audit.VKey = v, vkey
		d.sound()
	})
}

// with is an intake of this desk that signs with another key.
func (d *desk) with(s note.Signer) *record.Service {
	c := d.svc.Config
	c.Signer = s
	svc := record.New(c)
	d.t.Cleanup(svc.Close)
	return svc
}

// TestKeyHistory: the chapters of a key are read back as they were told, and those of a
// key that the log says nothing of are not there.
func TestKeyHistory(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		d.Tell(d.store, d.Porter)
		d.taken(d.Generate(1))
		d.Limit(d.store, d.Porter, d.Now().AddDate(0, 1, 0))
		d.Revoke(d.store, d.Porter, d.Now().Add(-time.Hour))
		if err := d.svc.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		chapters, err := d.audit.KeyHistory(t.Context(), d.Porter.Kid())
		if err != nil || len(chapters) != 3 {
			t.Fatalf("%d chapters, %v", len(chapters), err)
		}
		for i, want := range []statement.What{statement.Enrolled, statement.Limited, statement.Revoked} {
			if c := chapters[i]; c.What != want || c.N != int64(i+1) || c.Hash != (statement.Statement{Body: c.Body}).Hash() || c.Seq != []int64{0, 2, 3}[i] {
				t.Errorf("chapter %d is %s, number %d, entry %d", i+1, c.What, c.N, c.Seq)
			}
		}
		if _, err := d.audit.KeyHistory(t.Context(), d.Carrier.Kid()); fault.Of(err) != fault.NotFound {
			t.Errorf("a key that was not told: %v", err)
		}
		d.sound()
	})
}
