package bundle_test

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"liandan/internal/batch"
	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/ledger"
	"liandan/internal/mass"
	"liandan/internal/rule"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

func wantVerdict(t *testing.T, r bundle.Report, want bundle.Verdict) {
	t.Helper()
	if r.Verdict != want {
		t.Errorf("the verdict is %s, want %s", r.Verdict, want)
		for _, l := range r.Broken {
			t.Logf("broken: %s %+v: %s", l.Check, l.Where, l.EN)
		}
		for _, f := range r.Findings {
			t.Logf("finding: %s: %s", f.Rule, f.EN)
		}
	}
}

func hasNote(r bundle.Report, code string) bool {
	for _, n := range r.Notes {
		if n.Code == code {
			return n.ZH != "" && n.EN != ""
		}
	}
	return false
}

func broke(r bundle.Report, check string) bool {
	for _, l := range r.Broken {
		if l.Check == check {
			return true
		}
	}
	return false
}

func TestSoundBatch(t *testing.T) {
	d := walk(t, 1, 12_345)
	r := d.check(d.batchBundle())
	wantVerdict(t, r, bundle.Sound)
	if len(r.Findings)+len(r.Remarks)+len(r.Broken)+len(r.Skipped) != 0 {
		t.Errorf("an honest chain has findings %v, remarks %v, broken %v", r.Findings, r.Remarks, r.Broken)
	}
	for _, l := range r.Lines {
		if !l.OK || l.Count == 0 || l.ZH == "" || l.EN == "" {
			t.Errorf("check %s: %+v", l.Check, l)
		}
	}
	if len(r.Story) != 8 || r.Story[0].Type != event.BatchGenerated || r.Story[7].Type != event.OutcomeReported || r.Story[2].Grams != 12_345 {
		t.Errorf("the story is %+v", r.Story)
	}
	if len(r.Finals) != 1 || r.Finals[0].State.Stage != batch.Reported || len(r.Finals[0].Missing) != 0 {
		t.Errorf("the end is %+v", r.Finals)
	}
	// The state that the file's replay gives is the log's own, to the last member.
	if !reflect.DeepEqual(r.Finals[0].State, d.mem.Batches[d.batches[0]]) {
		t.Errorf("replayed %+v\nlog says %+v", r.Finals[0].State, d.mem.Batches[d.batches[0]])
	}
	if hasNote(r, "log-key-from-file") || !hasNote(r, "as-of") || !hasNote(r, "makers-word") || r.Verdict.ExitCode() != 0 {
		t.Errorf("notes %v", r.Notes)
	}
}

func TestSoundSharedBatch(t *testing.T) {
	d := walk(t, 2, 1_000, 2_000, 3_000)
	r := d.check(d.batchBundle())
	wantVerdict(t, r, bundle.Sound)
	if !hasNote(r, "other-batches") {
		t.Error("the report does not say that other batches were not checked")
	}
	if !reflect.DeepEqual(r.Finals[0].State, d.mem.Batches[d.batches[0]]) {
		t.Errorf("replayed %+v\nlog says %+v", r.Finals[0].State, d.mem.Batches[d.batches[0]])
	}
}

func TestSoundManifest(t *testing.T) {
	d := walk(t, 3, 1_000, 2_000, 3_000)
	r := d.check(d.manifestBundle())
	wantVerdict(t, r, bundle.Sound)
	if r.Manifest == nil || !reflect.DeepEqual(*r.Manifest, d.mem.Manifests[d.manifest]) {
		t.Errorf("replayed %+v\nlog says %+v", r.Manifest, d.mem.Manifests[d.manifest])
	}
	var treated int64
	for _, b := range r.Balances {
		if b.Kind == mass.Treated {
			treated += int64(b.Grams)
		}
	}
	if len(r.Finals) != 3 || treated != 6_000 {
		t.Errorf("%d batches, %d g treated", len(r.Finals), treated)
	}
}

// TestEveryLength: a chain is sound at every stage, and says what is still owed.
func TestEveryLength(t *testing.T) {
	d := walk(t, 4, 5_000)
	full := d.batchBundle()
	for n := 1; n < len(full.Entries); n++ {
		b := full
		b.Entries = full.Entries[:n]
		b.Keys = signersOf(t, b)
		r := d.check(b)
		wantVerdict(t, r, bundle.Sound)
		if len(r.Finals) != 1 || len(r.Finals[0].Missing) == 0 {
			t.Errorf("after %d entries nothing is missing: %+v", n, r.Finals)
		}
		// What was left out cannot be seen, and the report must say exactly that.
		if !hasNote(r, "as-of") {
			t.Error("no note says that newer entries may have been left out")
		}
	}
}

func TestUnpinned(t *testing.T) {
	d := walk(t, 5, 5_000)
	o := d.options()
	o.Trusted = ""
	r := bundle.Check(d.batchBundle(), o)
	wantVerdict(t, r, bundle.Sound)
	if r.Pinned || !hasNote(r, "log-key-from-file") {
		t.Error("an unpinned file is not said to be unpinned")
	}
	o.Trusted = walk(t, 6, 1).w.VKey
	r = bundle.Check(d.batchBundle(), o)
	wantVerdict(t, r, bundle.Findings)
	if !broke(r, bundle.CheckCheckpoint) {
		t.Error("another log's key was taken")
	}
	o.Trusted = "not a key"
	wantVerdict(t, bundle.Check(d.batchBundle(), o), bundle.Findings)
	if bundle.CheckVKey(o.Trusted) == nil || bundle.CheckVKey(d.w.VKey) != nil {
		t.Error("CheckVKey")
	}
}

func TestWithoutRules(t *testing.T) {
	d := walk(t, 7, 5_000)
	r := bundle.Check(d.batchBundle(), bundle.Options{Trusted: d.w.VKey})
	wantVerdict(t, r, bundle.Sound)
	if !hasNote(r, "no-rules") || !hasNote(r, "no-catalogue") {
		t.Errorf("notes %v", r.Notes)
	}
}

func TestParallelIsTheSame(t *testing.T) {
	d := walk(t, 8, 1_000, 2_000)
	b := d.manifestBundle()
	b.Entries[3].Event[40] ^= 1
	o := d.options()
	one := bundle.Check(b, o)
	o.Each = parallel
	if many := bundle.Check(b, o); !reflect.DeepEqual(one, many) {
		t.Errorf("one after the other: %+v\nin parallel: %+v", one, many)
	}
}

// TestGramsMissing: a carrier that weighs less, and a consignee that takes a part.
func TestGramsMissing(t *testing.T) {
	l := newLog(t, 9)
	w := l.w
	a := l.put(w.Generate(10_000))
	x := a.Event.Batches[0].ID
	issued := l.put(w.Issue(a.Event.Batches...))
	lighter := w.Sign(w.Carrier, event.TransportCollected, event.Collected{Vehicle: "冀F00001"}, func(e *event.Event) {
		e.Manifest, e.Refs, e.Batches = issued.Event.Manifest, []id.Event{issued.Event.ID}, []event.Batch{w.Carrier.On(x, 9_400)}
	})
	delivered := l.put(w.Deliver(l.put(lighter)))
	l.put(w.Sign(w.Plant, event.ManifestAccepted, event.Accepted{Measured: event.OnScale}, func(e *event.Event) {
		e.Manifest, e.Refs = issued.Event.Manifest, []id.Event{delivered.Event.ID}
		line := w.Plant.On(x, 9_000)
		line.Verdict, line.RefusedGrams, line.Reason = event.Part, 400, "SAMPLE reason"
		e.Batches = []event.Batch{line}
	}))
	b := l.cut(bundle.OfBatch, x.UUID(), x)
	r := l.check(b)
	wantVerdict(t, r, bundle.Findings)
	var codes []rule.Code
	for _, f := range r.Findings {
		codes = append(codes, f.Rule)
		if f.Grams != 600 || f.ZH == "" || f.EN == "" {
			t.Errorf("finding %+v, want 600 g", f)
		}
	}
	if !reflect.DeepEqual(codes, []rule.Code{rule.GramsMoved, bundle.Difference}) || len(r.Broken) != 0 || r.Verdict.ExitCode() != 1 {
		t.Errorf("findings %v, broken %v", codes, r.Broken)
	}
	if s := r.Finals[0].State; s.Grams != 9_000 || s.Refused != 400 {
		t.Errorf("the end is %+v", s)
	}
	// The books find it even when nobody asks the rules.
	if r := bundle.Check(b, bundle.Options{Trusted: w.VKey}); len(r.Findings) != 1 || r.Findings[0].Rule != bundle.Difference {
		t.Errorf("without rules: %+v", r.Findings)
	}
}

// TestRemarks: a late phone that had seen nothing, an estimate, an unknown code.
func TestRemarks(t *testing.T) {
	l := newLog(t, 10)
	w := l.w
	a := l.put(w.Sign(w.Hospital, event.BatchGenerated, event.Generated{Code: "999-999-99", Form: "S", Packaging: "bag", Measured: event.Estimated},
		func(e *event.Event) { e.Batches = w.Generate(4_000).Event.Batches }))
	x := a.Event.Batches[0].ID
	late := w.Sign(w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: x}}
	})
	w.Advance(100 * time.Hour)
	l.put(late)
	r := l.check(l.cut(bundle.OfBatch, x.UUID(), x))
	wantVerdict(t, r, bundle.Sound)
	want := []rule.Code{rule.Unverified, rule.Estimate, rule.Unseen, rule.LateUpload}
	var got []rule.Code
	for _, f := range r.Remarks {
		got = append(got, f.Rule)
	}
	if !reflect.DeepEqual(got, want) || len(r.Findings) != 0 {
		t.Errorf("remarks %v, want %v; findings %v", got, want, r.Findings)
	}
}

// TestUnknownKind: an entry of a later kind is in the chain, but nobody here can read it.
func TestUnknownKind(t *testing.T) {
	l := newLog(t, 11)
	a := l.put(l.w.Generate(4_000))
	x := a.Event.Batches[0].ID
	body := []byte("a decision of a later version")
	s := l.mem.Batches[x]
	e := ledger.Entry{Seq: int64(len(l.lines)), RecordedAt: l.w.Now(), Kind: "decision", Hash: sum(body),
		Links: []ledger.Link{{Batch: x, N: s.N + 1, Prev: s.Head}}}
	l.append(e, body)
	s.N, s.Head, s.Seq = s.N+1, e.Leaf(), e.Seq
	l.mem.Batches[x] = s
	l.put(l.w.Issue(a.Event.Batches...))
	b := l.cut(bundle.OfBatch, x.UUID(), x)
	r := l.check(b)
	wantVerdict(t, r, bundle.Unchecked)
	if len(r.Skipped) != 1 || r.Verdict.ExitCode() != 2 || r.Finals[0].State.Stage != batch.Issued {
		t.Errorf("skipped %v, end %+v", r.Skipped, r.Finals)
	}
	b.Entries[1].Event = []byte("another decision")
	if r := l.check(b); r.Verdict != bundle.Findings || !broke(r, bundle.CheckEntry) {
		t.Errorf("another body of an unknown kind was not found: %+v", r.Broken)
	}
}

// TestFixture holds a file that was written once: later versions must still read it, and
// the command's golden output is about it.
func TestFixture(t *testing.T) {
	const file = "testdata/sound.json"
	if *update {
		b, err := bundle.Encode(walk(t, 42, 12_345).batchBundle())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Decode(kept)
	if err != nil {
		t.Fatal(err)
	}
	again, err := bundle.Encode(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(kept) {
		t.Error("the file in testdata is not what Encode writes")
	}
	if n := strings.Count(string(kept), "\n"); n != 15+len(b.Entries)+len(b.Keys) {
		t.Errorf("the file has %d lines; entries and keys should have one each", n)
	}
	wantVerdict(t, bundle.Check(b, bundle.Options{Trusted: b.VKey}), bundle.Sound)
}
