package bundle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"liandan/internal/bundle"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/intaketest"
	"liandan/internal/signature"
)

func sum(b []byte) id.Hash { return sha256.Sum256(b) }

// signersOf leaves in a bundle's keys those that signed one of its entries.
func signersOf(t testing.TB, b bundle.Bundle) []bundle.Key {
	t.Helper()
	used := map[string]bool{}
	for _, e := range b.Entries {
		s, err := signature.Open(e.Event, signature.TypEvent)
		if err != nil {
			t.Fatal(err)
		}
		used[s.Kid] = true
	}
	return slices.DeleteFunc(slices.Clone(b.Keys), func(k bundle.Key) bool { return !used[k.Kid] })
}

// clone copies everything that a test may change.
func clone(b bundle.Bundle) bundle.Bundle {
	b.Checkpoint = slices.Clone(b.Checkpoint)
	b.Entries, b.Keys = slices.Clone(b.Entries), slices.Clone(b.Keys)
	b.Statements, b.Rulings = slices.Clone(b.Statements), slices.Clone(b.Rulings)
	for _, list := range [][]bundle.Entry{b.Entries, b.Rulings} {
		for i := range list {
			e := &list[i]
			e.Entry, e.Event, e.Proof = slices.Clone(e.Entry), slices.Clone(e.Event), slices.Clone(e.Proof)
		}
	}
	for i := range b.Statements {
		s := &b.Statements[i]
		s.Entry, s.Body, s.Proof = slices.Clone(s.Entry), slices.Clone(s.Body), slices.Clone(s.Proof)
	}
	for i := range b.Keys {
		b.Keys[i].JWK = slices.Clone(b.Keys[i].JWK)
	}
	return b
}

// tampering is a change of a sound file and the check that must find it.
type tampering struct {
	name, check string
	change      func(b *bundle.Bundle)
}

func replace(b []byte, old, new string) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }

// keyOf is the key that signed entry i.
func keyOf(b *bundle.Bundle, i int) *bundle.Key {
	s, _ := signature.Open(b.Entries[i].Event, signature.TypEvent)
	for k := range b.Keys {
		if b.Keys[k].Kid == s.Kid {
			return &b.Keys[k]
		}
	}
	return nil
}

// inside changes one entry.
func inside() []tampering {
	return []tampering{
		{"signature byte", bundle.CheckSignature, func(b *bundle.Bundle) { flip(b.Entries[2].Event, -5) }},
		{"payload byte", bundle.CheckSignature, func(b *bundle.Bundle) { flip(b.Entries[2].Event, 200) }},
		{"event of another entry", bundle.CheckEntry, func(b *bundle.Bundle) { b.Entries[2].Event = b.Entries[3].Event }},
		{"empty event", bundle.CheckSignature, func(b *bundle.Bundle) { b.Entries[2].Event = nil }},
		{"time of an entry", bundle.CheckInclusion, func(b *bundle.Bundle) {
			b.Entries[2].Entry = replace(b.Entries[2].Entry, `"recorded_at":"2026`, `"recorded_at":"2027`)
		}},
		{"blank in an entry", bundle.CheckEntry, func(b *bundle.Bundle) { b.Entries[2].Entry = append(b.Entries[2].Entry, ' ') }},
		{"kind of an entry", bundle.CheckInclusion, func(b *bundle.Bundle) { b.Entries[2].Entry = replace(b.Entries[2].Entry, `"event"`, `"other"`) }},
		{"index", bundle.CheckEntry, func(b *bundle.Bundle) { b.Entries[len(b.Entries)-1].Index++ }},
		{"proof hash", bundle.CheckInclusion, func(b *bundle.Bundle) { b.Entries[1].Proof[0][0] ^= 1 }},
		{"proof too long", bundle.CheckInclusion, func(b *bundle.Bundle) { b.Entries[1].Proof = append(b.Entries[1].Proof, id.Hash{}) }},
		{"proof too short", bundle.CheckInclusion, func(b *bundle.Bundle) { b.Entries[1].Proof = b.Entries[1].Proof[1:] }},
	}
}

// around changes what stands in the file and where.
func around(other bundle.Bundle) []tampering {
	return []tampering{
		{"first entry dropped", bundle.CheckLinks, func(b *bundle.Bundle) { b.Entries = b.Entries[1:] }},
		{"middle entry dropped", bundle.CheckLinks, func(b *bundle.Bundle) { b.Entries = slices.Delete(b.Entries, 3, 4) }},
		{"entries swapped", bundle.CheckForm, func(b *bundle.Bundle) { b.Entries[2], b.Entries[3] = b.Entries[3], b.Entries[2] }},
		{"entry twice", bundle.CheckForm, func(b *bundle.Bundle) { b.Entries = slices.Insert(b.Entries, 3, b.Entries[2]) }},
		{"entry of another log", bundle.CheckInclusion, func(b *bundle.Bundle) { b.Entries = append(b.Entries, other.Entries[7]) }},
		{"another subject", bundle.CheckSubject, func(b *bundle.Bundle) { b.Subject = other.Subject }},
		{"another kind", bundle.CheckSubject, func(b *bundle.Bundle) { b.Kind = bundle.OfManifest }},
		{"origin", bundle.CheckCheckpoint, func(b *bundle.Bundle) { b.Origin = "log.other.test" }},
		{"size", bundle.CheckCheckpoint, func(b *bundle.Bundle) { b.Size++ }},
		{"checkpoint of another log", bundle.CheckCheckpoint, func(b *bundle.Bundle) { b.Checkpoint = other.Checkpoint }},
		{"checkpoint's root", bundle.CheckCheckpoint, func(b *bundle.Bundle) { flip(b.Checkpoint, bytes.IndexByte(b.Checkpoint, '\n')+6) }},
		{"log key of the file", bundle.CheckCheckpoint, func(b *bundle.Bundle) { b.VKey = other.VKey }},
	}
}

// withKeys changes keys.
func withKeys(other bundle.Bundle) []tampering {
	return []tampering{
		{"key dropped", bundle.CheckSignature, func(b *bundle.Bundle) { b.Keys = b.Keys[1:] }},
		{"key of another device under the same kid", bundle.CheckKeys, func(b *bundle.Bundle) { b.Keys[0].JWK = other.Keys[0].JWK }},
		{"key added", bundle.CheckKeys, func(b *bundle.Bundle) { b.Keys = append(b.Keys, other.Keys[0]) }},
		{"key twice", bundle.CheckKeys, func(b *bundle.Bundle) { b.Keys = slices.Insert(b.Keys, 0, b.Keys[0]) }},
		{"keys swapped", bundle.CheckForm, func(b *bundle.Bundle) { b.Keys[0], b.Keys[1] = b.Keys[1], b.Keys[0] }},
		{"key with another spelling", bundle.CheckKeys, func(b *bundle.Bundle) {
			b.Keys[0].JWK = replace(b.Keys[0].JWK, `{`, `{"use":"sig",`)
		}},
		{"key that is none", bundle.CheckKeys, func(b *bundle.Bundle) { b.Keys[0].JWK = []byte(`{"kty":"oct","k":"AAAA"}`) }},
		{"party of a key", bundle.CheckSigner, func(b *bundle.Bundle) { b.Keys[0].Party = other.Keys[0].Party }},
		{"person of a key", bundle.CheckSigner, func(b *bundle.Bundle) { b.Keys[0].Person = other.Keys[0].Person }},
		{"key valid later", bundle.CheckValidity, func(b *bundle.Bundle) { keyOf(b, 0).Valid.From = intaketest.Start.Add(time.Hour) }},
		{"key valid until before", bundle.CheckValidity, func(b *bundle.Bundle) { keyOf(b, 0).Valid.To = intaketest.Start }},
		{"key revoked before", bundle.CheckValidity, func(b *bundle.Bundle) { keyOf(b, 0).RevokedAt = intaketest.Start }},
		{"absurd time of making", bundle.CheckForm, func(b *bundle.Bundle) { b.MadeAt = time.Time{} }},
	}
}

// TestTamper: each change is found by the check that is there for it.
func TestTamper(t *testing.T) {
	d := walk(t, 20, 1_000, 2_000)
	other := walk(t, 21, 1_000).batchBundle()
	cases := slices.Concat(inside(), around(other), withKeys(other))
	sound := d.batchBundle()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := clone(sound)
			c.change(&b)
			r := d.check(b)
			wantVerdict(t, r, bundle.Findings)
			if !broke(r, c.check) {
				t.Errorf("%s does not say so; broken: %+v", c.check, r.Broken)
			}
		})
	}
	wantVerdict(t, d.check(sound), bundle.Sound) // no case changed it
}

func flip(b []byte, i int) {
	if i < 0 {
		i += len(b)
	}
	b[i] ^= 1
}

// dishonesty is what an operator of a log could record after the first entry.
type dishonesty struct {
	name, check string
	build       func(l *logbook, first intaketest.Signed)
}

func wrongOrder() []dishonesty {
	return []dishonesty{
		{"stage out of order", bundle.CheckStages, func(l *logbook, a intaketest.Signed) {
			l.force(l.w.Treat(l.put(l.w.Issue(a.Event.Batches...))))
		}},
		{"not the custodian", bundle.CheckStages, func(l *logbook, a intaketest.Signed) {
			l.force(l.w.Sign(l.w.Stranger, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
				e.Batches = []event.Batch{l.w.Stranger.On(a.Event.Batches[0].ID, 0)}
			}))
		}},
		{"seen in another branch", bundle.CheckSeen, func(l *logbook, a intaketest.Signed) {
			l.w.Porter.See(a.Event.Batches[0].ID, id.Hash{7})
			l.force(l.w.Sign(l.w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
				e.Batches = []event.Batch{l.w.Porter.On(a.Event.Batches[0].ID, 0)}
			}))
		}},
		{"chain begun anew", bundle.CheckLinks, func(l *logbook, a intaketest.Signed) {
			s := l.mem.Batches[a.Event.Batches[0].ID]
			s.N, s.Head = 0, id.Hash{}
			l.mem.Batches[s.ID] = s
			l.force(l.w.Issue(a.Event.Batches...))
		}},
		{"number left out", bundle.CheckLinks, func(l *logbook, a intaketest.Signed) {
			s := l.mem.Batches[a.Event.Batches[0].ID]
			s.N++
			l.mem.Batches[s.ID] = s
			l.force(l.w.Issue(a.Event.Batches...))
		}},
	}
}

func wrongFacts() []dishonesty {
	return []dishonesty{
		{"clock turned back", bundle.CheckLinks, func(l *logbook, a intaketest.Signed) {
			issued := l.w.Issue(a.Event.Batches...)
			l.w.Advance(-time.Hour)
			l.force(issued)
		}},
		{"event recorded twice", bundle.CheckForm, func(l *logbook, a intaketest.Signed) {
			s := l.put(l.w.Sign(l.w.Porter, event.BatchStored, event.Stored{Place: "SAMPLE"}, func(e *event.Event) {
				e.Batches = []event.Batch{l.w.Porter.On(a.Event.Batches[0].ID, 0)}
			}))
			l.force(s)
		}},
		{"event under another's batch", bundle.CheckEntry, func(l *logbook, a intaketest.Signed) {
			issued := l.w.Issue(a.Event.Batches...)
			issued.Event.Batches = append(issued.Event.Batches, event.Batch{ID: id.BatchOf(issued.Event.ID.UUID())})
			l.force(issued)
		}},
		{"key revoked", bundle.CheckValidity, func(l *logbook, a intaketest.Signed) {
			l.put(l.w.Issue(a.Event.Batches...))
			k, _ := l.registered(l.w.Hospital.Kid())
			k.RevokedAt = intaketest.Start
			l.keys[k.Kid] = k
		}},
		{"key of another party", bundle.CheckSigner, func(l *logbook, a intaketest.Signed) {
			k, _ := l.registered(l.w.Hospital.Kid())
			k.Party = l.w.Plant.Party
			l.keys[k.Kid] = k
		}},
	}
}

// TestDishonestLog: the log's operator signs everything, yet the file convicts the log.
func TestDishonestLog(t *testing.T) {
	cases := append(wrongOrder(), wrongFacts()...)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := newLog(t, byte(100+i))
			a := l.put(l.w.Generate(5_000))
			c.build(l, a)
			x := a.Event.Batches[0].ID
			r := l.check(l.cut(bundle.OfBatch, x.UUID(), x))
			wantVerdict(t, r, bundle.Findings)
			if !broke(r, c.check) || broke(r, bundle.CheckCheckpoint) || broke(r, bundle.CheckInclusion) {
				t.Errorf("want %s broken and the log's own proofs whole; broken: %+v", c.check, r.Broken)
			}
		})
	}
}

// TestMakersWord lists every member that no evidence covers: a change of it is not
// found, so the report must own up to it. Everything else is in TestAnyByte.
func TestMakersWord(t *testing.T) {
	d := walk(t, 22, 1_000)
	sound := d.batchBundle()
	for name, change := range map[string]func(*bundle.Bundle){
		"made_at":    func(b *bundle.Bundle) { b.MadeAt = b.MadeAt.AddDate(0, 0, 1) },
		"device":     func(b *bundle.Bundle) { b.Keys[0].Device = "SAMPLE other device" },
		"valid_from": func(b *bundle.Bundle) { b.Keys[0].Valid.From = b.Keys[0].Valid.From.AddDate(-1, 0, 0) },
		"valid_to":   func(b *bundle.Bundle) { b.Keys[0].Valid.To = time.Time{} },
		"revoked_at": func(b *bundle.Bundle) { b.Keys[0].RevokedAt = intaketest.Start.AddDate(0, 1, 0) },
	} {
		b := clone(sound)
		change(&b)
		if r := d.check(b); r.Verdict != bundle.Sound || !hasNote(r, "makers-word") {
			t.Errorf("%s: %s, notes %v; if evidence covers it now, strike it here and in the note", name, r.Verdict, r.Notes)
		}
	}
}

// proven is a bundle without the members that TestMakersWord names.
func proven(b bundle.Bundle) bundle.Bundle {
	b = clone(b)
	b.MadeAt = time.Time{}
	for i := range b.Keys {
		k := &b.Keys[i]
		k.Device, k.Valid, k.RevokedAt = "", d0, time.Time{}
	}
	return b
}

var d0 = bundle.Key{}.Valid

// judge holds an altered file against the sound one: unless it says the same, it must
// not pass.
func judge(file []byte, sound bundle.Bundle, o bundle.Options) (why string) {
	b, err := bundle.Decode(file)
	if err != nil {
		return ""
	}
	r := bundle.Check(b, o)
	if r.Verdict == bundle.Sound && !reflect.DeepEqual(proven(b), proven(sound)) {
		return "an altered file passes as sound"
	}
	if r.Verdict == bundle.Findings && len(r.Broken)+len(r.Findings) == 0 {
		return "findings without any finding"
	}
	return ""
}

// TestAnyByte flips bits anywhere in the file.
func TestAnyByte(t *testing.T) {
	d := walk(t, 23, 1_000, 2_000)
	for _, sound := range []bundle.Bundle{d.batchBundle(), d.manifestBundle()} {
		file, err := bundle.Encode(sound)
		if err != nil {
			t.Fatal(err)
		}
		for _, trusted := range []string{d.w.VKey, ""} {
			o := d.options()
			o.Trusted = trusted
			rapid.Check(t, func(rt *rapid.T) {
				b := slices.Clone(file)
				i := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
				b[i] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
				if why := judge(b, sound, o); why != "" {
					rt.Fatalf("byte %d is now %q: %s", i, b[i], why)
				}
			})
		}
	}
}

// TestAnyEntry drops, swaps, repeats and crosses entries and keys. Leaving out the
// newest entries is the one thing that no file can show.
func TestAnyEntry(t *testing.T) {
	d := walk(t, 24, 1_000, 2_000)
	sound := d.manifestBundle()
	n, k := len(sound.Entries), len(sound.Keys)
	rapid.Check(t, func(rt *rapid.T) {
		b := clone(sound)
		i := rapid.IntRange(0, n-1).Draw(rt, "i")
		j := rapid.IntRange(0, n-1).Filter(func(j int) bool { return j != i }).Draw(rt, "j")
		x := rapid.IntRange(0, k-1).Draw(rt, "x")
		y := rapid.IntRange(0, k-1).Filter(func(y int) bool { return y != x }).Draw(rt, "y")
		what := rapid.SampledFrom([]string{"drop", "swap", "repeat", "event", "proof", "entry", "drop key", "swap keys", "repeat key", "cross jwk", "cross holder"}).Draw(rt, "what")
		switch what {
		case "drop":
			b.Entries = slices.Delete(b.Entries, min(i, n-2), min(i, n-2)+1)
		case "swap":
			b.Entries[i], b.Entries[j] = b.Entries[j], b.Entries[i]
		case "repeat":
			b.Entries = slices.Insert(b.Entries, j, b.Entries[i])
		case "event":
			b.Entries[i].Event = b.Entries[j].Event
		case "proof":
			b.Entries[i].Proof = b.Entries[j].Proof
		case "entry":
			b.Entries[i].Entry = b.Entries[j].Entry
		case "drop key":
			b.Keys = slices.Delete(b.Keys, x, x+1)
		case "swap keys":
			b.Keys[x], b.Keys[y] = b.Keys[y], b.Keys[x]
		case "repeat key":
			b.Keys = slices.Insert(b.Keys, y, b.Keys[x])
		case "cross jwk":
			b.Keys[x].JWK = b.Keys[y].JWK
		case "cross holder":
			b.Keys[x].Person = b.Keys[y].Person
		}
		if r := d.check(b); r.Verdict != bundle.Findings || len(r.Broken) == 0 {
			rt.Fatalf("%s %d %d: %s", what, i, j, r.Verdict)
		}
	})
}

// TestCheckpointSpelling: the unused bits of base64 do not give a second spelling.
func TestCheckpointSpelling(t *testing.T) {
	d := walk(t, 25, 1_000)
	b := d.batchBundle()
	text := strings.TrimSuffix(string(b.Checkpoint), "=\n")
	last := text[len(text)-1]
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	other := digits[strings.IndexByte(digits, last)^1]
	b.Checkpoint = []byte(text[:len(text)-1] + string(other) + "=\n")
	sig := string(b.Checkpoint[bytes.LastIndexByte(b.Checkpoint, ' ')+1 : len(b.Checkpoint)-1])
	if _, err := base64.StdEncoding.DecodeString(sig); err != nil {
		t.Fatalf("the test makes no second spelling: %v", err)
	}
	if r := d.check(b); !broke(r, bundle.CheckCheckpoint) {
		t.Error("a second spelling of the signature passes")
	}
	b = d.batchBundle()
	b.VKey = strings.ToUpper(b.VKey[:len(b.Origin)]) + b.VKey[len(b.Origin):]
	if r := bundle.Check(b, bundle.Options{}); !broke(r, bundle.CheckCheckpoint) {
		t.Error("a log key of another name passes")
	}
}
