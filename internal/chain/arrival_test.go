package chain_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/batch"
	"liandan/internal/chain"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// TestAnyOrderOfArrival lets the events of a walk arrive in any order; what may not come
// yet waits and is tried again. The law, the books and the links hold at every step, and a
// batch whose events were let in one after the other as they happened ends as it did.
func TestAnyOrderOfArrival(t *testing.T) {
	whole, same, mended := 0, 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWalk(r)
		for range rapid.IntRange(2, 40).Draw(r, "steps") {
			e, _ := w.next()
			if w.pick(4, "mend") == 0 {
				if c, ok := w.correct(); ok {
					e = c
				}
			}
			w.try(e)
		}
		mended += w.mended()
		late := newWalk(r)
		late.batches, late.sheets = w.batches, w.sheets
		var waiting []event.Event
		for _, i := range rapid.Permutation(numbers(len(w.log))).Draw(r, "arrival") {
			waiting = append(waiting, w.log[i].event)
			for moved := true; moved; {
				moved = false
				slices.SortFunc(waiting, func(a, b event.Event) int { return a.At.Compare(b.At) })
				for k, e := range waiting {
					before := len(late.log)
					late.try(e)
					if len(late.log) > before {
						waiting = slices.Delete(waiting, k, k+1)
						moved = true
						break
					}
				}
			}
		}
		if len(waiting) == 0 {
			whole++
		}
		a, b := w.histories(), late.histories()
		for x, h := range a {
			if !slices.Equal(h, b[x]) || !kinAlike(w, a, b, x) {
				continue
			}
			same++
			if p, q := plain(r, w.world.Batch(x)), plain(r, late.world.Batch(x)); p != q {
				r.Fatalf("the same events in the same order, two states:\n%s\n%s", p, q)
			}
		}
	})
	if mended == 0 {
		t.Error("no correction was ever agreed to")
	}
	if whole == 0 || same < 50 {
		t.Errorf("%d walks arrived whole, %d batches could be compared: too few to prove anything", whole, same)
	}
}

// try offers an event; of a correction the chain alone says whether it may come, which
// TestCorrections holds against what it does.
func (w *walk) try(e event.Event) {
	if !e.Type.Mends() {
		w.offer(e)
		return
	}
	err := chain.Check(w.world, e)
	if k := fault.Of(err); err != nil && k != fault.WrongStage && k != fault.NotCustodian && k != fault.InvalidEvent {
		w.r.Fatalf("%s: %v", e.Type, err)
	}
	if err == nil {
		w.take(e)
	}
}

// mended counts the agreed corrections of a walk.
func (w *walk) mended() (n int) {
	for _, s := range w.world.Batches {
		for _, c := range s.Corrections {
			if c.Status == batch.CorrectionAgreed {
				n++
			}
		}
	}
	return n
}

func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// histories lists the events of each batch in the order of the log.
func (w *walk) histories() map[id.Batch][]id.Event {
	out := map[id.Batch][]id.Event{}
	for _, x := range w.log {
		for _, b := range x.event.Touched() {
			out[b] = append(out[b], x.event.ID)
		}
	}
	return out
}

// kinAlike says whether all that a batch was made of has the same history too.
func kinAlike(w *walk, a, b map[id.Batch][]id.Event, x id.Batch) bool {
	for _, p := range w.world.Batch(x).Parents {
		if !slices.Equal(a[p], b[p]) || !kinAlike(w, a, b, p) {
			return false
		}
	}
	return true
}

// plain is a state without its place in the log.
func plain(r *rapid.T, s batch.State) string {
	s.Head, s.Seq = id.Hash{}, 0
	b, err := json.Marshal(s)
	if err != nil {
		r.Fatal(err)
	}
	return string(b)
}

// Nobody's signature changes what another party signed: an event leaves every batch and
// every manifest that it does not name as it was, and the lines of those that it names keep
// what was said at issue, collection and acceptance.
func TestSealed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWalk(r)
		for range rapid.IntRange(2, 40).Draw(r, "steps") {
			batches, sheets := maps.Clone(w.world.Batches), maps.Clone(w.world.Manifests)
			n := len(w.log)
			e, _ := w.next()
			if w.offer(e); len(w.log) == n {
				continue
			}
			touched := e.Touched()
			for x, was := range batches {
				is := w.world.Batch(x)
				if !slices.Contains(touched, x) && plain(r, was) != plain(r, is) {
					r.Fatalf("%s changed batch %s, which it does not name", e.Type, x)
				}
				if was.N > 0 && (is.Code != was.Code || is.Initial != was.Initial || is.BornAt != was.BornAt || is.Generator != was.Generator || is.Label != was.Label) {
					r.Fatalf("%s changed what was said when the batch began: %+v, was %+v", e.Type, is, was)
				}
			}
			for x, was := range sheets {
				is := w.world.Manifest(x)
				if is.Carrier != was.Carrier || is.Consignee != was.Consignee || is.IssuedAt != was.IssuedAt || len(is.Lines) < len(was.Lines) || len(is.Legs) < len(was.Legs)-1 {
					r.Fatalf("%s changed what the consignor said: %+v, was %+v", e.Type, is, was)
				}
				for i, l := range was.Lines {
					now := is.Lines[i]
					if now.Batch != l.Batch || now.Issued != l.Issued || l.Collected > 0 && now.Collected != l.Collected || l.Verdict != "" && (now.Verdict != l.Verdict || now.Accepted != l.Accepted || now.Refused != l.Refused) {
						r.Fatalf("%s changed line %+v into %+v", e.Type, l, now)
					}
				}
			}
		}
	})
}
