package record_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/audit"
	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/manifest"
	"liandan/internal/record"
)

// TestOrderOfArrivalDoesNotMatter shuffles, repeats and delays uploads in groups of any
// size. Whether senders try again or leave it to the quarantine, every event is in the log
// once and the states are those of the days as they happened.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		rapid.Check(t, func(rt *rapid.T) {
			stories := d.draw(rt)
			arrivals := arrive(rt, stories, false)
			m := &mail{d: d, rt: rt, first: map[id.Hash]int64{}}
			m.deliver(arrivals)
			if rapid.Bool().Draw(rt, "resend") {
				m.resend()
			}
			d.asHappened(rt, stories)
			d.sound()
		})
	})
}

// TestWhateverTheOrderNothingIsLost lets manifests overtake what they ought to follow:
// then the log may take another way, but every signed event is in the log once or kept in
// quarantine, and the store is sound.
func TestWhateverTheOrderNothingIsLost(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		rapid.Check(t, func(rt *rapid.T) {
			stories := d.draw(rt)
			m := &mail{d: d, rt: rt, first: map[id.Hash]int64{}}
			m.deliver(arrive(rt, stories, true))
			times, _ := d.log()
			held := d.held()
			for _, s := range stories {
				for _, e := range s.events {
					h := hashOf(d, e)
					kept, there := held[h]
					waits := there && kept.State == "waiting"
					if n := times[e.Event.ID]; n > 1 || (n == 1) == waits {
						rt.Fatalf("%s is %d times in the log, waiting: %v", e.Event.Type, n, waits)
					}
				}
			}
			d.sound()
		})
	})
}

// draw signs one to three stories.
func (d *desk) draw(rt *rapid.T) []story {
	var out []story
	for range rapid.IntRange(1, 3).Draw(rt, "stories") {
		out = append(out, d.tell(rapid.IntRange(1, 3).Draw(rt, "batches"), rapid.Bool().Draw(rt, "moved"),
			rapid.Bool().Draw(rt, "part"), rapid.Bool().Draw(rt, "halves")))
	}
	return out
}

// arrive draws an order of arrival with repeats. Unless it is free, what happened inside
// a house arrives before the manifest that ends it.
func arrive(rt *rapid.T, stories []story, free bool) []intaketest.Signed {
	type place struct{ story, event int }
	var places []place
	for i, s := range stories {
		for n := range s.events {
			places = append(places, place{i, n})
		}
	}
	var out []intaketest.Signed
	met := map[place]bool{}
	put := func(p place) {
		if !met[p] {
			met[p] = true
			out = append(out, stories[p.story].events[p.event])
		}
	}
	order := rapid.Permutation(places).Draw(rt, "order")
	for _, p := range order {
		if inner := stories[p.story].inner; p.event == inner && !free {
			for _, q := range order {
				if q.story == p.story && q.event < inner {
					put(q)
				}
			}
		}
		put(p)
	}
	for range rapid.IntRange(0, 8).Draw(rt, "repeats") {
		from := rapid.IntRange(0, len(out)-1).Draw(rt, "repeated")
		out = slices.Insert(out, rapid.IntRange(from, len(out)).Draw(rt, "at"), out[from])
	}
	return out
}

// mail carries events to the intake and remembers what was answered.
type mail struct {
	d     *desk
	rt    *rapid.T
	first map[id.Hash]int64 // receipts, by the hash of the bytes
	open  []intaketest.Signed
}

// deliver sends in groups of a drawn size: one alone as a single upload.
func (m *mail) deliver(events []intaketest.Signed) {
	for len(events) > 0 {
		n := min(rapid.SampledFrom([]int{1, 1, 2, 5, 40}).Draw(m.rt, "group"), len(events))
		group := events[:n]
		events = events[n:]
		if n == 1 {
			m.heard(group[0], m.d.svc.Accept(context.Background(), group[0].JWS))
		} else {
			lines := make([][]byte, n)
			for i, e := range group {
				lines[i] = e.JWS
			}
			b := m.d.svc.Begin(context.Background(), lines)
			for i, e := range group {
				m.heard(e, b.Wait(context.Background(), i))
			}
		}
		if m.d.size() < 120 { // a check of every step gets slow in a long log
			m.d.sound()
		}
	}
}

func (m *mail) heard(e intaketest.Signed, r record.Result) {
	switch {
	case r.Err == nil:
		m.d.verified(r.Receipt)
		if was, there := m.first[r.Receipt.Hash]; there && was != r.Receipt.Seq {
			m.rt.Fatalf("%s got a receipt for entry %d and then one for %d", e.Event.Type, was, r.Receipt.Seq)
		}
		m.first[r.Receipt.Hash] = r.Receipt.Seq
	case r.Held:
		m.open = append(m.open, e)
	default:
		m.rt.Fatalf("%s was refused and not kept: %v", e.Event.Type, r.Err)
	}
}

// resend sends again what was held, until all have receipts.
func (m *mail) resend() {
	for range 3 {
		again := m.open
		m.open = nil
		if m.deliver(again); len(m.open) == 0 {
			return
		}
	}
	m.rt.Fatalf("%d events are still refused, the first is %s", len(m.open), m.open[0].Event.Type)
}

// asHappened compares log and states with the stories folded in their own order.
func (d *desk) asHappened(rt *rapid.T, stories []story) {
	times, at := d.log()
	held := d.held()
	want := chain.NewMemory()
	for _, s := range stories {
		for _, e := range s.events {
			if times[e.Event.ID] != 1 {
				rt.Fatalf("%s is %d times in the log", e.Event.Type, times[e.Event.ID])
			}
			k := at[e.Event.ID]
			if !bytes.Equal(k.Body, e.JWS) {
				rt.Fatalf("%s: the log keeps other bytes", e.Event.Type)
			}
			if h, there := held[k.Hash]; there && (h.State != "admitted" || h.Seq != k.Seq) {
				rt.Fatalf("%s is entry %d, but the quarantine says %q %d", e.Event.Type, k.Seq, h.State, h.Seq)
			}
			if err := chain.Check(want, e.Event); err != nil {
				rt.Fatalf("the story itself is out of order: %v", err)
			}
			want.Keep(chain.Place(want, e.Event, k.Hash, k.Seq, d.Now()))
		}
	}
	d.read(func(r audit.Reader) error {
		bs, err := r.Batches(ids(want.Batches))
		if err != nil {
			return err
		}
		ms, err := r.Manifests(ids(want.Manifests))
		for b, s := range want.Batches {
			same(rt, "batch", timeless(s), timeless(bs[b]))
		}
		for m, s := range want.Manifests {
			same(rt, "manifest", unordered(s), unordered(ms[m]))
		}
		return err
	})
}

func ids[K comparable, V any](m map[K]V) (out []K) {
	for k := range m {
		out = append(out, k)
	}
	return out
}

// timeless takes the places in the log out of a batch's state.
func timeless(s batch.State) batch.State {
	s.Seq, s.Head = 0, id.Hash{}
	return s
}

// unordered takes the places in the log out of a manifest's state.
func unordered(s manifest.State) manifest.State {
	s.Seq = 0
	s.Events = slices.SortedFunc(slices.Values(s.Events), func(a, b id.Event) int {
		return bytes.Compare([]byte(a.String()), []byte(b.String()))
	})
	return s
}

func same(rt *rapid.T, what string, want, got any) {
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(got)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		rt.Fatalf("%s:\n in order %s\n arrived  %s", what, a, b)
	}
}

// hashOf is the hash of an event's exact bytes.
func hashOf(d *desk, s intaketest.Signed) id.Hash {
	p, err := d.svc.Prepare(context.Background(), s.JWS)
	if err != nil || p.Event.Type != s.Event.Type || p.Event.Type == event.UseRecorded {
		d.t.Fatalf("%s does not prepare: %v", s.Event.Type, err)
	}
	return p.Signed.Hash()
}
