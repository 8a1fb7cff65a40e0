package record_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/record"
)

// failing is a store that breaks when it is told to.
type failing struct {
	record.Store
	mode atomic.Int32
}

// The ways to break.
const (
	works      int32 = iota
	unreached        // no transaction begins
	midway           // everything was written, then the connection is gone: rolled back
	unanswered       // committed, but the answer got lost
	blind            // transactions work, readings do not
)

var errBroken = errors.New("SAMPLE: the connection broke")

func (f *failing) Update(ctx context.Context, fn func(record.Tx) error) error {
	switch f.mode.Load() {
	case unreached:
		return errBroken
	case midway:
		return f.Store.Update(ctx, func(tx record.Tx) error { return errors.Join(fn(tx), errBroken) })
	case unanswered:
		return errors.Join(f.Store.Update(ctx, fn), errBroken)
	}
	return f.Store.Update(ctx, fn)
}

func (f *failing) View(ctx context.Context, fn func(record.Reader) error) error {
	if m := f.mode.Load(); m == blind || m == unreached {
		return errBroken
	}
	return f.Store.View(ctx, fn)
}

// broken puts a failing store under a desk.
func broken(d *desk) *failing {
	f := &failing{Store: d.store}
	d.svc = d.Intake(f)
	return f
}

// TestStoreBreaks breaks the store in every way before each event of a chain. The sender
// learns that it is unavailable, and sending again gives the first receipt.
func TestStoreBreaks(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		f := broken(d)
		for i, e := range d.tell(1, true, true, false).events {
			for _, mode := range []int32{unreached, midway, unanswered} {
				f.mode.Store(mode)
				d.refused(e.JWS, fault.Unavailable)
				if want := int64(i); mode != unanswered && d.size() != want {
					t.Fatalf("%s: after break %d the log has %d entries, want %d", e.Event.Type, mode, d.size(), want)
				}
				if _, err := d.svc.Validate(t.Context(), e.JWS); mode == unreached && fault.Of(err) != fault.Unavailable {
					t.Errorf("the dry run says %v", err)
				}
			}
			f.mode.Store(works)
			r := d.svc.Accept(t.Context(), e.JWS)
			if r.Err != nil || !r.Repeat || d.verified(r.Receipt).Seq != int64(i) {
				t.Fatalf("%s again: %+v", e.Event.Type, r)
			}
			f.mode.Store(blind) // durable, but nobody can read the receipt
			d.refused(e.JWS, fault.Unavailable)
			f.mode.Store(works)
			if again := d.svc.Accept(t.Context(), e.JWS); again.Err != nil || !bytes.Equal(again.Receipt.Proof, r.Receipt.Proof) {
				t.Errorf("%s a third time: %+v", e.Event.Type, again)
			}
			d.sound()
		}
	})
}

// TestStoreBreaksUnderLoad breaks it again and again while several senders are at work,
// each of whom sends again until it has its receipts.
func TestStoreBreaksUnderLoad(t *testing.T) { both(t, breakUnderLoad) }

func breakUnderLoad(t *testing.T, d *desk) {
	f := broken(d)
	var stories []story
	for range 6 {
		stories = append(stories, d.tell(2, true, false, true))
	}
	done := make(chan struct{})
	var breaker, senders sync.WaitGroup
	breaker.Go(func() {
		random := rand.New(rand.NewPCG(rand.Uint64(), 2))
		for {
			select {
			case <-done:
				f.mode.Store(works)
				return
			case <-time.After(time.Duration(random.IntN(4)) * time.Millisecond):
				f.mode.Store(random.Int32N(blind + 1))
			}
		}
	})
	box := &receipts{at: map[id.Hash]*record.Receipt{}}
	for i, s := range stories {
		senders.Go(func() { box.insist(t, d, s.events, i%2 == 0) })
	}
	senders.Wait()
	close(done)
	breaker.Wait()
	box.stand(t, d)
	d.sound()
}

// receipts are what senders were given, by the hash of what they sent.
type receipts struct {
	mu sync.Mutex
	at map[id.Hash]*record.Receipt
}

// keep remembers a receipt; another one for the same bytes must name the same entry.
func (b *receipts) keep(t *testing.T, r *record.Receipt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if was, there := b.at[r.Hash]; there && was.Seq != r.Seq {
		t.Errorf("event %s had a receipt of entry %d and now has one of %d", r.Event, was.Seq, r.Seq)
	}
	b.at[r.Hash] = r
}

// insist sends a story until every event has its receipt: alone, or all in one upload.
func (b *receipts) insist(t *testing.T, d *desk, events []intaketest.Signed, alone bool) {
	deadline := time.Now().Add(time.Minute)
	for len(events) > 0 && time.Now().Before(deadline) && !t.Failed() {
		n := len(events)
		if alone {
			n = 1
		}
		lines := make([][]byte, n)
		for i := range lines {
			lines[i] = events[i].JWS
		}
		block := d.svc.Begin(context.Background(), lines)
		var open []intaketest.Signed
		for i := range lines {
			r := block.Wait(context.Background(), i)
			switch {
			case r.Err == nil:
				b.keep(t, r.Receipt)
				continue
			case !r.Held && fault.Of(r.Err) != fault.Unavailable:
				t.Errorf("%s: %v", events[i].Event.Type, r.Err)
			}
			open = append(open, events[i])
		}
		events = append(open, events[n:]...)
	}
	if len(events) > 0 {
		t.Errorf("%d events have no receipt", len(events))
	}
}

// stand holds every receipt against the log.
func (b *receipts) stand(t *testing.T, d *desk) {
	t.Helper()
	times, at := d.log()
	for hash, r := range b.at {
		d.verified(r)
		k := at[r.Event]
		if times[r.Event] != 1 || k.Seq != r.Seq || k.Hash != hash || !bytes.Equal(k.Entry, r.Entry) {
			t.Errorf("the receipt of %s names entry %d, the log has the event %d times, at %d", r.Event, r.Seq, times[r.Event], k.Seq)
		}
	}
	if len(b.at) == 0 {
		t.Error("nobody got a receipt")
	}
}

// TestCloseUnderLoad closes the intake while senders are at work. Whoever has a receipt has
// an entry; whoever has none is told that the intake stops; and the next intake goes on.
func TestCloseUnderLoad(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		var stories []story
		for range 8 {
			stories = append(stories, d.tell(1, true, false, false))
		}
		box := &receipts{at: map[id.Hash]*record.Receipt{}}
		var begun atomic.Int32
		var senders sync.WaitGroup
		for i, s := range stories {
			senders.Go(func() {
				for _, e := range s.events {
					r := d.svc.Accept(context.Background(), e.JWS)
					if fault.Of(r.Err) == fault.Unavailable {
						return
					}
					if r.Err != nil {
						t.Errorf("%s: %v", e.Event.Type, r.Err)
						return
					}
					box.keep(t, r.Receipt)
					begun.Add(1)
				}
				if i == 0 {
					t.Log("a sender was through before the intake closed")
				}
			})
		}
		for begun.Load() < 20 {
			time.Sleep(time.Millisecond)
		}
		d.svc.Close()
		d.svc.Close() // twice does no harm
		senders.Wait()
		box.stand(t, d)
		d.refused(stories[0].events[0].JWS, fault.Unavailable)
		d.sound()
		d.svc = d.Intake(d.store)
		for _, s := range stories {
			box.insist(t, d, s.events, false)
		}
		box.stand(t, d)
		d.sound()
	})
}

// TestCallerGivesUp ends a request while its event is on its way: the answer says that it
// may be recorded, and it is.
func TestCallerGivesUp(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		bag := d.Generate(100)
		ctx, cancel := context.WithCancel(context.Background())
		slow := &stalled{Store: d.store, begun: make(chan struct{}), goOn: make(chan struct{})}
		svc := d.Intake(slow)
		go func() {
			<-slow.begun
			cancel()
		}()
		if r := svc.Accept(ctx, bag.JWS); fault.Of(r.Err) != fault.Unavailable {
			t.Errorf("got %+v", r)
		}
		close(slow.goOn)
		if r := svc.Accept(context.Background(), bag.JWS); r.Err != nil || !r.Repeat {
			t.Errorf("again: %+v", r)
		}
		d.sound()
	})
}

// stalled begins no transaction before it is told to.
type stalled struct {
	record.Store
	once        sync.Once
	begun, goOn chan struct{}
}

func (s *stalled) Update(ctx context.Context, fn func(record.Tx) error) error {
	s.once.Do(func() { close(s.begun) })
	<-s.goOn
	return s.Store.Update(ctx, fn)
}
