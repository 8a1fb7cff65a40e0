package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/event"
	"liandan/internal/id"
)

// A yard: what each step names and who signs it. Positions in the log are those of the list, from 100 on.
type signing struct {
	kind   event.Type
	who    byte
	seen   int   // position of the entry that was seen; -1: none
	refs   []int // positions of the entries that are named
	sheet  byte  // manifest; 0: none
	minute int
}

func follow(signed []signing) (out [][]int64) {
	var k Knowing
	for i, x := range signed {
		e := event.Event{ID: id.EventOf(id.V7(1, [10]byte{1, byte(i)})), Type: x.kind, At: noon.Add(time.Duration(x.minute) * time.Minute),
			Party: id.PartyOf(id.V7(1, [10]byte{2, x.who})), Person: id.PersonOf(id.V7(1, [10]byte{3, x.who})), Batches: []event.Batch{{ID: bag}}}
		if x.sheet > 0 {
			e.Manifest = id.ManifestOf(id.V7(1, [10]byte{4, x.sheet}))
		}
		if x.seen >= 0 {
			e.Batches[0].Seen = id.Hash{9, byte(x.seen)}
		}
		for _, r := range x.refs {
			e.Refs = append(e.Refs, id.EventOf(id.V7(1, [10]byte{1, byte(r)})))
		}
		out = append(out, k.Next(e, bag, int64(100+i), id.Hash{9, byte(i)}))
	}
	return out
}

const nurse, porter, driver, gate, inspector = 1, 2, 3, 4, 5

func TestWhatASignerKnew(t *testing.T) {
	born := signing{kind: event.BatchGenerated, who: nurse, seen: -1}
	released := signing{kind: event.BatchReleased, who: nurse, seen: -1, minute: 1}
	issued := signing{kind: event.ManifestIssued, who: porter, seen: 1, sheet: 1, minute: 3}
	for _, c := range []struct {
		name   string
		signed []signing
		want   string // log positions that the last signer did not know
	}{
		{"the first", []signing{born}, "[]"},
		{"one's own, by a phone that has no network", []signing{born, released}, "[]"},
		{"the giver's event is named, and the giver knew the rest", []signing{born, released, {kind: event.BatchReceived, who: porter, seen: -1, refs: []int{1}, minute: 2}}, "[]"},
		{"nobody told the second nurse", []signing{born, {kind: event.BatchStored, who: porter, seen: 0, minute: 1}, {kind: event.BatchStored, who: inspector, seen: 0, minute: 2}}, "[101]"},
		{"nor of anything", []signing{born, released, {kind: event.BatchStored, who: inspector, seen: -1, minute: 2}}, "[100 101]"},
		{"somebody spoke between the giver's word and the taker's", []signing{born, released, {kind: event.IncidentReported, who: inspector, seen: 1, minute: 2},
			{kind: event.BatchReceived, who: porter, seen: -1, refs: []int{1}, minute: 3}}, "[102]"},
		{"the giver did not know it either", []signing{born, {kind: event.IncidentReported, who: inspector, seen: 0, minute: 1}, {kind: event.BatchReleased, who: nurse, seen: -1, minute: 2},
			{kind: event.BatchReceived, who: porter, seen: -1, refs: []int{2}, minute: 3}}, "[101]"},
		{"the giver knew it, and answers for it", []signing{born, {kind: event.IncidentReported, who: inspector, seen: 0, minute: 1}, {kind: event.BatchReleased, who: nurse, seen: 1, minute: 2},
			{kind: event.BatchReceived, who: porter, seen: -1, refs: []int{2}, minute: 3}}, "[]"},
		{"who acts under a manifest knows its issue", []signing{born, released, issued, {kind: event.TransportCollected, who: driver, seen: -1, sheet: 1, minute: 4}}, "[]"},
		{"not that of another", []signing{born, released, issued, {kind: event.TransportCollected, who: driver, seen: -1, sheet: 2, minute: 4}}, "[100 101 102]"},
		{"a number given by the office changes nothing", []signing{born, released, {kind: event.ManifestNumbered, who: gate, seen: 1, minute: 2}, {kind: event.BatchStored, who: nurse, seen: 1, minute: 3}}, "[]"},
		{"what one signs later is not known in the morning", []signing{born, {kind: event.BatchStored, who: porter, seen: 0, minute: 60}, {kind: event.BatchReleased, who: nurse, seen: 1, minute: 120},
			{kind: event.BatchStored, who: nurse, seen: -1, minute: 30}}, "[101 102]"},
		{"a name of something that is not in the chain tells nothing", []signing{born, {kind: event.BatchReceived, who: porter, seen: -1, refs: []int{77}, minute: 2}}, "[100]"},
		{"nor does an entry of another log", []signing{born, {kind: event.BatchStored, who: porter, seen: 77, minute: 2}}, "[100]"},
	} {
		all := follow(c.signed)
		if got := fmt.Sprint(all[len(all)-1]); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The finding is silent about what was known otherwise, names what was not, and says as before
// what can be said of a step alone.
func TestTheUnseenAreNamed(t *testing.T) {
	s := sound()
	s.Batch.Seen = id.Hash{}
	if got := defaultBook(t).Examine(s.Judged(nil)); len(got) != 0 {
		t.Errorf("everything was known: %+v", got)
	}
	got := defaultBook(t).Examine(s.Judged([]int64{4, 7}))
	if len(got) != 1 || got[0].Rule != Unseen || got[0].Severity != Remark || !strings.Contains(got[0].ZH, "2 条记录（日志 4、7）") || !strings.Contains(got[0].EN, "2 earlier entries of the batch (log 4, 7)") {
		t.Errorf("%+v", got)
	}
	got = defaultBook(t).Examine(s.Judged([]int64{1, 2, 3, 4, 5, 6, 7}))
	if len(got) != 1 || !strings.Contains(got[0].EN, "7 earlier entries of the batch (log 1, 2, 3, 4, 5 …)") {
		t.Errorf("%+v", got)
	}
	if got := defaultBook(t).Examine(s); len(got) != 1 || got[0].Rule != Unseen {
		t.Errorf("without the chain: %+v", got)
	}
	if got := defaultBook(t).Examine(sound().Judged(nil)); len(got) != 0 {
		t.Errorf("whoever saw the newest entry: %+v", got)
	}
}

// Over random chains the fold says what walking the links from each signing says; seeing the
// newest entry silences it, and naming or seeing more never adds anything.
func TestKnowingIsWalkingTheLinks(t *testing.T) {
	types := []event.Type{event.BatchStored, event.IncidentReported, event.ManifestIssued, event.ManifestNumbered, event.OutcomeReported}
	said, silent := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(r, "entries")
		var all []signing
		for i := range n {
			x := signing{kind: rapid.SampledFrom(types).Draw(r, "type"), who: byte(rapid.IntRange(1, 4).Draw(r, "who")), seen: rapid.IntRange(-1, i-1).Draw(r, "seen"),
				sheet: byte(rapid.IntRange(0, 2).Draw(r, "sheet")), minute: rapid.IntRange(0, 20).Draw(r, "minute")}
			if i > 0 && rapid.Bool().Draw(r, "names") {
				x.refs = append(x.refs, rapid.IntRange(0, i-1).Draw(r, "ref"))
			}
			all = append(all, x)
		}
		got := follow(all)
		for i := range all {
			want := byWalking(all, i)
			if !slices.Equal(got[i], want) {
				r.Fatalf("entry %d: %v, by walking %v\n%+v", i, got[i], want, all)
			}
			if len(want) > 0 {
				said++
			} else if all[i].seen < i-1 {
				silent++
			}
		}
		last := n - 1
		more := slices.Clone(all)
		more[last].seen = last - 1
		if left := follow(more)[last]; len(left) != 0 {
			r.Fatalf("saw the newest entry, and does not know %v", left)
		}
		if last > 0 {
			more[last] = all[last]
			more[last].refs = append(slices.Clone(all[last].refs), rapid.IntRange(0, last-1).Draw(r, "one more"))
			for _, x := range follow(more)[last] {
				if !slices.Contains(got[last], x) {
					r.Fatalf("who names more knows less: %d", x)
				}
			}
		}
	})
	if said < 50 || silent < 50 {
		t.Errorf("%d said and %d silent prove nothing", said, silent)
	}
}

// byWalking goes from a signing along everything that its signer knew.
func byWalking(all []signing, i int) (out []int64) {
	met := map[int]bool{}
	var from func(int)
	from = func(i int) {
		x := all[i]
		for j := range i {
			y := all[j]
			own := y.who == x.who && y.minute <= x.minute
			if j <= x.seen {
				met[j] = true // with all before it, so nothing is left to walk
			} else if !met[j] && (own || slices.Contains(x.refs, j) || y.kind == event.ManifestIssued && y.sheet > 0 && y.sheet == x.sheet) {
				met[j] = true
				from(j)
			}
		}
	}
	from(i)
	for j := range i {
		if !met[j] && all[j].kind != event.ManifestNumbered && all[j].kind != event.OutcomeReported {
			out = append(out, int64(100+j))
		}
	}
	return out
}
