package signature

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"liandan/internal/fault"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// with signs a header of the attacker's choice with a sound key.
func with(t testing.TB, header string) []byte {
	t.Helper()
	input := b64(header) + "." + b64("{}")
	key := signers(t)["EdDSA"].key.(ed25519.PrivateKey)
	return []byte(input + "." + b64(string(ed25519.Sign(key, []byte(input)))))
}

func said(err error) string {
	f := fault.As(err)
	if f == nil {
		return fmt.Sprint(err)
	}
	s := string(f.Kind)
	for _, x := range f.Fields {
		s += " " + x.Pointer + "=" + x.Code
	}
	return s
}

func TestHeaders(t *testing.T) {
	kid := signers(t)["EdDSA"].Kid()
	sound := `{"alg":"EdDSA","kid":"` + kid + `","typ":"liandan-event"}`
	add := func(member string) string { return strings.TrimSuffix(sound, "}") + "," + member + "}" }
	turn := func(old, with string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("no %s in %s", old, sound)
		}
		return strings.Replace(sound, old, with, 1)
	}
	const notAllowed = "alg-not-allowed /alg=not_allowed"
	for _, c := range []struct{ header, want string }{
		{sound, "<nil>"},
		{` { "typ":"liandan-event","kid":"` + kid + `", "alg":"EdDSA" } `, "<nil>"},
		{turn(`"EdDSA"`, `"none"`), notAllowed}, {turn(`"EdDSA"`, `"None"`), notAllowed}, {turn(`"EdDSA"`, `""`), notAllowed},
		{turn(`"EdDSA"`, `"eddsa"`), notAllowed}, {turn(`"EdDSA"`, `"Ed25519"`), notAllowed}, {turn(`"EdDSA"`, `"HS256"`), notAllowed},
		{turn(`"EdDSA"`, `"RS256"`), notAllowed}, {turn(`"EdDSA"`, `"PS256"`), notAllowed}, {turn(`"EdDSA"`, `"ES384"`), notAllowed},
		{turn(`"EdDSA"`, `"ES256K"`), notAllowed}, {turn(`"EdDSA"`, `null`), notAllowed}, {turn(`"EdDSA"`, `["EdDSA"]`), notAllowed},
		{turn(`"alg":"EdDSA",`, ``), notAllowed}, {turn(`"alg"`, `"Alg"`), notAllowed}, {`{}`, notAllowed}, {`null`, notAllowed},
		{turn(`"EdDSA"`, `"ES256"`), "bad-signature"},
		{turn(`"kid":"`+kid+`",`, ``), "header-member /kid=required"}, {turn(`"`+kid+`"`, `""`), "header-member /kid=length"},
		{turn(`"`+kid+`"`, `null`), "header-member /kid=type"}, {turn(`"`+kid+`"`, `7`), "header-member /kid=type"},
		{turn(`,"typ":"liandan-event"`, ``), "header-member /typ=required"}, {turn(`"liandan-event"`, `"JWT"`), "header-member /typ=value"},
		{turn(`"liandan-event"`, `"LIANDAN-EVENT"`), "header-member /typ=value"}, {turn(`"liandan-event"`, `"application/liandan-event"`), "header-member /typ=value"},
		{turn(`"liandan-event"`, `"liandan-enrolment"`), "header-member /typ=value"}, {turn(`"liandan-event"`, `""`), "header-member /typ=length"},
		{turn(`"liandan-event"`, `null`), "header-member /typ=type"}, {turn(`"liandan-event"`, `true`), "header-member /typ=type"},
		{add(`"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`), "header-member /jwk=unknown_member"},
		{add(`"jku":"https://keys.example/set"`), "header-member /jku=unknown_member"},
		{add(`"x5c":[]`), "header-member /x5c=unknown_member"}, {add(`"x5u":"https://keys.example"`), "header-member /x5u=unknown_member"},
		{add(`"crit":["exp"],"exp":1`), "header-member /crit=unknown_member /exp=unknown_member"},
		{add(`"b64":false,"crit":["b64"]`), "header-member /b64=unknown_member /crit=unknown_member"},
		{add(`"b64":true`), "header-member /b64=unknown_member"}, {add(`"cty":"json"`), "header-member /cty=unknown_member"},
		{add(`"zip":"DEF"`), "header-member /zip=unknown_member"}, {add(`"nonce":"x"`), "header-member /nonce=unknown_member"},
		{add(`"Kid":"x","KID":"y"`), "header-member /KID=unknown_member /Kid=unknown_member"},
		{`{"alg":"EdDSA","jku":"x","kid":7}`, "header-member /kid=type /typ=required /jku=unknown_member"},
		{add(`"kid":"` + kid + `"`), "malformed-jws"}, {add(`"alg":"none"`), "malformed-jws"}, {add(`"\u0061lg":"none"`), "malformed-jws"},
		{add(`"x":"` + "\xff" + `"`), "malformed-jws"}, {add(`"x":"\ud800"`), "malformed-jws"}, {sound + sound, "malformed-jws"}, {sound + "x", "malformed-jws"},
		{"\ufeff" + sound, "malformed-jws"}, {"[]", "malformed-jws"}, {`"EdDSA"`, "malformed-jws"}, {"7", "malformed-jws"}, {"{", "malformed-jws"}, {" ", "malformed-jws"},
		{strings.Repeat("[", 5000), "malformed-jws"}, {"{'alg':'EdDSA'}", "malformed-jws"},
	} {
		if got := said(check(with(t, c.header), signers(t)["EdDSA"].Public())); got != c.want {
			t.Errorf("%.120q:\n got %s\nwant %s", c.header, got, c.want)
		}
	}
}

// The old attack: the public key, which everybody has, as the secret of an HMAC.
func TestPublicKeyIsNoSecret(t *testing.T) {
	for alg, s := range signers(t) {
		jwk, err := FormatJWK(s.Public())
		if err != nil {
			t.Fatal(err)
		}
		secrets := [][]byte{jwk}
		switch k := s.Public().(type) {
		case ed25519.PublicKey:
			secrets = append(secrets, k)
		case *ecdsa.PublicKey:
			b, err := k.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			secrets = append(secrets, b, b[1:])
		}
		for _, name := range []string{"HS256", alg} {
			for _, secret := range secrets {
				input := b64(`{"alg":"`+name+`","kid":"`+s.Kid()+`","typ":"liandan-event"}`) + "." + b64("{}")
				h := hmac.New(sha256.New, secret)
				h.Write([]byte(input))
				err := check([]byte(input+"."+b64(string(h.Sum(nil)))), s.Public())
				if k := fault.Of(err); k != map[bool]fault.Kind{true: fault.AlgNotAllowed, false: fault.BadSignature}[name == "HS256"] {
					t.Errorf("%s of a key of %s: %v", name, alg, err)
				}
			}
		}
	}
}

func TestOneSpellingOnly(t *testing.T) {
	s := signers(t)["EdDSA"]
	compact := string(signed(t, s, `{"a":1}`)) // the payload's last character carries two unused bits
	p := strings.Split(compact, ".")
	nudge := func(part string) string { // another character with the same used bits
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		i := strings.IndexByte(alphabet, part[len(part)-1])
		return part[:len(part)-1] + alphabet[i^1:i^1+1]
	}
	for name, spelt := range map[string]string{
		"empty": "", "one dot": p[0] + "." + p[1], "no dots": p[0], "only dots": "..", "four parts": compact + "." + p[2], "five parts": compact + "..",
		"no header": "." + p[1] + "." + p[2], "no payload": p[0] + ".." + p[2], "no signature": p[0] + "." + p[1] + ".",
		"padding": compact + "==", "padded payload": p[0] + "." + p[1] + "==." + p[2], "unused bits of the signature": p[0] + "." + p[1] + "." + nudge(p[2]),
		"unused bits of the payload": p[0] + "." + nudge(p[1]) + "." + p[2], "newline at the end": compact + "\n", "carriage return": compact + "\r",
		"newline inside": p[0] + "." + p[1][:4] + "\n" + p[1][4:] + "." + p[2], "blank before": " " + compact, "blank inside": p[0] + " ." + p[1] + "." + p[2],
		"standard alphabet": p[0] + "." + p[1] + "." + strings.NewReplacer("-", "+", "_", "/").Replace(p[2]) + "+", "NUL": compact + "\x00",
		"full stop of another script": p[0] + "。" + p[1] + "。" + p[2], "BOM": "\ufeff" + compact, "quoted": `"` + compact + `"`,
		"JSON serialisation": `{"payload":"` + p[1] + `","protected":"` + p[0] + `","signature":"` + p[2] + `"}`, "two": compact + compact,
	} {
		if err := check([]byte(spelt), s.Public()); fault.Of(err) != fault.MalformedJWS {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := check([]byte(compact), s.Public()); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

func TestCompactSizeLimit(t *testing.T) {
	s := signers(t)["EdDSA"]
	full := signed(t, s, strings.Repeat(" ", 16<<10))
	if err := check(full, s.Public()); err != nil {
		t.Errorf("a payload of 16 KiB, %d bytes: %v", len(full), err)
	}
	if err := check(append(full, bytes.Repeat([]byte("A"), MaxCompact-len(full)+1)...), s.Public()); fault.Of(err) != fault.TooLarge {
		t.Errorf("%d bytes: %v", MaxCompact+1, err)
	}
	if err := check(bytes.Repeat([]byte("."), 1<<20), s.Public()); fault.Of(err) != fault.TooLarge {
		t.Errorf("a million dots: %v", err)
	}
	if err := check(bytes.Repeat([]byte("."), MaxCompact), s.Public()); fault.Of(err) != fault.MalformedJWS {
		t.Errorf("%d dots: %v", MaxCompact, err)
	}
}

// FuzzOpen: whatever arrives is opened or refused with a fault, and nothing but what
// was signed with the key verifies.
func FuzzOpen(f *testing.F) {
	s := signers(f)["EdDSA"]
	genuine := map[string]bool{}
	for _, payload := range []string{"{}", `{"v":1}`, "废"} {
		compact := signed(f, s, payload)
		genuine[string(compact)] = true
		f.Add(compact)
	}
	f.Add(signed(f, signers(f)["ES256"], "{}"))
	f.Add(with(f, `{"alg":"none"}`))
	f.Add([]byte(".."))
	f.Fuzz(func(t *testing.T, compact []byte) {
		got, err := Open(compact, TypEvent)
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		if got.Kid == "" || (got.Alg != "EdDSA" && got.Alg != "ES256") || !bytes.Equal(got.Compact, compact) || b64(string(got.Payload)) != strings.Split(string(compact), ".")[1] {
			t.Fatalf("opened as %+v", got)
		}
		if (got.Verify(s.Public()) == nil) != genuine[string(compact)] {
			t.Fatalf("%q verifies", compact)
		}
	})
}
