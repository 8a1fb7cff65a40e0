package signature

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"liandan/internal/fault"
)

func TestJWKReadsAsWritten(t *testing.T) {
	for _, jwk := range []string{rfc8037JWK, rfc7515JWK} {
		pub := parseKey(t, jwk)
		text, err := FormatJWK(pub)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := FormatJWK(parseKey(t, string(text))); err != nil || string(again) != string(text) {
			t.Errorf("%s, then %s, %v", text, again, err)
		}
		var a, b map[string]string
		if err := json.Unmarshal(text, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(jwk), &b); err != nil {
			t.Fatal(err)
		}
		if len(a) != len(b) {
			t.Errorf("%s written as %s", jwk, text)
		}
		for k := range b {
			if a[k] != b[k] {
				t.Errorf("%s written as %s", jwk, text)
			}
		}
	}
	withUse := strings.TrimSuffix(rfc8037JWK, "}") + `,"use":"sig","alg":"EdDSA","kid":"any name","key_ops":["verify"]}`
	if kid, err := Thumbprint(parseKey(t, withUse)); err != nil || kid != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("members beside the key change its thumbprint: %s, %v", kid, err)
	}
}

func TestUnusableJWKs(t *testing.T) {
	okp := func(member string) string { return strings.TrimSuffix(rfc8037JWK, "}") + "," + member + "}" }
	x := "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	offCurve := base64.RawURLEncoding.EncodeToString(make([]byte, 31)) // one byte short, and not on the curve
	for name, jwk := range map[string]string{
		"empty": "", "null": "null", "array": "[]", "text": `"x"`, "object without members": "{}", "cut short": rfc8037JWK[:40], "two": rfc8037JWK + rfc8037JWK,
		"private Ed25519":          okp(`"d":"` + rfc8037Seed + `"`),
		"private P-256":            strings.TrimSuffix(rfc7515JWK, "}") + `,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`,
		"symmetric":                `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}`,
		"RSA":                      `{"kty":"RSA","n":"` + strings.Repeat("u", 342) + `","e":"AQAB"}`,
		"X25519":                   strings.Replace(rfc8037JWK, "Ed25519", "X25519", 1),
		"Ed448":                    strings.Replace(rfc8037JWK, "Ed25519", "Ed448", 1),
		"P-384 by name":            strings.Replace(rfc7515JWK, "P-256", "P-384", 1),
		"secp256k1":                strings.Replace(rfc7515JWK, "P-256", "secp256k1", 1),
		"EC without y":             `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}`,
		"EC off the curve":         strings.Replace(rfc7515JWK, "x_FEzRu9m36HLN", "x_FEzRu9m36HLM", 1),
		"EC at infinity":           `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`,
		"OKP without x":            `{"kty":"OKP","crv":"Ed25519"}`,
		"OKP x too short":          strings.Replace(rfc8037JWK, x, offCurve, 1),
		"OKP x too long":           strings.Replace(rfc8037JWK, x, x+"AAAA", 1),
		"OKP x padded":             strings.Replace(rfc8037JWK, x, x+"=", 1),
		"OKP x with other letters": strings.Replace(rfc8037JWK, "_", "/", 1),
		"kty in lower case":        strings.Replace(rfc8037JWK, "OKP", "okp", 1),
		"x a number":               strings.Replace(rfc8037JWK, `"`+x+`"`, "7", 1),
		"for encryption":           okp(`"use":"enc"`),
		"a set":                    `{"keys":[` + rfc8037JWK + `]}`,
		"longer than 1 KiB":        okp(`"kid":"` + strings.Repeat("k", 1024) + `"`),
		"a PEM":                    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----",
	} {
		pub, err := ParseJWK([]byte(jwk))
		f := fault.As(err)
		if pub != nil || f == nil || f.Kind != fault.InvalidRequest || len(f.Fields) != 1 || f.Fields[0].Pointer != "/jwk" {
			t.Errorf("%s: %v, %v", name, pub, err)
		}
		if strings.HasPrefix(name, "private") && (f == nil || !strings.Contains(f.Sentence, "private") || strings.Contains(f.Error(), rfc8037Seed)) {
			t.Errorf("%s: the answer does not say what to do, or repeats the secret: %v", name, err)
		}
	}
}

// A key of small order lets anybody sign in its owner's name, and its owner deny every
// event. go-jose refuses them; this says that it still does.
func TestKeysOfSmallOrder(t *testing.T) {
	for _, point := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000080", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(unhex(t, point)) + `"}`
		if pub, err := ParseJWK([]byte(jwk)); fault.Of(err) != fault.InvalidRequest || pub != nil {
			t.Errorf("%s: %v, %v", point, pub, err)
		}
	}
}
