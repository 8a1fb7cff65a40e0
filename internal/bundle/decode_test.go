package bundle_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"liandan/internal/bundle"
	"liandan/internal/fault"
)

func TestDecodeRefuses(t *testing.T) {
	kept, err := os.ReadFile("testdata/sound.json")
	if err != nil {
		t.Fatal(err)
	}
	file := string(kept)
	swap := func(old, new string) string {
		if !strings.Contains(file, old) {
			t.Fatalf("the fixture has no %q", old)
		}
		return strings.Replace(file, old, new, 1)
	}
	cases := map[string]struct {
		file, pointer string
		kind          fault.Kind
	}{
		"nothing":          {"", "", fault.InvalidRequest},
		"another document": {`{"hello":"world"}`, "/hello", fault.InvalidRequest},
		"array":            {"[]", "", fault.InvalidRequest},
		"null":             {"null", "/v", fault.InvalidRequest},
		"cut short":        {file[:len(file)/2], "", fault.InvalidRequest},
		"more after it":    {file + "{}", "", fault.InvalidRequest},
		"unknown member":   {swap(`"v": 1,`, `"v": 1, "w": 2,`), "/w", fault.InvalidRequest},
		"repeated member":  {swap(`"v": 1,`, `"v": 1, "v": 1,`), "/v", fault.InvalidRequest},
		"other case":       {swap(`"v": 1,`, `"V": 1,`), "/V", fault.InvalidRequest},
		"version 2":        {swap(`"v": 1,`, `"v": 2,`), "/v", fault.InvalidRequest},
		"other kind":       {swap(`"kind": "batch"`, `"kind": "city"`), "/kind", fault.InvalidRequest},
		"time by second":   {swap(`.000Z",`, `Z",`), "/made_at", fault.InvalidRequest},
		"time elsewhere":   {swap(`.000Z",`, `.000+08:00",`), "/made_at", fault.InvalidRequest},
		"no size":          {swap(`"size"`, `"index"`), "/index", fault.InvalidRequest},
		"size as a text":   {swap(`"size": `, `"size": "1", "x": `), "/size", fault.InvalidRequest},
		"negative size":    {swap(`"size": `, `"size": -`), "/size", fault.InvalidRequest},
		"float size":       {swap(`"size": `, `"size": 0.`), "/size", fault.InvalidRequest},
		"lineage":          {swap(`"lineage": []`, `"lineage": ["x"]`), "/lineage", fault.InvalidRequest},
		"no lineage":       {swap(",\n \"lineage\": []", ""), "/lineage", fault.InvalidRequest},
		"capital hash":     {swap(`"proof":["`, `"proof":["A`), "/entries/0/proof/0", fault.InvalidRequest},
		"jwk as a text":    {swap(`"jwk":{`, `"jwk":"x","x":{`), "/keys/0/x", fault.InvalidRequest},
		"bad UTF-8":        {swap("SAMPLE device", "SAMPLE \xff"), "/keys/0/device", fault.InvalidRequest},
		"too large":        {strings.Repeat(" ", bundle.MaxSize+1), "", fault.TooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := bundle.Decode([]byte(c.file))
			if fault.Of(err) != c.kind {
				t.Fatalf("the error is %v, want the kind %s", err, c.kind)
			}
			if c.pointer == "" {
				return
			}
			for _, f := range fault.As(err).Fields {
				if f.Pointer == c.pointer {
					return
				}
			}
			t.Errorf("no field points at %s: %v", c.pointer, err)
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	d := walk(t, 30, 1_000)
	for name, change := range map[string]func(*bundle.Bundle){
		"no entries": func(b *bundle.Bundle) { b.Entries = nil },
		"no keys":    func(b *bundle.Bundle) { b.Keys = nil },
		"no kind":    func(b *bundle.Bundle) { b.Kind = "" },
		"not UTF-8":  func(b *bundle.Bundle) { b.Keys[0].Device = "\xff" },
		"jwk":        func(b *bundle.Bundle) { b.Keys[0].JWK = []byte("{") },
	} {
		b := d.batchBundle()
		change(&b)
		if _, err := bundle.Encode(b); fault.Of(err) != fault.InvalidRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecode: no input panics, and what is read is written and read again the same.
func FuzzDecode(f *testing.F) {
	kept, err := os.ReadFile("testdata/sound.json")
	if err != nil {
		f.Fatal(err)
	}
	small, err := bundle.Decode(kept)
	if err != nil {
		f.Fatal(err)
	}
	small.Entries, small.Keys = small.Entries[:1], small.Keys[:1] // a small seed is mutated faster
	if kept, err = bundle.Encode(small); err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Add([]byte(`{"v":1}`))
	loss, err := os.ReadFile("testdata/loss.json")
	if err != nil {
		f.Fatal(err)
	}
	lives, err := bundle.Decode(loss)
	if err != nil {
		f.Fatal(err)
	}
	lives.Entries, lives.Keys, lives.Statements = lives.Entries[:1], lives.Keys[:1], lives.Statements[:1]
	if loss, err = bundle.Encode(lives); err != nil {
		f.Fatal(err)
	}
	f.Add(loss)
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := bundle.Decode(file)
		if err != nil {
			return
		}
		again, err := bundle.Encode(b)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		c, err := bundle.Decode(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if one, two := bundle.Check(b, bundle.Options{}), bundle.Check(c, bundle.Options{}); (one.Verdict == bundle.Sound) != (two.Verdict == bundle.Sound) && inOrder(b) {
			t.Errorf("the verdict was %s, after writing %s", one.Verdict, two.Verdict)
		}
	})
}

// inOrder: Encode sorts keys, which mends that one fault.
func inOrder(b bundle.Bundle) bool {
	for i := 1; i < len(b.Keys); i++ {
		if b.Keys[i-1].Kid > b.Keys[i].Kid {
			return false
		}
	}
	return true
}

// FuzzCheckTamper writes bytes over a sound file: it must not pass unless it says the same.
func FuzzCheckTamper(f *testing.F) {
	kept, err := os.ReadFile("testdata/sound.json")
	if err != nil {
		f.Fatal(err)
	}
	sound, err := bundle.Decode(kept)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint(700), uint(0), []byte("x"))
	f.Add(uint(3000), uint(400), []byte{})
	f.Fuzz(func(t *testing.T, at, remove uint, insert []byte) {
		i := int(at % uint(len(kept)))
		j := min(i+int(remove%uint(len(kept))), len(kept))
		file := append(append(append([]byte{}, kept[:i]...), insert...), kept[j:]...)
		b, err := bundle.Decode(file)
		if err != nil {
			return
		}
		r := bundle.Check(b, bundle.Options{Trusted: sound.VKey})
		if r.Verdict != bundle.Sound || reflect.DeepEqual(proven(b), proven(sound)) {
			return
		}
		// The one exception: the newest entries, with the keys that only they use, left out.
		if n := len(b.Entries); n >= len(sound.Entries) || !reflect.DeepEqual(b.Entries, sound.Entries[:n]) {
			t.Errorf("an altered file passes as sound: %q over bytes %d to %d", insert, i, j)
		}
	})
}
