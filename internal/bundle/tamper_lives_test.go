package bundle_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/intaketest"
	"liandan/internal/statement"
)

// lossOf is a log with all that can happen to keys: one handed over, one lost and reported
// late with an event before the loss, one between that was admitted, and one cut short.
func lossOf(t testing.TB, seed byte) (*town, bundle.Bundle) {
	l := newTown(t, seed).all()
	made, _ := l.bag()
	next := l.w.Enrol(l.w.Porter.Party, false)
	next.Person, next.Site = l.w.Porter.Person, l.w.Porter.Site
	jws, err := l.w.Porter.SignRotation(next, l.w.Now())
	l.must(err)
	l.begin(next, statement.Key{What: statement.Rotated, Replaces: l.w.Porter.Kid(), Proof: string(jws)})
	l.tell(l.w.Porter.Kid(), statement.Key{What: statement.Limited, From: intaketest.Start.AddDate(0, -1, 0), To: l.w.Now().AddDate(0, 0, 7)})
	l.w.Advance(time.Minute)
	lost := l.w.Now()
	doubtful := l.w.Sign(next, event.BatchStored, event.Stored{Place: "SAMPLE other store"}, func(e *event.Event) {
		e.Batches = []event.Batch{{ID: made.Event.Batches[0].ID}}
	})
	l.w.Advance(time.Hour)
	l.revoke(next, lost)
	l.revoke(l.w.Hospital, lost)
	l.put(l.rule(doubtful, event.Admit))
	l.put(doubtful)
	return l, l.of(made)
}

func TestLossIsSound(t *testing.T) {
	l, b := lossOf(t, 60)
	r := l.check(b)
	wantVerdict(t, r, bundle.Sound)
	// The first is the nurse's, before the loss; the porter's old key was only retired; who
	// stored the bag last saw nothing of it, but had stored it before, seeing all.
	if codes(r) != "|key-revoked-later ruling-admitted" || len(r.Broken) != 0 || r.Statements != 7 || r.Rulings != 1 {
		t.Errorf("%s, %d statements, %d rulings, broken %+v", codes(r), r.Statements, r.Rulings, r.Broken)
	}
	o := l.options()
	o.Each = parallel
	if many := bundle.Check(b, o); !reflect.DeepEqual(many, r) {
		t.Errorf("in parallel: %+v", many)
	}
}

// statementOf finds the first chapter of that sort.
func statementOf(b *bundle.Bundle, what statement.What) *bundle.Statement {
	for i := range b.Statements {
		if c, err := statement.ParseKey(b.Statements[i].Body); err == nil && c.What == what {
			return &b.Statements[i]
		}
	}
	return nil
}

func withLives(other bundle.Bundle) []tampering {
	return []tampering{
		{"effective date", bundle.CheckLife, func(b *bundle.Bundle) {
			s := statementOf(b, statement.Revoked)
			s.Body = replace(s.Body, `"effective":"2026`, `"effective":"2027`)
		}},
		{"blank in a statement", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements[0].Body = append(b.Statements[0].Body, ' ') }},
		{"statement of another", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements[1].Body = b.Statements[0].Body }},
		{"statement of another log", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements[0] = other.Statements[0] }},
		{"entry of a statement", bundle.CheckLife, func(b *bundle.Bundle) {
			b.Statements[0].Entry = replace(b.Statements[0].Entry, `"recorded_at":"2026`, `"recorded_at":"2027`)
		}},
		{"kind of a statement", bundle.CheckLife, func(b *bundle.Bundle) {
			b.Statements[0].Entry = replace(b.Statements[0].Entry, `"key"`, `"act"`)
		}},
		{"index of a statement", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements[len(b.Statements)-1].Index++ }},
		{"proof of a statement", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements[2].Proof[0][0] ^= 1 }},
		{"proof of a statement cut", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements[2].Proof = b.Statements[2].Proof[1:] }},
		{"an event as a statement", bundle.CheckLife, func(b *bundle.Bundle) {
			e := b.Entries[0]
			b.Statements[0] = bundle.Statement{Index: e.Index, Entry: e.Entry, Body: e.Event, Proof: e.Proof}
		}},
		{"statements swapped", bundle.CheckForm, func(b *bundle.Bundle) { b.Statements[0], b.Statements[1] = b.Statements[1], b.Statements[0] }},
		{"statement twice", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements = slices.Insert(b.Statements, 1, b.Statements[0]) }},
		{"first statement dropped", bundle.CheckLife, func(b *bundle.Bundle) { b.Statements = b.Statements[1:] }},
		{"revocations dropped", bundle.CheckLife, func(b *bundle.Bundle) {
			b.Statements = slices.DeleteFunc(b.Statements, func(s bundle.Statement) bool { return strings.Contains(string(s.Body), `"revoked"`) })
		}},
		{"life of a key dropped", bundle.CheckLife, func(b *bundle.Bundle) {
			b.Statements = slices.DeleteFunc(b.Statements, func(s bundle.Statement) bool { return strings.Contains(string(s.Body), b.Keys[0].Kid) })
		}},
		{"device of a key", bundle.CheckLife, func(b *bundle.Bundle) { b.Keys[0].Device = "SAMPLE other device" }},
		{"beginning of a key", bundle.CheckLife, func(b *bundle.Bundle) { b.Keys[0].Valid.From = b.Keys[0].Valid.From.AddDate(-1, 0, 0) }},
		{"end of a key", bundle.CheckLife, func(b *bundle.Bundle) { b.Keys[0].Valid.To = time.Time{} }},
		{"party of a key", bundle.CheckLife, func(b *bundle.Bundle) { b.Keys[0].Party = other.Keys[0].Party }},
		{"revocation of a key taken back", bundle.CheckLife, func(b *bundle.Bundle) {
			for i := range b.Keys {
				b.Keys[i].RevokedAt = time.Time{}
			}
		}},
		{"ruling dropped", bundle.CheckValidity, func(b *bundle.Bundle) { b.Rulings = nil }},
		{"ruling twice", bundle.CheckRulings, func(b *bundle.Bundle) { b.Rulings = append(b.Rulings, b.Rulings[0]) }},
		{"ruling's signature", bundle.CheckSignature, func(b *bundle.Bundle) { flip(b.Rulings[0].Event, -5) }},
		{"ruling's proof", bundle.CheckInclusion, func(b *bundle.Bundle) { b.Rulings[0].Proof[0][0] ^= 1 }},
		{"ruling of another log", bundle.CheckRulings, func(b *bundle.Bundle) { b.Rulings[0] = other.Rulings[0] }},
		{"an event as a ruling", bundle.CheckRulings, func(b *bundle.Bundle) { b.Rulings[0] = b.Entries[0] }},
		{"a ruling as an entry", bundle.CheckSubject, func(b *bundle.Bundle) {
			b.Entries = append(b.Entries, b.Rulings[0])
			slices.SortFunc(b.Entries, func(x, y bundle.Entry) int { return int(x.Index - y.Index) })
		}},
	}
}

func TestTamperLives(t *testing.T) {
	l, sound := lossOf(t, 61)
	_, other := lossOf(t, 62)
	for _, c := range withLives(other) {
		t.Run(c.name, func(t *testing.T) {
			b := clone(sound)
			c.change(&b)
			r := l.check(b)
			wantVerdict(t, r, bundle.Findings)
			if !broke(r, c.check) {
				t.Errorf("%s does not say so; broken: %+v", c.check, r.Broken)
			}
		})
	}
	wantVerdict(t, l.check(sound), bundle.Sound) // no case changed it
}

// TestWhatNoFileCanShow: the newest of a key's life, left out together with what the keys
// say of it, and all of the lives, left out together, pass; the notes own up to both.
func TestWhatNoFileCanShow(t *testing.T) {
	l, sound := lossOf(t, 63)
	b := clone(sound)
	for i, s := range b.Statements {
		if strings.Contains(string(s.Body), `"revoked"`) && strings.Contains(string(s.Body), l.w.Hospital.Kid()) {
			b.Statements = slices.Delete(b.Statements, i, i+1)
			break
		}
	}
	for i := range b.Keys {
		if b.Keys[i].Kid == l.w.Hospital.Kid() {
			b.Keys[i].RevokedAt = time.Time{}
		}
	}
	if r := l.check(b); r.Verdict != bundle.Sound || !hasNote(r, "key-history") {
		t.Errorf("%s; if the file shows it now, strike it here and in the note", r.Verdict)
	}
	made := newTown(t, 64).all()
	first, _ := made.bag()
	b = made.of(first)
	b.Statements = nil
	if r := made.check(b); r.Verdict != bundle.Sound || hasNote(r, "key-history") || !strings.Contains(r.Notes[1].EN, "device name") {
		t.Errorf("%s %v", r.Verdict, r.Notes)
	}
}

// provenWithLives is a bundle without the maker's word: nothing but when it was made.
func provenWithLives(b bundle.Bundle) bundle.Bundle {
	b = clone(b)
	b.MadeAt = time.Time{}
	return b
}

func judgeLives(file []byte, sound bundle.Bundle, o bundle.Options) (why string) {
	b, err := bundle.Decode(file)
	if err != nil {
		return ""
	}
	if r := bundle.Check(b, o); r.Verdict == bundle.Sound && !reflect.DeepEqual(provenWithLives(b), provenWithLives(sound)) {
		return "an altered file passes as sound"
	}
	return ""
}

// TestAnyByteOfLives flips bits anywhere in the file, half of the time in the lives and
// rulings.
func TestAnyByteOfLives(t *testing.T) {
	l, sound := lossOf(t, 65)
	file, err := bundle.Encode(sound)
	if err != nil {
		t.Fatal(err)
	}
	from := strings.Index(string(file), `"statements"`)
	for _, trusted := range []string{l.w.VKey, ""} {
		o := l.options()
		o.Trusted = trusted
		rapid.Check(t, func(rt *rapid.T) {
			b := slices.Clone(file)
			least := rapid.SampledFrom([]int{0, from}).Draw(rt, "from")
			i := rapid.IntRange(least, len(b)-1).Draw(rt, "at")
			b[i] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			if why := judgeLives(b, sound, o); why != "" {
				rt.Fatalf("byte %d is now %q: %s", i, b[i], why)
			}
		})
	}
}

// TestAnyStatement drops, swaps, repeats and crosses statements.
func TestAnyStatement(t *testing.T) {
	l, sound := lossOf(t, 66)
	n := len(sound.Statements)
	rapid.Check(t, func(rt *rapid.T) {
		b := clone(sound)
		i := rapid.IntRange(0, n-1).Draw(rt, "i")
		j := rapid.IntRange(0, n-1).Filter(func(j int) bool { return j != i }).Draw(rt, "j")
		what := rapid.SampledFrom([]string{"drop", "swap", "repeat", "body", "entry", "proof", "index"}).Draw(rt, "what")
		switch what {
		case "drop":
			b.Statements = slices.Delete(b.Statements, i, i+1)
		case "swap":
			b.Statements[i], b.Statements[j] = b.Statements[j], b.Statements[i]
		case "repeat":
			b.Statements = slices.Insert(b.Statements, j, b.Statements[i])
		case "body":
			b.Statements[i].Body = b.Statements[j].Body
		case "entry":
			b.Statements[i].Entry = b.Statements[j].Entry
		case "proof":
			b.Statements[i].Proof = b.Statements[j].Proof
		case "index":
			b.Statements[i].Index = b.Statements[j].Index
		}
		if r := l.check(b); r.Verdict != bundle.Findings || len(r.Broken) == 0 {
			rt.Fatalf("%s %d %d: %s", what, i, j, r.Verdict)
		}
	})
}

// TestLossFixture holds a file with lives and a ruling that was written once: later
// versions must still read it and say the same.
func TestLossFixture(t *testing.T) {
	const file = "testdata/loss.json"
	if *update {
		_, b := lossOf(t, 42)
		text, err := bundle.Encode(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
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
	if again, err := bundle.Encode(b); err != nil || string(again) != string(kept) {
		t.Errorf("the file in testdata is not what Encode writes: %v", err)
	}
	r := bundle.Check(b, bundle.Options{Trusted: b.VKey})
	wantVerdict(t, r, bundle.Sound)
	if codes(r) != "|key-revoked-later ruling-admitted" {
		t.Errorf("%s", codes(r))
	}
}

func TestDecodeRefusesLives(t *testing.T) {
	_, sound := lossOf(t, 69)
	text, err := bundle.Encode(sound)
	if err != nil {
		t.Fatal(err)
	}
	file := string(text)
	swap := func(old, new string) string {
		if !strings.Contains(file, old) {
			t.Fatalf("the file has no %q", old)
		}
		return strings.Replace(file, old, new, 1)
	}
	begin, end := strings.Index(file, ` "statements": [`), strings.Index(file, ` "rulings": [`)
	last := strings.Index(file, ` "lineage"`)
	many := " \"statements\": [" + strings.TrimSuffix(strings.Repeat(`{"index":1,"entry":"x","body":"x","proof":[]},`, bundle.MaxStatements+1), ",") + "],\n"
	crowd := " \"rulings\": [" + strings.TrimSuffix(strings.Repeat(`{"index":1,"entry":"x","event":"x","proof":[]},`, bundle.MaxRulings+1), ",") + "],\n"
	for name, c := range map[string]struct{ file, pointer string }{
		"no statements":              {file[:begin] + " \"statements\": [],\n" + file[end:], "/statements"},
		"statements of another sort": {file[:begin] + " \"statements\": {},\n" + file[end:], "/statements"},
		"too many statements":        {file[:begin] + many + file[end:], "/statements"},
		"a statement's body":         {swap(`"body":"`, `"body":"","x":"`), "/statements/0/x"},
		"an unknown member":          {swap(`"body":`, `"more":1,"body":`), "/statements/0/more"},
		"a repeated member":          {swap(`"body":`, `"index":1,"body":`), "/statements/0/index"},
		"an empty body":              {file[:begin] + " \"statements\": [{\"index\":1,\"entry\":\"x\",\"body\":\"\",\"proof\":[]}],\n" + file[end:], "/statements/0/body"},
		"an index as a text":         {file[:begin] + " \"statements\": [{\"index\":\"1\"}],\n" + file[end:], "/statements/0/index"},
		"no rulings":                 {file[:end] + " \"rulings\": [],\n" + file[last:], "/rulings"},
		"too many rulings":           {file[:end] + crowd + file[last:], "/rulings"},
		"rulings without lives":      {file[:begin] + file[end:], "/rulings"},
		"statements twice":           {file[:end] + file[begin:], "/statements"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bundle.Decode([]byte(c.file))
			f := fault.As(err)
			if f == nil || f.Kind != fault.InvalidRequest || !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Pointer == c.pointer }) {
				t.Errorf("%v, want a field at %s", err, c.pointer)
			}
		})
	}
}
