package id_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/id"
)

func TestHashReadsAsWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var h id.Hash
		copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(r, "hash"))
		text, err := json.Marshal(h)
		if err != nil {
			r.Fatal(err)
		}
		read := id.Hash{1}
		if err := json.Unmarshal(text, &read); err != nil || read != h {
			r.Fatalf("%s reads as %s, %v", text, read, err)
		}
		stored, err := h.Value()
		if err != nil {
			r.Fatal(err)
		}
		read = id.Hash{1}
		if err := read.Scan(stored); err != nil || read != h {
			r.Fatalf("%v scans as %s, %v", stored, read, err)
		}
		if b, ok := stored.([]byte); !h.IsZero() && (!ok || !bytes.Equal(b, h[:])) {
			r.Fatalf("stored as %v", stored)
		}
	})
}

func TestNoHash(t *testing.T) {
	var h id.Hash
	if v, err := h.Value(); v != nil || err != nil || h.String() != "" || !h.IsZero() {
		t.Errorf("none is stored as %v, written %q, %v", v, h.String(), err)
	}
	if (id.Hash{31: 1}).IsZero() || len((id.Hash{31: 1}).String()) != 64 {
		t.Error("a hash with one bit is taken for none")
	}
}

func TestOneSpellingOfHashes(t *testing.T) {
	sound := strings.Repeat("0123456789abcdef", 4)
	if h, err := id.ParseHash(sound); err != nil || h.String() != sound {
		t.Fatalf("%s, %v", h, err)
	}
	for _, s := range []string{"", sound[1:], sound + "0", strings.ToUpper(sound), "g" + sound[1:], " " + sound[1:], sound[1:] + "\n", "0x" + sound[2:], strings.Repeat("０", 22)[:64]} {
		if h, err := id.ParseHash(s); err == nil || !h.IsZero() {
			t.Errorf("%q: %s", s, h)
		}
	}
	for _, src := range []any{sound, 7, []byte{}, make([]byte, 31), make([]byte, 33), [32]byte{}} {
		h := id.Hash{9}
		if err := h.Scan(src); err == nil || h != (id.Hash{9}) {
			t.Errorf("%v scans as %s", src, h)
		}
	}
}
