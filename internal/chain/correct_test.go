package chain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
	"liandan/internal/mass"
	"liandan/internal/profile"
	"liandan/internal/waste"
)

// correct proposes a correction of something that was signed, or answers one; false when
// there is nothing yet.
func (w *walk) correct() (e event.Event, ok bool) {
	var there []id.Batch
	for _, b := range w.batches {
		if w.world.Batch(b).N > 0 {
			there = append(there, b)
		}
	}
	if len(there) == 0 {
		return e, false
	}
	b := there[w.pick(len(there), "batch")]
	if cs := w.world.Batch(b).Corrections; len(cs) > 0 && w.pick(4, "answer") > 0 {
		return w.answer(cs[w.pick(len(cs), "correction")]), true
	}
	return w.propose(b)
}

func (w *walk) answer(c batch.Correction) event.Event {
	by := parties[w.pick(len(parties), "by")]
	if waiting := c.Waiting(); len(waiting) > 0 && w.pick(5, "asked") > 0 {
		by = waiting[w.pick(len(waiting), "who")]
	}
	e := w.begin(event.CorrectionAgreed, by)
	e.Manifest, e.Refs, e.Data = c.Manifest, []id.Event{c.ID}, event.Consent{}
	if w.pick(8, "decline") == 0 {
		e.Type, e.Data = event.CorrectionDeclined, event.Dissent{Reason: "x"}
	}
	for _, b := range w.batches {
		s := w.world.Batch(b)
		if _, has := s.Correction(c.ID); has {
			e.Batches = append(e.Batches, event.Batch{ID: b, Seen: s.Head})
		}
	}
	return e
}

func (w *walk) propose(b id.Batch) (e event.Event, ok bool) {
	said := w.world.Chain(b)
	was := said[w.pick(len(said), "event")].Event
	var fields []string
	for f, class := range profile.Default()[0].Types[was.Type].Fields {
		if class == profile.Correct && !strings.HasSuffix(f, "refused_grams") { // the test keeps its own count of those
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return e, false
	}
	slices.Sort(fields)
	at := fields[w.pick(len(fields), "field")]
	i := slices.IndexFunc(was.Batches, func(x event.Batch) bool { return x.ID == b })
	if d, packed := was.Data.(event.Repacked); packed && strings.Contains(at, "children") {
		i = slices.IndexFunc(d.Children, func(x event.Child) bool { return x.ID == b })
	}
	if i < 0 || strings.Contains(at, "residues") {
		return e, false
	}
	at = strings.Replace(at, "*", fmt.Sprint(i), 1)
	old := w.now(b, was, at)
	c := event.Change{Pointer: at, Old: old, New: w.other(at, old)}
	if c.Old == c.New {
		return e, false
	}
	e = w.begin(event.CorrectionProposed, was.Party)
	e.Manifest, e.Refs = was.Manifest, []id.Event{was.ID}
	d := event.Correction{Changes: []event.Change{c}, Until: e.At.Add(24 * time.Hour), Reason: "x"}
	for _, o := range was.Owners(at) {
		e.Batches = append(e.Batches, event.Batch{ID: o, Seen: w.world.Batch(o).Head})
		for _, p := range chain.Concerned(w.world.Chain(o), was, &e) {
			if p != e.Party && !slices.Contains(d.Parties, p) {
				d.Parties = append(d.Parties, p)
			}
		}
	}
	e.Data = d
	return e, true
}

// now is what a field says by the test's own reckoning: the last agreed change, or the event.
func (w *walk) now(b id.Batch, was event.Event, at string) event.Value {
	v, _ := was.Value(at)
	closed := int64(-1)
	for _, c := range w.world.Batch(b).Corrections {
		for _, x := range c.Changes {
			if c.Event == was.ID && c.Status == batch.CorrectionAgreed && x.Pointer == at && c.ClosedN > closed {
				v, closed = x.New, c.ClosedN
			}
		}
	}
	return v
}

func (w *walk) other(at string, old event.Value) event.Value {
	text := func(list ...string) event.Value { return event.Value(`"` + list[w.pick(len(list), "value")] + `"`) }
	switch name := at[strings.LastIndexByte(at, '/')+1:]; name {
	case "grams", "residue_grams":
		var g waste.Grams
		_, _ = fmt.Sscan(string(old), &g)
		return event.Value(fmt.Sprint(int64(w.weigh(g))))
	case "packages":
		return event.Value(fmt.Sprint(1 + w.pick(9, "packages")))
	case "temperature_dc":
		return "-35"
	case "code":
		return text("841-001-01", "900-249-08", "841-003-01")
	case "method":
		return text("D10", "R1", "Y11")
	case "form":
		return text("S", "L")
	case "packaging":
		return text("bag", "box")
	case "measured":
		return text("weighed", "estimated")
	case "number":
		return text("20261306000001", "20261306000002")
	}
	return text("甲", "乙")
}

// TestCorrections walks with corrections of whatever may be corrected. What is agreed counts
// in states, lines and books; what is not changes nothing but the list; nothing is ever
// blocked; and the books always say what they would say had it been said right from the start.
func TestCorrections(t *testing.T) {
	counted, moved := map[string]int{}, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWalk(r)
		for range rapid.IntRange(2, 50).Draw(r, "steps") {
			if rapid.IntRange(0, 2).Draw(r, "kind") > 0 {
				e, _ := w.next()
				w.offer(e)
				continue
			}
			e, ok := w.correct()
			if !ok {
				continue
			}
			before := dump(r, w.world)
			err := chain.Check(w.world, e)
			if dump(r, w.world) != before {
				r.Fatal("Check changed the world")
			}
			if k := fault.Of(err); err != nil && k != fault.WrongStage && k != fault.NotCustodian && k != fault.InvalidEvent {
				r.Fatalf("%s: %v", e.Type, err)
			}
			if err != nil {
				continue
			}
			was := w.world.Batch(e.Batches[0].ID)
			w.take(e)
			is := w.world.Batch(e.Batches[0].ID)
			c, done := chain.Settled(e, was, is)
			switch {
			case done:
				counted[c.Changes[0].Pointer]++
				if len(c.Agreed) != len(c.Parties) {
					r.Fatalf("it counts with %d of %d parties: %+v", len(c.Agreed), len(c.Parties), c)
				}
				if was.Grams != is.Grams || was.Code != is.Code {
					moved++
				}
			case was.Grams != is.Grams || was.Code != is.Code || was.Initial != is.Initial || was.Packaging != is.Packaging:
				r.Fatalf("%s changed the batch: %+v, was %+v", e.Type, is, was)
			}
		}
		for _, b := range w.batches {
			w.righted(b)
		}
		again := chain.NewMemory()
		for i, x := range w.log {
			again.Keep(chain.Place(again, x.event, x.hash, int64(i), x.at))
		}
		if a, b := dump(r, w.world), dump(r, again); a != b {
			r.Fatalf("folded twice, two worlds:\n%s\n%s", a, b)
		}
	})
	if len(counted) < 8 || moved == 0 {
		t.Errorf("corrections that counted: %v, of which %d moved grams or codes: too few to prove anything", counted, moved)
	}
}

// righted books a batch's chain as if every agreed correction had been said right at once,
// and holds that against what was posted step by step.
func (w *walk) righted(b id.Batch) {
	var ps []mass.Posting
	var s batch.State
	for _, x := range w.world.Chain(b) {
		e := x.Event
		for _, at := range changed1(w.world.Batch(b), e.ID) {
			var err error
			if e, err = e.With([]event.Change{{Pointer: at, New: w.now(b, x.Event, at)}}); err != nil {
				w.r.Fatal(err)
			}
		}
		i := slices.IndexFunc(e.Batches, func(l event.Batch) bool { return l.ID == b })
		if i < 0 {
			return // begun by another batch's event: its parents would have to be righted too
		}
		ps = append(ps, mass.Post(e, e.Batches[i], s)...)
		s = s.Apply(e, e.Batches[i], x.At)
	}
	want, got := mass.Balances(ps), mass.Balances(w.postings[b])
	if len(want) != len(got) {
		w.r.Fatalf("accounts %v, want %v", got, want)
	}
	for a, g := range want {
		if got[a] != g {
			w.r.Fatalf("%s has %d g, want %d", a, got[a], g)
		}
	}
}

func changed1(s batch.State, e id.Event) (out []string) {
	for _, c := range s.Corrections {
		for _, x := range c.Changes {
			if c.Event == e && c.Status == batch.CorrectionAgreed && !slices.Contains(out, x.Pointer) {
				out = append(out, x.Pointer)
			}
		}
	}
	return out
}
