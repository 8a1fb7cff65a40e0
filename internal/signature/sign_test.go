package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"liandan/internal/fault"
	"liandan/internal/id"
)

// signers gives one signer of each algorithm. Their keys are the same in every run.
func signers(t testing.TB) map[string]*Signer {
	t.Helper()
	random := rand.NewChaCha8([32]byte{7})
	_, ed, err := ed25519.GenerateKey(random)
	if err != nil {
		t.Fatal(err)
	}
	ec := ecKey(t, random)
	out := map[string]*Signer{}
	for _, key := range []crypto.Signer{ed, ec} {
		s, err := NewSigner(key)
		if err != nil {
			t.Fatal(err)
		}
		out[string(s.alg)] = s
	}
	if len(out) != 2 {
		t.Fatalf("algorithms: %v", out)
	}
	return out
}

func ecKey(t testing.TB, random *rand.ChaCha8) *ecdsa.PrivateKey {
	t.Helper()
	d := make([]byte, 32)
	_, _ = random.Read(d)
	d[0] = 1 // below the order
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t testing.TB, s *Signer, payload string) []byte {
	t.Helper()
	b, err := s.Sign([]byte(payload), TypEvent)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// check opens and verifies, as the intake does.
func check(compact []byte, pub crypto.PublicKey) error {
	s, err := Open(compact, TypEvent)
	if err != nil {
		return err
	}
	return s.Verify(pub)
}

func TestSignOpenVerify(t *testing.T) {
	for alg, s := range signers(t) {
		compact := signed(t, s, `{"v":1}`)
		got, err := Open(compact, TypEvent)
		if err != nil {
			t.Fatal(err)
		}
		if got.Alg != alg || got.Kid != s.Kid() || string(got.Payload) != `{"v":1}` || got.Hash() != id.Hash(sha256.Sum256(compact)) {
			t.Errorf("%s opened as %+v", alg, got)
		}
		if err := got.Verify(s.Public()); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if kid, err := Thumbprint(s.Public()); err != nil || kid != s.Kid() {
			t.Errorf("%s: kid %s, thumbprint %s", alg, s.Kid(), kid)
		}
		header, _ := base64.RawURLEncoding.DecodeString(strings.Split(string(compact), ".")[0])
		if want := `{"alg":"` + alg + `","kid":"` + s.Kid() + `","typ":"liandan-event"}`; string(header) != want {
			t.Errorf("header %s, want %s", header, want)
		}
		for other, o := range signers(t) {
			if other != alg {
				if err := got.Verify(o.Public()); fault.Of(err) != fault.BadSignature {
					t.Errorf("%s with a key of %s: %v", alg, other, err)
				}
			}
		}
		if _, err := s.Sign([]byte("{}"), "JWT"); err == nil {
			t.Error("signed a typ that is not ours")
		}
		if _, err := Open(compact, TypEnrolment); fault.Of(err) != fault.HeaderMember {
			t.Errorf("an event opened as an enrolment: %v", err)
		}
	}
	if err := (Signed{}).Verify(signers(t)["EdDSA"].Public()); err == nil {
		t.Error("a Signed that was never opened verifies")
	}
}

func TestWrongKeyOfTheSameKind(t *testing.T) {
	random := rand.NewChaCha8([32]byte{8})
	other, _, err := ed25519.GenerateKey(random)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]crypto.PublicKey{"EdDSA": other, "ES256": &ecKey(t, random).PublicKey}
	for alg, s := range signers(t) {
		if err := check(signed(t, s, "{}"), by[alg]); fault.Of(err) != fault.BadSignature {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// Whatever is cut off, a JWS is refused with a fault.
func TestEveryTruncationIsRefused(t *testing.T) {
	for alg, s := range signers(t) {
		compact := signed(t, s, `{"v":1,"id":"x"}`)
		for n := range len(compact) {
			err := check(compact[:n], s.Public())
			if k := fault.Of(err); k != fault.MalformedJWS && k != fault.BadSignature {
				t.Fatalf("%s cut to %d of %d: %v", alg, n, len(compact), err)
			}
			if err := check(compact[n+1:], s.Public()); fault.As(err) == nil {
				t.Fatalf("%s without its first %d: %v", alg, n+1, err)
			}
		}
	}
}

func TestAnyFlippedBitIsFound(t *testing.T) {
	by := signers(t)
	rapid.Check(t, func(r *rapid.T) {
		alg := rapid.SampledFrom([]string{"EdDSA", "ES256"}).Draw(r, "alg")
		compact := signed(t, by[alg], rapid.StringN(1, 200, -1).Draw(r, "payload"))
		bit := rapid.IntRange(0, len(compact)*8-1).Draw(r, "bit")
		compact[bit/8] ^= 1 << (bit % 8)
		if err := check(compact, by[alg].Public()); fault.As(err) == nil {
			r.Fatalf("bit %d flipped in %s: %v", bit, compact, err)
		}
	})
}

// spoilSignature puts another signature under the same header and payload.
func spoilSignature(compact []byte, spoil func([]byte) []byte) []byte {
	at := strings.LastIndexByte(string(compact), '.') + 1
	sig, _ := base64.RawURLEncoding.DecodeString(string(compact[at:]))
	return append(slices.Clone(compact[:at]), base64.RawURLEncoding.EncodeToString(spoil(sig))...)
}

// reversed turns little-endian numbers, as EdDSA writes them, and big-endian ones.
func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

func TestForgedSignatures(t *testing.T) {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10) // RFC 8032 section 5.1
	n := elliptic.P256().Params().N
	number := func(b *big.Int) []byte { return b.FillBytes(make([]byte, 32)) }
	common := map[string]func([]byte) []byte{
		"all zero":      func([]byte) []byte { return make([]byte, 64) },
		"all ones":      func([]byte) []byte { return slices.Repeat([]byte{0xff}, 64) },
		"63 bytes":      func(s []byte) []byte { return s[:63] },
		"65 bytes":      func(s []byte) []byte { return append(slices.Clone(s), 0) },
		"zero in front": func(s []byte) []byte { return append([]byte{0}, s...) },
		"32 bytes":      func(s []byte) []byte { return s[:32] },
		"twice":         func(s []byte) []byte { return append(slices.Clone(s), s...) },
		"halves turned": func(s []byte) []byte { return append(slices.Clone(s[32:]), s[:32]...) },
		"one byte":      func([]byte) []byte { return []byte{1} },
	}
	special := map[string]map[string]func([]byte) []byte{
		"EdDSA": {
			"S + L (malleable)": func(s []byte) []byte {
				sum := new(big.Int).Add(new(big.Int).SetBytes(reversed(s[32:])), order)
				return append(slices.Clone(s[:32]), reversed(number(sum))...)
			},
			"S is L":        func(s []byte) []byte { return append(slices.Clone(s[:32]), reversed(number(order))...) },
			"S is zero":     func(s []byte) []byte { return append(slices.Clone(s[:32]), make([]byte, 32)...) },
			"R is identity": func(s []byte) []byte { return append(append([]byte{1}, make([]byte, 31)...), s[32:]...) },
			"sign of R":     func(s []byte) []byte { s = slices.Clone(s); s[31] ^= 0x80; return s },
		},
		"ES256": {
			"r is zero": func(s []byte) []byte { return append(make([]byte, 32), s[32:]...) },
			"s is zero": func(s []byte) []byte { return append(slices.Clone(s[:32]), make([]byte, 32)...) },
			"r is n":    func(s []byte) []byte { return append(number(n), s[32:]...) },
			"s is n":    func(s []byte) []byte { return append(slices.Clone(s[:32]), number(n)...) },
			"both one":  func([]byte) []byte { return append(number(big.NewInt(1)), number(big.NewInt(1))...) },
			"r and s n - 1": func([]byte) []byte {
				x := number(new(big.Int).Sub(n, big.NewInt(1)))
				return append(slices.Clone(x), x...)
			},
			"DER": func(s []byte) []byte { return append([]byte{0x30, 0x44, 0x02, 0x20}, s...) },
		},
	}
	for alg, s := range signers(t) {
		compact := signed(t, s, "{}")
		if err := check(spoilSignature(compact, slices.Clone[[]byte]), s.Public()); err != nil {
			t.Fatalf("%s: the signature as it is: %v", alg, err)
		}
		for _, list := range []map[string]func([]byte) []byte{common, special[alg]} {
			for name, spoil := range list {
				if err := check(spoilSignature(compact, spoil), s.Public()); fault.Of(err) != fault.BadSignature {
					t.Errorf("%s, %s: %v", alg, name, err)
				}
			}
		}
	}
}

// ECDSA has a twin of every signature: (r, n-s). WebCrypto makes either, so both must
// verify; but the twin is other bytes with another hash, and so never the same event.
func TestES256TwinIsOtherBytes(t *testing.T) {
	s := signers(t)["ES256"]
	compact := signed(t, s, "{}")
	twin := spoilSignature(compact, func(sig []byte) []byte {
		v := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(sig[32:]))
		return append(slices.Clone(sig[:32]), v.FillBytes(make([]byte, 32))...)
	})
	a, errA := Open(compact, TypEvent)
	b, errB := Open(twin, TypEvent)
	if errA != nil || errB != nil || b.Verify(s.Public()) != nil {
		t.Fatalf("%v, %v, %v", errA, errB, b.Verify(s.Public()))
	}
	if a.Hash() == b.Hash() {
		t.Error("two texts with one hash")
	}
}
