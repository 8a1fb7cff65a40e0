package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"liandan/internal/fault"
)

// verify takes the path of Signed.Verify with a JWS whose header has not our typ, as
// the vectors of others have.
func verify(t *testing.T, compact string, pub crypto.PublicKey) error {
	t.Helper()
	jws, err := jose.ParseSignedCompact(compact, Algorithms())
	if err != nil {
		return err
	}
	return Signed{Compact: []byte(compact), Alg: jws.Signatures[0].Protected.Algorithm, parsed: jws}.Verify(pub)
}

func parseKey(t *testing.T, jwk string) crypto.PublicKey {
	t.Helper()
	k, err := ParseJWK([]byte(jwk))
	if err != nil {
		t.Fatalf("%s: %v", jwk, err)
	}
	return k
}

// RFC 8037 appendix A.1 to A.5.
const (
	rfc8037Seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
	rfc8037JWK  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rfc8037JWS  = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

// RFC 7515 appendix A.3.
const (
	rfc7515JWK = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	rfc7515JWS = "eyJhbGciOiJFUzI1NiJ9." +
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)

func seed(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(rfc8037Seed)
	if err != nil {
		t.Fatal(err)
	}
	return ed25519.NewKeyFromSeed(b)
}

func TestRFC8037(t *testing.T) {
	pub := parseKey(t, rfc8037JWK)
	if !bytes.Equal(pub.(ed25519.PublicKey), seed(t).Public().(ed25519.PublicKey)) {
		t.Fatal("A.1: the private key does not give the public key of A.2")
	}
	if kid, err := Thumbprint(pub); err != nil || kid != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("A.3: thumbprint %s, %v", kid, err)
	}
	input := rfc8037JWS[:bytes.LastIndexByte([]byte(rfc8037JWS), '.')]
	if got := input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(seed(t), []byte(input))); got != rfc8037JWS {
		t.Errorf("A.4: signature %s", got)
	}
	if err := verify(t, rfc8037JWS, pub); err != nil {
		t.Errorf("A.5: %v", err)
	}
	if err := verify(t, rfc8037JWS, parseKey(t, rfc7515JWK)); fault.Of(err) != fault.BadSignature {
		t.Errorf("with a P-256 key: %v", err)
	}
	if _, err := Open([]byte(rfc8037JWS), TypEvent); fault.Of(err) != fault.HeaderMember {
		t.Errorf("opened as an event: %v", err)
	}
}

func TestRFC7515ES256(t *testing.T) {
	pub := parseKey(t, rfc7515JWK)
	if err := verify(t, rfc7515JWS, pub); err != nil {
		t.Errorf("A.3: %v", err)
	}
	if err := verify(t, rfc7515JWS, parseKey(t, rfc8037JWK)); fault.Of(err) != fault.BadSignature {
		t.Errorf("with an Ed25519 key: %v", err)
	}
}

// RFC 7638 section 3: SHA-256 over the required members in lexical order.
func TestThumbprintIsRFC7638(t *testing.T) {
	for jwk, text := range map[string]string{
		rfc8037JWK: `{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		rfc7515JWK: `{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
	} {
		sum := sha256.Sum256([]byte(text))
		want := base64.RawURLEncoding.EncodeToString(sum[:])
		if got, err := Thumbprint(parseKey(t, jwk)); err != nil || got != want {
			t.Errorf("%s: thumbprint %s, want %s (%v)", jwk, got, want, err)
		}
	}
}

func TestOtherKeysAreRefused(t *testing.T) {
	modulus := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 2047), big.NewInt(1))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, pub := range map[string]crypto.PublicKey{
		"RSA": &rsa.PublicKey{N: modulus, E: 65537}, "P-384": p384.Public(), "symmetric": []byte("secret"), "none": nil,
		"ed25519 private": seed(t), "P-256 by value": *parseKey(t, rfc7515JWK).(*ecdsa.PublicKey),
	} {
		if kid, err := Thumbprint(pub); fault.Of(err) != fault.InvalidRequest || kid != "" {
			t.Errorf("thumbprint of %s: %q, %v", name, kid, err)
		}
		if err := verify(t, rfc8037JWS, pub); fault.Of(err) != fault.BadSignature {
			t.Errorf("verified with %s: %v", name, err)
		}
	}
}
