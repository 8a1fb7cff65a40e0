package signature

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"testing"
)

// The vectors of testdata are a subset of Project Wycheproof's: every invalid one that
// bears on Ed25519 and ES256, some valid ones of each sort. Source and licence stand
// in the files.
type vectors[K, T any] struct {
	Source string
	Keys   []K
	Tests  []T
}

func load[K, T any](t *testing.T, name string, least int) vectors[K, T] {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors[K, T]
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(v.Tests) < least || v.Source == "" {
		t.Fatalf("%s has %d tests, expected %d, of %q", name, len(v.Tests), least, v.Source)
	}
	return v
}

type rawTest struct {
	ID       int
	Key      int
	Msg, Sig string
	Valid    bool
	Of       string
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// go-jose hands an EdDSA signature to crypto/ed25519 as it is; these say that the
// toolchain in use is as strict as RFC 8032 section 5.1.7.
func TestWycheproofEd25519(t *testing.T) {
	v := load[string, rawTest](t, "wycheproof_ed25519.json", 74)
	for _, x := range v.Tests {
		pub := ed25519.PublicKey(unhex(t, v.Keys[x.Key]))
		if got := ed25519.Verify(pub, unhex(t, x.Msg), unhex(t, x.Sig)); got != x.Valid {
			t.Errorf("%d (%s): verified %v", x.ID, x.Of, got)
		}
	}
}

// An ES256 signature is two 32-byte numbers (RFC 7518 section 3.4), handed to crypto/ecdsa.
func TestWycheproofES256(t *testing.T) {
	v := load[string, rawTest](t, "wycheproof_es256.json", 109)
	for _, x := range v.Tests {
		point, sig := unhex(t, v.Keys[x.Key]), unhex(t, x.Sig)
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			t.Fatalf("%d (%s): %v", x.ID, x.Of, err)
		}
		sum := sha256.Sum256(unhex(t, x.Msg))
		got := len(sig) == 64 && ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
		if got != x.Valid {
			t.Errorf("%d (%s): verified %v", x.ID, x.Of, got)
		}
	}
}

// Whole signatures in JWS form, through the very path of Signed.Verify.
func TestWycheproofJWS(t *testing.T) {
	type test struct {
		ID, Key int
		JWS     string
		Valid   bool
		Of      string
	}
	v := load[json.RawMessage, test](t, "wycheproof_jws.json", 103)
	sound := 0
	for _, x := range v.Tests {
		if _, err := Open([]byte(x.JWS), TypEvent); err == nil {
			t.Errorf("%d (%s): opened as an event", x.ID, x.Of)
		}
		// Keys of other kinds are not carried along; theirs are tried with one of ours.
		ours := false
		pub := parseKey(t, rfc8037JWK)
		if k, err := ParseJWK(v.Keys[x.Key]); err == nil {
			pub, ours = k, true
		}
		err := verify(t, x.JWS, pub)
		if want := x.Valid && ours; (err == nil) != want {
			t.Errorf("%d (%s): %v, want valid %v", x.ID, x.Of, err, want)
		}
		if err == nil {
			sound++
		}
	}
	if sound < 2 {
		t.Errorf("only %d of the vectors verified", sound)
	}
}
